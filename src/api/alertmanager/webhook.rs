//! `POST /api/v1/webhook/alertmanager`: what an Alertmanager sends to a `webhook_config`, version 4.
//!
//! An Alertmanager drops a message that gets a 4xx, so only what can never be read gets one. It says again what fires only
//! after its `repeat_interval`: what it does not end holds longer than the longest that people choose.

use super::posts::{self, Batch};
use super::{LONGEST_POST, Refused, is_json};
use crate::api::{Desk, reply};
use crate::model::Span;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

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
    let read = is_json(&headers).and_then(|()| posts::whole(body, LONGEST_POST)).and_then(|body| read(&body));
    let (message, truncated) = read.inspect_err(|why| posts::refused(&counted, why))?;
    if truncated > 0 {
        tracing::warn!(
            truncated,
            "an Alertmanager left {truncated} alerts out of its message: its `max_alerts` for us is too small"
        );
    }
    let count = message.len();
    posts::take_in(&desk, message).await?;
    Ok(reply::success(json!({ "alerts": count })))
}

fn read(body: &[u8]) -> Result<(Vec<crate::engine::posted::Post>, u64), Refused> {
    let message: Message = serde_json::from_slice(body).map_err(|cause| posts::unreadable(&cause))?;
    if message.version != "4" {
        return Err(Refused::bad(format!("this is a message of version {:?}; 4 is understood", message.version)));
    }
    let said = message.alerts.0.iter().flatten().filter_map(|alert| alert.status.as_deref());
    if let Some(word) = said.into_iter().find(|word| !matches!(*word, "firing" | "resolved")) {
        return Err(Refused::bad(format!("an alert is `firing` or `resolved`, and not {word:?}")));
    }
    Ok((posts::posts(message.alerts.0, HOLDS_FOR)?, message.truncated_alerts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::posted::Ends;
    use crate::model::Slot;

    #[test]
    fn what_fires_holds_for_more_than_a_day_and_what_is_resolved_has_its_end() {
        let body = r#"{"version":"4","groupKey":"{}:{}","status":"firing","receiver":"us","truncatedAlerts":2,"alerts":[
            {"status":"firing","labels":{"a":"1"},"annotations":{},"startsAt":"2026-01-05T09:00:00Z","endsAt":"0001-01-01T00:00:00Z"},
            {"status":"resolved","labels":{"a":"2"},"startsAt":"2026-01-05T09:00:00Z","endsAt":"2026-01-05T09:01:00Z"},
            {"status":"resolved","labels":{"a":"3"}}]}"#;
        let (posts, truncated) = read(body.as_bytes()).unwrap();
        let ends: Vec<Ends> = posts.iter().map(|post| post.ends).collect();
        let told = Slot::from_millis(1_767_603_660_000);
        assert_eq!(ends, [Ends::After(Span::from_hours(25)), Ends::At(told), Ends::After(Span::ZERO)]);
        assert_eq!(truncated, 2);
    }

    #[test]
    fn another_version_and_another_word_are_refused() {
        for body in [
            r#"{"version":"3","alerts":[]}"#,
            r#"{"version":"4","alerts":[{"status":"x","labels":{"a":"1"}}]}"#,
            "{}",
            "[]",
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
