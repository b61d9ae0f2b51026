//! What an endpoint is worth now: whether it is used, checked first, or left alone. Pure.
//!
//! Nothing that an endpoint says is believed before it has named the chain that is wanted, and that is asked again after
//! every failure and every new connection. One that fails is left alone for a while that doubles, up to a minute; one that
//! asks for longer gets longer. One whose blocks could not be true has to show good ones first: until then it is on trial, and
//! a trial that ends as the one before is no news.

use super::Failure;
use crate::model::spread;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Nobody is left alone for longer than this, whatever he asks for.
pub(super) const LONGEST_WISH: Duration = Duration::from_mins(30);

/// What an endpoint is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    state: State,
    /// Failures since it last gave an answer.
    failures: u32,
    /// By how many blocks it is behind, where that is too many.
    behind: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It has not yet named its chain. `owes` as below.
    Unchecked { owes: Option<Failure> },
    /// It serves our chain. `owes` is what it was set aside for, where its blocks have not shown yet that this is over.
    Good { owes: Option<Failure> },
    /// It is left alone.
    Aside { until: Instant, why: Failure },
}

/// How an endpoint may be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// As it is.
    Now,
    /// After it has named its chain.
    AfterCheck,
    /// Only where nobody else is left, and after it has named its chain.
    IfNobodyElse(Failure),
    /// Not at all.
    Not(Failure),
}

/// What became of an endpoint, where that is worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It is left alone from now on, or for another reason than before.
    SetAside,
    /// It was tried again, and fails as before.
    Again,
    /// It was left alone and is used again.
    Back,
}

impl Standing {
    /// Of an endpoint of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Standing { state: State::Unchecked { owes: None }, failures: 0, behind: None }
    }

    /// How it may be used at `now`.
    #[must_use]
    pub fn usable(&self, now: Instant) -> Use {
        match (&self.state, self.behind) {
            (State::Aside { until, why }, _) if *until > now => {
                let failure = Failure::Aside { wait: *until - now, because: Box::new(why.clone()) };
                if why.may_pass() { Use::IfNobodyElse(failure) } else { Use::Not(failure) }
            }
            (_, Some(blocks)) => Use::Not(Failure::Behind(blocks)),
            (State::Good { .. }, None) => Use::Now,
            (State::Unchecked { .. } | State::Aside { .. }, None) => Use::AfterCheck,
        }
    }

    /// Why it is not used, where something speaks against it: also when its time is over and it has to prove itself.
    #[must_use]
    pub fn trouble(&self, now: Instant) -> Option<Failure> {
        match self.usable(now) {
            Use::IfNobodyElse(why) | Use::Not(why) => Some(why),
            Use::Now | Use::AfterCheck => self.held_against().cloned(),
        }
    }

    /// Whether it is worth a look at `now`, when all endpoints are looked at. One that is behind is: it may catch up.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        !matches!(&self.state, State::Aside { until, .. } if *until > now)
    }

    /// Whether what it says counts now.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self.state, State::Good { .. }) && self.behind.is_none()
    }

    /// Whether what it says counts now, and it owes no proof.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.state == State::Good { owes: None } && self.behind.is_none()
    }

    /// It has named our chain.
    pub fn checked(&mut self, now: Instant) -> Change {
        match &self.state {
            State::Good { .. } => Change::None,
            State::Unchecked { owes } => self.becomes_good(owes.clone(), Change::None),
            // It was set aside meanwhile, for something that an answer does not undo.
            State::Aside { until, why } if *until > now && !why.may_pass() => Change::None,
            State::Aside { why, .. } if why.shows_in_blocks() => self.becomes_good(Some(why.clone()), Change::None),
            State::Aside { .. } => self.becomes_good(None, Change::Back),
        }
    }

    fn becomes_good(&mut self, owes: Option<Failure>, change: Change) -> Change {
        self.state = State::Good { owes };
        change
    }

    /// It gave an answer that counts.
    pub fn worked(&mut self) {
        if (self.state == State::Good { owes: None }) {
            self.failures = 0;
        }
    }

    /// Its blocks were held against the clock, those before and the others' ones, and are good.
    pub fn proved(&mut self) -> Change {
        let State::Good { owes } = &mut self.state else { return Change::None };
        let owed = owes.take();
        self.failures = 0;
        if owed.is_some() { Change::Back } else { Change::None }
    }

    /// Its connection was made anew: who answers now has to name its chain.
    pub fn reconnected(&mut self) {
        if let State::Good { owes } = &mut self.state {
            self.state = State::Unchecked { owes: owes.take() };
        }
    }

    /// It failed at `now`. Failures of questions that were under way together count once. `key` is its name, by which
    /// endpoints that failed together do not come back together.
    pub fn failed(&mut self, failure: Failure, key: &str, now: Instant) -> Change {
        let was_used = self.is_due(now);
        if was_used {
            self.failures = self.failures.saturating_add(1);
        }
        let wait = self.wait(&failure, key);
        if !was_used && matches!(&self.state, State::Aside { until, .. } if *until >= now + wait) {
            return Change::None;
        }
        let is_known = self.held_against().is_some_and(|why| why.reason() == failure.reason());
        self.state = State::Aside { until: now + wait, why: failure };
        self.behind = None;
        if is_known { Change::Again } else { Change::SetAside }
    }

    /// What it did, and has not made good.
    fn held_against(&self) -> Option<&Failure> {
        match &self.state {
            State::Aside { why, .. } => Some(why),
            State::Unchecked { owes } | State::Good { owes } => owes.as_ref(),
        }
    }

    fn wait(&self, failure: &Failure, key: &str) -> Duration {
        // Another chain too: it may be one node of several behind an address, and the only address there is.
        let own = FIRST_WAIT.saturating_mul(1 << self.failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
        let (least, rest) = (own / 4 * 3, u64::try_from((own / 4).as_millis()).unwrap_or(u64::MAX));
        let drawn = Duration::from_millis(spread(&[key, &self.failures.to_string()], rest));
        failure.retry_after().map_or(least, |wish| wish.clamp(least, LONGEST_WISH)) + drawn
    }

    /// How far it is behind the best head that was seen, where that is more than allowed. Says whether this is new.
    pub fn lags(&mut self, behind: Option<u64>) -> Change {
        let change = match (self.behind, behind) {
            (None, Some(_)) => Change::SetAside,
            (Some(_), None) => Change::Back,
            (None, None) | (Some(_), Some(_)) => Change::None,
        };
        self.behind = behind;
        change
    }
}

/// Who is asked, in this order: those that have named their chain, then those that have to, each as the configuration
/// prefers them; where there is none of either, the one whose time is over soonest of those that may be asked early.
#[must_use]
pub fn order(uses: &[Use]) -> Vec<usize> {
    let which = |wanted: &dyn Fn(&Use) -> bool| {
        uses.iter().enumerate().filter(|(_, usable)| wanted(usable)).map(|(index, _)| index).collect::<Vec<_>>()
    };
    let asked = [which(&|usable| *usable == Use::Now), which(&|usable| *usable == Use::AfterCheck)].concat();
    if asked.is_empty() { soonest(uses).into_iter().collect() } else { asked }
}

fn soonest(uses: &[Use]) -> Option<usize> {
    let waits = uses.iter().enumerate().filter_map(|(index, usable)| match usable {
        Use::IfNobodyElse(Failure::Aside { wait, .. }) => Some((*wait, index)),
        _ => None,
    });
    waits.min().map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a.example:443";

    fn unreachable() -> Failure {
        Failure::Unreachable("refused".into())
    }

    fn limited(seconds: u64) -> Failure {
        Failure::RateLimited { retry_after: Some(Duration::from_secs(seconds)), said: String::new() }
    }

    /// How long it is left alone from `now` on.
    fn wait(standing: &Standing, now: Instant) -> Duration {
        match standing.usable(now) {
            Use::IfNobodyElse(Failure::Aside { wait, .. }) | Use::Not(Failure::Aside { wait, .. }) => wait,
            other => panic!("it is not left alone: {other:?}"),
        }
    }

    #[test]
    fn nothing_is_believed_before_the_chain_is_named_also_after_a_new_connection() {
        let (mut standing, now) = (Standing::new(), Instant::now());
        assert_eq!(standing.usable(now), Use::AfterCheck);
        assert_eq!(standing.checked(now), Change::None);
        assert_eq!(standing.usable(now), Use::Now);
        standing.reconnected();
        assert_eq!(standing.usable(now), Use::AfterCheck);
        assert!(!standing.is_good());
    }

    #[test]
    fn one_that_fails_is_left_alone_longer_and_longer_and_told_once() {
        let (mut standing, mut now) = (Standing::new(), Instant::now());
        standing.checked(now);
        let mut waits = Vec::new();
        for round in 0..9 {
            let change = standing.failed(unreachable(), KEY, now);
            assert_eq!(change, if round == 0 { Change::SetAside } else { Change::Again });
            waits.push(wait(&standing, now));
            now += wait(&standing, now);
            assert_eq!(standing.usable(now), Use::AfterCheck, "afterwards it has to name its chain");
        }
        assert!(waits.windows(2).take(5).all(|pair| pair[0] < pair[1]), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT), "{waits:?}");
        assert_eq!(standing.failed(limited(1), KEY, now), Change::SetAside, "another reason is news");
        now += wait(&standing, now);
        assert_eq!(standing.trouble(now), Some(limited(1)), "it has not yet proved itself");
        assert_eq!(standing.checked(now), Change::Back);
        assert_eq!(standing.trouble(now), None);
        standing.worked();
        standing.failed(unreachable(), KEY, now);
        assert!(wait(&standing, now) <= FIRST_WAIT, "an answer makes good what was before");
    }

    #[test]
    fn questions_that_failed_together_count_as_one_failure() {
        let (mut standing, now) = (Standing::new(), Instant::now());
        standing.checked(now);
        for _ in 0..50 {
            standing.failed(unreachable(), KEY, now);
        }
        assert!(wait(&standing, now) <= FIRST_WAIT, "{:?}", wait(&standing, now));
    }

    #[test]
    fn who_asks_to_be_left_alone_is_left_alone_even_where_nobody_else_is_left() {
        let (mut standing, now) = (Standing::new(), Instant::now());
        standing.checked(now);
        standing.failed(unreachable(), KEY, now);
        assert!(matches!(standing.usable(now), Use::IfNobodyElse(_)));
        standing.failed(limited(120), KEY, now);
        assert!(matches!(standing.usable(now), Use::Not(_)));
        assert!(wait(&standing, now) >= Duration::from_mins(2));
        assert_eq!(standing.checked(now), Change::None, "an answer that was under way does not undo it");
        assert!(matches!(standing.usable(now), Use::Not(_)));
        standing.failed(limited(u64::MAX), KEY, now);
        assert!(wait(&standing, now) <= LONGEST_WISH + LONGEST_WAIT, "within reason");
    }

    #[test]
    fn another_chain_is_never_used_and_asked_for_its_name_again_ever_later() {
        let (mut standing, mut now) = (Standing::new(), Instant::now());
        let mut named = || {
            now += LONGEST_WAIT;
            standing.failed(Failure::WrongChain { expected: 1, got: 5 }, KEY, now);
            assert!(matches!(standing.usable(now), Use::Not(_)));
            wait(&standing, now)
        };
        assert!(named() <= FIRST_WAIT, "a glimpse of one node of several does not make us blind");
        assert!((0..10).map(|_| named()).last() >= Some(Duration::from_secs(45)));
    }

    #[test]
    fn one_whose_blocks_could_not_be_true_is_used_again_once_it_has_shown_good_ones_and_a_trial_that_fails_is_no_news()
    {
        let lie = || Failure::Implausible("block 7 is stamped 3600 s ahead".into());
        let (mut standing, mut now) = (Standing::new(), Instant::now());
        standing.checked(now);
        assert_eq!(standing.failed(lie(), KEY, now), Change::SetAside);
        let mut waits = Vec::new();
        for _ in 0..8 {
            waits.push(wait(&standing, now));
            now += wait(&standing, now);
            assert_eq!(standing.checked(now), Change::None, "to name the chain is no proof");
            standing.worked();
            standing.reconnected();
            assert_eq!((standing.usable(now), standing.checked(now)), (Use::AfterCheck, Change::None));
            assert!(standing.is_good() && !standing.is_proven(), "it is on trial, on whatever line");
            assert_eq!(standing.failed(lie(), KEY, now), Change::Again);
        }
        assert!(waits[0] < waits[1] && waits.last() >= Some(&Duration::from_secs(45)), "{waits:?}");
        now += LONGEST_WAIT;
        standing.checked(now);
        assert_eq!(standing.proved(), Change::Back);
        assert_eq!((standing.proved(), standing.is_proven()), (Change::None, true));
        assert_eq!(standing.failed(lie(), KEY, now), Change::SetAside, "a new one is news");
        assert!(wait(&standing, now) <= FIRST_WAIT, "what it has shown makes good what was before");
    }

    #[test]
    fn one_that_is_behind_is_looked_at_and_not_used_until_it_has_caught_up() {
        let (mut standing, now) = (Standing::new(), Instant::now());
        standing.checked(now);
        assert_eq!(standing.lags(Some(40)), Change::SetAside);
        assert_eq!(standing.lags(Some(30)), Change::None);
        assert_eq!(standing.usable(now), Use::Not(Failure::Behind(30)));
        assert!(standing.is_due(now) && !standing.is_good());
        assert_eq!(standing.lags(None), Change::Back);
        assert_eq!(standing.usable(now), Use::Now);
    }

    #[test]
    fn who_has_named_his_chain_is_asked_before_who_has_to_and_the_left_alone_only_for_want_of_others() {
        let aside = |seconds: u64| {
            let (wait, because) = (Duration::from_secs(seconds), Box::new(unreachable()));
            Use::IfNobodyElse(Failure::Aside { wait, because })
        };
        let not = || Use::Not(Failure::Behind(40));
        assert_eq!(order(&[Use::AfterCheck, Use::Now, not(), Use::Now, aside(1)]), [1, 3, 0]);
        assert_eq!(order(&[aside(9), not(), aside(3)]), [2]);
        assert_eq!(order(&[not(), not()]), [0; 0]);
    }
}
