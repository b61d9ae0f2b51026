//! A real Prometheus.

use super::{Process, Scratch, Series, free_port, http, installed, remote_write};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A Prometheus that takes remote writes, with samples up to an hour old; it can be stopped and resumed on its data.
pub struct Prometheus {
    program: PathBuf,
    port: u16,
    folder: Scratch,
    flags: &'static [&'static str],
    process: Option<Process>,
}

impl Prometheus {
    /// Starts one without rules or targets; `None`, said in a line, where it is not installed.
    pub fn start() -> Option<Prometheus> {
        Prometheus::with("global: { evaluation_interval: 1s }", "")
    }

    /// Starts one with `config` (its YAML, written in flow or block style) and a rule file, which may be empty.
    pub fn with(config: &str, rules: &str) -> Option<Prometheus> {
        Prometheus::with_flags(config, rules, &[])
    }

    /// The same with `flags` of its command line.
    pub fn with_flags(config: &str, rules: &str, flags: &'static [&'static str]) -> Option<Prometheus> {
        installed("prometheus").map(|program| Prometheus::with_program(program, config, rules, flags))
    }

    /// Starts the one that `program` is, without rules or targets.
    pub fn of(program: PathBuf) -> Prometheus {
        Prometheus::with_program(program, "global: {}", "", &[])
    }

    fn with_program(program: PathBuf, config: &str, rules: &str, flags: &'static [&'static str]) -> Prometheus {
        let folder = Scratch::new("prometheus");
        let rules = folder.write("rules.yml", if rules.is_empty() { "groups: []" } else { rules });
        let storage = "storage: { tsdb: { out_of_order_time_window: 1h } }";
        folder.write("prometheus.yml", &format!("{config}\nrule_files: [{}]\n{storage}\n", rules.display()));
        let mut prometheus = Prometheus { program, port: free_port(), folder, flags, process: None };
        prometheus.resume();
        prometheus
    }

    /// Starts one on a past, given as OpenMetrics; `None`, said in a line, where it or `promtool` is not installed.
    pub fn on_history(open_metrics: &str) -> Option<Prometheus> {
        Prometheus::on_history_with(open_metrics, &[])
    }

    /// The same with `flags` of its command line, limits for example.
    pub fn on_history_with(open_metrics: &str, flags: &'static [&'static str]) -> Option<Prometheus> {
        Prometheus::on_blocks_of("24h", open_metrics, flags)
    }

    /// Starts one on a past of months: `promtool` reads all of it anew for every block, so they are long.
    pub fn on_months(open_metrics: &str) -> Option<Prometheus> {
        Prometheus::on_blocks_of("720h", open_metrics, &[])
    }

    fn on_blocks_of(longest: &str, open_metrics: &str, flags: &'static [&'static str]) -> Option<Prometheus> {
        let (program, promtool) = (installed("prometheus")?, installed("promtool")?);
        let folder = Scratch::new("prometheus");
        folder.write("prometheus.yml", "global: {}");
        let past = folder.write("past.om", open_metrics);
        let made = Command::new(promtool)
            .args(["tsdb", "create-blocks-from", "openmetrics", &format!("--max-block-duration={longest}")])
            .args([&past, &folder.path().join("data")])
            .output()
            .expect("promtool starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut prometheus = Prometheus { program, port: free_port(), folder, flags, process: None };
        prometheus.resume();
        Some(prometheus)
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it, as an outage does; data and port stay reserved for [`Prometheus::resume`].
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port and data.
    pub fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        let folder = self.folder.path().display();
        command
            .arg(format!("--config.file={folder}/prometheus.yml"))
            .arg(format!("--storage.tsdb.path={folder}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            .args(["--web.enable-remote-write-receiver", "--web.enable-lifecycle", "--storage.tsdb.retention.time=1y"])
            .args(self.flags);
        let ready = format!("{}/-/ready", self.url());
        let is_ready = |_: &str| http::get(&ready).is_ok_and(|answer| answer.status == 200);
        let started = Process::start("prometheus", &mut command, self.folder.path(), is_ready);
        self.process = Some(started.unwrap_or_else(|why| panic!("{why}")));
    }

    /// Writes samples; panics where Prometheus refuses them, with its reason.
    pub fn write(&self, series: &[Series]) {
        let headers = [
            ("Content-Encoding", "snappy"),
            ("Content-Type", "application/x-protobuf"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ];
        let url = format!("{}/api/v1/write", self.url());
        let answer = http::request("POST", &url, &headers, &remote_write::encode(series));
        let answer = answer.expect("Prometheus is up");
        assert_eq!(answer.status, 204, "Prometheus refused the samples: {}", answer.body);
    }

    /// Asks an instant query at `millis`, and gives the `result` part of the answer.
    pub fn query(&self, expression: &str, millis: i64) -> Value {
        let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
        let expression = http::escaped(expression);
        self.read(&format!("/api/v1/query?query={expression}&time={seconds}.{rest:03}"))["data"]["result"].take()
    }

    /// Reads a path of the API as JSON.
    pub fn read(&self, path: &str) -> Value {
        http::get(&format!("{}{path}", self.url())).expect("Prometheus is up").json()
    }
}
