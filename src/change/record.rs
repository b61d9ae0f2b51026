//! Recording rules, and the alerts that hang on them.

use super::{Item, RecordChange, Side, query};
use crate::diagnostics::Place;
use crate::engine::World;
use crate::model::Name;
use crate::rules::{Entry, Group, Record, Rule};
use std::collections::BTreeSet;
use std::sync::Arc;

type Recording<'a> = (&'a Arc<Group>, &'a Arc<Record>);

/// The recording rules that are different. Rules of one name in one group are taken in their order.
pub(super) fn changes(before: Side<'_>, after: Side<'_>) -> Vec<RecordChange> {
    let mut left: Vec<Recording<'_>> = all(before.world).collect();
    let mut take = |wanted: Recording<'_>, same_group: bool| {
        let is_it = |(group, record): &Recording<'_>| {
            record.record == wanted.1.record && (!same_group || group.name == wanted.0.name)
        };
        left.iter().position(is_it).map(|at| left.remove(at))
    };
    let news: Vec<Recording<'_>> = all(after.world).collect();
    let mut pairs: Vec<(Recording<'_>, Option<Recording<'_>>)> =
        news.into_iter().map(|new| (new, take(new, true))).collect();
    for (new, old) in pairs.iter_mut().filter(|(_, old)| old.is_none()) {
        *old = take(*new, false);
    }
    let mut changes: Vec<RecordChange> = Vec::new();
    for (new, old) in pairs {
        let items = old.map_or_else(|| vec![whole(new.1, true)], |old| items(old.1, new.1));
        changes.extend((!items.is_empty()).then(|| change(after, new, items)));
    }
    changes.extend(left.into_iter().map(|old| change(before, old, vec![whole(old.1, false)])));
    changes
}

fn all(world: &World) -> impl Iterator<Item = Recording<'_>> {
    world.rules.groups.iter().flat_map(|group| {
        group.rules.iter().filter_map(move |entry| match entry {
            Entry::Record(record) => Some((group, record)),
            Entry::Alert(_) => None,
        })
    })
}

fn whole(record: &Record, is_new: bool) -> Item {
    let text = Some(query::shown(&record.expr));
    let (before, after) = if is_new { (None, text) } else { (text, None) };
    Item { subject: "expr".into(), before, after, effect: None }
}

fn items(old: &Record, new: &Record) -> Vec<Item> {
    let mut items = Vec::new();
    if !query::asks_the_same(&old.expr, &new.expr) {
        let (before, after) = (Some(query::shown(&old.expr)), Some(query::shown(&new.expr)));
        items.push(Item { subject: "expr".into(), before, after, effect: None });
    }
    items.extend(Item::texts("labels", old.labels_text(), new.labels_text()));
    let off = |record: &Record| record.disabled.as_ref().map(|because| format!("switched off, because: {because}"));
    items.extend(Item::of("enabled", off(old), off(new)));
    items
}

fn change(side: Side<'_>, (group, record): Recording<'_>, items: Vec<Item>) -> RecordChange {
    let reached = hanging_on(side.world, &record.record);
    let alerts = side.world.rules.groups.iter().flat_map(|group| group.alerts());
    let mut names: Vec<Name> = alerts.filter(|rule| reads(rule, &reached)).map(|rule| rule.alert.clone()).collect();
    names.sort();
    names.dedup();
    let place = place(side, record.place);
    RecordChange { record: record.record.clone(), group: group.name.clone(), place, items, alerts: names }
}

/// The series that are made of this one, through any number of recording rules, and it.
fn hanging_on(world: &World, series: &Name) -> BTreeSet<Name> {
    let mut reached = BTreeSet::from([series.clone()]);
    loop {
        let reads = |record: &Record| record.expr.metrics().iter().any(|metric| reached.contains(*metric));
        let more: Vec<Name> = all(world).filter(|(_, record)| reads(record)).map(|(_, it)| it.record.clone()).collect();
        let known = reached.len();
        reached.extend(more);
        if reached.len() == known {
            return reached;
        }
    }
}

fn reads(rule: &Rule, series: &BTreeSet<Name>) -> bool {
    rule.queries.iter().any(|query| query.expr.metrics().iter().any(|metric| series.contains(*metric)))
}

/// The changed recording rules that a rule reads, through others too.
pub(super) fn read_by(rule: &Rule, world: &World, records: &[RecordChange]) -> Vec<Name> {
    let is_read = |change: &&RecordChange| reads(rule, &hanging_on(world, &change.record));
    let mut read: Vec<Name> = records.iter().filter(is_read).map(|change| change.record.clone()).collect();
    read.dedup();
    read
}

/// File and line, for people.
pub(super) fn place(side: Side<'_>, place: Place) -> String {
    let source = side.sources.get(place.source);
    format!("{}:{}", source.path().display(), source.line_column(place.start).line)
}
