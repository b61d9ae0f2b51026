//! Files that outlive the collector: replaced whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is behind the name of a file while its successor is written.
const NEW: &str = ".new";

/// Puts `bytes` in the place of what is at `path`. It is on the disk when this returns; a crash leaves the one or the other.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, NEW);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Whether a successor of what is at `path` was begun, and has not taken its place.
pub(super) fn is_unfinished(path: &Path) -> bool {
    beside(path, NEW).exists()
}

/// The path with something behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
