//! What was told before, as it stands now: for receivers that forget, and for what senders say of their alerts.

use super::{Draft, Message, Reason};
use crate::config::{ChannelKind, Format};
use crate::engine::Engine;
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
            draft.bring_up_to_date(engine);
            drafts.push(draft);
        }
    }
    drafts
}

/// Whether a receiver knows an alert by its labels: under others it would be another one to it, and this one would never end.
fn goes_by_labels(kind: &ChannelKind) -> bool {
    matches!(kind, ChannelKind::Alertmanager { .. } | ChannelKind::Webhook { format: Format::Alertmanager, .. })
}

impl Draft {
    /// Takes over what is known now of the alerts that fire: whoever is told later than others reads no number of then.
    pub(in crate::engine) fn bring_up_to_date(&mut self, engine: &Engine) {
        let channel = engine.world.settings.channels.get(&self.destination.channel);
        let keeps_labels = channel.is_some_and(|channel| goes_by_labels(&channel.kind));
        let firing = self.members.iter_mut().filter(|member| member.ended.is_none());
        firing.for_each(|member| member.bring_up_to_date(engine, keeps_labels));
    }
}

impl Member {
    /// Takes over the value of the last slot at which it did not only go on firing, and the series that gives the verdict.
    fn bring_up_to_date(self: &mut Arc<Self>, engine: &Engine, keeps_labels: bool) {
        let Origin::Rule(rule) = &self.subject.origin else { return self.bring_post_up_to_date(engine) };
        let Some((alert, _)) = engine.state.rules.get(rule).and_then(|rule| rule.get(self.subject.alert)) else {
            return;
        };
        let labels = if keeps_labels { &self.subject.labels } else { &alert.labels };
        // A copy for each of thousands only where there is something new.
        let is_new = alert.held.to_bits() != self.subject.value.to_bits()
            || alert.series != self.subject.series
            || *labels != self.subject.labels;
        if is_new {
            let labels = labels.clone();
            let subject = &mut Arc::make_mut(self).subject;
            (subject.value, subject.series, subject.labels) = (alert.held, alert.series.clone(), labels);
        }
    }

    /// Takes over what the sender of a posted alert says of it now.
    fn bring_post_up_to_date(self: &mut Arc<Self>, engine: &Engine) {
        if let Some(posted) = engine.state.posted.get(&self.subject.alert) {
            Arc::make_mut(self).subject.origin = posted.subject.origin.clone();
        }
    }
}
