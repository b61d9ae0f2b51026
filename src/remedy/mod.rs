//! Carrying out what a remedy is: a request to an address, or a program without a shell.
//!
//! Each run is bounded: in time, with everything that it has started, and in what it may say. Whatever happens is an outcome,
//! and a missing program is one as well. Nothing is tried twice: a remedy is not idempotent as a page is. Which runs there
//! are, and when one may begin, is decided elsewhere. Start at [`Hands::carry_out`].

mod exec;
mod output;
#[cfg(test)]
mod tests;
mod webhook;

use crate::config::Secret;
use crate::engine::incident::{Ended, Job, Outcome, Work};
use crate::http::{Client, ClientError};
use crate::model::Span;
use exec::Program;
use output::Output;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use webhook::Call;

/// What carries out runs.
#[derive(Clone, Debug)]
pub struct Hands {
    http: Client,
    folder: PathBuf,
}

impl Hands {
    /// Hands whose programs run in `folder`, from which relative ones are seen as well.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(folder: &Path) -> Result<Self, ClientError> {
        // A configuration that is named without its folder lies in the one where we are.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(Hands { http: Client::anonymous()?, folder })
    }

    /// Carries out one run, at the wall clock `wall`, and says how it ended. `stop` ends it before its time.
    pub async fn carry_out(&self, job: &Job, wall: i64, stop: CancellationToken) -> Ended {
        let (started, timeout) = (Instant::now(), job.timeout.to_std());
        let (outcome, output) = match &job.work {
            Work::Webhook { url, secret } => {
                let call = Call { http: &self.http, url, secret: secret.as_ref(), job, wall };
                call.make(timeout, &stop).await
            }
            Work::Exec { program, arguments, environment } => {
                let program = Program { program, arguments, environment, folder: &self.folder };
                program.run(timeout, &stop).await
            }
        };
        let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Ended { outcome, took: Span::from_millis(took), output }
    }
}

/// A run that could not be started: nothing was said.
fn not_started(cause: &dyn std::error::Error) -> (Outcome, String) {
    (Outcome::NotStarted(crate::http::chain(cause)), String::new())
}

/// The values that must not be repeated: those that the configuration only names. What stands in it is known to its readers.
fn hidden<'a>(secrets: impl IntoIterator<Item = (&'a Secret, &'a str)>) -> Output {
    let named = secrets.into_iter().filter(|(secret, _)| !matches!(secret, Secret::Inline(_)));
    Output::hiding(named.map(|(_, value)| value))
}
