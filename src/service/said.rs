//! What the delivery worker and others tell the decider.

use crate::engine::notice::Draft;
use crate::model::{Name, Slot};

/// One message to the decider.
#[derive(Debug)]
pub enum Said {
    /// A page was refused for good.
    Refused {
        /// The page.
        notice: Box<Draft>,
    },
    /// A page has failed for so long that the channel's fallback has to be told as well.
    NeedsFallback {
        /// The page.
        notice: Box<Draft>,
    },
    /// A channel cannot deliver, or delivers again.
    Channel {
        /// The channel.
        channel: Name,
        /// What is wrong, or nothing.
        trouble: Option<String>,
    },
    /// What recording rules record cannot be written, or can again.
    RemoteWrite {
        /// What is wrong, or nothing.
        trouble: Option<String>,
    },
    /// A report that a routine waits for is there, or cannot be made.
    Report {
        /// The routine.
        routine: Name,
        /// When it came up.
        at: Slot,
        /// The text, or why there is none.
        report: Result<String, String>,
    },
    /// Somebody else decides now.
    LostLease,
}
