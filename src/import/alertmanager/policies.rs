//! The list of cases as `policies`, `routes` and `maintenance`.

use super::claim::{Claim, joined};
use super::flatten::{Case, Flat};
use super::intervals::{Intervals, mute_of};
use super::receivers::Receivers;
use super::severity::Severities;
use super::tree::{Manner, Tree};
use crate::import::Notes;
use crate::import::page::Value;
use crate::import::week::Week;
use crate::model::{Span, duration_text};
use std::collections::BTreeMap;

/// The most windows that one case may need because of the cases before it.
const MOST_WINDOWS: usize = 16;
/// How often the ladder is told again: Alertmanager does so for as long as it fires.
const TIMES: i64 = 1000;

/// The sections that say who hears of what.
pub(super) struct Sections {
    pub policies: Vec<(String, Value)>,
    pub routes: Vec<Value>,
    pub maintenance: Vec<Value>,
}

/// All that the sections are made of.
pub(super) struct Ground<'a> {
    pub tree: &'a Tree,
    pub severities: &'a Severities,
    pub receivers: &'a Receivers,
    pub intervals: &'a Intervals,
}

impl Ground<'_> {
    /// Makes the sections.
    pub fn sections(&self, flat: &Flat, notes: &mut Notes) -> Sections {
        self.note_routes(flat, notes);
        let mut policies: Vec<(String, Value)> = Vec::new();
        let mut routes = Vec::new();
        let last = flat.cases.len().saturating_sub(1);
        // The last case is the one that people look for first.
        let order = std::iter::once(last).chain(0..last).filter(|at| *at < flat.cases.len());
        let mut names = vec![String::new(); flat.cases.len()];
        for at in order {
            let case = &flat.cases[at];
            let policy = self.policy(case, notes);
            let known = policies.iter().find(|(_, known)| *known == policy).map(|(name, _)| name.clone());
            names[at] = known.unwrap_or_else(|| {
                let wish = if at == last { "default".to_owned() } else { self.name_of(case) };
                let numbered = (1..).map(|n| if n == 1 { wish.clone() } else { format!("{wish}-{n}") });
                let free = |name: &String| policies.iter().all(|(known, _)| known != name);
                let name = numbered.into_iter().find(free).unwrap_or(wish.clone());
                policies.push((name.clone(), policy));
                name
            });
        }
        for (case, name) in flat.cases.iter().zip(names) {
            let mut route = Value::map([]);
            if !case.claims.is_empty() {
                route.set("match", Value::text(joined(&case.claims)));
            }
            route.set("policy", Value::text(name));
            routes.push(route);
        }
        Sections { policies, routes, maintenance: self.maintenance(flat, notes) }
    }

    fn manner(&self, route: usize) -> &Manner {
        &self.tree.routes[route].manner
    }

    /// The channels that a route tells.
    fn channels(&self, route: usize) -> &[String] {
        self.receivers.of.get(&self.manner(route).receiver).map_or(&[], Vec::as_slice)
    }

    /// The routes of a row that tell anybody.
    fn heard<'r>(&'r self, row: &'r [usize]) -> impl Iterator<Item = usize> + 'r {
        row.iter().copied().filter(|route| !self.channels(*route).is_empty())
    }

    fn policy(&self, case: &Case, notes: &mut Notes) -> Value {
        let all: Vec<usize> = each_once(case.rows.iter().flat_map(|row| self.heard(row)));
        let mut group_by = Vec::new();
        for label in all.iter().flat_map(|route| self.group_by(*route)) {
            if !group_by.contains(&label) {
                group_by.push(label);
            }
        }
        self.note_differences(&all, notes);
        let shortest = |span: &dyn Fn(&Manner) -> Span, routes: &[usize]| {
            routes.iter().map(|route| span(self.manner(*route))).min()
        };
        let wait = shortest(&|manner| manner.wait, &all);
        let mut matrix = Value::map([]);
        for (severity, row) in self.severities.list.iter().zip(&case.rows) {
            matrix.set(&severity.name, self.escalation(row, wait));
        }
        let mut policy = Value::map([]);
        if let (Some(wait), Some(every)) = (wait, shortest(&|manner| manner.update_every, &all)) {
            policy.set("group_by", Value::texts(group_by));
            policy.set("wait", span(wait));
            policy.set("update_every", span(every));
        }
        policy.set("matrix", matrix);
        policy
    }

    /// The labels that a route groups by; for all of them those that usually tell alerts apart.
    fn group_by(&self, route: usize) -> Vec<String> {
        let manner = self.manner(route);
        let usual = if manner.groups_by_all { &["alertname", "namespace", "job", "instance"][..] } else { &[] };
        usual.iter().map(|label| (*label).to_owned()).chain(manner.group_by.iter().cloned()).collect()
    }

    fn escalation(&self, row: &[usize], usual_wait: Option<Span>) -> Value {
        let routes: Vec<usize> = self.heard(row).collect();
        let channels = each_once(routes.iter().flat_map(|route| self.channels(*route)).cloned());
        if channels.is_empty() {
            return Value::map([("tell", Value::text("nobody"))]);
        }
        let mut escalation = Value::map([]);
        let wait = routes.iter().map(|route| self.manner(*route).wait).min();
        if let Some(wait) = wait.filter(|wait| Some(*wait) != usual_wait) {
            escalation.set("wait", span(wait));
        }
        let wakes = channels.iter().any(|channel| self.receivers.pagers.contains(channel));
        escalation.set("levels", Value::List(vec![Value::map([("notify", Value::texts(channels))])]));
        let repeat = routes.iter().map(|route| self.manner(*route).repeat).min();
        // Telling a pager again would wake people again, which Alertmanager does not.
        if let Some(repeat) = repeat.filter(|repeat| !wakes && *repeat > Span::ZERO) {
            escalation.set("repeat", Value::map([("every", span(repeat)), ("times", Value::bare(TIMES))]));
        }
        escalation
    }

    /// A policy is called as the receivers that it tells.
    fn name_of(&self, case: &Case) -> String {
        let routes = case.rows.iter().flat_map(|row| self.heard(row));
        let names = each_once(routes.map(|route| self.manner(route).receiver.clone()));
        let name = super::receivers::tidy(&names.join("+"));
        match name.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None if names.join("").trim().is_empty() => "nobody".into(),
            None => name,
        }
    }

    /// What is different of one policy because several routes are in it.
    fn note_differences(&self, routes: &[usize], notes: &mut Notes) {
        let [first, others @ ..] = routes else { return };
        for other in others {
            let (one, two) = (self.manner(*first), self.manner(*other));
            if self.group_by(*first) != self.group_by(*other) {
                let what = "routes of the same alerts, or of their severities, with another `group_by`: one policy groups by all of these labels";
                notes.differs(
                    self.tree.routes[*other].place,
                    what,
                    "change `group_by` of its policy, if groups come out too small",
                );
            }
            if one.update_every != two.update_every {
                let what = "routes of the same alerts, or of their severities, with another `group_interval`: the shortest holds for all";
                notes.differs(
                    self.tree.routes[*other].place,
                    what,
                    "thin out updates of a channel by its `updates: { every: … }`",
                );
            }
        }
    }

    /// What is different of single routes.
    fn note_routes(&self, flat: &Flat, notes: &mut Notes) {
        for route in &flat.cut {
            let what = "`continue` of a route: with so many of them side by side there are too many cases";
            notes.left(self.tree.routes[*route].place, what, "tell its receiver in the policies that follow, by hand");
        }
        for route in &self.tree.routes {
            let is_beat = route.claims.iter().any(|claim| {
                claim.name == "alertname" && ["Watchdog", "DeadMansSwitch"].contains(&claim.value.as_str())
            });
            if is_beat {
                let what = "an alert that always fires, to show that alerts arrive";
                notes.differs(
                    route.place,
                    what,
                    "write `heartbeats: { expect: …, send: … }` instead, and delete its route",
                );
            }
        }
    }

    /// Windows in which routes are mute.
    fn maintenance(&self, flat: &Flat, notes: &mut Notes) -> Vec<Value> {
        let mut mute = BTreeMap::new();
        for (number, route) in self.tree.routes.iter().enumerate() {
            let is_used = flat.cases.iter().any(|case| case.rows.iter().any(|row| row.contains(&number)));
            if is_used && !(route.manner.muted.is_empty() && route.manner.active.is_empty()) {
                mute.insert(number, mute_of(&route.manner, self.intervals, notes).unwrap_or_default());
            }
        }
        let mut windows = Vec::new();
        for (at, case) in flat.cases.iter().enumerate() {
            for (weeks, which) in self.mute_rows(case, &mute, notes) {
                let Some(conditions) = self.apart(&flat.cases[..at], case, &which) else {
                    let route = case.rows.iter().flatten().find(|route| mute.contains_key(route));
                    let place = self.tree.routes[route.copied().unwrap_or_default()].place;
                    notes.left(
                        place,
                        "when this route is mute, for some of its alerts: it takes too many conditions",
                        "write `maintenance` for them",
                    );
                    continue;
                };
                windows.extend(conditions.iter().flat_map(|condition| self.windows(condition, &weeks, case)));
            }
        }
        windows
    }

    /// The rows of a case that are mute at times, those with the same times together.
    fn mute_rows(&self, case: &Case, mute: &BTreeMap<usize, Weeks>, notes: &mut Notes) -> Vec<(Weeks, Vec<bool>)> {
        let mut rows: Vec<(Weeks, Vec<bool>)> = Vec::new();
        for (at, row) in case.rows.iter().enumerate() {
            let weeks: Vec<Weeks> =
                self.heard(row).map(|route| mute.get(&route).cloned().unwrap_or_default()).collect();
            let Some(first) = weeks.first() else { continue };
            if weeks.iter().any(|other| other != first) {
                let route = self.heard(row).find(|route| mute.contains_key(route)).unwrap_or_default();
                let what = "when this route is mute: the same alerts go to others at that time, in one policy";
                notes.left(
                    self.tree.routes[route].place,
                    what,
                    "give its people `quiet_hours`, or its alerts a policy of their own",
                );
                continue;
            }
            if first.is_empty() {
                continue;
            }
            match rows.iter_mut().find(|(known, _)| known == first) {
                Some((_, which)) => which[at] = true,
                None => rows.push((first.clone(), (0..case.rows.len()).map(|other| other == at).collect())),
            }
        }
        rows
    }

    /// Conditions that alerts of `case`, of these severities, meet, and none of the cases before it.
    fn apart(&self, before: &[Case], case: &Case, which: &[bool]) -> Option<Vec<Vec<Claim>>> {
        let mut conditions = vec![case.claims.clone()];
        for earlier in before {
            let mut next = Vec::new();
            for condition in conditions {
                if earlier.claims.iter().any(|claim| condition.iter().any(|given| given.excludes(claim))) {
                    next.push(condition);
                    continue;
                }
                let open = earlier.claims.iter().filter(|claim| !condition.iter().any(|given| given.implies(claim)));
                next.extend(open.filter_map(|claim| Some([condition.clone(), vec![claim.negated()?]].concat())));
            }
            conditions = next;
            if conditions.len() > MOST_WINDOWS {
                return None;
            }
        }
        let severity = self.severities.matcher(which).and_then(Result::ok);
        for condition in &mut conditions {
            condition.extend(severity.clone());
        }
        Some(conditions)
    }

    fn windows(&self, condition: &[Claim], weeks: &Weeks, case: &Case) -> Vec<Value> {
        let receivers = self.name_of(case);
        let mut windows = Vec::new();
        for (zone, week) in weeks {
            for every in week.windows() {
                let mut window = Value::map([("match", Value::text(joined(condition))), ("every", every)]);
                if zone != "Local" {
                    window.set("timezone", Value::text(zone));
                }
                window.set("reason", Value::text(format!("{receivers} is mute")));
                windows.push(window);
            }
        }
        windows
    }
}

type Weeks = BTreeMap<String, Week>;

fn span(span: Span) -> Value {
    Value::bare(duration_text::format(span))
}

fn each_once<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}
