//! A scenario as meant: files read, values spread out, every name looked up.

use super::border;
use super::expect::Expectation;
use super::remedies::{Does, Script};
use super::written::{self, Expect};
use crate::config::{self, Settings, Target};
use crate::diagnostics::{Findings, Place, Sources, Spanned, codes, suggest};
use crate::engine::command::{Act, NewSilence};
use crate::engine::own;
use crate::engine::posted::{Ends, HOLDS_FOR, Post};
use crate::model::{Labels, Matchers, Name, Severity, Slot, Span};
use crate::promql::{described, eval};
use crate::rules::{self, Context, RuleSet};
use crate::series;
use crate::yaml::{self, Entries, Validator};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a scenario starts that says nothing.
const START: i64 = 1_767_603_600_000;

/// A longer scenario is a slip of the pen, and would be played for hours.
const LONGEST: Span = Span::from_hours(400 * 24);

/// What an event can be, for whoever wrote none of these or several.
const EVENTS: &str = "one of `query_error`, `no_data`, `missed`, `restart`, `clock_jump`, `reload`, `channel_fails`, `channel_refuses`, `action`, `ack`, `unack`, \
                      `snooze`, `assess`, `update`, `note`, `assign`, `escalate`, `resolve`, `review`, `silence`, `routine_done`, `posted`";

/// A scenario, ready to be played.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What happens, in a sentence.
    pub title: String,
    /// The instant of the first slot.
    pub start: Slot,
    /// How long it runs.
    pub lasts: Span,
    /// The configuration, as it is found from here; empty where there is none.
    pub config: String,
    /// Policies, channels, routes.
    pub settings: Arc<Settings>,
    /// The rules at the start.
    pub rules: RuleSet,
    /// What queries answer.
    pub feeds: Vec<Feed>,
    /// The series from which all other queries are answered.
    pub series: Vec<Series>,
    /// How long before the start their values begin.
    pub before: Span,
    /// Whose windows PromQL has there.
    pub semantics: eval::Semantics,
    /// What happens beside the readings, in the order of time.
    pub events: Vec<Event>,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
}

/// The answers to one query, for one series.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The alert name of the rule.
    pub rule: Name,
    /// The name of its query.
    pub query: Name,
    /// The labels of the series.
    pub labels: Labels,
    /// How far apart the values lie.
    pub every: Span,
    /// The values, the first at the start.
    pub values: Vec<Option<f64>>,
}

/// A series that there is.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its labels, metric name included.
    pub labels: Labels,
    /// How far apart the values lie.
    pub every: Span,
    /// The values, the first at the start.
    pub values: Vec<Option<f64>>,
}

/// What gets no data.
#[derive(Clone, Debug)]
pub enum Blank {
    /// The queries of an alert, or one of them.
    Query(Name, Option<Name>),
    /// Series: their metric, if one is named, and their labels.
    Series(Option<Name>, Matchers),
}

/// Something that happens beside the readings.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, from the start.
    pub at: Span,
    /// What.
    pub kind: EventKind,
}

/// What can happen beside the readings.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// Every query fails for so long.
    QueryError(Span),
    /// Something gets no data for so long; the text is as written.
    NoData(Blank, String, Span),
    /// No slot is evaluated for so long.
    Missed(Span),
    /// The service is killed, and started again after so long.
    Restart(Span),
    /// The wall clock jumps; with it the sources' clocks, or not.
    ClockJump(Span, bool),
    /// Other rules run from here on.
    Reload(RuleSet),
    /// A channel cannot be reached for so long.
    ChannelFails(Name, Span),
    /// A channel refuses everything for so long.
    ChannelRefuses(Name, Span),
    /// From here on an action does this.
    Action(Name, Script),
    /// Somebody does something about an incident.
    Act {
        /// The alert name or the number that names the incident.
        incident: String,
        /// Who.
        by: Name,
        /// What.
        act: Act,
    },
    /// Somebody ticks a routine off.
    RoutineDone {
        /// Who.
        by: Name,
        /// Which.
        routine: Name,
        /// What there is to say.
        note: String,
    },
    /// Somebody posts alerts.
    Posted(Vec<Posted>),
    /// Somebody silences something.
    Silence {
        /// Who.
        by: Name,
        /// What.
        silence: NewSilence,
    },
}

/// An alert that somebody posts.
#[derive(Clone, Debug)]
pub struct Posted {
    labels: Labels,
    annotations: Labels,
    started: Span,
    ends: Option<Span>,
}

impl Posted {
    /// What is posted at `wall`.
    #[must_use]
    pub fn at(&self, wall: Slot) -> Post {
        Post {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            url: Name::new(),
            starts: Some(wall - self.started),
            ends: self.ends.map_or(Ends::After(HOLDS_FOR), |ends| Ends::At(wall + ends)),
        }
    }
}

/// The JSON Schema of scenario files.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(written::Scenario).into()
}

/// Reads the scenario at `path`. `None` where it cannot be played; the findings say why.
pub fn load(path: &Path, sources: &mut Sources, findings: &mut Findings) -> Option<Scenario> {
    if !border::admits_itself(path, findings) {
        return None;
    }
    let (_, documents) = yaml::read(path, sources, findings)?;
    let node = documents.first()?;
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

struct Reader<'a> {
    path: &'a Path,
    folder: &'a Path,
    sources: &'a mut Sources,
    findings: &'a mut Findings,
    /// The names of alerts that are posted.
    posted: BTreeSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, written: &written::Scenario) -> Option<Scenario> {
        let (settings, start) = (self.settings(written), self.start(written));
        let settings = settings?;
        let rules = self.rules(&written.rules, &settings)?;
        let rules = self.only(&written.only, rules)?;
        let start = start?;
        let series: Vec<Series> = written.series.iter().filter_map(|series| self.series(&series.value)).collect();
        let feeds: Vec<Feed> = written.answers.iter().filter_map(|answers| self.feed(answers, &rules)).collect();
        let mut events: Vec<Event> =
            written.events.iter().filter_map(|event| self.event(event, &rules, &settings)).collect();
        events.sort_by_key(|event| event.at);
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

    fn beside(&self, path: &str) -> PathBuf {
        self.folder.join(path)
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

    fn rules(&mut self, files: &[Spanned<String>], settings: &Settings) -> Option<RuleSet> {
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

    /// A file that the scenario names is there; otherwise it is told where it is named.
    fn find(&mut self, file: &Spanned<String>) -> Option<()> {
        let path = self.beside(&file.value);
        let Err(error) = std::fs::metadata(&path) else {
            return border::admits(self.path, &path, file.place, self.findings).then_some(());
        };
        let finding = self.findings.error(codes::WB001, format!("cannot read `{}`: {error}", path.display()));
        finding.at(file.place, "named here").help("paths are seen from the folder of the scenario");
        None
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

    fn feed(&mut self, answers: &written::Answers, rules: &RuleSet) -> Option<Feed> {
        let (rule, query) = self.query(&answers.query, rules)?;
        if answers.every.value.0 <= Span::ZERO {
            self.findings.error(codes::WB202, "values need some time between them").at(answers.every.place, "");
            return None;
        }
        match series::values(&answers.values.value) {
            Ok(mut values) => {
                // An answer has no staleness markers: where a series has ended, it is not in the answer.
                for value in &mut values {
                    *value = value.filter(|value| !series::is_stale(*value));
                }
                let labels =
                    Labels::new(answers.labels.iter().map(|(name, value)| (name.value.as_str(), value.as_str())));
                Some(Feed { rule, query, labels, every: answers.every.value.0, values })
            }
            Err(error) => {
                self.findings.error(codes::WB202, error.message).at(answers.values.place, "");
                None
            }
        }
    }

    fn series(&mut self, written: &written::Series) -> Option<Series> {
        let named = described(&written.series.value);
        let labels =
            named.map_err(|error| self.findings.error(codes::WB202, error.message).at(written.series.place, "").code);
        let values = series::values(&written.values.value);
        let values =
            values.map_err(|error| self.findings.error(codes::WB202, error.message).at(written.values.place, "").code);
        let every = written.every.value.0;
        if every <= Span::ZERO {
            self.findings.error(codes::WB202, "values need some time between them").at(written.every.place, "");
            return None;
        }
        Some(Series { labels: labels.ok()?, every, values: values.ok()? })
    }

    /// What gets no data: an alert, one of its queries, or series.
    fn blank(&mut self, text: &Spanned<String>, rules: &RuleSet) -> Option<Blank> {
        if let Some(open) = text.value.find('{') {
            let metric = text.value[..open].trim();
            return match Matchers::parse(&text.value[open..]) {
                Ok(matchers) => Some(Blank::Series((!metric.is_empty()).then(|| metric.into()), matchers)),
                Err(error) => {
                    self.findings.error(codes::WB202, error.message).at(text.place, "");
                    None
                }
            };
        }
        let alert = rules.groups.iter().flat_map(|group| group.alerts()).find(|rule| *rule.alert == text.value);
        if let Some(rule) = alert {
            return Some(Blank::Query(rule.alert.clone(), None));
        }
        self.query(text, rules).map(|(alert, query)| Blank::Query(alert, Some(query)))
    }

    fn query(&mut self, text: &Spanned<String>, rules: &RuleSet) -> Option<(Name, Name)> {
        let known = || rules.groups.iter().flat_map(|group| group.alerts());
        let found = text.value.rsplit_once('.').and_then(|(alert, query)| {
            let rule = known().find(|rule| &*rule.alert == alert)?;
            let query = rule.queries.iter().find(|known| &*known.name == query)?;
            Some((rule.alert.clone(), query.name.clone()))
        });
        if found.is_none() {
            let names: Vec<String> = known()
                .flat_map(|rule| rule.queries.iter().map(move |query| format!("{}.{}", rule.alert, query.name)))
                .collect();
            let help = suggest::did_you_mean(&text.value, names.iter().map(String::as_str));
            let message = format!("no rule of these files has the query `{}`", text.value);
            let finding = self.findings.error(codes::WB203, message).at(text.place, "");
            finding.help(help.unwrap_or_else(|| {
                "write `Rule.query`; the only query of a rule with `expr` is called `value`".into()
            }));
        }
        found
    }

    fn event(&mut self, event: &Spanned<written::Event>, rules: &RuleSet, settings: &Settings) -> Option<Event> {
        let written = &event.value;
        let lasts = written.lasts.as_ref().map(|lasts| lasts.0);
        let mut kinds = Vec::new();
        kinds.extend(written.query_error.as_ref().map(|span| EventKind::QueryError(span.0)));
        if let Some(text) = &written.no_data {
            let blank = self.blank(text, rules)?;
            kinds.push(EventKind::NoData(blank, text.value.clone(), lasts.unwrap_or(Span::from_mins(5))));
        }
        kinds.extend(written.missed.as_ref().map(|span| EventKind::Missed(span.0)));
        kinds.extend(written.restart.as_ref().map(|_| EventKind::Restart(lasts.unwrap_or(Span::ZERO))));
        kinds.extend(self.clock_jump(written));
        if let Some(files) = &written.reload {
            kinds.push(EventKind::Reload(self.rules(files, settings)?));
        }
        let fails = written.channel_fails.as_ref().and_then(|name| self.channel(name, settings));
        kinds.extend(fails.map(|name| EventKind::ChannelFails(name, lasts.unwrap_or(Span::from_mins(5)))));
        let refuses = written.channel_refuses.as_ref().and_then(|name| self.channel(name, settings));
        kinds.extend(refuses.map(|name| EventKind::ChannelRefuses(name, lasts.unwrap_or(Span::from_mins(5)))));
        kinds.extend(self.action(written, settings));
        kinds.extend(self.act(written, rules, settings));
        kinds.extend(self.silence(written));
        kinds.extend(self.routine_done(written, settings));
        kinds.extend(self.posted(written, event.place));
        let at = written.at.value.0;
        match (kinds.pop(), kinds.is_empty()) {
            (Some(kind), true) => Some(Event { at, kind }),
            _ => {
                let message = "an event says exactly one thing that happens";
                let finding = self.findings.error(codes::WB204, message).at(event.place, "");
                finding.help(EVENTS);
                None
            }
        }
    }

    /// A jump of the clock, which goes somewhere and not further than a scenario lasts.
    fn clock_jump(&mut self, written: &written::Event) -> Option<EventKind> {
        let sources = written.sources.as_ref();
        let Some(jump) = &written.clock_jump else {
            if let Some(sources) = sources {
                let message = "`sources` says something of `clock_jump` only";
                self.findings.error(codes::WB204, message).at(sources.place, "");
            }
            return None;
        };
        let by = jump.value.0;
        if by == Span::ZERO || by.max(Span::ZERO - by) > LONGEST {
            let message = "a clock jumps somewhere, and by 400 days at most";
            self.findings.error(codes::WB202, message).at(jump.place, "");
        }
        Some(EventKind::ClockJump(by, sources.is_some_and(|sources| sources.value)))
    }

    /// What an action does from some time on.
    fn action(&mut self, written: &written::Event, settings: &Settings) -> Option<EventKind> {
        let Some(name) = &written.action else {
            let stray = [
                written.outcome.as_ref().map(|outcome| ("outcome", outcome.place)),
                written.takes.as_ref().map(|takes| ("takes", takes.place)),
                written.says.as_ref().map(|says| ("says", says.place)),
            ];
            for (key, place) in stray.into_iter().flatten() {
                self.findings.error(codes::WB204, format!("`{key}` says something of `action` only")).at(place, "");
            }
            return None;
        };
        let Some((known, _)) = settings.actions.get_key_value(name.value.as_str()) else {
            self.unknown("action", name, settings.actions.keys().map(|name| &**name));
            return None;
        };
        let does = match written.outcome.as_ref().map(|outcome| outcome.value) {
            Some(written::ActionOutcome::Works) | None => Does::Works,
            Some(written::ActionOutcome::Fails) => Does::Fails,
            Some(written::ActionOutcome::Hangs) => Does::Hangs,
            Some(written::ActionOutcome::Missing) => Does::IsMissing,
        };
        let takes = written.takes.as_ref().map_or(Span::ZERO, |takes| takes.value.0);
        let says = written.says.as_ref().map(|says| says.value.clone()).unwrap_or_default();
        Some(EventKind::Action(known.clone(), Script { does, takes, says }))
    }

    /// What somebody does about an incident.
    fn act(&mut self, written: &written::Event, rules: &RuleSet, settings: &Settings) -> Option<EventKind> {
        let by: Name = written.by.as_ref().map_or("somebody", |by| by.value.as_str()).into();
        let text = || written.text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
        let simple = [
            (&written.ack, Act::Acknowledge),
            (&written.unack, Act::Unacknowledge),
            (&written.snooze, Act::Snooze(written.lasts.as_ref().map_or(Span::from_mins(30), |lasts| lasts.0))),
            (&written.update, Act::Update(text())),
            (&written.note, Act::Note(text())),
            (&written.escalate, Act::Escalate),
            (&written.resolve, Act::Resolve),
            (&written.review, Act::Review(text())),
        ];
        let simple = simple.into_iter().find_map(|(incident, act)| Some((incident.as_ref()?, act)));
        let (incident, act) = match (simple, &written.assess, &written.assign) {
            (Some(simple), ..) => simple,
            (None, Some(incident), _) => (incident, Act::Assess(self.severity(incident, written, settings)?)),
            (None, None, Some(incident)) => (incident, Act::Assign(self.responder(incident, written, settings)?)),
            (None, None, None) => return None,
        };
        let known = || rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| &*rule.alert);
        let names_one = incident.value.starts_with("INC-")
            || own::NAMES.contains(&&*incident.value)
            || known().any(|alert| alert == incident.value)
            || self.posted.contains(&incident.value);
        if !names_one {
            self.unknown("alert", incident, known());
            return None;
        }
        Some(EventKind::Act { incident: incident.value.clone(), by, act })
    }

    fn severity(
        &mut self,
        incident: &Spanned<String>,
        written: &written::Event,
        settings: &Settings,
    ) -> Option<Severity> {
        let Some(name) = &written.severity else {
            self.findings.error(codes::WB204, "an assessment names a `severity`").at(incident.place, "");
            return None;
        };
        let found = settings.severities.find(&name.value).cloned();
        if found.is_none() {
            self.unknown("severity", name, settings.severities.iter().map(|severity| &**severity.name()));
        }
        found
    }

    fn responder(&mut self, incident: &Spanned<String>, written: &written::Event, settings: &Settings) -> Option<Name> {
        let Some(name) = &written.to else {
            self.findings.error(codes::WB204, "`assign` says `to` whom").at(incident.place, "");
            return None;
        };
        let found = settings.responders.get_key_value(name.value.as_str()).map(|(name, _)| name.clone());
        if found.is_none() {
            self.unknown("responder", name, settings.responders.keys().map(|name| &**name));
        }
        found
    }

    fn routine_done(&mut self, written: &written::Event, settings: &Settings) -> Option<EventKind> {
        let name = written.routine_done.as_ref()?;
        let all = || settings.routines.iter().map(|routine| &routine.name);
        let Some(routine) = all().find(|routine| ***routine == *name.value).cloned() else {
            self.unknown("routine", name, all().map(|name| &**name));
            return None;
        };
        let note = written.text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
        let by = written.by.as_ref().map_or("somebody", |by| by.value.as_str()).into();
        Some(EventKind::RoutineDone { by, routine, note })
    }

    /// Alerts that somebody posts, each with a label at least.
    fn posted(&mut self, written: &written::Event, place: Place) -> Option<EventKind> {
        let posts: Vec<Posted> = written.posted.iter().map(posted).collect();
        if posts.iter().any(|post| post.labels.is_empty()) {
            let message = "an alert that is posted has at least one label";
            self.findings.error(codes::WB202, message).at(place, "");
        }
        (!posts.is_empty()).then_some(EventKind::Posted(posts))
    }

    fn silence(&mut self, written: &written::Event) -> Option<EventKind> {
        let text = written.silence.as_ref()?;
        let matchers = match Matchers::parse(&text.value) {
            Ok(matchers) => matchers,
            Err(error) => {
                self.findings.error(codes::WB202, error.message).at(text.place, "");
                return None;
            }
        };
        let lasts = written.lasts.as_ref().map_or(Span::from_hours(1), |lasts| lasts.0);
        let reason = written.text.as_ref().map_or("said in the scenario", |text| text.value.as_str()).to_owned();
        let by = written.by.as_ref().map_or("somebody", |by| by.value.as_str()).into();
        Some(EventKind::Silence { by, silence: NewSilence::from_now(matchers, lasts, reason) })
    }

    /// The target that somebody must have been told as: `schedule:primary`, or a channel.
    fn target(&mut self, text: &Spanned<String>, settings: &Settings) -> Option<Target> {
        let (kind, name) = text.value.split_once(':').unwrap_or(("channel", &text.value));
        let name = Spanned { value: name.to_owned(), place: text.place };
        let ((found, all), of): (_, fn(Name) -> Target) = match kind {
            "responder" => (find(&settings.responders, &name.value), Target::Responder),
            "team" => (find(&settings.teams, &name.value), Target::Team),
            "schedule" => (find(&settings.schedules, &name.value), Target::Schedule),
            "contact" => (find(&settings.contacts, &name.value), Target::Contact),
            _ => (find(&settings.channels, &name.value), Target::Channel),
        };
        if found.is_none() {
            self.unknown(kind, &name, all.iter().map(|name| &**name));
        }
        found.map(of)
    }

    fn channel(&mut self, name: &Spanned<String>, settings: &Settings) -> Option<Name> {
        let found = settings.channels.get_key_value(name.value.as_str()).map(|(name, _)| name.clone());
        if found.is_none() {
            self.unknown("channel", name, settings.channels.keys().map(|name| &**name));
        }
        found
    }

    fn unknown<'a>(&mut self, what: &str, name: &Spanned<String>, known: impl Iterator<Item = &'a str>) {
        let help = suggest::did_you_mean(&name.value, known);
        let finding =
            self.findings.error(codes::WB203, format!("there is no {what} `{}`", name.value)).at(name.place, "");
        if let Some(help) = help {
            finding.help(help);
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

fn posted(written: &written::Posted) -> Posted {
    let labels = |entries: &Entries<String>| {
        Labels::new(entries.iter().map(|(name, value)| (name.value.as_str(), value.as_str())))
    };
    Posted {
        labels: labels(&written.labels),
        annotations: labels(&written.annotations),
        started: written.started.as_ref().map_or(Span::ZERO, |started| started.0),
        ends: written.ends.as_ref().map(|ends| ends.0),
    }
}

/// The name as it is configured, and all names that there are.
fn find<T>(all: &BTreeMap<Name, T>, name: &str) -> (Option<Name>, Vec<Name>) {
    (all.get_key_value(name).map(|(name, _)| name.clone()), all.keys().cloned().collect())
}
