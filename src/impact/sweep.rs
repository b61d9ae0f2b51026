//! Other numbers at the knob that a change turns: what stood there, what stands there, and what lies around them.

use super::Impact;
use crate::backtest::{Knob, Known, Session, Subject, Sweep, bound};
use crate::change::{Difference, RuleChange, What};
use crate::engine::World;
use crate::model::{RuleId, Span, duration_text};
use crate::notify::text::number;
use crate::rules::Rule;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many knobs are swept of one change; it is a review, and each takes a while.
pub const MOST_SWEPT: usize = 8;

/// What was found for one knob of one severity.
#[derive(Clone, Debug, Serialize)]
pub struct Swept {
    /// The rule on the new side.
    #[serde(skip)]
    pub rule: RuleId,
    /// The severity.
    pub severity: String,
    /// What stood there before, as candidates write it.
    pub was: Option<String>,
    /// What each candidate would have meant.
    pub sweep: Sweep,
}

/// A knob that a change turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    rule: RuleId,
    tier: usize,
    from: From,
}

#[derive(Clone, Debug, PartialEq)]
enum From {
    Bound(Option<f64>),
    Hold(Option<Span>),
}

impl Turned {
    /// The knobs that `difference` turns, in the order of its rules, and how many there are beyond [`MOST_SWEPT`].
    #[must_use]
    pub fn all(difference: &Difference, before: &World, after: &World) -> (Vec<Turned>, usize) {
        let mut all: Vec<Turned> =
            difference.rules.iter().flat_map(|change| Turned::of(change, before, after).unwrap_or_default()).collect();
        let more = all.len().saturating_sub(MOST_SWEPT);
        all.truncate(MOST_SWEPT);
        (all, more)
    }

    fn of(change: &RuleChange, before: &World, after: &World) -> Option<Vec<Turned>> {
        let new = find(after, change.pair.after?)?;
        let at = |tier, from| Turned { rule: new.id, tier, from };
        let Some(old) = change.pair.before.and_then(|id| find(before, id)) else {
            // Nobody has any experience with a new rule's bound.
            let tier = new.tiers.iter().position(|tier| bound(tier).is_some())?;
            return Some(vec![at(tier, From::Bound(None))]);
        };
        if !matches!(change.what, What::Changed | What::Renamed(_) | What::LooksRenamed(_)) {
            return None;
        }
        let mut turned = Vec::new();
        for (place, tier) in new.tiers.iter().enumerate() {
            let Some(was) = old.tiers.iter().find(|was| was.severity == tier.severity) else { continue };
            if bound(tier).is_some() && was.condition != tier.condition {
                turned.push(at(place, From::Bound(bound(was))));
            }
            if was.hold != tier.hold {
                turned.push(at(place, From::Hold(Some(was.hold))));
            }
        }
        Some(turned)
    }

    /// The rule, on the new side.
    #[must_use]
    pub fn rule(&self) -> RuleId {
        self.rule
    }

    /// Plays what could stand there instead; nothing where the rule is not there, or its values are not known.
    #[must_use]
    pub fn sweep(&self, session: &mut Session, known: &[Known]) -> Option<Swept> {
        let played = session.played().last()?;
        let subject = Subject::of(&played.world, self.rule, self.tier)?;
        let (word, knobs, was): (&str, Vec<Knob>, Option<String>) = match self.from {
            From::Bound(was) => {
                let survey = played.surveys.get(&self.rule)?;
                let bounds = subject.bounds_and(survey, was);
                (subject.word(), bounds.into_iter().map(Knob::Bound).collect(), was.map(number))
            }
            From::Hold(was) => {
                let holds = subject.holds_and(was);
                ("for", holds.into_iter().map(Knob::Hold).collect(), was.map(duration_text::format))
            }
        };
        let sweep = Sweep::play(word, knobs, &subject, session, known, was.as_deref());
        let severity = subject.severity().to_string();
        (!sweep.candidates.is_empty()).then_some(Swept { rule: self.rule, severity, was, sweep })
    }
}

fn find(world: &World, id: RuleId) -> Option<&Arc<Rule>> {
    world.rules.groups.iter().flat_map(|group| group.alerts()).find(|rule| rule.id == id)
}

impl Impact {
    /// Adds what was found for a knob.
    pub fn add(&mut self, swept: Swept) {
        let rule = self.rules.iter_mut().find(|rule| rule.after.as_ref().is_some_and(|after| after.id == swept.rule));
        if let Some(rule) = rule {
            rule.swept.push(swept);
        }
    }
}

/// What happened is known under the names of the old rules; here the new ones answer for it too.
#[must_use]
pub fn known_to_both(known: Vec<Known>, pairs: &[crate::change::Pair]) -> Vec<Known> {
    let mut known = known;
    for one in &mut known {
        let partners = pairs.iter().filter(|pair| pair.before.is_some_and(|id| one.rules.contains(&id)));
        let new: BTreeSet<RuleId> = partners.filter_map(|pair| pair.after).collect();
        one.rules.extend(new);
    }
    known
}
