//! What a person has to know of a translation, each with the place that it is about.

use crate::diagnostics::Place;

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is not in the translation.
    Left,
    /// It is, and means something else than it did.
    Differs,
    /// It is a secret, which is never copied: somebody has to put it where the translation looks for it.
    Secret,
}

impl Kind {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Left => "left",
            Kind::Differs => "differs",
            Kind::Secret => "secret",
        }
    }
}

/// What became of something, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// What became of it.
    pub kind: Kind,
    /// What it is, and why.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// The notes of one translation.
#[derive(Clone, Debug, Default)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// Something is not in the translation.
    pub fn left(&mut self, place: Place, what: impl Into<String>, advice: impl Into<String>) {
        self.add(place, Kind::Left, what.into(), advice.into());
    }

    /// Something means something else than it did.
    pub fn differs(&mut self, place: Place, what: impl Into<String>, advice: impl Into<String>) {
        self.add(place, Kind::Differs, what.into(), advice.into());
    }

    /// A secret was not copied.
    pub fn secret(&mut self, place: Place, what: impl Into<String>, advice: impl Into<String>) {
        self.add(place, Kind::Secret, what.into(), advice.into());
    }

    fn add(&mut self, place: Place, kind: Kind, what: String, advice: String) {
        let note = Note { place, kind, what, advice };
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    /// All of them, in the order of the files.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Note> {
        self.0.sort_by_key(|note| (note.place.source, note.place.start, note.kind));
        self.0
    }
}
