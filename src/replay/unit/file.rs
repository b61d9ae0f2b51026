//! A file of unit tests as read: its rules, and the order of their groups.

use super::case::{Doubt, Outcome, run};
use super::written;
use crate::diagnostics::{Findings, Sources, Spanned, codes};
use crate::model::Span;
use crate::promql::eval::{Evaluator, Options, Semantics};
use crate::replay::border;
use crate::rules::{self, Context, Entry, Group, RuleSet};
use crate::series::SeriesSet;
use crate::yaml::{self, Validator};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of unit tests, ready to be run.
#[derive(Debug)]
pub struct UnitTests {
    pub(super) interval: Span,
    pub(super) is_fuzzy: bool,
    /// The rules, groups in the order in which they are evaluated.
    pub(super) rules: RuleSet,
    /// Without series yet, with every query of the rules made ready.
    pub(super) evaluator: Evaluator,
    pub(super) tests: Vec<Spanned<written::Test>>,
    /// What promtool lets pass about the file itself.
    pub doubts: Vec<Doubt>,
}

/// The JSON Schema of unit-test files.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(written::File).into()
}

impl UnitTests {
    /// Reads the file at `path`, for a Prometheus of that `semantics`. `None` where promtool would run nothing of it; the
    /// findings say why.
    pub fn load(path: &Path, semantics: Semantics, sources: &mut Sources, findings: &mut Findings) -> Option<Self> {
        if !border::admits_itself(path, findings) {
            return None;
        }
        let (source, documents) = yaml::read(path, sources, findings)?;
        let node = yaml::first(source, &documents, findings)?;
        Validator::new(schema()).validate(node, findings);
        if findings.has_errors() {
            return None;
        }
        let written: written::File = match yaml::from_node(node) {
            Ok(written) => written,
            Err(error) => {
                findings.error(codes::WB014, error.message).at(error.place, "");
                return None;
            }
        };
        let tests = written.tests.unwrap_or_default();
        let mut doubts = Vec::new();
        if tests.is_empty() {
            doubts.push(Doubt { place: None, message: "there is not one test in this file".into() });
        }
        let order = order_of(written.group_eval_order.as_deref().unwrap_or_default(), findings);
        let files = rule_files(path, written.rule_files.as_deref().unwrap_or_default(), &mut doubts, findings);
        // Without a test promtool reads no rule file, and so finds nothing wrong with it.
        let files = if tests.is_empty() { Vec::new() } else { files };
        let mut rules = rules_of(&files, sources, findings);
        rules.groups.sort_by_key(|group| place_of(group, &order));
        let interval = written.evaluation_interval.map_or(Span::ZERO, |interval| interval.value.0);
        let interval = if interval.is_zero() { Span::from_mins(1) } else { interval };
        let is_fuzzy = written.fuzzy_compare == Some(true);
        let evaluator = evaluator(&rules, Options { semantics, subquery_step: interval, ..Options::default() });
        (!findings.has_errors()).then_some(UnitTests { interval, is_fuzzy, rules, evaluator, tests, doubts })
    }

    /// The names of the tests, in their order.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let unnamed = |index: usize| format!("unnamed#{index}");
        self.tests.iter().enumerate().map(move |(index, test)| match &test.value.name {
            Some(name) if !name.is_empty() => name.clone(),
            Some(_) | None => unnamed(index),
        })
    }

    /// Runs the test with this number.
    ///
    /// # Panics
    /// When there are not so many tests.
    #[must_use]
    pub fn run(&self, number: usize) -> Outcome {
        run(self, &self.tests[number].value)
    }
}

/// The place of each group in the order that is asked for.
fn order_of(written: &[Spanned<String>], findings: &mut Findings) -> BTreeMap<String, usize> {
    let mut order = BTreeMap::new();
    for (index, name) in written.iter().enumerate() {
        if order.insert(name.value.clone(), index).is_some() {
            let message = format!("the group `{}` is named twice in the order", name.value);
            findings.error(codes::WB204, message).at(name.place, "");
        }
    }
    order
}

/// A group that the order does not name stands beside the first, as in promtool; there its place is a matter of luck, here
/// it is that of the files.
fn place_of(group: &Arc<Group>, order: &BTreeMap<String, usize>) -> usize {
    order.get(&*group.name).copied().unwrap_or(0)
}

fn rule_files(
    path: &Path,
    written: &[Spanned<String>],
    doubts: &mut Vec<Doubt>,
    findings: &mut Findings,
) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files: Vec<PathBuf> = Vec::new();
    for pattern in written {
        let found = matching(folder, &pattern.value);
        if found.is_empty() {
            let message = format!("no file is called `{}`", pattern.value);
            doubts.push(Doubt { place: Some(pattern.place), message });
        }
        for file in found {
            if border::admits(path, &file, pattern.place, findings) && !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files
}

fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    let joined = if Path::new(pattern).is_absolute() { pattern.into() } else { Path::new(&folder).join(pattern) };
    let found = glob::glob(&joined.to_string_lossy());
    found.into_iter().flatten().flatten().collect()
}

fn rules_of(files: &[PathBuf], sources: &mut Sources, findings: &mut Findings) -> RuleSet {
    let mut found = Findings::default();
    let loaded = rules::load(files, &Context::default(), sources, &mut found);
    if found.has_errors() {
        findings.append(found);
    }
    loaded.set
}

fn evaluator(rules: &RuleSet, options: Options) -> Evaluator {
    let mut evaluator = Evaluator::new(SeriesSet::new(), options);
    for entry in rules.groups.iter().flat_map(|group| &group.rules) {
        let exprs = match entry {
            Entry::Alert(rule) => rule.queries.iter().map(|query| &query.expr).collect(),
            Entry::Record(record) => vec![&record.expr],
        };
        for expr in exprs {
            // What cannot be made ready fails when its rule is evaluated, and says so there.
            let _ = evaluator.prepare(expr);
        }
    }
    evaluator
}
