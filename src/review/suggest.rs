//! Other bounds and other patience for rules whose pages nobody acted on: `tune`, for a report.

use crate::backtest::{Asking, Knob, Known, Session, SessionError, Subject, Sweep, Window};
use crate::engine::World;
use crate::model::Name;
use crate::rules::{Condition, Rule};
use std::sync::Arc;

/// So many rules are tuned for one report: each is played over the whole window many times.
pub const MOST: usize = 3;

/// What could stand in a rule instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The name of the rule's alerts.
    pub alert: String,
    /// What, and what it would have meant.
    pub words: String,
}

/// Plays the first [`MOST`] of `alerts` over `window` with other numbers. `known` are incidents that people took for real, and that
/// must not be missed. This waits for sources and works for long: it is nothing for a thread that others wait for.
///
/// # Errors
/// When a source does not answer at all.
pub fn suggest(
    world: &World,
    alerts: &[Name],
    known: &[Known],
    (asking, window): (&Asking, Window),
    runtime: &tokio::runtime::Runtime,
) -> Result<Vec<Suggestion>, SessionError> {
    let mut suggestions = Vec::new();
    for alert in alerts.iter().take(MOST) {
        let rules = world.rules.groups.iter().flat_map(|group| group.alerts());
        let rule = rules.into_iter().find(|rule| rule.alert == *alert && rule.disabled.is_none());
        let Some(subject) = rule.and_then(|rule| Subject::of(world, rule.id, tier(rule))) else { continue };
        let words = tuned(&subject, known, asking, window, runtime)?;
        suggestions.push(Suggestion { alert: alert.to_string(), words });
    }
    Ok(suggestions)
}

/// The highest severity with a bound, else the highest.
fn tier(rule: &Arc<Rule>) -> usize {
    rule.tiers.iter().position(|tier| matches!(tier.condition, Condition::Bound(_))).unwrap_or(0)
}

fn tuned(
    subject: &Subject,
    known: &[Known],
    asking: &Asking,
    window: Window,
    runtime: &tokio::runtime::Runtime,
) -> Result<String, SessionError> {
    let mut session = Session::new([subject.world(None)], asking.clone(), window).keeping();
    session.play(runtime, |_| {})?;
    let survey = session.played()[0].surveys.get(&subject.rule.id).cloned();
    let bounds = survey.as_ref().map(|survey| subject.bounds(survey)).unwrap_or_default();
    let bounds: Vec<Knob> = bounds.into_iter().map(Knob::Bound).collect();
    let holds: Vec<Knob> = subject.holds().into_iter().map(Knob::Hold).collect();
    for (word, knobs) in [(subject.word(), bounds), ("for", holds)] {
        let sweep = Sweep::play(word, knobs, subject, &mut session, known, None);
        if let Some(place) = sweep.suggested {
            let (severity, value) = (subject.severity(), &sweep.candidates[place].value);
            return Ok(format!("{severity}: try {} {value}: {}", sweep.knob, sweep.why));
        }
    }
    Ok("no other bound and no other `for` stands out over this time".into())
}
