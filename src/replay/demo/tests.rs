//! The plot holds, whatever the seed makes of it.

use super::*;

#[test]
fn whatever_the_seed_every_act_finds_its_incident_and_one_climbs_all_four_levels() {
    for seed in [1, 2, u64::MAX] {
        let show = show(seed);
        let says = |words: &str| show.lines.iter().any(|line| line.text.contains(words));
        for words in [
            "INC-6 opened at critical (default {alertname=\"SystemDown\"",
            "INC-6 reached level on-call",
            "INC-6 reached level leads",
            "INC-6 reached level executives",
            "INC-1 acknowledged by primary-b",
            "INC-2 acknowledged by security-officer",
            "INC-7 acknowledged by primary-b",
            "INC-6 acknowledged by team-lead",
            "INC-6 update by team-lead",
            "INC-3 is held back (silenced by team-lead",
            "INC-7 is high now",
            "INC-7 is medium now",
            "digest default: 1 opened",
        ] {
            assert!(says(words), "seed {seed}: nothing says `{words}`");
        }
        assert_eq!(show.tally.open, [5], "seed {seed}: only the reminder goes on");
        assert_eq!(show.tally.acknowledged_after.len(), 4, "seed {seed}");
    }
}

#[test]
fn something_goes_wrong_within_the_first_ten_seconds_at_the_usual_speed() {
    let first = Testnet::new(1, START).troubles()[0];
    assert!(first.from < Span::from_mins(10));
}

#[test]
fn who_gets_the_same_message_stands_in_one_line() {
    let show = show(1);
    let first = show.lines.iter().find(|line| matches!(line.what, What::Page(_))).expect("somebody is paged");
    assert!(first.text.starts_with("-> alertmanager, alerts-slack, pager\n[FIRING high] INC-1"), "{}", first.text);
}

#[test]
fn the_made_up_series_are_the_documented_ones() {
    let documented = include_str!("../../../docs/metrics.md");
    for series in Testnet::new(1, START).scraped(Span::ZERO).all() {
        let name = series.labels().get("__name__");
        assert!(documented.contains(&format!("`{name}`")), "docs/metrics.md does not know {name}");
    }
}

#[test]
fn every_metric_that_a_shipped_rule_reads_is_made_up_but_the_middlewares_own() {
    let testnet = Testnet::new(1, START).scraped(Span::ZERO);
    let made_up = |name: &str| testnet.all().iter().any(|series| series.labels().get("__name__") == name);
    let (_, rules) = shipped();
    let rules = rules.groups.iter().flat_map(|group| group.alerts());
    let queries: Vec<_> = rules.flat_map(|rule| rule.queries.iter().map(|query| query.expr.clone())).collect();
    let missing: std::collections::BTreeSet<&str> =
        queries.iter().flat_map(|expr| expr.metrics()).filter(|name| !made_up(name)).collect();
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), ["http_requests_total"]);
}
