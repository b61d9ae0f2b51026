//! `watchbell run`: the service.

use super::{Answer, CommandError, paths};
use crate::api;
use crate::deep_stack;
use crate::service::start::{self, StartError};
use std::path::PathBuf;

/// Evaluate the rules against the configured Prometheus and tell people, until told to stop.
#[derive(Debug, clap::Args)]
pub struct Run {}

impl Run {
    /// Runs the service of the configuration at `config`.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn run(config: Option<&PathBuf>) -> Result<Answer, CommandError> {
        let config = config.cloned().unwrap_or_else(|| PathBuf::from(paths::USUAL));
        // One thread does everything but the store: queries are many and small, and waking threads costs more than they do.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().thread_stack_size(deep_stack::BYTES).build()?;
        match runtime.block_on(start::run(config, api::stand_by, api::serve)) {
            Ok(()) => Ok(Answer::Good),
            Err(error @ StartError::Files { .. }) => Err(CommandError::Usage(error.to_string())),
            Err(error) => Err(CommandError::Outside(crate::http::chain(&error))),
        }
    }
}
