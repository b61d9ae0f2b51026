//! Looking up what a scenario names, and saying what there is instead.

use super::read::Reader;
use crate::config::{Settings, Target};
use crate::diagnostics::{Spanned, codes, suggest};
use crate::model::Name;
use crate::replay::border;
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Reader<'_> {
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// A file that the scenario names is there; otherwise it is told where it is named.
    pub(super) fn find(&mut self, file: &Spanned<String>) -> Option<()> {
        let path = self.beside(&file.value);
        let Err(error) = std::fs::metadata(&path) else {
            return border::admits(self.path, &path, file.place, self.findings).then_some(());
        };
        let finding = self.findings.error(codes::WB001, format!("cannot read `{}`: {error}", path.display()));
        finding.at(file.place, "named here").help("paths are seen from the folder of the scenario");
        None
    }

    /// The target that somebody must have been told as: `schedule:primary`, or a channel.
    pub(super) fn target(&mut self, text: &Spanned<String>, settings: &Settings) -> Option<Target> {
        let (kind, name) = text.value.split_once(':').unwrap_or(("channel", &text.value));
        let name = Spanned { value: name.to_owned(), place: text.place };
        let ((found, all), of): (_, fn(Name) -> Target) = match kind {
            "responder" => (find(&settings.responders, &name.value), Target::Responder),
            "team" => (find(&settings.teams, &name.value), Target::Team),
            "schedule" => (find(&settings.schedules, &name.value), Target::Schedule),
            "contact" => (find(&settings.contacts, &name.value), Target::Contact),
            _ => (find(&settings.channels, &name.value), Target::Channel),
        };
        if found.is_none() {
            self.unknown(kind, &name, all.iter().map(|name| &**name));
        }
        found.map(of)
    }

    pub(super) fn channel(&mut self, name: &Spanned<String>, settings: &Settings) -> Option<Name> {
        let found = settings.channels.get_key_value(name.value.as_str()).map(|(name, _)| name.clone());
        if found.is_none() {
            self.unknown("channel", name, settings.channels.keys().map(|name| &**name));
        }
        found
    }

    pub(super) fn unknown<'a>(&mut self, what: &str, name: &Spanned<String>, known: impl Iterator<Item = &'a str>) {
        let help = suggest::did_you_mean(&name.value, known);
        let finding =
            self.findings.error(codes::WB203, format!("there is no {what} `{}`", name.value)).at(name.place, "");
        if let Some(help) = help {
            finding.help(help);
        }
    }
}

/// The name as it is configured, and all names that there are.
fn find<T>(all: &BTreeMap<Name, T>, name: &str) -> (Option<Name>, Vec<Name>) {
    (all.get_key_value(name).map(|(name, _)| name.clone()), all.keys().cloned().collect())
}
