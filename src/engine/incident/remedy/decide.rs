//! Which runs are owed, which are refused, and what an end of an alert says of a run.

use super::{Ended, Outcome, Over, Remedies, Run, RunId, RunNews, RunStage, Verdict, words};
use crate::engine::event::IncidentEvent;
use crate::engine::incident::desk::{At, Desk, Settled};
use crate::engine::incident::{Incidents, Key, Phase};
use crate::engine::transition::Subject;
use crate::engine::world::World;
use crate::model::{AlertId, Moment, Name};
use std::collections::BTreeMap;

/// Takes in what whoever carries out runs has to say of one. What is not awaited changes nothing.
pub fn run(world: &World, incidents: &mut Incidents, id: RunId, news: &RunNews, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    let key = desk.incidents.by_number.get(&id.incident).cloned();
    let known = desk.incidents.run(id).cloned();
    if let (Some(key), Some(known)) = (key, known) {
        match (news, known.stage) {
            (RunNews::Begins, RunStage::Owed) => desk.begin_run(&key, id.run, &known),
            (RunNews::Ended(ended), RunStage::Running) => desk.end_run(&key, id.run, &known, ended),
            (RunNews::Begins, RunStage::Running | RunStage::Verifying { .. })
            | (RunNews::Ended(_), RunStage::Owed | RunStage::Verifying { .. }) => {}
        }
    }
    desk.out
}

impl Desk<'_> {
    fn begin_run(&mut self, key: &Key, number: u32, run: &Run) {
        if run.over.is_none() && self.incidents.by_key[key].held.is_none() {
            let (action, labels) = (run.action.clone(), run.labels.clone());
            self.note(key, IncidentEvent::ActionBegan { run: number, action, labels });
        }
    }

    fn end_run(&mut self, key: &Key, number: u32, run: &Run, ended: &Ended) {
        let action = self.world.settings.actions.get(&run.action);
        let within = action.and_then(|action| action.verify_within).filter(|_| ended.outcome == Outcome::Done);
        self.note(
            key,
            IncidentEvent::ActionEnded {
                run: number,
                action: run.action.clone(),
                labels: run.labels.clone(),
                ended: ended.clone(),
                verify: within.map(|within| self.at.now + within),
            },
        );
        self.settle(key);
    }

    /// A run that was owed to an alert that has ended is owed no more; one that has ended well has helped, or has not.
    pub(in crate::engine::incident) fn look_after_runs(&mut self, key: &Key) {
        let Some(incident) = self.incidents.by_key.get(key) else { return };
        let runs: Vec<(u32, Run)> = incident.remedies.runs.iter().map(|(number, run)| (*number, run.clone())).collect();
        for (run, Run { action, labels, owed, stage, over, .. }) in runs {
            match stage {
                RunStage::Owed if over.is_some() => {
                    self.note(key, IncidentEvent::ActionDropped { run, action, labels, owed });
                }
                RunStage::Verifying { until } => {
                    if let Some(verdict) = verdict(over, until, self.at.now) {
                        self.note(key, IncidentEvent::ActionVerified { run, action, labels, verdict });
                    }
                }
                RunStage::Owed | RunStage::Running => {}
            }
        }
    }

    /// Owes the remedies of every alert that fires, once a level has been reached at which they run. What is held back owes
    /// none.
    pub(in crate::engine::incident) fn owe_runs(&mut self, key: &Key) {
        let Some(incident) = self.incidents.by_key.get(key) else { return };
        if incident.phase != Phase::Open || incident.held.is_some() || !incident.runs_actions() {
            return;
        }
        let firing = incident.firing().map(|member| &member.subject);
        let wanted: Vec<(Subject, Name)> = firing
            .flat_map(|subject| {
                let named = remedies_of(self.world, subject, &incident.remedies);
                named.iter().map(move |action| (subject.clone(), action.clone()))
            })
            .collect();
        let mut refused: BTreeMap<Name, Vec<Subject>> = BTreeMap::new();
        for (subject, action) in wanted {
            let Some(known) = self.world.settings.actions.get(&action) else { continue };
            if self.incidents.by_key[key].remedies.knows(subject.alert, &action) {
                continue;
            }
            if self.incidents.may_run(&action, (known.max_runs, known.within), self.at.now) {
                let run = self.incidents.by_key[key].remedies.counted + 1;
                let (alert, labels, at) = (subject.alert, subject.labels, self.at.now);
                self.note(key, IncidentEvent::ActionOwed { run, action, alert, labels, at });
            } else {
                refused.entry(action).or_default().push(subject);
            }
        }
        for (action, subjects) in refused {
            let Some(known) = self.world.settings.actions.get(&action) else { continue };
            let alerts = subjects.iter().map(|subject| (subject.alert, subject.labels.clone())).collect();
            let (max_runs, within) = (known.max_runs, known.within);
            self.note(key, IncidentEvent::ActionRefused { action, alerts, max_runs, within });
        }
    }
}

/// The actions that the tier names at which this alert fires. After a fall nothing is added to what was tried.
fn remedies_of<'w>(world: &'w World, subject: &Subject, remedies: &Remedies) -> &'w [Name] {
    let rule = subject.origin.rule().and_then(|id| world.rule(id));
    if remedies.fell.contains(&subject.alert) && remedies.has_tried(subject.alert) {
        return &[];
    }
    let tiers = rule.map(|rule| rule.tiers_for(&subject.series).as_ref()).unwrap_or_default();
    let tier = tiers.iter().find(|tier| tier.severity == subject.severity);
    tier.map(|tier| tier.actions.as_slice()).unwrap_or_default()
}

/// Whether a run that ended well has helped, where that can be said yet.
fn verdict(over: Option<Over>, until: Moment, now: Moment) -> Option<Verdict> {
    match over {
        Some(Over { by_condition: false, .. }) => Some(Verdict::NotKnown),
        Some(Over { at, .. }) if at <= until => Some(Verdict::Worked),
        Some(_) => Some(Verdict::DidNotWork),
        None => (until <= now).then_some(Verdict::DidNotWork),
    }
}

impl Remedies {
    /// Changes what is known of remedies as `event` says; gives whether people have to hear of it.
    pub(in crate::engine::incident) fn apply(&mut self, event: &IncidentEvent) -> bool {
        match event {
            IncidentEvent::ActionOwed { run, action, alert, labels, at } => {
                let owed = Run {
                    action: action.clone(),
                    alert: *alert,
                    labels: labels.clone(),
                    owed: *at,
                    stage: RunStage::Owed,
                    over: None,
                };
                self.runs.insert(*run, owed);
                self.counted = self.counted.max(*run);
            }
            IncidentEvent::ActionRefused { action, alerts, .. } => {
                let spent = |(alert, _): &(AlertId, _)| (*alert, action.clone());
                self.spent.extend(alerts.iter().map(spent));
                // Whoever is told of something else hears of it; it wakes nobody by itself.
                self.say(0, words::clause(event).unwrap_or_default(), false);
            }
            IncidentEvent::ActionBegan { run, .. } => {
                if let Some(run) = self.runs.get_mut(run) {
                    run.stage = RunStage::Running;
                }
            }
            IncidentEvent::ActionDropped { run, .. } => {
                self.runs.remove(run);
            }
            IncidentEvent::ActionEnded { run, verify, .. } => {
                match (verify, self.runs.get_mut(run)) {
                    (Some(until), Some(run)) => run.stage = RunStage::Verifying { until: *until },
                    (Some(_) | None, _) => self.close(*run),
                }
                self.say(*run, words::clause(event).unwrap_or_default(), verify.is_none());
            }
            IncidentEvent::ActionVerified { run, .. } => {
                self.close(*run);
                self.say_again(*run, words::clause(event).unwrap_or_default(), true);
            }
            _ => return false,
        }
        self.is_news
    }
}
