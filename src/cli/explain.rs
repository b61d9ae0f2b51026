//! `watchbell explain`: the long story of a diagnostic.

use super::{Answer, CommandError, output};
use crate::diagnostics::{codes, suggest};

/// Tell the long story of a diagnostic: what it finds, why it matters, an example, the better way.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code, as `WB012`.
    code: String,
}

impl Explain {
    /// Prints the page.
    ///
    /// # Errors
    /// When there is no such code.
    pub fn run(&self) -> Result<Answer, CommandError> {
        let entry = codes::find(&self.code).ok_or_else(|| CommandError::Usage(unknown(&self.code)))?;
        output::print(entry.page)?;
        Ok(Answer::Good)
    }
}

fn unknown(code: &str) -> String {
    let known: Vec<String> = codes::all().map(|entry| entry.code.to_string()).collect();
    let known = known.iter().map(String::as_str);
    let help = suggest::did_you_mean(code, known).unwrap_or_else(|| "codes look like `WB012`".into());
    format!("there is no diagnostic `{code}`; {help}")
}
