//! What there is to know of an incident: how it stands, its alerts, by when it must be answered, what happened, and who was
//! told.

use super::{Page, Row, Section};
use crate::api::incidents::{Entry, Rung, entries, rung, status};
use crate::config::Settings;
use crate::engine::Engine;
use crate::engine::incident::{Destination, Incident, Incidents, Phase, Stage};
use crate::engine::notice::{Draft, Message, Notice, Reason};
use crate::model::{Moment, Span, waits_for};
use crate::notify::text::{self, alert_line};
use crate::rules::template::Answers;
use crate::service::decider::Decider;
use crate::store::{Sending, Story};

/// So many alerts, and so many incidents, are listed; the rest are counted.
const LISTED: usize = 50;
/// So much of what happened is listed, the last of it.
const REMEMBERED: usize = 200;
/// Templates may ask so often. Nothing is asked for a page, so that they end with what they say without an answer.
const ROUNDS: usize = 4;

/// The page of an incident as the engine has it, in the words of a message to `to`.
pub fn of(decider: &Decider, incident: &Incident, to: &Destination) -> Page {
    let engine = &decider.engine;
    let name = format!("INC-{}", incident.number);
    let notice = notice(engine, incident, to);
    let title = notice.as_ref().map_or_else(|| name.clone(), |notice| format!("{name} {}", notice.title));
    let runbook = notice.as_ref().and_then(text::runbook);
    let settings = &engine.world.settings;
    let mut facts = facts(incident, engine.skew);
    if decider.has_unstored(incident.number) {
        facts.push("The store fails now: the last of what happened is not on record yet, and not shown below.".into());
    }
    Page {
        title,
        facts,
        link: runbook.map(|address| (address.to_owned(), "Runbook".to_owned())),
        button: None,
        sections: vec![alerts(incident, notice.as_ref()), deadlines(incident, settings, engine.skew)],
    }
}

/// The page with what the store has on record of its incident, where the clock has `skew` now.
pub fn noted(mut page: Page, record: Option<&(Story, Vec<Sending>)>, skew: Span) -> Page {
    match record {
        Some((story, sendings)) => page.sections.extend([happened(story, skew), told(sendings)]),
        None => page.facts.push("The store cannot be read now: what happened, and who was told, is not shown.".into()),
    }
    page
}

/// The page that lists what is open.
pub fn list(incidents: &Incidents) -> Page {
    let known = incidents.by_number.values().rev().filter_map(|key| incidents.by_key.get(key));
    let open: Vec<_> = known.filter(|incident| !incident.is_resolved()).collect();
    let row = |incident: &&Incident| Row {
        lead: format!("INC-{}", incident.number),
        text: crate::api::incidents::title(incident),
        small: format!("{}, {}, since {}", incident.severity, status(incident), slot(incident)),
        to: Some(incident.number),
    };
    let (count, more) = (open.len(), open.len().saturating_sub(LISTED));
    Page {
        title: "Open incidents".into(),
        facts: vec![match count {
            0 => "Nothing is open.".to_owned(),
            1 => "One incident is open.".to_owned(),
            _ => format!("{count} incidents are open, the newest first."),
        }],
        sections: vec![Section {
            heading: "Incidents",
            rows: open.iter().take(LISTED).map(row).collect(),
            more: (more > 0).then(|| format!("… and {more} older ones.")),
        }],
        ..Page::default()
    }
}

/// How it stands, a sentence each. Times are said to be UTC once.
fn facts(incident: &Incident, skew: Span) -> Vec<String> {
    let time = |moment: Moment| time(moment - skew);
    let mut facts = vec![format!("Severity {}, since {} UTC.", incident.severity, slot(incident))];
    facts.push(match (&incident.acknowledged, incident.phase) {
        (_, Phase::Resolved { at }) => format!("It is resolved, since {}.", time(at)),
        (Some(by), _) => {
            let until = by.until.map(|until| format!(", until {}", time(until))).unwrap_or_default();
            format!("Acknowledged by {} ({}) at {}{until}.", by.by.name, by.by.via, time(by.at))
        }
        (None, _) => "Nobody has acknowledged it.".to_owned(),
    });
    let says = |wish: Option<String>| wish.into_iter();
    facts.extend(says(incident.assigned.as_ref().map(|person| format!("Assigned to {person}."))));
    let waits = waits_for(incident.acknowledged.is_some());
    facts.extend(says(incident.calm.map(|since| format!("Nothing fires any more since {}; it {waits}.", time(since)))));
    facts.extend(says(incident.held.as_ref().map(|held| format!("Messages are {}.", held.words(skew)))));
    facts.extend(says(rung(incident).and_then(|rung| next_level(&rung, time))));
    facts
}

fn next_level(rung: &Rung, time: impl Fn(Moment) -> String) -> Option<String> {
    let next = rung.next.as_ref()?;
    Some(match rung.next_at {
        Some(at) => format!("Next level: {next}, at {}.", time(at)),
        None => format!("Next level: {next}; its clock stands still."),
    })
}

fn alerts(incident: &Incident, notice: Option<&Notice>) -> Section {
    let shown = notice.iter().flat_map(|notice| &notice.alerts).take(LISTED);
    let rows: Vec<_> = shown
        .map(|alert| Row {
            lead: alert.ended.map_or_else(|| alert.severity.to_string(), |_| "over".into()),
            text: alert_line(alert),
            small: alert.labels.to_string(),
            to: None,
        })
        .collect();
    let more = incident.members.len().saturating_sub(rows.len());
    Section { heading: "Alerts", rows, more: (more > 0).then(|| format!("… and {more} more.")) }
}

fn deadlines(incident: &Incident, settings: &Settings, skew: Span) -> Section {
    let deadlines = incident.deadlines(settings);
    let mut rows: Vec<Row> = deadlines.map(|(stage, due)| standing(incident, stage, due, skew)).collect();
    if let Some(due) = incident.update_wanted {
        rows.push(Row { lead: "due".into(), text: format!("next update by {}", time(due - skew)), ..Row::default() });
    }
    Section { heading: "To be answered", rows, more: None }
}

fn standing(incident: &Incident, stage: Stage, due: Moment, skew: Span) -> Row {
    let time = |moment: Moment| time(moment - skew);
    let stands = incident.response.get(&stage).copied().unwrap_or_default();
    let done = stands.done.map(|at| format!(", done at {}", time(at))).unwrap_or_default();
    let lead = match (stands.missed, stands.done) {
        (Some(_), _) => "missed",
        (None, Some(_)) => "met",
        (None, None) => "due",
    };
    Row { lead: lead.into(), text: format!("{} by {}{done}", stage.word(), time(due)), ..Row::default() }
}

fn happened(story: &Story, skew: Span) -> Section {
    let mut rows: Vec<Row> = entries(story, skew).map(|entry| step(&entry)).collect();
    let earlier = rows.len().saturating_sub(REMEMBERED);
    rows.drain(..earlier);
    Section { heading: "What happened", rows, more: shortened(earlier) }
}

fn step(entry: &Entry<'_>) -> Row {
    // What a program has said stands in small letters below how it ended.
    let small = entry.ended.map(|ended| ended.output.trim().to_owned()).unwrap_or_default();
    Row { lead: time(entry.at), text: entry.text.clone(), small, to: None }
}

fn told(sendings: &[Sending]) -> Section {
    let earlier = sendings.len().saturating_sub(REMEMBERED);
    let rows = sendings.iter().skip(earlier).map(|sending| {
        let draft = &sending.notice.draft;
        let trouble = sending.reason.as_ref().map(|trouble| format!(": {trouble}")).unwrap_or_default();
        Row {
            lead: time(draft.at),
            text: format!("{}: {}", draft.destination, text::reason(&sending.notice)),
            small: format!("{} {}{trouble}", draft.kind.word(), sending.status),
            to: None,
        }
    });
    Section { heading: "Who was told", rows: rows.collect(), more: shortened(earlier) }
}

fn shortened(earlier: usize) -> Option<String> {
    (earlier > 0).then(|| format!("These are the last {REMEMBERED}; {earlier} came before."))
}

/// `2026-01-05 09:00:00`, which is read faster than the same for programs.
fn time(at: Moment) -> String {
    let text = at.to_string();
    let text = text.split_once('.').map_or(text.as_str(), |(seconds, _)| seconds);
    text.trim_end_matches('Z').replace('T', " ")
}

fn slot(incident: &Incident) -> String {
    time(Moment::from_millis(incident.opened.millis()))
}

/// The message that would be sent now, without asking any source: a page does not wait for one.
fn notice(engine: &Engine, incident: &Incident, to: &Destination) -> Option<Notice> {
    let draft = Draft::new(incident, to, &Message::update(Reason::Changed), 0, engine.state.moment);
    let mut known = Answers::new();
    for _ in 0..ROUNDS {
        match draft.compose(&engine.world, engine.skew, &known) {
            Ok(notice) => return Some(notice),
            Err(wanted) => {
                known.extend(wanted.into_iter().map(|(_, query)| (query, Err("no query is asked for a page".into()))));
            }
        }
    }
    None
}
