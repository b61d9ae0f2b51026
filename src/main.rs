//! The program: parse the arguments, hand over, exit with the answer.

use std::process::ExitCode;

/// The system's allocator costs a fifth more where answers of a server are taken apart, and holds two fifths more. Huge pages are
/// switched off (its feature `no_thp`): with them, whatever is touched takes two megabytes at once, which doubles what we hold.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before any HTTP client is built: without a provider, building one panics. A second provider could only be this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    watchbell::cli::run()
}
