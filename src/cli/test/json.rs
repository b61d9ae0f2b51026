//! How tests went, for programs. `docs/testing.md` describes it.

use super::{Failure, Outcome};
use crate::replay::{Coverage, Item, What};
use serde_json::{Value, json};

/// All outcomes, and what is covered where that was asked for.
pub(super) fn report(outcomes: &[Outcome], coverage: Option<&Coverage>) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut answer = json!({
        "passed": outcomes.len() - failed,
        "failed": failed,
        "tests": outcomes.iter().map(|outcome| test(outcome, coverage.is_some())).collect::<Vec<_>>(),
    });
    if let Some(coverage) = coverage {
        let mut sums = sums(coverage);
        sums["items"] = coverage.items().map(|(item, reached)| covered(item, reached)).collect();
        answer["coverage"] = sums;
    }
    format!("{answer:#}\n")
}

fn test(outcome: &Outcome, with_coverage: bool) -> Value {
    let mut answer = json!({
        "file": outcome.file.display().to_string(),
        "title": outcome.title,
        "passed": outcome.failure.is_none(),
        "accepted": outcome.is_accepted,
        "notes": outcome.notes,
    });
    if let Some(failure) = &outcome.failure {
        answer["failure"] = failed(failure);
    }
    if with_coverage && outcome.coverage.total() > 0 {
        answer["coverage"] = sums(&outcome.coverage);
    }
    answer
}

/// Why a test failed: a word for it, and what there is to say.
fn failed(failure: &Failure) -> Value {
    match failure {
        Failure::Unreadable(text) => json!({ "reason": "unreadable", "text": text }),
        Failure::Unmet(lines, story) => json!({ "reason": "unmet", "unmet": lines, "story": story }),
        Failure::New(story) => json!({ "reason": "new", "story": story }),
        Failure::Different(difference) => json!({ "reason": "different", "diff": difference }),
        Failure::Failed(failures) => json!({ "reason": "failed", "failures": failures }),
    }
}

fn sums(coverage: &Coverage) -> Value {
    json!({ "total": coverage.total(), "reached": coverage.reached() })
}

fn covered(item: &Item, reached: bool) -> Value {
    let mut answer = json!({ "file": item.file, "of": &*item.of, "what": item.what.code(), "reached": reached });
    let mut put = |key: &str, value: Value| answer[key] = value;
    match &item.what {
        What::Fires(tier) => put("tier", json!(&**tier)),
        What::When(tier, truth) | What::Clear(tier, truth) => {
            put("tier", json!(&**tier));
            put("is", json!(truth));
        }
        What::Level(severity, level) => {
            put("severity", json!(&**severity));
            put("level", json!(&**level));
        }
        What::NoData | What::OnError => {}
    }
    answer
}
