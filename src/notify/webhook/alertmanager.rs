//! What an Alertmanager sends to a webhook, version 4: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.

use crate::engine::notice::{AlertText, Notice};
use crate::model::{Labels, Moment};
use crate::notify::alertmanager::message::annotations;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where an alert still fires, its end is the first instant of Go.
const NO_END: &str = "0001-01-01T00:00:00Z";

/// The group of alerts that an incident is. The key stays the same as long as there is the incident, whatever its policy and
/// the labels of its alerts become.
pub fn body(notice: &Notice, external_url: &str) -> String {
    let draft = &notice.draft;
    let fires = notice.alerts.iter().any(|alert| alert.ended.is_none());
    let common_labels = common(notice.alerts.iter().map(|alert| label_texts(&alert.labels)));
    let common_annotations = common(notice.alerts.iter().map(|alert| texts(&annotations(alert))));
    json!({
        "version": "4",
        "groupKey": format!("watchbell/{}", draft.incident),
        "truncatedAlerts": 0,
        "status": if fires { "firing" } else { "resolved" },
        "receiver": &*draft.destination.channel,
        "groupLabels": draft.key.group,
        "commonLabels": common_labels,
        "commonAnnotations": common_annotations,
        "externalURL": external_url,
        "alerts": notice.alerts.iter().map(|one| alert(one, &notice.link)).collect::<Vec<_>>(),
    })
    .to_string()
}

/// An alert, whose origin is the page of its incident: that is where a click has to lead.
fn alert(alert: &AlertText, link: &str) -> Value {
    json!({
        "status": if alert.ended.is_some() { "resolved" } else { "firing" },
        "labels": alert.labels,
        "annotations": annotations(alert),
        "startsAt": alert.since.to_string(),
        "endsAt": alert.ended.map_or_else(|| NO_END.to_owned(), |at: Moment| at.to_string()),
        "generatorURL": link,
        "fingerprint": fingerprint(&alert.labels),
    })
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

    #[test]
    fn an_alert_has_the_fingerprint_that_an_alertmanager_gives_it() {
        // From the tests of Prometheus's `common/model`.
        assert_eq!(fingerprint(&Labels::empty()), "cbf29ce484222325");
    }
}
