//! Secrets: named in the configuration, read when they are used, printed by nobody.

use std::fmt;
use std::path::PathBuf;

/// Where a secret is found. Its value is never part of the configuration.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a variable of the environment.
    Env(String),
    /// In a file, read again on each use; one newline at its end does not count.
    File(PathBuf),
    /// In the configuration itself, where its writer chose so (a webhook's address, for example).
    Inline(String),
}

/// A secret's value. It cannot be printed; [`Revealed::expose`] says where it is really needed.
pub struct Revealed(String);

/// Why a secret could not be had. Names the place, never the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or is not UTF-8.
    #[error("the environment variable `{0}` is not set")]
    Env(String),
    /// The file could not be read.
    #[error("cannot read the secret file `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Secret {
    /// Looks the value up.
    ///
    /// # Errors
    /// When the variable is not set or the file cannot be read.
    pub fn reveal(&self) -> Result<Revealed, SecretError> {
        match self {
            Secret::Env(name) => std::env::var(name).map(Revealed).map_err(|_| SecretError::Env(name.clone())),
            Secret::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(Revealed(text.strip_suffix('\n').unwrap_or(&text).to_owned())),
                Err(source) => Err(SecretError::File { path: path.clone(), source }),
            },
            Secret::Inline(value) => Ok(Revealed(value.clone())),
        }
    }
}

impl Revealed {
    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Env(name) => write!(f, "{{ env: {name} }}"),
            Secret::File(path) => write!(f, "{{ file: {} }}", path.display()),
            Secret::Inline(_) => f.write_str("<redacted>"),
        }
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
