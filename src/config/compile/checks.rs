//! What `check` is to hold this project to.

use super::{Ground, reading};
use crate::config::settings::Checks;
use crate::config::written;
use crate::diagnostics::{Code, Findings, Level, Spanned, codes};

/// The checks of the file.
pub(super) fn checks(ground: &Ground<'_>, findings: &mut Findings) -> Checks {
    let Some(written) = &ground.written.checks else { return Checks::default() };
    let require = written.require.as_ref();
    let mut names =
        |list: Option<&Vec<Spanned<String>>>| reading::label_names(list.map_or(&[], Vec::as_slice), findings);
    let annotations = names(require.map(|require| &require.annotations));
    let labels = names(require.map(|require| &require.labels));
    Checks {
        scrape_interval: written.scrape_interval.as_ref().and_then(|span| reading::positive(span, findings)),
        annotations,
        labels,
        allow: written.allow.iter().filter_map(|allowed| code(allowed, findings)).collect(),
    }
}

fn code(allowed: &written::Allowed, findings: &mut Findings) -> Option<Spanned<Code>> {
    reading::spoken(&allowed.because, "because", findings);
    let (name, place) = (&allowed.code.value, allowed.code.place);
    match codes::find(name) {
        Some(entry) if entry.level != Level::Error => return Some(Spanned::new(entry.code, place)),
        Some(_) => findings.error(codes::WB153, format!("`{name}` is an error and cannot be allowed")),
        None => findings.error(codes::WB153, format!("there is no diagnostic `{name}`")),
    }
    .at(place, "")
    .help("only warnings can be allowed; `watchbell explain CODE` tells what a code means");
    None
}
