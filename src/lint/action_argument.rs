//! WB035 · An argument of an action that is no template: its runs would all end before they begin.

use crate::config::{Deed, Settings};
use crate::diagnostics::{Findings, codes};
use crate::rules::template::Template;

/// Tells what is wrong with the arguments of all actions.
pub fn check(settings: &Settings, findings: &mut Findings) {
    for action in settings.actions.values() {
        let Deed::Exec { arguments, .. } = &action.deed else { continue };
        for text in arguments {
            match Template::parse(&text.value) {
                Err(error) => {
                    findings
                        .error(codes::WB035, format!("this argument is no template: {}", error.message))
                        .at(text.place_of(error.range), "the action could never be run");
                }
                Ok(template) if template.uses_query() => {
                    findings
                        .error(codes::WB035, "an argument of an action asks no query")
                        .at(text.place, "nothing is asked before a remedy")
                        .help("give it what the alert has: `$labels`, `$value`, `$severity`, `$threshold`");
                }
                Ok(_) => {}
            }
        }
    }
}
