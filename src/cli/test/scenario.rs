//! A scenario against its snapshot.

use super::{CommandError, Manner, Outcome};
use crate::diagnostics::{Findings, Sources, render};
use crate::replay::{self, Coverage, Verdict};
use std::path::Path;

/// Plays the scenario in `file`. `None` where the filter leaves it out.
pub(super) fn play(file: &Path, manner: &Manner) -> Result<Option<Outcome>, CommandError> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let scenario = replay::load(file, &mut sources, &mut findings);
    let title = scenario.as_ref().map(|scenario| scenario.title.clone()).unwrap_or_default();
    if manner.leaves_out(file, &title) {
        return Ok(None);
    }
    let outcome = |failure, note: &str, coverage| {
        Some(Outcome {
            file: file.to_owned(),
            title: title.clone(),
            is_unit: false,
            failure,
            note: note.to_owned(),
            coverage,
        })
    };
    let Some(scenario) = scenario else {
        let failure = render::human(&findings, &sources, manner.in_colour);
        return Ok(outcome(Some(failure), "", Coverage::default()));
    };
    let (story, coverage) =
        if manner.coverage { replay::play_covered(&scenario) } else { (replay::play(&scenario), Coverage::default()) };
    let outcome = |failure, note| outcome(failure, note, coverage.clone());
    let unmet = replay::unmet(&scenario, &story);
    let path = replay::path_of(file);
    let verdict = match replay::compare(&path, &story, manner.in_colour) {
        Ok(verdict) => verdict,
        Err(cause) => return Ok(outcome(Some(cause.to_string()), "")),
    };
    if !unmet.is_empty() {
        // Not even --accept takes a story that does not hold what its scenario promises.
        let mut text = unmet.iter().map(|line| format!("expected otherwise: {line}\n")).collect::<String>();
        text.push_str(&story.to_string());
        return Ok(outcome(Some(text), ""));
    }
    Ok(match verdict {
        Verdict::Same => outcome(None, ""),
        Verdict::New | Verdict::Different(_) if manner.accept => {
            replay::write(&path, &story)?;
            outcome(None, " (accepted)")
        }
        Verdict::New => outcome(Some(format!("no snapshot yet; --accept writes this one\n{story}")), ""),
        Verdict::Different(difference) => outcome(Some(difference), ""),
    })
}
