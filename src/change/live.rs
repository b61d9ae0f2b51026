//! What becomes of the alerts that there are when the change is loaded. The engine's own reload says it; here it gets words.

use super::rule::{Partners, RuleChange, What};
use super::{query, words};
use crate::engine::{Fate, fate};
use crate::model::Severities;
use crate::rules::Rule;

/// What a reload does with the alerts of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// What the engine will do; nothing where the rule is switched off on both sides.
    pub fate: Option<Fate>,
    /// How the rule takes a series that is no longer answered, where other questions are asked.
    pub no_data: Option<String>,
    /// What to write so that the alerts are kept, where that is all that is missing.
    pub moved_from: Option<String>,
}

pub(super) fn live(partners: &Partners<'_>, severities: &Severities) -> Live {
    let (old, new) = (partners.old.map(|(_, rule)| &**rule), partners.new.map(|(_, rule)| &**rule));
    let is_on = |rule: &&Rule| rule.disabled.is_none();
    let (was, is) = (old.filter(is_on), new.filter(is_on));
    let fate = match (was, is) {
        (None, None) => None,
        // What only looks alike is not known again: as far as the service knows, one rule ends and another begins.
        (Some(old), Some(_)) if partners.by_looks => Some(fate(Some(old), None, severities)),
        _ => Some(fate(was, is, severities)),
    };
    let moved_from = partners.old.filter(|_| partners.by_looks && is.is_some());
    let moved_from = moved_from.map(|(group, rule)| match &rule.given_id {
        Some(id) => id.to_string(),
        None => format!("{}/{}", group.name, rule.alert),
    });
    // The engine starts its rows anew for any other text; for people only another meaning is another question.
    let asks_anew = matches!(&fate, Some(Fate::GoesOn(goes_on)) if goes_on.asks_anew)
        && was.zip(is).is_some_and(|(old, new)| !ask_the_same(old, new));
    let no_data = new.filter(|_| asks_anew).map(|rule| words::no_data(&rule.no_data));
    Live { fate, no_data, moved_from }
}

fn ask_the_same(old: &Rule, new: &Rule) -> bool {
    let mut pairs = old.queries.iter().zip(&new.queries);
    old.queries.len() == new.queries.len()
        && old.join == new.join
        && pairs.all(|(old, new)| query::asks_the_same(&old.expr, &new.expr))
}

impl Live {
    /// In words, one sentence after the other.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.fate {
            None => "the rule is switched off before and after: it has no alerts".into(),
            Some(Fate::Begins) => "begins without alerts".into(),
            Some(Fate::Ends) => match &self.moved_from {
                None => "its alerts end, and whoever heard of them hears of the end".into(),
                Some(from) => format!(
                    "its alerts end, as nothing says that it is the same rule; `moved_from: [\"{from}\"]` keeps them"
                ),
            },
            Some(Fate::GoesOn(goes_on)) => {
                let mut sentences = vec!["alerts and their timers are kept".to_owned()];
                if goes_on.identity_may_differ {
                    let text = "those whose identity comes out otherwise by the changed labels end";
                    sentences.push(text.into());
                }
                sentences.extend(goes_on.lost_tiers.iter().map(|tier| {
                    format!("what fires as `{tier}` falls to the highest tier that is left and fires, or ends")
                }));
                sentences.extend(
                    goes_on.other_severity.iter().map(|(was, is)| format!("what fires as `{was}` goes on as `{is}`")),
                );
                sentences.extend(self.no_data.as_ref().map(|no_data| {
                    format!("a series that the new query does not return is missing (no_data: {no_data})")
                }));
                sentences.join("; ")
            }
        }
    }
}

impl RuleChange {
    /// Whether alerts that fire now can end by the reload itself.
    #[must_use]
    pub fn can_end_alerts(&self) -> bool {
        match (&self.live.fate, &self.what) {
            (_, What::Added | What::SwitchedOn) | (None, _) => false,
            (Some(Fate::Ends), _) => true,
            (Some(Fate::Begins), _) => false,
            (Some(Fate::GoesOn(goes_on)), _) => goes_on.identity_may_differ || !goes_on.lost_tiers.is_empty(),
        }
    }
}
