//! What happens, in the words of the story.

use super::Stage;
use crate::engine::alert::Phase;
use crate::engine::command::SilencePhase;
use crate::engine::event::{Event, EventKind as Happened, IncidentEvent};
use crate::engine::heartbeat::Heartbeat;
use crate::engine::incident::Key;
use crate::engine::routine::RoutineState;
use crate::engine::transition::Cause;
use crate::model::{AlertId, RuleId, Span};
use crate::replay::snapshot::text_of;
use crate::replay::story::Deed;

impl Stage<'_> {
    pub(super) fn tell(&mut self, event: &Event, at: Span) {
        match &event.kind {
            Happened::AlertChanged { rule, alert } => self.tell_alert(*rule, alert.id, at),
            Happened::AlertForgotten { alert, .. } => self.tell_gone(*alert, at),
            Happened::SourceChanged { source, failing: Some(_) } => {
                self.say(at, format!("source {source} does not answer"))
            }
            Happened::SourceChanged { source, failing: None } => self.say(at, format!("source {source} answers again")),
            Happened::Silenced { silence } if silence.phase == SilencePhase::Warned => {
                self.say(at, format!("the silence of {} by {} ends soon", silence.matchers, silence.by));
            }
            Happened::Silenced { silence } => {
                self.say(at, format!("{} silenced {}: {}", silence.by, silence.matchers, silence.reason));
            }
            Happened::SilenceEnded { by, .. } => {
                let by = by.as_ref().map(|by| format!(", ended by {by}")).unwrap_or_default();
                self.say(at, format!("a silence is over{by}"));
            }
            Happened::OwnAlert { subject, fires } => {
                let name = subject.labels.get("alertname").to_owned();
                let word = if *fires { "firing" } else { "over" };
                let deed = if *fires {
                    Deed::Alert { name, firing: Some(subject.severity.to_string()) }
                } else {
                    Deed::Ended { name }
                };
                self.story.add(at, deed, format!("{}  {word} {}", subject.labels, subject.severity));
            }
            Happened::AlertPosted { posted } => {
                let subject = &posted.subject;
                let name = subject.labels.get("alertname").to_owned();
                self.posted.insert(subject.alert, subject.labels.clone());
                let deed = Deed::Alert { name, firing: Some(subject.severity.to_string()) };
                self.story.add(at, deed, format!("{}  posted {}", subject.labels, subject.severity));
            }
            Happened::PostedEnded { alert } => {
                let labels = self.posted.remove(alert).unwrap_or_default();
                let name = labels.get("alertname").to_owned();
                self.story.add(at, Deed::Ended { name }, format!("{labels}  over"));
            }
            Happened::Incident { key, number, event, .. } => {
                if let Some(coverage) = &mut self.coverage {
                    coverage.told(&self.engine, key, event);
                }
                self.tell_incident(*number, key, event, at);
            }
            Happened::RoutineChanged { routine, is } => {
                let words = is.as_ref().map_or_else(|| "is no routine any more".into(), RoutineState::words);
                self.say(at, format!("routine {routine} {words}"));
            }
            Happened::HeartbeatChanged { alert, is } => {
                let words = match is {
                    Some(Heartbeat::Beats) => "beats",
                    Some(Heartbeat::Away { .. }) => "is away",
                    None => "is not expected any more",
                };
                self.say(at, format!("heartbeat {alert} {words}"));
            }
            Happened::RuleForgotten { .. } => {
                let gone: Vec<AlertId> = self.shown.keys().copied().filter(|alert| !self.knows(*alert)).collect();
                for alert in gone {
                    self.tell_gone(alert, at);
                }
            }
            Happened::RuleChanged { .. }
            | Happened::SlotsMissed { .. }
            | Happened::RuleMoved { .. }
            | Happened::Slept { .. }
            | Happened::DigestEntered { .. }
            | Happened::DigestSent { .. }
            | Happened::IncidentsCounted { .. }
            | Happened::ActionsCounted { .. }
            | Happened::IncidentRestored { .. }
            | Happened::MembersRestored { .. } => {}
        }
    }

    fn knows(&self, alert: AlertId) -> bool {
        self.engine.state.rules.values().any(|rule| rule.get(alert).is_some())
    }

    fn tell_alert(&mut self, rule: RuleId, alert: AlertId, at: Span) {
        let Some((alert, tiers)) = self.engine.state.rules.get(&rule).and_then(|state| state.get(alert)) else {
            return;
        };
        let words = text_of(alert, tiers);
        let firing = alert.top(tiers).map(|top| top.severity.to_string());
        let name = alert.labels.get("alertname").to_owned();
        let (id, calm) = (alert.id, alert.phase() == Phase::Inactive);
        if self.shown.get(&id).map_or(calm, |shown| *shown == words) {
            return;
        }
        let place = alert.labels.without("alertname");
        let fired = self.names.get(&id).is_some_and(|(_, fired)| *fired);
        self.shown.insert(id, words.clone());
        self.names.insert(id, (name.clone(), firing.is_some()));
        let deed = if fired && firing.is_none() {
            Deed::Ended { name: name.clone() }
        } else {
            Deed::Alert { name: name.clone(), firing }
        };
        self.story.add(at, deed, format!("{name}{place}  {words}"));
    }

    fn tell_gone(&mut self, alert: AlertId, at: Span) {
        let Some(shown) = self.shown.remove(&alert) else { return };
        let (name, fired) = self.names.remove(&alert).unwrap_or_default();
        if !shown.starts_with("inactive") {
            let deed = if fired { Deed::Ended { name: name.clone() } } else { Deed::Other };
            self.story.add(at, deed, format!("{name}  gone (was {shown})"));
        }
    }

    fn tell_incident(&mut self, number: u64, key: &Key, event: &IncidentEvent, at: Span) {
        let text = match event {
            IncidentEvent::Opened(opening) => {
                format!("INC-{number} opened at {} ({} {})", opening.severity, key.policy, key.group)
            }
            IncidentEvent::Reopened { severity, .. } => format!("INC-{number} reopened at {severity}"),
            IncidentEvent::Severity { to } => format!("INC-{number} is {to} now"),
            IncidentEvent::Joined { cause: Cause::UnknownSeverity(unknown), .. } => format!("INC-{number}: {unknown}"),
            IncidentEvent::Left { cause, .. } if *cause != Cause::Condition => {
                format!("INC-{number}: {}", because(cause))
            }
            IncidentEvent::NotTold { destination, page } => {
                format!("INC-{number}: {destination} has not been told of page {page}")
            }
            other => match other.words(self.clocks.skew()) {
                Some(words) => format!("INC-{number} {words}"),
                None => return,
            },
        };
        self.say(at, text);
    }
}

fn because(cause: &Cause) -> String {
    match cause {
        Cause::Condition => "its condition does not hold".into(),
        Cause::NoData { since } => format!("no data since {since}"),
        Cause::NoDataEnd { since } => format!("ended without data since {since}"),
        Cause::QueryFails => "its query fails".into(),
        Cause::RuleRemoved => "its rule was removed".into(),
        Cause::RuleChanged => "its rule was changed".into(),
        Cause::UnknownSeverity(unknown) => unknown.to_string(),
        Cause::SenderEnded => "its sender says that it has ended".into(),
        Cause::Unconfirmed { since } => format!("not confirmed since {since}"),
    }
}
