//! Real servers for tests: each on a free loopback port, in a folder of its own, ended with the test that started it.
//!
//! A guard is ready when its `start` returns, because it waited for a state and not for a while. Where a program
//! is not installed, `start` says so in one line and gives `None`, and the test ends there:
//! `let Some(prometheus) = Prometheus::start() else { return };` (`scripts/setup` installs them all.)
//!
//! Everything here blocks: a test reads as a story from top to bottom, and whoever needs async has it in the program
//! under test.

mod alertmanager;
mod anvil;
mod canned;
mod collector;
pub mod http;
pub mod journal;
mod mail;
mod process;
mod prometheus;
mod receivers;
mod remote_write;
mod scratch;
mod stable;
mod testnet;
mod watchbell;

pub use alertmanager::Alertmanager;
pub use anvil::{Anvil, CHAIN_ID};
pub use canned::CannedPrometheus;
pub use collector::Collector;
pub use mail::{LOGIN as MAIL_LOGIN, MailServer, Speech};
pub use process::{Process, installed, parts, say_skipped};
pub use prometheus::Prometheus;
pub use receivers::Receivers;
pub use remote_write::Series;
pub use scratch::Scratch;
pub use stable::Stable;
pub use testnet::Testnet;
pub use watchbell::Watchbell;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a server may take to reach a state, generously: shared machines stall.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `look` until it finds something, and gives that; panics with `what` when [`PATIENCE`] has run out.
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_long_for(PATIENCE, what, look)
}

/// The same for what takes its time by itself.
pub fn wait_long_for<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A loopback port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback always has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// Milliseconds since 1970, by the wall clock that the servers use too.
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(since.as_millis()).expect("milliseconds fit until the year 292 million")
}

/// A file of the repository.
pub fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
