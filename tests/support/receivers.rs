//! Slack, PagerDuty and a webhook endpoint, played by `scripts/receivers.py`.

use super::{Process, Scratch, http, in_repository, installed, wait_for};
use serde_json::Value;
use std::process::Command;

/// The three receivers behind one port, each holding to its contract.
pub struct Receivers {
    url: String,
    _process: Process,
    _folder: Scratch,
}

impl Receivers {
    /// Starts them; `None`, said in a line, where there is no Python.
    pub fn start() -> Option<Receivers> {
        let folder = Scratch::new("receivers");
        let mut command = Command::new(installed("python3")?);
        command.arg(in_repository("scripts/receivers.py")).args(["--port", "0"]);
        let started = Process::start("receivers", &mut command, folder.path(), |said| said.ends_with('\n'));
        let process = started.unwrap_or_else(|why| panic!("{why}"));
        let said = process.said();
        let address = said.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address: {said}"));
        Some(Receivers { url: format!("http://{address}"), _process: process, _folder: folder })
    }

    /// Their base address: `/api` is Slack's, `/services/T/B/X` its webhook, `/v2/enqueue` PagerDuty, `/hook` the webhook.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes them misbehave, or gives them a secret; what can be wished for stands in `scripts/receivers.py`.
    pub fn control(&self, wish: &Value) {
        let answer = http::post_json(&format!("{}/_control", self.url), wish).expect("the receivers are up");
        assert_eq!(answer.status, 200, "the receivers do not understand: {}", answer.body);
    }

    /// Sends what Slack or PagerDuty would send, signed as they sign it; gives the status and the body of the answer. What
    /// can be wished for stands in `scripts/receivers.py`.
    pub fn send(&self, wish: &Value) -> (u64, String) {
        let answer = http::post_json(&format!("{}/_send", self.url), wish).expect("the receivers are up");
        assert_eq!(answer.status, 200, "nothing was sent: {}", answer.body);
        let said = answer.json();
        (said["status"].as_u64().expect("a status"), said["body"].as_str().unwrap_or_default().to_owned())
    }

    /// Everything received, in order.
    pub fn log(&self) -> Vec<Value> {
        self.log_after(0)
    }

    /// What was received after the first so many.
    pub fn log_after(&self, count: usize) -> Vec<Value> {
        let answer = http::get(&format!("{}/log?since={count}", self.url)).expect("the receivers are up");
        answer.json()["entries"].as_array().expect("entries come as a list").clone()
    }

    /// Waits until `channel` has received `count` messages, refused ones included, and gives them.
    pub fn wait_for_messages(&self, channel: &str, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} messages to {channel}"), || {
            let mine: Vec<_> = self.log().into_iter().filter(|entry| entry["channel"] == channel).collect();
            (mine.len() >= count).then_some(mine)
        })
    }
}
