//! Channels that misbehave: the page arrives in the end, once for each key; people hear of it another way meanwhile; nobody
//! else waits.
//!
//! Each case is a series with its own policy and its own account at the receivers, told apart by the beginning of the path,
//! so that one service meets several kinds of trouble at once.

use crate::support::{
    Alertmanager, Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for,
    wait_long_for,
};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;
use watchbell::model::Severities;
use watchbell::store::{Partition, Sqlite, Store, Story};

pub const RULES: &str = r"
groups:
  - name: cases
    interval: 1s
    rules:
      - alert: Breach
        expr: breach
        tiers: { critical: { above: 1.5 }, high: { above: 0.5 } }
";

/// A way to be reached under `/NAME/` at the receivers, and what else its channel says.
pub struct Case {
    pub name: &'static str,
    pub kind: Kind,
    pub more: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    WebApi,
    Incoming,
    Pager,
    Hook,
    Teams,
    Discord,
    Telegram,
    MattermostHook,
    MattermostBot,
    Opsgenie,
    OpsgenieForNobody,
    IncidentIo,
    AlertmanagerHook,
}

/// The token of the bot of Telegram, and a channel and a token of Mattermost.
pub const TELEGRAM_TOKEN: &str = "4711:AAbbccddeeffgghhiijjkkllmm";
const CHANNEL_ID: &str = "channelchannelchannelchann";
const MATTERMOST_TOKEN: &str = "abcdefghijklmnopqrstuvwx12";

pub fn case(name: &'static str, kind: Kind) -> Case {
    Case { name, kind, more: "" }
}

const SECRETS: [(&str, &str); 5] = [
    ("TOKEN", "xoxb-case"),
    ("KEY", "0123456789abcdef0123456789abcdef"),
    ("TELEGRAM", TELEGRAM_TOKEN),
    ("MATTERMOST", MATTERMOST_TOKEN),
    ("LINK_SECRET", "a secret of more than sixteen bytes"),
];

/// All four kinds, each under its own name.
fn one_of_each() -> [Case; 4] {
    [case("web", Kind::WebApi), case("incoming", Kind::Incoming), case("pager", Kind::Pager), case("hook", Kind::Hook)]
}

impl Case {
    fn channel(&self, receivers: &str) -> String {
        let base = format!("{receivers}/{}", self.name);
        let kind = match self.kind {
            Kind::WebApi => format!("slack: {{ token: {{ env: TOKEN }}, to: \"#alerts\", api_url: \"{base}/api\" }}"),
            Kind::Incoming => format!("slack: {{ url: \"{base}/services/T/B/X\" }}"),
            Kind::Pager => format!("pagerduty: {{ routing_key: {{ env: KEY }}, api_url: \"{base}\" }}"),
            Kind::Hook => format!("webhook: {{ url: \"{base}/hook\" }}"),
            Kind::AlertmanagerHook => format!("webhook: {{ url: \"{base}/am-hook\", format: alertmanager }}"),
            Kind::Teams => format!("teams: {{ url: \"{base}/workflows/1/triggers/manual/paths/invoke?sig=x\" }}"),
            Kind::Discord => format!("discord: {{ url: \"{base}/api/webhooks/1/token\" }}"),
            Kind::Telegram => {
                format!("telegram: {{ token: {{ env: TELEGRAM }}, to: \"-1001\", api_url: \"{base}\" }}")
            }
            Kind::MattermostHook => format!("mattermost: {{ url: \"{base}/hooks/key\" }}"),
            Kind::MattermostBot => {
                format!("mattermost: {{ token: {{ env: MATTERMOST }}, to: {CHANNEL_ID}, api_url: \"{base}\" }}")
            }
            Kind::Opsgenie => {
                format!("opsgenie: {{ api_key: {{ env: KEY }}, to: \"team:ops\", api_url: \"{base}\" }}")
            }
            Kind::OpsgenieForNobody => {
                format!("opsgenie: {{ api_key: {{ env: KEY }}, to: \"team:no-such-team\", api_url: \"{base}\" }}")
            }
            Kind::IncidentIo => {
                format!("incident_io: {{ url: \"{base}/v2/alert_events/http/01ABC\", token: {{ env: KEY }} }}")
            }
        };
        format!("{{ {kind}{} }}", self.more)
    }
}

/// A service whose cases are told by policies of their own; what it says of itself goes to `ops`.
pub struct Town {
    prometheus: Prometheus,
    pub receivers: Receivers,
    pub watchbell: Watchbell,
    folder: Scratch,
    config: String,
}

impl Town {
    pub fn with(cases: &[Case]) -> Option<Town> {
        Town::with_alarms_to("ops", cases)
    }

    pub fn with_alarms_to(alarms: &str, cases: &[Case]) -> Option<Town> {
        let (prometheus, receivers) = (Prometheus::start()?, Receivers::start()?);
        let (mut channels, mut policies, mut routes) = (String::new(), String::new(), String::new());
        for case in cases {
            let name = case.name;
            writeln!(channels, "  {name}: {}", case.channel(receivers.url())).unwrap();
            writeln!(policies, "  {name}: {}", policy("0s", name)).unwrap();
            writeln!(routes, "  - {{ match: 'case=~\"{name}.*\"', policy: {name} }}").unwrap();
        }
        let config = format!(
            "prometheus: {{ main: {{ url: \"{}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
external_url: \"http://$LISTEN\"
access: {{ link_secret: {{ env: LINK_SECRET }} }}
channels:
  ops: {{ webhook: {{ url: \"{}/ops/hook\" }} }}
{channels}policies:
{policies}  default: {}
routes:
{routes}  - {{ policy: default }}
",
            prometheus.url(),
            receivers.url(),
            // Gathered, so that it is not the step that finds the trouble which tells of it.
            policy("1s", alarms),
        );
        Some(Town::start(prometheus, receivers, &config))
    }

    fn start(prometheus: Prometheus, receivers: Receivers, config: &str) -> Town {
        let folder = Scratch::new("channels");
        folder.write("rules.yaml", RULES);
        let watchbell = Watchbell::start_with(folder.path(), config, &SECRETS).expect("it starts");
        Town { prometheus, receivers, watchbell, folder, config: config.to_owned() }
    }

    /// Ends it in good order, and starts it on other rules.
    fn start_again(&mut self, rules: &str) {
        self.start_again_on(rules, str::to_owned);
    }

    /// Ends it in good order, and starts it on other rules with a configuration that is changed so.
    pub fn start_again_on(&mut self, rules: &str, change: impl Fn(&str) -> String) {
        self.folder.write("rules.yaml", rules);
        self.start_again_with(change);
    }

    /// Ends it in good order, and starts it with a configuration that is changed so.
    pub fn start_again_with(&mut self, change: impl Fn(&str) -> String) {
        self.watchbell.process.signal("TERM");
        self.watchbell.process.wait();
        self.config = change(&self.config);
        self.watchbell = Watchbell::start_with(self.folder.path(), &self.config, &SECRETS).expect("it starts");
    }

    /// Starts another on the same store, which decides when this one no longer does.
    pub fn start_standby(&self) -> Watchbell {
        let (port, listen) = (free_port(), self.watchbell.url().trim_start_matches("http://"));
        assert_eq!(self.reload(|config| config.replace(listen, &format!("127.0.0.1:{port}"))), 200);
        Watchbell::start_standby(port, self.folder.path(), &SECRETS).expect("it starts")
    }

    /// What is on record of the incident with this number.
    pub fn story(&self, number: u64) -> Option<Story> {
        let mut store = Sqlite::open_to_read(&self.folder.path().join("watchbell.db")).expect("it can be read");
        store.story(Partition(0), number, &Severities::default()).expect("it can be read")
    }

    /// Reloads with a configuration that is changed so; returns the status of the answer.
    pub fn reload(&self, change: impl Fn(&str) -> String) -> u16 {
        let path = self.folder.path().join("watchbell.yaml");
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(&path, change(&text)).expect("it can be written");
        self.ask_to_reload()
    }

    /// Reloads with these rules; returns the status of the answer.
    pub fn reload_rules(&self, rules: &str) -> u16 {
        self.folder.write("rules.yaml", rules);
        self.ask_to_reload()
    }

    fn ask_to_reload(&self) -> u16 {
        http::request("POST", &format!("{}/-/reload", self.watchbell.url()), &[], b"").expect("it answers").status
    }

    pub fn set(&self, cases: &[&str], value: f64) {
        let at = now_millis();
        let series: Vec<_> =
            cases.iter().map(|name| Series::new("breach", &[("case", name)], &[(at, value)])).collect();
        self.prometheus.write(&series);
    }

    /// One series for each of these details, all of one incident of `case`.
    pub fn set_detailed(&self, case: &str, details: &[String], value: f64) {
        let at = now_millis();
        let one = |detail: &String| Series::new("breach", &[("case", case), ("detail", detail)], &[(at, value)]);
        self.prometheus.write(&details.iter().map(one).collect::<Vec<_>>());
    }

    /// The answers of the account `name` go wrong like this.
    pub fn plan(&self, name: &str, mut plan: Value) {
        plan["path"] = json!(format!("/{name}/"));
        self.receivers.control(&plan);
    }

    /// What was sent to the account `name`, in order.
    pub fn sent(&self, name: &str) -> Vec<Sent> {
        let path = format!("/{name}/");
        let log = self.receivers.log();
        log.iter()
            .filter(|entry| entry["path"].as_str().is_some_and(|at| at.starts_with(&path)))
            // Opsgenie is asked what became of a request; nobody hears of that.
            .filter(|entry| entry["method"] != "GET")
            .map(Sent::of)
            .collect()
    }

    pub fn taken(&self, name: &str) -> Vec<Sent> {
        self.sent(name).into_iter().filter(|sent| sent.is_taken).collect()
    }

    pub fn words(&self, name: &str) -> Vec<&'static str> {
        self.taken(name).iter().map(|sent| sent.word).collect()
    }

    pub fn wait_until_taken(&self, name: &str, word: &str) -> Sent {
        wait_for(&format!("{name} to take the {word}:\n{}", self.watchbell.process.said()), || {
            self.taken(name).into_iter().find(|sent| sent.word == word)
        })
    }

    pub fn wait_until_all_taken(&self, names: &[&str], word: &str) {
        for name in names {
            self.wait_until_taken(name, word);
        }
    }

    /// Waits until `ops` has heard that `channel` cannot deliver (`page`), or can again (`end`).
    pub fn wait_for_alarm(&self, channel: &str, word: &str) {
        let about = |sent: &Sent| sent.word == word && sent.is_alarm() && sent.text.contains(&format!("\"{channel}\""));
        wait_for(&format!("ops to hear the {word} about {channel}"), || self.taken("ops").into_iter().find(about));
    }
}

fn policy(wait: &str, notify: &str) -> String {
    let levels = format!("{{ levels: [{{ notify: [{notify}] }}] }}");
    let nobody = "{ tell: nobody }";
    format!(
        "{{ wait: {wait}, group_by: [alertname, case, channel], update_every: 1s,
    matrix: {{ critical: {levels}, high: {levels}, medium: {nobody}, low: {nobody} }} }}"
    )
}

/// One request as a receiver saw it.
#[derive(Debug)]
pub struct Sent {
    pub at: f64,
    /// `page`, `update` or `end`.
    pub word: &'static str,
    pub is_taken: bool,
    /// What a repeat is known by, where there is anything.
    pub key: String,
    pub effect: String,
    pub text: String,
}

impl Sent {
    fn of(entry: &Value) -> Sent {
        let body = &entry["body"];
        let text = body.to_string();
        let said = |part: &str| text.contains(part);
        let is_group = |status: &str| body["groupKey"].is_string() && body["status"] == status;
        let word = if said("\"resolve\"") || said("incident.resolved") || said("[RESOLVED") || is_group("resolved") {
            "end"
        } else if said("\"trigger\"") || said("incident.opened") || said("[FIRING") || is_group("firing") {
            "page"
        } else {
            "update"
        };
        let keys = ["dedup_key", "alias", "deduplication_key"].map(|name| body[name].as_str());
        let keys = keys.into_iter().chain([entry["headers"]["webhook-id"].as_str()]);
        let key = keys.flatten().next().unwrap_or_default();
        Sent {
            at: entry["time"].as_f64().expect("an entry has a time"),
            word,
            is_taken: entry["verdict"] == "accepted",
            key: key.to_owned(),
            effect: entry["effect"].as_str().unwrap_or_default().to_owned(),
            text,
        }
    }

    pub fn is_alarm(&self) -> bool {
        self.text.contains("WatchbellDeliveryFailing")
    }
}

const NAMES: [&str; 4] = ["web", "incoming", "pager", "hook"];

#[test]
fn a_busy_receiver_gets_its_page_once_when_it_wants_it_and_the_end_after_it() {
    let Some(town) = Town::with(&one_of_each()) else { return };
    town.plan("web", json!({ "do": "status", "status": 429, "retry_after": 4 }));
    town.plan("incoming", json!({ "do": "status", "status": 500, "next": 2 }));
    town.plan("pager", json!({ "do": "status", "status": 429, "retry_after": 4 }));
    town.plan("hook", json!({ "do": "status", "status": 503, "next": 2 }));

    town.set(&NAMES, 1.0);
    town.wait_until_all_taken(&NAMES, "page");
    for (name, attempts) in [("web", 2), ("incoming", 3), ("pager", 2), ("hook", 3)] {
        assert_eq!(town.sent(name).len(), attempts, "{name}: {:?}", town.sent(name));
    }
    for name in ["web", "pager"] {
        let sent = town.sent(name);
        assert!(sent[1].at - sent[0].at >= 4.0, "{name} was asked again before it wanted to be");
    }
    assert!(town.sent("ops").is_empty(), "two failures are no alarm: {:?}", town.sent("ops"));

    town.set(&NAMES, 0.0);
    town.wait_until_all_taken(&NAMES, "end");
    assert_eq!(town.words("pager"), ["page", "end"]);
    assert_eq!(town.words("hook"), ["page", "end"]);
    assert_eq!(town.words("incoming"), ["page", "end"]);
    wait_for("the end in the thread as well", || (town.words("web") == ["page", "end", "end"]).then_some(()));
}

#[test]
fn a_channel_that_hangs_or_breaks_off_gets_its_page_under_the_same_key_and_delays_nobody() {
    let [web, incoming, pager, hook] = one_of_each();
    let Some(town) = Town::with(&[web, incoming, pager, hook, case("well", Kind::Hook)]) else { return };
    town.plan("web", json!({ "do": "reset", "taken": false }));
    town.plan("incoming", json!({ "do": "close", "taken": false }));
    town.plan("pager", json!({ "do": "hang" }));
    town.plan("hook", json!({ "do": "hang" }));

    town.set(&["pager", "hook"], 1.0);
    let stuck = [town.wait_until_taken("pager", "page"), town.wait_until_taken("hook", "page")];
    // The same channels and others, while both hang.
    town.set(&["web", "incoming", "well", "pager-too", "hook-too"], 1.0);
    for name in ["well", "web", "incoming"] {
        town.wait_until_taken(name, "page");
    }
    let is_second = |name: &str| (town.taken(name).len() >= 2).then(|| town.taken(name).remove(1));
    for (name, stuck) in ["pager", "hook"].into_iter().zip(&stuck) {
        let second = wait_for(&format!("another incident to reach {name}"), || is_second(name));
        assert_ne!(second.key, stuck.key, "{name} hangs for one incident only");
    }
    for (name, stuck) in ["pager", "hook"].into_iter().zip(&stuck) {
        let repeat = wait_for(&format!("{name} to be told again"), || town.taken(name).into_iter().nth(2));
        assert_eq!((repeat.key.as_str(), repeat.word), (stuck.key.as_str(), "page"), "the same page under its key");
        assert!(["joined", "repeat"].contains(&repeat.effect.as_str()), "{name} knows a repeat as one: {repeat:?}");
    }
    assert!(town.sent("ops").is_empty(), "one failure is no alarm");
}

#[test]
fn after_three_failures_the_fallback_is_told_and_hears_of_the_end_and_others_hear_of_the_failing_channel() {
    let pager = Case { more: ", fallback: chat", ..case("pager", Kind::Pager) };
    let Some(town) = Town::with_alarms_to("ops, pager", &[pager, case("chat", Kind::Incoming)]) else { return };
    town.plan("pager", json!({ "do": "status", "status": 503, "next": 1000 }));

    town.set(&["pager"], 1.0);
    let told = town.wait_until_taken("chat", "page");
    let failures: Vec<_> = town.sent("pager").into_iter().filter(|sent| sent.at < told.at).collect();
    assert_eq!(failures.len(), 3, "{failures:?}");
    town.wait_for_alarm("pager", "page");

    town.receivers.control(&json!({ "do": "calm" }));
    let page = town.wait_until_taken("pager", "page");
    assert_eq!(page.effect, "opened");
    town.wait_for_alarm("pager", "end");

    town.set(&["pager"], 0.0);
    town.wait_until_taken("pager", "end");
    let about_the_case = |sent: &Sent| !sent.is_alarm();
    let ends = || town.taken("chat").into_iter().filter(about_the_case).any(|sent| sent.word == "end").then_some(());
    wait_for("the fallback to hear of the end", ends);
    assert_eq!(town.words("pager"), ["page", "end"], "once, although it was tried often");
    let through_itself: Vec<_> = town.sent("pager").into_iter().filter(Sent::is_alarm).collect();
    assert!(through_itself.is_empty(), "never through the channel that it speaks of: {through_itself:?}");
}

#[test]
fn a_receiver_that_wants_an_hour_does_not_keep_the_fallback_from_being_told_after_sixty_seconds() {
    let pager = Case { more: ", fallback: chat", ..case("pager", Kind::Pager) };
    let Some(town) = Town::with(&[pager, case("chat", Kind::Incoming)]) else { return };
    town.plan("pager", json!({ "do": "status", "status": 429, "retry_after": 3600, "next": 1000 }));

    town.set(&["pager"], 1.0);
    let refused = wait_for("the first attempt", || town.sent("pager").into_iter().next());
    let told = wait_long_for(Duration::from_secs(90), "the fallback", || {
        town.taken("chat").into_iter().find(|sent| sent.word == "page" && !sent.is_alarm())
    });
    let waited = told.at - refused.at;
    assert!((59.0..75.0).contains(&waited), "the fallback was told after {waited} s");
    assert_eq!(town.sent("pager").len(), 1, "and the receiver was left alone, as it wished");
    town.wait_for_alarm("pager", "page");
}

#[test]
fn no_message_of_a_channel_goes_out_while_its_receiver_wants_to_be_left_alone() {
    let Some(town) = Town::with(&[case("web", Kind::WebApi), case("hook", Kind::Hook)]) else { return };
    town.plan("web", json!({ "do": "status", "status": 429, "retry_after": 6 }));
    town.set(&["web"], 1.0);
    let refused = wait_for("the first attempt", || town.sent("web").into_iter().next());
    town.set(&["web-2", "web-3", "web-4", "hook"], 1.0);
    wait_for("all to be taken", || (town.taken("web").len() == 4).then_some(()));
    let sent = town.sent("web");
    assert_eq!(sent.len(), 5, "none was refused but the first: {sent:?}");
    assert!(sent[1..].iter().all(|sent| sent.at - refused.at >= 5.9), "it was left alone: {sent:?}");
    assert!(town.wait_until_taken("hook", "page").at - refused.at < 5.9, "and no other channel waited");
}

#[test]
fn a_refusal_for_good_is_not_tried_again_and_is_heard_of_elsewhere() {
    let refusing = one_of_each().map(|case| Case { more: ", fallback: chat", ..case });
    let [web, incoming, pager, hook] = refusing;
    let Some(town) = Town::with(&[web, incoming, pager, hook, case("chat", Kind::Incoming)]) else { return };
    let refusals = [
        ("web", json!({ "do": "status", "status": 200, "body": r#"{"ok":false,"error":"channel_not_found"}"# })),
        ("incoming", json!({ "do": "status", "status": 404, "body": "no_service" })),
        ("pager", json!({ "do": "status", "status": 400 })),
        ("hook", json!({ "do": "status", "status": 410 })),
    ];
    for (name, plan) in refusals {
        town.plan(name, plan);
    }

    town.set(&NAMES, 1.0);
    for name in NAMES {
        let fell_back =
            |sent: &Sent| sent.word == "page" && !sent.is_alarm() && sent.text.contains(&format!("\\\"{name}\\\""));
        wait_for(&format!("the fallback of {name}"), || town.taken("chat").into_iter().find(fell_back));
        town.wait_for_alarm(name, "page");
    }
    // That nothing comes can only be waited for: the first retry would come within three seconds.
    std::thread::sleep(Duration::from_secs(4));
    town.set(&NAMES, 0.0);
    wait_for("the fallback to hear of every end", || {
        let ends = town.taken("chat").into_iter().filter(|sent| sent.word == "end" && !sent.is_alarm());
        (ends.count() == 4).then_some(())
    });
    for name in NAMES {
        let about_the_case: Vec<_> = town.sent(name).into_iter().filter(|sent| !sent.is_alarm()).collect();
        assert_eq!(about_the_case.len(), 1, "{name} is not tried again, and owed no end: {about_the_case:?}");
    }
}

#[test]
fn a_success_that_is_no_answer_of_the_provider_is_tried_again() {
    let [web, incoming, pager, _] = one_of_each();
    let Some(town) = Town::with(&[web, incoming, pager]) else { return };
    let names = &NAMES[..3];
    for name in names {
        town.plan(name, json!({ "do": "lie" }));
    }

    town.set(names, 1.0);
    for name in names {
        town.wait_until_taken(name, "page");
        assert_eq!(town.sent(name).len(), 2, "{name}: {:?}", town.sent(name));
    }
}

#[test]
fn an_end_waits_for_its_page_whether_that_was_refused_for_now_or_its_fate_is_unknown() {
    let [_, _, pager, hook] = one_of_each();
    let Some(town) = Town::with(&[pager, hook]) else { return };
    let names = ["pager", "hook"];
    town.plan("pager", json!({ "do": "status", "status": 503, "next": 2 }));
    town.plan("hook", json!({ "do": "hang" }));

    town.set(&names, 1.0);
    for name in names {
        wait_for(&format!("{name} to be tried"), || (!town.sent(name).is_empty()).then_some(()));
    }
    town.set(&names, 0.0);
    town.wait_until_all_taken(&names, "end");

    assert_eq!(town.words("pager"), ["page", "end"]);
    assert_eq!(town.words("hook"), ["page", "page", "end"], "the one that hung came again, then the end");
    let keys: Vec<_> = town.taken("pager").into_iter().map(|sent| sent.key).collect();
    assert_eq!(keys[0], keys[1], "the end closes what was opened");
}

/// A town that tells an Alertmanager; `more` is the rest of its channel: another replica, and what else there is to say.
fn town_with_alertmanager(alertmanager: &Alertmanager, more: &str) -> Option<Town> {
    town_grouped_by("[alertname, case, channel]", alertmanager, more)
}

fn town_grouped_by(labels: &str, alertmanager: &Alertmanager, more: &str) -> Option<Town> {
    let (prometheus, receivers) = (Prometheus::start()?, Receivers::start()?);
    let config = format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
external_url: \"http://$LISTEN\"
channels:
  am: {{ alertmanager: {{ urls: [\"{}\", {} }} }}
  ops: {{ webhook: {{ url: \"{receivers}/ops/hook\" }} }}
policies:
  default: {}
  own: {}
routes:
  - {{ match: 'alertname=~\"Watchbell.*\"', policy: own }}
  - {{ policy: default }}
",
        prometheus.url(),
        alertmanager.url(),
        more.replace("$RECEIVERS", receivers.url()),
        policy("0s", "am"),
        policy("0s", "ops"),
        receivers = receivers.url(),
    );
    Some(Town::start(prometheus, receivers, &config.replace("[alertname, case, channel]", labels)))
}

/// Case and severity of every alert that it holds.
fn held(alertmanager: &Alertmanager) -> Vec<String> {
    let words = |alert: &Value| format!("{} {}", alert["labels"]["case"], alert["labels"]["severity"]).replace('"', "");
    let mut held: Vec<_> = alertmanager.alerts().iter().map(words).collect();
    held.sort();
    held
}

#[test]
fn an_alertmanager_that_was_away_holds_what_fires_and_nothing_else_when_it_is_back() {
    let Some(mut alertmanager) = Alertmanager::start() else { return };
    // Another replica breaks off whatever it is told.
    let Some(town) = town_with_alertmanager(&alertmanager, "\"$RECEIVERS/broken/hook\"], resend_every: 1s") else {
        return;
    };
    town.plan("broken", json!({ "do": "close", "taken": false, "next": 100_000 }));

    alertmanager.stop();
    town.set(&["a", "b"], 1.0);
    let failed = || metric(&town.watchbell, "watchbell_deliveries_total{channel=\"am\",outcome=\"failed\"}");
    wait_for("two attempts in vain", || (failed() >= 2.0).then_some(()));
    town.set(&["a"], 2.0);
    wait_for("the rise", || town.watchbell.process.said().contains("pages am at critical").then_some(()));
    alertmanager.resume();
    wait_for("both, at their severity of now", || (held(&alertmanager) == ["a critical", "b high"]).then_some(()));

    // It keeps alerts in memory only, so after this it knows nothing but what it is told again.
    alertmanager.stop();
    alertmanager.resume();
    wait_for("both again", || (held(&alertmanager) == ["a critical", "b high"]).then_some(()));

    alertmanager.stop();
    town.set(&["a"], 0.0);
    wait_for("the end of one to be owed", || town.watchbell.process.said().contains(" resolved").then_some(()));
    alertmanager.resume();
    wait_for("the other alone", || (held(&alertmanager) == ["b high"]).then_some(()));
    town.set(&["b"], 0.0);
    wait_for("nothing", || held(&alertmanager).is_empty().then_some(()));
}

#[test]
fn an_alertmanager_holds_nothing_under_the_labels_that_an_alert_had_before_a_reload() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    // It is told again after this story alone: what ends has to end under all the labels that it was told.
    let Some(town) = town_with_alertmanager(&alertmanager, "], resend_every: 1h") else { return };
    let names = || {
        let mut names: Vec<_> = alertmanager.alerts().iter().map(|it| it["labels"]["alertname"].to_string()).collect();
        names.sort();
        names.join(" ")
    };
    town.set(&["a", "b"], 1.0);
    wait_for("both", || (names() == r#""Breach" "Breach""#).then_some(()));
    town.folder.write("rules.yaml", &renamed("Broken"));
    wait_for("the reload", || town.watchbell.process.said().contains("under other labels now").then_some(()));
    town.set(&["a"], 2.0);
    wait_for("the rise of one, under its new name", || (names() == r#""Breach" "Broken""#).then_some(()));
    town.set(&["a", "b"], 0.0);
    wait_for("nothing", || names().is_empty().then_some(()));
}

/// The rules with the alert under another name, found again.
fn renamed(name: &str) -> String {
    RULES.replace("alert: Breach", &format!("alert: {name}\n        moved_from: [cases/Breach, cases/Broken]"))
}

#[test]
fn an_alertmanager_holds_nothing_that_it_was_told_again_before_a_start_and_a_reload() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    // What it is not told again it forgets within 48 s: longer than this story waits.
    let Some(mut town) = town_with_alertmanager(&alertmanager, "], resend_every: 12s") else { return };
    let names = || alertmanager.alerts().iter().map(|alert| alert["labels"]["alertname"].clone()).collect::<Vec<_>>();
    town.set(&["a"], 1.0);
    wait_for("the alert", || (names() == ["Breach"]).then_some(()));
    town.folder.write("rules.yaml", &renamed("Broken"));
    wait_for("its second name, told again", || (names() == ["Broken"]).then_some(()));
    town.start_again(&renamed("Bust"));
    wait_for("its third name", || (names() == ["Bust"]).then_some(()));
    town.set(&["a"], 0.0);
    wait_for("nothing", || names().is_empty().then_some(()));
}

#[test]
fn others_hear_that_what_fires_cannot_be_kept_alive_at_an_alertmanager() {
    let Some(mut alertmanager) = Alertmanager::start() else { return };
    let Some(town) = town_with_alertmanager(&alertmanager, "], resend_every: 1s") else { return };
    town.set(&["a"], 1.0);
    wait_for("the alert", || (held(&alertmanager) == ["a high"]).then_some(()));
    alertmanager.stop();
    town.wait_for_alarm("am", "page");
    alertmanager.resume();
    town.wait_for_alarm("am", "end");
    wait_for("the alert again", || (held(&alertmanager) == ["a high"]).then_some(()));
}

/// One incident of two alerts, the second with a label name that an Alertmanager before 0.27 does not know.
const ODD: &str = r#"
groups:
  - name: cases
    interval: 1s
    rules:
      - { alert: Breach, expr: 'breach{case="a"}', tiers: { critical: { above: 1.5 }, high: { above: 0.5 } } }
      - { alert: Breach, expr: 'breach{case="b"}', tiers: { high: { above: 0.5 } }, labels: { "k8s.pod": x } }
"#;

#[test]
fn an_alert_that_an_alertmanager_refuses_for_a_label_keeps_no_other_one_from_it() {
    let Some(mut alertmanager) = Alertmanager::start() else { return };
    let odd = json!([{ "labels": { "alertname": "Odd", "k8s.pod": "x" } }]);
    let answer = http::post_json(&format!("{}/api/v2/alerts", alertmanager.url()), &odd).expect("it is up");
    if answer.status == 200 {
        eprintln!("skipped: this Alertmanager takes every label name");
        return;
    }
    let Some(town) = town_grouped_by("[alertname]", &alertmanager, "], resend_every: 1s") else { return };
    town.folder.write("rules.yaml", ODD);
    wait_for("the reload", || town.watchbell.process.said().contains("added 1 (cases/Breach)").then_some(()));
    town.set(&["a", "b"], 1.0);
    town.wait_for_alarm("am", "page");
    wait_for("the other one", || (held(&alertmanager) == ["a high"]).then_some(()));
    alertmanager.stop();
    alertmanager.resume();
    wait_for("the other one again", || (held(&alertmanager) == ["a high"]).then_some(()));
    town.set(&["a"], 2.0);
    wait_for("its rise", || (held(&alertmanager) == ["a critical"]).then_some(()));
    town.set(&["a", "b"], 0.0);
    wait_for("nothing", || held(&alertmanager).is_empty().then_some(()));
}

#[test]
fn a_replica_that_hangs_does_not_keep_an_alert_from_the_others() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    let Some(town) = town_with_alertmanager(&alertmanager, "\"$RECEIVERS/hanging/hook\"]") else { return };
    town.plan("hanging", json!({ "do": "hang", "taken": false, "next": 100_000 }));

    town.set(&["a"], 1.0);
    wait_for("the one that answers", || (held(&alertmanager) == ["a high"]).then_some(()));
    town.set(&["a"], 2.0);
    wait_for("the rise", || (held(&alertmanager) == ["a critical"]).then_some(()));
    assert!(town.sent("ops").is_empty(), "one replica is enough");
}

#[test]
fn hundreds_of_alerts_of_one_incident_rise_and_end_at_an_alertmanager_together() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    let Some(town) = town_grouped_by("[alertname]", &alertmanager, "]") else { return };
    let cases: Vec<String> = (0..600).map(|number| format!("case-{number:03}")).collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let all_are = |severity: &str| {
        let held = held(&alertmanager);
        (held.len() == cases.len() && held.iter().all(|alert| alert.ends_with(severity))).then_some(())
    };

    town.set(&cases, 1.0);
    wait_for("all of them", || all_are(" high"));
    town.set(&cases, 2.0);
    wait_for("the rise of all", || all_are(" critical"));
    town.set(&cases, 0.0);
    wait_for("nothing", || held(&alertmanager).is_empty().then_some(()));
}

fn metric(watchbell: &Watchbell, name: &str) -> f64 {
    let text = http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}
