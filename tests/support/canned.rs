//! A Prometheus that answers as many series as it is asked for, played by `scripts/fake_prometheus.py`.

use super::{Process, Scratch, in_repository, installed};
use std::process::Command;

/// A canned Prometheus: `load_N{rule="…"}` has N series, always the same, and is never slow unless it is told to be.
pub struct CannedPrometheus {
    url: String,
    _process: Process,
    _folder: Scratch,
}

impl CannedPrometheus {
    /// Starts one that answers queries in which `slow` stands only after so many seconds; `None`, said in a line, where
    /// there is no Python.
    pub fn start(slow: u32) -> Option<CannedPrometheus> {
        let folder = Scratch::new("canned");
        let mut command = Command::new(installed("python3")?);
        command.arg(in_repository("scripts/fake_prometheus.py")).args(["--slow", &slow.to_string()]);
        let started = Process::start("canned", &mut command, folder.path(), |said| said.ends_with('\n'));
        let process = started.unwrap_or_else(|why| panic!("{why}"));
        let said = process.said();
        let address = said.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address: {said}"));
        Some(CannedPrometheus { url: format!("http://{address}"), _process: process, _folder: folder })
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        &self.url
    }
}
