//! What the service recorded, held against what its rules make of the same history now.

use crate::engine::alert::{Alert, TierState};
use crate::engine::{Event, EventKind};
use crate::model::{AlertId, Labels, Slot};
use std::collections::{BTreeMap, BTreeSet};

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

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The slots at which the two differ.
    pub differences: Vec<Difference>,
    /// The alerts that were not calm at the beginning, and are compared only from where both say the same of them.
    pub begun_before: Vec<Labels>,
}

/// Every change of an alert, by slot, that stands in only one of two journals. Slots before `from` and from `to` on are left out.
/// History begins with `from` and knows of nothing that was before: an alert that was not calm then, as the last events before say
/// (`standing`), is left out until both say the same of it, and it does not wait for its `for`.
#[must_use]
pub fn compared(standing: &[Event], recorded: &[Event], played: &[Event], (from, to): (Slot, Slot)) -> Comparison {
    let (recorded, played) = (changes(recorded), changes(played));
    let standing = changes(standing).into_values().filter(|change| !change.is_calm);
    let mut unsettled: BTreeMap<_, _> = standing.map(|change| (change.alert, Sides::of(change))).collect();
    let begun_before = unsettled.values().map(|sides| sides.labels.clone()).collect();
    let all: BTreeSet<_> = recorded.keys().chain(played.keys()).copied().collect();
    let differs = |key: (Slot, AlertId)| -> Option<Difference> {
        let (ours, theirs) = (recorded.get(&key), played.get(&key));
        if let Some(sides) = unsettled.get_mut(&key.1) {
            sides.hear(ours, theirs);
            if sides.agree() {
                unsettled.remove(&key.1);
            }
            return None;
        }
        let labels = ours.or(theirs).map(|change| change.labels.clone())?;
        let (ours, theirs) = (ours.map(|change| &change.word), theirs.map(|change| &change.word));
        let is_within = from <= key.0 && key.0 < to;
        (is_within && ours != theirs).then(|| Difference {
            slot: key.0,
            labels,
            recorded: ours.cloned(),
            played: theirs.cloned(),
        })
    };
    Comparison { differences: all.into_iter().filter_map(differs).collect(), begun_before }
}

/// What an alert was said to be.
struct Change {
    alert: AlertId,
    labels: Labels,
    word: String,
    /// Whether no tier of it is active.
    is_calm: bool,
    /// Whether any of its tiers waits for its `for`.
    is_pending: bool,
}

/// What both journals say last of an alert that was not calm at the beginning; nothing where it is calm.
struct Sides {
    labels: Labels,
    recorded: Option<String>,
    played: Option<String>,
    is_pending: bool,
}

impl Sides {
    fn of(standing: Change) -> Self {
        let Change { labels, word, is_pending, .. } = standing;
        Sides { labels, recorded: Some(word), played: None, is_pending }
    }

    fn hear(&mut self, recorded: Option<&Change>, played: Option<&Change>) {
        let word = |change: &Change| (!change.is_calm).then(|| change.word.clone());
        if let Some(change) = recorded {
            (self.recorded, self.is_pending) = (word(change), change.is_pending);
        }
        if let Some(change) = played {
            self.played = word(change);
        }
    }

    fn agree(&self) -> bool {
        self.recorded == self.played && !self.is_pending
    }
}

/// What each alert was said to be at a slot; the last word counts.
fn changes(journal: &[Event]) -> BTreeMap<(Slot, AlertId), Change> {
    let mut changes = BTreeMap::new();
    for event in journal {
        let (Some(slot), EventKind::AlertChanged { alert, .. }) = (event.slot, &event.kind) else { continue };
        changes.insert((slot, alert.id), Change::of(alert));
    }
    changes
}

impl Change {
    fn of(alert: &Alert) -> Self {
        let mut words: Vec<&str> = alert.tiers.iter().map(|state| word(*state)).collect();
        if alert.forced.is_some() {
            words.push("firing by policy");
        }
        Change {
            alert: alert.id,
            labels: alert.labels.clone(),
            word: words.join(", "),
            is_calm: alert.forced.is_none() && alert.tiers.iter().all(|state| *state == TierState::Inactive),
            is_pending: alert.tiers.iter().any(|state| matches!(state, TierState::Pending { .. })),
        }
    }
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
