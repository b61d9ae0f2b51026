//! What random sequences have found, each as the smallest story that shows it.

use crate::acts::post;
use crate::memory::remembered;
use crate::rig::{Failing, Rig, stored};
use crate::worlds::{SETTINGS, empty_world, world_of};
use std::collections::HashSet;
use std::sync::Arc;
use watchbell::engine::alert::Alert;
use watchbell::engine::command::{Act, Actor, Command, Deed, Refusal, Via};
use watchbell::engine::evaluate::RuleState;
use watchbell::engine::notice::{Draft, NoticeKind};
use watchbell::engine::transition::Origin;
use watchbell::engine::{EventKind, Fact, Failure, State, World};
use watchbell::model::{Labels, Name, Severity, Slot, Span};
use watchbell::rules::template::Answers;

/// One group with these rules.
pub fn rules(rules: &str) -> Arc<World> {
    with_head("", rules)
}

pub fn with_head(head: &str, rules: &str) -> Arc<World> {
    let rules: String = rules.lines().map(|line| format!("      - {line}\n")).collect();
    world_of(SETTINGS, &format!("groups:\n  - name: main\n    interval: 30s\n{head}    rules:\n{rules}"))
}

/// The only alert that is known by this name.
pub fn alert(rig: &Rig, name: &str) -> Option<Alert> {
    let all = rig.engine.state.rules.values().flat_map(RuleState::iter);
    let mut named = all.filter(|alert| alert.labels.get("alertname") == name);
    let found = named.next().cloned();
    assert!(named.next().is_none(), "{name} is one alert");
    found
}

/// Who was told what, a line for each message.
pub fn lines(drafts: &[Draft]) -> Vec<String> {
    let line = |draft: &Draft| format!("{:?} {} to {}", draft.kind, draft.reason_word(), draft.destination);
    drafts.iter().map(line).collect()
}

trait ReasonWord {
    fn reason_word(&self) -> String;
}

impl ReasonWord for Draft {
    fn reason_word(&self) -> String {
        format!("{:?}", self.reason).to_lowercase()
    }
}

/// What the journal remembers is what the engine does.
#[track_caller]
pub fn assert_remembered(rig: &Rig) {
    let world = &rig.engine.world;
    let folded = State::fold(world, &stored(world, &rig.on_record));
    assert_eq!(remembered(&folded), remembered(&rig.engine.state));
}

/// What comes of somebody's act on the only incident, which is that the engine refuses it.
fn refusal(rig: &mut Rig, act: Act) -> Option<Refusal> {
    let number = rig.engine.state.incidents.by_key.values().next().expect("there is one").number;
    let actor = Actor { name: "anna".into(), via: Via::Api };
    let command = Command { id: "1".into(), actor, deed: Deed::Incident { number, generation: None, act } };
    let now = rig.engine.state.moment;
    rig.engine.advance(Fact::Command(&command), now).refusal
}

#[test]
fn a_severity_that_the_configuration_does_not_know_is_refused_with_those_that_it_knows() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.set("x", &[("n", "1")], Some(2.0)).slots(2);
    let refused = refusal(&mut rig, Act::Assess(Severity::new(u8::MAX, "huge")));
    let Some(Refusal::Invalid(why)) = refused else { panic!("{refused:?}") };
    assert!(why.starts_with("there is no severity `huge`; there are `critical`, `high`"), "{why}");
    let incident = rig.engine.state.incidents.by_key.values().next().expect("it is open");
    assert!(incident.severity.name() == &Name::from("high") && incident.assessed.is_none());
}

#[test]
fn a_review_is_linked_once() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.set("x", &[("n", "1")], Some(2.0)).slots(2).set("x", &[("n", "1")], Some(0.0)).slots(1);
    let link = || Act::Review("https://example.org/review".into());
    assert_eq!(refusal(&mut rig, link()), None);
    let number = rig.engine.state.incidents.by_key.values().next().expect("it is kept").number;
    assert_eq!(refusal(&mut rig, link()), Some(Refusal::Reviewed(number)));
}

#[test]
fn a_renamed_rule_is_evaluated_after_a_restart_as_well() {
    let mut rig = Rig::new(rules("{ alert: Old, expr: x, tiers: { high: { above: 1 } } }"));
    rig.set("x", &[], Some(2.0)).slots(1);
    rig.reload(rules("{ alert: New, moved_from: [main/Old], expr: x, tiers: { high: { above: 1 } } }"));
    rig.restart().slots(1);
    assert!(alert(&rig, "New").is_some_and(|alert| alert.firing_tier().is_some()));
}

#[test]
fn a_calm_series_whose_absence_matters_is_missed_after_a_restart_as_well() {
    let rule = "{ alert: A, expr: x, tiers: { high: { above: 1 } }, no_data: { tier: high, after: 1m } }";
    let mut rig = Rig::new(rules(rule));
    rig.set("x", &[("n", "1")], Some(0.0)).set("x", &[("n", "2")], Some(0.0)).slots(1);
    assert_remembered(&rig);
    rig.restart().set("x", &[("n", "1")], None).slots(4);
    assert!(rig.drafts.iter().any(|draft| draft.kind == NoticeKind::Page), "nobody hears that {{n=\"1\"}} is gone");
}

#[test]
fn a_rule_that_begins_to_watch_for_absence_knows_what_was_there_before() {
    let rule =
        |policy: &str| rules(&format!("{{ alert: A, expr: x, tiers: {{ high: {{ above: 1 }} }}, no_data: {policy} }}"));
    let mut rig = Rig::new(rule("keep"));
    rig.set("x", &[], Some(0.0)).slots(1);
    rig.reload(rule("{ tier: high, after: 1m }"));
    assert_remembered(&rig);
}

#[test]
fn what_a_reload_ended_does_not_fire_again_after_a_restart() {
    let rule = |tier: &str| rules(&format!("{{ alert: A, expr: x, tiers: {{ {tier}: {{ above: 1, for: 5m }} }} }}"));
    let mut rig = Rig::new(rule("high"));
    rig.set("x", &[], Some(2.0)).slots(11);
    assert!(alert(&rig, "A").is_some_and(|alert| alert.firing_tier().is_some()));
    rig.reload(rule("medium"));
    rig.restart();
    assert!(alert(&rig, "A").is_none_or(|alert| alert.firing_tier().is_none()), "its tier is gone, and it was said so");
}

/// The labels of every alert of the only incident that fires.
fn labels_of_members(rig: &Rig) -> Vec<String> {
    let incident = rig.engine.state.incidents.by_key.values().next().expect("there is one");
    incident.firing().map(|member| member.subject.labels.to_string()).collect()
}

#[test]
fn what_is_said_of_an_alert_has_the_labels_that_a_reload_gave_it() {
    let tiers = "expr: x, tiers: { high: { above: 1 } }";
    let with = |name: &str, team: &str| {
        rules(&format!("{{ alert: {name}, moved_from: [main/A], {tiers}, labels: {{ team: {team} }} }}"))
    };
    let mut rig = Rig::new(with("A", "a"));
    rig.set("x", &[], Some(2.0)).slots(2).reload(with("A", "b"));
    let labels = r#"{alertname="A", team="b"}"#;
    assert_eq!(labels_of_members(&rig), [labels]);
    assert_remembered(&rig);
    rig.restart();
    assert_eq!(labels_of_members(&rig), [labels]);
    rig.reload(with("B", "b"));
    assert_eq!(labels_of_members(&rig), [r#"{alertname="B", team="b"}"#]);
    let told = rig.drafts.len();
    rig.slots(2);
    assert_eq!(rig.drafts.len(), told, "nobody is woken by a label");
    rig.set("x", &[], Some(0.0)).slots(2);
    let end = rig.drafts.last().expect("the end is told");
    assert_eq!((end.kind, end.members[0].subject.labels.get("alertname")), (NoticeKind::End, "B"));
}

#[test]
fn what_a_label_template_made_of_an_answer_stays_over_a_reload() {
    let who = r#"{{ with query \"owner\" }}{{ . | first | label \"name\" }}{{ end }}"#;
    let with = |name: &str, team: &str| {
        rules(&format!(
            "{{ alert: {name}, moved_from: [main/Q], expr: x > 1, for: 1m, labels: {{ team: {team}, who: \"{who}\" }} }}"
        ))
    };
    let mut rig = Rig::new(with("Q", "a"));
    rig.answers.insert("owner".into(), Ok(vec![(Labels::new([("name", "ann")]), 1.0)]));
    rig.set("x > 1", &[("n", "1")], Some(2.0)).slots(2);
    for (name, team) in [("Q", "b"), ("R", "b"), ("R", "b")] {
        rig.reload(with(name, team));
        let alert = alert(&rig, name).expect("it is kept");
        assert_eq!(alert.labels.to_string(), format!(r#"{{alertname="{name}", n="1", team="b", who="ann"}}"#));
    }
    rig.slots(3);
    assert_eq!(lines(&rig.drafts), ["Page opened to slack"], "its `for` went on");
    assert_eq!(labels_of_members(&rig), [r#"{alertname="R", n="1", team="b", who="ann"}"#]);
}

#[test]
fn of_two_rules_of_one_name_that_are_moved_each_keeps_its_own_alerts() {
    for (one, two) in [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j")] {
        let rule = |expr: &str, team: &str| {
            format!("{{ alert: A, moved_from: [main/A], expr: {expr} > 1, labels: {{ team: {team} }} }}")
        };
        let with = |x: &str, y: &str| rules(&format!("{}\n{}", rule("x", x), rule("y", y)));
        let mut rig = Rig::new(with("x", "y"));
        rig.set("x > 1", &[], Some(2.0)).slots(2).reload(with(one, two)).slots(2);
        assert_eq!(lines(&rig.drafts), ["Page opened to slack"], "{one} {two}");
        assert_eq!(labels_of_members(&rig), [format!(r#"{{alertname="A", team="{one}"}}"#)]);
    }
}

#[test]
fn nothing_is_recorded_without_a_place_to_write_it_to_so_nothing_fails_there() {
    let text = "groups: [{ name: main, interval: 30s, rules: [{ record: a, expr: x }] }]";
    let mut rig = Rig::new(world_of(&format!("{SETTINGS}remote_write: {{ url: \"http://127.0.0.1:9/\" }}\n"), text));
    rig.record(5, &[Err(Failure { message: "it is refused".into(), is_the_sources: false })]);
    assert_eq!(own(&rig), ["WatchbellRuleFailing a"]);
    rig.reload(world_of(SETTINGS, text));
    assert_eq!(own(&rig), [""; 0]);
}

#[test]
fn the_severity_of_a_plain_rule_is_a_label_like_others_and_its_clock_goes_on() {
    let with =
        |severity: &str| rules(&format!("{{ alert: A, expr: x > 1, for: 2m, labels: {{ severity: {severity} }} }}"));
    let mut rig = Rig::new(with("medium"));
    rig.set("x > 1", &[], Some(2.0)).slots(4).reload(with("high")).slots(1);
    assert!(alert(&rig, "A").is_some_and(|alert| alert.firing_tier().is_some()), "it was pending for two minutes");
    rig.slots(2);
    assert_eq!(lines(&rig.drafts), ["Page opened to pager", "Page opened to slack"]);
    rig.reload(with("critical")).slots(2);
    assert_eq!(lines(&rig.drafts)[2..], ["Page rose to pager", "Page rose to slack"]);
    rig.reload(with("medium")).restart().slots(4);
    assert_eq!(lines(&rig.drafts)[4..], ["Update fell to slack"], "it never ended");
    assert_eq!(labels_of_members(&rig), [r#"{alertname="A", severity="medium"}"#]);
    assert_remembered(&rig);
}

#[test]
fn an_update_after_a_reload_has_the_texts_of_the_rule_under_its_new_name() {
    let rule = |name: &str| {
        rules(&format!(
            "{{ alert: {name}, moved_from: [main/Old], expr: x, tiers: {{ high: {{ above: 1 }} }}, annotations: {{ summary: too much }} }}"
        ))
    };
    let mut rig = Rig::new(rule("Old"));
    rig.set("x", &[], Some(2.0)).slots(2);
    rig.reload(rule("New"));
    rig.act(1, Act::Acknowledge);
    let update =
        rig.drafts.iter().find(|draft| draft.kind == NoticeKind::Update).expect("those who know hear who is at it");
    let notice = update.compose(&rig.engine.world, Span::ZERO, &Answers::new()).expect("no query is asked");
    assert_eq!(notice.alerts[0].annotations, [("summary".into(), "too much".to_owned())]);
}

#[test]
fn watchbells_own_alerts_end_with_the_rule_the_source_and_the_limit_that_they_speak_of() {
    let mut rig = Rig::new(with_head("    limit: 1\n", "{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(2.0)).slots(1);
    rig.slots_with(5, &Failing::Rule("A")).slots_with(5, &Failing::Source);
    let names = |rig: &Rig| -> Vec<String> {
        rig.engine.state.own.values().map(|subject| subject.labels.get("alertname").to_owned()).collect()
    };
    let mut firing = names(&rig);
    firing.sort();
    assert_eq!(firing, ["WatchbellLimitExceeded", "WatchbellRuleFailing", "WatchbellSourceDown"]);
    rig.reload(empty_world());
    assert_eq!((names(&rig), rig.engine.state.sources.len()), (Vec::<String>::new(), 0));
    assert_remembered(&rig);
}

#[test]
fn a_recording_rule_that_fails_for_long_is_told_and_neither_while_its_source_is_down_nor_when_it_is_gone() {
    let text = "groups: [{ name: main, interval: 30s, rules: [{ record: a, expr: x }, { record: b, expr: y }] }]";
    let settings = format!("{SETTINGS}remote_write: {{ url: \"http://127.0.0.1:9/\" }}\n");
    let mut rig = Rig::new(world_of(&settings, text));
    let refused = || Err(Failure { message: "it is refused".into(), is_the_sources: false });
    let away = || Err(Failure { message: "it is away".into(), is_the_sources: true });
    let own = |rig: &Rig| -> Vec<String> {
        let all = rig.engine.state.own.values();
        all.map(|own| format!("{} {}", own.labels.get("alertname"), own.labels.get("rule"))).collect()
    };
    rig.record(4, &[Ok(1), refused()]);
    assert_eq!(own(&rig), [""; 0], "not before `rule_failure_after`");
    rig.record(1, &[Ok(1), refused()]);
    assert_eq!(own(&rig), ["WatchbellRuleFailing b"]);
    rig.record(5, &[away(), away()]);
    let mut both = own(&rig);
    both.sort();
    assert_eq!(both, ["WatchbellRuleFailing b", "WatchbellSourceDown "], "of `a` nothing is learnt");
    rig.record(1, &[Ok(1), Ok(0)]);
    assert_eq!(own(&rig), [""; 0]);

    rig.record(5, &[refused(), Ok(1)]).fact(Fact::RemoteWrite { trouble: Some("it is full".into()) });
    assert_eq!(own(&rig).len(), 2);
    rig.reload(empty_world());
    assert_eq!(own(&rig), [""; 0]);
    assert_remembered(&rig);
}

/// Which of Watchbell's own alerts fire, each with the rule that it speaks of.
fn own(rig: &Rig) -> Vec<String> {
    let all = rig.engine.state.own.values();
    let mut own: Vec<_> =
        all.map(|own| format!("{} {}", own.labels.get("alertname"), own.labels.get("rule"))).collect();
    own.sort();
    own
}

#[test]
fn a_recording_rule_that_nobody_has_mended_is_not_well_again_because_of_a_start() {
    let text = "groups: [{ name: main, interval: 30s, rules: [{ record: a, expr: x }] }]";
    let mut rig = Rig::new(world_of(&format!("{SETTINGS}remote_write: {{ url: \"http://127.0.0.1:9/\" }}\n"), text));
    let refused = || Err(Failure { message: "it is refused".into(), is_the_sources: false });
    rig.record(5, &[refused()]).restart().record(1, &[refused()]);
    assert_eq!(own(&rig), ["WatchbellRuleFailing a"]);
    rig.record(1, &[Ok(1)]);
    assert_eq!(own(&rig), [""; 0]);
}

#[test]
fn of_two_rules_of_one_name_the_one_that_is_well_does_not_end_what_is_said_of_the_other() {
    let text = "groups: [{ name: main, interval: 30s, rules: [{ record: a, expr: x, labels: { of: x } }, { record: a, expr: y }] }]";
    let mut rig = Rig::new(world_of(&format!("{SETTINGS}remote_write: {{ url: \"http://127.0.0.1:9/\" }}\n"), text));
    let refused = || Err(Failure { message: "it is refused".into(), is_the_sources: false });
    rig.record(7, &[refused(), Ok(1)]).restart().record(2, &[refused(), Ok(1)]);
    assert_eq!(lines(&rig.drafts), ["Page opened to slack"]);
    rig.record(1, &[Ok(1), Ok(1)]);
    assert_eq!(own(&rig), [""; 0]);

    let rules =
        "{ alert: A, expr: x > 1, labels: { severity: high } }\n{ alert: A, expr: y > 1, labels: { severity: low } }";
    let mut rig = Rig::new(with_head("    limit: 1\n", rules));
    for series in ["1", "2"] {
        rig.set("x > 1", &[("n", series)], Some(2.0));
    }
    rig.slots(2);
    assert_eq!(own(&rig), ["WatchbellLimitExceeded A"]);
    let opened = rig.drafts.len();
    rig.slots(3).restart().slots(2);
    assert_eq!(lines(&rig.drafts[opened..]), ["Page opened to slack"; 0], "it goes on, and nobody hears of it again");
    rig.set("x > 1", &[("n", "2")], None).slots(1);
    assert_eq!(own(&rig), [""; 0]);
    rig.slots_with(6, &Failing::Query("x > 1")).restart().slots_with(2, &Failing::Query("x > 1"));
    assert_eq!(own(&rig), ["WatchbellRuleFailing A"]);
    rig.slots(1);
    assert_eq!(own(&rig), [""; 0]);
}

#[test]
fn which_of_two_rules_of_one_name_is_heard_first_makes_no_difference() {
    let rule = |expr: &str| format!("{{ alert: A, expr: {expr} > 1, labels: {{ of: {expr} }} }}");
    for (first, second) in [("x", "y"), ("y", "x")] {
        let mut rig = Rig::new(rules(&format!("{}\n{}", rule(first), rule(second))));
        rig.slots_with(5, &Failing::Query("x > 1")).slots_with(1, &Failing::Query("y > 1"));
        assert_eq!(own(&rig), ["WatchbellRuleFailing A"], "the one is well again, the other fails from now on");
    }
}

#[test]
fn of_two_rules_of_one_name_that_fail_the_one_that_has_for_longest_is_told() {
    let rule = |expr: &str| format!("{{ alert: A, expr: {expr} > 1, labels: {{ of: {expr} }} }}");
    for (first, second) in [("x", "y"), ("y", "x")] {
        let mut rig = Rig::new(rules(&format!("{}\n{}", rule(first), rule(second))));
        rig.slots_with(1, &Failing::Query("x > 1")).slots_with(4, &Failing::Source).slots_with(1, &Failing::Rule("A"));
        let own = rig.engine.state.own.values().next().expect("it is told");
        let Origin::Watchbell(summary) = &own.origin else { panic!("{own:?}") };
        assert_eq!(summary, "rule A has failed since 2026-01-05T09:00:00Z: it is refused");
    }
}

/// It falls for so long that a level of the lower severity is woken, and then it rises again.
#[test]
fn who_was_woken_at_a_lower_severity_only_is_woken_under_a_new_key_when_it_is_higher_again() {
    let matrix = "matrix:
      critical: { tell: nobody }
      high: { levels: [{ notify: [pager] }, { after: 1m, notify: [slack] }] }
      medium: { levels: [{ after: 2m, notify: [slack] }] }
      low: { tell: nobody }
";
    let (head, rest) = (SETTINGS.find("matrix:").expect("a matrix"), SETTINGS.find("  clusters:").expect("a policy"));
    let settings = format!("{}{matrix}{}", &SETTINGS[..head], &SETTINGS[rest..]);
    let rule = "{ alert: A, expr: x, tiers: { high: { above: 100 }, medium: { above: 60 } } }";
    let text = format!("groups: [{{ name: main, interval: 30s, rules: [{rule}] }}]");
    let mut rig = Rig::new(world_of(&settings, &text));
    rig.set("x", &[], Some(120.0)).slots(2).set("x", &[], Some(70.0)).slots(4);
    assert_eq!(lines(&rig.drafts).last().map(String::as_str), Some("Page escalated to slack"));
    rig.set("x", &[], Some(120.0)).slots(4);
    let pages: Vec<_> = rig.drafts.iter().filter(|draft| draft.kind == NoticeKind::Page).collect();
    let keys: HashSet<_> = pages.iter().map(|draft| (&draft.destination, draft.page_key(draft.page))).collect();
    assert_eq!((pages.len(), keys.len()), (3, 3), "{:?}", lines(&rig.drafts));
    rig.set("x", &[], Some(0.0)).slots(1);
    let ends = rig.drafts.iter().filter(|draft| draft.kind == NoticeKind::End);
    let closed: usize = ends.map(|draft| draft.pages.len()).sum();
    assert_eq!(closed, 3, "every page is closed");
}

#[test]
fn no_page_speaks_of_a_posted_alert_that_ends_at_its_very_moment() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x > 1 }"));
    let wall = |rig: &Rig| Slot::from_millis(rig.now.millis());
    rig.slots(1);
    let first = post(1, 0, Some(20), wall(&rig));
    rig.fact(Fact::Posted(std::slice::from_ref(&first)));
    rig.wait(Span::from_secs(20));
    let second = post(0, 0, Some(20), wall(&rig));
    rig.fact(Fact::Posted(&[second]));
    rig.slots(2);
    let page = rig.drafts.iter().find(|draft| draft.kind == NoticeKind::Page).expect("somebody is woken");
    let fires: Vec<_> = page.members.iter().filter(|it| it.ended.is_none()).map(|it| it.subject.alert).collect();
    assert!(!fires.contains(&first.alert()), "{page:?}");
}

#[test]
fn a_channel_that_a_reload_takes_away_can_no_longer_be_in_trouble() {
    let rule = "groups: [{ name: main, rules: [{ alert: A, expr: x }] }]";
    let mut rig = Rig::new(world_of(SETTINGS, rule));
    rig.fact(Fact::Channel { channel: "hook".into(), trouble: Some("it hangs".into()) });
    let without = SETTINGS.replace("  hook: {", "  other: {").replace("[hook]", "[other]");
    rig.reload(world_of(&without, rule));
    assert!(rig.engine.state.own.is_empty());
    assert_eq!(lines(&rig.drafts)[2..], ["End resolved to pager", "End resolved to slack"]);
}

#[test]
fn a_channels_trouble_is_never_told_through_it_whatever_happens_to_the_incident() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.fact(Fact::Channel { channel: "pager".into(), trouble: Some("it hangs".into()) });
    rig.act(1, Act::Snooze(Span::from_secs(20))).slots(2);
    rig.fact(Fact::Channel { channel: "pager".into(), trouble: None });
    let expected = [
        "Page opened to slack",
        "Update snoozed to slack",
        "Page acknowledgementexpired to slack",
        "End resolved to slack",
    ];
    assert_eq!(lines(&rig.drafts), expected);
}

#[test]
fn the_same_page_is_not_offered_again_to_whoever_refused_it() {
    let rule = "{ alert: A, policy: clusters, expr: x, tiers: { high: { above: 60 }, low: { above: 3 } } }";
    let mut rig = Rig::new(rules(rule));
    rig.set("x", &[("cluster", "a")], Some(70.0)).slots(1);
    let page = rig.drafts[0].clone();
    let (incident, generation, destination) = (page.incident, page.generation, page.destination.clone());
    rig.fact(Fact::Refused { incident, generation, destination, page: page.page });
    rig.set("x", &[("cluster", "a")], Some(4.0)).slots(3).set("x", &[("cluster", "a")], Some(70.0)).slots(3);
    let again: Vec<_> = rig.drafts.iter().filter(|draft| draft.id == page.id).collect();
    assert_eq!(again.len(), 1, "a second message under one key would be taken for a repeat, and lost");
}

#[test]
fn a_series_that_goes_missing_takes_no_place_that_is_not_there() {
    let rule = "{ alert: A, expr: x, tiers: { high: { above: 1 } }, no_data: { tier: high, after: 30s } }";
    let mut rig = Rig::new(with_head("    limit: 1\n", rule));
    rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(0.0)).slots(1);
    rig.set("x", &[("n", "2")], None).slots(2);
    let firing = rig.engine.state.rules.values().map(RuleState::active).sum::<usize>();
    assert_eq!(firing, 2, "one by its condition, one because it is missing");
}

#[test]
fn who_gets_the_last_place_does_not_depend_on_the_order_of_the_answer() {
    let firing = |backwards: bool| {
        let mut rig = Rig::new(with_head("    limit: 1\n", "{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
        rig.backwards = backwards;
        rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(2.0)).slots(1);
        let all = rig.engine.state.rules.values().flat_map(RuleState::iter);
        all.filter(|alert| !alert.is_calm()).map(|alert| alert.labels.get("n").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((firing(false), firing(true)), (vec!["1".to_owned()], vec!["1".to_owned()]));
}

#[test]
fn a_newcomer_that_was_refused_has_been_seen() {
    let rule = "{ alert: A, expr: x, tiers: { high: { above: 1 } }, no_data: { tier: high, after: 1m } }";
    let mut rig = Rig::new(with_head("    limit: 1\n", rule));
    rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(0.0)).slots(1);
    rig.set("x", &[("n", "2")], None)
        .slots(1)
        .set("x", &[("n", "2")], Some(2.0))
        .slots(1)
        .set("x", &[("n", "2")], None)
        .slots(2);
    let missing: Vec<_> =
        rig.engine.state.rules.values().flat_map(RuleState::iter).filter(|alert| alert.forced.is_some()).collect();
    assert!(missing.is_empty(), "it has been gone for one slot, not for four: {missing:?}");
    assert_remembered(&rig);
}

#[test]
fn a_limit_that_is_exceeded_is_not_over_because_the_first_answer_after_a_start_does_not_come() {
    let exceeded = |failing: &Failing| {
        let mut rig = Rig::new(with_head("    limit: 1\n", "{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
        rig.set("x", &[("n", "1")], Some(2.0)).set("x", &[("n", "2")], Some(2.0)).slots(1);
        rig.restart().slots_with(1, failing);
        rig.engine.state.own.values().map(|own| own.labels.get("alertname").to_owned()).collect::<Vec<_>>()
    };
    for failing in [Failing::Nothing, Failing::Source, Failing::Rule("A")] {
        assert_eq!(exceeded(&failing), ["WatchbellLimitExceeded"], "{failing:?}");
    }
}

#[test]
fn a_folded_alert_shows_the_series_that_gave_its_verdict_whatever_the_order() {
    let shown = |backwards: bool| {
        let mut rig = Rig::new(rules(
            "{ alert: A, expr: x, identity: [cluster], tiers: { high: { above: 60 }, low: { above: 3 } } }",
        ));
        rig.backwards = backwards;
        for (pod, value) in [("1", 4.0), ("2", 70.0), ("3", 90.0), ("4", 0.0)] {
            rig.set("x", &[("cluster", "a"), ("pod", pod)], Some(value));
        }
        rig.slots(1);
        let alert = alert(&rig, "A").expect("it fires");
        (alert.labels.get("pod").to_owned(), alert.series.get("pod").to_owned(), alert.value.to_string())
    };
    let expected = ("2".to_owned(), "2".to_owned(), "70".to_owned());
    assert_eq!((shown(false), shown(true)), (expected.clone(), expected), "of the two worst, the smaller label set");
}

#[test]
fn incidents_are_numbered_by_their_labels_and_not_by_the_order_of_rules() {
    let numbers = |text: &str| {
        let mut rig = Rig::new(rules(text));
        rig.set("x", &[], Some(2.0)).slots(1);
        let all = rig.engine.state.incidents.by_key.values();
        all.map(|incident| (incident.key.group.get("alertname").to_owned(), incident.number)).collect::<Vec<_>>()
    };
    let (a, b) = (
        "{ alert: A, expr: x, tiers: { high: { above: 1 } } }",
        "{ alert: B, expr: x, tiers: { high: { above: 1 } } }",
    );
    assert_eq!(numbers(&format!("{a}\n{b}")), numbers(&format!("{b}\n{a}")));
}

#[test]
fn a_number_is_not_given_again_after_a_snapshot() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1 } } }"));
    rig.set("x", &[], Some(2.0)).slots(1).set("x", &[], Some(0.0)).slots(30);
    assert!(rig.engine.state.incidents.by_key.is_empty(), "it can no longer reopen");
    rig.snapshot().restart().set("x", &[], Some(2.0)).slots(1);
    assert_eq!(rig.engine.state.incidents.by_key.values().map(|incident| incident.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn an_incident_of_many_alerts_comes_back_whole_from_a_snapshot_that_says_it_in_pieces() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { critical: { above: 1 } } }"));
    for host in 0..1_201 {
        rig.set("x", &[("host", &host.to_string())], Some(2.0));
    }
    rig.slots(1).set("x", &[("host", "7")], Some(0.0)).slots(1);
    let before = remembered(&rig.engine.state);
    let sizes = rig.engine.state.as_events().filter_map(|event| match event.kind {
        EventKind::IncidentRestored { incident } => Some(incident.members.len()),
        EventKind::MembersRestored { members, .. } => Some(members.len()),
        EventKind::IncidentsCounted { changes, .. } => Some(changes.len()),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [500, 500, 201, 500, 500, 201], "no event is as large as the incident");
    rig.snapshot().restart();
    assert_eq!(remembered(&rig.engine.state), before);
    rig.set("x", &[("host", "1200")], Some(0.0)).slots(1);
    let incident = rig.engine.state.incidents.numbered(1).expect("it is still there");
    assert_eq!(incident.firing().count(), 1_199, "its last alert is still one of it, and has ended");
}

#[test]
fn two_series_that_a_template_makes_one_alert_are_named_and_fail_that_alert_alone() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, labels: { host: '{{ if true }}all{{ end }}' } }"));
    rig.set("x", &[("host", "a"), ("n", "1")], Some(2.0)).set("x", &[("host", "b"), ("n", "1")], Some(2.0));
    rig.set("x", &[("host", "c"), ("n", "2")], Some(2.0)).slots(1);
    let state = rig.engine.state.rules.values().next().expect("the rule has been evaluated");
    let firing = state.iter().filter(|alert| alert.firing_tier().is_some());
    assert_eq!(firing.map(|alert| alert.labels.get("n")).collect::<Vec<_>>(), ["2"]);
    let expected =
        r#"two series of `A` are one at {alertname="A", host="all", n="1"}: {host="a", n="1"} and {host="b", n="1"}"#;
    assert_eq!(state.health.error.as_deref(), Some(expected));
}

#[test]
fn what_happens_while_a_slots_answers_are_under_way_does_not_make_its_alert_a_slot_late() {
    let mut rig = Rig::new(rules("{ alert: Slow, expr: x, tiers: { high: { above: 1, for: 1m } } }"));
    rig.set("x", &[], Some(2.0));
    // The answers of the first slot take a while, and a timer is looked after meanwhile.
    rig.engine.advance(Fact::Tick, rig.now + Span::from_millis(400));
    rig.slots(3);
    let fires = alert(&rig, "Slow").is_some_and(|alert| alert.firing_tier().is_some());
    assert!(fires, "a minute after the first slot the minute is over");
    assert_remembered(&rig);
}

#[test]
fn whoever_said_that_he_is_at_it_before_the_end_spares_the_others_the_level_that_came_due_meanwhile() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 1 } } }"));
    rig.set("x", &[], Some(2.0)).slots(3);
    let told = lines(&rig.drafts).len();
    assert!(told > 0, "it is on its first level");
    rig.restart().sleep(Span::from_mins(10)).act(1, Act::Acknowledge).slots(2);
    let since = lines(&rig.drafts)[told..].to_vec();
    assert!(!since.is_empty() && since.iter().all(|line| line.starts_with("Update")), "{since:?}");
}

#[test]
fn a_routine_is_ticked_off_while_it_waits_and_its_alert_ends_with_it_or_with_the_configuration() {
    let text = "groups: [{ name: main, interval: 30s, rules: [{ alert: A, expr: x }] }]";
    let named =
        |name: &str| format!("{{ name: {name}, every: {{ at: \"09:30\" }}, owner: lead, due: 1h, severity: high }}");
    let head = "responders: { lead: { timezone: UTC, reach: [{ via: slack }] } }\n";
    let world = |routines: &str| world_of(&format!("{SETTINGS}{head}routines: [{routines}]\n"), text);
    let mut rig = Rig::new(world(&format!("{}, {}", named("look"), named("think"))));
    let tick_off = |rig: &mut Rig, id: &str, name: &str| {
        let deed = Deed::TickOff { routine: name.into(), note: String::new() };
        let command = Command { id: id.into(), actor: Actor { name: "anna".into(), via: Via::Api }, deed };
        rig.fact(Fact::Command(&command)).map(|why| why.to_string())
    };
    rig.slots(1);
    let early = tick_off(&mut rig, "1", "look").expect("nothing is to be done yet");
    assert_eq!(early, "routine `look` is not waiting for anybody; it comes up at 2026-01-05 09:30 UTC");
    let unknown = tick_off(&mut rig, "2", "lock").expect("there is no such routine");
    assert_eq!(unknown, "there is no routine `lock`; there are look, think");

    let own = |rig: &Rig| rig.engine.state.own.len();
    rig.slots(170);
    assert_eq!(own(&rig), 0, "both came up, and there is time");
    rig.slots(20);
    assert_eq!(own(&rig), 2, "an hour after it came up it is overdue");
    rig.restart();
    assert_eq!((tick_off(&mut rig, "3", "look"), own(&rig)), (None, 1));
    assert!(tick_off(&mut rig, "4", "look").is_some(), "once is enough");
    rig.reload(world(&named("look"))).slots(1);
    assert_eq!((own(&rig), rig.engine.state.routines.len()), (0, 1));
    assert_remembered(&rig);
}

#[test]
fn a_severity_that_comes_and_goes_reaches_its_levels_by_the_time_that_was_spent_at_it() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x, tiers: { high: { above: 90 }, medium: { above: 60 } } }"));
    let levels = |rig: &Rig| {
        let to_the_hook = rig.drafts.iter().filter(|draft| draft.destination.to_string() == "hook");
        to_the_hook.filter(|draft| draft.kind == NoticeKind::Page).count()
    };
    // Two minutes at high, three at medium; the hook hears of high after five minutes of it.
    for reached in [0, 0, 1, 1] {
        rig.set("x", &[], Some(95.0)).slots(4);
        assert_eq!(levels(&rig), reached);
        rig.set("x", &[], Some(70.0)).slots(6).snapshot().restart();
        assert_remembered(&rig);
        assert_eq!(levels(&rig), reached, "no time at a lower severity counts");
    }
}

#[test]
fn a_slot_that_is_decided_late_does_not_end_what_is_said_of_a_source_that_is_down() {
    let mut rig = Rig::new(rules("{ alert: A, expr: x > 1 }"));
    rig.slots_with(8, &Failing::Source);
    let is_down =
        |rig: &Rig| rig.engine.state.own.values().any(|own| own.labels.get("alertname") == "WatchbellSourceDown");
    assert!(is_down(&rig));
    let late = Slot::from_millis(rig.now.millis()) - Span::from_mins(2);
    let failure = Failure { message: "no answer".into(), is_the_sources: true };
    let step = rig
        .engine
        .advance(Fact::Evaluated { group: 0, slot: late, readings: &[Err(failure)] }, late.moment(Span::ZERO));
    assert_eq!((is_down(&rig), step.drafts.len()), (true, 0));
    rig.slots(1);
    assert!(!is_down(&rig), "an answer ends it");
}

#[test]
fn a_tier_whose_condition_holds_goes_on_firing_whatever_clears_it() {
    let tiers = "tiers: { high: { when: 'x > 60', clear_when: 'x > 55' } }";
    let mut rig = Rig::new(rules(&format!("{{ alert: A, queries: {{ x: x }}, {tiers} }}")));
    rig.set("x", &[], Some(150.0)).slots(4);
    assert_eq!(lines(&rig.drafts), ["Page opened to pager", "Page opened to slack"]);
    rig.set("x", &[], Some(58.0)).slots(1);
    assert_eq!(lines(&rig.drafts).len(), 4, "it is over where the one holds and the other does not");
}

#[test]
fn that_a_channel_does_not_deliver_is_told_through_its_fallback_where_the_level_names_it_alone() {
    let settings = SETTINGS.replace(
        "critical: { wait: 0s, levels: [{ actions: true, notify: [pager, slack] }] }",
        "critical: { wait: 0s, levels: [{ notify: [pager] }, { after: 5m, notify: [pager] }] }",
    );
    let mut rig = Rig::new(world_of(&settings, "groups: []"));
    rig.fact(Fact::Channel { channel: "pager".into(), trouble: Some("it is down".into()) });
    rig.slots(12);
    assert_eq!(lines(&rig.drafts), ["Page opened to slack"], "once, though the second level names it as well");
    rig.fact(Fact::Channel { channel: "pager".into(), trouble: None });
    rig.slots(1);
    assert_eq!(lines(&rig.drafts)[1..], ["End resolved to slack"]);
}

#[test]
fn matchers_see_the_severity_of_a_plain_rule_whose_author_has_no_word_for_it() {
    let window = "maintenance: [{ match: 'severity=~\"critical|high|medium|low\"', every: { from: '00:00', to: '00:00' }, reason: work }]";
    let text = "groups: [{ name: main, interval: 30s, rules: [{ alert: Wordless, expr: x }, \
                { alert: Worded, expr: x, labels: { severity: warning } }] }]";
    let mut rig = Rig::new(world_of(&format!("{SETTINGS}{window}\n"), text));
    rig.set("x", &[], Some(2.0)).slots(3);
    let open = rig.engine.state.incidents.by_key.values();
    let held: Vec<_> = open.map(|one| (one.key.group.get("alertname").to_owned(), one.held.is_some())).collect();
    assert_eq!(held, [("Worded".to_owned(), false), ("Wordless".to_owned(), true)]);
}
