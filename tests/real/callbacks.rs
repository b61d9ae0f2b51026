//! Slack, PagerDuty and signed links against the real program: what is good acts, what is not is refused, counted, and
//! changes nothing. Who signs is Python's standard library, who reads our payloads and pages too.

use crate::support::{
    Prometheus, Receivers, Scratch, Series, Watchbell, http, in_repository, installed, now_millis, wait_for,
};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const WEBHOOK_SECRET: &str = "pagerduty-webhook-secret";
const SECRETS: [(&str, &str); 6] = [
    ("SLACK_TOKEN", "xoxb-story"),
    ("SIGNING_SECRET", SIGNING_SECRET),
    ("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef"),
    ("WEBHOOK_SECRET", WEBHOOK_SECRET),
    ("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("LINK_SECRET", "a secret of more than sixteen bytes"),
];
/// The one whom the configuration knows.
const PRIMARY: &str = "U0PRIMARY";

const RULES: &str = r#"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: max by (chain, note) (gas_price_gwei)
        tiers: { high: { above: 100 } }
        annotations: { summary: "Gas on {{ $labels.chain }} is {{ $value }}: {{ $labels.note }}" }
"#;

/// The program, and everybody around it.
struct Town {
    prometheus: Prometheus,
    receivers: Receivers,
    folder: Scratch,
    watchbell: Watchbell,
    note: String,
}

impl Town {
    /// Gas is dear, and everybody has been told.
    fn on_fire() -> Option<Town> {
        Town::with("links: 1d", "plain")
    }

    /// The same, where what is over is forgotten at once.
    fn forgetful() -> Option<Town> {
        Town::configured(|config| config.replace("wait: 0s", "wait: 0s\n    reopen_within: 0s"), "1d", "plain")
    }

    fn with(access: &str, note: &str) -> Option<Town> {
        Town::configured(|config| config, access.trim_start_matches("links: "), note)
    }

    fn configured(change: impl Fn(String) -> String, expires: &str, note: &str) -> Option<Town> {
        let (prometheus, receivers, folder) = (Prometheus::start()?, Receivers::start()?, Scratch::new("callbacks"));
        folder.write("rules/chain.yaml", RULES);
        let config = change(config(&prometheus, &receivers, expires));
        let watchbell = Watchbell::start_with(folder.path(), &config, &SECRETS).expect("it starts");
        let town = Town { prometheus, receivers, folder, watchbell, note: note.into() };
        town.gas(120.0);
        for channel in ["slack", "pagerduty", "webhook"] {
            town.receivers.wait_for_messages(channel, 1);
        }
        Some(town)
    }

    fn gas(&self, gwei: f64) {
        let labels = [("chain", "sepolia"), ("note", self.note.as_str())];
        self.prometheus.write(&[Series::new("gas_price_gwei", &labels, &[(now_millis(), gwei)])]);
    }

    /// Everything that has happened to incidents, as it is stored.
    fn story(&self) -> Vec<String> {
        let path = self.folder.path().join("watchbell.db");
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = rusqlite::Connection::open_with_flags(path, flags).expect("the store can be read");
        connection.busy_timeout(Duration::from_secs(10)).expect("a timeout can be set");
        let mut query = connection.prepare("SELECT body FROM events WHERE kind = 'incident' ORDER BY seq").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(|body| body.unwrap()).collect()
    }

    fn happened(&self, word: &str) -> usize {
        self.story().iter().filter(|event| event.contains(word)).count()
    }

    fn wait_until(&self, word: &str, times: usize) {
        wait_for(&format!("{times} of `{word}` in {:#?}", self.story()), || {
            (self.happened(word) == times).then_some(())
        });
    }

    fn counted(&self, from: &str, outcome: &str) -> u64 {
        let text = http::get(&format!("{}/metrics", self.watchbell.url())).expect("it answers").body;
        let name = format!("watchbell_callbacks_total{{from=\"{from}\",outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }

    /// `deed` is counted once as `outcome`, and changes nothing.
    fn is_refused<T>(&self, from: &str, outcome: &str, deed: impl FnOnce() -> T) -> T {
        let (counted, story) = (self.counted(from, outcome), self.story());
        let answer = deed();
        wait_for(&format!("{from} {outcome} to be counted"), || {
            (self.counted(from, outcome) == counted + 1).then_some(())
        });
        assert_eq!(self.story(), story, "{from}: {outcome} changes nothing");
        answer
    }

    fn message(&self, channel: &str, claim: impl Fn(&Value) -> bool) -> Value {
        let log = self.receivers.log();
        let bodies = log.iter().filter(|entry| entry["channel"] == channel).map(|entry| {
            let text = entry["body"].as_str().and_then(|text| serde_json::from_str(text).ok());
            text.unwrap_or_else(|| entry["body"].clone())
        });
        let found: Vec<Value> = bodies.filter(claim).collect();
        found.last().cloned().unwrap_or_else(|| panic!("no such message to {channel} in {log:#?}"))
    }

    /// The buttons of the last message in Slack: what each is called, and its value.
    fn buttons(&self) -> Vec<(String, String)> {
        let message = self.message("slack", |body| body["blocks"].is_array());
        let blocks = message["blocks"].as_array().unwrap();
        let actions = blocks
            .iter()
            .filter(|block| block["type"] == "actions")
            .flat_map(|block| block["elements"].as_array().unwrap());
        actions.map(|button| (text(&button["action_id"]), text(&button["value"]))).collect()
    }

    /// The body that Slack sends when `user` presses a button.
    fn press(&self, user: &str, action: &str, value: &str, action_ts: &str) -> String {
        let payload = json!({
            "type": "block_actions",
            "user": { "id": user, "username": "somebody" },
            "channel": { "id": "C1" },
            "response_url": format!("{}/actions/T1/1/x", self.receivers.url()),
            "actions": [{ "type": "button", "action_id": action, "value": value, "action_ts": action_ts }],
        });
        format!("payload={}", http::escaped(&payload.to_string()))
    }

    fn slack(&self, body: &str, more: Value) -> u64 {
        self.send("slack", SIGNING_SECRET, body, more)
    }

    fn pagerduty(&self, body: &str, more: Value) -> u64 {
        self.send("pagerduty", WEBHOOK_SECRET, body, more)
    }

    fn send(&self, from: &str, secret: &str, body: &str, more: Value) -> u64 {
        let url = format!("{}/callbacks/{from}", self.watchbell.url());
        let mut wish = json!({ "as": from, "url": url, "secret": secret, "body": body });
        wish.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.receivers.send(&wish).0
    }

    fn key(&self) -> String {
        text(&self.message("pagerduty", |body| body["event_action"] == "trigger")["dedup_key"])
    }

    fn link(&self, action: &str) -> String {
        text(&self.message("webhook", |body| body["data"].is_object())["data"]["incident"]["links"][action])
    }

    fn whispers(&self) -> Vec<String> {
        let log = self.receivers.log();
        log.iter().filter(|entry| entry["effect"] == "whispered").map(|entry| entry["body"].to_string()).collect()
    }
}

fn config(prometheus: &Prometheus, receivers: &Receivers, expires: &str) -> String {
    let notify = "{ levels: [{ notify: [slack, pager, hook] }, { name: second, after: 10h, notify: [second-hook] }] }";
    format!(
        "prometheus: {{ main: {{ url: \"{prometheus}\", timeout: 5s }} }}
rules: [\"rules/*.yaml\"]
external_url: \"http://$LISTEN\"
listen: \"$LISTEN\"
access: {{ link_secret: {{ env: LINK_SECRET }}, link_expires: {expires} }}
channels:
  slack:
    slack: {{ token: {{ env: SLACK_TOKEN }}, to: \"#alerts\", api_url: \"{receivers}/api\", signing_secret: {{ env: SIGNING_SECRET }} }}
    updates: {{ every: 0s }}
  pager:
    pagerduty: {{ routing_key: {{ env: PAGERDUTY_KEY }}, api_url: \"{receivers}\", webhook_secret: {{ env: WEBHOOK_SECRET }} }}
    updates: {{ every: 0s }}
  hook: {{ webhook: {{ url: \"{receivers}/hook\", secret: {{ env: HOOK_SECRET }} }}, updates: {{ every: 0s }} }}
  second-hook: {{ webhook: {{ url: \"{receivers}/hook/second\" }} }}
responders: {{ primary: {{ reach: [{{ via: slack, to: {PRIMARY} }}] }} }}
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    update_every: 1s
    matrix: {{ critical: {notify}, high: {notify}, medium: {notify}, low: {{ tell: nobody }} }}
routes: [{{ policy: default }}]
",
        prometheus = prometheus.url(),
        receivers = receivers.url(),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What PagerDuty sends about the incident with `key`; `agent` is a person's name, or nobody's.
fn event(id: &str, kind: &str, key: &str, agent: Option<&str>) -> String {
    let agent = agent.map(|name| json!({ "id": "PLH1HKV", "type": "user_reference", "summary": name }));
    let data = json!({
        "id": "PGR0VU2", "type": "incident", "incident_key": key, "status": "triggered",
        "assignees": [{ "id": "PTUXL6G", "type": "user_reference", "summary": "User 123" }],
    });
    json!({ "event": { "id": id, "event_type": format!("incident.{kind}"), "resource_type": "incident", "agent": agent, "data": data } })
        .to_string()
}

fn post(url: &str, body: &[u8]) -> http::Answer {
    http::request("POST", url, &[("Content-Type", "application/x-www-form-urlencoded")], body).expect("an answer")
}

#[test]
fn a_link_is_shown_by_a_get_and_acts_by_a_post_and_only_as_it_was_signed() {
    let Some(town) = Town::on_fire() else { return };
    let (acknowledge, show) = (town.link("acknowledge"), town.link("show"));

    let before = town.story();
    for link in [&acknowledge, &show] {
        let page = http::get(link).unwrap();
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(
            page.body.contains("INC-1 GasPriceSpike") && page.body.contains("Nobody has acknowledged"),
            "{}",
            page.body
        );
        assert_eq!(page.body.contains("<button"), *link == acknowledge, "{}", page.body);
    }
    assert_eq!(town.story(), before, "a GET never acts");

    let (base, signed) = acknowledge.rsplit_once('/').unwrap();
    let (said, proof) = signed.split_once('.').unwrap();
    let of_show = show.rsplit_once('.').unwrap().1;
    for forged in [
        "x".to_owned(),
        format!("{said}."),
        format!("{said}A.{proof}"),
        format!("{said}.{of_show}"),
        format!(".{proof}"),
    ] {
        let answer = town.is_refused("link", "forged", || post(&format!("{base}/{forged}"), b""));
        assert_eq!(answer.status, 403, "{forged}: {}", answer.body);
        assert!(answer.body.contains("This link is not valid"), "{}", answer.body);
    }
    assert_eq!(town.is_refused("link", "refused", || post(&show, b"")).status, 405, "a link to look at does nothing");
    let oversized = vec![b'x'; 600_000];
    assert_eq!(town.is_refused("link", "oversized", || post(&acknowledge, &oversized)).status, 413);

    let done = post(&acknowledge, b"");
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("INC-1 is acknowledged"), "{}", done.body);
    town.wait_until("\"acknowledged\"", 1);
    assert!(
        town.story().iter().any(|event| event.contains("\"link\"") && event.contains("hook")),
        "{:#?}",
        town.story()
    );
    assert_eq!(town.is_refused("link", "nothing", || post(&acknowledge, b"")).status, 200, "twice is once");
    assert!(http::get(&show).unwrap().body.contains("Acknowledged by hook"));
    wait_for("PagerDuty to hear of it", || {
        town.receivers.log().iter().find(|entry| entry["effect"] == "acknowledged").cloned()
    });
}

#[test]
fn a_link_that_has_expired_or_is_of_an_earlier_generation_says_so_and_does_nothing() {
    let Some(town) = Town::with("links: 1s", "plain") else { return };
    let link = town.link("acknowledge");
    let expired = wait_for("the link to expire", || {
        let answer = http::get(&link).unwrap();
        (answer.status == 410).then_some(answer)
    });
    assert!(expired.body.contains("This link has expired") && expired.body.contains("INC-1"), "{}", expired.body);
    assert_eq!(town.is_refused("link", "late", || post(&link, b"")).status, 410);

    let Some(town) = Town::on_fire() else { return };
    let link = town.link("acknowledge");
    let (old_key, old_buttons) = (town.key(), town.buttons());
    town.gas(20.0);
    town.wait_until("\"resolved\"", 1);
    let over = town.is_refused("link", "refused", || post(&link, b""));
    assert!(over.status == 409 && over.body.contains("INC-1 is resolved"), "{}", over.body);
    assert!(!http::get(&link).unwrap().body.contains("<button"), "there is nothing to acknowledge any more");
    town.gas(120.0);
    town.wait_until("\"reopened\"", 1);
    wait_for("the second page", || (town.key() != old_key).then_some(()));

    let answer = town.is_refused("link", "other_generation", || http::get(&link).unwrap());
    assert!(answer.status == 409 && !answer.body.contains("<button"), "an old link offers nothing: {}", answer.body);
    let answer = town.is_refused("link", "other_generation", || post(&link, b""));
    assert!(answer.status == 409 && answer.body.contains("reopened since"), "{}", answer.body);
    let (action, value) = old_buttons[0].clone();
    let press = town.press(PRIMARY, &action, &value, "1.1");
    assert_eq!(town.is_refused("slack", "other_generation", || town.slack(&press, json!({}))), 200);
    wait_for("the refusal", || town.whispers().iter().any(|said| said.contains("reopened since")).then_some(()));
    let event = event("e-old", "acknowledged", &old_key, Some("Tenex Engineer"));
    assert_eq!(town.is_refused("pagerduty", "other_generation", || town.pagerduty(&event, json!({}))), 200);
}

#[test]
fn a_link_to_an_incident_that_the_engine_has_forgotten_shows_what_became_of_it() {
    let Some(town) = Town::forgetful() else { return };
    let (acknowledge, show) = (town.link("acknowledge"), town.link("show"));
    town.gas(20.0);
    let list = format!("{}/api/v1/incidents/1/note", town.watchbell.url());
    wait_for("the engine to forget it", || {
        let note = http::post_json(&list, &json!({ "text": "still here" })).unwrap();
        (note.status == 404).then_some(())
    });
    for link in [&acknowledge, &show] {
        let page = http::get(link).unwrap();
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("It is resolved, since ") && page.body.contains("Who was told"), "{}", page.body);
        assert!(!page.body.contains("<button"), "there is nothing to acknowledge any more: {}", page.body);
    }
    let over = town.is_refused("link", "refused", || post(&acknowledge, b""));
    assert!(over.status == 409 && over.body.contains("INC-1 is resolved."), "{}", over.body);

    // The journal does not keep it for ever either.
    let path = town.folder.path().join("watchbell.db");
    let connection = rusqlite::Connection::open(path).expect("the store can be written");
    connection.busy_timeout(Duration::from_secs(10)).expect("a timeout can be set");
    connection.execute("DELETE FROM events WHERE kind = 'incident'", []).expect("events can be deleted");
    let gone = town.is_refused("link", "unknown", || http::get(&show).unwrap());
    assert!(gone.status == 410 && gone.body.contains("INC-1 was over so long ago"), "{}", gone.body);
}

#[test]
fn pagerduty_is_owed_only_what_it_shows() {
    let Some(town) = Town::on_fire() else { return };
    let incident = format!("{}/api/v1/incidents/1", town.watchbell.url());
    let act = |verb: &str, body: Value| {
        let answer = http::post_json(&format!("{incident}/{verb}"), &body).expect("it answers");
        assert_eq!(answer.status, 200, "{verb}: {}", answer.body);
    };
    act("assess", json!({ "severity": "medium" }));
    act("acknowledge", json!({}));
    act("update", json!({ "text": "we are on it" }));
    town.gas(20.0);
    town.wait_until("\"resolved\"", 1);
    let sent = |to: &str| {
        let told = http::get(&incident).expect("it answers").json()["data"]["deliveries"].as_array().unwrap().clone();
        let to = told.into_iter().filter(|message| message["to"] == to);
        let sent = to.map(|message| (text(&message["why"]), text(&message["status"])));
        sent.collect::<Vec<_>>()
    };
    let ended = |messages: &[(String, String)]| messages.iter().any(|(why, status)| why == "over" && status == "sent");
    wait_for("the end", || (ended(&sent("pager")) && ended(&sent("hook"))).then_some(()));
    let whys: Vec<String> = sent("pager").into_iter().map(|(why, _)| why).collect();
    assert_eq!(whys, ["new", "acknowledged by local", "over"]);
    assert!(sent("hook").iter().any(|(why, _)| why.starts_with("assessed as medium")), "{:?}", sent("hook"));
    let timeline = http::get(&incident).expect("it answers").json()["data"]["timeline"].to_string();
    assert_eq!(timeline.matches("tells pager").count(), 2, "the acknowledgement and the end: {timeline}");
}

#[test]
fn a_button_acts_once_for_a_responder_and_strangers_hear_why_not() {
    let Some(town) = Town::on_fire() else { return };
    let buttons = town.buttons();
    let names: Vec<&str> = buttons.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(names, ["watchbell_acknowledge", "watchbell_escalate"], "what fires cannot be resolved");
    let value = buttons[0].1.clone();
    let press = |user: &str, ts: &str| town.press(user, "watchbell_acknowledge", &value, ts);

    let by_stranger = press("U0STRANGER", "1.1");
    assert_eq!(town.is_refused("slack", "stranger", || town.slack(&by_stranger, json!({}))), 200);
    wait_for("the refusal", || town.whispers().iter().any(|said| said.contains("U0STRANGER")).then_some(()));

    let good = press(PRIMARY, "1.2");
    let now = now_millis() / 1000;
    for (outcome, status, body, more) in [
        ("forged", 401, good.as_str(), json!({ "secret": "another secret" })),
        ("forged", 401, good.as_str(), json!({ "secret": "" })),
        ("forged", 401, good.as_str(), json!({ "instead": press(PRIMARY, "1.3") })),
        ("late", 401, good.as_str(), json!({ "at": now - 310 })),
        ("late", 401, good.as_str(), json!({ "at": now + 310 })),
        ("malformed", 400, "payload=%7B", json!({})),
        ("malformed", 400, "", json!({})),
        ("oversized", 413, &"x".repeat(600_000), json!({})),
        ("nothing", 200, "{\"type\":\"event_callback\"}", json!({})),
    ] {
        let answer = town.is_refused("slack", outcome, || town.slack(body, more.clone()));
        assert_eq!(answer, status, "{outcome}: {more}");
    }
    let unknown = town.press(PRIMARY, "watchbell_acknowledge", &format!("{}/1", "0".repeat(32)), "1.4");
    assert_eq!(town.is_refused("slack", "unknown", || town.slack(&unknown, json!({}))), 200);
    let resolve = town.press(PRIMARY, "watchbell_resolve", &value, "1.5");
    assert_eq!(town.is_refused("slack", "refused", || town.slack(&resolve, json!({}))), 200);
    wait_for("why not", || town.whispers().iter().any(|said| said.contains("still fire")).then_some(()));

    let started = Instant::now();
    assert_eq!(town.slack(&good, json!({})), 200);
    assert!(started.elapsed() < Duration::from_secs(3), "Slack waits no longer");
    town.wait_until("\"acknowledged\"", 1);
    assert!(
        town.story().iter().any(|event| event.contains("\"slack\"") && event.contains("primary")),
        "{:#?}",
        town.story()
    );
    assert_eq!(town.is_refused("slack", "replayed", || town.slack(&good, json!({}))), 200);
    wait_for("the message to be edited", || {
        (!town.buttons().iter().any(|(action, _)| action.ends_with("acknowledge"))).then_some(())
    });

    assert_eq!(town.slack(&town.press(PRIMARY, "watchbell_escalate", &value, "1.6"), json!({})), 200);
    wait_for("the second level", || {
        town.receivers.log().iter().any(|entry| entry["path"] == "/hook/second").then_some(())
    });

    let challenge =
        json!({ "type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" });
    let wish = json!({ "as": "slack", "url": format!("{}/callbacks/slack", town.watchbell.url()), "secret": SIGNING_SECRET, "body": challenge.to_string() });
    assert_eq!(town.receivers.send(&wish), (200, text(&challenge["challenge"])));
}

#[test]
fn what_people_do_in_pagerduty_happens_here_once_and_is_not_said_back() {
    let Some(town) = Town::on_fire() else { return };
    let key = town.key();
    let person = Some("Tenex Engineer");
    let acknowledged = event("e1", "acknowledged", &key, person);

    for (outcome, status, body, more) in [
        ("forged", 401, acknowledged.as_str(), json!({ "secret": "another secret" })),
        ("forged", 401, acknowledged.as_str(), json!({ "instead": event("e1", "resolved", &key, person) })),
        ("malformed", 400, "{\"event\":{}}", json!({})),
        ("malformed", 400, &event(&"e".repeat(300), "acknowledged", &key, person), json!({})),
        ("oversized", 413, &"x".repeat(600_000), json!({})),
        ("unknown", 200, &event("e2", "acknowledged", "somebody-elses", person), json!({})),
        ("unknown", 200, &event("e3", "acknowledged", &format!("watchbell/{}/1/1", "0".repeat(32)), person), json!({})),
        ("nothing", 200, &event("e4", "priority_updated", &key, person), json!({})),
        ("nothing", 200, &event("e5", "unacknowledged", &key, person), json!({})),
    ] {
        let answer = town.is_refused("pagerduty", outcome, || town.pagerduty(body, more.clone()));
        assert_eq!(answer, status, "{outcome}: {body}");
    }

    assert_eq!(town.pagerduty(&acknowledged, json!({})), 200);
    town.wait_until("\"acknowledged\"", 1);
    assert!(
        town.story().iter().any(|event| event.contains("Tenex Engineer") && event.contains("pager_duty")),
        "{:#?}",
        town.story()
    );
    assert_eq!(town.is_refused("pagerduty", "replayed", || town.pagerduty(&acknowledged, json!({}))), 200);
    let by_integration = event("e6", "acknowledged", &key, None);
    assert_eq!(
        town.is_refused("pagerduty", "nothing", || town.pagerduty(&by_integration, json!({}))),
        200,
        "an echo of ours"
    );

    let unacknowledged = event("e7", "unacknowledged", &key, None);
    assert_eq!(town.pagerduty(&unacknowledged, json!({})), 200);
    town.wait_until("\"unacknowledged\"", 1);
    assert_eq!(
        town.is_refused("pagerduty", "replayed", || town.pagerduty(&acknowledged, json!({}))),
        200,
        "a replay acknowledges nothing"
    );

    assert_eq!(town.pagerduty(&event("e8", "reassigned", &key, person), json!({})), 200);
    town.wait_until("reassigned in PagerDuty to User 123", 1);
    let note = json!({ "id": "P2LA89X", "type": "incident_note", "content": "It is the bridge.", "incident": { "id": "PGR0VU2" } });
    let annotated =
        json!({ "event": { "id": "e9", "event_type": "incident.annotated", "agent": null, "data": note } }).to_string();
    assert_eq!(town.pagerduty(&annotated, json!({})), 200);
    town.wait_until("It is the bridge.", 1);
    let long =
        annotated.replace("It is the bridge.", &format!("A long one {}", "x".repeat(5_000))).replace("e9", "e12");
    assert_eq!(town.pagerduty(&long, json!({})), 200);
    town.wait_until("xxx…", 1);

    assert_eq!(town.pagerduty(&event("e10", "resolved", &key, person), json!({})), 200);
    town.wait_until("resolved in PagerDuty, but 1 alert still fires", 1);
    town.wait_until("\"acknowledged\"", 2);
    town.gas(20.0);
    town.wait_until("\"resolved\"", 1);
    wait_for("the end at PagerDuty", || {
        town.receivers.log().iter().find(|entry| entry["body"]["event_action"] == "resolve").cloned()
    });
    let said_back = town.receivers.log().iter().filter(|entry| entry["body"]["event_action"] == "acknowledge").count();
    assert_eq!(said_back, 0, "PagerDuty knows what was done there");
    let echo = event("e11", "resolved", &key, None);
    assert_eq!(
        town.is_refused("pagerduty", "nothing", || town.pagerduty(&echo, json!({}))),
        200,
        "it was told so by us"
    );
}

#[test]
fn a_replay_after_a_restart_changes_nothing_and_without_secrets_nobody_is_let_in() {
    let Some(mut town) = Town::on_fire() else { return };
    let acknowledged = event("e1", "acknowledged", &town.key(), Some("Tenex Engineer"));
    assert_eq!(town.pagerduty(&acknowledged, json!({})), 200);
    assert_eq!(town.pagerduty(&event("e2", "unacknowledged", &town.key(), None), json!({})), 200);
    town.wait_until("\"unacknowledged\"", 1);
    let press = town.press(PRIMARY, "watchbell_acknowledge", &town.buttons()[0].1, "1.1");
    let link = town.link("show");
    let nothing = event("e3", "unacknowledged", &town.key(), None);
    assert_eq!(town.is_refused("pagerduty", "nothing", || town.pagerduty(&nothing, json!({}))), 200);

    town.watchbell.process.signal("TERM");
    town.watchbell.process.wait();
    let plain = config(&town.prometheus, &town.receivers, "1d");
    town.watchbell = Watchbell::start_with(town.folder.path(), &plain, &SECRETS).expect("it starts again");
    let story = town.story();
    assert_eq!(town.pagerduty(&acknowledged, json!({})), 200);
    assert_eq!(town.story(), story, "the id of an event is remembered by the store");
    assert_eq!(town.pagerduty(&event("e4", "acknowledged", &town.key(), Some("Tenex Engineer")), json!({})), 200);
    town.wait_until("\"acknowledged\"", 2);
    let story = town.story();
    assert_eq!(town.pagerduty(&nothing, json!({})), 200);
    assert_eq!(town.story(), story, "also of one that came to nothing before");

    let path = |town: &Town| format!("{}/links/{}", town.watchbell.url(), link.rsplit_once('/').unwrap().1);
    town.watchbell.process.signal("TERM");
    town.watchbell.process.wait();
    let known: Vec<_> =
        SECRETS.into_iter().filter(|(name, _)| !name.ends_with("_SECRET") || *name == "HOOK_SECRET").collect();
    town.watchbell = Watchbell::start_with(town.folder.path(), &plain, &known).expect("it starts without secrets");
    assert_eq!(
        town.is_refused("link", "failed", || post(&path(&town), b"")).status,
        503,
        "ours to mend, so not for good"
    );
    assert_eq!(town.is_refused("slack", "failed", || town.slack(&press, json!({}))), 503);
    assert_eq!(town.is_refused("pagerduty", "failed", || town.pagerduty(&acknowledged, json!({}))), 503);

    town.watchbell.process.signal("TERM");
    town.watchbell.process.wait();
    let bare = plain
        .replace(", signing_secret: { env: SIGNING_SECRET }", "")
        .replace(", webhook_secret: { env: WEBHOOK_SECRET }", "")
        .lines()
        .filter(|line| !line.starts_with("access:"))
        .fold(String::new(), |text, line| text + line + "\n");
    town.watchbell = Watchbell::start_with(town.folder.path(), &bare, &SECRETS).expect("it starts once more");
    assert_eq!(town.is_refused("link", "not_configured", || post(&path(&town), b"")).status, 404);
    assert_eq!(town.is_refused("slack", "not_configured", || town.slack(&press, json!({}))), 404);
    assert_eq!(town.is_refused("pagerduty", "not_configured", || town.pagerduty(&acknowledged, json!({}))), 404);
}

#[test]
fn hostile_label_values_stay_data_in_every_payload_and_on_the_page() {
    let hostile = format!(
        "<!channel> <@U1> \"><script>alert(1)</script>'\r\nBcc: x@example.org\0 &amp; \u{202e}{}",
        "x".repeat(10_000)
    );
    let Some(town) = Town::with("links: 1d", &hostile) else { return };
    let log = town.receivers.log();
    assert!(log.iter().all(|entry| !text(&entry["verdict"]).contains("refused")), "{log:#?}");
    let page = http::get(&town.link("acknowledge")).unwrap();
    assert_eq!(page.status, 200);

    let seen = json!({
        "hostile": hostile,
        "page": page.body,
        "slack": town.message("slack", |body| body["blocks"].is_array()),
        "pagerduty": town.message("pagerduty", |body| body["event_action"] == "trigger"),
        "webhook": town.message("webhook", |body| body["data"].is_object()),
    });
    let python = installed("python3").expect("the receivers run on it");
    let mut reader = Command::new(python)
        .arg(in_repository("scripts/read_hostile.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    reader.stdin.take().unwrap().write_all(seen.to_string().as_bytes()).unwrap();
    let said = reader.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "nothing to say", "the reader finds");
    assert!(said.status.success());
}
