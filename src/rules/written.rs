//! Rule files as typed: every key that may be written, with its place. Nothing is understood yet.
//!
//! The JSON Schema `schemas/rules.schema.json` is made of these types; their documentation is what editors show. Unknown
//! keys are refused by the schema, all at once, and skipped here, so that one slip of the pen hides no other mistake.

use crate::diagnostics::{Spanned, Text};
use crate::yaml::{DurationText, Entries, ScalarOr, by_shape};
use schemars::JsonSchema;
use serde::Deserialize;

mod amount;

pub use amount::Amount;

/// A rule file of Watchbell. Every Prometheus rule file is one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "Watchbell rules")]
pub struct File {
    /// The groups of rules.
    pub groups: Option<Vec<Group>>,
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Group {
    /// The name of the group, unique in its file.
    pub name: Spanned<String>,
    /// How often the rules are evaluated. The default is 1m.
    pub interval: Option<Spanned<DurationText>>,
    /// How far before its slot the queries of an evaluation ask.
    pub query_offset: Option<Spanned<DurationText>>,
    /// How many alerts, or series, one rule may give; 0 is no limit.
    pub limit: Option<Spanned<i64>>,
    /// Labels laid over those of every rule that does not set them itself.
    pub labels: Option<Entries<Text>>,
    /// Which Prometheus of the service configuration is asked.
    pub source: Option<Spanned<String>>,
    /// What a missing series means, for rules that do not say.
    pub no_data: Option<Spanned<NoData>>,
    /// What a failing query means, for rules that do not say.
    pub on_error: Option<Spanned<OnError>>,
    /// How long alerts go on firing after their condition stopped, for rules that do not say.
    pub keep_firing_for: Option<Spanned<DurationText>>,
    /// The escalation policy of rules that name none.
    pub policy: Option<Spanned<String>>,
    /// After how long a calm series that is gone is forgotten, for rules that do not say. The default is 1d.
    pub forget_after: Option<Spanned<DurationText>>,
    /// The rules, in the order in which they are shown.
    pub rules: Option<Vec<Rule>>,
}

/// An alerting rule or a recording rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rule {
    /// The name of the alert.
    pub alert: Option<Spanned<String>>,
    /// The name of the series that this recording rule writes.
    pub record: Option<Spanned<String>>,
    /// What is asked, in PromQL. A rule without tiers fires for every series in the answer.
    pub expr: Option<Text>,
    /// How long the condition must hold without a break before the alert fires.
    #[serde(rename = "for")]
    pub hold: Option<Spanned<DurationText>>,
    /// How long the alert goes on firing after the condition stopped.
    pub keep_firing_for: Option<Spanned<DurationText>>,
    /// Labels laid over those of the series. Values are templates.
    pub labels: Option<Entries<Text>>,
    /// What people read. Values are templates.
    pub annotations: Option<Entries<Text>>,
    /// The severities at which this rule fires, each with its condition.
    pub tiers: Option<Entries<Option<Tier>>>,
    /// Other bounds for some series; the first that matches wins.
    pub exceptions: Option<Vec<Exception>>,
    /// What good looks like. It fires nothing; dashboards draw it and reports say how much of the time it was met.
    pub target: Option<Spanned<Target>>,
    /// The unit of the value; bounds may be durations where it is one of time (`s`, `ms`, `us`, `ns`, `min`, `h`).
    pub unit: Option<Spanned<String>>,
    /// What a missing series means. The default is `resolve`, and `{ keep: 5m }` for rules with tiers.
    pub no_data: Option<Spanned<NoData>>,
    /// What a failing query means, beside the state being frozen.
    pub on_error: Option<Spanned<OnError>>,
    /// Several named queries, for conditions that speak of more than one.
    pub queries: Option<Spanned<Entries<Query>>>,
    /// The labels on which the series of the queries are matched.
    pub join: Option<Spanned<Vec<Spanned<String>>>>,
    /// The query whose value is shown and compared with bounds; the first unless another is named.
    pub value: Option<Spanned<String>>,
    /// The only labels that make the identity of an alert; series that share them are one alert.
    pub identity: Option<Spanned<Vec<Spanned<String>>>>,
    /// An identity that stays when the rule is renamed or moved.
    pub id: Option<Spanned<String>>,
    /// What the rule was before: its `id`, or `group/alert`. Its alerts and timers are carried over.
    pub moved_from: Option<ScalarOr<Spanned<String>, Vec<Spanned<String>>>>,
    /// Alerts that keep the notifications of this rule back while they fire.
    pub inhibited_by: Option<Vec<Inhibitor>>,
    /// The escalation policy.
    pub policy: Option<Spanned<String>>,
    /// After how long a calm series that is gone is forgotten.
    pub forget_after: Option<Spanned<DurationText>>,
    /// What people see instead of the name. A template.
    pub title: Option<Text>,
    /// Remedies to run when an alert starts firing, for tiers that name none.
    pub actions: Option<Vec<Spanned<String>>>,
    /// `false` switches the rule off.
    pub enabled: Option<Spanned<bool>>,
    /// Why it is switched off.
    pub because: Option<Spanned<String>>,
}

/// One severity's condition and timing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tier {
    /// Fires while the value is greater.
    pub above: Option<Spanned<Amount>>,
    /// Fires while the value is greater or equal.
    pub at_least: Option<Spanned<Amount>>,
    /// Fires while the value is less.
    pub below: Option<Spanned<Amount>>,
    /// Fires while the value is less or equal.
    pub at_most: Option<Spanned<Amount>>,
    /// Fires while the value is less than the first or greater than the second.
    pub outside: Option<Spanned<[Spanned<Amount>; 2]>>,
    /// Fires from the first to the second, both included.
    pub inside: Option<Spanned<[Spanned<Amount>; 2]>>,
    /// Fires while the value is exactly this.
    pub equals: Option<Spanned<Amount>>,
    /// Fires while the value is anything else.
    pub differs: Option<Spanned<Amount>>,
    /// A composite condition, in Rhai.
    pub when: Option<Text>,
    /// Once firing, the tier holds while the value is strictly beyond this: a number, or two for `outside` and `inside`.
    pub clear: Option<Spanned<Clear>>,
    /// Once firing, the tier holds until this is true. For `when`.
    pub clear_when: Option<Text>,
    /// How long the condition must hold without a break before the tier fires.
    #[serde(rename = "for")]
    pub hold: Option<Spanned<DurationText>>,
    /// How long the tier goes on firing after the condition stopped.
    pub keep_firing_for: Option<Spanned<DurationText>>,
    /// What people see instead of the name while this tier is the highest. A template.
    pub title: Option<Text>,
    /// Laid over the rule's while this tier is the highest. Values are templates.
    pub annotations: Option<Entries<Text>>,
    /// Remedies to run when an alert starts firing at this tier.
    pub actions: Option<Vec<Spanned<String>>>,
}

/// What good looks like: one bound.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Target {
    /// Good is greater.
    pub above: Option<Spanned<Amount>>,
    /// Good is greater or equal.
    pub at_least: Option<Spanned<Amount>>,
    /// Good is less.
    pub below: Option<Spanned<Amount>>,
    /// Good is less or equal.
    pub at_most: Option<Spanned<Amount>>,
    /// Good is less than the first or greater than the second.
    pub outside: Option<Spanned<[Spanned<Amount>; 2]>>,
    /// Good is from the first to the second, both included.
    pub inside: Option<Spanned<[Spanned<Amount>; 2]>>,
    /// Good is exactly this.
    pub equals: Option<Spanned<Amount>>,
    /// Good is anything else.
    pub differs: Option<Spanned<Amount>>,
}

/// Where a firing tier lets go: one bound, or two for a range.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline, transform = by_shape)]
pub enum Clear {
    /// One bound.
    #[serde(rename = "$scalar")]
    One(Spanned<Amount>),
    /// Two bounds.
    #[serde(rename = "$list")]
    Range([Spanned<Amount>; 2]),
}

/// Other bounds for some series. What is not given stays as the rule has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exception {
    /// Which series, by the labels of the query: `chain="sepolia"`.
    #[serde(rename = "match")]
    pub matches: Text,
    /// Single fields of single tiers; `high: ~` removes one.
    pub tiers: Option<Entries<Option<Tier>>>,
    /// Another target.
    pub target: Option<Spanned<Target>>,
    /// Another `for`, for tiers that have none of their own.
    #[serde(rename = "for")]
    pub hold: Option<Spanned<DurationText>>,
    /// `false` switches the rule off for these series.
    pub enabled: Option<Spanned<bool>>,
    /// Why.
    pub because: Option<Spanned<String>>,
}

/// What a missing series means.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline, transform = by_shape)]
pub enum NoData {
    /// A word.
    #[serde(rename = "$scalar")]
    Word(NoDataWord),
    /// With a time.
    #[serde(rename = "$mapping")]
    Timed(TimedNoData),
}

/// What a missing series means, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoDataWord {
    /// It resolves at once, as in Prometheus.
    Resolve,
    /// It keeps its last state for ever.
    Keep,
}

/// What a missing series means after a time: either `keep`, or `tier` and `after`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TimedNoData {
    /// It keeps its last state so long, then it resolves.
    pub keep: Option<Spanned<DurationText>>,
    /// It fires this tier of the rule …
    pub tier: Option<Spanned<String>>,
    /// … once it has been gone so long.
    pub after: Option<Spanned<DurationText>>,
}

/// What a failing query means, beside the state being frozen.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline, transform = by_shape)]
pub enum OnError {
    /// A word.
    #[serde(rename = "$scalar")]
    Word(OnErrorWord),
    /// An alert for the rule, after a time.
    #[serde(rename = "$mapping")]
    Timed(TimedOnError),
}

/// What a failing query means, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnErrorWord {
    /// Nothing more: the state is frozen.
    Keep,
}

/// One alert for the rule once its query has failed for a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TimedOnError {
    /// The severity of that alert.
    pub tier: Spanned<String>,
    /// After how long.
    pub after: Spanned<DurationText>,
}

/// A named query.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline, transform = by_shape)]
pub enum Query {
    /// Only the expression.
    #[serde(rename = "$scalar")]
    Expr(Text),
    /// The expression, and how far back its samples are kept.
    #[serde(rename = "$mapping")]
    Full(FullQuery),
}

/// The expression, and how far back its samples are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FullQuery {
    /// What is asked, in PromQL.
    pub expr: Text,
    /// How far back its samples are kept, for conditions that look back.
    pub history: Option<Spanned<DurationText>>,
}

/// An alert that keeps the notifications of this rule back while it fires.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Inhibitor {
    /// The name of the alert.
    pub alert: Spanned<String>,
    /// The labels that must be there and equal on both sides.
    pub equal: Option<Vec<Spanned<String>>>,
}
