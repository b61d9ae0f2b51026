//! `POST /api/v1/webhook/alertmanager`: what an Alertmanager sends to a `webhook_config`, version 4.
//!
//! An Alertmanager drops a message that gets a 4xx, so only what can never be read gets one. It says again what fires only
//! after its `repeat_interval`: what it does not end holds longer than the longest that people choose. Whether an alert fires
//! says its `status`, whatever its times say.

use super::posts::{self, Batch};
use super::{LONGEST_POST, Refused, is_json};
use crate::api::{Desk, reply};
use crate::engine::posted::{Post, unknown_severity};
use crate::model::{Severities, Slot, Span};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// So many warnings stand in an answer.
const MOST_WARNINGS: usize = 10;
/// How long an alert holds that an Alertmanager told us of and has not ended: a day is the longest `repeat_interval` that is
/// usual, and an hour more.
const HOLDS_FOR: Span = Span::from_hours(25);

/// A message, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    version: String,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Batch,
}

/// Takes in what an Alertmanager hands on.
pub async fn webhook(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let counted = desk.doors.metrics.clone();
    let wall = posts::now();
    let read = is_json(&headers).and_then(|()| posts::whole(body, LONGEST_POST)).and_then(|body| read(&body, wall));
    let (message, truncated) = read.inspect_err(|why| posts::refused(&counted, why))?;
    if truncated > 0 {
        tracing::warn!(
            truncated,
            "an Alertmanager left {truncated} alerts out of its message: its `max_alerts` for us is too small"
        );
    }
    let (count, warnings) = (message.len(), warnings(&message, &desk.doors.settings.borrow().severities));
    posts::take_in(&desk, message).await?;
    Ok(reply::success_but(json!({ "alerts": count }), &warnings))
}

/// What is to be said of severities that nobody here knows, once for each word.
fn warnings(posts: &[Post], severities: &Severities) -> Vec<String> {
    let unknown: BTreeSet<String> =
        posts.iter().filter_map(|post| Some(unknown_severity(&post.labels, severities)?.to_string())).collect();
    unknown.into_iter().take(MOST_WARNINGS).collect()
}

fn read(body: &[u8], wall: Slot) -> Result<(Vec<Post>, u64), Refused> {
    let message: Message = serde_json::from_slice(body).map_err(|cause| posts::unreadable(&cause))?;
    if message.version != "4" {
        return Err(Refused::bad(format!("this is a message of version {:?}; 4 is understood", message.version)));
    }
    Ok((posts::posts(message.alerts.0, HOLDS_FOR, wall)?, message.truncated_alerts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::posted::Ends;
    use crate::model::Labels;

    const NINE: Slot = Slot::from_millis(1_767_603_600_000);

    #[test]
    fn what_fires_holds_for_more_than_a_day_and_what_is_resolved_is_over_whatever_its_end_is() {
        let body = r#"{"version":"4","groupKey":"{}:{}","status":"firing","receiver":"us","truncatedAlerts":2,"alerts":[
            {"status":"firing","labels":{"a":"1"},"annotations":{},"startsAt":"2026-01-05T09:00:00Z","endsAt":"0001-01-01T00:00:00Z"},
            {"status":"firing","labels":{"a":"1"},"endsAt":"2026-01-05T08:59:00Z"},
            {"status":"firing","labels":{"a":"1"},"endsAt":"2026-01-05T10:00:00Z"},
            {"status":"resolved","labels":{"a":"2"},"startsAt":"2026-01-05T08:00:00Z","endsAt":"2026-01-05T08:01:00Z"},
            {"status":"resolved","labels":{"a":"2"},"startsAt":"2026-01-05T09:00:00Z","endsAt":"2199-01-01T00:00:00Z"},
            {"status":"resolved","labels":{"a":"3"}}]}"#;
        let (posts, truncated) = read(body.as_bytes(), NINE).unwrap();
        let ends: Vec<Ends> = posts.iter().map(|post| post.ends).collect();
        let (a_day, over) = (Ends::After(Span::from_hours(25)), Ends::After(Span::ZERO));
        assert_eq!(ends, [a_day, a_day, Ends::At(NINE + Span::from_hours(1)), over, over, over]);
        assert_eq!(posts.iter().filter(|post| post.ends.has_come(NINE)).count(), 3, "so many are counted as ended");
        assert_eq!(truncated, 2);
    }

    #[test]
    fn a_severity_that_nobody_knows_is_said_once_with_the_words_that_are_known() {
        let post = |severity: &str| Post {
            labels: Labels::new([("alertname", "A"), ("severity", severity)]),
            annotations: Labels::empty(),
            url: "".into(),
            starts: None,
            ends: Ends::After(HOLDS_FOR),
        };
        let said = warnings(&["urgent", "page", "", "urgent"].map(post), &Severities::default());
        let [only] = said.as_slice() else { panic!("one line: {said:?}") };
        assert!(only.starts_with("`urgent` is no severity here") && only.contains("critical, page, "), "{only}");
    }

    #[test]
    fn another_version_and_another_word_are_refused() {
        for body in [
            r#"{"version":"3","alerts":[]}"#,
            r#"{"version":"4","alerts":[{"status":"x","labels":{"a":"1"}}]}"#,
            "{}",
            "[]",
        ] {
            assert!(read(body.as_bytes(), NINE).is_err(), "{body}");
        }
    }
}
