//! For the business: how much is traded, by whom, what it earns, what the market does, what grows.

use super::grafana::{Dashboard, Panel};
use super::pack::Pack;
use super::row::lay_out;
use super::{Row, SERVICE, of};

/// Makes it.
pub fn dashboard(pack: &mut Pack<'_>) -> Dashboard {
    let about = "How much is traded, by whom, what it earns, what the market does, what grows. From contract events and browsers.";
    let mut dashboard = Dashboard::new("watchbell-business", "Business", about, ("30d", "5m"));
    dashboard.panels = lay_out(vec![volume(), users(pack), revenue(), market(), growth()]);
    dashboard
}

fn volume() -> Row {
    let trend = |title: &str, window: &str| {
        let expr = format!("sum by (kind) (increase(trading_volume_total{{chain=~\"$chain\"}}[{window}]))");
        Panel::columns(title, "1d").ask(&expr, "{{kind}}").unit("suffix: tokens").decimals(0)
    };
    let against = |title: &str, window: &str| {
        let volume =
            |offset: &str| format!("sum(increase(trading_volume_total{{chain=~\"$chain\"}}[{window}]{offset}))");
        let expr = format!("100 * ({} / {} - 1)", volume(""), volume(&format!(" offset {window}")));
        Panel::stat(title).ask_now(&expr, "").unit("percent").decimals(1).plain().sized(8, 4)
    };
    Row::new(
        "Trading Volume",
        vec![
            trend("Daily trend", "1d").says("Tokens minted and redeemed in the 24 hours before."),
            trend("Weekly trend", "7d").says("Tokens minted and redeemed in the seven days before."),
            trend("Monthly trend", "30d").says("Tokens minted and redeemed in the thirty days before."),
            against("Against the day before", "1d"),
            against("Against the week before", "7d"),
            against("Against the month before", "30d"),
        ],
    )
}

fn users(pack: &mut Pack<'_>) -> Row {
    let instead = r#"sum by (service) (increase(user_feedback_total{kind!="wish", service=~"$service"}[1d]))"#;
    let feedback = pack.draw(of("UserFeedback", SERVICE, instead, "reports/d"));
    let active = Panel::graph("Active users")
        .ask(r#"sum by (window) (active_users{chain!="", chain=~"$chain"})"#, "traders of {{window}}")
        .ask(r#"sum by (window) (active_users{chain=""})"#, "visitors of {{window}}")
        .decimals(0)
        .says(
            "Traders are addresses in the contracts' events, visitors are browsers; each counted once in its window.",
        );
    let registrations = Panel::columns("New registrations", "1d")
        .ask("sum(increase(user_registrations_total[1d]))", "registrations")
        .decimals(0)
        .says("In the 24 hours before.");
    let retention = Panel::graph("Retention")
        .ask(RETENTION, "of last week's users")
        .ask(r#"100 * sum(active_users{window="1d", chain!="", chain=~"$chain"}) / sum(active_users{window="30d", chain!="", chain=~"$chain"})"#, "a day's users, of a month's")
        .unit("percent")
        .between(0.0, 100.0)
        .says("Of last week's users, how many came again: this week's without the newly registered, of last week's. And how much of a month's users come on a day.");
    Row::new(
        "User Activity",
        vec![
            active,
            registrations,
            retention,
            Panel::columns("Reports of trouble", "1d").draws(&feedback, "{{service}}").sized(24, 6),
        ],
    )
}

/// Who came again: (users of this week − new ones) / users of last week. Who signs up does so in a browser, on no chain.
const RETENTION: &str = r#"clamp(
  100 * (
    sum(active_users{window="7d", chain!="", chain=~"$chain"})
    - (sum(increase(user_registrations_total[7d])) or vector(0))
  )
    / sum(active_users{window="7d", chain!="", chain=~"$chain"} offset 7d),
  0,
  100
)"#;

fn revenue() -> Row {
    let fees = Panel::columns("Fees collected", "1d")
        .ask(r#"sum by (contract) (increase(fees_collected_total{chain=~"$chain"}[1d]))"#, "{{contract}}")
        .unit("suffix: tokens")
        .says("In the 24 hours before, by the contracts' events.");
    let values = Panel::graph("Transaction values")
        .ask(
            r#"sum by (kind) (increase(trading_volume_total{chain=~"$chain"}[1d])) / sum by (kind) (increase(trades_total{chain=~"$chain"}[1d]))"#,
            "{{kind}}",
        )
        .unit("suffix: tokens")
        .says("The mean trade of the 24 hours before.");
    let total = Panel::stat("Fees collected in the shown time")
        .ask_now(r#"sum(increase(fees_collected_total{chain=~"$chain"}[$__range]))"#, "")
        .unit("suffix: tokens")
        .plain();
    Row::new("Revenue Metrics", vec![fees.sized(9, 8), values.sized(9, 8), total.sized(6, 8)])
}

fn market() -> Row {
    let price = r#"max by (chain) (oracle_price{oracle="aggregator", chain=~"$chain"})"#;
    let movements = Panel::graph("Price movements").ask(price, "{{chain}}").says("What the aggregator answers.");
    let volatility = Panel::graph("Volatility")
        .ask(
            r#"100 * stddev_over_time(oracle_price{oracle="aggregator", chain=~"$chain"}[1d]) / avg_over_time(oracle_price{oracle="aggregator", chain=~"$chain"}[1d])"#,
            "{{chain}}",
        )
        .unit("percent")
        .says("Standard deviation of the price over the 24 hours before, of its mean.");
    let sources = Panel::graph("Comparisons of sources")
        .ask(
            r#"100 * (oracle_price{oracle!="aggregator", chain=~"$chain"} / on (chain) group_left () max by (chain) (oracle_price{oracle="aggregator", chain=~"$chain"}) - 1)"#,
            "{{oracle}}",
        )
        .unit("percent")
        .says("How far each source lies from the aggregated price.");
    let mut before = Panel::stat("Comparisons with before").unit("percent").decimals(2).plain();
    for (ago, word) in [("1d", "a day ago"), ("7d", "a week ago"), ("30d", "a month ago")] {
        let expr = format!("100 * ({price} / {} - 1)", price.replace("})", &format!("}} offset {ago})")));
        before = before.ask_now(&expr, word);
    }
    Row::new("Market Data", vec![movements, volatility, sources, before.sized(24, 4)])
}

fn growth() -> Row {
    let adoption = Panel::graph("Adoption rates")
        .ask(r#"100 * (sum(active_users{window="7d", chain!="", chain=~"$chain"}) / sum(active_users{window="7d", chain!="", chain=~"$chain"} offset 7d) - 1)"#, "traders, against the week before")
        .ask(r#"100 * sum(active_users{window="7d", chain!="", chain=~"$chain"}) / sum(active_users{window="7d", chain=""})"#, "visitors who trade")
        .unit("percent")
        .says("How the number of traders changes from week to week, and how many traders there are for a hundred visitors.");
    let supply = Panel::graph("Adoption rates: tokens in circulation")
        .ask(r#"sum by (contract) (token_supply{chain=~"$chain"})"#, "{{contract}}")
        .unit("suffix: tokens");
    let usage = Panel::columns("Feature usage", "1d")
        .ask(r#"sum by (action) (increase(user_actions_total{service=~"$service"}[1d]))"#, "{{action}}")
        .decimals(0)
        .says("What visitors did in the 24 hours before.");
    Row::new("Growth Indicators", vec![adoption, supply, usage])
}
