//! Reading a scenario: its files, its times, its expectations.

use super::{Event, Feed, Scenario, Series, schema};
use crate::config::{self, Settings};
use crate::diagnostics::{Findings, Sources, Spanned, codes};
use crate::engine::own;
use crate::model::{Slot, Span};
use crate::promql::eval;
use crate::replay::border;
use crate::replay::expect::Expectation;
use crate::replay::written::{self, Expect};
use crate::rules::{self, Context, RuleSet};
use crate::yaml::{self, Validator};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a scenario starts that says nothing.
const START: i64 = 1_767_603_600_000;

/// A longer scenario is a slip of the pen, and would be played for hours.
pub(super) const LONGEST: Span = Span::from_hours(400 * 24);

/// Reads the scenario at `path`. `None` where it cannot be played; the findings say why.
pub fn load(path: &Path, sources: &mut Sources, findings: &mut Findings) -> Option<Scenario> {
    if !border::admits_itself(path, findings) {
        return None;
    }
    let (source, documents) = yaml::read(path, sources, findings)?;
    let node = yaml::first(source, &documents, findings)?;
    let validator = Validator::new(schema());
    validator.validate(node, findings);
    if findings.has_errors() {
        return None;
    }
    let written: written::Scenario = match yaml::from_node(node) {
        Ok(written) => written,
        Err(error) => {
            findings.error(codes::WB014, error.message).at(error.place, "");
            return None;
        }
    };
    let posted = written.events.iter().flat_map(|event| &event.value.posted);
    let posted = posted.filter_map(|posted| posted.labels.get("alertname").cloned()).collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let scenario = Reader { path, folder, sources, findings, posted }.read(&written);
    scenario.filter(|_| !findings.has_errors())
}

pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) sources: &'a mut Sources,
    pub(super) findings: &'a mut Findings,
    /// The names of alerts that are posted.
    pub(super) posted: BTreeSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, written: &written::Scenario) -> Option<Scenario> {
        let (settings, start) = (self.settings(written), self.start(written));
        let settings = settings?;
        let rules = self.rules(&written.rules, &settings)?;
        let rules = self.only(&written.only, rules)?;
        let start = start?;
        self.once_each(written);
        let series: Vec<Series> = written.series.iter().filter_map(|series| self.series(&series.value)).collect();
        let feeds: Vec<Feed> = written.answers.iter().filter_map(|answers| self.feed(answers, &rules)).collect();
        let mut events: Vec<Event> =
            written.events.iter().filter_map(|event| self.event(event, &rules, &settings)).collect();
        events.sort_by_key(|event| event.at);
        for answers in &written.answers {
            let reloaded = events.iter().filter_map(Event::reloaded);
            self.one_question(&answers.query, iter::once(&rules).chain(reloaded));
        }
        let expectations =
            written.expect.iter().filter_map(|expect| self.expectation(expect, &rules, &settings)).collect();
        let interval = rules.groups.iter().map(|group| group.interval).max().unwrap_or(Span::from_mins(1));
        let long = |every: Span, values: &[Option<f64>]| every.times(i64::try_from(values.len()).unwrap_or(i64::MAX));
        let before = written.before.as_ref().map_or(Span::ZERO, |before| before.0);
        let spread = feeds.iter().map(|feed| long(feed.every, &feed.values));
        let of_series = series.iter().map(|series| long(series.every, &series.values) - before);
        let spread = spread.chain(of_series).max().unwrap_or(Span::ZERO);
        let then = written.then.as_ref().map_or(interval, |then| then.0);
        let last_event = events.last().map_or(Span::ZERO, |event| event.at);
        let lasts = match &written.lasts {
            Some(lasts) => lasts.0.max(last_event),
            None => spread.max(last_event) + then,
        };
        if lasts > LONGEST {
            let finding = self.findings.error(codes::WB202, "a scenario lasts at most 400 days");
            finding.at(written.scenario.place, "this one lasts longer");
            return None;
        }
        let title = written.scenario.value.clone();
        let config = written.config.as_ref().map(|config| self.beside(&config.value).display().to_string());
        let config = config.unwrap_or_default();
        let settings = Arc::new(settings);
        let semantics = match written.semantics {
            Some(written::Semantics::Prometheus2) => eval::Semantics::Prometheus2,
            Some(written::Semantics::Prometheus3) | None => eval::Semantics::Prometheus3,
        };
        Some(Scenario {
            title,
            start,
            lasts,
            config,
            settings,
            rules,
            feeds,
            series,
            before,
            semantics,
            events,
            expectations,
        })
    }

    fn settings(&mut self, written: &written::Scenario) -> Option<Settings> {
        let Some(config) = &written.config else { return Some(Settings::default()) };
        self.find(config)?;
        // The dates of a configuration are judged by `check`; a scenario plays at a time of its own.
        let mut found = Findings::default();
        let loaded = config::load(&self.beside(&config.value), Timestamp::UNIX_EPOCH, self.sources, &mut found);
        let good = !found.has_errors();
        if !good {
            self.findings.append(found);
        }
        let mut settings = loaded.filter(|_| good).map(|loaded| loaded.settings)?;
        if !written.routines {
            settings.routines.clear();
        }
        Some(settings)
    }

    pub(super) fn rules(&mut self, files: &[Spanned<String>], settings: &Settings) -> Option<RuleSet> {
        let found = files.iter().filter_map(|file| self.find(file)).count();
        if found < files.len() {
            return None;
        }
        let paths: Vec<PathBuf> = files.iter().map(|file| self.beside(&file.value)).collect();
        let context = Context { severities: settings.severities.clone(), ..Context::default() };
        let mut found = Findings::default();
        let loaded = rules::load(&paths, &context, self.sources, &mut found);
        if found.has_errors() {
            self.findings.append(found);
            return None;
        }
        Some(loaded.set)
    }

    /// The rules with all alerts switched off that are not named, where some are.
    fn only(&mut self, names: &[Spanned<String>], rules: RuleSet) -> Option<RuleSet> {
        if names.is_empty() {
            return Some(rules);
        }
        let all = || rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| &*rule.alert);
        for name in names.iter().filter(|name| !all().any(|alert| alert == name.value)) {
            self.unknown("alert", name, all());
        }
        let is_named = |rule: &rules::Rule| names.iter().any(|name| *rule.alert == name.value);
        (!self.findings.has_errors()).then(|| rules.only(|_, rule| is_named(rule), "not part of the scenario"))
    }

    fn start(&mut self, written: &written::Scenario) -> Option<Slot> {
        let Some(text) = &written.start else { return Some(Slot::from_millis(START)) };
        let parsed: Result<Timestamp, _> = text.value.parse();
        match parsed {
            Ok(at) => Some(at.into()),
            Err(_) => {
                let message = format!("`{}` is not an instant; write for example 2026-01-05T09:00:00Z", text.value);
                self.findings.error(codes::WB202, message).at(text.place, "");
                None
            }
        }
    }

    fn expectation(&mut self, expect: &Spanned<Expect>, rules: &RuleSet, settings: &Settings) -> Option<Expectation> {
        let written = &expect.value;
        for name in written.firing.iter().chain(&written.resolved) {
            let all = || rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| &*rule.alert);
            let is_posted = self.posted.contains(&name.value) || own::NAMES.contains(&&*name.value);
            if !is_posted && !all().any(|alert| alert == name.value) {
                // A test on a misspelt alert name would pass for ever where it expects nothing.
                self.unknown("alert", name, all());
                return None;
            }
        }
        let told = match &written.told {
            Some(name) => Some(self.target(name, settings)?),
            None => None,
        };
        if let Some(name) = &written.severity
            && settings.severities.find(&name.value).is_none()
        {
            self.unknown("severity", name, settings.severities.iter().map(|severity| &**severity.name()));
            return None;
        }
        let expectation = Expectation::of(written, told);
        if expectation.is_none() {
            let finding =
                self.findings.error(codes::WB204, "an expectation says exactly one thing").at(expect.place, "");
            finding.help("one of `firing`, `resolved`, `told`, `nothing_else: true`");
        }
        expectation
    }
}
