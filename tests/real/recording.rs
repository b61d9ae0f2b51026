//! Recording rules: what they record stands in the real Prometheus, and alerts read it.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, http, now_millis, wait_for};
use serde_json::Value;

const RULES: &str = "
groups:
  - name: chain
    interval: 1s
    rules:
      - record: chain:gas:avg
        expr: avg by (chain) (gas_price_gwei)
        labels: { team: chain }
      - record: chain:gas:most
        expr: max(chain:gas:avg)
      - alert: GasPriceSpike
        expr: chain:gas:most > 100
        labels: { severity: high }
  - name: elsewhere
    interval: 1s
    rules:
      - alert: GasStandsStill
        expr: chain:gas:avg < 10
        labels: { severity: medium }
";

/// The servers of a story: one Prometheus that is asked, and perhaps another that is written to.
struct Town {
    source: Prometheus,
    receivers: Receivers,
    folder: Scratch,
}

impl Town {
    fn new(rules: &str) -> Option<Town> {
        let town =
            Town { source: Prometheus::start()?, receivers: Receivers::start()?, folder: Scratch::new("recording") };
        town.folder.write("rules/chain.yaml", rules);
        Some(town)
    }

    fn watchbell(&self, target: &Prometheus) -> Watchbell {
        let levels = "{ levels: [{ notify: [hook] }] }";
        let config = format!(
            "prometheus: {{ main: {{ url: \"{source}\", timeout: 2s }} }}
remote_write: {{ url: \"{target}/api/v1/write\", timeout: 2s }}
rules: [\"rules/*.yaml\"]
listen: \"$LISTEN\"
channels: {{ hook: {{ webhook: {{ url: \"{receivers}/hook\" }} }} }}
policies:
  default: {{ wait: 0s, matrix: {{ critical: {levels}, high: {levels}, medium: {levels}, low: {{ tell: nobody }} }} }}
routes: [{{ policy: default }}]
",
            source = self.source.url(),
            target = target.url(),
            receivers = self.receivers.url(),
        );
        Watchbell::start(self.folder.path(), &config).expect("it starts")
    }

    fn gas(&self, chain: &str, gwei: f64) {
        let now = now_millis();
        self.source.write(&[Series::new("gas_price_gwei", &[("chain", chain)], &[(now, gwei)])]);
        wait_for("the clock to go on", || (now_millis() > now).then_some(()));
    }

    fn heard(&self, alert: &str) -> bool {
        self.receivers.log().iter().any(|message| message["body"].to_string().contains(alert))
    }
}

/// The values of a query now, by the labels of their series.
fn values(prometheus: &Prometheus, query: &str) -> Vec<(String, String)> {
    let answer = prometheus.query(query, now_millis());
    let series = answer.as_array().cloned().unwrap_or_default();
    let one =
        |series: &Value| (series["metric"].to_string(), series["value"][1].as_str().unwrap_or_default().to_owned());
    let mut all: Vec<_> = series.iter().map(one).collect();
    all.sort();
    all
}

fn rule(watchbell: &Watchbell, name: &str) -> Value {
    let rules = http::get(&format!("{}/api/v1/rules?type=record", watchbell.url())).expect("it answers").json();
    let groups = rules["data"]["groups"].as_array().cloned().unwrap_or_default();
    let mut rules = groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default());
    rules.find(|rule| rule["name"] == name).unwrap_or_default()
}

#[test]
fn what_is_recorded_stands_in_prometheus_is_read_by_alerts_and_ends_with_what_it_was_made_of() {
    let Some(town) = Town::new(RULES) else { return };
    town.gas("sepolia", 120.0);
    town.gas("holesky", 5.0);
    let watchbell = town.watchbell(&town.source);

    wait_for("both chains on record", || {
        let recorded = values(&town.source, "chain:gas:avg");
        (recorded.len() == 2).then(|| {
            let holesky = r#"{"__name__":"chain:gas:avg","chain":"holesky","team":"chain"}"#;
            assert_eq!(recorded[0], (holesky.to_owned(), "5".to_owned()));
        })
    });
    wait_for("the alert of the same group", || town.heard("GasPriceSpike").then_some(()));
    wait_for("the alert of another group", || town.heard("GasStandsStill").then_some(()));
    let known = rule(&watchbell, "chain:gas:avg");
    assert_eq!((&known["health"], &known["lastError"]), (&"ok".into(), &Value::Null), "{known}");

    // What it was made of is five minutes old for Prometheus in five minutes; a stale marker ends it at once.
    let now = now_millis();
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    town.source.write(&[Series::new("gas_price_gwei", &[("chain", "holesky")], &[(now, stale)])]);
    wait_for("holesky to be gone", || (values(&town.source, "chain:gas:avg").len() == 1).then_some(()));

    // A rule that runs no more leaves nothing behind, and the rules that stay go on.
    let fewer = RULES.replace("      - record: chain:gas:most\n        expr: max(chain:gas:avg)\n", "");
    town.folder.write("rules/chain.yaml", &fewer.replace("chain:gas:most", "chain:gas:avg"));
    watchbell.process.signal("HUP");
    wait_for("the removed rule's series to end", || values(&town.source, "chain:gas:most").is_empty().then_some(()));
    assert_eq!(values(&town.source, "chain:gas:avg").len(), 1);

    // So does a group that is gone.
    let (_, elsewhere) = fewer.split_once("  - name: elsewhere").expect("it stands there");
    town.folder.write("rules/chain.yaml", &format!("groups:\n  - name: elsewhere{elsewhere}"));
    watchbell.process.signal("HUP");
    wait_for("the removed group's series to end", || values(&town.source, "chain:gas:avg").is_empty().then_some(()));
}

#[test]
fn a_rule_is_evaluated_on_what_an_earlier_one_of_its_group_recorded_at_the_same_slot() {
    let Some(town) = Town::new(RULES) else { return };
    town.gas("sepolia", 50.0);
    let _watchbell = town.watchbell(&town.source);
    let slots = || values(&town.source, "count_over_time(chain:gas:most[10m])");
    wait_for("five slots", || {
        slots().first().is_some_and(|(_, count)| count.parse::<f64>().is_ok_and(|count| count >= 5.0)).then_some(())
    });
    // Were it evaluated on the value of the slot before, it would begin a slot later than what it is made of.
    let first = |name: &str| values(&town.source, &format!("min_over_time(timestamp({name})[10m:100ms])"))[0].1.clone();
    assert_eq!(first("chain:gas:most"), first("chain:gas:avg"));
}

#[test]
fn what_cannot_be_written_for_a_while_is_written_afterwards_and_delays_no_alert() {
    let Some(town) = Town::new(RULES) else { return };
    let Some(mut target) = Prometheus::start() else { return };
    town.gas("sepolia", 120.0);
    let watchbell = town.watchbell(&target);
    let recorded = |target: &Prometheus| values(target, "chain:gas:avg").len();
    wait_for("the first sample", || (recorded(&target) == 1).then_some(()));

    target.stop();
    let waiting = || metric(&watchbell, "watchbell_remote_write_samples_waiting ");
    wait_for("samples that wait", || (waiting() >= 8).then_some(()));
    assert_eq!(rule(&watchbell, "chain:gas:avg")["health"], "ok", "the rule itself is well");
    target.resume();
    wait_for("nothing that waits", || (waiting() == 0).then_some(()));
    let missed = metric(&watchbell, "watchbell_missed_slots_total{group=\"chain\"} ");
    assert!(missed <= 1, "nobody waits for a target that is away; {missed} slots were missed");
    assert_eq!(metric(&watchbell, "watchbell_remote_write_samples_total{outcome=\"lost\"} "), 0);

    // Every slot since the first is there: one each second.
    let written = target.query("chain:gas:avg[10m]", now_millis());
    let samples = written[0]["values"].as_array().expect("they were written");
    let times: Vec<f64> = samples.iter().filter_map(|sample| sample[0].as_f64()).collect();
    let holes = times.windows(2).filter(|pair| pair[1] - pair[0] > 1.5).count();
    assert_eq!(holes as u64, missed, "a hole for each missed slot and no other: {times:?}");
    assert!(times.len() > 4, "{times:?}");
}

fn metric(watchbell: &Watchbell, name: &str) -> u64 {
    let text = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
}
