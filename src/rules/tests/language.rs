//! What is meant by what is written, key by key.

use super::*;
use crate::model::{Labels, Severity, Span};
use crate::rules::{Bound, Clear, Condition, Entry, Kind, NoData, OnError};

fn gas(rest: &str) -> Read {
    read_rule(&format!("alert: Gas\nexpr: avg by (chain) (gas_price_gwei)\n{rest}"))
}

fn bound(text: &str) -> Condition {
    gas(&format!("unit: ms\ntiers:\n  high: {text}")).alert().tiers[0].condition.clone()
}

#[test]
fn a_plain_rule_has_one_tier_that_is_true_where_the_series_is() {
    let rule =
        read_rule("alert: Down\nexpr: up == 0\nfor: 5m\nkeep_firing_for: 1m\nlabels: { severity: page }").alert();
    assert_eq!(rule.kind, Kind::Plain);
    let [tier] = &*rule.tiers else { panic!("one tier") };
    assert_eq!((tier.severity.name().as_ref(), &tier.condition), ("critical", &Condition::Present));
    assert_eq!((tier.hold, tier.keep), (Span::from_mins(5), Span::from_mins(1)));
    assert_eq!((&rule.no_data, &rule.on_error), (&NoData::Resolve, &OnError::Keep));
    assert_eq!(rule.queries[0].name.as_str(), "value");
}

#[test]
fn a_plain_rule_without_a_severity_or_with_an_unknown_one_has_the_default() {
    assert_eq!(read_rule("alert: A\nexpr: up").alert().tiers[0].severity.name().as_str(), "medium");
    let unknown = read_rule("alert: A\nexpr: up\nlabels: { severity: sev1 }");
    assert_eq!(unknown.alert().tiers[0].severity.name().as_str(), "medium");
    assert_eq!(unknown.told(), "8:29 WB038 no severity is called `sev1`; it counts as `medium`");
}

#[test]
fn tiers_stand_highest_first_whatever_their_order_in_the_file() {
    let rule = gas("tiers:\n  low: { above: 10 }\n  page: { above: 100 }\n  warning: { above: 60 }").alert();
    let names: Vec<&str> = rule.tiers.iter().map(|tier| tier.severity.name().as_ref()).collect();
    assert_eq!(names, ["critical", "medium", "low"]);
    assert_eq!((rule.kind, &rule.no_data), (Kind::Extended, &NoData::Keep(Some(Span::from_mins(5)))));
}

#[test]
fn every_bound_means_what_it_says() {
    assert_eq!(bound("{ above: 100 }"), Condition::Bound(Bound::Above(100.0)));
    assert_eq!(bound("{ at_least: -1.5 }"), Condition::Bound(Bound::AtLeast(-1.5)));
    assert_eq!(bound("{ below: 5 }"), Condition::Bound(Bound::Below(5.0)));
    assert_eq!(bound("{ at_most: 0x10 }"), Condition::Bound(Bound::AtMost(16.0)));
    assert_eq!(bound("{ outside: [10, 15] }"), Condition::Bound(Bound::Outside(10.0, 15.0)));
    assert_eq!(bound("{ inside: [10, 15] }"), Condition::Bound(Bound::Inside(10.0, 15.0)));
    assert_eq!(bound("{ equals: 1 }"), Condition::Bound(Bound::Equals(1.0)));
    assert_eq!(bound("{ differs: 1 }"), Condition::Bound(Bound::Differs(1.0)));
    assert_eq!(bound("{ above: .inf }"), Condition::Bound(Bound::Above(f64::INFINITY)));
}

#[test]
fn a_duration_is_converted_to_the_unit_of_the_rule() {
    for (unit, value) in [("s", 90.0), ("ms", 90e3), ("us", 90e6), ("ns", 90e9), ("min", 1.5), ("h", 0.025)] {
        let rule = gas(&format!("unit: {unit}\ntiers: {{ high: {{ above: 1m30s }} }}")).alert();
        assert_eq!(rule.tiers[0].condition, Condition::Bound(Bound::Above(value)), "{unit}");
        assert_eq!(rule.tiers[0].threshold.as_str(), "1m30s", "templates show it as written");
    }
}

#[test]
fn clear_is_strictly_beyond_and_on_the_calm_side() {
    let clear = |tier: &str| gas(&format!("tiers: {{ high: {tier} }}")).alert().tiers[0].clear.clone();
    assert_eq!(clear("{ above: 100, clear: 80 }"), Some(Clear::Bound(Bound::Above(80.0))));
    assert_eq!(clear("{ at_most: 5, clear: 8 }"), Some(Clear::Bound(Bound::Below(8.0))));
    assert_eq!(clear("{ outside: [0, 10], clear: [2, 8] }"), Some(Clear::Bound(Bound::Outside(2.0, 8.0))));
    assert_eq!(clear("{ inside: [2, 8], clear: [0, 10] }"), Some(Clear::Bound(Bound::Between(0.0, 10.0))));
    assert_eq!(clear("{ above: 100, clear: 100 }"), Some(Clear::Bound(Bound::Above(100.0))));
    for wrong in [
        "{ above: 100, clear: 101 }",
        "{ at_least: 100, clear: 100 }",
        "{ below: 5, clear: 4 }",
        "{ outside: [0, 10], clear: [-1, 8] }",
        "{ inside: [2, 8], clear: [2, 10] }",
        "{ equals: 1, clear: 0 }",
        "{ above: 1, clear: [0, 1] }",
        "{ outside: [0, 1], clear: 1 }",
    ] {
        let read = gas(&format!("tiers: {{ high: {wrong} }}"));
        assert!(read.told().contains(" WB042 "), "{wrong}: {}", read.told());
    }
}

#[test]
fn timers_titles_and_actions_come_from_the_tier_else_the_rule_else_the_group() {
    let read = read(
        "groups:
  - name: chain
    keep_firing_for: 2m
    forget_after: 1w
    policy: chain
    rules:
      - alert: Gas
        expr: gas_price_gwei
        for: 5m
        title: Gas is dear
        actions: [restart]
        tiers:
          high: { above: 100 }
          low: { above: 10, for: 1h, keep_firing_for: 0s, title: Gas is not cheap, actions: [] }
",
    );
    let rule = read.alert();
    let [high, low] = &*rule.tiers else { panic!("two tiers") };
    assert_eq!((high.hold, high.keep), (Span::from_mins(5), Span::from_mins(2)));
    assert_eq!((low.hold, low.keep), (Span::from_hours(1), Span::ZERO));
    let title = |tier: &crate::rules::Tier| tier.title.as_ref().map(|title| title.text().to_string());
    assert_eq!((title(high).as_deref(), title(low).as_deref()), (Some("Gas is dear"), Some("Gas is not cheap")));
    assert_eq!((high.actions.len(), low.actions.len()), (1, 0));
    assert_eq!((rule.forget_after, rule.policy.as_deref()), (Span::from_hours(168), Some("chain")));
}

#[test]
fn labels_of_the_group_lie_under_those_of_the_rule() {
    let read = read(
        "groups:\n  - name: g\n    labels: { team: a, component: gas }\n    rules:\n      - alert: A\n        expr: up\n        labels: { team: b, n: 1, none: ~ }\n",
    );
    let labels =
        read.alert().labels.iter().map(|(name, value)| format!("{name}={} ", value.text())).collect::<String>();
    assert_eq!(labels, "component=gas team=b n=1 none= ");
}

#[test]
fn an_exception_replaces_single_fields_of_single_tiers() {
    let rule = gas("for: 5m
target: { at_most: 30 }
tiers:
  high: { above: 100, clear: 80 }
  medium: { above: 60, for: 15m }
exceptions:
  - match: 'chain=\"sepolia\"'
    tiers: { high: { above: 300 }, medium: ~ }
    target: { at_most: 90 }
  - match: 'chain=~\"dev.*\"'
    enabled: false
    because: nobody looks
  - match: 'chain=\"slow\"'
    for: 1h
")
    .alert();
    let tiers = |chain: &str| rule.tiers_for(&Labels::new([("chain", chain)])).clone();
    let [high] = &*tiers("sepolia") else { panic!("medium is removed") };
    assert_eq!(high.condition, Condition::Bound(Bound::Above(300.0)));
    assert_eq!((&high.clear, high.hold), (&Some(Clear::Bound(Bound::Above(80.0))), Span::from_mins(5)));
    assert_eq!(rule.exceptions[0].target, Some(Bound::AtMost(90.0)));
    assert!(tiers("dev1").is_empty());
    let holds: Vec<Span> = tiers("slow").iter().map(|tier| tier.hold).collect();
    assert_eq!(holds, [Span::from_hours(1), Span::from_mins(15)], "a tier's own `for` stays");
    assert_eq!(tiers("mainnet"), rule.tiers);
    assert_eq!(rule.exceptions[2].target, Some(Bound::AtMost(30.0)));
}

#[test]
fn an_exception_may_turn_a_bound_into_a_condition_of_another_form() {
    let rule = gas("tiers:\n  high: { above: 100 }\nexceptions:\n  - match: 'chain=\"x\"'\n    tiers: { high: { outside: [1, 9] } }").alert();
    assert_eq!(rule.exceptions[0].tiers[0].condition, Condition::Bound(Bound::Outside(1.0, 9.0)));
}

#[test]
fn an_exception_of_a_plain_rule_may_change_for_and_switch_off() {
    let rule = read_rule("alert: A\nexpr: up == 0\nfor: 5m\nexceptions:\n  - { match: 'job=\"x\"', for: 1h }\n  - { match: 'job=\"y\"', enabled: false }").alert();
    assert_eq!(rule.kind, Kind::Plain);
    assert_eq!(rule.exceptions[0].tiers[0].hold, Span::from_hours(1));
    assert!(rule.exceptions[1].tiers.is_empty());
}

#[test]
fn no_data_and_on_error_have_all_their_forms() {
    let of = |text: &str| {
        let rule = gas(&format!("tiers: {{ high: {{ above: 1 }} }}\n{text}")).alert();
        (rule.no_data.clone(), rule.on_error.clone())
    };
    let high = || Severity::new(1, "high");
    assert_eq!(of("no_data: resolve").0, NoData::Resolve);
    assert_eq!(of("no_data: keep").0, NoData::Keep(None));
    assert_eq!(of("no_data: { keep: 1h }").0, NoData::Keep(Some(Span::from_hours(1))));
    assert_eq!(of("no_data: { tier: high, after: 10m }").0, NoData::Tier(high(), Span::from_mins(10)));
    assert_eq!(of("on_error: keep").1, OnError::Keep);
    assert_eq!(of("on_error: { tier: error, after: 5m }").1, OnError::Tier(high(), Span::from_mins(5)));
}

#[test]
fn several_queries_have_names_a_join_and_one_value() {
    let rule = read_rule(
        "alert: Congestion
queries:
  tps: { expr: 'sum by (chain) (rate(transactions_total[2m]))', history: 1h }
  gas: avg by (chain) (gas_price_gwei)
join: [chain]
value: gas
tiers:
  high: { when: \"tps < 5 && gas > 60\", clear_when: \"tps > 8\", for: 5m }
",
    )
    .alert();
    let queries: Vec<_> = rule.queries.iter().map(|query| (query.name.as_ref(), query.history)).collect();
    assert_eq!(queries, [("tps", Span::from_hours(1)), ("gas", Span::ZERO)]);
    assert_eq!((rule.join[0].as_ref(), rule.value), ("chain", 1));
    assert!(matches!((&rule.tiers[0].condition, &rule.tiers[0].clear), (Condition::When(_), Some(Clear::When(_)))));
    assert_eq!(rule.tiers[0].threshold.as_str(), "");
}

#[test]
fn a_tier_of_a_single_expression_may_have_a_condition_too() {
    let rule = gas("tiers: { high: { when: 'value > 100 && labels.chain != \"sepolia\"' } }").alert();
    assert!(matches!(rule.tiers[0].condition, Condition::When(_)));
}

#[test]
fn groups_have_prometheus_s_keys_and_their_defaults() {
    let read = read(
        "groups:\n  - { name: a, interval: 15s, query_offset: 30s, limit: 5, rules: ~ }\n  - { name: b, interval: 0s }\n",
    );
    assert!(read.alerts().is_empty());
    let [a, b] = &*read.loaded.set.groups else { panic!("two groups") };
    assert_eq!((a.interval, a.query_offset, a.limit), (Span::from_secs(15), Span::from_secs(30), 5));
    assert_eq!((b.interval, b.query_offset, b.limit), (Span::from_mins(1), Span::ZERO, 0));
    assert_eq!((a.source.as_ref(), a.file.as_ref()), ("main", "rules.yaml"));
}

#[test]
fn every_document_of_a_file_is_read() {
    let read = read(
        "groups: [{ name: a, rules: [{ alert: A, expr: up }] }]\n---\n---\ngroups: [{ name: b, rules: [{ alert: B, expr: up }] }]\n",
    );
    let names: Vec<String> = read.alerts().iter().map(|rule| rule.alert.to_string()).collect();
    assert_eq!(names, ["A", "B"]);
}

#[test]
fn an_empty_file_is_a_file_without_rules() {
    for text in ["", "# nothing\n", "groups:\n", "groups: []\n", "{}\n", "---\n"] {
        let read = read(text);
        assert!(read.findings.is_empty() && read.loaded.set.groups.is_empty(), "{text:?}: {}", read.told());
    }
}

#[test]
fn anchors_and_merge_keys_work() {
    let read = read(
        "groups:\n  - name: g\n    rules:\n      - &a { alert: A, expr: &e up == 0, for: 5m }\n      - { <<: *a, alert: B }\n      - { record: r, expr: *e }\n",
    );
    assert_eq!(read.alerts()[1].tiers[0].hold, Span::from_mins(5));
    assert!(
        matches!(&read.loaded.set.groups[0].rules[2], Entry::Record(record) if record.expr.to_string() == "up == 0")
    );
}

#[test]
fn identity_is_name_and_static_labels_and_never_a_threshold() {
    let id = |rule: &str| read_rule(rule).alert().id;
    let base = id("alert: A\nexpr: up\nlabels: { team: a, host: '{{ $labels.host }}' }\ntiers: { high: { above: 1 } }");
    assert_eq!(
        base,
        id("alert: A\nexpr: up * 2\nfor: 1h\nlabels: { host: 'x{{ $value }}', team: a }\ntiers: { low: { below: 7 } }")
    );
    assert_ne!(base, id("alert: A\nexpr: up\nlabels: { team: b }\ntiers: { high: { above: 1 } }"));
    assert_ne!(base, id("alert: B\nexpr: up\nlabels: { team: a }\ntiers: { high: { above: 1 } }"));
    assert_eq!(id("id: x\nalert: A\nexpr: up"), id("id: x\nalert: B\nexpr: up == 2"));
}

#[test]
fn plain_rules_may_repeat_and_each_is_itself() {
    let text = "groups:\n  - name: g\n    rules:\n      - { alert: A, expr: up == 0 }\n      - { alert: A, expr: up == 1 }\n      - { alert: A, expr: up == 0 }\n";
    let (once, again) = (read(text).alerts(), read(text).alerts());
    assert!(once[0].id != once[1].id && once[1].id != once[2].id && once[0].id != once[2].id);
    assert_eq!(once[2].id, again[2].id, "the n-th stays the n-th");
}

#[test]
fn moves_inhibition_and_identity_are_kept() {
    let rule = gas("moved_from: [old, chain/OldGas]\nidentity: [chain]\ninhibited_by: [{ alert: Down, equal: [chain] }]\ntiers: { high: { above: 1 } }").alert();
    assert_eq!(rule.moved_from.len(), 2);
    assert_eq!(rule.identity.as_ref().unwrap()[0].as_str(), "chain");
    assert_eq!((rule.inhibited_by[0].alert.as_ref(), rule.inhibited_by[0].equal[0].as_ref()), ("Down", "chain"));
    assert_eq!(gas("moved_from: old").alert().moved_from[0].as_str(), "old");
}

#[test]
fn a_rule_that_is_switched_off_is_listed_with_its_reason() {
    let read = gas("enabled: false\nbecause: the feed moves this week");
    assert_eq!(read.alert().disabled.as_deref(), Some("the feed moves this week"));
    assert_eq!(read.told(), "8:18 WB053 the rule is switched off: the feed moves this week");
    assert_eq!(gas("enabled: yes").alert().disabled, None);
}

#[test]
fn names_of_the_configuration_are_checked_where_they_are_known() {
    let context = Context {
        sources: Some(["main".into(), "edge".into()].into()),
        policies: Some(["default".into()].into()),
        actions: Some(["restart".into()].into()),
        ..Context::default()
    };
    let text = "groups:\n  - name: g\n    source: egde\n    rules:\n      - { alert: A, expr: up, policy: chain, actions: [restrat] }\n";
    let read = read_with(text, &context);
    assert_eq!(
        read.told(),
        "3:13 WB047 there is no source `egde`\n5:39 WB047 there is no policy `chain`\n5:56 WB047 there is no action `restrat`"
    );
    assert!(super::read(text).findings.is_empty(), "without a configuration any name will do");
}

#[test]
fn a_group_without_an_interval_is_evaluated_each_minute() {
    let of = |head: &str| {
        let text = format!("groups:\n  - name: g\n{head}    rules: [{{ alert: A, expr: up }}]\n");
        read(&text).loaded.set.groups[0].interval
    };
    assert_eq!((of(""), of("    interval: 15s\n")), (Span::from_mins(1), Span::from_secs(15)));
}
