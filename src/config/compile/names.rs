//! Names: what may be one, and looking them up.

use super::Ground;
use crate::config::settings::Target;
use crate::config::written::{NameText, TargetText};
use crate::diagnostics::{Findings, Place, Spanned, codes, suggest};
use crate::model::Name;
use std::collections::HashMap;

/// What a name may stand for.
#[derive(Clone, Copy)]
pub(super) enum What {
    Channel,
    Responder,
    Team,
    Schedule,
    Contact,
    Policy,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Channel => "channel",
            What::Responder => "responder",
            What::Team => "team",
            What::Schedule => "schedule",
            What::Contact => "contact",
            What::Policy => "policy",
        }
    }

    /// The key of the configuration under which such names are defined.
    fn section(self) -> &'static str {
        match self {
            What::Channel => "channels",
            What::Responder => "responders",
            What::Team => "teams",
            What::Schedule => "schedules",
            What::Contact => "contacts",
            What::Policy => "policies",
        }
    }
}

impl<'a> Ground<'a> {
    /// All names of this kind.
    fn names(&self, what: What) -> Vec<&'a str> {
        fn keys<T>(entries: &crate::config::written::Entries<T>) -> Vec<&str> {
            entries.iter().map(|(name, _)| name.value.as_str()).collect()
        }
        let mut names = match what {
            What::Channel => keys(&self.written.channels),
            What::Responder => keys(&self.written.responders),
            What::Team => keys(&self.written.teams),
            What::Schedule => keys(&self.written.schedules),
            What::Contact => keys(&self.written.contacts),
            What::Policy => keys(&self.written.policies),
        };
        names.extend(self.left_out.names(what.section()));
        names
    }

    /// The name of something that is defined; otherwise a finding.
    pub(super) fn find(&self, what: What, written: &NameText, findings: &mut Findings) -> Option<Name> {
        self.find_at(what, written.as_str(), written.place(), findings)
    }

    fn find_at(&self, what: What, name: &str, place: Place, findings: &mut Findings) -> Option<Name> {
        let known = self.names(what);
        if known.contains(&name) {
            return Some(name.into());
        }
        let help = suggest::did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("define it under `{}`{}", what.section(), among(&known)));
        let message = format!("there is no {} `{name}`", what.word());
        findings.error(codes::WB100, message).at(place, "not defined").help(help);
        None
    }

    /// Whom a text like `team:leads` means.
    pub(super) fn target(&self, written: &TargetText, findings: &mut Findings) -> Option<Target> {
        let text = written.as_str();
        let Some((kind, name)) = text.split_once(':') else { return self.channel_target(written, findings) };
        let place = written.0.place_of(kind.len() + 1..text.len());
        let mut find = |what| self.find_at(what, name, place, findings);
        match kind {
            "responder" => find(What::Responder).map(Target::Responder),
            "team" => find(What::Team).map(Target::Team),
            "schedule" => find(What::Schedule).map(Target::Schedule),
            "contact" => find(What::Contact).map(Target::Contact),
            other => {
                let help = suggest::did_you_mean(other, ["responder", "team", "schedule", "contact"]);
                findings
                    .error(codes::WB100, format!("there are no targets of the kind `{other}`"))
                    .at(written.0.place_of(0..other.len()), "unknown kind")
                    .help(help.unwrap_or(
                        "write a channel, or `responder:`, `team:`, `schedule:`, `contact:` and a name".into(),
                    ));
                None
            }
        }
    }

    fn channel_target(&self, written: &TargetText, findings: &mut Findings) -> Option<Target> {
        let name = written.as_str();
        if let Some(what) = self.kind_of(name) {
            findings
                .error(codes::WB100, format!("there is no channel `{name}`"))
                .at(written.place(), format!("`{name}` is a {}", what.word()))
                .help(format!("write `{}:{name}`", what.word()));
            return None;
        }
        let channel = self.find_at(What::Channel, name, written.place(), findings)?;
        self.needs_own_destination(&channel, written.place(), findings);
        Some(Target::Channel(channel))
    }

    /// What `name` stands for, where it is no channel.
    fn kind_of(&self, name: &str) -> Option<What> {
        let defined = |what: &What| self.names(*what).contains(&name);
        if defined(&What::Channel) {
            return None;
        }
        [What::Responder, What::Team, What::Schedule, What::Contact].into_iter().find(defined)
    }

    /// Targets, each once.
    pub(super) fn targets(&self, written: &[TargetText], findings: &mut Findings) -> Vec<Target> {
        each_once(written.iter().map(|target| (target.as_str(), target.place())), findings);
        written.iter().filter_map(|target| self.target(target, findings)).collect()
    }

    /// Somebody who answers for something: a responder, a team or a contact.
    pub(super) fn owner(&self, written: &NameText, findings: &mut Findings) -> Option<Name> {
        let kinds = [What::Responder, What::Team, What::Contact];
        let known: Vec<&str> = kinds.into_iter().flat_map(|what| self.names(what)).collect();
        let text = written.as_str();
        let name = ["responder:", "team:", "contact:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
        if known.contains(&name) {
            return Some(name.into());
        }
        let help = suggest::did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("name a responder, a team or a contact{}", among(&known)));
        findings
            .error(codes::WB100, format!("nobody is called `{name}`"))
            .at(written.place(), "not defined")
            .help(help);
        None
    }
}

/// ` (there are …)`, for help.
fn among(known: &[&str]) -> String {
    match known.len() {
        0 => String::new(),
        1..=8 => format!(" (there is {})", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        many => format!(" (there are {many})"),
    }
}

/// Whether this can be the name of something.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains([':', '\n'])
}

/// A name that the user gave to something. A colon would make it a target of some kind.
pub(super) fn given(name: &Spanned<String>, findings: &mut Findings) -> Name {
    let text = name.value.as_str();
    if !is_name(text) {
        findings
            .error(codes::WB105, format!("`{text}` cannot be a name"))
            .at(name.place, "a name is not empty, has no colon and no space around it");
    }
    text.into()
}

/// A name that occurs twice in a list of things with names.
pub(super) fn unique<'a>(names: impl IntoIterator<Item = (&'a str, Place)>, what: &str, findings: &mut Findings) {
    for (name, first, again) in repeated(names) {
        findings
            .error(codes::WB141, format!("two {what} are called `{name}`"))
            .at(again, "again here")
            .see(first, "first here")
            .help("rename one of them");
    }
}

/// Something that is listed twice, where once is enough.
pub(super) fn each_once<'a>(items: impl IntoIterator<Item = (&'a str, Place)>, findings: &mut Findings) {
    for (item, first, again) in repeated(items) {
        findings
            .warn(codes::WB142, format!("`{item}` is listed twice"))
            .at(again, "again here")
            .see(first, "first here")
            .help("delete one of them");
    }
}

fn repeated<'a>(items: impl IntoIterator<Item = (&'a str, Place)>) -> Vec<(&'a str, Place, Place)> {
    let mut seen: HashMap<&str, Place> = HashMap::new();
    let mut repeats = Vec::new();
    for (item, place) in items {
        match seen.get(item) {
            Some(first) => repeats.push((item, *first, place)),
            None => drop(seen.insert(item, place)),
        }
    }
    repeats
}
