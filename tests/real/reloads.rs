//! Reloads that take something away, or bring what cannot be: whoever heard of a firing hears of its end, and what runs goes on.

use super::channels::{Case, Kind, RULES, Town, case};
use crate::support::{http, wait_for};
use serde_json::json;

/// The same, with channels of other names.
fn renamed(config: &str) -> String {
    let renamed = [("pager", "pagerduty"), ("hook", "webhook")].iter().fold(config.to_owned(), |text, (name, kind)| {
        text.replace(&format!("  {name}: {{ {kind}"), &format!("  new-{name}: {{ {kind}"))
            .replace(&format!("notify: [{name}]"), &format!("notify: [new-{name}]"))
    });
    assert_eq!(renamed.matches("new-").count() - config.matches("new-").count(), 6, "{renamed}");
    renamed
}

fn two() -> [Case; 2] {
    [case("pager", Kind::Pager), case("hook", Kind::Hook)]
}

#[test]
fn a_channel_that_a_reload_takes_away_says_the_ends_that_it_owes() {
    let Some(town) = Town::with(&two()) else { return };
    town.set(&["pager", "hook"], 1.0);
    town.wait_until_all_taken(&["pager", "hook"], "page");
    assert_eq!(town.reload(renamed), 200);
    town.set(&["pager", "hook"], 0.0);
    town.wait_until_all_taken(&["pager", "hook"], "end");
    assert_eq!(town.words("pager"), ["page", "end"], "{:?}", town.taken("pager"));
    assert_eq!(town.words("ops"), [""; 0], "nothing is wrong with it");
}

#[test]
fn an_end_that_a_channel_owed_before_a_start_without_it_troubles_nobody() {
    let Some(mut town) = Town::with(&two()) else { return };
    town.set(&["pager"], 1.0);
    town.wait_until_taken("pager", "page");
    town.start_again_with(renamed);
    town.set(&["pager"], 0.0);
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    town.set(&["hook"], 0.0);
    town.wait_until_taken("hook", "end");
    assert_eq!(town.words("ops"), [""; 0], "of a channel that is not there nobody could hear that it is well again");
}

#[test]
fn a_rule_as_deep_as_may_be_is_run_and_a_deeper_one_is_refused_and_stops_nothing() {
    let Some(town) = Town::with(&two()) else { return };
    let with_chain_of = |length: usize| {
        let chain = " or breach{case=\"nowhere\"}".repeat(length);
        RULES.replace("expr: breach", &format!("expr: breach{chain}"))
    };
    assert_eq!(town.reload_rules(&with_chain_of(1_999)), 200);
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    assert_eq!(town.reload_rules(&with_chain_of(100_000)), 500);
    town.set(&["hook"], 0.0);
    town.wait_until_taken("hook", "end");
}

/// With one severity more above all others, and `high` under another name, whose aliases are these.
fn with_urgent(config: &str, aliases: &str) -> String {
    let urgent = format!("{{ name: urgent, aliases: [{aliases}] }}");
    let severities = format!(
        "severities: [{{ name: disaster }}, {{ name: critical }}, {urgent}, {{ name: medium }}, {{ name: low }}]\n"
    );
    let matrix = "matrix: { disaster: { levels: [{ notify: [ops] }] }, critical";
    let config = config.replace("matrix: { critical", matrix).replace(", high: {", ", urgent: {");
    format!("{severities}{config}")
}

#[test]
fn severities_get_another_order_and_other_names_and_nobody_is_woken_by_that() {
    let Some(town) = Town::with(&two()) else { return };
    town.set(&["pager", "hook"], 1.0);
    town.wait_until_all_taken(&["pager", "hook"], "page");
    assert_eq!(town.reload(|config| with_urgent(config, "high")), 200);
    town.set(&["pager", "hook"], 0.0);
    town.wait_until_all_taken(&["pager", "hook"], "end");
    assert_eq!(town.words("pager"), ["page", "end"], "{:?}", town.taken("pager"));
    assert_eq!(town.words("hook"), ["page", "end"], "{:?}", town.taken("hook"));
    assert!(town.taken("hook")[1].text.contains("urgent"), "{:?}", town.taken("hook"));
    assert!(!town.watchbell.process.said().contains("there is no severity"));
}

#[test]
fn a_severity_that_is_gone_is_said_with_what_to_do_and_what_fires_is_paged_by_the_policy_of_now() {
    let Some(mut town) = Town::with(&two()) else { return };
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    town.start_again_on(&RULES.replace("high:", "urgent:"), |config| with_urgent(config, ""));
    wait_for("the hook to be told anew", || (town.words("hook") == ["page", "end", "page"]).then_some(()));
    let said = town.watchbell.process.said();
    let line = said.lines().find(|line| line.contains("there is no severity")).expect("it is said");
    assert!(
        line.contains("`high`") && line.contains("1 open incidents") && line.contains("`aliases: [high]`"),
        "{line}"
    );
}

#[test]
fn files_that_are_bad_for_long_are_an_alert_until_they_are_good() {
    let Some(town) = Town::with(&two()) else { return };
    let soon = |config: &str| format!("rule_failure_after: 1s\ndefault_severity: high\n{config}");
    assert_eq!(town.reload(soon), 200);
    assert_eq!(town.reload_rules("groups: ["), 500);
    let page = town.wait_until_taken("ops", "page");
    assert!(page.text.contains("WatchbellFilesBad") && page.text.contains("an edit is not in effect"), "{}", page.text);
    assert_eq!(town.reload_rules(RULES), 200);
    town.wait_until_taken("ops", "end");
    assert_eq!(town.words("ops"), ["page", "end"], "once");
}

#[test]
fn who_waits_for_the_lease_says_that_it_is_alive_and_takes_nothing_in() {
    let Some(mut town) = Town::with(&two()) else { return };
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    let mut standby = town.start_standby();
    let status = |path: &str| http::get(&format!("{}{path}", standby.url())).expect("it answers").status;
    assert_eq!(["/-/healthy", "/-/ready", "/api/v1/incidents"].map(status), [200, 503, 503]);
    let late = json!([{ "labels": { "alertname": "Late" } }]);
    let posted = http::post_json(&format!("{}/api/v2/alerts", standby.url()), &late);
    let posted = posted.expect("it answers");
    assert!(posted.status == 503 && posted.body.contains("another replica decides"), "{}", posted.body);
    town.watchbell.process.signal("KILL");
    wait_for("the other to decide", || standby.is_ready().then_some(()));
    std::mem::swap(&mut town.watchbell, &mut standby);
    let open = http::get(&format!("{}/api/v1/incidents", town.watchbell.url())).expect("it answers").body;
    assert!(open.contains("INC-1") && !open.contains("Late"), "what was refused is not done later: {open}");
}

#[test]
fn who_takes_over_goes_by_the_files_of_now_and_not_by_those_that_lay_there_when_it_began_to_wait() {
    let Some(mut town) = Town::with(&two()) else { return };
    let mut standby = town.start_standby();
    let more = RULES.replace("Breach\n        expr: breach", "Another\n        expr: breach * 1");
    assert_eq!(town.reload_rules(&more), 200);
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    town.watchbell.process.signal("KILL");
    wait_for("the other to decide", || standby.is_ready().then_some(()));
    std::mem::swap(&mut town.watchbell, &mut standby);
    town.set(&["hook"], 0.0);
    town.wait_until_taken("hook", "end");
    assert_eq!(town.words("hook"), ["page", "end"], "no end and no page by rules of the past");
}
