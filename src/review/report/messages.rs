//! What was sent, and what was not.

use super::Inputs;
use crate::engine::notice::NoticeKind;
use crate::model::Span;
use crate::notify::text;
use crate::review::clock::{At, Period};
use crate::store::Sending;
use serde::Serialize;

/// What has waited so long waits for something.
const PATIENCE: Span = Span::from_mins(5);

/// Messages of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// How many were owed.
    pub owed: usize,
    /// How many arrived.
    pub sent: usize,
    /// How many of those needed more than one try.
    pub retried: usize,
    /// How many were withdrawn: overtaken, or not shown by their channel.
    pub withdrawn: usize,
    /// Those that did not arrive.
    pub undelivered: Vec<Undelivered>,
}

/// A message that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// When it was owed.
    pub at: At,
    /// To whom.
    pub to: String,
    /// `page`, `update`, `end` or `letter`.
    pub kind: &'static str,
    /// What it was about, in one line.
    pub about: String,
    /// `refused`, or `waiting`.
    pub status: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// The last trouble with it.
    pub trouble: Option<String>,
}

impl Messages {
    pub(super) fn of(inputs: &Inputs<'_>, period: Period) -> Self {
        let sendings = || inputs.past.sendings.iter().filter(|sending| period.holds(sending.notice.draft.at));
        let sent = || sendings().filter(|sending| sending.status == "sent");
        Messages {
            owed: sendings().count(),
            sent: sent().count(),
            retried: sent().filter(|sending| sending.attempts > 1).count(),
            withdrawn: sendings().filter(|sending| sending.status == "withdrawn").count(),
            undelivered: sendings().filter_map(|sending| undelivered(inputs, sending)).collect(),
        }
    }
}

fn undelivered(inputs: &Inputs<'_>, sending: &Sending) -> Option<Undelivered> {
    let draft = &sending.notice.draft;
    let status = match sending.status.as_str() {
        "refused" => "refused",
        "queued" | "claimed" if inputs.at - draft.at > PATIENCE => "waiting",
        _ => return None,
    };
    Some(Undelivered {
        at: At(draft.at),
        to: draft.destination.to_string(),
        kind: NoticeKind::word(draft.kind),
        about: text::headline(&sending.notice),
        status,
        attempts: sending.attempts,
        trouble: sending.reason.clone(),
    })
}
