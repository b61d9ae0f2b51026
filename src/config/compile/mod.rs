//! From what people typed to what is meant: names are looked up, defaults filled in, contradictions told.
//!
//! [`compile`] returns what it could build *and* the mistakes; its caller decides whether a mistake stops the show. It
//! depends on the text alone, but for the few warnings that [`depends_on_date`] knows.

mod channel;
mod chat;
mod checks;
mod circle;
mod collect;
mod coverage;
mod duty;
mod extends;
mod hold;
mod inhibit;
mod matchers;
mod names;
mod people;
mod policy;
mod reading;
mod route;
mod schedule;
mod severity;
mod source;
mod told;

pub(super) use collect::needed;
pub use names::is_name;

use super::salvage::LeftOut;
use super::settings::{Budgets, Retention, Schedule, Settings, Zone};
use super::written::Written;
use crate::diagnostics::{Code, Findings, codes};
use crate::model::{Labels, Name, Severities, Span};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What every part of the configuration is read against.
struct Ground<'a> {
    /// The whole file.
    written: &'a Written,
    /// The tier vocabulary.
    severities: Severities,
    /// The zone of what names none.
    timezone: Zone,
    /// The parts that have the wrong shape. Their names count as known.
    left_out: &'a LeftOut,
    /// Who is on call when. Filled before policies are read.
    schedules: BTreeMap<Name, Schedule>,
    /// What of the coming year schedules leave open, as far as it was asked.
    uncovered: coverage::Known,
    /// The instant at which what has a date is judged.
    now: Timestamp,
}

/// Makes settings of `written`. What has a date is judged at `now`.
pub(super) fn compile(written: &Written, left_out: &LeftOut, now: Timestamp, findings: &mut Findings) -> Settings {
    let severities = severity::severities(written, findings);
    let timezone = written.timezone.as_ref().and_then(|text| reading::zone(text, findings)).unwrap_or(Zone::utc());
    let mut ground = Ground {
        written,
        severities,
        timezone,
        left_out,
        schedules: BTreeMap::new(),
        uncovered: coverage::Known::default(),
        now,
    };
    ground.schedules = schedule::schedules(&ground, findings);
    let settings = Settings {
        response: duty::response(&ground, findings),
        stakeholders: duty::stakeholders(&ground, findings),
        channels: channel::channels(&ground, findings),
        responders: people::responders(&ground, findings),
        contacts: people::contacts(&ground, findings),
        teams: people::teams(&ground, findings),
        actions: duty::actions(&ground, findings),
        policies: policy::policies(&ground, findings),
        routes: route::routes(&ground, findings),
        inhibit: inhibit::inhibit(&ground, findings),
        silences: hold::silences(&ground, findings),
        maintenance: hold::maintenance(&ground, findings),
        flapping: hold::flapping(&ground, findings),
        heartbeats: duty::heartbeats(&ground, findings),
        routines: duty::routines(&ground, findings),
        checks: checks::checks(&ground, findings),
        collect: collect::collect(&ground, findings),
        tokens: duty::tokens(&ground, findings),
        links: duty::links(&ground, findings),
        ..service(&ground, findings)
    };
    let schedules = ground.schedules.clone();
    let timezone = ground.timezone.clone();
    let settings = Settings { timezone, severities: ground.severities.clone(), schedules, ..settings };
    told::check(&ground, &settings, findings);
    settings
}

/// Whether findings of this kind depend on the date. They are warnings that `check` judges and that never stop a start
/// or a reload.
#[must_use]
pub fn depends_on_date(code: Code) -> bool {
    [codes::WB125, codes::WB126, codes::WB145, codes::WB147].contains(&code)
}

/// What concerns the service itself; the rest is as without a configuration.
fn service(ground: &Ground<'_>, findings: &mut Findings) -> Settings {
    let (written, default) = (ground.written, Settings::default());
    let listen = source::listen(written, findings).unwrap_or(default.listen);
    let retention = written.retention.as_ref().map_or_else(Retention::default, |kept| retention(kept, findings));
    let positive = |duration, findings: &mut _, otherwise| reading::positive_or(duration, otherwise, findings);
    Settings {
        sources: source::sources(written, findings),
        default_source: source::default_source(ground, findings).unwrap_or(default.default_source),
        remote_write: source::remote_write(written, findings),
        rules: written.rules.iter().map(|glob| glob.as_str().to_owned()).collect(),
        external_url: source::external_url(written, &listen, findings),
        external_labels: external_labels(written, findings),
        store: source::store(written, findings).unwrap_or(default.store),
        retention,
        listen,
        rule_failure_after: positive(written.rule_failure_after.as_ref(), findings, default.rule_failure_after),
        history_max_samples: written.history_max_samples.unwrap_or(default.history_max_samples),
        sentry: source::sentry(written),
        inhibit_wait: written.inhibit_wait.as_ref().map_or(default.inhibit_wait, |wait| wait.value.0),
        budgets: Budgets {
            pages_per_rule_per_week: written.budgets.as_ref().and_then(|budgets| budgets.pages_per_rule_per_week),
        },
        ..Settings::default()
    }
}

fn retention(written: &super::written::Retention, findings: &mut Findings) -> Retention {
    let default = Retention::default();
    let mut read = |duration: Option<&_>, otherwise: Span| reading::positive_or(duration, otherwise, findings);
    Retention {
        incidents: read(written.incidents.as_ref(), default.incidents),
        events: read(written.events.as_ref(), default.events),
    }
}

fn external_labels(written: &Written, findings: &mut Findings) -> Labels {
    let labels = written.external_labels.iter();
    Labels::new(labels.filter_map(|(name, value)| {
        let name = reading::label_name(name, findings)?;
        Some((name, Name::from(value.as_str())))
    }))
}
