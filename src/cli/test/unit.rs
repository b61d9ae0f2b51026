//! promtool's unit tests: one outcome for each test of a file.

use super::{Failure, Manner, Outcome};
use crate::diagnostics::{Findings, Place, Sources, render};
use crate::replay::Coverage;
use crate::replay::unit::{self, Doubt, UnitTests};
use crate::side_by_side;
use std::path::Path;

/// Runs the tests in `file`, but for those that the filter leaves out.
pub(super) fn run(file: &Path, manner: &Manner) -> Vec<Outcome> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = UnitTests::load(file, manner.semantics, &mut sources, &mut findings);
    let outcome =
        |title: &str, failures: Vec<String>, doubts: Vec<String>| told(file, title, failures, doubts, manner.strict);
    let Some(tests) = loaded else {
        let failure = render::human(&findings, &sources, manner.in_colour);
        let unreadable = Outcome { failure: Some(Failure::Unreadable(failure)), ..outcome("", Vec::new(), Vec::new()) };
        return if manner.leaves_out(file, "") { Vec::new() } else { vec![unreadable] };
    };
    let mut outcomes = Vec::new();
    if !tests.doubts.is_empty() && !manner.leaves_out(file, "") {
        outcomes.push(outcome("the file", Vec::new(), in_words(&tests.doubts, &sources)));
    }
    let names = tests.names().enumerate().filter(|(_, name)| !manner.leaves_out(file, name));
    let names: Vec<(usize, String)> = names.collect();
    let ran = side_by_side::each(&names, |(number, _)| tests.run(*number));
    outcomes.extend(names.iter().zip(ran).map(|((_, name), unit::Outcome { failures, doubts })| {
        let failures = failures.iter().map(|failure| placed(failure.place, &failure.message, &sources)).collect();
        outcome(name, failures, in_words(&doubts, &sources))
    }));
    outcomes
}

/// A doubt is a failure only for whoever is strict.
fn told(file: &Path, title: &str, mut failures: Vec<String>, mut doubts: Vec<String>, is_strict: bool) -> Outcome {
    if is_strict {
        failures.append(&mut doubts);
    }
    Outcome {
        file: file.to_owned(),
        title: title.to_owned(),
        failure: (!failures.is_empty()).then_some(Failure::Failed(failures)),
        is_unit: true,
        is_accepted: false,
        notes: doubts,
        coverage: Coverage::default(),
    }
}

fn in_words(doubts: &[Doubt], sources: &Sources) -> Vec<String> {
    doubts.iter().map(|doubt| placed(doubt.place, &doubt.message, sources)).collect()
}

fn placed(place: Option<Place>, message: &str, sources: &Sources) -> String {
    place.map_or_else(|| message.to_owned(), |place| format!("{}: {message}", sources.describe(place)))
}
