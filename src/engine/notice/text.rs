//! One alert in a message: its labels as people see them, its bound, and its rendered texts.

use crate::engine::incident::Member;
use crate::engine::transition::{Cause, Origin, Subject};
use crate::engine::world::World;
use crate::model::{AlertId, Labels, Moment, Name, Severity, Span};
use crate::rules::template::{Answers, Data, Rendered, Template};
use crate::rules::{Bound, Condition, Kind, Rule};

/// One alert in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertText {
    /// The alert.
    pub alert: AlertId,
    /// Its name.
    pub name: Name,
    /// Its labels with `severity`, and the external labels where absent.
    pub labels: Labels,
    /// The rendered annotations, by name.
    pub annotations: Vec<(Name, String)>,
    /// The title of its tier, if it has one.
    pub title: Option<String>,
    /// Its severity.
    pub severity: Severity,
    /// The value, `NaN` where there is none.
    pub value: f64,
    /// The unit of the value.
    pub unit: Option<Name>,
    /// The bound as written, empty where there is none.
    pub threshold: String,
    /// The expression whose value is shown.
    pub expr: Option<Name>,
    /// When it began to fire, by the wall clock.
    pub since: Moment,
    /// When it ended, if it has, by the wall clock.
    pub ended: Option<Moment>,
    /// What moved it last, in words, where it was not simply its condition.
    pub note: Option<String>,
}

impl Member {
    /// Renders what a message says of this alert at `at`, its times by the wall clock.
    pub(super) fn text(
        &self,
        world: &World,
        at: Moment,
        skew: Span,
        answers: &Answers,
    ) -> Result<AlertText, Vec<(Name, String)>> {
        let subject = &self.subject;
        let rule = subject.origin.rule().and_then(|id| world.rule(id));
        let mut text = AlertText {
            alert: subject.alert,
            name: subject.labels.find("alertname").cloned().unwrap_or_default(),
            labels: shown_labels(world, subject),
            annotations: Vec::new(),
            title: None,
            severity: subject.severity.clone(),
            value: subject.value,
            unit: rule.and_then(|rule| rule.unit.clone()),
            threshold: rule.map(|rule| threshold(rule, subject)).unwrap_or_default(),
            expr: rule.and_then(|rule| rule.queries.get(rule.value)).map(|query| query.expr.text().clone()),
            since: subject.since - skew,
            ended: self.ended.map(|ended| ended - skew),
            note: note(&self.cause, self.ended.is_some(), subject.value, skew),
        };
        match &subject.origin {
            Origin::Watchbell(summary) => text.annotations.push(("summary".into(), summary.clone())),
            Origin::Posted { annotations, .. } => {
                text.annotations.extend(annotations.iter().map(|(name, text)| (name.clone(), text.to_string())));
            }
            Origin::Rule(_) => {}
        }
        if let Some(rule) = rule {
            self.render_into(&mut text, world, rule, (at, skew), answers)?;
        }
        Ok(text)
    }

    fn render_into(
        &self,
        text: &mut AlertText,
        world: &World,
        rule: &Rule,
        (at, skew): (Moment, Span),
        answers: &Answers,
    ) -> Result<(), Vec<(Name, String)>> {
        let data = template_data(world, rule, self, &text.labels, &text.threshold, (at, skew));
        let tier = rule.tiers_for(&self.subject.series).iter().find(|tier| tier.severity == self.subject.severity);
        let over = tier.map(|tier| tier.annotations.as_slice()).unwrap_or_default();
        let under = rule.annotations.iter().filter(|(name, _)| !over.iter().any(|(other, _)| other == name));
        let mut wanted = Vec::new();
        let mut rendered = |template: &Template| match template.render_or_error_text(&rule.alert, &data, answers) {
            Rendered::Text(text) => Some(text),
            Rendered::Wants(queries) => {
                wanted.extend(queries);
                None
            }
        };
        let mut annotations = Vec::with_capacity(rule.annotations.len() + over.len());
        for (name, template) in under.chain(over) {
            annotations.extend(rendered(template).map(|text| (name.clone(), text)));
        }
        let title = tier.and_then(|tier| tier.title.as_ref()).and_then(&mut rendered);
        if !wanted.is_empty() {
            let source = world.group_of(rule.id).map_or_else(|| "".into(), |group| group.source.clone());
            return Err(wanted.into_iter().map(|query| (source.clone(), query)).collect());
        }
        annotations.sort_by(|a, b| a.0.cmp(&b.0));
        (text.annotations, text.title) = (annotations, title);
        Ok(())
    }
}

/// What templates may speak of, for one alert of an incident, at a moment when the clock has a skew.
pub(in crate::engine) fn template_data<'a>(
    world: &'a World,
    rule: &'a Rule,
    member: &'a Member,
    labels: &'a Labels,
    threshold: &'a str,
    (at, skew): (Moment, Span),
) -> Data<'a> {
    Data {
        labels: if rule.kind == Kind::Plain { &member.subject.series } else { labels },
        value: member.subject.value,
        external_labels: &world.settings.external_labels,
        external_url: &world.settings.external_url,
        threshold,
        severity: member.subject.severity.name(),
        unit: rule.unit.as_deref().unwrap_or_default(),
        active_at: member.subject.active.slot(skew),
        now: at.slot(skew),
    }
}

/// The labels of an alert that messages show: with its severity, and the external labels where absent.
#[must_use]
pub fn shown_labels(world: &World, subject: &Subject) -> Labels {
    let labels = subject.labels.overlaid_under(&world.settings.external_labels);
    match &subject.origin {
        Origin::Rule(id) => with_severity(&labels, world.rule(*id).map(|rule| &**rule), &subject.severity),
        // Whoever wrote matchers for what is posted wrote them for these very words.
        Origin::Posted { .. } if subject.labels.find("severity").is_some() => labels,
        Origin::Posted { .. } | Origin::Watchbell(_) => with_severity(&labels, None, &subject.severity),
    }
}

/// The labels of an alert that matchers see: as they are shown, and with the severity at which it fires where nobody gave it a word
/// for that.
#[must_use]
pub fn matched_labels(world: &World, subject: &Subject) -> Labels {
    let labels = shown_labels(world, subject);
    let has_a_word = labels.find("severity").is_some();
    if has_a_word { labels } else { labels.with("severity", subject.severity.name().clone()) }
}

/// A plain rule keeps the `severity` that its author gave it; a rule with tiers shows the tier's.
#[must_use]
pub fn with_severity(labels: &Labels, rule: Option<&Rule>, severity: &Severity) -> Labels {
    match rule {
        Some(rule) if rule.kind == Kind::Plain => labels.clone(),
        Some(_) | None => labels.with("severity", severity.name().clone()),
    }
}

/// The bound of the tier at which `subject` fires, as written.
pub(in crate::engine) fn threshold(rule: &Rule, subject: &Subject) -> String {
    let tiers = rule.tiers_for(&subject.series);
    let tier = tiers.iter().find(|tier| tier.severity == subject.severity);
    match tier.map(|tier| &tier.condition) {
        Some(Condition::Bound(bound)) => bound_text(*bound),
        Some(Condition::Present | Condition::When(_)) | None => String::new(),
    }
}

/// The numbers of a bound, as a template shows them.
#[must_use]
pub fn bound_text(bound: Bound) -> String {
    bound.numbers().iter().map(ToString::to_string).collect::<Vec<_>>().join("–")
}

/// What a reader must know beside the value: that it is not the condition that speaks.
fn note(cause: &Cause, ended: bool, value: f64, skew: Span) -> Option<String> {
    let last = if value.is_nan() { String::new() } else { format!(", last value {value}") };
    match cause {
        Cause::Condition => None,
        Cause::NoData { since } => Some(format!("no data since {}{last}", *since - skew)),
        Cause::NoDataEnd { since } => {
            Some(format!("ended without data since {}{last}; this is not a resolution", *since - skew))
        }
        Cause::QueryFails => Some("the rule's query fails".into()),
        Cause::RuleRemoved => Some("the rule was removed".into()),
        Cause::RuleChanged if ended => Some("the rule was changed and no longer makes this alert".into()),
        Cause::RuleChanged => Some("the rule was changed".into()),
        Cause::UnknownSeverity(unknown) => Some(unknown.to_string()),
        Cause::SenderEnded => Some("its sender says that it has ended".into()),
        Cause::Unconfirmed { since } => {
            Some(format!("not confirmed since {}; this is not a resolution", *since - skew))
        }
    }
}
