//! What an Alertmanager sends to a webhook, version 4: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.

use crate::engine::notice::Notice;
use crate::model::{Labels, Moment};
use crate::notify::Delivery;
use crate::notify::alertmanager::message::annotations;
use crate::notify::alertmanager::told::{Told, ToldAlert};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where an alert still fires, its end is the first instant of Go.
const NO_END: &str = "0001-01-01T00:00:00Z";

/// The group of alerts that an incident is, after what has been `told` of it. The key stays the same as long as there is the
/// incident, whatever its policy and the labels of its alerts become.
pub fn body<'a>(delivery: Delivery<'a>, told: &'a Told, external_url: &str) -> String {
    let Notice { draft, alerts, link, .. } = delivery.notice;
    let fires = alerts.iter().any(|alert| alert.ended.is_none());
    let now = Moment::from_millis(delivery.wall);
    let ends = told.ends(alerts);
    let said = alerts.iter().filter(|alert| ends.is_said(alert)).map(|alert| {
        let end = alert.ended;
        Posted { labels: &alert.labels, annotations: annotations(alert), start: told.start_of(alert), end }
    });
    // A label set that is that of no alert any more: its severity is another one now, or a reload changed it.
    let over = |told: &'a ToldAlert, annotations| Posted {
        labels: &told.labels,
        annotations,
        start: told.starts_at,
        end: Some(now),
    };
    let now_otherwise = alerts.iter().filter_map(|alert| Some(over(ends.of(alert)?, annotations(alert))));
    let others = ends.of_others().into_iter().map(|told| over(told, Map::new()));
    let all: Vec<Posted<'_>> = said.chain(now_otherwise).chain(others).collect();
    json!({
        "version": "4",
        "groupKey": format!("watchbell/{}", draft.incident),
        "truncatedAlerts": 0,
        "status": if fires { "firing" } else { "resolved" },
        "receiver": &*draft.destination.channel,
        "groupLabels": draft.key.group,
        "commonLabels": common(all.iter().map(|alert| label_texts(alert.labels))),
        "commonAnnotations": common(alerts.iter().map(|alert| texts(&annotations(alert)))),
        "externalURL": external_url,
        "alerts": all.iter().map(|alert| alert.json(link)).collect::<Vec<_>>(),
    })
    .to_string()
}

/// One alert of the group.
struct Posted<'a> {
    labels: &'a Labels,
    annotations: Map<String, Value>,
    start: Moment,
    end: Option<Moment>,
}

impl Posted<'_> {
    /// In the words of the contract. Its origin is the page of its incident: that is where a click has to lead.
    fn json(&self, link: &str) -> Value {
        json!({
            "status": if self.end.is_some() { "resolved" } else { "firing" },
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": self.start.to_string(),
            "endsAt": self.end.map_or_else(|| NO_END.to_owned(), |at| at.to_string()),
            "generatorURL": link,
            "fingerprint": fingerprint(self.labels),
        })
    }
}

fn label_texts(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn texts(map: &Map<String, Value>) -> BTreeMap<String, String> {
    map.iter().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
}

/// What all of them say.
fn common(mut all: impl Iterator<Item = BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let first = all.next().unwrap_or_default();
    all.fold(first, |mut common, other| {
        common.retain(|name, value| other.get(name) == Some(value));
        common
    })
}

/// What an Alertmanager knows an alert by: FNV-1a with 64 bits over its labels in their order, each name and value followed by a
/// byte that is in no text (`labelSetToFingerprint` of Prometheus's `common/model`).
fn fingerprint(labels: &Labels) -> String {
    let texts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = texts.flat_map(|text| text.bytes().chain(std::iter::once(0xff)));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::notice::AlertText;
    use crate::model::AlertId;
    use crate::notify::sample;

    #[test]
    fn an_alert_has_the_fingerprint_that_an_alertmanager_gives_it() {
        // From the tests of Prometheus's `common/model`.
        assert_eq!(fingerprint(&Labels::empty()), "cbf29ce484222325");
    }

    #[test]
    fn what_rises_or_is_relabelled_is_over_under_the_fingerprint_that_it_had() {
        let [one, two] = ["node-1", "node-2"].map(|name| sample::alert(name, "gas"));
        let told = Told::default().after(&[one.clone(), two.clone()]);
        let risen = AlertText { labels: one.labels.with("severity", "critical"), ..one.clone() };
        let moved =
            AlertText { alert: AlertId::derive(&["moved"]), labels: two.labels.with("team", "b"), ..two.clone() };
        let notice = sample::page(vec![risen.clone(), moved.clone()]);
        let delivery = Delivery { notice: &notice, links: None, wall: 1_764_072_600_000 };
        let body: Value = serde_json::from_str(&body(delivery, &told, "")).unwrap();
        let alerts = body["alerts"].as_array().unwrap();
        let said: Vec<_> = alerts.iter().map(|it| [&it["status"], &it["fingerprint"], &it["startsAt"]]).collect();
        let alert =
            |status: &str, labels: &Labels| [json!(status), json!(fingerprint(labels)), json!("2025-11-25T12:00:00Z")];
        let expected = [
            alert("firing", &risen.labels),
            alert("firing", &moved.labels),
            alert("resolved", &one.labels),
            alert("resolved", &two.labels),
        ];
        assert_eq!(said, expected.each_ref().map(<[Value; 3]>::each_ref));
        assert_eq!((&body["status"], &body["commonLabels"]["severity"]), (&json!("firing"), &Value::Null));
        assert_eq!(body["commonAnnotations"]["summary"], "gas", "of what is over nothing new is said");
    }
}
