//! A testnet that does not exist: every metric of `docs/metrics.md` that the rule pack needs, as a function of seed and time.
//!
//! No state and no randomness: the same seed gives the same numbers on every machine, so only plain arithmetic is used,
//! whose last bit is the same everywhere. `scripts/history.py` makes up the same testnet for a real Prometheus.

use super::trouble::{Kind, Trouble};
use crate::model::{Labels, Slot, Span};
use crate::series::{Point, SeriesSet, stale};

/// How often everything is scraped.
const SCRAPE: i64 = 15_000;
/// In the past a sample is enough every so often for every question to find one.
const SPARSE: i64 = 240_000;
/// A week is the longest that a rule looks back, and an hour more.
const PAST: i64 = 8 * DAY;
/// So much of the past is scraped as often as the present.
const RECENT: i64 = 1_800_000;
const DAY: i64 = 86_400_000;
/// Counters count from here.
const BIRTH: i64 = 1_760_000_000_000;
/// How far apart prices come.
const PRICES: i64 = 300_000;

/// The testnet of one seed.
#[derive(Clone, Debug)]
pub struct Testnet {
    seed: u64,
    start: Slot,
    troubles: Vec<Trouble>,
    metrics: Vec<Metric>,
}

/// What a few metrics are worth at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glance {
    /// Gas, in gwei.
    pub gas: f64,
    /// Transactions a second.
    pub throughput: f64,
    /// How long the API takes, in milliseconds; nothing where it does not answer.
    pub api: Option<f64>,
    /// How old the newest price is, in seconds.
    pub price_age: f64,
}

#[derive(Clone, Debug)]
struct Metric {
    labels: Labels,
    key: u64,
    shape: Shape,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A level, what the day adds to it, how much it wobbles, and its level in trouble.
    Gauge { calm: f64, day: f64, wobble: f64, trouble: Option<(Kind, f64)> },
    /// A response time: trouble makes it slow, and then there is no answer at all.
    Probe(f64),
    /// 1, and 0 in trouble.
    Up(Kind),
    /// 0, and 1 in trouble.
    Switch(Kind),
    /// Counts how often the trouble has begun.
    Events(Kind),
    /// Counts so much a second.
    Counter(f64),
    /// The age of the newest price.
    PriceAge,
    /// The same at all times.
    Constant(f64),
}

impl Testnet {
    /// The testnet of `seed`, whose troubles are counted from `start`.
    #[must_use]
    pub fn new(seed: u64, start: Slot) -> Self {
        Testnet { seed, start, troubles: Trouble::all(seed), metrics: metrics(start) }
    }

    /// What goes wrong, in the order of time.
    #[must_use]
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// Everything that a server would hold after `lasts`, the past included.
    ///
    /// # Panics
    /// Never: instants only grow.
    #[must_use]
    pub fn scraped(&self, lasts: Span) -> SeriesSet {
        let start = self.start.millis();
        let past = (start - PAST..start - RECENT).step_by(usize::try_from(SPARSE).expect("it is positive"));
        let present =
            (start - RECENT..=start + lasts.millis()).step_by(usize::try_from(SCRAPE).expect("it is positive"));
        let mut set = SeriesSet::new();
        for metric in &self.metrics {
            let mut was_there = false;
            for at in past.clone().chain(present.clone()) {
                // What is not scraped any more is marked as ended, as Prometheus does.
                let value = self.value(metric, at).or_else(|| was_there.then(stale));
                was_there = value.is_some_and(|value| !crate::series::is_stale(value));
                if let Some(value) = value {
                    set.push(&metric.labels, Point { at, value }).expect("instants only grow");
                }
            }
        }
        set
    }

    /// What the status line shows at `at` after the start.
    #[must_use]
    pub fn glance(&self, at: Span) -> Glance {
        let at = (self.start + at).millis();
        let value = |metric: &str, endpoint: &str| {
            let is_it =
                |known: &&Metric| known.labels.get("__name__") == metric && known.labels.get("endpoint") == endpoint;
            self.metrics.iter().find(is_it).and_then(|metric| self.value(metric, at))
        };
        Glance {
            gas: value("gas_price_gwei", "").unwrap_or_default(),
            throughput: value("transactions_per_second", "").unwrap_or_default(),
            api: value("api_response_time_ms", "price_feed"),
            price_age: value("oracle_update_latency_seconds", "").unwrap_or_default(),
        }
    }

    fn value(&self, metric: &Metric, at: i64) -> Option<f64> {
        let noise = |every: i64| noise(self.seed ^ metric.key, at, every);
        let value = match metric.shape {
            Shape::Constant(value) => value,
            Shape::Gauge { calm, day, wobble, trouble } => {
                let level = trouble.and_then(|(kind, level)| self.during(kind, at).map(|badly| level * badly));
                (level.unwrap_or(calm + day * daytime(at)) + wobble * noise(30_000)).max(0.0)
            }
            Shape::Probe(_) if self.during(Kind::ApiDown, at).is_some() => return None,
            Shape::Probe(usual) => {
                let slower = self.during(Kind::SlowApi, at).map_or(1.0, |badly| 7.0 * badly);
                usual * slower * (1.0 + 0.05 * noise(30_000))
            }
            Shape::Up(unless) => f64::from(u8::from(self.during(unless, at).is_none())),
            Shape::Switch(on) => f64::from(u8::from(self.during(on, at).is_some())),
            Shape::Events(of) => {
                let begun = |trouble: &&Trouble| trouble.kind == of && self.begins(trouble) <= at;
                count(self.troubles.iter().filter(begun).count())
            }
            Shape::Counter(rate) => (rate * seconds(at - BIRTH)).floor(),
            Shape::PriceAge => seconds(at - self.newest_price(at)),
        };
        Some((value * 10_000.0).round() / 10_000.0)
    }

    /// When the newest price came: every five minutes one does, unless they have stopped.
    fn newest_price(&self, at: i64) -> i64 {
        let stopped = self.troubles.iter().find(|trouble| trouble.kind == Kind::StalePrices);
        let since =
            stopped.filter(|_| self.during(Kind::StalePrices, at).is_some()).map(|trouble| self.begins(trouble));
        let until = stopped.map(|trouble| (self.start + trouble.until).millis());
        let usual = since.unwrap_or(at).div_euclid(PRICES) * PRICES;
        // The first price after the trouble comes with its end.
        until.filter(|until| *until <= at && usual < *until).unwrap_or(usual)
    }

    /// How badly it goes in this respect at `at`, about 1; nothing where all is well.
    fn during(&self, kind: Kind, at: i64) -> Option<f64> {
        let is_on = |trouble: &&Trouble| {
            trouble.kind == kind && (self.begins(trouble)..(self.start + trouble.until).millis()).contains(&at)
        };
        self.troubles.iter().find(is_on).map(|trouble| trouble.badly)
    }

    fn begins(&self, trouble: &Trouble) -> i64 {
        (self.start + trouble.from).millis()
    }
}

/// All metrics, with the levels of `scripts/history.py`.
fn metrics(start: Slot) -> Vec<Metric> {
    let mut all = Vec::new();
    chain(&mut all);
    application(&mut all);
    oracles(&mut all);
    security(&mut all);
    operations(&mut all, start);
    all
}

fn chain(all: &mut Vec<Metric>) {
    add(all, "block_time_seconds", CHAIN, gauge(13.0, 0.0, 1.2, Some((Kind::SlowBlocks, 26.0))));
    add(all, "gas_price_gwei", CHAIN, gauge(16.0, 8.0, 3.0, Some((Kind::GasSpike, 162.0))));
    add(all, "transactions_per_second", CHAIN, gauge(10.5, 3.0, 0.8, Some((Kind::Congestion, 1.8))));
    for contract in ["pgaux", "oracle_aggregator", "circuit_breaker", "timelock"] {
        add(all, "contract_gas_used_total", &[CHAIN[0], ("contract", contract)], Shape::Counter(30.0));
    }
}

fn application(all: &mut Vec<Metric>) {
    for (endpoint, usual) in [("price_feed", 180.0), ("trade_execution", 900.0), ("balance_query", 120.0)] {
        let labels = [("service", "api"), ("endpoint", endpoint)];
        add(all, "endpoint_up", &labels, Shape::Up(Kind::ApiDown));
        add(all, "api_response_time_ms", &labels, Shape::Probe(usual));
    }
    add(all, "endpoint_up", &[("service", "web"), ("endpoint", "home")], Shape::Constant(1.0));
    for (service, usual) in [("api", 0.4), ("web", 0.2)] {
        add(all, "error_rate_percentage", &[("service", service)], gauge(usual, 0.0, 0.15, None));
    }
    for (page, usual) in [("home", 1100.0), ("trade", 1500.0)] {
        add(all, "page_load_time_ms", &[("service", "web"), ("page", page)], gauge(usual, 150.0, 120.0, None));
    }
    for kind in ["bug", "confusing", "wish"] {
        let labels = [("service", "web"), ("kind", kind)];
        add(all, "user_feedback_total", &labels, Shape::Counter(2.0 / 86_400.0));
    }
}

fn oracles(all: &mut Vec<Metric>) {
    add(all, "price_deviation_percentage", CHAIN, gauge(0.3, 0.0, 0.2, None));
    for oracle in ["chainlink", "band", "aggregator"] {
        add(all, "oracle_update_latency_seconds", &[CHAIN[0], ("oracle", oracle)], Shape::PriceAge);
    }
    for oracle in ["chainlink", "band"] {
        let labels = [CHAIN[0], ("oracle", oracle)];
        add(all, "oracle_availability_percentage", &labels, gauge(99.7, 0.0, 0.2, None));
        add(all, "oracle_up", &labels, Shape::Constant(1.0));
    }
}

fn security(all: &mut Vec<Metric>) {
    let (breaker, treasury) = ([CHAIN[0], ("contract", "circuit_breaker")], [CHAIN[0], ("contract", "pgaux")]);
    add(all, "circuit_breaker_triggers", &breaker, Shape::Constant(0.0));
    add(all, "circuit_breaker_active", &breaker, Shape::Constant(0.0));
    add(all, "emergency_pause_events", &treasury, Shape::Events(Kind::Pause));
    add(all, "emergency_mode", &treasury, Shape::Switch(Kind::Pause));
    add(all, "unauthorized_access_attempts", &treasury, Shape::Counter(3.0 / 3600.0));
}

fn operations(all: &mut Vec<Metric>, start: Slot) {
    // A day ahead, and twenty minutes: the reminder comes while one looks on.
    let due = seconds(start.millis() + DAY + 20 * 60_000);
    add(all, "maintenance_task_due_timestamp_seconds", &[("task", "backup-restore-drill")], Shape::Constant(due));
    let node = ("instance", "relayer-1");
    let disk = [node, ("mountpoint", "/"), ("device", "/dev/vda1"), ("fstype", "ext4")];
    add(all, "node_filesystem_avail_bytes", &disk, gauge(42e9, 0.0, 1e8, None));
    add(all, "node_filesystem_size_bytes", &disk, Shape::Constant(80e9));
    add(all, "node_memory_MemAvailable_bytes", &[node], gauge(5e9, 0.0, 3e8, None));
    add(all, "node_memory_MemTotal_bytes", &[node], Shape::Constant(8e9));
    for (mode, share) in [("idle", 0.8), ("user", 0.15), ("system", 0.05)] {
        add(all, "node_cpu_seconds_total", &[node, ("cpu", "0"), ("mode", mode)], Shape::Counter(share));
    }
}

const CHAIN: &[(&str, &str)] = &[("chain", "sepolia")];

fn gauge(calm: f64, day: f64, wobble: f64, trouble: Option<(Kind, f64)>) -> Shape {
    Shape::Gauge { calm, day, wobble, trouble }
}

fn add(all: &mut Vec<Metric>, name: &str, labels: &[(&str, &str)], shape: Shape) {
    // What a scrape adds where there is none yet.
    let scrape = [("job", "pentagold"), ("instance", "pentagold")];
    let added = scrape.iter().filter(|(name, _)| labels.iter().all(|(known, _)| known != name));
    let labels = Labels::new(labels.iter().chain(added).copied().chain([("__name__", name)]));
    let key = labels.iter().fold(0, |key, (name, value)| {
        name.bytes().chain(value.bytes()).fold(key, |key, byte| mixed(key ^ u64::from(byte)))
    });
    all.push(Metric { labels, key, shape });
}

/// Between 0 at night and 1 in the afternoon.
fn daytime(at: i64) -> f64 {
    let of_day = seconds((at - DAY / 8).rem_euclid(DAY)) / 86_400.0;
    4.0 * of_day * (1.0 - of_day)
}

/// Between -1 and 1, the same for the same seed and time; straight between its points, as real gauges mostly are.
fn noise(seed: u64, at: i64, every: i64) -> f64 {
    let (step, rest) = (at.div_euclid(every), at.rem_euclid(every));
    let (a, b) = (drawn(seed, step), drawn(seed, step + 1));
    a + (b - a) * seconds(rest) / seconds(every)
}

/// A number between -1 and 1.
#[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
pub(super) fn drawn(seed: u64, step: i64) -> f64 {
    let bits = mixed(seed ^ mixed(step.cast_unsigned())) >> 32;
    bits as f64 / f64::from(1_u32 << 31) - 1.0
}

/// Every bit of the input moves half of the bits: the finish of `splitmix64`.
fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn seconds(millis: i64) -> f64 {
    Span::from_millis(millis).as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(number: usize) -> f64 {
    number as f64
}
