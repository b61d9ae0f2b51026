//! Where the files of a configuration are found, and the border that none of them crosses.
//!
//! The border is the repository: the nearest folder above the configuration that holds `.git`, else the configuration's
//! own. A path is judged by where it really leads, so that no symlink crosses the border either.

use crate::diagnostics::{Findings, SourceId, Sources};
use crate::yaml;
use glob::{MatchOptions, Pattern};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What a `*` matches: hidden files and `/` only where they are named.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Where files come from.
#[derive(Clone, Debug)]
pub enum Files {
    /// From the disk, inside of the repository.
    Disk(Border),
    /// From texts that were read before: the last good set.
    Given(BTreeMap<PathBuf, Arc<str>>),
}

/// The folder that nothing is read outside of.
#[derive(Clone, Debug)]
pub struct Border(PathBuf);

/// Why a glob finds nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It is no glob.
    #[error("{0}")]
    Wrong(String),
    /// It leads, or something that it finds leads, out of the repository.
    #[error("`{0}` is outside of the repository")]
    Outside(String),
}

impl Files {
    /// The files on disk for the configuration at `path`.
    #[must_use]
    pub fn beside(path: &Path) -> Self {
        Files::Disk(Border::around(&folder_of(path)))
    }

    /// The files that `glob`, written in a file in `folder`, names: sorted, each once. A folder stands for the YAML files
    /// below it.
    ///
    /// # Errors
    /// When the glob is none, or something lies outside of the repository.
    pub fn matching(&self, folder: &Path, glob: &str) -> Result<Vec<PathBuf>, GlobError> {
        check_path(glob)?;
        let pattern = format!("{}/{glob}", Pattern::escape(&folder.to_string_lossy()));
        let mut found = match self {
            Files::Disk(border) => border.matching(folder, glob, &pattern)?,
            Files::Given(texts) => given(texts, &tidy(Path::new(&pattern)).to_string_lossy())?,
        };
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Takes the file at `path` into `sources`.
    pub fn read(&self, path: &Path, sources: &mut Sources, findings: &mut Findings) -> Option<SourceId> {
        match self {
            Files::Disk(_) => yaml::admit(path, yaml::content(path), sources, findings),
            Files::Given(texts) => {
                let missing = || std::io::Error::from(std::io::ErrorKind::NotFound).into();
                let bytes = texts.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(missing);
                yaml::admit(path, bytes, sources, findings)
            }
        }
    }

    /// The one name of a file that may be found by several ways.
    pub(super) fn identity(&self, path: &Path) -> PathBuf {
        match self {
            Files::Disk(_) => path.canonicalize().unwrap_or_else(|_| path.to_owned()),
            Files::Given(_) => path.to_owned(),
        }
    }
}

impl Border {
    /// The repository around `folder`.
    #[must_use]
    pub fn around(folder: &Path) -> Self {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let repository = real.ancestors().find(|above| above.join(".git").exists());
        Border(repository.map(Path::to_owned).unwrap_or(real))
    }

    /// The border of tests that lie in `folder`: the repository around it, else the working folder where that holds it. Elsewhere
    /// nobody but the one who named the folder has had a hand in it, and there is none.
    #[must_use]
    pub fn around_tests(folder: &Path) -> Option<Self> {
        let real = folder.canonicalize().ok()?;
        let repository = real.ancestors().find(|above| above.join(".git").exists()).map(Path::to_owned);
        let here = || std::env::current_dir().ok().filter(|here| real.starts_with(here));
        repository.or_else(here).map(Border)
    }

    /// The folder that stands for the repository where there is none.
    #[must_use]
    pub fn without_repository(&self) -> Option<&Path> {
        (!self.0.join(".git").exists()).then_some(&*self.0)
    }

    /// Whether `path` leads to something on this side; what is not there leads nowhere else.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        path.canonicalize().map_or(true, |real| real.starts_with(&self.0))
    }

    fn matching(&self, folder: &Path, glob: &str, pattern: &str) -> Result<Vec<PathBuf>, GlobError> {
        // Asked before anything is listed: a folder outside is not even looked into.
        let fixed = fixed_part(glob);
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        self.admits(&tidy(&real.join(&fixed)), glob)?;
        let paths = glob::glob_with(pattern, MATCHING).map_err(|error| GlobError::Wrong(error.to_string()))?;
        let mut found = Vec::new();
        for path in paths.flatten() {
            self.admits(&path, glob)?;
            if path.is_dir() {
                self.below(&path, &mut found)?;
            } else if !glob.contains(['*', '?', '[']) || is_yaml(&path) {
                found.push(tidy(&path));
            }
        }
        Ok(found)
    }

    /// The YAML files below a folder. Folders that are symlinks are not entered: they could go round.
    fn below(&self, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), GlobError> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if hidden || (path.is_symlink() && path.is_dir()) {
                continue;
            }
            if path.is_dir() {
                self.below(&path, found)?;
            } else if is_yaml(&path) {
                self.admits(&path, &path.to_string_lossy())?;
                found.push(tidy(&path));
            }
        }
        Ok(())
    }

    fn admits(&self, path: &Path, shown: &str) -> Result<(), GlobError> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if real.starts_with(&self.0) { Ok(()) } else { Err(GlobError::Outside(shown.to_owned())) }
    }
}

/// The folder in which `path` lies; relative paths start here.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// What can be said of a glob without looking at any disk.
fn check_path(glob: &str) -> Result<(), GlobError> {
    if glob.trim().is_empty() {
        return Err(GlobError::Wrong("it is empty".into()));
    }
    Pattern::new(glob).map_err(|error| GlobError::Wrong(error.to_string()))?;
    let path = Path::new(glob);
    let after_wild = path.components().skip_while(|part| !is_wild(part)).any(|part| part == Component::ParentDir);
    if path.is_absolute() || after_wild { Err(GlobError::Outside(glob.into())) } else { Ok(()) }
}

fn given(texts: &BTreeMap<PathBuf, Arc<str>>, pattern: &str) -> Result<Vec<PathBuf>, GlobError> {
    let pattern = Pattern::new(pattern).map_err(|error| GlobError::Wrong(error.to_string()))?;
    let named = |path: &Path| pattern.matches_path_with(path, MATCHING);
    let matches = |path: &&PathBuf| path.ancestors().any(named);
    Ok(texts.keys().filter(matches).cloned().collect())
}

/// What of `glob` stands before its first wildcard, in whole parts.
#[must_use]
pub fn fixed_part(glob: &str) -> PathBuf {
    Path::new(glob).components().take_while(|part| !is_wild(part)).collect()
}

/// Whether a part of a glob finds more than one name.
#[must_use]
pub fn is_wild(part: impl AsRef<OsStr>) -> bool {
    part.as_ref().to_string_lossy().contains(['*', '?', '['])
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// `path` without `.` and without `..` where these can be resolved, so that a file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}
