//! What a reload will do with the alerts of one rule, said beforehand from the rules alone.
//!
//! It asks what [`reload`](super::reload) itself asks, so that a review cannot promise what the service does not do. What
//! depends on the alerts that there are at that moment is said as far as it can be.

use super::evaluate::{asks_anew, knows_again};
use super::reload::keeps_its_tier;
use crate::model::{Severities, Severity};
use crate::rules::Rule;

/// What becomes of a rule's alerts and their timers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The rule has no partner before the reload: it begins with none.
    Begins,
    /// The rule has no partner after the reload: they end, for everyone who heard of them.
    Ends,
    /// The rule is known again.
    GoesOn(GoesOn),
}

/// What becomes of the alerts of a rule that is known again. What is not named here is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoesOn {
    /// Whether their identity may come out otherwise; those for which it does end.
    pub identity_may_differ: bool,
    /// Whether other questions are asked: histories are filled anew, and a series that is no longer answered is missing.
    pub asks_anew: bool,
    /// The tiers that are gone, with all that was known of them.
    pub lost_tiers: Vec<Severity>,
    /// The severity that its only tier had, and the one that it has now, where a plain rule got another one.
    pub other_severity: Option<(Severity, Severity)>,
}

/// What a reload from `old` to `new` does. Both are switched on and were [paired](super::pair); whichever is not there is
/// switched off, or has no partner. `severities` are those of after.
#[must_use]
pub fn fate(old: Option<&Rule>, new: Option<&Rule>, severities: &Severities) -> Fate {
    match (old, new) {
        (_, None) => Fate::Ends,
        (None, Some(_)) => Fate::Begins,
        (Some(old), Some(new)) => Fate::GoesOn(goes_on(old, new, severities)),
    }
}

fn goes_on(old: &Rule, new: &Rule, severities: &Severities) -> GoesOn {
    let is_left = |severity: &Severity| {
        let now_called = severities.placed(severity.name());
        new.tiers.iter().any(|tier| tier.severity == now_called)
    };
    let mut lost_tiers: Vec<Severity> =
        old.tiers.iter().map(|tier| tier.severity.clone()).filter(|severity| !is_left(severity)).collect();
    let mut other_severity = None;
    if keeps_its_tier(old, new) {
        other_severity = lost_tiers.pop().zip(new.tiers.first().map(|tier| tier.severity.clone()));
    }
    GoesOn { identity_may_differ: !knows_again(old, new), asks_anew: asks_anew(old, new), lost_tiers, other_severity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::diagnostics::{Findings, Sources};
    use crate::engine::World;
    use crate::engine::evaluate::identify;
    use crate::model::{Labels, Slot};
    use crate::rules::template::Answers;
    use crate::rules::{Context, load_texts};
    use std::sync::Arc;

    fn world(keys: &str) -> World {
        let text = format!(
            "groups: [{{ name: g, rules: [{{ alert: A, expr: up, tiers: {{ high: {{ above: 1 }} }}, {keys} }}] }}]"
        );
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let texts = [("rules.yaml".into(), Arc::from(text.as_str()))];
        let set = load_texts(&texts, &Context::default(), &mut sources, &mut findings).set;
        assert!(!findings.has_errors(), "{findings:?}");
        World::new(Arc::new(Settings::default()), set)
    }

    #[test]
    fn a_tier_under_another_name_that_has_the_old_one_as_an_alias_is_left() {
        let named = |name: &str, aliases: &[&str]| {
            let aliases = aliases.iter().map(|alias| (*alias).into()).collect();
            Severities::new(vec![("critical".into(), Vec::new()), (name.into(), aliases)], name).unwrap()
        };
        let rule = |severities: &Severities| {
            let context = Context { severities: severities.clone(), ..Context::default() };
            let text = "groups: [{ name: g, rules: [{ alert: A, expr: up, tiers: { high: { above: 1 } } }] }]";
            let (mut sources, mut findings) = (Sources::default(), Findings::default());
            let set = load_texts(&[("r.yaml".into(), text.into())], &context, &mut sources, &mut findings).set;
            set.groups[0].alerts().next().unwrap().clone()
        };
        let (before, after) = (named("high", &[]), named("urgent", &["high"]));
        let Fate::GoesOn(goes_on) = fate(Some(&rule(&before)), Some(&rule(&after)), &after) else {
            panic!("it goes on")
        };
        assert_eq!(goes_on.lost_tiers, []);
    }

    fn first(world: &World) -> &Rule {
        world.rules.groups[0].alerts().next().unwrap()
    }

    #[test]
    fn alerts_are_said_to_be_known_again_exactly_where_every_series_has_the_same_identity() {
        let edits = [
            ("", ""),
            ("labels: { team: a }", "labels: { team: b }"),
            ("labels: { team: a }", ""),
            ("", "labels: { chain: a }"),
            ("", "labels: { team: a }"),
            ("labels: { team: '{{ $labels.chain }}' }", "labels: { team: '{{ $labels.host }}' }"),
            ("labels: { team: '{{ $unit }}' }, unit: s", "labels: { team: '{{ $unit }}' }, unit: ms"),
            ("unit: s", "unit: ms"),
            ("identity: [chain]", ""),
            ("identity: [chain]", "identity: [chain, host]"),
            ("identity: [team], labels: { team: a }", "identity: [team], labels: { team: b }"),
            ("identity: [chain], labels: { team: a }", "identity: [chain], labels: { team: b }"),
            ("identity: [host, chain]", "identity: [chain, host]"),
        ];
        let series: Vec<Labels> = [
            vec![("chain", "a"), ("host", "x")],
            vec![("chain", "b"), ("host", "x"), ("team", "c")],
            vec![("chain", "b")],
            vec![("team", "a")],
        ]
        .into_iter()
        .map(Labels::new)
        .collect();
        let identity = |world: &World, series: &Labels| {
            let slot = Slot::from_millis(0);
            identify(world, first(world), series, 1.0, slot, &Answers::new()).unwrap().identity
        };
        for (before, after) in edits {
            let (old, new) = (world(before), world(after));
            let same = series.iter().all(|series| identity(&old, series) == identity(&new, series));
            assert_eq!(knows_again(first(&old), first(&new)), same, "{before:?} → {after:?}");
        }
    }
}
