//! What an Alertmanager has to hear again, because it forgets.

use super::Decider;
use crate::engine::notice::{self, Draft};
use crate::model::{Moment, Name};
use crate::service::delivery::Order;
use std::time::{Duration, Instant};

impl Decider {
    /// Says again to every Alertmanager whose time has come what fires, because an Alertmanager forgets.
    pub async fn keep_alive(&mut self, now: Moment) {
        if self.fenced {
            return;
        }
        let due = self.resends_due();
        let drafts: Vec<Draft> = notice::refreshes(&self.engine, &due, now);
        for notice in self.compose(&drafts).await {
            let _gone = self.ways_out.orders.send(Order::Refresh(Box::new(notice)));
        }
    }

    /// How long until an Alertmanager has to be told again; nothing where there is none.
    pub fn until_resend(&self) -> Option<Duration> {
        self.resends().map(|(_, wait)| wait).min()
    }

    /// The channels that are told again what fires, and how long that can wait.
    fn resends(&self) -> impl Iterator<Item = (&Name, Duration)> {
        let now = Instant::now();
        self.engine.world.settings.channels.iter().filter_map(move |(name, channel)| {
            let every = notice::resend_every(&channel.kind)?.to_std();
            let last = self.resent.get(name);
            Some((name, last.map_or(Duration::ZERO, |last| every.saturating_sub(now.duration_since(*last)))))
        })
    }

    /// The channels that have to be told again now what fires. They count as told.
    fn resends_due(&mut self) -> Vec<Name> {
        let due: Vec<Name> = self.resends().filter(|(_, wait)| wait.is_zero()).map(|(name, _)| name.clone()).collect();
        let now = Instant::now();
        self.resent.retain(|name, _| self.engine.world.settings.channels.contains_key(name));
        self.resent.extend(due.iter().map(|name| (name.clone(), now)));
        due
    }
}
