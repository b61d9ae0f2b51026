//! A unit-test file of promtool as typed.

use crate::diagnostics::{Spanned, Text};
use crate::yaml::{DurationText, Entries};
use schemars::JsonSchema;
use serde::Deserialize;

/// A unit-test file of promtool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "Unit tests of promtool")]
pub struct File {
    /// The rule files, seen from this file; may have wildcards.
    pub rule_files: Option<Vec<Spanned<String>>>,
    /// How often every group is evaluated. Default: 1m.
    pub evaluation_interval: Option<Spanned<DurationText>>,
    /// Groups in the order in which they are evaluated.
    pub group_eval_order: Option<Vec<Spanned<String>>>,
    /// Numbers next to each other count as equal.
    pub fuzzy_compare: Option<bool>,
    /// The tests; each begins with nothing.
    pub tests: Option<Vec<Spanned<Test>>>,
}

/// One test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Test {
    /// How far apart the values of the series lie. Default: the evaluation interval.
    pub interval: Option<Spanned<DurationText>>,
    /// What it is called.
    pub name: Option<String>,
    /// What there is.
    pub input_series: Option<Vec<InputSeries>>,
    /// Which alerts must fire.
    pub alert_rule_test: Option<Vec<Spanned<AlertCase>>>,
    /// What expressions must be worth.
    pub promql_expr_test: Option<Vec<Spanned<ExprCase>>>,
    /// `$externalLabels` of templates.
    pub external_labels: Option<Entries<Text>>,
    /// `$externalURL` of templates.
    pub external_url: Option<String>,
}

/// A series and its values.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct InputSeries {
    /// Its name and labels.
    pub series: Option<Text>,
    /// Its values, in promtool's notation.
    pub values: Option<Text>,
}

/// The alerts of one name at one instant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AlertCase {
    /// When, from the start.
    pub eval_time: Option<DurationText>,
    /// The name.
    pub alertname: Option<Spanned<String>>,
    /// Exactly those that fire.
    pub exp_alerts: Option<Vec<Option<ExpectedAlert>>>,
}

/// An alert that must fire.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectedAlert {
    /// All of its labels but `alertname`.
    pub exp_labels: Option<Entries<Text>>,
    /// All of its annotations.
    pub exp_annotations: Option<Entries<Text>>,
}

/// The value of an expression at one instant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExprCase {
    /// The expression.
    pub expr: Option<Text>,
    /// When, from the start.
    pub eval_time: Option<DurationText>,
    /// Exactly what comes.
    pub exp_samples: Option<Vec<ExpectedSample>>,
}

/// A sample that must come.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectedSample {
    /// Its name and labels.
    pub labels: Option<Text>,
    /// Its value.
    pub value: Option<f64>,
    /// A native histogram, which is not supported.
    pub histogram: Option<Text>,
}
