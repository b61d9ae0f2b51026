//! Whether two rule files mean the same: their trees, key by key, and the rules that are compiled of them.

use super::Role;
use crate::diagnostics::{Findings, Place, SourceId, Sources};
use crate::promql::is_same_text;
use crate::rules::{Context, Entry, Rule, RuleSet, load_texts};
use crate::yaml::{self, Kind, Node};
use std::path::PathBuf;

/// Says where two texts differ in meaning, if they do.
pub(super) fn check(before: &str, after: &str) -> Result<(), String> {
    let (before, after) = (Read::new(before), Read::new(after));
    if before.documents.len() != after.documents.len() {
        return Err(format!("{} documents become {}", before.documents.len(), after.documents.len()));
    }
    for (one, other) in before.documents.iter().zip(&after.documents) {
        check_nodes(one, other, Role::File)?;
    }
    if before.messages != after.messages {
        return Err("it would be told other problems".into());
    }
    check_sets(&before.set, &after.set)
}

struct Read {
    documents: Vec<Node>,
    set: RuleSet,
    messages: Vec<String>,
}

impl Read {
    fn new(text: &str) -> Self {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let source: SourceId = sources.add("", text);
        let documents = yaml::parse(source, text, &mut findings);
        let mut findings = Findings::default();
        let texts = [(PathBuf::new(), text.into())];
        let set = load_texts(&texts, &Context::default(), &mut sources, &mut findings).set;
        let mut messages: Vec<String> = findings.iter().map(|finding| finding.message.clone()).collect();
        messages.sort();
        Read { documents, set, messages }
    }
}

fn check_nodes(one: &Node, other: &Node, role: Role) -> Result<(), String> {
    match (&one.kind, &other.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => {
            let is_expr = role == Role::Expr || role == Role::Query;
            let same = a.meaning() == b.meaning() && a.as_str() == b.as_str();
            let reads_same = is_expr && is_same_text(a.as_str(), b.as_str());
            if same || reads_same { Ok(()) } else { Err(format!("`{}` becomes `{}`", a.as_str(), b.as_str())) }
        }
        (Kind::Sequence(a), Kind::Sequence(b)) if a.len() == b.len() => {
            a.iter().zip(b).try_for_each(|(a, b)| check_nodes(a, b, role.of(None)))
        }
        (Kind::Mapping(a), Kind::Mapping(b)) if a.len() == b.len() => {
            let is_sorted = !role.order().is_empty();
            let key = |node: &Node| node.as_str().unwrap_or_default().to_owned();
            a.iter().zip(b).try_for_each(|((name, value), in_turn)| {
                let found = b.iter().find(|(other, _)| other.as_str() == name.as_str()).filter(|_| is_sorted);
                let (other_name, other) = found.unwrap_or(in_turn);
                if key(name) != key(other_name) {
                    return Err(format!("`{}` becomes `{}`", key(name), key(other_name)));
                }
                check_nodes(value, other, role.of(name.as_str()))
            })
        }
        _ => Err("a value becomes another kind of value".into()),
    }
}

fn check_sets(before: &RuleSet, after: &RuleSet) -> Result<(), String> {
    let shown = |set: &RuleSet| -> Vec<String> {
        let groups = set.groups.iter().flat_map(|group| {
            let head = format!("{:?}", (&group.name, &group.source, group.interval, group.query_offset, group.limit));
            std::iter::once(head).chain(group.rules.iter().map(shown_entry))
        });
        groups.collect()
    };
    let (before_shown, after_shown) = (shown(before), shown(after));
    let differing = before_shown.iter().zip(&after_shown).find(|(one, other)| one != other);
    match differing {
        Some((one, _)) => Err(format!("the compiled form differs: {one}")),
        None if before_shown.len() != after_shown.len() => Err("rules are lost".into()),
        None => check_exprs(before, after),
    }
}

/// Everything of a rule but where it stands and what it asks.
fn shown_entry(entry: &Entry) -> String {
    let nowhere = |place: Place| Place { start: 0, end: 0, ..place };
    match entry {
        Entry::Alert(rule) => {
            let rule = Rule { queries: Vec::new(), place: nowhere(rule.place), ..Rule::clone(rule) };
            format!("{rule:?}")
        }
        Entry::Record(record) => format!("{:?}", (&record.record, &record.labels, &record.disabled)),
    }
}

fn check_exprs(before: &RuleSet, after: &RuleSet) -> Result<(), String> {
    let (before, after) = (exprs(before), exprs(after));
    let pairs = before.iter().zip(&after);
    let differing = pairs.into_iter().find(|((name, one), (other, two))| name != other || !is_same_text(one, two));
    match differing {
        Some(((_, one), _)) => Err(format!("the query `{one}` becomes another")),
        None if before.len() != after.len() => Err("queries are lost".into()),
        None => Ok(()),
    }
}

fn exprs(set: &RuleSet) -> Vec<(String, String)> {
    let entries = set.groups.iter().flat_map(|group| &group.rules);
    let exprs = entries.flat_map(|entry| match entry {
        Entry::Alert(rule) => {
            let shown = |query: &crate::rules::Query| {
                (format!("{} {:?}", query.name, query.history), query.expr.text().to_string())
            };
            rule.queries.iter().map(shown).collect()
        }
        Entry::Record(record) => vec![(String::new(), record.expr.text().to_string())],
    });
    exprs.collect()
}
