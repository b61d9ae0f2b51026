//! A report as Sentry takes it: <https://develop.sentry.dev/sdk/foundations/transport/envelopes/>.

use crate::http::scrub;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Tags have at most so many characters in their values (<https://develop.sentry.dev/sdk/foundations/transport/event-payloads/>).
const LONGEST_TAG: usize = 200;
/// A message is cut here, well below the limit of an event.
const LONGEST_MESSAGE: usize = 8_000;

/// One error of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was logged.
    pub message: String,
    /// Who logged it: the module.
    pub logger: String,
    /// Where in the code, as `file:line`.
    pub place: String,
    /// The fields of the log line.
    pub tags: Vec<(String, String)>,
}

impl Trouble {
    /// What it has in common with others of its kind: the place in the code, and whom it is about. A channel that refuses must
    /// not hide that another one does.
    #[must_use]
    pub fn group(&self) -> Vec<&str> {
        let names = |name: &str| name == "destination" || name.rsplit('.').next() == Some("name");
        let about = self.tags.iter().filter(|(name, _)| names(name)).map(|(_, value)| value.as_str());
        std::iter::once(self.place.as_str()).chain(about).collect()
    }
}

/// Writes a report down: the header, the header of its one item, and the event, a line each.
#[must_use]
pub fn write(trouble: &Trouble, environment: Option<&str>, now: Timestamp, id: [u8; 16]) -> String {
    let id = id.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let sent_at = format!("{now:.3}");
    let tags = trouble.tags.iter().map(|(name, value)| (name.clone(), json!(cut(&scrub(value), LONGEST_TAG))));
    let event = json!({
        "event_id": id,
        "timestamp": sent_at,
        "platform": "other",
        "level": "error",
        "logger": trouble.logger,
        "release": concat!("watchbell@", env!("CARGO_PKG_VERSION")),
        "environment": environment.unwrap_or("production"),
        // The words have numbers in them.
        "fingerprint": trouble.group(),
        "culprit": trouble.place,
        "logentry": { "formatted": cut(&scrub(&trouble.message), LONGEST_MESSAGE) },
        "tags": Value::Object(tags.collect::<Map<_, _>>()),
    })
    .to_string();
    let sdk = json!({ "name": "watchbell", "version": env!("CARGO_PKG_VERSION") });
    let head = json!({ "event_id": id, "sent_at": sent_at, "sdk": sdk });
    let item = json!({ "type": "event", "length": event.len(), "content_type": "application/json" });
    format!("{head}\n{item}\n{event}\n")
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_three_lines_with_nothing_secret_in_them() {
        let trouble = Trouble {
            message: "cannot tell https://hooks.example/services/T0/B0/abc".into(),
            logger: "watchbell::service::delivery".into(),
            place: "src/service/delivery.rs:345".into(),
            tags: vec![("error".into(), "Bearer abcdefgh\nand more".into())],
        };
        let now = Timestamp::from_millisecond(1_767_603_600_123).expect("a time");
        insta::assert_snapshot!(write(&trouble, Some("testnet"), now, [0xab; 16]), @r#"
        {"event_id":"abababababababababababababababab","sent_at":"2026-01-05T09:00:00.123Z","sdk":{"name":"watchbell","version":"0.1.0"}}
        {"type":"event","length":418,"content_type":"application/json"}
        {"event_id":"abababababababababababababababab","timestamp":"2026-01-05T09:00:00.123Z","platform":"other","level":"error","logger":"watchbell::service::delivery","release":"watchbell@0.1.0","environment":"testnet","fingerprint":["src/service/delivery.rs:345"],"culprit":"src/service/delivery.rs:345","logentry":{"formatted":"cannot tell https://hooks.example/[scrubbed]"},"tags":{"error":"Bearer [scrubbed]\nand more"}}
        "#);
    }
}
