//! Alerts as an Alertmanager wants them.

use super::told::{Ends, Told, ToldAlert};
use crate::engine::notice::{AlertText, Notice};
use crate::model::{Labels, Moment, Span, is_plain_name};
use serde::Serialize;
use serde_json::{Map, Value, json};

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

/// The alerts of one request.
pub struct Request<'a>(Vec<Posted<'a>>);

impl Request<'_> {
    /// As it is sent.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Whether it speaks of no alert.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves those whose labels every Alertmanager knows, with such annotations; says whether anything was left out.
    pub fn keep_plain_names(&mut self) -> bool {
        let names =
            |request: &Self| request.0.iter().flat_map(|posted| &posted.annotations).map(Map::len).sum::<usize>();
        let before = (self.0.len(), names(self));
        self.0.retain(|posted| has_plain_names(posted.labels));
        for annotations in self.0.iter_mut().filter_map(|posted| posted.annotations.as_mut()) {
            annotations.retain(|name, _| is_plain_name(name));
        }
        (self.0.len(), names(self)) != before
    }
}

/// Whether every Alertmanager knows the names of all labels. One before 0.27, or in its classic mode, refuses any but plain ones.
#[must_use]
pub fn has_plain_names(labels: &Labels) -> bool {
    labels.iter().all(|(name, _)| is_plain_name(name))
}

impl<'a> Message<'a> {
    /// Its requests, each made when it is asked for.
    pub fn requests(self) -> impl Iterator<Item = Request<'a>> {
        let alerts = &self.notice.alerts;
        let ends = self.told.ends(alerts);
        let others = ends.of_others();
        let matters = others.len() + alerts.len();
        let requests = matters.div_ceil(ALERTS_IN_A_REQUEST).max(1);
        (0..requests).map(move |request| {
            let places = request * ALERTS_IN_A_REQUEST..matters.min((request + 1) * ALERTS_IN_A_REQUEST);
            let posted = places.flat_map(|place| match others.get(place) {
                Some(told) => [Some(self.ended(told)), None],
                None => self.posted(&ends, &alerts[place - others.len()]),
            });
            Request(posted.flatten().collect())
        })
    }

    /// Alertmanager knows an alert by its labels, so one whose labels changed is sent twice: the old label set with its end,
    /// the new one with the start that the old one had.
    fn posted(self, ends: &Ends<'a>, alert: &'a AlertText) -> [Option<Posted<'a>>; 2] {
        let forgotten = self.now.wall + self.now.resend_every.times(FORGET_AFTER_RESENDS).millis();
        let ends_at = alert.ended.unwrap_or(Moment::from_millis(forgotten));
        let new = ends.is_said(alert).then(|| Posted {
            labels: &alert.labels,
            annotations: Some(annotations(alert)),
            starts_at: self.started(self.told.start_of(alert)).min(ends_at).to_string(),
            ends_at: ends_at.to_string(),
            generator_url: Some(&self.notice.link),
        });
        [ends.of(alert).map(|told| self.ended(told)), new]
    }

    /// The start that is said. One that was told by a clock that has been set back since lies ahead, and an Alertmanager refuses
    /// a whole request for the sake of an alert that ends before it starts.
    fn started(self, start: Moment) -> Moment {
        start.min(Moment::from_millis(self.now.wall))
    }

    fn ended(self, told: &'a ToldAlert) -> Posted<'a> {
        Posted {
            labels: &told.labels,
            annotations: None,
            starts_at: self.started(told.starts_at).to_string(),
            ends_at: Moment::from_millis(self.now.wall).to_string(),
            generator_url: None,
        }
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
    use crate::model::AlertId;
    use crate::notify::sample;

    const NOW: Now = Now { wall: 1_764_072_600_000, resend_every: Span::from_mins(1) };

    fn bodies(notice: &Notice, told: &Told) -> Vec<Vec<Value>> {
        let message = Message { notice, told, now: NOW };
        message.requests().map(|request| serde_json::from_str(&request.body()).unwrap()).collect()
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
        let told = Told::default().after(&notice.alerts);
        let mut risen = sample::alert("node-1", "gas");
        (risen.labels, risen.since) = (risen.labels.with("severity", "critical"), Moment::from_millis(NOW.wall));
        let bodies = bodies(&sample::page(vec![risen]), &told);
        let said = bodies[0].iter().map(|it| [&it["labels"]["severity"], &it["startsAt"], &it["endsAt"]]);
        let (began, forgotten) = ("2025-11-25T12:00:00Z", "2025-11-25T12:14:00Z");
        assert_eq!(said.collect::<Vec<_>>(), [["high", began, "2025-11-25T12:10:00Z"], ["critical", began, forgotten]]);
    }

    #[test]
    fn what_was_told_by_a_clock_that_was_set_back_since_does_not_start_after_its_end() {
        let ahead = Moment::from_millis(NOW.wall) + Span::from_hours(1);
        let [goes_on, over] = ["node-1", "node-2"].map(|name| AlertText { since: ahead, ..sample::alert(name, "gas") });
        let told = Told::default().after(&[goes_on.clone(), over]);
        let bodies = bodies(&sample::page(vec![goes_on]), &told);
        let now = "2025-11-25T12:10:00Z";
        let said = bodies[0].iter().map(|it| [&it["startsAt"], &it["endsAt"]]);
        assert_eq!(said.collect::<Vec<_>>(), [[now, now], [now, "2025-11-25T12:14:00Z"]]);
    }

    /// Name, severity and end of each alert in the only request.
    fn said(notice: &Notice, told: &Told) -> Vec<String> {
        let bodies = bodies(notice, told);
        let word = |it: &Value, name: &str| it["labels"][name].as_str().unwrap().to_owned();
        let ended = |it: &Value| if it["endsAt"] == "2025-11-25T12:10:00Z" { " ends" } else { "" };
        let all = bodies.into_iter().flatten();
        all.map(|it| format!("{} {}{}", word(&it, "instance"), word(&it, "severity"), ended(&it))).collect()
    }

    #[test]
    fn what_ended_is_known_no_more_and_what_a_message_does_not_speak_of_has_ended() {
        let [one, two, three] = ["node-1", "node-2", "node-3"].map(|name| sample::alert(name, "gas"));
        let all = sample::page(vec![one.clone(), two.clone(), three.clone()]);
        let told = Told::default().after(&all.alerts);
        let ended = AlertText { ended: Some(Moment::from_millis(NOW.wall)), ..one.clone() };
        let next = sample::page(vec![ended, two.clone()]);
        // The third has ended as well, in a message that was overtaken by this one.
        assert_eq!(said(&next, &told), ["node-3 high ends", "node-1 high ends", "node-2 high"]);
        let told = told.after(&next.alerts);
        assert_eq!(told.iter().map(|(alert, _)| *alert).collect::<Vec<_>>(), [two.alert]);
    }

    #[test]
    fn an_alert_that_a_reload_gave_another_id_ends_under_the_labels_that_it_had() {
        let alert = sample::alert("node-1", "gas");
        let told = Told::default().after(std::slice::from_ref(&alert));
        let moved = AlertText { alert: AlertId::derive(&["moved"]), ..alert.clone() };
        let renamed = AlertText { labels: alert.labels.with("severity", "critical"), ..moved.clone() };
        assert_eq!(said(&sample::page(vec![renamed]), &told), ["node-1 high ends", "node-1 critical"]);
        assert_eq!(said(&sample::page(vec![moved]), &told), ["node-1 high"], "its labels are the same");
    }

    #[test]
    fn no_label_set_ends_while_an_alert_fires_with_it() {
        let [one, two] = ["node-1", "node-2"].map(|name| sample::alert(name, "gas"));
        let told = Told::default().after(&[one.clone(), two.clone()]);
        let exchanged = [
            AlertText { labels: two.labels.clone(), ..one.clone() },
            AlertText { labels: one.labels.clone(), ..two.clone() },
        ];
        assert_eq!(said(&sample::page(exchanged.to_vec()), &told), ["node-2 high", "node-1 high"]);
        let shared = AlertText { labels: one.labels.clone(), ..two.clone() };
        let ended = AlertText { ended: Some(Moment::from_millis(NOW.wall)), ..one.clone() };
        assert_eq!(
            said(&sample::page(vec![shared.clone(), ended.clone()]), &told),
            ["node-2 high ends", "node-1 high"]
        );
        let ended_both = vec![ended.clone(), AlertText { ended: ended.ended, ..shared.clone() }];
        let told = Told::default().after(&[one, shared]);
        assert_eq!(said(&sample::page(ended_both), &told), ["node-1 high ends", "node-1 high ends"]);
    }
}
