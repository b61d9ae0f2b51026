//! Rules as meant: what `compile` understood of what people wrote.

use super::script::Script;
use super::template::Template;
use crate::diagnostics::Place;
use crate::model::{Labels, Matchers, Name, RuleId, Severity, Span, spread};
use crate::promql::Expr;
use std::sync::Arc;

/// Everything that is evaluated, in the order of files and of the text in them.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// The groups.
    pub groups: Vec<Arc<Group>>,
}

/// Rules that are evaluated together, at the same slots.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name, unique in its file.
    pub name: Name,
    /// The file it stands in, as the path was given.
    pub file: Name,
    /// Which Prometheus is asked.
    pub source: Name,
    /// How often.
    pub interval: Span,
    /// How far before the slot queries ask.
    pub query_offset: Span,
    /// How many alerts one rule may have; zero is no limit.
    pub limit: usize,
    /// Its rules, alerting and recording, as they stand in the file.
    pub rules: Vec<Entry>,
}

/// One rule of a group.
#[derive(Clone, Debug)]
pub enum Entry {
    /// An alerting rule.
    Alert(Arc<Rule>),
    /// A recording rule.
    Record(Arc<Record>),
}

/// A recording rule: evaluated only where a remote-write target is configured.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name of the series it records.
    pub record: Name,
    /// What is recorded.
    pub expr: Expr,
    /// Labels laid over the series: the group's, then the rule's own, by name. An empty one takes the label away.
    pub labels: Vec<(Name, Name)>,
    /// Why it is switched off, if it is.
    pub disabled: Option<Name>,
    /// Where it is written.
    pub place: Place,
}

/// An alerting rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its identity: `id:`, else group name, alert name, static labels and, among repeated ones, its number.
    pub id: RuleId,
    /// The `id:` as written.
    pub given_id: Option<Name>,
    /// The identity it had before: `moved_from:`, as written (an `id`, or `group/alert`).
    pub moved_from: Vec<Name>,
    /// The name of its alerts.
    pub alert: Name,
    /// Whether it means what Prometheus means, or more.
    pub kind: Kind,
    /// What is asked. A plain rule and a rule with `expr` have one query, called `value`.
    pub queries: Vec<Query>,
    /// The labels on which the series of several queries are matched.
    pub join: Vec<Name>,
    /// The index of the query whose value is shown.
    pub value: usize,
    /// The unit of that value.
    pub unit: Option<Name>,
    /// What good looks like.
    pub target: Option<Bound>,
    /// The tiers, highest first. A plain rule has one, whose condition is [`Condition::Present`].
    pub tiers: Arc<[Tier]>,
    /// Other tiers for some series; the first that matches wins.
    pub exceptions: Vec<Exception>,
    /// Labels laid over those of the series: group's, then the rule's own, constant ones included.
    pub labels: Vec<(Name, Template)>,
    /// Annotations of every tier that has no own of that name.
    pub annotations: Vec<(Name, Template)>,
    /// What a missing series means.
    pub no_data: NoData,
    /// What a failing query means.
    pub on_error: OnError,
    /// The only labels that make the identity, where given; series that share them are folded.
    pub identity: Option<Vec<Name>>,
    /// How long after it went missing a calm series is forgotten.
    pub forget_after: Span,
    /// The policy it asks for: its own, else its group's.
    pub policy: Option<Name>,
    /// Alerts that keep its notifications back.
    pub inhibited_by: Vec<InhibitedBy>,
    /// Why it is switched off, if it is; empty where no reason is given.
    pub disabled: Option<Name>,
    /// The plain rule's `for` and `keep_firing_for` live in its tier; this is where the rule is written.
    pub place: Place,
}

/// What a rule means by absence, order and unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Prometheus rule: absence is false, failed and missed slots count as served.
    Plain,
    /// A rule with `tiers` or `queries`: absence and failure are unknown until a policy decides.
    Extended,
}

/// A named query of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The name that conditions use.
    pub name: Name,
    /// The expression.
    pub expr: Expr,
    /// How far back its samples are kept; zero keeps none.
    pub history: Span,
}

/// One severity's condition in a rule, and its timing.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// The severity; a plain rule's comes from its label or the default.
    pub severity: Severity,
    /// What must hold for it to fire.
    pub condition: Condition,
    /// `$threshold`: the bound as written, empty for `when` and in a plain rule.
    pub threshold: Name,
    /// What must hold for it to go on firing, where that differs.
    pub clear: Option<Clear>,
    /// `for`: how long the condition must hold without a break.
    pub hold: Span,
    /// `keep_firing_for`: how long it goes on after the condition stopped.
    pub keep: Span,
    /// Its title, else the rule's.
    pub title: Option<Template>,
    /// Annotations laid over the rule's.
    pub annotations: Vec<(Name, Template)>,
    /// Actions to run when an alert starts firing here: its own, else the rule's.
    pub actions: Vec<Name>,
}

/// What makes a tier true.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The series is there: a plain rule's comparison has filtered it already.
    Present,
    /// The value compared with a bound.
    Bound(Bound),
    /// A composite condition.
    When(Arc<Script>),
}

/// Hysteresis: what keeps a firing tier firing.
#[derive(Clone, Debug, PartialEq)]
pub enum Clear {
    /// It goes on while the value is strictly beyond: `Above(80.0)` holds while `value > 80`.
    Bound(Bound),
    /// `clear_when`: it ends when this is true.
    When(Arc<Script>),
}

/// A comparison with numbers, as IEEE 754 has it: `NaN` meets none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `>`
    Above(f64),
    /// `>=`
    AtLeast(f64),
    /// `<`
    Below(f64),
    /// `<=`
    AtMost(f64),
    /// Below the first or above the second.
    Outside(f64, f64),
    /// From the first to the second, both included.
    Inside(f64, f64),
    /// Strictly between; what `clear` of `inside` means.
    Between(f64, f64),
    /// `==`
    Equals(f64),
    /// `!=`, but not for `NaN`.
    Differs(f64),
}

/// Other tiers for the series that match.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Which series: the query's labels, before the rule's are laid over them.
    pub matchers: Matchers,
    /// The tiers that hold there, complete, highest first. Empty where the rule is switched off for them.
    pub tiers: Arc<[Tier]>,
    /// The target that holds there.
    pub target: Option<Bound>,
}

/// What a missing series means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoData {
    /// It resolves at once: Prometheus's meaning.
    Resolve,
    /// It keeps its last state so long, then ends with "no data". `None` keeps for ever.
    Keep(Option<Span>),
    /// It fires this tier once it has been gone so long.
    Tier(Severity, Span),
}

/// What a failing query means, beside the state being frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Nothing more.
    Keep,
    /// One alert for the rule at this tier once it has failed so long.
    Tier(Severity, Span),
}

/// An alert that keeps a rule's notifications back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InhibitedBy {
    /// The other alert's name.
    pub alert: Name,
    /// The labels that must be there and equal on both sides.
    pub equal: Vec<Name>,
}

impl Bound {
    /// Its numbers: one, or the lower and the upper one.
    #[must_use]
    pub fn numbers(self) -> Vec<f64> {
        match self {
            Bound::Above(n)
            | Bound::AtLeast(n)
            | Bound::Below(n)
            | Bound::AtMost(n)
            | Bound::Equals(n)
            | Bound::Differs(n) => vec![n],
            Bound::Outside(low, high) | Bound::Inside(low, high) | Bound::Between(low, high) => vec![low, high],
        }
    }

    /// Whether `value` meets it. Nothing is met by `NaN`.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "`equals` means exactly that")]
    pub fn holds(self, value: f64) -> bool {
        match self {
            Bound::Above(bound) => value > bound,
            Bound::AtLeast(bound) => value >= bound,
            Bound::Below(bound) => value < bound,
            Bound::AtMost(bound) => value <= bound,
            Bound::Outside(low, high) => value < low || value > high,
            Bound::Inside(low, high) => low <= value && value <= high,
            Bound::Between(low, high) => low < value && value < high,
            Bound::Equals(bound) => value == bound,
            Bound::Differs(bound) => value != bound && !value.is_nan(),
        }
    }
}

impl RuleSet {
    /// These groups in the order in which those of one moment are evaluated: by source, name and file.
    #[must_use]
    pub fn in_order(&self, groups: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut groups: Vec<usize> = groups.into_iter().collect();
        groups.sort_by_key(|group| {
            let group = &self.groups[*group];
            (group.source.clone(), group.name.clone(), group.file.clone())
        });
        groups
    }

    /// The same with every alerting rule switched off, for the reason `why`, that is not `wanted`. Grids and limits of groups stay
    /// what they are.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&Group, &Rule) -> bool, why: &str) -> RuleSet {
        let mut some = self.clone();
        for group in &mut some.groups {
            let mut inner = Group::clone(group);
            for entry in &mut inner.rules {
                if let Entry::Alert(rule) = entry
                    && !wanted(group, rule)
                {
                    *rule = Arc::new(Rule { disabled: Some(why.into()), ..Rule::clone(rule) });
                }
            }
            *group = Arc::new(inner);
        }
        some
    }

    /// The same with `rule` in the place of the one that has its id.
    #[must_use]
    pub fn with(&self, rule: Rule) -> RuleSet {
        let (mut others, rule) = (self.clone(), Arc::new(rule));
        for group in others.groups.iter_mut().filter(|group| group.alerts().any(|known| known.id == rule.id)) {
            for entry in &mut Arc::make_mut(group).rules {
                if matches!(entry, Entry::Alert(known) if known.id == rule.id) {
                    *entry = Entry::Alert(Arc::clone(&rule));
                }
            }
        }
        others
    }
}

impl Group {
    /// Its alerting rules, in order.
    pub fn alerts(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter_map(|entry| match entry {
            Entry::Alert(rule) => Some(rule),
            Entry::Record(_) => None,
        })
    }

    /// Its recording rules that are switched on, in order.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.rules.iter().filter_map(|entry| match entry {
            Entry::Record(record) if record.disabled.is_none() => Some(record),
            Entry::Record(_) | Entry::Alert(_) => None,
        })
    }

    /// Where its grid of slots lies: a hash of source and name, so that a moved file, CI and production share it.
    #[must_use]
    pub fn grid(&self) -> Span {
        let below = u64::try_from(self.interval.millis()).unwrap_or(1);
        Span::from_millis(i64::try_from(spread(&[&self.source, &self.name], below)).unwrap_or(0))
    }
}

impl Record {
    /// The labels that it lays over, as one writes them.
    #[must_use]
    pub fn labels_text(&self) -> String {
        let pairs = self.labels.iter().map(|(name, value)| format!("{name}={value:?}"));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    }

    /// Under which labels the series `of` is recorded, its name included.
    #[must_use]
    pub fn series(&self, of: &Labels) -> Labels {
        let own = [("__name__".into(), self.record.clone())];
        let laid_over = self.labels.iter().cloned().chain(own);
        // The last value of a name counts, and an empty one is none.
        Labels::new(of.iter().map(|(name, value)| (name.clone(), value.clone())).chain(laid_over))
    }
}

impl Rule {
    /// The tiers that hold for a series with these labels.
    #[must_use]
    pub fn tiers_for(&self, series: &Labels) -> &Arc<[Tier]> {
        let exception = self.exceptions.iter().find(|exception| exception.matchers.matches(series));
        exception.map_or(&self.tiers, |exception| &exception.tiers)
    }
}
