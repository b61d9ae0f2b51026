//! What other tools' files say, in the words of Watchbell. One folder for each tool.
//!
//! Rules are laid out anew in their own words ([`prometheus`]). The other files become a part of `watchbell.yaml` that is
//! written from nothing: [`page`] writes it, [`fields`] reads what it is made of and knows what nobody asked for, [`notes`]
//! are what a person has to know of it. Absent on purpose: files and output, which are in `cli/import`.

pub mod alertmanager;
mod duty;
mod fields;
pub mod grafana_oncall;
mod ladder;
mod lists;
mod notes;
pub mod opsgenie;
pub mod page;
mod people;
pub mod prometheus;
mod week;

pub use lists::Export;
pub use notes::{Kind, Note, Notes};

use crate::config::{self, Files};
use crate::diagnostics::{Findings, Level, Sources};
use jiff::Timestamp;
use page::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A part of `watchbell.yaml` that was made of another tool's configuration.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The text.
    pub text: String,
    /// What a person has to know: what was left out, what is different, where secrets go.
    pub notes: Vec<Note>,
    /// How much of each kind of thing came over, by the key of the configuration.
    pub counts: BTreeMap<&'static str, usize>,
    /// For each channel, what it stands for in the other tool.
    pub channels: BTreeMap<String, String>,
}

impl Imported {
    /// The part that was made of an export of `tool`: people, what they are on call for, and who hears of what.
    ///
    /// # Errors
    /// When what came out is no good, which is our own mistake.
    fn of_export(tool: &str, command: &str, sections: &[(&'static str, Value)], notes: Notes) -> Result<Self, String> {
        let lead = vec![
            format!("Made of an export of {tool} by `watchbell import {command}`."),
            "A part of watchbell.yaml: `prometheus`, `rules` and how people are reached are yours to add.".to_owned(),
        ];
        let text = page::print(&lead, sections);
        if let Some(mistake) = mistake_in(&text) {
            return Err(format!("a mistake in Watchbell: what came out is no good ({mistake}); please report it"));
        }
        // Channels are made for the people; nobody brought them over.
        let brought = sections.iter().filter(|(key, _)| *key != "channels");
        let counts = brought.map(|(key, value)| (*key, value.len())).collect();
        Ok(Imported { text, notes: notes.sorted(), counts, channels: BTreeMap::new() })
    }
}

/// What is wrong with a text that ought to be a good `watchbell.yaml`, if anything: our own mistake, then.
fn mistake_in(text: &str) -> Option<String> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let path = Path::new("watchbell.yaml");
    let files = Files::Given(BTreeMap::from([(path.to_owned(), text.into())]));
    drop(config::load_from(&files, path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings));
    let error = findings.iter().find(|finding| finding.level == Level::Error)?;
    Some(error.message.clone())
}
