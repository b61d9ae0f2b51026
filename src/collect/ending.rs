//! The end of the collector, which has a bound: neither a disk that hangs nor whoever sends slowly keeps it from ending.

use super::beacon;
use super::file::is_unfinished;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

/// How long what was asked over HTTP may take after a stop.
pub(super) const LAST_ANSWER: Duration = Duration::from_secs(3);
/// How long everything may take after a stop. With [`LAST_WRITE`] it is well below the ten seconds after which Docker kills.
const LAST_TASK: Duration = Duration::from_secs(4);
/// How long threads that wait for the disk are waited for then.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// What comes of `work`, or nothing where it goes on for so `long` after `stop`.
pub(super) async fn no_later<T>(work: impl Future<Output = T>, long: Duration, stop: &CancellationToken) -> Option<T> {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(long).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = late => None,
    }
}

/// The same for all of the collector.
pub(super) async fn not_too_late<T>(work: impl Future<Output = T>, stop: &CancellationToken) -> Option<T> {
    let done = no_later(work, LAST_TASK, stop).await;
    if done.is_none() {
        warn!("stopping though not everything has come to its end");
    }
    done
}

/// Ends `runtime`. What is being written to the file at `state`, or beside it, is waited for, but not for ever.
pub fn end(runtime: Runtime, state: &Path) {
    let began = Instant::now();
    runtime.shutdown_timeout(LAST_WRITE);
    if began.elapsed() < LAST_WRITE {
        return;
    }
    let visitors = beacon::kept_beside(state);
    for file in [state, &visitors].into_iter().filter(|file| is_unfinished(file)) {
        let seconds = LAST_WRITE.as_secs();
        let file = file.display();
        error!(%file, "the state file {file} could not be written within {seconds} s; the next start goes on from what it holds");
    }
}
