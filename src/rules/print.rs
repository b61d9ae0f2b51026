//! Plain rules written back as a Prometheus rule file.

use super::rule::{Entry, Group, Kind, Record, Rule, RuleSet};
use super::template::Template;
use crate::model::{Name, Span, duration_text};
use serde_yaml::{Mapping, Value};

/// Why rules cannot be written as Prometheus has them.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// Prometheus has nothing like tiers.
    #[error("the rule `{0}` has tiers, queries or exceptions, which Prometheus does not know")]
    NotPlain(Name),
    /// The YAML could not be written.
    #[error("the rules could not be written as YAML")]
    Yaml(#[source] serde_yaml::Error),
}

/// The rules of `file` as a Prometheus rule file with the same meaning. Labels of groups have become labels of their rules.
///
/// # Errors
/// See [`PrintError`].
pub fn print_prometheus(set: &RuleSet, file: &str) -> Result<String, PrintError> {
    let groups = set.groups.iter().filter(|group| &*group.file == file).map(|group| print_group(group));
    let groups = groups.collect::<Result<Vec<Value>, _>>()?;
    serde_yaml::to_string(&mapping([("groups", Value::Sequence(groups))])).map_err(PrintError::Yaml)
}

fn print_group(group: &Group) -> Result<Value, PrintError> {
    let mut printed = mapping([("name", text(&group.name)), ("interval", duration(group.interval))]);
    if !group.query_offset.is_zero() {
        printed.insert(text("query_offset"), duration(group.query_offset));
    }
    if group.limit > 0 {
        printed.insert(text("limit"), Value::from(group.limit));
    }
    let rules = group.rules.iter().map(print_entry).collect::<Result<Vec<Value>, _>>()?;
    printed.insert(text("rules"), Value::Sequence(rules));
    Ok(Value::Mapping(printed))
}

fn print_entry(entry: &Entry) -> Result<Value, PrintError> {
    match entry {
        Entry::Alert(rule) => print_alert(rule).map(Value::Mapping),
        Entry::Record(record) => Ok(Value::Mapping(print_record(record))),
    }
}

fn print_record(record: &Record) -> Mapping {
    let mut printed = mapping([("record", text(&record.record)), ("expr", text(record.expr.text()))]);
    if !record.labels.is_empty() {
        let labels = record.labels.iter().map(|(name, value)| (text(name), text(value)));
        printed.insert(text("labels"), Value::Mapping(labels.collect()));
    }
    printed
}

fn print_alert(rule: &Rule) -> Result<Mapping, PrintError> {
    let ([query], [tier], Kind::Plain, []) = (&*rule.queries, &*rule.tiers, rule.kind, &*rule.exceptions) else {
        return Err(PrintError::NotPlain(rule.alert.clone()));
    };
    let mut printed = mapping([("alert", text(&rule.alert)), ("expr", text(query.expr.text()))]);
    for (key, span) in [("for", tier.hold), ("keep_firing_for", tier.keep)] {
        if !span.is_zero() {
            printed.insert(text(key), duration(span));
        }
    }
    for (key, templates) in [("labels", &rule.labels), ("annotations", &rule.annotations)] {
        if !templates.is_empty() {
            printed.insert(text(key), print_templates(templates));
        }
    }
    Ok(printed)
}

fn print_templates(templates: &[(Name, Template)]) -> Value {
    Value::Mapping(templates.iter().map(|(name, template)| (text(name), text(template.text()))).collect())
}

fn mapping<const N: usize>(entries: [(&str, Value); N]) -> Mapping {
    entries.into_iter().map(|(key, value)| (text(key), value)).collect()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn duration(span: Span) -> Value {
    text(&duration_text::format(span))
}
