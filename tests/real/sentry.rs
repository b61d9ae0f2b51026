//! Our own errors: a real service has some, and Sentry hears of them without anything that lets somebody in.

use crate::support::{Receivers, Scratch, Watchbell, wait_for};

#[test]
fn an_error_of_ours_reaches_sentry_once_without_anything_secret_and_a_deaf_sentry_is_in_nobodys_way() {
    let Some(receivers) = Receivers::start() else { return };
    let folder = Scratch::new("sentry");
    folder.write("rules/a.yaml", "groups: [{ name: g, interval: 1s, rules: [{ alert: A, expr: up == 0 }] }]\n");
    // The store's folder vanishes below: that is an error of ours, said again and again.
    std::fs::create_dir(folder.path().join("store")).expect("it can be made");
    let dsn = format!("{}/42", receivers.url().replace("http://", "http://0123456789abcdef@"));
    let config = "prometheus: { main: { url: \"http://user:hunter2@127.0.0.1:9/path\", timeout: 1s } }
rules: [\"rules/*.yaml\"]
store: { sqlite: store/watchbell.db }
listen: \"$LISTEN\"
rule_failure_after: 1s
sentry: { dsn: { env: SENTRY_DSN }, environment: testnet }
";
    let watchbell = Watchbell::start_with(folder.path(), config, &[("SENTRY_DSN", &dsn)]).expect("it starts");
    let store = rusqlite::Connection::open(folder.path().join("store/watchbell.db")).expect("it is there");
    store.execute_batch("BEGIN EXCLUSIVE").expect("nobody else holds it");

    let reports = || {
        let log = receivers.log().into_iter().filter(|message| message["channel"] == "sentry");
        log.map(|message| (message["verdict"].clone(), message["body"].to_string())).collect::<Vec<_>>()
    };
    wait_for("a report", || (!reports().is_empty()).then_some(()));
    for (verdict, body) in reports() {
        assert_eq!(verdict, "accepted", "{body}");
        assert!(body.contains("testnet") && body.contains("watchbell@"), "{body}");
        assert!(!body.contains("hunter2") && !body.contains("0123456789abcdef"), "{body}");
    }
    wait_for("the error to be logged again", || {
        (watchbell.process.said().matches("the store does not remember").count() > 3).then_some(())
    });
    let places = reports().len();
    assert!(places <= 3, "each place in the code is reported once a minute, not {places} times");
}
