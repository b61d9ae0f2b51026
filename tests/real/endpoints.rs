//! `watchbell collect` asks real endpoints, most of which misbehave.

use crate::support::{Collector, Process, Scratch, free_port, in_repository, installed};
use std::path::PathBuf;
use std::process::Command;

/// A collector of these applications.
fn collect(folder: &Scratch, applications: &str, environment: &[(&str, &str)]) -> Collector {
    let config = format!("collect:\n  listen: $LISTEN\n  applications:\n{applications}");
    Collector::start(folder.path(), &config, environment).expect("the collector starts")
}

/// Waits until a look at `endpoint` has failed for `reason`.
fn fails(collector: &Collector, endpoint: &str, reason: &str) {
    let labels = format!("kind=\"endpoint\",probe=\"api/{endpoint}\",reason=\"{reason}\"");
    collector.wait_for(&format!("watchbell_collect_probe_failures_total{{{labels}}}"), |count| count > 0.0);
    assert_eq!(collector.value(&of("endpoint_up", endpoint)), Some(0.0), "{endpoint}");
}

/// The series of `metric` for `endpoint`.
fn of(metric: &str, endpoint: &str) -> String {
    format!("{metric}{{endpoint=\"{endpoint}\",service=\"api\"}}")
}

/// The series of a part of the way to `endpoint`.
fn phase(endpoint: &str, phase: &str) -> String {
    format!("endpoint_phase_seconds{{endpoint=\"{endpoint}\",phase=\"{phase}\",service=\"api\"}}")
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
        absent: { url: "$BASE/absent" }
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
    let collector = collect(&folder, &config, &[("TRADE_AUTHORIZATION", "Bearer sesame")]);

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
        fails(&collector, endpoint, reason);
    }
    for good in ["good", "trade", "slow", "moved"] {
        collector.wait_for(&of("endpoint_up", good), |up| up > 0.0);
        for part in ["dns", "connect", "first_byte", "total"] {
            collector.wait_for(&phase(good, part), |seconds| seconds >= 0.0);
        }
    }
    let time = |endpoint| collector.value(&of("api_response_time_ms", endpoint));
    for answered in ["zero", "page", "absent", "error"] {
        assert!(time(answered).is_some(), "{answered} is an answer");
    }
    for silent in ["hangs", "trickles", "endless", "refused", "nameless", "plain"] {
        assert_eq!(time(silent), None, "{silent} is no whole answer");
    }
    assert!(collector.value(&phase("slow", "first_byte")).is_some_and(|took| took >= 0.3));
    assert!(time("slow").is_some_and(|took| took >= 300.0));
    assert!(collector.value(&phase("trickles", "first_byte")).is_some(), "it begins");
    assert_eq!(collector.value(&phase("hangs", "first_byte")), None, "it does not even begin");
    let jumps = collector.value("watchbell_collect_clock_jumps_total");
    assert!(jumps.is_some(), "the clocks are compared from the start");
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
    let collector = collect(&folder, &config, &[]);
    let rate = "error_rate_percentage{service=\"api\"}";

    collector.wait_for(&of("endpoint_up", "good"), |up| up > 0.0);
    assert_eq!(collector.value(rate), Some(0.0));
    drop(application);
    collector.wait_for(&of("endpoint_up", "good"), |up| up == 0.0);
    collector.wait_for(rate, |rate| rate > 5.0);
    assert_eq!(collector.value(&of("api_response_time_ms", "good")), None, "the last good time is not shown");
    let _back = awkward(&folder, port, &[]);
    collector.wait_for(&of("endpoint_up", "good"), |up| up > 0.0);
    assert!(collector.value(rate).is_some_and(|rate| rate > 0.0), "it was down a moment ago");
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
    let collector = collect(&folder, &config, &[]);

    collector.wait_for(&of("endpoint_up", "trusted"), |up| up > 0.0);
    assert!(collector.value(&phase("trusted", "tls")).is_some_and(|took| took > 0.0));
    fails(&collector, "stranger", "tls");
    fails(&collector, "misnamed", "tls");
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    for endpoint in ["trusted", "stranger", "misnamed"] {
        let ends = collector.value(&of("endpoint_certificate_expiry_timestamp_seconds", endpoint));
        let days = ends.map(|ends| (ends - now) / 86_400.0);
        assert!(days.is_some_and(|days| days > 2.0 && days < 3.1), "{endpoint}: {days:?}");
    }
}
