//! Readings and a rule, to verdicts, to what becomes of the rule's alerts.
//!
//! Start at [`RuleState::evaluate`]. It has three passes: enter the answers into rows, judge each row for its alert, and
//! step each alert. The first two change nothing that is remembered; so a rule that cannot be evaluated stays as it was.

mod absence;
mod identity;
mod rows;
mod seat;
mod seats;
mod verdict;

pub(super) use identity::identity_labels;
pub use identity::{alert_id, identify, identify_again, is_stable, knows_again, rule_labels, shows_own_severity};
pub use rows::{Collision, Row, Rows, Shape};
pub use verdict::Verdicts;

use super::alert::{Alert, AlertKind, Phase, TierStates};
use super::transition::Transition;
use super::world::World;
use crate::model::{AlertId, Answer, Labels, Moment, Places, SeriesTable, Slot, Span, Truth};
use crate::rules::template::Answers;
use crate::rules::{Kind, NoData, Rule};
use rows::NONE;
use seat::News;
pub(in crate::engine) use seat::Seat;
use std::collections::HashSet;
use std::sync::Arc;
use verdict::{Context, judge};

/// The last slot of what has not been seen yet.
const NEVER: Slot = Slot::from_millis(i64::MIN);

/// Everything that is known of one rule.
#[derive(Clone, Debug)]
pub struct RuleState {
    pub(super) alerts: Vec<Option<Seat>>,
    by_id: Places,
    free: Vec<u32>,
    rows: Rows,
    /// Whether the rule makes a page of a series that goes missing, so that even calm ones are remembered.
    watches_absence: bool,
    /// Since when its queries fail.
    pub failing: Option<Moment>,
    /// Since when its answer has been empty, or has been since it was loaded.
    pub empty: Option<Moment>,
    /// How the last evaluation went. Not journalled.
    pub health: Health,
}

/// How the last evaluation of a rule went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Why it failed, or which identities could not be told apart.
    pub error: Option<String>,
    /// The slot of the last evaluation.
    pub evaluated: Option<Slot>,
    /// How many alerts the rule's `limit` kept out at that slot.
    pub refused: usize,
}

/// What the source said of one rule at one slot.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// One answer for each query of the rule, in its order.
    pub answers: &'a [(&'a SeriesTable, &'a Answer)],
    /// Answers to the queries of label templates.
    pub lookups: &'a Answers,
}

/// What the last evaluation saw of one alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The value of each query, in the rule's order.
    pub values: Vec<Option<f64>>,
    /// The verdict on each tier, highest first.
    pub verdicts: Verdicts,
    /// For each tier, what its script looked at, as written and as found; nothing where it is a bound.
    pub terms: Vec<Vec<(String, String)>>,
}

/// The instant of an evaluation, in all the ways it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    /// What the queries asked for.
    pub slot: Slot,
    /// What timers count by.
    pub now: Moment,
}

/// What an evaluation led to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Alerts that began to fire, changed severity or ended, in the order of their labels.
    pub transitions: Vec<Transition>,
    /// Alerts whose remembered state changed.
    pub changed: Vec<AlertId>,
    /// Alerts that are no longer remembered.
    pub forgotten: Vec<AlertId>,
    /// Whether the rule's own remembered state changed.
    pub rule_changed: bool,
}

impl RuleState {
    /// A rule of which nothing is known yet.
    #[must_use]
    pub fn new(rule: &Rule) -> Self {
        RuleState {
            alerts: Vec::new(),
            by_id: Places::default(),
            free: Vec::new(),
            rows: Rows::new(rule.queries.len()),
            watches_absence: matches!(rule.no_data, NoData::Tier(..)),
            failing: None,
            empty: None,
            health: Health::default(),
        }
    }

    /// Decides on a good reading.
    ///
    /// # Errors
    /// The queries that label templates need before anything can be decided; no alert is changed then.
    pub fn evaluate(
        &mut self,
        world: &World,
        rule: &Rule,
        reading: Reading<'_>,
        at: Instant,
        firing: &dyn Fn(&str, &Labels) -> Truth,
    ) -> Result<Outcome, Vec<String>> {
        let mut touched = Vec::new();
        let mut collisions = self.enter(rule, reading, at.slot, group_interval(world, rule), &mut touched);
        if rule.identity.is_some() {
            // What is folded must not depend on the order of the answer.
            touched.sort_by(|a, b| self.rows.row(*a).key.cmp(&self.rows.row(*b).key));
        }
        let stable = is_stable(rule);
        let mut seated = Vec::with_capacity(touched.len());
        for &row in &touched {
            seated.push((row, self.seat(world, rule, row, at, stable, reading.lookups)?));
        }
        self.retier_folded(rule, &seated);
        let context = Context { rule, slot: at.slot, zone: &world.zone, firing };
        self.judge_rows(&seated, &context, &mut collisions);
        let mut outcome = Outcome::default();
        self.rule_level(rule, !touched.is_empty(), at.now, &mut outcome);
        let limit = world.group_of(rule.id).map_or(0, |group| group.limit);
        self.step_all(rule, at, limit, &mut outcome);
        self.health.error = describe(&collisions, rule);
        self.health.evaluated = Some(at.slot);
        outcome.transitions.sort_by(|a, b| a.subject.labels.cmp(&b.subject.labels));
        Ok(outcome)
    }

    /// Puts the answers into rows, and samples into histories.
    fn enter(
        &mut self,
        rule: &Rule,
        reading: Reading<'_>,
        slot: Slot,
        interval: Span,
        touched: &mut Vec<u32>,
    ) -> Vec<Collision> {
        let history: Vec<Span> = rule.queries.iter().map(|query| query.history).collect();
        let shape = shape_of(rule, &history, interval);
        let mut collisions = Vec::new();
        self.rows.begin();
        for (query, (table, answer)) in reading.answers.iter().enumerate() {
            collisions.extend(self.rows.enter((query, table, answer), slot, shape, touched));
        }
        if history.iter().any(|span| !span.is_zero()) {
            self.rows.remember(slot);
        }
        collisions
    }

    /// Fills the history of a query with what a range query found.
    pub fn fill_history(&mut self, world: &World, rule: &Rule, query: usize, series: &[(Labels, Vec<(Slot, f64)>)]) {
        let history: Vec<Span> = rule.queries.iter().map(|query| query.history).collect();
        let interval = group_interval(world, rule);
        for (labels, samples) in series {
            self.rows.fill(query, labels, samples, shape_of(rule, &history, interval));
        }
    }

    /// The wall clock was stepped, and `slot` is now.
    pub fn rewind(&mut self, slot: Slot) {
        self.rows.rewind(slot);
    }

    /// The place of the alert that a row belongs to; a new alert where there is none.
    fn seat(
        &mut self,
        world: &World,
        rule: &Rule,
        row: u32,
        at: Instant,
        stable: bool,
        lookups: &Answers,
    ) -> Result<u32, Vec<String>> {
        let known = self.rows.row(row).alert;
        if stable && known != NONE {
            return Ok(known);
        }
        let series = self.rows.row(row).key.clone();
        let value = self.rows.value(row, rule.value).unwrap_or(f64::NAN);
        let identity = identify(world, rule, &series, value, at.slot, lookups)?;
        let seat = match self.seat_of(identity.id) {
            Some(seat) => seat,
            None => self.add(Alert {
                id: identity.id,
                kind: AlertKind::Series,
                series: series.clone(),
                labels: identity.labels.clone(),
                tiers: TierStates::new(),
                forced: None,
                value,
                held: value,
                missing: None,
                last_seen: NEVER,
            }),
        };
        self.rows.assign(row, seat);
        if rule.identity.is_some() {
            self.rows.show_as(row, identity.labels);
            return Ok(seat);
        }
        let entry = self.at_mut(seat);
        let tiers = rule.tiers_for(&series);
        if !Arc::ptr_eq(&entry.tiers, tiers) {
            entry.retier(Arc::clone(tiers));
        }
        // What came out of the store stays where it is the same: the alert's incident has it as well.
        if entry.alert.labels != identity.labels {
            entry.alert.labels = identity.labels;
        }
        if entry.alert.series != series {
            entry.alert.series = series;
        }
        Ok(seat)
    }

    /// Several series of one identity have one set of tiers: that of the smallest label set.
    fn retier_folded(&mut self, rule: &Rule, seated: &[(u32, u32)]) {
        if rule.identity.is_none() {
            return;
        }
        let mut done = HashSet::new();
        for &(row, seat) in seated.iter().filter(|(_, seat)| done.insert(*seat)) {
            let tiers = rule.tiers_for(&self.rows.row(row).key);
            let entry = self.at_mut(seat);
            if !Arc::ptr_eq(&entry.tiers, tiers) {
                entry.retier(Arc::clone(tiers));
            }
        }
    }

    fn judge_rows(&mut self, seated: &[(u32, u32)], context: &Context<'_>, collisions: &mut Vec<Collision>) {
        for collision in collisions.iter() {
            let seat = self.rows.row(collision.row).alert;
            if seat != NONE {
                self.at_mut(seat).news = News::Collision;
            }
        }
        let folds = context.rule.identity.is_some();
        for &(row, seat) in seated {
            let entry = self.alerts[seat as usize].as_mut().expect("a row's alert is there");
            let verdicts = judge(&entry.alert, &entry.tiers, context, &self.rows, row);
            let value = self.rows.value(row, context.rule.value).unwrap_or(f64::NAN);
            match entry.news {
                News::None => {
                    (entry.row, entry.verdicts, entry.value, entry.news) = (row, verdicts, value, News::Verdict);
                    entry.given = verdicts;
                }
                News::Verdict if folds => {
                    let key = |row: u32| std::cmp::Reverse(&self.rows.row(row).key);
                    let worse = (verdicts.weight(), key(row)) > (entry.given.weight(), key(entry.row));
                    if worse {
                        (entry.row, entry.value, entry.given) = (row, value, verdicts);
                    }
                    entry.verdicts = entry.verdicts.or(verdicts);
                }
                News::Verdict => {
                    let (known, new) = (&self.rows.row(entry.row).key, &self.rows.row(row).key);
                    let (first, second) = (known.min(new).clone(), known.max(new).clone());
                    collisions.push(Collision { row, at: entry.alert.labels.clone(), first, second });
                    entry.news = News::Collision;
                }
                News::Collision => {}
            }
        }
    }

    /// Lets every alert live through this slot.
    fn step_all(&mut self, rule: &Rule, at: Instant, limit: usize, outcome: &mut Outcome) {
        let mut room = match limit {
            0 => usize::MAX,
            limit => limit.saturating_sub(self.active()),
        };
        self.health.refused = 0;
        // Who gets the last place must not depend on the order of the answer.
        let order = (limit > 0).then(|| self.places_by_alert());
        let known = self.by_id.len();
        for place in 0..self.alerts.len() {
            let seat = order.as_ref().map_or(place, |order| order[place]);
            let Some(entry) = &mut self.alerts[seat] else { continue };
            if entry.alert.kind != AlertKind::Series {
                continue;
            }
            let was_active = !entry.alert.is_calm();
            let is_new = entry.alert.last_seen == NEVER;
            let is_refused = || !was_active && entry.news == News::Verdict && entry.verdicts.any_holds() && room == 0;
            if entry.is_quiet() || is_refused() {
                self.health.refused += usize::from(entry.verdicts.any_holds());
                let is_back = entry.alert.missing.is_some();
                entry.take_news(at.slot);
                if (is_new || is_back) && self.watches_absence {
                    outcome.changed.push(entry.alert.id);
                }
                continue;
            }
            let (id, before) = (entry.alert.id, entry.alert.before());
            let cause = entry.step(rule, at, self.empty.is_some(), &self.rows);
            if !was_active && !entry.alert.is_calm() {
                // One that is missing for too long comes in by policy, whether there is room or not.
                room = room.saturating_sub(1);
            }
            let policy_needs = |is_calm: bool| !is_calm || matches!(rule.no_data, NoData::Tier(..));
            let fires_otherwise = entry.alert.tiers[..] != before.tiers[..] || entry.alert.forced != before.forced;
            if fires_otherwise {
                outcome.transitions.extend(entry.transition(&before, rule, cause));
            }
            let changed = fires_otherwise
                || ((is_new || entry.alert.missing != before.missing) && policy_needs(entry.alert.is_calm()));
            if entry.is_over(rule, at) {
                if policy_needs(!was_active) || changed {
                    outcome.forgotten.push(id);
                }
                self.remove(u32::try_from(seat).expect("seats fit"));
            } else if changed {
                outcome.changed.push(id);
            }
        }
        if self.by_id.len() < known {
            self.sweep(rule, at.slot);
        }
    }

    /// All places, those that are taken in the order of their alerts.
    fn places_by_alert(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.alerts.len()).collect();
        let labels = |place: &usize| self.alerts[*place].as_ref().map(|seat| (&seat.alert.labels, seat.alert.id));
        places.sort_by(|a, b| labels(a).cmp(&labels(b)));
        places
    }

    /// How many alerts are pending or firing.
    #[must_use]
    pub fn active(&self) -> usize {
        self.iter().filter(|alert| !alert.is_calm()).count()
    }

    /// What the last evaluation saw of an alert; nothing where it saw nothing of it. Not journalled, so that a state that was folded
    /// knows none of it.
    #[must_use]
    pub fn look(
        &self,
        rule: &Rule,
        id: AlertId,
        zone: &jiff::tz::TimeZone,
        firing: &dyn Fn(&str, &Labels) -> Truth,
    ) -> Option<Look> {
        let slot = self.health.evaluated?;
        let seat = self.alerts[self.seat_of(id)? as usize].as_ref()?;
        if seat.row == NONE || seat.alert.last_seen != slot {
            return None;
        }
        let context = Context { rule, slot, zone, firing };
        let values = (0..rule.queries.len()).map(|query| self.rows.value(seat.row, query)).collect();
        let terms = seat.tiers.iter().map(|tier| verdict::terms(tier, &context, &self.rows, seat.row)).collect();
        Some(Look { values, verdicts: seat.verdicts, terms })
    }

    /// Whether an alert of this rule fires whose labels agree with `labels`.
    #[must_use]
    pub fn fires_on(&self, labels: &Labels) -> bool {
        let agrees = |alert: &Alert| {
            labels.iter().all(|(name, value)| {
                let own = alert.labels.get(name);
                own.is_empty() || own == &**value
            })
        };
        self.iter().any(|alert| alert.phase() == Phase::Firing && agrees(alert))
    }

    /// The number of series that the rule knows.
    #[must_use]
    pub fn series(&self) -> usize {
        self.rows.numbers().count()
    }

    /// Whether an alert is journalled: something of it holds or is counted, or its absence would matter.
    #[must_use]
    pub fn is_remembered(&self, alert: &Alert) -> bool {
        !alert.is_calm() || alert.missing.is_some() || self.watches_absence
    }

    /// Whether it makes a page of a series that goes missing, so that even calm alerts are journalled.
    #[must_use]
    pub fn watches_absence(&self) -> bool {
        self.watches_absence
    }

    /// Whether no series has been met since the start, or since the questions changed: histories want to be filled.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.rows.numbers().next().is_none()
    }
}

fn group_interval(world: &World, rule: &Rule) -> Span {
    world.group_of(rule.id).map_or(Span::from_mins(1), |group| group.interval)
}

/// Whether other questions are asked, so that what the series were known by says nothing any more.
pub(super) fn asks_anew(old: &Rule, new: &Rule) -> bool {
    (&old.queries, &old.join) != (&new.queries, &new.join)
}

fn shape_of<'a>(rule: &'a Rule, history: &'a [Span], interval: Span) -> Shape<'a> {
    let several = rule.queries.len() > 1;
    Shape { join: several.then_some(rule.join.as_slice()), history, interval }
}

/// In words: which series could not be told apart.
fn describe(collisions: &[Collision], rule: &Rule) -> Option<String> {
    // The two smallest label sets are among them, in whatever order the series came.
    let first = collisions.iter().min_by(|a, b| (&a.first, &a.second).cmp(&(&b.first, &b.second)))?;
    let others = match collisions.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let Collision { at, first, second, .. } = first;
    Some(format!("two series of `{}` are one at {at}: {first} and {second}{others}", rule.alert))
}

/// Plain rules mean by absence what Prometheus means; others wait for their policy.
fn absence_is_false(rule: &Rule) -> bool {
    rule.kind == Kind::Plain || rule.no_data == NoData::Resolve
}
