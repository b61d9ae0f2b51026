//! The service as its users run it: a real Prometheus before it, the receivers and a real Alertmanager behind it.

use crate::load;
use crate::support::{
    Alertmanager, CannedPrometheus, Prometheus, Receivers, Scratch, Series, Stable, Watchbell, http, now_millis,
    wait_for,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

const SECRETS: [(&str, &str); 3] = [
    ("SLACK_TOKEN", "xoxb-story"),
    ("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef"),
    ("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
];

const RULES: &str = r#"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: avg by (chain) (gas_price_gwei)
        unit: gwei
        tiers:
          high: { above: 100, clear: 80 }
          medium: { above: 60, for: 2s }
        annotations:
          summary: "Gas on {{ $labels.chain }} is {{ $value | humanize }} gwei, over {{ $threshold }}"
"#;

/// The servers of a story. They end with it.
struct Town {
    prometheus: Prometheus,
    alertmanager: Alertmanager,
    receivers: Receivers,
    folder: Scratch,
}

impl Town {
    fn with_rules(rules: &str) -> Option<Town> {
        let town = Town {
            prometheus: Prometheus::start()?,
            alertmanager: Alertmanager::start()?,
            receivers: Receivers::start()?,
            folder: Scratch::new("story"),
        };
        town.folder.write("rules/chain.yaml", rules);
        Some(town)
    }

    fn watchbell(&self) -> Watchbell {
        Watchbell::start_with(self.folder.path(), &self.config(), &SECRETS).expect("it starts")
    }

    fn config(&self) -> String {
        let notify = "{ levels: [{ notify: [slack, pager, hook, am] }] }";
        format!(
            "prometheus: {{ main: {{ url: \"{prometheus}\", timeout: 2s }} }}
rules: [\"rules/*.yaml\"]
external_url: \"http://$LISTEN\"
listen: \"$LISTEN\"
rule_failure_after: 10m
channels:
  slack: {{ slack: {{ token: {{ env: SLACK_TOKEN }}, to: \"#alerts\", api_url: \"{receivers}/api\" }} }}
  pager: {{ pagerduty: {{ routing_key: {{ env: PAGERDUTY_KEY }}, api_url: \"{receivers}\" }}, fallback: slack }}
  hook: {{ webhook: {{ url: \"{receivers}/hook\", secret: {{ env: HOOK_SECRET }} }} }}
  am: {{ alertmanager: {{ urls: [\"{alertmanager}\"], resend_every: 1s }} }}
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    update_every: 1s
    matrix: {{ critical: {notify}, high: {notify}, medium: {notify}, low: {{ tell: nobody }} }}
routes: [{{ policy: default }}]
",
            prometheus = self.prometheus.url(),
            receivers = self.receivers.url(),
            alertmanager = self.alertmanager.url(),
        )
    }

    /// Gas costs so much from now on.
    fn gas(&self, gwei: f64) {
        let now = now_millis();
        self.prometheus.write(&[Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(now, gwei)])]);
        // Two values of one millisecond would be refused.
        wait_for("the clock to go on", || (now_millis() > now).then_some(()));
    }

    /// What has been heard, one line a message, without ids and times.
    fn heard(&self) -> String {
        let mut text = String::new();
        for message in self.receivers.log() {
            let said = words(&message["body"]);
            writeln!(text, "{} {} {said}", text_of(&message["channel"]), text_of(&message["verdict"])).unwrap();
        }
        text
    }

    fn told(&self, channel: &str, word: &str) -> bool {
        self.heard().lines().any(|line| line.starts_with(channel) && line.contains(word))
    }

    fn wait_until_told(&self, channel: &str, word: &str) {
        wait_for(&format!("{channel} to hear `{word}`; heard:\n{}", self.heard()), || {
            self.told(channel, word).then_some(())
        });
    }

    /// Everything that a channel has received, whole and in order, and what the receiver made of it.
    fn received(&self, channel: &str, stable: &mut Stable) -> String {
        let mut text = String::new();
        for message in self.receivers.log().iter().filter(|message| message["channel"] == channel) {
            let word = |name: &str| text_of(&message[name]);
            writeln!(text, "--- {channel} {}: {}, {}", word("path"), word("verdict"), word("effect")).unwrap();
            for (name, value) in message["headers"].as_object().expect("headers") {
                writeln!(text, "{name}: {}", text_of(value)).unwrap();
            }
            writeln!(text, "{:#}", message["body"]).unwrap();
        }
        stable.of(&text)
    }

    /// Waits until the Alertmanager holds the alert under `severity` alone, and shows what it holds.
    fn wait_until_held(&self, severity: &str) -> String {
        wait_for(&format!("{severity} alone at the Alertmanager"), || (self.severities() == [severity]).then_some(()));
        format!("--- alertmanager holds\n{:#}\n", self.alertmanager.alerts()[0])
    }

    /// The severities under which the Alertmanager holds the alert.
    fn severities(&self) -> Vec<String> {
        let mut held: Vec<String> =
            self.alertmanager.alerts().iter().map(|alert| text_of(&alert["labels"]["severity"])).collect();
        held.sort();
        held
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a message says, whichever provider it is for.
fn words(body: &Value) -> String {
    let body: Value = body.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| body.clone());
    let summary = text_of(&body["payload"]["summary"]);
    let pagerduty = format!("{} {summary}", text_of(&body["event_action"]));
    let hook = format!("{} {}", text_of(&body["type"]), text_of(&body["data"]["text"]));
    [pagerduty, hook, text_of(&body["text"])]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The alerts of `/api/v1/alerts`.
fn alerts(watchbell: &Watchbell) -> Vec<Value> {
    let answer = http::get(&format!("{}/api/v1/alerts", watchbell.url())).expect("it answers").json();
    answer["data"]["alerts"].as_array().expect("a list").clone()
}

fn state(watchbell: &Watchbell) -> String {
    alerts(watchbell)
        .iter()
        .find(|alert| alert["labels"]["alertname"] == "GasPriceSpike")
        .map(|alert| format!("{} {}", text_of(&alert["state"]), text_of(&alert["labels"]["severity"])))
        .unwrap_or_default()
}

fn wait_for_state(watchbell: &Watchbell, wanted: &str) {
    wait_for(&format!("the state `{wanted}`"), || (state(watchbell) == wanted).then_some(()));
}

#[test]
fn an_alert_goes_pending_fires_rises_falls_and_resolves_and_everybody_hears_it_once() {
    let Some(town) = Town::with_rules(RULES) else { return };
    town.gas(20.0);
    let watchbell = town.watchbell();
    let mut held = String::new();

    town.gas(75.0);
    wait_for_state(&watchbell, "pending ");
    wait_for_state(&watchbell, "firing medium");
    town.wait_until_told("slack", "[FIRING medium]");
    held += &town.wait_until_held("medium");

    town.gas(120.0);
    wait_for_state(&watchbell, "firing high");
    town.wait_until_told("pagerduty", "[FIRING high]");
    held += &town.wait_until_held("high");

    let rules = http::get(&format!("{}/api/v1/rules", watchbell.url())).expect("it answers").json();
    let rule = &rules["data"]["groups"][0]["rules"][0];
    assert_eq!(rule["alerts"].as_array().map(Vec::len), Some(1), "one alert, at its highest tier: {rule}");
    assert!(rule["watchbell"].is_object(), "and what Prometheus has no field for: {rule}");

    town.gas(90.0);
    town.gas(75.0);
    wait_for_state(&watchbell, "firing medium");
    held += &town.wait_until_held("medium");

    town.gas(20.0);
    wait_for_state(&watchbell, "");
    town.wait_until_told("webhook", "incident.resolved");
    wait_for("nothing at the Alertmanager", || town.severities().is_empty().then_some(()));
    wait_for("both pages to be closed", || (town.heard().matches("resolve").count() >= 3).then_some(()));

    // The thread of Slack's message is the last to hear of it.
    let threaded = || town.received("slack", &mut Stable::new()).matches("threaded").count();
    wait_for("the end in the thread", || (threaded() >= 2).then_some(()));

    let mut stable = Stable::new();
    let all = ["slack", "pagerduty", "webhook"].map(|channel| town.received(channel, &mut stable)).concat();
    insta::assert_snapshot!(format!("{all}{}", stable.of(&held)));
}

#[test]
fn while_prometheus_is_away_nothing_resolves_here_or_in_the_alertmanager() {
    let Some(mut town) = Town::with_rules(RULES) else { return };
    town.gas(120.0);
    let watchbell = town.watchbell();
    wait_for("high at the Alertmanager", || (town.severities() == ["high"]).then_some(()));

    town.prometheus.stop();
    let failures = || metric(&watchbell, "watchbell_evaluation_failures_total{group=\"chain\",rule=\"GasPriceSpike\"}");
    let before = failures();
    // The Alertmanager forgets what it has not heard for four resends, which is four seconds here; a failing slot takes two.
    wait_for("three times as long without an answer", || {
        assert_eq!(town.severities(), ["high"]);
        (failures() >= before + 7.0).then_some(())
    });
    assert_eq!(state(&watchbell), "firing high");
    let ends_at: jiff::Timestamp = text_of(&town.alertmanager.alerts()[0]["endsAt"]).parse().expect("a time");
    let seconds = ends_at.as_second() - now_millis() / 1000;
    assert!((0..=5).contains(&seconds), "it would forget within four resends, not in {seconds} s");
    assert!(!town.heard().to_lowercase().contains("resolve"), "{}", town.heard());

    town.prometheus.resume();
    town.gas(20.0);
    town.wait_until_told("webhook", "incident.resolved");
}

fn metric(watchbell: &Watchbell, name: &str) -> f64 {
    let text = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}

/// Puts a file in the place of another, as an editor does.
fn replace(folder: &Path, name: &str, text: &str) {
    let new = folder.join(format!(".{name}.new"));
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, folder.join(name)).unwrap();
}

/// When the alerts of a rule began, in order.
fn active_since(watchbell: &Watchbell, name: &str) -> Vec<String> {
    let mine = alerts(watchbell).into_iter().filter(|alert| alert["labels"]["alertname"] == name);
    let mut all: Vec<_> = mine.map(|alert| format!("{} {}", alert["labels"], text_of(&alert["activeAt"]))).collect();
    all.sort();
    all
}

/// What the metrics count for one group.
struct Count {
    at: Instant,
    evaluated: f64,
    missed: f64,
}

/// The counts of every group of one second.
fn counts(watchbell: &Watchbell) -> BTreeMap<String, Count> {
    let text = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
    let at = Instant::now();
    let groups = (0..load::GROUPS).map(|group| format!("load-{group}")).chain(["chain".to_owned()]);
    let value = |name: &str, group: &str| {
        let line = format!("watchbell_{name}_total{{group=\"{group}\"}}");
        let value = text.lines().find_map(|text| text.strip_prefix(line.as_str()));
        value.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
    };
    let count =
        |group: &str| Count { at, evaluated: value("evaluations", group), missed: value("missed_slots", group) };
    groups.map(|group| (group.clone(), count(&group))).collect()
}

#[test]
fn twenty_reloads_good_and_bad_under_load_lose_no_timer_and_no_slot_but_the_one_in_flight() {
    let Some(town) = Town::with_rules(RULES) else { return };
    let Some(source) = CannedPrometheus::start(0) else { return };
    town.folder.write("rules/load.yaml", &load::rules());
    town.receivers.control(&json!({ "path": "/stuck/", "do": "hang", "taken": false, "next": 1_000_000 }));
    town.gas(120.0);
    let config = load::added_to(&town.config(), &source, town.receivers.url());
    let watchbell = Watchbell::start_with(town.folder.path(), &config, &SECRETS).expect("it starts");
    wait_for_state(&watchbell, "firing high");
    let active_since = active_since(&watchbell, "GasPriceSpike");
    let patient_since = wait_for("every patient rule", || {
        Some(self::active_since(&watchbell, "Patient")).filter(|all| all.len() == 3 * load::GROUPS)
    });
    let begun = counts(&watchbell);
    let reloads = || metric(&watchbell, "watchbell_config_reloads_total");
    let good = || metric(&watchbell, "watchbell_config_last_reload_successful");
    let rules = town.folder.path().join("rules");

    for round in 0..20 {
        let is_bad = round % 3 == 2;
        let text = if is_bad {
            RULES.replace("above: 60", "abov: 60")
        } else {
            RULES.replace("above: 60", &format!("above: 6{}", round % 10))
        };
        let before = reloads();
        match round % 4 {
            0 => replace(&rules, "chain.yaml", &text),
            1 => {
                // As Kubernetes does: the file is a link, and the link is swapped.
                let real = town.folder.write(&format!("versions/{round}.yaml"), &text);
                let link = rules.join(".link");
                std::os::unix::fs::symlink(real, &link).unwrap();
                std::fs::rename(link, rules.join("chain.yaml")).unwrap();
            }
            2 => {
                std::fs::write(rules.join("chain.yaml"), &text).unwrap();
                watchbell.process.signal("HUP");
            }
            _ => {
                std::fs::write(rules.join("chain.yaml"), &text).unwrap();
                let answer = http::request("POST", &format!("{}/-/reload", watchbell.url()), &[], b"").unwrap();
                assert_eq!(answer.status == 200, !is_bad, "round {round}: {}", answer.body);
            }
        }
        wait_for("the reload", || (reloads() > before && (good() < 0.5) == is_bad).then_some(()));
        assert_eq!(state(&watchbell), "firing high", "round {round}");
    }

    let sent =
        |path: &str| town.receivers.log().iter().filter(|message| text_of(&message["path"]).starts_with(path)).count();
    wait_for("deliveries to have been under way", || (sent("/busy/") > 20 && sent("/stuck/") > 8).then_some(()));
    for (group, now) in counts(&watchbell) {
        let before = &begun[&group];
        // Each reload that was good lets go of what is in flight; the first and the last slot may lie outside.
        let passed = (now.at - before.at).as_secs_f64().floor();
        let seen = now.evaluated - before.evaluated;
        assert!(now.missed - before.missed < 1.0, "{group}: {} slots were missed", now.missed - before.missed);
        assert!(seen >= passed - 14.0 - 2.0, "{group}: {seen} of {passed} slots were evaluated, over 14 good reloads");
    }
    let firing = |alert: &Value| alert["labels"]["alertname"] == "Patient" && alert["state"] == "firing";
    wait_for("every patient rule to fire", || {
        (alerts(&watchbell).iter().filter(|alert| firing(alert)).count() == patient_since.len()).then_some(())
    });
    assert_eq!(self::active_since(&watchbell, "GasPriceSpike"), active_since, "no timer started anew");
    assert_eq!(self::active_since(&watchbell, "Patient"), patient_since, "no timer started anew");
    assert_eq!(town.heard().matches("trigger").count(), 1, "nobody was told twice:\n{}", town.heard());
    assert!(watchbell.process.said().contains("did you mean `above`"), "a bad file is explained");
}

#[test]
fn a_start_on_bad_files_runs_the_last_good_ones_and_without_any_it_refuses() {
    let Some(town) = Town::with_rules(RULES) else { return };
    town.gas(120.0);
    let watchbell = town.watchbell();
    wait_for_state(&watchbell, "firing high");
    let active_since = text_of(&alerts(&watchbell)[0]["activeAt"]);
    let port = watchbell.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("it has a port");
    drop(watchbell);

    town.folder.write("rules/chain.yaml", "groups: [");
    let again = Watchbell::start_on(port, town.folder.path(), &town.config(), &SECRETS).expect("it starts");
    wait_for_state(&again, "firing high");
    assert_eq!(text_of(&alerts(&again)[0]["activeAt"]), active_since, "the state survived as well");
    assert!(again.process.said().contains("last good"), "it says so");
    let metrics = http::get(&format!("{}/metrics", again.url())).expect("it answers").body;
    assert!(
        metrics.contains("watchbell_config_last_reload_successful 0"),
        "what lies there is not what runs: {metrics}"
    );
    drop(again);

    for file in ["watchbell.db", "watchbell.db-wal", "watchbell.db-shm"] {
        let _ = std::fs::remove_file(town.folder.path().join(file));
    }
    let refused = Watchbell::start_with(town.folder.path(), &town.config(), &SECRETS);
    assert!(refused.is_err_and(|said| said.contains("no earlier ones")));
}

#[test]
fn a_start_on_bad_files_finds_its_store_under_whatever_name_the_configuration_gives_it() {
    let Some(town) = Town::with_rules(RULES) else { return };
    town.gas(120.0);
    let config = format!("{}store: {{ sqlite: journal.db }} # of ours\n", town.config());
    let watchbell = Watchbell::start_with(town.folder.path(), &config, &SECRETS).expect("it starts");
    wait_for_state(&watchbell, "firing high");
    let port = watchbell.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("it has a port");
    drop(watchbell);
    // One that somebody left there long ago is not taken in its place.
    town.folder.write("watchbell.db", "");

    town.folder.write("rules/chain.yaml", "groups: [");
    for bad in [config.clone(), format!("{config}channels: [\n")] {
        let again = Watchbell::start_on(port, town.folder.path(), &bad, &SECRETS).expect("it starts");
        assert!(again.process.said().contains("last good"), "it says so");
        wait_for_state(&again, "firing high");
    }
}

const PLAIN: &str = r#"
groups:
  - name: plain
    interval: 1s
    rules:
      - alert: HighGas
        expr: gas_price_gwei > 100
        for: 2s
        labels: { severity: page, team: "{{ $labels.chain }}-team" }
        annotations: { summary: "{{ $labels.chain }} is at {{ $value }}", about: "{{ $labels }}" }
      - alert: LowGas
        expr: gas_price_gwei < 10
      - alert: Idle
        expr: absent(no_such_metric)
        keep_firing_for: 5m
        labels: { severity: info }
      - record: chain:gas:avg
        expr: avg by (chain) (gas_price_gwei)
        labels: { kind: recorded }
"#;

/// What `/api/v1/rules` says, without what must differ: times of this run, and what `docs/prometheus.md` lists.
fn comparable(answer: &Value) -> Value {
    let mut groups = answer["data"]["groups"].clone();
    for group in groups.as_array_mut().expect("groups") {
        for field in ["file", "evaluationTime", "lastEvaluation"] {
            group.as_object_mut().unwrap().remove(field);
        }
        for rule in group["rules"].as_array_mut().expect("rules") {
            let recording = rule["type"] == "recording";
            let rule = rule.as_object_mut().unwrap();
            for field in ["evaluationTime", "lastEvaluation"] {
                rule.remove(field);
            }
            if recording {
                // Watchbell evaluates recording rules only where they are written to.
                rule.remove("health");
            }
            if let Some(alerts) = rule.get_mut("alerts").and_then(Value::as_array_mut) {
                alerts.sort_by_key(|alert| alert["labels"].to_string());
                for alert in alerts {
                    alert.as_object_mut().unwrap().remove("activeAt");
                }
            }
        }
    }
    groups
}

#[test]
fn rules_and_alerts_are_answered_field_by_field_as_the_real_prometheus_answers_them() {
    let Some(prometheus) = Prometheus::with("global: { evaluation_interval: 1s }", PLAIN) else { return };
    let Some(receivers) = Receivers::start() else { return };
    let folder = Scratch::new("parity");
    folder.write("rules/plain.yaml", PLAIN);
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}\nrules: [\"rules/*.yaml\"]\nlisten: \"$LISTEN\"\n
channels: {{ hook: {{ webhook: {{ url: \"{}/hook\" }} }} }}\npolicies: {{ default: {{ matrix: {{ critical: {{ levels: [{{ notify: [hook] }}] }}, high: {{ tell: nobody }}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }} }} }}\nroutes: [{{ policy: default }}]\n",
        prometheus.url(),
        receivers.url()
    );
    let now = now_millis();
    prometheus.write(&[
        Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(now, 123_456_789.0)]),
        Series::new("gas_price_gwei", &[("chain", "main")], &[(now, 2.5)]),
    ]);
    let watchbell = Watchbell::start(folder.path(), &config).expect("it starts");
    let ours = |path: &str| http::get(&format!("{}{path}", watchbell.url())).expect("it answers").json();

    for path in ["/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record"] {
        let mut last = (Value::Null, Value::Null);
        let same = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(path, || {
                last = (comparable(&prometheus.read(path)), comparable(&ours(path)));
                let fires = path.contains("record") || last.0.to_string().contains("\"firing\"");
                (fires && last.0 == last.1).then_some(())
            });
        }));
        assert!(same.is_ok(), "{path}\nPrometheus: {:#}\nWatchbell: {:#}", last.0, last.1);
    }
    // What was left out of the comparison, because it differs on purpose.
    let group = &ours("/api/v1/rules")["data"]["groups"][0];
    let path = folder.path().join("rules/plain.yaml");
    assert_eq!((&group["file"], &group["evaluationTime"]), (&json!(path), &json!(0.0)));
    assert_eq!((&group["rules"][0]["evaluationTime"], &group["rules"][0]["health"]), (&json!(0.0), &json!("ok")));
    assert_eq!((&group["rules"][3]["type"], &group["rules"][3]["health"]), (&json!("recording"), &json!("unknown")));
    assert!(metric(&watchbell, "watchbell_rule_evaluation_duration_seconds{group=\"plain\",rule=\"HighGas\"}") > 0.0);
    // Newer than Debian's Prometheus, so only our own word for it.
    let named = ours("/api/v1/rules?rule_name[]=HighGas");
    assert_eq!(named["data"]["groups"][0]["rules"].as_array().map(Vec::len), Some(1));
    let bad = http::get(&format!("{}/api/v1/rules?type=nonsense", watchbell.url())).unwrap();
    assert_eq!((bad.status, bad.json()["errorType"].clone()), (400, json!("bad_data")));
}

const AS_WRITTEN: &str = r#"
groups:
  - name: written
    interval: 1s
    rules:
      - { alert: Spaced, expr: "gas_price_gwei   >100", labels: { team: "" } }
      - { alert: Clash, expr: gas_price_gwei * on () gas_price_gwei }
"#;

#[test]
fn a_query_is_shown_as_it_is_written_an_empty_label_is_none_and_an_error_says_what_was_answered() {
    let Some(prometheus) = Prometheus::with("global: { evaluation_interval: 1s }", AS_WRITTEN) else { return };
    let (folder, now) = (Scratch::new("as-written"), now_millis());
    folder.write("rules.yaml", AS_WRITTEN);
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}\nrules: [rules.yaml]\nlisten: \"$LISTEN\"\npolicies: {{ default: {{ matrix: {{ {} }} }} }}\nroutes: [{{ policy: default }}]\n",
        prometheus.url(),
        ["critical", "high", "medium", "low"].map(|severity| format!("{severity}: {{ tell: nobody }}")).join(", ")
    );
    for chain in ["sepolia", "main"] {
        prometheus.write(&[Series::new("gas_price_gwei", &[("chain", chain)], &[(now, 2.5)])]);
    }
    let watchbell = Watchbell::start(folder.path(), &config).expect("it starts");
    let rules = |answer: Value| answer["data"]["groups"][0]["rules"].clone();
    let ours = || rules(http::get(&format!("{}/api/v1/rules", watchbell.url())).expect("it answers").json());
    let (ours, theirs) = wait_for("both to have failed", || {
        let both = (ours(), rules(prometheus.read("/api/v1/rules")));
        (both.0[1]["health"] == "err" && both.1[1]["health"] == "err").then_some(both)
    });
    assert_eq!(
        (&ours[0]["query"], &theirs[0]["query"]),
        (&json!("gas_price_gwei   >100"), &json!("gas_price_gwei > 100"))
    );
    assert_eq!((&ours[0]["labels"], &theirs[0]["labels"]), (&json!({}), &json!({ "team": "" })));
    let [ours, theirs] = [&ours, &theirs].map(|rules| rules[1]["lastError"].as_str().expect("it failed").to_owned());
    assert_eq!(ours, format!("the source refused the query (422 execution): {theirs}"));
}
