//! What a change of rules and configuration means: two loaded worlds in, a list of typed changes out.
//!
//! Start at [`compare`]. Rules are paired by the engine's own reload, so what is said here of live state is what the service
//! will do. Formatting, order of keys, comments and the layout of PromQL are no change. Absent on purpose: files, git, a server.

mod group;
mod item;
mod live;
mod meaning;
mod query;
mod record;
pub mod render;
mod rule;
mod service;
mod tier;
mod told;
mod words;

pub use item::{Direction, Effect, Item};
pub use rule::{Pair, RuleChange, What};

use crate::diagnostics::Sources;
use crate::engine::World;
use crate::model::{Name, Severity};
use crate::rules::RuleSet;

/// One side of a comparison: what was loaded, and the texts that its places point into.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Rules and settings.
    pub world: &'a World,
    /// The files.
    pub sources: &'a Sources,
    /// Whether there is a configuration; rules can be compared without one.
    pub is_configured: bool,
}

/// Everything that is different.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The alerting rules, in the order of the files.
    pub rules: Vec<RuleChange>,
    /// The settings that groups give to all of their rules.
    pub groups: Vec<GroupChange>,
    /// The recording rules, with the alerts that hang on them.
    pub records: Vec<RecordChange>,
    /// Who is told otherwise of rules that are themselves as they were.
    pub told: Vec<ToldOtherwise>,
    /// The service configuration.
    pub service: Vec<Item>,
}

/// The settings of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupChange {
    /// Its name, as it is now.
    pub group: Name,
    /// What is different.
    pub items: Vec<Item>,
    /// How many alerting rules stand in it.
    pub rules: usize,
}

/// One recording rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordChange {
    /// The series that it records.
    pub record: Name,
    /// Its group.
    pub group: Name,
    /// Where it is written: on the new side, where it is there.
    pub place: String,
    /// What is different; a rule that is new or gone has one item with its expression on one side.
    pub items: Vec<Item>,
    /// The alerts that read it, through other recording rules too.
    pub alerts: Vec<Name>,
}

/// Who hears of a rule at one severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The severity.
    pub severity: Severity,
    /// Before; nothing where the rule had nothing at this severity.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

/// Rules that did not change, whose incidents reach others now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldOtherwise {
    /// The rules, as `group/alert`.
    pub rules: Vec<String>,
    /// What is different for all of them.
    pub told: Told,
}

impl Difference {
    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Difference { rules, groups, records, told, service } = self;
        rules.is_empty() && groups.is_empty() && records.is_empty() && told.is_empty() && service.is_empty()
    }
}

/// Every alerting rule of two sides, each with its partner, in the order of the files.
#[must_use]
pub fn pairs(before: &RuleSet, after: &RuleSet) -> Vec<Pair> {
    rule::pairing(before, after).iter().map(rule::Partners::pair).collect()
}

/// Says what is different between two sides.
#[must_use]
pub fn compare(before: Side<'_>, after: Side<'_>) -> Difference {
    let pairing = rule::pairing(&before.world.rules, &after.world.rules);
    let records = record::changes(before, after);
    let mut rules = Vec::new();
    let mut only_told = Vec::new();
    for partners in &pairing {
        let told = told::changes(before.world, after.world, partners);
        match rule::change(before, after, partners, &records) {
            Some(change) => rules.push(RuleChange { told, ..change }),
            None => only_told.extend(told.into_iter().map(|told| (partners.name(), told))),
        }
    }
    Difference {
        rules,
        groups: group::changes(&pairing, before, after),
        records,
        told: told::gather(only_told),
        service: match (before.is_configured, after.is_configured) {
            (true, true) => service::changes(&before.world.settings, &after.world.settings),
            (was, is) => {
                let given = |is_given: bool| is_given.then(|| "given".to_owned());
                Item::of("the configuration", given(was), given(is)).into_iter().collect()
            }
        },
    }
}
