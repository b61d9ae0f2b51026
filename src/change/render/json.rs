//! For programs: one object.

use super::Heading;
use crate::change::{Difference, Direction, Item, RuleChange, Told, What};
use serde_json::{Value, json};

/// The difference as JSON. What it says in words, the other forms say in the same.
#[must_use]
pub fn json(difference: &Difference, heading: Heading<'_>) -> Value {
    let items = |items: &[Item]| items.iter().map(item).collect::<Vec<_>>();
    let groups = difference
        .groups
        .iter()
        .map(|group| json!({ "group": *group.group, "rules": group.rules, "changes": items(&group.items) }));
    let records = difference.records.iter().map(|record| {
        json!({
            "record": *record.record, "group": *record.group, "place": record.place,
            "changes": items(&record.items), "alerts": texts(&record.alerts),
        })
    });
    let only_told = difference.told.iter().map(|it| json!({ "rules": it.rules, "told": told(&it.told) }));
    json!({
        "base": heading.base,
        "head": heading.head,
        "rules": difference.rules.iter().map(rule).collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "records": records.collect::<Vec<_>>(),
        "told": only_told.collect::<Vec<_>>(),
        "configuration": items(&difference.service),
    })
}

fn rule(rule: &RuleChange) -> Value {
    let (what, was, because) = match &rule.what {
        What::Added => ("added", None, None),
        What::Removed => ("removed", None, None),
        What::Renamed(was) => ("renamed", Some(was.as_str()), None),
        What::LooksRenamed(was) => ("looks_renamed", Some(was.as_str()), None),
        What::SwitchedOff(because) => ("switched_off", None, Some(&**because)),
        What::SwitchedOn => ("switched_on", None, None),
        What::Changed => ("changed", None, None),
    };
    json!({
        "group": *rule.group,
        "alert": *rule.alert,
        "place": rule.place,
        "what": what,
        "was": was,
        "because": because,
        "changes": rule.items.iter().map(item).collect::<Vec<_>>(),
        "told": rule.told.iter().map(told).collect::<Vec<_>>(),
        "reads_changed_records": texts(&rule.through),
        "live_state": { "can_end_alerts": rule.can_end_alerts(), "text": rule.live.words() },
    })
}

fn item(item: &Item) -> Value {
    let direction = item.effect.and_then(crate::change::Effect::direction).map(|direction| match direction {
        Direction::Stricter => "stricter",
        Direction::Looser => "looser",
    });
    json!({
        "subject": item.subject, "before": item.before, "after": item.after,
        "direction": direction, "effect": item.effect.map(crate::change::Effect::words),
    })
}

fn told(told: &Told) -> Value {
    json!({ "severity": **told.severity.name(), "before": told.before, "after": told.after })
}

fn texts(names: &[crate::model::Name]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}
