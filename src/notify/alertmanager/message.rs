//! Alerts as an Alertmanager wants them.

use super::told::{Told, ToldAlert};
use crate::engine::notice::{AlertText, Notice};
use crate::model::{AlertId, Labels, Moment, Span};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// As Prometheus does: an alert that is not told again within so many resends is over.
const FORGET_AFTER_RESENDS: i64 = 4;
/// Alerts in one request, as many as Prometheus's notifier puts into one by itself. With thousands of alerts, a body of all of
/// them would take more memory than everything else that is known of them.
const ALERTS_IN_A_REQUEST: usize = 256;

/// The instant of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The wall clock, in milliseconds.
    pub wall: i64,
    /// How often an alert is told again.
    pub resend_every: Span,
}

/// What is to be told, after what has been told.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The alerts.
    pub notice: &'a Notice,
    /// What the Alertmanager knows of them.
    pub told: &'a Told,
    /// The instant.
    pub now: Now,
}

/// One alert in a request, in the words of the contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    labels: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Map<String, Value>>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// The bodies of its requests, each made when it is asked for.
    pub fn bodies(self) -> impl Iterator<Item = String> + 'a {
        let alerts = &self.notice.alerts;
        let requests = alerts.len().div_ceil(ALERTS_IN_A_REQUEST).max(1);
        (0..requests).map(move |request| {
            let posted = alerts.iter().skip(request * ALERTS_IN_A_REQUEST).take(ALERTS_IN_A_REQUEST);
            let posted: Vec<Posted<'_>> = posted.flat_map(|alert| self.posted(alert)).collect();
            serde_json::to_string(&posted).unwrap_or_default()
        })
    }

    /// Alertmanager knows an alert by its labels, so one whose severity changed is sent twice: the old label set with its end,
    /// the new one with the start that the old one had.
    fn posted(self, alert: &'a AlertText) -> impl Iterator<Item = Posted<'a>> {
        let old = self.told.get(alert.alert).filter(|old| old.labels != alert.labels).map(|old| Posted {
            labels: &old.labels,
            annotations: None,
            starts_at: old.starts_at.to_string(),
            ends_at: Moment::from_millis(self.now.wall).to_string(),
            generator_url: None,
        });
        let forgotten = self.now.wall + self.now.resend_every.times(FORGET_AFTER_RESENDS).millis();
        let ends_at = alert.ended.map_or(forgotten, Moment::millis);
        let new = Posted {
            labels: &alert.labels,
            annotations: Some(annotations(alert)),
            starts_at: self.starts_at(alert).to_string(),
            ends_at: Moment::from_millis(ends_at).to_string(),
            generator_url: Some(&self.notice.link),
        };
        old.into_iter().chain([new])
    }

    fn starts_at(self, alert: &AlertText) -> Moment {
        self.told.get(alert.alert).map_or(alert.since, |told| told.starts_at)
    }

    /// What the Alertmanager knows when it has taken all of it.
    #[must_use]
    pub fn told(self) -> Told {
        let mut told: BTreeMap<AlertId, ToldAlert> = self.told.iter().cloned().collect();
        for alert in &self.notice.alerts {
            let starts_at = self.starts_at(alert);
            match alert.ended {
                None => told.insert(alert.alert, ToldAlert { labels: alert.labels.clone(), starts_at }),
                Some(_) => told.remove(&alert.alert),
            };
        }
        Told::new(told)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    const NOW: Now = Now { wall: 1_764_072_600_000, resend_every: Span::from_mins(1) };

    fn bodies(notice: &Notice, told: &Told) -> Vec<Vec<Value>> {
        let message = Message { notice, told, now: NOW };
        message.bodies().map(|body| serde_json::from_str(&body).unwrap()).collect()
    }

    #[test]
    fn a_thousand_alerts_are_told_in_requests_of_a_few_hundred_and_each_once() {
        let notice = sample::page((0..1_000).map(|number| sample::alert(&format!("node-{number}"), "gas")).collect());
        let bodies = bodies(&notice, &Told::default());
        assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [256, 256, 256, 232]);
        let names: std::collections::BTreeSet<_> =
            bodies.iter().flatten().map(|it| it["labels"]["instance"].to_string()).collect();
        assert_eq!(names.len(), 1_000);
    }

    #[test]
    fn what_rises_ends_under_its_old_severity_and_goes_on_under_the_new_one_since_it_began() {
        let notice = sample::page(vec![sample::alert("node-1", "gas")]);
        let told = Message { notice: &notice, told: &Told::default(), now: NOW }.told();
        let mut risen = sample::alert("node-1", "gas");
        (risen.labels, risen.since) = (risen.labels.with("severity", "critical"), Moment::from_millis(NOW.wall));
        let bodies = bodies(&sample::page(vec![risen]), &told);
        let said = bodies[0].iter().map(|it| [&it["labels"]["severity"], &it["startsAt"], &it["endsAt"]]);
        let (began, forgotten) = ("2025-11-25T12:00:00Z", "2025-11-25T12:14:00Z");
        assert_eq!(said.collect::<Vec<_>>(), [["high", began, "2025-11-25T12:10:00Z"], ["critical", began, forgotten]]);
    }

    #[test]
    fn what_ended_is_known_no_more_and_what_a_message_does_not_speak_of_is_known_still() {
        let [one, two] = ["node-1", "node-2"].map(|name| sample::alert(name, "gas"));
        let both = sample::page(vec![one.clone(), two.clone()]);
        let told = Message { notice: &both, told: &Told::default(), now: NOW }.told();
        let told = Message { notice: &sample::end(vec![one.clone()]), told: &told, now: NOW }.told();
        assert_eq!(told.get(one.alert), None);
        assert_eq!(told.get(two.alert).map(|it| &it.labels), Some(&two.labels));
    }
}
