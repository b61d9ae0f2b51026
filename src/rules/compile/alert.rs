//! Alerting rules: everything but their conditions, which are `tiers.rs`'s and `exceptions.rs`'s.

use super::group::Surroundings;
use super::queries::Asked;
use super::tiers::{Defaults, TierCompiler};
use super::{Compiler, absence, exceptions, name_of, names, queries, tiers};
use crate::diagnostics::{Place, Spanned, Text, codes};
use crate::model::{Name, RuleId, Severity, Span};
use crate::rules::rule::{Condition, InhibitedBy, Kind, Rule, Tier};
use crate::rules::template::Template;
use crate::rules::written;
use crate::yaml::{Entries, ScalarOr};
use std::sync::Arc;

/// How long a series stays known after it is gone, where nobody says.
const FORGET_AFTER: Span = Span::from_hours(24);

pub(super) fn compile(rule: &written::Rule, group: &Surroundings<'_>, compiler: &mut Compiler<'_>) -> Option<Rule> {
    let alert = rule.alert.as_ref()?;
    let kind = if rule.tiers.is_some() || rule.queries.is_some() { Kind::Extended } else { Kind::Plain };
    let labels = labels(rule, group, kind, compiler);
    let annotations = templates(rule.annotations.as_ref(), compiler);
    names::check_annotations(rule.annotations.as_ref(), compiler);
    let queries = queries::compile(rule, alert, kind, compiler);
    let defaults = defaults(rule, group, compiler);
    let unit = rule.unit.as_ref();
    let target = rule.target.as_ref().and_then(|target| tiers::target(target, unit, compiler));
    check_others(rule, compiler);
    let disabled = disabled(rule, compiler);
    let mut tier_compiler =
        TierCompiler { queries: queries.as_ref(), unit, defaults: &defaults, interval: group.interval };
    let tiers = match kind {
        Kind::Plain => vec![plain_tier(severity(&labels, rule, group, compiler), &defaults)],
        Kind::Extended => tier_compiler.compile_all(rule, alert, compiler),
    };
    let severities: Vec<Severity> = tiers.iter().map(|tier| tier.severity.clone()).collect();
    let tiers: Arc<[Tier]> = tiers.into();
    let exceptions = exceptions::compile(rule, kind, &tiers, target, &mut tier_compiler, compiler);
    let no_data = absence::no_data(rule, group.written, kind, &severities, compiler);
    let on_error = absence::on_error(rule, group.written, compiler);
    let Asked { queries, join, value } = queries?;
    Some(Rule {
        id: identity(rule, &group.written.name.value, &alert.value, &labels),
        given_id: rule.id.as_ref().map(|id| name_of(&id.value)),
        moved_from: moved_from(rule),
        alert: name_of(&alert.value),
        kind,
        queries,
        join,
        value,
        unit: unit.map(|unit| name_of(&unit.value)),
        target,
        tiers,
        exceptions,
        labels,
        annotations,
        no_data,
        on_error,
        identity: rule
            .identity
            .as_ref()
            .map(|identity| identity.value.iter().map(|name| name_of(&name.value)).collect()),
        forget_after: rule.forget_after.or(group.written.forget_after).map_or(FORGET_AFTER, |span| span.value.0),
        policy: rule.policy.as_ref().or(group.written.policy.as_ref()).map(|policy| name_of(&policy.value)),
        inhibited_by: inhibited_by(rule),
        disabled,
        place: alert.place,
    })
}

/// The labels as written: the group's that the rule does not set itself, then the rule's.
pub(super) fn merged_labels<'a>(
    group: Option<&'a Entries<Text>>,
    rule: Option<&'a Entries<Text>>,
) -> Vec<&'a (Spanned<String>, Text)> {
    let own = rule.into_iter().flatten();
    let is_own = |name: &str| rule.is_some_and(|rule| rule.get(name).is_some());
    let inherited = group.into_iter().flatten().filter(|(name, _)| !is_own(&name.value));
    inherited.chain(own).collect()
}

fn labels(
    rule: &written::Rule,
    group: &Surroundings<'_>,
    kind: Kind,
    compiler: &mut Compiler<'_>,
) -> Vec<(Name, Template)> {
    names::check_labels(rule.labels.as_ref(), compiler);
    let merged = merged_labels(group.written.labels.as_ref(), rule.labels.as_ref());
    for (name, text) in &merged {
        if name.value == "severity" && kind == Kind::Extended {
            refuse_severity(name, rule, compiler);
        }
        if name.value == "alertname" {
            compiler
                .warn(codes::WB063, "the label `alertname` is always the name of the rule", name.place, "")
                .see(text.place, "this text is never seen")
                .help("delete it, or rename the rule");
        }
    }
    let meant = merged.iter().map(|(name, text)| (name_of(&name.value), compiler.template(text)));
    meant.filter_map(|(name, template)| Some((name, template?))).collect()
}

fn refuse_severity(name: &Spanned<String>, rule: &written::Rule, compiler: &mut Compiler<'_>) {
    let tiers = rule.tiers.as_ref().and_then(|tiers| tiers.0.first()).map(|(name, _)| name.place);
    let finding = compiler.error(codes::WB039, "a rule with tiers has no `severity` label of its own", name.place, "");
    finding.help("delete it: the severity is that of the highest firing tier");
    if let Some(place) = tiers {
        finding.see(place, "the tiers say it");
    }
}

pub(super) fn templates(texts: Option<&Entries<Text>>, compiler: &mut Compiler<'_>) -> Vec<(Name, Template)> {
    let meant = texts.into_iter().flatten().map(|(name, text)| (name_of(&name.value), compiler.template(text)));
    meant.filter_map(|(name, template)| Some((name, template?))).collect()
}

/// What tiers take from their rule where they say nothing.
fn defaults(rule: &written::Rule, group: &Surroundings<'_>, compiler: &mut Compiler<'_>) -> Defaults {
    Defaults {
        hold: rule.hold.map_or(Span::ZERO, |hold| hold.value.0),
        keep: rule.keep_firing_for.or(group.written.keep_firing_for).map_or(Span::ZERO, |keep| keep.value.0),
        title: rule.title.as_ref().and_then(|title| compiler.template(title)),
        actions: tiers::actions(rule.actions.as_deref(), compiler).unwrap_or_default(),
    }
}

fn plain_tier(severity: Severity, defaults: &Defaults) -> Tier {
    Tier {
        severity,
        condition: Condition::Present,
        threshold: name_of(""),
        clear: None,
        hold: defaults.hold,
        keep: defaults.keep,
        title: defaults.title.clone(),
        annotations: Vec::new(),
        actions: defaults.actions.clone(),
    }
}

/// The severity of a plain rule: what its label says, in the words of the configuration.
fn severity(
    labels: &[(Name, Template)],
    rule: &written::Rule,
    group: &Surroundings<'_>,
    compiler: &mut Compiler<'_>,
) -> Severity {
    let severities = &compiler.context.severities;
    let default = severities.default_severity().clone();
    let Some((_, template)) = labels.iter().find(|(name, _)| &**name == "severity") else { return default };
    let found = template.constant().and_then(|text| severities.find(text)).cloned();
    if let Some(severity) = found {
        return severity;
    }
    let merged = merged_labels(group.written.labels.as_ref(), rule.labels.as_ref());
    let place =
        merged.iter().find(|(name, _)| name.value == "severity").map_or(compiler.start(), |(_, text)| text.place);
    match template.constant() {
        Some("") => {}
        Some(text) => {
            let known: Vec<String> = severities.iter().map(|severity| format!("`{severity}`")).collect();
            let message = format!("no severity is called `{text}`; it counts as `{default}`");
            let help = format!("the configuration knows {}; an alias there can say what it means", known.join(", "));
            compiler.warn(codes::WB038, message, place, "").help(help);
        }
        None => {
            let message = format!("the severity comes from a template; it counts as `{default}` for escalation");
            compiler.warn(codes::WB062, message, place, "").help("give the rule tiers instead");
        }
    }
    default
}

fn check_others(rule: &written::Rule, compiler: &mut Compiler<'_>) {
    names::check_known(rule.policy.as_ref(), "policy", compiler);
    for label in rule.identity.iter().flat_map(|identity| &identity.value) {
        names::check_label(label, compiler);
    }
    for inhibitor in rule.inhibited_by.iter().flatten() {
        if Some(&inhibitor.alert.value) == rule.alert.as_ref().map(|alert| &alert.value) {
            compiler.error(codes::WB050, "an alert cannot keep itself back", inhibitor.alert.place, "");
        }
    }
    for (key, empty) in [("id", rule.id.as_ref()), ("unit", rule.unit.as_ref())] {
        if let Some(name) = empty.filter(|name| name.value.is_empty()) {
            compiler.error(codes::WB033, format!("`{key}` must not be empty"), name.place, "");
        }
    }
}

/// Why the rule is switched off, if it is.
pub(super) fn disabled(rule: &written::Rule, compiler: &mut Compiler<'_>) -> Option<Name> {
    let off = rule.enabled.filter(|enabled| !enabled.value);
    match (off, &rule.because) {
        (Some(off), None) => {
            let finding = compiler.warn(codes::WB053, "the rule is switched off, and nobody says why", off.place, "");
            finding.help("say why in `because:`");
            Some(name_of(""))
        }
        (Some(off), Some(because)) => {
            let message = format!("the rule is switched off: {}", because.value);
            compiler.warn(codes::WB053, message, off.place, "");
            Some(name_of(&because.value))
        }
        (None, Some(because)) => {
            compiler
                .error(codes::WB034, "`because` says why a rule is switched off, and this one is on", because.place, "")
                .help("add `enabled: false`, or make it a comment");
            None
        }
        (None, None) => None,
    }
}

fn moved_from(rule: &written::Rule) -> Vec<Name> {
    match &rule.moved_from {
        None => Vec::new(),
        Some(ScalarOr::Scalar(one)) => vec![name_of(&one.value)],
        Some(ScalarOr::Collection(several)) => several.iter().map(|one| name_of(&one.value)).collect(),
    }
}

fn inhibited_by(rule: &written::Rule) -> Vec<InhibitedBy> {
    let inhibitors = rule.inhibited_by.iter().flatten().map(|inhibitor| InhibitedBy {
        alert: name_of(&inhibitor.alert.value),
        equal: inhibitor.equal.iter().flatten().map(|label| name_of(&label.value)).collect(),
    });
    inhibitors.collect()
}

/// The identity of the first rule of this kind; `join.rs` numbers the others.
fn identity(rule: &written::Rule, group: &str, alert: &str, labels: &[(Name, Template)]) -> RuleId {
    if let Some(id) = &rule.id {
        return RuleId::derive(&["id", &id.value]);
    }
    let mut fixed: Vec<(&str, &str)> = Vec::new();
    fixed.extend(labels.iter().filter_map(|(name, template)| Some((&**name, template.constant()?))));
    fixed.sort_unstable();
    let mut parts = vec!["rule", group, alert];
    parts.extend(fixed.into_iter().flat_map(|(name, value)| [name, value]));
    RuleId::derive(&parts)
}

impl Compiler<'_> {
    /// The start of the file, for what has no better place.
    fn start(&self) -> Place {
        Place { source: self.source, start: 0, end: 0 }
    }
}
