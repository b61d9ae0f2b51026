//! Alertmanager's place, taken by Watchbell: a real Prometheus posts its alerts to it, the real `amtool` asks it, a real
//! Alertmanager hands on to it, and what a real Alertmanager refuses it refuses as well.

use crate::acting;
use crate::support::{
    Alertmanager, Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, installed, now_millis, wait_for,
};
use serde_json::{Value, json};
use std::process::Command;

const CONFIG: &str = r##"
prometheus: { main: { url: "http://127.0.0.1:1" } }
rules: []
timezone: UTC
external_url: "http://$LISTEN"
listen: "$LISTEN"
channels:
  slack: { slack: { token: { env: SLACK_TOKEN }, to: "#alerts", api_url: "$RECEIVERS/api" } }
  hook: { webhook: { url: "$RECEIVERS/hook" } }
responders: { ann: { reach: [{ via: hook }] } }
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    update_every: 1s
    matrix:
      critical:
        levels: [{ name: chat, notify: [slack] }, { name: second, after: $SECOND, notify: [hook] }, { name: third, after: 1h, notify: ["responder:ann"] }]
      high: { levels: [{ notify: [slack] }] }
      medium: { levels: [{ notify: [slack] }] }
      low: { tell: nobody }
routes: [{ policy: default }]
silences: [{ match: 'alertname="Configured"', until: "2199-01-01T00:00", owner: ann, reason: reviewed }]
access:
  tokens:
    - { name: prometheus, role: sender, sha256: $SENDER }
    - { name: ann, role: responder, sha256: $RESPONDER }
"##;
const SENDER: &str = "s-token";
const RESPONDER: &str = "r-token";
const SECRETS: [(&str, &str); 1] = [("SLACK_TOKEN", "xoxb-place")];

/// A service that asks nobody, and whoever hears of what is posted to it.
struct Town {
    receivers: Receivers,
    folder: Scratch,
    config: String,
    port: u16,
}

impl Town {
    /// The second level hears of a critical incident after so long.
    fn new(second: &str) -> Option<Town> {
        use sha2::{Digest, Sha256};
        let hash = |token: &str| Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let receivers = Receivers::start()?;
        let config = CONFIG.replace("$RECEIVERS", receivers.url()).replace("$SECOND", second);
        let config = config.replace("$SENDER", &hash(SENDER)).replace("$RESPONDER", &hash(RESPONDER));
        Some(Town { receivers, folder: Scratch::new("place"), config, port: free_port() })
    }

    fn start(&self) -> Watchbell {
        Watchbell::start_on(self.port, self.folder.path(), &self.config, &SECRETS).expect("it starts")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Asks as somebody who may act.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> http::Answer {
        let authorization = format!("Bearer {RESPONDER}");
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        http::request(method, &self.url(path), &headers, body).expect("the service is up")
    }

    fn post(&self, alerts: &Value) -> http::Answer {
        self.ask("POST", "/api/v2/alerts", alerts.to_string().as_bytes())
    }

    fn incident(&self, number: u64) -> Value {
        self.ask("GET", &format!("/api/v1/incidents/{number}"), b"").json()["data"].clone()
    }

    /// Waits until the incident is so.
    fn wait_for_status(&self, number: u64, status: &str) -> Value {
        wait_for(&format!("INC-{number} to be {status}"), || {
            let incident = self.incident(number);
            (incident["status"] == status).then_some(incident)
        })
    }

    /// What a channel has heard, one line a message.
    fn heard(&self, channel: &str) -> Vec<String> {
        let mine = self.receivers.log().into_iter().filter(|entry| entry["channel"] == channel);
        mine.map(|entry| entry["body"].to_string()).collect()
    }

    fn wait_until_heard(&self, channel: &str, words: &[&str]) {
        wait_for(&format!("{channel} to hear {words:?}; heard: {:#?}", self.heard(channel)), || {
            let heard = self.heard(channel);
            heard.iter().any(|message| words.iter().all(|word| message.contains(word))).then_some(())
        });
    }

    /// Everything of its timeline.
    fn timeline(&self, number: u64) -> String {
        self.incident(number)["timeline"].to_string()
    }
}

/// A Prometheus whose alerts go to the service on `port`, which it says again every second.
fn prometheus(port: u16) -> Option<Prometheus> {
    let to = format!(
        "alerting: {{ alertmanagers: [{{ api_version: v2, static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}], \
         authorization: {{ credentials: \"{SENDER}\" }} }}] }}"
    );
    let rules = r#"
groups:
  - name: bridge
    interval: 1s
    rules:
      - alert: BridgeHalted
        expr: bridge_height == 0
        labels: { severity: page }
        annotations: { summary: "the bridge of {{ $labels.chain }} stands at {{ $value }}" }
"#;
    let config = format!("global: {{ evaluation_interval: 1s }}\n{to}");
    Prometheus::with_flags(&config, rules, &["--rules.alert.resend-delay=1s"])
}

fn height(prometheus: &Prometheus, height: f64) {
    let now = now_millis();
    prometheus.write(&[Series::new("bridge_height", &[("chain", "sepolia")], &[(now, height)])]);
    wait_for("the clock to go on", || (now_millis() > now).then_some(()));
}

#[test]
fn an_alert_of_a_real_prometheus_climbs_the_matrix_over_a_kill_until_somebody_acts_and_everybody_hears_of_its_end() {
    let Some(town) = Town::new("4s") else { return };
    let Some(mut prometheus) = prometheus(town.port) else { return };
    let watchbell = town.start();
    height(&prometheus, 0.0);
    let page = ["[FIRING critical]", "INC-1 BridgeHalted", "the bridge of sepolia stands at 0"];
    town.wait_until_heard("slack", &page);
    // Before that is on record, a page may be sent twice.
    wait_for("the page to be on record", || (town.incident(1)["deliveries"][0]["status"] == "sent").then_some(()));

    // Killed in the middle: the second level is reached by the next start, and nobody hears twice.
    drop(watchbell);
    let watchbell = town.start();
    town.wait_until_heard("webhook", &["BridgeHalted", "FIRING critical"]);
    let pages = town.heard("slack").iter().filter(|message| message.contains("[FIRING")).count();
    assert_eq!(pages, 1, "{:#?}", town.heard("slack"));

    let acked = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .args(["incidents", "ack", "INC-1", "--url", &town.url("")])
        .env("WATCHBELL_TOKEN", RESPONDER)
        .output()
        .expect("the program runs");
    assert!(acked.status.success(), "{}", String::from_utf8_lossy(&acked.stderr));
    let incident = town.wait_for_status(1, "acknowledged");
    assert!(incident["level"]["stands_still"].is_object(), "its levels stand still: {incident:#}");
    let listed = town.ask("GET", "/api/v2/alerts", b"").json();
    assert_eq!(listed[0]["labels"], json!({ "alertname": "BridgeHalted", "chain": "sepolia", "severity": "page" }));
    assert!(listed[0]["generatorURL"].as_str().is_some_and(|url| url.contains("/graph?g0.expr=bridge_height")));

    height(&prometheus, 41.0);
    town.wait_for_status(1, "resolved");
    for channel in ["slack", "webhook"] {
        town.wait_until_heard(channel, &["RESOLVED critical", "its sender says that it has ended"]);
    }
    assert!(!town.timeline(1).contains("reached level third"), "{}", town.timeline(1));

    // It fires again, and then nobody says it any more.
    height(&prometheus, 0.0);
    town.wait_for_status(1, "open");
    prometheus.stop();
    town.wait_for_status(1, "resolved");
    town.wait_until_heard("slack", &["RESOLVED critical", "not confirmed since", "this is not a resolution"]);
    drop(watchbell);
}

#[test]
fn a_steady_alert_writes_nothing_to_the_journal() {
    let Some(town) = Town::new("1h") else { return };
    let _watchbell = town.start();
    let say = |summary: &str| json!([{ "labels": { "alertname": "A", "severity": "high" }, "annotations": { "summary": summary } }]);
    assert_eq!(town.post(&say("first")).status, 200);
    town.wait_until_heard("slack", &["first"]);
    wait_for("the message to be on record", || {
        town.incident(1).to_string().contains(r#""status":"sent""#).then_some(())
    });
    let before = town.timeline(1);
    let rows = || {
        let database = rusqlite::Connection::open(town.folder.path().join("watchbell.db")).expect("it is there");
        database.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, u64>(0)).expect("it counts")
    };
    let written = rows();
    for count in 0..50 {
        assert_eq!(town.post(&say(&format!("said {count} times"))).status, 200);
    }
    assert_eq!((rows(), town.timeline(1)), (written, before));
    let shown = town.ask("GET", "/api/v2/alerts?filter=alertname=A", b"").json();
    assert_eq!(shown[0]["annotations"]["summary"], "said 49 times", "what is said last is shown all the same");
}

#[test]
fn what_a_rule_finds_is_listed_beside_what_is_posted_and_holds_it_back() {
    let Some(mut town) = Town::new("1h") else { return };
    let Some(prometheus) = Prometheus::start() else { return };
    town.folder.write("rules.yaml", acting::RULES);
    let inhibit = "inhibit: [{ source: 'alertname=\"Drill\"', target: 'alertname=\"Noise\"', equal: [chain] }]";
    town.config =
        town.config.replace("http://127.0.0.1:1", &prometheus.url()).replace("rules: []", "rules: [rules.yaml]");
    town.config = format!("{}{inhibit}\n", town.config);
    prometheus.write(&[Series::new("drill", &[("chain", "sepolia")], &[(now_millis(), 1.0)])]);
    let _watchbell = town.start();
    town.wait_for_status(1, "open");
    let noise = json!({ "alertname": "Noise", "chain": "sepolia" });
    assert_eq!(town.post(&json!([{ "labels": noise, "generatorURL": "/graph" }])).status, 200);

    let listed = town.ask("GET", "/api/v2/alerts", b"").json();
    let named = |name: &str| {
        let found = listed.as_array().into_iter().flatten().find(|alert| alert["labels"]["alertname"] == name);
        found.cloned().unwrap_or_else(|| panic!("no {name} in {listed:#}"))
    };
    let (drill, held) = (named("Drill"), named("Noise"));
    assert_eq!(drill["labels"], json!({ "alertname": "Drill", "chain": "sepolia", "severity": "critical" }));
    assert_eq!((&drill["status"]["state"], &drill["receivers"][0]["name"]), (&json!("active"), &json!("default")));
    assert_eq!(drill["generatorURL"], town.url("/incidents/1"));
    assert_eq!((&held["labels"], &held["generatorURL"]), (&noise, &json!("/graph")));
    assert_eq!(held["status"]["inhibitedBy"], json!([drill["fingerprint"]]));
    let count = |path: &str| town.ask("GET", path, b"").json().as_array().map(Vec::len);
    assert_eq!(count("/api/v2/alerts?inhibited=false"), Some(1));
    assert_eq!(count("/api/v2/alerts?active=false"), Some(1));
    assert_eq!(count("/api/v2/alerts?receiver=def.*&filter=chain=sepolia"), Some(2));
    assert_eq!(count("/api/v2/alerts?receiver=def"), Some(0));
    let groups = town.ask("GET", "/api/v2/alerts/groups", b"").json();
    assert_eq!(groups[0]["labels"], json!({ "alertname": "Drill", "chain": "sepolia" }), "{groups:#}");
    assert_eq!(groups[0]["alerts"][0]["fingerprint"], drill["fingerprint"]);
}

/// `amtool` with these arguments against the service: what it printed, and whether it was content.
fn amtool(town: &Town, arguments: &[&str]) -> (bool, String, String) {
    let config =
        town.folder.write("amtool-http.yml", &format!("basic_auth: {{ username: ann, password: {RESPONDER} }}\n"));
    let program = installed("amtool").expect("whoever asks has looked before");
    let output = Command::new(program)
        .arg(format!("--alertmanager.url={}", town.url("")))
        .arg(format!("--http.config.file={}", config.display()))
        .arg("--no-version-check")
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The same, where it has to be content.
fn amtool_prints(town: &Town, arguments: &[&str]) -> String {
    let (is_content, said, complained) = amtool(town, arguments);
    assert!(is_content, "amtool {arguments:?}: {said} {complained}");
    said
}

#[test]
fn the_real_amtool_adds_lists_changes_expires_and_imports_against_us() {
    if installed("amtool").is_none() {
        return;
    }
    let Some(town) = Town::new("1h") else { return };
    let _watchbell = town.start();
    amtool_prints(
        &town,
        &["alert", "add", "alertname=DiskFull", "instance=db1", "severity=error", "--annotation=summary=full"],
    );
    let alerts = amtool_prints(&town, &["alert", "query", "-o", "extended", "alertname=DiskFull"]);
    for words in [r#"instance="db1""#, r#"severity="error""#, r#"summary="full""#, "active"] {
        assert!(alerts.contains(words), "no `{words}` in {alerts}");
    }
    let ask = [
        "silence",
        "add",
        "alertname=DiskFull",
        "instance=~db.*",
        "zone!=x",
        "--author=ann",
        "--comment=work",
        "--duration=2h",
    ];
    let id = amtool_prints(&town, &ask);
    let listed = amtool_prints(&town, &["silence", "query"]);
    assert!(listed.contains(&format!(r#"{id}  alertname="DiskFull" instance=~"db.*" zone!="x""#)), "{listed}");
    assert!(listed.contains("ann (configuration)") && listed.contains("reviewed"), "{listed}");
    assert_eq!(amtool_prints(&town, &["alert", "query"]).matches("DiskFull").count(), 0, "it is silenced");
    let silenced = amtool_prints(&town, &["alert", "query", "--silenced"]);
    assert!(silenced.contains("DiskFull") && silenced.contains("suppressed"), "{silenced}");
    assert!(town.wait_for_status(1, "open")["held"]["by"][0] == "silenced by ann: work", "{:#}", town.incident(1));

    // Only its time is another: the same silence. Other matchers would be another one.
    let updated = amtool_prints(&town, &["silence", "update", &id, "--duration=4h", "--comment=longer"]);
    assert!(updated.contains(&id) && updated.contains("longer"), "{updated}");
    let saved = amtool_prints(&town, &["silence", "query", "-o", "json", "alertname=DiskFull"]);
    assert!(saved.contains("longer"), "{saved}");
    let later = amtool_prints(
        &town,
        &[
            "silence",
            "add",
            "alertname=Later",
            "--start=2199-01-01T00:00:00Z",
            "--end=2199-01-02T00:00:00Z",
            "--author=ann",
            "--comment=later",
        ],
    );
    let pending = town.ask("GET", &format!("/api/v2/silence/{later}"), b"").json();
    assert_eq!(pending["status"]["state"], "pending", "{pending}");

    amtool_prints(&town, &["silence", "expire", &id]);
    let expired = amtool_prints(&town, &["silence", "query", "--expired", "-q"]);
    assert_eq!(expired, id);
    wait_for("the alert to be told of", || {
        town.heard("slack").iter().any(|message| message.contains("DiskFull")).then_some(())
    });
    amtool_prints(&town, &["silence", "expire", &id]);
    amtool_prints(&town, &["silence", "expire", &later]);
    let never = town.ask("GET", &format!("/api/v2/silence/{later}"), b"").json();
    assert_eq!(never["startsAt"], never["endsAt"], "it never began: {never}");
    let (is_content, _, complained) = amtool(&town, &["silence", "expire", "5b3e1c4e-0000-4000-8000-000000000000"]);
    assert!(!is_content && complained.contains("silence not found"), "{complained}");
    let configured = amtool_prints(&town, &["silence", "query", "-q", "alertname=Configured"]);
    let (is_content, _, complained) = amtool(&town, &["silence", "expire", &configured]);
    assert!(!is_content && complained.contains("this silence stands in the configuration"), "{complained}");

    let file = town.folder.write("silences.json", &saved);
    let imported = amtool_prints(&town, &["silence", "import", "--force", &file.display().to_string()]);
    let again = amtool_prints(&town, &["silence", "query", "-q", "alertname=DiskFull"]);
    assert!(!again.is_empty() && again != id, "{imported}: {again}");
    let (is_content, _, complained) =
        amtool(&town, &["silence", "add", "a!=b", "--author=ann", "--comment=all", "--duration=1h"]);
    assert!(!is_content && complained.contains("this would silence everything"), "{complained}");
    assert!(amtool_prints(&town, &["cluster", "show"]).contains("disabled"));
}

#[test]
fn a_real_alertmanager_hands_on_by_its_webhook_what_fires_and_what_has_ended() {
    let Some(town) = Town::new("1h") else { return };
    let config = format!(
        "route: {{ receiver: us, group_by: [alertname], group_wait: 0s, group_interval: 1s }}\n\
         receivers: [{{ name: us, webhook_configs: [{{ url: \"{}\", send_resolved: true, \
         http_config: {{ authorization: {{ credentials: {SENDER} }} }} }}] }}]\n",
        town.url("/api/v1/webhook/alertmanager")
    );
    let Some(alertmanager) = Alertmanager::with(&config) else { return };
    // It is not there yet: what has a reason that passes is tried again.
    let alert = |ends: &str| json!([{ "labels": { "alertname": "Relayed", "severity": "critical" }, "annotations": { "summary": "by way of another" }, "endsAt": ends }]);
    alertmanager.post(&alert("2199-01-01T00:00:00Z"));
    let _watchbell = town.start();
    town.wait_until_heard("slack", &["[FIRING critical]", "Relayed", "by way of another"]);
    alertmanager.post(&alert(&jiff::Timestamp::now().to_string()));
    town.wait_for_status(1, "resolved");
    town.wait_until_heard("slack", &["[RESOLVED critical]", "its sender says that it has ended"]);
}

#[test]
fn a_webhook_says_what_has_ended_by_its_status_and_is_told_of_a_severity_that_nobody_knows() {
    let Some(town) = Town::new("1h") else { return };
    let watchbell = town.start();
    let relay = |status: &str, severity: &str| {
        let alert = json!({ "status": status, "labels": { "alertname": "Relayed", "severity": severity },
            "startsAt": "2026-01-05T09:00:00Z", "endsAt": "2199-01-01T00:00:00Z" });
        let body = json!({ "version": "4", "groupKey": "{}", "status": status, "receiver": "us", "alerts": [alert] });
        let answer = town.ask("POST", "/api/v1/webhook/alertmanager", body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let warnings = relay("firing", "urgent")["warnings"].to_string();
    let said = "`urgent` is no severity here, so that it has the default one; known are critical, page, ";
    assert!(warnings.contains(said), "{warnings}");
    let incident = town.wait_for_status(1, "open");
    assert_eq!(incident["severity"], "medium");
    town.wait_until_heard("slack", &["[FIRING medium]", "is no severity here"]);
    assert!(town.timeline(1).contains(said), "{}", town.timeline(1));
    wait_for("a warning in the log", || {
        let is_warned = |line: &str| line.contains(r#""log.level":"warn""#) && line.contains("is no severity here");
        watchbell.process.said().lines().any(is_warned).then_some(())
    });

    assert!(relay("firing", "page").get("warnings").is_none(), "an alias is a word that is known");
    relay("resolved", "page");
    relay("resolved", "urgent");
    town.wait_for_status(1, "resolved");
}

#[test]
fn pages_about_others_put_off_no_update_of_an_incident() {
    let Some(mut town) = Town::new("1h") else { return };
    town.config = town.config.replace("  slack: { slack:", "  slack: { updates: { every: 2s }, slack:");
    let _watchbell = town.start();
    let post = |name: &str, host: &str| {
        let labels = json!({ "alertname": name, "host": host, "severity": "high" });
        assert_eq!(town.post(&json!([{ "labels": labels }])).status, 200);
    };
    post("Slow", "first");
    town.wait_until_heard("slack", &["[FIRING high]", "Slow", "first"]);
    post("Slow", "second");
    // Somebody else is paged for again and again, more often than updates may come.
    let mut others = 0;
    wait_for("the update of an incident among pages about others", || {
        others += 1;
        post(&format!("Noise{others}"), "x");
        town.heard("slack").iter().any(|said| said.contains("second")).then_some(())
    });
}

#[test]
fn what_a_real_alertmanager_refuses_we_refuse_with_the_same_status_and_nothing_is_half_applied() {
    let Some(town) = Town::new("1h") else { return };
    let Some(alertmanager) = Alertmanager::start() else { return };
    let _watchbell = town.start();
    let time = r#""startsAt":"2199-01-01T00:00:00Z","endsAt":"2199-01-01T01:00:00Z""#;
    let silence = |matcher: &str| format!(r#"{{"matchers":[{matcher}],{time},"createdBy":"me","comment":"c"}}"#);
    let alerts = [
        "",
        "null",
        "[]",
        "{}",
        "[{}]",
        r#"[{"labels":null}]"#,
        r#"[{"labels":{}}]"#,
        r#"[{"labels":{"a":""}}]"#,
        r#"[{"labels":{"a":null}}]"#,
        r#"[{"labels":{"a":1}}]"#,
        r#"[{"labels":{"":"x"}}]"#,
        r#"[{"labels":{"a":"x"}"#,
        r#"[{"labels":{"a":"x"},"annotations":{"s":5}}]"#,
        r#"[{"labels":{"a":"x"},"startsAt":"yesterday"}]"#,
        r#"[{"labels":{"a":"x"},"startsAt":5}]"#,
        r#"[{"labels":{"a":"x"},"startsAt":"2026-01-01"}]"#,
        r#"[{"labels":{"a":"x"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2025-01-01T00:00:00Z"}]"#,
        r#"[{"labels":{"a":"x"},"generatorURL":"no url"}]"#,
        r#"[{"labels":{"a":"for ever"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"9999-12-31T23:59:59Z"}]"#,
        r#"[{"labels":{"a":"good"}},{"labels":{}}]"#,
        r#"[{"labels":{"job":"without alertname"},"startsAt":"","unknown":1}]"#,
    ];
    let silences = [
        String::new(),
        "{}".into(),
        silence(""),
        silence(r#"{"name":"a","value":"x"}"#),
        silence(r#"{"name":"a","value":"","isRegex":false}"#),
        silence(r#"{"name":"a","value":".*","isRegex":true}"#),
        silence(r#"{"name":"a","value":"(","isRegex":true}"#),
        silence(r#"{"name":"","value":"x","isRegex":false}"#),
        silence(r#"{"name":"a","value":"x","isRegex":false}"#),
        silence(r#"{"name":"a","value":"x","isRegex":false}"#).replace("2199-01-01T01", "2198-01-01T01"),
        silence(r#"{"name":"a","value":"x","isRegex":false}"#)
            .replace("{\"matchers\"", r#"{"id":"5b3e1c4e-0000-4000-8000-000000000000","matchers""#),
    ];
    let bodies = alerts.map(|body| ("/api/v2/alerts", body.to_owned())).into_iter();
    for (path, body) in bodies.chain(silences.map(|body| ("/api/v2/silences", body))) {
        let headers = [("Content-Type", "application/json")];
        let real = http::request("POST", &format!("{}{path}", alertmanager.url()), &headers, body.as_bytes());
        let (real, ours) = (real.expect("Alertmanager is up"), town.ask("POST", path, body.as_bytes()));
        assert_eq!(ours.status, real.status, "{path} {body}: {} and not {}", ours.body, real.body);
    }
    let reads = [
        "/api/v2/alerts?filter=a",
        "/api/v2/alerts?filter=a%3D~(",
        "/api/v2/alerts?receiver=(",
        "/api/v2/alerts?active=banana",
        "/api/v2/alerts?unknown=1",
        "/api/v2/alerts/groups",
        "/api/v2/receivers",
        "/api/v2/status",
        "/api/v2/silences",
        "/api/v2/silence/nonsense",
        "/api/v2/silence/5b3e1c4e-0000-4000-8000-000000000000",
        "/api/v2/nothing",
    ];
    for path in reads {
        let real = http::get(&format!("{}{path}", alertmanager.url())).expect("Alertmanager is up");
        let ours = town.ask("GET", path, b"");
        assert_eq!(ours.status, real.status, "{path}: {} and not {}", ours.body, real.body);
    }
    // An Alertmanager has taken in the good one of the two; we have not.
    let good = |body: String| body.contains(r#""a":"good""#);
    assert!(good(http::get(&format!("{}/api/v2/alerts", alertmanager.url())).expect("it is up").body));
    let listed = town.ask("GET", "/api/v2/alerts", b"");
    assert!(!good(listed.body.clone()), "{}", listed.body);
    // Both know the same alert by the same fingerprint.
    let fingerprint = |alerts: &Value| {
        let mine = alerts.as_array().into_iter().flatten().find(|alert| alert["labels"]["job"] == "without alertname");
        mine.map(|alert| alert["fingerprint"].clone()).expect("it was taken in")
    };
    let real = http::get(&format!("{}/api/v2/alerts", alertmanager.url())).expect("it is up").json();
    assert_eq!(fingerprint(&listed.json()), fingerprint(&real));
}

#[test]
fn what_we_take_or_refuse_otherwise_than_a_real_alertmanager_is_what_is_documented() {
    let Some(town) = Town::new("1h") else { return };
    let Some(alertmanager) = Alertmanager::start() else { return };
    let _watchbell = town.start();
    let time = r#""startsAt":"2199-01-01T00:00:00Z","endsAt":"2199-01-01T01:00:00Z""#;
    let silence = |matcher: &str, comment: &str| {
        format!(r#"{{"matchers":[{matcher}],{time},"createdBy":"me","comment":"{comment}"}}"#)
    };
    let a = r#"{"name":"a","value":"x","isRegex":false}"#;
    let not_a = r#"{"name":"a","value":"x","isRegex":false,"isEqual":false}"#;
    for (path, body, real_status, ours_status) in [
        // Label names of Prometheus 3.
        ("/api/v2/alerts", r#"[{"labels":{"http.method":"GET"}}]"#.to_owned(), 400, 200),
        ("/api/v2/alerts", r#"[{"labels":{"a":"x"}}] and more"#.to_owned(), 200, 400),
        ("/api/v2/silences", silence(not_a, "everything but one"), 200, 400),
        ("/api/v2/silences", silence(a, ""), 200, 400),
        ("/api/v2/silences", silence(a, "long").replace("2199-01-01T01", "2299-01-01T01"), 200, 400),
    ] {
        let headers = [("Content-Type", "application/json")];
        let real = http::request("POST", &format!("{}{path}", alertmanager.url()), &headers, body.as_bytes());
        let (real, ours) = (real.expect("Alertmanager is up"), town.ask("POST", path, body.as_bytes()));
        assert_eq!((real.status, ours.status), (real_status, ours_status), "{path} {body}: {}", ours.body);
    }
    // More than anybody means, refused before it is read whole, and the service goes on.
    let many = format!("[{}]", vec![r#"{"labels":{"a":"1"}}"#; 100_000].join(","));
    assert_eq!(town.ask("POST", "/api/v2/alerts", many.as_bytes()).status, 413);
    assert_eq!(town.ask("GET", "/api/v2/alerts?filter=a=1", b"").json(), json!([]));
    // Whoever only sends learns nothing, and nobody sends without a token.
    let as_sender = [("Authorization", "Bearer s-token"), ("Content-Type", "application/json")];
    let read = http::request("GET", &town.url("/api/v2/alerts"), &as_sender, b"").expect("it is up");
    let nobody = http::request("POST", &town.url("/api/v2/alerts"), &as_sender[1..], b"[]").expect("it is up");
    assert_eq!((read.status, nobody.status), (403, 401));
}
