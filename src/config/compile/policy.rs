//! Policies: the escalation matrix, complete for every severity.

use super::extends::{self, Merged};
use super::source::exclude;
use super::{Ground, coverage, names, reading};
use crate::config::settings::{Digest, Escalation, Ladder, Level, Policy, Repeat, Resolve, Target};
use crate::config::written;
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::{Name, Severity, Span};
use std::collections::BTreeMap;

const WAIT: Span = Span::from_secs(10);
const UPDATE_EVERY: Span = Span::from_mins(1);
const REOPEN_WITHIN: Span = Span::from_mins(10);
const CATCH_UP: Span = Span::from_secs(60);

/// All policies.
pub(super) fn policies(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Policy> {
    let merged = extends::merged(ground, findings);
    merged
        .into_iter()
        .map(|(name, policy)| (names::given(name, findings), one(ground, name, &policy, findings)))
        .collect()
}

fn one(ground: &Ground<'_>, name: &Spanned<String>, merged: &Merged<'_>, findings: &mut Findings) -> Policy {
    answers_for_every_severity(ground, name, merged, findings);
    let span = |duration: Option<&written::Duration>, otherwise| duration.map_or(otherwise, |given| given.value.0);
    let matrix = merged.matrix.iter();
    let matrix = matrix.filter_map(|(severity, written)| {
        let wait = wait(ground, severity, written, merged);
        Some((severity.clone(), escalation(ground, name.place, written, wait, findings)?))
    });
    Policy {
        matrix: matrix.collect(),
        group_by: merged.group_by.map_or_else(|| vec!["alertname".into()], |labels| group_by(labels, findings)),
        update_every: span(merged.update_every, UPDATE_EVERY),
        reopen_within: span(merged.reopen_within, REOPEN_WITHIN),
        catch_up: span(merged.catch_up, CATCH_UP),
    }
}

fn answers_for_every_severity(
    ground: &Ground<'_>,
    name: &Spanned<String>,
    merged: &Merged<'_>,
    findings: &mut Findings,
) {
    let missing: Vec<&str> = ground
        .severities
        .iter()
        .filter(|severity| !merged.matrix.contains_key(severity))
        .map(|severity| &**severity.name())
        .collect();
    if !missing.is_empty() && !merged.is_partial {
        findings
            .error(codes::WB129, format!("the policy `{}` has no answer for `{}`", name.value, missing.join("`, `")))
            .at(name.place, "who hears of these?")
            .help("add it, take it from another policy by `extends`, or write `{ tell: nobody }`");
    }
}

fn group_by(labels: &[Spanned<String>], findings: &mut Findings) -> Vec<Name> {
    for label in labels.iter().filter(|label| label.value == "severity") {
        findings
            .error(codes::WB134, "incidents cannot be grouped by `severity`")
            .at(label.place, "changes while an incident is open")
            .help("delete it; the worst severity of the group decides");
    }
    reading::label_names(labels, findings)
}

/// How long a group of this severity is gathered: as it says itself, as the policy says, else the worst do not wait.
fn wait(ground: &Ground<'_>, severity: &Severity, written: &written::Escalation, merged: &Merged<'_>) -> Span {
    let highest = ground.severities.highest() == severity;
    let otherwise = if highest { Span::ZERO } else { WAIT };
    written.wait.as_ref().or(merged.wait).map_or(otherwise, |wait| wait.value.0)
}

fn escalation(
    ground: &Ground<'_>,
    name: Place,
    written: &written::Escalation,
    wait: Span,
    findings: &mut Findings,
) -> Option<Escalation> {
    let tell = written.tell.as_ref().map(|tell| ("tell", tell.place));
    exclude(&[tell, written.levels.as_ref().map(|levels| ("levels", levels.place))], findings);
    exclude(&[tell, written.digest.as_ref().map(|digest| ("digest", digest.place))], findings);
    let levels = written.levels.as_ref().map(|list| levels(ground, list, findings));
    if let Some(digest) = &written.digest {
        return self::digest(ground, &digest.value, levels, written, wait, findings).map(Escalation::Digest);
    }
    if tell.is_some() {
        return Some(Escalation::Nobody);
    }
    let Some(levels) = levels else {
        findings
            .error(codes::WB129, "a severity of this policy says nothing about who is told")
            .at(name, "in its matrix")
            .help("give it `levels`, a `digest`, or `{ tell: nobody }`");
        return None;
    };
    Some(Escalation::Ladder(ladder(levels, written, wait, findings)))
}

fn ladder(levels: Vec<Level>, written: &written::Escalation, wait: Span, findings: &mut Findings) -> Ladder {
    let repeat = written
        .repeat
        .as_ref()
        .and_then(|repeat| Some(Repeat { every: reading::positive(&repeat.every, findings)?, times: repeat.times }));
    Ladder {
        wait,
        levels,
        repeat,
        ack_expires: written.ack_expires.as_ref().and_then(|span| reading::positive(span, findings)),
        resolve: match written.resolve {
            None | Some(written::Resolve::Auto) => Resolve::Auto,
            Some(written::Resolve::Acknowledged) => Resolve::Acknowledged,
            Some(written::Resolve::Manual) => Resolve::Manual,
        },
    }
}

fn levels(ground: &Ground<'_>, written: &Spanned<Vec<Spanned<written::Level>>>, findings: &mut Findings) -> Vec<Level> {
    if written.value.is_empty() {
        nobody(written.place, "there is no level", findings);
    }
    let names = written.value.iter().filter_map(|level| level.value.name.as_ref());
    names::unique(names.map(|name| (name.value.as_str(), name.place)), "levels", findings);
    never_decreasing(&written.value, findings);
    let numbered = written.value.iter().enumerate();
    numbered.map(|(index, written)| level(ground, index, written, findings)).collect()
}

fn level(ground: &Ground<'_>, index: usize, written: &Spanned<written::Level>, findings: &mut Findings) -> Level {
    let level = &written.value;
    if level.notify.is_empty() && !level.actions {
        nobody(written.place, "this level tells nobody", findings);
    }
    let notify = ground.targets(&level.notify, findings);
    // Where a target is missing, its finding says more.
    if notify.len() == level.notify.len() {
        coverage::gaps(ground, &notify, written.place, findings);
    }
    Level {
        name: level.name.as_ref().map_or_else(|| (index + 1).to_string(), |name| name.value.clone()).into(),
        after: level.after.map_or(Span::ZERO, |after| after.value.0),
        notify,
        actions: level.actions,
    }
}

fn nobody(place: Place, what: &str, findings: &mut Findings) {
    findings
        .error(codes::WB131, what)
        .at(place, "can never reach anybody")
        .help("name somebody in `notify`, or write `{ tell: nobody }` for the severity");
}

fn never_decreasing(levels: &[Spanned<written::Level>], findings: &mut Findings) {
    let after = |level: &Spanned<written::Level>| level.value.after.map_or(Span::ZERO, |after| after.value.0);
    for pair in levels.windows(2) {
        if after(&pair[1]) < after(&pair[0]) {
            let place = |level: &Spanned<written::Level>| level.value.after.map_or(level.place, |after| after.place);
            findings
                .error(codes::WB130, "a level cannot be reached before the one above it")
                .at(place(&pair[1]), "earlier than the level above")
                .see(place(&pair[0]), "the level above")
                .help("`after` counts from the start of the escalation, not from the level above");
        }
    }
}

fn digest(
    ground: &Ground<'_>,
    digest: &written::Digest,
    levels: Option<Vec<Level>>,
    written: &written::Escalation,
    wait: Span,
    findings: &mut Findings,
) -> Option<Digest> {
    if digest.notify.value.is_empty() {
        nobody(digest.notify.place, "this digest goes to nobody", findings);
    }
    let notify: Vec<Target> = ground.targets(&digest.notify.value, findings);
    let own_receivers = || vec![Level { name: "1".into(), after: Span::ZERO, notify: notify.clone(), actions: false }];
    let matrix = ladder(levels.unwrap_or_else(own_receivers), written, wait, findings);
    Some(Digest { at: reading::time(&digest.at, findings)?, notify, stale_after: digest.stale_after, matrix })
}
