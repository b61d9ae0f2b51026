//! Grafana OnCall's people, schedules, escalation chains and routes, as its API lists them.
//!
//! Start at [`translate`]. A schedule names the same people at every instant, or it is said what of it does not; one that
//! is kept in a calendar elsewhere cannot be read here. Absent on purpose: reaching people by phone, and what alerts look
//! like.

mod chain;
mod route;
mod shift;

use super::duty::{self, Names, Rota, StandIn};
use super::fields::Fields;
use super::ladder::{later, policy};
use super::lists::Lists;
use super::page::Value;
use super::people::{People, Way};
use super::{Export, Imported, Notes};
use crate::yaml::Node;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The kinds of things, by the words for them in names of files and keys.
const KINDS: &[(&str, &str)] = &[
    ("users", "users"),
    ("schedules", "schedules"),
    ("on_call_shifts", "shifts"),
    ("shifts", "shifts"),
    ("escalation_chains", "chains"),
    ("escalation_policies", "steps"),
    ("personal_notification_rules", "rules"),
    ("integrations", "integrations"),
    ("routes", "routes"),
    ("teams", "teams"),
];

const RESOURCES: &[(&str, &str)] = &[
    ("grafana_oncall_user", "users"),
    ("grafana_oncall_schedule", "schedules"),
    ("grafana_oncall_on_call_shift", "shifts"),
    ("grafana_oncall_escalation_chain", "chains"),
    ("grafana_oncall_escalation", "steps"),
    ("grafana_oncall_user_notification_rule", "rules"),
    ("grafana_oncall_integration", "integrations"),
    ("grafana_oncall_route", "routes"),
    ("grafana_oncall_team", "teams"),
];

/// Translates an export. What is over at `now` counts for nothing.
///
/// # Errors
/// Says why nothing of it can be translated.
pub fn translate(exports: &[Export<'_>], now: Timestamp) -> Result<Imported, String> {
    let mut notes = Notes::default();
    let lists = Lists::of_exports(exports, KINDS, RESOURCES, &mut notes);
    if lists.is_empty() {
        return Err(
            "there is nothing of Grafana OnCall in it; files, folders or keys are called `users`, `schedules` …".into(),
        );
    }
    leave_astray(&lists, &mut notes);
    let mut people = people(&lists, &mut notes);
    let mut names = Names::default();
    let mut schedules: Vec<(String, Value)> = Vec::new();
    let mut targets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in lists.of("schedules") {
        let Some(fields) = Fields::of(node, "a schedule", &mut notes) else { continue };
        let Some((id, rota)) = rota(&fields, &lists, &mut people, now, &mut notes) else { continue };
        let made = rota.schedules(&mut names, &mut notes);
        if made.is_empty() {
            notes.left(
                fields.place(),
                format!("the schedule `{}`: nobody is left in it", rota.name),
                "write it by hand",
            );
        } else {
            targets.insert(id, duty::targets(&made));
        }
        schedules.extend(made);
    }
    let mut chains = Names::default();
    chains.reserve(route::NOBODY);
    let mut policies: Vec<(String, Value)> = Vec::new();
    for node in lists.of("chains") {
        let Some(fields) = Fields::of(node, "an escalation chain", &mut notes) else { continue };
        let id = fields.text("id", &mut notes).unwrap_or_default();
        let name = chains.give(id, fields.text("name", &mut notes).unwrap_or("chain"));
        let of_chain = |step: &&&Node| step.get("escalation_chain_id").and_then(Node::as_str) == Some(id);
        let steps: Vec<&Node> = lists.of("steps").iter().filter(of_chain).copied().collect();
        let find = |id: &str| targets.get(id).cloned();
        let mut ground = chain::Ground { people: &mut people, schedules: &find, teams: &Names::default() };
        let ladder = chain::make(&steps, &mut ground, &mut notes);
        policies.push((name, policy(|_| ladder.clone())));
    }
    let routes = route::section(&lists, &chains, &mut policies, &mut notes);
    let channels = people.channels(&mut notes);
    let sections = [
        ("channels", Value::Map(channels)),
        ("responders", Value::Map(people.responders)),
        ("schedules", Value::Map(schedules)),
        ("policies", Value::Map(policies)),
        ("routes", Value::List(routes)),
    ];
    Imported::of_export("Grafana OnCall", "grafana-oncall", &sections, notes)
}

/// Notes the parts whose whole is not in the export.
fn leave_astray(lists: &Lists<'_>, notes: &mut Notes) {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let of_chain = |step: &Node| lists.has("chains", text(step, "escalation_chain_id").as_deref());
    let step = ("a step whose escalation chain is not in the export", "export the chains as well, all pages");
    lists.leave_astray("steps", of_chain, step, notes);
    let of_user = |rule: &Node| lists.has("users", text(rule, "user_id").as_deref());
    let rule = ("a personal notification rule whose user is not in the export", "export the users as well, all pages");
    lists.leave_astray("rules", of_user, rule, notes);
    let names_it = |schedule: &&Node, id: Option<&str>| {
        let shifts = schedule.get("shifts").map(Node::items).unwrap_or_default();
        id.is_some() && shifts.iter().any(|shift| shift.as_str() == id)
    };
    let of_schedule = |shift: &Node| {
        let named = text(shift, "id");
        lists.has("schedules", schedule_of(shift))
            || lists.of("schedules").iter().any(|schedule| names_it(schedule, named.as_deref()))
    };
    let shift = ("a shift that no schedule of the export names", "export the schedules as well, all pages");
    lists.leave_astray("shifts", of_schedule, shift, notes);
}

/// The id of the schedule that a shift names.
fn schedule_of(shift: &Node) -> Option<&str> {
    let text = |key: &str| shift.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    text("schedule").or(text("schedule_id"))
}

/// The people, each with the ways of their rules; by mail, where they have none.
fn people(lists: &Lists<'_>, notes: &mut Notes) -> People {
    let mut people = People::default();
    for node in lists.of("users") {
        let Some(fields) = Fields::of(node, "a user", notes) else { continue };
        let id = fields.text("id", notes).unwrap_or_default();
        let name = fields.text("username", notes).or(fields.text("email", notes)).unwrap_or(id);
        let email = fields.text("email", notes);
        let slack = fields.take("slack").and_then(|slack| slack.get("user_id")?.as_str()).filter(|id| !id.is_empty());
        let of_user = |rule: &&&Node| rule.get("user_id").and_then(Node::as_str) == Some(id);
        let rules: Vec<&Node> = lists.of("rules").iter().filter(of_user).copied().collect();
        let mut ways = ways(&rules, email, slack, notes);
        if ways.is_empty() {
            ways.extend(email.map(|email| (Way::Mail(email), 0)));
        }
        let zone = fields.text("timezone", notes).or(fields.text("time_zone", notes));
        people.add(&[id, name, email.unwrap_or_default()], name, zone, &ways, (fields.place(), &mut *notes));
    }
    people
}

/// Ways to reach somebody, each so many seconds after the first.
fn ways<'a>(rules: &[&Node], email: Option<&'a str>, slack: Option<&'a str>, notes: &mut Notes) -> Vec<(Way<'a>, i64)> {
    let mut read: Vec<(i64, Fields<'_>)> = Vec::new();
    for node in rules {
        let Some(fields) = Fields::of(node, "a personal notification rule", notes) else { continue };
        if fields.flag("important", notes) == Some(true) {
            let what = "rules for `important` notifications: people have one set of ways to be reached here";
            notes.left(fields.place(), what, "add the ways to `reach`, each with `after:`");
            continue;
        }
        read.push((fields.number("position", notes).unwrap_or(i64::MAX), fields));
    }
    read.sort_by_key(|(position, _)| *position);
    let (mut after, mut ways) = (0, Vec::new());
    for (_, fields) in &read {
        let way = match fields.text("type", notes).unwrap_or_default() {
            "wait" => {
                let seconds = fields.number("duration", notes).unwrap_or(60).max(0);
                let Some(reached) = later(after, seconds) else {
                    let what = format!("a wait of {seconds} seconds, and the ways behind it: 292 years are the most");
                    notes.left(fields.place_of("duration"), what, "correct the wait, and import again");
                    break;
                };
                after = reached;
                continue;
            }
            "notify_by_slack" => slack.map(Way::Slack),
            "notify_by_email" => email.map(Way::Mail),
            _ => None,
        };
        match way {
            Some(way) => ways.push((way, after)),
            None => {
                let kind = fields.text("type", notes).unwrap_or("nothing").to_owned();
                notes.left(
                    fields.place(),
                    format!("a way to reach somebody, `{kind}`"),
                    "add a channel that does it, and a way to `reach`",
                );
            }
        }
    }
    ways
}

/// A schedule with its shifts, and its id.
fn rota(
    fields: &Fields<'_>,
    lists: &Lists<'_>,
    people: &mut People,
    now: Timestamp,
    notes: &mut Notes,
) -> Option<(String, Rota)> {
    let id = fields.text("id", notes).unwrap_or_default();
    let title = fields.text("name", notes).unwrap_or("schedule");
    for key in ["ical_url_primary", "ical_url_overrides"] {
        if fields.text(key, notes).is_some() {
            let what = format!("`{key}` of the schedule `{title}`: a calendar that is kept elsewhere");
            notes.left(fields.place_of(key), what, "write its turns as layers, and what is changed as `overrides`");
        }
    }
    let own: Vec<&Node> = shifts_of(fields, lists, id, notes);
    if own.is_empty() {
        notes.left(fields.place(), format!("the schedule `{title}`: it has no shifts"), "write it by hand");
        return None;
    }
    let zone = timezone(fields, &own, notes);
    let here = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let now: DateTime = here.to_datetime(now);
    let mut rota = Rota { name: title.to_owned(), timezone: zone, shifts: Vec::new(), stand_ins: Vec::new() };
    let mut once: Vec<(i64, StandIn)> = Vec::new();
    for node in own {
        let Some(shift) = Fields::of(node, "a shift", notes) else { continue };
        let name = shift.text("name", notes).unwrap_or("without a name").to_owned();
        let zone = shift.text("time_zone", notes).unwrap_or(&rota.timezone).to_owned();
        let made = if zone == rota.timezone {
            shift::make(&shift, people, now, notes)
        } else {
            Err("its time zone is not that of its schedule")
        };
        match made {
            Ok(shift::Made::Shifts(shifts)) => rota.shifts.extend(shifts),
            Ok(shift::Made::Once(stand_in)) => once.push((shift.number("level", notes).unwrap_or(0), stand_in)),
            Ok(shift::Made::Over) => {}
            Err(why) => {
                notes.left(shift.place(), format!("the shift `{name}` of `{title}`: {why}"), "write it by hand")
            }
        }
    }
    // Whatever happens once stands above the turns here.
    once.sort_by_key(|(level, _)| *level);
    let highest = rota.shifts.iter().map(|shift| shift.priority).max().unwrap_or_default();
    if once.iter().any(|(level, _)| *level <= highest) && !rota.shifts.is_empty() {
        let what = format!(
            "shifts of `{title}` that happen once: they take the place of everybody's here, whatever their level"
        );
        notes.differs(fields.place(), what, "see that the `overrides` are meant so");
    }
    rota.stand_ins = once.into_iter().map(|(_, stand_in)| stand_in).collect();
    Some((id.to_owned(), rota))
}

/// The shifts that a schedule names, or that name it.
fn shifts_of<'a>(fields: &Fields<'a>, lists: &Lists<'a>, id: &str, notes: &mut Notes) -> Vec<&'a Node> {
    let text = |node: &'a Node, key: &str| node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    let (mut found, mut named) = (Vec::new(), Vec::new());
    for node in fields.list("shifts", notes) {
        let Some(wanted) = node.as_str() else {
            found.push(node);
            continue;
        };
        named.push(wanted);
        match lists.of("shifts").iter().find(|shift| text(shift, "id") == Some(wanted)) {
            Some(shift) => found.push(*shift),
            None => {
                let what = format!("the shift `{wanted}`, which is not in the export");
                notes.left(node.head(), what, "export the shifts as well, all pages");
            }
        }
    }
    for shift in lists.of("shifts") {
        let is_named = text(shift, "id").is_some_and(|id| named.contains(&id));
        if schedule_of(shift) == Some(id) && !is_named {
            found.push(*shift);
        }
    }
    found
}

/// The time zone of all shifts, where they have one of their own; the schedule's, or UTC.
fn timezone(fields: &Fields<'_>, shifts: &[&Node], notes: &mut Notes) -> String {
    let own = fields.text("time_zone", notes).unwrap_or("UTC");
    if !super::people::is_zone(own) {
        let what = format!("the time zone `{own}`, which is no region and place: UTC was taken");
        notes.left(fields.place_of("time_zone"), what, "correct `timezone` of the schedule, as `Europe/Berlin`");
    }
    let own = Some(own).filter(|own| super::people::is_zone(own)).unwrap_or("UTC").to_owned();
    let mut zones: Vec<String> = shifts
        .iter()
        .map(|shift| {
            shift
                .get("time_zone")
                .and_then(Node::as_str)
                .filter(|zone| !zone.is_empty())
                .map_or(own.clone(), str::to_owned)
        })
        .collect();
    zones.dedup();
    match zones.as_slice() {
        [only] if super::people::is_zone(only) => only.clone(),
        _ => own,
    }
}
