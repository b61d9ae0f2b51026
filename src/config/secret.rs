//! Secrets: named in the configuration, read when they are used, printed by nobody.

use std::fmt;
use std::path::PathBuf;

/// Where a secret is found. Its value is never part of the configuration.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a variable of the environment; line ends at its end do not count.
    Env(String),
    /// In a file, read again on each use; line ends at its end do not count.
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
    /// It has to be one line, and is not.
    #[error(
        "the secret in {place} holds a line end or another control character; write it in one line, and nothing else"
    )]
    Control {
        /// Where it was found.
        place: String,
    },
}

impl Secret {
    /// Looks the value up.
    ///
    /// # Errors
    /// When the variable is not set or the file cannot be read.
    pub fn reveal(&self) -> Result<Revealed, SecretError> {
        match self {
            Secret::Env(name) => std::env::var(name).map(without_end).map_err(|_| SecretError::Env(name.clone())),
            Secret::File(path) => std::fs::read_to_string(path)
                .map(without_end)
                .map_err(|source| SecretError::File { path: path.clone(), source }),
            Secret::Inline(value) => Ok(Revealed(value.clone())),
        }
    }

    /// Looks up the value of one that has to be a single line: a token or a key, which stands in a header or in the middle of a
    /// request.
    ///
    /// # Errors
    /// As [`Secret::reveal`], and where it holds a character that stands in no line.
    pub fn reveal_line(&self) -> Result<Revealed, SecretError> {
        let revealed = self.reveal()?;
        let is_whole = !revealed.expose().contains(|c: char| c.is_control());
        if is_whole { Ok(revealed) } else { Err(SecretError::Control { place: self.place() }) }
    }

    /// Where it is found, in words.
    fn place(&self) -> String {
        match self {
            Secret::Env(name) => format!("the environment variable `{name}`"),
            Secret::File(path) => format!("the file `{}`", path.display()),
            Secret::Inline(_) => "the configuration".into(),
        }
    }
}

/// A value without the line ends that an editor or a shell leaves behind it, of whatever system.
fn without_end(mut text: String) -> Revealed {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Revealed(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a file that holds `text`.
    fn in_file(name: &str, text: &str) -> (Secret, PathBuf) {
        let path = std::env::temp_dir().join(format!("watchbell-secret-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        (Secret::File(path.clone()), path)
    }

    #[test]
    fn line_ends_of_any_kind_at_the_end_of_a_secret_file_do_not_count() {
        for (name, text) in
            [("none", "xoxb-1"), ("unix", "xoxb-1\n"), ("dos", "xoxb-1\r\n"), ("many", "xoxb-1\n\r\n\n")]
        {
            let (secret, path) = in_file(name, text);
            assert_eq!(secret.reveal_line().unwrap().expose(), "xoxb-1", "{name}");
            std::fs::remove_file(path).unwrap();
        }
        let (secret, path) = in_file("spaces", " two words \n");
        assert_eq!(secret.reveal().unwrap().expose(), " two words ", "nothing else is taken away");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_token_of_two_lines_is_said_to_be_one_and_where_it_stands_without_its_value() {
        let (secret, path) = in_file("lines", "xoxb-1\nxoxb-2\n");
        assert!(secret.reveal().is_ok(), "a key in PEM has several");
        let said = secret.reveal_line().unwrap_err().to_string();
        assert!(said.contains("watchbell-secret-lines") && said.contains("holds a line end"), "{said}");
        assert!(!said.contains("xoxb"), "{said}");
        std::fs::remove_file(path).unwrap();
    }
}
