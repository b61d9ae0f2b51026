//! Machines try first: real programs and real requests against a real alert, the good, the bad and the killed.

use crate::support::{
    Process, Prometheus, Receivers, Scratch, Series, Watchbell, free_port, http, now_millis, wait_for,
};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A service whose alerts are about what the test writes into Prometheus.
struct Town {
    prometheus: Prometheus,
    receivers: Receivers,
    folder: Scratch,
    port: u16,
}

impl Town {
    fn new(rules: &str) -> Option<Town> {
        let town = Town {
            prometheus: Prometheus::start()?,
            receivers: Receivers::start()?,
            folder: Scratch::new("remedies"),
            port: free_port(),
        };
        // Nothing unsigned is taken.
        town.receivers.control(&json!({ "webhook_secret": SECRET }));
        town.folder.write("rules.yaml", &format!("groups:\n  - name: g\n    interval: 1s\n    rules:\n{rules}"));
        Some(town)
    }

    /// `$RECEIVERS` in `actions` is where requests are received.
    fn start(&self, actions: &str, matrix: &str) -> Watchbell {
        let config = format!(
            "prometheus: {{ main: {{ url: \"{prometheus}\", timeout: 2s }} }}
rules: [rules.yaml]
timezone: UTC
external_url: \"http://$LISTEN\"
listen: \"$LISTEN\"
channels:
  chat: {{ webhook: {{ url: \"{receivers}/hook/chat\", secret: {{ env: ACTION_SECRET }} }}, updates: {{ every: 0s }} }}
  pager: {{ webhook: {{ url: \"{receivers}/hook/pager\", secret: {{ env: ACTION_SECRET }} }}, updates: {{ every: 0s }} }}
actions:
{actions}
policies:
  default:
    group_by: [alertname]
    wait: 0s
    update_every: 1s
    matrix: {{ {matrix}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }}
routes: [{{ policy: default }}]
",
            prometheus = self.prometheus.url(),
            receivers = self.receivers.url(),
        );
        let config = config.replace("$RECEIVERS", self.receivers.url());
        let environment = [("ACTION_SECRET", SECRET), ("TOKEN", "tok-0123456789")];
        Watchbell::start_on(self.port, self.folder.path(), &config, &environment).expect("it starts")
    }

    fn write(&self, metric: &str, host: &str, value: f64) {
        self.prometheus.write(&[Series::new(metric, &[("host", host)], &[(now_millis(), value)])]);
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    /// What was sent to this path, in order.
    fn sent_to(&self, path: &str) -> Vec<Value> {
        self.receivers.log().into_iter().filter(|entry| entry["path"] == path).collect()
    }

    /// Why each message to a channel went out, in order.
    fn told(&self, channel: &str) -> Vec<String> {
        let reason = |entry: &Value| entry["body"]["data"]["reason"].as_str().unwrap_or_default().to_owned();
        self.sent_to(&format!("/hook/{channel}")).iter().map(reason).collect()
    }
}

/// The timeline of the first incident: kinds, texts, and the whole of each entry.
fn timeline(watchbell: &Watchbell) -> Vec<Value> {
    let answer = http::get(&format!("{}/api/v1/incidents/1", watchbell.url())).expect("it is up");
    if answer.status != 200 {
        return Vec::new();
    }
    answer.json()["data"]["timeline"].as_array().cloned().unwrap_or_default()
}

fn text(entry: &Value) -> &str {
    entry["text"].as_str().unwrap_or_default()
}

/// Waits for an entry whose text has all of these parts, and gives it.
fn wait_for_entry(watchbell: &Watchbell, parts: &[&str]) -> Value {
    wait_for(&format!("{parts:?} in {:#?}", timeline(watchbell)), || {
        timeline(watchbell).into_iter().find(|entry| parts.iter().all(|part| text(entry).contains(part)))
    })
}

fn place(entries: &[Value], part: &str) -> usize {
    entries.iter().position(|entry| text(entry).contains(part)).unwrap_or_else(|| panic!("`{part}` in {entries:#?}"))
}

#[test]
fn a_remedy_that_fails_is_told_and_the_one_of_the_worse_tier_mends_what_the_alert_measures() {
    let rules = "      - alert: RelayerStuck
        expr: relayer_queue_length
        tiers:
          critical: { above: 500, actions: [rebuild] }
          high: { above: 100, actions: [restart] }
";
    let Some(town) = Town::new(rules) else { return };
    town.folder
        .write("restart.sh", "echo \"restarting on $1 with $TOKEN\"\necho 'cannot bind 127.0.0.1:7001' >&2\nexit 1\n");
    town.folder.write("rebuild.sh", "echo \"queue of $1\" > mended\n");
    let actions =
        "  restart: { exec: [/bin/sh, restart.sh, \"{{ $labels.host }}\"], environment: { TOKEN: { env: TOKEN } } }
  rebuild: { exec: [/bin/sh, rebuild.sh, \"{{ $labels.host }} {{ $value }} {{ $severity }}\"], verify_within: 20s }";
    let levels = "{ levels: [{ name: automation, actions: true, notify: [chat] }, { name: on-call, after: 2s, notify: [pager] }] }";
    town.write("relayer_queue_length", "db; touch x", 200.0);
    let watchbell = town.start(actions, &format!("critical: {levels}, high: {levels}"));

    let failed = wait_for_entry(&watchbell, &["action: restart", "exit status 1", "cannot bind"]);
    assert_eq!(failed["outcome"], "failed");
    assert_eq!(failed["output"], "restarting on db; touch x with [secret]\ncannot bind 127.0.0.1:7001\n");
    wait_for("the failure to be told", || {
        town.told("chat").iter().any(|why| why.contains("cannot bind")).then_some(())
    });
    wait_for("the next level to be told what was tried", || {
        town.told("pager").first().is_some_and(|why| why.contains("next level: on-call; tried: restart")).then_some(())
    });

    wait_for("the second remedy to have worked", || {
        town.write("relayer_queue_length", "db; touch x", if town.has("mended") { 20.0 } else { 900.0 });
        timeline(&watchbell)
            .iter()
            .any(|entry| text(entry).contains("rebuild") && text(entry).contains(" worked"))
            .then_some(())
    });
    let mended = std::fs::read_to_string(town.folder.path().join("mended")).expect("it was run");
    assert_eq!(mended, "queue of db; touch x 900 critical\n", "a label is a whole argument, whatever it says");
    assert!(!town.has("x"), "there was no shell to read it");
    for channel in ["chat", "pager"] {
        let hears_of_it = || town.told(channel).last().filter(|why| why.starts_with("over; tried: ")).cloned();
        let end = wait_for("the end", hears_of_it);
        assert!(end.contains("rebuild") && end.contains("worked"), "{end}");
    }
    // The draft of the post-mortem says what mended it, and says it once.
    let draft = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .args(["postmortem", "INC-1", "--offline"])
        .current_dir(town.folder.path())
        .output()
        .expect("it starts");
    let draft = String::from_utf8_lossy(&[draft.stdout, draft.stderr].concat()).into_owned();
    for told in [
        "- **Ended**: by `rebuild`, which worked: its last alert ended",
        "restart",
        "cannot bind 127.0.0.1:7001",
        "- rebuild mended it, and nobody had to act.",
        "| page: nobody has acted, next level: on-call |",
    ] {
        assert!(draft.contains(told), "`{told}` in\n{draft}");
    }
    let metrics = http::get(&format!("{}/metrics", watchbell.url())).expect("it is up").body;
    for line in [
        "watchbell_actions_total{action=\"restart\",outcome=\"failed\"} 1",
        "watchbell_actions_total{action=\"rebuild\",outcome=\"done\"} 1",
        "watchbell_action_duration_seconds_count{action=\"rebuild\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let of_restart = |document: &Value| document["labels.action_name"] == "restart";
    let said = watchbell.process.said();
    let logged = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(of_restart);
    let logged = logged.unwrap_or_else(|| panic!("a line for each run: {said}"));
    assert_eq!((&logged["log.level"], &logged["labels.action_outcome"]), (&json!("warn"), &json!("failed")));
    assert!(!said.contains("tok-0123456789"), "no secret is logged");
}

#[test]
fn bad_remedies_of_every_kind_are_bounded_and_recorded_and_every_level_is_told_in_its_time() {
    let rules = "      - alert: Down
        expr: down
        tiers: { critical: { above: 0 } }
        actions: [hangs, forks, floods, missing, forbidden, breaks, slow, works]
";
    let Some(town) = Town::new(rules) else { return };
    town.folder.write(
        "hangs.sh",
        "trap '' TERM\n(trap '' TERM; echo $$ > hanging; while :; do sleep 0.1; done) &\nwhile :; do sleep 0.1; done\n",
    );
    town.folder.write("forks.sh", "(while [ ! -e over ]; do sleep 0.1; done; touch lived) &\n");
    town.folder.write("floods.sh", "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last\n");
    town.folder.write("forbidden.sh", "exit 0\n");
    town.receivers.control(
        &json!({ "path": "/hook/breaks", "channel": "webhook", "do": "status", "status": 500, "body": "no database" }),
    );
    town.receivers.control(&json!({ "path": "/hook/slow", "channel": "webhook", "do": "hang" }));
    let actions = "  hangs: { exec: [/bin/sh, hangs.sh], timeout: 4s }
  forks: { exec: [/bin/sh, forks.sh] }
  floods: { exec: [/bin/sh, floods.sh] }
  missing: { exec: [/no/such/remedy] }
  forbidden: { exec: [./forbidden.sh] }
  breaks: { webhook: { url: \"$RECEIVERS/hook/breaks\" } }
  slow: { webhook: { url: \"$RECEIVERS/hook/slow\" }, timeout: 4s }
  works: { webhook: { url: \"$RECEIVERS/hook/works\", secret: { env: ACTION_SECRET } } }";
    let levels = "{ levels: [{ name: automation, actions: true, notify: [chat] }, { name: on-call, after: 1s, notify: [pager] }] }";
    town.write("down", "a", 1.0);
    let watchbell = town.start(actions, &format!("critical: {levels}, high: {levels}"));

    for (action, outcome, words) in [
        ("missing", "not_started", "No such file or directory"),
        ("forbidden", "not_started", "Permission denied"),
        ("forks", "done", "ended well"),
        ("floods", "done", "(last)"),
        ("breaks", "failed", "answered 500 (no database)"),
        ("works", "done", "ended well"),
        ("slow", "timed_out", "given up after 4s"),
        ("hangs", "timed_out", "given up after "),
    ] {
        let ended = wait_for_entry(&watchbell, &[&format!("action: {action} "), words]);
        assert_eq!(ended["outcome"], outcome, "{ended}");
    }
    let entries = timeline(&watchbell);
    let flood = &entries[place(&entries, "action: floods {host=\"a\"} ended well")]["output"];
    let flood = flood.as_str().expect("it said something");
    assert!(
        flood.starts_with("first\nxxx") && flood.ends_with("xxx\nlast\n") && flood.len() < 10_000,
        "{}",
        flood.len()
    );
    assert!(
        place(&entries, "reached level on-call") < place(&entries, "action: slow {host=\"a\"} was"),
        "a remedy delays no level"
    );
    wait_for("the pager", || town.told("pager").first().cloned());

    // Of what was given up nothing is left; what a program left behind when it had ended goes on.
    let group = std::fs::read_to_string(town.folder.path().join("hanging")).expect("it ran");
    wait_for("all that hung to be gone", || (!Path::new(&format!("/proc/{}", group.trim())).exists()).then_some(()));
    town.folder.write("over", "");
    wait_for("what was forked to have lived", || town.has("lived").then_some(()));

    let asked = town.sent_to("/hook/works");
    let event = &asked[0]["body"];
    assert_eq!((asked.len(), &event["type"]), (1, &json!("action.run")), "{asked:?}");
    assert_eq!(event["data"]["action"], "works");
    assert_eq!(event["data"]["alert"]["labels"], json!({ "alertname": "Down", "host": "a", "severity": "critical" }));
    assert_eq!(event["data"]["incident"]["name"], "INC-1");
    assert_eq!(town.sent_to("/hook/breaks").len(), 1, "no remedy is tried twice");
    assert_eq!(asked[0]["verdict"], "accepted", "it is signed: {asked:?}");
}

#[test]
fn a_run_that_was_under_way_at_a_kill_is_not_repeated_and_what_runs_at_a_stop_is_ended() {
    let rules = "      - { alert: Down, expr: down, tiers: { critical: { above: 0 } }, actions: [drain] }\n";
    let Some(town) = Town::new(rules) else { return };
    town.folder.write("drain.sh", "echo $1 >> runs\nwhile [ -e drain.sh ] && [ ! -e over ]; do sleep 0.1; done\n");
    let actions = "  drain: { exec: [/bin/sh, drain.sh, \"{{ $labels.host }}\"], timeout: 5m, max_runs: 9 }";
    let levels = "{ levels: [{ name: automation, actions: true, notify: [chat] }] }";
    let start = || town.start(actions, &format!("critical: {levels}, high: {levels}"));
    let runs = || std::fs::read_to_string(town.folder.path().join("runs")).unwrap_or_default();
    let both = || {
        town.write("down", "a", 1.0);
        town.write("down", "b", 1.0);
    };
    both();
    let mut watchbell = start();
    wait_for("the first run", || (runs().lines().count() == 1).then_some(()));
    wait_for("both alerts", || {
        both();
        (timeline(&watchbell).iter().filter(|entry| entry["kind"] == "action_owed").count() == 2).then_some(())
    });
    let first = runs();
    watchbell.process.signal("KILL");
    watchbell.process.wait();
    drop(watchbell);

    let mut watchbell = start();
    wait_for_entry(&watchbell, &["action: drain", "how it ended is not known"]);
    wait_for("the second run, which had not begun", || (runs().lines().count() == 2).then_some(()));
    let mut hosts: Vec<String> = runs().lines().map(str::to_owned).collect();
    hosts.sort();
    assert_eq!(hosts, ["a", "b"], "the first, {first:?}, is not run again");
    wait_for("people to hear of it", || town.told("chat").iter().any(|why| why.contains("is not known")).then_some(()));

    watchbell.process.signal("TERM");
    assert!(watchbell.process.wait().success(), "{}", watchbell.process.said());
    drop(watchbell);
    let watchbell = start();
    let stopped = wait_for_entry(&watchbell, &["action: drain", "because Watchbell stopped"]);
    assert_eq!(stopped["outcome"], "stopped");
    assert_eq!(runs().lines().count(), 2, "nothing is run again while its alert goes on");
    town.folder.write("over", "");
}

#[test]
fn nothing_begins_that_cannot_be_put_on_record() {
    let rules = "      - { alert: Down, expr: down, tiers: { critical: { above: 0 } }, actions: [drain] }\n";
    let Some(town) = Town::new(rules) else { return };
    town.write("down", "a", 0.0);
    let levels = "{ levels: [{ name: automation, actions: true, notify: [chat] }] }";
    let touch = "  drain: { exec: [/usr/bin/touch, ran] }";
    let watchbell = town.start(touch, &format!("critical: {levels}, high: {levels}"));
    let script = "import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
time.sleep(600)";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(town.folder.path().join("watchbell.db"));
    let locker = Process::start("locker", &mut command, town.folder.path(), |said| said.contains("locked"));
    let locker = locker.expect("it locks");

    town.write("down", "a", 1.0);
    wait_for("the page, which goes out all the same", || town.told("chat").first().cloned());
    wait_for("the store to be missed again", || {
        (watchbell.process.said().matches("the store does not remember").count() >= 3).then_some(())
    });
    assert!(!town.has("ran"), "whoever starts next would make it again");
    drop(locker);
    wait_for("the run", || town.has("ran").then_some(()));
    wait_for_entry(&watchbell, &["action: drain", "ended well"]);
}
