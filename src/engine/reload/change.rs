//! What a reload changed, rule by rule: whether a rule means something else, and what is said of it.
//!
//! Where a rule stands in its file is no change, nor is what stands around it.

use super::Standing;
use crate::model::Name;
use crate::rules::{Exception, Group, Record, Rule, RuleSet};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a reload did to one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added(RuleRef),
    /// It is gone; so many of its alerts ended.
    Removed(RuleRef, usize),
    /// It is the same rule and means something else; so many alerts were kept.
    Changed {
        /// The rule.
        rule: RuleRef,
        /// What it was called, where that was something else.
        was: Option<RuleRef>,
        /// How many alerts were kept.
        kept: usize,
    },
}

/// A rule as a log line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRef {
    /// Its group.
    pub group: Name,
    /// Its alert name, or the series that it records.
    pub name: Name,
}

/// So many rules of one kind are named in a sentence; each has a line of its own in the log.
const NAMED: usize = 10;

impl RuleRef {
    /// An alerting rule.
    pub(super) fn of((group, rule): Standing<'_>) -> Self {
        RuleRef { group: group.name.clone(), name: rule.alert.clone() }
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.name)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Added(rule) => write!(f, "rule {rule} is new"),
            Change::Removed(rule, ended) => write!(f, "rule {rule} is gone; {ended} alerts ended"),
            Change::Changed { rule, was: None, kept } => write!(f, "rule {rule} has changed; {kept} alerts kept"),
            Change::Changed { rule, was: Some(was), kept } => {
                write!(f, "rule {rule} has changed, and was {was}; {kept} alerts kept")
            }
        }
    }
}

impl Change {
    /// What happened, in one word.
    fn word(&self) -> &'static str {
        match self {
            Change::Added(_) => "added",
            Change::Removed(..) => "removed",
            Change::Changed { .. } => "changed",
        }
    }

    fn rule(&self) -> &RuleRef {
        match self {
            Change::Added(rule) | Change::Removed(rule, _) | Change::Changed { rule, .. } => rule,
        }
    }
}

/// All changes in one sentence: which rules were added, removed and changed.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    let kinds = ["added", "removed", "changed"].into_iter().filter_map(|word| {
        let names: Vec<String> =
            changes.iter().filter(|change| change.word() == word).map(|change| change.rule().to_string()).collect();
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = names[..names.len().min(NAMED)].join(", ");
        (!names.is_empty()).then(|| format!("{word} {} ({named}{more})", names.len()))
    });
    let kinds: Vec<String> = kinds.collect();
    if kinds.is_empty() { "no rule has changed".into() } else { format!("rules: {}", kinds.join(", ")) }
}

/// What became of a rule that was found again, and keeps so many alerts; nothing where it means what it meant.
pub(super) fn found_again(old: Standing<'_>, new: Standing<'_>, kept: impl FnOnce() -> usize) -> Option<Change> {
    // What was not read anew is itself: there may be many thousands.
    if Arc::ptr_eq(old.0, new.0) && Arc::ptr_eq(old.1, new.1) {
        return None;
    }
    let (was, rule) = (RuleRef::of(old), RuleRef::of(new));
    let is_same = was == rule && means_the_same(old.1, new.1) && runs_the_same(old.0, new.0);
    (!is_same).then(|| Change::Changed { was: (was != rule).then_some(was), rule, kept: kept() })
}

/// Whether two groups evaluate what stands in them alike.
fn runs_the_same(old: &Group, new: &Group) -> bool {
    (&old.source, old.interval, old.query_offset, old.limit) == (&new.source, new.interval, new.query_offset, new.limit)
}

/// Whether two rules decide and say the same. Every field is named here, so that a new one has to be thought of; `NaN` in a
/// bound is equal to nothing, and such a rule is said to have changed.
fn means_the_same(old: &Rule, new: &Rule) -> bool {
    let Rule {
        // It follows from the others, and from what else is in the files.
        id: _,
        given_id,
        // How it is found again, which it was.
        moved_from: _,
        alert,
        kind,
        queries,
        join,
        value,
        unit,
        target,
        tiers,
        exceptions,
        labels,
        annotations,
        no_data,
        on_error,
        identity,
        forget_after,
        policy,
        inhibited_by,
        disabled,
        place: _,
    } = old;
    let asks = (given_id, alert, kind, queries, join, value)
        == (&new.given_id, &new.alert, &new.kind, &new.queries, &new.join, &new.value);
    let decides =
        (unit, target, tiers) == (&new.unit, &new.target, &new.tiers) && are_alike(exceptions, &new.exceptions);
    let says =
        (labels, annotations, policy, inhibited_by) == (&new.labels, &new.annotations, &new.policy, &new.inhibited_by);
    let waits = (no_data, on_error, identity, forget_after, disabled)
        == (&new.no_data, &new.on_error, &new.identity, &new.forget_after, &new.disabled);
    asks && decides && says && waits
}

fn are_alike(old: &[Exception], new: &[Exception]) -> bool {
    let is_alike = |(old, new): (&Exception, &Exception)| {
        (&old.matchers, &old.tiers, &old.target) == (&new.matchers, &new.tiers, &new.target)
    };
    old.len() == new.len() && old.iter().zip(new).all(is_alike)
}

/// What became of recording rules. They have no alerts to keep, so those of one name in one group are told apart by what they
/// say: what is there word for word has not changed, and the rest goes by its place.
pub(super) fn of_records(old: &RuleSet, new: &RuleSet) -> Vec<Change> {
    let (before, mut after) = (records(old), records(new));
    let mut changes = Vec::new();
    for (name, before) in before {
        let now = after.remove(&name).unwrap_or_default();
        changes.extend(of_one_name(&name, before, now));
    }
    changes.extend(after.into_iter().flat_map(|(name, now)| of_one_name(&name, Vec::new(), now)));
    changes
}

type Recording<'a> = (&'a Arc<Group>, &'a Arc<Record>);

fn records(rules: &RuleSet) -> BTreeMap<(Name, Name), Vec<Recording<'_>>> {
    let mut named: BTreeMap<(Name, Name), Vec<Recording<'_>>> = BTreeMap::new();
    for group in &rules.groups {
        for record in group.records().filter(|record| record.disabled.is_none()) {
            named.entry((group.name.clone(), record.record.clone())).or_default().push((group, record));
        }
    }
    named
}

fn of_one_name(name: &(Name, Name), mut old: Vec<Recording<'_>>, mut new: Vec<Recording<'_>>) -> Vec<Change> {
    let is_same = |old: &Recording<'_>, new: &Recording<'_>| {
        (&old.1.expr, &old.1.labels) == (&new.1.expr, &new.1.labels) && runs_the_same(old.0, new.0)
    };
    old.retain(|old| {
        let place = new.iter().position(|new| is_same(old, new));
        place.map(|place| new.remove(place)).is_none()
    });
    let rule = || RuleRef { group: name.0.clone(), name: name.1.clone() };
    let both = old.len().min(new.len());
    let changed = (0..both).map(|_| Change::Changed { rule: rule(), was: None, kept: 0 });
    let removed = (both..old.len()).map(|_| Change::Removed(rule(), 0));
    let added = (both..new.len()).map(|_| Change::Added(rule()));
    changed.chain(removed).chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Findings, Sources};
    use crate::engine::reload::{enabled, pair};
    use crate::rules::{Context, load_texts};

    fn rules(text: &str) -> RuleSet {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        load_texts(&[("r.yaml".into(), text.into())], &Context::default(), &mut sources, &mut findings).set
    }

    /// What is said of each rule that is found again.
    fn told(before: &str, after: &str) -> Vec<String> {
        let (before, after) = (rules(before), rules(after));
        let pairs = pair(enabled(&before), enabled(&after)).into_iter();
        let changes = pairs.filter_map(|(old, new)| found_again(old, new?, || 0)).chain(of_records(&before, &after));
        changes.map(|change| change.to_string()).collect()
    }

    const RULES: &str = r#"groups:
  - name: g
    interval: 30s
    rules:
      - { alert: A, expr: a, tiers: { high: { above: 5, for: 1m }, low: { above: 1 } }, exceptions: [{ match: 'x="1"', tiers: { high: { above: 9 } } }] }
      - { alert: B, expr: b > 1, labels: { severity: high }, annotations: { summary: "b is {{ $value }}" } }
      - { record: c:sum, expr: sum(c) }
      - { record: c:sum, expr: sum(d), labels: { of: d } }
"#;

    #[test]
    fn a_rule_that_only_moved_in_its_file_has_not_changed() {
        let moved =
            RULES.replace("groups:\n", "# What is watched.\n\ngroups:\n").replace("{ alert: A, ", "{ alert: A,   ");
        assert_eq!(told(RULES, &moved), Vec::<String>::new());
    }

    #[test]
    fn each_change_is_told_of_its_rule_and_of_no_other() {
        let a = "rule g/A has changed; 0 alerts kept";
        let b = "rule g/B has changed; 0 alerts kept";
        for (from, to, said) in [
            ("above: 5", "above: 6", vec![a]),
            ("for: 1m", "for: 2m", vec![a]),
            ("above: 9", "above: 8", vec![a]),
            ("x=\"1\"", "x=\"2\"", vec![a]),
            ("b > 1", "b > 2", vec![b]),
            ("b is {{", "b was {{", vec![b]),
            ("sum(c)", "sum(e)", vec!["rule g/c:sum has changed; 0 alerts kept"]),
            ("      - { record: c:sum, expr: sum(c) }\n", "", vec!["rule g/c:sum is gone; 0 alerts ended"]),
            ("{ of: d } }", "{ of: d } }\n      - { record: f, expr: f }", vec!["rule g/f is new"]),
        ] {
            assert_ne!(RULES.replace(from, to), RULES);
            assert_eq!(told(RULES, &RULES.replace(from, to)), said, "{from} → {to}");
        }
        assert_eq!(
            told(RULES, &RULES.replace("interval: 30s", "interval: 1m")).len(),
            4,
            "it is a change of each of them"
        );
    }

    #[test]
    fn a_sentence_names_what_was_added_removed_and_changed() {
        let rule = |name: &str| RuleRef { group: "g".into(), name: name.into() };
        assert_eq!(summary(&[]), "no rule has changed");
        let mut changes = vec![
            Change::Changed { rule: rule("A"), was: None, kept: 1 },
            Change::Removed(rule("B"), 2),
            Change::Added(rule("C")),
        ];
        assert_eq!(summary(&changes), "rules: added 1 (g/C), removed 1 (g/B), changed 1 (g/A)");
        changes.extend((0..20).map(|number| Change::Added(rule(&format!("D{number}")))));
        assert!(summary(&changes).contains("added 21 (g/C, g/D0, ") && summary(&changes).contains(" and 11 more)"));
    }
}
