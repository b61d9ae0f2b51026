//! Reloads while something is open that take away what it hangs on: each is the smallest story of a thing that was found.

use crate::found::{assert_remembered, lines, rules};
use crate::rig::{Failing, Rig};
use crate::worlds::{SETTINGS, world_of};
use std::sync::Arc;
use watchbell::engine::command::Act;
use watchbell::engine::evaluate::RuleState;
use watchbell::engine::{EventKind, World};
use watchbell::model::{Severity, Span};
use watchbell::store::Story;

const RULE: &str = "{ alert: A, expr: x, tiers: { critical: { above: 90 }, high: { above: 60 } } }";

/// How `high` is told in the usual world.
const HIGH: &str = "high: { levels: [{ notify: [pager, slack] }, { after: 1m, actions: true }, { after: 5m, notify: [hook] }], ack_expires: 5m }";
/// `hook` is gone, and `line` is there in its place.
const HOOK_IS_LINE: [(&str, &str); 2] = [("  hook: {", "  line: {"), ("[hook]", "[line]")];

/// The usual world, in which some texts of the settings are others.
fn world(changes: &[(&str, &str)], rule: &str) -> Arc<World> {
    let settings = changes.iter().fold(SETTINGS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    world_of(&settings, &format!("groups: [{{ name: main, interval: 30s, rules: [{rule}] }}]"))
}

/// What is told from here on.
fn told_since(rig: &Rig, told: usize) -> Vec<String> {
    lines(&rig.drafts[told..])
}

#[test]
fn whoever_is_told_under_another_name_now_is_told_by_the_incidents_that_are_open() {
    let mut rig = Rig::new(world(&[], RULE));
    rig.set("x", &[], Some(70.0)).slots(3);
    assert_eq!(lines(&rig.drafts), ["Page opened to pager", "Page opened to slack"]);
    let told = rig.drafts.len();
    rig.reload(world(&HOOK_IS_LINE, RULE)).slots(12);
    assert_eq!(told_since(&rig, told), ["Page escalated to line"], "five minutes after the first");
    assert_remembered(&rig);
}

#[test]
fn where_the_policy_has_another_name_too_it_is_the_one_that_the_alert_would_get() {
    let mut rig = Rig::new(world(&[], RULE));
    rig.set("x", &[], Some(70.0)).slots(3);
    let told = rig.drafts.len();
    let renamed = [
        ("  hook: {", "  line: {"),
        ("[hook]", "[line]"),
        ("  default:\n", "  usual:\n"),
        ("policy: default", "policy: usual"),
    ];
    rig.reload(world(&renamed, RULE)).slots(12);
    assert_eq!(told_since(&rig, told), ["Page escalated to line"]);
    assert_remembered(&rig);
}

/// Who is told of an incident that was opened under the levels of `before`, and how long after its levels have begun, where a reload
/// after thirty seconds brings those of `now`, and `line` in place of `hook`.
fn told_where_hook_is_gone(before: &str, now: &str) -> Vec<String> {
    let mut rig = Rig::new(world(&[(HIGH, &format!("high: {{ {before} }}"))], RULE));
    rig.set("x", &[], Some(70.0)).slots(3);
    let (told, incident) = (rig.drafts.len(), rig.engine.state.incidents.by_key.values().next());
    let begun = incident.and_then(|incident| incident.climb).expect("it climbs").started;
    rig.reload(world(&[(HIGH, &format!("high: {{ {now} }}")), HOOK_IS_LINE[0], HOOK_IS_LINE[1]], RULE)).slots(14);
    assert_remembered(&rig);
    let after = rig.drafts[told..].iter().map(|draft| (draft.at - begun).millis() / 1000);
    after.zip(told_since(&rig, told)).map(|(after, line)| format!("{after}s {line}")).collect()
}

#[test]
fn whoever_is_told_in_place_of_who_is_gone_is_told_when_that_one_was() {
    let before = "levels: [{ notify: [pager] }, { after: 4m, notify: [hook, slack] }, { after: 6m, notify: [hook] }]";
    // By its place, and by the last one that tells anybody where there are fewer.
    for now in [
        "levels: [{ notify: [pager] }, { after: 1m, notify: [line] }]",
        "levels: [{ notify: [pager] }, { after: 1m, notify: [line] }, { after: 2m, actions: true }]",
    ] {
        let told = told_where_hook_is_gone(before, now);
        assert_eq!(
            told,
            ["240s Page escalated to slack", "240s Page escalated to line"],
            "who is there still is told: {now}"
        );
    }
}

#[test]
fn whoever_is_told_in_place_of_who_is_gone_is_of_the_level_of_the_same_name() {
    let before = "levels: [{ notify: [pager] }, { name: later, after: 5m, notify: [hook] }]";
    let now =
        "levels: [{ notify: [pager] }, { after: 1m, notify: [slack] }, { name: later, after: 2m, notify: [line] }]";
    assert_eq!(told_where_hook_is_gone(before, now), ["300s Page escalated to line"]);
}

#[test]
fn where_there_are_no_levels_any_more_those_of_before_tell_who_is_left() {
    let before = "levels: [{ notify: [pager] }, { after: 5m, notify: [hook] }, { after: 6m, notify: [slack] }]";
    for now in ["tell: nobody", "digest: { at: \"12:00\", notify: [slack] }"] {
        assert_eq!(told_where_hook_is_gone(before, now), ["300s Page escalated to slack"], "the second reaches nobody");
    }
    let alone = "levels: [{ after: 5m, notify: [hook] }]";
    assert_eq!(
        told_where_hook_is_gone(alone, "digest: { at: \"09:05\", notify: [line] }"),
        ["270s Letter digest to line"]
    );
}

#[test]
fn what_leaves_a_digest_goes_by_the_levels_of_before_with_others_in_place_of_who_is_gone() {
    let low = |after: &str| {
        let levels = format!("levels: [{{ notify: [slack] }}, {{ after: {after}, notify: [hook] }}]");
        format!("low: {{ digest: {{ at: \"09:02\", notify: [hook], stale_after: 1 }}, {levels} }}")
    };
    let rule = "{ alert: A, expr: x, tiers: { low: { above: 60 } } }";
    let mut rig = Rig::new(world(&[("low: { tell: nobody }", &low("3m"))], rule));
    rig.set("x", &[], Some(70.0)).slots(3);
    rig.reload(world(&[("low: { tell: nobody }", &low("1m")), HOOK_IS_LINE[0], HOOK_IS_LINE[1]], rule)).slots(5);
    let listed = ["Letter digest to line", "Page stale to slack"];
    assert_eq!(lines(&rig.drafts), listed, "three minutes and a half after nine");
    rig.slots(4);
    assert_eq!(lines(&rig.drafts)[2..], ["Page escalated to line"]);
    assert_remembered(&rig);
}

#[test]
fn a_round_that_reaches_nobody_does_not_use_up_the_others() {
    let repeated = "high: { repeat: { every: 5m, times: 3 }, levels: [{ notify: [\"schedule:night\"] }] }";
    let night = "\nresponders: { a: { reach: [{ via: hook }] } }\nschedules: { night: { timezone: UTC, layers: [{ rotation: { \
        responders: [a], every: 1d, from: \"2026-01-01T00:00\" }, during: { from: \"22:00\", to: \"06:00\" } }] } }\nactions:";
    let from = |hour: &str| world(&[(HIGH, repeated), ("\nactions:", &night.replace("22:00", hour))], RULE);
    let mut rig = Rig::new(from("22:00"));
    rig.set("x", &[], Some(70.0)).slots(4);
    assert_eq!(lines(&rig.drafts), [""; 0], "nobody is on call yet");
    rig.reload(from("08:00")).slots(11);
    assert_eq!(lines(&rig.drafts), ["Page repeated to hook"]);
}

#[test]
fn an_alert_that_fires_by_a_policy_goes_with_it() {
    let rule =
        |no_data: &str| rules(&format!("{{ alert: A, expr: x, tiers: {{ critical: {{ above: 60 }} }}, {no_data} }}"));
    for (gone, left) in [("x", [("n", "1"), ("n", "1")]), ("one of two", [("n", "1"), ("n", "2")])] {
        for after in ["no_data: keep", "no_data: resolve", "on_error: keep"] {
            let mut rig = Rig::new(rule("no_data: { tier: critical, after: 1m }"));
            rig.set("x", &left[..1], Some(1.0)).set("x", &left[1..], Some(1.0)).slots(2);
            rig.set("x", &left[..1], None).slots(4);
            assert_eq!(lines(&rig.drafts), ["Page opened to pager", "Page opened to slack"], "{gone}");
            let told = rig.drafts.len();
            rig.reload(rule(after));
            assert_eq!(told_since(&rig, told), ["End resolved to pager", "End resolved to slack"], "{gone}, {after}");
            rig.restart().slots(2);
            assert!(rig.engine.state.rules.values().flat_map(RuleState::iter).all(|alert| alert.forced.is_none()));
        }
    }
}

#[test]
fn an_alert_that_fires_by_a_policy_takes_over_its_tier_of_now() {
    let rule = |tier: &str| {
        let policies = format!("no_data: {{ tier: {tier}, after: 1m }}, on_error: {{ tier: {tier}, after: 1m }}");
        rules(&format!(
            "{{ alert: A, expr: x, tiers: {{ critical: {{ above: 90 }}, high: {{ above: 60 }} }}, {policies} }}"
        ))
    };
    for fails in [false, true] {
        let mut rig = Rig::new(rule("high"));
        rig.set("x", &[], Some(1.0)).slots(1);
        if fails {
            rig.slots_with(4, &Failing::Rule("A"));
        } else {
            rig.set("x", &[], None).slots(4);
        }
        let told = rig.drafts.len();
        rig.reload(rule("critical"));
        assert_eq!(told_since(&rig, told), ["Page rose to pager", "Page rose to slack"], "{fails}");
    }
}

#[test]
fn a_tier_whose_condition_holds_takes_over_from_one_that_a_reload_took() {
    let rule = |critical: &str| {
        rules(&format!("{{ alert: A, expr: x, tiers: {{ {critical} high: {{ above: 60, for: 30m }} }} }}"))
    };
    let mut rig = Rig::new(rule("critical: { above: 90 },"));
    rig.set("x", &[], Some(95.0)).slots(3);
    let told = rig.drafts.len();
    rig.reload(rule("")).slots(4);
    assert_eq!(told_since(&rig, told), ["Update fell to slack"], "it is not over");
}

#[test]
fn one_of_watchbells_own_alerts_has_the_severity_of_now() {
    let expects = |severity: &str| {
        world(
            &[(
                "routes:",
                &format!("heartbeats: {{ expect: [{{ alert: B, within: 1m, severity: {severity} }}] }}\nroutes:"),
            )],
            RULE,
        )
    };
    let mut rig = Rig::new(expects("medium"));
    rig.set("x", &[], Some(1.0)).slots(5);
    assert_eq!(lines(&rig.drafts), ["Page opened to slack"]);
    rig.reload(expects("high")).slots(2);
    assert_eq!(lines(&rig.drafts)[1..], ["Page rose to pager", "Page rose to slack"]);
    let own: Vec<Severity> = rig.engine.state.own.values().map(|own| own.severity.clone()).collect();
    assert_eq!(own[0].name().as_str(), "high");
    assert_remembered(&rig);
}

#[test]
fn an_acknowledgement_that_did_not_cover_the_severity_wakes_nobody_when_it_expires() {
    let mut rig = Rig::new(rules(RULE));
    rig.set("x", &[], Some(70.0)).slots(3);
    rig.act(1, Act::Snooze(Span::from_secs(45))).set("x", &[], Some(95.0)).slots(1);
    let told = rig.drafts.len();
    rig.slots(3);
    assert_eq!(told_since(&rig, told), [""; 0], "all of them were woken by the rise");
}

#[test]
fn a_digest_is_sent_although_its_policy_has_another_name() {
    let low = ("low: { tell: nobody }", "low: { digest: { at: \"09:05\", notify: [slack] } }");
    let rule = "{ alert: A, expr: x, tiers: { low: { above: 60 } } }";
    let mut rig = Rig::new(world(&[low], rule));
    rig.set("x", &[], Some(70.0)).slots(4);
    rig.reload(world(&[low, ("  default:\n", "  usual:\n"), ("policy: default", "policy: usual")], rule)).slots(10);
    assert_eq!(lines(&rig.drafts), ["Letter digest to slack"]);
}

#[test]
fn without_stakeholders_nobody_is_reminded_of_them() {
    let stakeholders = ("\nroutes:", "\nstakeholders: { notify: [slack], every: 2m }\nroutes:");
    let mut rig = Rig::new(world(&[stakeholders], RULE));
    rig.set("x", &[], Some(70.0)).slots(3);
    rig.act(1, Act::Update("we look at it".into()));
    let told = rig.drafts.len();
    rig.reload(world(&[], RULE)).slots(6);
    assert_eq!(told_since(&rig, told), [""; 0]);
}

#[test]
fn of_an_incident_that_is_over_the_record_says_that_nothing_fires_also_where_its_rule_was_moved() {
    let named = |name: &str| {
        rules(&format!("{{ alert: {name}, moved_from: [main/A], expr: x, tiers: {{ high: {{ above: 60 }} }} }}"))
    };
    let mut rig = Rig::new(named("A"));
    rig.set("x", &[], Some(70.0)).slots(3).reload(named("B")).slots(1);
    rig.set("x", &[], Some(1.0)).slots(1);
    let steps = rig.journal.iter().filter(|event| matches!(event.kind, EventKind::Incident { .. })).cloned();
    let story = Story { id: rig.drafts[0].incident, events: steps.collect() };
    let incident = story.incident().expect("it is on record");
    assert_eq!((incident.is_resolved(), incident.firing().count()), (true, 0));
}
