//! The reports and the draft of a post-mortem, out of journals that the engine wrote while it lived through a scenario; and the two
//! commands on what is not there.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use watchbell::diagnostics::{Findings, Sources, render};
use watchbell::engine::World;
use watchbell::engine::event::{Event, EventKind, IncidentEvent};
use watchbell::model::{IncidentId, Labels, Moment, RuleId, Span};
use watchbell::replay;
use watchbell::review::{
    self, Course, Inputs, Kind, Measured, NoDraft, OneIncident, Past, Postmortem, Suggestion, Trend,
};
use watchbell::service::load::FileLoader;
use watchbell::store::{Commit, Partition, Sqlite, Store};

const HERE: Partition = Partition(0);

/// Seen from the repository, where tests run: what is told of files is the same on every machine.
fn in_tests(path: &str) -> PathBuf {
    Path::new("tests/review").join(path)
}

fn world() -> World {
    let fresh = FileLoader::new(in_tests("watchbell.yaml")).load().unwrap_or_else(|why| panic!("{why}"));
    World::new(fresh.settings, fresh.rules)
}

/// What the engine recorded while it lived through a scenario.
fn lived(file: &Path) -> Vec<Event> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let scenario = replay::load(file, &mut sources, &mut findings);
    replay::journal(&scenario.unwrap_or_else(|| panic!("{}", render::human(&findings, &sources, false))))
}

fn remember(store: &mut Sqlite, events: Vec<Event>) {
    let lease = store.acquire(HERE, "story", 0, 1).expect("it is free");
    let moment = events.iter().map(|event| event.moment).max().unwrap_or_default();
    let commit = Commit { events, rule_set: "rules".into(), moment, ..Commit::default() };
    store.commit(HERE, lease.epoch, 0, &commit, 0).expect("it is the first");
}

fn at(text: &str) -> Moment {
    let at: jiff::Timestamp = text.parse().expect("an instant");
    Moment::from_millis(at.as_millisecond())
}

/// Two weeks, in a store of their own.
fn weeks() -> Sqlite {
    let mut store = Sqlite::in_memory().expect("SQLite is built in");
    remember(&mut store, lived(&in_tests("weeks.yaml")));
    store
}

fn report(kind: Kind, store: &mut Sqlite, when: &str, measured: Option<&Measured>) -> review::Report {
    let (world, at) = (world(), at(when));
    let periods = kind.periods(at, &world.settings.timezone);
    let past = Past::read(store, HERE, &world.settings, periods, at).expect("it can be read");
    let suggestions =
        [Suggestion { alert: "GasPriceSpike".into(), words: "high: try above 130: 1 page instead of 3".into() }];
    review::report(kind, &Inputs { world: &world, past: &past, at, measured, suggestions: &suggestions })
}

fn draft(store: &mut Sqlite, number: u64, when: &str) -> Result<Postmortem, NoDraft> {
    let world = world();
    let one = OneIncident::read(store, HERE, &world.settings, number).expect("it can be read").expect("there is one");
    review::postmortem(&world, &one, &[], at(when))
}

/// What a source might say of the rules.
fn measured() -> Measured {
    let world = world();
    let course = |p50: f64| Course { p50, p95: p50 * 2.0, min: 1.0, max: p50 * 3.0, on_target: Some(0.994), series: 1 };
    let all: BTreeMap<&str, RuleId> =
        world.rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| (&*rule.alert, rule.id)).collect();
    let disk = Trend { labels: Labels::new([("host", "node-1")]), now: 70.0, ahead: 90.0, known: 1.0 };
    let young = Trend { labels: Labels::new([("host", "node-2")]), now: 70.0, ahead: 90.0, known: 0.2 };
    Measured {
        courses: BTreeMap::from([
            (all["GasPriceSpike"], (Some(course(24.123_456)), Some(course(20.0)))),
            (all["DiskFilling"], (Some(Course { on_target: None, ..course(70.0) }), None)),
        ]),
        trends: BTreeMap::from([(all["DiskFilling"], vec![disk, young])]),
        failures: vec![("ApiSlow".into(), "the source did not answer within 10s".into())],
    }
}

#[test]
fn a_morning_after_a_weekend_is_told_with_what_is_open_and_who_is_on_call() {
    let daily = report(Kind::Daily, &mut weeks(), "2026-01-12T08:00:00Z", None);
    insta::assert_snapshot!(daily.human());
    insta::assert_snapshot!("short_daily", daily.short());
}

#[test]
fn a_week_is_told_beside_the_one_before_with_its_noise_its_deadlines_and_its_gaps() {
    let weekly = report(Kind::Weekly, &mut weeks(), "2026-01-12T08:00:00Z", Some(&measured()));
    insta::assert_snapshot!(weekly.markdown());
    insta::assert_snapshot!("short_weekly", weekly.short());
}

#[test]
fn a_month_is_told_in_plain_words_with_its_load_and_where_trends_lead() {
    let monthly = report(Kind::Monthly, &mut weeks(), "2026-02-01T09:00:00Z", Some(&measured()));
    insta::assert_snapshot!(monthly.human());
    insta::assert_snapshot!("short_monthly", monthly.short());
}

#[test]
fn a_report_of_the_past_knows_nothing_of_what_came_later() {
    let mut store = weeks();
    let weekly = report(Kind::Weekly, &mut store, "2026-01-05T08:30:00Z", None);
    assert_eq!(weekly.figures.opened, 1, "only the incident of December lies in its week");
    let open: Vec<u64> = weekly.open.iter().map(|one| one.number).collect();
    assert_eq!(open, [2], "what was open then is open there");
    assert!(weekly.open[0].is_in_hands);
    assert_eq!(
        draft(&mut store, 2, "2026-01-05T08:30:00Z").err().map(|why| why.to_string()).as_deref(),
        Some(
            "INC-2 is still open (critical, since Mon 2026-01-05 09:00 CET, acknowledged by anna); a post-mortem is drafted when it is \
         over. What is known so far: watchbell incidents show INC-2"
        )
    );
}

#[test]
fn what_flaps_over_midnight_is_told_in_the_week_in_which_it_does_and_ended_in_the_one_in_which_it_was_over() {
    // Above the bound twice before Monday and four times after it began, ten minutes each, with as much calm between.
    let scenario = "scenario: over the end of a week
rules: [rules.yaml]
config: watchbell.yaml
start: 2026-01-11T22:30:00Z
answers:
  - { query: GasPriceSpike.value, labels: { chain: sepolia }, every: 5m,
      values: '120 120 20 20 120 120 20 20 120 120 20 20 120 120 20 20 120 120 20 20 120 120 20x20' }
";
    let folder = Scratch::new("review");
    let scenario = folder.write("over-midnight.yaml", scenario);
    for file in ["rules.yaml", "watchbell.yaml"] {
        std::fs::copy(in_tests(file), folder.path().join(file)).expect("it is there");
    }
    let mut store = Sqlite::in_memory().expect("SQLite is built in");
    remember(&mut store, lived(&scenario));
    let mut of_week = |when: &str| {
        let report = report(Kind::Weekly, &mut store, when, None);
        let line = report.rules.iter().find(|line| line.alert == "GasPriceSpike").expect("it fired").clone();
        (line.flaps, line.alone)
    };
    let weeks = [of_week("2026-01-12T12:00:00Z"), of_week("2026-01-19T12:00:00Z")];
    assert_eq!(weeks, [(1, 0), (4, 1)], "flaps, and whether it ended alone");
}

#[test]
fn a_draft_says_what_happened_who_acted_when_and_what_was_missed() {
    let draft = draft(&mut weeks(), 2, "2026-01-12T08:00:00Z").expect("it is over");
    insta::assert_snapshot!(draft.markdown());
    let page = draft.html();
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;now&lt;/b&gt;"), "{page}");
    assert!(page.contains("<a href=\"https://wiki.example.org/review/2\""), "{page}");
}

#[test]
fn what_nobody_acted_on_asks_whether_anybody_had_to_hear_of_it() {
    let draft = draft(&mut weeks(), 3, "2026-01-12T08:00:00Z").expect("it is over");
    insta::assert_snapshot!(draft.questions.join("\n"));
}

/// What is on record after a scenario with the configuration of `topic`, and the instant at which that ended.
fn after(topic: &str, scenario: &str) -> (World, Sqlite, Moment) {
    let folder = Path::new("tests/scenarios");
    let fresh = FileLoader::new(folder.join(topic).join("watchbell.yaml")).load().unwrap_or_else(|why| panic!("{why}"));
    let world = World::new(fresh.settings, fresh.rules);
    let events = lived(&folder.join(scenario));
    let at = events.iter().map(|event| event.moment).max().expect("something happened");
    let mut store = Sqlite::in_memory().expect("SQLite is built in");
    remember(&mut store, events);
    (world, store, at)
}

fn daily_of(world: &World, store: &mut Sqlite, at: Moment) -> review::Report {
    let periods = Kind::Daily.periods(at, &world.settings.timezone);
    let past = Past::read(store, HERE, &world.settings, periods, at).expect("it can be read");
    review::report(Kind::Daily, &Inputs { world, past: &past, at, measured: None, suggestions: &[] })
}

#[test]
fn what_machines_tried_is_a_part_of_its_own_with_what_came_to_nothing() {
    for (scenario, name) in [
        ("actions-fails-then-works.yaml", "remedies_fails_then_works"),
        ("actions-limit.yaml", "remedies_limit"),
        ("actions-do-not-work.yaml", "remedies_do_not_work"),
    ] {
        // A moment later, so that what happened last lies in the period.
        let (world, mut store, at) = after("actions", scenario);
        let report = daily_of(&world, &mut store, at + Span::from_secs(1));
        let page = report.human();
        let part = page.split("REMEDIES\n").nth(1).and_then(|rest| rest.split("\nSILENCES").next()).expect("a part");
        let json: serde_json::Value = serde_json::from_str(&report.json()).expect("it is JSON");
        let json = serde_json::to_string_pretty(&json["remedies"]).expect("it is JSON");
        let short = report.short();
        let short = short.lines().find(|line| line.starts_with("remedies: ")).expect("a line");
        insta::assert_snapshot!(name, format!("{part}\n{short}\n\n{json}"));
    }
}

#[test]
fn what_is_open_is_told_at_the_severity_that_it_has_now() {
    let folder = Path::new("tests/scenarios");
    let fresh = FileLoader::new(folder.join("escalation/watchbell.yaml")).load().unwrap_or_else(|why| panic!("{why}"));
    let world = World::new(fresh.settings, fresh.rules);
    let mut events = lived(&folder.join("escalation-rise-and-fall.yaml"));
    let is = |event: &Event, severity: &str| match &event.kind {
        EventKind::Incident { event: IncidentEvent::Severity { to }, .. } => to.name().as_str() == severity,
        _ => false,
    };
    let fallen = events.iter().find(|event| is(event, "medium")).expect("it falls").moment;
    events.retain(|event| event.moment <= fallen);
    let mut store = Sqlite::in_memory().expect("SQLite is built in");
    remember(&mut store, events);
    let report = daily_of(&world, &mut store, fallen + Span::from_secs(1));
    let (open, row) = (&report.open[0].severity, &report.incidents[0].severity);
    assert_eq!((open.as_str(), row.as_str()), ("medium", "high"), "what it is now, and what it was at its worst");
}

#[test]
fn what_a_remedy_mended_did_not_end_by_itself() {
    let (world, mut store, at) = after("actions", "actions-fails-then-works.yaml");
    let one = OneIncident::read(&mut store, HERE, &world.settings, 1).expect("it can be read").expect("there is one");
    let page = review::postmortem(&world, &one, &[], at).expect("it is over").markdown();
    assert!(page.contains("- **Ended**: by `rebuild-queue`, which worked: its last alert ended\n"), "{page}");
    assert!(page.contains("- rebuild-queue mended it, and nobody had to act."), "{page}");

    let page = daily_of(&world, &mut store, at).markdown();
    assert!(page.contains("| by `rebuild-queue` |"), "{page}");
    assert!(!page.contains("by itself") && !page.contains("without anybody acting, last"), "{page}");
}

#[test]
fn an_alert_whose_rule_was_removed_did_not_end_by_itself() {
    let (world, mut store, at) = after("differences", "difference-removed-rule.yaml");
    let one = OneIncident::read(&mut store, HERE, &world.settings, 1).expect("it can be read").expect("there is one");
    let page = review::postmortem(&world, &one, &[], at).expect("it is over").markdown();
    assert!(page.contains("- **Ended**: its rule was removed: whether it is better is not known\n"), "{page}");
    let page = daily_of(&world, &mut store, at + Span::from_secs(1)).markdown();
    assert!(page.contains("| its rule was removed |") && !page.contains("by itself"), "{page}");
}

#[test]
fn of_an_empty_journal_it_is_said_that_nothing_is_on_record() {
    for kind in [Kind::Daily, Kind::Weekly, Kind::Monthly] {
        let mut store = Sqlite::in_memory().expect("SQLite is built in");
        let report = report(kind, &mut store, "2026-02-01T09:00:00Z", None);
        assert!(report.is_unrecorded());
        let text = report.human();
        assert!(text.contains("Nothing is on record of this period."), "{text}");
        assert!(!text.contains("Nothing went wrong") && !text.contains("100 %"), "nothing is made up\n{text}");
        assert!(report.short().contains("nothing is on record"), "{}", report.short());
    }
}

/// The same incident once more: `number`, so much later.
fn again(story: &[Event], number: u64, later: Span) -> Vec<Event> {
    let id = IncidentId::derive(&["again", &number.to_string()]);
    let moved = |event: &Event| {
        let mut event = event.clone();
        event.moment = event.moment + later;
        event.slot = event.slot.map(|slot| slot + later);
        if let EventKind::Incident { id: of, number: called, event: step, .. } = &mut event.kind {
            (*of, *called) = (id, number);
            match step {
                IncidentEvent::Opened(opening) => {
                    (opening.id, opening.number) = (id, number);
                    (opening.slot, opening.until) = (opening.slot + later, opening.until + later);
                }
                IncidentEvent::Acknowledged(it) => it.at = it.at + later,
                IncidentEvent::Assessed(it) => it.at = it.at + later,
                IncidentEvent::Joined { subject, .. } => {
                    (subject.active, subject.since) = (subject.active + later, subject.since + later);
                }
                IncidentEvent::Left { at, .. }
                | IncidentEvent::Told { at, .. }
                | IncidentEvent::Communicated { at, .. }
                | IncidentEvent::Missed { at, .. }
                | IncidentEvent::Resolved { at, .. }
                | IncidentEvent::Reviewed { at, .. } => *at = *at + later,
                _ => {}
            }
        }
        event
    };
    story.iter().map(moved).collect()
}

#[test]
fn four_hundred_days_with_eight_incidents_a_day_make_a_page_that_people_can_read() {
    let is_of_two = |event: &Event| matches!(&event.kind, EventKind::Incident { number: 2, .. });
    let story: Vec<Event> = lived(&in_tests("weeks.yaml")).into_iter().filter(is_of_two).collect();
    let mut all = Vec::new();
    for number in 0..3_200_u64 {
        let hours = i64::try_from(number).unwrap_or(0) * 3 - 399 * 24;
        all.extend(again(&story, number + 1, Span::from_hours(hours)));
    }
    all.sort_by_key(|event| event.moment);
    let mut store = Sqlite::in_memory().expect("SQLite is built in");
    remember(&mut store, all);
    let monthly = report(Kind::Monthly, &mut store, "2026-01-01T09:00:00Z", None);
    assert_eq!(monthly.figures.opened, 31 * 8);
    assert_eq!(monthly.figures_before.as_ref().map(|before| before.opened), Some(30 * 8));
    assert!(monthly.html().len() < 200_000, "{} bytes", monthly.html().len());
    assert!(monthly.human().contains("And 198 more; `--format json` has them all."), "{}", monthly.human());
    assert!(monthly.short().chars().count() <= 1_500);
}

fn watchbell(folder: &Scratch, arguments: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

fn configured() -> Scratch {
    let folder = Scratch::new("review-command");
    for file in ["watchbell.yaml", "rules.yaml"] {
        folder.write(file, &std::fs::read_to_string(in_tests(file)).expect("it is there"));
    }
    folder
}

#[test]
fn a_journal_that_is_not_there_or_is_newer_is_named_and_an_instant_to_come_is_refused() {
    let folder = configured();
    let (code, _, err) = watchbell(&folder, &["report", "daily"]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("watchbell.db"), "{err}");
    let (code, _, err) = watchbell(&folder, &["report", "weekly", "--to", "2999-01-01"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: --to 2999-01-01 has not come yet\n"));

    let path = folder.path().join("watchbell.db");
    remember(&mut Sqlite::open(&path).expect("a new file can be opened"), lived(&in_tests("weeks.yaml")));
    let (code, out, err) =
        watchbell(&folder, &["report", "daily", "--offline", "--to", "2026-01-12T09:00", "-o", "d.md"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", "written to d.md\n"));
    let page = std::fs::read_to_string(folder.path().join("d.md")).expect("it was written");
    assert!(page.starts_with("# Daily report: Fri 2026-01-09 00:00 to Mon 2026-01-12 09:00\n"), "{page}");
    let filled_in = folder.write("INC-1.md", "what people know\n");
    let (code, _, err) = watchbell(&folder, &["postmortem", "INC-1", "--offline", "-o", "INC-1.md"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: `INC-1.md` would be overwritten\n"));
    assert_eq!(std::fs::read_to_string(filled_in).expect("it is there"), "what people know\n");
    let (code, _, err) = watchbell(&folder, &["postmortem", "INC-99", "--offline"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no incident INC-99 in "), "{err}");

    let newer = rusqlite::Connection::open(&path).expect("it can be opened");
    newer.execute("UPDATE events SET version = 7 WHERE kind = 'slept'", []).expect("it can be written");
    for asked in [&["report", "monthly", "--offline"][..], &["postmortem", "INC-2", "--offline"]] {
        let (code, _, err) = watchbell(&folder, asked);
        assert_eq!(code, Some(3), "{err}");
        assert!(
            err.contains("the journal holds an event `slept` of version 7") && err.contains("run a newer one"),
            "{err}"
        );
    }
}

#[test]
fn what_has_just_happened_is_told_also_where_a_clock_that_was_set_back_is_behind_it() {
    let folder = configured();
    let mut store = Sqlite::open(&folder.path().join("watchbell.db")).expect("a new file can be opened");
    let step = |event: &Event| match &event.kind {
        EventKind::Incident { number: 2, event: step, .. } => Some(step.clone()),
        _ => None,
    };
    let mut story: Vec<Event> = lived(&in_tests("weeks.yaml")).into_iter().filter(|it| step(it).is_some()).collect();
    let over = story.iter().position(|it| matches!(step(it), Some(IncidentEvent::Resolved { .. })));
    story.truncate(over.expect("it ends") + 1);
    let (now, last) = (jiff::Timestamp::now().as_millisecond(), story.last().expect("it ends").moment);
    let ahead = Moment::from_millis(now) + Span::from_hours(1);
    remember(&mut store, again(&story, 2, ahead - last));

    let (code, page, err) = watchbell(&folder, &["postmortem", "INC-2", "--offline"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(page.contains("INC-2"), "{page}");
    let (code, page, err) = watchbell(&folder, &["report", "daily", "--offline"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(page.contains("INC-2") && !page.contains("Nothing is on record"), "{page}");
}

#[test]
fn json_is_the_value_that_the_page_was_made_of() {
    let report = report(Kind::Weekly, &mut weeks(), "2026-01-12T08:00:00Z", Some(&measured()));
    let json: serde_json::Value = serde_json::from_str(&report.json()).expect("JSON");
    assert_eq!(json["kind"], "weekly");
    assert_eq!(json["period"]["from"], "2026-01-04T23:00:00Z", "the local midnight, in UTC");
    assert_eq!(json["figures"]["opened"], report.figures.opened);
}
