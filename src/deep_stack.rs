//! Room for deep expressions. A rule is a tree, and whatever walks a tree calls itself: a chain of two thousand `or` is
//! two thousand calls deep.

use std::thread;

/// The stack of a thread that handles rules, in bytes: several times what the deepest expression takes that is parsed, in a debug
/// build. Only what is touched takes memory.
pub const BYTES: usize = 64 << 20;

/// Does `work` on a stack of [`BYTES`]. Its panic is ours.
///
/// # Panics
/// Where no thread can be had.
pub fn run<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| join(spawn(scope, work)))
}

/// Begins `work` on a stack of [`BYTES`], beside others of `scope`.
///
/// # Panics
/// Where no thread can be had.
pub fn spawn<'scope, R: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() -> R + Send + 'scope,
) -> thread::ScopedJoinHandle<'scope, R> {
    thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, work).expect("a thread can be had")
}

/// What the thread made. Its panic is ours.
pub fn join<R>(thread: thread::ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
