//! Named points at which a test may end the process as `kill -9` would. Without `WATCHBELL_CRASH` they do nothing.
//!
//! `WATCHBELL_CRASH=after_commit:3` ends it at the third time that this point is reached. With `WATCHBELL_CRASH_WHEN=path` it
//! is counted only while a file is there, so that a test can say which of its requests meets the end.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a crash is worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Decided, nothing stored.
    BeforeCommit,
    /// Stored, nobody told.
    AfterCommit,
    /// Decided that a later level is due, nothing stored.
    BeforeLevel,
    /// A later level is stored as reached, nobody is told of it.
    AfterLevel,
    /// An attempt is on record, nothing sent.
    AfterClaim,
    /// The request is out, the answer not read.
    AfterSend,
    /// The answer is read.
    AfterAnswer,
    /// The answer is understood, not stored.
    BeforeFinish,
    /// A callback has proven who sends it, nothing is on record.
    AfterProof,
    /// Somebody asked for something, nothing is on record.
    BeforeSubmit,
    /// It is on record, nothing is decided.
    AfterSubmit,
    /// It is decided, nothing of that is stored.
    BeforeConsume,
    /// It is decided and stored, not answered.
    AfterConsume,
    /// Whoever brought the request knows what came of it, and has not answered.
    BeforeAnswer,
    /// New rules are read, the old ones still run.
    DuringReload,
    /// Some histories are filled, others not.
    DuringHistoryFill,
}

impl Point {
    /// Every point, in the order in which a page meets them.
    pub const ALL: [Point; 16] = [
        Point::BeforeCommit,
        Point::AfterCommit,
        Point::BeforeLevel,
        Point::AfterLevel,
        Point::AfterClaim,
        Point::AfterSend,
        Point::AfterAnswer,
        Point::BeforeFinish,
        Point::AfterProof,
        Point::BeforeSubmit,
        Point::AfterSubmit,
        Point::BeforeConsume,
        Point::AfterConsume,
        Point::BeforeAnswer,
        Point::DuringReload,
        Point::DuringHistoryFill,
    ];

    /// Its name in `WATCHBELL_CRASH`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Point::BeforeCommit => "before_commit",
            Point::AfterCommit => "after_commit",
            Point::BeforeLevel => "before_level",
            Point::AfterLevel => "after_level",
            Point::AfterClaim => "after_claim",
            Point::AfterSend => "after_send",
            Point::AfterAnswer => "after_answer",
            Point::BeforeFinish => "before_finish",
            Point::AfterProof => "after_proof",
            Point::BeforeSubmit => "before_submit",
            Point::AfterSubmit => "after_submit",
            Point::BeforeConsume => "before_consume",
            Point::AfterConsume => "after_consume",
            Point::BeforeAnswer => "before_answer",
            Point::DuringReload => "during_reload",
            Point::DuringHistoryFill => "during_history_fill",
        }
    }
}

struct Plan {
    point: Point,
    times_left: AtomicU32,
    when: Option<PathBuf>,
}

impl Plan {
    fn is_armed(&self) -> bool {
        self.when.as_ref().is_none_or(|file| file.exists())
    }
}

static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

/// Ends the process here, if a test has asked for it.
pub fn point(here: Point) {
    let plan = PLAN.get_or_init(|| std::env::var("WATCHBELL_CRASH").ok().and_then(|text| read(&text)));
    if let Some(plan) = plan.as_ref().filter(|plan| plan.point == here && plan.is_armed())
        && plan.times_left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        tracing::error!(point = here.name(), "ending here, as asked by WATCHBELL_CRASH");
        // SIGKILL cannot be caught, so nothing is flushed, closed or said: that is the point.
        let pid = std::process::id().to_string();
        let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
        tracing::error!(?killed, "still alive; aborting");
        std::process::abort();
    }
}

fn read(text: &str) -> Option<Plan> {
    let (name, times) = text.split_once(':').unwrap_or((text, "1"));
    let point = Point::ALL.into_iter().find(|point| point.name() == name)?;
    let when = std::env::var_os("WATCHBELL_CRASH_WHEN").map(PathBuf::from);
    Some(Plan { point, times_left: AtomicU32::new(times.parse().ok()?), when })
}
