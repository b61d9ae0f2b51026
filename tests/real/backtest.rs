//! `watchbell backtest` on a real Prometheus with a past.

use crate::support::{Prometheus, Scratch, Series, installed, now_millis};
use serde_json::Value;
use std::fmt::Write;
use std::process::Command;

/// Monday, 5 January 2026, 12:00 UTC.
const NOON: i64 = 1_767_614_400;

const RULES: &str = "
groups:
  - name: gas
    interval: 30s
    rules:
      - alert: GasDear
        expr: gas_price_gwei
        unit: gwei
        tiers:
          high: { above: 100, clear: 80, for: 2m }
          medium: { above: 60, for: 5m }
      - alert: Quiet
        expr: transactions_per_second
        tiers: { high: { below: 5 } }
";

/// Four hours: dear from 13:00 to 13:20, a moment of it at 14:00, no sample at all from 14:30 to 15:00.
pub fn past() -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &dyn Fn(i64) -> f64| {
        let _ = writeln!(text, "# TYPE {name} gauge");
        for minute in (0..960).filter(|quarter| !(600..720).contains(quarter)) {
            let at = NOON + minute * 15;
            let _ = writeln!(text, "{name}{{job=\"chain\"}} {} {at}", value(minute * 15));
        }
    };
    let dear = |second: i64| (3600..4800).contains(&second) || (7200..7260).contains(&second);
    add("gas_price_gwei", &|second| if dear(second) { 150.0 } else { 20.0 });
    add("transactions_per_second", &|_| 11.0);
    add("up", &|_| 1.0);
    text.push_str("# EOF\n");
    text
}

struct Shown {
    status: Option<i32>,
    out: String,
    err: String,
}

/// The four hours, but for their first ten minutes.
const AFTERNOON: (&str, &str) = ("2026-01-05T12:10:00Z", "2026-01-05T16:00:00Z");

fn backtest(folder: &Scratch, url: &str, more: &[&str]) -> Shown {
    backtest_of(AFTERNOON, folder, url, more)
}

fn backtest_of((from, to): (&str, &str), folder: &Scratch, url: &str, more: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    command.args(["backtest", "rules.yaml", "--prometheus", url, "--from", from, "--to", to]);
    let done = command.args(more).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Shown { status: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

fn tune(folder: &Scratch, url: &str, more: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    command.args(["tune", "--rules", "rules.yaml", "--prometheus", url, "--from", AFTERNOON.0, "--to", AFTERNOON.1]);
    let done = command.args(more).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Shown { status: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

fn json(shown: &Shown) -> Value {
    serde_json::from_str(&shown.out).unwrap_or_else(|error| panic!("{error}\n{}{}", shown.out, shown.err))
}

#[test]
fn a_past_in_which_gas_was_dear_is_told_with_its_lengths_its_near_misses_and_its_gap() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("backtest");
    folder.write("rules.yaml", RULES);
    let shown = backtest(&folder, &prometheus.url(), &["--format", "json"]);
    assert_eq!(shown.status, Some(0), "{}", shown.err);
    let report = json(&shown);
    let high = &report["rules"][0]["tiers"][0];
    assert_eq!(
        (high["severity"].as_str(), high["fired"].as_u64(), high["short"].as_u64()),
        (Some("high"), Some(1), Some(1))
    );
    // Prometheus looks five minutes back, but the calm samples after it are there at once.
    assert_eq!(high["firing_seconds"].as_f64(), Some(18.0 * 60.0), "twenty minutes, less the two of `for`");
    let unknown = report["rules"][0]["unknown_seconds"].as_f64().expect("it is a number");
    assert!(
        (25.0 * 60.0..=26.0 * 60.0).contains(&unknown),
        "half an hour, less the five minutes of looking back: {unknown}"
    );
    assert_eq!(report["rules"][1]["tiers"][0]["fired"], 0, "nothing is below five, nor silent because of the gap");
    let human = backtest(&folder, &prometheus.url(), &[]);
    for words in ["GasDear", "18m", "held 1 time for too short", "the source was not scraping then", "never fired"] {
        assert!(human.out.contains(words), "{words} is not in\n{}", human.out);
    }
    for format in ["markdown", "html"] {
        let report = backtest(&folder, &prometheus.url(), &["--format", format]).out;
        for words in [
            "2026-01-05T13:02:",
            "fired 1 time",
            "GasDear, Quiet: nothing is known of 25m",
            "the source was not scraping then",
        ] {
            assert!(report.contains(words), "{words} is not in\n{report}");
        }
    }
    let between = ("2026-01-05T12:10:00Z", "2026-01-05T12:10:01Z");
    let nothing = backtest_of(between, &folder, &prometheus.url(), &[]).out;
    assert!(nothing.contains("no slot of a rule lies in this window"), "{nothing}");
    let one = backtest(&folder, &prometheus.url(), &["--rule", "GasDear"]).out;
    assert!(one.contains("GasDear") && !one.contains("Quiet"), "nothing is said of what was not asked for\n{one}");
}

#[test]
fn a_second_time_the_answers_are_those_of_the_first() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("backtest-kept");
    folder.write("rules.yaml", RULES);
    let [first, second, anew] = [&["--format", "json"][..], &["--format", "json"], &["--format", "json", "--no-cache"]]
        .map(|more| json(&backtest(&folder, &prometheus.url(), more)));
    assert_eq!(second["queries"], 0, "nothing is asked again");
    assert_eq!(anew["kept"], 0);
    assert_eq!((&first["rules"], &second["rules"]), (&anew["rules"], &anew["rules"]));
}

#[test]
fn the_edges_of_what_is_asked_are_those_of_an_evaluation_and_not_of_the_window() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("backtest-edges");
    let rule = |name: &str, expr: &str| format!("      - {{ alert: {name}, expr: '{expr}' }}\n");
    let rules = [
        rule("Now", "gas_price_gwei > 100"),
        rule("AtEnd", "gas_price_gwei @ end() > 100"),
        rule("Within", "last_over_time((gas_price_gwei @ start())[1m:1m]) > 100"),
    ];
    let rules = format!("groups:\n  - name: gas\n    interval: 1m\n    rules:\n{}", rules.concat());
    folder.write("rules.yaml", &rules);
    let report = json(&backtest(&folder, &prometheus.url(), &["--format", "json"]));
    let firings = |rule: usize| report["rules"][rule]["tiers"][0]["firings"].clone();
    assert_eq!(firings(0).as_array().map(Vec::len), Some(2), "{report:#}");
    assert_eq!((firings(1), firings(2)), (firings(0), firings(0)));
}

#[test]
fn every_format_can_be_read_by_what_reads_it() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("backtest-formats");
    folder.write("rules.yaml", RULES);
    let html = backtest(&folder, &prometheus.url(), &["--format", "html"]).out;
    assert!(html.contains("<svg ") && html.contains("GasDear"), "{html}");
    let markdown = backtest(&folder, &prometheus.url(), &["--format", "markdown"]).out;
    assert!(markdown.contains("| GasDear | high | 1 |"), "{markdown}");
    let Some(python) = installed("python3") else { return };
    let page = folder.write("page.html", &html);
    // The charts are XML, and every tag of the page that is opened is closed.
    let script = "import re, sys, xml.dom.minidom\n\
                  text = open(sys.argv[1], encoding='utf-8').read()\n\
                  charts = re.findall(r'<svg .*?</svg>', text, re.S)\n\
                  [xml.dom.minidom.parseString(chart) for chart in charts]\n\
                  print(len(charts))";
    let done = Command::new(python).args(["-c", script]).arg(page).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "1", "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_cannot_be_asked_or_read_is_said_and_ends_with_its_own_code() {
    let folder = Scratch::new("backtest-bad");
    folder.write("rules.yaml", RULES);
    let nobody = backtest(&folder, "http://127.0.0.1:1", &["--timeout", "1s"]);
    assert_eq!(nobody.status, Some(3), "{}", nobody.err);
    assert!(nobody.err.contains("cannot reach http://127.0.0.1:1"), "{}", nobody.err);
    let half = backtest(&folder, "127.0.0.1:9090", &[]);
    assert_eq!((half.status, half.err.contains("write it whole: http://")), (Some(2), true), "{}", half.err);
    let unknown = backtest(&folder, "http://127.0.0.1:1", &["--rule", "GasDaer"]);
    assert_eq!((unknown.status, unknown.err.contains("no rule is called GasDaer")), (Some(2), true), "{}", unknown.err);
    let window = |from, to| backtest_of((from, to), &folder, "http://127.0.0.1:1", &[]);
    let backwards = window("2026-01-05T12:10:00Z", "2026-01-01T00:00:00Z");
    assert_eq!((backwards.status, backwards.err.contains("is not before")), (Some(2), true), "{}", backwards.err);
    let ahead = window("1h", "9999-01-01T00:00:00Z");
    assert_eq!((ahead.status, ahead.err.contains("lies in the future")), (Some(2), true), "{}", ahead.err);
    folder.write("rules.yaml", &RULES.replace("above: 100", "above: [100"));
    let broken = backtest(&folder, "http://127.0.0.1:1", &[]);
    assert_eq!((broken.status, broken.err.contains("rules.yaml:")), (Some(2), true), "{}", broken.err);
}

#[test]
fn a_window_that_a_scraping_source_does_not_remember_is_unknown_and_not_calm() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    prometheus.write(&[Series::new("up", &[("job", "chain")], &[(now_millis(), 1.0)])]);
    let folder = Scratch::new("backtest-forgotten");
    folder.write("rules.yaml", RULES);
    let longer_ago = ("2026-01-03T12:00:00Z", "2026-01-03T14:00:00Z");
    let report = json(&backtest_of(longer_ago, &folder, &prometheus.url(), &["--format", "json"]));
    assert_eq!(report["coverage"].as_f64(), Some(0.0), "{report:#}");
}

#[test]
fn what_a_server_finds_too_large_even_in_small_parts_is_unknown_and_the_rest_is_decided() {
    let Some(prometheus) = Prometheus::on_history_with(&past(), &["--query.max-samples=60"]) else { return };
    let folder = Scratch::new("backtest-limit");
    folder.write(
        "rules.yaml",
        &RULES.replace("expr: transactions_per_second", "expr: max_over_time(transactions_per_second[1h])"),
    );
    let shown = backtest(&folder, &prometheus.url(), &["--format", "json"]);
    assert_eq!(shown.status, Some(0), "{}", shown.err);
    let rules = &json(&shown)["rules"];
    assert_eq!(rules[0]["tiers"][0]["fired"], 1, "{rules:#}");
    let why = rules[1]["failures"].as_object().expect("it says why");
    assert!(why.keys().any(|why| why.contains("too many samples")), "{why:?}");
}

#[test]
fn tuning_a_rule_plays_other_bounds_on_the_answers_of_one_fetch_and_shows_what_stands_there_now() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("tune");
    folder.write("rules.yaml", RULES);
    let tune = |more: &[&str]| tune(&folder, &prometheus.url(), &[&["GasDear"], more].concat());
    let shown = tune(&["--format", "json"]);
    let answer = json(&shown);
    let sweep = |knob: &str| {
        let sweeps = answer["sweeps"].as_array().expect("there are sweeps");
        let found = sweeps.iter().find(|sweep| sweep["knob"] == knob).expect("it was swept");
        found["candidates"].as_array().expect("it has candidates").clone()
    };
    let figures = |one: &Value| (one["value"].as_str().unwrap_or_default().to_owned(), one["incidents"].as_u64());
    let above = sweep("above");
    let now = above.iter().find(|one| one["is_now"] == true).map(figures);
    assert_eq!(now, Some(("100".to_owned(), Some(1))));
    assert_eq!(
        above.last().map(figures),
        Some(("150".to_owned(), Some(0))),
        "nothing was ever above the highest value"
    );
    let patience: Vec<_> = sweep("for").iter().map(figures).take(4).collect();
    let expected = [("0s", 2), ("1m", 1), ("2m", 1), ("5m", 1)].map(|(hold, count)| (hold.to_owned(), Some(count)));
    assert_eq!(patience, expected, "a minute of dear gas is seen at two slots, half a minute apart");
    let unknown = tune(&["--tier", "critical"]);
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.err.contains("it has high, medium"), "{}", unknown.err);
    let alias = tune(&["--tier", "warning", "--format", "json"]);
    assert_eq!(json(&alias)["severity"], "medium", "{}", alias.err);
    let journal = tune(&["--journal", "nowhere.db"]);
    assert_eq!((journal.status, journal.err.contains("nowhere.db")), (Some(3), true), "{}", journal.err);
}

const ASKING: &str = "
groups:
  - name: gas
    interval: 30s
    rules:
      - { alert: GasDear, expr: gas_price_gwei, tiers: { high: { above: 100 } } }
      - { alert: Both, queries: { tps: transactions_per_second }, tiers: { high: { when: 'tps > 5.0 && firing(\"GasDear\")' } } }
      - { alert: Hushed, expr: gas_price_gwei, inhibited_by: [{ alert: GasDear }], tiers: { high: { above: 90 } } }
      - { record: 'chain:gas:max', expr: 'max by (chain) (gas_price_gwei)' }
      - { alert: OfRecorded, expr: 'chain:gas:max', tiers: { high: { above: 100 } } }
";

#[test]
fn a_rule_that_is_played_alone_hears_of_the_rules_that_it_asks_about_and_is_told_alone() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("backtest-asking");
    folder.write("rules.yaml", ASKING);
    let all = json(&backtest(&folder, &prometheus.url(), &["--format", "json"]));
    // What the last one reads was never recorded, and is asked for by its expression.
    for (place, name) in [(1, "Both"), (2, "Hushed"), (3, "OfRecorded")] {
        let report = json(&backtest(&folder, &prometheus.url(), &["--rule", name, "--format", "json"]));
        assert_eq!(report["rules"].as_array().map(Vec::len), Some(1), "{report:#}");
        assert_eq!(report["rules"][0], all["rules"][place]);
        let tier = &report["rules"][0]["tiers"][0];
        assert_eq!(tier["incidents"], 2, "{report:#}");
        assert_eq!(
            (report["incidents"].as_u64(), &report["pages"]),
            (Some(3), &tier["pages"]),
            "one is that the source was away"
        );
        let answer = json(&tune(&folder, &prometheus.url(), &[name, "--format", "json"]));
        let sweep = answer["sweeps"].as_array().and_then(|sweeps| sweeps.last()).expect("`for` was tried");
        let now = sweep["candidates"].as_array().and_then(|all| all.iter().find(|one| one["is_now"] == true));
        let now = now.expect("what stands there is among them");
        assert_eq!((&now["incidents"], &now["pages"]), (&tier["incidents"], &tier["pages"]));
    }
}

#[test]
fn tuning_what_is_unknown_says_so_and_why_and_tries_nothing() {
    let Some(prometheus) = Prometheus::on_history_with(&past(), &["--query.max-samples=60"]) else { return };
    let folder = Scratch::new("tune-unknown");
    folder.write("rules.yaml", &RULES.replace("expr: gas_price_gwei", "expr: max_over_time(gas_price_gwei[1h])"));
    let human = tune(&folder, &prometheus.url(), &["GasDear"]);
    assert_eq!(human.status, Some(0), "{}", human.err);
    for words in ["GasDear: nothing is known of 3h50m", "too many samples", "nothing was tried", "note: nobody acts"] {
        assert!(human.out.contains(words), "{words} is not in\n{}", human.out);
    }
    let answer = json(&tune(&folder, &prometheus.url(), &["GasDear", "--format", "json"]));
    assert_eq!((&answer["coverage"], &answer["sweeps"]), (&Value::from(0.0), &Value::Array(Vec::new())), "{answer:#}");
    let why = answer["failures"].as_object().expect("it says why");
    assert!(why.keys().any(|why| why.contains("too many samples")), "{why:?}");
}

const NAMESAKES: &str = "
groups:
  - name: gas
    rules:
      - { record: 'chain:gas:max', expr: max(gas_price_gwei) }
      - { alert: GasDear, expr: gas_price_gwei, tiers: { high: { above: 100 } } }
  - name: fees
    rules:
      - { alert: GasDear, expr: gas_price_gwei, tiers: { high: { above: 90 }, low: { above: 30 } } }
";

#[test]
fn of_rules_that_share_a_name_one_has_to_be_chosen_and_what_is_no_alert_is_said_to_be_none() {
    let folder = Scratch::new("tune-namesakes");
    folder.write("rules.yaml", NAMESAKES);
    let refused = |args: &[&str]| {
        let shown = tune(&folder, "http://127.0.0.1:1", &[args, &["--timeout", "1s"]].concat());
        (shown.status, shown.err)
    };
    let (status, both) = refused(&["GasDear"]);
    assert_eq!(status, Some(2), "{both}");
    for words in ["high in group gas (", "high, low in group fees (", "choose with --group"] {
        assert!(both.contains(words), "{words} is not in\n{both}");
    }
    // What is chosen is asked for, and nobody answers.
    for chosen in [&["GasDear", "--group", "gas"][..], &["GasDear", "--tier", "low"], &["GasDear", "--group", "fees"]] {
        assert_eq!(refused(chosen).0, Some(3), "{}", refused(chosen).1);
    }
    let (status, nowhere) = refused(&["GasDear", "--group", "gsa"]);
    assert_eq!((status, nowhere.contains("it is in gas, fees")), (Some(2), true), "{nowhere}");
    let (status, record) = refused(&["chain:gas:max"]);
    assert_eq!((status, record.contains("chain:gas:max is a recording rule")), (Some(2), true), "{record}");
}
