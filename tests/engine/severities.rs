//! Severities get other names and another order while incidents are open.

use crate::found::{alert, lines};
use crate::rig::{Rig, stored};
use crate::worlds::world_of;
use std::sync::Arc;
use watchbell::engine::command::Act;
use watchbell::engine::{Event, EventKind, State, World};

const HEAD: &str = r##"
prometheus: { main: { url: "http://127.0.0.1:9090" } }
rules: [rules.yaml]
timezone: UTC
channels:
  slack: { slack: { token: { env: SLACK_TOKEN }, to: "#alerts" } }
  pager: { pagerduty: { routing_key: { env: PAGER_KEY } } }
routes: [{ policy: default }]
default_severity: medium
"##;

/// Severities with their aliases, each with the same two levels, and one rule.
fn with_rule(severities: &[(&str, &str)], rule: &str) -> Arc<World> {
    let list = severities.iter().map(|(name, aliases)| format!("  - {{ name: {name}, aliases: [{aliases}] }}\n"));
    let levels = "{ levels: [{ notify: [slack] }, { after: 5m, notify: [pager] }], ack_expires: 1h }";
    let matrix = severities.iter().map(|(name, _)| format!("      {name}: {levels}\n"));
    let policy = "policies:\n  default:\n    wait: 0s\n    update_every: 0s\n    matrix:\n";
    let settings = format!("{HEAD}severities:\n{}{policy}{}", list.collect::<String>(), matrix.collect::<String>());
    world_of(&settings, &format!("groups: [{{ name: main, interval: 30s, rules: [{rule}] }}]"))
}

/// The rule fires at `upper` above 90 and at medium above 60.
fn world(severities: &[(&str, &str)], upper: &str) -> Arc<World> {
    let tiers = format!("{{ {upper}: {{ above: 90, for: 1m }}, medium: {{ above: 60, for: 5m }} }}");
    let no_data = format!("{{ tier: {upper}, after: 1m }}");
    with_rule(severities, &format!("{{ alert: A, expr: x, tiers: {tiers}, no_data: {no_data} }}"))
}

fn before() -> Arc<World> {
    world(&[("high", ""), ("medium", ""), ("low", "")], "high")
}

/// An alert that fires at the upper tier; Slack has heard of it.
fn firing() -> Rig {
    let mut rig = Rig::new(before());
    rig.set("x", &[], Some(95.0)).slots(3);
    assert_eq!(lines(&rig.drafts), ["Page opened to slack"]);
    rig
}

/// Reloads, and gives what that and the slots after it told.
fn told_since(rig: &mut Rig, world: Arc<World>, slots: usize) -> Vec<String> {
    let told = rig.drafts.len();
    rig.reload(world).slots(slots);
    assert_same_places(rig);
    lines(&rig.drafts[told..])
}

/// A restart finds everything in the order of now, also where the journal could not start anew.
#[track_caller]
fn assert_same_places(rig: &Rig) {
    let world = &rig.engine.world;
    let folded = State::fold(world, &stored(world, &rig.journal));
    assert_eq!(folded.incidents, rig.engine.state.incidents);
}

#[test]
fn a_severity_that_is_added_above_all_others_changes_nothing_for_what_fires() {
    let after = || world(&[("disaster", ""), ("high", ""), ("medium", ""), ("low", "")], "high");
    let mut rig = firing();
    assert_eq!(told_since(&mut rig, after(), 4), Vec::<String>::new());
    assert!(alert(&rig, "A").is_some_and(|alert| alert.firing_tier().is_some()), "its tier has kept its state");
    assert_eq!(told_since(&mut rig, after(), 6), ["Page escalated to pager"], "five minutes after the first");
}

#[test]
fn an_alert_at_a_severity_that_only_has_another_place_has_not_moved() {
    let mut rig = firing();
    let journal = rig.journal.len();
    rig.reload(world(&[("disaster", ""), ("high", ""), ("medium", ""), ("low", "")], "high"));
    let is_step = |event: &&Event| matches!(event.kind, EventKind::Incident { .. });
    assert_eq!(rig.journal[journal..].iter().filter(is_step).count(), 0);
}

#[test]
fn who_has_acknowledged_is_at_it_in_whatever_order_severities_are() {
    let mut rig = firing();
    rig.act(1, Act::Acknowledge);
    let after = world(&[("disaster", ""), ("high", ""), ("medium", ""), ("low", "")], "high");
    assert_eq!(told_since(&mut rig, after, 20), Vec::<String>::new());
}

#[test]
fn a_severity_under_another_name_that_has_the_old_one_as_an_alias_is_the_same() {
    let after = world(&[("urgent", "high"), ("medium", ""), ("low", "")], "urgent");
    let mut rig = firing();
    assert_eq!(told_since(&mut rig, after, 10), ["Page escalated to pager"]);
    assert_eq!(rig.drafts.last().expect("there is one").severity.to_string(), "urgent");
    rig.set("x", &[], Some(0.0)).slots(1);
    assert_eq!(lines(&rig.drafts)[2..], ["End resolved to pager", "End resolved to slack"]);
}

#[test]
fn what_fires_in_the_place_of_a_tier_of_a_severity_that_is_gone_goes_by_the_policy_of_now() {
    let after = world(&[("urgent", ""), ("medium", ""), ("low", "")], "urgent");
    let mut rig = firing();
    let unknown = rig.engine.state.incidents.at_unknown_severities(&after.settings.severities);
    assert_eq!(unknown, [("high".into(), 1)].into(), "which a reload and a start say");
    let told = told_since(&mut rig, after, 14);
    assert_eq!(
        told,
        ["Page rose to slack", "Page rose to slack", "Page escalated to pager"],
        "at medium, then at urgent"
    );
}

#[test]
fn a_plain_rule_at_a_severity_that_is_gone_pages_anew_at_its_new_one_by_the_policy_of_now() {
    let plain = |severities: &[(&str, &str)], severity: &str| {
        with_rule(severities, &format!("{{ alert: A, expr: x > 1, labels: {{ severity: {severity} }} }}"))
    };
    let mut rig = Rig::new(plain(&[("high", ""), ("medium", "")], "high"));
    rig.set("x > 1", &[], Some(95.0)).slots(3);
    let told = told_since(&mut rig, plain(&[("urgent", ""), ("medium", "")], "urgent"), 12);
    assert_eq!(told, ["Page rose to slack", "Page escalated to pager"]);
}

#[test]
fn two_severities_that_are_one_now_keep_the_tier_that_has_got_further_and_the_plan_of_the_name_that_is_left() {
    let one = "{ above: 60 }";
    let rule = |tiers: &str| format!("{{ alert: A, expr: x, tiers: {{ {tiers} }} }}");
    let mut rig =
        Rig::new(with_rule(&[("high", ""), ("medium", "")], &rule(&format!("high: {{ above: 90 }}, medium: {one}"))));
    rig.set("x", &[], Some(70.0)).slots(3);
    rig.act(1, Act::Acknowledge);
    let merged = with_rule(&[("high", "medium")], &rule(&format!("high: {one}")));
    assert_eq!(told_since(&mut rig, merged, 6), Vec::<String>::new());
    let incident = rig.engine.state.incidents.numbered(1).expect("it is open");
    assert!(incident.is_in_hands() && !incident.is_resolved());
}

#[test]
fn a_severity_that_was_gone_for_a_while_pages_after_a_start_as_it_would_have_without_one() {
    let without = || world(&[("medium", ""), ("low", "")], "low");
    let told = |restart: bool| {
        let mut rig = firing();
        rig.reload(without()).slots(14).reload(before());
        if restart {
            rig.restart();
        }
        rig.slots(4);
        lines(&rig.drafts)
    };
    let rises = "Page rose to pager"; // Slack has heard of it at `high` before.
    assert_eq!(told(false), ["Page opened to slack", "Page rose to slack", "Page escalated to pager", rises]);
    assert_eq!(told(true), told(false));
}
