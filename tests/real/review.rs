//! The record of a real incident: a real Prometheus, the real service, people who act, and then the draft of the post-mortem and
//! the three reports, from the store's file while the service runs and after it.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, http, journal, now_millis, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const RULES: &str = r"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: avg by (chain) (gas_price_gwei)
        unit: gwei
        target: { at_most: 30 }
        tiers: { critical: { above: 200 }, high: { above: 100 } }
        labels: { component: network }
        annotations:
          summary: 'Gas on {{ $labels.chain }} is at {{ $value }} gwei'
          runbook_url: https://runbooks.example.org/GasPriceSpike
";

const CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS", timeout: 2s } }
rules: [rules.yaml]
timezone: UTC
external_url: "http://$LISTEN"
listen: "$LISTEN"
store: { sqlite: watchbell.db }
response:
  critical: { acknowledge: 1s, assess: 15m, communicate: 30m, resolve: 4h, postmortem: 3d }
stakeholders: { notify: [ceo] }
channels:
  chat: { webhook: { url: "$RECEIVERS/hook/chat" } }
  a: { webhook: { url: "$RECEIVERS/hook/a" } }
  lead: { webhook: { url: "$RECEIVERS/hook/lead" } }
  ceo: { webhook: { url: "$RECEIVERS/hook/ceo" } }
  lost: { webhook: { url: "$RECEIVERS/nowhere" } }
responders:
  primary-a: { reach: [{ via: a }] }
  primary-b: { reach: [{ via: a }] }
  lead: { reach: [{ via: lead }] }
schedules:
  primary: { timezone: UTC, layers: [{ rotation: { responders: [primary-a, primary-b], every: 1d, from: "2026-01-05T00:00" } }] }
silences:
  - { match: 'chain="holesky"', until: "2099-01-01T00:00", owner: lead, reason: "it is <b>not</b> ours" }
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    matrix:
      critical:
        levels:
          - { name: automation, notify: [chat, lost] }
          - { name: on-call, notify: ["schedule:primary"] }
          - { name: leads, after: 2s, notify: ["responder:lead"] }
      high: { levels: [{ name: channel, notify: [chat] }] }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;

/// A label that would like to be more than text, wherever it is shown.
const HOSTILE: &str = "<script>alert(1)</script>|`x` @all ![i](https://example.org/i)\u{1b}[31m";

/// A service that has lived through one incident, as far as a story wants.
struct Town {
    prometheus: Prometheus,
    receivers: Receivers,
    folder: Scratch,
    watchbell: Option<Watchbell>,
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Town {
    fn new() -> Option<Town> {
        let (prometheus, receivers) = (Prometheus::start()?, Receivers::start()?);
        let folder = Scratch::new("review");
        folder.write("rules.yaml", RULES);
        let config = CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url());
        let mut town = Town { prometheus, receivers, folder, watchbell: None };
        let before: Vec<(i64, f64)> = (1..30).rev().map(|ago| (now_millis() - ago * 20_000, 25.0)).collect();
        town.prometheus.write(&[Series::new("gas_price_gwei", &[("chain", HOSTILE)], &before)]);
        town.watchbell = Some(Watchbell::start(town.folder.path(), &config).expect("it starts"));
        Some(town)
    }

    fn gas(&self, value: f64) {
        self.prometheus.write(&[Series::new("gas_price_gwei", &[("chain", HOSTILE)], &[(now_millis(), value)])]);
    }

    fn told(&self, whom: &str) -> usize {
        let path = format!("/hook/{whom}");
        self.receivers.log().iter().filter(|entry| entry["path"] == path.as_str()).count()
    }

    fn act(&self, verb: &str, body: &Value) {
        let service = self.watchbell.as_ref().expect("it runs").url().to_owned();
        let url = format!("{service}/api/v1/incidents/1/{verb}");
        let answer = http::post_json(&url, body).expect("it answers");
        assert_eq!(answer.status, 200, "{verb}: {}", answer.body);
    }

    fn says(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(self.folder.path()).env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        let done = command.args(arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
    }

    /// Gas rises and rises, all levels are told, somebody acts.
    fn trouble(&self) {
        self.gas(120.0);
        wait_for("high to be told", || (self.told("chat") > 0).then_some(()));
        self.gas(250.0);
        wait_for("the last level", || (self.told("lead") > 0).then_some(()));
        self.act("acknowledge", &json!({}));
        self.act("assess", &json!({ "severity": "critical" }));
        self.act("update", &json!({ "text": "we restart the relayer <b>now</b>, @all | see `x`" }));
        wait_for("the stakeholders", || (self.told("ceo") > 0).then_some(()));
    }

    fn calm(&self) {
        self.gas(20.0);
        wait_for("the end", || (self.says(&["postmortem", "INC-1", "--offline"]).code == Some(0)).then_some(()));
    }
}

/// Nothing of the label or of what people wrote is more than text there.
fn is_harmless(html: &str) {
    for bad in ["<script", "<b>", "<img", "javascript:", "\u{1b}", "onerror="] {
        assert!(!html.contains(bad), "`{bad}` stands in\n{html}");
    }
}

#[test]
fn an_incident_from_trouble_to_its_review_is_told_by_the_draft_and_by_the_reports() {
    let Some(mut town) = Town::new() else { return };
    assert_eq!(town.says(&["postmortem", "INC-1"]).code, Some(2));
    assert!(town.says(&["postmortem", "INC-1"]).err.contains("there is no incident INC-1"), "nothing has happened yet");
    town.trouble();
    let open = town.says(&["postmortem", "1"]);
    assert_eq!(open.code, Some(2), "{}", open.out);
    assert!(
        open.err.contains("INC-1 is still open (critical, since ") && open.err.contains("acknowledged by"),
        "{}",
        open.err
    );
    let daily = town.says(&["report", "daily", "--format", "short"]).out;
    assert!(daily.contains("INC-1 critical GasPriceSpike (in hands)"), "{daily}");
    town.calm();

    // While the service runs, from its own file, with what the real Prometheus knows.
    let draft = town.says(&["postmortem", "INC-1"]);
    assert_eq!((draft.code, draft.err.as_str()), (Some(0), ""), "{}", draft.err);
    for told in [
        "- **Severity**: high → critical\n",
        "120 gwei, `above 100`",
        "250 gwei, `above 200`",
        "reached level `leads`",
        "| update by `local (api)`: `` we restart the relayer <b>now</b>, @all \\| see `x` `` |",
        "| `lost` | `automation` | page: got worse | **refused**: 404 ",
        "| `lead` | `leads` | page: nobody has acted, next level: leads | at once |",
        "<https://runbooks.example.org/GasPriceSpike>",
        "Messages to lost did not arrive",
        "✎ *the direct cause*",
        "watchbell incidents review INC-1 LINK",
    ] {
        assert!(draft.out.contains(told), "`{told}` is missing in\n{}", draft.out);
    }
    assert!(draft.out.contains('⣿') && draft.out.contains("      high "), "there is a chart\n{}", draft.out);

    // Afterwards, from the file alone.
    town.act("review", &json!({ "link": "https://wiki.example.org/1" }));
    town.watchbell = None;
    let html = town.says(&["postmortem", "INC-1", "-o", "draft.html"]);
    assert_eq!((html.code, html.out.as_str(), html.err.as_str()), (Some(0), "", "written to draft.html\n"));
    let page = std::fs::read_to_string(town.folder.path().join("draft.html")).expect("it was written");
    is_harmless(&page);
    assert!(page.contains("<svg") && page.contains("https://wiki.example.org/1"), "{page}");
    let value: Value = serde_json::from_str(&town.says(&["postmortem", "1", "--format", "json"]).out).expect("JSON");
    assert_eq!(value["stages"][0]["outcome"], "missed");
    assert_eq!(value["review"], "https://wiki.example.org/1");

    for kind in ["daily", "weekly", "monthly"] {
        let human = town.says(&["report", kind]);
        assert_eq!((human.code, human.err.as_str()), (Some(0), ""), "{kind}: {}", human.err);
        assert!(!human.out.contains('\u{1b}'), "{}", human.out);
        is_harmless(&town.says(&["report", kind, "--format", "html"]).out);
        let short = town.says(&["report", kind, "--format", "short"]).out;
        assert!(short.chars().count() < 1_600 && short.lines().count() < 15, "{short}");
    }
    let daily: Value = serde_json::from_str(&town.says(&["report", "daily", "--format", "json"]).out).expect("JSON");
    // The other one is about the channel that refuses everything.
    assert_eq!(daily["figures"]["opened"], 2);
    let stages = &daily["deadlines"];
    assert_eq!((&stages[0]["stage"], &stages[0]["missed"]), (&json!("acknowledge"), &json!(2)), "{stages}");
    assert_eq!((&stages[1]["stage"], &stages[1]["met"]), (&json!("assess"), &json!(1)), "{stages}");
    assert_eq!(daily["messages"]["undelivered"][0]["to"], "lost");
    // The spike was shorter than a look at every few minutes.
    assert_eq!(daily["values"][0]["now"]["p50"], 25.0);
    let on_call = daily["on_duty"][0]["now"].as_str().expect("somebody is");
    let load = daily["load"].as_array().expect("a list").iter().filter(|one| one["is_person"] == true);
    let paged: BTreeSet<&str> = load.filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(
        paged,
        BTreeSet::from(["lead", on_call]),
        "whoever is on call was paged, not everybody with that channel"
    );
}

const HISTORY_RULES: &str = r#"
groups:
  - name: history
    interval: 5m
    rules:
      - alert: GasDear
        expr: gas_price_gwei
        tiers: { high: { above: 100 } }
      - alert: DiskFilling
        expr: disk_used_percent
        unit: "%"
        tiers: { low: { above: 85.25 } }
"#;

const HISTORY_CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS" } }
rules: [rules.yaml]
timezone: UTC
store: { sqlite: watchbell.db }
channels: { hook: { webhook: { url: "http://127.0.0.1:1/" } } }
policies:
  default:
    group_by: [alertname]
    wait: 0s
    reopen_within: 0s
    matrix: { critical: &one { levels: [{ notify: [hook] }] }, high: *one, medium: { tell: nobody }, low: { tell: nobody } }
routes: [{ policy: default }]
"#;

/// Monday, 19 January 2026.
const MONDAY: i64 = 1_768_780_800;
const DAY: i64 = 86_400;

/// Whether gas is dear in this minute of the week: ten times for ten minutes on Tuesday, for an hour on Thursday and on Friday.
fn is_dear(minute: i64) -> bool {
    let (day, hour, of_hour) = (minute / 1_440, minute / 60 % 24, minute % 60);
    (day == 1 && hour < 10 && of_hour < 10) || ((day == 3 || day == 4) && hour == 10)
}

/// A month in which a disk fills by half a per cent a day, and a week of gas.
fn history() -> String {
    let mut text = String::from("# TYPE disk_used_percent gauge\n");
    let first = MONDAY - 18 * DAY;
    for hour in 0..31 * 24 {
        let used = 40.0 + 0.5 * f64::from(hour) / 24.0;
        text += &format!("disk_used_percent{{host=\"node-1\"}} {used} {}\n", first + i64::from(hour) * 3_600);
    }
    // Whatever is asked at an instant sees the sample before it.
    text +=
        &format!("disk_used_percent{{host=\"node-1\"}} 55.5 {}\n# TYPE gas_price_gwei gauge\n", first + 31 * DAY - 1);
    for minute in 0..7 * 1_440 {
        let value = if is_dear(minute) { 150 } else { 20 };
        text += &format!("gas_price_gwei{{chain=\"sepolia\"}} {value} {}\n", MONDAY + minute * 60);
    }
    text + "# EOF\n"
}

/// What the service would have recorded of that week, with nobody who acts.
fn recorded(folder: &Scratch) {
    let values: Vec<&str> = (0..7 * 1_440).map(|minute| if is_dear(minute) { "150" } else { "20" }).collect();
    let scenario = format!(
        "scenario: a week\nrules: [rules.yaml]\nconfig: watchbell.yaml\nstart: 2026-01-19T00:00:00Z\nanswers:\n  \
         - {{ query: GasDear.value, labels: {{ chain: sepolia }}, every: 1m, values: '{}' }}\n  \
         - {{ query: DiskFilling.value, labels: {{ host: node-1 }}, every: 1m, values: '50x{}' }}\n",
        values.join(" "),
        7 * 1_440
    );
    journal::record(&folder.write("week.yaml", &scenario), folder.path());
}

#[test]
fn what_a_real_source_knows_of_a_month_says_what_to_tune_and_when_a_disk_is_full() {
    let Some(prometheus) = Prometheus::on_history(&history()) else { return };
    let folder = Scratch::new("review-history");
    folder.write("rules.yaml", HISTORY_RULES);
    folder.write("watchbell.yaml", &HISTORY_CONFIG.replace("$PROMETHEUS", &prometheus.url()));
    recorded(&folder);
    let report = |arguments: &[&str]| -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
        let done = command.arg("report").args(arguments).args(["--format", "json"]).output().expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}\n{out}{err}"))
    };

    let week = report(&["weekly", "--to", "2026-01-26T09:00"]);
    let candidate = &week["candidates"][0];
    assert_eq!((&candidate["alert"], &candidate["pages"]), (&json!("GasDear"), &json!(12)), "{}", week["candidates"]);
    let suggestion = candidate["suggestion"].as_str().expect("history was asked");
    assert!(suggestion.starts_with("high: try for 10m: 2 pages instead of 12"), "{suggestion}");
    assert_eq!(week["values"][0]["now"]["p50"], 20.0);

    let month = report(&["monthly", "--to", "2026-02-01"]);
    let full = &month["capacity"][0];
    assert_eq!((&full["alert"], &full["severity"]), (&json!("DiskFilling"), &json!("low")), "{}", month["capacity"]);
    let reached = full["reached"].as_str().expect("an instant");
    assert!(reached.starts_with("2026-04-01T"), "55.5 % at 0.5 % a day is 85.25 % in 59.5 days, not {reached}");
    assert_eq!(month["capacity"].as_array().map(Vec::len), Some(1), "gas leads nowhere");

    // A source that is away stops nothing, and is said.
    drop(prometheus);
    let blind = report(&["weekly", "--to", "2026-01-26T09:00"]);
    assert_eq!(blind["figures"], week["figures"]);
    assert!(
        blind["notes"][0].as_str().expect("a note").starts_with("Not measured: source main ("),
        "{}",
        blind["notes"]
    );
}
