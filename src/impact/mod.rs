//! What a change would have meant: both sides played over the same history, held against each other and against what really happened.
//!
//! Start at [`Impact::new`]. [`crate::change`] says what is different and which rule is which, [`crate::backtest`] what each side
//! does; here the two are put together for whoever has to say yes or no. Absent on purpose: files, git, a server.

mod budget;
mod episode;
mod met;
pub mod render;
mod sweep;

pub use budget::Budget;
pub use episode::{Episode, Turn, TurnKind, counted, when};
pub use met::Met;
pub use sweep::{MOST_SWEPT, Swept, Turned, known_to_both};

use crate::backtest::{Known, Played, Report, RuleReport, Session};
use crate::change::{Difference, Pair, RuleChange};
use crate::model::{Moment, RuleId, Span};
use std::collections::BTreeMap;

/// What a change would have meant.
#[derive(Clone, Debug)]
pub struct Impact {
    /// The old side as a whole; its rules stand in `rules`.
    pub before: Report,
    /// The new side as a whole, likewise.
    pub after: Report,
    /// The rules that changed, and those that come out otherwise without having changed, in the order of the files.
    pub rules: Vec<RuleImpact>,
    /// How many rules come out as they did.
    pub same: usize,
    /// What the figures do not say.
    pub notes: Vec<String>,
}

/// One rule on both sides.
#[derive(Clone, Debug)]
pub struct RuleImpact {
    /// Its group and alert name, on the new side where it is there.
    pub name: String,
    /// What is different of it; nothing where it only comes out otherwise.
    pub change: Option<RuleChange>,
    /// What it did before; nothing where it was not there.
    pub before: Option<RuleReport>,
    /// What it would do.
    pub after: Option<RuleReport>,
    /// What became of each stretch of firing, where something did.
    pub turns: Vec<Turn>,
    /// Incidents that people took for real, and how both sides meet them.
    pub met: Vec<Met>,
    /// Other bounds and other `for` than those of the change.
    pub swept: Vec<Swept>,
    /// How it stands with the budget, where there is one and it is used up.
    pub budget: Option<Budget>,
}

/// What is put together.
pub struct Given<'a> {
    /// What is different.
    pub difference: &'a Difference,
    /// Which rule is which.
    pub pairs: &'a [Pair],
    /// Both sides, played: the old one first.
    pub session: &'a Session,
    /// What really happened, as far as is known.
    pub known: &'a [Known],
    /// How many pages a rule may cause in a week.
    pub pages_per_rule_per_week: Option<f64>,
}

impl Impact {
    /// Holds the second rules of the session against the first.
    ///
    /// # Panics
    /// When the session does not play two sides.
    #[must_use]
    pub fn new(given: &Given<'_>) -> Self {
        let [before, after] = given.session.played() else { panic!("a session of two sides") };
        let mut sides = [before, after].map(|played| Side::new(given.session, played));
        let rules: Vec<RuleImpact> = given.pairs.iter().map(|pair| rule(given, *pair, &mut sides)).collect();
        let count = rules.len();
        let rules: Vec<RuleImpact> = rules.into_iter().filter(RuleImpact::is_told).collect();
        let [before, after] = sides.map(|side| side.report);
        let notes = before.notes.clone();
        Impact { same: count - rules.len(), before, after, rules, notes }
    }

    /// Whether a budget is broken.
    #[must_use]
    pub fn breaks_a_budget(&self) -> bool {
        self.rules.iter().filter_map(|rule| rule.budget.as_ref()).any(|budget| budget.is_broken)
    }
}

struct Side<'a> {
    report: Report,
    /// What the report says of each rule, until it is taken.
    rules: BTreeMap<RuleId, RuleReport>,
    played: &'a Played,
}

impl<'a> Side<'a> {
    fn new(session: &Session, played: &'a Played) -> Self {
        let mut report = Report::new(session, played);
        let rules = std::mem::take(&mut report.rules).into_iter().map(|rule| (rule.id, rule)).collect();
        Side { report, rules, played }
    }
}

fn rule(given: &Given<'_>, pair: Pair, [before, after]: &mut [Side<'_>; 2]) -> RuleImpact {
    let old = pair.before.and_then(|id| before.rules.remove(&id));
    let new = pair.after.and_then(|id| after.rules.remove(&id));
    let end = given.session.window().to.moment(Span::ZERO);
    let episodes = |side: &Side<'_>, id| episode::all(side.played.player.tally(), id, end);
    let was = pair.before.map(|id| episodes(before, id)).unwrap_or_default();
    let is = pair.after.map(|id| episodes(after, id)).unwrap_or_default();
    let window = given.session.window();
    let known =
        given.known.iter().filter(|known| known.is_real && is_within(known, window.from.moment(Span::ZERO), end));
    let known = known.filter(|known| pair.before.iter().chain(&pair.after).any(|id| known.rules.contains(id)));
    let shown = new.as_ref().or(old.as_ref());
    RuleImpact {
        name: shown.map(|rule| format!("{}/{}", rule.group, rule.alert)).unwrap_or_default(),
        change: given.difference.rules.iter().find(|change| change.pair == pair).cloned(),
        met: known.map(|known| Met::new(known, &was, &is)).collect(),
        turns: episode::turns(&was, &is),
        swept: Vec::new(),
        budget: given
            .pages_per_rule_per_week
            .and_then(|limit| Budget::new(limit, old.as_ref(), new.as_ref(), window.to - window.from)),
        before: old,
        after: new,
    }
}

fn is_within(known: &Known, from: Moment, to: Moment) -> bool {
    known.from < to && known.to.is_none_or(|end| end >= from)
}

impl RuleImpact {
    /// Whether there is something to tell of it.
    fn is_told(&self) -> bool {
        let pages = |rule: Option<&RuleReport>| rule.map_or(0, RuleReport::pages);
        let is_over = self.budget.as_ref().is_some_and(|budget| budget.is_broken);
        let is_other = pages(self.before.as_ref()) != pages(self.after.as_ref());
        self.change.is_some() || !self.turns.is_empty() || is_over || is_other
    }

    /// The incidents that people took for real and that the change alone misses.
    pub fn lost(&self) -> impl Iterator<Item = &Met> {
        self.met.iter().filter(|met| met.before.is_some() && met.after.is_none())
    }
}
