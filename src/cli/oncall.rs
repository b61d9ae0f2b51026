//! `watchbell oncall`: who is on call, when that changes, and when nobody is.

mod human;
mod json;

use super::{Answer, Colour, CommandError, output, paths, settings};
use crate::config::{Settings, Zone};
use crate::diagnostics::suggest;
use crate::model::Name;
use crate::oncall::{self, Gap, Schedule, Shift};
use clap::ValueEnum;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How far a list of shifts goes by itself.
const FOUR_WEEKS: SignedDuration = SignedDuration::from_hours(28 * 24);
/// More than anybody reads, and less than what fills a machine.
const MOST_SHIFTS: usize = 100_000;

/// Show who is on call, until when, and who is next; or the shifts of a stretch of time.
#[derive(Debug, clap::Args)]
pub struct OnCall {
    /// Only this schedule; may be given several times.
    #[arg(long = "schedule", value_name = "NAME")]
    schedules: Vec<String>,
    /// Only the shifts of this person.
    #[arg(long, value_name = "NAME")]
    responder: Option<String>,
    /// The time to look at [default: now], as `2026-01-05T09:00:00Z`. Without `Z` or an offset it is local in the `timezone`
    /// of the configuration.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "responder", "ical"])]
    at: Option<String>,
    /// List the shifts from this time on [default: now].
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// List the shifts up to this time [default: four weeks on; of a calendar a year].
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print the shifts as a calendar (iCalendar, RFC 5545), each whole and under an identifier that stays the same.
    #[arg(long, conflicts_with = "format")]
    ical: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people, in the local time of each schedule.
    Human,
    /// One JSON document, in UTC.
    Json,
}

/// One schedule of the configuration.
#[derive(Clone, Copy)]
struct Named<'s> {
    name: &'s Name,
    schedule: &'s Schedule,
}

/// Who is on call at an instant, and what comes then.
struct Present<'s> {
    of: Named<'s>,
    responder: Option<&'s Name>,
    /// What comes next, if anything does within a year.
    next: Option<Shift<'s>>,
    /// When nobody is on call, within a year.
    gaps: Vec<Gap>,
}

/// The shifts of a stretch of time.
struct Listed<'s> {
    of: Named<'s>,
    shifts: Vec<Shift<'s>>,
}

impl OnCall {
    /// Reads the configuration, works it out, and prints it.
    ///
    /// # Errors
    /// When it is asked about what is not there.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let now = Timestamp::now();
        let path = paths::configuration(configuration)?;
        let Some(settings) = settings::load(path, now, colour)? else { return Ok(Answer::Refused) };
        output::print(&self.answer(&settings, now)?)?;
        Ok(Answer::Good)
    }

    fn answer(&self, settings: &Settings, now: Timestamp) -> Result<String, CommandError> {
        let schedules = self.chosen(settings)?;
        let read = |text: &Option<String>, otherwise| match text {
            Some(text) => instant(text, &settings.timezone, now),
            None => Ok(otherwise),
        };
        if !self.ical && self.from.is_none() && self.to.is_none() && self.responder.is_none() {
            let at = read(&self.at, now)?;
            let present: Vec<_> = schedules.iter().map(|of| present(*of, at)).collect();
            return Ok(match self.format {
                Format::Human => human::present(&present, at, &settings.timezone),
                Format::Json => json::present(&present, at),
            });
        }
        let from = read(&self.from, now)?;
        let to =
            read(&self.to, from.saturating_add(if self.ical { YEAR } else { FOUR_WEEKS }).unwrap_or(Timestamp::MAX))?;
        if to <= from {
            let begin = if self.from.is_some() { "`--from`".into() } else { format!("now, {now:.0}") };
            return Err(CommandError::Usage(format!("`--to` is not after {begin}")));
        }
        let person = self.person(settings)?;
        if self.ical {
            return self.calendar(&schedules, person, (from, to));
        }
        let listed = schedules.iter().map(|of| listed(*of, person, (from, to))).collect::<Result<Vec<_>, _>>()?;
        Ok(match self.format {
            Format::Human => human::listed(&listed, person),
            Format::Json => json::listed(&listed, (from, to)),
        })
    }

    /// The schedules that were named, or all.
    fn chosen<'s>(&self, settings: &'s Settings) -> Result<Vec<Named<'s>>, CommandError> {
        let known = || settings.schedules.keys().map(|name| &**name);
        if let Some(unknown) = self.schedules.iter().find(|name| !known().any(|known| known == *name)) {
            return Err(unknown_name("schedule", unknown, known()));
        }
        let all = settings.schedules.iter().map(|(name, schedule)| Named { name, schedule });
        let is_chosen =
            |of: &Named<'_>| self.schedules.is_empty() || self.schedules.iter().any(|name| **name == **of.name);
        Ok(all.filter(is_chosen).collect())
    }

    fn person<'s>(&self, settings: &'s Settings) -> Result<Option<&'s Name>, CommandError> {
        let Some(wanted) = &self.responder else { return Ok(None) };
        let found = settings.responders.keys().find(|name| ***name == **wanted);
        let known = settings.responders.keys().map(|name| &**name);
        found.map(Some).ok_or_else(|| unknown_name("responder", wanted, known))
    }

    fn calendar(
        &self,
        schedules: &[Named<'_>],
        person: Option<&Name>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<String, CommandError> {
        let mut turns = Vec::new();
        for of in schedules {
            let own = oncall::turns(of.schedule, from, to).filter(|turn| person.is_none() || turn.responder == person);
            turns.extend(at_most(own)?.into_iter().map(|turn| (of.name, turn)));
        }
        turns.sort_by_key(|(_, turn)| turn.from);
        let named =
            if self.schedules.is_empty() { Vec::new() } else { schedules.iter().map(|of| &**of.name).collect() };
        let parts: Vec<&str> = person.map(|name| &**name).into_iter().chain(named).collect();
        let title = if parts.is_empty() { "on call".into() } else { format!("on call: {}", parts.join(", ")) };
        Ok(oncall::calendar(&title, turns))
    }
}

/// An instant as people write it on a command line.
///
/// # Errors
/// When it is none.
pub(super) fn instant(text: &str, zone: &Zone, now: Timestamp) -> Result<Timestamp, CommandError> {
    if text == "now" {
        return Ok(now);
    }
    let instant = text.parse::<Timestamp>().ok();
    let instant = instant.or_else(|| text.parse::<DateTime>().ok().map(|local| zone.instant(local)));
    if instant.is_none() && Pieces::parse(text).is_ok() {
        let last = Timestamp::MAX;
        return Err(CommandError::Usage(format!("`{text}` is beyond the calendar, which ends with {last}")));
    }
    instant.ok_or_else(|| {
        CommandError::Usage(format!(
            "`{text}` is not a time; write `2026-01-05T09:00:00Z`, or `2026-01-05T09:00` or `2026-01-05` in {zone}"
        ))
    })
}

fn present(of: Named<'_>, at: Timestamp) -> Present<'_> {
    let horizon = at.saturating_add(YEAR).unwrap_or(Timestamp::MAX);
    Present {
        of,
        responder: oncall::on_call(of.schedule, at),
        next: oncall::next_handoff(of.schedule, at, horizon),
        gaps: oncall::gaps(&[of.schedule], at, horizon).collect(),
    }
}

fn listed<'s>(
    of: Named<'s>,
    person: Option<&Name>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Listed<'s>, CommandError> {
    let shifts = oncall::shifts(of.schedule, from, to);
    Ok(Listed { of, shifts: at_most(shifts.filter(|shift| person.is_none() || shift.responder == person))? })
}

fn at_most<'s>(shifts: impl Iterator<Item = Shift<'s>>) -> Result<Vec<Shift<'s>>, CommandError> {
    let shifts: Vec<_> = shifts.take(MOST_SHIFTS + 1).collect();
    if shifts.len() > MOST_SHIFTS {
        return Err(CommandError::Usage(format!("more than {MOST_SHIFTS} shifts; ask for less time")));
    }
    Ok(shifts)
}

fn unknown_name<'n>(kind: &str, wanted: &str, known: impl Iterator<Item = &'n str>) -> CommandError {
    let known: Vec<&str> = known.collect();
    let help = suggest::did_you_mean(wanted, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
        [] => "the configuration has none".into(),
        known => format!("there is `{}`", known.join("`, `")),
    });
    CommandError::Usage(format!("there is no {kind} `{wanted}`; {help}"))
}
