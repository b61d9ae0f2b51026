//! Telling an Alertmanager again what fires, so that it does not forget.

use super::attempt::send;
use super::{Attempted, Done, Line, What, Worker, line_of};
use crate::engine::notice::{Notice, resend_every};
use crate::model::Name;
use crate::notify::{Receipt, SendError, Told, queue};
use crate::service::said::Said;
use std::sync::Arc;
use std::time::Instant;
use tracing::warn;

impl Worker {
    /// An Alertmanager forgets what it is not told again. This takes its turn on the line: overtaken by the end, it would
    /// raise what is over.
    pub(super) fn refresh(&mut self, notice: Notice) {
        let line = line_of(&notice);
        if self.lines.contains_key(&line) || self.busy.contains(&line) {
            return;
        }
        let Ok(Some(channel)) = self.channel(&line.1.channel) else { return };
        let generation = notice.draft.generation;
        let earlier = self.receipt(&line, generation);
        let settings = Arc::clone(&self.settings);
        self.set_off(line, What::Refresh { generation }, async move {
            // Out of the store it is a text: read once, not by the sending and again by the comparing.
            let earlier = earlier.await.map(|it| Receipt::Told(Told::of(&it)));
            let outcome = send(&channel, &notice, &settings, earlier.as_ref()).await;
            let is_news =
                receipt_of(&outcome).is_some_and(|receipt| !earlier.is_some_and(|it| it.says_the_same(receipt)));
            Done { outcome, is_news }
        });
    }

    /// What fires and cannot be kept alive is forgotten there, so others have to hear that the channel does not deliver.
    pub(super) fn judge_refresh(&mut self, line: Line, generation: u32, done: Done) {
        let channel = line.1.channel.clone();
        self.metrics.delivered(&channel, if done.outcome.is_ok() { "refreshed" } else { "refresh_failed" });
        if let Some(receipt) = receipt_of(&done.outcome) {
            if done.is_news {
                self.notary.note_receipt(line.clone(), generation, receipt.text().into_owned());
            }
            // After a start the last one is in the store alone, where it says every label once more: it is read once.
            self.receipts.insert((line.clone(), generation), receipt.clone());
        }
        match done.outcome {
            Ok(_) => {
                self.ailing.ends(&line);
                self.say_well_again(channel);
            }
            Err(error) => {
                warn!(destination = %line.1, error = %error, "could not keep alerts alive at {}", line.1);
                let failures = self.ailing.missed(line, Instant::now());
                let is_for_good = matches!(error, SendError::Refused { .. } | SendError::Partly { .. });
                if is_for_good || failures >= queue::FALLBACK_AFTER_FAILURES {
                    self.say_trouble(channel, error.to_string());
                }
            }
        }
    }

    /// Something got through; the channel delivers again, unless it still refuses to be told again of another incident.
    pub(super) fn say_well_again(&mut self, channel: Name) {
        let every = self.settings.channels.get(&channel).and_then(|it| resend_every(&it.kind)).unwrap_or_default();
        if !self.ailing.ails(&channel, every.to_std(), Instant::now()) && self.troubled.remove(&channel) {
            let _gone = self.said.send(Said::Channel { channel, trouble: None });
        }
    }
}

/// What an attempt leaves to remember.
fn receipt_of(outcome: &Attempted) -> Option<&Receipt> {
    match outcome {
        Ok(receipt) => receipt.as_ref(),
        Err(SendError::Partly { receipt, .. }) => Some(receipt),
        Err(_) => None,
    }
}
