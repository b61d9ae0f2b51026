//! When a check speaks, and above all when it is silent.

use crate::config::Checks;
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
    super::check(&loaded, &Checks::default(), &mut findings);
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
    // What people read of a rule with tiers has the tier's severity; its own labels do not, nor has a plain rule.
    is_silent(&["alert: A\nexpr: sum(x)\ntiers: { high: { above: 1 } }\nannotations: { s: '{{ $labels.severity }}' }"]);
    finds("WB054", &["alert: A\nexpr: sum(x)\ntiers: { high: { above: 1 } }\nlabels: { s: '{{ $labels.severity }}' }"]);
    finds("WB054", &["alert: A\nexpr: sum(x) > 1\nannotations: { s: '{{ $labels.severity }}' }"]);
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
    let with = |label: &str| format!("alert: A\nexpr: x > 1\nlabels: {{ l: '{label}' }}");
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
    let with = |text: &str| format!("alert: A\nexpr: x > 1\nannotations: {{ s: '{text}' }}");
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
    finds("WB061", &["alert: A\nexpr: x\nfor: 30s", "alert: A\nexpr: x\ntiers: { high: { above: 1, for: 1s } }"]);
    is_silent(&["alert: A\nexpr: up\nfor: 1m", "alert: A\nexpr: up\nfor: 0s"]);
}

#[test]
fn identity_and_join_name_labels_that_can_be_there() {
    finds("WB066", &["alert: A\nexpr: sum by (job) (x)\nidentity: [pod]"]);
    is_silent(&["alert: A\nexpr: sum by (job) (x)\nlabels: { team: a }\nidentity: [job, team]"]);
}

/// The codes that lint finds in a whole file, settled as `check` does it.
fn codes_of_file(text: &str, checks: &Checks) -> Vec<String> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load_texts(&[("rules.yaml".into(), text.into())], &Context::default(), &mut sources, &mut findings);
    assert!(!findings.has_errors(), "{findings:?}");
    findings.retain(|finding| finding.code != crate::diagnostics::codes::WB052);
    super::check(&loaded, checks, &mut findings);
    super::settle(&loaded, checks, &mut findings);
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

#[test]
fn a_label_that_no_recording_rule_of_the_files_keeps_is_told() {
    let with = |record: &str, label: &str| {
        format!(
            "groups: [{{ name: g, rules: [{record}, {{ alert: A, expr: 'job:errors > 1', annotations: {{ s: '{{{{ $labels.{label} }}}}' }} }}] }}]"
        )
    };
    let summed = "{ record: 'job:errors', expr: 'sum by (job) (x)', labels: { team: a } }";
    let none: [&str; 0] = [];
    let told = |record: &str, label: &str| codes_of_file(&with(record, label), &Checks::default());
    assert_eq!(told(summed, "instance"), ["WB054"]);
    assert_eq!(told(summed, "job"), none);
    assert_eq!(told(summed, "team"), none);
    // Whoever federates lays such labels over everything.
    assert_eq!(told(summed, "cluster"), none);
    // One of two rules keeps it; and what reads itself is not known.
    let other = "{ record: 'job:errors', expr: 'max by (instance) (y)' }";
    assert_eq!(told(&format!("{summed}, {other}"), "instance"), none);
    assert_eq!(told("{ record: 'job:errors', expr: 'max_over_time(job:errors[1h])' }", "instance"), none);
    // By way of another recorded metric.
    let chain =
        "{ record: 'a:b', expr: 'sum by (job) (x)' }, { record: 'job:errors', expr: 'max without (pod) (a:b)' }";
    assert_eq!(told(chain, "instance"), ["WB054"]);
}

#[test]
fn a_template_label_of_the_group_is_looked_at_too() {
    let with = |own: &str| {
        format!(
            "groups: [{{ name: g, labels: {{ l: '{{{{ $labels.pod }}}}' }}, rules: [{{ alert: A, expr: 'sum(x) > 1'{own} }}] }}]"
        )
    };
    assert_eq!(codes_of_file(&with(""), &Checks::default()), ["WB054"]);
    assert_eq!(codes_of_file(&with(", labels: { l: own }"), &Checks::default()), [""; 0]);
}

#[test]
fn a_template_that_always_fails_is_told_and_one_that_depends_on_the_data_is_not() {
    let with = |text: &str| format!("alert: A\nexpr: x > 1\nannotations: {{ s: '{text}' }}");
    finds(
        "WB076",
        &[&with("{{ value }}"), &with("{{ printf \"%d\" (len 5) }}"), &with("{{ humanizeDuration \"abc\" }}")],
    );
    finds(
        "WB058",
        &[
            &with("{{ .labels.job }}"),
            &with("{{ with .labels }}{{ .job }}{{ end }}"),
            &with("{{ range query \"up\" }}{{ .labels.job }}{{ end }}"),
        ],
    );
    is_silent(&[
        &with("{{ $value | humanize }} of {{ $labels.job }}"),
        &with("{{ humanize $labels.size }}"),
        &with("{{ query \"up\" | first | value }}"),
        &with("{{ range query \"up\" }}{{ .Labels.instance }}{{ end }}"),
        &with("{{ $labels }}"),
    ]);
}

#[test]
fn a_window_of_less_than_four_scrapes_is_told() {
    let with = |expr: &str| format!("alert: A\nexpr: {expr}");
    finds("WB069", &[&with("rate(x_total[30s]) > 1"), &with("delta(x[45s]) > 1")]);
    is_silent(&[
        &with("rate(x_total[1m]) > 1"),
        &with("max_over_time(x[10s]) > 1"),
        &with("rate(x_total[30s:5s]) > 1"),
    ]);
    let slow = Checks { scrape_interval: Some(crate::model::Span::from_mins(1)), ..Checks::default() };
    let file =
        |window: &str| format!("groups: [{{ name: g, rules: [{{ record: a, expr: 'rate(x_total[{window}])' }}] }}]");
    assert_eq!(codes_of_file(&file("2m"), &slow), ["WB069"]);
    assert_eq!(codes_of_file(&file("4m"), &slow), [""; 0]);
}

#[test]
fn a_counter_that_is_compared_as_it_stands_is_told() {
    let with = |expr: &str| format!("alert: A\nexpr: {expr}");
    finds(
        "WB070",
        &[
            &with("x_total > 100"),
            &with("100 < sum by (job) (x_total)"),
            &with("delta(x_total[5m]) > 1"),
            &with("rate(x_count[5m]) > 1 and x_count > 100"),
            "alert: A\nexpr: sum(x_total)\ntiers: { high: { above: 100 } }",
        ],
    );
    is_silent(&[
        &with("rate(x_total[5m]) > 1"),
        &with("x_count > 100"),
        &with("x_total == 0"),
        &with("x_total > x_total offset 1h"),
        &with("x_total - x_total offset 1h > 5"),
        &with("job:x_total > 5"),
        &with("time() - x_total > 5"),
    ]);
}

#[test]
fn the_rate_of_a_gauge_is_told() {
    let with = |expr: &str| format!("alert: A\nexpr: {expr}");
    finds("WB071", &[&with("rate(x_usage_bytes[5m]) > 1"), &with("increase(up[5m]) > 1")]);
    is_silent(&[&with("rate(x_bytes[5m]) > 1"), &with("deriv(x_usage_bytes[5m]) > 1"), &with("changes(up[5m]) > 1")]);
}

#[test]
fn a_comparison_inside_a_query_with_tiers_is_told() {
    let with = |expr: &str| format!("alert: A\nexpr: '{expr}'\ntiers: {{ high: {{ above: 1 }} }}");
    finds("WB072", &[&with("x > 5"), &with("(x > 5) and on () y"), &with("count(x == 1)")]);
    is_silent(&[
        &with("x > bool 0.5 or y"),
        &with("sum(x > bool 5)"),
        &with("x and on () y > 5"),
        &with("x unless on () y > 5"),
        &with("count(x == 1) or vector(0)"),
    ]);
}

#[test]
fn a_condition_that_can_never_hold_is_told() {
    let with = |expr: &str| format!("alert: A\nexpr: '{expr}'");
    let tier = |expr: &str, bound: &str| format!("alert: A\nexpr: '{expr}'\ntiers: {{ high: {{ {bound} }} }}");
    finds(
        "WB073",
        &[
            &with("count(x) == 0"),
            &with("absent(x) == 0"),
            &with("up > 1"),
            &with("rate(x[5m]) < 0"),
            &with("sum(rate(x_total{code=~\"5..\"}[5m])) / sum(rate(x_total[5m])) > 5"),
            &with("x{a=\"b\",a=\"c\"} > 1"),
            &tier("avg(up)", "below: 0"),
            &tier("avg(up)", "above: 90"),
        ],
    );
    is_silent(&[
        &with("(count(x) or vector(0)) == 0"),
        &with("absent(x) == 1"),
        &with("vector(1)"),
        &with("vector(0) > 0"),
        &with("count(x) > 0"),
        &with("sum(rate(x_total{code=~\"5..\"}[5m])) / sum(rate(x_total[5m])) * 100 > 5"),
        &with("sum(rate(x_total[5m])) == 0"),
        &with("x{a=\"b\",a!=\"c\"} > 1"),
        &with("-5 > x"),
        &with("x < -5"),
        &tier("avg(up)", "below: 0.5"),
    ]);
}

#[test]
fn a_bound_in_another_unit_is_told() {
    let with = |rest: &str| format!("alert: A\n{rest}");
    finds(
        "WB074",
        &[
            &with("expr: avg(x_ratio) > 90"),
            &with("expr: max_over_time(x_ratio[5m])\ntiers: { high: { above: 80 } }"),
            &with("expr: avg(x_seconds)\nunit: ms\ntiers: { high: { above: 80 } }"),
        ],
    );
    is_silent(&[
        &with("expr: avg(x_ratio) > 0.9"),
        &with("expr: avg(x_ratio) * 100 > 90"),
        &with("expr: x_ratio > 1.5"),
        &with("expr: avg(x_seconds) * 1000\nunit: ms\ntiers: { high: { above: 80 } }"),
        &with("expr: avg(x_seconds)\nunit: s\ntiers: { high: { above: 80 } }"),
        &with("expr: avg(x_seconds)\nunit: blocks\ntiers: { high: { above: 80 } }"),
    ]);
}

#[test]
fn a_regular_expression_that_is_a_text_is_told() {
    let with = |matcher: &str| format!("alert: A\nexpr: x{{{matcher}}} > 1");
    finds("WB075", &[&with("a=~\"b\""), &with("a!~\"b-c\"")]);
    is_silent(&[&with("a=~\"b|c\""), &with("a=~\"\""), &with("a=~\"b.c\""), &with("a=\"b\"")]);
}

#[test]
fn what_the_project_asks_for_is_asked_of_rules_groups_and_tiers() {
    let checks = Checks { annotations: vec!["runbook".into()], labels: vec!["team".into()], ..Checks::default() };
    let file =
        |group: &str, rule: &str| format!("groups: [{{ name: g{group}, rules: [{{ alert: A, expr: x{rule} }}] }}]");
    let none: [&str; 0] = [];
    let told = |group: &str, rule: &str| codes_of_file(&file(group, rule), &checks);
    assert_eq!(told("", ""), ["WB080", "WB080"]);
    assert_eq!(told(", labels: { team: a }", ", annotations: { runbook: b }"), none);
    let of_tiers =
        ", tiers: { high: { above: 9, annotations: { runbook: a } }, low: { above: 1, annotations: { runbook: b } } }";
    assert_eq!(told(", labels: { team: a }", of_tiers), none);
    let of_one = ", tiers: { high: { above: 9, annotations: { runbook: a } }, low: { above: 1 } }";
    assert_eq!(told(", labels: { team: a }", of_one), ["WB080"]);
}

#[test]
fn an_allowed_finding_is_gone_and_an_allow_for_nothing_is_one() {
    let file = |comment: &str, window: &str| {
        format!(
            "{comment}groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: 'rate(x_total[{window}]) > 1' # watchbell: allow WB069 because it is scraped often\n"
        )
    };
    let none: [&str; 0] = [];
    assert_eq!(codes_of_file(&file("", "30s"), &Checks::default()), none);
    assert_eq!(codes_of_file(&file("", "5m"), &Checks::default()), ["WB082"]);
    let whole = "# watchbell: allow WB069 in this file because of that\n";
    assert_eq!(codes_of_file(&file(whole, "30s"), &Checks::default()), ["WB082"]);
    let place = crate::diagnostics::Place { source: Sources::default().add("a", ""), start: 0, end: 0 };
    let allow = vec![crate::diagnostics::Spanned::new(crate::diagnostics::codes::WB082, place)];
    assert_eq!(codes_of_file(&file("", "5m"), &Checks { allow, ..Checks::default() }), none);
}
