//! One difference: of what, from what, to what, and in which direction.

use super::words;
use crate::model::Span;

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is, as a path: `high.above`, `channels.pager.fallback`.
    pub subject: String,
    /// What it was; nothing where it was not there.
    pub before: Option<String>,
    /// What it is; nothing where it is gone.
    pub after: Option<String>,
    /// What that does to alerts, where it can be known from the two alone.
    pub effect: Option<Effect>,
}

/// What a difference does to alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Some values fire no more, and none that did not.
    FiresLess,
    /// Values fire that did not, and all that did.
    FiresMore,
    /// The same values fire, later.
    FiresLater,
    /// The same values fire, sooner.
    FiresSooner,
    /// What fires goes on for longer.
    EndsLater,
    /// What fires ends sooner.
    EndsSooner,
}

/// Whether a condition asks for more than it did, or for less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It asks for more, so people hear less or later.
    Stricter,
    /// It asks for less, so people hear more or sooner.
    Looser,
}

impl Effect {
    /// The direction of a condition; what only decides how long an alert goes on has none.
    #[must_use]
    pub fn direction(self) -> Option<Direction> {
        match self {
            Effect::FiresLess | Effect::FiresLater => Some(Direction::Stricter),
            Effect::FiresMore | Effect::FiresSooner => Some(Direction::Looser),
            Effect::EndsLater | Effect::EndsSooner => None,
        }
    }

    /// In words. The direction alone can be understood both ways, so what it means stands beside it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Effect::FiresLess => "stricter: fires less",
            Effect::FiresMore => "looser: fires more",
            Effect::FiresLater => "stricter: fires later",
            Effect::FiresSooner => "looser: fires sooner",
            Effect::EndsLater => "ends later",
            Effect::EndsSooner => "ends sooner",
        }
    }
}

impl Item {
    /// What is different, if it is.
    pub(super) fn of(subject: impl Into<String>, before: Option<String>, after: Option<String>) -> Option<Item> {
        (before != after).then(|| Item { subject: subject.into(), before, after, effect: None })
    }

    /// Two texts that are always there.
    pub(super) fn texts(subject: impl Into<String>, before: impl ToString, after: impl ToString) -> Option<Item> {
        Item::of(subject, Some(before.to_string()), Some(after.to_string()))
    }

    /// Two times, of which the longer one has `longer` as its effect and the shorter one `shorter`.
    pub(super) fn spans(
        subject: impl Into<String>,
        (before, after): (Span, Span),
        longer: Effect,
        shorter: Effect,
    ) -> Option<Item> {
        let item = Item::texts(subject, words::span(before), words::span(after))?;
        Some(item.with(Some(if after > before { longer } else { shorter })))
    }

    pub(super) fn with(self, effect: Option<Effect>) -> Item {
        Item { effect, ..self }
    }

    /// The same under another head.
    pub(super) fn below(self, head: &str) -> Item {
        Item { subject: format!("{head}.{}", self.subject), ..self }
    }
}
