//! Batches, good and hostile, and what they come to.

use super::decide::{Begin, Change, Decision, State};
use super::metrics::Instruments;
use super::{Beacons, collect};
use crate::collect::names::Names;
use crate::config::collect::{NamedPage, Pages, PathPattern};
use crate::measures::Measures;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const BEGIN: Begin = Begin { salt: [7; 16], seed: 1, hour: 500_000 };

fn settings() -> collect::Beacons {
    collect::Beacons::default()
}

fn with_pages(settings: collect::Beacons, pages: &[(&str, &str)]) -> collect::Beacons {
    let page = |(name, path): &(&str, &str)| NamedPage {
        name: (*name).into(),
        paths: vec![PathPattern::parse(path).unwrap()],
    };
    collect::Beacons { pages: Pages::Named(pages.iter().map(page).collect()), ..settings }
}

/// Everything but HTTP.
struct Rig {
    settings: collect::Beacons,
    state: State,
    measures: Measures,
    instruments: Instruments,
    began: Instant,
}

impl Rig {
    fn new(settings: collect::Beacons) -> Rig {
        let (measures, state) = (Measures::new(), State::new(&settings, BEGIN));
        let instruments = Instruments::new(&settings, &measures);
        Rig { settings, state, measures, instruments, began: Instant::now() }
    }

    fn take(&mut self, body: &str) -> Decision {
        self.take_at(body, 0)
    }

    fn take_at(&mut self, body: &str, seconds: u64) -> Decision {
        let decision = self.state.decide(body.as_bytes(), &self.settings, Duration::from_secs(seconds));
        let decision = decision.unwrap_or_else(|why| panic!("{why}: {body}"));
        self.instruments.apply(&decision);
        decision
    }

    /// What is exported after so many seconds, without buckets and comments.
    fn page(&mut self, seconds: u64) -> String {
        let now = self.began + Duration::from_secs(seconds);
        self.instruments.show(&mut self.state, self.began, now);
        let page = self.measures.render(now);
        let lines = page.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn value(&mut self, series: &str) -> f64 {
        let page = self.page(0);
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in\n{page}")).parse().unwrap()
    }
}

const ALL_KINDS: &str = r#"{"v":1,"service":"web","page":"/trade/42?from=mail","items":[
    {"kind":"vital","name":"LCP","value":1834.5},
    {"kind":"vital","name":"CLS","value":0.04},
    {"kind":"navigation","load":1500,"dns":12,"connect":8,"tls":20,"request":110,"response":40,"document":1300},
    {"kind":"error","error":"javascript","message":"x is null","file":"/app.js","line":3,"column":7},
    {"kind":"error","error":"resource","page":"/"},
    {"kind":"action","action":"buy"},
    {"kind":"feedback","feedback":"bug","text":"the button does nothing"},
    {"kind":"visit","visitor":"0b51f6de-0c5e-4b0e"}]}"#;

#[test]
fn each_kind_of_item_comes_to_its_metric() {
    let named = with_pages(settings(), &[("home", "/"), ("trade", "/trade/:symbol")]);
    let mut rig = Rig::new(collect::Beacons { actions: vec!["buy".into(), "sell".into()], ..named });
    let decision = rig.take(ALL_KINDS);
    assert_eq!(decision.word(), "accepted");
    insta::assert_snapshot!(rig.page(0));
}

#[test]
fn every_counter_that_can_be_known_is_there_before_anything_came() {
    let named = with_pages(settings(), &[("home", "/")]);
    let mut rig = Rig::new(collect::Beacons { registration: Some("sign_up".into()), ..named });
    insta::assert_snapshot!(rig.page(0));
}

#[test]
fn what_appears_by_coming_is_counted_from_0_and_not_from_1() {
    let mut rig = Rig::new(settings());
    let first = rig.take(r#"{"page":"/new","items":[{"kind":"vital","name":"FCP","value":5}]}"#);
    assert!(matches!(&first.changes[..], [Change::Page(page), Change::Vital { .. }] if &**page == "/new"));
    assert_eq!(rig.value(r#"javascript_errors_total{kind="rejection",page="/new",service="web"}"#), 0.0);
    let first = rig.take(r#"{"items":[{"kind":"action","action":"buy"}]}"#);
    assert!(matches!(&first.changes[..], [Change::NewAction(_), Change::Action { .. }]));
}

#[test]
fn one_bad_item_does_not_take_the_good_ones_with_it() {
    let mut rig = Rig::new(settings());
    let decision = rig.take(
        r#"{"items":[{"kind":"vital","name":"LCP","value":1e308},{"kind":"action","action":"buy"},
           {"kind":"action","action":"buy","action":"sell"},[[[[]]]],null,{"kind":"visit","visitor":"0123456789"}]}"#,
    );
    assert_eq!(decision.word(), "partly");
    assert_eq!(rig.value(r#"user_actions_total{action="buy",service="web"}"#), 1.0);
    assert_eq!(rig.value(r#"watchbell_collect_beacon_items_total{kind="unknown",outcome="malformed"}"#), 3.0);
    assert_eq!(rig.value(r#"watchbell_collect_beacon_items_total{kind="unknown",outcome="out_of_range"}"#), 1.0);
    assert_eq!(rig.value(r#"watchbell_collect_beacons_total{outcome="partly"}"#), 1.0);
    assert_eq!(rig.take(r#"{"items":[null]}"#).word(), "refused");
}

#[test]
fn a_batch_of_too_many_items_is_read_to_a_point_and_the_rest_is_said() {
    let items = vec![r#"{"kind":"action","action":"buy"}"#; 1000].join(",");
    let mut rig = Rig::new(settings());
    assert_eq!(rig.take(&format!(r#"{{"items":[{items}]}}"#)).word(), "partly");
    assert_eq!(rig.value(r#"user_actions_total{action="buy",service="web"}"#), 250.0);
    assert_eq!(rig.value(r#"watchbell_collect_beacon_items_total{kind="unknown",outcome="too_many"}"#), 750.0);
}

#[test]
fn a_service_that_is_not_configured_is_refused_and_the_first_is_the_usual_one() {
    let mut rig = Rig::new(collect::Beacons { services: vec!["shop".into(), "docs".into()], ..settings() });
    assert_eq!(&*rig.take(r#"{"items":[]}"#).service, "shop");
    assert_eq!(&*rig.take(r#"{"service":"docs","items":[]}"#).service, "docs");
    let foreign = rig.state.decide(br#"{"service":"x","items":[]}"#, &rig.settings, Duration::ZERO);
    assert!(foreign.unwrap_err().to_string().contains("`service`"));
}

#[test]
fn one_of_four_page_views_counts_for_four_and_errors_count_for_themselves() {
    let mut rig = Rig::new(settings());
    rig.take(
        r#"{"share":0.25,"items":[{"kind":"action","action":"buy"},{"kind":"vital","name":"LCP","value":2000},
           {"kind":"error","error":"rejection"},{"kind":"feedback","feedback":"wish"}]}"#,
    );
    assert_eq!(rig.value(r#"user_actions_total{action="buy",service="web"}"#), 4.0);
    assert_eq!(rig.value(r#"web_vitals_seconds_count{page="/",service="web",vital="LCP"}"#), 4.0);
    assert_eq!(rig.value(r#"web_vitals_seconds_sum{page="/",service="web",vital="LCP"}"#), 8.0);
    assert_eq!(rig.value(r#"javascript_errors_total{kind="rejection",page="/",service="web"}"#), 1.0);
    assert_eq!(rig.value(r#"user_feedback_total{kind="wish",service="web"}"#), 1.0);
}

#[test]
fn a_share_that_is_no_fraction_of_one_is_right_in_the_mean() {
    let mut rig = Rig::new(settings());
    for _ in 0..10_000 {
        rig.take(r#"{"share":0.3,"items":[{"kind":"action","action":"buy"}]}"#);
    }
    let count = rig.value(r#"user_actions_total{action="buy",service="web"}"#);
    assert!((count / 10_000.0 * 0.3 - 1.0).abs() < 0.01, "{count}");
}

#[test]
fn what_the_collector_samples_counts_for_what_it_leaves_out_and_errors_and_feedback_are_never_left_out() {
    let mut rig = Rig::new(collect::Beacons { sample: 0.2, ..settings() });
    let body = r#"{"items":[{"kind":"action","action":"buy"},{"kind":"error","error":"javascript"},
                   {"kind":"feedback","feedback":"bug"},{"kind":"visit","visitor":"0123456789"}]}"#;
    for _ in 0..10_000 {
        rig.take(body);
    }
    let count = rig.value(r#"user_actions_total{action="buy",service="web"}"#);
    assert!((count / 10_000.0 - 1.0).abs() < 0.06, "{count}");
    let left_out = rig.value(r#"watchbell_collect_beacon_items_total{kind="action",outcome="sampled_out"}"#);
    assert!((left_out / 8_000.0 - 1.0).abs() < 0.02, "{left_out}");
    assert_eq!(rig.value(r#"javascript_errors_total{kind="javascript",page="/",service="web"}"#), 10_000.0);
    assert_eq!(rig.value(r#"user_feedback_total{kind="bug",service="web"}"#), 10_000.0);
    assert_eq!(rig.value(r#"active_users{service="web",window="1d"}"#), 1.0);
}

#[test]
fn somebody_who_signs_up_is_counted_twice_as_an_action_and_as_a_registration() {
    let mut rig = Rig::new(collect::Beacons { registration: Some("sign_up".into()), ..settings() });
    rig.take(r#"{"items":[{"kind":"action","action":"sign_up"},{"kind":"action","action":"buy"}]}"#);
    assert_eq!(rig.value(r#"user_registrations_total{service="web"}"#), 1.0);
    assert_eq!(rig.value(r#"user_actions_total{action="sign_up",service="web"}"#), 1.0);
}

#[test]
fn ten_thousand_label_values_are_a_few_and_other() {
    let mut rig = Rig::new(settings());
    let mut sizes = Vec::new();
    for number in 0..10_000 {
        let name = format!("x{number}y");
        rig.take(&format!(
            r#"{{"page":"/{name}","items":[{{"kind":"action","action":"{name}"}},{{"kind":"feedback","feedback":"{name}"}},
               {{"kind":"navigation","load":900}},{{"kind":"vital","name":"LCP","value":9}},{{"kind":"error","error":"resource"}}]}}"#
        ));
        if [99, 9_999].contains(&number) {
            sizes.push(rig.page(0).lines().count());
        }
    }
    assert_eq!(sizes[0], sizes[1], "what came after the first hundred has no series of its own");
    let page = rig.page(0);
    let actions = page.lines().filter(|line| line.starts_with("user_actions_total")).count();
    assert_eq!(actions, 51, "fifty and `other`");
    assert_eq!(rig.value(r#"user_feedback_total{kind="other",service="web"}"#), 10_000.0);
    assert!(!page.contains("watchbell_series_refused_total"), "no family is full:\n{page}");
}

#[test]
fn where_pages_have_names_no_address_becomes_a_label() {
    let mut rig = Rig::new(with_pages(settings(), &[("trade", "/trade/:symbol")]));
    for page in ["/trade/PGAUx", "/trade/42/", "/admin", "/trade"] {
        rig.take(&format!(r#"{{"page":"{page}","items":[{{"kind":"error","error":"resource"}}]}}"#));
    }
    assert_eq!(rig.value(r#"javascript_errors_total{kind="resource",page="trade",service="web"}"#), 2.0);
    assert_eq!(rig.value(r#"javascript_errors_total{kind="resource",page="other",service="web"}"#), 2.0);
}

#[test]
fn the_load_time_of_a_page_is_the_median_of_five_minutes_and_then_nobody_knows() {
    let mut rig = Rig::new(settings());
    for (seconds, load) in [(0, 9000), (200, 1000), (210, 3000), (220, 2000)] {
        rig.take_at(&format!(r#"{{"items":[{{"kind":"navigation","load":{load}}}]}}"#), seconds);
    }
    let shown = |rig: &mut Rig, at| {
        let page = rig.page(at);
        page.lines()
            .find_map(|line| line.strip_prefix(r#"page_load_time_ms{page="/",service="web"} "#))
            .map(str::to_owned)
    };
    assert_eq!(shown(&mut rig, 299).as_deref(), Some("2500"));
    assert_eq!(shown(&mut rig, 300).as_deref(), Some("2000"), "the slow one is five minutes old");
    assert_eq!(shown(&mut rig, 521), None, "the last one is five minutes old");
}

#[test]
fn visitors_outlive_a_restart_and_a_broken_file_is_passed_over() {
    let folder = std::env::temp_dir().join(format!("watchbell-visitors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("watchbell-collect.json");
    let day = r#"active_users{service="web",window="1d"} "#;
    let shown = |measures: &Measures| {
        let page = measures.render(Instant::now());
        page.lines().find_map(|line| line.strip_prefix(day)).map(str::to_owned)
    };

    let first = Beacons::open(&settings(), &Measures::new(), &file);
    for visitor in ["visitor-1", "visitor-2", "visitor-3"] {
        let body = format!(r#"{{"items":[{{"kind":"visit","visitor":"{visitor}"}}]}}"#);
        first.0.decide(body.as_bytes()).unwrap();
    }
    let kept = first.0.state().keep();
    first.0.shelf.write(&kept);
    let measures = Measures::new();
    drop(Beacons::open(&settings(), &measures, &file));
    assert_eq!(shown(&measures).as_deref(), Some("3"));

    std::fs::write(folder.join("watchbell-collect.visitors.json"), "{").unwrap();
    let measures = Measures::new();
    drop(Beacons::open(&settings(), &measures, &file));
    assert_eq!(shown(&measures).as_deref(), Some("0"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_example_of_the_schema_is_held_to_by_what_is_read() {
    let schema = jsonschema::validator_for(&super::schema()).expect("a schema");
    let good: serde_json::Value = serde_json::from_str(ALL_KINDS).unwrap();
    assert!(schema.is_valid(&good), "{:?}", schema.validate(&good).map_err(|error| error.to_string()));
    for bad in [
        r#"{"items":[{"kind":"something"}]}"#,
        r#"{"items":[{"kind":"vital","name":"LCP","value":-1}]}"#,
        r#"{"items":[{"kind":"navigation","load":0}]}"#,
        r#"{"items":[{"kind":"action","action":"a\nb"}]}"#,
        r#"{"items":[{"kind":"visit","visitor":"short"}]}"#,
        r#"{"items":[],"share":0.001}"#,
        r#"{"items":[],"page":"trade"}"#,
    ] {
        assert!(!schema.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
    }
}

#[test]
fn a_batch_is_of_one_browser() {
    let mut rig = Rig::new(settings());
    let visits =
        |from: u32| (0..200).map(move |number| format!(r#"{{"kind":"visit","visitor":"visitor-{}"}}"#, from + number));
    rig.take(&format!(r#"{{"items":[{}]}}"#, visits(0).collect::<Vec<_>>().join(",")));
    assert_eq!(rig.value(r#"active_users{service="web",window="1d"}"#), 1.0);
    assert_eq!(rig.value(r#"watchbell_collect_beacon_items_total{kind="visit",outcome="too_many"}"#), 199.0);
}

#[test]
fn words_are_kept_for_the_log_only_where_they_are_wanted_and_only_so_many() {
    let body = r#"{"items":[{"kind":"feedback","feedback":"bug","text":"x"},{"kind":"error","error":"javascript","message":"y"}]}"#;
    let said = |decision: Decision| {
        let has_words = |change: &&Change| {
            matches!(change, Change::Error { said: Some(_), .. } | Change::Feedback { text: Some(_), .. })
        };
        decision.changes.iter().filter(has_words).count()
    };
    let mut rig = Rig::new(settings());
    assert_eq!(said(rig.take(body)), 0);
    let mut rig = Rig::new(collect::Beacons { log_texts: true, ..settings() });
    assert_eq!(said(rig.take(body)), 2);
    assert_eq!((0..100).map(|_| said(rig.take(body))).sum::<usize>(), 18, "a burst of twenty");
    assert_eq!((0..100).map(|_| said(rig.take_at(body, 1))).sum::<usize>(), 10, "and ten a second");
}

/// Pieces of which batches are made that get past the parser often, and far.
fn hostile_item() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("LCP".to_owned()),
        Just("javascript".into()),
        Just("/trade/42".into()),
        Just("\\u0000\\u202e".into()),
        "[a-z/:]{0,80}",
        Just("a".repeat(5_000)),
    ];
    let number = prop_oneof![
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        Just("1e308".to_owned()),
        Just("-0".into()),
        Just("1e999".into()),
        (0..700_000_u32).prop_map(|number| number.to_string()),
    ];
    let value = prop_oneof![
        text.prop_map(|text| format!("\"{text}\"")),
        number,
        Just("null".to_owned()),
        Just("[[[{}]]]".into()),
        Just(format!("{}{}", "[".repeat(300), "]".repeat(300))),
    ];
    let key = prop::sample::select(vec![
        "name",
        "value",
        "page",
        "load",
        "dns",
        "error",
        "message",
        "line",
        "action",
        "feedback",
        "text",
        "visitor",
        "kind",
        "__proto__",
    ]);
    let kind = prop::sample::select(vec!["vital", "navigation", "error", "action", "feedback", "visit", "other"]);
    (kind, prop::collection::vec((key, value), 0..5)).prop_map(|(kind, fields)| {
        let fields: String = fields.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        format!("{{\"kind\":\"{kind}\"{fields}}}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_batch_breaks_anything_and_every_item_has_an_outcome(
        items in prop::collection::vec(hostile_item(), 0..40),
        share in prop::sample::select(vec!["1", "0.01", "0.37", "1e-9", "\"1\"", "-1"]),
    ) {
        let mut rig = Rig::new(settings());
        let body = format!("{{\"share\":{share},\"items\":[{}]}}", items.join(","));
        let Ok(decision) = rig.state.decide(body.as_bytes(), &rig.settings, Duration::ZERO) else { return Ok(()) };
        rig.instruments.apply(&decision);
        prop_assert_eq!(decision.outcomes.values().sum::<u64>(), items.len() as u64);
        let page = rig.page(1);
        for line in page.lines() {
            let (labels, value) = line.rsplit_once(' ').unwrap();
            prop_assert!(labels.len() < 400, "{line}");
            prop_assert!(value.parse::<f64>().is_ok_and(|value| (0.0..1e9).contains(&value)), "{line}");
        }
    }

    #[test]
    fn bytes_of_any_kind_are_a_batch_or_are_none(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut state = State::new(&settings(), BEGIN);
        drop(state.decide(&bytes, &settings(), Duration::ZERO));
    }

    #[test]
    fn what_is_known_stays_as_small_as_it_is_meant_to_be(
        names in prop::collection::vec("[a-z0-9]{1,12}", 0..400), most in 1_usize..20
    ) {
        let mut known = Names::first(most);
        let labels: BTreeSet<_> = names.iter().map(|name| known.of(name).value).collect();
        prop_assert!(labels.len() <= most + 1 && known.count() <= most + 1);
    }
}
