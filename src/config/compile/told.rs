//! Who is told by whom, seen from the other end: schedules that tell nobody, people whom nothing reaches, routines of which
//! nobody hears.

use super::Ground;
use crate::config::settings::{ChannelKind, Digest, Escalation, Ladder, Reach, Responder, Settings, Target};
use crate::diagnostics::{Findings, codes};
use crate::model::Name;
use std::collections::BTreeSet;

/// Tells what nobody uses and who is not reached. Where policies could not be read, nothing can be said.
pub(super) fn check(ground: &Ground<'_>, settings: &Settings, findings: &mut Findings) {
    unheard_routines(ground, settings, findings);
    let unread = ["policies", "routines", "stakeholders"].iter().any(|section| ground.left_out.any(section));
    // Without a policy nobody is told of anything, which is said elsewhere.
    if unread || settings.policies.is_empty() {
        return;
    }
    unused_schedules(ground, settings, findings);
    unreached_people(ground, settings, findings);
}

fn unused_schedules(ground: &Ground<'_>, settings: &Settings, findings: &mut Findings) {
    let digests = escalations(settings).filter_map(digest).flat_map(|digest| &digest.notify);
    let routines = settings.routines.iter().flat_map(|routine| &routine.notify);
    let stakeholders = settings.stakeholders.iter().flat_map(|stakeholders| &stakeholders.notify);
    let targets = of_levels(settings).chain(digests).chain(routines).chain(stakeholders);
    let used: BTreeSet<&str> = targets.filter_map(|target| schedule(target).map(|name| &**name)).collect();
    let names = ground.written.schedules.iter().map(|(name, _)| name);
    for name in names.filter(|name| !used.contains(name.value.as_str())) {
        findings
            .warn(codes::WB148, format!("nobody is told through the schedule `{}`", name.value))
            .at(name.place, "no level, digest or routine names it")
            .help(format!("name `schedule:{}` where its people are to be told, or delete it", name.value));
    }
}

fn unreached_people(ground: &Ground<'_>, settings: &Settings, findings: &mut Findings) {
    let told: BTreeSet<&str> = of_levels(settings).flat_map(|target| people(target, settings)).map(|n| &**n).collect();
    for (name, _) in &ground.written.responders {
        let Some(person) = settings.responders.get(name.value.as_str()) else { continue };
        if told.contains(name.value.as_str()) && is_reached_by_nothing(person, settings) {
            findings
                .warn(codes::WB149, format!("nothing reaches `{}` in person", name.value))
                .at(name.place, "only through an Alertmanager, and a level counts on them")
                .help("add a way of their own to `reach`: an Alertmanager is told of alerts, and its routes know no people");
        }
    }
}

/// Whether all ways to this person lead to an Alertmanager. Of somebody without any way, that is said elsewhere.
fn is_reached_by_nothing(person: &Responder, settings: &Settings) -> bool {
    let is_alertmanager = |via: &Name| {
        settings.channels.get(via).is_some_and(|channel| matches!(channel.kind, ChannelKind::Alertmanager { .. }))
    };
    !person.reach.is_empty() && person.reach.iter().all(|reach| is_alertmanager(&reach.via))
}

/// Tells of routines that come up in silence: only their being overdue would be heard of.
fn unheard_routines(ground: &Ground<'_>, settings: &Settings, findings: &mut Findings) {
    for written in &ground.written.routines {
        let name = &written.name;
        let Some(routine) = settings.routines.iter().find(|routine| *routine.name == *name.value) else { continue };
        // What of `notify` could not be read may be whoever hears of it; that is said where it stands.
        let is_read = routine.notify.len() == written.notify.len();
        if !is_read || routine.notify.iter().any(|target| hears_routines(target, settings)) {
            continue;
        }
        let why = match routine.notify.as_slice() {
            [] => "it has no `notify`",
            _ => "PagerDuty, Opsgenie, incident.io and Alertmanagers show no routines",
        };
        findings
            .warn(codes::WB154, format!("nobody hears of the routine `{}` when it comes up", name.value))
            .at(name.place, why)
            .help("name a chat, mail, a webhook or somebody who is reached by one in `notify`");
    }
}

/// Whether what is told to `target` may come to somebody's eyes where it is about no incident.
fn hears_routines(target: &Target, settings: &Settings) -> bool {
    // What could not be read is given the benefit of the doubt.
    let shows = |channel: &Name| settings.channels.get(channel).is_none_or(|channel| channel.kind.shows_routines());
    let by_one = |reach: &[Reach]| reach.iter().any(|reach| shows(&reach.via));
    match target {
        Target::Channel(name) => shows(name),
        Target::Contact(name) => settings.contacts.get(name).is_none_or(|reach| by_one(reach)),
        Target::Responder(_) | Target::Team(_) | Target::Schedule(_) => people(target, settings)
            .into_iter()
            .any(|name| settings.responders.get(name).is_none_or(|person| by_one(&person.reach))),
    }
}

/// Everybody who may be told through `target`.
fn people<'s>(target: &'s Target, settings: &'s Settings) -> Vec<&'s Name> {
    match target {
        Target::Responder(name) => vec![name],
        Target::Team(name) => settings.teams.get(name).into_iter().flatten().collect(),
        Target::Schedule(name) => settings.schedules.get(name).map(|schedule| schedule.people()).unwrap_or_default(),
        Target::Channel(_) | Target::Contact(_) => Vec::new(),
    }
}

fn of_levels(settings: &Settings) -> impl Iterator<Item = &Target> {
    escalations(settings).filter_map(ladder).flat_map(|ladder| &ladder.levels).flat_map(|level| &level.notify)
}

fn escalations(settings: &Settings) -> impl Iterator<Item = &Escalation> {
    settings.policies.values().flat_map(|policy| policy.matrix.values())
}

/// The levels that are climbed, be it only when a digest is not heard.
fn ladder(escalation: &Escalation) -> Option<&Ladder> {
    match escalation {
        Escalation::Ladder(ladder) => Some(ladder),
        Escalation::Digest(digest) => Some(&digest.matrix),
        Escalation::Nobody => None,
    }
}

fn digest(escalation: &Escalation) -> Option<&Digest> {
    match escalation {
        Escalation::Digest(digest) => Some(digest),
        Escalation::Ladder(_) | Escalation::Nobody => None,
    }
}

fn schedule(target: &Target) -> Option<&Name> {
    match target {
        Target::Schedule(name) => Some(name),
        Target::Channel(_) | Target::Responder(_) | Target::Team(_) | Target::Contact(_) => None,
    }
}
