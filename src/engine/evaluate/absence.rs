//! What becomes of an alert whose series is missing, and of a rule whose answer is empty or does not come.

use super::{Instant, NEVER, Rows};
use super::{News, Outcome, RuleState, Seat, absence_is_false, alert_id, rule_labels};
use crate::engine::alert::{Alert, AlertKind, Forced, TierStates, Why};
use crate::engine::transition::Cause;
use crate::model::{Labels, Moment, Severity, Span, Truth};
use crate::rules::{Kind, NoData, OnError, Rule};

impl Seat {
    /// Lets the alert live through one slot and says what moved it.
    pub(super) fn step(&mut self, rule: &Rule, at: Instant, rule_is_empty: bool, rows: &Rows) -> Cause {
        let verdicts = self.verdicts;
        match std::mem::replace(&mut self.news, News::None) {
            News::Verdict => {
                self.alert.last_seen = at.slot;
                self.alert.value = self.value;
                self.alert.missing = None;
                self.alert.forced = None;
                if rule.identity.is_some() {
                    // Folded: value and attributes are those of the series that gave the verdict.
                    let row = rows.row(self.row);
                    self.alert.series = row.key.clone();
                    self.alert.labels = row.labels.clone().unwrap_or_else(|| self.alert.labels.clone());
                }
                self.alert.step(&self.tiers, |tier| verdicts.get(tier), at.now);
                if !self.alert.is_kept() {
                    self.alert.held = self.value;
                }
                Cause::Condition
            }
            News::Collision => {
                self.alert.last_seen = at.slot;
                if rule.kind == Kind::Extended {
                    self.alert.darken(&self.tiers, at.now);
                }
                Cause::Condition
            }
            News::None if absence_is_false(rule) => {
                self.alert.step(&self.tiers, |_| Truth::False, at.now);
                Cause::Condition
            }
            News::None => self.miss(rule, at.now, rule_is_empty),
        }
    }

    /// Its series is missing, and the rule's policy says what that means.
    fn miss(&mut self, rule: &Rule, now: Moment, rule_is_empty: bool) -> Cause {
        let since = *self.alert.missing.get_or_insert(now);
        self.alert.darken(&self.tiers, now);
        match &rule.no_data {
            NoData::Keep(Some(limit)) if now - since >= *limit && !self.alert.is_calm() => {
                self.alert.end();
                Cause::NoDataEnd { since }
            }
            // An answer that is empty altogether is one alert on the rule, not one for each series.
            NoData::Tier(severity, after) if now - since >= *after && !rule_is_empty => {
                let forced = || Box::new(Forced { severity: severity.clone(), since: now, why: Why::NoData });
                self.alert.forced.get_or_insert_with(forced);
                Cause::NoData { since }
            }
            NoData::Resolve | NoData::Keep(_) | NoData::Tier(..) => Cause::Condition,
        }
    }

    /// Whether nobody needs to remember this alert any longer.
    pub(super) fn is_over(&self, rule: &Rule, at: Instant) -> bool {
        let absent = self.alert.last_seen != at.slot;
        let long_gone = || at.slot.millis() - self.alert.last_seen.millis() > rule.forget_after.millis();
        self.alert.is_calm() && absent && (absence_is_false(rule) || long_gone())
    }
}

impl RuleState {
    /// What a good evaluation means for the rule as a whole.
    pub(super) fn rule_level(&mut self, rule: &Rule, has_series: bool, now: Moment, outcome: &mut Outcome) {
        if self.failing.take().is_some() {
            outcome.rule_changed = true;
            self.release(rule, AlertKind::Failing, outcome);
        }
        let NoData::Tier(severity, after) = &rule.no_data else { return };
        if has_series {
            if self.empty.take().is_some() {
                outcome.rule_changed = true;
                self.release(rule, AlertKind::Absent, outcome);
            }
            return;
        }
        outcome.rule_changed |= self.empty.is_none();
        let since = *self.empty.get_or_insert(now);
        if now - since >= *after {
            self.force(rule, AlertKind::Absent, severity, now, outcome);
        }
    }

    /// Decides on a reading that failed. A plain rule stands still; for others nothing is known from now on.
    /// While the whole source fails (`source_is_down`), that is the one page and `on_error` waits.
    pub fn fail(&mut self, rule: &Rule, message: &str, at: Instant, source_is_down: bool) -> Outcome {
        let mut outcome = Outcome::default();
        self.health.error = Some(message.to_owned());
        self.health.evaluated = Some(at.slot);
        outcome.rule_changed = self.failing.is_none();
        let since = *self.failing.get_or_insert(at.now);
        if rule.kind == Kind::Extended {
            self.darken(at.now, &mut outcome);
        }
        if let OnError::Tier(severity, after) = &rule.on_error
            && at.now - since >= *after
            && !source_is_down
        {
            self.force(rule, AlertKind::Failing, severity, at.now, &mut outcome);
        }
        outcome
    }

    /// Slots of this rule were missed while we ran: from `now` on nothing is known.
    pub fn miss(&mut self, rule: &Rule, now: Moment) -> Outcome {
        let mut outcome = Outcome::default();
        if rule.kind == Kind::Extended {
            self.darken(now, &mut outcome);
        }
        outcome
    }

    fn darken(&mut self, now: Moment, outcome: &mut Outcome) {
        for seat in self.alerts.iter_mut().flatten() {
            let before = seat.alert.tiers.clone();
            seat.alert.darken(&seat.tiers, now);
            if seat.alert.tiers != before {
                outcome.changed.push(seat.alert.id);
            }
        }
    }

    /// We were not running for `span`, until `now`.
    pub fn sleep(&mut self, span: Span, now: Moment) {
        for seat in self.alerts.iter_mut().flatten() {
            seat.alert.slept(&seat.tiers, span, now);
        }
        self.failing = self.failing.map(|since| since + span);
        self.empty = self.empty.map(|since| since + span);
    }

    /// Makes the alert on the whole rule fire, if it does not yet.
    fn force(&mut self, rule: &Rule, kind: AlertKind, severity: &Severity, now: Moment, outcome: &mut Outcome) {
        let id = alert_id(rule, kind, &Labels::empty());
        if self.seat_of(id).is_some() {
            return;
        }
        let why = if kind == AlertKind::Failing { Why::OnError } else { Why::NoData };
        let calm = Alert {
            id,
            kind,
            series: Labels::empty(),
            labels: rule_labels(rule),
            tiers: TierStates::new(),
            forced: None,
            value: f64::NAN,
            held: f64::NAN,
            missing: None,
            last_seen: NEVER,
        };
        let before = calm.before();
        let seat = self.add(calm);
        let seat = self.at_mut(seat);
        seat.alert.forced = Some(Box::new(Forced { severity: severity.clone(), since: now, why }));
        let cause = if kind == AlertKind::Failing { Cause::QueryFails } else { Cause::NoData { since: now } };
        outcome.transitions.extend(seat.transition(&before, rule, cause));
        outcome.changed.push(id);
    }

    /// Ends the alert on the whole rule, if it fires.
    fn release(&mut self, rule: &Rule, kind: AlertKind, outcome: &mut Outcome) {
        let id = alert_id(rule, kind, &Labels::empty());
        let Some(seat) = self.seat_of(id) else { return };
        let entry = self.at_mut(seat);
        let before = entry.alert.before();
        entry.alert.end();
        let transition = entry.transition(&before, rule, Cause::Condition);
        outcome.transitions.extend(transition);
        outcome.forgotten.push(id);
        self.remove(seat);
    }
}
