//! `watchbell schema`: what editors need to help with our files.

use super::{Answer, CommandError, output};
use crate::{config, replay, rules};

/// Print the JSON Schema of a kind of file.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// The kind of file.
    #[arg(value_enum)]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Rule files.
    Rules,
    /// `watchbell.yaml`.
    Config,
    /// Scenario files.
    Scenario,
}

impl Schema {
    /// Prints the schema.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(&self) -> Result<Answer, CommandError> {
        let schema = match self.kind {
            Kind::Rules => rules::schema(),
            Kind::Config => config::schema(),
            Kind::Scenario => replay::schema(),
        };
        output::print(&format!("{schema:#}\n"))?;
        Ok(Answer::Good)
    }
}
