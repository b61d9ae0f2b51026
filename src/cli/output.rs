//! The one place where commands write, and where it is decided whether in colour.

use super::{Answer, CommandError};
use std::env;
use std::error::Error;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether to write in colour to `stream`, in the environment of this process.
    pub fn for_stream(self, stream: &impl IsTerminal) -> bool {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        self.decide(stream.is_terminal(), is_set("NO_COLOR") || is_dumb)
    }

    fn decide(self, is_terminal: bool, is_unwanted: bool) -> bool {
        match self {
            Colour::Auto => is_terminal && !is_unwanted,
            Colour::Always => true,
            Colour::Never => false,
        }
    }
}

/// Writes to stdout, for people or programs.
///
/// # Errors
/// When it cannot be written, unless the reader simply has read enough.
pub fn print(text: &str) -> Result<(), CommandError> {
    print_bytes(text.as_bytes())
}

/// Writes to stdout what need not be a text.
///
/// # Errors
/// When it cannot be written, unless the reader simply has read enough.
pub fn print_bytes(bytes: &[u8]) -> Result<(), CommandError> {
    write(&mut io::stdout().lock(), bytes)
}

/// Writes to stderr: diagnostics, progress.
///
/// # Errors
/// When it cannot be written, unless the reader simply has read enough.
pub fn print_aside(text: &str) -> Result<(), CommandError> {
    write(&mut io::stderr().lock(), text.as_bytes())
}

/// Writes to stdout what comes bit by bit, and says whether somebody still reads it.
///
/// # Errors
/// When it cannot be written.
pub fn print_live(text: &str) -> Result<bool, CommandError> {
    let mut stream = io::stdout().lock();
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        outcome => Ok(outcome.map(|()| true)?),
    }
}

fn write(stream: &mut impl Write, bytes: &[u8]) -> Result<(), CommandError> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        // `watchbell explain WB005 | head -1` is no failure.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// That a file which a command is to write takes the place of none.
///
/// # Errors
/// When there is one.
pub fn must_be_new(path: &Path) -> Result<(), CommandError> {
    if path.exists() { Err(overwritten(path)) } else { Ok(()) }
}

/// The refusal to write over a file.
pub fn overwritten(path: &Path) -> CommandError {
    CommandError::Usage(format!("`{}` would be overwritten", path.display()))
}

/// Says why a command could not do its work, with every cause, and how it ends.
pub fn complain(error: &CommandError) -> Answer {
    let mut text = match error {
        CommandError::Findings(findings) => findings.trim_end().to_owned(),
        _ => format!("error: {error}"),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text.push('\n');
    // Where even this cannot be written, the exit code is all that is left to say it.
    let _ = print_aside(&text);
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owner_wants_them() {
        assert!(Colour::Auto.decide(true, false));
        assert!(!Colour::Auto.decide(true, true));
        assert!(!Colour::Auto.decide(false, false));
        assert!(Colour::Always.decide(false, true));
        assert!(!Colour::Never.decide(true, false));
    }
}
