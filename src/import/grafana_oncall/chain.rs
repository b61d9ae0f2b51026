//! Escalation chains: their steps as levels.

use super::super::Notes;
use super::super::duty::Names;
use super::super::fields::Fields;
use super::super::ladder::{Step, ladder, later};
use super::super::page::Value;
use super::super::people::People;
use crate::yaml::Node;

/// What steps may speak of.
pub(super) struct Ground<'a> {
    pub people: &'a mut People,
    /// The targets of a schedule, by its id.
    pub schedules: &'a dyn Fn(&str) -> Option<Vec<String>>,
    pub teams: &'a Names,
}

/// The ladder of a chain whose steps are these.
pub(super) fn make(steps: &[&Node], ground: &mut Ground<'_>, notes: &mut Notes) -> Value {
    let mut read: Vec<(i64, Fields<'_>)> = Vec::new();
    for node in steps {
        let Some(fields) = Fields::of(node, "an escalation policy", notes) else { continue };
        read.push((fields.number("position", notes).unwrap_or(i64::MAX), fields));
    }
    read.sort_by_key(|(position, _)| *position);
    let (mut after, mut since) = (0, 0);
    let (mut made, mut repeat) = (Vec::new(), None);
    for (_, fields) in &read {
        match fields.text("type", notes).unwrap_or_default() {
            "wait" => {
                let seconds = fields.number("duration", notes).unwrap_or(60).max(0);
                let Some(reached) = later(after, seconds) else {
                    let what = format!("a wait of {seconds} seconds, and the steps behind it: 292 years are the most");
                    notes.left(fields.place_of("duration"), what, "correct the wait, and import again");
                    break;
                };
                (after, since) = (reached, since + seconds);
            }
            "repeat_escalation" => repeat = Some((since, 5)),
            kind => {
                let notify = targets(kind, fields, ground, notes);
                if !notify.is_empty() {
                    made.push(Step { place: fields.place(), after, notify });
                    since = 0;
                }
            }
        }
    }
    ladder(&made, repeat, notes)
}

fn targets(kind: &str, fields: &Fields<'_>, ground: &mut Ground<'_>, notes: &mut Notes) -> Vec<String> {
    if fields.flag("important", notes) == Some(true) {
        let what = "`important`: people have one set of ways to be reached here";
        notes.differs(
            fields.place_of("important"),
            what,
            "give the severity levels of its own, through other channels",
        );
    }
    let mut everybody = |key: &'static str, notes: &mut Notes| {
        let keys = fields.texts(key, notes).into_iter();
        let found = keys.filter_map(|(key, place)| ground.people.find(key, place, notes));
        found.map(|name| format!("responder:{name}")).collect::<Vec<_>>()
    };
    match kind {
        "notify_persons" | "notify_person" => everybody("persons_to_notify", notes),
        "notify_person_next_each_time" => {
            let what = "`notify_person_next_each_time`: nobody takes turns by alerts here, and all of them are told";
            notes.differs(fields.place(), what, "make a schedule of them, and tell that");
            everybody("persons_to_notify_next_each_time", notes)
        }
        "notify_on_call_from_schedule" => {
            let id = fields.text("notify_on_call_from_schedule", notes).unwrap_or_default();
            let found = (ground.schedules)(id);
            if found.is_none() {
                let place = fields.place_of("notify_on_call_from_schedule");
                notes.left(
                    place,
                    format!("the schedule `{id}`, which is not in the translation"),
                    "see why, or write it by hand",
                );
            }
            found.unwrap_or_default()
        }
        "notify_team_members" => {
            let id = fields.text("notify_team_members", notes).or(fields.text("team_to_notify", notes));
            let team = id.and_then(|id| ground.teams.find(id));
            if team.is_none() {
                notes.left(
                    fields.place(),
                    "a step that tells a team, which has no members in an export",
                    "write the team, and tell it",
                );
            }
            team.map(|team| format!("team:{team}")).into_iter().collect()
        }
        other => {
            let advice = match other {
                "trigger_webhook" | "trigger_action" => {
                    "write it as one of `actions`, or as a `webhook` channel that the level tells"
                }
                "resolve" => "nothing: an incident ends with its alerts",
                "notify_whole_channel" | "notify_user_group" => "tell a channel of Slack in this level",
                "notify_if_time_from_to" => {
                    "nothing holds the levels after it back now; a schedule with nobody in it at that time does"
                }
                _ => "see docs/escalation.md for what levels can do",
            };
            notes.left(fields.place(), format!("a step `{other}`"), advice);
            Vec::new()
        }
    }
}
