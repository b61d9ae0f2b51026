//! Oracles: what they say a price is, how old that is, how sure they are, and how far their sources disagree.
//!
//! What an answer means is decided in [`price`], and availability in [`window`], without I/O; the probe here asks, all at
//! one block, and shows. An oracle that cannot be asked says nothing about itself: then nothing is shown, and no probe of its
//! availability counts.

pub(super) mod price;
mod window;

use super::contract::{Height, asked, labels, pairs};
use super::news::News;
use super::probe::{Crew, Pace, Probe, Trouble};
use super::rpc::{Head, Rpc};
use crate::abi::{Call, Value};
use crate::config::collect::{Chain, Oracle, Sources};
use crate::measures::{Gauge, Measures};
use crate::model::{Labels, Name};
use alloy_primitives::Address;
use price::{Price, deviation};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::time::Instant;
use window::Window;

/// Lets the probes of a chain's oracles look.
pub fn begin(crew: &mut Crew, chain: &Chain, rpc: &Rpc, measures: &Measures) {
    for (name, oracle) in &chain.oracles {
        crew.begin(Watch::new(chain, name, oracle, rpc, measures));
    }
}

/// The gauges of all oracles.
struct Gauges {
    price: Gauge,
    age: Gauge,
    confidence: Gauge,
    availability: Gauge,
    up: Gauge,
    deviation: Gauge,
}

/// An oracle that is looked at.
struct Watch {
    name: String,
    own: Name,
    oracle: Oracle,
    chain: Chain,
    pace: Pace,
    rpc: Rpc,
    news: News,
    gauges: Gauges,
    /// The availability of the oracle, and of each source.
    windows: BTreeMap<Name, Window>,
}

/// What is known of one price after a look; nothing, where nobody could be asked.
type Known = Option<Result<Price, Trouble>>;

/// Sources that a list may bring: a hostile one has no end.
const MOST_SOURCES: usize = 50;

impl Watch {
    fn new(chain: &Chain, name: &Name, oracle: &Oracle, rpc: &Rpc, measures: &Measures) -> Watch {
        let gauges = Gauges {
            price: measures.gauge("oracle_price", "The newest price of an oracle"),
            age: measures.gauge("oracle_update_latency_seconds", "How old the newest price of an oracle is"),
            confidence: measures.gauge("oracle_confidence_percentage", "How sure an oracle is of its price"),
            availability: measures
                .gauge("oracle_availability_percentage", "Looks of the last time that found a usable price"),
            up: measures.gauge("oracle_up", "Whether a source has a usable price"),
            deviation: measures
                .gauge("price_deviation_percentage", "Largest difference between two sources, of their median"),
        };
        Watch {
            name: format!("{}/{name}", chain.name),
            own: name.clone(),
            pace: Pace { every: oracle.every.to_std(), timeout: chain.timeout.to_std() },
            rpc: rpc.clone(),
            news: News::of(rpc),
            gauges,
            windows: BTreeMap::new(),
            oracle: oracle.clone(),
            chain: chain.clone(),
        }
    }

    /// Every call of a look: the price, the confidence, and what the price is made of.
    fn calls(&self) -> Vec<(Address, &Call)> {
        let feed = &self.oracle.feed;
        let mut calls = vec![(feed.address, &feed.call)];
        calls.extend(self.oracle.confidence.iter().map(|(asked, _)| (feed.address, &asked.call)));
        match &self.oracle.sources {
            Sources::Itself => {}
            Sources::Listed(listed) => calls.push((feed.address, &listed.call)),
            Sources::Each(each) => calls.extend(each.values().map(|feed| (feed.address, &feed.call))),
        }
        calls
    }

    /// What the answers say of each source.
    fn sources(
        &self,
        answers: &mut impl Iterator<Item = Result<Vec<Value>, Trouble>>,
        own: &Known,
    ) -> BTreeMap<Name, Known> {
        match &self.oracle.sources {
            Sources::Itself => BTreeMap::from([(self.own.clone(), own.clone())]),
            Sources::Each(each) => each
                .iter()
                .zip(answers)
                .map(|((name, feed), answer)| (name.clone(), known(answer, |values| price::of_feed(feed, values))))
                .collect(),
            Sources::Listed(listed) => {
                let answer = answers.next().unwrap_or_else(|| Err(Trouble::new("wrong_type", "there was no answer")));
                let mut sources: BTreeMap<Name, Known> = BTreeMap::new();
                // One that was there once, or has to be, is missing where the list does not have it.
                let missing = || match &answer {
                    Err(trouble) if !is_the_oracles(trouble) => None,
                    Err(trouble) => Some(Err(trouble.clone())),
                    Ok(_) => Some(Err(Trouble::new("missing", "the list does not have it"))),
                };
                let ever = self.windows.keys().filter(|name| **name != self.own);
                sources.extend(ever.chain(&listed.expected).map(|name| (name.clone(), missing())));
                let found = answer.as_ref().map(|values| price::of_list(listed, values)).unwrap_or_default();
                for (name, found) in found.into_iter().take(MOST_SOURCES) {
                    if sources.len() < MOST_SOURCES || sources.contains_key(&name) {
                        sources.insert(name, Some(found));
                    }
                }
                sources
            }
        }
    }

    /// Shows one price, of the oracle or of a source; whether it is usable.
    fn show(&mut self, name: &Name, known: &Known, now: u64, is_source: bool) -> bool {
        let fresh = Some(self.pace.fresh_until());
        let labels = self.labels(Some(name));
        let labels = pairs(&labels);
        let Some(known) = known else { return false };
        if let Ok(price) = known {
            self.gauges.price.set(&labels, price.value, fresh);
            self.gauges.age.set(&labels, price.age(now), fresh);
            if let Some(confidence) = price.confidence {
                self.gauges.confidence.set(&labels, confidence, fresh);
            }
        }
        let max_age = self.oracle.max_age.to_std().as_secs_f64();
        let is_usable = known.as_ref().is_ok_and(|price| price.age(now) <= max_age);
        let (over, every) = (self.oracle.over.to_std(), self.oracle.every.to_std());
        let window = self.windows.entry(name.clone()).or_insert_with(|| Window::new(over, every));
        window.looked(is_usable, std::time::Instant::now());
        self.gauges.availability.set(&labels, window.availability(), fresh);
        if is_source {
            self.gauges.up.set(&labels, if is_usable { 1.0 } else { 0.0 }, fresh);
        }
        is_usable
    }

    fn labels(&self, oracle: Option<&Name>) -> Labels {
        let own: Vec<(&str, &Name)> = oracle.map(|name| ("oracle", name)).into_iter().collect();
        self.oracle.labels.overlaid(&labels(&self.chain, &own))
    }

    /// Takes in a look: what is said of the oracle and of its sources.
    fn take(&mut self, answers: Vec<Result<Vec<Value>, Trouble>>, now: u64) -> Vec<Trouble> {
        let mut answers = answers.into_iter();
        let mut own =
            answers.next().and_then(|answer| known(answer, |values| price::of_feed(&self.oracle.feed, values)));
        let of_its_time = |known: Known| known.map(|price| price.and_then(|price| price.of_its_time(now)));
        own = of_its_time(own);
        if let Some((asked, decimals)) = &self.oracle.confidence {
            let confidence = answers.next().and_then(Result::ok);
            let confidence = confidence.and_then(|values| asked.place.of(&values)?.number(*decimals));
            if let Some(Ok(price)) = &mut own {
                price.confidence = confidence;
            }
        }
        let sources = self.sources(&mut answers, &own);
        let sources: BTreeMap<Name, Known> =
            sources.into_iter().map(|(name, known)| (name, of_its_time(known))).collect();
        let mut troubles: Vec<Trouble> = own.iter().filter_map(|known| known.as_ref().err().cloned()).collect();
        if !matches!(self.oracle.sources, Sources::Itself) {
            self.show(&self.own.clone(), &own, now, false);
        }
        let mut usable = Vec::new();
        for (name, known) in &sources {
            let is_usable = self.show(name, known, now, true);
            match known {
                Some(Ok(price)) if is_usable => usable.push(price.value),
                Some(Err(trouble)) if !matches!(self.oracle.sources, Sources::Itself) => {
                    troubles.push(Trouble::new(trouble.reason, format!("source {name}: {}", trouble.text)));
                }
                _ => {}
            }
        }
        let labels = self.labels(None);
        match deviation(&usable) {
            Some(percent) => self.gauges.deviation.set(&pairs(&labels), percent, Some(self.pace.fresh_until())),
            // Of one price there is none, and the last one is over.
            None if sources.len() > 1 => self.gauges.deviation.forget(&pairs(&labels)),
            None => {}
        }
        troubles
    }
}

impl Probe for Watch {
    fn kind(&self) -> &'static str {
        "oracle"
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let (height, answers) = asked(&self.rpc, &self.calls(), self.news.height()).await?;
        let now = now(&self.rpc, height).await?;
        let unanswered =
            answers.iter().filter_map(|answer| answer.as_ref().err()).find(|trouble| !is_the_oracles(trouble)).cloned();
        let troubles = self.take(answers, now);
        // That a source is dead is in its own series. The probe sees well as long as it is answered.
        match unanswered {
            Some(trouble) => Err(trouble),
            None => {
                for trouble in troubles {
                    tracing::debug!(probe = self.name, reason = trouble.reason, "no price: {}", trouble.text);
                }
                Ok(())
            }
        }
    }

    async fn rest(&mut self, until: Instant) {
        self.news.wait(until).await;
    }
}

/// When the block was made, or now by the clock that blocks keep right, whichever is later: neither a clock that is behind
/// nor a chain that stands still makes a price look young, and one that somebody sets makes none look old.
async fn now(rpc: &Rpc, height: Height) -> Result<u64, Trouble> {
    let block: Option<Head> = rpc.ask("eth_getBlockByNumber", json!([format!("{:#x}", height.0), false])).await?;
    Ok(block.map_or(0, |block| block.timestamp).max(rpc.seconds()))
}

/// Whether trouble says something of the oracle, and not only of the way to it.
fn is_the_oracles(trouble: &Trouble) -> bool {
    ["reverted", "no_code", "wrong_type"].contains(&trouble.reason)
}

fn known(answer: Result<Vec<Value>, Trouble>, read: impl FnOnce(&[Value]) -> Result<Price, Trouble>) -> Known {
    match answer {
        Ok(values) => Some(read(&values)),
        Err(trouble) if is_the_oracles(&trouble) => Some(Err(trouble)),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::rpc::tests::{at_height, rpc_at};

    #[tokio::test]
    async fn prices_are_as_old_as_blocks_are_by_one_clock_that_nobody_sets() {
        const HOUR: u64 = 3600;
        let wall = u64::try_from(jiff::Timestamp::now().as_second()).expect("after 1970");
        // The wall clock was put an hour ahead, or behind, and blocks go on as before.
        for steady in [wall - HOUR, wall + HOUR] {
            let node = at_height(7, steady - 3);
            let rpc = rpc_at(&node, steady);
            let now = now(&rpc, Height(7)).await.expect("it is asked");
            assert!(now.abs_diff(steady) < 60, "{now} and not {steady}; the wall clock shows {wall}");
        }
    }
}
