//! Alerting rules: which is which, and what is different of it.

use super::live::Live;
use super::{Effect, Item, RecordChange, Side, Told, group, live, query, record, tier, words};
use crate::engine::{Standing, enabled, pair};
use crate::model::{Name, RuleId};
use crate::rules::{Kind, Query, Rule, RuleSet};
use std::collections::BTreeSet;

/// What happened to one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleChange {
    /// Which rule of each side it is.
    pub pair: Pair,
    /// Its group, on the new side where it is there.
    pub group: Name,
    /// Its alert name, likewise.
    pub alert: Name,
    /// Where it is written, likewise.
    pub place: String,
    /// What happened to it as a whole.
    pub what: What,
    /// What is different of it.
    pub items: Vec<Item>,
    /// Who is told otherwise.
    pub told: Vec<Told>,
    /// The changed recording rules that its queries read, through others too.
    pub through: Vec<Name>,
    /// What a reload does with its alerts.
    pub live: Live,
}

/// One rule, as each side knows it; nothing where it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before.
    pub before: Option<RuleId>,
    /// After.
    pub after: Option<RuleId>,
}

/// What happened to a rule as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is the same rule under another name; where it was. The service knows it again.
    Renamed(String),
    /// A rule with the same queries is gone and one is new, and nothing tells the service that they are one; where it was.
    LooksRenamed(String),
    /// It is switched off, with the reason that is given.
    SwitchedOff(Name),
    /// It is switched on.
    SwitchedOn,
    /// It is itself, and something of it is different.
    Changed,
}

/// A rule on both sides, or on one.
pub(super) struct Partners<'a> {
    pub(super) old: Option<Standing<'a>>,
    pub(super) new: Option<Standing<'a>>,
    /// Whether they were put together by their queries alone.
    pub(super) by_looks: bool,
}

impl Partners<'_> {
    pub(super) fn pair(&self) -> Pair {
        let id = |standing: Option<Standing<'_>>| standing.map(|(_, rule)| rule.id);
        Pair { before: id(self.old), after: id(self.new) }
    }

    pub(super) fn name(&self) -> String {
        self.new.or(self.old).map(name_of).unwrap_or_default()
    }
}

fn name_of((group, rule): Standing<'_>) -> String {
    format!("{}/{}", group.name, rule.alert)
}

/// Pairs as a reload does; then, in the same way, what is switched off; then what asks the same and is the only one to.
pub(super) fn pairing<'a>(before: &'a RuleSet, after: &'a RuleSet) -> Vec<Partners<'a>> {
    let mut pairs = pair(enabled(before), enabled(after));
    let paired: BTreeSet<RuleId> = pairs.iter().filter(|(_, new)| new.is_some()).map(|(old, _)| old.1.id).collect();
    let taken: BTreeSet<RuleId> = pairs.iter().filter_map(|(_, new)| Some(new.as_ref()?.1.id)).collect();
    pairs.retain(|(_, new)| new.is_some());
    let left = all(before).filter(|(_, rule)| !paired.contains(&rule.id));
    pairs.extend(pair(left, all(after).filter(|(_, rule)| !taken.contains(&rule.id))));
    let taken: BTreeSet<RuleId> = pairs.iter().filter_map(|(_, new)| Some(new.as_ref()?.1.id)).collect();
    let fresh: Vec<Standing<'_>> = all(after).filter(|(_, rule)| !taken.contains(&rule.id)).collect();
    let mut partners: Vec<Partners<'_>> =
        pairs.into_iter().map(|(old, new)| Partners { old: Some(old), new, by_looks: false }).collect();
    let fresh = match_by_looks(&mut partners, fresh);
    partners.extend(fresh.into_iter().map(|new| Partners { old: None, new: Some(new), by_looks: false }));
    in_order(partners, before, after)
}

fn all(rules: &RuleSet) -> impl Iterator<Item = Standing<'_>> {
    rules.groups.iter().flat_map(|group| group.alerts().map(move |rule| (group, rule)))
}

fn match_by_looks<'a>(partners: &mut [Partners<'a>], mut fresh: Vec<Standing<'a>>) -> Vec<Standing<'a>> {
    let gone: Vec<usize> = (0..partners.len()).filter(|index| partners[*index].new.is_none()).collect();
    let looks = |rule: &Rule| -> Vec<String> { rule.queries.iter().map(|query| query::meaning(&query.expr)).collect() };
    let gone: Vec<(usize, Vec<String>)> =
        gone.into_iter().filter_map(|index| Some((index, looks(partners[index].old?.1)))).collect();
    for (index, asks) in &gone {
        let same: Vec<usize> = (0..fresh.len()).filter(|new| looks(fresh[*new].1) == *asks).collect();
        let is_alone = gone.iter().filter(|(_, other)| other == asks).count() == 1;
        if let ([only], true) = (&*same, is_alone) {
            partners[*index].new = Some(fresh.remove(*only));
            partners[*index].by_looks = true;
        }
    }
    fresh
}

/// In the order of the new files; what is gone stands where it stood, after what stood before it.
fn in_order<'a>(mut partners: Vec<Partners<'a>>, before: &RuleSet, after: &RuleSet) -> Vec<Partners<'a>> {
    let place = |set: &RuleSet, id: RuleId| {
        set.groups.iter().position(|group| group.alerts().any(|rule| rule.id == id)).unwrap_or(usize::MAX)
    };
    let name = |rules: &RuleSet, at: usize| rules.groups.get(at).map(|group| (group.file.clone(), group.name.clone()));
    partners.sort_by_cached_key(|partners| match (partners.new, partners.old) {
        (Some((_, rule)), _) => (name(after, place(after, rule.id)), 0, rule.place.start),
        (None, Some((_, rule))) => (name(before, place(before, rule.id)), 1, rule.place.start),
        (None, None) => (None, 2, 0),
    });
    partners
}

/// What is different of one rule; nothing where nothing is, not even a recording rule that it reads.
pub(super) fn change(
    before: Side<'_>,
    after: Side<'_>,
    partners: &Partners<'_>,
    records: &[RecordChange],
) -> Option<RuleChange> {
    let (side, standing) = partners.new.map(|new| (after, new)).or(partners.old.map(|old| (before, old)))?;
    let (group, rule) = standing;
    let what = what(partners);
    let items = items(partners);
    let through = record::read_by(rule, side.world, records);
    if what == What::Changed && items.is_empty() && through.is_empty() {
        return None;
    }
    Some(RuleChange {
        pair: partners.pair(),
        group: group.name.clone(),
        alert: rule.alert.clone(),
        place: super::record::place(side, rule.place),
        what,
        items,
        told: Vec::new(),
        through,
        live: live::live(partners, &after.world.settings.severities),
    })
}

fn what(partners: &Partners<'_>) -> What {
    let (Some(old), Some(new)) = (partners.old, partners.new) else {
        return if partners.new.is_some() { What::Added } else { What::Removed };
    };
    let was = name_of(old);
    match (&old.1.disabled, &new.1.disabled) {
        (None, Some(because)) => What::SwitchedOff(because.clone()),
        (Some(_), None) => What::SwitchedOn,
        _ if partners.by_looks => What::LooksRenamed(was),
        _ if was != name_of(new) => What::Renamed(was),
        _ => What::Changed,
    }
}

fn items(partners: &Partners<'_>) -> Vec<Item> {
    let one_sided = |rule: &Rule, of: fn(String) -> (Option<String>, Option<String>)| {
        let queries = rule.queries.iter().map(|query| (subject(rule, query), query::shown(&query.expr)));
        let tiers = rule.tiers.iter().filter(|_| rule.kind == Kind::Extended);
        let tiers = tiers.map(|tier| (tier.severity.name().to_string(), words::tier(tier)));
        let timing = rule.tiers.iter().filter(|tier| rule.kind == Kind::Plain && !tier.hold.is_zero());
        let timing = timing.map(|tier| ("for".to_owned(), words::span(tier.hold)));
        let off = rule.disabled.iter().map(|because| ("enabled".to_owned(), format!("false, because: {because}")));
        let pairs = queries.chain(tiers).chain(timing).chain(off);
        let items = pairs.filter_map(|(subject, text)| {
            let (before, after) = of(text);
            Item::of(subject, before, after)
        });
        items.collect::<Vec<Item>>()
    };
    match (partners.old, partners.new) {
        (Some(old), Some(new)) => both(old, new),
        (None, Some((_, rule))) => one_sided(rule, |text| (None, Some(text))),
        (Some((_, rule)), None) => one_sided(rule, |text| (Some(text), None)),
        (None, None) => Vec::new(),
    }
}

fn subject(rule: &Rule, query: &Query) -> String {
    if rule.queries.len() == 1 { "expr".into() } else { format!("queries.{}", query.name) }
}

fn both((old_group, old): Standing<'_>, (new_group, new): Standing<'_>) -> Vec<Item> {
    let mut items = queries(old, new);
    let kind = |rule: &Rule| if rule.kind == Kind::Plain { "a Prometheus rule" } else { "a rule with tiers" };
    items.extend(Item::texts("kind", kind(old), kind(new)));
    let is_plain = old.kind == Kind::Plain && new.kind == Kind::Plain;
    match (&*old.tiers, &*new.tiers, is_plain) {
        // The severity of a plain rule is its label, and its one tier has no name in the file.
        ([old], [new], true) => {
            items.extend(Item::texts("severity", &old.severity, &new.severity));
            items.extend(Item::spans("for", (old.hold, new.hold), Effect::FiresLater, Effect::FiresSooner));
            items.extend(Item::spans("keep_firing_for", (old.keep, new.keep), Effect::EndsLater, Effect::EndsSooner));
        }
        (old, new, _) => items.extend(tier::tiers(old, new)),
    }
    items.extend(tier::exceptions(old, new));
    items.extend(policies(old, new));
    let labels = tier::templates("labels", &old.labels, &new.labels);
    items.extend(labels.into_iter().filter(|item| !is_plain || item.subject != "labels.severity"));
    items.extend(tier::templates("annotations", &old.annotations, &new.annotations));
    if old_group.name != new_group.name {
        items.extend(group::items(old_group, new_group));
    }
    if let (Some(old), Some(new)) = (&old.disabled, &new.disabled) {
        items.extend(Item::texts("because", old, new));
    }
    items
}

fn queries(old: &Rule, new: &Rule) -> Vec<Item> {
    let mut items = Vec::new();
    for query in &new.queries {
        // The only query of a rule may be called as it likes.
        let single = old.queries.len() == 1 && new.queries.len() == 1;
        let was = old.queries.iter().find(|other| single || other.name == query.name);
        let subject = subject(new, query);
        let Some(was) = was else {
            items.extend(Item::of(subject, None, Some(query::shown(&query.expr))));
            continue;
        };
        if !query::asks_the_same(&was.expr, &query.expr) {
            let (before, after) = (Some(query::shown(&was.expr)), Some(query::shown(&query.expr)));
            let effect = query::effect(&was.expr, &query.expr);
            items.push(Item { subject: subject.clone(), before, after, effect });
        }
        items.extend(Item::texts(format!("{subject}.history"), words::span(was.history), words::span(query.history)));
    }
    let stays = |query: &Query| new.queries.len() == 1 || new.queries.iter().any(|other| other.name == query.name);
    let gone = old.queries.iter().filter(|query| !stays(query));
    items.extend(gone.filter_map(|query| Item::of(subject(old, query), Some(query::shown(&query.expr)), None)));
    let names = |names: &[Name]| (!names.is_empty()).then(|| words::names(names));
    items.extend(Item::of("join", names(&old.join), names(&new.join)));
    let value =
        |rule: &Rule| rule.queries.get(rule.value).filter(|_| rule.queries.len() > 1).map(|it| it.name.to_string());
    items.extend(Item::of("value", value(old), value(new)));
    items
}

fn policies(old: &Rule, new: &Rule) -> Vec<Item> {
    let name = |name: &Option<Name>| name.as_ref().map(ToString::to_string);
    let identity = |rule: &Rule| rule.identity.as_ref().map(|names| words::names(names));
    [
        Item::of("unit", name(&old.unit), name(&new.unit)),
        tier::target(old.target, new.target),
        Item::texts("no_data", words::no_data(&old.no_data), words::no_data(&new.no_data)),
        Item::texts("on_error", words::on_error(&old.on_error), words::on_error(&new.on_error)),
        Item::of("identity", identity(old), identity(new)),
        Item::texts("forget_after", words::span(old.forget_after), words::span(new.forget_after)),
        Item::of("policy", name(&old.policy), name(&new.policy)),
        Item::of("inhibited_by", words::inhibitors(&old.inhibited_by), words::inhibitors(&new.inhibited_by)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
