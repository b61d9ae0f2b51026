//! The client with real servers: what Prometheus and VictoriaMetrics answer is what `docs/queries.md` says.

use crate::support::{Process, Prometheus, Scratch, Series, free_port, http, installed, now_millis, wait_for};
use std::collections::BTreeMap;
use std::process::Command;
use watchbell::config::{Auth, Source, Tls};
use watchbell::model::{Slot, Span};
use watchbell::prometheus::{Client, Decoder, QueryError};

/// A client, and the runtime that it runs on.
struct Asker {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Asker {
    fn of(url: &str) -> Self {
        let source = Source {
            url: url.to_owned(),
            timeout: Span::from_secs(20),
            max_concurrent_queries: 4,
            auth: Auth::None,
            headers: BTreeMap::new(),
            tls: Tls::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        Asker { client: Client::new(&source).expect("the address is one"), runtime }
    }

    /// The answer as text, series by series, sorted.
    fn ask(&self, expression: &str, millis: i64) -> Result<Vec<String>, QueryError> {
        let asking = async { self.client.query(expression, Slot::from_millis(millis), self.client.deadline()).await };
        let body = self.runtime.block_on(asking)?;
        let mut decoder = Decoder::new();
        let answer = decoder.decode(&body)?;
        let mut told: Vec<_> =
            answer.samples.iter().map(|s| format!("{} {}", decoder.table().labels(s.series), s.value)).collect();
        told.sort();
        Ok(told)
    }
}

/// A VictoriaMetrics with `samples` in Prometheus's text format.
fn victoria_metrics(folder: &Scratch, samples: &str) -> Option<(Process, String)> {
    let program = installed("victoria-metrics")?;
    let url = format!("http://127.0.0.1:{}", free_port());
    let mut command = Command::new(program);
    command
        .arg(format!("-httpListenAddr={}", url.trim_start_matches("http://")))
        .arg(format!("-storageDataPath={}/data", folder.path().display()))
        .args(["-retentionPeriod=1y", "-search.latencyOffset=0s"]);
    let is_ready = |_: &str| http::get(&format!("{url}/-/ready")).is_ok_and(|answer| answer.status == 200);
    let process = Process::start("victoria-metrics", &mut command, folder.path(), is_ready);
    let process = process.unwrap_or_else(|why| panic!("{why}"));
    let import = format!("{url}/api/v1/import/prometheus");
    http::request("POST", &import, &[], samples.as_bytes()).expect("it takes samples");
    http::get(&format!("{url}/internal/force_flush")).expect("it makes them visible");
    Some((process, url))
}

#[test]
fn prometheus_answers_to_the_millisecond_and_with_labels_of_every_kind() {
    let Some(prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    let odd = "quote \" backslash \\ line\n bell 🔔 \"},\"value\":[";
    prometheus.write(&[
        Series::new("gas", &[("chain", "sepolia")], &[(now - 1_000, 20.0), (now - 500, 120.5)]),
        Series::new("odd", &[("text", odd)], &[(now - 1_000, f64::NEG_INFINITY)]),
    ]);
    let asker = Asker::of(&prometheus.url());

    assert_eq!(asker.ask("gas", now - 501).unwrap(), [r#"{__name__="gas", chain="sepolia"} 20"#]);
    assert_eq!(asker.ask("gas", now - 500).unwrap(), [r#"{__name__="gas", chain="sepolia"} 120.5"#]);
    assert_eq!(asker.ask("odd", now).unwrap(), [format!("{{__name__=\"odd\", text={odd:?}}} -inf")]);
    assert_eq!(asker.ask("absent_series", now).unwrap(), [""; 0]);
    assert_eq!(asker.ask("scalar(gas) / 0", now).unwrap(), ["{} inf"]);
    let long = format!("gas{{chain=~\"{}sepolia\"}}", "x|".repeat(2000));
    assert_eq!(asker.ask(&long, now).unwrap().len(), 1);
}

#[test]
fn prometheus_refuses_and_disappears_and_comes_back_as_documented() {
    let Some(mut prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    let asker = Asker::of(&prometheus.url());
    let error = |expression: &str| asker.ask(expression, now).unwrap_err();

    let wrong = error("up +");
    assert!(matches!(&wrong, QueryError::Refused { status: 400, kind, .. } if kind == "bad_data"), "{wrong}");
    let matrix = error("up[5m]");
    assert!(matches!(&matrix, QueryError::WrongType { kind } if kind == "matrix"), "{matrix}");
    let text = error(r#""text""#);
    assert!(matches!(&text, QueryError::WrongType { kind } if kind == "string"), "{text}");

    let info = asker.runtime.block_on(async { asker.client.buildinfo(asker.client.deadline()).await });
    assert!(info.unwrap().version.is_some());

    prometheus.stop();
    let soon = async {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_millis(300);
        asker.client.query("up", Slot::from_millis(now), deadline).await
    };
    let gone = asker.runtime.block_on(soon).unwrap_err();
    assert!(matches!(gone, QueryError::Unreachable { .. }), "{gone}");
    prometheus.resume();
    assert_eq!(asker.ask("vector(1)", now).unwrap(), ["{} 1"]);
}

#[test]
fn a_range_comes_back_on_its_grid() {
    let Some(prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    prometheus.write(&[Series::new("gas", &[], &[(now - 60_000, 20.0), (now - 30_000, 30.0)])]);
    let asker = Asker::of(&prometheus.url());
    let (from, to) = (Slot::from_millis(now - 60_000), Slot::from_millis(now - 1));
    let step = Span::from_millis(20_250);

    let asking = async { asker.client.query_range("gas", from, to, step, asker.client.deadline()).await };
    let history = asker.runtime.block_on(asking).unwrap();

    assert_eq!(history.len(), 1);
    let expected = [(from, 20.0), (from + step, 20.0), (from + step.times(2), 30.0)];
    assert_eq!(history[0].samples, expected);
}

#[test]
fn victoria_metrics_answers_and_refuses_as_documented() {
    let folder = Scratch::new("victoria");
    let Some((_process, url)) = victoria_metrics(&folder, "gas{chain=\"sepolia\"} 120.5\n") else { return };
    let asker = Asker::of(&url);

    let told = wait_for("the sample", || asker.ask("gas", now_millis()).ok().filter(|told| !told.is_empty()));
    assert_eq!(told, [r#"{__name__="gas", chain="sepolia"} 120.5"#]);
    let wrong = asker.ask("gas +", now_millis()).unwrap_err();
    assert!(matches!(&wrong, QueryError::Refused { status: 400 | 422, .. }), "{wrong}");
    let info = asker.runtime.block_on(async { asker.client.buildinfo(asker.client.deadline()).await });
    info.expect("an empty object is good enough");
}
