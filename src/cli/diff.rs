//! `watchbell diff`: what a change of rules and configuration means.

use super::revision::{Loaded, Place};
use super::{Answer, Colour, CommandError, output, paths};
use crate::change::{self, Side, render};
use clap::ValueEnum;
use std::io;
use std::path::{Path, PathBuf};

/// Say what changed between two git revisions or folders, rule by rule and bound by bound.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The side before: a revision of this repository, or a folder (`./main` is always a folder).
    base: String,
    /// The side after [default: the files as they are here].
    head: Option<String>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How to tell it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people at a terminal.
    Human,
    /// As a comment under a pull request.
    Markdown,
    /// One JSON object.
    Json,
}

impl Diff {
    /// Compares, and tells.
    ///
    /// # Errors
    /// When a side does not exist, or does not pass.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let configuration = configuration.unwrap_or(Path::new(paths::USUAL));
        let (base, head) = load(&self.base, self.head.as_deref(), configuration, colour)?;
        let difference = change::compare(side(&base), side(&head));
        let heading = render::Heading { base: &base.label, head: &head.label };
        let text = match self.format {
            Format::Human => render::human(&difference, heading, colour.for_stream(&io::stdout())),
            Format::Markdown => render::markdown(&difference, heading),
            Format::Json => format!("{:#}\n", render::json(&difference, heading)),
        };
        output::print(&text)?;
        Ok(Answer::Good)
    }
}

fn side(loaded: &Loaded) -> Side<'_> {
    Side { world: &loaded.world, sources: &loaded.sources, is_configured: loaded.is_configured }
}

fn load(
    base: &str,
    head: Option<&str>,
    configuration: &Path,
    colour: Colour,
) -> Result<(Loaded, Loaded), CommandError> {
    let configuration = tidy(configuration)?;
    let base = Place::find(base, &configuration)?;
    let head = head.map_or_else(|| Ok(Place::working_tree()), |head| Place::find(head, &configuration))?;
    let submodules = (base.submodules().to_vec(), head.submodules().to_vec());
    let base = base.load(&submodules.1, &configuration, colour)?;
    let head = head.load(&submodules.0, &configuration, colour)?;
    if base.rule_files + head.rule_files == 0 && !base.is_configured && !head.is_configured {
        let usual = configuration.display();
        return Err(CommandError::Usage(format!(
            "neither {} nor {} has a `{usual}`, or a YAML file with `groups:`; name the configuration with --config",
            base.label, head.label
        )));
    }
    Ok((base, head))
}

/// The path of the configuration, as it is found in each side.
fn tidy(configuration: &Path) -> Result<PathBuf, CommandError> {
    if configuration.is_absolute() {
        let help = "give it as it is seen from here, so that it can be found in both sides";
        return Err(CommandError::Usage(format!("`{}` is an absolute path; {help}", configuration.display())));
    }
    Ok(configuration.strip_prefix(".").unwrap_or(configuration).to_owned())
}
