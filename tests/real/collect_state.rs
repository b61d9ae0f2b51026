//! What outlives a collector: who may write it.

use crate::support::{Collector, Scratch, http};
use serde_json::json;

const ORIGIN: &str = "https://app.example";
const USERS: &str = r#"active_users{service="web",window="1d"}"#;

fn browsers() -> String {
    let beacons = json!({ "origins": [ORIGIN], "services": ["web"] });
    json!({ "collect": { "listen": "$LISTEN", "state": "state.json", "beacons": beacons } }).to_string()
}

/// Stops it, and says what it said.
fn stopped(mut collector: Collector) -> String {
    collector.process.signal("TERM");
    assert!(collector.process.wait().success(), "{}", collector.process.said());
    collector.process.said()
}

#[test]
fn one_collector_has_the_file_also_where_browsers_alone_are_counted() {
    let folder = Scratch::new("collect-state-one");
    let first = Collector::start(folder.path(), &browsers(), &[]).expect("it starts");
    let batch = br#"{"items":[{"kind":"visit","visitor":"0b51f6de-0c5e-4b0e"}]}"#;
    let headers = [("content-type", "text/plain"), ("origin", ORIGIN)];
    let answer = http::request("POST", &format!("{}/v1/beacon", first.url()), &headers, batch);
    assert_eq!(answer.expect("it answers").status, 204);
    let Err(second) = Collector::start(folder.path(), &browsers(), &[]) else {
        panic!("two collectors have one state file")
    };
    assert!(second.contains("another collector uses the state file"), "{second}");
    stopped(first);
    let again = Collector::start(folder.path(), &browsers(), &[]).expect("it is free again");
    again.wait_for(USERS, |users| users > 0.0);
}
