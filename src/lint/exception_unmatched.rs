//! WB056 · An exception that can match no series: an earlier one takes all of them, or the label is not there.

use super::files::Files;
use super::series_labels;
use crate::diagnostics::{Findings, codes};
use crate::model::{Matcher, Matchers};
use crate::rules::Checked;

pub(super) fn check(rule: &Checked, files: &Files<'_>, findings: &mut Findings) {
    let written: Vec<_> = rule.written.exceptions.iter().flatten().collect();
    let meant = &rule.rule.exceptions;
    if written.len() != meant.len() || meant.is_empty() {
        return;
    }
    let labels = series_labels(&rule.rule, files);
    for (index, exception) in meant.iter().enumerate() {
        let place = written[index].matches.place;
        let missing = exception.matchers.iter().find(|matcher| is_needed(matcher) && !labels.can_have(matcher.name()));
        if let Some(matcher) = missing {
            findings
                .warn(codes::WB056, format!("no series has the label `{}`", matcher.name()))
                .at(place, "so this matches nothing")
                .help("the expression does not return it; keep it there, or match on another label");
            continue;
        }
        let earlier = meant[..index].iter().position(|earlier| takes_all(&earlier.matchers, &exception.matchers));
        if let Some(earlier) = earlier {
            findings
                .warn(codes::WB056, "an earlier exception takes all of these series")
                .at(place, "this one is never looked at")
                .see(written[earlier].matches.place, "the first that matches wins")
                .help("put the special before the general");
        }
    }
}

/// Whether a series without the label fails the condition.
fn is_needed(matcher: &Matcher) -> bool {
    !matcher.accepts("")
}

/// Whether `earlier` surely matches whatever `later` does.
fn takes_all(earlier: &Matchers, later: &Matchers) -> bool {
    earlier.iter().all(|condition| {
        later.iter().any(|other| {
            let fixed = other.equal_to().filter(|_| other.name() == condition.name());
            other == condition || fixed.is_some_and(|value| condition.accepts(value))
        })
    })
}
