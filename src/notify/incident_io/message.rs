//! The bodies of events: <https://api-docs.incident.io/tag/Alert-Events-V2>.

use crate::engine::notice::{AlertText, Notice};
use crate::notify::Delivery;
use crate::notify::fit::{Fit, begins_an_address, characters};
use crate::notify::text::{alert_line, cut, headline, number, one_line, reason};
use serde_json::{Map, Value, json};

/// A body has at most 512 KB (`maxPayloadSize` of Alertmanager's `notify/incidentio`). So far the alerts in ours go.
const ALERTS: usize = 200_000;
/// So much of a title, of a description, and of what is said of one alert in it.
const TITLE: usize = 500;
const DESCRIPTION: usize = 10_000;
const ALERT: usize = 1000;
const LINKS: usize = 4000;
/// So much of one label.
const LABEL: usize = 2000;

const FIT: Fit = Fit { measure: characters, escape, around: ("", "") };

/// What fires or is resolved, under the key of `page`.
pub fn event(delivery: Delivery<'_>, status: &str, page: u32) -> String {
    let notice = delivery.notice;
    json!({
        "title": cut(&headline(notice), TITLE),
        "status": status,
        "deduplication_key": notice.draft.page_key(page),
        "description": description(delivery),
        "source_url": delivery.link(),
        "metadata": metadata(delivery),
    })
    .to_string()
}

/// Why, the alerts, and where to go. It is shown as Markdown.
fn description(delivery: Delivery<'_>) -> String {
    let reason = FIT.cut(&one_line(&reason(delivery.notice)), ALERT);
    let links = FIT.links(delivery, LINKS);
    // Between lines stand two line ends, and one is counted for each.
    let left = DESCRIPTION.saturating_sub(characters(&reason) + characters(&links) + ALERT);
    let lines = FIT.lines(delivery.notice, ALERT, left);
    // Lines of Markdown are one paragraph unless there is room between them.
    std::iter::once(reason).chain(lines).chain(std::iter::once(links)).collect::<Vec<_>>().join("\n\n")
}

/// What a source can be set up to look at: the severity in our words, the labels of the first alert, and all alerts for
/// which there is room.
fn metadata(delivery: Delivery<'_>) -> Value {
    let notice = delivery.notice;
    let (alerts, unlisted) = alerts(notice);
    json!({
        "incident": format!("INC-{}", notice.draft.number),
        "severity": notice.draft.severity.to_string(),
        "policy": &*notice.draft.key.policy,
        "labels": notice.alerts.first().map(labels).unwrap_or_default(),
        "alerts": alerts,
        "alerts_left_out": unlisted,
    })
}

fn alerts(notice: &Notice) -> (Vec<Value>, usize) {
    let (mut listed, mut left) = (Vec::new(), ALERTS);
    for alert in &notice.alerts {
        let one = json!({
            "line": cut(&alert_line(alert), ALERT),
            "status": if alert.ended.is_some() { "resolved" } else { "firing" },
            "value": number(alert.value),
            "labels": labels(alert),
        });
        let Some(rest) = left.checked_sub(one.to_string().len()) else { break };
        left = rest;
        listed.push(one);
    }
    let unlisted = notice.alerts.len() - listed.len();
    (listed, unlisted)
}

fn labels(alert: &AlertText) -> Map<String, Value> {
    let mut left = ALERTS / 10;
    let mut labels = Map::new();
    for (name, value) in alert.labels.iter() {
        let value = cut(value, LABEL);
        let Some(rest) = left.checked_sub(name.len() + value.len()) else { break };
        left = rest;
        labels.insert(name.to_string(), json!(value));
    }
    labels
}

/// Label values are data: no markup and no link. After a backslash any of these signs stands for itself.
fn escape(_: &str, c: char, after: &str) -> String {
    let is_markup = matches!(c, '\\' | '`' | '*' | '_' | '~' | '|' | '<' | '>' | '[' | ']' | '#' | '&');
    if is_markup {
        format!("\\{c}")
    } else if c == '@' || begins_an_address(c, after) {
        format!("{c}\u{200b}")
    } else {
        c.into()
    }
}
