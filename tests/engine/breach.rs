//! Looks at every step and asks: was there a reason for what began to fire, and for what ceased to? It judges readings by
//! itself, from the rules as compiled, and knows nothing of how the engine does it.

use crate::rig::{Failing, Picture, Seen};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use watchbell::engine::alert::{Alert, AlertKind, Phase, TierState};
use watchbell::engine::evaluate::identify;
use watchbell::engine::notice::NoticeKind;
use watchbell::engine::transition::Origin;
use watchbell::engine::{Engine, State, World};
use watchbell::model::{AlertId, Labels, Moment, Name, RuleId, Slot, Truth};
use watchbell::rules::template::Answers;
use watchbell::rules::{Clear, Condition, Kind, NoData, Rule, Tier};

/// Since when the condition of each tier of each alert has held without a break.
#[derive(Default)]
pub struct Log {
    since: HashMap<(AlertId, Name), Moment>,
}

/// One row of a rule: the values of its queries, and whether two series of one query fell on it.
struct Row {
    labels: Labels,
    values: Vec<Option<f64>>,
    collided: bool,
}

/// The tiers that fire by their condition.
type Fires = BTreeMap<(AlertId, Name), (RuleId, Alert)>;

impl Log {
    /// Holds one step against what the sources said.
    pub fn watch(&mut self, seen: &Seen<'_>) {
        every_page_speaks_of_something_that_fires(seen);
        let (before, after) = (fires(seen.before), fires(&seen.engine.state));
        if seen.is_reload {
            return self.begin_anew(&seen.engine.state);
        }
        let asked: BTreeSet<RuleId> = asked_rules(seen).map(|rule| rule.id).collect();
        let began = after.iter().filter(|(tier, _)| !before.contains_key(*tier));
        let ended = before.iter().filter(|(tier, _)| !after.contains_key(*tier));
        for ((_, severity), (rule, alert)) in began.clone().chain(ended.clone()) {
            assert!(
                asked.contains(rule),
                "{} began or ended at {severity} while nothing was learned of it",
                alert.labels
            );
        }
        for rule in asked_rules(seen) {
            self.note(rule, seen);
        }
        let world = &seen.engine.world;
        for ((id, severity), (rule, alert)) in began {
            self.began(world.rule(*rule).expect("it was asked"), alert, severity, *id, seen, &before);
        }
        for ((_, severity), (rule, alert)) in ended {
            let rule = world.rule(*rule).expect("it was asked");
            may_end(rule, alert, severity, seen);
        }
    }

    fn began(&self, rule: &Rule, alert: &Alert, severity: &Name, id: AlertId, seen: &Seen<'_>, before: &Fires) {
        let tier = tier(rule, alert, severity);
        let rows = rows(rule, alert, seen);
        let breach = rows.iter().any(|row| truth(rule, tier, row, false, seen) == Truth::True);
        assert!(breach, "{} fires at {severity} without a breach", alert.labels);
        let since = self.since.get(&(id, severity.clone())).expect("the breach is on the log");
        let served = seen.engine.state.moment - *since >= tier.hold;
        let took_over = before.keys().any(|(other, _)| *other == id);
        assert!(served || took_over, "{} fires at {severity} before its `for`", alert.labels);
    }

    /// Writes down what this slot says of the conditions of a rule.
    fn note(&mut self, rule: &Rule, seen: &Seen<'_>) {
        let (state, now) = (&seen.engine.state, seen.engine.state.moment);
        let Some(known) = state.rules.get(&rule.id) else { return };
        for alert in known.iter().filter(|alert| alert.kind == AlertKind::Series) {
            let rows = rows(rule, alert, seen);
            for tier in rule.tiers_for(&alert.series).iter() {
                let key = (alert.id, tier.severity.name().clone());
                let truths: Vec<Truth> = rows.iter().map(|row| truth(rule, tier, row, false, seen)).collect();
                if truths.contains(&Truth::True) {
                    self.since.entry(key).or_insert(now);
                } else if truths.iter().all(|truth| *truth == Truth::False)
                    && (!rows.is_empty() || absence_is_false(rule))
                {
                    self.since.remove(&key);
                }
            }
        }
    }

    /// Alerts have other ids and tiers since a reload: what pends is taken over as it is.
    fn begin_anew(&mut self, state: &State) {
        self.since.clear();
        for (rule, alert) in state.rules.values().flat_map(|rule| rule.iter().map(move |alert| (rule, alert))) {
            let Some((_, tiers)) = rule.get(alert.id) else { continue };
            for (tier, known) in tiers.iter().zip(&alert.tiers) {
                if let TierState::Pending { since, .. } = known {
                    self.since.insert((alert.id, tier.severity.name().clone()), *since);
                }
            }
        }
    }
}

/// Nobody is woken by an incident of which nothing fires.
fn every_page_speaks_of_something_that_fires(seen: &Seen<'_>) {
    let state = &seen.engine.state;
    for page in seen.step.drafts.iter().filter(|draft| draft.kind == NoticeKind::Page) {
        let firing: Vec<_> = page.members.iter().filter(|member| member.ended.is_none()).collect();
        assert!(!firing.is_empty(), "a page of INC-{} speaks of nothing that fires", page.number);
        for member in firing {
            let id = member.subject.alert;
            let fires = match &member.subject.origin {
                Origin::Watchbell(_) => state.own.contains_key(&id),
                Origin::Posted { .. } => state.posted.contains_key(&id),
                Origin::Rule(rule) => {
                    let known = state.rules.get(rule).and_then(|rule| rule.get(id));
                    let top = known
                        .filter(|(alert, _)| alert.phase() == Phase::Firing)
                        .and_then(|(alert, tiers)| alert.top(tiers));
                    top.is_some_and(|top| top.severity == member.subject.severity)
                }
            };
            assert!(fires, "a page of INC-{} speaks of {}, which does not fire so", page.number, member.subject.labels);
        }
    }
}

fn fires(state: &State) -> Fires {
    let mut found = Fires::new();
    for (id, rule) in &state.rules {
        for alert in rule.iter().filter(|alert| alert.kind == AlertKind::Series) {
            let tiers = rule.get(alert.id).map(|(_, tiers)| tiers.iter()).into_iter().flatten();
            for (tier, known) in tiers.zip(&alert.tiers) {
                if known.fires() {
                    found.insert((alert.id, tier.severity.name().clone()), (*id, alert.clone()));
                }
            }
        }
    }
    found
}

/// The rules that got an answer in this step.
fn asked_rules<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = &'a Rule> {
    let group = seen.group.map(|group| &seen.engine.world.rules.groups[group]);
    let answered = |rule: &&Rule| match seen.failing {
        Failing::Nothing => true,
        Failing::Rule(name) => **name != *rule.alert,
        Failing::Query(expr) => rule.queries.iter().all(|query| query.expr.text() != *expr),
        Failing::Source => false,
    };
    group.into_iter().flat_map(|group| group.alerts()).map(|rule| &**rule).filter(answered)
}

/// What is no longer true is over; what is unknown is not, unless the rule says how long it is kept.
fn may_end(rule: &Rule, alert: &Alert, severity: &Name, seen: &Seen<'_>) {
    let rows = rows(rule, alert, seen);
    if !rows.is_empty() {
        let tier = tier(rule, alert, severity);
        let is_over = rows.iter().all(|row| truth(rule, tier, row, true, seen) == Truth::False);
        return assert!(is_over, "{} ended at {severity} while its condition holds or is unknown", alert.labels);
    }
    let by_policy = match (&rule.no_data, alert.missing) {
        _ if absence_is_false(rule) => true,
        (NoData::Keep(Some(limit)), Some(since)) => seen.engine.state.moment - since >= *limit,
        _ => false,
    };
    assert!(by_policy, "{} ended at {severity} because it is missing", alert.labels);
}

fn absence_is_false(rule: &Rule) -> bool {
    rule.kind == Kind::Plain || rule.no_data == NoData::Resolve
}

fn tier<'a>(rule: &'a Rule, alert: &Alert, severity: &Name) -> &'a Tier {
    let mut tiers = rule.tiers_for(&alert.series).iter();
    tiers.find(|tier| tier.severity.name() == severity).expect("a tier that fires is one of the rule's")
}

/// The rows that belong to an alert.
fn rows(rule: &Rule, alert: &Alert, seen: &Seen<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = all_rows(rule, seen.picture);
    rows.retain(|row| {
        let value = row.values[rule.value].unwrap_or(f64::NAN);
        identity(&seen.engine.world, rule, &row.labels, value) == Some(alert.id)
    });
    rows
}

fn identity(world: &World, rule: &Rule, labels: &Labels, value: f64) -> Option<AlertId> {
    identify(world, rule, labels, value, Slot::from_millis(0), &Answers::new()).ok().map(|identity| identity.id)
}

fn all_rows(rule: &Rule, picture: &Picture) -> Vec<Row> {
    let several = rule.queries.len() > 1;
    let mut rows: BTreeMap<Labels, Row> = BTreeMap::new();
    for (index, query) in rule.queries.iter().enumerate() {
        for (labels, value) in picture.get(&**query.expr.text()).into_iter().flatten() {
            let key = if several { labels.only(&rule.join) } else { labels.clone() };
            let empty = || Row { labels: key.clone(), values: vec![None; rule.queries.len()], collided: false };
            let row = rows.entry(key.clone()).or_insert_with(empty);
            row.collided |= row.values[index].is_some();
            row.values[index] = Some(*value);
        }
    }
    rows.into_values().collect()
}

fn truth(rule: &Rule, tier: &Tier, row: &Row, firing: bool, seen: &Seen<'_>) -> Truth {
    if row.collided {
        return Truth::Unknown;
    }
    let against =
        |holds: &dyn Fn(f64) -> bool| row.values[rule.value].map_or(Truth::Unknown, |value| Truth::from(holds(value)));
    match (&tier.condition, &tier.clear) {
        (_, Some(Clear::Bound(bound))) if firing => against(&|value| bound.holds(value)),
        (Condition::Present, _) => against(&|_| true),
        (Condition::Bound(bound), _) => against(&|value| bound.holds(value)),
        (Condition::When(_), _) => congested(tier, row, seen.engine),
    }
}

/// What the only rule with composite conditions says, by hand.
fn congested(tier: &Tier, row: &Row, engine: &Engine) -> Truth {
    let is =
        |value: Option<f64>, holds: fn(f64) -> bool| value.map_or(Truth::Unknown, |value| Truth::from(holds(value)));
    let slow = is(row.values[0], |tps| tps < 5.0);
    if matches!(tier.severity.name().as_str(), "high" | "alarm") {
        return slow.and(is(row.values[1], |gas| gas > 60.0));
    }
    let groups = engine.world.rules.groups.iter().flat_map(|group| group.alerts());
    let absent = groups.filter(|rule| &*rule.alert == "Absent").filter_map(|rule| engine.state.rules.get(&rule.id));
    slow.or(Truth::from(absent.into_iter().any(|rule| rule.fires_on(&row.labels))))
}
