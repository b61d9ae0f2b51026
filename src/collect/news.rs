//! Waiting for a new block, or for the next look.

use super::rpc::{Head, Rpc};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A chain may have several blocks a second. Nobody needs to know so exactly.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// How long after an endpoint does not have a block yet, of which another one told us, it is asked again.
pub(super) const CATCHES_UP: Duration = Duration::from_millis(250);

/// The newest blocks of a chain, as news.
pub(super) struct News {
    heads: watch::Receiver<Option<Head>>,
    last: Instant,
}

impl News {
    pub(super) fn of(rpc: &Rpc) -> News {
        News { heads: rpc.heads(), last: Instant::now() }
    }

    /// The height that somebody has told us of.
    pub(super) fn height(&self) -> u64 {
        self.heads.borrow().as_ref().map_or(0, |head| head.number)
    }

    /// Until there is a new block, or `until`.
    pub(super) async fn wait(&mut self, until: Instant) {
        let soonest = self.last + AT_MOST_EVERY;
        let news = async {
            sleep_until(soonest).await;
            if self.heads.changed().await.is_err() {
                // Nobody will tell us any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = news => {}
            () = sleep_until(until) => {}
        }
        self.last = Instant::now();
    }
}
