//! The tiers of one rule, bound by bound, and the exceptions from them.

use super::meaning::{Reach, reach};
use super::{Effect, Item, words};
use crate::model::Name;
use crate::rules::template::Template;
use crate::rules::{Bound, Clear, Condition, Exception, Rule, Tier};

/// What is different between two sets of tiers.
pub(super) fn tiers(before: &[Tier], after: &[Tier]) -> Vec<Item> {
    let partner = |tiers: &'_ [Tier], name: &Name| tiers.iter().position(|tier| tier.severity.name() == name);
    let mut items = Vec::new();
    for new in after {
        let name = new.severity.name();
        match partner(before, name) {
            Some(old) => items.extend(tier(&before[old], new).into_iter().map(|item| item.below(name))),
            None => {
                let item = Item::of(&**name, None, Some(words::tier(new)));
                items.extend(item.map(|item| item.with(Some(Effect::FiresMore))));
            }
        }
    }
    let gone = before.iter().filter(|old| partner(after, old.severity.name()).is_none());
    items.extend(gone.filter_map(|old| {
        let item = Item::of(&**old.severity.name(), Some(words::tier(old)), None)?;
        Some(item.with(Some(Effect::FiresLess)))
    }));
    items
}

/// Exceptions are held against what holds without them, and what a rule says for all series is not said again.
pub(super) fn exceptions(before: &Rule, after: &Rule) -> Vec<Item> {
    let for_all = tiers(&before.tiers, &after.tiers);
    let mut items = Vec::new();
    for exception in keys(before, after) {
        let (old, new) = (find(before, &exception), find(after, &exception));
        let head = format!("exceptions[{exception}]");
        let of = |exception: Option<&Exception>, rule: &Rule| {
            exception.map_or_else(|| (rule.tiers.clone(), rule.target), |it| (it.tiers.clone(), it.target))
        };
        let ((tiers_before, target_before), (tiers_after, target_after)) = (of(old, before), of(new, after));
        let mut here =
            switched(&tiers_before, &tiers_after).map_or_else(|| tiers(&tiers_before, &tiers_after), |item| vec![item]);
        here.extend(target(target_before, target_after));
        here.retain(|item| !for_all.contains(item));
        if here.is_empty() && old.is_some() != new.is_some() {
            here.extend(Item::of("exception", old.map(|_| "given".into()), new.map(|_| "given".into())));
        }
        items.extend(here.into_iter().map(|item| item.below(&head)));
    }
    items.extend(order(before, after));
    items
}

/// An exception without tiers switches the rule off for its series.
fn switched(before: &[Tier], after: &[Tier]) -> Option<Item> {
    let word = |tiers: &[Tier]| if tiers.is_empty() { "false" } else { "true" };
    let item = Item::texts("enabled", word(before), word(after))?;
    Some(item.with(Some(if after.is_empty() { Effect::FiresLess } else { Effect::FiresMore })))
}

pub(super) fn target(before: Option<Bound>, after: Option<Bound>) -> Option<Item> {
    Item::of("target", before.map(words::bound_line), after.map(words::bound_line))
}

fn keys(before: &Rule, after: &Rule) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for exception in after.exceptions.iter().chain(&before.exceptions) {
        let key = exception.matchers.to_string();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn find<'a>(rule: &'a Rule, key: &str) -> Option<&'a Exception> {
    rule.exceptions.iter().find(|exception| exception.matchers.to_string() == key)
}

/// The first exception that matches wins, so their order counts.
fn order(before: &Rule, after: &Rule) -> Option<Item> {
    let common = |rule: &Rule, other: &Rule| -> Vec<String> {
        let keys = rule.exceptions.iter().map(|exception| exception.matchers.to_string());
        keys.filter(|key| find(other, key).is_some()).collect()
    };
    Item::texts("exceptions (the first wins)", common(before, after).join(" · "), common(after, before).join(" · "))
}

fn tier(before: &Tier, after: &Tier) -> Vec<Item> {
    let conditions = reach_of(&before.condition, &after.condition);
    let mut items: Vec<Item> = condition(before, after, conditions).into_iter().collect();
    items.extend(clear(before, after, conditions));
    items.extend(Item::spans("for", (before.hold, after.hold), Effect::FiresLater, Effect::FiresSooner));
    items.extend(Item::spans("keep_firing_for", (before.keep, after.keep), Effect::EndsLater, Effect::EndsSooner));
    let text = |title: &Option<Template>| title.as_ref().map(|title| title.text().to_string());
    items.extend(Item::of("title", text(&before.title), text(&after.title)));
    items.extend(templates("annotations", &before.annotations, &after.annotations));
    let actions = |tier: &Tier| (!tier.actions.is_empty()).then(|| words::names(&tier.actions));
    items.extend(Item::of("actions", actions(before), actions(after)));
    items
}

fn reach_of(before: &Condition, after: &Condition) -> Reach {
    match (before, after) {
        (Condition::Bound(before), Condition::Bound(after)) => reach(*before, *after),
        (before, after) if before == after => Reach::Same,
        _ => Reach::Other,
    }
}

fn condition(before: &Tier, after: &Tier, reach: Reach) -> Option<Item> {
    let ((key, old), (new_key, new)) = (words::condition(before), words::condition(after));
    if before.condition == after.condition {
        return None;
    }
    let item = if key == new_key {
        Item::texts(key, old, new)
    } else {
        Item::texts("condition", format!("{key} {old}"), format!("{new_key} {new}"))
    };
    item.map(|item| item.with(reach.of_firing()))
}

/// Without `clear` what fires holds as long as its condition does, so a bound that moved already says when it ends.
fn clear(before: &Tier, after: &Tier, conditions: Reach) -> Option<Item> {
    let text = |tier: &Tier| tier.clear.as_ref().map(words::clear);
    let item = Item::of("clear", text(before), text(after))?;
    let holds = |tier: &Tier| match (&tier.clear, &tier.condition) {
        (Some(Clear::Bound(bound)), _) => Some(*bound),
        (None, Condition::Bound(bound)) => Some(*bound),
        _ => None,
    };
    let both_given = before.clear.is_some() && after.clear.is_some();
    let comparable = both_given || conditions == Reach::Same;
    let effect = holds(before).zip(holds(after)).filter(|_| comparable);
    Some(item.with(effect.and_then(|(before, after)| reach(before, after).of_holding())))
}

/// Labels or annotations, by name.
pub(super) fn templates(head: &str, before: &[(Name, Template)], after: &[(Name, Template)]) -> Vec<Item> {
    let find = |all: &[(Name, Template)], name: &Name| {
        all.iter().find(|(known, _)| known == name).map(|(_, template)| template.text().to_string())
    };
    let gone = before.iter().filter(|(name, _)| find(after, name).is_none());
    let names = after.iter().chain(gone).map(|(name, _)| name);
    names.filter_map(|name| Item::of(format!("{head}.{name}"), find(before, name), find(after, name))).collect()
}
