//! What holds new messages of an incident back: silences, maintenance, inhibition, flapping.
//!
//! An incident is held while every one of its alerts is that fire, or that did where it waits for a person. Ends are never held back: whoever heard of a firing hears of
//! its end. Silences and flapping count by the engine's clock, maintenance and dates by the wall clock.

use super::desk::Desk;
use super::{Incident, Incidents, Key, Member, recipients};
use crate::config::{Flapping, Silence, Target};
use crate::engine::command::{AdHocSilence, SilencePhase};
use crate::engine::event::{EventKind, IncidentEvent};
use crate::engine::notice::{Letter, matched_labels};
use crate::engine::transition::Subject;
use crate::engine::world::World;
use crate::model::{AlertId, Labels, Matchers, Moment, Name, Severity, SilenceId, Span, duration_text};
use crate::rules::{InhibitedBy, Rule};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One thing that holds an alert back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// What kind of thing.
    pub kind: HoldKind,
    /// Which, and why, in words.
    pub what: String,
    /// When it lets go by itself, where that is known by the engine's clock.
    pub until: Option<Moment>,
}

/// The kinds of things that hold alerts back, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldKind {
    /// Somebody silenced it.
    Silence,
    /// Work is under way that is expected to hurt.
    Maintenance,
    /// Another alert says it already.
    Inhibition,
    /// It comes and goes too often.
    Flapping,
}

impl Desk<'_> {
    /// Whether all of what fires is held back now, and by what.
    pub(super) fn weigh_holds(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        // Where none fires, it waits for a person, and what held its alerts lets that person rest.
        let is_calm = incident.firing().next().is_none();
        let members = incident.members.values().filter(|member| is_calm || member.ended.is_none());
        let holds: Option<Vec<Hold>> = members.map(|member| self.hold_on(&member.subject)).collect();
        let holds = holds.filter(|holds| !holds.is_empty()).map(|mut holds| {
            holds.sort();
            holds.dedup();
            holds
        });
        match (holds, &incident.held) {
            (Some(by), Some(held)) if by == held.by => {}
            (Some(by), _) => self.note(key, IncidentEvent::Held { by, at: self.at.now }),
            (None, Some(_)) => self.note(key, IncidentEvent::Released),
            (None, None) => {}
        }
    }

    /// Its severity now: that of its loudest alert, unless somebody corrected that very one. Nothing where none fires.
    pub(super) fn judged(&self, key: &Key) -> Option<Severity> {
        let loudest = self.loudest(key)?;
        let assessed = self.incidents.by_key[key].assessed.as_ref();
        let corrected = assessed.filter(|assessed| assessed.instead_of == loudest);
        Some(corrected.map_or(loudest, |assessed| assessed.severity.clone()))
    }

    /// The highest severity of its alerts that fire and are not hushed: what is silenced wakes nobody beside what is not. Where
    /// every one is hushed, the incident is held, and has the severity of all.
    pub(super) fn loudest(&self, key: &Key) -> Option<Severity> {
        let incident = &self.incidents.by_key[key];
        let highest = incident.highest()?.clone();
        if !self.may_hush() {
            return Some(highest);
        }
        let severities: BTreeSet<&Severity> = incident.firing().map(|member| &member.subject.severity).collect();
        let is_loud = |severity: &&Severity| {
            let mut those = incident.firing().filter(|member| member.subject.severity == **severity);
            those.any(|member| !self.is_hushed(&member.subject))
        };
        Some(severities.into_iter().rev().find(is_loud).cloned().unwrap_or(highest))
    }

    /// Whether anything could hush an alert: the fast path of most teams at most times.
    fn may_hush(&self) -> bool {
        let settings = &self.world.settings;
        self.incidents.silences.values().any(AdHocSilence::holds)
            || !settings.silences.is_empty()
            || !settings.maintenance.is_empty()
            || self.world.inhibits()
    }

    /// Whether this alert is held back by what somebody said. What flaps is not: only its next change would tell that it has
    /// ceased to.
    fn is_hushed(&self, subject: &Subject) -> bool {
        let labels = matched_labels(self.world, subject);
        self.silence_on(&labels).is_some()
            || self.maintenance_on(&labels).is_some()
            || self.inhibition_on(subject, &labels).is_some()
    }

    /// The first thing that holds this alert back.
    fn hold_on(&self, subject: &Subject) -> Option<Hold> {
        let labels = matched_labels(self.world, subject);
        self.silence_on(&labels)
            .or_else(|| self.maintenance_on(&labels))
            .or_else(|| self.inhibition_on(subject, &labels))
            .or_else(|| self.flapping_of(subject))
    }

    fn silence_on(&self, labels: &Labels) -> Option<Hold> {
        let mut ad_hoc = self.incidents.silences.values().filter(|silence| silence.holds());
        let ad_hoc = ad_hoc.find(|silence| silence.matchers.matches(labels)).map(|silence| Hold {
            kind: HoldKind::Silence,
            what: format!("silenced by {}: {}", silence.owner(), silence.reason),
            until: Some(silence.until),
        });
        let wall = self.at.wall;
        let is_on = |silence: &&Silence| silence.holds(wall) && silence.matchers.matches(labels);
        let as_code = || self.world.settings.silences.iter().find(is_on);
        ad_hoc.or_else(|| {
            as_code().map(|silence| Hold {
                kind: HoldKind::Silence,
                what: format!("silenced by {}: {}", silence.owner, silence.reason),
                until: None,
            })
        })
    }

    fn maintenance_on(&self, labels: &Labels) -> Option<Hold> {
        let is_on = |window: &&crate::config::Maintenance| {
            window.every.covers(&window.timezone, self.at.wall) && window.matchers.matches(labels)
        };
        let window = self.world.settings.maintenance.iter().find(is_on)?;
        Some(Hold { kind: HoldKind::Maintenance, what: format!("maintenance: {}", window.reason), until: None })
    }

    /// `equal` needs the label on both sides, and nothing inhibits itself.
    fn inhibition_on(&self, subject: &Subject, labels: &Labels) -> Option<Hold> {
        if !self.world.inhibits() {
            return None;
        }
        let others = self.inhibitors().iter().filter(|source| source.alert != subject.alert);
        let source = others.into_iter().find(|source| inhibits(self.world, source, subject, labels))?;
        let what = format!("inhibited by {}", source.labels.get("alertname"));
        Some(Hold { kind: HoldKind::Inhibition, what, until: None })
    }

    /// Everything that fires and may hold others back.
    fn inhibitors(&self) -> &[Inhibitor] {
        self.sources.get_or_init(|| inhibitors(self.world, self.incidents))
    }

    fn flapping_of(&self, subject: &Subject) -> Option<Hold> {
        let Flapping { changes, within } = self.world.settings.flapping?;
        let times = self.incidents.changes.get(&subject.alert)?;
        let nth = times.len().checked_sub(changes as usize)?;
        let until = *times.get(nth)? + within;
        let what = format!("flapping: {changes} changes within {}", duration_text::format(within));
        (until > self.at.now).then_some(Hold { kind: HoldKind::Flapping, what, until: Some(until) })
    }

    /// How long a new alert waits for one that could inhibit it: until that one's next slot, at most `inhibit_wait`. Rules of
    /// its own group were decided at the same slot, so there is nothing to wait for.
    pub(super) fn could_be_held(&self, subject: &Subject) -> Span {
        if !self.world.inhibits() {
            return Span::ZERO;
        }
        let labels = matched_labels(self.world, subject);
        let by_rule = self.world.inhibited_by(&subject.origin);
        let by_settings: Vec<_> =
            self.world.settings.inhibit.iter().filter(|rule| rule.target.matches(&labels)).collect();
        // A source that is not named by `alertname=` could be any alert.
        let could_be = |matchers: &Matchers, rule: &Rule| {
            let names = matchers.iter().filter(|matcher| &**matcher.name() == "alertname");
            names.into_iter().all(|matcher| matcher.accepts(&rule.alert))
        };
        let own = subject.origin.rule().and_then(|id| self.world.group_of(id));
        let interval = self.world.longest_interval(own, |rule| {
            by_rule.iter().any(|one| one.alert == rule.alert)
                || by_settings.iter().any(|one| could_be(&one.source, rule))
        });
        interval.min(self.world.settings.inhibit_wait)
    }

    /// The wait that the firing alerts of a gathering incident were given for what could inhibit them.
    pub(super) fn still_waits(&self, key: &Key) -> Span {
        let incident = &self.incidents.by_key[key];
        let waits = incident.firing().map(|member| self.could_be_held(&member.subject));
        waits.max().unwrap_or(Span::ZERO)
    }

    /// Who silenced something that still fires is told before the silence ends, where they can be reached.
    pub(super) fn warn_of_ends(&mut self) {
        let is_told = |silence: &AdHocSilence| silence.phase != SilencePhase::Holds;
        let due = |silence: &&AdHocSilence| !is_told(silence) && silence.warns_at() <= self.at.now;
        let due: Vec<AdHocSilence> = self.incidents.silences.values().filter(due).cloned().collect();
        for silence in due {
            let warned = AdHocSilence { phase: SilencePhase::Warned, ..silence.clone() };
            self.note_all(EventKind::Silenced { silence: Box::new(warned) });
            let by_it = |member: &&Arc<Member>| silence.matchers.matches(&matched_labels(self.world, &member.subject));
            let held = self.incidents.by_key.values().filter(|incident| incident.held.is_some());
            let held: Vec<Arc<Member>> = held.flat_map(Incident::firing).filter(by_it).cloned().collect();
            let Some(letter) = Letter::silence_ends(&silence, held, self.at.skew()) else { continue };
            let owner = [Target::Responder(silence.by.name.clone())];
            for recipient in recipients(&self.world.settings, &owner, self.at.wall) {
                self.write(&letter, &recipient.destination);
            }
        }
    }

    /// Silences that were made for later hold back from now on.
    pub(super) fn begin_silences(&mut self) {
        let due = |silence: &&AdHocSilence| silence.phase == SilencePhase::Pending && silence.from <= self.at.now;
        let due: Vec<AdHocSilence> = self.incidents.silences.values().filter(due).cloned().collect();
        let begins = !due.is_empty();
        for silence in due {
            let silence = Box::new(AdHocSilence { phase: SilencePhase::Holds, ..silence });
            self.note_all(EventKind::Silenced { silence });
        }
        if begins {
            self.settle_open_ones();
        }
    }

    /// Silences whose time has come are over; what they held is looked at anew.
    pub(super) fn end_silences(&mut self) {
        let over = |silence: &&AdHocSilence| !silence.is_over() && silence.until <= self.at.now;
        let over: Vec<_> = self.incidents.silences.values().filter(over).map(|silence| silence.id).collect();
        if over.is_empty() {
            return;
        }
        for id in over {
            self.note_all(EventKind::SilenceEnded { id, by: None });
        }
        self.settle_open_ones();
    }
}

/// An alert that may hold others back, with the labels that matchers see.
pub(super) struct Inhibitor {
    alert: AlertId,
    labels: Labels,
}

/// Whether both sides have every one of these labels, with the same value.
fn agree(equal: &[Name], one: &Labels, other: &Labels) -> bool {
    equal.iter().all(|name| !one.get(name).is_empty() && one.get(name) == other.get(name))
}

/// Everything that fires and may hold others back.
fn inhibitors(world: &World, incidents: &Incidents) -> Vec<Inhibitor> {
    let firing = incidents.by_key.values().flat_map(Incident::firing);
    let seen =
        firing.map(|member| Inhibitor { alert: member.subject.alert, labels: matched_labels(world, &member.subject) });
    seen.filter(|source| world.may_inhibit(&source.labels)).collect()
}

/// Whether `source` holds the alert back, which is seen with `labels`. `equal` needs the label on both sides.
fn inhibits(world: &World, source: &Inhibitor, subject: &Subject, labels: &Labels) -> bool {
    let seen = &source.labels;
    let by_settings = world.settings.inhibit.iter().any(|rule| {
        let both_ways = || rule.source.matches(labels) && rule.target.matches(seen);
        rule.target.matches(labels) && rule.source.matches(seen) && agree(&rule.equal, labels, seen) && !both_ways()
    });
    let named = |rule: &InhibitedBy| seen.get("alertname") == &*rule.alert && agree(&rule.equal, labels, seen);
    by_settings || world.inhibited_by(&subject.origin).iter().any(named)
}

/// What holds alerts back at one instant, for whoever shows them: everything, and not only the first thing.
pub struct Holds<'a> {
    world: &'a World,
    incidents: &'a Incidents,
    wall: Timestamp,
    sources: Vec<Inhibitor>,
}

/// Everything that holds one alert back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppression {
    /// The silences, those of the configuration included.
    pub silences: Vec<SilenceId>,
    /// The alerts that say it already.
    pub inhibitors: Vec<AlertId>,
    /// The reasons of maintenance.
    pub maintenance: Vec<String>,
}

impl<'a> Holds<'a> {
    /// What holds alerts back at `wall`.
    #[must_use]
    pub fn at(world: &'a World, incidents: &'a Incidents, wall: Timestamp) -> Self {
        let sources = if world.inhibits() { inhibitors(world, incidents) } else { Vec::new() };
        Holds { world, incidents, wall, sources }
    }

    /// Everything that holds this alert back.
    #[must_use]
    pub fn on(&self, subject: &Subject) -> Suppression {
        let (settings, labels) = (&self.world.settings, matched_labels(self.world, subject));
        let asked = self.incidents.silences.values().filter(|silence| silence.holds());
        let asked = asked.filter(|silence| silence.matchers.matches(&labels)).map(|silence| silence.id);
        let as_code = settings.silences.iter().filter(|silence| silence.holds(self.wall));
        let as_code = as_code.filter(|silence| silence.matchers.matches(&labels)).map(Silence::id);
        let others = self.sources.iter().filter(|source| source.alert != subject.alert);
        let inhibitors = others.filter(|source| inhibits(self.world, source, subject, &labels));
        let windows = settings.maintenance.iter().filter(|window| window.every.covers(&window.timezone, self.wall));
        let windows = windows.filter(|window| window.matchers.matches(&labels));
        Suppression {
            silences: asked.chain(as_code).collect(),
            inhibitors: inhibitors.map(|source| source.alert).collect(),
            maintenance: windows.map(|window| window.reason.clone()).collect(),
        }
    }
}

/// When, by the wall clock, the dates and windows of the configuration hold back other alerts than they do at `wall`.
#[must_use]
pub fn next_change(world: &World, wall: Timestamp) -> Option<Timestamp> {
    let settings = &world.settings;
    let silences = settings.silences.iter().flat_map(|silence| silence.from.into_iter().chain([silence.until]));
    let windows = settings.maintenance.iter().filter_map(|window| window.every.next_change(&window.timezone, wall));
    silences.chain(windows).filter(|at| *at > wall).min()
}
