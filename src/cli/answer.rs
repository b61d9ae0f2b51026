//! How a command ends.

use std::process::ExitCode;

/// What a command that could do its work says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Good.
    Good,
    /// The answer is "no": errors were found, a scenario failed, a budget is broken.
    No,
    /// It was used wrongly, or rules or configuration do not pass.
    Refused,
    /// Something outside failed.
    OutsideFailed,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It was used wrongly.
    #[error("{0}")]
    Usage(String),
    /// Rules or configuration do not pass; these are the diagnostics, as `check` shows them.
    #[error("{0}")]
    Findings(String),
    /// Something outside failed.
    #[error("{0}")]
    Outside(String),
    /// Its output could not be written.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
}

impl From<&CommandError> for Answer {
    fn from(error: &CommandError) -> Self {
        match error {
            CommandError::Usage(_) | CommandError::Findings(_) => Answer::Refused,
            CommandError::Outside(_) | CommandError::Output(_) => Answer::OutsideFailed,
        }
    }
}

impl From<Answer> for u8 {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Good => 0,
            Answer::No => 1,
            Answer::Refused => 2,
            Answer::OutsideFailed => 3,
        }
    }
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        ExitCode::from(u8::from(answer))
    }
}
