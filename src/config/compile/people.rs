//! People, outsiders, teams, and how they are reached.

use super::names::What;
use super::{Ground, names, reading};
use crate::config::settings::{QuietHours, Reach, Responder};
use crate::config::written;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Name, Span};
use std::collections::BTreeMap;

/// All people.
pub(super) fn responders(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Responder> {
    let people = ground.written.responders.iter();
    people.map(|(name, person)| (names::given(name, findings), responder(ground, name, person, findings))).collect()
}

fn responder(
    ground: &Ground<'_>,
    name: &Spanned<String>,
    written: &written::Responder,
    findings: &mut Findings,
) -> Responder {
    let zone = written.timezone.as_ref().and_then(|zone| reading::zone(zone, findings));
    Responder {
        timezone: zone.unwrap_or_else(|| ground.timezone.clone()),
        reach: reaches(ground, name, &written.reach, findings),
        quiet_hours: written.quiet_hours.as_ref().and_then(|quiet| quiet_hours(ground, quiet, findings)),
    }
}

fn quiet_hours(
    ground: &Ground<'_>,
    written: &Spanned<written::QuietHours>,
    findings: &mut Findings,
) -> Option<QuietHours> {
    let quiet = &written.value;
    let (from, to) = (reading::time(&quiet.from, findings), reading::time(&quiet.to, findings));
    let below = ground.severity(&quiet.below, findings);
    let quiet = QuietHours { from: from?, to: to?, below: below? };
    if quiet.from == quiet.to {
        findings
            .error(codes::WB127, "these quiet hours end when they begin")
            .at(written.place, "a whole day, or nothing?")
            .help("let them be shorter than a day");
    }
    Some(quiet)
}

/// All outsiders.
pub(super) fn contacts(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Vec<Reach>> {
    let contacts = ground.written.contacts.iter();
    contacts
        .map(|(name, contact)| (names::given(name, findings), reaches(ground, name, &contact.reach, findings)))
        .collect()
}

fn reaches(
    ground: &Ground<'_>,
    name: &Spanned<String>,
    written: &[written::Reach],
    findings: &mut Findings,
) -> Vec<Reach> {
    if written.is_empty() {
        findings
            .error(codes::WB119, format!("`{}` cannot be reached", name.value))
            .at(name.place, "no way to reach them is given")
            .help("add one, as `reach: [{ via: CHANNEL }]`");
    }
    written.iter().filter_map(|reach| one_reach(ground, reach, findings)).collect()
}

fn one_reach(ground: &Ground<'_>, written: &written::Reach, findings: &mut Findings) -> Option<Reach> {
    let via = ground.find(What::Channel, &written.via, findings)?;
    match &written.to {
        Some(to) => ground.takes_no_destination(&via, to, findings),
        None => ground.needs_own_destination(&via, written.via.place(), findings),
    }
    let after = written.after.map_or(Span::ZERO, |after| after.value.0);
    Some(Reach { via, to: written.to.as_ref().map(|to| to.as_str().into()), after })
}

/// All teams.
pub(super) fn teams(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Vec<Name>> {
    let mut teams = BTreeMap::new();
    for (name, members) in &ground.written.teams {
        if members.value.is_empty() {
            findings
                .error(codes::WB120, format!("nobody is in the team `{}`", name.value))
                .at(members.place, "empty")
                .help("name its people, or delete it");
        }
        names::each_once(members.value.iter().map(|member| (member.as_str(), member.place())), findings);
        let found = members.value.iter().filter_map(|member| ground.find(What::Responder, member, findings)).collect();
        teams.insert(names::given(name, findings), found);
    }
    teams
}
