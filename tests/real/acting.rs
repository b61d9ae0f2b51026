//! What people do with incidents, at the real program: over HTTP and with the command line, let in or not, and killed with -9 in
//! between.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for};
use serde_json::{Value, json};
use std::cell::Cell;
use std::process::{Command, Output};
use watchbell::api::{Needs, routes};
use watchbell::config::Role;

/// One alert, whose value a story says.
pub const RULES: &str = r"
groups:
  - name: drill
    interval: 1s
    rules:
      - alert: Drill
        expr: drill
        tiers: { critical: { above: 0.5 } }
";

const CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS", timeout: 5s } }
rules: [rules.yaml]
timezone: UTC
external_url: "http://$LISTEN"
listen: "$LISTEN"
channels: { hook: { webhook: { url: "$RECEIVERS/hook" } } }
responders: { anna: { reach: [{ via: hook }] } }
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    reopen_within: 1s
    matrix:
      critical: { levels: [{ name: first, notify: [hook] }, { name: second, after: 1h, notify: [hook] }] }
      high: { levels: [{ notify: [hook] }] }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;

/// The tokens of the tests, and the configuration that knows them.
const TOKENS: [(&str, Role); 4] =
    [("s-token", Role::Sender), ("v-token", Role::Viewer), ("r-token", Role::Responder), ("a-token", Role::Admin)];
const ACCESS: &str = "
access:
  tokens:
    - { name: prometheus, role: sender, sha256: $SENDER }
    - { name: eve, role: viewer, sha256: $VIEWER }
    - { name: bob, role: responder, sha256: $RESPONDER }
    - { name: ann, role: admin, sha256: $ADMIN }
";

/// What a program reads whose role is too small.
const FORBIDDEN: &str = r#""errorType":"forbidden""#;

/// A service with a series that can be let fire, in a folder of its own.
struct Town {
    prometheus: Prometheus,
    receivers: Receivers,
    folder: Scratch,
    config: String,
    port: u16,
    requests: Cell<u32>,
}

impl Town {
    fn new(access: &str) -> Option<Town> {
        let (prometheus, receivers) = (Prometheus::start()?, Receivers::start()?);
        let folder = Scratch::new("acting");
        folder.write("rules.yaml", RULES);
        let config = CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url()) + access;
        Some(Town { prometheus, receivers, folder, config, port: free_port(), requests: Cell::new(0) })
    }

    fn start(&self, environment: &[(&str, &str)]) -> Result<Watchbell, String> {
        Watchbell::start_on(self.port, self.folder.path(), &self.config, environment)
    }

    fn chain(&self, chain: &str, value: f64) {
        self.prometheus.write(&[Series::new("drill", &[("chain", chain)], &[(now_millis(), value)])]);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until so many incidents are open.
    fn wait_for_open(&self, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} open incidents"), || {
            let open = self.get("/api/v1/incidents")["incidents"].as_array().cloned().unwrap_or_default();
            (open.len() == count).then_some(open)
        })
    }

    fn get(&self, path: &str) -> Value {
        let answer = http::get(&self.url(path)).expect("the service is up");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()["data"].clone()
    }

    fn act(&self, path: &str, key: &str, body: &Value) -> std::io::Result<http::Answer> {
        let headers = [("Idempotency-Key", key), ("Content-Type", "application/json")];
        http::request("POST", &self.url(path), &headers, body.to_string().as_bytes())
    }

    /// The texts of the timeline of the incident with this number that begin so.
    fn timeline(&self, number: u64, beginning: &str) -> Vec<String> {
        let incident = self.get(&format!("/api/v1/incidents/{number}"));
        let entries = incident["timeline"].as_array().expect("a timeline is a list").iter();
        let texts = entries.map(|entry| entry["text"].as_str().expect("an entry has a text").to_owned());
        texts.filter(|text| text.starts_with(beginning)).collect()
    }

    /// `watchbell` with these arguments, as whoever holds the token.
    fn command(&self, token: Option<&str>, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(self.folder.path()).args(arguments).env_remove("RUST_LOG").env_remove("WATCHBELL_TOKEN");
        if let Some(token) = token {
            command.env("WATCHBELL_TOKEN", token);
        }
        told(&command.output().expect("the program runs"))
    }

    fn fresh_key(&self) -> String {
        self.requests.set(self.requests.get() + 1);
        format!("request-{}", self.requests.get())
    }
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn access() -> String {
    use sha2::{Digest, Sha256};
    let hash = |token: &str| Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let access = ACCESS.replace("$SENDER", &hash("s-token")).replace("$VIEWER", &hash("v-token"));
    let access = access.replace("$RESPONDER", &hash("r-token"));
    access.replace("$ADMIN", &hash("a-token"))
}

#[test]
fn each_route_lets_in_whom_it_should_and_nobody_else() {
    let Some(town) = Town::new(&access()) else { return };
    town.chain("sepolia", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    let as_viewer = |path: &str| ask(&town, "GET", path, Some("v-token"));
    let is_told = |incident: &str| incident.contains(r#""status":"sent""#);
    let before = wait_for("a page", || Some(as_viewer("/api/v1/incidents/1").1).filter(|incident| is_told(incident)));
    let mut refused = [0_u64; 3];
    for route in routes() {
        // What is let in asks for an incident and a silence that are not there, what is refused for ones that are.
        let path = |number: &str| route.path.replace("{number}", number).replace("{id}", "00");
        let Needs::Role(needed) = route.needs else {
            let status = ask(&town, route.method.as_str(), &path("1"), None).0;
            if ["/-/healthy", "/-/ready"].contains(&route.path.as_str()) {
                assert_eq!(status, 200);
            } else if route.path == "/" {
                assert_eq!(status, 307, "the bare address leads to what is open");
            } else {
                // These want a proof of their own, which `callbacks` tries out.
                assert!((400..500).contains(&status), "{} is open to everybody: {status}", route.path);
            }
            continue;
        };
        let name = format!("{} {}", route.method, route.path);
        for (count, token) in [None, Some("x-token")].into_iter().enumerate() {
            let (status, body) = ask(&town, route.method.as_str(), &path("1"), token);
            assert_eq!(status, 401, "{name} with {token:?}: {body}");
            if route.path.starts_with("/incidents") {
                assert!(body.contains("This page needs a token") && !body.contains("Drill"), "{body}");
            } else {
                assert!(body.contains(r#""errorType":"unauthorized""#), "{body}");
            }
            refused[count] += 1;
        }
        for (token, role) in TOKENS {
            let number = if role.may(needed) { "999999" } else { "1" };
            let (status, body) = ask(&town, route.method.as_str(), &path(number), Some(token));
            if role.may(needed) {
                assert!(![401, 403, 405].contains(&status), "{name} as {role:?}: {status} {body}");
            } else {
                assert_eq!(status, 403, "{name} as {role:?}: {body}");
                let says = if route.path.starts_with("/incidents") { "This page is not for you" } else { FORBIDDEN };
                assert!(body.contains(says), "{body}");
                refused[2] += 1;
            }
        }
    }
    assert_eq!(as_viewer("/api/v1/incidents/1").1, before, "nothing of all this has changed anything");
    let metrics = as_viewer("/metrics").1;
    for (reason, count) in ["no_token", "wrong_token", "small_role"].iter().zip(refused) {
        let line = format!("watchbell_http_requests_denied_total{{reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&line), "no `{line}` in {metrics}");
    }
    for route in routes().into_iter().filter(|route| matches!(route.needs, Needs::Role(_))) {
        let (method, pattern) = (route.method, route.path);
        let line = format!("http_requests_total{{method=\"{method}\",route=\"{pattern}\",status_code=\"401\"}} 2");
        assert!(metrics.contains(&line), "no `{line}` in {metrics}");
    }
    assert!(!metrics.contains("/999999"), "a path that was asked for is no label value: {metrics}");
}

fn ask(town: &Town, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/json"), ("X-Watchbell-Actor", "root")];
    headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    let answer = http::request(method, &town.url(path), &headers, b"").expect("the service is up");
    (answer.status, answer.body)
}

#[test]
fn metrics_say_what_fires_by_rule_and_whether_somebody_is_at_it() {
    let Some(town) = Town::new("") else { return };
    let _watchbell = town.start(&[]).expect("it starts");
    let says = |line: &str| {
        let metrics = http::get(&town.url("/metrics")).expect("the service is up").body;
        metrics.lines().any(|known| known == line)
    };
    assert!(says("watchbell_incidents_unacknowledged 0") && says("watchbell_incidents_open 0"));
    town.chain("sepolia", 1.0);
    town.chain("mainnet", 1.0);
    town.wait_for_open(2);
    assert!(says(r#"watchbell_rule_alerts{rule="Drill",state="firing",severity="critical"} 2"#));
    assert!(says(r#"watchbell_alerts{state="firing",severity="critical"} 2"#));
    assert!(says("watchbell_incidents_unacknowledged 2") && says("watchbell_incidents_open 2"));
    let answer = town.act("/api/v1/incidents/1/acknowledge", &town.fresh_key(), &json!({})).expect("the service is up");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(says("watchbell_incidents_unacknowledged 1") && says("watchbell_incidents_open 2"));
}

#[test]
fn the_plain_link_of_a_message_shows_the_incident_to_whom_the_api_would_and_never_acts() {
    let response = "response: { critical: { acknowledge: 5m, assess: 15m } }\n";
    let Some(town) = Town::new(&format!("{}{response}", access())) else { return };
    town.chain("<b>sepolia</b>", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    let message = town.receivers.wait_for_messages("webhook", 1).remove(0);
    let link = message["body"]["data"]["incident"]["url"].as_str().expect("a message has a link").to_owned();
    assert_eq!(link, town.url("/incidents/1"));
    assert_eq!(ask(&town, "POST", "/api/v1/incidents/1/note", Some("r-token")).0, 400, "a note needs a text");
    assert_eq!(ask(&town, "POST", "/api/v1/incidents/1/acknowledge", Some("r-token")).0, 200);

    let page = wait_for("the message to be on the page", || {
        let (status, page) = ask(&town, "GET", "/incidents/1", Some("v-token"));
        assert_eq!(status, 200, "{page}");
        (page.contains("page sent") && page.contains("acknowledged by bob (api)")).then_some(page)
    });
    for words in [
        "INC-1 Drill {chain=&quot;&lt;b&gt;sepolia&lt;/b&gt;&quot;}",
        "Severity critical, since ",
        "Acknowledged by bob (api) at ",
        "Next level: second; its clock stands still.",
        "(1, threshold 0.5)",
        "<b>met</b>acknowledge by ",
        "<b>due</b>assess by ",
        "opened at critical",
        "hook: new",
    ] {
        assert!(page.contains(words), "no `{words}` in\n{page}");
    }
    assert!(!page.contains("<form") && !page.contains("<script") && !page.contains("<b>sepolia"), "{page}");
    let (_, list) = ask(&town, "GET", "/incidents", Some("v-token"));
    assert!(list.contains("One incident is open.") && list.contains("href=\"incidents/1\""), "{list}");
    assert_eq!(ask(&town, "GET", "/incidents/INC-2", Some("v-token")).0, 404);
    assert_eq!(ask(&town, "GET", "/incidents/x", Some("v-token")).0, 404);
    assert_eq!(ask(&town, "POST", "/incidents/1", Some("a-token")).0, 405, "a page does nothing");

    // What is over and forgotten is shown as the journal has it.
    town.chain("<b>sepolia</b>", 0.0);
    let note = |text: &str| town.command(Some("r-token"), &["incidents", "note", "1", text]).0;
    wait_for("the engine to forget it", || (note("still there") == Some(1)).then_some(()));
    let (status, past) = ask(&town, "GET", "/incidents/1", Some("v-token"));
    assert!(status == 200 && past.contains("It is resolved, since ") && past.contains("opened at critical"), "{past}");
    assert!(ask(&town, "GET", "/incidents", Some("v-token")).1.contains("Nothing is open."));
}

#[test]
fn a_channel_without_its_secret_is_heard_of_at_the_start_and_not_when_it_is_needed() {
    let Some(mut town) = Town::new("") else { return };
    let mute = "channels: { mute: { slack: { token: { env: NOT_THERE }, to: \"#x\" } }, ";
    town.config = town.config.replace("channels: { ", mute);
    let heard = |word: &str| {
        let told = |entry: &Value| entry["body"]["data"]["text"].to_string();
        town.receivers.log().iter().map(told).find(|text| text.contains(word) && text.contains("DeliveryFailing"))
    };
    let watchbell = town.start(&[]).expect("it starts all the same");
    wait_for("the others to hear of it", || heard("FIRING"));
    let said = watchbell.process.said();
    let why =
        "channel mute cannot deliver without its secret: `token`: the environment variable `NOT_THERE` is not set";
    assert!(said.contains(why), "{said}");
    drop(watchbell);
    let _watchbell = town.start(&[("NOT_THERE", "xoxb-1")]).expect("it starts again");
    wait_for("the end of it", || heard("RESOLVED"));
}

#[test]
fn the_actor_is_whoever_holds_the_token_and_nobody_else() {
    let Some(town) = Town::new(&access()) else { return };
    town.chain("sepolia", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    wait_for("an incident", || {
        ask(&town, "GET", "/api/v1/incidents", Some("v-token")).1.contains("INC-1").then_some(())
    });
    assert_eq!(ask(&town, "POST", "/api/v1/incidents/1/acknowledge", Some("r-token")).0, 200);
    let (_, body) = ask(&town, "GET", "/api/v1/incidents/1", Some("v-token"));
    assert!(body.contains("acknowledged by bob (api)") && !body.contains("root"), "{body}");
}

#[test]
fn a_request_that_is_not_understood_is_refused_and_changes_nothing() {
    let Some(town) = Town::new("") else { return };
    town.chain("sepolia", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    town.wait_for_open(1);
    let before = wait_for("a page", || {
        Some(town.get("/api/v1/incidents/1")).filter(|incident| incident["deliveries"][0]["status"] == "sent")
    });
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(70_000));
    let page = format!(r#"{{"text":"{}"}}"#, "a".repeat(4_001));
    let silence = |matchers: &str, lasts: &str| json!({ "match": matchers, "for": lasts, "reason": "x" }).to_string();
    let (everything, too_long) = (silence(r#"chain=~".*""#, "1h"), silence(r#"chain="sepolia""#, "100d"));
    for (method, path, body, status, kind) in [
        ("POST", "/api/v1/incidents/1/note", r#"{"text":"a","by":"root"}"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text":"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text":" "}"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note", "[]", 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note?generation=2", r#"{"text":"a"}"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note", &page, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/note", &long, 413, "too_large"),
        ("POST", "/api/v1/incidents/1/assess", r#"{"severity":"huge"}"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/assign", r#"{"to":"nobody"}"#, 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/acknowledge", r#"{"generation":7}"#, 409, "conflict"),
        ("POST", "/api/v1/incidents/1/resolve", "", 409, "conflict"),
        ("POST", "/api/v1/incidents/1/review", r#"{"link":"https://example.org"}"#, 409, "conflict"),
        ("POST", "/api/v1/incidents/1/unacknowledge", "", 409, "conflict"),
        ("POST", "/api/v1/incidents/2/acknowledge", "", 404, "not_found"),
        ("POST", "/api/v1/incidents/x/acknowledge", "", 400, "bad_data"),
        ("POST", "/api/v1/incidents/1/delete", "", 404, "not_found"),
        ("GET", "/api/v1/incidents/1/acknowledge", "", 405, "bad_method"),
        ("GET", "/api/v1/incidents/2", "", 404, "not_found"),
        ("GET", "/api/v1/incidents/%ff", "", 400, "bad_data"),
        ("GET", "/api/v1/incidents?state=closed", "", 400, "bad_data"),
        ("GET", "/api/v1/incidents/1?state=open", "", 400, "bad_data"),
        ("GET", "/api/v1/silences?state=active", "", 400, "bad_data"),
        ("GET", "/api/v1/routines?open=true", "", 400, "bad_data"),
        ("POST", "/api/v1/silences", &everything, 400, "bad_data"),
        ("POST", "/api/v1/silences", &too_long, 400, "bad_data"),
        ("DELETE", "/api/v1/silences/00", "", 404, "not_found"),
        ("DELETE", "/api/v1/silences/x", "", 400, "bad_data"),
    ] {
        let answer = http::request(method, &town.url(path), &[], body.as_bytes()).expect("the service is up");
        let short: String = body.chars().take(60).collect();
        assert_eq!(answer.status, status, "{method} {path} {short}: {}", answer.body);
        assert_eq!(answer.json()["errorType"], kind, "{method} {path} {short}: {}", answer.body);
    }
    let origin = [("Origin", "https://example.com")];
    let answer = http::request("POST", &town.url("/api/v1/incidents/1/acknowledge"), &origin, b"").expect("it is up");
    assert_eq!(answer.status, 403, "another web page cannot act: {}", answer.body);
    assert_eq!(town.get("/api/v1/incidents/1"), before);
    assert_eq!(town.get("/api/v1/silences"), json!({ "silences": [] }));
}

#[test]
fn a_repeated_request_changes_nothing_and_gets_the_first_answer() {
    let Some(town) = Town::new("") else { return };
    town.chain("sepolia", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    town.wait_for_open(1);
    let note = |key: &str, text: &str| {
        let answer = town.act("/api/v1/incidents/1/note", key, &json!({ "text": text })).expect("the service is up");
        (answer.status, answer.body)
    };
    let first = note("a", "looked at it");
    assert_eq!(first.0, 200, "{}", first.1);
    assert_eq!(note("a", "looked at it"), first);
    assert_eq!(note("a", "something else").0, 409, "the id belongs to the first request");
    assert_eq!(note("b", "looked at it").0, 200, "another id is another request");
    assert_eq!(town.timeline(1, "note by local (api): looked at it").len(), 2);

    // A refusal is an outcome too: it does not become an acceptance because the world has changed meanwhile.
    let release = || town.act("/api/v1/incidents/1/unacknowledge", "c", &json!({})).expect("the service is up").status;
    assert_eq!(release(), 409);
    assert_eq!(town.act("/api/v1/incidents/1/acknowledge", "d", &json!({})).expect("it is up").status, 200);
    assert_eq!(release(), 409);
}

/// The points around the inbox. At the first of them nothing is on record yet, and the request has to be repeated.
const POINTS: [&str; 4] = ["before_submit", "after_submit", "before_consume", "after_consume"];
const ROUNDS: usize = 5;

#[test]
fn what_was_asked_for_survives_a_kill_at_every_point_and_is_done_once() {
    let Some(town) = Town::new("") else { return };
    town.chain("sepolia", 1.0);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        for point in POINTS {
            let key = town.fresh_key();
            {
                let mut life = town.start(&[("WATCHBELL_CRASH", &format!("{point}:1"))]).expect("it starts");
                town.chain("sepolia", 1.0);
                town.wait_for_open(1);
                let answer = town.act("/api/v1/incidents/1/acknowledge", &key, &json!({}));
                assert!(answer.is_err(), "{point}: it was killed before it could answer");
                assert!(life.process.wait().to_string().contains("signal: 9"), "{point}");
            }
            let _life = town.start(&[]).expect("it starts again");
            let at_start = town.timeline(1, "acknowledged by local").len();
            let on_record = usize::from(point != "before_submit");
            assert_eq!(at_start, acknowledged + on_record, "round {round}, {point}: carried out at the start, once");
            for _ in 0..2 {
                let answer = town.act("/api/v1/incidents/1/acknowledge", &key, &json!({})).expect("it is up");
                assert_eq!(answer.status, 200, "{point}: {}", answer.body);
            }
            acknowledged += 1;
            assert_eq!(town.timeline(1, "acknowledged by local").len(), acknowledged, "round {round}, {point}: once");
            assert_eq!(town.get("/api/v1/incidents/1")["status"], "acknowledged");
            let release = town.act("/api/v1/incidents/1/unacknowledge", &town.fresh_key(), &json!({}));
            assert_eq!(release.expect("it is up").status, 200);
        }
    }
    let _life = town.start(&[]).expect("it starts once more");
    // Whoever knows was told of each, each under an id of its own, whatever was repeated.
    let told = wait_for("the last message", || {
        let log = town.receivers.log();
        let of = |kind: &str| {
            let mine = log.iter().filter(|entry| entry["body"]["type"] == kind);
            mine.map(|entry| entry["headers"]["webhook-id"].to_string()).collect::<std::collections::BTreeSet<_>>()
        };
        (of("incident.unacknowledged").len() == acknowledged).then(|| of("incident.acknowledged").len())
    });
    assert!(told <= acknowledged, "{told} messages for {acknowledged} acknowledgements");
}

const HEARTBEAT: &str = "heartbeats: { expect: [{ alert: Drill, within: 4s, severity: critical }] }\n";
const ABSENT: &str = "Drill has to keep firing, and does not";

#[test]
fn a_start_with_something_left_to_do_misses_no_heartbeat_for_the_time_that_it_was_away() {
    let Some(town) = Town::new(HEARTBEAT) else { return };
    let wait_until_said = |life: &Watchbell, words: &str, times: usize| {
        wait_for(words, || (life.process.said().matches(words).count() == times).then_some(()));
    };
    town.chain("sepolia", 1.0);
    {
        let mut life = town.start(&[("WATCHBELL_CRASH", "after_submit:1")]).expect("it starts");
        wait_until_said(&life, "Drill fires, as it has to", 1);
        // At its start, before the first answer, it may have said so already.
        let before = life.process.said().matches(ABSENT).count();
        town.chain("sepolia", 0.0);
        wait_until_said(&life, ABSENT, before + 1);
        let silence = json!({ "match": "chain=\"sepolia\"", "for": "1h", "reason": "a drill" });
        assert!(town.act("/api/v1/silences", &town.fresh_key(), &silence).is_err(), "it was killed before it answered");
        assert!(life.process.wait().to_string().contains("signal: 9"));
    }
    let ended = now_millis();
    let is_too_long = || (now_millis() > ended + 4_000).then_some(());
    wait_for("the heartbeat to be away for too long by the wall clock", is_too_long);
    town.chain("sepolia", 1.0);
    let life = town.start(&[]).expect("it starts again");
    wait_until_said(&life, "Drill fires, as it has to", 2);
    assert_eq!(town.get("/api/v1/silences")["silences"].as_array().map(Vec::len), Some(1), "it is carried out");
    let incident = http::get(&town.url("/api/v1/incidents/1")).expect("it is up");
    assert_eq!(incident.status, 404, "nothing was missing: {}", incident.body);
}

#[test]
fn an_incident_is_followed_from_its_opening_to_its_review_with_the_command_line() {
    let Some(town) = Town::new(&access()) else { return };
    town.chain("sepolia", 1.0);
    let _watchbell = town.start(&[]).expect("it starts");
    let run = |arguments: &[&str]| town.command(Some("r-token"), arguments);
    let listed = wait_for("an open incident", || {
        let (code, out, err) = run(&["incidents", "list"]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        out.contains("INC-1").then_some(out)
    });
    assert!(listed.starts_with("INC-1  critical  open  Drill {chain=\"sepolia\"}\n"), "{listed}");
    assert!(listed.contains("1 alert firing · next level second in 59m"), "{listed}");

    let good = |arguments: &[&str], words: &str| {
        let (code, out, err) = run(arguments);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}: {out}");
        assert_eq!(out, format!("{words}\n"));
    };
    good(&["incidents", "ack", "INC-1"], "INC-1: acknowledged");
    good(&["incidents", "note", "1", "looked at it", "--generation", "1"], "INC-1: noted");
    good(&["incidents", "assess", "1", "high"], "INC-1: assessed as high");
    let nobody = "INC-1: update noted, but nobody was told: name those who are to hear updates under `stakeholders` in watchbell.yaml";
    good(&["incidents", "update", "1", "we are on it"], nobody);
    good(&["incidents", "assign", "1", "anna"], "INC-1: assigned to anna");
    good(&["incidents", "snooze", "1", "30m"], "INC-1: snoozed for 30m");
    good(&["incidents", "unack", "1"], "INC-1: no longer acknowledged");
    let (code, _, err) = run(&["incidents", "resolve", "1"]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("no: INC-1 is not over, 1 alert still fires"), "{err}");
    assert_eq!(run(&["incidents", "ack", "7"]).0, Some(1), "there is none");
    assert_eq!(run(&["incidents", "ack", "x"]).0, Some(2), "this is no number");
    assert_eq!(run(&["incidents", "assess", "1", "huge"]).0, Some(2), "this is no severity");
    assert_eq!(town.command(None, &["incidents", "list"]).0, Some(2), "without a token nothing is shown");
    let (code, _, err) = town.command(Some("v-token"), &["incidents", "ack", "1"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: this needs the role `responder`\n"));
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    assert_eq!(run(&["incidents", "list", "--url", &nowhere]).0, Some(3), "nobody is there");
    let (code, _, err) = run(&["incidents", "list", "--url", "ftp://127.0.0.1"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: `ftp://127.0.0.1` cannot be asked; write `http://host:port`\n"));
    let (code, _, err) = run(&["silence", "expire", "nope"]);
    assert!(code == Some(2) && err.contains("`nope` is no id of a silence"), "{err}");
    let two_lines = town.folder.path().join("two-lines");
    std::fs::write(&two_lines, "r-token\nv-token\n").expect("the folder can be written");
    let (code, _, err) = run(&["incidents", "list", "--token-file", &two_lines.display().to_string()]);
    assert!(code == Some(2) && err.contains("two-lines` holds a line end"), "{err}");
    // What a shell makes of `<(…)`: it can be read once.
    let pipe = town.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()), "it is part of every Debian");
    let fed = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, "r-token\n")
    });
    let (code, _, err) = run(&["silence", "list", "--token-file", &pipe.display().to_string()]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "it is read once");
    fed.join().expect("it ends").expect("somebody reads");

    let (_, id, _) = run(&["silence", "add", "chain=\"mainnet\"", "--for", "2h", "--reason", "node migration"]);
    let (_, silences, _) = run(&["silence", "list"]);
    assert!(silences.starts_with(id.trim()) && silences.ends_with("by bob: node migration\n"), "{silences}");
    good(&["silence", "expire", id.trim()], &format!("{} is over", id.trim()));
    good(&["silence", "list"], "nothing is silenced");

    town.chain("sepolia", 0.0);
    wait_for("the end", || (run(&["incidents", "list"]).1 == "nothing is open\n").then_some(()));
    good(&["incidents", "review", "1", "https://example.org/review-1"], "INC-1: reviewed");
    // The engine forgets it a second later, the journal does not.
    wait_for("the engine to forget it", || (run(&["incidents", "note", "1", "x"]).0 == Some(1)).then_some(()));
    let (_, past, _) = run(&["incidents", "list", "--state", "resolved"]);
    assert!(past.starts_with("INC-1  ") && past.contains("  resolved  Drill"), "{past}");
    let (_, shown, _) = run(&["incidents", "show", "1"]);
    for words in [
        "opened at critical",
        "pages hook at critical (page 1)",
        "acknowledged by bob (api)",
        "note by bob (api): looked at it",
        "assessed as high by bob (api)",
        "update by bob (api): we are on it",
        "assigned to anna by bob (api)",
        "unacknowledged by bob (api)",
        "reviewed by bob (api): https://example.org/review-1",
        "page to hook: new  sent",
        "end to hook",
    ] {
        assert!(shown.contains(words), "no `{words}` in\n{shown}");
    }
    let (code, json, _) = run(&["incidents", "show", "1", "--format", "json"]);
    let incident: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &incident["status"], &incident["number"]), (Some(0), &json!("resolved"), &json!(1)));
}

#[test]
fn a_token_is_made_with_its_line_and_the_line_lets_it_in() {
    let Some(town) = Town::new("") else { return };
    let (code, json, _) = town.command(None, &["token", "ci \"x\" }, {", "--role", "admin", "--format", "json"]);
    assert_eq!(code, Some(0));
    let made: Value = serde_json::from_str(&json).expect("JSON");
    let line = made["line"].as_str().expect("a line");
    let token = made["token"].as_str().expect("a token");
    assert!(token.len() > 40 && !line.contains(token), "{made}");
    let config = format!("{}access: {{ tokens: [{line}] }}\n", town.config);
    let _watchbell = Watchbell::start_on(town.port, town.folder.path(), &config, &[]).expect("it starts");
    assert_eq!(ask(&town, "POST", "/-/reload", Some(token)).0, 200);
    assert_eq!(ask(&town, "POST", "/-/reload", Some("another")).0, 401);
    assert_eq!(town.command(None, &["token", "schedule:x"]).0, Some(2), "this is no name");
    let (_, out, _) = town.command(None, &["token", "ci"]);
    let again: Vec<&str> = out.lines().collect();
    assert!(
        again[0].starts_with("token: wb_") && again[1].starts_with("line: - { name: \"ci\", role: viewer, sha256: \""),
        "{out}"
    );
    assert!(!out.contains(token), "each is another");
}
