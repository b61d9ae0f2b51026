//! What a group says for all of its rules.

use super::rule::Partners;
use super::{GroupChange, Item, Side, words};
use crate::model::Name;
use crate::rules::Group;
use std::collections::BTreeMap;

/// The groups of one name whose settings are different. What moved to another group is told at its rule.
pub(super) fn changes(pairing: &[Partners<'_>], before: Side<'_>, after: Side<'_>) -> Vec<GroupChange> {
    let mut changes: BTreeMap<Name, GroupChange> = BTreeMap::new();
    let pairs = pairing.iter().filter_map(|partners| Some((partners.old?.0, partners.new?.0)));
    // Groups without alerting rules have no pair of rules; their name says enough.
    let by_name = before.world.rules.groups.iter().filter_map(|old| {
        let mut named = after.world.rules.groups.iter().filter(|new| new.name == old.name);
        Some((old, named.next()?)).filter(|_| named.next().is_none())
    });
    for (old, new) in pairs.chain(by_name).filter(|(old, new)| old.name == new.name) {
        let items = items(old, new);
        if !items.is_empty() {
            let rules = new.alerts().count();
            changes.insert(new.name.clone(), GroupChange { group: new.name.clone(), items, rules });
        }
    }
    changes.into_values().collect()
}

pub(super) fn items(old: &Group, new: &Group) -> Vec<Item> {
    let limit = |group: &Group| (group.limit > 0).then(|| group.limit.to_string());
    [
        Item::texts("source", &old.source, &new.source),
        Item::texts("interval", words::span(old.interval), words::span(new.interval)),
        Item::texts("query_offset", words::span(old.query_offset), words::span(new.query_offset)),
        Item::of("limit", limit(old), limit(new)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
