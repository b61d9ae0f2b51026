//! The tier vocabulary.

use super::{Ground, names};
use crate::config::written::{SeverityText, Written};
use crate::diagnostics::{Findings, Place, codes, suggest};
use crate::model::{Name, Severities, Severity};

/// The severities of the file, or those that hold without one.
pub(super) fn severities(written: &Written, findings: &mut Findings) -> Severities {
    let Some(list) = &written.severities else { return with_default(Severities::default(), written, findings) };
    if list.value.is_empty() {
        findings
            .error(codes::WB111, "there is no severity")
            .at(list.place, "empty")
            .help("leave `severities` away for the usual four");
    }
    let words = list.value.iter().flat_map(|severity| std::iter::once(&severity.name).chain(&severity.aliases));
    names::unique(words.map(|word| (word.value.as_str(), word.place)), "severities", findings);
    for severity in &list.value {
        names::given(&severity.name, findings);
    }
    let named = list.value.iter().map(|severity| {
        let aliases = severity.aliases.iter().map(|alias| alias.value.as_str().into()).collect();
        (severity.name.value.as_str().into(), aliases)
    });
    let named: Vec<(Name, Vec<Name>)> = named.collect();
    let first = named.first().map_or_else(|| "".into(), |(name, _)| name.clone());
    let medium = named.iter().any(|(name, _)| &**name == "medium");
    if !medium && written.default_severity.is_none() && !named.is_empty() {
        findings
            .error(codes::WB111, "no severity is the default one")
            .at(list.place, "there is no `medium` here")
            .help(format!("say which, for example `default_severity: {first}`"));
    }
    let default = if medium { "medium" } else { &*first };
    let severities = Severities::new(named.clone(), default).unwrap_or_default();
    with_default(severities, written, findings)
}

/// `severities` with the default that the file names.
fn with_default(severities: Severities, written: &Written, findings: &mut Findings) -> Severities {
    let Some(default) = &written.default_severity else { return severities };
    let Some(found) = look_up(&severities, default.as_str(), default.place(), findings) else { return severities };
    severities.with_default(&found)
}

/// The severity called `name`; otherwise a finding.
pub(super) fn look_up(severities: &Severities, name: &str, place: Place, findings: &mut Findings) -> Option<Severity> {
    if let Some(found) = severities.find(name) {
        return Some(found.clone());
    }
    let known: Vec<&str> = severities.iter().map(|severity| &**severity.name()).collect();
    let help = suggest::did_you_mean(name, known.iter().copied());
    findings
        .error(codes::WB110, format!("there is no severity `{name}`"))
        .at(place, "unknown")
        .help(help.unwrap_or_else(|| format!("there are `{}`", known.join("`, `"))));
    None
}

impl Ground<'_> {
    /// The severity that a text names.
    pub(super) fn severity(&self, text: &SeverityText, findings: &mut Findings) -> Option<Severity> {
        look_up(&self.severities, text.as_str(), text.place(), findings)
    }

    /// Values by severity. Two names of one severity are one key too many.
    pub(super) fn by_severity<'w, T>(
        &self,
        entries: &'w crate::config::written::Entries<T>,
        findings: &mut Findings,
    ) -> Vec<(Severity, &'w T)> {
        let mut known: Vec<(Severity, &T, Place)> = Vec::new();
        for (name, value) in entries {
            let Some(severity) = look_up(&self.severities, &name.value, name.place, findings) else { continue };
            match known.iter().find(|(other, ..)| *other == severity) {
                Some((.., first)) => {
                    findings
                        .error(codes::WB141, format!("`{}` is said twice", severity.name()))
                        .at(name.place, "again here")
                        .see(*first, "first here");
                }
                None => known.push((severity, value, name.place)),
            }
        }
        known.into_iter().map(|(severity, value, _)| (severity, value)).collect()
    }
}
