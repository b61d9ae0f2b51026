//! The configuration, for commands that need nothing beside it.

use super::{Colour, CommandError, output};
use crate::config::{self, Settings};
use crate::diagnostics::{Findings, Level, Sources, render};
use jiff::Timestamp;
use std::io;
use std::path::Path;

/// The configuration at `path`. None where it does not pass, which was told.
pub fn load(path: &Path, now: Timestamp, colour: Colour) -> Result<Option<Settings>, CommandError> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = config::load(path, now, &mut sources, &mut findings);
    if loaded.is_some() && !findings.has_errors() {
        return Ok(loaded.map(|loaded| loaded.settings));
    }
    findings.keep(Level::Error);
    findings.sort();
    output::print_aside(&render::human(&findings, &sources, colour.for_stream(&io::stderr())))?;
    Ok(None)
}
