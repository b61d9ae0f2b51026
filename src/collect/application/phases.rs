//! The parts of a look, and how long each took.

use crate::collect::probe::Trouble;
use std::future::Future;
use std::time::{Duration, Instant};

/// A part of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The name becomes addresses.
    Dns,
    /// One of the addresses takes the connection.
    Connect,
    /// Both sides agree on keys, and we on whom we trust.
    Tls,
    /// From the request to the head of the answer.
    FirstByte,
    /// The rest of the answer. Not shown by itself: it is what the total has beside the others.
    Body,
    /// The whole, to the last byte of the answer.
    Total,
}

impl Phase {
    /// Those that are shown, in their order.
    pub(super) const SHOWN: [Phase; 5] = [Phase::Dns, Phase::Connect, Phase::Tls, Phase::FirstByte, Phase::Total];

    /// Its label.
    pub(super) fn word(self) -> &'static str {
        match self {
            Phase::Dns => "dns",
            Phase::Connect => "connect",
            Phase::Tls => "tls",
            Phase::FirstByte => "first_byte",
            Phase::Body => "body",
            Phase::Total => "total",
        }
    }

    fn deed(self) -> &'static str {
        match self {
            Phase::Dns => "while the name was looked up",
            Phase::Connect => "while connecting",
            Phase::Tls => "while TLS was set up",
            Phase::FirstByte => "before the first byte of an answer",
            Phase::Body | Phase::Total => "before the answer was whole",
        }
    }
}

/// How long each part took. What was not gone through to its end has no time. After a redirect, times add up.
#[derive(Debug, Default)]
pub(super) struct Phases {
    times: [Option<Duration>; 6],
    under_way: Option<Phase>,
}

impl Phases {
    /// How long `phase` took.
    pub(super) fn time(&self, phase: Phase) -> Option<Duration> {
        self.times[phase as usize]
    }

    /// Does `work`, and notes how long it took if it succeeded.
    pub(super) async fn time_of<T, E>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.under_way = Some(phase);
        let began = Instant::now();
        let done = work.await?;
        let time = &mut self.times[phase as usize];
        *time = Some(time.unwrap_or_default() + began.elapsed());
        self.under_way = None;
        Ok(done)
    }

    /// The look is over after `took`. Only an answer that came to its end has a total.
    pub(super) fn finish(&mut self, took: Duration) {
        let is_whole = self.under_way.is_none() && self.time(Phase::Body).is_some();
        self.times[Phase::Total as usize] = is_whole.then_some(took);
    }

    /// What to say of a look that was given up after `limit`.
    pub(super) fn hung(&self, limit: Duration) -> Trouble {
        let deed = self.under_way.map_or("before it began", Phase::deed);
        Trouble::new("timeout", format!("given up after {limit:?} {deed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn takes(millis: u64, outcome: Result<(), ()>) -> Result<(), ()> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        outcome
    }

    #[tokio::test]
    async fn a_part_that_failed_or_hangs_has_no_time_and_the_whole_has_none_either() {
        let mut phases = Phases::default();
        phases.time_of(Phase::Dns, takes(0, Ok(()))).await.unwrap();
        assert!(phases.time_of(Phase::Connect, takes(0, Err(()))).await.is_err());
        phases.finish(Duration::from_secs(1));
        let known: Vec<_> = Phase::SHOWN.into_iter().filter(|phase| phases.time(*phase).is_some()).collect();
        assert_eq!(known, [Phase::Dns]);
        let told = phases.hung(Duration::from_secs(10));
        assert_eq!((told.reason, told.text.as_str()), ("timeout", "given up after 10s while connecting"));
    }

    #[tokio::test]
    async fn the_parts_of_a_look_that_was_sent_on_add_up() {
        let mut phases = Phases::default();
        for _ in 0..2 {
            phases.time_of(Phase::Connect, takes(5, Ok(()))).await.unwrap();
            phases.time_of(Phase::Body, takes(0, Ok(()))).await.unwrap();
        }
        phases.finish(Duration::from_secs(1));
        assert!(phases.time(Phase::Connect).unwrap() >= Duration::from_millis(10));
        assert_eq!(phases.time(Phase::Total), Some(Duration::from_secs(1)));
    }
}
