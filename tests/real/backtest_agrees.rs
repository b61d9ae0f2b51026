//! A backtest decides as the service did: over a span with a restart, a source that was away, slots that were missed, a rise, a
//! hysteresis that held and an alert that was kept firing. What arrived late is told.

use crate::support::{Prometheus, Scratch, Series, Watchbell, now_millis, wait_long_for};
use std::process::Command;
use std::time::Duration;

const RULES: &str = "
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: gas_price_gwei
        tiers:
          critical: { above: 100, clear: 80, for: 2s }
          high: { above: 50, for: 3s, keep_firing_for: 4s }
      - alert: Plain
        expr: gas_price_gwei > 90
        for: 3s
";

/// What gas costs, second by second from the start.
const PRICES: [(usize, f64); 9] =
    // Calm; high; a rise to critical; held by hysteresis; high again; calm, and kept firing; critical; calm; high.
    [(6, 10.0), (8, 60.0), (8, 120.0), (4, 90.0), (4, 60.0), (10, 10.0), (10, 120.0), (6, 10.0), (8, 60.0)];

/// The story of the service: at these seconds it is killed and back, its source is away and back, it is stopped and goes on.
const KILLED: i64 = 17;
const BACK: i64 = 20;
const AWAY: i64 = 26;
const THERE: i64 = 30;
const STOPPED: i64 = 42;
const GOES_ON: i64 = 46;
const END: i64 = 62;

fn config(prometheus: &Prometheus) -> String {
    format!(
        "prometheus: {{ main: {{ url: \"{}\", timeout: 800ms }} }}
rules: [rules.yaml]
external_url: \"http://$LISTEN\"
listen: \"$LISTEN\"
store: {{ sqlite: watchbell.db }}
channels: {{ hook: {{ webhook: {{ url: \"http://127.0.0.1:1/\" }} }} }}
policies:
  default:
    matrix: {{ critical: {{ tell: nobody }}, high: {{ tell: nobody }}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }}
routes: [{{ policy: default }}]
",
        prometheus.url()
    )
}

fn wait_until(wall: i64) {
    wait_long_for(Duration::from_secs(90), "its second", || (now_millis() >= wall).then_some(()));
}

fn backtest(folder: &Scratch, from: i64, to: i64) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let at = |millis: i64| jiff::Timestamp::from_millisecond(millis).expect("it is a time").to_string();
    command.current_dir(folder.path()).args(["--config", "watchbell.yaml", "backtest", "--no-cache"]);
    command.args(["--journal", "watchbell.db", "--from", &at(from), "--to", &at(to)]);
    let done = command.output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn explain(folder: &Scratch, at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).expect("it is a time").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).args(["explain", "GasPriceSpike", "--no-cache", "--at", &at]);
    let done = command.output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn a_backtest_gives_slot_by_slot_what_the_service_recorded_and_tells_what_came_late() {
    let Some(mut prometheus) = Prometheus::start() else { return };
    let folder = Scratch::new("backtest-agrees");
    folder.write("rules.yaml", RULES);
    let config = config(&prometheus);
    let start = (now_millis() / 1000 + 2) * 1000;
    let prices = PRICES.iter().flat_map(|(seconds, price)| std::iter::repeat_n(*price, *seconds));
    // Every sample is there before the slot that sees it, so that nothing is late; but for one, at the end.
    let samples: Vec<(i64, f64)> = (0..).zip(prices).map(|(second, price)| (start + 1000 * second, price)).collect();
    prometheus.write(&[Series::new("gas_price_gwei", &[("chain", "sepolia")], &samples)]);

    let from = now_millis();
    let mut service = Watchbell::start(folder.path(), &config).expect("it starts");
    wait_until(start + 1000 * KILLED);
    service.process.signal("KILL");
    service.process.wait();
    wait_until(start + 1000 * BACK);
    let service = Watchbell::start(folder.path(), &config).expect("it starts again");
    wait_until(start + 1000 * AWAY);
    prometheus.stop();
    wait_until(start + 1000 * THERE);
    prometheus.resume();
    wait_until(start + 1000 * STOPPED);
    service.process.signal("STOP");
    wait_until(start + 1000 * GOES_ON);
    service.process.signal("CONT");
    wait_until(start + 1000 * END);
    drop(service);

    let to = start + 1000 * END - 2000;
    let agreed = backtest(&folder, from, to);
    assert!(agreed.contains("history gives, slot by slot, what the service recorded"), "{agreed}");
    for words in ["critical", "high", "GasPriceSpike", "Plain"] {
        assert!(agreed.contains(words), "{words} is not in {agreed}");
    }

    // Of the hour before it knew nothing.
    let longer = backtest(&folder, from - 3_600_000, to);
    assert!(longer.contains("history gives, slot by slot, what the service recorded"), "{longer}");
    let known = longer.split(" % of all slots").next().and_then(|text| text.rsplit(' ').next());
    let known: f64 = known.and_then(|known| known.parse().ok()).expect("a share");
    assert!(known < 10.0, "{longer}");

    // Begun while it fires, and while hysteresis holds it: history has to catch up first.
    for second in [13, 24] {
        let later = backtest(&folder, start + 1000 * second, to);
        assert!(later.contains("history gives, slot by slot, what the service recorded"), "from {second} on: {later}");
        assert!(later.contains("at the beginning 1 alert did not rest"), "from {second} on: {later}");
    }

    // At a moment at which it ran, and one at which it was killed.
    let ran = explain(&folder, start + 1000 * 15);
    assert!(ran.contains("it recorded the states that history gives"), "{ran}");
    assert_eq!(ran.matches("GasPriceSpike\", chain=\"sepolia\"").count(), 2, "by history and by the journal: {ran}");
    let down = explain(&folder, start + 1000 * (KILLED + BACK) / 2);
    assert!(down.contains("and was not running then"), "{down}");

    // In the calm beginning, between a sample and the slot that saw it (a third of a second later): far above every bound, and
    // too late.
    prometheus.write(&[Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(start + 2_200, 500.0)])]);
    let differs = backtest(&folder, from, to);
    assert!(differs.contains("history differs from what the service recorded"), "{differs}");
    assert!(differs.contains("history says pending"), "{differs}");
}
