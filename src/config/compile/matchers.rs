//! Label matchers: reading them, and what can be said of two of them without any alert.

use super::Ground;
use crate::config::written::MatchersText;
use crate::diagnostics::{Findings, codes};
use crate::model::{Matcher, Matchers};

impl Ground<'_> {
    /// Matchers that parse; what in them can never match is a warning.
    pub(super) fn matchers(&self, text: &MatchersText, findings: &mut Findings) -> Option<Matchers> {
        match Matchers::parse(text.as_str()) {
            Ok(matchers) => {
                self.unknown_severity(&matchers, text, findings);
                contradiction(&matchers, text, findings);
                Some(matchers)
            }
            Err(error) => {
                // What is missing at the end is shown at the last character.
                let start = error.offset.min(text.as_str().len().saturating_sub(1));
                findings.error(codes::WB135, error.message).at(text.0.place_of(start..start + 1), "here");
                None
            }
        }
    }

    /// The label `severity` has the configured names for values, never an alias.
    fn unknown_severity(&self, matchers: &Matchers, text: &MatchersText, findings: &mut Findings) {
        let values = matchers.iter().filter(|matcher| &**matcher.name() == "severity").filter_map(Matcher::equal_to);
        for value in values.filter(|value| self.severities.iter().all(|severity| severity.name() != *value)) {
            let known: Vec<&str> = self.severities.iter().map(|severity| &**severity.name()).collect();
            let help = match self.severities.find(value) {
                Some(severity) => format!("`{value}` is another word for `{severity}`: write that"),
                None => format!("there are `{}`", known.join("`, `")),
            };
            findings
                .warn(codes::WB136, format!("no alert has the severity `{value}`"))
                .at(text.place(), "never matches")
                .help(help);
        }
    }
}

/// Two matchers that no value of their label meets together.
fn contradiction(matchers: &Matchers, text: &MatchersText, findings: &mut Findings) {
    let fixed = matchers.iter().filter_map(|matcher| Some((matcher.name(), matcher.equal_to()?)));
    for (name, value) in fixed {
        if matchers.iter().any(|other| other.name() == name && !other.accepts(value)) {
            findings
                .warn(codes::WB136, format!("no value of `{name}` meets all of this"))
                .at(text.place(), "never matches");
            return;
        }
    }
}

/// Whether every label set that `narrow` matches is certainly matched by `wide` as well.
pub(super) fn covers(wide: &Matchers, narrow: &Matchers) -> bool {
    wide.iter().all(|claim| narrow.iter().any(|given| implies(given, claim)))
}

fn implies(given: &Matcher, claim: &Matcher) -> bool {
    given == claim || (given.name() == claim.name() && given.equal_to().is_some_and(|value| claim.accepts(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_covers_another_only_where_that_is_certain() {
        let covers =
            |wide: &str, narrow: &str| covers(&Matchers::parse(wide).unwrap(), &Matchers::parse(narrow).unwrap());
        assert!(covers("", r#"a="1""#));
        assert!(covers(r#"a="1""#, r#"b="2", a="1""#));
        assert!(covers(r#"a=~"1|2""#, r#"a="1""#));
        assert!(covers(r#"a!="3""#, r#"a="1""#));
        assert!(!covers(r#"a="1", b="2""#, r#"a="1""#));
        assert!(!covers(r#"a="1""#, r#"a=~"1|2""#));
        assert!(!covers(r#"a="1""#, ""));
    }
}
