//! What a receiver that knows alerts by their labels, as an Alertmanager does, has been told of each.
//!
//! A message speaks of all that fires, so whatever else was told has ended.

use crate::engine::notice::AlertText;
use crate::model::{AlertId, Labels, Moment};
use crate::notify::Receipt;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// What was told of each alert, by alert. There may be tens of thousands, so it is a list in order, and label sets are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Vec<(AlertId, ToldAlert)>);

/// The label set under which an alert was told, and the start that was given with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAlert {
    /// The label set, `severity` included.
    pub labels: Labels,
    /// The start.
    #[serde(with = "written")]
    pub starts_at: Moment,
}

impl Told {
    /// These alerts.
    #[must_use]
    pub fn new(alerts: BTreeMap<AlertId, ToldAlert>) -> Self {
        Told(alerts.into_iter().collect())
    }

    /// What a receipt says. One that cannot be read says nothing.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Arc<Self> {
        match receipt {
            Receipt::Told(told) => Arc::clone(told),
            Receipt::Text(text) => Arc::new(Told::read(text).unwrap_or_default()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let written: BTreeMap<String, ToldAlert> = serde_json::from_str(text).ok()?;
        let alerts = written.into_iter().map(|(id, alert)| Some((id.parse().ok()?, alert)));
        Some(Told::new(alerts.collect::<Option<_>>()?))
    }

    /// What was told of `alert`, if anything was.
    #[must_use]
    pub fn get(&self, alert: AlertId) -> Option<&ToldAlert> {
        let place = self.0.binary_search_by_key(&alert, |(id, _)| *id).ok()?;
        Some(&self.0[place].1)
    }

    /// What a message about `alerts` ends.
    #[must_use]
    pub fn ends<'a>(&'a self, alerts: &'a [AlertText]) -> Ends<'a> {
        let is_as_told = |alert: &AlertText| {
            alert.ended.is_none() && self.get(alert.alert).is_some_and(|told| told.labels == alert.labels)
        };
        // Nearly always nothing is new, and there may be thousands.
        let is_news = alerts.iter().filter(|alert| is_as_told(alert)).count() < alerts.len().max(self.0.len());
        let firing = alerts.iter().filter(|alert| is_news && alert.ended.is_none());
        Ends { told: self, alerts, is_news, firing: firing.map(|alert| &alert.labels).collect() }
    }

    /// The start to give for `alert`: the one that was given before, whatever became of its labels.
    #[must_use]
    pub fn start_of(&self, alert: &AlertText) -> Moment {
        self.get(alert.alert).map_or(alert.since, |told| told.starts_at)
    }

    /// What is known there after a message about `alerts`.
    #[must_use]
    pub fn after<'a>(&self, alerts: impl IntoIterator<Item = &'a AlertText>) -> Self {
        let firing = alerts.into_iter().filter(|alert| alert.ended.is_none());
        let told = |alert: &AlertText| ToldAlert { labels: alert.labels.clone(), starts_at: self.start_of(alert) };
        Told::new(firing.map(|alert| (alert.alert, told(alert))).collect())
    }

    /// Every alert.
    pub fn iter(&self) -> impl Iterator<Item = &(AlertId, ToldAlert)> {
        self.0.iter()
    }

    /// As the store keeps it.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a message ends: label sets that were told, or that an alert ended with, and that no alert fires with now. Two alerts
/// may share one, or exchange theirs by a reload; whoever knows them by it hears of no end while one of them fires.
#[derive(Debug)]
pub struct Ends<'a> {
    told: &'a Told,
    alerts: &'a [AlertText],
    is_news: bool,
    firing: HashSet<&'a Labels>,
}

impl<'a> Ends<'a> {
    /// What was told of `alert`, where it has other labels now.
    #[must_use]
    pub fn of(&self, alert: &AlertText) -> Option<&'a ToldAlert> {
        let told = self.told.get(alert.alert).filter(|told| told.labels != alert.labels)?;
        (!self.firing.contains(&told.labels)).then_some(told)
    }

    /// What was told of alerts that the message does not know: a reload gave them other ids, or the message that said their
    /// end was overtaken.
    #[must_use]
    pub fn of_others(&self) -> Vec<&'a ToldAlert> {
        if !self.is_news {
            return Vec::new();
        }
        let known: HashSet<AlertId> = self.alerts.iter().map(|alert| alert.alert).collect();
        let others = self.told.iter().filter(|(id, told)| !known.contains(id) && !self.firing.contains(&told.labels));
        others.map(|(_, told)| told).collect()
    }

    /// Whether `alert` has to be said: not the end of one whose labels another one fires with.
    #[must_use]
    pub fn is_said(&self, alert: &AlertText) -> bool {
        alert.ended.is_none() || !self.firing.contains(&alert.labels)
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(id, told)| (id.to_string(), told)))
    }
}

/// An instant as the text of a receipt has it.
mod written {
    use crate::model::Moment;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde calls it")]
    pub fn serialize<S: Serializer>(instant: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(instant)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Moment::from_millis(instant.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_the_same_when_it_comes_back_from_the_store() {
        let told = |gas: &str, millis| ToldAlert {
            labels: Labels::new([("alertname", "Gas"), ("gas", gas)]),
            starts_at: Moment::from_millis(millis),
        };
        let [one, two] = ["1", "2"].map(|name| AlertId::derive(&[name]));
        let kept = Told::new([(two, told("9", 1_764_072_000_500)), (one, told("7", 1_764_072_000_000))].into());
        let back = Told::of(&Receipt::Text(kept.text()));
        assert_eq!(*back, kept);
        assert_eq!(back.get(one), Some(&told("7", 1_764_072_000_000)));
        assert_eq!(back.get(AlertId::derive(&["3"])), None);
    }

    #[test]
    fn a_receipt_of_an_earlier_release_is_read() {
        let text =
            r#"{"0000000000000000000000000000002a":{"labels":{"alertname":"Gas"},"starts_at":"2026-11-25T12:00:00Z"}}"#;
        let told = Told::of(&Receipt::Text(text.into()));
        let starts_at = told.get("2a".parse().unwrap()).map(|told| told.starts_at.to_string());
        assert_eq!(starts_at.as_deref(), Some("2026-11-25T12:00:00Z"));
        assert_eq!(told.text(), text);
        assert_eq!(*Told::of(&Receipt::Text("{}x".into())), Told::default());
    }
}
