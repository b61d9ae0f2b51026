//! What came of an attempt at a delivery, and what follows from it.

use super::{Attempted, Line, Worker, owed};
use crate::engine::notice::NoticeKind;
use crate::model::{DeliveryId, Name};
use crate::notify::{Notifier, Receipt, SendError, queue};
use crate::service::said::Said;
use crate::store::{Attempt, Owed};
use tracing::{error, info, warn};

impl Worker {
    /// Notes what came of an attempt, and what follows from it.
    pub(super) fn judge(&mut self, line: &Line, id: DeliveryId, outcome: Attempted) {
        let channel = line.1.channel.clone();
        match outcome {
            Ok(None) => self.had_nothing_to_send(line, id),
            Ok(Some(receipt)) => {
                self.delivered(line, id, receipt);
                self.say_well_again(channel);
            }
            Err(SendError::Partly { reason, receipt, .. }) => self.delivered_to_some(line, id, receipt, reason),
            Err(SendError::SomeLater { reason, receipt, .. }) if self.is_left_at_that(line, id, &receipt) => {
                self.delivered_to_some(line, id, receipt, reason);
            }
            Err(SendError::Refused { reason, .. }) => {
                error!(destination = %line.1, reason, "{} refused a message for good", line.1);
                self.metrics.delivered(&channel, "refused");
                self.notary.note(id, Attempt::Refused { reason: reason.clone() });
                let refused = self.drop_from(line, id);
                self.say_refused(line, refused.as_ref(), reason);
            }
            Err(error @ (SendError::Unreachable { .. } | SendError::Busy { .. } | SendError::SomeLater { .. })) => {
                self.retry(line, id, &error);
            }
        }
    }

    /// Whoever has it was told, and the others are named.
    fn delivered_to_some(&mut self, line: &Line, id: DeliveryId, receipt: Receipt, reason: String) {
        error!(destination = %line.1, reason, "{} took a message, but not for everybody", line.1);
        self.delivered(line, id, receipt);
        self.say_trouble(line.1.channel.clone(), reason);
    }

    /// Whether those who were put off are not waited for, where the others have given this receipt.
    fn is_left_at_that(&mut self, line: &Line, id: DeliveryId, receipt: &Receipt) -> bool {
        let now = self.now();
        let (Some(queue), Some((channel, _))) = (self.lines.get(line), self.channels.get(&line.1.channel)) else {
            return false;
        };
        let mut rest = queue.iter().skip_while(|owed| owed.notice.draft.id != id);
        let first_tried = rest.next().and_then(|owed| owed.first_tried).unwrap_or(now);
        let is_followed = rest.any(|owed| channel.has_something_to_say(&owed.notice.draft, Some(receipt)));
        queue::is_left_at_that(is_followed, first_tried, now)
    }

    /// No request was made: nobody was told, and the next message waits for nothing.
    fn had_nothing_to_send(&mut self, line: &Line, id: DeliveryId) {
        info!(destination = %line.1, delivery.id = %id, "a message to {} is nothing to send there", line.1);
        self.metrics.delivered(&line.1.channel, "withdrawn");
        self.notary.note(id, Attempt::NothingToSend);
        self.drop_from(line, id);
    }

    fn delivered(&mut self, line: &Line, id: DeliveryId, receipt: Receipt) {
        info!(destination = %line.1, delivery.id = %id, "delivered to {}", line.1);
        self.metrics.delivered(&line.1.channel, "sent");
        let now = self.now();
        self.heard.note(line, now);
        self.notary.note(id, Attempt::Sent { receipt: receipt.text().into_owned() });
        if let Some(owed) = self.drop_from(line, id) {
            let key = (line.clone(), owed.notice.draft.generation);
            match owed.notice.draft.kind {
                NoticeKind::Page | NoticeKind::Update => self.receipts.insert(key, receipt),
                NoticeKind::End | NoticeKind::Letter => self.receipts.remove(&key),
            };
        }
    }

    fn retry(&mut self, line: &Line, id: DeliveryId, error: &SendError) {
        let now = self.now();
        let Some(owed) = owed(&mut self.lines, line, id) else { return };
        let retry_after = match error {
            SendError::Busy { retry_after, .. } => {
                // The receiver said that it did not take it.
                owed.fate_unknown = false;
                *retry_after
            }
            SendError::SomeLater { .. } => {
                owed.fate_unknown = false;
                None
            }
            SendError::Unreachable { .. } | SendError::Refused { .. } | SendError::Partly { .. } => None,
        };
        if let Some(wish) = retry_after {
            self.wishes.note(&line.1.channel, now, wish);
        }
        let not_before = now + queue::retry_in(id, owed.attempts, retry_after);
        owed.not_before = not_before;
        let first_tried = owed.first_tried.unwrap_or(now);
        let in_need = queue::needs_fallback(owed.attempts, first_tried, now);
        let attempts = owed.attempts;
        warn!(destination = %line.1, attempts, error = %error, "could not deliver to {}; trying again", line.1);
        self.metrics.delivered(&line.1.channel, "failed");
        self.notary.note(id, Attempt::Failed { reason: error.to_string(), not_before });
        if in_need {
            self.ask_for_fallback(line, id, error.to_string());
        }
    }

    /// The channel is in trouble: its fallback has to be told as well, and others have to hear that it cannot deliver.
    pub(super) fn ask_for_fallback(&mut self, line: &Line, id: DeliveryId, trouble: String) {
        let channel = line.1.channel.clone();
        if let Some(owed) = owed(&mut self.lines, line, id) {
            owed.fell_back = true;
            if owed.notice.draft.kind == NoticeKind::Page {
                let _gone = self.said.send(Said::NeedsFallback { notice: Box::new(owed.notice.draft.clone()) });
            }
        }
        self.say_trouble(channel, trouble);
    }

    fn say_refused(&mut self, line: &Line, refused: Option<&Owed>, reason: String) {
        let channel = line.1.channel.clone();
        if let Some(owed) = refused.filter(|owed| owed.notice.draft.kind == NoticeKind::Page) {
            let draft = Box::new(owed.notice.draft.clone());
            let _gone = self.said.send(Said::NeedsFallback { notice: draft.clone() });
            let _gone = self.said.send(Said::Refused { notice: draft });
        }
        self.say_trouble(channel, reason);
    }

    /// Others have to hear that the channel does not deliver. Of one that is not configured any more nobody could hear the end.
    pub(super) fn say_trouble(&mut self, channel: Name, trouble: String) {
        if self.settings.channels.contains_key(&channel) {
            self.troubled.insert(channel.clone());
            let _gone = self.said.send(Said::Channel { channel, trouble: Some(trouble) });
        }
    }

    fn drop_from(&mut self, line: &Line, id: DeliveryId) -> Option<Owed> {
        let queue = self.lines.get_mut(line)?;
        let place = queue.iter().position(|owed| owed.notice.draft.id == id)?;
        let owed = queue.remove(place);
        // Whatever became of it: nothing is said again of what is over.
        if owed.notice.draft.kind == NoticeKind::End {
            self.ailing.ends(line);
        }
        Some(owed)
    }
}
