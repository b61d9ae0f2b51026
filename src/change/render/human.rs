//! For people at a terminal.

use super::{Heading, summary, visible};
use crate::change::{Difference, Direction, GroupChange, Item, RecordChange, RuleChange, Told, ToldOtherwise, What};
use std::fmt::Write;

/// Values that are longer together stand on lines of their own.
const ON_ONE_LINE: usize = 72;

/// The difference, with a line for each thing.
#[must_use]
pub fn human(difference: &Difference, heading: Heading<'_>, in_colour: bool) -> String {
    let mut page = Page { text: String::new(), in_colour };
    let heading = format!("{} → {}", visible(heading.base), visible(heading.head));
    page.line(&format!("{}: {}", page.bold(&heading), summary(difference)));
    difference.rules.iter().for_each(|rule| page.rule(rule));
    difference.groups.iter().for_each(|group| page.group(group));
    difference.records.iter().for_each(|record| page.record(record));
    difference.told.iter().for_each(|told| page.told_otherwise(told));
    if !difference.service.is_empty() {
        page.line(&format!("\n~ {}", page.bold("the configuration")));
        difference.service.iter().for_each(|item| page.item(item));
    }
    page.text
}

struct Page {
    text: String,
    in_colour: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.in_colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn rule(&mut self, rule: &RuleChange) {
        let (sign, colour, said) = match &rule.what {
            What::Added => ("+", "32", "new".into()),
            What::Removed => ("-", "31", "gone".into()),
            What::Renamed(from) => ("~", "33", format!("was {}", visible(from))),
            What::LooksRenamed(from) => ("~", "33", format!("looks like {} under a new name", visible(from))),
            What::SwitchedOff(because) if because.is_empty() => ("-", "31", "switched off".into()),
            What::SwitchedOff(because) => ("-", "31", format!("switched off, because: {}", visible(because))),
            What::SwitchedOn => ("+", "32", "switched on".into()),
            What::Changed => ("~", "33", String::new()),
        };
        let name = visible(&format!("{}/{}", rule.group, rule.alert));
        let line = format!("\n{} {}  {}  {said}", self.paint(colour, sign), self.bold(&name), visible(&rule.place));
        self.line(line.trim_end());
        rule.items.iter().for_each(|item| self.item(item));
        for record in &rule.through {
            self.line(&format!("    reads     {}, which changed", visible(record)));
        }
        rule.told.iter().for_each(|told| self.told(told));
        let live = visible(&rule.live.words());
        let live = if rule.can_end_alerts() { self.paint("31", &live) } else { live };
        self.line(&format!("    live      {live}"));
    }

    fn group(&mut self, group: &GroupChange) {
        let name = self.bold(&format!("group {}", visible(&group.group)));
        self.line(&format!("\n~ {name}  {} alerting rules", group.rules));
        group.items.iter().for_each(|item| self.item(item));
    }

    fn record(&mut self, record: &RecordChange) {
        let name = self.bold(&format!("record {}", visible(&record.record)));
        self.line(&format!("\n~ {name}  {}", visible(&record.place)));
        record.items.iter().for_each(|item| self.item(item));
        let alerts: Vec<String> = record.alerts.iter().map(|alert| visible(alert)).collect();
        let alerts = if alerts.is_empty() { "no alert".into() } else { alerts.join(", ") };
        self.line(&format!("    read by   {alerts}"));
    }

    fn told(&mut self, told: &Told) {
        let words = |text: &Option<String>| text.as_ref().map_or_else(|| "nothing".into(), |text| visible(text));
        match (&told.before, &told.after) {
            (None, Some(after)) => self.line(&format!("    told      {}: {}", told.severity, visible(after))),
            (before, after) => {
                self.line(&format!("    told      {}", visible(told.severity.name())));
                let (before, after) = (words(before), words(after));
                self.line(&format!("      {}", self.paint("31", &format!("- {before}"))));
                self.line(&format!("      {}", self.paint("32", &format!("+ {after}"))));
            }
        }
    }

    fn told_otherwise(&mut self, told: &ToldOtherwise) {
        let rules: Vec<String> = told.rules.iter().map(|rule| visible(rule)).collect();
        let name = self.bold("told otherwise");
        self.line(&format!("\n~ {name}  {}", rules.join(", ")));
        self.told(&told.told);
    }

    fn item(&mut self, item: &Item) {
        let subject = visible(&item.subject);
        let effect = item.effect.map(|effect| {
            let colour = match effect.direction() {
                Some(Direction::Stricter) => "36",
                Some(Direction::Looser) => "35",
                None => "2",
            };
            format!("  ({})", self.paint(colour, effect.words()))
        });
        let effect = effect.unwrap_or_default();
        let (before, after) = (item.before.as_deref().map(visible), item.after.as_deref().map(visible));
        let length = before.iter().chain(&after).map(|text| text.chars().count()).sum::<usize>();
        if let (Some(before), Some(after), true) = (&before, &after, length <= ON_ONE_LINE) {
            let (before, after) = (self.paint("31", before), self.paint("32", after));
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "    {subject}  {before} → {after}{effect}");
            return;
        }
        if let ([only], true) = (&*before.iter().chain(&after).collect::<Vec<_>>(), length <= ON_ONE_LINE) {
            let (sign, colour) = if before.is_some() { ("-", "31") } else { ("+", "32") };
            let text = self.paint(colour, &format!("{sign} {only}"));
            self.line(&format!("    {subject}  {text}{effect}"));
            return;
        }
        self.line(&format!("    {subject}{effect}"));
        for (sign, colour, text) in [("-", "31", before), ("+", "32", after)] {
            if let Some(text) = text {
                self.line(&format!("      {}", self.paint(colour, &format!("{sign} {text}"))));
            }
        }
    }
}
