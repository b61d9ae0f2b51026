//! `watchbell collect` as a process of its own, with the real binary.

use super::{PATIENCE, Process, free_port, http};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A running collector; killed on drop.
pub struct Collector {
    url: String,
    /// The process, for signals and for what it said.
    pub process: Process,
}

impl Collector {
    /// Starts one in `folder` with `config`, in which `$LISTEN` becomes its address, and waits until it is ready.
    ///
    /// # Errors
    /// It ended before it was ready: how, and what it had said.
    pub fn start(folder: &Path, config: &str, environment: &[(&str, &str)]) -> Result<Collector, String> {
        let address = format!("127.0.0.1:{}", free_port());
        let path = folder.join("watchbell.yaml");
        std::fs::write(&path, config.replace("$LISTEN", &address)).expect("the folder can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(folder).arg("--config").arg(&path).arg("collect").envs(environment.iter().copied());
        let url = format!("http://{address}");
        let is_ready = |_: &str| http::get(&format!("{url}/-/ready")).is_ok_and(|answer| answer.status == 200);
        let process = Process::start("collect", &mut command, folder, is_ready)?;
        Ok(Collector { url, process })
    }

    /// Puts `config` in the place of its configuration, in which `$LISTEN` is its address again. It does not notice by itself.
    pub fn configure(&self, folder: &Path, config: &str) {
        let address = self.url.trim_start_matches("http://");
        std::fs::write(folder.join("watchbell.yaml"), config.replace("$LISTEN", address)).expect("it can be written");
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that it exports.
    pub fn page(&self) -> String {
        http::get(&format!("{}/metrics", self.url)).expect("it answers").body
    }

    /// The value of a series, written as in the text format: `up{job="x"}`. `None` where it is not exported.
    pub fn value(&self, series: &str) -> Option<f64> {
        value(&self.page(), series)
    }

    /// Waits until the series has a value that is `good`, and gives it; panics with what the collector said.
    pub fn wait_for(&self, series: &str, good: impl Fn(f64) -> bool) -> f64 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.value(series);
            if let Some(value) = value.filter(|value| good(*value)) {
                return value;
            }
            let said = || self.process.said();
            assert!(Instant::now() < deadline, "{series} stays {value:?}, and the collector said:\n{}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}
