//! The program itself, as a process.

use super::{Process, free_port, http};
use std::path::Path;
use std::process::Command;

/// `watchbell run` on a configuration in a folder of the caller's.
pub struct Watchbell {
    url: String,
    /// The process: to signal it, and to read what it has said.
    pub process: Process,
}

impl Watchbell {
    /// Starts it in `folder`, where `config` lies, and waits until it is ready. `listen` is set to a free port by
    /// replacing `$LISTEN` in the configuration.
    ///
    /// # Errors
    /// It ended before it was ready: how, and what it had said.
    pub fn start(folder: &Path, config: &str) -> Result<Watchbell, String> {
        Watchbell::start_with(folder, config, &[])
    }

    /// The same, with environment variables: secrets, or a crash point.
    ///
    /// # Errors
    /// It ended before it was ready: how, and what it had said.
    pub fn start_with(folder: &Path, config: &str, environment: &[(&str, &str)]) -> Result<Watchbell, String> {
        Watchbell::start_on(free_port(), folder, config, environment)
    }

    /// The same, on a port of the caller's: a restart in the very same configuration.
    ///
    /// # Errors
    /// It ended before it was ready: how, and what it had said.
    pub fn start_on(port: u16, folder: &Path, config: &str, environment: &[(&str, &str)]) -> Result<Watchbell, String> {
        Watchbell::start_under(&["env"], port, folder, config, environment)
    }

    /// The same, started by a program that becomes it: one that limits it, for example.
    ///
    /// # Errors
    /// It ended before it was ready: how, and what it had said.
    pub fn start_under(
        wrapper: &[&str],
        port: u16,
        folder: &Path,
        config: &str,
        environment: &[(&str, &str)],
    ) -> Result<Watchbell, String> {
        let address = format!("127.0.0.1:{port}");
        let path = folder.join("watchbell.yaml");
        std::fs::write(&path, config.replace("$LISTEN", &address)).expect("the folder can be written");
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(folder).arg("--config").arg(&path).arg("run").envs(environment.iter().copied());
        let url = format!("http://{address}");
        let process = Process::start("watchbell", &mut command, folder, |_| is_ready(&url))?;
        Ok(Watchbell { url, process })
    }

    /// Starts another in the same folder, on the configuration that lies there, which listens on `port`; waits until it waits
    /// for the one that runs.
    ///
    /// # Errors
    /// It ended before that: how, and what it had said.
    pub fn start_standby(port: u16, folder: &Path, environment: &[(&str, &str)]) -> Result<Watchbell, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(folder).arg("run").envs(environment.iter().copied());
        let waits = |said: &str| said.contains("another replica decides");
        let process = Process::start("standby", &mut command, folder, waits)?;
        Ok(Watchbell { url: format!("http://127.0.0.1:{port}"), process })
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        is_ready(&self.url)
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn is_ready(url: &str) -> bool {
    http::get(&format!("{url}/-/ready")).is_ok_and(|answer| answer.status == 200)
}
