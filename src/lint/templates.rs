//! Every template of a rule, as written and as meant.

use crate::diagnostics::Text;
use crate::model::Name;
use crate::rules::template::Template;
use crate::rules::{Checked, Tier};
use crate::yaml::Entries;

/// The labels of the rule itself, then those of its group that it does not set anew.
pub(super) fn labels(rule: &Checked) -> impl Iterator<Item = (&Text, &Template)> {
    let own = pairs(rule.written.labels.as_ref(), &rule.rule.labels);
    let of_group = pairs(rule.group.labels.as_ref(), &rule.rule.labels);
    own.chain(of_group.filter(|(text, template)| text.value == *template.text()))
}

/// Everything that people read: annotations and titles, those of tiers included.
pub(super) fn texts(rule: &Checked) -> impl Iterator<Item = (&Text, &Template)> {
    let own = pairs(rule.written.annotations.as_ref(), &rule.rule.annotations);
    own.chain(rule.rule.tiers.iter().flat_map(|tier| of_tier(rule, tier)))
}

fn of_tier<'a>(rule: &'a Checked, tier: &'a Tier) -> impl Iterator<Item = (&'a Text, &'a Template)> {
    let written = rule.written_tier(tier).map(|(_, written)| written);
    let annotations = pairs(written.and_then(|written| written.annotations.as_ref()), &tier.annotations);
    let title = written.and_then(|written| written.title.as_ref()).or(rule.written.title.as_ref());
    annotations.chain(title.zip(tier.title.as_ref()))
}

fn pairs<'a>(
    written: Option<&'a Entries<Text>>,
    meant: &'a [(Name, Template)],
) -> impl Iterator<Item = (&'a Text, &'a Template)> {
    written.into_iter().flatten().filter_map(move |(name, text)| {
        let template = meant.iter().find(|(other, _)| **other == *name.value)?;
        Some((text, &template.1))
    })
}

/// The actions of a template with the place of each: what stands between `{{` and `}}`, without trim markers.
pub(super) fn actions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find("{{")? + 2;
        let end = start + text[start..].find("}}")?;
        at = end + 2;
        Some((start, &text[start..end]))
    })
}
