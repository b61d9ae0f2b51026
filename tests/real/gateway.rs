//! A Prometheus behind a company's gateway: TLS both ways, OAuth 2 client credentials and a tenant header, for what is asked and for
//! what is written.

use crate::support::{
    Process, Prometheus, Scratch, Series, Watchbell, http, in_repository, installed, now_millis, wait_for,
};
use serde_json::Value;
use std::process::Command;

const RULES: &str = "
groups:
  - name: chain
    interval: 1s
    rules:
      - { record: chain:gas:avg, expr: avg(gas_price_gwei) }
      - { alert: GasPriceSpike, expr: chain:gas:avg > 100, labels: { severity: high } }
";

fn firing(watchbell: &Watchbell) -> usize {
    let answer = http::get(&format!("{}/api/v1/alerts", watchbell.url())).expect("it answers").json();
    answer["data"]["alerts"].as_array().map_or(0, Vec::len)
}

fn error_of(watchbell: &Watchbell) -> String {
    let rules = http::get(&format!("{}/api/v1/rules?type=alert", watchbell.url())).expect("it answers").json();
    let error: &Value = &rules["data"]["groups"][0]["rules"][0]["lastError"];
    error.as_str().unwrap_or_default().to_owned()
}

#[test]
fn through_a_gateway_it_asks_and_writes_as_who_it_is_and_asks_for_a_new_token_when_one_is_old() {
    let (Some(prometheus), Some(python), Some(_)) = (Prometheus::start(), installed("python3"), installed("openssl"))
    else {
        return;
    };
    let folder = Scratch::new("gateway");
    let mut command = Command::new(python);
    command.arg(in_repository("tests/real/front.py")).arg(folder.path()).arg(prometheus.url());
    let started = Process::start("front", &mut command, folder.path(), |said| said.starts_with("listening on "));
    let front = started.unwrap_or_else(|why| panic!("{why}"));
    let said = front.said();
    let url = said.trim_start_matches("listening on ").lines().next().expect("it says where").to_owned();
    prometheus.write(&[Series::new("gas_price_gwei", &[], &[(now_millis(), 120.0)])]);

    folder.write("rules/chain.yaml", RULES);
    let oauth2 = format!(
        "oauth2: {{ client_id: watchbell, client_secret: {{ env: CLIENT_SECRET }}, token_url: \"{url}/token\", scopes: [metrics.read, metrics.write] }}"
    );
    let pem = |name: &str| folder.path().join(name).display().to_string();
    let (ca, cert, key) = (pem("ca.pem"), pem("client.pem"), pem("client.key"));
    let config = |tls: &str, tenant: &str| {
        let access = format!("{oauth2}, tls: {{ {tls} }}, headers: {{ X-Scope-OrgID: {tenant} }}, timeout: 5s");
        format!(
            "prometheus: {{ main: {{ url: \"{url}\", {access} }} }}
remote_write: {{ url: \"{url}/api/v1/write\", {access} }}
rules: [\"rules/*.yaml\"]
listen: \"$LISTEN\"
"
        )
    };
    let mutual = format!("ca_file: {ca:?}, cert_file: {cert:?}, key_file: {key:?}");
    let start = |config: &str| {
        let environment = [("CLIENT_SECRET", "s3cret-of-the-client")];
        Watchbell::start_with(folder.path(), config, &environment).expect("it starts")
    };

    let watchbell = start(&config(&mutual, "testnet"));
    wait_for("the alert on what was written", || (firing(&watchbell) == 1).then_some(()));
    let tokens = || front.said().matches("POST /token 200").count();
    wait_for("a third token", || (tokens() >= 3).then_some(()));
    assert!(!front.said().contains(" 401"), "no request went out with an old one: {}", front.said());
    assert_eq!(firing(&watchbell), 1);
    assert!(!watchbell.process.said().contains("s3cret"), "{}", watchbell.process.said());
    drop(watchbell);

    // Whoever lacks one of the three hears which.
    let watchbell = start(&config(&mutual, "mainnet"));
    wait_for("the tenant to be refused", || error_of(&watchbell).contains("no such tenant").then_some(()));
    drop(watchbell);
    let watchbell = start(&config(&format!("ca_file: {ca:?}"), "testnet"));
    wait_for("the certificate to be missed", || {
        let error = error_of(&watchbell).to_lowercase();
        (error.contains("certificate") && error.contains("token")).then_some(())
    });
}
