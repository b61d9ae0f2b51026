//! What is collected over HTTP: endpoints, and operations.

use super::*;
use collect::{Application, Bounds, HttpMethod, JsonCheck, Statuses, Wanted};

fn collect(text: &str) -> collect::Collect {
    loading(&format!("collect:\n{text}")).settings().collect.unwrap()
}

fn api(text: &str) -> Application {
    collect(&format!("  applications:\n    api:\n{text}")).applications["api"].clone()
}

#[test]
fn an_endpoint_that_says_little_is_asked_as_its_service_says_and_expects_nothing_of_its_own() {
    let api = api("      every: 15s\n      endpoints: { home: { url: 'http://127.0.0.1/' } }\n");
    let home = &api.endpoints["home"];
    assert_eq!((home.every, home.timeout), (crate::model::Span::from_secs(15), crate::model::Span::from_secs(10)));
    assert_eq!((home.method, home.redirects, home.largest_answer), (HttpMethod::Get, 0, 1024 * 1024));
    assert_eq!(home.expect, collect::Expect::default());
}

#[test]
fn an_endpoint_can_say_how_it_is_asked_and_what_is_expected() {
    let api = api(r#"
      labels: { region: eu }
      endpoints:
        trade:
          url: { env: TRADE_URL }
          method: POST
          headers: { Authorization: { env: PROBE }, X-Tenant: blue }
          body: '{"amount":1}'
          every: 1m
          timeout: 2s
          redirects: 3
          expect:
            status: [201, 3xx]
            body: 'ord.r'
            json: [{ at: /id }, { at: /state, is: open }, { at: /live, is: true }, { at: /price, above: 0, at_most: 9.5 }]
"#);
    assert_eq!(api.labels.get("region"), "eu");
    let trade = &api.endpoints["trade"];
    assert_eq!(trade.url, Secret::Env("TRADE_URL".into()));
    assert_eq!((trade.method, trade.redirects, trade.every.to_std().as_secs()), (HttpMethod::Post, 3, 60));
    assert_eq!(trade.headers["X-Tenant"], Secret::Inline("blue".into()));
    assert_eq!(trade.body, Some(Secret::Inline(r#"{"amount":1}"#.into())));
    assert_eq!(trade.expect.status, [Statuses { from: 201, to: 201 }, Statuses { from: 300, to: 399 }]);
    let wanted = [
        ("/id", Wanted::Something),
        ("/state", Wanted::Value("open".into())),
        ("/live", Wanted::Value(true.into())),
        ("/price", Wanted::Within(Bounds { above: Some(0.0), at_most: Some(9.5), ..Bounds::default() })),
    ];
    assert_eq!(trade.expect.json, wanted.map(|(at, wanted)| JsonCheck { at: at.into(), wanted }));
}

#[test]
fn operations_have_bounds_and_those_that_are_named_always_have_room() {
    let few = collect("  operations: { names: [trade, balance, price.feed], max_names: 2, token: { env: TOKEN } }\n");
    let operations = few.operations.unwrap();
    assert_eq!((operations.names.len(), operations.max_names, operations.per_second), (3, 3, 1000));
    assert_eq!(operations.token, Some(Secret::Env("TOKEN".into())));
    assert!(collect("  listen: 127.0.0.1:9097\n").operations.is_none(), "nothing is taken where nothing is said");
}

#[test]
fn what_an_endpoint_or_an_operation_cannot_mean_is_told_at_its_place() {
    let told = |text: &str| loading(text).told_of(|finding| finding.code != codes::WB139);
    let shapes = told(
        r"
collect:
  applications:
    api:
      endpoints:
        a: { url: 'http://a/', method: BREW, redirects: 11, expect: { status: [20x, 600] } }
",
    );
    let meanings = told(
        r"
collect:
  operations: { names: [place order, trade, trade] }
  applications:
    empty: { endpoints: {} }
    api:
      labels: { service: web }
      endpoints:
        a: { url: api.example.org }
        b: { url: 'http://a/', every: 0s, expect: { body: '(' } }
        c: { url: 'http://a/', expect: { json: [{ at: price, is: 1, above: 0 }] } }
",
    );
    insta::assert_snapshot!(format!("{shapes}{meanings}"));
}

/// What is said of each endpoint, apart from there being no policy.
fn table<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let told = texts.into_iter().map(|text| {
        let outcome = loading(&format!("collect: {{ applications: {{ api: {{ endpoints: {{ e: {text} }} }} }} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    });
    told.collect()
}

#[test]
fn an_answer_that_can_never_be_is_told_and_no_probe_is_down_for_it() {
    let told = table([
        "{ url: 'http://a/', expect: { json: [{ at: /p, above: 5, below: 3 }] } }",
        "{ url: 'http://a/', expect: { json: [{ at: /p, above: 5, at_most: 5 }, { at: /q, at_least: 5, at_most: 5 }] } }",
        "{ url: 'http://a/', expect: { json: [{ at: /p, at_least: 1 }, { at: /q, is: 0 }, { at: /p, is: 0 }] } }",
        "{ url: 'http://a/', expect: { json: [{ at: /p~b }, { at: /p~1b }] } }",
        "{ url: 'http://a/', method: HEAD, expect: { body: ok } }",
        "{ url: 'http://a/', method: HEAD, expect: { status: [200] } }",
        "{ url: 'http://a/', expect: { status: [204], json: [{ at: /p }] } }",
        "{ url: 'http://a/', expect: { status: [100, 1xx, 101, 200, 200] } }",
        "{ url: 'http://a/', redirects: 3, expect: { status: [301, 302] } }",
        "{ url: 'http://a/', redirects: 3, expect: { status: [301, 200] } }",
        "{ url: 'http://a/', expect: { body: '.*' } }",
        "{ url: 'http://a/', expect: { body: '^$' } }",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_request_that_cannot_be_sent_or_says_what_was_not_meant_is_told() {
    let told = table([
        "{ url: 'http://a/', headers: { '': x, 'a b': x, 'X-Ü': x } }",
        "{ url: 'http://a/', headers: { X-Tenant: \"blue\\n\", X-Bell: \"\\a\", X-Fine: grün } }",
        "{ url: 'http://a/', headers: { X-Tenant: a, x-tenant: b } }",
        "{ url: 'http://a/', body: '{}', headers: { content-length: '5' } }",
        "{ url: 'http://a/', headers: { Authorization: Bearer hunter2 } }",
        "{ url: 'http://a/', headers: { Authorization: 'Bearer ${TOKEN}', X-Key: '{{ key }}' }, body: '{\"k\":\"${KEY}\",\"j\":{\"i\":{}}}' }",
        "{ url: 'http://me:hunter2@a/', headers: { authorization: { env: A } } }",
        "{ url: 'https://a/?token=hunter2&page=1' }",
        "{ url: 'https://a/#/trade' }",
        "{ url: 'http://a/', tls: { insecure_skip_verify: true } }",
        "{ url: 'https://a/', tls: { server_name: 'https://a' } }",
        "{ url: 'http://a/', body: '{}' }",
        "{ url: 'http://a/', body: '{}', method: GET }",
        "{ url: 'http://a:99999/' }",
        "{ url: '//a/' }",
        "{ url: 'http://a/', every: 5s }",
        "{ url: 'http://a/', timeout: 1m }",
    ]);
    assert!(
        !told
            .lines()
            .any(|line| line.rsplit('`').next().unwrap_or_default().contains("hunter2") && line.starts_with("WB")),
        "{told}"
    );
    insta::assert_snapshot!(told);
}

#[test]
fn where_the_collector_listens_and_keeps_its_state_is_its_own() {
    let told = [
        "collect: {}",
        "collect: { operations: { names: [trade, other, balance], max_names: 2 } }",
        "collect: { listen: '127.0.0.1:9095', operations: {} }",
        "listen: 0.0.0.0:9097\ncollect: { operations: {} }",
        "listen: 127.0.0.1:7000\ncollect: { listen: 'localhost:7000', operations: {} }",
        "collect: { listen: '*:9097', operations: {} }",
        "collect: { listen: '127.0.0.300:9097', operations: {} }",
        "collect: { listen: '[::]:9096', operations: {} }",
        "collect: { state: '', operations: {} }",
        "collect: { state: data/, operations: {} }",
        "collect: { state: .., operations: {} }",
        "collect: { state: ./watchbell.db, operations: {} }",
        "store: { sqlite: w.db }\ncollect: { state: w.db, operations: {} }",
        "store: { postgres: { url: { env: P } } }\ncollect: { state: watchbell.db, operations: {} }",
    ]
    .map(|text| format!("{text}\n{}\n", loading(text).told_of(|finding| finding.code != codes::WB139)))
    .concat();
    insta::assert_snapshot!(told);
}

#[test]
fn it_is_known_where_each_part_is_written() {
    let api = "    api: { endpoints: { home: { url: 'http://127.0.0.1/' } } }\n";
    let outcome = loading(&format!("collect:\n  listen: 127.0.0.1:9097\n  applications:\n{api}"));
    let parts = outcome.loaded.expect("it passes").needed.parts;
    let at = |part: &str| outcome.sources.describe(parts[part]);
    assert!(at("listen").ends_with(":2:11"), "{}", at("listen"));
    assert!(at("application api").ends_with(":4:5"), "{}", at("application api"));
    assert!(at("state").ends_with(":2:3"), "where it is not written, `collect` stands for it: {}", at("state"));
}
