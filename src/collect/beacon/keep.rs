//! The file in which the sketch of visitors outlives a restart. It holds hashes of nobody: which registers were met, and when.

use super::visitors::Kept;
use crate::collect::file::replace;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the sketches of all applications are kept.
#[derive(Clone, Debug)]
pub(super) struct Shelf(PathBuf);

impl Shelf {
    /// The file beside the collector's state.
    pub(super) fn beside(state: &Path) -> Self {
        Shelf(state.with_extension("visitors.json"))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// What was kept; nothing where there is no file. A file that cannot be read is said and passed over: counting anew
    /// is better than not counting.
    pub(super) fn read(&self) -> BTreeMap<String, Kept> {
        let text = match std::fs::read(&self.0) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return BTreeMap::new(),
            Err(cause) => return self.pass_over(&cause.to_string()),
        };
        serde_json::from_slice(&text).unwrap_or_else(|cause| self.pass_over(&cause.to_string()))
    }

    fn pass_over(&self, cause: &str) -> BTreeMap<String, Kept> {
        let file = self.0.display();
        tracing::warn!(%file, error = cause, "the visitors of before cannot be read, and are counted anew");
        BTreeMap::new()
    }

    /// Keeps this. The file is whole at every moment.
    pub(super) fn write(&self, kept: &BTreeMap<String, Kept>) {
        let written = serde_json::to_vec(kept).map_err(std::io::Error::from).and_then(|text| replace(&self.0, &text));
        if let Err(cause) = written {
            let file = self.0.display();
            tracing::warn!(%file, error = %cause, "the visitors cannot be kept, and a restart will count them anew");
        }
    }
}
