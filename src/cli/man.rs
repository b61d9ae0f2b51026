//! `watchbell man`: the manual pages.

use super::{Answer, CommandError, output};
use std::path::{Path, PathBuf};

/// Print the manual page, or write those of all commands into a folder.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The folder that gets `watchbell.1`, `watchbell-check.1` and so on.
    folder: Option<PathBuf>,
}

impl Man {
    /// Prints or writes the pages of `command`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn run(&self, command: &clap::Command) -> Result<Answer, CommandError> {
        match &self.folder {
            Some(folder) => write_all(command, folder)?,
            None => output::print(&page(command)?)?,
        }
        Ok(Answer::Good)
    }
}

fn page(command: &clap::Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write_all(command: &clap::Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command.clone(), folder)
}
