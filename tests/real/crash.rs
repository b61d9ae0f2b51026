//! Killed with -9 over and over at the worst places, it tells people what its twin tells them who was left alone.
//!
//! Two services watch the same Prometheus, in which series rise and fall; one of them is killed at a named point of
//! `src/crash.rs`, started again at once, and killed at the next. The receivers' logs of both are compared. That shows red:
//! sending before storing (a page of which nobody knows the end, or a second key for it), storing without owing (a page
//! that never comes), a key that depends on the process, the attempt or not on the generation (two keys for one page, or
//! one for two), a claim taken for a delivery (a lost page), a start that forgets what it had promised (no end), and a
//! `for` that begins anew with every start (it is longer than most lives here, so pages come late or never).

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, free_port, now_millis, wait_for};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// The points, and at most how often each may be passed before the kill; what comes often may be passed more often.
const POINTS: [(&str, u64); 8] = [
    ("before_commit", 4),
    ("after_commit", 4),
    ("after_claim", 3),
    ("after_send", 3),
    ("after_answer", 3),
    ("before_finish", 3),
    ("during_reload", 1),
    ("during_history_fill", 2),
];
const ROUNDS: usize = 5;
const SEED: u64 = 20_261_124;

/// So many series rise one after the other, each for a while, each again and again.
const CELLS: i64 = 36;
const PERIOD: i64 = 36_000;
const BREACH: i64 = 22_000;
/// Samples are written ahead, so that both services read the same however late they ask.
const AHEAD: i64 = 2_000;
/// What an attempt, a slot and a slow machine may add to what the kills explain.
const SLACK: f64 = 4.0;

const RULES: &str = r#"
groups:
  - name: plain
    interval: 1s
    rules:
      - alert: LoadHigh
        expr: load{kind="even"}
        tiers: { high: { above: 50, for: 5s } }
  - name: remembering
    interval: 1s
    rules:
      - alert: LoadHighOfLate
        queries:
          load: { expr: 'load{kind="odd"}', history: 10s }
          limit: { expr: 'limit{kind="odd"}', history: 10s }
        join: [cell]
        value: load
        tiers: { high: { when: "load > limit", for: 5s } }
"#;

const CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS", timeout: 5s } }
rules: [rules.yaml]
timezone: UTC
external_url: "http://$LISTEN"
store: { sqlite: watchbell.db }
listen: "$LISTEN"
channels:
  pager: { pagerduty: { routing_key: { env: PAGERDUTY_KEY }, api_url: "$RECEIVERS" } }
  hook: { webhook: { url: "$RECEIVERS/hook" } }
policies:
  default:
    group_by: [alertname, cell]
    wait: 0s
    matrix:
      critical: { levels: [{ notify: [pager, hook] }] }
      high: { levels: [{ notify: [pager, hook] }] }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;

#[test]
fn killed_at_every_point_it_tells_what_its_uncrashed_twin_tells() {
    let Some(prometheus) = Prometheus::start() else { return };
    let (Some(twins), Some(ours)) = (Receivers::start(), Receivers::start()) else { return };
    let story = Story { began: now_millis() + AHEAD, calm: AtomicI64::new(i64::MAX), over: AtomicI64::new(i64::MAX) };
    story.write(&prometheus, now_millis());
    let kills = std::thread::scope(|threads| {
        threads.spawn(|| story.tell(&prometheus));
        // Whatever fails here, the writer must end, or the test would never.
        let _over = OverOnDrop(&story);
        let twin = Service::new(&prometheus, &twins);
        let ours_service = Service::new(&prometheus, &ours);
        let _twin = twin.start(&[]).expect("the twin starts");
        let kills = kill_everywhere(&ours_service);
        let _survivor = ours_service.start(&[]).expect("it starts once more");
        story.wait_for_calm();
        for receivers in [&twins, &ours] {
            wait_for("every page to end", || heard(receivers).all_ended().then_some(()));
        }
        kills
    });
    let (told, expected) = (heard(&ours), heard(&twins));
    print_table(&kills, &told, &expected);
    compare(&story, &told, &expected, &kills);
}

/// Which series is high when.
struct Story {
    began: i64,
    /// No series rises after this moment.
    calm: AtomicI64,
    over: AtomicI64,
}

struct OverOnDrop<'a>(&'a Story);

impl Drop for OverOnDrop<'_> {
    fn drop(&mut self) {
        self.0.over.store(0, Ordering::SeqCst);
    }
}

impl Story {
    /// The moment at which the rise of `cell` began that is the last at `at`.
    fn rise(&self, cell: i64, at: i64) -> i64 {
        let first = self.began + cell * PERIOD / CELLS;
        first + (at - first).div_euclid(PERIOD) * PERIOD
    }

    fn is_high(&self, cell: i64, at: i64) -> bool {
        let rise = self.rise(cell, at);
        rise >= self.began && rise < self.calm.load(Ordering::SeqCst) && at < rise + BREACH
    }

    fn write(&self, prometheus: &Prometheus, at: i64) {
        let series = (0..CELLS).flat_map(|cell| {
            let kind = if cell % 2 == 0 { "even" } else { "odd" };
            let name = cell.to_string();
            let labels = [("cell", name.as_str()), ("kind", kind)];
            let load = if self.is_high(cell, at) { 100.0 } else { 10.0 };
            [Series::new("load", &labels, &[(at, load)]), Series::new("limit", &labels, &[(at, 50.0)])]
        });
        prometheus.write(&series.collect::<Vec<_>>());
    }

    fn tell(&self, prometheus: &Prometheus) {
        let mut next = now_millis() / 1000 * 1000;
        while now_millis() < self.over.load(Ordering::SeqCst) {
            if next <= now_millis() + AHEAD {
                self.write(prometheus, next);
                next += 1000;
            } else {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// Lets what has risen fall, and waits until it has.
    fn wait_for_calm(&self) {
        let calm = now_millis() + AHEAD + 1000;
        self.calm.store(calm, Ordering::SeqCst);
        let fallen = calm + BREACH + 1000;
        std::thread::sleep(Duration::from_millis(u64::try_from(fallen - now_millis()).unwrap_or(0)));
    }
}

/// A service in a folder of its own, started again and again as the same one.
struct Service {
    folder: Scratch,
    config: String,
    port: u16,
}

impl Service {
    fn new(prometheus: &Prometheus, receivers: &Receivers) -> Service {
        let folder = Scratch::new("crash");
        folder.write("rules.yaml", RULES);
        let config = CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url());
        Service { folder, config, port: free_port() }
    }

    fn start(&self, more: &[(&str, &str)]) -> Result<Watchbell, String> {
        let key = ("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef");
        let environment: Vec<_> = std::iter::once(key).chain(more.iter().copied()).collect();
        Watchbell::start_on(self.port, self.folder.path(), &self.config, &environment)
    }

    /// Changes the text of the rules and nothing that they say.
    fn touch_rules(&self, number: usize) {
        self.folder.write("rules.yaml", &format!("{RULES}# {number}\n"));
    }
}

/// A life that ended as planned: from its start, by the receivers' clock, in seconds.
struct Kill {
    point: &'static str,
    started: f64,
    ready: Option<f64>,
    ended: f64,
}

fn seconds() -> f64 {
    Duration::from_millis(u64::try_from(now_millis()).unwrap_or(0)).as_secs_f64()
}

/// Kills at each point so many times, the points in another order in each round.
fn kill_everywhere(service: &Service) -> Vec<Kill> {
    let mut chance = Chance(SEED);
    let mut kills = Vec::new();
    for _ in 0..ROUNDS {
        let mut points = POINTS;
        for last in (1..points.len()).rev() {
            points.swap(last, usize::try_from(chance.below(last as u64 + 1)).expect("it is small"));
        }
        for (point, most) in points {
            let times = 1 + chance.below(most);
            kills.push(live_and_die(service, point, times, kills.len()));
        }
    }
    kills
}

fn live_and_die(service: &Service, point: &'static str, times: u64, number: usize) -> Kill {
    let started = seconds();
    let plan = format!("{point}:{times}");
    let mut ready = None;
    match service.start(&[("WATCHBELL_CRASH", &plan)]) {
        Ok(mut life) => {
            ready = Some(seconds());
            if point == "during_reload" {
                // Long enough for a page or two to be on its way.
                std::thread::sleep(Duration::from_secs(1));
                service.touch_rules(number);
                life.process.signal("HUP");
            }
            let deadline = Instant::now() + Duration::from_secs(20);
            let status = loop {
                if let Some(status) = life.process.ended() {
                    break status.to_string();
                }
                assert!(Instant::now() < deadline, "{plan} was not reached:\n{}", last_lines(&life.process.said()));
                std::thread::sleep(Duration::from_millis(10));
            };
            assert!(status.contains("signal: 9"), "{plan}: {status}:\n{}", last_lines(&life.process.said()));
        }
        // Some points are reached before it is ready.
        Err(why) => assert!(why.contains("signal: 9"), "{plan}: {}", last_lines(&why)),
    }
    Kill { point, started, ready, ended: seconds() }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Numbers that are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What a receiver was told of one page.
#[derive(Default)]
struct Page {
    cell: i64,
    opened: f64,
    /// The ids of the messages, as the receiver tells repeats from news: one opens, one ends.
    opening: BTreeSet<String>,
    ending: BTreeSet<String>,
    repeats: usize,
    is_open: bool,
}

#[derive(Default)]
struct Heard {
    /// By incident, generation and page.
    webhook: BTreeMap<String, Page>,
    pager_opened: BTreeSet<String>,
    pager_ended: BTreeSet<String>,
    disorder: Vec<String>,
}

fn heard(receivers: &Receivers) -> Heard {
    let mut heard = Heard::default();
    for entry in receivers.log() {
        assert_eq!(entry["verdict"], "accepted", "{entry}");
        if entry["channel"] == "pagerduty" { heard.pager(&entry["body"]) } else { heard.webhook(&entry) }
    }
    heard
}

impl Heard {
    fn pager(&mut self, body: &Value) {
        let key = body["dedup_key"].as_str().expect("an event has a key").to_owned();
        if body["event_action"] == "trigger" {
            // A repeat after the end would open it again, for good.
            if self.pager_ended.contains(&key) {
                self.disorder.push(format!("PagerDuty: {key} was triggered after its end"));
            }
            self.pager_opened.insert(key);
        } else {
            self.pager_ended.insert(key);
        }
    }

    fn webhook(&mut self, entry: &Value) {
        let (data, kind) = (&entry["body"]["data"], entry["body"]["type"].as_str().expect("an event has a type"));
        let incident = &data["incident"];
        let id = entry["headers"]["webhook-id"].as_str().expect("a webhook has an id").to_owned();
        let key = format!("watchbell/{}/{}/{}", text(&incident["id"]), incident["generation"], incident["page"]);
        let page = self.webhook.entry(key.clone()).or_default();
        if kind == "incident.resolved" {
            page.is_open = false;
            page.repeats += usize::from(!page.ending.insert(id));
        } else if page.opening.is_empty() {
            page.cell = text(&incident["group"]["cell"]).parse().expect("a cell is a number");
            page.opened = entry["time"].as_f64().expect("an entry has a time");
            page.opening.insert(id);
            page.is_open = true;
        } else {
            page.repeats += usize::from(!page.opening.insert(id));
            if !page.is_open {
                self.disorder.push(format!("webhook: {key} was opened after its end"));
            }
        }
    }

    fn all_ended(&self) -> bool {
        self.webhook.values().all(|page| !page.is_open) && self.pager_opened == self.pager_ended
    }

    fn repeats(&self) -> usize {
        self.webhook.values().map(|page| page.repeats).sum()
    }

    /// The pages by what they are about: the series, and which of its rises.
    fn by_rise(&self, story: &Story) -> BTreeMap<(i64, i64), Vec<(&String, &Page)>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, page) in &self.webhook {
            let at = Duration::from_secs_f64(page.opened).as_millis();
            let rise = story.rise(page.cell, i64::try_from(at).expect("it is a time of today"));
            all.entry((page.cell, rise)).or_default().push((key, page));
        }
        all
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text was due, not {value}"))
}

fn compare(story: &Story, told: &Heard, expected: &Heard, kills: &[Kill]) {
    assert_eq!(told.disorder, Vec::<String>::new());
    let (ours, twins) = (told.by_rise(story), expected.by_rise(story));
    assert_eq!(ours.keys().collect::<Vec<_>>(), twins.keys().collect::<Vec<_>>(), "the same incidents");
    for (rise, pages) in &ours {
        let [(key, page)] = pages.as_slice() else { panic!("{} keys for one page of {rise:?}", pages.len()) };
        assert_eq!((page.opening.len(), page.ending.len()), (1, 1), "{key}: repeats carry the id of the first");
        assert!(told.pager_opened.contains(*key), "{key}: PagerDuty knows it under the same key");
        let twin = twins[rise][0].1.opened;
        let (late, dark) = (page.opened - twin, dark_between(kills, twin - 5.0, page.opened));
        assert!(late >= -SLACK, "{key} of {rise:?} came {late:.1} s before its twin");
        assert!(late <= dark + SLACK, "{key} of {rise:?} came {late:.1} s late, and only {dark:.1} s were dark");
    }
    assert_eq!(told.pager_opened.len(), ours.len(), "PagerDuty has a key for each page and no other");
}

/// How long nobody looked between two moments: dead, starting, and waiting for the first slot.
fn dark_between(kills: &[Kill], from: f64, to: f64) -> f64 {
    let lives = kills.iter().filter_map(|kill| Some((kill.ready? + 1.0, kill.ended)));
    let last = kills.last().map_or(from, |kill| kill.ended);
    let lit: f64 =
        lives.chain([(last + 2.0, f64::MAX)]).map(|(begin, end)| (end.min(to) - begin.max(from)).max(0.0)).sum();
    to - from - lit
}

#[expect(clippy::print_stdout, reason = "the table is what a reader of the run wants to see")]
fn print_table(kills: &[Kill], told: &Heard, expected: &Heard) {
    println!("seed {SEED}\n{:<20} {:>6} {:>14} {:>16}", "point", "killed", "before ready", "mean life (s)");
    for (point, _) in POINTS {
        let here: Vec<&Kill> = kills.iter().filter(|kill| kill.point == point).collect();
        let early = here.iter().filter(|kill| kill.ready.is_none()).count();
        let life: f64 = here.iter().map(|kill| kill.ended - kill.started).sum();
        let count = u32::try_from(here.len()).map_or(1.0, f64::from);
        println!("{point:<20} {:>6} {early:>14} {:>16.2}", here.len(), life / count);
        assert!(here.len() >= ROUNDS, "{point} was hit too rarely");
    }
    println!(
        "{} pages, {} of its twin; {} messages came more than once, under the same id",
        told.webhook.len(),
        expected.webhook.len(),
        told.repeats()
    );
}
