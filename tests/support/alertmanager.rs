//! A real Alertmanager.

use super::{Process, Scratch, free_port, http, installed};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// An Alertmanager; by default it tells nobody, and is asked what it was told.
pub struct Alertmanager {
    program: PathBuf,
    port: u16,
    // Ends the process before the folder goes: fields drop in this order.
    process: Option<Process>,
    folder: Scratch,
}

impl Alertmanager {
    /// Starts one that tells nobody; `None`, said in a line, where it is not installed.
    pub fn start() -> Option<Alertmanager> {
        Alertmanager::with("route: { receiver: nobody, group_wait: 0s }\nreceivers: [{ name: nobody }]\n")
    }

    /// Starts one with `config`.
    pub fn with(config: &str) -> Option<Alertmanager> {
        let program = installed("prometheus-alertmanager")?;
        let folder = Scratch::new("alertmanager");
        folder.write("alertmanager.yml", config);
        let mut alertmanager = Alertmanager { program, port: free_port(), process: None, folder };
        alertmanager.resume();
        Some(alertmanager)
    }

    /// Ends it, as an outage does; the port stays reserved for [`Alertmanager::resume`]. It forgets its alerts.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port.
    pub fn resume(&mut self) {
        let folder = self.folder.path().display();
        let mut command = Command::new(&self.program);
        command
            .arg(format!("--config.file={folder}/alertmanager.yml"))
            .arg(format!("--storage.path={folder}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            // Left out, it would gossip on a fixed port of every interface.
            .arg("--cluster.listen-address=");
        let ready = format!("{}/-/ready", self.url());
        let is_ready = |_: &str| http::get(&ready).is_ok_and(|answer| answer.status == 200);
        let started = Process::start("alertmanager", &mut command, self.folder.path(), is_ready);
        self.process = Some(started.unwrap_or_else(|why| panic!("{why}")));
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Posts alerts as Prometheus does.
    pub fn post(&self, alerts: &Value) {
        let answer = http::post_json(&format!("{}/api/v2/alerts", self.url()), alerts).expect("Alertmanager is up");
        assert_eq!(answer.status, 200, "Alertmanager refused the alerts: {}", answer.body);
    }

    /// The alerts that it holds active.
    pub fn alerts(&self) -> Vec<Value> {
        let answer = http::get(&format!("{}/api/v2/alerts", self.url())).expect("Alertmanager is up");
        answer.json().as_array().expect("alerts come as a list").clone()
    }
}
