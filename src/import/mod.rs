//! What other tools' files say, in the words of Watchbell. One folder for each tool.
//!
//! Rules are laid out anew in their own words ([`prometheus`]). The other files become a part of `watchbell.yaml` that is
//! written from nothing: [`page`] writes it, [`fields`] reads what it is made of and knows what nobody asked for, [`notes`]
//! are what a person has to know of it. Absent on purpose: files and output, which are in `cli/import`.

pub mod alertmanager;
mod duty;
mod fields;
pub mod grafana_oncall;
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

/// What is wrong with a text that ought to be a good `watchbell.yaml`, if anything: our own mistake, then.
fn mistake_in(text: &str) -> Option<String> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let path = Path::new("watchbell.yaml");
    let files = Files::Given(BTreeMap::from([(path.to_owned(), text.into())]));
    drop(config::load_from(&files, path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings));
    let error = findings.iter().find(|finding| finding.level == Level::Error)?;
    Some(error.message.clone())
}
