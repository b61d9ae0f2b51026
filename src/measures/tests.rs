use super::Measures;
use std::time::{Duration, Instant};

#[test]
fn a_page_names_each_family_once_and_its_series_in_the_order_of_their_labels() {
    let measures = Measures::new();
    let height = measures.gauge("chain_head_block", "The newest block");
    height.set(&[("chain", "sepolia"), ("a", "1")], 12.0, None);
    height.set(&[("chain", "mainnet")], 0.5, None);
    measures.counter("emergency_pause_events", "Emergencies\nof contracts").start(&[("contract", "pg\"aux\\")], 0.0);
    let page = measures.render(Instant::now());
    let expected = "# HELP chain_head_block The newest block\n# TYPE chain_head_block gauge\n\
                    chain_head_block{a=\"1\",chain=\"sepolia\"} 12\nchain_head_block{chain=\"mainnet\"} 0.5\n\
                    # HELP emergency_pause_events Emergencies\\nof contracts\n# TYPE emergency_pause_events counter\n\
                    emergency_pause_events{contract=\"pg\\\"aux\\\\\"} 0\n";
    assert_eq!(page, expected);
}

#[test]
fn a_gauge_that_was_not_measured_again_in_time_is_shown_no_more() {
    let (measures, now) = (Measures::new(), Instant::now());
    let gauge = measures.gauge("block_time_seconds", "x");
    gauge.set(&[], 12.0, Some(now + Duration::from_secs(30)));
    assert!(measures.render(now + Duration::from_secs(30)).contains("block_time_seconds 12\n"));
    assert_eq!(measures.render(now + Duration::from_secs(31)), "");
    assert_eq!(measures.render(now), "", "what was forgotten does not come back when the clock does");
}

#[test]
fn a_counter_starts_where_it_is_told_and_never_falls() {
    let measures = Measures::new();
    let counter = measures.counter("trades_total", "x");
    counter.start(&[("kind", "mint")], 7.0);
    counter.start(&[("kind", "mint")], 0.0);
    for by in [1.0, -3.0, f64::NAN, f64::INFINITY] {
        counter.add(&[("kind", "mint")], by);
    }
    assert!(measures.render(Instant::now()).ends_with("trades_total{kind=\"mint\"} 8\n"));
}

#[test]
fn a_histogram_counts_every_value_in_each_bucket_that_it_fits() {
    let measures = Measures::new();
    let spread = measures.histogram("web_vitals_seconds", "x", &[0.5, 1.0]);
    for value in [0.5, 0.75, 30.0, f64::NAN] {
        spread.observe(&[("vital", "LCP")], value);
    }
    spread.observe_many(&[("vital", "LCP")], 1.0, 3);
    let page = measures.render(Instant::now());
    let counts: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        "web_vitals_seconds_bucket{vital=\"LCP\",le=\"0.5\"} 1",
        "web_vitals_seconds_bucket{vital=\"LCP\",le=\"1\"} 5",
        "web_vitals_seconds_bucket{vital=\"LCP\",le=\"+Inf\"} 6",
        "web_vitals_seconds_sum{vital=\"LCP\"} 34.25",
        "web_vitals_seconds_count{vital=\"LCP\"} 6",
    ];
    assert_eq!(counts, expected);
}

#[test]
fn a_family_that_is_full_counts_what_it_refuses_and_keeps_counting_what_it_has() {
    let measures = Measures::new();
    let actions = measures.counter("user_actions_total", "x").with_limit(2);
    for action in ["buy", "sell", "a", "b", "buy"] {
        actions.add(&[("action", action)], 1.0);
    }
    let page = measures.render(Instant::now());
    assert!(page.contains("user_actions_total{action=\"buy\"} 2\n"), "{page}");
    assert!(!page.contains("action=\"a\""), "{page}");
    assert!(page.ends_with("watchbell_series_refused_total{metric=\"user_actions_total\"} 2\n"), "{page}");
}

#[test]
fn a_name_with_two_kinds_keeps_its_first() {
    let measures = Measures::new();
    measures.counter("x", "x").add(&[], 1.0);
    measures.gauge("x", "x").set(&[], 5.0, None);
    assert!(measures.render(Instant::now()).ends_with("# TYPE x counter\nx 1\n"));
}

#[test]
fn what_an_owner_has_shown_goes_with_it_and_what_the_next_one_shows_by_the_same_labels_goes_on() {
    let (measures, now) = (Measures::new(), Instant::now());
    measures.counter("http_requests_total", "x").add(&[], 1.0);
    let first = measures.apart();
    let counter = |measures: &Measures| measures.counter("trades_total", "x");
    counter(&first).add(&[("contract", "pgaux")], 7.0);
    counter(&first).add(&[("contract", "gone")], 3.0);
    first.gauge("token_supply", "x").set(&[], 5.0, Some(now + Duration::from_mins(1)));
    first.gauge("up", "x").set(&[], 1.0, None);

    let second = measures.apart();
    counter(&second).start(&[("contract", "pgaux")], 0.0);
    first.give_way(&second);
    let page = measures.render(now);
    let shown: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = ["http_requests_total 1", "token_supply 5", "trades_total{contract=\"pgaux\"} 7"];
    assert_eq!(shown, expected, "of what nobody shows any more only a gauge is left, until it is too old");

    second.withdraw();
    assert!(measures.render(now).ends_with("http_requests_total 1\n"), "{}", measures.render(now));
}

#[test]
fn what_an_owner_has_shown_of_one_label_goes_and_a_value_that_looks_like_the_label_stays() {
    let measures = Measures::new();
    let actions = measures.counter("user_actions_total", "x");
    for (action, service) in [("a", "web"), ("b", "shop"), ("x\",service=\"web\",y=\"", "shop"), ("c", "web2")] {
        actions.add(&[("action", action), ("service", service)], 1.0);
    }
    measures.withdraw_with(("service", "web"));
    let page = measures.render(Instant::now());
    assert_eq!(page.lines().filter(|line| !line.starts_with('#')).count(), 3, "{page}");
    assert!(!page.contains("action=\"a\""), "{page}");
}

#[test]
fn a_counter_reaches_what_was_counted_elsewhere_and_does_not_fall_to_it() {
    let measures = Measures::new();
    let counter = measures.counter("trades_total", "x");
    for (least, shown) in [(5.0, "5"), (9.0, "9"), (2.0, "9")] {
        counter.reach(&[], least);
        assert!(measures.render(Instant::now()).ends_with(&format!("trades_total {shown}\n")));
    }
}
