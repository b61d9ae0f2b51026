//! When a check speaks, and above all when it is silent.

use crate::diagnostics::{Findings, Sources};
use crate::rules::{Context, load_texts};

/// The codes that lint finds in one rule, each once.
fn codes(rule: &str) -> Vec<String> {
    let indented: String = rule.lines().map(|line| format!("        {line}\n")).collect();
    let text = format!("groups:\n  - name: g\n    interval: 1m\n    rules:\n      -\n{indented}");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded =
        load_texts(&[("rules.yaml".into(), text.as_str().into())], &Context::default(), &mut sources, &mut findings);
    assert!(findings.is_empty(), "the rule itself is good: {findings:?}\n{text}");
    super::check(&loaded, &mut findings);
    let mut codes: Vec<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
    codes.dedup();
    codes
}

#[track_caller]
fn finds(code: &str, rules: &[&str]) {
    for rule in rules {
        assert_eq!(codes(rule), [code], "{rule}");
    }
}

#[track_caller]
fn is_silent(rules: &[&str]) {
    for rule in rules {
        assert_eq!(codes(rule), [""; 0], "{rule}");
    }
}

fn tiers(tiers: &str) -> String {
    format!("alert: A\nexpr: x\ntiers: {{ {tiers} }}")
}

#[test]
fn a_tier_behind_a_higher_one_can_never_fire() {
    for shadowed in [
        "high: { above: 60, for: 5m }, medium: { above: 60, for: 15m }",
        "high: { above: 60 }, low: { above: 80 }",
        "high: { below: 5 }, low: { at_most: 4 }",
        "critical: { above: 60 }, high: { above: 50 }, low: { above: 70, for: 1h }",
        "high: { outside: [1, 9] }, low: { above: 9 }",
        "high: { when: 'value > 5' }, low: { when: 'value > 5', for: 1h }",
    ] {
        finds("WB012", &[&tiers(shadowed)]);
    }
}

#[test]
fn a_lower_tier_beyond_a_higher_one_looks_swapped() {
    finds("WB059", &[&tiers("high: { above: 60, for: 10m }, medium: { above: 100 }")]);
}

#[test]
fn tiers_in_good_order_or_with_timing_of_their_own_are_fine() {
    for good in [
        "high: { above: 100 }, medium: { above: 60 }",
        "high: { above: 60, for: 15m }, medium: { above: 60, for: 1m }",
        "high: { below: 5 }, medium: { above: 60 }",
        // It goes on when the higher one has let go.
        "high: { above: 60 }, medium: { above: 60, clear: 40 }",
        "high: { above: 60 }, medium: { above: 60, keep_firing_for: 1h }",
        "high: { when: 'value > 5' }, low: { above: 5 }",
    ] {
        is_silent(&[&tiers(good)]);
    }
}

#[test]
fn an_exception_that_repeats_is_told_unless_it_guards() {
    let with = |exceptions: &str| {
        format!(
            "alert: A\nexpr: x\ntarget: {{ below: 9 }}\ntiers: {{ high: {{ above: 60 }}, low: {{ above: 5 }} }}\nexceptions:\n{exceptions}"
        )
    };
    finds(
        "WB055",
        &[
            &with("  - { match: 'a=\"b\"', tiers: { high: { above: 60 } } }"),
            &with("  - { match: 'a=\"b\"', tiers: { high: { above: 60 }, low: { above: 7 } } }"),
            &with("  - { match: 'a=\"b\"', target: { below: 9 } }"),
        ],
    );
    is_silent(&[
        &with("  - { match: 'a=\"b\"', tiers: { high: ~ } }"),
        &with("  - { match: 'a=\"b\"', target: { below: 8 } }"),
        // Without the first, the second would take `a="b"` too.
        &with("  - { match: 'a=\"b\"', target: { below: 9 } }\n  - { match: 'a=~\".+\"', enabled: false }"),
    ]);
}

#[test]
fn an_exception_that_cannot_match_is_told() {
    let with = |exceptions: &[&str]| {
        let exceptions: Vec<String> =
            exceptions.iter().map(|matches| format!("  - {{ match: '{matches}', enabled: false }}")).collect();
        format!(
            "alert: A\nexpr: sum by (chain, job) (x)\ntiers: {{ high: {{ above: 60 }} }}\nexceptions:\n{}",
            exceptions.join("\n")
        )
    };
    finds(
        "WB056",
        &[
            &with(&["instance=\"a\""]),
            &with(&["chain=~\"a|b\"", "chain=\"a\", job=\"x\""]),
            &with(&["", "chain=\"a\""]),
            &with(&["chain!=\"a\"", "chain!=\"a\", job=\"x\""]),
        ],
    );
    is_silent(&[
        &with(&["chain=\"a\", job=\"x\"", "chain=\"a\""]),
        &with(&["chain=~\"a|b\"", "chain=~\"a|b|c\""]),
        &with(&["instance=\"\""]),
        &with(&["instance!=\"a\""]),
    ]);
}

#[test]
fn a_label_that_the_expression_has_lost_is_told() {
    let with = |expr: &str, text: &str| {
        format!("alert: A\nexpr: '{expr}'\nlabels: {{ team: a }}\nannotations:\n  s: '{text}'")
    };
    finds(
        "WB054",
        &[
            &with("sum(up) > 1", "{{ $labels.instance }}"),
            &with("sum by (job) (up) > 1", "{{ .Labels.instance }}"),
            &with("count(up) by (job)", "{{ $labels.team }}"),
            &with("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "{{ if $labels.job }}x{{ end }}"),
        ],
    );
    is_silent(&[
        &with("up == 0", "{{ $labels.instance }}"),
        &with("sum by (job) (up) > 1", "{{ $labels.job }} {{ $value }}"),
        &with("sum by (job) (up) or absent(up{instance=\"a\"})", "{{ $labels.instance }}"),
        &with("sum(up)", "{{ $labels }}"),
        &with("sum(up)", "{{ range query \"up\" }}{{ .Labels.instance }}{{ end }}"),
        &with("label_replace(sum(up), \"x\", \"y\", \"\", \"\")", "{{ $labels.x }}"),
        &with("sum by (job) (x) * on (job) group_left (team) y", "{{ $labels.team }}"),
    ]);
}

#[test]
fn a_tier_s_own_texts_are_looked_at_too() {
    finds("WB054", &["alert: A\nexpr: sum(x)\ntiers:\n  high: { above: 1, annotations: { s: '{{ $labels.job }}' } }"]);
    finds("WB054", &["alert: A\nexpr: sum(x)\ntiers:\n  high: { above: 1, title: '{{ $labels.job }}' }"]);
}

#[test]
fn the_series_of_several_queries_have_the_labels_of_the_join() {
    let rule = |label: &str| {
        format!("alert: A\nqueries: {{ a: sum by (chain) (x), b: sum by (chain) (y) }}\njoin: [chain]\ntiers: {{ high: {{ when: 'a > b' }} }}\nannotations: {{ s: '{{{{ $labels.{label} }}}}' }}")
            .replace("sum by (chain) (x)", "'sum by (chain) (x)'")
            .replace("sum by (chain) (y)", "'sum by (chain) (y)'")
    };
    is_silent(&[&rule("chain")]);
    finds("WB054", &[&rule("job")]);
}

#[test]
fn a_label_with_the_value_makes_a_new_alert_each_time() {
    let with = |label: &str| format!("alert: A\nexpr: up > 1\nlabels: {{ l: '{label}' }}");
    finds(
        "WB057",
        &[
            &with("{{ $value }}"),
            &with("{{ .Value | humanize }}"),
            &with("x{{ printf \"%.1f\" $value }}"),
            &with("{{ now }}"),
        ],
    );
    is_silent(&[
        &with("{{ $labels.job }}"),
        &with("{{ if gt $value 90.0 }}hot{{ else }}warm{{ end }}"),
        &with("{{ $labels.now }}"),
        &with("$value"),
    ]);
}

#[test]
fn a_field_that_does_not_exist_is_told() {
    let with = |text: &str| format!("alert: A\nexpr: up > 1\nannotations: {{ s: '{text}' }}");
    finds("WB058", &[&with("{{ $.labels.job }}")]);
    is_silent(&[
        &with("{{ $.Labels.job }}"),
        &with("{{ .Value }}"),
        &with("{{ \"$.x\" }}"),
        &with("{{ $labels.labels }}"),
    ]);
}

#[test]
fn a_for_below_the_interval_is_told() {
    finds("WB061", &["alert: A\nexpr: up\nfor: 30s", "alert: A\nexpr: up\ntiers: { high: { above: 1, for: 1s } }"]);
    is_silent(&["alert: A\nexpr: up\nfor: 1m", "alert: A\nexpr: up\nfor: 0s"]);
}

#[test]
fn identity_and_join_name_labels_that_can_be_there() {
    finds("WB066", &["alert: A\nexpr: sum by (job) (x)\nidentity: [pod]"]);
    is_silent(&["alert: A\nexpr: sum by (job) (x)\nlabels: { team: a }\nidentity: [job, team]"]);
}
