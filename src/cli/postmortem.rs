//! `watchbell postmortem`: the draft of a review, out of what the service recorded.

use super::past::{self, Whom};
use super::{Answer, CommandError, incidents, output};
use crate::model::Moment;
use crate::review::{self, Chart, OneIncident};
use crate::store::Partition;
use std::path::{Path, PathBuf};

/// Draft the post-mortem of an incident: what happened, who was told when, which deadlines were met, the value with its bounds, and
/// blanks for what only people know.
#[derive(Debug, clap::Args)]
pub struct Postmortem {
    /// The incident, as `41` or `INC-41`.
    #[arg(value_parser = incidents::number)]
    number: u64,
    /// How to write it [default: by the ending of `-o`, else Markdown].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write it to this file. It is not overwritten.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The journal of our own service [default: the SQLite file of the configuration].
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Ask no source what the values were: only what is on record.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    whom: Whom,
}

/// How the draft is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a wiki, a repository, an issue.
    Markdown,
    /// One file for a browser, charts included.
    Html,
    /// For programs.
    Json,
}

impl Postmortem {
    /// Drafts it.
    ///
    /// # Errors
    /// When rules or configuration do not pass, the journal cannot be read, there is nothing to draft, or a draft is there.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        self.output.as_deref().map_or(Ok(()), output::must_be_new)?;
        let subject = self.whom.load(config, &[])?;
        let journal = past::journal_of(self.journal.as_deref(), &subject)?;
        let (world, number) = (&subject.world, self.number);
        let read = past::journal(&journal, |store| OneIncident::read(store, Partition(0), &world.settings, number))?;
        let one = read.ok_or_else(|| {
            let journal = journal.display();
            CommandError::Usage(format!(
                "there is no incident INC-{number} in {journal}; `watchbell incidents list --state all` lists them"
            ))
        })?;
        let at = Moment::from_millis(past::now_in(&journal)?.as_millisecond());
        // One that cannot be drafted is told so before anybody is asked.
        review::postmortem(world, &one, &[], at).map_err(|why| CommandError::Usage(why.to_string()))?;
        let charts = if self.offline { Vec::new() } else { self.charts(&subject, &one, at)? };
        let draft = review::postmortem(world, &one, &charts, at).map_err(|why| CommandError::Usage(why.to_string()))?;
        let text = match self.format() {
            Format::Markdown => draft.markdown(),
            Format::Html => draft.html(),
            Format::Json => draft.json(),
        };
        past::deliver(&text, self.output.as_deref())?;
        Ok(Answer::Good)
    }

    fn charts(&self, subject: &past::Subject, one: &OneIncident, at: Moment) -> Result<Vec<Chart>, CommandError> {
        let (clients, timeout) = self.whom.clients_of(subject)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(review::charts(&subject.world, one, &clients, timeout, at)))
    }

    fn format(&self) -> Format {
        self.format.unwrap_or(match past::ending(self.output.as_deref()) {
            Some("html" | "htm") => Format::Html,
            Some("json") => Format::Json,
            _ => Format::Markdown,
        })
    }
}
