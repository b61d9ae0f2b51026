//! Incidents that really happened, and whether each side would have told of them.

use super::episode::Episode;
use crate::backtest::{Known, in_words};
use serde::Serialize;

/// How both sides meet an incident that people took for real.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Met {
    /// The number that people say.
    pub number: u64,
    /// How many seconds after its first alert the old rule fires, negative where it fires sooner; nothing where it does not.
    pub before: Option<f64>,
    /// The same of the new rule.
    pub after: Option<f64>,
}

impl Met {
    pub(super) fn new(known: &Known, before: &[Episode], after: &[Episode]) -> Self {
        let first = |episodes: &[Episode]| {
            let met = episodes.iter().filter(|episode| known.is_met_by(episode.from, episode.end));
            met.map(|episode| (episode.from - known.from).as_secs_f64()).min_by(f64::total_cmp)
        };
        Met { number: known.number, before: first(before), after: first(after) }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let number = self.number;
        match (self.before, self.after) {
            (Some(_), None) => format!("INC-{number} lost: people took it for real, and it would not have fired"),
            (None, Some(_)) => format!("INC-{number} caught, which it was not before"),
            (None, None) => format!("INC-{number} missed by both"),
            (Some(before), Some(after)) if after > before => format!("INC-{number} {} later", in_words(after - before)),
            (Some(before), Some(after)) if after < before => {
                format!("INC-{number} {} earlier", in_words(before - after))
            }
            (Some(_), Some(_)) => format!("INC-{number} caught as before"),
        }
    }
}
