//! For which runs there is room: how many there are at a time, and how many there have been lately.

use super::{RUNS_AT_ONCE, Run, RunId, RunStage};
use crate::engine::incident::{Incident, Incidents};
use crate::model::{Moment, Name, Span};

/// So many runs of an action are remembered, to be counted: more than `max_runs` may ask for.
const MOST_COUNTED: usize = 1_000;

impl Incidents {
    /// The run with this id, of which something is still to come.
    #[must_use]
    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.numbered(id.incident)?.remedies.runs.get(&id.run)
    }

    /// Every run of which something is still to come.
    pub fn runs(&self) -> impl Iterator<Item = (RunId, &Incident, &Run)> {
        self.by_key.values().flat_map(|incident| {
            let runs = incident.remedies.runs.iter();
            runs.map(move |(number, run)| (RunId { incident: incident.number, run: *number }, incident, run))
        })
    }

    /// The runs that have begun and not ended.
    #[must_use]
    pub fn running(&self) -> Vec<RunId> {
        self.runs().filter(|(.., run)| run.stage == RunStage::Running).map(|(id, ..)| id).collect()
    }

    /// The runs that are owed and for which there is room now, the oldest first. What is held back begins nothing.
    #[must_use]
    pub fn runs_due(&self) -> Vec<RunId> {
        let (mut owed, mut busy) = (Vec::new(), Vec::new());
        for (id, incident, run) in self.runs() {
            match run.stage {
                RunStage::Owed if run.over.is_none() && incident.held.is_none() => {
                    owed.push((run.owed, id, &run.action))
                }
                RunStage::Running => busy.push(&run.action),
                RunStage::Owed | RunStage::Verifying { .. } => {}
            }
        }
        owed.sort();
        let mut due = Vec::new();
        for (_, id, action) in owed {
            if busy.len() < RUNS_AT_ONCE && !busy.contains(&action) {
                busy.push(action);
                due.push(id);
            }
        }
        due
    }

    /// Whether `action` may be run once more at `now`.
    pub(super) fn may_run(&self, action: &Name, (most, within): (u32, Span), now: Moment) -> bool {
        let times = self.ran.get(action).map(Vec::as_slice).unwrap_or_default();
        times.iter().filter(|at| **at + within > now).count() < most as usize
    }

    /// A run counts from when it is owed.
    pub(in crate::engine::incident) fn count_run(&mut self, action: &Name, at: Moment) {
        let times = self.ran.entry(action.clone()).or_default();
        times.push(at);
        let surplus = times.len().saturating_sub(MOST_COUNTED);
        times.drain(..surplus);
    }

    /// A run that never began does not count.
    pub(in crate::engine::incident) fn uncount_run(&mut self, action: &Name, at: Moment) {
        let Some(times) = self.ran.get_mut(action) else { return };
        if let Some(place) = times.iter().rposition(|counted| *counted == at) {
            times.remove(place);
        }
        if times.is_empty() {
            self.ran.remove(action);
        }
    }
}
