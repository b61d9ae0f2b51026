//! The plot: what goes wrong on the testnet, and what people do about it. A seed moves when and how badly.

use super::super::scenario::{Event, EventKind};
use super::testnet::drawn;
use crate::engine::command::{Act, NewSilence};
use crate::model::{Matchers, Span};

/// Something that goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// What.
    pub kind: Kind,
    /// From when on.
    pub from: Span,
    /// The first moment after it.
    pub until: Span,
    /// About 1.
    pub badly: f64,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Gas is dear.
    GasSpike,
    /// A contract is in emergency mode.
    Pause,
    /// The API takes seven times as long.
    SlowApi,
    /// The API does not answer.
    ApiDown,
    /// Blocks come late.
    SlowBlocks,
    /// Hardly a transaction gets through.
    Congestion,
    /// No new prices come.
    StalePrices,
}

/// What a person does, and when.
#[derive(Clone, Debug)]
pub struct Person {
    /// In words.
    pub words: &'static str,
    /// For the engine.
    pub event: Event,
}

impl Trouble {
    /// All of a seed, in the order of their beginnings.
    #[must_use]
    pub fn all(seed: u64) -> Vec<Self> {
        let plot = [
            (Kind::GasSpike, 60, 780),
            (Kind::Pause, 600, 1020),
            (Kind::SlowApi, 1080, 1800),
            (Kind::ApiDown, 1800, 3000),
            (Kind::SlowBlocks, 1920, 2940),
            (Kind::Congestion, 2190, 2820),
            (Kind::StalePrices, 2340, 3240),
        ];
        // Up to half a minute later and a twelfth worse or better: enough to see, too little to change the plot.
        let moved = |step: i64, (kind, from, until): (Kind, i64, i64)| {
            let later = |step: i64| if drawn(seed, step) > 0.0 { 15 } else { 0 };
            let from = if kind == Kind::ApiDown { from } else { from + later(step) };
            let until = if kind == Kind::SlowApi { until } else { until + later(step + 100) };
            let (from, until) = (Span::from_secs(from), Span::from_secs(until));
            Trouble { kind, from, until, badly: 1.0 + drawn(seed, step + 200) / 12.0 }
        };
        (0..).zip(plot).map(|(step, line)| moved(step, line)).collect()
    }
}

impl Kind {
    /// What one sees on a dashboard when it begins.
    #[must_use]
    pub fn begins(self) -> &'static str {
        match self {
            Kind::GasSpike => "gas jumps to more than 140 gwei, where 16 to 24 are usual",
            Kind::Pause => "someone puts the contract pgaux into emergency mode",
            Kind::SlowApi => "the API becomes slow: seven times as long for every answer",
            Kind::ApiDown => "the API stops answering altogether",
            Kind::SlowBlocks => "blocks take 26 s, where 13 are usual",
            Kind::Congestion => "throughput collapses to 2 transactions a second, where 12 are usual",
            Kind::StalePrices => "the oracles' prices stand still: no more updates",
        }
    }

    /// What one sees when it is over; nothing where something worse follows.
    #[must_use]
    pub fn ends(self) -> Option<&'static str> {
        match self {
            Kind::GasSpike => Some("gas is back at its usual price"),
            Kind::Pause => Some("the contract is back in normal operation"),
            Kind::SlowApi => None,
            Kind::ApiDown => Some("the API answers again, as quickly as ever"),
            Kind::SlowBlocks => Some("blocks come every 13 s again"),
            Kind::Congestion => Some("transactions get through again"),
            Kind::StalePrices => Some("prices come again"),
        }
    }
}

/// What people do, in the order of time.
///
/// # Panics
/// Never: the matchers are good ones.
#[must_use]
pub fn people() -> Vec<Person> {
    let slow = r#"alertname=~"PerformanceDegradation|ApiResponseTime", service="api""#;
    let matchers = Matchers::parse(slow).expect("these are matchers");
    let silence = NewSilence::from_now(matchers, Span::from_mins(20), "load test, announced until 08:46".into());
    let silence = EventKind::Silence { by: "team-lead".into(), silence };
    vec![
        acts(540, "primary-b has looked and takes it", "GasPriceSpike", "primary-b", Act::Acknowledge),
        acts(720, "the security officer takes it", "EmergencyPause", "security-officer", Act::Acknowledge),
        Person { words: "the team lead knows why, and silences what is slow", event: at(1560, silence) },
        acts(2670, "primary-b takes it", "NetworkCongestion", "primary-b", Act::Acknowledge),
        acts(2880, "the team lead is found at last and takes it", "SystemDown", "team-lead", Act::Acknowledge),
        acts(
            2940,
            "and tells the stakeholders",
            "SystemDown",
            "team-lead",
            Act::Update("The API is being restarted; trades made meanwhile are safe.".into()),
        ),
    ]
}

fn acts(seconds: i64, words: &'static str, alert: &str, by: &str, act: Act) -> Person {
    Person { words, event: at(seconds, EventKind::Act { incident: alert.into(), by: by.into(), act }) }
}

fn at(seconds: i64, kind: EventKind) -> Event {
    Event { at: Span::from_secs(seconds), kind }
}
