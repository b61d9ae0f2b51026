//! Who is on call now and next, and what holds messages back.

use super::Inputs;
use crate::model::{Moment, Span};
use crate::oncall;
use crate::review::clock::{At, timestamp};
use jiff::SignedDuration;
use serde::Serialize;

/// What ends in this time ends soon.
const SOON: Span = Span::from_hours(24);
/// How far ahead the next handoff is looked for.
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Who is on call in one schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnDuty {
    /// The schedule.
    pub schedule: String,
    /// Who is on call; nobody where there is nobody.
    pub now: Option<String>,
    /// Until when; nothing where that does not change within a year.
    pub until: Option<At>,
    /// Who comes then.
    pub next: Option<String>,
}

/// Something that holds messages back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Silenced {
    /// What it holds back.
    pub matchers: String,
    /// Until when; nothing for a window that comes again.
    pub until: Option<At>,
    /// Whether that is within a day.
    pub ends_soon: bool,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub reason: String,
}

pub(super) fn on_duty(inputs: &Inputs<'_>) -> Vec<OnDuty> {
    let at = timestamp(inputs.at);
    let horizon = at.saturating_add(YEAR).unwrap_or(at);
    let one = |(name, schedule): (&crate::model::Name, &oncall::Schedule)| {
        let next = oncall::next_handoff(schedule, at, horizon);
        OnDuty {
            schedule: name.to_string(),
            now: oncall::on_call(schedule, at).map(ToString::to_string),
            until: next.map(|next| At(Moment::from_millis(next.from.as_millisecond()))),
            next: next.and_then(|next| next.responder).map(ToString::to_string),
        }
    };
    inputs.world.settings.schedules.iter().map(one).collect()
}

/// What holds messages back at the report, whatever ends first before the rest.
pub(super) fn silences(inputs: &Inputs<'_>) -> Vec<Silenced> {
    let (at, settings) = (inputs.at, &inputs.world.settings);
    let asked = inputs.past.conditions.silences.values().filter(|silence| silence.from <= at && at < silence.until);
    let asked = asked.map(|silence| Silenced {
        matchers: silence.matchers.to_string(),
        until: Some(At(silence.until)),
        ends_soon: silence.until - at <= SOON,
        by: silence.by.name.to_string(),
        reason: silence.reason.clone(),
    });
    let now = timestamp(at);
    let written = settings.silences.iter().filter(|one| one.from.is_none_or(|from| from <= now) && now < one.until);
    let written = written.map(|silence| {
        let until = Moment::from_millis(silence.until.as_millisecond());
        Silenced {
            matchers: silence.matchers.to_string(),
            until: Some(At(until)),
            ends_soon: until - at <= SOON,
            by: format!("{}, in the configuration", silence.owner),
            reason: silence.reason.clone(),
        }
    });
    let windows = settings.maintenance.iter().filter(|window| window.every.covers(&window.timezone, now));
    let windows = windows.map(|window| Silenced {
        matchers: window.matchers.to_string(),
        until: None,
        ends_soon: false,
        by: "maintenance, in the configuration".into(),
        reason: window.reason.clone(),
    });
    let mut all: Vec<Silenced> = asked.chain(written).chain(windows).collect();
    all.sort_by_key(|silence| silence.until.map_or(i64::MAX, |until| until.0.millis()));
    all
}
