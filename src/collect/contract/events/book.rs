//! Which accounts there are, by the configuration, and what a log or a transaction contributes to each.

use super::ledger::{Account, Entry, Key, Ledger};
use super::wire::Log;
use crate::abi::{Denied, Event, Place};
use crate::collect::contract::labels;
use crate::collect::cursor::{KeptAccount, KeptBlock, KeptChain, KeptEntry, KeptOrphan};
use crate::config::collect::{Chain, Contract, Counted, What};
use crate::measures::{Counter, Gauge, Label, Measures};
use crate::model::{Labels, Name, Span};
use alloy_primitives::{Address, B256, Bloom};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All accounts of a chain.
pub(super) struct Book {
    accounts: Vec<Shown>,
    pub(super) gauges: Vec<Spread>,
    /// By contract and first topic.
    events: HashMap<(Address, B256), Vec<Reading>>,
    /// Contracts whose transactions are looked at.
    pub(super) watched: HashMap<Address, Watched>,
}

/// An account, as it is exported.
struct Shown {
    /// Its name in the file.
    key: String,
    /// What it counts, in a text: with another one it is another account.
    counts: String,
    confirmations: u64,
    counter: Counter,
    labels: Labels,
    /// What of the ledger's total is shown; nothing yet, before the first time.
    shown: Option<f64>,
}

/// A gauge of different values.
pub(super) struct Spread {
    pub(super) over: Span,
    pub(super) seen: super::distinct::Distinct,
    gauge: Gauge,
    labels: Labels,
}

/// What is read of a log.
struct Reading {
    event: Event,
    place: Option<Place>,
    becomes: Becomes,
    /// Whether it was said already that its logs cannot be read.
    is_told: bool,
}

#[derive(Clone, Copy)]
enum Becomes {
    Count(usize),
    Sum(usize, u8),
    Seen(usize),
}

/// The accounts of a contract's transactions.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    pub(super) gas: Option<usize>,
    pub(super) success: Option<usize>,
    pub(super) failed: Option<usize>,
    pub(super) denied: Option<(usize, Denied)>,
}

impl Book {
    pub(super) fn of(chain: &Chain, measures: &Measures) -> Book {
        let mut book =
            Book { accounts: Vec::new(), gauges: Vec::new(), events: HashMap::new(), watched: HashMap::new() };
        for (name, contract) in &chain.contracts {
            let base = labels(chain, &[("contract", name)]);
            for counted in &contract.counted {
                book.count_events(contract, counted, &base, measures);
            }
            book.watch(contract, &base, measures);
        }
        book
    }

    fn count_events(&mut self, contract: &Contract, counted: &Counted, base: &Labels, measures: &Measures) {
        let series = &counted.series;
        let labels = series.labels.overlaid(base);
        let becomes = match counted.what {
            What::Distinct { over } => {
                let gauge = measures.gauge(&series.metric, &series.help);
                self.gauges.push(Spread { over, seen: super::distinct::Distinct::default(), gauge, labels });
                Becomes::Seen(self.gauges.len() - 1)
            }
            What::Count | What::Sum { .. } => {
                let counts = what_it_counts(contract, counted);
                let counter = measures.counter(&series.metric, &series.help);
                let account = self.account(&series.metric, counts, counted.confirmations, counter, labels);
                match counted.what {
                    What::Sum { decimals } => Becomes::Sum(account, decimals),
                    What::Count | What::Distinct { .. } => Becomes::Count(account),
                }
            }
        };
        for (event, place) in &counted.events {
            let reading = Reading { event: event.clone(), place: place.clone(), becomes, is_told: false };
            self.events.entry((contract.address, event.topic)).or_default().push(reading);
        }
    }

    fn watch(&mut self, contract: &Contract, base: &Labels, measures: &Measures) {
        if !contract.gas && contract.denied.is_none() {
            return;
        }
        let mut account = |metric: &str, help: &str, labels: Labels| {
            self.account(metric, contract.address.to_string(), 0, measures.counter(metric, help), labels)
        };
        let mut watched = Watched::default();
        if contract.gas {
            let help = "Gas used by mined transactions to a contract, failed ones included";
            watched.gas = Some(account("contract_gas_used_total", help, base.clone()));
            let mut outcome = |outcome: &str| {
                account(
                    "contract_transactions_total",
                    "Mined transactions to a contract",
                    base.with("outcome", outcome),
                )
            };
            (watched.success, watched.failed) = (Some(outcome("success")), Some(outcome("failed")));
        }
        if let Some(denied) = &contract.denied {
            let help = "Failed transactions to a contract that were refused for lack of a right";
            watched.denied = Some((account("unauthorized_access_attempts", help, base.clone()), denied.clone()));
        }
        // The same contract under two names counts under both only where its events are concerned.
        self.watched.entry(contract.address).or_insert(watched);
    }

    fn account(&mut self, metric: &str, counts: String, confirmations: u64, counter: Counter, labels: Labels) -> usize {
        let key = format!(
            "{metric}{{{}}}",
            labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",")
        );
        self.accounts.push(Shown { key, counts, confirmations, counter, labels, shown: None });
        self.accounts.len() - 1
    }

    /// The contracts and topics whose logs are read; only those of gauges, where that is all that is wanted.
    pub(super) fn wanted(&self, only_gauges: bool) -> (BTreeSet<Address>, BTreeSet<B256>) {
        let is_wanted = |readings: &Vec<Reading>| {
            !only_gauges || readings.iter().any(|reading| matches!(reading.becomes, Becomes::Seen(_)))
        };
        let wanted = self.events.iter().filter(|(_, readings)| is_wanted(readings)).map(|(key, _)| *key);
        wanted.unzip()
    }

    /// Whether a block with this bloom may have one of the events that are read.
    pub(super) fn may_be_in(&self, bloom: &Bloom) -> bool {
        self.events.keys().any(|(address, topic)| bloom.contains_raw_log(*address, &[*topic]))
    }

    /// What a log contributes. What is only seen, and not counted, is taken in at once, as of `time`.
    pub(super) fn read(&mut self, log: &Log, time: u64, only_gauges: bool, ordinals: &mut Ordinals) -> Vec<Entry> {
        let Some(topic) = log.topics.first() else { return Vec::new() };
        let Some(readings) = self.events.get_mut(&(log.address, *topic)) else { return Vec::new() };
        let mut entries = Vec::new();
        for reading in readings {
            let value = match reading.value(log) {
                Ok(value) => value,
                Err(why) => {
                    reading.tell(log.address, &why);
                    continue;
                }
            };
            match (reading.becomes, value) {
                (Becomes::Seen(gauge), Some(value)) => self.gauges[gauge].seen.saw(value.fingerprint(), time),
                (Becomes::Count(account), _) if !only_gauges => {
                    entries.push(ordinals.entry(account, log.transaction_hash, 1.0))
                }
                (Becomes::Sum(account, decimals), Some(value)) if !only_gauges => {
                    let amount = value.number(decimals).unwrap_or_default();
                    entries.push(ordinals.entry(account, log.transaction_hash, amount));
                }
                (Becomes::Count(_) | Becomes::Sum(..) | Becomes::Seen(_), _) => {}
            }
        }
        entries
    }

    /// Shows what the ledger says, as far as it is news.
    pub(super) fn show(&mut self, ledger: &Ledger) {
        for (account, held) in self.accounts.iter_mut().zip(&ledger.accounts) {
            let labels: Vec<Label<'_>> = account.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
            match account.shown {
                // It began anew, as a counter does when its exporter starts.
                Some(shown) if held.total < shown => {
                    account.counter.forget(&labels);
                    account.counter.start(&labels, held.total);
                }
                Some(shown) => account.counter.add(&labels, held.total - shown),
                // A reload may have left it at what another one of us has shown.
                None => account.counter.reach(&labels, held.total),
            }
            account.shown = Some(held.total);
        }
    }

    /// Shows how many different values there were, as of `now`.
    pub(super) fn show_gauges(&mut self, now: u64, fresh_until: std::time::Instant) {
        for spread in &mut self.gauges {
            let labels: Vec<Label<'_>> = spread.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
            let seen = spread.seen.since(now.saturating_sub(spread.over.to_std().as_secs()));
            spread.gauge.set(&labels, seen, Some(fresh_until));
        }
    }

    /// The ledger that was kept; an account that counts something else now begins anew.
    pub(super) fn restored(&self, chain: &Name, kept: Option<&KeptChain>) -> Ledger {
        let index: BTreeMap<&str, usize> =
            self.accounts.iter().enumerate().map(|(at, account)| (account.key.as_str(), at)).collect();
        let mut same = BTreeSet::new();
        let accounts = self.accounts.iter().map(|account| {
            let kept = kept.and_then(|kept| kept.accounts.get(&account.key));
            let (from, total) = match kept {
                Some(kept) if kept.counts == account.counts => {
                    same.insert(account.key.as_str());
                    (kept.from, kept.total)
                }
                Some(_) => {
                    tracing::warn!(chain = %chain, counter = account.key, "counts from 0 again: what it counts was changed in the configuration");
                    (None, 0.0)
                }
                None => (None, 0.0),
            };
            Account { confirmations: account.confirmations, from, total }
        });
        let accounts: Vec<Account> = accounts.collect();
        let entry = |kept: &KeptEntry| {
            let account = *index.get(kept.account.as_str()).filter(|_| same.contains(kept.account.as_str()))?;
            Some(Entry {
                account,
                transaction: kept.transaction,
                ordinal: kept.ordinal,
                amount: kept.amount,
                counted: kept.counted,
            })
        };
        let blocks = kept.into_iter().flat_map(|kept| &kept.blocks).map(|block| super::ledger::Block {
            number: block.number,
            hash: block.hash,
            entries: block.entries.iter().filter_map(entry).collect(),
        });
        let orphans = kept
            .into_iter()
            .flat_map(|kept| &kept.orphans)
            .filter_map(|orphan| entry(&orphan.entry).map(|entry| (entry.key(), (orphan.number, entry.amount))));
        Ledger { recent: blocks.collect(), orphans: orphans.collect(), accounts }
    }

    /// The ledger as it is kept.
    pub(super) fn kept(&self, ledger: &Ledger, chain_id: u64, genesis: Option<B256>) -> KeptChain {
        let entry = |entry: &Entry| KeptEntry {
            account: self.accounts[entry.account].key.clone(),
            transaction: entry.transaction,
            ordinal: entry.ordinal,
            amount: entry.amount,
            counted: entry.counted,
        };
        let block = |block: &super::ledger::Block| KeptBlock {
            number: block.number,
            hash: block.hash,
            entries: block.entries.iter().map(entry).collect(),
        };
        let orphan = |(&(account, transaction, ordinal), &(number, amount)): (&Key, &(u64, f64))| KeptOrphan {
            number,
            entry: entry(&Entry { account, transaction, ordinal, amount, counted: true }),
        };
        let accounts = self.accounts.iter().zip(&ledger.accounts).map(|(account, held)| {
            (account.key.clone(), KeptAccount { counts: account.counts.clone(), from: held.from, total: held.total })
        });
        KeptChain {
            chain_id,
            genesis,
            blocks: ledger.recent.iter().map(block).collect(),
            orphans: ledger.orphans.iter().map(orphan).collect(),
            accounts: accounts.collect(),
        }
    }
}

impl Reading {
    /// The parameter that is looked at. A log that is only counted need not be readable.
    fn value(&self, log: &Log) -> Result<Option<crate::abi::Value>, String> {
        let Some(place) = &self.place else { return Ok(None) };
        let values = self.event.read(&log.topics, &log.data).map_err(|why| why.to_string())?;
        Ok(place.of(&values).cloned())
    }

    fn tell(&mut self, address: Address, why: &str) {
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(contract = %address, event = self.event.name, "an event does not count: {why}");
        }
    }
}

/// Numbers the contributions of each transaction to each account.
#[derive(Default)]
pub(super) struct Ordinals(HashMap<(usize, B256), u32>);

impl Ordinals {
    pub(super) fn entry(&mut self, account: usize, transaction: B256, amount: f64) -> Entry {
        let next = self.0.entry((account, transaction)).or_default();
        let ordinal = *next;
        *next += 1;
        Entry { account, transaction, ordinal, amount, counted: false }
    }
}

/// A text that is another one when something else is counted.
fn what_it_counts(contract: &Contract, counted: &Counted) -> String {
    let events = counted.events.iter().map(|(event, place)| format!("{} {place:?}", event.topic));
    format!("{} {:?} {}", contract.address, counted.what, events.collect::<Vec<_>>().join(" or "))
}
