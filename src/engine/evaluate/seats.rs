//! The alerts of a rule, each in its seat, and what becomes of them where the rule is another one.

use super::rows::NONE;
use super::seat::News;
use super::{Health, Row, Rows, RuleState, Seat, Verdicts, asks_anew};
use crate::engine::alert::Alert;
use crate::model::{AlertId, Places, Slot, make_room};
use crate::rules::{NoData, Rule, Tier};
use std::sync::Arc;

impl RuleState {
    /// All alerts, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().flatten().map(|seat| &seat.alert)
    }

    /// The alert with this id, and the tiers that hold for it.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<(&Alert, &Arc<[Tier]>)> {
        let seat = self.alerts[self.seat_of(id)? as usize].as_ref()?;
        Some((&seat.alert, &seat.tiers))
    }

    pub(in crate::engine) fn add(&mut self, alert: Alert) -> u32 {
        let tiers: Arc<[Tier]> = Arc::from([]);
        let (verdicts, given, value) = (Verdicts::default(), Verdicts::default(), f64::NAN);
        let entry = Seat { alert, tiers, row: NONE, verdicts, given, news: News::None, value };
        let seat = if let Some(seat) = self.free.pop() {
            self.alerts[seat as usize] = Some(entry);
            seat
        } else {
            make_room(&mut self.alerts);
            self.alerts.push(Some(entry));
            u32::try_from(self.alerts.len() - 1).expect("fewer than 2^32 alerts of one rule")
        };
        self.by_id.insert(seat, |seat| id_at(&self.alerts, seat));
        seat
    }

    /// The seat of an alert.
    pub(in crate::engine) fn seat_of(&self, id: AlertId) -> Option<u32> {
        self.by_id.find(&id, |seat| id_at(&self.alerts, seat))
    }

    pub(in crate::engine) fn at_mut(&mut self, seat: u32) -> &mut Seat {
        self.alerts[seat as usize].as_mut().expect("a seat that is referred to is taken")
    }

    /// Forgets an alert. Its rows stay until [`RuleState::sweep`].
    pub(in crate::engine) fn remove(&mut self, seat: u32) {
        if let Some(entry) = self.alerts[seat as usize].take() {
            self.by_id.remove(&entry.alert.id, seat);
            self.free.push(seat);
        }
    }

    /// Forgets the rows whose alert is gone, and those of a folded alert that have not been seen for long.
    pub(in crate::engine) fn sweep(&mut self, rule: &Rule, slot: Slot) {
        let gone = |row: &Row| row.alert != NONE && self.alerts[row.alert as usize].is_none();
        let stale = |row: &Row| row.seen.millis() < (slot - rule.forget_after).millis();
        let rows: Vec<u32> =
            self.rows.numbers().filter(|row| gone(self.rows.row(*row)) || stale(self.rows.row(*row))).collect();
        for row in rows {
            self.rows.forget(row);
        }
    }

    /// Gives an alert another id.
    pub(in crate::engine) fn rename(&mut self, old: AlertId, new: AlertId) {
        if let Some(seat) = self.seat_of(old) {
            self.by_id.remove(&old, seat);
            self.at_mut(seat).alert.id = new;
            self.by_id.insert(seat, |seat| id_at(&self.alerts, seat));
        }
    }

    /// After a reload the next evaluation assigns rows to alerts anew; where other questions are asked, or histories are
    /// kept otherwise, the rows themselves start anew as well.
    pub(in crate::engine) fn meet_again(&mut self, old: &Rule, new: &Rule) {
        self.watches_absence = matches!(new.no_data, NoData::Tier(..));
        self.rows.unassign_all();
        if asks_anew(old, new) {
            self.rows = Rows::new(new.queries.len());
        }
        for seat in self.alerts.iter_mut().flatten() {
            seat.row = NONE;
        }
    }

    /// What a journal told of a rule under another id goes on under this one.
    pub(in crate::engine) fn become_of(&mut self, rule: &Rule) {
        self.watches_absence = matches!(rule.no_data, NoData::Tier(..));
        if self.rows.queries() != rule.queries.len() {
            self.rows = Rows::new(rule.queries.len());
        }
    }

    /// A rule that is no longer among the files, known from the journal only.
    pub(in crate::engine) fn orphan() -> Self {
        RuleState {
            alerts: Vec::new(),
            by_id: Places::default(),
            free: Vec::new(),
            rows: Rows::new(0),
            watches_absence: false,
            failing: None,
            empty: None,
            health: Health::default(),
        }
    }
}

/// The id of the alert in a seat that is taken: only such seats are among the places.
fn id_at(alerts: &[Option<Seat>], seat: u32) -> &AlertId {
    &alerts[seat as usize].as_ref().expect("a seat that is referred to is taken").alert.id
}
