//! For programs.

use super::{Links, link::link};
use crate::backtest::instant;
use crate::impact::{Episode, Impact, RuleImpact, Turn};
use serde_json::{Value, json};

/// The impact as one object; what it says in words, the other forms say in the same.
#[must_use]
pub fn json(impact: &Impact, links: &Links) -> Value {
    let Impact { before, after, .. } = impact;
    json!({
        "from": after.from, "to": after.to, "sources": after.sources, "coverage": after.coverage,
        "queries": after.queries, "kept": after.kept,
        "waited_seconds": after.waited_seconds, "decided_seconds": after.decided_seconds,
        "before": { "incidents": before.incidents, "pages": before.pages, "own_pages": before.own_pages, "own_alerts": before.own_alerts },
        "after": { "incidents": after.incidents, "pages": after.pages, "own_pages": after.own_pages, "own_alerts": after.own_alerts },
        "rules": impact.rules.iter().map(|it| rule(it, links)).collect::<Vec<_>>(),
        "same": impact.same,
        "breaks_a_budget": impact.breaks_a_budget(),
        "notes": impact.notes,
    })
}

fn rule(rule: &RuleImpact, links: &Links) -> Value {
    json!({
        "rule": rule.name,
        "verdict": rule.verdict(),
        "changed": rule.change.is_some(),
        "before": rule.before,
        "after": rule.after,
        "turns": rule.turns.iter().map(|it| turn(rule, it, links)).collect::<Vec<_>>(),
        "known": rule.met,
        "sweeps": rule.swept,
        "budget": rule.budget,
    })
}

fn turn(rule: &RuleImpact, turn: &Turn, links: &Links) -> Value {
    let episode = |side: &Option<Episode>| {
        side.as_ref()
            .map(|it| json!({ "from": instant(it.from), "seconds": it.seconds(), "severity": **it.severity.name() }))
    };
    let shown = rule.after.as_ref().or(rule.before.as_ref());
    json!({
        "what": turn.kind, "labels": turn.labels(),
        "before": episode(&turn.before), "after": episode(&turn.after),
        "link": shown.and_then(|shown| link(links, shown, turn)),
    })
}
