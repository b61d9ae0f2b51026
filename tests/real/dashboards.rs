//! The dashboards, asked of a real Prometheus as Grafana asks: every panel gets what it should. And held against Grafana's own types.

use crate::support::{Prometheus, Scratch, in_repository, installed, now_millis};
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

/// Hours before the end of the made-up past in which the network was congested.
const TROUBLE: (&str, &str) = ("6", "5");

#[test]
fn every_query_of_every_panel_is_answered_with_the_series_and_the_values_that_are_there_in_calm_and_in_trouble() {
    let Some((prometheus, end)) = prometheus_with_a_past() else { return };
    let calm = Told::of(&prometheus, end);
    assert_eq!(calm.without_answer(), Vec::<String>::new());
    // What is asked, how many series, and the last value of one of them; the values are those of scripts/history_stack.py,
    // and what is counted comes half as often again as on average: END lies in the busy part of the day.
    let about =
        |panel: &str, series: usize, of: &str, wanted: f64, within: f64| calm.holds(panel, series, of, wanted, within);
    about("Overall status", 1, "", 0.0, 0.0);
    about("Services", 2, "web", 1.0, 0.0);
    about("Price", 1, "sepolia", 3350.0, 80.0);
    about("Volume of a day", 2, "mint", 100.0, 3.0);
    about("Volume of a day", 2, "redeem", 60.0, 3.0);
    about("Transactions of a day", 2, "success", 120.0, 3.0);
    about("Current issues", 0, "", 0.0, 0.0);
    about("Current issues by severity", 4, "", 0.0, 0.0);
    about("Status of incidents", 2, "", 0.0, 0.0);
    about("Response times", 1, "price_feed", 180.0, 20.0);
    about("Response times: trade_execution", 1, "trade_execution", 900.0, 90.0);
    about("Response times: balance_query", 1, "balance_query", 120.0, 15.0);
    about("Availability of services", 2, "api", 100.0, 0.0);
    about("Circuit breaker", 1, "circuit_breaker", 0.0, 0.0);
    about("Gas used by contracts", 4, "pgaux", 1.5 * 30.0 * 3600.0, 200.0);
    about("Network status: RPC endpoints", 2, "rpc-b", 1.0, 0.0);
    about("Throughput", 3, "price_feed", 1.5 * 3.0, 0.05);
    // Three quarters lie between 0.2, which 70 of 100 have, and 0.5, which 80 have.
    about("Web Vitals of visitors, 75 of 100", 4, "LCP", 0.35, 0.01);
    // 95 of 100 lie between 100, which 90 have, and 500, which 99 have.
    about("Operations, 95 of 100", 1, "settle", 100.0 + 400.0 * 5.0 / 9.0, 20.0);
    about("Confidence scores", 3, "chainlink", 95.0, 0.6);
    about("Server resources: disk", 1, "relayer-1", 47.5, 0.5);
    about("Server resources: where they head", 3, "memory", 37.5, 3.0);
    about("Database performance: reads from memory", 1, "pentagold", 99.0, 0.2);
    about("Database performance: connections", 2, "pentagold", 12.0, 0.0);
    // Whole attempts, of which an hour has four or five.
    about("Failed attempts", 1, "sepolia", 1.5 * 3.0, 0.8);
    about("Weekly trend", 2, "mint", 700.0, 7.0);
    about("Monthly trend", 2, "redeem", 1800.0, 18.0);
    about("Against the month before", 1, "", 0.0, 0.5);
    about("Active users", 6, "", 0.0, 10_000.0);
    about("Fees collected", 1, "pgaux", 8.0, 1.0);
    about("Fees collected in the shown time", 1, "", 240.0, 3.0);
    about("Transaction values", 2, "mint", 2.5, 0.1);
    about("Comparisons of sources", 2, "band", -0.15, 0.001);
    about("Comparisons of sources", 2, "chainlink", 0.1, 0.001);
    about("Feature usage", 3, "open_trade", 900.0, 10.0);
    in_trouble(&prometheus, end - (5 * 3600 + 1800) * 1000);
}

/// The same dashboards, at an instant at which the network was congested.
fn in_trouble(prometheus: &Prometheus, at: i64) {
    let trouble = Told::of(prometheus, at);
    let about = |panel: &str, series: usize, of: &str, wanted: f64, within: f64| {
        trouble.holds(panel, series, of, wanted, within)
    };
    about("Overall status", 1, "", 1.0, 0.0);
    about("Current issues", 2, "GasPriceSpike", 1.0, 0.0);
    about("Current issues", 2, "NetworkCongestion", 1.0, 0.0);
    about("Status of incidents", 2, "", 2.0, 1.0);
    about("annotation Alerts", 2, "GasPriceSpike", 1.0, 0.0);
    about("annotation Incidents", 1, "", 2.0, 0.0);
    about("Gas prices", 2, "sepolia", 156.0, 10.0);
    about("Block times", 1, "sepolia", 26.0, 2.0);
    about("Network status: transactions", 1, "sepolia", 1.8, 1.0);
    about("Error rates", 2, "api", 9.3, 0.3);
}

#[test]
fn a_query_that_gets_nothing_is_told_and_ends_with_no() {
    let Some(prometheus) = Prometheus::start() else { return };
    let output = ask(&prometheus, now_millis(), "human");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(
        out.contains(
            "Oracle Health · Price feeds\n      max by (oracle) (oracle_price{chain=~\"$chain\"})\n      → NOTHING\n"
        ),
        "{out}"
    );
    assert!(out.contains("→ nothing, shown as \"Nothing fires and nothing is pending\"\n"), "{out}");
}

#[test]
fn a_prometheus_that_does_not_answer_is_asked_one_question_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback always has a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let (asked, questions) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { continue };
            let mut head = [0; 4096];
            let read = connection.read(&mut head).unwrap_or(0);
            // Nobody listens any more once the test is over.
            let _ = asked.send(String::from_utf8_lossy(&head[..read]).into_owned());
            // It is never answered, and the connection stays.
            kept.push(connection);
        }
    });
    let folder = Scratch::new("mute-dashboards");
    folder.write("rules.yaml", "groups: []\n");
    let config = format!("prometheus: {{ main: {{ url: \"{url}\", timeout: 1s }} }}\nrules: [rules.yaml]\n");
    folder.write("watchbell.yaml", &config);

    let output = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(folder.path())
        .args(["dashboards", "--ask"])
        .env_remove("WATCHBELL_PROMETHEUS")
        .output()
        .expect("the program runs");

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*output.stdout), (Some(3), &b""[..]), "{said}");
    assert!(said.contains(&format!("the source `main` does not answer: no answer from {url}")), "{said}");
    let questions: Vec<String> = questions.try_iter().collect();
    assert!(!questions.is_empty() && questions.iter().all(|question| question.contains("vector")), "{questions:?}");
}

#[test]
fn the_dashboards_are_what_grafanas_own_types_say_a_dashboard_is() {
    let check = |arguments: &[&str]| {
        let output = Command::new(in_repository("scripts/check-dashboards")).args(arguments).output().expect("a shell");
        (
            output.status.code(),
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        )
    };
    let (code, said) = check(&[]);
    eprintln!("{said}");
    if code == Some(3) {
        return;
    }
    assert_eq!(code, Some(0), "{said}");
    // What checks nothing would pass as well: one wrong word of each kind is refused.
    let folder = Scratch::new("check-dashboards");
    let right = std::fs::read_to_string(in_repository("dashboards/technical.json")).expect("it is there");
    let wrong = right
        .replacen("\"mode\": \"absolute\"", "\"mode\": \"abs\"", 1)
        .replacen("\"drawStyle\": \"line\"", "\"drawStyle\": \"lines\"", 1)
        .replacen("\"colorMode\": \"value\"", "\"colourMode\": \"value\"", 1);
    let path = folder.write("wrong.json", &wrong);
    let (code, said) = check(&[&path.to_string_lossy()]);
    assert_eq!(code, Some(1), "{said}");
}

/// Where the made-up past ends. Always the same instant: the traffic has days and nights, so what a panel gets depends on the
/// hour. A full one, as what is looked at over months is there by the hour, and in the busy part of the day.
const END: &str = "2026-11-01T15:00:00Z";

/// A Prometheus with a past of two months before [`END`], and that instant in milliseconds.
fn prometheus_with_a_past() -> Option<(Prometheus, i64)> {
    let end = END.parse::<Timestamp>().expect("an instant").as_second();
    let written = Command::new(installed("python3")?)
        .arg(in_repository("scripts/history_stack.py"))
        .args(["write", "--days", "1.5", "--step", "120", "--long", "61", "--end", &end.to_string()])
        .args(["--trouble", TROUBLE.0, TROUBLE.1])
        .output()
        .expect("python3 starts");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let past = String::from_utf8(written.stdout).expect("it prints text");
    Some((Prometheus::on_months(&past)?, end * 1000))
}

fn ask(prometheus: &Prometheus, at: i64, format: &str) -> std::process::Output {
    let at = Timestamp::from_millisecond(at).expect("an instant").to_string();
    Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(in_repository(""))
        .args([
            "dashboards",
            "--ask",
            "--prometheus",
            &prometheus.url(),
            "--at",
            &at,
            "--scrape",
            "120s",
            "--format",
            format,
        ])
        .output()
        .expect("the program runs")
}

/// What the panels got.
struct Told(Vec<Value>);

impl Told {
    fn of(prometheus: &Prometheus, at: i64) -> Told {
        let output = ask(prometheus, at, "json");
        let told = serde_json::from_slice(&output.stdout);
        Told(told.unwrap_or_else(|cause| panic!("{cause}: {}", String::from_utf8_lossy(&output.stderr))))
    }

    fn without_answer(&self) -> Vec<String> {
        let bad = self.0.iter().filter(|one| one["good"] != true);
        bad.map(|one| format!("{}: {} → {}{}", one["place"], one["asked"], one["series"], one["error"])).collect()
    }

    /// The panel, or what else is called so, got so many series in all its questions, and those whose labels name `of` are `wanted`.
    fn holds(&self, panel: &str, count: usize, of: &str, wanted: f64, within: f64) {
        let asked: Vec<&Value> = self.0.iter().filter(|one| one["panel"] == panel || one["place"] == panel).collect();
        let dashboard = &asked.first().unwrap_or_else(|| panic!("nothing asks for `{panel}`"))["dashboard"];
        let asked = asked.iter().filter(|one| one["dashboard"] == *dashboard);
        let series: Vec<&Value> = asked.flat_map(|one| one["series"].as_array().expect("it was answered")).collect();
        assert_eq!(series.len(), count, "{panel}: {series:?}");
        let named: Vec<f64> = series
            .iter()
            .filter(|one| one["labels"].to_string().contains(of))
            .filter_map(|one| one["value"].as_f64())
            .collect();
        assert!(!named.is_empty() || count == 0, "{panel}: no series of {of}: {series:?}");
        for value in named {
            assert!((value - wanted).abs() <= within, "{panel}: {value} is not {wanted} ± {within}");
        }
    }
}
