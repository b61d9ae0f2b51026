//! Which channels there are, and which of them cannot speak.

use super::Worker;
use crate::config::{self, Settings};
use crate::http::chain;
use crate::model::Name;
use crate::notify::link::LinkKey;
use crate::notify::queue::Wishes;
use crate::notify::{Channel, unusable_secrets};
use crate::service::clock::wall;
use crate::service::said::Said;
use std::collections::BTreeSet;
use std::sync::Arc;
use tracing::{error, info};

/// The trouble of a channel whose secrets cannot be had begins with this, so that a start knows it again.
pub(super) const MUTE: &str = "without its secret: ";
/// A channel taken out of the configuration is kept this long for the ends that it owes.
const KEEP_REMOVED_CHANNEL: i64 = 3_600_000;

impl Worker {
    /// Builds the channels of `settings`. One that is gone is kept while it owes an end: something is under way there, or it is among
    /// those that are `owing`, because somebody heard through it of what goes on.
    pub(super) fn settle(&mut self, settings: &Arc<Settings>, owing: &BTreeSet<Name>) {
        self.settings = Arc::clone(settings);
        // A channel may have another account now. Where it has not, its receiver says once more what it wants.
        self.wishes = Wishes::default();
        let now = wall();
        self.pulses.settle(&settings.heartbeats.send, now);
        for (name, (_, removed)) in &mut self.channels {
            if !settings.channels.contains_key(name) {
                removed.get_or_insert(now);
            }
        }
        for (name, channel) in &settings.channels {
            match Channel::build(channel, settings) {
                Ok(mut built) => {
                    if let Some((before, _)) = self.channels.get(name) {
                        built.go_on_from(before);
                    }
                    self.channels.insert(name.clone(), (Arc::new(built), None));
                }
                Err(cause) => error!(channel.name = %name, error = %cause, "cannot set up channel {name}"),
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

    /// A channel whose secrets are missing is said to be mute now, and not when somebody has to be woken through it. The others
    /// work, so that this stops nothing.
    fn look_for_secrets(&mut self, name: &Name, channel: &config::Channel) {
        for (key, secret) in channel.kind.callback_secrets() {
            let Err(cause) = secret.reveal() else { continue };
            let cause = chain(&cause);
            error!(channel.name = %name, "callbacks of channel {name} are refused, because they cannot be checked: `{key}`: {cause}");
        }
        let unusable = unusable_secrets(&channel.kind).into_iter().map(|(key, why)| format!("`{key}`: {why}"));
        let missing = unusable.collect::<Vec<_>>().join("; ");
        let trouble = (!missing.is_empty()).then(|| format!("{MUTE}{missing}"));
        let was_mute = self.mute.contains(name);
        if let Some(trouble) = &trouble {
            error!(channel.name = %name, "channel {name} cannot deliver {trouble}");
            self.mute.insert(name.clone());
            self.troubled.insert(name.clone());
        } else if was_mute {
            info!(channel.name = %name, "channel {name} has its secret again");
            self.mute.remove(name);
            self.troubled.remove(name);
        }
        if was_mute == trouble.is_none() {
            let _gone = self.said.send(Said::Channel { channel: name.clone(), trouble });
        }
    }
}
