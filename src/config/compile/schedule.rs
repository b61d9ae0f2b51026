//! Schedules: who takes turns with whom, and what can never be in force.

use super::names::What;
use super::{Ground, names, reading};
use crate::config::settings::{Layer, Override, Rotation, Schedule, Zone};
use crate::config::written;
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::Name;
use std::collections::BTreeMap;

/// All schedules.
pub(super) fn schedules(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Schedule> {
    let schedules = ground.written.schedules.iter();
    schedules.map(|(name, schedule)| (names::given(name, findings), one(ground, name, schedule, findings))).collect()
}

fn one(ground: &Ground<'_>, name: &Spanned<String>, written: &written::Schedule, findings: &mut Findings) -> Schedule {
    if written.layers.is_empty() && written.overrides.is_empty() {
        findings
            .error(codes::WB121, format!("nobody is ever on call in the schedule `{}`", name.value))
            .at(name.place, "it has no layer and no override")
            .help("add a layer with a rotation");
    }
    let zone = written.timezone.as_ref().and_then(|zone| reading::zone(zone, findings));
    let timezone = zone.unwrap_or_else(|| ground.timezone.clone());
    let layers = layers(ground, &timezone, &written.layers, findings);
    let overrides: Vec<(Override, Place)> = written
        .overrides
        .iter()
        .filter_map(|written| Some((one_override(ground, written, findings)?, written.place)))
        .collect();
    shadowed(&overrides, findings);
    past(ground, &timezone, &overrides, findings);
    Schedule { timezone, layers, overrides: overrides.into_iter().map(|(change, _)| change).collect() }
}

fn layers(ground: &Ground<'_>, zone: &Zone, written: &[written::Layer], findings: &mut Findings) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (number, layer) in written.iter().enumerate() {
        // A later layer that is always in force leaves nothing to this one.
        let always = |later: &&written::Layer| later.during.is_none() && later.rotation.value.effective_from.is_none();
        if let Some(later) = written[number + 1..].iter().find(always) {
            findings
                .warn(codes::WB123, "this layer is never in force")
                .at(layer.rotation.place, "a later layer wins")
                .see(later.rotation.place, "always active")
                .help("put the layer that fills the gaps first");
        }
        let during = layer.during.as_ref().map(|window| reading::window(&window.value, findings));
        let rotation = rotation(ground, &layer.rotation.value, findings);
        let Some(rotation) = rotation else { continue };
        effective(ground, zone, &layer.rotation.value, &rotation, findings);
        match during {
            Some(None) => {}
            Some(window) => layers.push(Layer { rotation, during: window }),
            None => layers.push(Layer { rotation, during: None }),
        }
    }
    layers
}

/// A layer whose `effective_from` is over: what lies below it held before, and does no more.
fn effective(
    ground: &Ground<'_>,
    zone: &Zone,
    written: &written::Rotation,
    rotation: &Rotation,
    findings: &mut Findings,
) {
    let (Some(text), Some(from)) = (&written.effective_from, rotation.effective_from) else { return };
    if zone.instant(from) <= ground.now {
        findings
            .warn(codes::WB147, "this `effective_from` is over")
            .at(text.place(), "in the past")
            .help("delete it, and the layers that it replaced, unless history should still show them");
    }
}

fn rotation(ground: &Ground<'_>, written: &written::Rotation, findings: &mut Findings) -> Option<Rotation> {
    if written.responders.value.is_empty() {
        findings
            .error(codes::WB121, "nobody takes turns in this rotation")
            .at(written.responders.place, "empty")
            .help("name the people, in order");
    }
    let people = written.responders.value.iter();
    let responders: Vec<Name> = people.filter_map(|person| ground.find(What::Responder, person, findings)).collect();
    let every = reading::step(&written.every, findings);
    let from = reading::date_time(&written.from, findings);
    let effective_from = written.effective_from.as_ref().map(|at| reading::date_time(at, findings));
    let effective_from = match effective_from {
        Some(read) => Some(read?),
        None => None,
    };
    (!responders.is_empty()).then_some(Rotation { responders, every: every?, from: from?, effective_from })
}

fn one_override(
    ground: &Ground<'_>,
    written: &Spanned<written::Override>,
    findings: &mut Findings,
) -> Option<Override> {
    let change = &written.value;
    let (responder, replace) = who(ground, written, findings)?;
    let (from, to) = (reading::date_time(&change.from, findings), reading::date_time(&change.to, findings));
    let (from, to) = (from?, to?);
    if to <= from {
        findings
            .error(codes::WB127, "this override ends before it begins")
            .at(change.to.place(), "not after `from`")
            .see(change.from.place(), "begins here");
        return None;
    }
    Some(Override { from, to, responder, replace })
}

/// Who stands in, and for whom.
fn who(
    ground: &Ground<'_>,
    written: &Spanned<written::Override>,
    findings: &mut Findings,
) -> Option<(Name, Option<Name>)> {
    let change = &written.value;
    match (&change.responder, &change.replace, &change.by) {
        (Some(responder), None, None) => Some((ground.find(What::Responder, responder, findings)?, None)),
        (None, Some(replaced), Some(by)) => {
            if replaced.as_str() == by.as_str() {
                findings
                    .warn(codes::WB150, "this override changes nothing")
                    .at(by.place(), format!("`{}` stands in for themselves", by.as_str()))
                    .help("name in `by` who stands in");
            }
            let (replaced, by) =
                (ground.find(What::Responder, replaced, findings), ground.find(What::Responder, by, findings));
            Some((by?, Some(replaced?)))
        }
        _ => {
            findings
                .error(codes::WB113, "an override names a `responder`, or `replace` and `by`")
                .at(written.place, "neither of the two forms")
                .help("write `responder: A` for whoever is on call, or `replace: A` with `by: B`");
            None
        }
    }
}

/// Overrides of which a later one takes all, or a part.
fn shadowed(overrides: &[(Override, Place)], findings: &mut Findings) {
    for (number, (change, place)) in overrides.iter().enumerate() {
        let rivals = overrides[number + 1..].iter();
        // One for a single person and one for everybody go together: the single one holds while that person is on call.
        let mut rivals = rivals.filter(|(later, _)| later.replace.is_none() || later.replace == change.replace);
        let Some((later, other)) = rivals.find(|(later, _)| later.from < change.to && change.from < later.to) else {
            continue;
        };
        if later.from <= change.from && change.to <= later.to {
            findings
                .warn(codes::WB123, "this override is never in force")
                .at(*place, "a later one covers it")
                .see(*other, "wins");
        } else {
            findings
                .warn(codes::WB124, "these overrides overlap")
                .at(*other, "wins where both hold")
                .see(*place, "overlaps with it");
        }
    }
}

/// Overrides that are over.
fn past(ground: &Ground<'_>, zone: &Zone, overrides: &[(Override, Place)], findings: &mut Findings) {
    for (change, place) in overrides {
        if zone.instant(change.to) <= ground.now {
            findings
                .warn(codes::WB125, "this override is over")
                .at(*place, format!("ended at {}", change.to.strftime("%Y-%m-%d %H:%M")))
                .help("delete it, unless history should still show it");
        }
    }
}
