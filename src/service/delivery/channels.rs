//! Which channels there are, and which of them cannot speak.

use super::Worker;
use crate::config::{self, Settings};
use crate::http::{ClientError, chain};
use crate::model::Name;
use crate::notify::link::LinkKey;
use crate::notify::queue::Wishes;
use crate::notify::{Channel, unusable_secrets};
use crate::service::said::Said;
use std::collections::BTreeSet;
use std::sync::Arc;
use tracing::{error, info};

/// The trouble of a channel whose secrets cannot be had begins with this, so that a start knows it again.
const WITHOUT_SECRET: &str = "without its secret: ";
/// That of one that cannot know whom to trust.
const WITHOUT_CERTIFICATES: &str = "without its certificates: ";
/// A channel taken out of the configuration is kept this long for the ends that it owes.
const KEEP_REMOVED_CHANNEL: i64 = 3_600_000;

/// Whether this trouble of a channel is that it lacks what people have to give it.
pub(super) fn is_mute(trouble: &str) -> bool {
    [WITHOUT_SECRET, WITHOUT_CERTIFICATES].iter().any(|lack| trouble.contains(lack))
}

/// What a channel lacks, in words.
fn lacking(unusable: &[(&'static str, String)]) -> Option<String> {
    let lack = if unusable.iter().all(|(key, _)| *key == "tls") { WITHOUT_CERTIFICATES } else { WITHOUT_SECRET };
    let each: Vec<String> = unusable.iter().map(|(key, why)| format!("`{key}`: {why}")).collect();
    (!each.is_empty()).then(|| format!("{lack}{}", each.join("; ")))
}

impl Worker {
    /// Builds the channels of `settings`. One that is gone is kept while it owes an end: something is under way there, or it is among
    /// those that are `owing`, because somebody heard through it of what goes on.
    pub(super) fn settle(&mut self, settings: &Arc<Settings>, owing: &BTreeSet<Name>) {
        self.settings = Arc::clone(settings);
        // A channel may have another account now. Where it has not, its receiver says once more what it wants.
        self.wishes = Wishes::default();
        let now = self.now();
        self.pulses.settle(&settings.heartbeats.send, now);
        for (name, (_, removed)) in &mut self.channels {
            if !settings.channels.contains_key(name) {
                removed.get_or_insert(now);
            }
        }
        for name in settings.channels.keys() {
            if let Err(cause) = self.set_up(name) {
                error!(channel.name = %name, error = %chain(&cause), "cannot set up channel {name}");
                // What is there was set up otherwise, and might tell others than those who are meant now.
                self.channels.remove(name);
            }
        }
        for (name, channel) in &settings.channels {
            self.look_for_secrets(name, channel);
        }
        if let Some(cause) = settings.links.as_ref().and_then(|links| LinkKey::reveal(&links.secret).err()) {
            error!(error = %chain(&cause), "messages carry no signed links");
        }
        self.ailing.keep_those_of(|channel| settings.channels.contains_key(channel));
        let is_under_way = |name: &Name| self.lines.keys().any(|(_, destination)| destination.channel == *name);
        let owes = |name: &Name| owing.contains(name) || is_under_way(name);
        self.channels
            .retain(|name, (_, removed)| removed.is_none_or(|at| owes(name) && now - at < KEEP_REMOVED_CHANNEL));
    }

    /// Builds the channel of this name; it goes on from the one before it.
    fn set_up(&mut self, name: &Name) -> Result<Option<Arc<Channel>>, ClientError> {
        let Some(channel) = self.settings.channels.get(name) else { return Ok(None) };
        let mut built = Channel::build(channel, &self.settings)?;
        if let Some((before, _)) = self.channels.get(name) {
            built.go_on_from(before);
        }
        let built = Arc::new(built);
        self.channels.insert(name.clone(), (Arc::clone(&built), None));
        Ok(Some(built))
    }

    /// The channel of this name, where there is one. One that could not be set up is tried again: people mend its files without
    /// a reload.
    pub(super) fn channel(&mut self, name: &Name) -> Result<Option<Arc<Channel>>, ClientError> {
        match self.channels.get(name) {
            Some((channel, _)) => Ok(Some(Arc::clone(channel))),
            None => self.set_up(name),
        }
    }

    /// A channel whose secrets or certificates are missing is said to be mute now, and not when somebody has to be woken through
    /// it. The others work, so that this stops nothing.
    fn look_for_secrets(&mut self, name: &Name, channel: &config::Channel) {
        for (key, secret) in channel.kind.callback_secrets() {
            let Err(cause) = secret.reveal() else { continue };
            let cause = chain(&cause);
            error!(channel.name = %name, "callbacks of channel {name} are refused, because they cannot be checked: `{key}`: {cause}");
        }
        let trouble = lacking(&unusable_secrets(&channel.kind));
        let was_mute = self.mute.contains(name);
        if let Some(trouble) = &trouble {
            error!(channel.name = %name, "channel {name} cannot deliver {trouble}");
            self.mute.insert(name.clone());
            self.troubled.insert(name.clone());
        } else if was_mute {
            info!(channel.name = %name, "channel {name} has again what it lacked");
            self.mute.remove(name);
            self.troubled.remove(name);
        }
        if was_mute == trouble.is_none() {
            let _gone = self.said.send(Said::Channel { channel: name.clone(), trouble });
        }
    }
}
