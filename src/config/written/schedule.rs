//! Schedules as written: layers of rotations, and overrides above them.

use super::{DateTimeText, Day, NameText, StepText, TimeText, ZoneText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who is on call when.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Schedule {
    /// The time zone of every local time in it. The service's, where there is none.
    pub timezone: Option<ZoneText>,
    /// The layers. The later one wins where it is active.
    pub layers: Vec<Layer>,
    /// Changes of plan. The later one wins.
    pub overrides: Vec<Spanned<Override>>,
}

/// People taking turns.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Layer {
    /// Whose turn it is.
    pub rotation: Spanned<Rotation>,
    /// When the layer is active. Always, where there is none.
    pub during: Option<Spanned<Window>>,
}

/// Turns on the calendar.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rotation {
    /// The people, in order.
    pub responders: Spanned<Vec<NameText>>,
    /// How long a turn is: `12h`, `1d`, `2w`, `1mo`.
    pub every: StepText,
    /// The local time at which the first of them starts; handoffs lie before and after it.
    pub from: DateTimeText,
    /// The local time from which this layer counts; before it the layers below hold. With it a list of people can be
    /// changed without moving history.
    pub effective_from: Option<DateTimeText>,
}

/// A part of the week.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Window {
    /// The days on which it starts. Every day, where there are none.
    pub days: Option<Spanned<Vec<Day>>>,
    /// When it starts.
    #[schemars(extend("default" = "00:00"))]
    pub from: Option<TimeText>,
    /// When it ends; at or before `from` it is the next day.
    #[schemars(extend("default" = "00:00"))]
    pub to: Option<TimeText>,
}

/// A change of plan: `responder` stands in for everybody, or `by` for the one that `replace` names.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Override {
    /// The local time at which it begins.
    pub from: DateTimeText,
    /// The local time at which it ends.
    pub to: DateTimeText,
    /// Who is on call.
    pub responder: Option<NameText>,
    /// Who is stood in for, and only while they are on call; needs `by`.
    pub replace: Option<NameText>,
    /// Who stands in for `replace`.
    pub by: Option<NameText>,
}
