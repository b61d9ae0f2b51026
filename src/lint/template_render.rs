//! WB076 · A template that nothing can be made of: people would read `<error expanding template>`.

use super::{template_field, templates};
use crate::diagnostics::{Findings, Text, codes};
use crate::model::{Labels, Slot};
use crate::rules::Checked;
use crate::rules::template::{Answers, Data, RenderError, Rendered, Template};

/// What labels are tried with: a name, a number, nothing.
const VALUES: [&str; 3] = ["sample", "1", ""];
/// What the value is tried with.
const NUMBERS: [f64; 2] = [1.0, 0.0];
/// How often answers to a template's queries are given before it has to do without more.
const ROUNDS: usize = 4;

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    for (text, template) in templates::labels(rule).chain(templates::texts(rule)) {
        if template.constant().is_none()
            && !template_field::is_told(template.text())
            && let Some(error) = failure(template)
            && !template_field::tell_of(&error, text, findings)
        {
            let at = error.offset.min(text.value.len().saturating_sub(1));
            findings
                .warn(codes::WB076, format!("this template cannot be rendered: {}", error.message))
                .at(text.place_of(at..end_of_action(text, at)), "people read `<error expanding template>` instead")
                .help("`watchbell test` shows every message as people will read it");
        }
    }
}

/// Why it fails, where it fails whatever the data.
fn failure(template: &Template) -> Option<RenderError> {
    let mut first = None;
    for label in VALUES {
        let used = template.labels_used().unwrap_or_default().iter().map(|used| (used.name.clone(), label));
        let labels = Labels::new(used.chain([("instance".into(), label)]));
        for value in NUMBERS {
            match render(template, &labels, value) {
                Ok(()) => return None,
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
    }
    first
}

fn render(template: &Template, labels: &Labels, value: f64) -> Result<(), RenderError> {
    let at = Slot::from_millis(1_767_603_600_000);
    let data = Data {
        labels,
        value,
        external_labels: labels,
        external_url: "http://127.0.0.1:9095",
        threshold: "1",
        severity: "high",
        unit: "s",
        active_at: at,
        now: at,
    };
    let mut answers = Answers::new();
    for _ in 0..ROUNDS {
        match template.render(&data, &answers)? {
            Rendered::Text(_) => return Ok(()),
            // One series for each query: what happens without any depends on the data.
            Rendered::Wants(queries) => {
                answers.extend(queries.into_iter().map(|query| (query, Ok(vec![(labels.clone(), 1.0)]))))
            }
        }
    }
    Ok(())
}

fn end_of_action(text: &Text, at: usize) -> usize {
    let rest = &text.value[at..];
    let action = &rest[..rest.find("}}").unwrap_or(rest.len())];
    at + action.trim_end().len().max(1)
}
