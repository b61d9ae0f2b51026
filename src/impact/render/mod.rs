//! An impact as people and programs read it.
//!
//! What comes out of a file is shown as text of whoever wrote it; links lead where the one who asked said, and nowhere else.

mod html;
mod human;
mod json;
mod link;
mod markdown;

pub use html::html;
pub use human::human;
pub use json::json;
pub use markdown::markdown;

use super::{Impact, RuleImpact};
use crate::backtest::{Band, Chart, Report, RuleReport, TierReport, ends, in_words, share, ticks};
use crate::change::{Item, What};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What is longer than this is only said to have changed; the difference shows it whole.
const LONGEST_CHANGE: usize = 70;
/// So many turns are listed of a rule; JSON has them all.
const LISTED: usize = 6;

/// Where links lead: the address of each source, by its name. Without one there is no link to it.
pub type Links = BTreeMap<String, String>;

/// The names of the columns.
const HEADS: [&str; 8] = ["rule", "change", "incidents", "pages", "out of hours", "flaps", "firing", "verdict"];

/// One severity of a rule, in words.
struct Row {
    severity: String,
    change: String,
    /// Incidents, pages, out of hours, flaps, firing.
    figures: [String; 5],
    verdict: String,
}

/// One line over everything.
fn headline(impact: &Impact) -> String {
    let Impact { before, after, .. } = impact;
    let pages = |side: &Report| side.pages.to_string();
    let incidents = |side: &Report| side.incidents.to_string();
    // They seldom differ: what is silent is so for both.
    let about_us = if before.own_pages > after.own_pages { before.about_us() } else { after.about_us() };
    format!(
        "pages {}{about_us}, incidents {}, if nobody had acted; {:.1} % of all slots are known",
        arrow(&pages(before), &pages(after)),
        arrow(&incidents(before), &incidents(after)),
        100.0 * after.coverage
    )
}

/// The rows of a rule, the highest severity first. What is different of the rule as a whole stands in the first.
fn rows(rule: &RuleImpact) -> Vec<Row> {
    let severities = rule.severities();
    let mut rows: Vec<Row> = severities
        .iter()
        .map(|severity| {
            let (before, after) = (tier_of(rule.before.as_ref(), severity), tier_of(rule.after.as_ref(), severity));
            Row {
                severity: (*severity).to_owned(),
                change: changes(rule, severity),
                figures: figures(before, after),
                verdict: String::new(),
            }
        })
        .collect();
    // A severity of which there is nothing to say needs no line, where another one has one.
    let is_quiet = |row: &Row| row.change.is_empty() && row.figures.iter().all(|figure| figure == "–");
    let keeps = rows.iter().position(|row| !is_quiet(row)).unwrap_or(0);
    let mut place = 0;
    rows.retain(|row| {
        place += 1;
        place - 1 == keeps || !is_quiet(row)
    });
    if let Some(first) = rows.first_mut() {
        let whole = whole(rule, &severities);
        first.change = [whole, std::mem::take(&mut first.change)]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
    }
    // The verdict stands where it shows.
    let moved = |figures: &[String; 5], places: &[usize]| places.iter().any(|place| figures[*place].contains('→'));
    let shows = rows
        .iter()
        .position(|row| moved(&row.figures, &[1]))
        .or_else(|| rows.iter().position(|row| moved(&row.figures, &[0, 4])));
    if let Some(row) = rows.get_mut(shows.unwrap_or(0)) {
        row.verdict = rule.verdict();
    }
    rows
}

fn tier_of<'a>(side: Option<&'a RuleReport>, severity: &str) -> Option<&'a TierReport> {
    side?.tiers.iter().find(|tier| tier.severity == severity)
}

/// What of a severity an item is about; nothing where it is about something else.
fn within<'a>(item: &'a Item, severity: &str) -> Option<&'a str> {
    item.subject.strip_prefix(severity)?.strip_prefix('.')
}

/// What is different of one severity.
fn changes(rule: &RuleImpact, severity: &str) -> String {
    let items = rule.change.iter().flat_map(|change| &change.items);
    let of_tier = items.filter_map(|item| Some((within(item, severity)?, item)));
    of_tier.map(|(subject, item)| change(subject, item)).collect::<Vec<_>>().join(", ")
}

/// What is different of the rule, and of no severity alone.
fn whole(rule: &RuleImpact, severities: &[&str]) -> String {
    let Some(change_of) = &rule.change else { return "comes out otherwise".into() };
    let what = match &change_of.what {
        What::Added => "new",
        What::Removed => "gone",
        What::Renamed(_) | What::LooksRenamed(_) => "renamed",
        What::SwitchedOff(_) => "switched off",
        What::SwitchedOn => "switched on",
        What::Changed => "",
    };
    let is_of_tier = |item: &&Item| severities.iter().any(|severity| within(item, severity).is_some());
    let items = change_of.items.iter().filter(|item| !is_of_tier(item)).map(|item| change(&item.subject, item));
    let read = change_of.through.iter().map(|record| format!("reads {record}"));
    let is_other = change_of.what == What::Changed && !change_of.told.is_empty();
    let told = is_other.then(|| "others are told".to_owned());
    let all = Some(what.to_owned()).filter(|what| !what.is_empty()).into_iter().chain(items).chain(read).chain(told);
    all.collect::<Vec<_>>().join(", ")
}

fn change(subject: &str, item: &Item) -> String {
    let length = [&item.before, &item.after].into_iter().flatten().map(|text| text.chars().count()).sum::<usize>();
    match (&item.before, &item.after) {
        _ if length > LONGEST_CHANGE => format!("{subject} changed"),
        (Some(before), Some(after)) => format!("{subject} {before} → {after}"),
        (None, Some(after)) => format!("{subject} {after}"),
        (_, None) => format!("{subject} no more"),
    }
}

fn figures(before: Option<&TierReport>, after: Option<&TierReport>) -> [String; 5] {
    let figure = |read: fn(&TierReport) -> String| {
        let side = |tier: Option<&TierReport>| tier.map_or_else(|| "–".to_owned(), read);
        arrow(&side(before), &side(after))
    };
    [
        figure(|tier| tier.incidents.to_string()),
        figure(|tier| tier.pages.to_string()),
        figure(|tier| tier.out_of_hours.to_string()),
        figure(|tier| tier.flaps.to_string()),
        figure(|tier| in_words(tier.firing_seconds)),
    ]
}

/// Both sides, or one word where they are the same.
fn arrow(before: &str, after: &str) -> String {
    match (before, after) {
        ("0" | "0s", "0" | "0s") => "–".into(),
        _ if before == after => after.to_owned(),
        _ => format!("{before} → {after}"),
    }
}

/// The values of a rule, the bounds of both sides, and when each side fired.
fn chart<'a>(impact: &Impact, rule: &'a RuleImpact) -> Option<Chart<'a>> {
    let shown = rule.after.as_ref().filter(|after| after.values.is_some()).or(rule.before.as_ref())?;
    let window = ends(&impact.after);
    let mut chart = Chart { columns: &shown.columns, ticks: ticks(window), ..Chart::default() };
    for (side, word) in [(&rule.before, "before"), (&rule.after, "after")] {
        let Some(side) = side else { continue };
        for tier in &side.tiers {
            let bound = tier.bound.map(|bound| (bound, tier.severity.clone()));
            chart.bounds.extend(bound.filter(|bound| !chart.bounds.contains(bound)));
            let spans = tier.firings.iter().map(|firing| share(window, &firing.from, firing.seconds)).collect();
            if tier.fired > 0 {
                let severity = tier.severity.clone();
                let label: String = format!("{severity} {word}");
                chart.bands.push(Band { label, severity, spans });
            }
        }
    }
    // Both sides of a severity stand below each other.
    chart.bands.sort_by_key(|band| shown.tiers.iter().position(|tier| tier.severity == band.severity));
    Some(chart)
}

/// How long the window is: `14d`.
fn window(impact: &Impact) -> String {
    let (from, to) = ends(&impact.after);
    in_words(to - from)
}

/// What the server was asked, and how long it all took.
fn asked(impact: &Impact) -> String {
    let after = &impact.after;
    let sources: Vec<&str> = after.sources.keys().map(String::as_str).collect();
    format!(
        "{} to {}, asked {}: {} questions, {} more from earlier answers; {:.1} s of waiting, {:.1} s of deciding",
        after.from,
        after.to,
        sources.join(", "),
        after.queries,
        after.kept,
        after.waited_seconds,
        after.decided_seconds
    )
}

impl RuleImpact {
    /// What a reviewer should know first.
    #[must_use]
    pub fn verdict(&self) -> String {
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let lost: Vec<String> = self.lost().map(|met| format!("INC-{}", met.number)).collect();
        if !lost.is_empty() {
            return format!("loses {}", lost.join(", "));
        }
        if self.budget.as_ref().is_some_and(|budget| budget.is_broken) {
            return "over budget".into();
        }
        let Some(after) = after else { return "gone".into() };
        if after.disabled.is_some() {
            let is_change = self.change.as_ref().is_some_and(|change| matches!(change.what, What::SwitchedOff(_)));
            return if is_change { "switched off".into() } else { "not played".into() };
        }
        if !after.fired() {
            let nearest = after.tiers.iter().filter_map(|tier| tier.nearest).max_by(f64::total_cmp);
            let nearest = nearest.filter(|share| (0.0..1.0).contains(share));
            return match nearest {
                Some(share) => format!("never fires (most {:.0} % of the bound)", 100.0 * share),
                None => "never fires".into(),
            };
        }
        let Some(before) = before.filter(|before| before.disabled.is_none()) else { return "new".into() };
        match &noise(&self.severities(), before, after)[..] {
            [] if self.turns.is_empty() => "the same".into(),
            [] => super::counted(&self.turns),
            [(noise, _)] => (*noise).to_owned(),
            several => {
                let parts = several.iter().map(|(noise, at)| format!("{noise} at {}", at.join(" and ")));
                parts.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The severities of both sides, highest first; those that are no more come last.
    fn severities(&self) -> Vec<&str> {
        let mut severities = Vec::new();
        for tier in self.after.iter().chain(&self.before).flat_map(|rule| &rule.tiers) {
            if !severities.contains(&&*tier.severity) {
                severities.push(&*tier.severity);
            }
        }
        severities
    }
}

/// How much more or less is heard of a rule than before, and at which severities.
fn noise<'a>(severities: &[&'a str], before: &RuleReport, after: &RuleReport) -> Vec<(&'static str, Vec<&'a str>)> {
    let mut noise: Vec<(&str, Vec<&str>)> = Vec::new();
    for severity in severities {
        let Some(word) = noise_of(tier_of(Some(before), severity), tier_of(Some(after), severity)) else { continue };
        match noise.iter_mut().find(|(known, _)| *known == word) {
            Some((_, at)) => at.push(severity),
            None => noise.push((word, vec![severity])),
        }
    }
    noise
}

/// Nothing where it is as it was. One long firing instead of several short ones is not quiet.
fn noise_of(before: Option<&TierReport>, after: Option<&TierReport>) -> Option<&'static str> {
    let heard = |tier: Option<&TierReport>| tier.map_or((0, 0), |tier| (tier.pages, tier.fired));
    let seconds = |tier: Option<&TierReport>| tier.map_or(0.0, |tier| tier.firing_seconds);
    match heard(after).cmp(&heard(before)) {
        Ordering::Greater => Some("noisier"),
        Ordering::Less if seconds(after) > seconds(before) => Some("longer in fewer pieces"),
        Ordering::Less => Some("quieter"),
        Ordering::Equal => None,
    }
}
