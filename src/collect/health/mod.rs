//! One answer: are the chain, the contracts and the oracle well? Asked of the nodes themselves, here and now, as the
//! mission's `health-check.js` does it; no Prometheus and no history stand between.
//!
//! What an answer comes to is pure ([`Health::whole`]); [`ask::check`] asks, and [`Checkup`] spares the nodes. Absent on purpose: bounds of rules. A gas price may be dear and
//! the chain healthy: it answers, and its newest block is fresh.

pub mod ask;
mod checkup;
mod words;

pub use checkup::Checkup;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How one thing is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It answers, and what it says is of now.
    Healthy,
    /// It answers, and what it says is old.
    Stale,
    /// It does not answer, or answers something else.
    Error,
}

impl Status {
    /// The word of the machine form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Status::Healthy => "healthy",
            Status::Stale => "stale",
            Status::Error => "error",
        }
    }
}

/// How the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// Everything is healthy.
    Healthy,
    /// Something is not, and something is.
    Degraded,
    /// No chain answers, or nothing at all is healthy.
    Down,
}

impl Whole {
    /// The word of the machine form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Whole::Healthy => "healthy",
            Whole::Degraded => "degraded",
            Whole::Down => "down",
        }
    }
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// How it is.
    pub status: Status,
    /// What it says, by name and in the order of telling.
    pub facts: Vec<(&'static str, Value)>,
    /// Why it is not healthy.
    pub why: Option<String>,
}

impl Item {
    /// Something that answers, with what it says.
    #[must_use]
    pub fn healthy(facts: Vec<(&'static str, Value)>) -> Self {
        Item { status: Status::Healthy, facts, why: None }
    }

    /// The same, and old.
    #[must_use]
    pub fn stale(self, why: impl Into<String>) -> Self {
        Item { status: Status::Stale, why: Some(why.into()), ..self }
    }

    /// Something that gave no usable answer.
    #[must_use]
    pub fn error(why: impl Into<String>) -> Self {
        Item { status: Status::Error, facts: Vec::new(), why: Some(why.into()) }
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("status".into(), self.status.word().into());
        object.extend(self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        object.extend(self.why.iter().map(|why| ("error".to_owned(), Value::from(why.as_str()))));
        Value::Object(object)
    }
}

/// One part of the check: everything of one kind, by name. Empty where nothing of it is configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part(pub BTreeMap<String, Item>);

impl Part {
    /// How the worst of it is; nothing, where there is nothing to be well.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.0.values().map(|item| item.status).max()
    }

    fn json(&self) -> Value {
        let items: Map<String, Value> = self.0.iter().map(|(name, item)| (name.clone(), item.json())).collect();
        json!({ "status": self.status().map_or("absent", Status::word), "items": items })
    }
}

/// The whole check.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// When it was made.
    pub at: Timestamp,
    /// The chains.
    pub blockchain: Part,
    /// Their contracts, as `chain/contract`.
    pub contracts: Part,
    /// Their oracles, as `chain/oracle`.
    pub oracle: Part,
}

impl Health {
    /// How the whole is. Where no chain answers it is down, whatever else was heard before; so is what has nothing healthy.
    #[must_use]
    pub fn whole(&self) -> Whole {
        let statuses = || self.parts().into_iter().flat_map(|(_, part)| part.0.values().map(|item| item.status));
        let no_chain = self.blockchain.0.values().all(|item| item.status == Status::Error);
        match () {
            () if statuses().all(|status| status == Status::Healthy) => Whole::Healthy,
            () if no_chain || !statuses().any(|status| status == Status::Healthy) => Whole::Down,
            () => Whole::Degraded,
        }
    }

    /// The parts by the mission's names, in its order.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, &Part); 3] {
        [("blockchain", &self.blockchain), ("contracts", &self.contracts), ("oracle", &self.oracle)]
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let metrics: Map<String, Value> =
            self.parts().into_iter().map(|(name, part)| (name.to_owned(), part.json())).collect();
        json!({ "timestamp": self.at.to_string(), "status": self.whole().word(), "metrics": metrics })
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, Item, Part, Status, Whole};
    use jiff::Timestamp;
    use serde_json::json;

    fn part(statuses: &[Status]) -> Part {
        let item = |status| match status {
            Status::Healthy => Item::healthy(vec![]),
            Status::Stale => Item::healthy(vec![]).stale("too old"),
            Status::Error => Item::error("no answer"),
        };
        Part(statuses.iter().enumerate().map(|(at, status)| (format!("sepolia/{at}"), item(*status))).collect())
    }

    fn whole(blockchain: &[Status], contracts: &[Status], oracle: &[Status]) -> Whole {
        health(blockchain, contracts, oracle).whole()
    }

    fn health(blockchain: &[Status], contracts: &[Status], oracle: &[Status]) -> Health {
        Health {
            at: Timestamp::UNIX_EPOCH,
            blockchain: part(blockchain),
            contracts: part(contracts),
            oracle: part(oracle),
        }
    }

    #[test]
    fn the_whole_is_healthy_with_all_degraded_with_some_and_down_without_a_chain() {
        use Status::{Error, Healthy, Stale};
        assert_eq!(whole(&[Healthy], &[Healthy, Healthy], &[Healthy]), Whole::Healthy);
        assert_eq!(whole(&[Healthy], &[Healthy], &[]), Whole::Healthy, "what is not configured cannot be ill");
        assert_eq!(whole(&[Healthy], &[Healthy], &[Stale]), Whole::Degraded);
        assert_eq!(whole(&[Healthy], &[Error, Healthy], &[Healthy]), Whole::Degraded);
        assert_eq!(whole(&[Healthy, Error], &[Healthy], &[Healthy]), Whole::Degraded);
        assert_eq!(whole(&[Stale], &[Healthy], &[Healthy]), Whole::Degraded);
        assert_eq!(whole(&[Error], &[Healthy], &[Healthy]), Whole::Down);
        assert_eq!(whole(&[Stale], &[Error], &[Error]), Whole::Down);
    }

    #[test]
    fn the_machine_form_has_the_words_of_the_mission() {
        use Status::{Error, Healthy};
        let json = health(&[Healthy], &[Error], &[]).json();
        let expected = json!({
            "timestamp": "1970-01-01T00:00:00Z",
            "status": "degraded",
            "metrics": {
                "blockchain": { "status": "healthy", "items": { "sepolia/0": { "status": "healthy" } } },
                "contracts": { "status": "error", "items": { "sepolia/0": { "status": "error", "error": "no answer" } } },
                "oracle": { "status": "absent", "items": {} },
            }
        });
        assert_eq!(json, expected);
    }
}
