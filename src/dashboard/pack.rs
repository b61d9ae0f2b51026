//! What a panel takes from a rule: its query, its bounds as lines, its unit, its runbook.
//!
//! So the line in a panel is the bound that pages, and moves with it, and the curve is the value that is compared. A rule that is not there, or has
//! no such query, is a note and not an end: the panel is drawn with a query of its own and without lines.

use super::grafana::{Panel, Step};
use super::lines::{Lines, words};
use super::unit;
use crate::config::Settings;
use crate::model::{Matcher, Matchers, Operator};
use crate::promql::Expr;
use crate::rules::{Bound, Condition, Rule, RuleSet, Tier};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a panel wants of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The name of the alert.
    pub alert: &'a str,
    /// Which of its queries; its value, where none is named.
    pub query: Option<&'a str>,
    /// The variables of the dashboard that choose among its series.
    pub by: &'a [&'a str],
    /// What is asked where there is no such rule.
    pub instead: &'a str,
    /// The unit where the rule does not say.
    pub unit: &'a str,
}

/// What a rule gives a panel.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The series of an exception, or nothing: what the panel's title ends with.
    pub of: String,
    expr: String,
    steps: Vec<Step>,
    shades: bool,
    unit: String,
    description: String,
    runbook: Option<String>,
}

/// Rules and settings, and what they lack.
#[derive(Debug)]
pub struct Pack<'a> {
    rules: &'a RuleSet,
    /// The settings of the service.
    pub settings: &'a Settings,
    notes: BTreeSet<String>,
}

impl<'a> Pack<'a> {
    /// These.
    #[must_use]
    pub fn new(rules: &'a RuleSet, settings: &'a Settings) -> Self {
        Pack { rules, settings, notes: BTreeSet::new() }
    }

    /// What panels wanted and rules lack.
    #[must_use]
    pub fn into_notes(self) -> Vec<String> {
        self.notes.into_iter().collect()
    }

    /// The rule's value with its lines, for all series at once.
    pub fn draw(&mut self, wanted: Wanted<'_>) -> Drawn {
        let Some((rule, index)) = self.find(wanted) else { return without_rule(wanted) };
        if !rule.exceptions.is_empty() {
            self.note(format!(
                "`{}` has exceptions, which one graph cannot draw: its lines hold for the others",
                rule.alert
            ));
        }
        let case = Case { of: String::new(), conditions: String::new(), tiers: &rule.tiers, target: rule.target };
        self.drawn(&rule, index, wanted, &case)
    }

    /// The same, once for the rule and once for each of its exceptions, as lines differ: Grafana draws one set of them in a panel.
    pub fn draw_each(&mut self, wanted: Wanted<'_>) -> Vec<Drawn> {
        let Some((rule, index)) = self.find(wanted) else { return vec![without_rule(wanted)] };
        let cases = self.cases(&rule);
        cases.iter().map(|case| self.drawn(&rule, index, wanted, case)).collect()
    }

    /// Lines at the bounds that the rule's condition holds the `zscore` of a query to.
    pub fn score_lines(&mut self, wanted: Wanted<'_>) -> Drawn {
        let Some((rule, index)) = self.find(wanted) else { return without_rule(wanted) };
        let bounds = rule.tiers.iter().flat_map(|tier| match &tier.condition {
            Condition::When(script) => {
                script.score_bounds(index).into_iter().map(|bound| (tier.severity.clone(), bound)).collect()
            }
            Condition::Bound(_) | Condition::Present => Vec::new(),
        });
        let lines = Lines { bounds: bounds.collect(), target: None };
        let case = Case { of: String::new(), conditions: String::new(), tiers: &rule.tiers, target: None };
        let drawn = self.drawn(&rule, index, wanted, &case);
        Drawn {
            expr: wanted.instead.into(),
            steps: lines.steps(),
            shades: false,
            unit: unit::grafana(wanted.unit),
            ..drawn
        }
    }

    fn note(&mut self, note: String) {
        self.notes.insert(note);
    }

    /// The rule, and the place of the query.
    fn find(&mut self, wanted: Wanted<'_>) -> Option<(Rule, usize)> {
        let rule = self.rules.groups.iter().flat_map(|group| group.alerts()).find(|rule| *rule.alert == *wanted.alert);
        let Some(rule) = rule else {
            self.note(format!("there is no rule `{}`: what it would draw has no lines", wanted.alert));
            return None;
        };
        let index = match wanted.query {
            None => Some(rule.value),
            Some(name) => rule.queries.iter().position(|query| *query.name == *name),
        };
        let Some(index) = index else {
            let name = wanted.query.unwrap_or_default();
            self.note(format!("`{}` has no query `{name}`: what it would draw has no lines", wanted.alert));
            return None;
        };
        Some((Rule::clone(rule), index))
    }

    /// An exception for each panel, and what is left for the first.
    fn cases<'r>(&mut self, rule: &'r Rule) -> Vec<Case<'r>> {
        let mut cases = Vec::new();
        let mut others = Vec::new();
        for exception in &rule.exceptions {
            let Some(matcher) = only(&exception.matchers) else {
                self.note(format!(
                    "`{}`: the exception {{{}}} has several conditions and gets no panel",
                    rule.alert, exception.matchers
                ));
                continue;
            };
            others.push(Matchers::of(vec![opposite(matcher)]).to_string());
            cases.push(Case {
                of: matcher.value().to_string(),
                conditions: exception.matchers.to_string(),
                tiers: &exception.tiers,
                target: exception.target,
            });
        }
        cases.insert(
            0,
            Case { of: String::new(), conditions: others.join(", "), tiers: &rule.tiers, target: rule.target },
        );
        cases
    }

    fn drawn(&mut self, rule: &Rule, index: usize, wanted: Wanted<'_>, case: &Case<'_>) -> Drawn {
        let query = &rule.queries[index];
        let chosen = wanted.by.iter().map(|name| format!("{name}=~\"${name}\""));
        let conditions: Vec<String> =
            chosen.chain(Some(case.conditions.clone()).filter(|text| !text.is_empty())).collect();
        let narrowed =
            if conditions.is_empty() { Ok(query.expr.clone()) } else { query.expr.narrowed(&conditions.join(", ")) };
        let expr = narrowed.unwrap_or_else(|error| {
            self.note(format!("`{}`: one cannot choose among the series of `{}`: {error}", rule.alert, query.name));
            query.expr.clone()
        });
        let lines = Lines::of(case.tiers, index, rule.value, case.target);
        let unit = rule.unit.as_ref().filter(|_| index == rule.value).map_or(wanted.unit, |unit| unit);
        Drawn {
            of: case.of.clone(),
            expr: text_of(&expr),
            shades: lines.is_bad_below(),
            steps: lines.steps(),
            unit: unit::grafana(unit),
            description: describe(rule, case),
            runbook: runbook(rule),
        }
    }
}

/// What holds for some series of a rule.
struct Case<'a> {
    of: String,
    conditions: String,
    tiers: &'a [Tier],
    target: Option<Bound>,
}

/// Laid out as people read it in Grafana's editor.
fn text_of(expr: &Expr) -> String {
    expr.laid_out()
}

fn only(matchers: &Matchers) -> Option<&Matcher> {
    let mut all = matchers.iter();
    all.next().filter(|_| all.next().is_none())
}

fn opposite(matcher: &Matcher) -> Matcher {
    let operator = match matcher.operator() {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Matches => Operator::MatchesNot,
        Operator::MatchesNot => Operator::Matches,
    };
    Matcher::new(matcher.name().clone(), operator, matcher.value().clone()).expect("its pattern was one before")
}

fn runbook(rule: &Rule) -> Option<String> {
    let annotation = rule.annotations.iter().find(|(name, _)| *name == "runbook_url")?;
    annotation.1.constant().map(str::to_owned)
}

fn describe(rule: &Rule, case: &Case<'_>) -> String {
    let mut text = format!("Rule `{}`", rule.alert);
    if !case.of.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, ", where {}", case.conditions);
    }
    let _ = write!(text, ":\n\n{}", words(case.tiers, case.target));
    if rule.disabled.is_some() {
        text.push_str("\nIt is switched off: nothing fires.\n");
    }
    if let Some(url) = runbook(rule) {
        let _ = write!(text, "\n[Runbook]({url})");
    }
    text.trim_end().to_owned()
}

fn without_rule(wanted: Wanted<'_>) -> Drawn {
    let what = wanted
        .query
        .map_or_else(|| format!("rule `{}`", wanted.alert), |query| format!("query `{}.{query}`", wanted.alert));
    Drawn {
        of: String::new(),
        expr: wanted.instead.into(),
        steps: Lines::default().steps(),
        shades: false,
        unit: unit::grafana(wanted.unit),
        description: format!("There is no {what}, so nothing is held to a bound here."),
        runbook: None,
    }
}

impl Panel {
    /// Over the whole time range: the value of a rule, with its lines.
    #[must_use]
    pub fn draws(self, drawn: &Drawn, legend: &str) -> Self {
        self.ask(&drawn.expr, legend).like(drawn)
    }

    /// At the end of the time range: the value of a rule, in its colours.
    #[must_use]
    pub fn draws_now(self, drawn: &Drawn, legend: &str) -> Self {
        self.ask_now(&drawn.expr, legend).like(drawn)
    }

    /// With the lines, the unit and the words of a rule, whatever is asked.
    #[must_use]
    pub fn like(self, drawn: &Drawn) -> Self {
        let panel = self.unit(&drawn.unit).steps(drawn.steps.clone(), drawn.shades).says(&drawn.description);
        match &drawn.runbook {
            Some(url) => panel.link("Runbook", url),
            None => panel,
        }
    }

    /// With what stands behind the title where a rule has exceptions: `Response times: trade_execution`.
    #[must_use]
    pub fn titled(mut self, drawn: &Drawn) -> Self {
        if !drawn.of.is_empty() {
            self.title = format!("{}: {}", self.title, drawn.of);
        }
        self
    }
}
