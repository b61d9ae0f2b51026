//! A real Alertmanager.

use super::{Process, Scratch, free_port, http, installed};
use serde_json::Value;
use std::process::Command;

/// An Alertmanager; by default it tells nobody, and is asked what it was told.
pub struct Alertmanager {
    port: u16,
    // Ends the process before the folder goes: fields drop in this order.
    _process: Process,
    _folder: Scratch,
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
        let config = folder.write("alertmanager.yml", config);
        let port = free_port();
        let mut command = Command::new(program);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}/data", folder.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            // Left out, it would gossip on a fixed port of every interface.
            .arg("--cluster.listen-address=");
        let ready = format!("http://127.0.0.1:{port}/-/ready");
        let is_ready = |_: &str| http::get(&ready).is_ok_and(|answer| answer.status == 200);
        let process = Process::start("alertmanager", &mut command, folder.path(), is_ready);
        Some(Alertmanager { port, _process: process.unwrap_or_else(|why| panic!("{why}")), _folder: folder })
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
