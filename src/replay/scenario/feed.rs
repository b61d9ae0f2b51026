//! What queries of a scenario are answered with.

use super::read::Reader;
use super::{Blank, Feed, Series};
use crate::diagnostics::{Place, Spanned, codes, suggest};
use crate::model::{Labels, Matchers, Name, Span};
use crate::promql::{described, is_same_text};
use crate::replay::written;
use crate::rules::{Query, Rule, RuleSet};
use crate::series;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

impl Reader<'_> {
    pub(super) fn feed(&mut self, answers: &written::Answers, rules: &RuleSet) -> Option<Feed> {
        let (rule, query) = self.query(&answers.query, rules)?;
        if answers.every.value.0 <= Span::ZERO {
            self.findings.error(codes::WB202, "values need some time between them").at(answers.every.place, "");
            return None;
        }
        match series::values(&answers.values.value) {
            Ok(mut values) => {
                // An answer has no staleness markers: where a series has ended, it is not in the answer.
                for value in &mut values {
                    *value = value.filter(|value| !series::is_stale(*value));
                }
                Some(Feed { rule, query, labels: labels_of(answers), every: answers.every.value.0, values })
            }
            Err(error) => {
                self.findings.error(codes::WB202, error.message).at(answers.values.place, "");
                None
            }
        }
    }

    pub(super) fn series(&mut self, written: &written::Series) -> Option<Series> {
        let named = described(&written.series.value);
        let labels =
            named.map_err(|error| self.findings.error(codes::WB202, error.message).at(written.series.place, "").code);
        let values = series::values(&written.values.value);
        let values =
            values.map_err(|error| self.findings.error(codes::WB202, error.message).at(written.values.place, "").code);
        let every = written.every.value.0;
        if every <= Span::ZERO {
            self.findings.error(codes::WB202, "values need some time between them").at(written.every.place, "");
            return None;
        }
        Some(Series { labels: labels.ok()?, every, values: values.ok()? })
    }

    /// Each series is said once, and each series of an answer: of two, one would be passed over.
    pub(super) fn once_each(&mut self, written: &written::Scenario) {
        let series = written.series.iter().map(|series| &series.value.series);
        self.once("series", series.filter_map(|series| Some((described(&series.value).ok()?, series.place))));
        let answers =
            written.answers.iter().map(|answers| ((&answers.query.value, labels_of(answers)), answers.query.place));
        self.once("answer", answers);
    }

    fn once<T: Eq + Hash>(&mut self, what: &str, said: impl Iterator<Item = (T, Place)>) {
        let mut first = HashMap::new();
        for (said, place) in said {
            match first.entry(said) {
                Entry::Vacant(free) => {
                    free.insert(place);
                }
                Entry::Occupied(first) => {
                    let finding = self.findings.error(codes::WB206, format!("this {what} is written twice"));
                    finding.at(place, "again here").see(*first.get(), "first here").help("delete one of them");
                }
            }
        }
    }

    /// What gets no data: an alert, one of its queries, or series.
    pub(super) fn blank(&mut self, text: &Spanned<String>, rules: &RuleSet) -> Option<Blank> {
        if let Some(open) = text.value.find('{') {
            let metric = text.value[..open].trim();
            return match Matchers::parse(&text.value[open..]) {
                Ok(matchers) => Some(Blank::Series((!metric.is_empty()).then(|| metric.into()), matchers)),
                Err(error) => {
                    self.findings.error(codes::WB202, error.message).at(text.place, "");
                    None
                }
            };
        }
        let alert = rules.groups.iter().flat_map(|group| group.alerts()).find(|rule| *rule.alert == text.value);
        if let Some(rule) = alert {
            return Some(Blank::Query(rule.alert.clone(), None));
        }
        self.query(text, rules).map(|(alert, query)| Blank::Query(alert, Some(query)))
    }

    fn query(&mut self, text: &Spanned<String>, rules: &RuleSet) -> Option<(Name, Name)> {
        let known = || rules.groups.iter().flat_map(|group| group.alerts());
        let found = queries(&text.value, rules).next().map(|(rule, query)| (rule.alert.clone(), query.name.clone()));
        if found.is_none() {
            let names: Vec<String> = known()
                .flat_map(|rule| rule.queries.iter().map(move |query| format!("{}.{}", rule.alert, query.name)))
                .collect();
            let help = suggest::did_you_mean(&text.value, names.iter().map(String::as_str));
            let message = format!("no rule of these files has the query `{}`", text.value);
            let finding = self.findings.error(codes::WB203, message).at(text.place, "");
            finding.help(help.unwrap_or_else(|| {
                "write `Rule.query`; the only query of a rule with `expr` is called `value`".into()
            }));
        }
        found
    }

    /// An answer holds for all rules of one name, those of a reload too; where they ask different things, it cannot be right for all.
    pub(super) fn one_question<'a>(&mut self, text: &Spanned<String>, mut sets: impl Iterator<Item = &'a RuleSet>) {
        if sets.any(|rules| asks_several(&text.value, rules)) {
            let message = format!("rules of one name ask different things as `{}`", text.value);
            let finding = self.findings.error(codes::WB205, message).at(text.place, "this would answer all of them");
            finding.help("write `series:` instead, from which each rule is answered by its own expression");
        }
    }
}

fn labels_of(answers: &written::Answers) -> Labels {
    Labels::new(answers.labels.iter().map(|(name, value)| (name.value.as_str(), value.as_str())))
}

/// The queries that `text` names, as `Rule.query`: several rules may have one name.
fn queries<'a>(text: &str, rules: &'a RuleSet) -> impl Iterator<Item = (&'a Rule, &'a Query)> {
    let (alert, query) = text.rsplit_once('.').unwrap_or_default();
    let alerts = rules.groups.iter().flat_map(|group| group.alerts()).filter(move |rule| &*rule.alert == alert);
    alerts.filter_map(move |rule| Some((&**rule, rule.queries.iter().find(|known| &*known.name == query)?)))
}

/// Whether rules that are switched on have different expressions by this one name.
fn asks_several(text: &str, rules: &RuleSet) -> bool {
    let asking = queries(text, rules).filter(|(rule, _)| rule.disabled.is_none());
    let mut exprs = asking.map(|(_, query)| query.expr.text());
    exprs.next().is_some_and(|first| exprs.any(|other| !is_same_text(first, other)))
}
