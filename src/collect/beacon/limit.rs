//! How much comes in: a bucket of tokens for all, and one for each address that sends.
//!
//! The table of addresses is bounded. When it is full of busy ones, a new address is held to the limit of all alone: a
//! crowd must not be able to shut others out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// How many addresses are remembered, at some forty bytes each.
pub(super) const MOST_CLIENTS: usize = 10_000;
/// Looking for idle addresses in a full table happens no more often than this.
const SWEEP: Duration = Duration::from_secs(1);
/// What was not used can be used at once, as far as this many seconds' worth of it.
const BURST_SECONDS: f64 = 2.0;

/// An allowance that fills up over time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Bucket {
    pub(super) fn full(per_second: f64, now: Duration) -> Self {
        Bucket { tokens: most(per_second), at: now }
    }

    /// What is in it at `now`.
    fn tokens(&self, per_second: f64, now: Duration) -> f64 {
        let gained = now.saturating_sub(self.at).as_secs_f64() * per_second;
        (self.tokens + gained).min(most(per_second))
    }

    /// Takes one out, where there is one.
    pub(super) fn take(&mut self, per_second: f64, now: Duration) -> bool {
        self.tokens = self.tokens(per_second, now);
        self.at = self.at.max(now);
        let is_enough = self.tokens >= 1.0;
        if is_enough {
            self.tokens -= 1.0;
        }
        is_enough
    }
}

/// The least that a bucket holds is one: a rate below one a second still lets the first one in.
fn most(per_second: f64) -> f64 {
    (per_second * BURST_SECONDS).max(1.0)
}

/// The buckets of all who send.
#[derive(Debug)]
pub(super) struct Limits {
    total: f64,
    per_client: f64,
    all: Bucket,
    clients: HashMap<u128, Bucket>,
    swept: Duration,
}

impl Limits {
    /// Nothing was taken yet. Rates are in beacons a second.
    pub(super) fn new(total: f64, per_client: f64) -> Self {
        let all = Bucket::full(total, Duration::ZERO);
        Limits { total, per_client, all, clients: HashMap::new(), swept: Duration::ZERO }
    }

    /// Whether `client` may send one at `now`.
    pub(super) fn admit(&mut self, client: IpAddr, now: Duration) -> bool {
        self.admit_client(key(client), now) && self.all.take(self.total, now)
    }

    fn admit_client(&mut self, client: u128, now: Duration) -> bool {
        if let Some(bucket) = self.clients.get_mut(&client) {
            return bucket.take(self.per_client, now);
        }
        self.make_room(now);
        if self.clients.len() < MOST_CLIENTS {
            let mut bucket = Bucket::full(self.per_client, now);
            bucket.take(self.per_client, now);
            self.clients.insert(client, bucket);
        }
        true
    }

    /// An address whose bucket is full again is as good as one that was never seen.
    fn make_room(&mut self, now: Duration) {
        if self.clients.len() < MOST_CLIENTS || now.saturating_sub(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let per_second = self.per_client;
        self.clients.retain(|_, bucket| bucket.tokens(per_second, now) < most(per_second));
    }
}

/// Who counts as one sender: an IPv4 address, or a network of 64 bits, of which one household has all addresses.
fn key(client: IpAddr) -> u128 {
    match client.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, MOST_CLIENTS};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    fn client(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + number).into()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn admitted(limits: &mut Limits, client: IpAddr, now: Duration, tries: usize) -> usize {
        (0..tries).filter(|_| limits.admit(client, now)).count()
    }

    #[test]
    fn one_address_gets_its_burst_and_then_its_rate_and_leaves_others_alone() {
        let mut limits = Limits::new(1000.0, 5.0);
        assert_eq!(admitted(&mut limits, client(1), seconds(0), 50), 10);
        assert_eq!(admitted(&mut limits, client(1), seconds(1), 50), 5);
        assert_eq!(admitted(&mut limits, client(2), seconds(1), 50), 10);
        assert_eq!(admitted(&mut limits, client(1), seconds(60), 50), 10, "what was saved has an end");
    }

    #[test]
    fn all_together_get_no_more_than_the_total() {
        let mut limits = Limits::new(20.0, 5.0);
        let sum: usize = (0..100).map(|number| admitted(&mut limits, client(number), seconds(0), 3)).sum();
        assert_eq!(sum, 40);
    }

    #[test]
    fn a_rate_below_one_a_second_lets_the_first_one_in() {
        let mut limits = Limits::new(1000.0, 0.1);
        assert_eq!(admitted(&mut limits, client(1), seconds(0), 3), 1);
        assert_eq!(admitted(&mut limits, client(1), seconds(9), 3), 0);
        assert_eq!(admitted(&mut limits, client(1), seconds(11), 3), 1);
    }

    #[test]
    fn addresses_beyond_the_table_are_let_in_and_not_remembered_and_idle_ones_make_room() {
        let mut limits = Limits::new(1e9, 5.0);
        for number in 0..u32::try_from(MOST_CLIENTS).unwrap() + 50 {
            assert!(limits.admit(client(number), seconds(0)));
        }
        assert_eq!(limits.clients.len(), MOST_CLIENTS);
        assert!(limits.admit(client(1_000_000), seconds(100)));
        assert_eq!(limits.clients.len(), 1, "all others had been idle");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_sender_and_a_mapped_one_is_its_ipv4_address() {
        let mut limits = Limits::new(1000.0, 0.5);
        let mut one = |address: &str| limits.admit(address.parse().unwrap(), seconds(0));
        assert!(one("2001:db8::1") && !one("2001:db8::2") && one("2001:db8:0:1::1"));
        assert!(one("10.0.0.1") && !one("::ffff:10.0.0.1"));
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_nothing() {
        let mut limits = Limits::new(1000.0, 5.0);
        assert_eq!(admitted(&mut limits, client(1), seconds(100), 50), 10);
        assert_eq!(admitted(&mut limits, client(1), seconds(50), 50), 0);
        assert_eq!(admitted(&mut limits, client(1), seconds(100), 50), 0);
    }
}
