//! Routines: one comes up at a real minute, with the report of what really happened, and is ticked off.

use crate::support::{Receivers, Scratch, Watchbell, http, wait_long_for};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// It comes up at a whole minute.
const PATIENCE: Duration = Duration::from_secs(100);

#[test]
fn a_routine_comes_up_with_its_report_is_overdue_and_is_ticked_off_by_the_command_line() {
    let Some(receivers) = Receivers::start() else { return };
    let folder = Scratch::new("routines");
    folder.write("rules/a.yaml", "groups: [{ name: g, interval: 1s, rules: [{ alert: A, expr: up == 0 }] }]\n");
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let at = jiff::tz::TimeZone::UTC.to_datetime(soon).strftime("%H:%M").to_string();
    let notify = "{ levels: [{ notify: [hook] }] }";
    let config = format!(
        "prometheus: {{ main: {{ url: \"http://127.0.0.1:9\", timeout: 1s }} }}
rules: [\"rules/*.yaml\"]
timezone: UTC
listen: \"$LISTEN\"
channels: {{ hook: {{ webhook: {{ url: \"{receivers}/hook\" }} }} }}
responders: {{ lead: {{ reach: [{{ via: hook }}] }} }}
policies: {{ default: {{ wait: 0s, matrix: {{ critical: {notify}, high: {notify}, medium: {notify}, low: {notify} }} }} }}
routes: [{{ policy: default }}]
routines:
  - {{ name: look around, every: {{ at: \"{at}\" }}, owner: lead, notify: [hook], due: 1s, severity: high, report: daily }}
",
        receivers = receivers.url(),
    );
    let watchbell = Watchbell::start(folder.path(), &config).expect("it starts");
    let heard = |kind: &str| -> Vec<Value> {
        let log = receivers.log().into_iter();
        let bodies = log.map(|message| match &message["body"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            body => body.clone(),
        });
        bodies.filter(|body: &Value| body["type"] == kind).collect()
    };
    let said = wait_long_for(PATIENCE, "the routine with its report", || heard("routine").pop());
    let report = said["data"]["report"].as_str().expect("it is a text");
    assert!(report.starts_with("daily report, "), "{report}");
    assert!(
        said["data"]["reason"].as_str().is_some_and(|reason| reason.contains("routines done 'look around'")),
        "{said}"
    );
    wait_long_for(PATIENCE, "that it is overdue", || heard("incident.opened").pop());

    let routines = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.args(["routines", "--url", watchbell.url()]).args(arguments);
        let output = command.current_dir(folder.path()).output().expect("it starts");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let listed = routines(&["list"]);
    assert!(listed.contains("look around  (lead)  OVERDUE: it was due "), "{listed}");
    assert_eq!(routines(&["done", "look around", "--note", "all calm"]), "look around is ticked off\n");
    wait_long_for(PATIENCE, "the end of the alert", || heard("incident.resolved").pop());
    let again = routines(&["done", "look around"]);
    assert!(again.starts_with("no: routine `look around` is not waiting for anybody; it comes up at "), "{again}");
    let listed = http::get(&format!("{}/api/v1/routines", watchbell.url())).expect("it answers").json();
    assert_eq!(listed["data"]["routines"][0]["lastDone"]["note"], "all calm", "{listed}");
}
