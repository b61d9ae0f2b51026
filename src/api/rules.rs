//! `GET /api/v1/rules`, with Prometheus's filters.

use super::ask::pairs;
use super::reply::{self, Wrong};
use super::{Desk, alerts, go};
use crate::engine::alert::Phase;
use crate::engine::{Engine, RecordingState};
use crate::model::{Labels, Matchers, Moment, Span};
use crate::rules::template::Template;
use crate::rules::{Entry, Group, Kind, Record, Rule};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What is asked for.
#[derive(Debug, Default)]
struct Filter {
    alerting: bool,
    recording: bool,
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    matchers: Vec<Matchers>,
    without_alerts: bool,
    limit: Option<usize>,
    next: Option<String>,
}

/// All groups with their rules.
pub async fn rules(State(desk): State<Desk>, RawQuery(query): RawQuery) -> Result<Response, Wrong> {
    let filter = Filter::read(query.as_deref().unwrap_or_default()).map_err(reply::bad_data)?;
    let data = desk.look(move |decider| groups(&decider.engine, &filter)).await?;
    Ok(reply::success(data))
}

impl Filter {
    fn read(query: &str) -> Result<Self, String> {
        let mut filter = Filter { alerting: true, recording: true, ..Filter::default() };
        let mut said = BTreeSet::new();
        for (name, value) in pairs(query) {
            // Of what can be said once, the first counts, as in Prometheus.
            if !name.ends_with("[]") && !said.insert(name.clone()) {
                continue;
            }
            match name.as_str() {
                "type" => match value.as_str() {
                    "alert" => filter.recording = false,
                    "record" => filter.alerting = false,
                    "" => {}
                    other => return Err(format!("invalid parameter \"type\": not supported value \"{other}\"")),
                },
                "rule_name[]" => filter.names.push(value),
                "rule_group[]" => filter.groups.push(value),
                "file[]" => filter.files.push(value),
                "match[]" => {
                    let matchers = Matchers::parse(&value);
                    filter.matchers.push(matchers.map_err(|error| format!("invalid parameter \"match[]\": {error}"))?);
                }
                "exclude_alerts" => filter.without_alerts = flag(&value)?,
                "group_limit" => {
                    let limit = value.parse().ok().filter(|limit| *limit > 0);
                    filter.limit = Some(limit.ok_or("invalid parameter \"group_limit\": it must be a number above 0")?);
                }
                "group_next_token" => filter.next = Some(value),
                _ => {}
            }
        }
        if filter.next.is_some() && filter.limit.is_none() {
            return Err("invalid parameter \"group_limit\": it is needed with group_next_token".into());
        }
        Ok(filter)
    }

    fn wants(&self, name: &str, labels: &Labels) -> bool {
        let named = self.names.is_empty() || self.names.iter().any(|wanted| wanted == name);
        named && (self.matchers.is_empty() || self.matchers.iter().any(|matchers| matchers.matches(labels)))
    }

    fn wants_group(&self, group: &Group) -> bool {
        let named = self.groups.is_empty() || self.groups.iter().any(|wanted| **wanted == *group.name);
        named && (self.files.is_empty() || self.files.iter().any(|wanted| **wanted == *group.file))
    }
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        other => Err(format!("invalid parameter \"exclude_alerts\": \"{other}\" is neither true nor false")),
    }
}

fn groups(engine: &Engine, filter: &Filter) -> Value {
    let mut found = Vec::new();
    let mut next = None;
    let filtered = filter.names.len() + filter.matchers.len() > 0 || !(filter.alerting && filter.recording);
    let mut waiting = filter.next.as_deref();
    for group in engine.world.rules.groups.iter().filter(|group| filter.wants_group(group)) {
        let token = token(group);
        if waiting.is_some_and(|wanted| wanted != token) {
            continue;
        }
        waiting = None;
        let rules: Vec<Value> = group.rules.iter().filter_map(|entry| rule(engine, group, entry, filter)).collect();
        if rules.is_empty() && filtered {
            continue;
        }
        if filter.limit.is_some_and(|limit| found.len() == limit) {
            next = Some(token);
            break;
        }
        found.push(whole(engine, group, rules));
    }
    let mut data = json!({ "groups": found });
    if let Some(next) = next {
        data["groupNextToken"] = json!(next);
    }
    data
}

fn token(group: &Group) -> String {
    crate::model::RuleId::derive(&[&group.file, &group.name]).to_string()
}

fn whole(engine: &Engine, group: &Group, rules: Vec<Value>) -> Value {
    let evaluated = group.alerts().filter_map(|rule| engine.state.rules.get(&rule.id)?.health.evaluated).max();
    json!({
        "name": &*group.name,
        "file": &*group.file,
        "rules": rules,
        "interval": go::seconds(group.interval),
        "limit": group.limit,
        "evaluationTime": 0.0,
        "lastEvaluation": last(evaluated.map(|slot| Moment::from_millis(slot.millis()))),
    })
}

fn rule(engine: &Engine, group: &Group, entry: &Entry, filter: &Filter) -> Option<Value> {
    match entry {
        Entry::Alert(rule) if filter.alerting => {
            let labels = raw(&rule.labels);
            filter.wants(&rule.alert, &labels).then(|| alerting(engine, rule, &labels, filter))
        }
        Entry::Record(record) if filter.recording => {
            filter.wants(&record.record, &laid_over(record)).then(|| recording(record, engine.recording(group, record)))
        }
        Entry::Alert(_) | Entry::Record(_) => None,
    }
}

fn alerting(engine: &Engine, rule: &Rule, labels: &Labels, filter: &Filter) -> Value {
    let state = engine.state.rules.get(&rule.id);
    let evaluated = state.and_then(|state| state.health.evaluated);
    let error = state.and_then(|state| state.health.error.clone());
    let health = match (&error, evaluated) {
        (Some(_), _) => "err",
        (None, Some(_)) => "ok",
        (None, None) => "unknown",
    };
    let phase = state.and_then(|state| state.iter().map(crate::engine::alert::Alert::phase).max());
    let word = match (phase, evaluated) {
        (_, None) => "unknown",
        (Some(Phase::Firing), _) => "firing",
        (Some(Phase::Pending), _) => "pending",
        (Some(Phase::Inactive) | None, _) => "inactive",
    };
    let first = rule.tiers.first();
    let mut value = json!({
        "state": word,
        "name": &*rule.alert,
        "query": &**rule.queries[rule.value].expr.text(),
        "duration": go::seconds(first.map_or(Span::ZERO, |tier| tier.hold)),
        "keepFiringFor": go::seconds(first.map_or(Span::ZERO, |tier| tier.keep)),
        "labels": labels,
        "annotations": texts(&rule.annotations),
        "alerts": if filter.without_alerts { Vec::new() } else { alerts::of_rule(engine, rule) },
        "health": health,
        "evaluationTime": 0.0,
        "lastEvaluation": last(evaluated.map(|slot| Moment::from_millis(slot.millis()))),
        "type": "alerting",
    });
    if let Some(error) = error {
        value["lastError"] = json!(error);
    }
    if rule.kind == Kind::Extended {
        let tiers = rule.tiers.iter().map(|tier| tier.severity.to_string()).collect::<Vec<_>>();
        value["watchbell"] = json!({ "tiers": tiers, "disabled": rule.disabled.as_deref() });
    }
    value
}

/// One that is not evaluated, or has not been yet, has the health `unknown`.
fn recording(record: &Record, known: Option<&RecordingState>) -> Value {
    let error = known.and_then(|known| known.error.as_deref());
    let health = known.map_or("unknown", |_| if error.is_some() { "err" } else { "ok" });
    let evaluated = known.and_then(|known| known.evaluated);
    let mut value = json!({
        "name": &*record.record,
        "query": &**record.expr.text(),
        "health": health,
        "evaluationTime": 0.0,
        "lastEvaluation": last(evaluated.map(|slot| Moment::from_millis(slot.millis()))),
        "type": "recording",
    });
    if let Some(error) = error {
        value["lastError"] = json!(error);
    }
    let labels = laid_over(record);
    if !labels.is_empty() {
        value["labels"] = json!(labels);
    }
    value
}

fn laid_over(record: &Record) -> Labels {
    Labels::new(record.labels.iter().cloned())
}

/// A time that has not come is Go's zero time.
fn last(moment: Option<Moment>) -> String {
    moment.map_or_else(|| "0001-01-01T00:00:00Z".into(), go::time)
}

fn raw(labels: &[(crate::model::Name, Template)]) -> Labels {
    Labels::new(labels.iter().map(|(name, template)| (name.clone(), template.text().clone())))
}

fn texts(annotations: &[(crate::model::Name, Template)]) -> Map<String, Value> {
    annotations.iter().map(|(name, template)| (name.to_string(), json!(&**template.text()))).collect()
}
