//! `watchbell completions`: what the shell needs to complete our commands.

use super::{Answer, CommandError, output};
use clap_complete::Shell;

/// Print the completions of a shell.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints what completes `command`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(&self, command: &mut clap::Command) -> Result<Answer, CommandError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "watchbell", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Answer::Good)
    }
}
