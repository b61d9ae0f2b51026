//! What the service recorded, held against what its rules make of the same history now.

use crate::engine::alert::TierState;
use crate::engine::{Event, EventKind};
use crate::model::{AlertId, Labels, Slot};
use std::collections::BTreeMap;

/// One slot at which an alert was recorded in another state than history gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The slot.
    pub slot: Slot,
    /// The alert's labels.
    pub labels: Labels,
    /// What was recorded; nothing where nothing changed then.
    pub recorded: Option<String>,
    /// What history gives; nothing where nothing changes then.
    pub played: Option<String>,
}

/// Every change of an alert, by slot, that stands in only one of two journals. Slots before `from` and from `to` on are left out.
#[must_use]
pub fn differences(recorded: &[Event], played: &[Event], (from, to): (Slot, Slot)) -> Vec<Difference> {
    let (recorded, played) = (changes(recorded), changes(played));
    let all: std::collections::BTreeSet<_> = recorded.keys().chain(played.keys()).copied().collect();
    let differs = |key: &(Slot, AlertId)| -> Option<Difference> {
        let (ours, theirs) = (recorded.get(key), played.get(key));
        let word = |change: Option<&(Labels, String)>| change.map(|(_, word)| word.clone());
        let is_within = from <= key.0 && key.0 < to;
        let labels = ours.or(theirs).map(|(labels, _)| labels.clone())?;
        (is_within && word(ours) != word(theirs)).then(|| Difference {
            slot: key.0,
            labels,
            recorded: word(ours),
            played: word(theirs),
        })
    };
    all.iter().filter_map(differs).collect()
}

/// What each alert was said to be at a slot; the last word counts.
fn changes(journal: &[Event]) -> BTreeMap<(Slot, AlertId), (Labels, String)> {
    let mut changes = BTreeMap::new();
    for event in journal {
        let (Some(slot), EventKind::AlertChanged { alert, .. }) = (event.slot, &event.kind) else { continue };
        let mut words: Vec<&str> = alert.tiers.iter().map(|state| word(*state)).collect();
        if alert.forced.is_some() {
            words.push("firing by policy");
        }
        changes.insert((slot, alert.id), (alert.labels.clone(), words.join(", ")));
    }
    changes
}

fn word(state: TierState) -> &'static str {
    match state {
        TierState::Inactive => "inactive",
        TierState::Pending { .. } => "pending",
        TierState::Firing { .. } => "firing",
        TierState::Keeping { .. } => "keeping",
    }
}

impl Difference {
    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let word = |state: &Option<String>| state.clone().unwrap_or_else(|| "no change".to_owned());
        format!(
            "{}: {} was recorded as {}, history says {} (tiers from the highest)",
            self.slot,
            self.labels,
            word(&self.recorded),
            word(&self.played)
        )
    }
}
