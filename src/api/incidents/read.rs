//! `GET /api/v1/incidents` and `GET /api/v1/incidents/{number}`: open ones as the engine has them, and the past from the journal.

use super::{number, summary, timeline};
use crate::api::Desk;
use crate::api::ask::{Everything, Named, pairs};
use crate::api::reply::{self, Wrong};
use crate::engine::Engine;
use crate::model::Span;
use crate::service::books::BooksError;
use crate::service::doors::Doors;
use crate::store::{Sending, Story};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// So many incidents are listed, unless the question says otherwise.
const USUALLY: usize = 100;
/// So many at most.
const AT_MOST: usize = 1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Filter {
    open: bool,
    resolved: bool,
    limit: usize,
    /// Only incidents with a smaller number: the next page.
    before: u64,
}

/// Incidents, the newest first.
pub async fn list(State(desk): State<Desk>, RawQuery(query): RawQuery) -> Result<Response, Wrong> {
    let filter = Filter::read(query.as_deref().unwrap_or_default()).map_err(reply::bad_data)?;
    let open = desk.look(move |decider| Open::among(&decider.engine, filter)).await?;
    let (mut found, skew) = (open.found, open.skew);
    if filter.resolved {
        let resolved = resolved(&desk.doors, filter, &open.numbers, skew).await;
        found.extend(resolved.map_err(|cause| reply::unreadable(&cause))?);
    }
    let is_more = found.len() > filter.limit;
    let listed: Vec<(u64, Value)> = found.into_iter().rev().take(filter.limit).collect();
    let next = listed.last().filter(|_| is_more).map(|(number, _)| *number);
    let listed: Vec<Value> = listed.into_iter().map(|(_, incident)| incident).collect();
    Ok(reply::success(json!({ "incidents": listed, "next": next })))
}

/// What the engine knows of open incidents.
struct Open {
    /// Those that are listed, one more than is asked for where there are so many.
    found: BTreeMap<u64, Value>,
    /// The numbers of all, where the past is asked for as well.
    numbers: BTreeSet<u64>,
    /// What the clock has.
    skew: Span,
}

impl Open {
    fn among(engine: &Engine, filter: Filter) -> Self {
        let (incidents, skew) = (&engine.state.incidents, engine.skew);
        let known = incidents.by_number.range(..filter.before).rev();
        let open = known.filter_map(|(number, key)| Some((*number, incidents.by_key.get(key)?)));
        let open = open.filter(|(_, incident)| !incident.is_resolved());
        let numbers = open.clone().map(|(number, _)| number).take(if filter.resolved { usize::MAX } else { 0 });
        let listed = open.clone().take(if filter.open { filter.limit + 1 } else { 0 });
        let found = listed.map(|(number, incident)| (number, summary::of(incident, skew)));
        Open { found: found.collect(), numbers: numbers.collect(), skew }
    }
}

/// Those that are not open any more, from the journal. Each is a question of its own to the store, so that nobody waits for all.
async fn resolved(
    doors: &Doors,
    filter: Filter,
    open: &BTreeSet<u64>,
    skew: Span,
) -> Result<BTreeMap<u64, Value>, BooksError> {
    let mut found = BTreeMap::new();
    let (mut below, enough) = (filter.before, filter.limit + 1);
    while found.len() < enough {
        let numbers = doors.read(move |store, partition, _| store.numbers(partition, below, enough)).await?;
        let Some(&last) = numbers.last() else { break };
        below = last;
        for number in numbers.into_iter().filter(|number| !open.contains(number)).take(enough - found.len()) {
            let story =
                doors.read(move |store, partition, severities| store.story(partition, number, severities)).await?;
            let incident = story.as_ref().and_then(Story::incident);
            found.extend(incident.map(|incident| (number, summary::of(&incident, skew))));
        }
    }
    Ok(found)
}

/// One incident with all that is on record of it. What is decided and not stored, because the store fails, is shown as it is known.
pub async fn show(State(desk): State<Desk>, Named(text): Named, _: Everything) -> Result<Response, Wrong> {
    let number = number(&text).ok_or_else(|| reply::bad_data(format!("`{text}` is no number of an incident")))?;
    let looked = desk.look(move |decider| {
        let skew = decider.engine.skew;
        let known = decider.engine.state.incidents.numbered(number).map(|incident| summary::whole(incident, skew));
        (known, decider.has_unstored(number), skew)
    });
    let (known, is_behind, skew) = looked.await?;
    let missing = || reply::not_found(format!("there is no incident INC-{number}"));
    let data = match (known, record(&desk.doors, number).await) {
        (known, Ok(Some((story, sendings)))) => {
            let past = || story.incident().map(|incident| summary::whole(&incident, skew));
            let mut data = known.or_else(past).ok_or_else(missing)?;
            data["timeline"] = json!(timeline::of(&story, skew));
            data["deliveries"] = json!(sendings.iter().map(timeline::delivery).collect::<Vec<_>>());
            if is_behind {
                data["stored"] = json!(false);
            }
            data
        }
        (Some(mut data), Ok(None) | Err(_)) => {
            (data["timeline"], data["deliveries"], data["stored"]) = (json!([]), json!([]), json!(false));
            data
        }
        (None, Ok(None)) => return Err(missing()),
        (None, Err(cause)) => return Err(reply::unreadable(&cause)),
    };
    Ok(reply::success(data))
}

/// What the store has on record of an incident: what happened, and who was told.
pub type Record = (Story, Vec<Sending>);

/// What the store has on record of the incident with this number.
///
/// # Errors
/// What the store said.
pub async fn record(doors: &Doors, number: u64) -> Result<Option<Record>, BooksError> {
    let on_record = doors.read(move |store, partition, severities| {
        let Some(story) = store.story(partition, number, severities)? else { return Ok(None) };
        let sendings = store.sendings(partition, story.id, severities)?;
        Ok(Some((story, sendings)))
    });
    on_record.await
}

impl Filter {
    fn read(query: &str) -> Result<Self, String> {
        let mut filter = Filter { open: true, resolved: false, limit: USUALLY, before: u64::MAX };
        let mut said = BTreeSet::new();
        for (name, value) in pairs(query) {
            if !said.insert(name.clone()) {
                return Err(format!("`{name}` is given more than once"));
            }
            match name.as_str() {
                "state" => {
                    (filter.open, filter.resolved) = match value.as_str() {
                        "open" => (true, false),
                        "resolved" => (false, true),
                        "all" => (true, true),
                        other => return Err(format!("`state` is `open`, `resolved` or `all`, not `{other}`")),
                    }
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=AT_MOST).contains(limit));
                    filter.limit = limit.ok_or_else(|| format!("`limit` is a number from 1 to {AT_MOST}"))?;
                }
                "before" => filter.before = number(&value).ok_or("`before` is the number of an incident")?,
                other => {
                    return Err(format!("there is no parameter `{other}`; there are `state`, `limit` and `before`"));
                }
            }
        }
        Ok(filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ones_are_asked_for_unless_the_question_says_otherwise() {
        let usual = Filter { open: true, resolved: false, limit: USUALLY, before: u64::MAX };
        assert_eq!(Filter::read(""), Ok(usual));
        let past = Filter { open: false, resolved: true, limit: 5, before: 41 };
        assert_eq!(Filter::read("state=resolved&limit=5&before=INC-41"), Ok(past));
        for wrong in [
            "state=closed",
            "limit=0",
            "limit=1001",
            "before=x",
            "severity=high",
            "state=open&state=all",
            "limit=1&limit=1",
        ] {
            assert!(Filter::read(wrong).is_err(), "{wrong}");
        }
    }
}
