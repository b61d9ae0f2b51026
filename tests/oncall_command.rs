//! `watchbell oncall` as people, calendars and programs call it.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The key of the channel is nowhere: whoever looked it up would fail.
const CONFIGURATION: &str = r#"
timezone: Europe/Berlin
channels: { pager: { pagerduty: { routing_key: { env: WATCHBELL_TEST_NO_SUCH_KEY } } } }
responders: { ann: { reach: [{ via: pager }] }, bob: { reach: [{ via: pager }] }, "eve, jr; \\ ünï": { reach: [{ via: pager }] } }
schedules:
  primary:
    layers: [{ rotation: { responders: [ann, bob], every: 1w, from: "2026-01-05T09:00" } }]
    overrides: [{ from: "2026-03-24T09:00", to: "2026-03-25T09:00", responder: "eve, jr; \\ ünï" }]
  office:
    timezone: America/New_York
    layers:
      - rotation: { responders: [bob], every: 1d, from: "2026-01-05T09:00" }
        during: { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00" }
  alone:
    timezone: UTC
    layers: [{ rotation: { responders: [ann], every: 1w, from: "2026-01-05T09:00" } }]
"#;

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let output = command.current_dir(folder).arg("oncall").args(arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Asks the configuration above, and expects an answer.
fn answer(arguments: &[&str]) -> String {
    let folder = Scratch::new("oncall");
    folder.write("watchbell.yaml", CONFIGURATION);
    let said = said(folder.path(), arguments);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
    said.out
}

fn refusal(arguments: &[&str]) -> String {
    let folder = Scratch::new("oncall");
    folder.write("watchbell.yaml", CONFIGURATION);
    let said = said(folder.path(), arguments);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
    said.err
}

#[test]
fn it_says_who_is_on_call_until_when_who_is_next_and_when_nobody_is() {
    insta::assert_snapshot!(answer(&["--at", "2026-03-23T12:00:00Z"]));
    // A local time is the configuration's: nine in Berlin, where the turn begins.
    let at_nine = answer(&["--at", "2026-03-30T09:00", "--schedule", "primary"]);
    assert!(at_nine.contains("primary  ann until Mon 2026-04-06 09:00 CEST, then bob\n"), "{at_nine}");
}

#[test]
fn a_range_lists_every_shift_in_the_zone_of_its_schedule() {
    insta::assert_snapshot!(answer(&["--from", "2026-03-23", "--to", "2026-03-31"]));
    insta::assert_snapshot!(answer(&["--from", "2026-03-23", "--to", "2026-03-31", "--responder", "bob"]));
}

#[test]
fn programs_get_instants_in_utc_and_lists_of_people() {
    let now: Value =
        serde_json::from_str(&answer(&["--at", "2026-03-23T12:00:00Z", "--format", "json"])).expect("JSON");
    let primary = now["schedules"].as_array().unwrap().iter().find(|one| one["schedule"] == "primary").unwrap();
    assert_eq!(primary["on_call"], serde_json::json!(["bob"]));
    assert_eq!(primary["until"], "2026-03-24T08:00:00Z");
    assert_eq!(primary["next"], serde_json::json!(["eve, jr; \\ ünï"]));
    let range = answer(&["--from", "2026-03-27", "--to", "2026-03-31", "--schedule", "office", "--format", "json"]);
    insta::assert_snapshot!(range);
}

#[test]
fn a_calendar_is_the_same_each_time_and_says_whole_turns() {
    let all = ["--ical", "--from", "2026-03-24T10:00:00Z", "--to", "2026-03-26", "--schedule", "primary"];
    let calendar = answer(&all);
    assert_eq!(calendar, answer(&all));
    assert!(calendar.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{calendar}");
    insta::assert_snapshot!(calendar.replace("\r\n", "\n"));
    // Another part of the same time: the same events under the same identifiers.
    let part =
        answer(&["--ical", "--from", "2026-03-24T11:00:00Z", "--to", "2026-03-24T12:00:00Z", "--schedule", "primary"]);
    let identifiers = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
    };
    assert_eq!(identifiers(&part).len(), 1);
    assert!(identifiers(&calendar).contains(&identifiers(&part)[0]));
    let of_bob = answer(&["--ical", "--from", "2026-03-23", "--to", "2026-03-31", "--responder", "bob"]);
    assert!(of_bob.contains("X-WR-CALNAME:on call: bob\r\n"), "{of_bob}");
    let summaries: Vec<&str> = of_bob.lines().filter(|line| line.starts_with("SUMMARY:")).collect();
    assert_eq!(summaries.len(), identifiers(&of_bob).len());
    assert!(summaries.iter().all(|summary| summary.starts_with("SUMMARY:bob on call: ")), "{summaries:?}");
}

#[test]
fn what_is_not_there_or_not_a_time_is_wrong_use() {
    let told = [
        refusal(&["--schedule", "primry"]),
        refusal(&["--responder", "anne"]),
        refusal(&["--at", "tomorrow"]),
        refusal(&["--from", "2026-03-31", "--to", "2026-03-23"]),
        refusal(&["--from", "1900-01-01", "--to", "9999-01-01", "--schedule", "office"]),
    ];
    insta::assert_snapshot!(told.concat());
    let past = refusal(&["--to", "2020-01-01"]);
    assert!(past.starts_with("error: `--to` is not after now, 20"), "{past}");
    assert_eq!(said(Path::new("."), &["--ical", "--at", "now"]).code, Some(2));
}

#[test]
fn a_configuration_that_does_not_pass_answers_nothing() {
    let folder = Scratch::new("oncall");
    folder.write("watchbell.yaml", &CONFIGURATION.replace("[ann, bob]", "[ann, bert]"));
    let said = said(folder.path(), &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("error[WB100]: there is no responder `bert`"), "{}", said.err);
    assert!(!said.err.contains("warning"), "{}", said.err);
}

#[test]
fn without_a_configuration_it_says_so() {
    let folder = Scratch::new("oncall");
    let said = said(folder.path(), &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("watchbell.yaml"), "{}", said.err);
    folder.write("watchbell.yaml", "{}\n");
    assert_eq!(self::said(folder.path(), &[]).out, "there are no schedules\n");
}
