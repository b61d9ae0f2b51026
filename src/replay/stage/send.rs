//! Messages on their way: rendered, posted, and what becomes of them.

use super::Stage;
use crate::engine::Fact;
use crate::engine::notice::{Draft, Notice};
use crate::model::{Moment, Name, Span};
use crate::replay::post::{Fate, Posted};
use crate::replay::snapshot;
use crate::replay::story::Deed;
use crate::rules::template::Answers;

impl Stage<'_> {
    pub(super) fn deliver(&mut self, at: Span, now: Moment) {
        loop {
            let (channels, settings) = (&self.channels, &self.scenario.settings);
            let fate = |name: &Name| {
                channels
                    .iter()
                    .find(|(channel, until, _)| channel == name && at < *until)
                    .map_or(Fate::Arrives, |(_, _, fate)| *fate)
            };
            let pace = |name: &Name| settings.channels.get(name).map_or(Span::ZERO, |channel| channel.updates_every);
            let posted = self.post.work(now.millis(), fate, pace);
            if posted.is_empty() {
                return;
            }
            for posted in posted {
                self.posted(posted, at, now);
            }
        }
    }

    fn posted(&mut self, posted: Posted, at: Span, now: Moment) {
        let fact = match posted {
            Posted::Arrived(notice) => {
                let destination = notice.draft.destination.clone();
                let text = snapshot::message(&notice);
                return self.story.add(at, Deed::Told { destination, notice }, text);
            }
            Posted::Failed(draft, attempts) => {
                return self.say(at, format!("-> {}: attempt {attempts} failed", draft.destination));
            }
            Posted::Withdrawn(destination, count) => {
                return self.say(at, format!("-> {destination}: {count} overtaken and withdrawn"));
            }
            Posted::NeedsFallback(draft) => {
                let channels = &self.scenario.settings.channels;
                let fallback = channels.get(&draft.destination.channel).and_then(|channel| channel.fallback.clone());
                self.channel_trouble(&draft.destination.channel.clone(), Some("it does not answer".into()), at, now);
                let Some(fallback) = fallback else { return };
                Fact::FellBack { notice: draft, fallback }
            }
            Posted::Refused(draft) => {
                self.say(at, format!("-> {}: refused for good", draft.destination));
                let (incident, generation, page) = (draft.incident, draft.generation, draft.page);
                Fact::Refused { incident, generation, destination: draft.destination, page }
            }
            Posted::Recovered(channel) => return self.channel_trouble(&channel, None, at, now),
        };
        let step = self.engine.advance(fact, now);
        self.take(step, at);
    }

    fn channel_trouble(&mut self, channel: &Name, trouble: Option<String>, at: Span, now: Moment) {
        let step = self.engine.advance(Fact::Channel { channel: channel.clone(), trouble }, now);
        self.take(step, at);
    }

    /// Renders a message, with the answers to what its templates ask.
    pub(super) fn composed(&mut self, draft: &Draft) -> Notice {
        let skew = self.clocks.skew();
        let mut answers = Answers::new();
        loop {
            match draft.compose(&self.engine.world, skew, &answers) {
                Ok(notice) => return notice,
                Err(wanted) => {
                    for (_, query) in wanted {
                        // A text that depends on answers asks other queries in the next round; a circle would ask the same.
                        let found = self.offline.ask(&query, draft.at.slot(skew).millis());
                        answers.insert(query, found);
                    }
                }
            }
        }
    }

    pub(super) fn pace(&self, channel: &Name) -> Span {
        self.scenario.settings.channels.get(channel).map_or(Span::ZERO, |channel| channel.updates_every)
    }
}
