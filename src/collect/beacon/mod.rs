//! What browsers say of themselves: `POST /v1/beacon` (`docs/beacons.md`).
//!
//! A batch passes the origin, the limits and the size in [`handler`]; [`read`] makes facts of its items, each refused or
//! believed by itself; [`decide`] says what they come to; [`metrics`] counts it. All that strangers can fill is bounded:
//! addresses, label values, load times, and the sketch that knows how many browsers there are without knowing one.
//!
//! Start at [`Beacons::open`]. Absent on purpose: cookies, ids of people, and the texts of errors and feedback anywhere
//! but in the log.

mod client;
mod decide;
mod handler;
mod keep;
mod limit;
mod metrics;
mod names;
mod read;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "counts are whole numbers")]
mod tests;
mod visitors;
mod window;
mod wire;

pub use wire::schema;

use crate::config::collect;
use crate::measures::Measures;
use axum::Router;
use axum::http::HeaderValue;
use axum::routing::post;
use decide::{Begin, Decision, State};
use keep::Shelf;
use metrics::Instruments;
use read::Unreadable;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often what changes by time alone is shown anew: more often than anybody scrapes.
const SHOWN_EVERY: Duration = Duration::from_secs(5);
/// How often visitors are kept. After a crash those of the last minutes come again.
const KEPT_EVERY: Duration = Duration::from_mins(5);

/// What takes in beacons.
#[derive(Clone, Debug)]
pub struct Beacons(Arc<Desk>);

#[derive(Debug)]
struct Desk {
    settings: collect::Beacons,
    state: Mutex<State>,
    instruments: Instruments,
    shelf: Shelf,
    began: Instant,
}

impl Beacons {
    /// Takes in what `settings` allow, counts it in `measures`, and keeps how many browsers there were beside the
    /// collector's `state_file`.
    #[must_use]
    pub fn open(settings: &collect::Beacons, measures: &Measures, state_file: &Path) -> Self {
        let shelf = Shelf::beside(state_file);
        let mut state = State::new(settings, begin());
        for service in state.restore(&shelf.read()) {
            tracing::warn!(service, "the visitors of before cannot be read, and are counted anew");
        }
        let instruments = Instruments::new(settings, measures);
        let desk =
            Desk { settings: settings.clone(), state: Mutex::new(state), instruments, shelf, began: Instant::now() };
        desk.show();
        Beacons(Arc::new(desk))
    }

    /// The route that browsers send to. It asks for the address of the connection (`ConnectInfo`).
    pub fn router(&self) -> Router {
        let route = post(handler::receive).options(handler::preflight);
        Router::new().route("/v1/beacon", route).with_state(Arc::clone(&self.0))
    }

    /// Shows medians and counts of browsers as time passes, and keeps the latter, until `stop`.
    pub async fn tend(self, stop: CancellationToken) {
        let mut kept = Instant::now();
        while stop.run_until_cancelled(tokio::time::sleep(SHOWN_EVERY)).await.is_some() {
            self.0.show();
            if kept.elapsed() >= KEPT_EVERY {
                kept = Instant::now();
                self.keep().await;
            }
        }
        self.keep().await;
    }

    async fn keep(&self) {
        let desk = Arc::clone(&self.0);
        let written = tokio::task::spawn_blocking(move || {
            let kept = desk.state().keep();
            desk.shelf.write(&kept);
        });
        if let Err(cause) = written.await {
            tracing::error!(error = %cause, "keeping the visitors came to an end of its own");
        }
    }
}

impl Desk {
    fn allows(&self, origin: &HeaderValue) -> bool {
        let said = origin.to_str().unwrap_or_default();
        self.settings.origins.iter().any(|allowed| allowed.allows(said))
    }

    fn admit(&self, client: IpAddr) -> bool {
        self.state().admit(client, self.began.elapsed())
    }

    fn decide(&self, body: &[u8]) -> Result<Decision, Unreadable> {
        self.state().decide(body, &self.settings, self.began.elapsed())
    }

    fn show(&self) {
        self.instruments.show(&mut self.state(), self.began, Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file beside the collector's `state_file` in which visitors are kept.
pub(super) fn kept_beside(state_file: &Path) -> PathBuf {
    Shelf::beside(state_file).path().to_owned()
}

/// Where a state begins: at this hour, with a salt that nobody knows.
fn begin() -> Begin {
    let hours = jiff::Timestamp::now().as_second() / 3600;
    let salt = crate::http::random::<16>().unwrap_or_default();
    let seed = crate::http::random::<8>().map_or(0, u64::from_le_bytes);
    Begin { salt, seed, hour: u32::try_from(hours).unwrap_or_default() }
}
