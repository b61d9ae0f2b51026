//! Buttons below a message, and what a press of one says.
//!
//! A button's value names incident and generation: pressed on an old message it cannot touch what was reopened since.

use crate::engine::command::Act;
use crate::engine::notice::{Notice, NoticeKind};
use crate::model::IncidentId;
use serde_json::{Value, json};

/// Whether messages have buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buttons {
    /// Their presses are not taken, so there are none.
    None,
    /// Their presses are taken.
    Taken,
}

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Somebody is at it.
    Acknowledge,
    /// It is over.
    Resolve,
    /// The next level hears of it now.
    Escalate,
}

/// What a button is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The incident.
    pub incident: IncidentId,
    /// Its generation.
    pub generation: u32,
}

const ALL: [Button; 3] = [Button::Acknowledge, Button::Resolve, Button::Escalate];

impl Buttons {
    /// Buttons where presses can be verified.
    #[must_use]
    pub fn where_taken(taken: bool) -> Self {
        if taken { Buttons::Taken } else { Buttons::None }
    }

    /// The block of buttons below a message, where anything can be done.
    #[must_use]
    pub fn block(self, notice: &Notice) -> Option<Value> {
        let offered = ALL.into_iter().filter(|button| self == Buttons::Taken && button.is_offered(notice));
        let bound = Bound { incident: notice.draft.incident, generation: notice.draft.generation };
        let elements: Vec<Value> = offered.map(|button| button.element(bound)).collect();
        (!elements.is_empty()).then(|| json!({ "type": "actions", "block_id": "watchbell", "elements": elements }))
    }
}

impl Button {
    /// What it is in a payload.
    #[must_use]
    pub fn action_id(self) -> &'static str {
        match self {
            Button::Acknowledge => "watchbell_acknowledge",
            Button::Resolve => "watchbell_resolve",
            Button::Escalate => "watchbell_escalate",
        }
    }

    /// The button with this id.
    #[must_use]
    pub fn with_id(action_id: &str) -> Option<Self> {
        ALL.into_iter().find(|button| button.action_id() == action_id)
    }

    /// What pressing it asks for.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Button::Acknowledge => Act::Acknowledge,
            Button::Resolve => Act::Resolve,
            Button::Escalate => Act::Escalate,
        }
    }

    fn is_offered(self, notice: &Notice) -> bool {
        let draft = &notice.draft;
        let is_open = matches!(draft.kind, NoticeKind::Page | NoticeKind::Update);
        let fires = notice.alerts.iter().any(|alert| alert.ended.is_none());
        match self {
            // A page wakes somebody although another one is at it: then there is something to acknowledge all the same.
            Button::Acknowledge => is_open && (draft.acknowledged_by.is_none() || draft.kind == NoticeKind::Page),
            // What fires cannot be said to be over.
            Button::Resolve => is_open && !fires,
            Button::Escalate => is_open && fires,
        }
    }

    fn element(self, bound: Bound) -> Value {
        let words = match self {
            Button::Acknowledge => "Acknowledge",
            Button::Resolve => "Resolve",
            Button::Escalate => "Escalate now",
        };
        let mut element = json!({
            "type": "button",
            "text": { "type": "plain_text", "text": words },
            "action_id": self.action_id(),
            "value": bound.to_string(),
        });
        match self {
            Button::Acknowledge => element["style"] = json!("primary"),
            Button::Escalate => element["style"] = json!("danger"),
            Button::Resolve => {}
        }
        element
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.incident, self.generation)
    }
}

impl std::str::FromStr for Bound {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (incident, generation) = text.split_once('/').ok_or(())?;
        Ok(Bound { incident: incident.parse().map_err(drop)?, generation: generation.parse().map_err(drop)? })
    }
}
