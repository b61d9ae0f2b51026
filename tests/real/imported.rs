//! The same alerts through the real Alertmanager and through its configuration, imported: the same receivers hear of them.

use crate::support::{Alertmanager, Prometheus, Receivers, Scratch, Series, Watchbell, now_millis, wait_for};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A tree with teams, `continue`, all spellings of matchers and the severities that people route by. `$WHO` is the path at
/// the receivers by which the two can be told apart.
const CONFIG: &str = r#"
route:
  receiver: default
  group_by: [alertname, team]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 4h
  routes:
    - { matchers: ['audit="yes"'], receiver: audit, continue: true }
    - { match: { team: nobody }, receiver: silent }
    - matchers: [severity = critical]
      receiver: pager
      routes:
        - { match_re: { team: "db|storage" }, receiver: db-pager, continue: true }
        - { matchers: ['team!~"web|db"'], receiver: lead }
    - { matchers: ['severity=~"info|none"', 'team="web"'], receiver: web }
receivers:
  - { name: default, webhook_configs: [{ url: "$RECEIVERS/$WHO/default/am-hook" }] }
  - { name: audit, webhook_configs: [{ url: "$RECEIVERS/$WHO/audit/am-hook" }] }
  - { name: silent }
  - { name: pager, webhook_configs: [{ url: "$RECEIVERS/$WHO/pager/am-hook" }] }
  - { name: db-pager, webhook_configs: [{ url: "$RECEIVERS/$WHO/db-pager/am-hook" }] }
  - { name: lead, webhook_configs: [{ url: "$RECEIVERS/$WHO/lead/am-hook" }] }
  - { name: web, webhook_configs: [{ url: "$RECEIVERS/$WHO/web/am-hook" }] }
inhibit_rules:
  - { source_matchers: ['alertname="Outage"'], target_matchers: ['alertname="Symptom"'], equal: [team] }
"#;

const RULES: &str = "
groups:
  - name: imported
    interval: 1s
    rules:
      - { alert: Outage, expr: 'outage == 1', labels: { severity: critical } }
      - { alert: Trouble, expr: 'trouble == 1', labels: { severity: critical } }
      - { alert: Slow, expr: 'slow == 1', labels: { severity: warning } }
      - { alert: Talk, expr: 'talk == 1', labels: { severity: info } }
      - { alert: Symptom, expr: 'symptom == 1', labels: { severity: warning } }
";

/// An alert: metric, name, severity, and the labels of the series.
type Posted = (&'static str, &'static str, &'static str, Vec<(&'static str, &'static str)>);

/// All of them.
fn alerts() -> Vec<Posted> {
    let mut all = Vec::new();
    for (metric, name, severity) in
        [("trouble", "Trouble", "critical"), ("slow", "Slow", "warning"), ("talk", "Talk", "info")]
    {
        for team in ["web", "db", "storage", "nobody", "ops"] {
            all.push((metric, name, severity, vec![("team", team)]));
        }
        all.push((metric, name, severity, vec![("team", "db2"), ("audit", "yes")]));
    }
    all.push(("outage", "Outage", "critical", vec![("team", "core")]));
    all.push(("symptom", "Symptom", "warning", vec![("team", "core")]));
    all.push(("symptom", "Symptom", "warning", vec![("team", "edge")]));
    all
}

/// Who heard of what: for each receiver the alerts by name and team.
type Heard = BTreeMap<String, BTreeSet<String>>;

/// What reached the receivers below `/am/` from Alertmanager, and below `/wb/` from Watchbell.
fn heard(receivers: &Receivers, who: &str) -> Heard {
    let mut heard = Heard::new();
    for entry in receivers.log() {
        let path = entry["path"].as_str().unwrap_or_default().to_owned();
        let mut parts = path.trim_start_matches('/').split('/');
        if parts.next() != Some(who) {
            continue;
        }
        let receiver = parts.next().unwrap_or_default().to_owned();
        let body = &entry["body"];
        let alerts = body["alerts"].as_array().or(body["data"]["alerts"].as_array()).cloned().unwrap_or_default();
        for alert in alerts {
            let label = |name: &str| alert["labels"][name].as_str().unwrap_or_default().to_owned();
            heard.entry(receiver.clone()).or_default().insert(format!("{} {}", label("alertname"), label("team")));
        }
    }
    heard
}

fn imported(folder: &Scratch, receivers: &str) -> String {
    folder.write("alertmanager.yml", &CONFIG.replace("$WHO", "wb").replace("$RECEIVERS", receivers));
    let output = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(folder.path())
        .args(["import", "alertmanager", "alertmanager.yml"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_same_receivers_hear_of_the_same_alerts_as_through_the_real_alertmanager() {
    let (Some(prometheus), Some(receivers)) = (Prometheus::start(), Receivers::start()) else { return };
    let theirs = CONFIG.replace("$WHO", "am").replace("$RECEIVERS", receivers.url());
    let Some(alertmanager) = Alertmanager::with(&theirs) else { return };
    let folder = Scratch::new("imported");
    let ours = imported(&folder, receivers.url());
    folder.write("rules.yaml", RULES);
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}\nrules: [rules.yaml]\nlisten: \"$LISTEN\"\n{ours}",
        prometheus.url()
    );
    let addresses: Vec<(String, String)> = ["default", "audit", "pager", "db-pager", "lead", "web"]
        .iter()
        .map(|name| {
            let variable = format!("{}_URL", name.to_uppercase().replace('-', "_"));
            (variable, format!("{}/wb/{name}/am-hook", receivers.url()))
        })
        .collect();
    let environment: Vec<(&str, &str)> = addresses.iter().map(|(name, value)| (&**name, &**value)).collect();
    let now = now_millis();
    let series: Vec<Series> =
        alerts().iter().map(|(metric, .., labels)| Series::new(metric, labels, &[(now, 1.0)])).collect();
    prometheus.write(&series);
    let posted: Vec<Value> = alerts()
        .iter()
        .map(|(_, name, severity, labels)| {
            let mut all = json!({ "alertname": name, "severity": severity });
            for (label, value) in labels {
                all[*label] = json!(value);
            }
            json!({ "labels": all })
        })
        .collect();
    // What holds others back is there first, as it is where both are evaluated in order.
    let is_symptom = |alert: &Value| alert["labels"]["alertname"] == "Symptom";
    let (symptoms, others): (Vec<Value>, Vec<Value>) = posted.into_iter().partition(is_symptom);
    alertmanager.post(&json!(others));
    wait_for("Alertmanager to know the outage", || {
        heard(&receivers, "am").get("lead").filter(|of| of.contains("Outage core")).map(|_| ())
    });
    alertmanager.post(&json!(symptoms));

    let _watchbell = Watchbell::start_with(folder.path(), &config, &environment).expect("it starts");

    let expected = expected();
    for who in ["am", "wb"] {
        wait_for(&format!("{who}: {:#?}, so far {:#?}", expected, heard(&receivers, who)), || {
            let heard = heard(&receivers, who);
            let has_all = expected.iter().all(|(name, of)| heard.get(name).is_some_and(|got| got.is_superset(of)));
            has_all.then_some(())
        });
        assert_eq!(heard(&receivers, who), expected, "{who}");
    }
}

/// Who has to hear of what, as the tree says it.
fn expected() -> Heard {
    let of = |list: &str| list.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
    Heard::from([
        ("audit".into(), of("Trouble db2, Slow db2, Talk db2")),
        ("pager".into(), of("Trouble web")),
        ("db-pager".into(), of("Trouble db, Trouble storage")),
        ("lead".into(), of("Trouble storage, Trouble ops, Trouble db2, Outage core")),
        ("web".into(), of("Talk web")),
        (
            "default".into(),
            of("Slow web, Slow db, Slow storage, Slow ops, Talk db, Talk storage, Talk ops, Symptom edge"),
        ),
    ])
}
