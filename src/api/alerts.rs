//! `GET /api/v1/alerts`, and the alerts inside of `/api/v1/rules`.

use super::reply::{self, Wrong};
use super::{Desk, go};
use crate::engine::Engine;
use crate::engine::alert::{Alert, Phase, Top};
use crate::engine::notice::{bound_text, with_severity};
use crate::model::{AlertId, Moment, RuleId};
use crate::rules::template::{Answers, Data, Rendered, Template};
use crate::rules::{Condition, Kind, Rule, Tier};
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// Every alert that is pending or firing.
pub async fn alerts(State(desk): State<Desk>) -> Result<Response, Wrong> {
    let found = desk.look(|decider| {
        let engine = &decider.engine;
        let mut all = Vec::new();
        for group in &engine.world.rules.groups {
            for rule in group.alerts() {
                all.extend(of_rule(engine, rule));
            }
        }
        all
    });
    Ok(reply::success(json!({ "alerts": found.await? })))
}

/// The alerts of one rule that are pending or firing, by their labels.
pub fn of_rule(engine: &Engine, rule: &Rule) -> Vec<Value> {
    let Some(state) = engine.state.rules.get(&rule.id) else { return Vec::new() };
    let mut active: Vec<_> =
        state.iter().filter(|alert| !alert.is_calm()).filter_map(|alert| state.get(alert.id)).collect();
    active.sort_by(|a, b| a.0.labels.cmp(&b.0.labels));
    active.into_iter().map(|(alert, tiers)| one(engine, rule, alert, tiers)).collect()
}

fn one(engine: &Engine, rule: &Rule, alert: &Alert, tiers: &[Tier]) -> Value {
    let top = alert.top(tiers);
    let tier = shown_tier(alert, tiers, top.as_ref());
    let labels = match &top {
        Some(top) => with_severity(&alert.labels, Some(rule), &top.severity),
        None => alert.labels.clone(),
    };
    let active_at = alert.active_at().unwrap_or_default();
    let mut value = json!({
        "labels": labels,
        "annotations": annotations(engine, rule, alert, tier, active_at),
        "state": if alert.phase() == Phase::Firing { "firing" } else { "pending" },
        "activeAt": go::time(active_at - engine.skew),
        "value": go::float(alert.value),
    });
    if let Some(calm) = tier.and_then(|tier| kept_since(alert, tiers, tier)) {
        value["keepFiringSince"] = json!(go::time(calm - engine.skew));
    }
    value
}

/// The tier that an alert is shown at: the one that fires, else the highest that is pending.
fn shown_tier<'a>(alert: &Alert, tiers: &'a [Tier], top: Option<&Top>) -> Option<&'a Tier> {
    let firing = top.and_then(|top| tiers.iter().find(|tier| tier.severity == top.severity));
    let pending =
        || alert.tiers.iter().position(|state| state.active_since().is_some()).and_then(|index| tiers.get(index));
    firing.or_else(pending)
}

fn kept_since(alert: &Alert, tiers: &[Tier], tier: &Tier) -> Option<Moment> {
    let index = tiers.iter().position(|other| other.severity == tier.severity)?;
    match alert.tiers.get(index)? {
        crate::engine::alert::TierState::Keeping { calm, .. } => Some(*calm),
        _ => None,
    }
}

/// The annotations of one alert as they render now; none where it is not known.
pub fn annotations_of(engine: &Engine, rule: RuleId, alert: AlertId) -> Map<String, Value> {
    let known = engine.world.rule(rule).zip(engine.state.rules.get(&rule).and_then(|state| state.get(alert)));
    let Some((rule, (alert, tiers))) = known else { return Map::new() };
    let tier = shown_tier(alert, tiers, alert.top(tiers).as_ref());
    annotations(engine, rule, alert, tier, alert.active_at().unwrap_or_default())
}

/// The annotations as they render now. What asks a query is shown unrendered: an answer does not wait for a source.
fn annotations(
    engine: &Engine,
    rule: &Rule,
    alert: &Alert,
    tier: Option<&Tier>,
    active_at: Moment,
) -> Map<String, Value> {
    let settings = &engine.world.settings;
    let bound = tier.map(|tier| &tier.condition);
    let threshold = match bound {
        Some(Condition::Bound(bound)) => bound_text(*bound),
        Some(Condition::Present | Condition::When(_)) | None => String::new(),
    };
    let data = Data {
        labels: if rule.kind == Kind::Plain { &alert.series } else { &alert.labels },
        value: alert.value,
        external_labels: &settings.external_labels,
        external_url: &settings.external_url,
        threshold: &threshold,
        severity: tier.map_or("", |tier| tier.severity.name()),
        unit: rule.unit.as_deref().unwrap_or_default(),
        active_at: active_at.slot(engine.skew),
        now: alert.last_seen,
    };
    let render = |template: &Template| match template.render_or_error_text(&rule.alert, &data, &Answers::new()) {
        Rendered::Text(text) => text,
        Rendered::Wants(_) => template.text().to_string(),
    };
    let over = tier.map(|tier| tier.annotations.as_slice()).unwrap_or_default();
    rule.annotations.iter().chain(over).map(|(name, template)| (name.to_string(), json!(render(template)))).collect()
}
