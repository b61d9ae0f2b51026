//! `watchbell collect` asks real endpoints, most of which misbehave.

use crate::support::{Process, Scratch, free_port, http, in_repository, installed, wait_for};
use std::path::PathBuf;
use std::process::Command;

/// `watchbell collect` on a configuration of applications.
struct Collector {
    url: String,
    process: Process,
    _folder: Scratch,
}

impl Collector {
    fn start(applications: &str, environment: &[(&str, &str)]) -> Collector {
        let (folder, port) = (Scratch::new("collect"), free_port());
        let listen = format!("127.0.0.1:{port}");
        let config = format!("collect:\n  listen: {listen}\n  applications:\n{applications}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.arg("--config").arg(folder.write("watchbell.yaml", &config)).arg("collect");
        command.envs(environment.iter().copied());
        let url = format!("http://{listen}");
        let is_ready = |_: &str| http::get(&format!("{url}/-/ready")).is_ok_and(|answer| answer.status == 200);
        let process = Process::start("collect", &mut command, folder.path(), is_ready);
        Collector { process: process.unwrap_or_else(|why| panic!("{why}")), url, _folder: folder }
    }

    fn shown(&self) -> String {
        http::get(&format!("{}/metrics", self.url)).expect("the collector is up").body
    }

    /// Waits until `metric` of `endpoint` has the wanted value, and gives all that is shown then.
    fn until(&self, metric: &str, endpoint: &str, wanted: impl Fn(Option<f64>) -> bool) -> String {
        wait_for(&format!("{metric} of {endpoint}"), || {
            let shown = self.shown();
            wanted(value(&shown, metric, endpoint)).then_some(shown)
        })
    }

    /// Waits until a look at `endpoint` has failed for `reason`.
    fn fails(&self, endpoint: &str, reason: &str) -> String {
        let failures = format!(
            "watchbell_collect_probe_failures_total{{kind=\"endpoint\",probe=\"api/{endpoint}\",reason=\"{reason}\"}}"
        );
        wait_for(&format!("{endpoint} to fail for {reason}"), || {
            let shown = self.shown();
            let failed = shown.lines().any(|line| line.starts_with(&failures) && !line.ends_with(" 0"));
            failed.then_some(shown)
        })
    }
}

fn value(shown: &str, metric: &str, endpoint: &str) -> Option<f64> {
    let line = format!("{metric}{{endpoint=\"{endpoint}\",service=\"api\"}} ");
    shown.lines().find_map(|shown| shown.strip_prefix(&line)?.parse().ok())
}

fn phase(shown: &str, endpoint: &str, phase: &str) -> Option<f64> {
    let line = format!("endpoint_phase_seconds{{endpoint=\"{endpoint}\",phase=\"{phase}\",service=\"api\"}} ");
    shown.lines().find_map(|shown| shown.strip_prefix(&line)?.parse().ok())
}

/// The awkward application; `None`, said in a line, where there is no Python.
fn awkward(folder: &Scratch, port: u16, certificate: &[PathBuf]) -> Option<Process> {
    let mut command = Command::new(installed("python3")?);
    command.arg(in_repository("tests/real/awkward.py")).arg(port.to_string()).args(certificate);
    let started = Process::start("awkward", &mut command, folder.path(), |said| said.contains("ready"));
    Some(started.unwrap_or_else(|why| panic!("{why}")))
}

/// An authority's certificate and one of `localhost` with its key, which ends in so many days.
fn certificate(folder: &Scratch, days: u32) -> Option<Vec<PathBuf>> {
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let mut command = Command::new(installed("openssl")?);
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj"]);
    command.args(["/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", &days.to_string(), "-keyout"]);
    let made = command.arg(&key).arg("-out").arg(&certificate).output().expect("openssl starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(vec![certificate, key])
}

#[test]
fn every_kind_of_bad_endpoint_is_told_by_its_reason_and_the_good_ones_beside_it_stay_good() {
    let (folder, port, refused) = (Scratch::new("awkward"), free_port(), free_port());
    let Some(_application) = awkward(&folder, port, &[]) else { return };
    let config = r#"
    api:
      every: 200ms
      timeout: 1s
      endpoints:
        good: { url: "$BASE/good", expect: { status: [200], body: '"price"', json: [{ at: /price, above: 0 }, { at: /status, is: ok }] } }
        trade: { url: "$BASE/trade", method: POST, headers: { Authorization: { env: TRADE_AUTHORIZATION } }, body: '{"amount":1}', expect: { status: [201] } }
        slow: { url: "$BASE/slow" }
        moved: { url: "$BASE/moved", redirects: 1, expect: { body: price } }
        zero: { url: "$BASE/zero", expect: { json: [{ at: /price, above: 0 }] } }
        page: { url: "$BASE/page", expect: { json: [{ at: /price }] } }
        absent: { url: "$BASE/absent", expect: { status: [2xx] } }
        error: { url: "$BASE/error" }
        hangs: { url: "$BASE/hangs" }
        trickles: { url: "$BASE/trickles" }
        endless: { url: "$BASE/endless", largest_answer: 100000 }
        refused: { url: "http://127.0.0.1:$REFUSED/" }
        nameless: { url: "http://no-such-host.invalid/" }
        plain: { url: "https://localhost:$PORT/good" }
"#;
    let config = config.replace("$BASE", &format!("http://localhost:{port}"));
    let config = config.replace("$PORT", &port.to_string()).replace("$REFUSED", &refused.to_string());
    let collector = Collector::start(&config, &[("TRADE_AUTHORIZATION", "Bearer sesame")]);

    let expected = [
        ("zero", "body"),
        ("page", "not_json"),
        ("absent", "status"),
        ("error", "status"),
        ("hangs", "timeout"),
        ("trickles", "timeout"),
        ("endless", "too_large"),
        ("refused", "unreachable"),
        ("nameless", "dns"),
        ("plain", "tls"),
    ];
    for (endpoint, reason) in expected {
        let shown = collector.fails(endpoint, reason);
        assert_eq!(value(&shown, "endpoint_up", endpoint), Some(0.0), "{endpoint}");
    }
    let shown = collector.shown();
    for good in ["good", "trade", "slow", "moved"] {
        assert_eq!(value(&shown, "endpoint_up", good), Some(1.0), "{good}: {}", collector.process.said());
        let parts: Vec<_> = ["dns", "connect", "first_byte", "total"].map(|part| phase(&shown, good, part)).into();
        assert!(parts.iter().all(Option::is_some), "{good}: {parts:?}");
    }
    let answered = ["zero", "page", "absent", "error"];
    let silent = ["hangs", "trickles", "endless", "refused", "nameless", "plain"];
    assert!(answered.iter().all(|endpoint| value(&shown, "api_response_time_ms", endpoint).is_some()), "{shown}");
    assert!(silent.iter().all(|endpoint| value(&shown, "api_response_time_ms", endpoint).is_none()), "{shown}");
    let slow = (phase(&shown, "slow", "first_byte"), value(&shown, "api_response_time_ms", "slow"));
    assert!(slow.0.is_some_and(|took| took >= 0.3) && slow.1.is_some_and(|took| took >= 300.0), "{slow:?}");
    assert!(phase(&shown, "trickles", "first_byte").is_some() && phase(&shown, "hangs", "first_byte").is_none());
    let said = collector.process.said();
    assert!(
        said.contains("before the first byte of an answer") && said.contains("before the answer was whole"),
        "{said}"
    );
    assert!(!said.contains("sesame") && !said.contains("We will be back"), "{said}");
}

#[test]
fn a_service_that_goes_away_is_down_and_comes_back_and_its_error_rate_tells_of_it() {
    let (folder, port) = (Scratch::new("awkward"), free_port());
    let Some(application) = awkward(&folder, port, &[]) else { return };
    let config = format!(
        "    api: {{ every: 100ms, timeout: 1s, endpoints: {{ good: {{ url: 'http://127.0.0.1:{port}/good' }} }} }}\n"
    );
    let collector = Collector::start(&config, &[]);
    let rate = |shown: &str| {
        let line = shown.lines().find_map(|line| line.strip_prefix("error_rate_percentage{service=\"api\"} "));
        line.and_then(|rate| rate.parse::<f64>().ok())
    };

    let shown = collector.until("endpoint_up", "good", |up| up == Some(1.0));
    assert_eq!(rate(&shown), Some(0.0));
    drop(application);
    collector.until("endpoint_up", "good", |up| up == Some(0.0));
    wait_for("an error rate", || rate(&collector.shown()).filter(|rate| *rate > 5.0));
    assert_eq!(value(&collector.shown(), "api_response_time_ms", "good"), None, "the last good time is not shown");
    let _back = awkward(&folder, port, &[]);
    let shown = collector.until("endpoint_up", "good", |up| up == Some(1.0));
    assert!(rate(&shown).is_some_and(|rate| rate > 0.0), "it was down a moment ago: {shown}");
}

#[test]
fn when_a_certificate_ends_is_known_while_it_is_trusted_and_while_it_is_not() {
    let (folder, port) = (Scratch::new("awkward"), free_port());
    let Some(certificate) = certificate(&folder, 3) else { return };
    let Some(_application) = awkward(&folder, port, &certificate) else { return };
    let url = format!("https://localhost:{port}/good");
    let ca = certificate[0].display();
    let config = format!(
        "    api:\n      every: 200ms\n      timeout: 5s\n      endpoints:\n        trusted: {{ url: '{url}', tls: {{ ca_file: '{ca}' }} }}\n        \
         stranger: {{ url: '{url}' }}\n        misnamed: {{ url: '{url}', tls: {{ ca_file: '{ca}', server_name: api.example.org }} }}\n"
    );
    let collector = Collector::start(&config, &[]);

    let shown = collector.until("endpoint_up", "trusted", |up| up == Some(1.0));
    assert!(phase(&shown, "trusted", "tls").is_some_and(|took| took > 0.0), "{shown}");
    for refused in ["stranger", "misnamed"] {
        let shown = collector.fails(refused, "tls");
        assert_eq!(value(&shown, "endpoint_up", refused), Some(0.0), "{refused}");
    }
    let shown = collector.shown();
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    for endpoint in ["trusted", "stranger", "misnamed"] {
        let ends = value(&shown, "endpoint_certificate_expiry_timestamp_seconds", endpoint);
        let days = ends.map(|ends| (ends - now) / 86_400.0);
        assert!(days.is_some_and(|days| days > 2.0 && days < 3.1), "{endpoint}: {days:?}");
    }
}
