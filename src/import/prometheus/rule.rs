//! Whether one rule can be split, and all that is known of it then.

use super::Manner;
use crate::model::Severity;
use crate::promql::{Comparison, LabelsOf, Split, Threshold, Why};
use crate::rules::{Checked, Context, Kind};
use crate::yaml::layout::Entry;

/// A rule that can have its threshold in a tier.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The byte of the file at which its name stands.
    pub at: usize,
    pub group: String,
    pub alert: String,
    pub split: Split,
    /// Its severity as the label has it.
    pub word: String,
    pub severity: Severity,
    /// Its labels without `severity`, as written.
    pub labels: Vec<(String, String)>,
    /// What would tell it from other rules with tiers.
    pub identity: String,
}

/// Why a rule stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Left {
    /// Its expression cannot be split.
    #[error("{0}")]
    Whole(Why),
    /// It has tiers already.
    #[error("it has tiers already")]
    Tiered,
    /// It has no severity.
    #[error("it has no `severity` label, and a tier would add one; --severity NAME says which")]
    NoSeverity,
    /// Its severity is that of its group.
    #[error("its severity comes from the labels of its group")]
    SeverityOfGroup,
    /// Its severity comes from a template.
    #[error("its severity comes from a template")]
    SeverityFromTemplate,
    /// Nobody knows its severity.
    #[error("no severity is called `{0}` here; name it in the configuration")]
    UnknownSeverity(String),
    /// It shares text with others by anchors.
    #[error("it shares text with other rules by YAML anchors")]
    Shared,
    /// It is in brackets, with comments or over many lines.
    #[error("it is written in brackets, with comments in them")]
    InBrackets,
    /// A label hides one that the series have.
    #[error("its label `{0}` hides one that its series have, and only the comparison keeps them apart")]
    HidesLabel(String),
    /// Its labels ask for more.
    #[error("a template in its labels asks the source, which would be asked for calm series too")]
    AskingLabel,
    /// There is no way to write the bound.
    #[error("its bound is infinite and cannot be written in a condition")]
    Unwritable,
}

impl Left {
    /// One word for it, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Left::Whole(why) => why.code(),
            Left::Tiered => "tiered",
            Left::NoSeverity => "no_severity",
            Left::SeverityOfGroup => "severity_of_group",
            Left::SeverityFromTemplate => "severity_from_template",
            Left::UnknownSeverity(_) => "unknown_severity",
            Left::Shared => "shared",
            Left::InBrackets => "in_brackets",
            Left::HidesLabel(_) => "hides_label",
            Left::AskingLabel => "asking_label",
            Left::Unwritable => "unwritable",
        }
    }
}

impl Candidate {
    /// Whether its severity has another name here.
    pub fn is_renamed(&self) -> bool {
        **self.severity.name() != *self.word
    }

    /// Whether a bound would not do: it takes two, or PromQL's `!=`, which is met by what is no number.
    pub fn needs_condition(&self) -> bool {
        match self.split.any.as_slice() {
            [one] => one.comparison == Comparison::Differs && self.split.can_be_nan,
            _ => self.outside().is_none(),
        }
    }

    /// The range that the value has to leave, if that is what the rule asks.
    pub fn outside(&self) -> Option<[&Threshold; 2]> {
        let [one, other] = self.split.any.as_slice() else { return None };
        let (low, high) = if one.comparison == Comparison::Below { (one, other) } else { (other, one) };
        let is_range = low.comparison == Comparison::Below && high.comparison == Comparison::Above;
        (is_range && low.bound <= high.bound).then_some([low, high])
    }
}

/// Looks at one rule.
///
/// # Errors
/// Says why it has to stay as it is.
pub(super) fn examine(
    entry: &Entry,
    checked: &Checked,
    at: usize,
    context: &Context,
    manner: &Manner,
) -> Result<Candidate, Left> {
    let rule = &checked.rule;
    if rule.kind == Kind::Extended {
        return Err(Left::Tiered);
    }
    let expr = &rule.queries[0].expr;
    let split = expr.split().map_err(|whole| Left::Whole(whole.why))?;
    if !entry.references().is_empty() {
        return Err(Left::Shared);
    }
    let whole = |part: Option<&crate::yaml::layout::Node>| {
        part.and_then(|node| node.collection()).is_none_or(|collection| collection.verbatim.is_none())
    };
    if !whole(Some(&entry.value)) || !whole(entry.value.get("labels")) || !whole(entry.value.get("annotations")) {
        return Err(Left::InBrackets);
    }
    let (word, severity) = severity(checked, context, manner)?;
    if let Some(label) = hidden_label(checked) {
        return Err(Left::HidesLabel(label));
    }
    let asks = |text: &str| text.contains("query");
    if rule.labels.iter().any(|(_, template)| template.constant().is_none() && asks(template.text())) {
        return Err(Left::AskingLabel);
    }
    let labels: Vec<(String, String)> = rule
        .labels
        .iter()
        .filter(|(name, _)| &**name != "severity")
        .map(|(name, template)| (name.to_string(), template.text().to_string()))
        .collect();
    let mut fixed: Vec<_> = labels.iter().filter(|(_, text)| !text.contains("{{")).collect();
    fixed.sort();
    let group = checked.group.name.value.clone();
    let identity = format!("{group}\n{}\n{fixed:?}", rule.alert);
    let candidate = Candidate { at, alert: rule.alert.to_string(), split, word, severity, labels, identity, group };
    let is_finite = candidate.split.any.iter().all(|one| one.bound.is_finite());
    if candidate.needs_condition() && !is_finite { Err(Left::Unwritable) } else { Ok(candidate) }
}

fn severity(checked: &Checked, context: &Context, manner: &Manner) -> Result<(String, Severity), Left> {
    let own = checked.written.labels.as_ref().and_then(|labels| labels.get("severity"));
    let of_group = checked.group.labels.as_ref().and_then(|labels| labels.get("severity"));
    if of_group.is_some() {
        return Err(Left::SeverityOfGroup);
    }
    let own = own.map(|label| label.value.to_string()).filter(|word| !word.is_empty());
    let word = own.or_else(|| manner.severity.clone()).ok_or(Left::NoSeverity)?;
    match context.severities.find(&word) {
        Some(severity) => Ok((word, severity.clone())),
        None if word.contains("{{") => Err(Left::SeverityFromTemplate),
        None => Err(Left::UnknownSeverity(word)),
    }
}

/// A label that the rule lays over one which tells its series apart. Calm series have no alert in a plain rule; with tiers
/// two of them would be one. A label that neither the query nor its result speaks of is taken to be the rule's own.
fn hidden_label(checked: &Checked) -> Option<String> {
    let expr = &checked.rule.queries[0].expr;
    let labels = expr.labels();
    let is_there = |name: &str| match &labels {
        LabelsOf::Only(names) => names.contains(name),
        LabelsOf::AnyBut(_) => labels.can_have(name) && expr.mentions(name),
    };
    let names = checked.rule.labels.iter().map(|(name, _)| name.to_string());
    names.into_iter().find(|name| is_there(name))
}
