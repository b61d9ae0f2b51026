//! What was told before, as it stands now: for receivers that forget, and for what senders say of their alerts.

use super::{Draft, Message, Reason};
use crate::config::ChannelKind;
use crate::engine::Engine;
use crate::engine::alert::Alert;
use crate::engine::incident::Member;
use crate::engine::transition::Origin;
use crate::model::{Moment, Name, Span};
use std::sync::Arc;

/// How often a channel has to hear again what fires, where it forgets.
#[must_use]
pub fn resend_every(kind: &ChannelKind) -> Option<Span> {
    if let ChannelKind::Alertmanager { resend_every, .. } = kind { Some(*resend_every) } else { None }
}

/// What those of `channels` that heard of an open incident have to hear again, with the values of now.
#[must_use]
pub fn refreshes(engine: &Engine, channels: &[Name], at: Moment) -> Vec<Draft> {
    let open = engine.state.incidents.by_key.values().filter(|incident| !incident.is_resolved());
    let mut drafts = Vec::new();
    for incident in open {
        for destination in incident.ledger.keys().filter(|destination| channels.contains(&destination.channel)) {
            let mut draft = Draft::new(incident, destination, &Message::update(Reason::Changed), 0, at);
            draft.members.retain(|member| member.ended.is_none());
            draft.members.iter_mut().for_each(|member| member.bring_up_to_date(engine));
            drafts.push(draft);
        }
    }
    drafts
}

impl Member {
    /// Takes over the value of the last evaluated slot.
    fn bring_up_to_date(self: &mut Arc<Self>, engine: &Engine) {
        let Origin::Rule(rule) = &self.subject.origin else { return self.bring_post_up_to_date(engine) };
        let alert = engine.state.rules.get(rule).and_then(|rule| rule.get(self.subject.alert));
        // A copy for each of thousands only where there is something new.
        let is_new = |alert: &Alert| {
            alert.value.to_bits() != self.subject.value.to_bits() || alert.series != self.subject.series
        };
        if let Some((alert, _)) = alert.filter(|(alert, _)| is_new(alert)) {
            let subject = &mut Arc::make_mut(self).subject;
            (subject.value, subject.series) = (alert.value, alert.series.clone());
        }
    }

    /// Takes over what the sender of a posted alert says of it now.
    pub(super) fn bring_post_up_to_date(self: &mut Arc<Self>, engine: &Engine) {
        let latest = engine.state.posted.get(&self.subject.alert).filter(|_| self.ended.is_none());
        if let Some(posted) = latest {
            Arc::make_mut(self).subject.origin = posted.subject.origin.clone();
        }
    }
}
