//! What is said of mistakes, and where. The example of every code is in `tests/pages.rs`.

use super::*;

#[test]
fn all_mistakes_of_all_rules_are_told_at_once() {
    let told = read(
        "groups:
  - name: g
    intervall: 30s
    rules:
      - alert: A
        expr: rate(x)
        for: soon
        labels: { severity: [page] }
      - alert: B
        epxr: up
      - record: r
        expr: sum(x
        for: 5m
      - expr: up
  - name: g
    rules:
      - alert: C
        expr: up
        tiers:
          hgih: { above: 1 }
          low: { above: 1, below: 2 }
          medium:
        no_data: { keep: 1m, after: 2m }
",
    )
    .told();
    insta::assert_snapshot!(told);
}

#[test]
fn an_exception_that_moves_a_bound_past_the_clear_is_told_at_the_bound() {
    let read = read_rule(
        "alert: Gas
expr: gas_price_gwei
tiers:
  high: { above: 100, clear: 80 }
exceptions:
  - match: 'chain=\"sepolia\"'
    tiers: { high: { above: 50 } }
",
    );
    assert_eq!(read.told(), "12:37 WB042 `clear` is not on the calm side of the bound");
}

#[test]
fn a_mistake_in_a_block_scalar_is_pointed_at_in_its_line() {
    let read = read_rule(
        "alert: A\nexpr: |\n  sum by (job) (\n    rate(errors_total)\n  )\nannotations:\n  text: |\n    one\n    {{ $label.x }}",
    );
    let places: Vec<String> =
        read.told().lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(places, ["9:18 WB032", "14:16 WB035"]);
}

#[test]
fn what_is_no_rule_file_at_all_is_told_and_does_not_panic() {
    for text in [
        "- a\n",
        "groups: 5\n",
        "groups: [5]\n",
        "groups: [{ rules: [5] }]\n",
        "groups: [{ name: g, rules: [{ tiers: 5 }] }]\n",
        "hello\n",
        "groups: { a: b }\n",
    ] {
        assert!(read(text).findings.has_errors(), "{text}");
    }
}
