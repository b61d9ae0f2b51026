//! What came of a scenario: the timeline that a person would want to review.

use crate::engine::incident::Destination;
use crate::engine::notice::Notice;
use crate::model::{Span, duration_text};
use std::fmt;

/// Everything that happened, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// The scenario's title.
    pub title: String,
    /// Who answers which query, where more than the scenario itself does.
    pub answered: Vec<String>,
    /// What happened.
    pub lines: Vec<Line>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When, from the start.
    pub at: Span,
    /// What, for expectations.
    pub deed: Deed,
    /// What, for people; may be several lines.
    pub text: String,
}

/// What happened, as far as expectations ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// An alert is in another state; it fires at this severity.
    Alert {
        /// Its name.
        name: String,
        /// The severity, where it fires.
        firing: Option<String>,
    },
    /// An alert that fired is over.
    Ended {
        /// Its name.
        name: String,
    },
    /// Somebody got a message.
    Told {
        /// Where.
        destination: Destination,
        /// What it said.
        notice: Box<Notice>,
    },
    /// The scenario asked for something that cannot be done: it is wrong.
    Failed,
    /// Anything else.
    Other,
}

impl Story {
    /// Adds a line.
    pub fn add(&mut self, at: Span, deed: Deed, text: impl Into<String>) {
        self.lines.push(Line { at, deed, text: text.into() });
    }
}

impl fmt::Display for Story {
    /// One paragraph per thing; the time stands where it differs from the line before.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        for line in &self.answered {
            writeln!(f, "{line}")?;
        }
        if !self.answered.is_empty() {
            writeln!(f)?;
        }
        let mut before = None;
        for line in &self.lines {
            let time = if before == Some(line.at) { String::new() } else { duration_text::format(line.at) };
            before = Some(line.at);
            for (index, text) in line.text.lines().enumerate() {
                let time = if index == 0 { time.as_str() } else { "" };
                writeln!(f, "{}", format!("{time:>9}  {text}").trim_end())?;
            }
        }
        Ok(())
    }
}
