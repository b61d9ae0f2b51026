//! A store that does not remember: its disk is full, its file cannot grow, somebody else holds its lock.
//!
//! Not ready, loud; pages go out all the same, in time and under the keys that they would have had; and when the store
//! works again, everything is on record, so that the next start tells nobody twice.

use super::channels::{self, Kind, case};
use crate::support::{
    Process, Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for,
};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use watchbell::engine::event::IncidentEvent;
use watchbell::engine::{Event, EventKind};

const RULES: &str = r"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: Breach
        expr: breach
        tiers: { critical: { above: 1.5 }, high: { above: 0.5 } }
";

/// A service with its store in the folder `store`.
struct Town {
    prometheus: Prometheus,
    receivers: Receivers,
    folder: Scratch,
    port: u16,
    watchbell: Option<Watchbell>,
}

impl Town {
    /// Starts it as `sh -c 'FIRST; exec watchbell …'`.
    fn after(first: &str) -> Option<Result<Town, String>> {
        let (prometheus, receivers) = (Prometheus::start()?, Receivers::start()?);
        let (folder, port) = (Scratch::new("store"), free_port());
        folder.write("rules.yaml", RULES);
        std::fs::create_dir(folder.path().join("store")).expect("the folder can be written");
        let mut town = Town { prometheus, receivers, folder, port, watchbell: None };
        Some(town.start(first).map(|()| town))
    }

    fn start(&mut self, first: &str) -> Result<(), String> {
        let levels = "{ levels: [{ notify: [chat, pager, hook] }] }";
        let config = format!(
            "prometheus: {{ main: {{ url: \"{}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
external_url: \"http://$LISTEN\"
store: {{ sqlite: store/watchbell.db }}
channels:
  chat: {{ slack: {{ token: {{ env: TOKEN }}, to: \"#alerts\", api_url: \"{receivers}/api\" }} }}
  pager: {{ pagerduty: {{ routing_key: {{ env: KEY }}, api_url: \"{receivers}\" }} }}
  hook: {{ webhook: {{ url: \"{receivers}/hook\" }} }}
policies:
  default: {{ wait: 0s, group_by: [alertname, case], matrix: {{ critical: {levels}, high: {levels}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }} }}
routes: [{{ policy: default }}]
",
            self.prometheus.url(),
            receivers = self.receivers.url(),
        );
        let wrapper = ["sh", "-c", &format!("{first}; exec \"$@\""), "sh"];
        let wrapper: Vec<&str> = if first.starts_with("mount") {
            // A mount of one's own, which needs no root.
            ["unshare", "--user", "--map-root-user", "--mount"].into_iter().chain(wrapper).collect()
        } else {
            wrapper.to_vec()
        };
        let secrets = [("TOKEN", "xoxb-store"), ("KEY", "0123456789abcdef0123456789abcdef")];
        let started = Watchbell::start_under(&wrapper, self.port, self.folder.path(), &config, &secrets);
        self.watchbell = Some(started?);
        Ok(())
    }

    fn watchbell(&self) -> &Watchbell {
        self.watchbell.as_ref().expect("it runs")
    }

    fn set(&self, case: &str, value: f64) {
        self.prometheus.write(&[Series::new("breach", &[("case", case)], &[(now_millis(), value)])]);
    }

    /// The store's file, as the service sees it.
    fn file(&self, name: &str) -> PathBuf {
        let inside = self.folder.path().join("store").join(name);
        format!("/proc/{}/root{}", self.watchbell().process.id(), inside.display()).into()
    }

    /// What `channel` took of `case`: what it made of it, and under which key.
    fn taken(&self, channel: &str, case: &str) -> Vec<(String, String)> {
        let about = format!("case=\\\"{case}\\\"");
        let log = self.receivers.log();
        let mine = log.iter().filter(|entry| entry["channel"] == channel && entry["verdict"] == "accepted");
        let mine = mine.filter(|entry| channel == "pagerduty" || entry["body"].to_string().contains(&about));
        let key = |body: &Value| {
            let place = ["dedup_key", "ts", "thread_ts"].into_iter().find_map(|name| body[name].as_str());
            place.unwrap_or_default().to_owned()
        };
        mine.map(|entry| (entry["effect"].as_str().unwrap_or_default().to_owned(), key(&entry["body"]))).collect()
    }

    fn effects(&self, channel: &str, case: &str) -> Vec<String> {
        self.taken(channel, case).into_iter().map(|(effect, _)| effect).collect()
    }

    fn wait_for_effects(&self, channel: &str, case: &str, expected: &[&str]) {
        wait_for(&format!("{channel} to have {expected:?} of {case}, not {:?}", self.effects(channel, case)), || {
            (self.effects(channel, case) == expected).then_some(())
        });
    }

    fn is_ready(&self) -> bool {
        http::get(&format!("{}/-/ready", self.watchbell().url())).is_ok_and(|answer| answer.status == 200)
    }

    fn metric(&self, name: &str) -> f64 {
        let text = http::get(&format!("{}/metrics", self.watchbell().url())).expect("it answers").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
    }

    /// What the store's file answers to `query`, asked by a program of another make. It asks a copy: SQLite would look past
    /// a mount that only the service sees.
    fn stored(&self, query: &str) -> String {
        let copy = self.folder.path().join("copy");
        std::fs::create_dir_all(&copy).expect("the folder can be written");
        for name in ["watchbell.db", "watchbell.db-wal"] {
            std::fs::copy(self.file(name), copy.join(name)).expect("the store has its files");
        }
        let script = "import sqlite3, sys\nprint(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())";
        let said = Command::new("python3").args(["-c", script]).arg(copy.join("watchbell.db")).arg(query).output();
        String::from_utf8_lossy(&said.expect("the receivers run on Python too").stdout).trim().to_owned()
    }
}

/// The story: `broken` breaks the store and gives what keeps it so; dropping that mends it.
fn while_the_store_fails<Trouble>(town: &Town, broken: impl FnOnce(&Town) -> Trouble) {
    town.set("a", 1.0);
    town.set("b", 0.0);
    town.wait_for_effects("slack", "a", &["posted"]);
    town.wait_for_effects("webhook", "a", &["taken"]);
    wait_for("all of it to be on record", || (town.stored(OWED) == "[(0,)]").then_some(()));

    let trouble = broken(town);
    let missed = town.metric("watchbell_missed_slots_total{group=\"chain\"}");
    let began = now_millis();
    town.set("b", 1.0);
    town.wait_for_effects("slack", "b", &["posted"]);
    town.wait_for_effects("webhook", "b", &["taken"]);
    let took = now_millis() - began;
    assert!(took < 8_000, "a page came after {took} ms");
    wait_for("it to say that it is not ready", || (!town.is_ready()).then_some(()));
    assert!(town.metric("watchbell_store_failing") > 0.5);
    assert!(town.watchbell().process.said().contains("the store does not remember"), "and loud");
    let shown =
        |number| http::get(&format!("{}/api/v1/incidents/{number}", town.watchbell().url())).expect("it answers");
    let unstored = shown(2);
    assert_eq!((unstored.status, &unstored.json()["data"]["stored"]), (200, &json!(false)), "{}", unstored.body);
    // A rise of what was never on record, and the end of what was: both in the messages that there are.
    town.set("b", 2.0);
    town.wait_for_effects("slack", "b", &["posted", "edited", "threaded"]);
    town.set("a", 0.0);
    town.wait_for_effects("slack", "a", &["posted", "edited", "threaded"]);
    let behind = shown(1);
    assert_eq!((behind.status, &behind.json()["data"]["stored"]), (200, &json!(false)), "{}", behind.body);
    wait_for("PagerDuty to have all of it", || {
        (town.effects("pagerduty", "") == ["opened", "opened", "opened", "resolved"]).then_some(())
    });
    let missed = town.metric("watchbell_missed_slots_total{group=\"chain\"}") - missed;
    assert!(missed < 2.0, "{missed} slots were missed while the store failed");
    assert!(!town.is_ready());

    drop(trouble);
    wait_for("it to be ready again", || town.is_ready().then_some(()));
    assert!(town.watchbell().process.said().contains("the store remembers again"));
    assert!(town.metric("watchbell_store_failing") < 0.5);
    wait_for("all of it to be on record", || (town.stored(OWED) == "[(0,)]").then_some(()));
    assert_eq!(shown(1).json()["data"]["stored"], json!(null), "the store has all of it");
    assert_eq!(town.stored("SELECT status, count(*) FROM deliveries GROUP BY status"), "[('sent', 12)]");
    let keys: Vec<_> = town.taken("pagerduty", "").into_iter().map(|(_, key)| key).collect();
    let stored = town.stored(
        "SELECT DISTINCT json_extract(receipt, '$.dedup_key') FROM deliveries WHERE channel = 'pager' ORDER BY number",
    );
    for key in &keys {
        assert!(stored.contains(key.as_str()), "{key} is not in {stored}");
    }
}

const OWED: &str = "SELECT count(*) FROM deliveries WHERE status IN ('queued', 'claimed')";

/// What is on record is what the next start goes by.
fn a_new_start_tells_nobody_twice(mut town: Town) {
    let told = town.receivers.log().len();
    town.watchbell().process.signal("KILL");
    town.watchbell = None;
    town.start(":").expect("it starts");
    let evaluated = || town.metric("watchbell_evaluations_total{group=\"chain\"}");
    wait_for("a few slots", || (evaluated() >= 3.0).then_some(()));
    assert_eq!(town.receivers.log().len(), told, "what was told without a record is not told again");
    town.set("b", 0.0);
    town.wait_for_effects("slack", "b", &["posted", "edited", "threaded", "edited", "threaded"]);
    let places: Vec<_> = town.taken("slack", "b").into_iter().skip(1).map(|(_, place)| place).collect();
    assert!(places.iter().all(|place| *place == places[0]), "one incident is one message: {places:?}");
}

#[test]
fn on_a_full_disk_pages_go_out_and_everything_is_on_record_when_there_is_room_again() {
    let town = match Town::after("mount -t tmpfs -o size=2m none store") {
        None => return,
        Some(Err(why)) if why.contains("unshare") || why.contains("mount") => {
            return println!("skipped: no mounts of one's own here: {why}");
        }
        Some(town) => town.expect("it starts"),
    };
    while_the_store_fails(&town, |town| Filler::of(town.file("filler")));
}

/// A file that takes all the room there is, until it is dropped.
struct Filler(PathBuf);

impl Filler {
    fn of(path: PathBuf) -> Filler {
        let mut file = std::fs::File::create(&path).expect("the disk has room for a file");
        while file.write_all(&[1; 4096]).is_ok() {}
        Filler(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("it can be removed");
    }
}

#[test]
fn when_its_file_cannot_be_written_pages_go_out_and_everything_is_on_record_afterwards() {
    let Some(town) = Town::after("trap '' XFSZ") else { return };
    let town = town.expect("it starts");
    while_the_store_fails(&town, |town| Limit::at(town.watchbell().process.id(), town.file("watchbell.db-wal")));
    a_new_start_tells_nobody_twice(town);
}

/// No file of the process grows beyond this one's size, until it is dropped: every write of the store is refused.
struct Limit(u32);

impl Limit {
    fn at(pid: u32, path: PathBuf) -> Limit {
        let size = std::fs::metadata(path).expect("the journal has a file").len();
        Limit::set(pid, &size.to_string());
        Limit(pid)
    }

    fn set(pid: u32, most: &str) {
        let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--fsize={most}:")]).status();
        assert!(set.is_ok_and(|status| status.success()), "prlimit is part of every Debian");
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        Limit::set(self.0, "unlimited");
    }
}

#[test]
fn while_somebody_else_holds_its_lock_pages_go_out_and_everything_is_on_record_afterwards() {
    let Some(town) = Town::after(":") else { return };
    let town = town.expect("it starts");
    let lock = |town: &Town| {
        let script = "import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
time.sleep(600)";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(town.file("watchbell.db"));
        Process::start("locker", &mut command, town.folder.path(), |said| said.contains("locked")).expect("it locks")
    };
    while_the_store_fails(&town, lock);
    a_new_start_tells_nobody_twice(town);
}

#[test]
fn a_store_whose_file_is_deleted_is_not_ready_and_loud_and_pages_go_out() {
    let Some(town) = Town::after(":") else { return };
    let town = town.expect("it starts");
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(town.file(&format!("watchbell.db{end}"))).expect("it is there");
    }
    wait_for("it to say that it is not ready", || (!town.is_ready()).then_some(()));
    let said = town.watchbell().process.said();
    assert!(said.contains("it was deleted or replaced"), "{said}");
    town.set("a", 1.0);
    town.wait_for_effects("webhook", "a", &["taken"]);
}

#[test]
fn what_is_as_old_as_the_configuration_says_is_forgotten_and_the_numbers_of_incidents_go_on() {
    let Some(mut town) = channels::Town::with(&[case("hook", Kind::Hook)]) else { return };
    town.start_again_with(|config| config.replace("{ wait: 0s,", "{ wait: 0s, reopen_within: 1s,"));
    town.set(&["hook"], 1.0);
    town.wait_until_taken("hook", "page");
    town.set(&["hook"], 0.0);
    town.wait_until_taken("hook", "end");
    let is_over = |event: &Event| matches!(&event.kind, EventKind::Incident { event: IncidentEvent::Forgotten, .. });
    wait_for("the incident to be over for good, two seconds ago", || {
        let events = town.story(1)?.events;
        let last = events.last().filter(|event| is_over(event))?;
        (now_millis() - last.moment.millis() > 2_000).then_some(())
    });
    town.start_again_with(|config| format!("{config}retention: {{ incidents: 1s, events: 1s }}\n"));
    wait_for("it to be forgotten", || town.story(1).is_none().then_some(()));
    town.set(&["hook"], 1.0);
    wait_for("the next page", || (town.words("hook") == ["page", "end", "page"]).then_some(()));
    town.start_again_with(str::to_owned);
    town.set(&["hook"], 0.0);
    wait_for("its end", || (town.words("hook") == ["page", "end", "page", "end"]).then_some(()));
    let told = town.taken("hook");
    assert!(told[2].text.contains("INC-2") && told[3].text.contains("INC-2"), "{}", told[3].text);
}
