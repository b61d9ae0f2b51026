//! Groups: their own settings, and the defaults that they give their rules.

use super::lower::Lowered;
use super::{Checked, Compiler, Recorded, alert, firing, name_of, names, record};
use crate::diagnostics::{Place, Spanned, codes};
use crate::model::{Name, Span};
use crate::rules::rule::{Entry, Group, Record, Rule};
use crate::rules::written;
use crate::yaml::DurationText;
use std::collections::HashMap;
use std::sync::Arc;

/// The names of the groups of a file, and where each stands.
#[derive(Default)]
pub(super) struct Names(HashMap<String, (usize, Place)>);

impl Names {
    /// Tells when `group` has a name that is empty or taken.
    pub(super) fn check(&mut self, group: &written::Group, document: usize, compiler: &mut Compiler<'_>) {
        let (name, place) = (&group.name.value, group.name.place);
        if name.is_empty() {
            compiler.error(codes::WB033, "the name of a group must not be empty", place, "");
            return;
        }
        match self.0.get(name) {
            None => drop(self.0.insert(name.clone(), (document, place))),
            Some((earlier, first)) if *earlier == document => {
                compiler
                    .error(codes::WB036, format!("the group `{name}` occurs twice in this file"), place, "")
                    .see(*first, "first here")
                    .help("rename one of them, or put their rules together");
            }
            // Prometheus reads only the first document of a file, so it has never complained of this.
            Some((_, first)) => {
                compiler
                    .warn(codes::WB064, format!("another document of this file has a group `{name}`"), place, "")
                    .see(*first, "first here")
                    .help("rename one of them: people cannot tell them apart");
            }
        }
    }
}

/// What the rules of a group need to know of it.
pub(super) struct Surroundings<'a> {
    pub written: &'a written::Group,
    pub interval: Span,
}

/// A group as meant, and its rules as typed.
pub(super) struct Outcome {
    pub group: Group,
    pub checked: Vec<Checked>,
    pub recorded: Vec<Recorded>,
}

/// The rules of a group as far as they were compiled.
#[derive(Default)]
struct Rules {
    entries: Vec<Entry>,
    alerts: Vec<(written::Rule, Arc<Rule>)>,
    records: Vec<(written::Rule, Arc<Record>)>,
}

pub(super) fn compile(lowered: Lowered, compiler: &mut Compiler<'_>) -> Outcome {
    let Lowered { written, rules, .. } = lowered;
    let interval = positive(written.interval).unwrap_or(compiler.context.default_interval);
    let source = source(&written, compiler);
    names::check_labels(written.labels.as_ref(), compiler);
    names::check_known(written.policy.as_ref(), "policy", compiler);
    let surroundings = Surroundings { written: &written, interval };
    let mut compiled = Rules::default();
    for (rule, place) in rules {
        compile_rule(rule, place, &surroundings, &mut compiled, compiler);
    }
    let Rules { entries, alerts, records } = compiled;
    firing::check(&alerts, compiler);
    let group = Group {
        name: name_of(&written.name.value),
        file: compiler.file.path().to_string_lossy().as_ref().into(),
        source,
        interval,
        query_offset: written.query_offset.map_or(Span::ZERO, |offset| offset.value.0),
        limit: written.limit.map_or(0, |limit| usize::try_from(limit.value).unwrap_or(0)),
        rules: entries,
    };
    let group_written = Arc::new(written);
    let checked = alerts.into_iter().map(|(written, rule)| Checked {
        group: group_written.clone(),
        interval,
        tier_places: super::tier_places(&rule.tiers, &written, compiler.context),
        written: Arc::new(written),
        rule,
    });
    let checked = checked.collect();
    let recorded = records.into_iter().map(|(written, record)| Recorded {
        group: group_written.clone(),
        written: Arc::new(written),
        record,
    });
    Outcome { group, checked, recorded: recorded.collect() }
}

fn compile_rule(
    rule: written::Rule,
    place: Place,
    group: &Surroundings<'_>,
    rules: &mut Rules,
    compiler: &mut Compiler<'_>,
) {
    let is_set = |name: &Option<Spanned<String>>| name.as_ref().is_some_and(|name| !name.value.is_empty());
    match (is_set(&rule.alert), is_set(&rule.record)) {
        (true, false) => {
            if let Some(meant) = alert::compile(&rule, group, compiler) {
                let meant = Arc::new(meant);
                rules.entries.push(Entry::Alert(meant.clone()));
                rules.alerts.push((rule, meant));
            }
        }
        (false, true) => {
            if let Some(meant) = record::compile(&rule, group, compiler) {
                let meant = Arc::new(meant);
                rules.entries.push(Entry::Record(meant.clone()));
                rules.records.push((rule, meant));
            }
        }
        (true, true) => {
            let (alert, record) = (rule.alert.as_ref(), rule.record.as_ref());
            let alert_place = alert.map_or(place, |alert| alert.place);
            compiler
                .error(codes::WB030, "only one of `record` and `alert` can be given", alert_place, "")
                .see(record.map_or(place, |record| record.place), "and this")
                .help("make two rules of it");
        }
        (false, false) => {
            compiler.error(codes::WB030, "one of `alert` and `record` must be given", place, "this rule has no name");
        }
    }
}

fn positive(duration: Option<Spanned<DurationText>>) -> Option<Span> {
    duration.map(|duration| duration.value.0).filter(|span| !span.is_zero())
}

fn source(group: &written::Group, compiler: &mut Compiler<'_>) -> Name {
    let Some(named) = &group.source else { return compiler.context.default_source.clone() };
    names::check_known(Some(named), "source", compiler);
    name_of(&named.value)
}
