//! What commands log, beside what they say: to stderr, for people at a terminal and for programs elsewhere.
//!
//! The service logs one ECS document a line wherever its stderr is no terminal, because what collects it there reads
//! nothing else. All other commands log for people.

mod ecs;

use super::{Colour, CommandError};
use crate::sentry::Collector;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Who logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A command that a person waits for.
    Command,
    /// The service.
    Service,
}

/// How lines are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// For people.
    Human,
    /// One document of the Elastic Common Schema a line.
    Ecs,
}

/// Starts logging. `RUST_LOG` decides what is logged where it is set, else how often `-v` was said; the service says what
/// an operator would ask about without being told to.
pub fn start(voice: Voice, verbose: u8, colour: Colour) -> Layout {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level(voice, verbose)));
    let logs = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let reported = (voice == Voice::Service).then_some(Collector);
    let all = tracing_subscriber::registry().with(reported);
    let layout = layout(voice, io::stderr().is_terminal());
    // A second start (in a test) leaves the first as it is.
    let _ = match layout {
        Layout::Human => {
            let lines = logs.with_ansi(colour.for_stream(&io::stderr())).without_time();
            all.with(lines.with_filter(filter)).try_init()
        }
        Layout::Ecs => {
            std::panic::set_hook(Box::new(ecs::panicked));
            all.with(logs.with_ansi(false).event_format(ecs::Format).with_filter(filter)).try_init()
        }
    };
    layout
}

fn level(voice: Voice, verbose: u8) -> &'static str {
    let most = match voice {
        Voice::Command => verbose,
        Voice::Service => verbose.saturating_add(1),
    };
    match most {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    }
}

fn layout(voice: Voice, is_terminal: bool) -> Layout {
    match voice {
        Voice::Service if !is_terminal => Layout::Ecs,
        Voice::Service | Voice::Command => Layout::Human,
    }
}

/// Says why the service ended, as a document among the others.
pub fn complain(error: &CommandError) {
    tracing::error!("{}", crate::http::chain(error));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_says_what_happens_without_being_asked_and_commands_only_what_is_wrong() {
        assert_eq!((level(Voice::Service, 0), level(Voice::Command, 0)), ("info", "warn"));
        assert_eq!((level(Voice::Service, 1), level(Voice::Command, 1)), ("debug", "info"));
        assert_eq!((level(Voice::Service, u8::MAX), level(Voice::Command, 9)), ("trace", "trace"));
    }

    #[test]
    fn people_at_a_terminal_read_text_and_collectors_read_documents() {
        assert_eq!(layout(Voice::Service, true), Layout::Human);
        assert_eq!(layout(Voice::Service, false), Layout::Ecs);
        assert_eq!(layout(Voice::Command, false), Layout::Human);
    }
}
