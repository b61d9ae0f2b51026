//! Who acted, and whom pages reached.

use super::Inputs;
use crate::config::{Escalation, Settings, Target};
use crate::model::Name;
use crate::oncall;
use crate::review::clock::{Clock, Period, timestamp};
use crate::review::record::{Page, Record};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Who.
    pub name: String,
    /// How much they did: acknowledged, noted, told, closed.
    pub deeds: usize,
    /// In how many incidents.
    pub incidents: usize,
    /// How many incidents they took first.
    pub taken: usize,
}

/// How much one person was woken for, or one place told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// The person, or the destination where it is nobody's own.
    pub name: String,
    /// Whether it is a person.
    pub is_person: bool,
    /// Pages.
    pub pages: usize,
    /// Pages before nine, after six, or on a weekend, in the zone of the service.
    pub out_of_hours: usize,
    /// Nights, from ten to seven by the person's own clock, with at least one page.
    pub nights: usize,
    /// How many incidents they were about.
    pub incidents: usize,
}

/// Everybody who acted in `period`, whoever did most first.
pub(super) fn acted(inputs: &Inputs<'_>, period: Period) -> Vec<Person> {
    let mut found: BTreeMap<String, (usize, BTreeSet<u64>, usize)> = BTreeMap::new();
    for record in &inputs.past.records {
        let deeds = record.rounds.iter().flat_map(|round| &round.deeds);
        for (_, by) in deeds.filter(|(at, _)| period.holds(*at)) {
            let person = found.entry(by.name.to_string()).or_default();
            person.0 += 1;
            person.1.insert(record.number);
        }
        if let Some((_, by)) = record.taken().filter(|(at, _)| period.holds(*at)) {
            found.entry(by.name.to_string()).or_default().2 += 1;
        }
    }
    let person = |(name, (deeds, incidents, taken)): (String, (usize, BTreeSet<u64>, usize))| Person {
        name,
        deeds,
        incidents: incidents.len(),
        taken,
    };
    let mut people: Vec<Person> = found.into_iter().map(person).collect();
    people.sort_by(|a, b| b.deeds.cmp(&a.deeds).then_with(|| a.name.cmp(&b.name)));
    people
}

/// Pages by person, the most first. What went to a place that is nobody's own stands under the name of the place.
pub(super) fn load(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Vec<Load> {
    let settings = &inputs.world.settings;
    let mut found: BTreeMap<(bool, String), Vec<(&Record, &Page)>> = BTreeMap::new();
    for record in &inputs.past.records {
        for page in record.pages.iter().filter(|page| period.holds(page.at)) {
            let people = people_of(settings, record, page);
            if people.is_empty() {
                found.entry((false, page.destination.to_string())).or_default().push((record, page));
            }
            for person in people {
                found.entry((true, person.to_string())).or_default().push((record, page));
            }
        }
    }
    let load = |((is_person, name), pages): ((bool, String), Vec<(&Record, &Page)>)| {
        let own = settings.responders.get(name.as_str()).map(|responder| Clock(&responder.timezone));
        let nights = pages.iter().filter_map(|(_, page)| own.unwrap_or(clock).night(page.at));
        Load {
            is_person,
            pages: pages.len(),
            out_of_hours: pages.iter().filter(|(_, page)| clock.is_out_of_hours(page.at)).count(),
            nights: if is_person { nights.collect::<BTreeSet<_>>().len() } else { 0 },
            incidents: pages.iter().map(|(record, _)| record.number).collect::<BTreeSet<_>>().len(),
            name,
        }
    };
    let mut loads: Vec<Load> = found.into_iter().map(load).collect();
    loads.sort_by(|a, b| (b.is_person, b.pages).cmp(&(a.is_person, a.pages)).then_with(|| a.name.cmp(&b.name)));
    loads
}

/// The people whom a page reached: those whom the matrix names, whose own way the destination is. A schedule stands for whoever
/// was on call then.
fn people_of<'a>(settings: &'a Settings, record: &'a Record, page: &Page) -> BTreeSet<&'a Name> {
    let ladder = match record.now.plan.matrix.get(&page.severity) {
        Some(Escalation::Ladder(ladder)) => ladder,
        Some(Escalation::Digest(digest)) => &digest.matrix,
        Some(Escalation::Nobody) | None => return BTreeSet::new(),
    };
    let targets = ladder.levels.iter().flat_map(|level| &level.notify);
    let named = targets.flat_map(|target| match target {
        Target::Responder(name) => vec![name],
        Target::Team(team) => settings.teams.get(team).into_iter().flatten().collect(),
        Target::Schedule(name) => {
            let schedule = settings.schedules.get(name);
            schedule.and_then(|schedule| oncall::on_call(schedule, timestamp(page.at))).into_iter().collect()
        }
        Target::Channel(_) | Target::Contact(_) => Vec::new(),
    });
    let is_theirs = |name: &&Name| {
        let reach = settings.responders.get(*name).map(|responder| responder.reach.as_slice()).unwrap_or_default();
        reach.iter().any(|reach| reach.via == page.destination.channel && reach.to == page.destination.to)
    };
    named.filter(is_theirs).collect()
}
