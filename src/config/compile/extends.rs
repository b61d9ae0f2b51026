//! `extends`: a policy takes each key of each severity that it does not give itself.
//!
//! Keys are taken whole: a list replaces a list. What happens with an incident is one of `levels`, `digest` and
//! `tell: nobody`: whoever gives one of them does not take the others.

use super::names::What;
use super::{Ground, circle};
use crate::config::written::{self, Duration, NameText};
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Name, Severity};
use std::collections::BTreeMap;

/// A policy with everything that it took.
#[derive(Clone, Default)]
pub(super) struct Merged<'a> {
    pub(super) group_by: Option<&'a [Spanned<String>]>,
    pub(super) wait: Option<&'a Duration>,
    pub(super) update_every: Option<&'a Duration>,
    pub(super) reopen_within: Option<&'a Duration>,
    pub(super) catch_up: Option<&'a Duration>,
    pub(super) matrix: BTreeMap<Severity, written::Escalation>,
    /// Whether a policy that it extends could not be read.
    pub(super) is_partial: bool,
}

/// Every policy with all that it takes from others, in the order of the file.
pub(super) fn merged<'a>(ground: &Ground<'a>, findings: &mut Findings) -> Vec<(&'a Spanned<String>, Merged<'a>)> {
    let written: Vec<_> = ground.written.policies.iter().map(|(name, policy)| (name, policy)).collect();
    let circles = circles(&written, findings);
    let mut own: BTreeMap<&str, Merged<'a>> = BTreeMap::new();
    for (name, policy) in &written {
        if let Some(other) = &policy.extends {
            ground.find(What::Policy, other, findings);
        }
        own.insert(&name.value, itself(ground, policy, findings));
    }
    let complete = |name: &str| {
        let mut whole = own.get(name).cloned().unwrap_or_default();
        for ancestor in ancestors(ground, name, &circles) {
            whole = over(whole, own.get(&*ancestor).cloned().unwrap_or_default());
        }
        whole
    };
    written.iter().map(|(name, _)| (*name, complete(&name.value))).collect()
}

fn itself<'a>(ground: &Ground<'a>, policy: &'a written::Policy, findings: &mut Findings) -> Merged<'a> {
    let matrix = ground.by_severity(&policy.matrix, findings);
    Merged {
        group_by: policy.group_by.as_deref(),
        wait: policy.wait.as_ref(),
        update_every: policy.update_every.as_ref(),
        reopen_within: policy.reopen_within.as_ref(),
        catch_up: policy.catch_up.as_ref(),
        matrix: matrix.into_iter().map(|(severity, written)| (severity, written.value.clone())).collect(),
        is_partial: policy.extends.as_ref().is_some_and(|other| ground.written.policies.get(other.as_str()).is_none()),
    }
}

/// The policies that `name` extends, the nearest first. In a circle there are none.
fn ancestors(ground: &Ground<'_>, name: &str, circles: &[Name]) -> Vec<Name> {
    let parent = |name: &str| ground.written.policies.get(name)?.extends.as_ref().map(NameText::as_str);
    let mut ancestors = Vec::new();
    let mut at = name;
    while let Some(next) = parent(at).filter(|next| !circles.iter().any(|name| **name == **next)) {
        ancestors.push(next.into());
        at = next;
    }
    ancestors
}

/// `own`, and from `other` what it lacks.
fn over<'a>(own: Merged<'a>, other: Merged<'a>) -> Merged<'a> {
    let mut matrix = other.matrix;
    for (severity, escalation) in own.matrix {
        let whole = match matrix.remove(&severity) {
            Some(taken) => escalation_over(escalation, taken),
            None => escalation,
        };
        matrix.insert(severity, whole);
    }
    Merged {
        group_by: own.group_by.or(other.group_by),
        wait: own.wait.or(other.wait),
        update_every: own.update_every.or(other.update_every),
        reopen_within: own.reopen_within.or(other.reopen_within),
        catch_up: own.catch_up.or(other.catch_up),
        matrix,
        is_partial: own.is_partial || other.is_partial,
    }
}

fn escalation_over(own: written::Escalation, other: written::Escalation) -> written::Escalation {
    let says_what = own.levels.is_some() || own.digest.is_some() || own.tell.is_some();
    // A digest keeps the levels that it falls back on.
    let takes_levels = !says_what || own.digest.is_some();
    written::Escalation {
        wait: own.wait.or(other.wait),
        levels: own.levels.or(other.levels.filter(|_| takes_levels)),
        repeat: own.repeat.or(other.repeat),
        ack_expires: own.ack_expires.or(other.ack_expires),
        resolve: own.resolve.or(other.resolve),
        digest: own.digest.or(other.digest.filter(|_| !says_what)),
        tell: own.tell.or(other.tell.filter(|_| !says_what)),
    }
}

/// The policies that stand in a circle, each circle told once.
fn circles(written: &[(&Spanned<String>, &written::Policy)], findings: &mut Findings) -> Vec<Name> {
    let position = |name: &str| written.iter().position(|(known, _)| known.value == name);
    let parent = |at: usize| written[at].1.extends.as_ref();
    let next = |at: usize| parent(at).and_then(|name| position(name.as_str())).into_iter().collect();
    let circles = circle::circles(written.len(), next);
    for way in &circles {
        let names: Vec<&str> = way.iter().chain(&way[..1]).map(|at| written[*at].0.value.as_str()).collect();
        let Some(place) = parent(way[0]).map(NameText::place) else { continue };
        findings
            .error(codes::WB128, format!("policies extend each other in a circle: {}", names.join(" → ")))
            .at(place, "leads back here");
    }
    circles.iter().flatten().map(|at| written[*at].0.value.as_str().into()).collect()
}
