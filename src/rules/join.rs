//! What only all files together can tell: identities, inhibition in a circle, the history budget.
//!
//! This is the cheap pass after every reload; what takes time is done file by file, and kept for files that did not change.

use super::Context;
use super::circle::Circles;
use super::compile::Compiled;
use super::rule::{Entry, Kind, Rule, RuleSet};
use crate::diagnostics::{Findings, Place, codes};
use crate::model::RuleId;
use std::collections::HashMap;
use std::sync::Arc;

/// Makes one rule set of all files, in their order.
pub(super) fn join<'a>(
    files: impl IntoIterator<Item = &'a Compiled> + Clone,
    context: &Context,
    findings: &mut Findings,
) -> RuleSet {
    let mut set = RuleSet { groups: files.clone().into_iter().flat_map(|file| file.groups.iter().cloned()).collect() };
    number_repeated(&mut set, findings);
    check_inhibition(files, findings);
    check_history(&set, context, findings);
    check_moves(&set, findings);
    warn_of_nowhere(&set, context, findings);
    set
}

/// Gives plain rules that are written several times an identity each: the n-th stays the n-th. Extended ones may not repeat.
fn number_repeated(set: &mut RuleSet, findings: &mut Findings) {
    let mut seen: HashMap<RuleId, (usize, Arc<Rule>)> = HashMap::new();
    for group in &mut set.groups {
        let mut renamed: Vec<(usize, RuleId)> = Vec::new();
        for (index, entry) in group.rules.iter().enumerate() {
            let Entry::Alert(rule) = entry else { continue };
            let (times, first) = seen.entry(rule.id).or_insert_with(|| (0, rule.clone()));
            *times += 1;
            if *times > 1 {
                renamed.push((index, RuleId::derive(&["repeated", &rule.id.to_string(), &times.to_string()])));
                check_may_repeat(rule, first, findings);
            }
        }
        if renamed.is_empty() {
            continue;
        }
        let group = Arc::make_mut(group);
        for (index, id) in renamed {
            if let Entry::Alert(rule) = &mut group.rules[index] {
                Arc::make_mut(rule).id = id;
            }
        }
    }
}

fn check_may_repeat(rule: &Rule, first: &Rule, findings: &mut Findings) {
    let is_plain = |rule: &Rule| rule.kind == Kind::Plain && rule.given_id.is_none();
    if is_plain(rule) && is_plain(first) {
        return;
    }
    let (message, help) = match &rule.given_id {
        Some(id) => (format!("the id `{id}` is given twice"), "give each rule an id of its own"),
        None => (
            format!("two rules are `{}` with the same group and labels", rule.alert),
            "their timers would be one: give one of them an `id:`, another name or another label",
        ),
    };
    findings.error(codes::WB048, message).at(rule.place, "").see(first.place, "the first one").help(help);
}

/// An alert that is kept back by one that it keeps back itself would silence both.
fn check_inhibition<'a>(files: impl IntoIterator<Item = &'a Compiled>, findings: &mut Findings) {
    let inhibitions: Vec<_> = files.into_iter().flat_map(|file| &file.inhibitions).collect();
    let circles = Circles::of(inhibitions.iter().map(|(alert, by, _)| (&**alert, &**by)));
    for (alert, by, place) in inhibitions.iter().filter(|(alert, by, _)| alert != by) {
        if circles.joins(by, alert) {
            let message = format!("`{alert}` is kept back by `{by}`, which is kept back by it");
            findings
                .error(codes::WB050, message)
                .at(*place, "the circle goes through here")
                .help("nobody would hear of either: let one of them go first");
        }
    }
}

/// How many samples one series of each query may keep is bounded before any series is known.
fn check_history(set: &RuleSet, context: &Context, findings: &mut Findings) {
    let mut total: u64 = 0;
    for group in &set.groups {
        let interval = group.interval.millis().max(1);
        for rule in group.alerts() {
            let samples = rule.queries.iter().map(|query| (query.history.millis() + interval - 1) / interval);
            total = total.saturating_add(samples.map(|count| u64::try_from(count).unwrap_or(0)).sum());
            if total > context.history_max_samples {
                let message = format!(
                    "up to here the rules keep {total} samples for one series of each query; `history_max_samples` is {}",
                    context.history_max_samples
                );
                let help = "shorten `history`, lengthen the interval of the group, or raise the limit";
                findings.error(codes::WB051, message).at(rule.place, "").help(help);
                return;
            }
        }
    }
}

/// Watchbell stores no series itself. One word for all of them is enough.
fn warn_of_nowhere(set: &RuleSet, context: &Context, findings: &mut Findings) {
    if !context.records_go_nowhere {
        return;
    }
    let mut records = set.groups.iter().flat_map(|group| &group.rules).filter_map(|entry| match entry {
        Entry::Record(record) if record.disabled.is_none() => Some(record.place),
        Entry::Record(_) | Entry::Alert(_) => None,
    });
    let Some(first) = records.next() else { return };
    let (message, label) = match records.count() {
        0 => ("the recording rule is not evaluated".to_owned(), ""),
        others => (format!("the {} recording rules are not evaluated", others + 1), "the first one"),
    };
    findings
        .warn(codes::WB052, message)
        .at(first, label)
        .help("the configuration has no `remote_write`; leave them to Prometheus, or say where series go");
}

/// State cannot be carried over from a rule that is still there.
fn check_moves(set: &RuleSet, findings: &mut Findings) {
    let movers = || set.groups.iter().flat_map(|group| group.alerts()).filter(|rule| !rule.moved_from.is_empty());
    if movers().next().is_none() {
        return;
    }
    let mut present: HashMap<String, Place> = HashMap::new();
    for group in &set.groups {
        for rule in group.alerts() {
            let name = rule.given_id.as_deref().map_or_else(|| format!("{}/{}", group.name, rule.alert), str::to_owned);
            present.entry(name).or_insert(rule.place);
        }
    }
    for rule in movers() {
        for from in &rule.moved_from {
            if let Some(place) = present.get(&**from) {
                findings
                    .warn(codes::WB067, format!("`moved_from` names `{from}`, which is still there"))
                    .at(rule.place, "")
                    .see(*place, "this rule keeps its state itself")
                    .help("delete the old rule, or `moved_from`");
            }
        }
    }
}
