//! Signs of life, as whoever waits for them sees them.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for};
use serde_json::json;

#[test]
fn signs_of_life_are_given_again_and_again_and_a_failure_is_logged_and_counted_without_the_address() {
    let Some(receivers) = Receivers::start() else { return };
    let folder = Scratch::new("pulse");
    folder.write("rules.yaml", "groups: []\n");
    let config = format!(
        "prometheus: {{ main: {{ url: \"http://127.0.0.1:{nobody}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
heartbeats:
  send:
    - {{ ping: {{ env: PING }}, method: post, every: 300ms }}
    - {{ ping: \"http://127.0.0.1:{nobody}/secret-path\", every: 300ms }}
",
        nobody = free_port(),
    );
    let ping = format!("{}/ping/secret-path", receivers.url());
    let watchbell =
        Watchbell::start_with(folder.path(), &config, &[("PING", &ping), ("RUST_LOG", "info")]).expect("it starts");

    receivers.wait_for_messages("heartbeat", 3);
    receivers.control(&json!({ "channel": "heartbeat", "do": "status", "status": 503 }));

    let count = |labels: &str| {
        let metrics = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
        let name = format!("watchbell_heartbeats_sent_total{{{labels}}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse::<f64>().ok()).unwrap_or_default()
    };
    wait_for("the refusal to be counted", || (count("heartbeat=\"1\",outcome=\"failed\"") >= 1.0).then_some(()));
    wait_for("the first to arrive again", || {
        watchbell.process.said().contains("sign of life 1 arrives again").then_some(())
    });
    assert!(count("heartbeat=\"1\",outcome=\"sent\"") >= 3.0);
    assert!(count("heartbeat=\"2\",outcome=\"failed\"") >= 1.0);
    let said = watchbell.process.said();
    assert!(said.contains("answered 503"), "{said}");
    assert!(said.contains("could not give sign of life 2"), "{said}");
    assert!(!said.contains("secret-path"), "no part of an address is in a log: {said}");
}

const RULES: &str = "
groups:
  - name: life
    interval: 1s
    rules: [{ alert: Watchdog, expr: pushed == 1 }]
";

#[test]
fn an_alert_that_has_to_keep_firing_is_no_incident_and_its_absence_is_one_also_over_a_restart() {
    let (Some(prometheus), Some(receivers)) = (Prometheus::start(), Receivers::start()) else { return };
    let folder = Scratch::new("heartbeat");
    folder.write("rules.yaml", RULES);
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
channels: {{ hook: {{ webhook: {{ url: \"{}/hook\" }} }} }}
policies:
  default:
    group_by: [alertname]
    matrix:
      critical: {{ levels: [{{ notify: [hook] }}] }}
      high: {{ levels: [{{ notify: [hook] }}] }}
      medium: {{ levels: [{{ notify: [hook] }}] }}
      low: {{ tell: nobody }}
",
        prometheus.url(),
        receivers.url()
    );
    let expecting =
        format!("{config}heartbeats: {{ expect: [{{ alert: Watchdog, within: 6s, severity: critical }}] }}\n");
    let push = |value: f64| prometheus.write(&[Series::new("pushed", &[], &[(now_millis(), value)])]);
    let hears = |word: &str| {
        wait_for(&format!("the webhook to hear `{word}`"), || {
            let heard = receivers.log().iter().any(|entry| entry["body"]["data"]["text"].to_string().contains(word));
            heard.then_some(())
        });
    };
    push(1.0);
    let port = free_port();
    let start = |config: &str| Watchbell::start_on(port, folder.path(), config, &[]).expect("it starts");
    let mut watchbell = start(&config);
    hears("[FIRING medium] INC-1 Watchdog");

    folder.write("watchbell.yaml", &expecting.replace("$LISTEN", &format!("127.0.0.1:{port}")));
    watchbell.process.signal("HUP");
    hears("[RESOLVED medium] INC-1 Watchdog");

    let stopped = now_millis();
    push(0.0);
    wait_for("the absence to be noticed", || watchbell.process.said().contains("and does not").then_some(()));
    watchbell.process.signal("KILL");
    watchbell.process.wait();
    drop(watchbell);
    let _watchbell = start(&expecting);
    hears("[FIRING critical] INC-2 WatchbellHeartbeatMissing");
    assert!(now_millis() - stopped >= 6_000, "an absence of less than six seconds is none");

    push(1.0);
    hears("[RESOLVED critical] INC-2 WatchbellHeartbeatMissing");
    assert_eq!(receivers.log().len(), 4, "two pages and two ends: {:?}", receivers.log());
}
