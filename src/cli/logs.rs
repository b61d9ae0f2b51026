//! What commands log, beside what they say: to stderr, for people.

use super::Colour;
use std::io;
use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` decides where it is set, else how often `-v` was said.
pub fn start(verbose: u8, colour: Colour) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second start (in a test) leaves the first as it is.
    let _ = logs.with_ansi(colour.for_stream(&io::stderr())).without_time().try_init();
}
