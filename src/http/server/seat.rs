//! What a connection is doing, and how long it may go on with that.

use super::Limits;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The place that a connection takes.
#[derive(Debug)]
pub(super) struct Seat {
    limits: Limits,
    doing: Mutex<(Doing, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// A head is on its way; so it is with a connection that is new.
    Asking,
    /// A whole head is there.
    Answering,
    /// What was asked is answered, though some of that may still have to be sent.
    Resting,
}

impl Seat {
    pub(super) fn new(limits: Limits) -> Self {
        Seat { limits, doing: Mutex::new((Doing::Asking, Instant::now())) }
    }

    /// Since when it does what it does.
    pub(super) fn opened(&self) -> Instant {
        self.doing().1
    }

    /// Something came.
    pub(super) fn heard(&self) {
        let mut doing = self.doing();
        if doing.0 == Doing::Resting {
            *doing = (Doing::Asking, Instant::now());
        }
    }

    /// Something was taken off us. Whoever takes an answer, however slowly, is not at rest yet.
    pub(super) fn told(&self) {
        let mut doing = self.doing();
        if doing.0 == Doing::Resting {
            doing.1 = Instant::now();
        }
    }

    /// A whole head came.
    pub(super) fn answering(&self) {
        *self.doing() = (Doing::Answering, Instant::now());
    }

    /// There is an answer.
    pub(super) fn answered(&self) {
        *self.doing() = (Doing::Resting, Instant::now());
    }

    /// Until when it may go on, where there is an end to it.
    pub(super) fn deadline(&self, is_stopping: bool) -> Option<Instant> {
        let (doing, since) = *self.doing();
        let most = match doing {
            Doing::Answering => return None,
            _ if is_stopping => self.limits.farewell,
            Doing::Asking => self.limits.head,
            Doing::Resting => self.limits.idle,
        };
        Some(since + most)
    }

    /// How good its claim to the seat is: whoever is being answered has a better one, and so has who came later.
    pub(super) fn claim(&self) -> (bool, Instant) {
        let (doing, since) = *self.doing();
        (doing == Doing::Answering, since)
    }

    fn doing(&self) -> MutexGuard<'_, (Doing, Instant)> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
