//! Alerts as an Alertmanager wants them, and what it has been told so far.

use crate::engine::notice::{AlertText, Notice};
use crate::model::{Labels, Moment, Span};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// As Prometheus does: an alert that is not told again within so many resends is over.
const FORGET_AFTER_RESENDS: i64 = 4;

/// What one destination has been told of each alert, by alert id.
pub type Told = BTreeMap<String, ToldAlert>;

/// The label set under which an alert was told, and the start that was given with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAlert {
    labels: BTreeMap<String, String>,
    starts_at: String,
}

/// The instant of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The wall clock, in milliseconds.
    pub wall: i64,
    /// How often an alert is told again.
    pub resend_every: Span,
}

/// Reads what an earlier receipt says; one that cannot be read says nothing.
#[must_use]
pub fn read_receipt(text: &str) -> Told {
    serde_json::from_str(text).unwrap_or_default()
}

/// The request's body, and the receipt for it. Alertmanager knows an alert by its labels, so one whose severity changed is
/// sent twice: the old label set with its end, the new one with the start that the old one had.
/// Each alert is written out at once: with thousands of them, a tree of the whole body would be many times its size.
#[must_use]
pub fn compose(notice: &Notice, told: Told, now: Now) -> (String, String) {
    let (mut body, mut receipt) = (Array::default(), told);
    for alert in &notice.alerts {
        let id = alert.alert.to_string();
        let labels = label_map(&alert.labels);
        let before = receipt.remove(&id);
        let starts_at = before.as_ref().map_or_else(|| alert.since.to_string(), |told| told.starts_at.clone());
        if let Some(old) = before.filter(|old| old.labels != labels) {
            let ends_at = Moment::from_millis(now.wall).to_string();
            body.push(&json!({ "labels": old.labels, "startsAt": old.starts_at, "endsAt": ends_at }));
        }
        let forgotten = now.wall + now.resend_every.times(FORGET_AFTER_RESENDS).millis();
        let ends_at = alert.ended.map_or(forgotten, Moment::millis);
        body.push(&json!({
            "labels": labels,
            "annotations": annotations(alert),
            "startsAt": starts_at,
            "endsAt": Moment::from_millis(ends_at).to_string(),
            "generatorURL": notice.link,
        }));
        if alert.ended.is_none() {
            receipt.insert(id, ToldAlert { labels, starts_at });
        }
    }
    let receipt = serde_json::to_string(&receipt).unwrap_or_default();
    (body.end(), receipt)
}

/// A JSON array that is written item by item.
#[derive(Default)]
struct Array(String);

impl Array {
    fn push(&mut self, item: &Value) {
        self.0.push(if self.0.is_empty() { '[' } else { ',' });
        self.0.push_str(&item.to_string());
    }

    fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "[]" } else { "]" });
        self.0
    }
}

/// Labels as JSON.
pub fn label_map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Its annotations, and what moved it last.
pub fn annotations(alert: &AlertText) -> Map<String, Value> {
    let mut map: Map<String, Value> =
        alert.annotations.iter().map(|(name, text)| (name.to_string(), json!(text))).collect();
    if let Some(note) = &alert.note {
        map.insert("watchbell_note".into(), json!(note));
    }
    map
}
