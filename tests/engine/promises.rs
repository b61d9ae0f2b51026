//! Stories of promises that a scenario file cannot say. Which promise each shows: `docs/promises.md`.

use crate::found::{alert, lines, rules, with_head};
use crate::memory::remembered;
use crate::rig::{Failing, Rig};
use crate::worlds::world_of;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use watchbell::engine::alert::{Alert, AlertKind, Phase};
use watchbell::engine::command::{Deed, NewSilence, SilencePhase};
use watchbell::engine::evaluate::RuleState;
use watchbell::engine::incident::Held;
use watchbell::engine::notice::{NoticeKind, refreshes};
use watchbell::engine::{Fact, World};
use watchbell::model::{Labels, Matchers, Moment, SilenceId, Slot, Span};
use watchbell::notify::alertmanager::message::{Message, Now};
use watchbell::notify::alertmanager::told::Told;
use watchbell::rules::template::Answers;
use watchbell::service::fetch::Desk;

#[test]
fn the_scenarios_of_the_promises_end_as_their_snapshots_tell() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["test", "tests/scenarios/promises"]);
    let played = command.output().expect("the program was built beside the test");
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stdout));
}

#[test]
fn timers_do_not_notice_that_the_wall_clock_was_stepped() {
    for step in [Span::from_hours(1), Span::from_mins(-2)] {
        let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1, for: 2m } } }"));
        rig.set("x", &[], Some(2.0)).slots(2).step_clock(step).slots(2);
        let phase = |rig: &Rig| alert(rig, "A").map(|alert| alert.phase());
        assert_eq!(phase(&rig), Some(Phase::Pending), "ninety seconds have passed, whatever the clock says");
        rig.slots(1);
        assert_eq!(phase(&rig), Some(Phase::Firing), "two minutes have passed");
    }
}

/// A world of one rule at one severity, of which the policy tells as `tells` says, and nobody at any other.
fn one_rule(head: &str, (severity, tells): (&str, &str)) -> Arc<World> {
    let line = |name: &str| format!("      {name}: {}\n", if name == severity { tells } else { "{ tell: nobody }" });
    let matrix = ["critical", "high", "medium", "low"].map(line).concat();
    let settings = format!(
        "{head}policies:\n  default:\n    wait: 0s\n    matrix:\n{matrix}routes: [{{ policy: default }}]\ntimezone: UTC\n\
         prometheus: {{ main: {{ url: http://127.0.0.1:9090 }} }}\nrules: [rules.yaml]\n"
    );
    let rule = format!("{{ alert: A, expr: x, tiers: {{ {severity}: {{ above: 1 }} }} }}");
    world_of(&settings, &format!("groups: [{{ name: g, interval: 30s, rules: [{rule}] }}]"))
}

#[test]
fn what_is_due_at_a_slot_waits_for_its_answers_while_they_are_under_way() {
    let head = "
channels: { hook: { webhook: { url: \"http://127.0.0.1:7000/hook\" } } }
";
    let tells = ("high", "{ levels: [{ notify: [hook] }, { name: late, after: 1m, notify: [hook] }] }");
    let reached = |rig: &Rig| {
        rig.engine.state.incidents.by_key.values().next().and_then(|one| one.climb).map(|climb| climb.reached)
    };
    for (awaits, reaches) in [(true, 1), (false, 2)] {
        let mut rig = Rig::new(one_rule(head, tells));
        rig.set("x", &[], Some(2.0)).slots(2);
        let slot = rig.now + Span::from_secs(30);
        (rig.now, rig.engine.awaited) = (slot + Span::from_millis(300), awaits.then_some(slot));
        rig.fact(Fact::Tick);
        assert_eq!(reached(&rig), Some(reaches), "its answers are under way: {awaits}");
        // Where they say that it goes on, the level is told with them.
        rig.engine.awaited = None;
        rig.slots(1);
        assert_eq!(reached(&rig), Some(2));
    }
}

#[test]
fn quiet_hours_end_by_the_wall_clock_however_it_was_stepped() {
    let head = "
channels: { slack: { slack: { token: { env: SLACK_TOKEN }, to: \"#alerts\" } } }
responders: { sleeper: { reach: [{ via: slack, to: U04 }], quiet_hours: { from: \"09:00\", to: \"10:00\", below: critical } } }
";
    let tells = ("high", "{ levels: [{ notify: [\"responder:sleeper\"] }] }");
    // Half past nine it is after so many slots, and ten after so many more, where nobody steps the clock.
    for (step, slots) in [(Span::ZERO, 60), (Span::from_mins(20), 20), (Span::from_mins(-20), 100)] {
        let mut rig = Rig::new(one_rule(head, tells));
        rig.set("x", &[], Some(2.0)).slots(60).step_clock(step).slots(slots);
        assert!(rig.drafts.is_empty(), "they rest: {:?}", rig.drafts);
        rig.slots(1);
        assert_eq!(rig.drafts.len(), 1, "ten o'clock has come, {step:?} by a step");
    }
}

#[test]
fn a_clock_that_was_days_ahead_silences_no_digest_and_no_routine_and_none_comes_twice() {
    let head = "
channels: { slack: { slack: { token: { env: SLACK_TOKEN }, to: \"#alerts\" } } }
responders: { lead: { timezone: UTC, reach: [{ via: slack }] } }
routines: [{ name: look, every: { at: \"10:00\" }, owner: lead, notify: [slack], due: 4h, severity: medium }]
";
    let tells = ("low", "{ digest: { at: \"10:00\", notify: [slack] } }");
    let (ten, day) = (Slot::from_millis(1_767_607_200_000), Span::from_hours(24));
    for (days, messages) in [(3, 2), (1, 2), (0, 0)] {
        let (mut rig, days_ahead) = (Rig::new(one_rule(head, tells)), day.times(days));
        rig.set("x", &[], Some(2.0)).slots(110).step_clock(days_ahead).slots(12);
        let ahead = rig.drafts.iter().filter(|draft| draft.opened == ten + days_ahead).count();
        assert_eq!(ahead, 2, "ten o'clock has come {days} days ahead: {:?}", rig.drafts);
        let told = rig.drafts.len();
        rig.step_clock(Span::ZERO - days_ahead - Span::from_mins(3)).slots(10);
        let since: Vec<Slot> = rig.drafts[told..].iter().map(|draft| draft.opened).collect();
        assert_eq!(since, vec![ten; messages], "and comes again, {days} days before");
        let routine = &rig.engine.state.routines["look"];
        assert_eq!((routine.last, routine.open), (ten, Some(ten)), "{days} days");
    }
}

#[test]
fn a_slot_that_comes_again_after_a_step_back_is_a_slot_like_any_other() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } }, no_data: resolve }"));
    rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(2.0)).slots(2).step_clock(Span::from_secs(-30));
    rig.slots(1);
    let state = |rig: &Rig| {
        let rule = rig.engine.state.rules.values().next().expect("the rule is evaluated");
        (rule.health.error.clone(), rule.iter().filter(|alert| alert.phase() == Phase::Firing).count())
    };
    assert_eq!(state(&rig), (None, 2));
    // Gone while its last slot comes again: it is as gone as ever.
    rig.step_clock(Span::from_secs(-30)).set("x", &[("n", "1")], None).slots(1);
    assert_eq!(state(&rig), (None, 1));
}

#[test]
fn engine_time_never_runs_backwards() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.slots(2);
    let latest = rig.engine.state.moment;
    rig.now = Moment::from_millis(0);
    rig.fact(Fact::Tick);
    assert_eq!(rig.engine.state.moment, latest);
}

#[test]
fn an_evaluation_that_fails_leaves_everything_as_it_was() {
    let rule =
        "{ alert: A, expr: x, for: 5m, labels: { up: '{{ with query \"up\" }}{{ . | first | value }}{{ end }}' } }";
    for world in [rules(rule), rules("{ alert: A, expr: x, for: 5m }")] {
        let mut rig = Rig::new(world);
        // The first rule lacks the answer to what its label asks, the second one's query is refused from the third slot on.
        rig.set("x", &[("n", "1")], Some(2.0)).slots(2);
        let before = remembered(&rig.engine.state);
        rig.set("x", &[("n", "2")], Some(2.0)).slots_with(1, &Failing::Rule("A"));
        let failing_since =
            |text: &str| text.lines().filter(|line| line.contains("Series")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(failing_since(&remembered(&rig.engine.state)), failing_since(&before));
    }
    let mut rig = Rig::new(rules(rule));
    rig.set("x", &[("n", "1")], Some(2.0)).slots(3);
    assert!(rig.engine.state.rules.values().all(|rule| rule.active() == 0), "nothing is decided without its labels");
}

#[test]
fn identical_queries_of_one_slot_are_asked_once() {
    let world = rules("{ alert: A, expr: x > 1 }\n{ alert: B, expr: y }\n{ alert: C, expr: x > 1, for: 5m }");
    let desk = Desk::new(&world.rules.groups[0]);
    let asked: Vec<Vec<usize>> = desk.rules().map(|(_, questions)| questions.to_vec()).collect();
    assert_eq!(asked, [[0], [1], [0]]);
}

#[test]
fn a_calm_series_that_is_gone_for_long_is_forgotten_and_a_firing_one_is_kept() {
    let world =
        with_head("    forget_after: 10m\n", "{ alert: A, expr: x, tiers: { high: { above: 1 } }, no_data: keep }");
    let mut rig = Rig::new(world);
    let known = |rig: &Rig| -> Vec<String> {
        let all = rig.engine.state.rules.values().flat_map(RuleState::iter);
        all.map(|alert| alert.labels.get("n").to_owned()).collect()
    };
    rig.set("x", &[("n", "calm")], Some(0.0)).set("x", &[("n", "firing")], Some(2.0)).slots(1);
    rig.set("x", &[("n", "calm")], None).set("x", &[("n", "firing")], None).slots(20);
    assert_eq!(known(&rig).len(), 2, "ten minutes are not over");
    rig.slots(2);
    assert_eq!(known(&rig), ["firing"]);
}

#[test]
fn on_error_is_one_alert_beside_the_frozen_ones_and_the_first_good_evaluation_ends_it() {
    let mut rig =
        Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } }, on_error: { tier: high, after: 1m } }"));
    rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(2.0)).slots(1);
    let firing = |rig: &Rig| {
        let all = rig.engine.state.rules.values().flat_map(RuleState::iter);
        let mut kinds: Vec<AlertKind> =
            all.filter(|alert| alert.phase() == Phase::Firing).map(|alert| alert.kind).collect();
        kinds.sort();
        kinds
    };
    rig.slots_with(2, &Failing::Rule("A"));
    assert_eq!(firing(&rig), [AlertKind::Series, AlertKind::Series], "not before its time");
    rig.slots_with(3, &Failing::Rule("A"));
    assert_eq!(firing(&rig), [AlertKind::Series, AlertKind::Series, AlertKind::Failing]);
    rig.slots(1);
    assert_eq!(firing(&rig), [AlertKind::Series, AlertKind::Series]);
}

#[test]
fn two_series_that_end_as_one_identity_fail_only_that_identity_and_both_are_named() {
    let rule = "{ alert: A, queries: { x: x, y: y }, join: [chain], tiers: { high: { when: 'x > 1' } } }";
    let seen = |backwards: bool| {
        let mut rig = Rig::new(rules(rule));
        rig.backwards = backwards;
        for (chain, pool) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1")] {
            rig.set("x", &[("chain", chain), ("pool", pool)], Some(2.0));
        }
        rig.slots(1);
        let state = rig.engine.state.rules.values().next().expect("the rule has been evaluated").clone();
        let firing = state.iter().filter(|alert| alert.phase() == Phase::Firing);
        (
            firing.map(|alert| alert.labels.get("chain").to_owned()).collect::<Vec<_>>(),
            state.health.error.unwrap_or_default(),
        )
    };
    let expected =
        r#"two series of `A` are one at {chain="a"}: {chain="a", pool="1"} and {chain="a", pool="2"}, and 1 more"#;
    assert_eq!(seen(false), (vec!["b".to_owned()], expected.to_owned()));
    assert_eq!(seen(true), seen(false));
}

#[test]
fn a_message_names_the_queries_that_it_needs_and_is_rendered_with_their_answers() {
    let rule = "{ alert: A, expr: x, labels: { severity: critical }, annotations: { summary: '{{ with query \"up\" }}{{ . | first | value }}{{ end }} of {{ $value }}' } }";
    let mut rig = Rig::new(rules(rule));
    rig.set("x", &[], Some(2.0)).slots(1);
    let (draft, world) = (&rig.drafts[0], &rig.engine.world);
    let wanted = draft.compose(world, Span::ZERO, &Answers::new()).expect_err("it asks");
    assert_eq!(wanted, [("main".into(), "up".to_owned())]);
    let answers: Answers = [("up".to_owned(), Ok(vec![(Labels::empty(), 7.0)]))].into_iter().collect();
    let text = || {
        draft.compose(world, Span::ZERO, &answers).expect("every query has an answer").alerts[0].annotations[0]
            .1
            .clone()
    };
    assert_eq!((text(), text()), ("7 of 2".to_owned(), "7 of 2".to_owned()));
}

/// A rule before and after a reload, and whether it is the same.
const RELOADS: [(&str, &str, &str, bool); 7] = [
    ("the same id", "{ id: one, alert: A, expr: x, for: 5m }", "{ id: one, alert: B, expr: x, for: 6m }", true),
    (
        "moved from its id",
        "{ id: one, alert: A, expr: x, for: 5m }",
        "{ id: two, moved_from: [one], alert: A, expr: x, for: 5m }",
        true,
    ),
    (
        "moved from its name",
        "{ alert: A, expr: x, for: 5m }",
        "{ alert: B, moved_from: [main/A], expr: x, for: 5m }",
        true,
    ),
    (
        "the same name and labels",
        "{ alert: A, expr: x, for: 5m, labels: { team: a } }",
        "{ alert: A, expr: x, for: 9m, labels: { team: a } }",
        true,
    ),
    (
        "other labels, alone of its name",
        "{ alert: A, expr: x, for: 5m, labels: { team: a } }",
        "{ alert: A, expr: x, for: 5m, labels: { team: b } }",
        true,
    ),
    (
        "the second of two that are alike",
        "{ alert: A, expr: z, for: 5m }\n{ alert: A, expr: x, for: 5m }",
        "{ alert: A, expr: z, for: 9m }\n{ alert: A, expr: x, for: 9m }",
        true,
    ),
    ("another name", "{ alert: A, expr: x, for: 5m }", "{ alert: B, expr: x, for: 5m }", false),
];

#[test]
fn a_reload_finds_each_rule_again_and_it_keeps_its_timers() {
    for (what, before, after, same) in RELOADS {
        let mut rig = Rig::new(rules(before));
        rig.set("x", &[("n", "1")], Some(2.0)).slots(3);
        let since = |rig: &Rig| {
            let all = rig.engine.state.rules.values().flat_map(RuleState::iter);
            all.filter_map(Alert::active_at).collect::<Vec<_>>()
        };
        let before = since(&rig);
        rig.reload(rules(after)).slots(1);
        assert_eq!((before.len(), since(&rig) == before), (1, same), "{what}");
    }
}

#[test]
fn static_labels_are_attributes_and_changing_them_ends_nothing() {
    let rule = |team: &str| {
        rules(&format!("{{ alert: A, expr: x, tiers: {{ high: {{ above: 1 }} }}, labels: {{ team: {team} }} }}"))
    };
    let mut rig = Rig::new(rule("a"));
    rig.set("x", &[("n", "1")], Some(2.0)).slots(2);
    rig.reload(rule("b")).slots(2);
    assert_eq!(
        lines(&rig.drafts),
        ["Page opened to pager", "Page opened to slack"],
        "nobody hears that it ended and began again"
    );
    assert_eq!(alert(&rig, "A").expect("it fires").labels.get("team"), "b");
}

#[test]
fn what_fires_is_said_again_with_the_value_of_now_and_copied_only_where_that_is_new() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1 } } }"));
    let [moves, stays] = [[("n", "moves")], [("n", "stays")]];
    rig.set("x", &moves, Some(2.0)).set("x", &stays, Some(2.0)).slots(2).set("x", &moves, Some(3.0)).slots(1);
    let again = refreshes(&rig.engine, &["pager".into()], rig.now);
    let [draft] = &again[..] else { panic!("one incident, one channel: {again:?}") };
    let incident = rig.engine.state.incidents.by_key.values().next().expect("it is open");
    let said = draft.members.iter().map(|member| {
        let known = &incident.members[&member.subject.alert];
        (member.subject.labels.get("n"), (member.subject.value, Arc::ptr_eq(member, known)))
    });
    assert_eq!(said.collect::<BTreeMap<_, _>>(), [("moves", (3.0, false)), ("stays", (2.0, true))].into());
}

#[test]
fn after_a_start_an_alert_and_its_incident_have_one_set_of_labels_also_when_the_next_slot_has_told_them_anew() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1 } } }"));
    rig.set("x", &[("__name__", "x"), ("n", "1")], Some(2.0)).slots(2).restart();
    for _ in 0..2 {
        let alert = alert(&rig, "A").expect("it fires");
        let member = rig.engine.state.incidents.by_key.values().flat_map(|incident| incident.members.values()).next();
        let subject = &member.expect("its incident is open").subject;
        assert!(subject.labels.shares_with(&alert.labels) && subject.series.shares_with(&alert.series));
        rig.slots(1);
    }
}

#[test]
fn deciding_again_after_a_crash_owes_the_same_messages_under_the_same_keys() {
    let decided = |crashed: bool| {
        let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1, for: 1m } } }"));
        rig.set("x", &[("n", "1")], Some(2.0)).slots(2);
        if crashed {
            rig.restart();
        }
        rig.slots(1);
        rig.drafts.iter().map(|draft| draft.id).collect::<Vec<_>>()
    };
    assert_eq!(decided(true), decided(false));
    assert_eq!(decided(true).len(), 2, "the pager and the channel");
}

#[test]
fn the_number_of_a_page_rises_with_the_severity_alone_and_the_end_closes_every_page() {
    let rule = "{ alert: A, policy: clusters, expr: x, tiers: { critical: { above: 90 }, high: { above: 60 } } }";
    let mut rig = Rig::new(rules(rule));
    for value in [70.0, 100.0, 70.0, 100.0, 0.0] {
        rig.set("x", &[("cluster", "a")], Some(value)).slots(3);
    }
    let pages: Vec<u32> =
        rig.drafts.iter().filter(|draft| draft.kind == NoticeKind::Page).map(|draft| draft.page).collect();
    let ends: Vec<_> =
        rig.drafts.iter().filter(|draft| draft.kind == NoticeKind::End).map(|draft| draft.pages.clone()).collect();
    assert_eq!((pages, ends), (vec![1, 2], vec![vec![1, 2]]), "back up to what was told wakes nobody");
}

#[test]
fn a_silence_for_later_holds_back_from_its_time_on_and_may_be_changed_until_it_is_over() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1 } } }"));
    let start = Slot::from_millis(rig.now.millis());
    let silence = |name: &str, minutes: i64, replaces: Option<SilenceId>| {
        let matchers = Matchers::parse(&format!("alertname={name:?}")).expect("they are matchers");
        let from = Some(start + Span::from_mins(minutes));
        Deed::Silence(NewSilence {
            from,
            replaces,
            ..NewSilence::from_now(matchers, Span::from_mins(30), "work".into())
        })
    };
    let known = |rig: &Rig| -> Vec<_> {
        let all = rig.engine.state.incidents.silences.values();
        all.map(|silence| (silence.id, silence.phase, Slot::from_millis(silence.from.millis()) - start)).collect()
    };
    rig.command(silence("A", 9, None));
    let id = known(&rig)[0].0;
    rig.command(silence("A", 3, Some(id)));
    assert_eq!(known(&rig), [(id, SilencePhase::Pending, Span::from_mins(3))], "the same one, for another time");

    rig.set("x", &[("n", "1")], Some(2.0)).slots(2);
    let is_held = |rig: &Rig| rig.engine.state.incidents.by_key.values().any(|incident| incident.held.is_some());
    assert!(!rig.drafts.is_empty() && !is_held(&rig), "nothing is held back before its time");
    rig.slots(6);
    assert!(is_held(&rig), "it holds from its time on");
    assert_eq!(known(&rig), [(id, SilencePhase::Holds, Span::from_mins(3))]);

    rig.command(silence("A", 1, Some(id)));
    assert_eq!(known(&rig), [(id, SilencePhase::Holds, Span::from_mins(3))], "what has begun keeps its begin");
    rig.command(silence("B", 1, Some(id)));
    assert!(!is_held(&rig), "with other matchers it is another silence, and the old one is over");
    let over: Vec<_> = known(&rig).into_iter().filter(|(_, phase, _)| *phase == SilencePhase::Over).collect();
    assert_eq!((over.len(), over[0].0, known(&rig).len()), (1, id, 2));
}

#[test]
fn live_replay_and_test_decide_by_the_same_facts_alone() {
    let told = |world: Arc<World>| {
        let mut rig = Rig::new(world);
        rig.set("x", &[("n", "1")], Some(2.0)).slots(3).set("x", &[("n", "1")], Some(0.0)).slots(3);
        crate::memory::told(&rig.drafts)
    };
    let world = || rules("{ alert: A, expr: x, tiers: { high: { above: 1, for: 30s } } }");
    assert_eq!(told(world()), told(world()), "no clock, no chance, no order of a hash map");
}

#[test]
fn what_people_are_told_has_the_time_of_a_wall_clock_that_was_set_back() {
    let mut rig = Rig::new(rules(
        "{ alert: A, expr: x, tiers: { high: { above: 1 } }, annotations: { summary: 'since {{ $activeAt.Format \"15:04:05\" }}' } }",
    ));
    rig.slots(1).step_clock(Span::from_hours(-1)).set("x", &[], Some(2.0)).slots(2);
    let began = rig.now - Span::from_secs(30) - Span::from_hours(1);
    let draft = rig.drafts.iter().find(|draft| draft.kind == NoticeKind::Page).expect("somebody is paged");
    let notice = draft.compose(&rig.engine.world, rig.skew, &Answers::new()).expect("no query is asked");
    assert_eq!((notice.alerts[0].since, notice.draft.id), (began, draft.id));
    assert_eq!(notice.alerts[0].annotations[0].1, format!("since {}", &began.to_string()[11..19]));
    assert_eq!(notice.draft.at, draft.at - Span::from_hours(1));
    let wall = (rig.now - rig.skew).millis();
    let now = Now { wall, resend_every: Span::from_mins(1) };
    let message = Message { notice: &notice, told: &Told::default(), now };
    let body = message.requests().next().expect("one request").body();
    assert!(
        body.contains(&format!("\"startsAt\":\"{began}\",\"endsAt\":\"{}\"", Moment::from_millis(wall + 240_000))),
        "{body}"
    );
    let held = Held { since: rig.now, by: Vec::new() };
    assert_eq!(held.words(rig.skew), format!("held back since {}: ", Moment::from_millis(wall)));
}
