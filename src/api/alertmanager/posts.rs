//! `POST /api/v2/alerts`: all of the alerts of a request, or none.
//!
//! The body is read alert by alert, so that one with a million of them is refused at the first too many and is never whole in
//! memory as values. What is wrong is named by the index of the alert and its field.

use super::{LONGEST_POST, Refused, is_json, read_time};
use crate::api::Desk;
use crate::engine::posted::{Ends, HOLDS_FOR, Post};
use crate::model::{Labels, Name, Slot, Span};
use crate::service::doors::NotTaken;
use crate::service::metrics::Metrics;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How many alerts may come at once.
const MOST_AT_ONCE: usize = 10_000;

/// An alert as clients write it. What else they write is passed over, as Alertmanager does.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Written {
    labels: Option<BTreeMap<String, Option<String>>>,
    annotations: Option<BTreeMap<String, Option<String>>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
    /// What a webhook says of it. Who posts alerts says nothing here, and what is listed has more than a word.
    pub status: Option<Value>,
}

/// Whether an alert fires, where its sender says it in a word. Times are those of another clock; the word is the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    Firing,
    Resolved,
}

/// What a list of alerts is read into.
pub struct Batch(pub Vec<Option<Written>>);

/// Takes in what somebody posts.
pub async fn post(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Refused> {
    let counted = desk.doors.metrics.clone();
    let wall = now();
    let read = is_json(&headers).and_then(|()| whole(body, LONGEST_POST)).and_then(|body| read(&body, wall));
    let posts = read.inspect_err(|why| refused(&counted, why))?;
    take_in(&desk, posts).await?;
    Ok(StatusCode::OK)
}

/// Counts and tells what was refused: its sender drops it, and nobody will ever be paged for it.
pub fn refused(counted: &Metrics, why: &Refused) {
    counted.refused_posts();
    tracing::warn!("posted alerts are refused: {why}");
}

/// Hands posts to the engine.
pub async fn take_in(desk: &Desk, posts: Vec<Post>) -> Result<(), Refused> {
    let wall = now();
    let ended = posts.iter().filter(|post| post.ends.has_come(wall)).count();
    desk.doors.metrics.posted(posts.len() - ended, ended);
    desk.doors.post(posts).await.map_err(|why| {
        if why == NotTaken::Full {
            tracing::error!("posted alerts are refused: {why}");
        }
        Refused::not_now(why.to_string())
    })
}

/// The whole body, where it is not too long.
pub fn whole(body: Result<Bytes, BytesRejection>, longest: usize) -> Result<Bytes, Refused> {
    body.map_err(|cause| match cause.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::too_large(format!("the body is longer than {longest} bytes")),
        _ => Refused::unreadable("the body was cut off"),
    })
}

/// The instant at which a request is read.
pub fn now() -> Slot {
    Slot::from_millis(crate::service::clock::wall())
}

fn read(body: &[u8], wall: Slot) -> Result<Vec<Post>, Refused> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused::lacks("alerts"));
    }
    let batch: Option<Batch> = serde_json::from_slice(body).map_err(|cause| unreadable(&cause))?;
    let mut batch = batch.map(|batch| batch.0).unwrap_or_default();
    batch.iter_mut().flatten().for_each(|written| written.status = None);
    posts(batch, HOLDS_FOR, wall)
}

/// Why a body could not be read: it is too much, or no list of alerts.
pub fn unreadable(cause: &serde_json::Error) -> Refused {
    let words = cause.to_string();
    if words.starts_with(TOO_MANY) {
        return Refused::too_large(format!("a request has at most {MOST_AT_ONCE} alerts"));
    }
    Refused::unreadable(format!("parsing alerts body failed, because {words}"))
}

/// What the alerts of a request mean, where every one of them means something. Without an end of its own each holds for `holds`
/// from `wall` on.
pub fn posts(batch: Vec<Option<Written>>, holds: Span, wall: Slot) -> Result<Vec<Post>, Refused> {
    let read = |(index, written): (usize, Option<Written>)| written.unwrap_or_default().read(index, holds, wall);
    batch.into_iter().enumerate().map(read).collect()
}

/// So much of what is said of an alert is kept: far more than any message shows.
const LONGEST_ANNOTATION: usize = 16_384;

/// A text that is cut where it is longer: an alert must not be lost to what is said of it.
fn cut(text: &str) -> String {
    let mut kept: String = text.chars().take(LONGEST_ANNOTATION).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

impl Written {
    /// Whether it fires, as far as its sender says.
    fn says(&self, index: usize) -> Result<Says, Refused> {
        match self.status.as_ref() {
            None => Ok(Says::Nothing),
            Some(Value::String(word)) if word == "firing" => Ok(Says::Firing),
            Some(Value::String(word)) if word == "resolved" => Ok(Says::Resolved),
            Some(other) => {
                Err(Refused::bad(format!("alert {index}: status: {other} is neither `firing` nor `resolved`")))
            }
        }
    }

    fn read(self, index: usize, holds: Span, wall: Slot) -> Result<Post, Refused> {
        let says = self.says(index)?;
        let labels = self.labels.ok_or_else(|| Refused::lacks(format_args!("{index}.labels")))?;
        let labels = named(labels, |name| format!("alert {index}: labels: invalid name {name:?}"))?;
        if labels.is_empty() {
            return Err(Refused::bad(format!("alert {index}: labels: at least one label pair required")));
        }
        let annotations = named(self.annotations.unwrap_or_default(), |name| {
            format!("alert {index}: annotations: invalid name {name:?}")
        })?;
        let annotations = Labels::new(annotations.iter().map(|(name, text)| (name.clone(), Name::from(cut(text)))));
        let time = |field: &str, text: Option<String>| {
            let text = text.unwrap_or_default();
            let bad =
                |()| Refused::unreadable(format!("alert {index}: {field}: {text:?} is no time as RFC 3339 has it"));
            read_time(&text).map_err(bad)
        };
        let (starts, ends) = (time("startsAt", self.starts_at)?, time("endsAt", self.ends_at)?);
        // Who says no end means one that is so long from now.
        let end_by = ends.or((says == Says::Nothing).then_some(wall + holds));
        if starts.zip(end_by).is_some_and(|(starts, ends)| ends < starts) {
            return Err(Refused::bad(format!("alert {index}: endsAt: start time must be before end time")));
        }
        let url = self.generator_url.unwrap_or_default();
        if !url.is_empty() && !url.starts_with('/') && reqwest::Url::parse(&url).is_err() {
            return Err(Refused::of_form(format_args!("{index}.generatorURL in body"), "uri", &url));
        }
        let ends = match (says, ends) {
            (Says::Resolved, _) => Ends::After(Span::ZERO),
            (Says::Firing, Some(ends)) if ends <= wall => Ends::After(holds),
            (_, Some(ends)) => Ends::At(ends),
            (_, None) => Ends::After(holds),
        };
        Ok(Post { labels, annotations, url: Name::from(url), starts, ends })
    }
}

/// Labels, each with a name. Names are what Prometheus 3 allows: any text.
fn named(written: BTreeMap<String, Option<String>>, bad: impl Fn(&str) -> String) -> Result<Labels, Refused> {
    if let Some(name) = written.keys().find(|name| name.is_empty()) {
        return Err(Refused::bad(bad(name)));
    }
    Ok(Labels::new(written.into_iter().map(|(name, value)| (name, value.unwrap_or_default()))))
}

/// How the refusal of too many begins.
const TOO_MANY: &str = "too many alerts";

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Batch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of alerts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Batch, A::Error> {
                let mut batch = Vec::new();
                while let Some(item) = items.next_element()? {
                    if batch.len() == MOST_AT_ONCE {
                        return Err(serde::de::Error::custom(TOO_MANY));
                    }
                    batch.push(item);
                }
                Ok(Batch(batch))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Slot = Slot::from_millis(1_767_603_600_000);

    #[test]
    fn a_post_is_read_with_its_texts_and_times() {
        let body = r#"[{"labels":{"alertname":"A","empty":""},"annotations":{"summary":"s"},"startsAt":"2026-01-05T09:00:00Z",
            "endsAt":"2026-01-05T09:04:00Z","generatorURL":"http://p/graph?g0.expr=up","more":1},{"labels":{"a":"1","a":"2"}}]"#;
        let posts = read(body.as_bytes(), WALL).unwrap();
        let at = |minute: i64| Slot::from_millis(1_767_603_600_000 + minute * 60_000);
        assert_eq!(posts[0].labels, Labels::new([("alertname", "A")]));
        assert_eq!((posts[0].starts, posts[0].ends), (Some(at(0)), Ends::At(at(4))));
        assert_eq!((posts[1].starts, posts[1].ends), (None, Ends::After(HOLDS_FOR)));
        assert_eq!(posts[1].labels, Labels::new([("a", "2")]));
    }

    #[test]
    fn one_bad_alert_among_good_ones_refuses_all_by_its_index_and_field() {
        let refused = |bad: &str| match read(format!(r#"[{{"labels":{{"a":"1"}}}}, {bad}]"#).as_bytes(), WALL) {
            Err(Refused::Says(status, says) | Refused::Coded(status, _, says)) => (status.as_u16(), says),
            Ok(posts) => panic!("{bad} was read as {posts:?}"),
        };
        for (bad, status, why) in [
            (r#"{"labels":{}}"#, 400, "alert 1: labels: at least one label pair required"),
            (r#"{"labels":{"":"x"}}"#, 400, "alert 1: labels: invalid name \"\""),
            (r#"{"labels":{"a":"x"},"annotations":{"":"x"}}"#, 400, "alert 1: annotations: invalid name"),
            (
                r#"{"labels":{"a":"x"},"startsAt":"2026-01-05T09:00:00Z","endsAt":"2026-01-05T08:00:00Z"}"#,
                400,
                "alert 1: endsAt: start time must be before end time",
            ),
            (
                r#"{"labels":{"a":"x"},"startsAt":"2036-01-05T09:00:00Z"}"#,
                400,
                "alert 1: endsAt: start time must be before end time",
            ),
            (r#"{"labels":{"a":"x"},"endsAt":"soon"}"#, 400, "alert 1: endsAt: \"soon\" is no time"),
            (r#"{"labels":{"a":"x"},"generatorURL":"no url"}"#, 422, "1.generatorURL in body must be of type uri"),
            ("{}", 422, "1.labels in body is required"),
            ("null", 422, "1.labels in body is required"),
            (r#"{"labels":{"a":1}}"#, 400, "parsing alerts body failed, because invalid type: integer"),
            ("7", 400, "parsing alerts body failed"),
        ] {
            let (is, says) = refused(bad);
            assert_eq!(is, status, "{bad}: {says}");
            assert!(says.starts_with(why), "{bad}: {says}");
        }
    }

    #[test]
    fn a_million_alerts_are_refused_at_the_first_too_many() {
        let body = format!("[{}]", vec![r#"{"labels":{"a":"1"}}"#; 1_000_000].join(","));
        assert_eq!(read(body.as_bytes(), WALL), Err(Refused::too_large("a request has at most 10000 alerts")));
        assert!(read(format!("[{}", [r#"{"labels":{"a":"1"}}"#; 10].join(",")).as_bytes(), WALL).is_err(), "cut off");
    }

    #[test]
    fn what_is_listed_can_be_posted_again_whatever_its_status_is() {
        let body = r#"[{"labels":{"a":"1"},"status":{"state":"active"}},{"labels":{"a":"2"},"status":"resolved"}]"#;
        let ends: Vec<Ends> = read(body.as_bytes(), WALL).unwrap().iter().map(|post| post.ends).collect();
        assert_eq!(ends, [Ends::After(HOLDS_FOR); 2]);
    }
}
