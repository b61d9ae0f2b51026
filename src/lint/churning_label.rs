//! WB057 · A label that prints the value or the time, so that each evaluation makes another alert.

use super::templates;
use crate::diagnostics::{Findings, codes};
use crate::rules::Checked;

/// Words that begin an action which prints nothing itself.
const SILENT: [&str; 9] = ["if", "else", "end", "with", "range", "define", "block", "break", "continue"];

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    for (text, template) in templates::labels(rule).filter(|(_, template)| template.constant().is_none()) {
        let Some((at, word)) = templates::actions(template.text()).find_map(|(start, action)| churns(start, action))
        else {
            continue;
        };
        findings
            .warn(codes::WB057, "this label changes with every evaluation, and the identity of the alert with it")
            .at(text.place_of(at..at + word.len()), "another alert each time: `for` never elapses")
            .help("put it into an annotation");
    }
}

/// Where an action prints what changes all the time, and the word for it.
fn churns(start: usize, action: &str) -> Option<(usize, &'static str)> {
    let first = action.trim_start_matches('-').split_whitespace().next()?;
    if SILENT.contains(&first) || action.contains(":=") {
        return None;
    }
    ["$value", "$.Value", ".Value", "$activeAt", "now"].into_iter().find_map(|word| {
        let at = action.match_indices(word).map(|(at, _)| at).find(|at| stands_alone(action, *at, word))?;
        Some((start + at, word))
    })
}

fn stands_alone(action: &str, at: usize, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '.' || c == '$';
    !action[..at].ends_with(is_part) && !action[at + word.len()..].starts_with(is_part)
}
