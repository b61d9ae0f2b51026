//! What happens in a scenario, each event one thing.

use super::read::{LONGEST, Reader};
use super::{Event, EventKind, Posted};
use crate::config::Settings;
use crate::diagnostics::{Place, Spanned, codes};
use crate::engine::command::{Act, NewSilence};
use crate::engine::own;
use crate::model::{Labels, Matchers, Name, Severity, Span};
use crate::replay::remedies::{Does, Script};
use crate::replay::written;
use crate::rules::RuleSet;
use crate::yaml::Entries;

/// What an event can be, for whoever wrote none of these or several.
const EVENTS: &str = "one of `query_error`, `no_data`, `missed`, `restart`, `clock_jump`, `reload`, `channel_fails`, `channel_refuses`, `action`, `ack`, `unack`, \
                      `snooze`, `assess`, `update`, `note`, `assign`, `escalate`, `resolve`, `review`, `silence`, `routine_done`, `posted`";

impl Reader<'_> {
    pub(super) fn event(
        &mut self,
        event: &Spanned<written::Event>,
        rules: &RuleSet,
        settings: &Settings,
    ) -> Option<Event> {
        let written = &event.value;
        let lasts = written.lasts.as_ref().map(|lasts| lasts.0);
        let mut kinds = Vec::new();
        kinds.extend(written.query_error.as_ref().map(|span| EventKind::QueryError(span.0)));
        if let Some(text) = &written.no_data {
            let blank = self.blank(text, rules);
            let no_data = |blank| EventKind::NoData(blank, text.value.clone(), lasts.unwrap_or(Span::from_mins(5)));
            kinds.extend(blank.map(no_data));
        }
        kinds.extend(written.missed.as_ref().map(|span| EventKind::Missed(span.0)));
        kinds.extend(written.restart.as_ref().map(|_| EventKind::Restart(lasts.unwrap_or(Span::ZERO))));
        kinds.extend(self.clock_jump(written));
        let reload = written.reload.as_ref().and_then(|files| self.rules(files, settings));
        kinds.extend(reload.map(EventKind::Reload));
        let fails = written.channel_fails.as_ref().and_then(|name| self.channel(name, settings));
        kinds.extend(fails.map(|name| EventKind::ChannelFails(name, lasts.unwrap_or(Span::from_mins(5)))));
        let refuses = written.channel_refuses.as_ref().and_then(|name| self.channel(name, settings));
        kinds.extend(refuses.map(|name| EventKind::ChannelRefuses(name, lasts.unwrap_or(Span::from_mins(5)))));
        kinds.extend(self.action(written, settings));
        kinds.extend(self.act(written, rules, settings));
        kinds.extend(self.silence(written));
        kinds.extend(self.routine_done(written, settings));
        kinds.extend(self.posted(written, event.place));
        if things(written) != 1 {
            let message = "an event says exactly one thing that happens";
            let finding = self.findings.error(codes::WB204, message).at(event.place, "");
            finding.help(EVENTS);
            return None;
        }
        // Why there is none has been said where it is written.
        Some(Event { at: written.at.value.0, kind: kinds.pop()? })
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
}

/// How many things are written to happen, whether or not they can be meant.
fn things(written: &written::Event) -> usize {
    let texts = [
        &written.no_data,
        &written.channel_fails,
        &written.channel_refuses,
        &written.action,
        &written.ack,
        &written.unack,
        &written.snooze,
        &written.assess,
        &written.update,
        &written.note,
        &written.assign,
        &written.escalate,
        &written.resolve,
        &written.review,
        &written.silence,
        &written.routine_done,
    ];
    let others = [
        written.query_error.is_some(),
        written.missed.is_some(),
        written.restart.is_some(),
        written.clock_jump.is_some(),
        written.reload.is_some(),
        !written.posted.is_empty(),
    ];
    texts.into_iter().flatten().count() + others.into_iter().filter(|is_written| *is_written).count()
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
