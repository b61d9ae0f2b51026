//! `watchbell check --online`: what a real Prometheus says of rules, and what is said where it says nothing.

use crate::support::{CannedPrometheus, Prometheus, Scratch, Series, free_port, http, now_millis, wait_for};
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

const RULES: &str = r#"groups:
  - name: g
    interval: 1m
    rules:
      - { alert: Fires, expr: gas_price_gwei > 100 }
      - { alert: Calm, expr: gas_price_gwei > 1000 }
      - alert: Tiered
        expr: max by (chain) (gas_price_gwei)
        tiers: { high: { above: 1000 }, low: { above: 100 } }
      - { alert: Misspelt, expr: gas_prize_gwei > 1 }
      - { alert: Vanished, expr: oracle_age_seconds > 60 }
      - { alert: WrongValue, expr: 'gas_price_gwei{chain="mainnet"} > 1' }
      - { alert: Planned, expr: soon_to_come > 1 } # watchbell: allow WB260 because the exporter ships next week
      - { record: 'chain:gas', expr: max by (chain) (gas_price_gwei) }
      - { alert: Recorded, expr: 'chain:gas > 1' }
      - { alert: Absent, expr: absent(never_there) }
      - { alert: Refused, expr: gas_price_gwei * on () gas_price_gwei > 1 }
      - { alert: Off, expr: never_there > 1, enabled: false, because: later }
"#;

/// What `check --online` finds, as `code line: message`, and how it ended.
fn check(folder: &Scratch, url: &str, rules: &str) -> (Option<i32>, Vec<String>) {
    folder.write("rules.yaml", rules);
    folder.write(
        "watchbell.yaml",
        &format!("prometheus: {{ main: {{ url: \"{url}\", timeout: 5s }} }}\nrules: [rules.yaml]\n"),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).args(["check", "--online", "--format", "json"]);
    let output = command.output().expect("the program runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let told = told.lines().map(|line| {
        let found: Value = serde_json::from_str(line).expect("JSON");
        format!(
            "{} {}: {}",
            found["code"].as_str().expect("a code"),
            found["line"],
            found["message"].as_str().expect("a text")
        )
    });
    // What has nothing to do with the source: nobody is told, records go nowhere, a rule is off.
    let quiet = ["WB139", "WB052", "WB053"];
    (output.status.code(), told.filter(|line| !quiet.iter().any(|code| line.starts_with(code))).collect())
}

#[test]
fn a_real_source_says_what_is_missing_gone_refused_and_would_fire() {
    let Some(prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    prometheus.write(&[
        Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(now - 1000, 120.0)]),
        Series::new("gas_price_gwei", &[("chain", "holesky")], &[(now - 1000, 20.0)]),
        // Long enough ago to be gone, and recent enough to be remembered.
        Series::new("oracle_age_seconds", &[], &[(now - 1_800_000, 5.0)]),
    ]);

    let (code, told) = check(&Scratch::new("online"), &prometheus.url(), RULES);

    // How long a query takes is no part of the story.
    let told: Vec<String> = told.iter().map(|line| line.split(" in ").next().unwrap_or_default().to_owned()).collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(code, Some(0), "warnings and notes are no errors");
}

#[test]
fn a_source_that_cannot_be_reached_is_a_note_and_no_failure() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let (code, told) = check(&Scratch::new("offline"), &url, RULES);
    assert_eq!((code, told.len()), (Some(0), 1), "{told:?}");
    assert!(
        told[0].starts_with("WB266 null: the source `main` does not answer: cannot reach http://127.0.0.1:"),
        "{told:?}"
    );
}

#[test]
fn a_source_that_does_not_answer_is_asked_one_question_however_many_rules_there_are() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback always has a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let (asked, questions) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut head = [0; 4096];
            let read = connection.and_then(|mut connection| connection.read(&mut head)).unwrap_or(0);
            // Nobody listens any more once the test is over.
            let _ = asked.send(String::from_utf8_lossy(&head[..read]).into_owned());
        }
    });
    let (code, told) = check(&Scratch::new("mute"), &url, RULES);
    assert_eq!((code, told.len()), (Some(0), 1), "{told:?}");
    let questions: Vec<String> = questions.try_iter().collect();
    assert!(!questions.is_empty() && questions.iter().all(|question| question.contains("vector")), "{questions:?}");
}

#[test]
fn a_source_that_lacks_an_api_is_asked_everything_else() {
    let Some(canned) = CannedPrometheus::start(0) else { return };
    let rules = "groups: [{ name: g, interval: 1m, rules: [{ alert: A, expr: 'load_3{rule=\"a\"}' }] }]";
    let (code, told) = check(&Scratch::new("lacking"), canned.url(), rules);
    assert_eq!(code, Some(0));
    let has = |start: &str| told.iter().any(|line| line.starts_with(start));
    assert!(has("WB266 null: the source `main` does not tell the types of metrics"), "{told:?}");
    assert!(has("WB268 1: this query returns 3 series"), "{told:?}");
}

#[test]
fn the_types_that_an_exporter_gives_count_more_than_names() {
    let Some(exporter) = Prometheus::start() else { return };
    let target = exporter.url().trim_start_matches("http://").to_owned();
    let scrape = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs: [{{ job_name: p, static_configs: [{{ targets: [\"{target}\"] }}] }}]"
    );
    let Some(prometheus) = Prometheus::with(&scrape, "") else { return };
    wait_for("the types of what was scraped", || {
        let answer = http::get(&format!("{}/api/v1/metadata?metric=go_goroutines", prometheus.url())).ok()?;
        answer.body.contains("gauge").then_some(())
    });
    let rules = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - { alert: A, expr: 'rate(go_goroutines[5m]) > 1' }\n  \
                 - { alert: B, expr: 'rate(prometheus_http_requests_total[5m]) > 1e9' }\n  - { alert: C, expr: go_goroutines > 1e9 }\n";
    let (_, told) = check(&Scratch::new("types"), &prometheus.url(), rules);
    let types: Vec<&String> = told.iter().filter(|line| line.starts_with("WB267")).collect();
    assert_eq!(types, ["WB267 5: `main` says that `go_goroutines` is a gauge"], "{told:?}");
}

#[test]
fn a_query_is_slow_where_it_takes_more_than_a_tenth_of_its_interval() {
    let Some(canned) = CannedPrometheus::start(2) else { return };
    let group = |interval: &str, alert: &str| {
        format!(
            "- name: {interval}\n  interval: {interval}\n  rules:\n  - {{ alert: {alert}, expr: 'load_1{{rule=\"slow\"}} > 1e9' }}\n"
        )
    };
    let rules = format!("groups:\n{}{}", group("10s", "Often"), group("1h", "Seldom"));
    let (code, told) = check(&Scratch::new("slow"), canned.url(), &rules);
    let slow: Vec<&String> = told.iter().filter(|line| line.starts_with("WB264")).collect();
    let [slow] = slow[..] else { panic!("one of two is slow: {told:?}") };
    let seconds =
        slow.strip_prefix("WB264 5: this query took ").and_then(|rest| rest.strip_suffix(" s, of an interval of 10 s"));
    let seconds: f64 = seconds.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{slow}"));
    assert!(seconds >= 2.0, "it says how long it took: {slow}");
    assert_eq!(code, Some(0));
}
