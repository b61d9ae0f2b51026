//! A named pipe that says something once, as `<(…)` of a shell does.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Makes the pipe. Whoever opens it first reads `text`, and whoever opens it again nothing, so that a mistake fails and does not
/// wait for ever. Nobody waits for who writes it.
pub fn saying(path: &Path, text: &str) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo starts").success());
    let (path, text) = (path.to_owned(), text.to_owned());
    std::thread::spawn(move || {
        let mut rest = text.as_bytes();
        while let Ok(mut pipe) = OpenOptions::new().write(true).open(&path) {
            drop(pipe.write_all(rest));
            rest = b"";
            drop(pipe);
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}
