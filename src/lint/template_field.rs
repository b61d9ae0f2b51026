//! WB058 · A template that reads a field which does not exist.

use super::templates;
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Findings, codes};
use crate::rules::Checked;

/// What the data of a template consists of, at its top.
const FIELDS: [&str; 4] = ["Labels", "ExternalLabels", "ExternalURL", "Value"];

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    for (text, template) in templates::labels(rule).chain(templates::texts(rule)) {
        if template.constant().is_some() {
            continue;
        }
        for (start, action) in templates::actions(template.text()) {
            let Some((at, field)) = unknown_field(action) else { continue };
            let range = start + at..start + at + 2 + field.len();
            let nearest = did_you_mean(field, FIELDS);
            let finding = findings.warn(codes::WB058, format!("there is no field `{field}`"));
            finding
                .at(text.place_of(range.clone()), "people read `<error expanding template>` instead")
                .help(nearest.unwrap_or_else(|| format!("the fields are {}", FIELDS.join(", "))));
            // Another case is no other word.
            if let Some(right) = FIELDS.iter().find(|right| right.eq_ignore_ascii_case(field)) {
                finding.fix(text.place_of(range.start + 2..range.end), field, *right);
            }
        }
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
