//! A finding: what is wrong, where, and what to do.

use super::{Code, Place};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is wrong; something was learnt that helps.
    Note,
    /// The files can be used, but somebody should look.
    Warning,
    /// The files cannot be used.
    Error,
}

/// One problem in what people wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which kind of problem; `watchbell explain CODE` tells the long story.
    pub code: Code,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, and what to say under the caret. Empty for what has no place in a file.
    pub at: Option<(Place, String)>,
    /// Other places that belong to it.
    pub see: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The one right edit, where there is one.
    pub fix: Vec<Edit>,
}

/// Other bytes for those at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub place: Place,
    /// What stands there: an edit of anything else is refused.
    pub old: String,
    /// What is to stand there.
    pub new: String,
}

/// Findings, collected over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Notes an error; the place and help are added to what is returned.
    pub fn error(&mut self, code: Code, message: impl Into<String>) -> &mut Finding {
        self.note(code, Level::Error, message)
    }

    /// Notes a warning; the place and help are added to what is returned.
    pub fn warn(&mut self, code: Code, message: impl Into<String>) -> &mut Finding {
        self.note(code, Level::Warning, message)
    }

    /// Notes something that is not wrong; the place and help are added to what is returned.
    pub fn remark(&mut self, code: Code, message: impl Into<String>) -> &mut Finding {
        self.note(code, Level::Note, message)
    }

    fn note(&mut self, code: Code, level: Level, message: impl Into<String>) -> &mut Finding {
        let message = message.into();
        self.0.push(Finding { code, level, message, at: None, see: Vec::new(), help: None, fix: Vec::new() });
        self.0.last_mut().expect("just pushed")
    }

    /// Makes every warning an error: for those who want none.
    pub fn deny_warnings(&mut self) {
        for finding in self.0.iter_mut().filter(|finding| finding.level == Level::Warning) {
            finding.level = Level::Error;
        }
    }

    /// Drops what `stays` does not say yes to.
    pub fn retain(&mut self, stays: impl FnMut(&Finding) -> bool) {
        self.0.retain(stays);
    }

    /// Takes over one finding.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Drops what is not of `level`.
    pub fn keep(&mut self, level: Level) {
        self.0.retain(|finding| finding.level == level);
    }

    /// Takes over what another collection found.
    pub fn append(&mut self, mut other: Findings) {
        self.0.append(&mut other.0);
    }

    /// How many of `level` there are.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|finding| finding.level == level).count()
    }

    /// Whether anything makes the files unusable.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Level::Error) > 0
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All findings, as collected.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Puts findings in the order in which a reader meets them, and says each only once.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| (a.at.as_ref().map(|at| at.0), a.code).cmp(&(b.at.as_ref().map(|at| at.0), b.code)));
        self.0.dedup();
    }
}

impl Finding {
    /// Points at `place`, with `label` under the caret.
    pub fn at(&mut self, place: Place, label: impl Into<String>) -> &mut Self {
        self.at = Some((place, label.into()));
        self
    }

    /// Points at another place that belongs to it.
    pub fn see(&mut self, place: Place, label: impl Into<String>) -> &mut Self {
        self.see.push((place, label.into()));
        self
    }

    /// Offers an edit that is right whatever the author meant: `new` in the place of `old`.
    pub fn fix(&mut self, place: Place, old: impl Into<String>, new: impl Into<String>) -> &mut Self {
        self.fix.push(Edit { place, old: old.into(), new: new.into() });
        self
    }

    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}
