//! Alerts as an Alertmanager wants them.

use super::told::{Told, ToldAlert};
use crate::engine::notice::{AlertText, Notice};
use crate::model::{Labels, Moment, Span};
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

    /// Leaves those whose labels every Alertmanager knows; says whether any are left, and whether others were there.
    pub fn keep_usual_names(&mut self) -> (bool, bool) {
        let all = self.0.len();
        self.0.retain(|posted| has_usual_names(posted.labels));
        (!self.0.is_empty(), self.0.len() < all)
    }
}

/// Whether the names of all labels are such as Prometheus had before its version 3 (`[a-zA-Z_][a-zA-Z0-9_]*`). An Alertmanager
/// before 0.27, or one in its classic mode, refuses all others.
#[must_use]
pub fn has_usual_names(labels: &Labels) -> bool {
    let is_usual = |name: &str| {
        let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        name.starts_with(is_letter) && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit())
    };
    labels.iter().all(|(name, _)| is_usual(name))
}

/// What a request has to say something of.
#[derive(Clone, Copy)]
enum Matter<'a> {
    /// An alert of the message.
    Alert(&'a AlertText),
    /// What the Alertmanager was told, and the message does not speak of. A message speaks of all that fires.
    Departed(&'a ToldAlert),
}

impl<'a> Message<'a> {
    /// Its requests, each made when it is asked for.
    pub fn requests(self) -> impl Iterator<Item = Request<'a>> {
        let departed = self.told.departed(&self.notice.alerts).into_iter().map(Matter::Departed);
        let matters: Vec<Matter<'a>> = departed.chain(self.notice.alerts.iter().map(Matter::Alert)).collect();
        let requests = matters.len().div_ceil(ALERTS_IN_A_REQUEST).max(1);
        (0..requests).map(move |request| {
            let of_it = matters.iter().skip(request * ALERTS_IN_A_REQUEST).take(ALERTS_IN_A_REQUEST);
            Request(of_it.flat_map(|matter| self.posted(*matter)).collect())
        })
    }

    /// Alertmanager knows an alert by its labels, so one whose labels changed is sent twice: the old label set with its end,
    /// the new one with the start that the old one had.
    fn posted(self, matter: Matter<'a>) -> impl Iterator<Item = Posted<'a>> {
        let (old, alert) = match matter {
            Matter::Departed(told) => (Some(told), None),
            Matter::Alert(alert) => (self.told.get(alert.alert).filter(|old| old.labels != alert.labels), Some(alert)),
        };
        let old = old.map(|old| Posted {
            labels: &old.labels,
            annotations: None,
            starts_at: old.starts_at.to_string(),
            ends_at: Moment::from_millis(self.now.wall).to_string(),
            generator_url: None,
        });
        let forgotten = self.now.wall + self.now.resend_every.times(FORGET_AFTER_RESENDS).millis();
        let new = alert.map(|alert| Posted {
            labels: &alert.labels,
            annotations: Some(annotations(alert)),
            starts_at: self.told.start_of(alert).to_string(),
            ends_at: Moment::from_millis(alert.ended.map_or(forgotten, Moment::millis)).to_string(),
            generator_url: Some(&self.notice.link),
        });
        old.into_iter().chain(new)
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
}
