//! Levels, acknowledgements and callbacks, with the service killed by -9 at each of their worst places: people hear what they
//! hear from a twin that nobody kills.
//!
//! Each round lets as many incidents open as there are seats, both services alive; then levels come due one after the other
//! while one life after the other ends at a point. Every incident is acted on as its seat says: over the API, in PagerDuty,
//! with a button in Slack, or not at all. Whoever got no answer asks again, as they would. As all open while both are alive,
//! both know them by the same ids, and what the receivers got is compared id by id.

use crate::acting::RULES;
use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for};
use serde_json::{Value, json};
use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
/// Where lives end before what they were meant for, on a slow machine, there are more rounds.
const MOST_ROUNDS: usize = 12;
const SEED: u64 = 20_261_125;
/// An act that has waited so long for its kill is carried out without one, so that no level comes due before it.
const OVERDUE: f64 = 3.0;
/// The second level comes so long after the opening, a step later for each seat, and the third so long after that.
const SECOND: usize = 1_000;
const STEP: usize = 300;
const THIRD: usize = 9_000;

/// Who acts, or what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// Nobody: a level comes due.
    Level,
    /// Somebody with the API.
    Person,
    /// Somebody in PagerDuty's app.
    PagerDuty,
    /// Somebody with a button in Slack.
    Slack,
    /// A start that finds on record what was asked for before.
    Start,
}

const POINTS: [(Who, &str); 19] = [
    (Who::Level, "before_level"),
    (Who::Level, "after_level"),
    (Who::Level, "after_claim"),
    (Who::Person, "before_submit"),
    (Who::Person, "after_submit"),
    (Who::Person, "before_consume"),
    (Who::Person, "after_consume"),
    (Who::Person, "before_answer"),
    (Who::PagerDuty, "after_proof"),
    (Who::PagerDuty, "after_submit"),
    (Who::PagerDuty, "before_consume"),
    (Who::PagerDuty, "after_consume"),
    (Who::PagerDuty, "before_answer"),
    (Who::Slack, "after_proof"),
    (Who::Slack, "after_submit"),
    (Who::Slack, "after_consume"),
    (Who::Slack, "before_answer"),
    (Who::Start, "before_consume"),
    (Who::Start, "after_consume"),
];

/// The last seat hears its third level last of all, so that whatever an acknowledgement did not stop has come before.
const SEATS: [Who; 20] = {
    use Who::{Level, PagerDuty, Person, Slack};
    [
        Person, PagerDuty, Slack, Person, PagerDuty, Slack, Level, Person, PagerDuty, Slack, Person, PagerDuty, Level,
        Slack, Person, PagerDuty, Slack, Person, PagerDuty, Level,
    ]
};

const CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS", timeout: 5s } }
rules: [rules.yaml]
timezone: UTC
external_url: "http://$LISTEN"
listen: "$LISTEN"
channels:
  pager: { pagerduty: { routing_key: { env: PAGERDUTY_KEY }, api_url: "$RECEIVERS", webhook_secret: { env: WEBHOOK_SECRET } }, updates: { every: 0s } }
  slack: { slack: { token: { env: SLACK_TOKEN }, to: C0ALERTS, api_url: "$RECEIVERS/api", signing_secret: { env: SIGNING_SECRET } } }
  first: { webhook: { url: "$RECEIVERS/hook/first" }, updates: { every: 0s } }
  second: { webhook: { url: "$RECEIVERS/hook/second" }, updates: { every: 0s } }
  third: { webhook: { url: "$RECEIVERS/hook/third" }, updates: { every: 0s } }
responders: { primary: { reach: [{ via: slack, to: U0PRIMARY }] } }
policies:
$POLICIES
routes:
$ROUTES
"#;

const SECRETS: [(&str, &str); 4] = [
    ("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef"),
    ("WEBHOOK_SECRET", "pagerduty-webhook-secret"),
    ("SLACK_TOKEN", "xoxb-story"),
    ("SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5"),
];

/// One policy for each seat: they differ in when levels come due, and in whether PagerDuty hears of it.
fn config(prometheus: &Prometheus, receivers: &Receivers) -> String {
    let (mut policies, mut routes) = (String::new(), String::new());
    for (seat, who) in SEATS.iter().enumerate() {
        let second = SECOND + seat * STEP;
        let first = if *who == Who::PagerDuty { "pager, first" } else { "first" };
        let levels = format!(
            "[{{ name: first, notify: [{first}] }}, {{ name: second, after: {second}ms, notify: [second] }}, \
             {{ name: third, after: {}ms, notify: [third] }}]",
            second + THIRD
        );
        let rest = "high: { tell: nobody }, medium: { tell: nobody }, low: { tell: nobody }";
        let _ = writeln!(
            policies,
            "  p{seat}: {{ group_by: [alertname, cell], wait: 0s, catch_up: 0s, matrix: {{ critical: {{ levels: {levels} }}, {rest} }} }}"
        );
        let _ = writeln!(routes, "  - {{ match: 'seat=\"{seat}\"', policy: p{seat} }}");
    }
    let _ = writeln!(routes, "  - {{ policy: p0 }}");
    let config = CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url());
    config.replace("$POLICIES", &policies).replace("$ROUTES", &routes)
}

#[test]
fn levels_acknowledgements_and_callbacks_survive_a_kill_at_every_point_as_its_twin_tells_them() {
    let Some(prometheus) = Prometheus::start() else { return };
    let (Some(twin), Some(ours)) = (Side::new(&prometheus), Side::new(&prometheus)) else { return };
    let _twin = twin.start(&[]).expect("the twin starts");
    let mut story = Story::new(&prometheus, twin, ours);
    let mut round = 0;
    while !story.lacking().is_empty() {
        assert!(round < MOST_ROUNDS, "still to be met: {:?}", story.lacking());
        story.round(round);
        round += 1;
    }
    story.end(round);
    story.compare();
}

/// A service with receivers of its own, and what these have heard so far.
struct Side {
    receivers: Receivers,
    folder: Scratch,
    config: String,
    port: u16,
    heard: RefCell<Heard>,
}

impl Side {
    fn new(prometheus: &Prometheus) -> Option<Side> {
        let (receivers, folder) = (Receivers::start()?, Scratch::new("crash-climb"));
        folder.write("rules.yaml", RULES);
        let config = config(prometheus, &receivers);
        Some(Side { receivers, folder, config, port: free_port(), heard: RefCell::default() })
    }

    fn start(&self, more: &[(&str, &str)]) -> Result<Watchbell, String> {
        let environment: Vec<_> = SECRETS.into_iter().chain(more.iter().copied()).collect();
        Watchbell::start_on(self.port, self.folder.path(), &self.config, &environment)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Acts on what this receiver knows of the incident; whether there was an answer to it.
    fn act(&self, page: &Page, cell: &Cell, attempt: usize) -> bool {
        match cell.who {
            Who::Person => {
                let url = self.url(&format!("/api/v1/incidents/{}/acknowledge", page.number));
                let key = [("Idempotency-Key", cell.name.as_str())];
                let answer = http::request("POST", &url, &key, b"{}");
                answer.is_ok_and(|answer| is_taken(answer.status.into(), &answer.body))
            }
            Who::PagerDuty => self.send("pagerduty", SECRETS[1].1, &event(page, cell)),
            // What is pressed again is another press.
            Who::Slack => self.send("slack", SECRETS[3].1, &press(&self.receivers, page, cell, attempt)),
            Who::Level | Who::Start => unreachable!("nobody acts there"),
        }
    }

    fn send(&self, from: &str, secret: &str, body: &str) -> bool {
        let url = self.url(&format!("/callbacks/{from}"));
        let wish = json!({ "as": from, "url": url, "secret": secret, "body": body });
        let said = http::post_json(&format!("{}/_send", self.receivers.url()), &wish).expect("the receivers are up");
        // It says 400 where the connection broke.
        said.status == 200 && is_taken(said.json()["status"].as_u64().expect("a status"), &said.body)
    }

    /// What the incident's timeline says of people and levels.
    fn timeline(&self, number: u64) -> Vec<String> {
        let answer = http::get(&self.url(&format!("/api/v1/incidents/{number}"))).expect("it is up").json();
        let entries = answer["data"]["timeline"].as_array().expect("a timeline").clone();
        let texts = entries.into_iter().map(|entry| text(&entry["text"]));
        let mut of_interest: Vec<String> = texts
            .filter(|text| ["acknowledged", "note", "reached", "unack"].iter().any(|word| text.starts_with(word)))
            .collect();
        of_interest.sort();
        of_interest
    }
}

/// An answer of the program itself is final: it would be so for a real caller.
fn is_taken(status: u64, body: &str) -> bool {
    assert!(status == 200 || status == 503, "{status}: {body}");
    status == 200
}

fn event(page: &Page, cell: &Cell) -> String {
    let (kind, name) = (if cell.is_resolved_there { "resolved" } else { "acknowledged" }, &cell.name);
    json!({ "event": {
        "id": format!("event-{name}"), "event_type": format!("incident.{kind}"), "resource_type": "incident",
        "agent": { "id": "PLH1HKV", "type": "user_reference", "summary": "Tenex Engineer" },
        "data": { "id": name, "type": "incident", "status": "triggered", "assignees": [],
            "incident_key": format!("watchbell/{}/1/{}", page.incident, page.page) },
    } })
    .to_string()
}

fn press(receivers: &Receivers, page: &Page, cell: &Cell, attempt: usize) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": { "id": "U0PRIMARY", "username": "somebody" },
        "channel": { "id": "C1" },
        "response_url": format!("{}/actions/T1/1/x", receivers.url()),
        "actions": [{ "type": "button", "action_id": "watchbell_acknowledge",
            "value": format!("{}/1", page.incident), "action_ts": format!("{}.{attempt}", cell.name) }],
    });
    format!("payload={}", http::escaped(&payload.to_string()))
}

/// One incident of the story.
#[derive(Clone)]
struct Cell {
    name: String,
    seat: usize,
    who: Who,
    is_resolved_there: bool,
}

/// What a receiver knows of an incident, to act on it.
#[derive(Clone)]
struct Page {
    incident: String,
    number: u64,
    page: u64,
    at: f64,
}

/// What receivers have heard: how often, by receiver, series, kind, level and id.
#[derive(Default)]
struct Heard {
    entries: usize,
    messages: BTreeMap<[String; 5], u32>,
    pages: BTreeMap<(String, String), Page>,
}

/// What the receivers of a side have heard until now.
fn heard(side: &Side) -> Ref<'_, Heard> {
    {
        let mut heard = side.heard.borrow_mut();
        for entry in side.receivers.log_after(heard.entries) {
            heard.take(&entry);
        }
    }
    side.heard.borrow()
}

impl Heard {
    fn take(&mut self, entry: &Value) {
        assert_eq!(entry["verdict"], "accepted", "{entry}");
        self.entries += 1;
        let body = &entry["body"];
        let of_pager =
            || ["pager".into(), String::new(), text(&body["event_action"]), String::new(), text(&body["dedup_key"])];
        let key = match entry["channel"].as_str() {
            Some("pagerduty") => of_pager(),
            Some("webhook") => self.hook(entry),
            // Slack only says to who pressed twice that it is theirs.
            _ => return,
        };
        *self.messages.entry(key).or_default() += 1;
    }

    fn hook(&mut self, entry: &Value) -> [String; 5] {
        let (data, path) = (&entry["body"]["data"], text(&entry["path"]));
        let (cell, kind, incident) =
            (text(&data["incident"]["group"]["cell"]), text(&entry["body"]["type"]), &data["incident"]);
        let receiver = path.rsplit('/').next().unwrap_or_default().to_owned();
        self.pages.entry((receiver.clone(), cell.clone())).or_insert_with(|| Page {
            incident: text(&incident["id"]),
            number: incident["number"].as_u64().expect("a number"),
            page: incident["page"].as_u64().expect("a page"),
            at: entry["time"].as_f64().expect("a time"),
        });
        [receiver, cell, kind, text(&data["level"]), text(&entry["headers"]["webhook-id"])]
    }

    fn has(&self, receiver: &str, cell: &Cell) -> bool {
        self.pages.contains_key(&(receiver.to_owned(), cell.name.clone()))
    }

    fn page(&self, cell: &Cell) -> Option<&Page> {
        self.pages.get(&("second".to_owned(), cell.name.clone()))
    }

    fn acknowledged(&self) -> BTreeSet<&[String; 5]> {
        self.messages.keys().filter(|message| message[2] == "incident.acknowledged").collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Numbers that are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("it is small")
    }
}

struct Story<'p> {
    prometheus: &'p Prometheus,
    twin: Side,
    ours: Side,
    chance: Chance,
    kills: BTreeMap<(Who, &'static str), usize>,
    lives: usize,
    cells: Vec<Cell>,
    /// The seats of this round on which nobody has acted.
    waiting: Vec<Cell>,
    /// What was asked for, and not answered.
    unanswered: Option<(Cell, usize)>,
    /// Whether the store has something on record that nobody has taken up.
    is_on_record: bool,
    repeated: usize,
}

impl<'p> Story<'p> {
    fn new(prometheus: &'p Prometheus, twin: Side, ours: Side) -> Self {
        Story {
            prometheus,
            twin,
            ours,
            chance: Chance(SEED),
            kills: BTreeMap::new(),
            lives: 0,
            cells: Vec::new(),
            waiting: Vec::new(),
            unanswered: None,
            is_on_record: false,
            repeated: 0,
        }
    }

    fn lacking(&self) -> Vec<(Who, &'static str)> {
        POINTS.into_iter().filter(|row| self.kills.get(row).copied().unwrap_or(0) < ROUNDS).collect()
    }

    fn round(&mut self, round: usize) {
        self.open(round);
        while let Some(row) = self.choose() {
            self.live_and_die(row);
        }
        let _life = self.calm_life();
        for cell in std::mem::take(&mut self.waiting) {
            wait_for("the second level", || {
                (heard(&self.twin).has("second", &cell) && heard(&self.ours).has("second", &cell)).then_some(())
            });
            assert!(self.serve(&cell), "nobody kills it now");
        }
    }

    /// A life that nobody ends before it has answered whoever still waits.
    fn calm_life(&mut self) -> Watchbell {
        self.lives += 1;
        let life = self.ours.start(&[]).expect("it starts");
        self.is_on_record = false;
        self.answer_who_waits();
        life
    }

    /// All of a round rise at one moment that both services see at the same slot.
    fn open(&mut self, round: usize) {
        let _life = self.calm_life();
        let cell = |(seat, who): (usize, &Who)| Cell {
            name: format!("{round}-{seat:02}"),
            seat,
            who: *who,
            is_resolved_there: (round + seat).is_multiple_of(2),
        };
        let cells: Vec<Cell> = SEATS.iter().enumerate().map(cell).collect();
        self.write(&cells, now_millis() + 700, 1.0);
        for side in [&self.twin, &self.ours] {
            wait_for("the first level", || {
                let heard = heard(side);
                cells.iter().all(|cell| heard.has("first", cell)).then_some(())
            });
        }
        self.waiting = cells.iter().filter(|cell| cell.who != Who::Level).cloned().collect();
        self.cells.extend(cells);
    }

    fn write(&self, cells: &[Cell], at: i64, value: f64) {
        let series = cells.iter().map(|cell| {
            let seat = cell.seat.to_string();
            Series::new("drill", &[("cell", cell.name.as_str()), ("seat", seat.as_str())], &[(at, value)])
        });
        self.prometheus.write(&series.collect::<Vec<_>>());
    }

    /// A point that was not met often enough, as soon as one can be met.
    fn choose(&mut self) -> Option<(Who, &'static str)> {
        let lacking = self.lacking();
        loop {
            let ours = heard(&self.ours);
            let twins = heard(&self.twin);
            let is_told = |cell: &Cell| ours.has("second", cell) && twins.has("second", cell);
            let levels_come = self.cells.iter().rev().take(SEATS.len()).any(|cell| !ours.has("second", cell));
            let takes_up = |point: &str| self.is_on_record && ["before_consume", "after_consume"].contains(&point);
            let of = |who: Who| self.waiting.iter().filter(move |cell| cell.who == who);
            let can_be_met = |(who, point): &(Who, &str)| match who {
                Who::Level => levels_come,
                Who::Start => self.is_on_record,
                who => !takes_up(point) && of(*who).any(is_told),
            };
            let mut rows: Vec<_> = lacking.iter().copied().filter(can_be_met).collect();
            // What a start takes up is there only until the next start.
            if rows.iter().any(|(who, _)| *who == Who::Start) {
                rows.retain(|(who, _)| *who == Who::Start);
            }
            if !rows.is_empty() {
                drop((ours, twins));
                return Some(rows[self.chance.below(rows.len())]);
            }
            if !lacking.iter().any(|(who, _)| of(*who).next().is_some()) {
                return None;
            }
            drop((ours, twins));
            // Levels come only while somebody lives.
            let _life = self.calm_life();
            wait_for("a second level", || {
                let (twins, ours) = (heard(&self.twin), heard(&self.ours));
                let is_told = |cell: &&Cell| ours.has("second", cell) && twins.has("second", cell);
                let mut wanted = self.waiting.iter().filter(|cell| lacking.iter().any(|(who, _)| *who == cell.who));
                wanted.any(|cell| is_told(&cell)).then_some(())
            });
        }
    }

    fn live_and_die(&mut self, row: (Who, &'static str)) {
        let (who, point) = row;
        self.lives += 1;
        let armed = self.ours.folder.path().join("armed");
        let _ = std::fs::remove_file(&armed);
        let arm = || std::fs::write(&armed, "").expect("the folder can be written");
        if who == Who::Start {
            arm();
        }
        let path = armed.display().to_string();
        let mut life = match self.ours.start(&[("WATCHBELL_CRASH", point), ("WATCHBELL_CRASH_WHEN", &path)]) {
            Ok(life) => life,
            Err(why) => {
                assert!(who == Who::Start && why.contains("signal: 9"), "{row:?}: {why}");
                self.is_on_record = point == "before_consume";
                return self.count(row);
            }
        };
        assert!(who != Who::Start, "{point} was passed at the start");
        self.is_on_record = false;
        self.answer_who_waits();
        self.serve_the_overdue();
        if who == Who::Level {
            self.wait_until_acknowledgements_are_told();
            arm();
        } else {
            let Some(cell) = self.next_of(who) else { return };
            arm();
            if self.serve(&cell) {
                let said = life.process.said();
                panic!(
                    "{row:?} was passed by {}:\n{}",
                    cell.name,
                    said.lines().rev().take(20).collect::<Vec<_>>().join("\n")
                );
            }
            self.is_on_record = ["after_submit", "before_consume"].contains(&point);
        }
        // The last level may have come just before; then this life is over without having met its point.
        let deadline = Instant::now() + Duration::from_secs(if who == Who::Level { 3 } else { 20 });
        while Instant::now() < deadline {
            if let Some(status) = life.process.ended() {
                assert!(status.to_string().contains("signal: 9"), "{row:?}: {status}");
                return self.count(row);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(who == Who::Level, "{row:?} was not reached:\n{}", life.process.said());
    }

    fn count(&mut self, row: (Who, &'static str)) {
        *self.kills.entry(row).or_default() += 1;
    }

    /// The one of them whose second level both services have told first.
    fn next_of(&mut self, who: Who) -> Option<Cell> {
        let cell = self.waiting.iter().find(|cell| cell.who == who).cloned()?;
        for side in [&self.twin, &self.ours] {
            wait_for("the second level", || heard(side).has("second", &cell).then_some(()));
        }
        self.waiting.retain(|waiting| waiting.name != cell.name);
        Some(cell)
    }

    /// Has the cell acted on at the twin and at ours; whether ours has answered.
    fn serve(&mut self, cell: &Cell) -> bool {
        let (twins, ours) = (heard(&self.twin), heard(&self.ours));
        let page = |heard: &Heard| heard.page(cell).cloned().expect("its second level was told");
        assert!(self.twin.act(&page(&twins), cell, 1), "the twin answers");
        let is_answered = self.ours.act(&page(&ours), cell, 1);
        self.unanswered = (!is_answered).then(|| (cell.clone(), 1));
        is_answered
    }

    /// Whoever got no answer asks again.
    fn answer_who_waits(&mut self) {
        let Some((cell, attempt)) = self.unanswered.take() else { return };
        let page = heard(&self.ours).page(&cell).cloned().expect("its second level was told");
        self.repeated += 1;
        assert!(self.ours.act(&page, &cell, attempt + 1), "{}: it answers whoever asks again", cell.name);
    }

    fn serve_the_overdue(&mut self) {
        let before = Duration::from_millis(u64::try_from(now_millis()).unwrap_or(0)).as_secs_f64() - OVERDUE;
        let waiting = std::mem::take(&mut self.waiting);
        let (overdue, waiting): (Vec<Cell>, Vec<Cell>) = {
            let (twins, ours) = (heard(&self.twin), heard(&self.ours));
            let told_long_ago = |cell: &Cell| twins.page(cell).is_some_and(|page| page.at < before);
            waiting.into_iter().partition(|cell| ours.has("second", cell) && told_long_ago(cell))
        };
        self.waiting = waiting;
        for cell in overdue {
            assert!(self.serve(&cell), "nobody kills it now");
        }
    }

    /// So that the next claim is one of a level.
    fn wait_until_acknowledgements_are_told(&self) {
        wait_for("acknowledgements to be told", || {
            (heard(&self.twin).acknowledged() == heard(&self.ours).acknowledged()).then_some(())
        });
    }

    /// Waits until levels would have come that somebody has stopped, and lets everything end.
    fn end(&mut self, rounds: usize) {
        let _life = self.calm_life();
        let last = self.cells.last().cloned().expect("there was a round");
        for side in [&self.twin, &self.ours] {
            wait_for("the third level of the last one", || heard(side).has("third", &last).then_some(()));
        }
        for cell in &self.cells {
            let number = |side: &Side| heard(side).page(cell).map(|page| page.number).expect("it was told");
            let (ours, twins) = (self.ours.timeline(number(&self.ours)), self.twin.timeline(number(&self.twin)));
            assert_eq!(ours, twins, "the timeline of {}", cell.name);
        }
        self.write(&self.cells, now_millis(), 0.0);
        for side in [&self.twin, &self.ours] {
            wait_for("everybody to hear of the end", || {
                let heard = heard(side);
                let ends = heard.messages.keys().filter(|message| message[2] == "incident.resolved").count();
                (ends == heard.pages.len()).then_some(())
            });
        }
        self.print(rounds);
    }

    #[expect(clippy::print_stdout, reason = "the table is what a reader of the run wants to see")]
    fn print(&self, rounds: usize) {
        println!(
            "seed {SEED}, {rounds} rounds of {} incidents, {} lives\n{:<12} {:<16} {:>6}",
            SEATS.len(),
            self.lives,
            "in",
            "point",
            "killed"
        );
        for (who, point) in POINTS {
            println!("{:<12} {point:<16} {:>6}", format!("{who:?}"), self.kills[&(who, point)]);
        }
        let (ours, twins) = (heard(&self.ours), heard(&self.twin));
        let repeats: u32 = ours.messages.values().map(|times| times - 1).sum();
        println!(
            "{} messages, {} of its twin; {repeats} came more than once, under the same id; {} requests were made again",
            ours.messages.len(),
            twins.messages.len(),
            self.repeated
        );
    }

    fn compare(&self) {
        let (ours, twins) = (heard(&self.ours), heard(&self.twin));
        let (told, expected): (BTreeSet<_>, BTreeSet<_>) =
            (ours.messages.keys().collect(), twins.messages.keys().collect());
        assert_eq!(told.difference(&expected).collect::<Vec<_>>(), Vec::<&&[String; 5]>::new(), "only ours told");
        assert_eq!(expected.difference(&told).collect::<Vec<_>>(), Vec::<&&[String; 5]>::new(), "only the twin told");
        assert!(twins.messages.values().all(|times| *times == 1), "nobody kills the twin, so it repeats nothing");
        for cell in &self.cells {
            let hears_third = cell.who == Who::Level;
            assert_eq!(ours.has("third", cell), hears_third, "{}: an acknowledgement stops the climb", cell.name);
            let at = |receiver: &str| ours.pages[&(receiver.to_owned(), cell.name.clone())].at;
            assert!(at("first") <= at("second"), "{}: levels come in order", cell.name);
            assert!(!hears_third || at("second") <= at("third"), "{}: levels come in order", cell.name);
        }
    }
}
