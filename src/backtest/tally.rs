//! Counting: what the engine's steps mean for people, rule by rule and severity by severity.

use crate::engine::alert::{Alert, Phase, TierState, TierStates};
use crate::engine::evaluate::Reading;
use crate::engine::incident::Member;
use crate::engine::notice::{Draft, NoticeKind};
use crate::engine::transition::Origin;
use crate::engine::{Engine, EventKind, Failure, IncidentEvent, Step, World};
use crate::model::{AlertId, IncidentId, Labels, Moment, Name, RuleId, Severity, Span};
use crate::rules::{Group, Rule, Tier};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// An alert that fires again so soon after it ended flaps.
const FLAP: Span = Span::from_mins(15);

/// Everything that was counted.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By rule.
    pub rules: BTreeMap<RuleId, OfRule>,
    /// Every incident, each generation counted.
    pub incidents: BTreeSet<(IncidentId, u32)>,
    /// Every page, whatever it is about.
    pub pages: Vec<Paged>,
    /// Pages by Watchbell's own alerts: sources that do not answer, rules that fail or have reached their limit.
    pub own_pages: BTreeMap<Name, u32>,
    /// For which severities somebody has been paged because of an incident.
    paged: BTreeSet<(IncidentId, Severity)>,
    now: HashMap<AlertId, Now>,
    ended: HashMap<AlertId, Moment>,
    zone: jiff::tz::TimeZone,
}

/// What was counted of one rule.
#[derive(Clone, Debug, Default)]
pub struct OfRule {
    /// By severity, highest first as severities order.
    pub tiers: BTreeMap<Severity, OfTier>,
    /// How long its slots were answered.
    pub known: Span,
    /// How long nothing was known.
    pub unknown: Span,
    /// Why, and for how many slots.
    pub failures: BTreeMap<String, u32>,
    /// How many slots could not be decided because labels ask queries that a backtest does not ask.
    pub undecided: u32,
}

impl OfRule {
    fn unseen(&mut self, slots: u32, interval: Span, why: &str) {
        self.unknown += interval.times(i64::from(slots));
        *self.failures.entry(why.to_owned()).or_default() += slots;
    }
}

/// What was counted of one severity of one rule.
#[derive(Clone, Debug, Default)]
pub struct OfTier {
    /// When it fired.
    pub firings: Vec<Firing>,
    /// In which incidents.
    pub incidents: BTreeSet<(IncidentId, u32)>,
    /// How many pages it caused.
    pub pages: u32,
    /// How many of them outside working hours.
    pub out_of_hours: u32,
    /// How often an alert fired again within a quarter of an hour.
    pub flaps: u32,
    /// How often the condition held, but not for long enough.
    pub short: u32,
    /// From the crossing of the bound to the first page.
    pub waits: Vec<Span>,
    /// What held messages back, and in how many incidents.
    pub held: BTreeMap<String, BTreeSet<(IncidentId, u32)>>,
}

/// A stretch of time in which an alert fired at one severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// The alert.
    pub alert: AlertId,
    /// Its labels.
    pub labels: Labels,
    /// When it began to fire at this severity.
    pub from: Moment,
    /// When it ended or changed its severity; `None` where it still fires at the end.
    pub to: Option<Moment>,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Paged {
    /// When.
    pub at: Moment,
    /// The rule that caused it.
    pub rule: Option<RuleId>,
    /// At which severity.
    pub severity: Severity,
    /// Where it went.
    pub to: Name,
    /// The incident.
    pub incident: IncidentId,
}

/// What an alert does now.
#[derive(Clone, Debug)]
struct Now {
    rule: RuleId,
    firing: Option<Severity>,
    tiers: TierStates,
}

impl Tally {
    /// Nothing yet, for the rules of `world`.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let rules = world.rules.groups.iter().flat_map(|group| group.alerts());
        let of_rule = |rule: &Arc<Rule>| {
            let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
            let tiers = rule.tiers.iter().chain(exceptions).map(|tier| (tier.severity.clone(), OfTier::default()));
            (rule.id, OfRule { tiers: tiers.collect(), ..OfRule::default() })
        };
        Tally {
            rules: rules.map(of_rule).collect(),
            incidents: BTreeSet::new(),
            pages: Vec::new(),
            own_pages: BTreeMap::new(),
            paged: BTreeSet::new(),
            now: HashMap::new(),
            ended: HashMap::new(),
            zone: world.zone.clone(),
        }
    }

    /// Counts what is known of a slot, one reading for each of `rules`.
    pub fn evaluated(
        &mut self,
        rules: &[&Arc<Rule>],
        readings: &[Result<Reading<'_>, Failure>],
        step: &Step,
        interval: Span,
    ) {
        for (rule, reading) in rules.iter().zip(readings).filter(|(rule, _)| rule.disabled.is_none()) {
            let of_rule = self.rules.entry(rule.id).or_default();
            match reading {
                Ok(_) => of_rule.known += interval,
                Err(failure) => of_rule.unseen(1, interval, &failure.message),
            }
        }
        for (rule, _) in &step.wanted {
            self.rules.entry(*rule).or_default().undecided += 1;
        }
    }

    /// Counts slots of a group at which nobody looked, and why.
    pub fn unseen(&mut self, group: &Group, slots: u32, why: &str) {
        for rule in group.alerts().filter(|rule| rule.disabled.is_none()) {
            self.rules.entry(rule.id).or_default().unseen(slots, group.interval, why);
        }
    }

    /// Counts what a step of `engine` led to.
    pub fn take(&mut self, engine: &Engine, step: &Step) {
        for event in &step.events {
            match &event.kind {
                EventKind::AlertChanged { rule, alert } => self.alert(engine, *rule, alert, event.moment),
                EventKind::AlertForgotten { alert, .. } => self.forgotten(*alert, event.moment),
                EventKind::Incident { id, generation, key, event: incident, .. } => {
                    self.incident(engine, key, (*id, *generation), incident);
                }
                _ => {}
            }
        }
        for draft in step.drafts.iter().filter(|draft| draft.kind == NoticeKind::Page) {
            self.page(draft);
        }
    }

    fn alert(&mut self, engine: &Engine, rule: RuleId, alert: &Alert, at: Moment) {
        let Some((_, tiers)) = engine.state.rules.get(&rule).and_then(|state| state.get(alert.id)) else { return };
        let top = alert.top(tiers).map(|top| top.severity);
        let before = self.now.get(&alert.id).cloned();
        let (was, states) = before.map_or((None, TierStates::new()), |now| (now.firing, now.tiers));
        self.count_short(rule, tiers, &states, &alert.tiers);
        if was != top {
            self.end(rule, alert.id, was.as_ref(), at, top.is_none());
            self.begin(rule, alert, top.as_ref(), was.is_none(), at);
        }
        if alert.phase() == Phase::Inactive {
            self.now.remove(&alert.id);
        } else {
            self.now.insert(alert.id, Now { rule, firing: top, tiers: alert.tiers.clone() });
        }
    }

    /// A tier that was pending and is not, without having fired, held for too short a time.
    fn count_short(&mut self, rule: RuleId, tiers: &[Tier], before: &TierStates, after: &TierStates) {
        for (tier, (before, after)) in tiers.iter().zip(before.iter().zip(after)) {
            if matches!(before, TierState::Pending { .. }) && *after == TierState::Inactive {
                self.tier(rule, &tier.severity).short += 1;
            }
        }
    }

    fn begin(&mut self, rule: RuleId, alert: &Alert, severity: Option<&Severity>, is_new: bool, at: Moment) {
        let Some(severity) = severity else { return };
        let flaps = is_new && self.ended.get(&alert.id).is_some_and(|ended| at - *ended < FLAP);
        let tier = self.tier(rule, severity);
        tier.flaps += u32::from(flaps);
        tier.firings.push(Firing { alert: alert.id, labels: alert.labels.clone(), from: at, to: None });
    }

    fn end(&mut self, rule: RuleId, alert: AlertId, severity: Option<&Severity>, at: Moment, is_over: bool) {
        let Some(severity) = severity else { return };
        let firings = self.tier(rule, severity).firings.iter_mut();
        if let Some(firing) = firings.rev().find(|firing| firing.alert == alert && firing.to.is_none()) {
            firing.to = Some(at);
        }
        if is_over {
            self.ended.insert(alert, at);
        }
    }

    fn forgotten(&mut self, alert: AlertId, at: Moment) {
        if let Some(now) = self.now.remove(&alert) {
            self.end(now.rule, alert, now.firing.as_ref(), at, true);
        }
    }

    fn incident(
        &mut self,
        engine: &Engine,
        key: &crate::engine::incident::Key,
        incident: (IncidentId, u32),
        event: &IncidentEvent,
    ) {
        match event {
            IncidentEvent::Opened(_) | IncidentEvent::Reopened { .. } => {
                self.incidents.insert(incident);
            }
            IncidentEvent::Joined { subject, .. } => {
                if let Origin::Rule(rule) = subject.origin {
                    self.tier(rule, &subject.severity).incidents.insert(incident);
                }
            }
            IncidentEvent::Held { by, .. } => {
                let Some(known) = engine.state.incidents.by_key.get(key) else { return };
                for member in known.firing() {
                    let Origin::Rule(rule) = member.subject.origin else { continue };
                    let tier = self.tier(rule, &member.subject.severity);
                    for hold in by {
                        tier.held.entry(hold.what.clone()).or_default().insert(incident);
                    }
                }
            }
            _ => {}
        }
    }

    fn page(&mut self, draft: &Draft) {
        let worst = worst(&draft.members);
        let rule = worst.and_then(|member| member.subject.origin.rule());
        let (at, incident, to) = (draft.at, draft.incident, draft.destination.to_string().into());
        let severity = draft.severity.clone();
        let is_first = self.paged.insert((incident, severity.clone()));
        self.pages.push(Paged { at, rule, severity: severity.clone(), to, incident });
        let out_of_hours = self.is_out_of_hours(at);
        let (Some(rule), Some(member)) = (rule, worst) else {
            let name = worst.and_then(|member| member.subject.labels.find("alertname").cloned());
            *self.own_pages.entry(name.unwrap_or_default()).or_default() += 1;
            return;
        };
        let tier = self.tier(rule, &severity);
        tier.pages += 1;
        tier.out_of_hours += u32::from(out_of_hours);
        if is_first {
            tier.waits.push(at - member.subject.active);
        }
    }

    /// Whether people are not at work then: before nine, after six, and on Saturdays and Sundays, in the service's zone.
    fn is_out_of_hours(&self, at: Moment) -> bool {
        let Ok(at) = Timestamp::from_millisecond(at.millis()) else { return false };
        let local = self.zone.to_datetime(at);
        let is_weekend = matches!(local.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        is_weekend || !(9..18).contains(&local.hour())
    }

    /// The incidents of `rules` in which no other rule's alert was.
    #[must_use]
    pub fn only_of(&self, rules: &BTreeSet<RuleId>) -> BTreeSet<(IncidentId, u32)> {
        let incidents = |is_of: bool| -> BTreeSet<(IncidentId, u32)> {
            let counted = self.rules.iter().filter(|(rule, _)| rules.contains(rule) == is_of);
            counted.flat_map(|(_, rule)| rule.tiers.values()).flat_map(|tier| tier.incidents.iter().copied()).collect()
        };
        incidents(true).difference(&incidents(false)).copied().collect()
    }

    fn tier(&mut self, rule: RuleId, severity: &Severity) -> &mut OfTier {
        self.rules.entry(rule).or_default().tiers.entry(severity.clone()).or_default()
    }
}

/// The alert that a page is about: the worst of those that fire, the one that has fired longest where several are.
fn worst(members: &[Arc<Member>]) -> Option<&Member> {
    let firing = members.iter().map(|member| &**member).filter(|member| member.ended.is_none());
    firing.max_by(|a, b| {
        let key = |member: &Member| std::cmp::Reverse((member.subject.since, member.subject.alert));
        (&a.subject.severity, key(a)).cmp(&(&b.subject.severity, key(b)))
    })
}
