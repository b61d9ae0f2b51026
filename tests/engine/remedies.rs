//! The smallest stories of remedies that a scenario cannot tell: what whoever carries them out says late, twice or never.

use crate::rig::Rig;
use crate::worlds::world_of;
use watchbell::engine::command::{Act, Deed, NewSilence};
use watchbell::engine::incident::{Ended, Outcome, RUNS_AT_ONCE, RunId, RunNews, RunStage};
use watchbell::engine::{EventKind, Fact, IncidentEvent};
use watchbell::model::{Matchers, Span};

const SETTINGS: &str = r#"
prometheus: { main: { url: "http://127.0.0.1:9090" } }
rules: [rules.yaml]
channels: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
actions:
  restart: { exec: [/bin/restart, "{{ $labels.host }}"], max_runs: 100, verify_within: 1m }
  a: { exec: [/bin/a] }
  b: { exec: [/bin/b] }
  c: { exec: [/bin/c] }
  d: { exec: [/bin/d] }
  e: { exec: [/bin/e] }
  f: { exec: [/bin/f] }
  g: { exec: [/bin/g] }
  h: { exec: [/bin/h] }
  i: { exec: [/bin/i] }
policies:
  default:
    group_by: [alertname]
    wait: 0s
    matrix:
      critical: { levels: [{ actions: true, notify: [hook] }] }
      high: { levels: [{ actions: true, notify: [hook] }] }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;
const RULES: &str = "
groups:
  - name: g
    interval: 30s
    rules:
      - { alert: Down, expr: down, tiers: { critical: { above: 1 }, high: { above: 0 } }, actions: [restart] }
      - { alert: Many, expr: many, tiers: { high: { above: 0 } }, actions: [a, b, c, d, e, f, g, h, i] }
";

fn rig() -> Rig {
    Rig::new(world_of(SETTINGS, RULES))
}

fn down(rig: &mut Rig, host: &str, value: f64) {
    rig.set("down", &[("host", host)], Some(value)).slots(1);
}

fn news(rig: &mut Rig, id: RunId, news: &RunNews) {
    rig.fact(Fact::Run { id, news });
}

fn ended(outcome: Outcome) -> RunNews {
    RunNews::Ended(Ended::at_once(outcome))
}

fn steps(rig: &Rig) -> Vec<&IncidentEvent> {
    let steps = rig.journal.iter().filter_map(|event| match &event.kind {
        EventKind::Incident { event, .. } => Some(event),
        _ => None,
    });
    steps.collect()
}

fn words(rig: &Rig) -> Vec<String> {
    steps(rig)
        .into_iter()
        .filter_map(|step| step.words(Span::ZERO))
        .filter(|words| words.starts_with("action"))
        .collect()
}

#[test]
fn a_run_begins_once_and_ends_once_whatever_is_said_of_it() {
    let mut rig = rig();
    down(&mut rig, "a", 1.0);
    let id = rig.engine.state.incidents.runs_due()[0];
    news(&mut rig, id, &ended(Outcome::Done));
    news(&mut rig, RunId { run: 9, ..id }, &RunNews::Begins);
    news(&mut rig, RunId { incident: 9, ..id }, &RunNews::Begins);
    assert!(words(&rig).is_empty(), "what has not begun does not end, and what is not there does not begin");
    news(&mut rig, id, &RunNews::Begins);
    news(&mut rig, id, &RunNews::Begins);
    news(&mut rig, id, &ended(Outcome::Failed("exit status 1".into())));
    news(&mut rig, id, &ended(Outcome::Done));
    assert_eq!(
        words(&rig),
        [
            r#"action: restart runs for {alertname="Down", host="a"}"#,
            r#"action: restart {host="a"} failed after 0s: exit status 1"#
        ]
    );
    assert!(rig.engine.state.incidents.runs_due().is_empty(), "it is not run again while the alert fires");
}

#[test]
fn a_run_that_had_begun_is_known_after_a_restart_and_one_that_had_not_is_still_owed() {
    let mut rig = rig();
    down(&mut rig, "a", 1.0);
    down(&mut rig, "b", 1.0);
    let first = rig.engine.state.incidents.runs_due();
    assert_eq!(first.len(), 1, "each action runs once at a time");
    news(&mut rig, first[0], &RunNews::Begins);
    for with_snapshot in [false, true] {
        if with_snapshot {
            rig.snapshot();
        }
        rig.restart();
        assert_eq!(rig.engine.state.incidents.running(), first);
        assert!(rig.engine.state.incidents.runs_due().is_empty());
    }
    news(&mut rig, first[0], &RunNews::Ended(Ended::unknown()));
    let second = rig.engine.state.incidents.runs_due();
    assert!(second.len() == 1 && second != first, "what nobody knows the end of is not repeated: {second:?}");
}

#[test]
fn an_incident_that_is_over_waits_for_what_still_runs_against_it_and_is_then_forgotten() {
    let mut rig = rig();
    down(&mut rig, "a", 1.0);
    let id = rig.engine.state.incidents.runs_due()[0];
    news(&mut rig, id, &RunNews::Begins);
    down(&mut rig, "a", 0.0);
    rig.slots(40);
    assert_eq!(rig.engine.state.incidents.run(id).map(|run| run.stage), Some(RunStage::Running));
    // A new incident of the same alert in the meantime is another one.
    down(&mut rig, "a", 1.0);
    assert_eq!(rig.engine.state.incidents.last_number, 2);
    news(&mut rig, id, &ended(Outcome::Done));
    let words = words(&rig);
    assert!(
        words.iter().any(|words| words == r#"action: restart {host="a"} worked: its alert has ended"#),
        "{words:?}"
    );
    rig.slots(1);
    assert!(rig.engine.state.incidents.numbered(1).is_none(), "nothing is left to wait for");
}

#[test]
fn a_fall_runs_nothing_and_a_rise_runs_only_what_is_new() {
    let rules = RULES.replace(
        "tiers: { critical: { above: 1 }, high: { above: 0 } }, actions: [restart]",
        "tiers: { critical: { above: 1, actions: [a, restart] }, high: { above: 0, actions: [b, restart] } }",
    );
    let mut rig = Rig::new(world_of(SETTINGS, &rules));
    let owed = |rig: &Rig| -> Vec<String> {
        let owed = steps(rig).into_iter().filter_map(|step| match step {
            IncidentEvent::ActionOwed { action, .. } => Some(action.to_string()),
            _ => None,
        });
        owed.collect()
    };
    down(&mut rig, "a", 2.0);
    assert_eq!(owed(&rig), ["a", "restart"]);
    down(&mut rig, "a", 1.0);
    assert_eq!(owed(&rig), ["a", "restart"], "it gets better by itself, or by what was tried");
    down(&mut rig, "b", 1.0);
    down(&mut rig, "b", 2.0);
    assert_eq!(owed(&rig)[2..], ["b", "restart"], "`a` has had its one run in an hour");
    assert!(words(&rig).iter().any(|words| words.contains("action: a is not run for")), "{:?}", words(&rig));
}

#[test]
fn no_more_than_so_many_run_at_once_in_all() {
    let mut rig = rig();
    rig.set("many", &[], Some(1.0)).slots(1);
    let due = rig.engine.state.incidents.runs_due();
    assert_eq!(due.len(), RUNS_AT_ONCE);
    for id in &due {
        news(&mut rig, *id, &RunNews::Begins);
    }
    assert!(rig.engine.state.incidents.runs_due().is_empty());
    news(&mut rig, due[3], &ended(Outcome::Done));
    assert_eq!(rig.engine.state.incidents.runs_due().len(), 1);
}

#[test]
fn time_in_which_nobody_looked_does_not_count_against_a_remedy() {
    let mut rig = rig();
    down(&mut rig, "a", 1.0);
    let id = rig.engine.state.incidents.runs_due()[0];
    news(&mut rig, id, &RunNews::Begins);
    news(&mut rig, id, &ended(Outcome::Done));
    rig.sleep(Span::from_mins(10));
    down(&mut rig, "a", 0.0);
    let words = words(&rig);
    assert_eq!(words.last().map(String::as_str), Some(r#"action: restart {host="a"} worked: its alert has ended"#));
}

#[test]
fn an_end_that_is_none_says_nothing_of_a_remedy() {
    let mut rig = rig();
    down(&mut rig, "a", 1.0);
    let id = rig.engine.state.incidents.runs_due()[0];
    news(&mut rig, id, &RunNews::Begins);
    news(&mut rig, id, &ended(Outcome::Done));
    rig.reload(crate::worlds::world_of(SETTINGS, "groups: []"));
    let words = words(&rig);
    assert!(words.last().is_some_and(|words| words.contains("may have worked")), "{words:?}");
}

#[test]
fn nothing_is_run_while_it_is_held_back() {
    let mut rig = rig();
    let silence = |rig: &mut Rig| {
        let matchers = Matchers::parse("alertname=\"Down\"").expect("it is a matcher");
        rig.command(Deed::Silence(NewSilence::from_now(matchers, Span::from_mins(5), "work".into())));
    };
    silence(&mut rig);
    down(&mut rig, "a", 1.0);
    rig.slots(3);
    assert!(rig.engine.state.incidents.runs().next().is_none(), "it is silenced");
    rig.slots(10);
    let due = rig.engine.state.incidents.runs_due();
    assert_eq!(due.len(), 1, "released, it gets its remedy");
    // Silenced again before that began, it waits again, and so does what joins meanwhile.
    silence(&mut rig);
    down(&mut rig, "b", 1.0);
    assert!(rig.engine.state.incidents.runs_due().is_empty());
    assert_eq!(rig.engine.state.incidents.runs().count(), 1, "nothing more is owed");
    news(&mut rig, due[0], &RunNews::Begins);
    assert!(words(&rig).is_empty(), "also where somebody begins it who does not know");
    rig.slots(12);
    assert_eq!(rig.engine.state.incidents.runs_due(), due);
    assert_eq!(rig.engine.state.incidents.runs().count(), 2);
}

#[test]
fn runs_are_counted_in_their_time_and_no_longer() {
    let settings = SETTINGS.replace("max_runs: 100, verify_within: 1m", "max_runs: 1, within: 5m");
    let mut rig = Rig::new(world_of(&settings, RULES));
    let owed = |rig: &Rig| steps(rig).iter().filter(|step| matches!(step, IncidentEvent::ActionOwed { .. })).count();
    for (minute, runs) in [(0, 1), (2, 1), (4, 1), (6, 2), (8, 2)] {
        down(&mut rig, "a", 1.0);
        if let Some(id) = rig.engine.state.incidents.runs_due().first().copied() {
            news(&mut rig, id, &RunNews::Begins);
            news(&mut rig, id, &ended(Outcome::Done));
        }
        assert_eq!(owed(&rig), runs, "after {minute} minutes");
        // What a snapshot keeps is counted like what the journal says.
        rig.snapshot().restart();
        down(&mut rig, "a", 0.0);
        rig.slots(2);
    }
}

#[test]
fn a_level_that_somebody_wants_at_once_runs_its_remedies_at_once() {
    let settings = SETTINGS.replace(
        "critical: { levels: [{ actions: true, notify: [hook] }] }",
        "critical: { levels: [{ notify: [hook] }, { after: 1h, actions: true }] }",
    );
    let mut rig = Rig::new(world_of(&settings, RULES));
    down(&mut rig, "a", 2.0);
    assert!(rig.engine.state.incidents.runs_due().is_empty());
    rig.act(1, Act::Escalate);
    assert_eq!(rig.engine.state.incidents.runs_due().len(), 1);
}
