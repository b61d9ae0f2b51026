//! One log line for what an operator would ask about.

use crate::engine::command::SilencePhase;
use crate::engine::event::{Event, EventKind, IncidentEvent};
use crate::engine::heartbeat::Heartbeat;
use crate::engine::incident::Outcome;
use crate::engine::transition::Cause;
use crate::engine::{Engine, State};
use crate::model::{Severities, Span};
use tracing::{debug, info, warn};

/// Says which severities are gone under which somebody has heard of what is open.
pub fn severities(state: &State, known: &Severities) {
    for (name, incidents) in state.incidents.at_unknown_severities(known) {
        warn!(
            "there is no severity `{name}` any more, and people were paged for it in {incidents} open incidents: it counts as \
             lower than all others. `aliases: [{name}]` at the severity that takes its place makes it the same"
        );
    }
}

/// Says what happened.
pub fn event(engine: &Engine, event: &Event) {
    match &event.kind {
        EventKind::SourceChanged { source, failing: Some(_) } => {
            warn!(source.name = %source, "source {source} does not answer")
        }
        EventKind::SourceChanged { source, failing: None } => {
            info!(source.name = %source, "source {source} answers again")
        }
        EventKind::RuleChanged { rule, failing: Some(_), .. } => {
            let name = engine.world.rule(*rule).map_or_else(|| "?".into(), |rule| rule.alert.clone());
            let error = engine.state.rules.get(rule).and_then(|state| state.health.error.clone()).unwrap_or_default();
            warn!(rule.name = %name, error, "rule {name} cannot be evaluated; its alerts stay as they are");
        }
        EventKind::RuleChanged { rule, failing: None, .. } => {
            let name = engine.world.rule(*rule).map_or_else(|| "?".into(), |rule| rule.alert.clone());
            debug!(rule.name = %name, "rule {name} is evaluated again");
        }
        EventKind::Slept { span } if span.is_zero() => {}
        EventKind::Slept { span } => {
            let span = crate::model::duration_text::format(*span);
            info!("was not running for {span}; no `for` and no `keep_firing_for` went on meanwhile");
        }
        EventKind::Incident { id, number, generation, event: step, .. } => {
            incident((*number, &id.to_string(), *generation), step, engine.skew);
        }
        EventKind::OwnAlert { subject, fires: true } => {
            warn!(alert.labels = %subject.labels, "{} fires", subject.labels)
        }
        EventKind::OwnAlert { subject, fires: false } => {
            info!(alert.labels = %subject.labels, "{} is over", subject.labels)
        }
        EventKind::HeartbeatChanged { alert, is: Some(Heartbeat::Away { .. }) } => {
            warn!(alert.name = %alert, "{alert} has to keep firing, and does not")
        }
        EventKind::HeartbeatChanged { alert, is: Some(Heartbeat::Beats) } => {
            info!(alert.name = %alert, "{alert} fires, as it has to")
        }
        EventKind::HeartbeatChanged { alert, is: None } => {
            info!(alert.name = %alert, "{alert} need not fire any more")
        }
        EventKind::RoutineChanged { routine, is: Some(is) } => {
            info!(routine.name = %routine, "routine {routine} {}", is.words());
        }
        EventKind::RoutineChanged { routine, is: None } => {
            info!(routine.name = %routine, "{routine} is no routine any more")
        }
        EventKind::Silenced { silence } if silence.phase == SilencePhase::Warned => {
            info!(silence.id = %silence.id, "the silence of {} by {} ends soon", silence.matchers, silence.owner());
        }
        EventKind::Silenced { silence } => {
            let (by, until) = (silence.owner(), silence.until);
            info!(silence.id = %silence.id, "{by} silenced {} from {} until {until}: {}", silence.matchers, silence.from, silence.reason);
        }
        EventKind::SilenceEnded { id, by: Some(by) } => info!(silence.id = %id, "{by} ended silence {id}"),
        EventKind::SilenceEnded { id, by: None } => info!(silence.id = %id, "silence {id} is over"),
        EventKind::DigestSent { digest, kept, .. } => {
            info!(digest = %digest, goes_on = kept.len(), "sent the digest {digest}");
        }
        // Said where it was found out, with its reason.
        EventKind::SlotsMissed { .. }
        | EventKind::AlertChanged { .. }
        | EventKind::AlertForgotten { .. }
        // What it does to incidents is said there.
        | EventKind::AlertPosted { .. }
        | EventKind::PostedEnded { .. }
        | EventKind::RuleMoved { .. }
        | EventKind::RuleForgotten { .. }
        | EventKind::DigestEntered { .. }
        | EventKind::IncidentsCounted { .. }
        | EventKind::ActionsCounted { .. }
        | EventKind::IncidentRestored { .. }
        | EventKind::MembersRestored { .. } => {}
    }
}

fn incident((number, id, generation): (u64, &str, u32), step: &IncidentEvent, skew: Span) {
    match step {
        IncidentEvent::Opened(opening) => {
            info!(incident.id = id, incident.generation = generation, "INC-{number} opened at {}", opening.severity);
        }
        IncidentEvent::Reopened { severity, .. } => {
            info!(incident.id = id, incident.generation = generation, "INC-{number} reopened at {severity}");
        }
        IncidentEvent::Joined { subject, cause } => {
            let why = because(cause);
            if let Cause::UnknownSeverity(_) = cause {
                warn!(incident.id = id, alert.labels = %subject.labels, "INC-{number}: {} fires at {}{why}", subject.labels, subject.severity);
            } else {
                info!(incident.id = id, alert.labels = %subject.labels, "INC-{number}: {} fires at {}{why}", subject.labels, subject.severity);
            }
        }
        IncidentEvent::Left { subject, cause, .. } => {
            let why = because(cause);
            info!(incident.id = id, alert.labels = %subject.labels, "INC-{number}: {} ended{why}", subject.labels);
        }
        IncidentEvent::Told { destination, page, severity, .. } => {
            let what = if page.is_some() { "pages" } else { "tells" };
            info!(incident.id = id, destination = %destination, "INC-{number} {what} {destination} at {severity}");
        }
        IncidentEvent::NotTold { destination, .. } => {
            warn!(incident.id = id, destination = %destination, "INC-{number}: {destination} refused the page and has not been told");
        }
        IncidentEvent::Reached { nobody: true, level, .. } => {
            warn!(incident.id = id, level = %level, "INC-{number}: level {level} reaches nobody and is passed over");
        }
        IncidentEvent::ActionEnded { action, ended, run, .. } => {
            let words = step.words(skew).unwrap_or_default();
            let (outcome, seconds) = (ended.outcome.word(), ended.took.as_secs_f64());
            if ended.outcome == Outcome::Done {
                info!(incident.id = id, action.name = %action, action.run = run, action.outcome = outcome, took_seconds = seconds, "INC-{number} {words}");
            } else {
                warn!(incident.id = id, action.name = %action, action.run = run, action.outcome = outcome, took_seconds = seconds, "INC-{number} {words}");
            }
        }
        other => {
            if let Some(words) = other.words(skew) {
                info!(incident.id = id, "INC-{number} {words}");
            }
        }
    }
}

/// Why, where it is not simply the rule's condition.
#[must_use]
pub fn because(cause: &Cause) -> String {
    match cause {
        Cause::Condition => String::new(),
        Cause::NoData { since } => format!(": no data since {since}"),
        Cause::NoDataEnd { since } => format!(" without data since {since}"),
        Cause::QueryFails => ": its query fails".into(),
        Cause::RuleRemoved => ": its rule was removed".into(),
        Cause::RuleChanged => ": its rule was changed".into(),
        Cause::UnknownSeverity(unknown) => format!(": {unknown}"),
        Cause::SenderEnded => ": its sender says so".into(),
        Cause::Unconfirmed { since } => format!(": not confirmed since {since}"),
    }
}
