//! Other tools' escalations, written as ladders and policies of ours.
//!
//! Elsewhere any step may tell the same people again; here nobody hears the same severity twice but for `repeat`, which tells
//! the whole ladder again. Start at [`ladder`].

use super::Notes;
use super::page::Value;
use crate::diagnostics::Place;
use crate::model::{Span, duration_text};

/// One level of a ladder: when it is reached, and who is told then.
#[derive(Clone)]
pub(super) struct Step {
    /// Where it stands.
    pub place: Place,
    pub after: i64,
    pub notify: Vec<String>,
}

/// Rounds of the whole ladder: how long after its last level the next one begins, and how many there are.
type Repeat = (i64, i64);

/// A ladder, for one severity. Steps at the same time are one level. Whoever is told again is told by `repeat`, where that says
/// it; else it is noted.
pub(super) fn ladder(steps: &[Step], repeat: Option<Repeat>, notes: &mut Notes) -> Value {
    let levels = levels(steps);
    if levels.is_empty() {
        return Value::map([("tell", Value::text("nobody"))]);
    }
    let repeat = repeat.filter(|(_, times)| *times > 0).map(|(every, times)| (every.max(60), times));
    let (levels, repeat) = in_rounds(&levels, repeat);
    let is_of_the_first = |step: &&Step| levels.last().is_some_and(|last| step.after <= last.after);
    told_again(&steps.iter().filter(is_of_the_first).collect::<Vec<_>>(), notes);
    let level = |step: &Step| {
        let mut level = Value::map([]);
        if step.after > 0 {
            level.set("after", seconds(step.after));
        }
        level.set("notify", Value::texts(step.notify.clone()));
        level
    };
    let mut ladder = Value::map([("levels", Value::List(levels.iter().map(level).collect()))]);
    if let Some((every, times)) = repeat {
        ladder.set("repeat", Value::map([("every", seconds(every)), ("times", Value::bare(times.min(1000)))]));
    }
    ladder
}

/// The steps in the order in which they are reached, those at the same time as one.
fn levels(steps: &[Step]) -> Vec<Step> {
    let mut levels: Vec<Step> = Vec::new();
    let mut sorted: Vec<&Step> = steps.iter().filter(|step| !step.notify.is_empty()).collect();
    sorted.sort_by_key(|step| step.after);
    for step in sorted {
        match levels.last_mut().filter(|level| level.after == step.after) {
            Some(level) => {
                let new =
                    step.notify.iter().filter(|target| !level.notify.contains(target)).cloned().collect::<Vec<_>>();
                level.notify.extend(new);
            }
            None => levels.push(step.clone()),
        }
    }
    levels
}

/// The shortest ladder of which `levels` are rounds, and its rounds. Rounds of rounds are rounds where all begin equally long
/// after the last level before them.
fn in_rounds(levels: &[Step], repeat: Option<Repeat>) -> (&[Step], Option<Repeat>) {
    let count = levels.len();
    let rounds = |length: usize| {
        let (first, rest) = levels.split_at(length);
        let every = rest.first()?.after - first.last()?.after - first.first()?.after;
        let round = first.last()?.after + every;
        let is_again = |at: usize| {
            levels[at].notify == levels[at - length].notify && levels[at].after - levels[at - length].after == round
        };
        let times = i64::try_from(count / length).ok()?;
        let all = match repeat {
            None => times,
            Some((known, more)) if known == every => times.checked_mul(more.checked_add(1)?)?,
            Some(_) => return None,
        };
        (every > 0 && (length..count).all(is_again)).then_some((first, Some((every, all - 1))))
    };
    (1..count).filter(|length| count.is_multiple_of(*length)).find_map(rounds).unwrap_or((levels, repeat))
}

/// Notes whom a step tells that an earlier one has told: here they hear nothing more.
fn told_again(steps: &[&Step], notes: &mut Notes) {
    for step in steps {
        let is_known = |target: &&String| {
            steps.iter().any(|earlier| earlier.after < step.after && earlier.notify.contains(target))
        };
        let again: Vec<String> = step.notify.iter().filter(is_known).map(|target| format!("`{target}`")).collect();
        if !again.is_empty() {
            let what =
                format!("a step that tells {} again: nobody hears the same severity twice here", again.join(", "));
            let advice = "write `repeat`, which tells the whole ladder again, or tell somebody else";
            notes.differs(step.place, what, advice);
        }
    }
}

/// The number of seconds that is `by` above `after`, where a configuration can say it.
pub(super) fn later(after: i64, by: i64) -> Option<i64> {
    after.checked_add(by).filter(|sum| *sum <= duration_text::LONGEST.millis() / 1000)
}

/// A duration of so many seconds.
pub(super) fn seconds(count: i64) -> Value {
    Value::bare(duration_text::format(Span::from_secs(count)))
}

/// The severities that hold where none are written.
pub(super) const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// A policy with a row for each severity.
pub(super) fn policy(row: impl Fn(usize) -> Value) -> Value {
    let rows = SEVERITIES.iter().enumerate().map(|(at, severity)| ((*severity).to_owned(), row(at))).collect();
    Value::map([("matrix", Value::Map(rows))])
}
