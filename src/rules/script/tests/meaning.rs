//! Expressions and their outcomes.

use super::{World, compile, some};
use crate::model::Truth::{self, False, True, Unknown};
use jiff::tz::TimeZone;

#[track_caller]
fn assert_table(world: &World, table: &[(&str, Truth)]) {
    for (text, expected) in table {
        assert_eq!(world.says(text), *expected, "{text}");
    }
}

#[test]
fn a_missing_operand_is_unknown_until_the_other_side_decides() {
    let world = World::of(None, Some(71.0));
    assert_table(
        &world,
        &[
            ("tps < 5", Unknown),
            ("tps < 5 && gas > 60", Unknown),
            ("gas > 60 && tps < 5", Unknown),
            ("tps < 5 && gas > 80", False),
            ("gas > 80 && tps < 5", False),
            ("tps < 5 || gas > 60", True),
            ("gas > 60 || tps < 5", True),
            ("tps < 5 || gas > 80", Unknown),
            ("!(tps < 5)", Unknown),
            ("!(tps < 5) || !(tps >= 5)", Unknown),
            ("tps + gas > 0", Unknown),
            ("tps in 1..5", Unknown),
            ("tps in [1, 2]", Unknown),
            ("tps != 5", Unknown),
            ("min(tps, gas) < 1000", Unknown),
            ("tps.missing()", True),
            ("tps.missing() || tps < 5", True),
            ("gas.missing()", False),
        ],
    );
}

#[test]
fn comparison_is_ieee_and_exact() {
    let infinite = World::of(Some(f64::INFINITY), Some(f64::NEG_INFINITY));
    assert_table(
        &infinite,
        &[
            ("tps > 100", True),
            ("tps == tps", True),
            ("gas < 0", True),
            ("tps - tps == 0", False),
            ("tps != gas", True),
            ("tps / gas < 0 || tps / gas >= 0", False),
        ],
    );
    let close = World::of(Some(0.1), Some(1e-17));
    assert_table(&close, &[("tps + 0.2 == 0.3", False), ("gas > 0", True), ("gas == 0", False)]);
    let equal = World::of(Some(5.0), Some(5.0));
    let on_the_bound =
        [("tps >= 5", True), ("tps <= gas", True), ("tps > 5", False), ("tps < gas", False), ("tps == 5", True)];
    assert_table(&equal, &on_the_bound);
    let not_a_number = World::of(Some(f64::NAN), Some(1.0));
    assert_table(
        &not_a_number,
        &[
            ("tps > 0", False),
            ("tps <= 0", False),
            ("tps == tps", False),
            ("tps != 0", False),
            ("tps in 0..9", False),
            ("tps in [1]", False),
            ("!(tps < 20)", True),
            ("max(tps, gas) > 0", False),
            ("tps.missing()", False),
        ],
    );
}

#[test]
fn integer_literals_are_floats_like_everything_else() {
    let world = World::of(Some(3.0), Some(2.0));
    assert_table(
        &world,
        &[
            ("tps / gas == 1.5", True),
            ("tps * (1 / 2) == 1.5", True),
            ("7 / 2 == tps + 0.5", True),
            ("tps % gas == 1", True),
            ("-tps % gas == -1", True),
            ("tps == 3", True),
            ("tps == 0x3", True),
            ("tps == 3.0e0", True),
            ("tps < 1_000_000_000_000_000_000", True),
            ("tps / 0 > 1e300", True),
            ("- -tps == +tps", True),
            ("2 + gas * tps == 8", True),
            ("(2 + gas) * tps == 12", True),
            ("tps - gas - 1 == 0", True),
            ("abs(gas - tps) == 1 && floor(2.7) == gas && ceil(2.2) == tps && round(2.5) == tps", True),
            ("min(tps, gas, 7) == 2 && max(tps, gas) == 3 && sqrt(tps * tps) == 3", True),
        ],
    );
}

#[test]
fn ranges_and_lists_hold_what_they_name() {
    let world = World::of(Some(5.0), Some(1.0));
    assert_table(
        &world,
        &[
            ("tps in 1..5", False),
            ("tps in 1..=5", True),
            ("tps in 5..6", True),
            ("tps in gas..gas + 5", True),
            ("tps in [1, gas * 5]", True),
            ("tps !in [1, 2]", True),
            ("gas in [1] && tps in 0..10 || tps.missing()", True),
        ],
    );
}

#[test]
fn labels_are_text() {
    let world = World::of(Some(1.0), None);
    assert_table(
        &world,
        &[
            (r#"labels.chain == "sepolia""#, True),
            (r#"labels.chain != "sepolia""#, False),
            (r#"labels.chain in ["holesky", "sepolia"]"#, True),
            (r#"labels.chain !in ["holesky", "mainnet"]"#, True),
            (r#""pol" in labels.chain"#, True),
            (
                r#"labels.chain.starts_with("sep") && labels.chain.ends_with("lia") && !labels.chain.contains("main")"#,
                True,
            ),
            (r#"labels.chain == "sepolia" && gas > 60"#, Unknown),
            (r#"labels.chain == "mainnet" && gas > 60"#, False),
            ("labels.chain == labels.chain", True),
        ],
    );
}

#[test]
fn now_is_the_slot_in_the_services_zone() {
    let mut world = World::of(Some(1.0), None);
    assert_table(
        &world,
        &[("now.hour() == 9", True), ("now.weekday() == 1", True), ("now.weekday() in [6, 7]", False)],
    );
    world.zone = TimeZone::get("Pacific/Auckland").unwrap();
    assert_table(&world, &[("now.hour() == 22", True), ("now.hour() in 9..18 && now.weekday() in 1..=5", False)]);
    world.zone = TimeZone::get("America/Los_Angeles").unwrap();
    assert_table(&world, &[("now.hour() == 1", True), ("now.weekday() == 1", True)]);
}

#[test]
fn firing_says_what_the_caller_knows() {
    let mut world = World::of(Some(1.0), None);
    for truth in [True, False, Unknown] {
        world.other_fires = truth;
        assert_eq!(world.says(r#"tps > 0 && firing("Other")"#), truth);
    }
    let script = compile(r#"firing("B") || firing("A") && tps > 0 || !firing("B")"#).unwrap();
    assert_eq!(script.firing_names().iter().map(|name| &**name).collect::<Vec<_>>(), ["B", "A"]);
    assert_eq!(script.queries_used(), [0]);
    assert_eq!(compile("gas.age() > 60 || gas < bare").unwrap().queries_used(), [1, 2]);
}

#[test]
fn windows_end_with_the_slot_and_leave_out_their_far_edge() {
    // Eleven slots: 0, 1, … 10. Five minutes are the last ten of them.
    let world = World::remembering(&some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]), &[]);
    assert_table(
        &world,
        &[
            (r#"tps.count("5m") == 10"#, True),
            (r#"tps.avg("5m") == 5.5"#, True),
            (r#"tps.min("5m") == 1 && tps.max("5m") == 10 && tps.sum("5m") == 55"#, True),
            (r#"tps.delta("5m") == 10"#, True),
            (r#"tps.ago("5m") == 0 && tps.ago("30s") == 9 && tps.ago("45s") == 8"#, True),
            (r#"abs(tps.slope("5m") - 1 / 30) < 1e-15"#, True),
            (r#"tps.quantile(0.5, "5m") == 5.5 && tps.quantile(1, "5m") == 10"#, True),
            (r#"tps.rise("5m") == 9 && tps.drop("5m") == 0"#, True),
            (r#"tps.stddev("5m") == sqrt(8.25)"#, True),
            (r#"tps.zscore("5m") == 4.5 / sqrt(8.25)"#, True),
            (r#"tps.count("45s") == 2"#, True),
            (r#"tps.avg("30s") == tps"#, True),
        ],
    );
}

#[test]
fn a_window_that_is_less_than_half_known_is_unknown() {
    let world = World::remembering(&[Some(1.0), None, Some(3.0), None, None], &[None, None, None, None, Some(2.0)]);
    assert_table(
        &world,
        &[
            (r#"tps.avg("2m30s") == 2"#, Unknown),
            (r#"tps.avg("2m") > 0"#, Unknown),
            (r#"gas.avg("1m") == 2"#, True),
            (r#"gas.avg("1m30s") == 2"#, Unknown),
            (r#"gas.count("1m30s") < 2"#, Unknown),
            (r#"gas.delta("30s") == 0"#, Unknown),
            (r#"gas.slope("1m") == 0"#, Unknown),
            (r#"tps.ago("1m") == 3"#, True),
            (r#"tps.ago("30s") == 3"#, Unknown),
            (r#"tps.drop("3m") > 0"#, Unknown),
        ],
    );
}

#[test]
fn drop_and_rise_are_fractions_of_the_extreme() {
    let world = World::remembering(&some(&[8.0, 10.0, 6.0]), &some(&[0.0, 0.0, 0.0]));
    assert_table(
        &world,
        &[
            (r#"tps.drop("1m30s") == 0.4"#, True),
            (r#"tps.rise("1m30s") == 0"#, True),
            (r#"gas.drop("1m30s") == 0 && gas.rise("1m30s") == 0"#, True),
            (r#"gas.zscore("1m30s") == 0 && gas.stddev("1m30s") == 0"#, True),
        ],
    );
    let below_zero = World::remembering(&some(&[-10.0, -15.0]), &some(&[0.0, 4.0]));
    assert_table(&below_zero, &[(r#"tps.drop("1m") == 0.5"#, True), (r#"gas.rise("1m") > 1e300"#, True)]);
}

#[test]
fn held_needs_every_sample_and_one_that_fails_is_enough_against_it() {
    let steady = World::remembering(&some(&[9.0, 3.0, 4.0]), &some(&[50.0]));
    assert_table(
        &steady,
        &[
            (r#"tps.held("1m", |v| v < 5)"#, True),
            (r#"tps.held("1m30s", |v| v < 5)"#, False),
            (r#"tps.held("2m", |v| v < 5)"#, False),
            (r#"tps.held("2m", |v| v < 10)"#, Unknown),
            (r#"tps.held("1m", |v| v < gas / 10)"#, True),
            (r#"tps.held("1m", |v| (v < 5 && v > 1) || firing("x"))"#, True),
            (r#"tps.held("1m", |v| v < tps.max("1m30s") && v >= tps.min("1m"))"#, True),
            (r#"tps.held("1m", |v| v < 5) && tps.held("1m", |v| v < 5) && tps.held("1m", |v| v > 2)"#, True),
            (r#"gas.held("30s", |v| v > 3) && tps.held("1m30s", |v| v > 5) || tps.held("1m30s", |w| w > 2)"#, True),
        ],
    );
    let gap = World::remembering(&[Some(3.0), None, Some(4.0)], &[None]);
    assert_table(
        &gap,
        &[
            (r#"tps.held("1m30s", |v| v < 5)"#, Unknown),
            (r#"tps.held("1m30s", |v| v < 4)"#, False),
            (r#"tps.held("30s", |v| v < gas)"#, Unknown),
        ],
    );
}

#[test]
fn age_and_missing_are_always_known() {
    let world = World::remembering(&[Some(1.0), None, None], &[]);
    assert_table(
        &world,
        &[
            ("tps.missing() && tps.age() == 60", True),
            ("gas.missing() && gas.age() > 1800", True),
            ("bare.missing()", True),
            ("tps.age() < 30", False),
        ],
    );
}

#[test]
fn an_explanation_names_every_value_once_in_the_order_of_the_text() {
    let world = World::remembering(&some(&[0.1, 0.2, 0.1 + 0.2]), &[]);
    let text = "labels.chain == \"sepolia\"\n  && tps.avg(\n \"1m\") < 5 && gas > 60 && gas < 70 || tps.held(\"1m\", |v| v < tps) && firing(\"Other\") && now.hour() > 3";
    let told = world.with_inputs(|inputs| compile(text).unwrap().explain(inputs));
    let told: Vec<_> = told.iter().map(|(term, value)| format!("{term} = {value}")).collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    labels.chain = "sepolia"
    tps.avg( "1m") = 0.25
    gas = missing
    tps = 0.3
    tps.held("1m", |v| v < tps) = false
    firing("Other") = unknown
    now.hour() = 9
    "##);
}

#[test]
fn scripts_are_equal_by_text_and_cross_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let script = compile("tps < 5").unwrap();
    is_shared(&script);
    assert_eq!(script, compile("tps < 5").unwrap());
    assert_ne!(script, compile("tps <  5").unwrap());
    assert_eq!(script.text(), "tps < 5");
}

#[test]
fn any_label_can_be_read_where_there_is_no_join() {
    let scope = super::Scope { labels: super::Readable::Any, ..super::scope() };
    let script = super::Script::compile(r#"labels.instance == "" && tps > 0"#, &scope).unwrap();
    assert_eq!(World::of(Some(1.0), None).with_inputs(|inputs| script.evaluate(inputs)), True);
}
