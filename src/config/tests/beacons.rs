//! What browsers may send: what is meant, and what is said of what cannot be.

use super::*;
use crate::config::collect::{Beacons, Network, Origin, Pages};

fn beacons(text: &str) -> Beacons {
    let collect = loading(&format!("collect: {{ beacons: {text} }}")).settings().collect;
    collect.and_then(|collect| collect.beacons).expect("beacons are configured")
}

#[test]
fn origins_alone_mean_the_usual() {
    let meant = beacons("{ origins: ['https://app.example.org/'] }");
    let origins = vec![Origin::parse("https://app.example.org").unwrap()];
    assert_eq!(meant, Beacons { origins, ..Beacons::default() });
}

#[test]
fn everything_can_be_said() {
    let meant = beacons(
        "{ origins: ['https://*.example.org', 'http://127.0.0.1:3000'], services: [shop, docs], max_pages: 7,
           pages: { home: /, trade: ['/trade/:symbol', '/t/*'] }, actions: [buy, sign_up], max_actions: 9,
           registration: sign_up, feedback: [bug], sample: 0.5, max_bytes: 2048, max_per_second: 10,
           max_per_second_of_client: 0.5, trusted_proxies: [10.0.0.0/8], log_texts: true }",
    );
    assert_eq!((meant.origins.len(), meant.services.len(), meant.max_actions), (2, 2, 9));
    assert_eq!(meant.pages.name_of("/t/anything/else"), Some("trade"));
    assert_eq!(meant.pages.name_of("/admin"), None);
    assert_eq!((meant.sample, meant.max_per_second, meant.max_per_client), (0.5, 10.0, 0.5));
    assert_eq!(meant.trusted_proxies, [Network::parse("10.0.0.0/8").unwrap()]);
    assert_eq!(meant.registration.as_deref(), Some("sign_up"));
    assert!(meant.log_texts && meant.max_bytes == 2048);
    assert_eq!(beacons("{ origins: ['https://a.example'], max_pages: 7 }").pages, Pages::AsTheyCome { most: 7 });
}

#[test]
fn what_browsers_cannot_mean_is_told_at_its_place() {
    let told: String = [
        "{}",
        "{ origins: [] }",
        "{ origins: ['*'] }",
        "{ origins: ['https://example.org/app'] }",
        "{ origins: ['https://a.example'], pages: { trade: trade } }",
        "{ origins: ['https://a.example'], pages: { trade: ['/a/*/b'] } }",
        "{ origins: ['https://a.example'], actions: [buy, buy, 'a:b'] }",
        "{ origins: ['https://a.example'], sample: 0 }",
        "{ origins: ['https://a.example'], max_bytes: 10 }",
        "{ origins: ['https://a.example'], trusted_proxies: [proxy.example.org] }",
        "{ origins: ['https://a.example'], origin: 'https://b.example' }",
    ]
    .map(|text| {
        let outcome = loading(&format!("collect: {{ beacons: {text} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    })
    .concat();
    insta::assert_snapshot!(told);
}

#[test]
fn what_can_never_come_from_a_browser_or_changes_nothing_is_told() {
    let told: String = [
        "{ origins: ['https://a.example'], actions: [buy, sign_up], registration: signup }",
        "{ origins: ['https://a.example'], registration: sign_up }",
        "{ origins: ['https://a.example'], actions: [käufe, other], registration: käufe, feedback: ['a;b'] }",
        "{ origins: ['https://a.example', 'https://A.example:443/'] }",
        "{ origins: ['https://a.example'], pages: { all: '/*', trade: /trade } }",
        "{ origins: ['https://a.example'], pages: { trade: ['/t/:id', '/t/new'], all: '/*' } }",
        "{ origins: ['https://a.example'], pages: { home: / }, max_pages: 5, actions: [buy], max_actions: 5 }",
        "{ origins: ['https://a.example'], max_per_second: 10, max_per_second_of_client: 11 }",
        "{ origins: ['https://a.example'], trusted_proxies: [0.0.0.0/0, '::/0', 10.0.0.0/8] }",
    ]
    .map(|text| {
        let outcome = loading(&format!("collect: {{ beacons: {text} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    })
    .concat();
    insta::assert_snapshot!(told);
}
