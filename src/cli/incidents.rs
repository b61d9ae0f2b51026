//! `watchbell incidents`: what there is, what became of it, and what people do.

use super::service::{Service, plain, text};
use super::{Answer, CommandError};
use crate::model::{Span, duration_text, waits_for};
use crate::service::clock::wall;
use clap::ValueEnum;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// See what is going on and act on it, at the running service.
#[derive(Debug, clap::Args)]
pub struct Incidents {
    #[command(subcommand)]
    deed: Deed,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// List incidents, the newest first.
    List {
        /// Which ones.
        #[arg(long, value_enum, default_value_t = State::Open)]
        state: State,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show one, with all that became of it and who was told.
    Show {
        #[command(flatten)]
        which: Number,
    },
    /// Say that you are at it: nobody else is woken.
    Ack(Which),
    /// Say that you are not at it any more: the levels go on.
    Unack(Which),
    /// Confirm or correct its severity.
    Assess {
        #[command(flatten)]
        which: Which,
        /// The severity that it has by your word.
        severity: String,
    },
    /// Say to the stakeholders how things stand.
    Update {
        #[command(flatten)]
        which: Which,
        /// What to say.
        text: String,
    },
    /// Note something down.
    Note {
        #[command(flatten)]
        which: Which,
        /// What to note.
        text: String,
    },
    /// Make somebody responsible, who is told.
    Assign {
        #[command(flatten)]
        which: Which,
        /// The responder.
        to: String,
    },
    /// Acknowledge it for so long.
    Snooze {
        #[command(flatten)]
        which: Which,
        /// How long, as `30m`.
        #[arg(value_name = "FOR")]
        lasts: String,
    },
    /// Reach its next level now.
    Escalate(Which),
    /// Close it. What fires cannot be closed.
    Resolve(Which),
    /// Link the review that was written.
    Review {
        #[command(flatten)]
        which: Which,
        /// Where it is.
        link: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Those that are not resolved.
    Open,
    /// Those that are.
    Resolved,
    /// All.
    All,
}

#[derive(Debug, clap::Args)]
struct Number {
    /// The incident, as `41` or `INC-41`.
    #[arg(value_parser = number)]
    number: u64,
}

#[derive(Debug, clap::Args)]
struct Which {
    #[command(flatten)]
    number: Number,
    /// The generation that you mean: where the incident has been reopened since, nothing is done.
    #[arg(long)]
    generation: Option<u32>,
}

/// The number of an incident, as people write it.
///
/// # Errors
/// When it is none.
pub(super) fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("INC-").or_else(|| text.strip_prefix("inc-")).unwrap_or(text);
    digits.parse().map_err(|_| "an incident is called by its number, as `41` or `INC-41`".to_owned())
}

/// What comes of an update where nobody hears it.
const NOBODY_TOLD: &str =
    "update noted, but nobody was told: name those who are to hear updates under `stakeholders` in watchbell.yaml";

impl Incidents {
    /// Asks the service.
    ///
    /// # Errors
    /// When it was asked wrongly, or cannot be reached.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let (which, verb, fields, done) = match &self.deed {
            Deed::List { state, limit } => return self.list(config, *state, *limit),
            Deed::Show { which } => {
                let path = format!("/api/v1/incidents/{}", which.number);
                return self.service.ask(config, (Method::GET, &path), None, |data| whole(data, wall()));
            }
            Deed::Ack(which) => (which, "acknowledge", json!({}), "acknowledged".to_owned()),
            Deed::Unack(which) => (which, "unacknowledge", json!({}), "no longer acknowledged".to_owned()),
            Deed::Assess { which, severity } => {
                (which, "assess", json!({ "severity": severity }), format!("assessed as {severity}"))
            }
            Deed::Update { which, text } => (which, "update", json!({ "text": text }), "update sent".to_owned()),
            Deed::Note { which, text } => (which, "note", json!({ "text": text }), "noted".to_owned()),
            Deed::Assign { which, to } => (which, "assign", json!({ "to": to }), format!("assigned to {to}")),
            Deed::Snooze { which, lasts } => (which, "snooze", json!({ "for": lasts }), format!("snoozed for {lasts}")),
            Deed::Escalate(which) => (which, "escalate", json!({}), "escalated".to_owned()),
            Deed::Resolve(which) => (which, "resolve", json!({}), "resolved".to_owned()),
            Deed::Review { which, link } => (which, "review", json!({ "link": link }), "reviewed".to_owned()),
        };
        let mut body = fields;
        if let Some(generation) = which.generation {
            body["generation"] = json!(generation);
        }
        let number = which.number.number;
        let path = format!("/api/v1/incidents/{number}/{verb}");
        let say = |data: &Value| {
            let done = if data["stakeholders"] == json!(0) { NOBODY_TOLD } else { &done };
            format!("INC-{number}: {}{}\n", plain(done), unless_stored(data))
        };
        self.service.ask(config, (Method::POST, &path), Some(&body), say)
    }

    fn list(&self, config: Option<&Path>, state: State, limit: u16) -> Result<Answer, CommandError> {
        let word = match state {
            State::Open => "open",
            State::Resolved => "resolved",
            State::All => "all",
        };
        let path = format!("/api/v1/incidents?state={word}&limit={limit}");
        self.service.ask(config, (Method::GET, &path), None, |data| {
            let now = wall();
            let lines: String = each(&data["incidents"]).map(|incident| two_lines(incident, now)).collect();
            match data["next"].as_u64() {
                _ if lines.is_empty() => format!("{}\n", if word == "open" { "nothing is open" } else { "none" }),
                Some(_) => format!("{lines}there are older ones; `--limit` shows up to 1000\n"),
                None => lines,
            }
        })
    }
}

/// What to add where the store does not remember at the moment.
pub fn unless_stored(data: &Value) -> &'static str {
    if data["stored"] == json!(false) { " (the store fails; it holds until the next restart)" } else { "" }
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// `INC-41 critical acknowledged GasPriceSpike {chain="sepolia"}`, and below it for how long, who, and what is next.
fn two_lines(incident: &Value, now: i64) -> String {
    let [name, severity, status, title] = ["name", "severity", "status", "title"].map(|field| text(&incident[field]));
    format!("{name}  {severity}  {status}  {title}\n    {}\n", facts(incident, now).join(" · "))
}

/// What is to be said of it now, in order.
fn facts(incident: &Value, now: i64) -> Vec<String> {
    let mut facts = Vec::new();
    match time(&incident["resolved"]) {
        Some(resolved) => {
            let lasted = time(&incident["opened"]).map(|opened| format!(", after {}", roughly(resolved - opened)));
            facts.push(format!("resolved {} ago{}", roughly(now - resolved), lasted.unwrap_or_default()));
        }
        None => {
            let opened = time(&incident["opened"]).map(|opened| format!("open for {}", roughly(now - opened)));
            facts.extend(opened);
            let firing = incident["firing"].as_u64().unwrap_or_default();
            facts.push(format!("{firing} {} firing", if firing == 1 { "alert" } else { "alerts" }));
        }
    }
    if let Some(generation) = incident["generation"].as_u64().filter(|generation| *generation > 1) {
        let times = if generation == 2 { "once".to_owned() } else { format!("{} times", generation - 1) };
        facts.push(format!("reopened {times}"));
    }
    if let Some(first) = time(&incident["first_message"]) {
        facts.push(format!("gathers its group, first message {}", until(first, now)));
    }
    let acknowledged = &incident["acknowledged"];
    if acknowledged.is_object() {
        let since = time(&acknowledged["since"]).map(|since| format!(" {} ago", roughly(now - since)));
        let ends = time(&acknowledged["until"]).map(|end| format!(", expires {}", until(end, now)));
        let by = text(&acknowledged["by"]);
        facts.push(format!("acknowledged by {by}{}{}", since.unwrap_or_default(), ends.unwrap_or_default()));
    }
    if incident["assigned"].is_string() {
        facts.push(format!("assigned to {}", text(&incident["assigned"])));
    }
    if incident["waits_since"].is_string() {
        facts.push(format!("nothing fires any more; {}", waits_for(acknowledged.is_object())));
    }
    let held = &incident["held"];
    if held.is_object() {
        let by: Vec<String> = each(&held["by"]).map(text).collect();
        facts.push(format!("held back: {}", by.join("; ")));
    }
    facts.extend(level(&incident["level"], now));
    facts
}

fn level(level: &Value, now: i64) -> Option<String> {
    level.is_object().then(|| match (level["next"].as_str(), time(&level["next_at"])) {
        (Some(next), Some(at)) => format!("next level {} {}", plain(next), until(at, now)),
        (Some(next), None) => format!("next level {}, its clock stands still", plain(next)),
        (None, _) => format!("at its last level {}", text(&level["reached"])),
    })
}

/// Everything about one incident.
fn whole(incident: &Value, now: i64) -> String {
    let mut all = two_lines(incident, now);
    let policy = text(&incident["policy"]);
    all += &format!("    generation {}, policy {policy}\n\nalerts\n", incident["generation"]);
    for alert in each(&incident["alerts"]) {
        let labels = alert["labels"].as_object().into_iter().flatten();
        let labels: Vec<String> = labels.map(|(name, value)| plain(&format!("{name}={value}"))).collect();
        let ended = if alert["ended"].is_string() { ", ended" } else { "" };
        all += &format!("  {{{}}}  {}{ended}\n", labels.join(", "), text(&alert["severity"]));
    }
    let trouble = match (incident["stored"] == json!(false), each(&incident["timeline"]).next()) {
        (false, _) => "",
        (true, None) => ": the store fails, and has none of it yet",
        (true, Some(_)) => ": the store fails, and does not have the last of it yet",
    };
    all += &format!("\ntimeline{trouble}\n");
    for entry in each(&incident["timeline"]) {
        all += &format!("  {}  {}\n", text(&entry["at"]), text(&entry["text"]));
        let said = entry["output"].as_str().unwrap_or_default().lines();
        all += &said.map(|line| format!("      | {}\n", plain(line))).collect::<String>();
    }
    all += "\nmessages\n";
    for sending in each(&incident["deliveries"]) {
        let [at, to, kind, why, status] = ["at", "to", "kind", "why", "status"].map(|field| text(&sending[field]));
        let attempts = sending["attempts"].as_u64().filter(|attempts| *attempts > 1);
        let tries = attempts.map(|attempts| format!(", {attempts} attempts")).unwrap_or_default();
        let trouble = sending["trouble"].as_str().map(|trouble| format!(" ({})", plain(trouble))).unwrap_or_default();
        all += &format!("  {at}  {kind} to {to}: {why}  {status}{tries}{trouble}\n");
    }
    all
}

/// The milliseconds of a time in an answer.
pub fn time(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// `in 3m`, or that it is due.
pub fn until(at: i64, now: i64) -> String {
    if at <= now { "now".into() } else { format!("in {}", roughly(at - now)) }
}

/// `3m ago`.
pub fn ago(at: i64, now: i64) -> String {
    format!("{} ago", roughly(now - at))
}

/// A duration that people can take in: seconds below an hour, minutes below a day, hours from there on.
fn roughly(millis: i64) -> String {
    let millis = millis.max(0);
    let unit = match millis {
        ..3_600_000 => 1_000,
        3_600_000..86_400_000 => 60_000,
        _ => 3_600_000,
    };
    duration_text::format(Span::from_millis(millis / unit * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_603_600_000;

    fn at(minutes: i64) -> String {
        Timestamp::from_millisecond(NOW + minutes * 60_000).unwrap().to_string()
    }

    #[test]
    fn a_list_says_for_how_long_who_and_what_is_next() {
        let incident = json!({
            "name": "INC-41", "severity": "critical", "status": "open", "title": "GasPriceSpike", "generation": 2,
            "opened": at(-63), "firing": 2, "level": { "reached": "on-call", "next": "leads", "next_at": at(3) },
        });
        insta::assert_snapshot!(two_lines(&incident, NOW), @r"
        INC-41  critical  open  GasPriceSpike
            open for 1h3m · 2 alerts firing · reopened once · next level leads in 3m
        ");
        let mut held = incident.clone();
        held["acknowledged"] = json!({ "by": "anna", "since": at(-12), "until": at(18) });
        held["level"]["next_at"] = Value::Null;
        insta::assert_snapshot!(facts(&held, NOW).join("\n"), @r"
        open for 1h3m
        2 alerts firing
        reopened once
        acknowledged by anna 12m ago, expires in 18m
        next level leads, its clock stands still
        ");
        let calm = |more: &Value| {
            let mut calm = json!({ "opened": at(-3), "firing": 0, "generation": 1, "waits_since": at(-1) });
            calm["acknowledged"] = more.clone();
            facts(&calm, NOW).last().cloned().unwrap_or_default()
        };
        assert_eq!(calm(&Value::Null), "nothing fires any more; waits for somebody to act");
        assert_eq!(calm(&held["acknowledged"]), "nothing fires any more; waits for somebody to close it");
        let over = json!({ "opened": at(-3_000), "resolved": at(-1), "firing": 0, "generation": 1 });
        assert_eq!(facts(&over, NOW), ["resolved 1m ago, after 2d1h"]);
    }

    #[test]
    fn labels_of_an_attacker_cannot_speak_to_the_terminal() {
        let incident = json!({
            "name": "INC-1", "title": "a\u{1b}[2J", "alerts": [{ "labels": { "x": "\u{7}" }, "severity": "low" }],
            "timeline": [{ "at": at(0), "text": "note by eve (api): \r\u{1b}]0;x\u{7}" }],
        });
        let said = whole(&incident, NOW);
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    }
}
