//! The bodies of events.

use crate::engine::notice::Notice;
use crate::notify::Delivery;
use crate::notify::text::{alert_line, cut, headline, number, one_line, runbook};
use serde_json::{Value, json};

/// <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>: a summary has at most 1024 characters.
const SUMMARY: usize = 1024;
/// The whole body has at most 512 KB; details beyond this are left out.
const BODY: usize = 500_000;

/// Opens an alert under the key of this page.
pub fn trigger(delivery: Delivery<'_>, routing_key: &str, client_url: &str) -> String {
    let notice = delivery.notice;
    let body = event(delivery, routing_key, client_url, details(notice));
    if body.len() <= BODY {
        return body;
    }
    let omitted =
        json!({ "omitted": format!("{} alerts are too many for one event; see {}", notice.alerts.len(), notice.link) });
    event(delivery, routing_key, client_url, omitted)
}

fn event(delivery: Delivery<'_>, routing_key: &str, client_url: &str, details: Value) -> String {
    let notice = delivery.notice;
    let draft = &notice.draft;
    let labels = notice.alerts.first().map(|alert| alert.labels.clone()).unwrap_or_default();
    let source = ["instance", "chain", "service", "job"].into_iter().find_map(|name| labels.find(name));
    let source = source.map_or_else(|| "watchbell".to_owned(), |source| cut(&one_line(source), SUMMARY));
    let mut payload = json!({
        "summary": cut(&headline(notice), SUMMARY),
        "source": source,
        "severity": severity(draft.severity.rank()),
        "timestamp": draft.at.to_string(),
        "class": cut(&one_line(labels.get("alertname")), SUMMARY),
        "custom_details": details,
    });
    if let Some(component) = labels.find("component") {
        payload["component"] = json!(cut(&one_line(component), SUMMARY));
    }
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": draft.page_key(draft.page),
        "payload": payload,
        "client": "Watchbell",
        "client_url": client_url,
    });
    let link = |address: &str, text: &str| json!({ "href": address, "text": text });
    let mut links = vec![link(delivery.link(), &format!("INC-{}", draft.number))];
    links.extend(delivery.acknowledge_link().map(|address| link(address, "Acknowledge in Watchbell")));
    links.extend(runbook(notice).map(|address| link(address, "Runbook")));
    event["links"] = json!(links);
    event.to_string()
}

/// Closes the alert under `key`.
pub fn resolve(key: &str, routing_key: &str) -> String {
    json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": key }).to_string()
}

/// Acknowledges the alert under `key`, so that PagerDuty wakes nobody else for it.
pub fn acknowledge(key: &str, routing_key: &str) -> String {
    json!({ "routing_key": routing_key, "event_action": "acknowledge", "dedup_key": key }).to_string()
}

fn details(notice: &Notice) -> Value {
    let alert = |alert: &crate::engine::notice::AlertText| {
        let annotations: serde_json::Map<String, Value> =
            alert.annotations.iter().map(|(name, text)| (name.to_string(), json!(text))).collect();
        json!({ "line": alert_line(alert), "labels": alert.labels, "annotations": annotations, "value": number(alert.value) })
    };
    let alerts: Vec<Value> = notice.alerts.iter().map(alert).collect();
    let mut details = json!({ "incident": format!("INC-{}", notice.draft.number), "alerts": alerts });
    // Whoever is woken reads what machines have tried already.
    if let Some(tried) = &notice.draft.text {
        details["note"] = json!(cut(&one_line(tried), SUMMARY));
    }
    details
}

/// PagerDuty knows four severities, ours are configured: the highest is critical, then error, warning, info.
fn severity(rank: u8) -> &'static str {
    match rank {
        0 => "critical",
        1 => "error",
        2 => "warning",
        _ => "info",
    }
}
