//! Oracle health: price feeds, deviations, confidence scores.

use crate::dashboard::grafana::{Mapping, Panel};
use crate::dashboard::pack::Pack;
use crate::dashboard::{CHAIN, Row, of, of_query, up_or_down};

pub fn row(pack: &mut Pack<'_>) -> Row {
    let instead = r#"max by (chain) (price_deviation_percentage{chain=~"$chain"})"#;
    let deviation = pack.draw(of("OracleDeviation", CHAIN, instead, "%"));
    let instead = r#"max by (chain, oracle) (oracle_update_latency_seconds{chain=~"$chain"})"#;
    let age = pack.draw(of("OracleStaleness", CHAIN, instead, "s"));
    let instead = r#"min by (chain) (oracle_availability_percentage{chain=~"$chain"})"#;
    let availability = pack.draw(of_query(("OracleFailure", "availability"), CHAIN, instead, "%"));
    let feeds = Panel::graph("Price feeds")
        .ask(r#"max by (oracle) (oracle_price{chain=~"$chain"})"#, "{{oracle}}")
        .says("What each source and the aggregator answer.");
    let confidence = Panel::graph("Confidence scores")
        .ask(r#"min by (oracle) (oracle_confidence_percentage{chain=~"$chain"})"#, "{{oracle}}")
        .unit("percent")
        .says("How sure a source says it is. The contracts want 80 %; no rule holds it to a bound.");
    let up = Panel::states("Price feeds: usable")
        .ask(r#"max by (oracle) (oracle_up{chain=~"$chain"})"#, "{{oracle}}")
        .mapped(Mapping::numbers(&["down", "up"]))
        .steps(up_or_down(), false)
        .says("Whether a source answered with a price younger than the contracts accept.");
    Row::new(
        "Oracle Health",
        vec![
            feeds,
            Panel::graph("Deviations").draws(&deviation, "{{chain}}"),
            confidence,
            Panel::graph("Age of prices").draws(&age, "{{oracle}}"),
            Panel::graph("Availability of sources").draws(&availability, "{{chain}}").at_most(100.0),
            up.sized(8, 8),
        ],
    )
}
