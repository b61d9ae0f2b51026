//! WB058 · A template that reads a field which does not exist.

use super::templates;
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Findings, Text, codes};
use crate::rules::Checked;
use crate::rules::template::RenderError;
use std::ops::Range;

/// What the data of a template consists of, at its top.
const FIELDS: [&str; 4] = ["Labels", "ExternalLabels", "ExternalURL", "Value"];
/// What a sample consists of, as `query` gives them.
const OF_SAMPLES: [&str; 2] = ["Labels", "Value"];

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    for (text, template) in templates::labels(rule).chain(templates::texts(rule)) {
        if template.constant().is_some() {
            continue;
        }
        for (start, action) in templates::actions(template.text()) {
            let Some((at, field)) = unknown_field(action) else { continue };
            tell((text, start + at..start + at + 2 + field.len()), (field, &FIELDS), findings);
        }
    }
}

/// Tells that a template cannot be rendered because it reads a field that does not exist; false where that is not why.
pub(super) fn tell_of(error: &RenderError, text: &Text, findings: &mut Findings) -> bool {
    let Some((field, of)) = lacking(error) else { return false };
    // The engine names the end of a chain: the field stands before it, in the same action.
    let action = text.value[..text.value.floor_char_boundary(error.offset)].rfind("{{").unwrap_or(0);
    let Some(at) = text.value[action..].find(&format!(".{field}")).map(|at| action + at) else { return false };
    tell((text, at..at + 1 + field.len()), (field, of), findings);
    true
}

/// The field that is not there, and those that are, where the engine says so in Go's words.
fn lacking(error: &RenderError) -> Option<(&str, &'static [&'static str])> {
    let (field, of) = error.message.strip_prefix("can't evaluate field ")?.split_once(" in type ")?;
    match of {
        _ if of.starts_with("struct {") => Some((field, &FIELDS)),
        "*template.sample" => Some((field, &OF_SAMPLES)),
        _ => None,
    }
}

/// `range` ends with the field.
fn tell((text, range): (&Text, Range<usize>), (field, of): (&str, &'static [&str]), findings: &mut Findings) {
    let nearest = did_you_mean(field, of.iter().copied());
    let finding = findings.warn(codes::WB058, format!("there is no field `{field}`"));
    finding
        .at(text.place_of(range.clone()), "people read `<error expanding template>` instead")
        .help(nearest.unwrap_or_else(|| format!("the fields are {}", of.join(", "))));
    // Another case is no other word.
    if let Some(right) = of.iter().find(|right| right.eq_ignore_ascii_case(field)) {
        finding.fix(text.place_of(range.end - field.len()..range.end), field, *right);
    }
}

/// Whether a template reads such a field, so that no more need be said of why it fails.
pub(super) fn is_told(template: &str) -> bool {
    templates::actions(template).any(|(_, action)| unknown_field(action).is_some())
}

/// The first `$.name` of an action, outside of quotes, that does not exist. A bare `.name` may be of something else.
fn unknown_field(action: &str) -> Option<(usize, &str)> {
    let mut found = action.match_indices("$.").map(|(at, _)| at);
    found.find_map(|at| {
        let before = &action[..at];
        let is_quoted = before.matches('"').count() % 2 == 1 || before.matches('`').count() % 2 == 1;
        let rest = &action[at + 2..];
        let field = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        (!is_quoted && !field.is_empty() && !FIELDS.contains(&field)).then_some((at, field))
    })
}
