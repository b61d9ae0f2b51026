//! The configuration, for commands that need nothing beside it.

use super::{Colour, CommandError, output};
use crate::config::collect::Collect;
use crate::config::{self, Loaded, Settings};
use crate::diagnostics::{Findings, Level, Sources, render};
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};

/// The file of the collector's state, which is seen from the folder of the configuration at `path`.
pub fn state_of(collect: &Collect, path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(&collect.state)
}

/// The configuration at `path`. None where it does not pass, which was told.
pub fn load(path: &Path, now: Timestamp, colour: Colour) -> Result<Option<Settings>, CommandError> {
    match read(path, now) {
        Ok(settings) => Ok(Some(settings)),
        Err((findings, sources)) => {
            output::print_aside(&render::human(&findings, &sources, colour.for_stream(&io::stderr())))?;
            Ok(None)
        }
    }
}

/// The configuration at `path`, or the mistakes for which it does not pass.
pub fn read(path: &Path, now: Timestamp) -> Result<Settings, (Findings, Sources)> {
    read_with_places(path, now).map(|(loaded, _)| loaded.settings)
}

/// The configuration at `path` with what says where it is written, or the mistakes for which it does not pass.
pub fn read_with_places(path: &Path, now: Timestamp) -> Result<(Loaded, Sources), (Findings, Sources)> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    match config::load(path, now, &mut sources, &mut findings) {
        Some(loaded) if !findings.has_errors() => Ok((loaded, sources)),
        _ => {
            findings.keep(Level::Error);
            findings.sort();
            Err((findings, sources))
        }
    }
}
