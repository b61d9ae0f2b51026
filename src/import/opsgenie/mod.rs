//! Opsgenie's users, teams, schedules, escalations and routing rules, as its API lists them or its backup tool files them.
//!
//! Start at [`translate`]. A schedule names the same people at every instant. Absent on purpose: integrations and what they
//! make of an alert, policies over alerts, heartbeats: they are about what comes in, and rules are that here.

mod route;
mod schedule;

use super::duty::{self, Names};
use super::fields::Fields;
use super::ladder::{Step, ladder, later, policy};
use super::lists::Lists;
use super::page::Value;
use super::people::{People, Way};
use super::{Export, Imported, Notes};
use crate::yaml::Node;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The kinds of things, by the words for them in names of files, folders and keys.
const KINDS: &[(&str, &str)] = &[
    ("users", "users"),
    ("schedules", "schedules"),
    ("overrides", "overrides"),
    ("escalations", "escalations"),
    ("teams", "teams"),
    ("routing_rules", "rules"),
];

/// What the translation knows by id and by name.
struct Ground {
    people: People,
    schedules: BTreeMap<String, Vec<String>>,
    teams: Names,
    escalations: Names,
}

/// Translates an export. What is over at `now` counts for nothing.
///
/// # Errors
/// Says why nothing of it can be translated.
pub fn translate(exports: &[Export<'_>], now: Timestamp) -> Result<Imported, String> {
    let mut notes = Notes::default();
    let lists = Lists::of_exports(exports, KINDS, &[], &mut notes);
    if lists.is_empty() {
        return Err(
            "there is nothing of Opsgenie in it; files, folders or keys are called `users`, `schedules` …".into()
        );
    }
    let people = people(&lists, &mut notes);
    let mut ground =
        Ground { people, schedules: BTreeMap::new(), teams: Names::default(), escalations: Names::default() };
    let teams = teams(&lists, &mut ground, &mut notes);
    let schedules = schedules(&lists, &mut ground, now, &mut notes);
    let mut policies = Vec::new();
    for node in lists.of("escalations") {
        let Some(fields) = Fields::of(node, "an escalation", &mut notes) else { continue };
        let title = fields.text("name", &mut notes).unwrap_or("escalation").to_owned();
        let id = fields.text("id", &mut notes).unwrap_or(&title);
        let name = ground.escalations.give(id, &title);
        ground.escalations.also(&title, &name);
        let ladder = escalation(&fields, &mut ground, &mut notes);
        policies.push((name, policy(|_| ladder.clone())));
    }
    let routes = route::section(&lists, &mut ground, &mut policies, &mut notes);
    let channels = ground.people.channels(&mut notes);
    let sections = [
        ("channels", Value::Map(channels)),
        ("responders", Value::Map(ground.people.responders)),
        ("teams", Value::Map(teams)),
        ("schedules", Value::Map(schedules)),
        ("policies", Value::Map(policies)),
        ("routes", Value::List(routes)),
    ];
    Imported::of_export("Opsgenie", "opsgenie", &sections, notes)
}

/// The id of what a thing belongs to.
fn parent_of(node: &Node) -> Option<&str> {
    node.get("_parent")?.get("id")?.as_str()
}

/// Whether the export has what is wrapped in `key` and has this id.
fn has(lists: &Lists<'_>, kind: &str, key: &str, id: &str) -> bool {
    lists.of(kind).iter().any(|node| unwrapped(node, key).get("id").and_then(Node::as_str) == Some(id))
}

/// The thing itself, where the backup tool has put it into a key beside others.
fn unwrapped<'a>(node: &'a Node, key: &str) -> &'a Node {
    node.get(key).filter(|inner| !inner.entries().is_empty()).unwrap_or(node)
}

fn people(lists: &Lists<'_>, notes: &mut Notes) -> People {
    let mut people = People::default();
    for node in lists.of("users") {
        let Some(fields) = Fields::of(unwrapped(node, "user"), "a user", notes) else { continue };
        let id = fields.text("id", notes).unwrap_or_default();
        let mail = fields.text("username", notes).unwrap_or_default();
        let name = mail.split('@').next().filter(|name| !name.is_empty()).unwrap_or(id);
        let zone = fields.text("timeZone", notes).or(fields.text("timezone", notes));
        let ways: Vec<(Way<'_>, i64)> =
            Some(mail).filter(|mail| mail.contains('@')).map(|mail| (Way::Mail(mail), 0)).into_iter().collect();
        people.add(&[id, mail, &mail.to_lowercase()], name, zone, &ways, (fields.place(), &mut *notes));
    }
    people
}

/// The teams, each with its members.
fn teams(lists: &Lists<'_>, ground: &mut Ground, notes: &mut Notes) -> Vec<(String, Value)> {
    let mut teams = Vec::new();
    for node in lists.of("teams") {
        let Some(fields) = Fields::of(unwrapped(node, "team"), "a team", notes) else { continue };
        let title = fields.text("name", notes).unwrap_or("team").to_owned();
        let mut members = Vec::new();
        for node in fields.list("members", notes) {
            let user = node.get("user").and_then(|user| Fields::of(user, "a user", notes));
            members.extend(user.and_then(|user| schedule::user(&user, &mut ground.people, notes)));
        }
        if members.is_empty() {
            notes.left(
                fields.place(),
                format!("the members of the team `{title}`, whom the list of teams does not have"),
                "fetch each team by its id as well",
            );
            continue;
        }
        let name = ground.teams.give(fields.text("id", notes).unwrap_or(&title), &title);
        ground.teams.also(&title, &name);
        teams.push((name, Value::texts(members)));
    }
    teams
}

fn schedules(lists: &Lists<'_>, ground: &mut Ground, now: Timestamp, notes: &mut Notes) -> Vec<(String, Value)> {
    let of_schedule = |change: &Node| parent_of(change).is_none_or(|id| has(lists, "schedules", "schedule", id));
    let change = ("an override whose schedule is not in the export", "export the schedules as well");
    lists.leave_astray("overrides", of_schedule, change, notes);
    let (mut names, mut schedules) = (Names::default(), Vec::new());
    for node in lists.of("schedules") {
        let inner = unwrapped(node, "schedule");
        let Some(fields) = Fields::of(inner, "a schedule", notes) else { continue };
        let title = fields.text("name", notes).unwrap_or("schedule").to_owned();
        let id = fields.text("id", notes).unwrap_or(&title).to_owned();
        let beside = node.get("scheduleOverrideList").map(Node::items).unwrap_or_default().iter();
        let of_this = |change: &&&Node| parent_of(change).is_none_or(|parent| parent == id);
        let elsewhere = lists.of("overrides").iter().filter(of_this).copied();
        let overrides: Vec<&Node> = beside.chain(elsewhere).collect();
        let rota = schedule::make(&fields, &overrides, &mut ground.people, now, notes);
        let made = rota.schedules(&mut names, notes);
        if made.is_empty() {
            notes.left(
                fields.place(),
                format!("the schedule `{title}`: nobody is left in it"),
                "write it by hand; fetch schedules with `?expand=rotation`",
            );
            continue;
        }
        let targets = duty::targets(&made);
        ground.schedules.insert(title, targets.clone());
        ground.schedules.insert(id, targets);
        schedules.extend(made);
    }
    schedules
}

/// The ladder of an escalation.
fn escalation(fields: &Fields<'_>, ground: &mut Ground, notes: &mut Notes) -> Value {
    let mut steps = Vec::new();
    for node in fields.list("rules", notes) {
        let Some(rule) = Fields::of(node, "a rule of an escalation", notes) else { continue };
        if rule.text("condition", notes) == Some("if-not-closed") {
            let what = "`if-not-closed`: an acknowledgement stops the levels here";
            notes.differs(rule.place_of("condition"), what, "let acknowledgements expire by `ack_expires`");
        }
        if let Some(kind) = rule.text("notifyType", notes).filter(|kind| *kind != "default") {
            let what = format!("`notifyType: {kind}`: whoever is on call is told, or everybody of a team");
            notes.differs(rule.place_of("notifyType"), what, "name the people who are meant, or a schedule of theirs");
        }
        let Some(after) = rule.take("delay").map_or(Some(0), |delay| duration(delay, notes)) else {
            let what = "a step whose delay is too long: 292 years are the most";
            notes.left(rule.place_of("delay"), what, "correct the delay, and import again");
            continue;
        };
        let notify = rule.take("recipient").map(|node| recipient(node, ground, notes)).unwrap_or_default();
        steps.push(Step { place: rule.place(), after, notify });
    }
    let repeat = fields.take("repeat").and_then(|node| Fields::of(node, "`repeat`", notes)).and_then(|repeat| {
        if repeat.flag("closeAlertAfterAll", notes) == Some(true) {
            notes.left(
                repeat.place_of("closeAlertAfterAll"),
                "`closeAlertAfterAll`: an incident ends with its alerts",
                "nothing to do",
            );
        }
        let (wait, count) = (repeat.number("waitInterval", notes)?, repeat.number("count", notes)?);
        let every = wait.checked_mul(60).and_then(|wait| later(0, wait));
        if every.is_none() {
            let what = "`repeat`, whose `waitInterval` is too long: 292 years are the most";
            notes.left(repeat.place_of("waitInterval"), what, "correct it, and import again");
        }
        every.filter(|every| *every > 0).map(|every| (every, count))
    });
    ladder(&steps, repeat, notes)
}

/// A delay in seconds; none, where a configuration cannot say it.
fn duration(node: &Node, notes: &mut Notes) -> Option<i64> {
    let Some(fields) = Fields::of(node, "`delay`", notes) else { return Some(0) };
    let amount = fields.number("timeAmount", notes).unwrap_or(0).max(0);
    let unit = match fields.text("timeUnit", notes) {
        Some("days") => 86_400,
        Some("hours") => 3600,
        Some("seconds") => 1,
        _ => 60,
    };
    later(0, amount.checked_mul(unit)?)
}

/// Whom something tells, as targets.
fn recipient(node: &Node, ground: &mut Ground, notes: &mut Notes) -> Vec<String> {
    let Some(fields) = Fields::of(node, "a recipient", notes) else { return Vec::new() };
    let keys = [fields.text("id", notes), fields.text("name", notes)];
    let by_key = |find: &dyn Fn(&str) -> Option<Vec<String>>| keys.iter().flatten().find_map(|key| find(key));
    let found = match fields.text("type", notes) {
        Some("user") => {
            schedule::user(&fields, &mut ground.people, notes).map(|name| vec![format!("responder:{name}")])
        }
        Some("schedule") => by_key(&|key| ground.schedules.get(key).cloned()),
        Some("team") => by_key(&|key| Some(vec![format!("team:{}", ground.teams.find(key)?)])),
        _ => None,
    };
    found.unwrap_or_else(|| {
        let shown = keys.iter().flatten().next_back().copied().unwrap_or("without a name").to_owned();
        notes.left(
            fields.place(),
            format!("a recipient, `{shown}`, which is not in the translation"),
            "see why, or name somebody in `notify`",
        );
        Vec::new()
    })
}
