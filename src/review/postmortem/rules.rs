//! The rules of an incident, as they are now.

use super::charts::Chart;
use crate::backtest::condition;
use crate::review::document::Picture;
use crate::review::past::rule_now;
use crate::review::record::{Record, alert_name};
use crate::review::words::Words;
use crate::rules::{Kind, Rule};
use serde::Serialize;

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleFacts {
    /// The name of its alerts.
    pub alert: String,
    /// Its group; nothing where the rule is gone.
    pub group: Option<String>,
    /// The file it stands in.
    pub file: Option<String>,
    /// The expression whose value is shown.
    pub expr: Option<String>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// Its severities and their conditions, in words; nothing for a plain rule, whose condition is its expression.
    pub conditions: Vec<(String, String)>,
    /// The page that says what to do, as the rule has it.
    pub runbook: Option<String>,
    /// Why there is no chart, where there is none.
    pub not_measured: Option<String>,
    /// The lowest and highest value of each column of the chart; empty where there is none.
    pub columns: Vec<Option<(f64, f64)>>,
    #[serde(skip)]
    pub(super) picture: Option<Picture>,
}

/// The rules whose alerts were part of it.
pub(super) fn facts(record: &Record, words: &Words<'_>, charts: &[Chart]) -> Vec<RuleFacts> {
    let fact = |id| {
        let now = rule_now(words.moved, id);
        let subject =
            record.firings.iter().map(|firing| &firing.subject).find(
                |subject| matches!(subject.origin, crate::engine::transition::Origin::Rule(known) if known == id),
            )?;
        let chart = charts.iter().find(|chart| chart.rule == now).map(|chart| &chart.picture);
        let picture = chart.and_then(|chart| chart.as_ref().ok()).filter(|one| one.columns.iter().any(Option::is_some));
        let not_measured = match chart {
            _ if picture.is_some() => None,
            None => Some("no source was asked".to_owned()),
            Some(Ok(_)) => Some("the source has no values of that time any more".to_owned()),
            Some(Err(why)) => Some(why.clone()),
        };
        let mut facts = RuleFacts {
            alert: alert_name(subject).to_string(),
            group: None,
            file: None,
            expr: None,
            unit: None,
            conditions: Vec::new(),
            runbook: None,
            not_measured,
            columns: picture.map(|picture| picture.columns.clone()).unwrap_or_default(),
            picture: picture.cloned(),
        };
        if let Some((group, rule)) = words.world.group_of(now).zip(words.world.rule(now)) {
            (facts.group, facts.file) = (Some(group.name.to_string()), Some(group.file.to_string()));
            fill(&mut facts, rule, &subject.series);
        }
        Some(facts)
    };
    record.rules().into_iter().filter_map(fact).collect()
}

fn fill(facts: &mut RuleFacts, rule: &Rule, series: &crate::model::Labels) {
    facts.expr = rule.queries.get(rule.value).map(|query| query.expr.text().to_string());
    facts.unit = rule.unit.as_ref().map(ToString::to_string);
    if rule.kind == Kind::Extended {
        let tiers = rule.tiers_for(series).iter();
        facts.conditions = tiers.map(|tier| (tier.severity.to_string(), condition(tier))).collect();
    }
    let tiers = rule.tiers.iter().flat_map(|tier| &tier.annotations);
    let runbook = rule.annotations.iter().chain(tiers).find(|(name, _)| &**name == "runbook_url");
    facts.runbook = runbook.and_then(|(_, template)| template.constant()).map(str::to_owned);
}
