//! Security events: access logs, failed attempts, anomalies.

use crate::dashboard::grafana::Panel;
use crate::dashboard::pack::{Pack, Wanted};
use crate::dashboard::{CHAIN, Row, of};

pub fn row(pack: &mut Pack<'_>) -> Row {
    let instead = r#"sum by (chain) (increase(unauthorized_access_attempts{chain=~"$chain"}[1h]))"#;
    let attempts = pack.draw(of("SecurityBreach", CHAIN, instead, "attempts/h"));
    let unusual = Wanted { query: Some("used"), ..of("HighGasUsage", CHAIN, GAS_SCORE, "σ") };
    let unusual = pack.score_lines(unusual);
    Row::new(
        "Security Events",
        vec![
            requests(),
            denied(),
            Panel::graph("Failed attempts").draws(&attempts, "{{chain}}"),
            Panel::columns("Failed attempts by contract", "1h")
                .ask(r#"sum by (contract) (increase(unauthorized_access_attempts{chain=~"$chain"}[1h]))"#, "{{contract}}")
                .unit("suffix: attempts/h"),
            Panel::graph("Anomalies: gas used").draws(&unusual, "{{contract}}").every("2m").says(SCORE),
            Panel::columns("Anomalies: emergencies", "1h")
                .ask(r#"sum by (contract) (increase(circuit_breaker_triggers{chain=~"$chain"}[1h]))"#, "breaker: {{contract}}")
                .ask(r#"sum by (contract) (increase(emergency_pause_events{chain=~"$chain"}[1h]))"#, "pause: {{contract}}")
                .ask(r#"sum by (contract) (increase(contract_transactions_total{chain=~"$chain", outcome="failed"}[1h]))"#, "failed: {{contract}}")
                .says("Circuit breaker trips, emergency pauses and failed transactions, by the hour."),
        ],
    )
}

const SCORE: &str = "So many standard deviations from the contract's mean of the last day.";

/// What `used.zscore("1d")` is in a rule, as PromQL.
const GAS_SCORE: &str = r#"(
  sum by (chain, contract) (rate(contract_gas_used_total{chain=~"$chain"}[10m]))
  - avg_over_time(sum by (chain, contract) (rate(contract_gas_used_total{chain=~"$chain"}[10m]))[1d:5m])
)
  / stddev_over_time(sum by (chain, contract) (rate(contract_gas_used_total{chain=~"$chain"}[10m]))[1d:5m])"#;

fn requests() -> Panel {
    Panel::graph("Access logs: requests by status")
        .ask(r#"sum by (status_code) (rate(http_requests_total{service=~"$service"}[$__rate_interval]))"#, "{{status_code}}")
        .unit("reqps")
        .stacked()
        .says("What the application answered; 401 and 403 are doors that stayed shut. The lines themselves are in Kibana.")
}

fn denied() -> Panel {
    Panel::graph("Access logs: not let in by Watchbell")
        .ask("sum by (reason) (increase(watchbell_http_requests_denied_total[1h]))", "{{reason}}")
        .where_nothing("Nobody was turned away")
        .unit("suffix: requests/h")
        .says("Requests to Watchbell's API without a token, with a wrong one, or from a page elsewhere.")
}
