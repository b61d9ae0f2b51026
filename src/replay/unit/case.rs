//! One test from its series to its verdict.

use super::expected::{self, difference, say_alert, say_sample};
use super::file::UnitTests;
use super::play::Player;
use super::written::{AlertCase, ExprCase, Test};
use crate::config::Settings;
use crate::diagnostics::{Place, Spanned, suggest};
use crate::engine::World;
use crate::model::{Labels, Span, duration_text};
use crate::promql::{Expr, described};
use crate::replay::ledger::Ledger;
use crate::rules::{Group, Rule};
use crate::series;
use std::sync::Arc;

/// What became of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is not as it was expected; empty where the test passes.
    pub failures: Vec<Failure>,
    /// What promtool lets pass.
    pub doubts: Vec<Doubt>,
}

/// Something that is not as it was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it was expected, if at one place.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

/// Something that promtool lets pass although nobody can have meant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Where it is written, if at one place.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

/// Runs one test.
pub(super) fn run(file: &UnitTests, test: &Test) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(failure) = judge(file, test, &mut outcome) {
        outcome.failures.push(failure);
    }
    outcome
}

/// An error ends the test.
fn judge(file: &UnitTests, test: &Test, outcome: &mut Outcome) -> Result<(), Failure> {
    let cases = test.alert_rule_test.as_deref().unwrap_or_default();
    let expressions = test.promql_expr_test.as_deref().unwrap_or_default();
    if cases.is_empty() && expressions.is_empty() {
        outcome.doubt(None, "the test expects nothing".into());
    }
    let ledger = ledger(file, test)?;
    let nameless = cases.iter().find(|case| name_of(&case.value).is_empty());
    if let Some(case) = nameless {
        return Err(Failure { place: Some(case.place), message: "the case names no `alertname`".into() });
    }
    let settings = Settings {
        external_labels: expected::labels(test.external_labels.as_ref()),
        external_url: test.external_url.clone().unwrap_or_default(),
        ..Settings::default()
    };
    let world = World::new(Arc::new(settings), file.rules.clone());
    let mut player = Player::new(&world, ledger);
    let last = cases.iter().map(|case| time_of(case.value.eval_time)).max();
    let last = last.max(expressions.iter().map(|case| time_of(case.value.eval_time)).max()).unwrap_or(0);
    let mut at = 0;
    while at <= last {
        let due: Vec<&Spanned<AlertCase>> = cases
            .iter()
            .filter(|case| (at..at + file.interval.millis()).contains(&time_of(case.value.eval_time)))
            .collect();
        let keeps = |rule: &Rule| rule.tiers.iter().any(|tier| !tier.keep.is_zero());
        let is_looked_at = |rule: &Rule| {
            let names = |cases: &[&Spanned<AlertCase>]| cases.iter().any(|case| name_of(&case.value) == &*rule.alert);
            // An alert that is kept says what it said while its condition held.
            names(&due) || (keeps(rule) && names(&cases.iter().collect::<Vec<_>>()))
        };
        let evaluated = player.evaluate(at, &is_looked_at);
        evaluated
            .map_err(|errors| Failure { place: None, message: format!("at {}: {}", said(at), errors.join("; ")) })?;
        for case in due {
            judge_alerts(file, case, &player, outcome);
        }
        at += file.interval.millis();
    }
    for case in expressions {
        judge_expression(file, case, &mut player, outcome);
    }
    Ok(())
}

fn ledger(file: &UnitTests, test: &Test) -> Result<Ledger, Failure> {
    let mut ledger = Ledger::over(file.evaluator.clone());
    let every = test.interval.as_ref().map_or(Span::ZERO, |interval| interval.value.0);
    let every = if every.is_zero() { file.interval } else { every };
    for given in test.input_series.iter().flatten() {
        let named = given.series.as_ref().map_or("", |text| &*text.value);
        let place = given.series.as_ref().map(|text| text.place);
        let refused = |message: String| Failure { place, message: format!("series `{named}`: {message}") };
        let labels = if named.is_empty() { Ok(Labels::empty()) } else { described(named) };
        let labels = labels.map_err(|error| refused(error.to_string()))?;
        let values = given.values.as_ref().map_or("", |text| &*text.value);
        let values = series::values(values).map_err(|error| refused(error.to_string()))?;
        ledger.give(labels, &values, 0, every.millis());
    }
    Ok(ledger)
}

fn judge_alerts(file: &UnitTests, case: &Spanned<AlertCase>, player: &Player<'_>, outcome: &mut Outcome) {
    let name = name_of(&case.value);
    let (wanted, got) = (expected::alerts(&case.value, name), player.firing(name));
    let difference = difference(&wanted, &got, |a, b| a == b, say_alert);
    if !difference.is_empty() {
        let at = said(time_of(case.value.eval_time));
        let message = format!("at {at}, alert {name}: - expected, + got\n{difference}");
        outcome.failures.push(Failure { place: Some(case.place), message });
    }
    let named = || rules(file).filter(|rule| &*rule.alert == name);
    if named().next().is_none() {
        let help = suggest::did_you_mean(name, rules(file).map(|rule| &*rule.alert));
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        outcome.doubt(Some(case.place), format!("no rule has the alert `{name}`{help}"));
        return;
    }
    let has_nothing = |rule: &Rule| rule.queries.iter().all(|query| player.ledger.has_nothing_for(&query.expr));
    if wanted.is_empty() && got.is_empty() && named().all(|rule| has_nothing(rule)) {
        let message = format!("nothing could fire `{name}`: this test has no series that its rule asks for");
        outcome.doubt(Some(case.place), message);
    }
}

fn judge_expression(file: &UnitTests, case: &Spanned<ExprCase>, player: &mut Player<'_>, outcome: &mut Outcome) {
    let text = case.value.expr.as_ref().map_or("", |expr| &*expr.value);
    let at = time_of(case.value.eval_time);
    let place = Some(case.place);
    let got = player.ledger.ask(text, at).map(expected::sorted);
    let compared = got.and_then(|got| Ok((expected::samples(&case.value)?, got)));
    let (wanted, got) = match compared {
        Ok(compared) => compared,
        Err(error) => {
            let message = format!("at {}, `{text}`: {error}", said(at));
            return outcome.failures.push(Failure { place, message });
        }
    };
    let same = |a: &(Labels, f64), b: &(Labels, f64)| a.0 == b.0 && expected::is_same(a.1, b.1, file.is_fuzzy);
    let difference = difference(&wanted, &got, same, say_sample);
    if !difference.is_empty() {
        let message = format!("at {}, `{text}`: - expected, + got\n{difference}", said(at));
        outcome.failures.push(Failure { place, message });
    }
    let has_nothing = || Expr::parse(text).is_ok_and(|expr| player.ledger.has_nothing_for(&expr));
    if wanted.is_empty() && got.is_empty() && has_nothing() {
        outcome.doubt(place, format!("nothing could come of `{text}`: this test has no series that it asks for"));
    }
}

fn rules(file: &UnitTests) -> impl Iterator<Item = &Arc<Rule>> {
    file.rules.groups.iter().flat_map(|group: &Arc<Group>| group.alerts())
}

fn name_of(case: &AlertCase) -> &str {
    case.alertname.as_ref().map_or("", |name| &name.value)
}

fn time_of(time: Option<crate::yaml::DurationText>) -> i64 {
    time.map_or(0, |time| time.0.millis())
}

fn said(millis: i64) -> String {
    duration_text::format(Span::from_millis(millis))
}

impl Outcome {
    fn doubt(&mut self, place: Option<Place>, message: String) {
        self.doubts.push(Doubt { place, message });
    }
}
