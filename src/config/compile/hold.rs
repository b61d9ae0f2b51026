//! Silences, maintenance, flapping.

use super::{Ground, reading};
use crate::config::settings::{Flapping, Maintenance, Silence};
use crate::config::written;
use crate::diagnostics::{Findings, Place, Spanned, codes};
use jiff::{SignedDuration, Timestamp};

/// What is silenced for longer is forgotten, and not silenced.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// All silences.
pub(super) fn silences(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Silence> {
    let written = ground.written.silences.iter();
    let silences: Vec<(Silence, Place)> =
        written.filter_map(|written| Some((silence(ground, written, findings)?, written.place))).collect();
    overlapping(&silences, findings);
    silences.into_iter().map(|(silence, _)| silence).collect()
}

fn silence(ground: &Ground<'_>, written: &Spanned<written::Silence>, findings: &mut Findings) -> Option<Silence> {
    let text = &written.value;
    let matchers = ground.matchers(&text.matchers, findings);
    let from = text.from.as_ref().map(|at| reading::date_time(at, findings));
    let until = reading::date_time(&text.until, findings);
    let owner = ground.owner(&text.owner, findings);
    let reason = reading::spoken(&text.reason, "reason", findings);
    let from = match from {
        Some(read) => Some(ground.timezone.instant(read?)),
        None => None,
    };
    let silence = Silence { matchers: matchers?, from, until: ground.timezone.instant(until?), owner: owner?, reason };
    if silence.matchers.name_nothing() {
        findings
            .warn(codes::WB151, "this silence holds back everything")
            .at(text.matchers.place(), "every alert, or nearly every one, meets this")
            .help("name at least one label with a value");
    }
    dates(ground.now, &silence, text, findings);
    Some(silence)
}

fn dates(now: Timestamp, silence: &Silence, written: &written::Silence, findings: &mut Findings) {
    if silence.from.is_some_and(|from| silence.until <= from) {
        findings
            .error(codes::WB127, "this silence ends before it begins")
            .at(written.until.place(), "not after `from`");
    } else if silence.until <= now {
        findings
            .warn(codes::WB126, "this silence is over")
            .at(written.until.place(), "in the past")
            .help("delete it, or give it a new end");
    } else if silence.until.duration_since(now) > LONGEST {
        findings
            .warn(codes::WB152, "this silence has hardly an end")
            .at(written.until.place(), "more than a year from now")
            .help("give it an end at which somebody looks again, or switch the rule off");
    }
}

/// Silences of the same alerts at the same time: one of them was forgotten.
fn overlapping(silences: &[(Silence, Place)], findings: &mut Findings) {
    let begins = |silence: &Silence| silence.from.unwrap_or(Timestamp::MIN);
    for (number, (silence, place)) in silences.iter().enumerate() {
        let twin = silences[..number].iter().find(|(earlier, _)| {
            earlier.matchers == silence.matchers && begins(earlier) < silence.until && begins(silence) < earlier.until
        });
        if let Some((_, first)) = twin {
            findings
                .warn(codes::WB124, "two silences of the same alerts overlap")
                .at(*place, "again here")
                .see(*first, "first here");
        }
    }
}

/// All windows of maintenance.
pub(super) fn maintenance(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Maintenance> {
    ground.written.maintenance.iter().filter_map(|written| window(ground, &written.value, findings)).collect()
}

fn window(ground: &Ground<'_>, written: &written::Maintenance, findings: &mut Findings) -> Option<Maintenance> {
    let matchers = ground.matchers(&written.matchers, findings);
    let every = reading::window(&written.every.value, findings);
    let zone = written.timezone.as_ref().and_then(|zone| reading::zone(zone, findings));
    let reason = reading::spoken(&written.reason, "reason", findings);
    let timezone = zone.unwrap_or_else(|| ground.timezone.clone());
    Some(Maintenance { matchers: matchers?, every: every?, timezone, reason })
}

/// When an alert counts as flapping.
pub(super) fn flapping(ground: &Ground<'_>, findings: &mut Findings) -> Option<Flapping> {
    let written = ground.written.flapping.as_ref()?;
    Some(Flapping { changes: written.changes, within: reading::positive(&written.within, findings)? })
}
