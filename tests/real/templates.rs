//! Templates that ask a source which is slow: nobody waits for it longer than is said in `docs/templates.md`.

use crate::support::{CannedPrometheus, Receivers, Scratch, Watchbell, http, now_millis, wait_for};
use serde_json::Value;

/// Three alerts of three incidents ask six slow questions when they are told; a fourth rule asks one for its labels.
const RULES: &str = r#"
groups:
  - name: telling
    interval: 1s
    rules:
      - alert: Dear
        expr: load_3{rule="dear"}
        tiers: { critical: { above: 100 } }
        annotations:
          summary: 'first {{ query (printf "slow_a{pod=%q}" $labels.pod) | first | value }}'
          more: 'second {{ query (printf "slow_b{pod=%q}" $labels.pod) | first | value }}'
          quick: 'third {{ query "load_1" | first | value }}'
  - name: asking
    interval: 1s
    rules:
      - alert: Owned
        expr: load_2{rule="owned"}
        labels: { owner: '{{ with query "slow_owner" }}{{ . | first | value }}{{ end }}' }
      - alert: Plain
        expr: load_2{rule="plain"}
  - name: others
    interval: 1s
    rules: [{ alert: Well, expr: 'load_1{rule="well"} > 1000' }]
"#;

#[test]
fn a_slow_source_holds_up_a_message_for_three_seconds_and_labels_that_ask_it_hold_up_their_own_group_only() {
    let (Some(source), Some(receivers)) = (CannedPrometheus::start(60), Receivers::start()) else { return };
    let folder = Scratch::new("templates");
    folder.write("rules.yaml", RULES);
    let nobody = "{ tell: nobody }";
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\", timeout: 30s, max_concurrent_queries: 50 }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
external_url: \"http://$LISTEN\"
channels: {{ hook: {{ webhook: {{ url: \"{}/hook\" }} }} }}
policies:
  default: {{ wait: 0s, group_by: [alertname, pod], matrix: {{ critical: {{ levels: [{{ notify: [hook] }}] }}, high: {nobody}, medium: {nobody}, low: {nobody} }} }}
routes: [{{ policy: default }}]
",
        source.url(),
        receivers.url(),
    );
    let began = now_millis();
    let watchbell = Watchbell::start(folder.path(), &config).expect("it starts");

    let told = receivers.wait_for_messages("webhook", 3);
    let took = now_millis() - began;
    assert!(took < 9_000, "six questions of a minute each were asked side by side and given up: {took} ms");
    for message in &told {
        let annotations = &message["body"]["data"]["alerts"][0]["annotations"];
        let failed =
            |name: &str| annotations[name].as_str().is_some_and(|text| text.contains("error expanding template"));
        assert!(failed("summary") && failed("more"), "the message says what is missing: {annotations}");
        assert_eq!(annotations["quick"], "third 200.25", "and has what was answered");
    }

    let shown = http::get(&format!("{}/api/v1/alerts", watchbell.url())).expect("it answers").json();
    let shown = shown["data"]["alerts"].as_array().expect("alerts").iter().map(|alert| &alert["annotations"]["quick"]);
    let shown: Vec<&str> = shown.filter_map(Value::as_str).collect();
    assert!(
        !shown.is_empty() && shown.iter().all(|text| *text == r#"third {{ query "load_1" | first | value }}"#),
        "{shown:?}"
    );

    // From now on only the group that asks for its labels is slow.
    let evaluations = |group: &str| metric(&watchbell, &format!("watchbell_evaluations_total{{group=\"{group}\"}}"));
    let before = evaluations("others");
    let missed = metric(&watchbell, "watchbell_missed_slots_total{group=\"others\"}");
    wait_for("five slots", || (evaluations("others") >= before + 5.0).then_some(()));
    let missed = metric(&watchbell, "watchbell_missed_slots_total{group=\"others\"}") - missed;
    assert!(missed < 3.0, "{missed} slots of a group that asks nothing were missed while five were evaluated");

    let health = || {
        let rules = http::get(&format!("{}/api/v1/rules", watchbell.url())).expect("it answers").json();
        let groups = rules["data"]["groups"].as_array().expect("groups").clone();
        let group = groups.into_iter().find(|group| group["name"] == "asking").expect("it is there");
        [group["rules"][0].clone(), group["rules"][1].clone()]
    };
    let [owned, plain] =
        wait_for("a slot of the group that asks", || Some(health()).filter(|[owned, _]| owned["health"] == "err"));
    assert!(owned["lastError"].as_str().is_some_and(|text| text.contains("no answer from")), "{owned}");
    assert_eq!(owned["alerts"].as_array().map(Vec::len), Some(0), "no alert is named after an outage");
    let states: Vec<&Value> = plain["alerts"].as_array().expect("alerts").iter().map(|alert| &alert["state"]).collect();
    assert_eq!(states, ["firing", "firing"], "the rule beside it goes on");
}

fn metric(watchbell: &Watchbell, name: &str) -> f64 {
    let text = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}
