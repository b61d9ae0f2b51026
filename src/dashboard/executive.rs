//! For executives: is it well, what does it do, what is wrong, is it quick, is it safe.

use super::grafana::{Dashboard, Mapping, Override, Panel, Step};
use super::lines;
use super::pack::Pack;
use super::row::lay_out;
use super::{CHAIN, Row, SERVICE, each, of, of_query};
use crate::config::Settings;
use crate::promql::quoted;

/// Makes it.
pub fn dashboard(pack: &mut Pack<'_>) -> Dashboard {
    let about = "Is it well, what does it do, what is wrong, is it quick, is it safe.";
    let mut dashboard = Dashboard::new("watchbell-executive", "Executive", about, ("24h", "30s"));
    let rows = vec![health(pack), key_metrics(), alerts(pack.settings), performance(pack), security(pack)];
    dashboard.panels = lay_out(rows);
    dashboard
}

fn health(pack: &mut Pack<'_>) -> Row {
    let status = Panel::stat("Overall status")
        .ask_now(&overall(pack.settings), "")
        .mapped(Mapping::numbers(&["Healthy", "Degraded", "Critical"]))
        .mapped(Mapping::nothing("Unknown"))
        .steps(degrees(), false)
        .where_nothing("Unknown")
        .says(&overall_words(pack.settings));
    let services = pack.draw(of("SystemDown", SERVICE, r#"max by (service) (endpoint_up{service=~"$service"})"#, ""));
    let services = Panel::states("Services")
        .draws(&services, "{{service}}")
        .mapped(Mapping::numbers(&["down", "up"]))
        .says("A service is up while one of its endpoints answers.");
    Row::new("System Health", vec![status.sized(6, 6), services.sized(18, 6)])
}

/// 0 while nothing fires that cannot wait for the daily review, 2 while something of the highest severity does. Nothing at all where
/// Watchbell is not seen: that is no health.
fn overall(settings: &Settings) -> String {
    let names: Vec<String> = settings.severities.iter().map(ToString::to_string).collect();
    let (highest, lowest) = (names.first().map_or("", String::as_str), names.last().map_or("", String::as_str));
    // A name may be any text, and is meant to the letter.
    let rest = [highest, lowest].map(regex::escape);
    let rest = if names.len() > 2 { rest.join("|") } else { rest[0].clone() };
    let firing = |matcher: String| {
        format!("(sum(watchbell_alerts{{state=\"firing\", {matcher}}}) or 0 * max(watchbell_incidents_open)) > bool 0")
    };
    let (highest, others) =
        (firing(format!("severity={}", quoted(highest))), firing(format!("severity!~{}", quoted(&rest))));
    format!("clamp_max(\n  2 * ({highest})\n    + ({others}),\n  2\n)")
}

fn overall_words(settings: &Settings) -> String {
    let names: Vec<String> = settings.severities.iter().map(ToString::to_string).collect();
    let highest = names.first().cloned().unwrap_or_default();
    let waits = names.last().filter(|_| names.len() > 2);
    let waits =
        waits.map(|lowest| format!(" What is {lowest} waits for its review and does not count.")).unwrap_or_default();
    format!(
        "Critical while an alert fires at {highest}, degraded while one fires below that.{waits} Unknown where Watchbell itself is not seen."
    )
}

/// The colours of 0, 1 and 2.
fn degrees() -> Vec<Step> {
    let step = |color: &str, value| Step { color: color.into(), value };
    vec![step("green", None), step("orange", Some(1.0)), step("red", Some(2.0))]
}

fn key_metrics() -> Row {
    let price = Panel::stat_over_time("Price")
        .ask(r#"max by (chain) (oracle_price{oracle="aggregator", chain=~"$chain"})"#, "{{chain}}")
        .decimals(2)
        .plain()
        .says("What the aggregator answers.");
    let volume = Panel::stat("Volume of a day")
        .ask_now(r#"sum by (kind) (increase(trading_volume_total{chain=~"$chain"}[1d]))"#, "{{kind}}")
        .unit("suffix: tokens")
        .decimals(0)
        .plain()
        .says("Tokens minted and redeemed, by the contracts' events.");
    let users = Panel::stat("Users of a day")
        .ask_now(r#"sum(active_users{window="1d", chain!="", chain=~"$chain"})"#, "traders")
        .ask_now(r#"sum(active_users{window="1d", chain=""})"#, "visitors")
        .decimals(0)
        .plain()
        .says("Traders are addresses in the contracts' events, visitors are browsers; both without being told who.");
    let transactions = Panel::stat("Transactions of a day")
        .ask_now(r#"sum by (outcome) (increase(contract_transactions_total{chain=~"$chain"}[1d]))"#, "{{outcome}}")
        .decimals(0)
        .plain()
        .says("Mined transactions to the contracts.");
    Row::new("Key Metrics", vec![price, volume, users, transactions])
}

fn alerts(settings: &Settings) -> Row {
    let mut by_severity = Panel::bars("Current issues by severity")
        .decimals(0)
        .plain()
        .says("Alerts that fire now, those of other senders included.");
    for severity in settings.severities.iter() {
        let name = severity.to_string();
        let expr = format!(
            "sum(watchbell_alerts{{state=\"firing\", severity={}}}) or 0 * max(watchbell_incidents_open)",
            quoted(&name)
        );
        by_severity = by_severity.ask_now(&expr, &name).otherwise(Override::of(&name).colour(lines::colour(severity)));
    }
    let colours = Mapping::colours(lines::colours(&settings.severities));
    let issues = Panel::table("Current issues", &["severity", "rule", "state"], "alerts")
        .ask_now("sum by (rule, severity, state) (watchbell_rule_alerts)", "")
        .otherwise(Override::of("severity").coloured_by(&colours))
        .where_nothing("Nothing fires and nothing is pending")
        .says("What fires, and what will if it goes on. Pending is what has not held long enough yet.");
    let status = Panel::stat("Status of incidents")
        .ask_now("max(watchbell_incidents_open)", "open")
        .ask_now("max(watchbell_incidents_unacknowledged)", "nobody is at it")
        .decimals(0)
        .steps(
            vec![Step { color: "green".into(), value: None }, Step { color: "orange".into(), value: Some(1.0) }],
            false,
        )
        .link("Incidents", &settings.external_url);
    Row::new("Alert Summary", vec![by_severity.sized(6, 7), issues.sized(12, 7), status.sized(6, 7)])
}

fn performance(pack: &mut Pack<'_>) -> Row {
    let instead = r#"avg by (service, endpoint) (avg_over_time(api_response_time_ms{service=~"$service"}[2m]))"#;
    let times = pack.draw_each(of("ApiResponseTime", SERVICE, instead, "ms"));
    let times = each(&times, || Panel::graph("Response times").sized(8, 7), "{{endpoint}}");
    let availability = Panel::gauge("Availability of services")
        .ask_now(r#"100 * avg by (service) (avg_over_time(endpoint_up{service=~"$service"}[$__range]))"#, "{{service}}")
        .unit("percent")
        .between(0.0, 100.0)
        .decimals(2)
        .plain()
        .says("Probes of the shown time that were answered, of all.");
    let instead = r#"min by (chain) (oracle_availability_percentage{chain=~"$chain"})"#;
    let oracles = pack.draw(of_query(("OracleFailure", "availability"), CHAIN, instead, "%"));
    let oracles =
        Panel::gauge("Availability of price sources").draws_now(&oracles, "{{chain}}").between(0.0, 100.0).decimals(2);
    let pages = pack.draw(of(
        "UserExperience",
        SERVICE,
        r#"max by (service, page) (page_load_time_ms{service=~"$service"})"#,
        "ms",
    ));
    let pages = Panel::graph("Response times of pages").draws(&pages, "{{page}}").sized(12, 7);
    Row::new("Performance Overview", times).and(vec![availability, oracles, pages])
}

fn security(pack: &mut Pack<'_>) -> Row {
    let instead = r#"max by (chain, contract) (circuit_breaker_active{chain=~"$chain"})"#;
    let tripped = pack.draw(of_query(("CircuitBreaker", "tripped"), CHAIN, instead, ""));
    let instead = r#"max by (chain, contract) (emergency_mode{chain=~"$chain"})"#;
    let paused = pack.draw(of_query(("EmergencyPause", "paused"), CHAIN, instead, ""));
    let breaker = Mapping::numbers(&["calm", "TRIPPED"]);
    let emergency = Mapping::numbers(&["normal", "EMERGENCY"]);
    let now = |title: &str, mapping: &Mapping| {
        Panel::stat(title).mapped(mapping.clone()).mapped(Mapping::nothing("not seen")).where_nothing("not seen")
    };
    Row::new(
        "Security Status",
        vec![
            now("Circuit breaker", &breaker).draws_now(&tripped, "{{contract}}"),
            Panel::states("Circuit breaker over time").draws(&tripped, "{{contract}}").mapped(breaker).sized(6, 5),
            now("Emergency states", &emergency).draws_now(&paused, "{{contract}}"),
            Panel::states("Emergency states over time").draws(&paused, "{{contract}}").mapped(emergency).sized(6, 5),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severities;
    use crate::promql::Expr;

    #[test]
    fn a_severity_is_meant_to_the_letter_whatever_it_is_called() {
        let names = ["critical (page)", "say \"now\"", "low|info"].map(|name| (name.into(), Vec::new()));
        let severities = Severities::new(names.into(), "low|info").expect("the default is one of them");
        let settings = Settings { severities, ..Settings::default() };
        let overall = overall(&settings);
        Expr::parse(&overall).expect("PromQL");
        assert!(overall.contains(r#"severity="critical (page)""#), "{overall}");
        assert!(overall.contains(r#"severity!~"critical \\(page\\)|low\\|info""#), "{overall}");
        let row = serde_json::to_string(&crate::dashboard::row::lay_out(vec![alerts(&settings)])).expect("it is JSON");
        assert!(row.contains(r#"severity=\"say \\\"now\\\"\""#), "{row}");
    }
}
