//! The story in sentences.

use super::{AlertStory, Explanation, IncidentStory, RuleStory, TierStory};
use crate::backtest::in_words;
use crate::model::visible_lines;
use crate::notify::text::number;
use std::fmt::Write;

/// The story for people.
#[must_use]
pub fn human(story: &Explanation) -> String {
    let mut text = format!("{}  {} (group {})\n", story.alert, story.file, story.group);
    let _ = writeln!(text, "at {}: the slot {}", story.at, story.slot);
    let settled = if story.is_settled {
        "beginning earlier changes nothing"
    } else {
        "beginning earlier may say otherwise: what is marked \"at least\" was so from there on"
    };
    let _ = writeln!(text, "from history since {}; {settled}", story.played_from);
    text.push_str(&of_rule(&story.history, "history has no series of it there"));
    if let Some(recorded) = &story.recorded {
        let down = if recorded.was_down { ", and was not running then" } else { "" };
        let _ = writeln!(text, "\nthe service's journal tells since {}{down}", recorded.from);
        match &recorded.differences[..] {
            // What is unknown to both is no agreement.
            [] if recorded.was_down => {}
            [] => text.push_str("it recorded the states that history gives\n"),
            differences => differences.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            }),
        }
        text.push_str(&of_rule(&recorded.rule, "it had nothing of it on record"));
    }
    for note in &story.notes {
        let _ = writeln!(text, "note: {note}");
    }
    visible_lines(&text)
}

fn of_rule(rule: &RuleStory, nothing: &str) -> String {
    let mut text = String::new();
    if let Some(failing) = &rule.failing {
        let error = failing.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let _ = writeln!(text, "\nnothing is known since {}{error}", failing.since);
    }
    if let Some(since) = &rule.empty_since {
        let _ = writeln!(text, "\nits answer is empty since {since}");
    }
    for alert in &rule.alerts {
        text.push_str(&of_alert(alert));
    }
    if rule.calm > 0 {
        let _ = writeln!(text, "\nand {} more that are inactive; --series chooses", rule.calm);
    }
    if text.is_empty() { format!("\n{nothing}\n") } else { text }
}

fn of_alert(alert: &AlertStory) -> String {
    let mut text = format!("\n{}  {}\n", alert.labels, alert.state);
    for reading in &alert.readings {
        let unit = reading.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let value = reading.value.map_or_else(|| "missing".to_owned(), |value| format!("{}{unit}", number(value)));
        let _ = writeln!(text, "  {} = {value}", reading.query);
    }
    if let Some(since) = &alert.missing_since {
        let _ = writeln!(text, "  its series is missing since {since}");
    }
    if let Some(policy) = &alert.by_policy {
        let _ = writeln!(text, "  fires {policy}");
    }
    let width = alert.tiers.iter().map(|tier| tier.severity.len()).max().unwrap_or(0);
    for tier in &alert.tiers {
        text.push_str(&of_tier(tier, width));
    }
    if let Some(incident) = &alert.incident {
        text.push_str(&of_incident(incident));
    }
    text
}

fn of_tier(tier: &TierStory, width: usize) -> String {
    let mut text = format!("  {:<width$}  {}", tier.severity, tier.condition);
    if let Some(verdict) = tier.verdict {
        let _ = write!(text, ": {verdict}");
    }
    if tier.is_held_by_clear {
        text.push_str(", as it fires already and has not cleared");
    }
    for (term, value) in &tier.looked_at {
        let _ = write!(text, "\n  {:<width$}    {term} = {value}", "");
    }
    if let Some(clock) = clock(tier) {
        let _ = write!(text, "\n  {:<width$}    {clock}", "");
    }
    text.push('\n');
    text
}

/// What a tier's clock says; nothing where none runs.
fn clock(tier: &TierStory) -> Option<String> {
    let since = tier.since.as_ref()?;
    let long = in_words(tier.since_seconds.unwrap_or(0.0));
    let at_least = if tier.at_least { "at least " } else { "" };
    let left = tier.left_seconds.map(|left| in_words(left.max(0.0))).unwrap_or_default();
    let mut text = match tier.state {
        "pending" => {
            let fires = tier.fires_at.as_deref().unwrap_or_default();
            format!("pending since {since}, {at_least}{long}; fires at {fires}, in {left}, if it goes on")
        }
        "keeping" => {
            let ends = tier.ends_at.as_deref().unwrap_or_default();
            format!("does not hold since {since}, {at_least}{long}; is kept firing until {ends}, in {left}")
        }
        state => format!("{state} since {since}, {at_least}{long}"),
    };
    if let Some(condition) = tier.condition_since.as_ref().filter(|condition| *condition != since) {
        let _ = write!(text, "; began to hold at {condition}");
    }
    if tier.unknown_seconds > 0.0 {
        let _ = write!(text, "; {} of it nothing was known, which does not count", in_words(tier.unknown_seconds));
    }
    Some(text)
}

fn of_incident(incident: &IncidentStory) -> String {
    let IncidentStory { number, policy, group, severity, opened, .. } = incident;
    let name = number.map_or_else(|| "incident".to_owned(), |number| format!("INC-{number}"));
    let mut text = format!("  {name} ({policy} {group}) at {severity}, opened {opened}");
    if let Some(resolved) = &incident.resolved {
        let _ = write!(text, ", resolved {resolved}");
    }
    text.push('\n');
    if let Some(held) = &incident.held {
        let _ = writeln!(text, "    {held}");
    }
    if let Some(acknowledged) = &incident.acknowledged {
        let _ = writeln!(text, "    in the hands of {acknowledged}");
    }
    for told in &incident.told {
        let what = told.page.map_or_else(|| "an update or its end".to_owned(), |page| format!("page {page}"));
        let _ = writeln!(text, "    told: {}  {}  {what} ({})", told.at, told.to, told.severity);
    }
    if let Some(next) = &incident.next {
        let (left, to) = (in_words(next.left_seconds.max(0.0)), next.to.join(", "));
        let _ = writeln!(text, "    next: {}  in {left}  {}: {to}", next.at, next.what);
    }
    if let Some(nobody) = &incident.nobody {
        let _ = writeln!(text, "    {nobody}");
    }
    text
}
