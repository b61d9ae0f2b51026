//! A scenario against its snapshot.

use super::{CommandError, Failure, Manner, Outcome};
use crate::cli::paths::{self, Kind};
use crate::diagnostics::{Findings, Sources, render};
use crate::replay::{self, Coverage, Verdict};
use std::path::{Path, PathBuf};

/// Plays the scenario in `file`. `None` where the filter leaves it out.
pub(super) fn play(file: &Path, manner: &Manner) -> Result<Option<Outcome>, CommandError> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let scenario = replay::load(file, &mut sources, &mut findings);
    let title = scenario.as_ref().map(|scenario| scenario.title.clone()).unwrap_or_default();
    if manner.leaves_out(file, &title) {
        return Ok(None);
    }
    let mut outcome = Outcome {
        file: file.to_owned(),
        title,
        failure: None,
        is_unit: false,
        is_accepted: false,
        notes: Vec::new(),
        coverage: Coverage::default(),
    };
    let Some(scenario) = scenario else {
        outcome.failure = Some(Failure::Unreadable(render::human(&findings, &sources, manner.in_colour)));
        return Ok(Some(outcome));
    };
    if let Some(other) = twin(file) {
        outcome.failure = Some(Failure::Unreadable(one_snapshot(file, &other)));
        return Ok(Some(outcome));
    }
    let (story, reached) =
        if manner.coverage { replay::play_covered(&scenario) } else { (replay::play(&scenario), Coverage::default()) };
    outcome.coverage = reached;
    let unmet = replay::unmet(&scenario, &story);
    let path = replay::path_of(file);
    let verdict = match replay::compare(&path, &story, manner.in_colour) {
        Ok(verdict) => verdict,
        Err(cause) => {
            outcome.failure = Some(Failure::Unreadable(cause.to_string()));
            return Ok(Some(outcome));
        }
    };
    if !unmet.is_empty() {
        // Not even --accept takes a story that does not hold what its scenario promises.
        outcome.failure = Some(Failure::Unmet(unmet, story.to_string()));
        return Ok(Some(outcome));
    }
    match verdict {
        Verdict::Same => {}
        Verdict::New | Verdict::Different(_) | Verdict::Damaged if manner.accept => {
            replay::write(&path, &story).map_err(|cause| CommandError::Outside(cause.to_string()))?;
            outcome.is_accepted = true;
        }
        Verdict::New => outcome.failure = Some(Failure::New(story.to_string())),
        Verdict::Different(difference) => outcome.failure = Some(Failure::Different(difference)),
        Verdict::Damaged => {
            let text = format!("the snapshot `{}` is damaged; --accept writes it anew", path.display());
            outcome.failure = Some(Failure::Unreadable(text));
        }
    }
    Ok(Some(outcome))
}

/// Another scenario beside `file` whose story would be kept in the same snapshot.
fn twin(file: &Path) -> Option<PathBuf> {
    let mut beside = ["yaml", "yml"].map(|extension| file.with_extension(extension)).into_iter();
    beside.find(|other| other != file && paths::kind(other) == Kind::Scenario)
}

fn one_snapshot(file: &Path, other: &Path) -> String {
    let snapshot = replay::path_of(file);
    let [file, other, snapshot] = [file, other, &snapshot].map(Path::display);
    format!("`{file}` and `{other}` would both be kept in `{snapshot}`; rename one of them")
}
