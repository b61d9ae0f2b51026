//! JSON-RPC towards the nodes of one chain: several endpoints in order of preference, of which the ones that are fit are
//! asked.
//!
//! An endpoint is fit when it has named our chain and gives answers that can be true. One that cannot be reached, is late,
//! answers a page, limits us, serves another chain, lags behind or contradicts the others is set aside for a while and
//! named, in the log and in `chain_rpc_up`, while others are asked. A node's own error, a revert for example, is an answer.
//!
//! Start at [`Rpc::ask`]. What an endpoint is worth is decided in [`standing`], what its bytes mean in [`wire`], without I/O;
//! [`http`] and [`socket`] carry them.
//!
//! Absent on purpose: keys. An endpoint is called by its host and port, and nothing that may be part of its address enters
//! a label, a log or an error.

mod agreement;
mod clock;
mod dial;
mod doubt;
mod echo;
mod endpoint;
mod error;
mod head;
mod http;
mod label;
mod setup;
mod socket;
mod standing;
mod survey;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub(in crate::collect) use doubt::doubt;
pub use error::{Failure, NodeError, RpcError};
pub use head::{Head, Quantity, number};
pub use setup::{Ready, SetupError, address_of_node};
pub use survey::{Sight, Survey};
pub use tally::labels;

use super::probe::Trouble;
use crate::config::collect::Chain;
use crate::http::chain as causes;
use crate::measures::Measures;
use clock::Clock;
use endpoint::Endpoint;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use setup::patience;
use socket::News;
use standing::{Change, Use, order};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tally::Tally;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};
use wire::Said;

/// The most that is read of one answer.
const LARGEST: usize = 16 << 20;

/// A method and its parameters.
pub type Call<'a> = (&'a str, Value);

/// The endpoints of one chain. Cheap to clone; clones share everything. Lines are closed with the last clone.
#[derive(Clone)]
pub struct Rpc {
    inner: Arc<Inner>,
}

struct Inner {
    chain: String,
    chain_id: u64,
    /// How long a question may take, over all endpoints that are asked.
    timeout: Duration,
    /// By how many blocks an endpoint may be behind.
    max_lag: u64,
    endpoints: Vec<Endpoint>,
    tally: Tally,
    clock: Mutex<Clock>,
    heads: watch::Sender<Option<Head>>,
    /// Whose block `heads` shows.
    told_by: Mutex<Option<usize>>,
}

impl Rpc {
    /// Sets up the endpoints of a chain, and begins to dial those with a WebSocket: it has to be called in a runtime.
    ///
    /// # Errors
    /// When an address cannot be had or is none, or TLS cannot be set up.
    pub fn new(chain: &Chain, measures: &Measures) -> Result<Rpc, SetupError> {
        Ok(Ready::of(chain)?.begin(measures))
    }

    /// Asks one question, of the endpoints that are fit, in order of preference, until one gives an answer that counts.
    /// The node's own error is one.
    ///
    /// # Errors
    /// The node's own error, or why no endpoint gave an answer.
    pub async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, RpcError> {
        let read = |mut all: Vec<Said>| match all.pop() {
            Some(Ok(result)) => typed(method, &result).map(Ok),
            Some(Err(error)) => Ok(Err(error)),
            None => Err(Failure::NotJson("no answer".into())),
        };
        let (endpoint, said) = self.inner.each(method, &[(method, params)], &read).await?;
        said.map_err(|error| self.inner.own_error(method, endpoint, error))
    }

    /// Asks several questions of one endpoint, in one request where that can be. Each has an answer of its own, in their
    /// order.
    ///
    /// # Errors
    /// Why no endpoint answered them all.
    pub async fn batch(&self, calls: &[Call<'_>]) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        let Some((first, _)) = calls.first() else { return Ok(Vec::new()) };
        let read = |all: Vec<Said>| {
            all.into_iter()
                .zip(calls)
                .map(|(said, (method, _))| {
                    said.map(|result| typed(method, &result)).map_or_else(|e| Ok(Err(e)), |v| v.map(Ok))
                })
                .collect::<Result<Vec<Result<Value, NodeError>>, Failure>>()
        };
        let (endpoint, all) = self.inner.each(first, calls, &read).await?;
        let named = all.into_iter().zip(calls);
        Ok(named.map(|(said, (method, _))| said.map_err(|e| self.inner.own_error(method, endpoint, e))).collect())
    }

    /// Seconds since 1970, by a clock that the blocks keep right: it does not jump with that of the machine. Ages of what
    /// a chain has stamped are to be had from it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay below 2^53 for ages")]
    pub fn now(&self) -> f64 {
        self.inner.millis() as f64 / 1000.0
    }

    /// The same in whole seconds, as what contracts stamp is.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.inner.millis() / 1000).unwrap_or_default()
    }

    /// How old a block is, in seconds. Less than nothing where it is stamped later than now.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay below 2^53 for ages")]
    pub fn age(&self, head: &Head) -> f64 {
        self.now() - head.timestamp as f64
    }

    /// What a survey saw was followed and is true: whoever has lied before is used again.
    pub fn trust(&self, survey: &Survey) {
        for sight in &survey.sights {
            let change = self.inner.endpoints[sight.endpoint].record().standing.proved();
            self.inner.say(sight.endpoint, change, None);
        }
    }

    /// Sets aside an endpoint that was found to lie.
    pub fn accuse(&self, endpoint: usize, failure: &Failure) {
        self.inner.failed(endpoint, failure);
    }

    /// What an endpoint is called.
    #[must_use]
    pub fn label(&self, endpoint: usize) -> &str {
        self.inner.endpoints.get(endpoint).map_or("", |endpoint| &endpoint.label)
    }

    /// The newest block that is believed. A change is a reason to look, no proof that the endpoint that is asked next has
    /// the block already.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<Option<Head>> {
        self.inner.heads.subscribe()
    }
}

impl Inner {
    fn new(chain: &Chain, endpoints: Vec<Endpoint>, tally: Tally) -> Self {
        for endpoint in &endpoints {
            tally.start(&endpoint.label);
        }
        Inner {
            chain: chain.name.to_string(),
            chain_id: chain.chain_id,
            timeout: patience(chain),
            max_lag: chain.max_lag,
            endpoints,
            tally,
            clock: Mutex::default(),
            heads: watch::Sender::new(None),
            told_by: Mutex::default(),
        }
    }

    /// Asks `calls` of one endpoint after the other until what one says can be read. Each is given its share of the time
    /// that is left, so that one that hangs leaves time for the others.
    async fn each<R>(
        &self,
        name: &str,
        calls: &[Call<'_>],
        read: &(impl Fn(Vec<Said>) -> Result<R, Failure> + Sync),
    ) -> Result<(usize, R), RpcError> {
        let deadline = Instant::now() + self.timeout;
        let uses: Vec<Use> = self.endpoints.iter().map(|one| one.record().standing.usable(Instant::now())).collect();
        let asked = order(&uses);
        let mut failures: Vec<Option<Failure>> = uses.into_iter().map(why_not).collect();
        for (position, index) in asked.iter().copied().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(asked.len() - position).unwrap_or(u32::MAX);
            match self.attempt(index, calls, share, read).await {
                Ok(found) => return Ok((index, found)),
                Err(failure) => failures[index] = Some(failure),
            }
        }
        Err(self.unanswered(name, failures))
    }

    fn unanswered(&self, method: &str, failures: Vec<Option<Failure>>) -> RpcError {
        let named = self.endpoints.iter().map(|endpoint| endpoint.label.clone());
        let failures = named.zip(failures).filter_map(|(label, why)| Some((label, why?))).collect();
        RpcError::Nobody { chain: self.chain.clone(), method: method.to_owned(), failures }
    }

    /// That no endpoint is fit, with what each did.
    fn nobody(&self, method: &str) -> RpcError {
        let now = Instant::now();
        let troubles = self.endpoints.iter().map(|endpoint| endpoint.record().standing.trouble(now));
        self.unanswered(method, troubles.collect())
    }

    /// Asks one endpoint, and remembers how that went.
    async fn attempt<R>(
        &self,
        index: usize,
        calls: &[Call<'_>],
        share: Duration,
        read: &(impl Fn(Vec<Said>) -> Result<R, Failure> + Sync),
    ) -> Result<R, Failure> {
        let said = timeout(share, self.ask(index, calls)).await.unwrap_or(Err(Failure::Timeout(share)));
        let is_good = said.as_ref().is_ok_and(|all| all.iter().all(Result::is_ok));
        let outcome = said.and_then(read);
        self.note(index, outcome.as_ref().map(|_| is_good));
        outcome
    }

    async fn ask(&self, index: usize, calls: &[Call<'_>]) -> Result<Vec<Said>, Failure> {
        let endpoint = &self.endpoints[index];
        let usable = endpoint.record().standing.usable(Instant::now());
        if usable != Use::Now {
            let mut said = endpoint.ask(&[("eth_chainId", json!([]))]).await?;
            check_chain(self.chain_id, said.pop().ok_or_else(|| Failure::NotJson("no answer".into()))?)?;
            self.named(index);
        }
        endpoint.ask(calls).await
    }

    /// An endpoint has named our chain.
    fn named(&self, index: usize) {
        let change = self.endpoints[index].record().standing.checked(Instant::now());
        self.say(index, change, None);
    }

    fn note(&self, index: usize, outcome: Result<bool, &Failure>) {
        let endpoint = &self.endpoints[index];
        self.tally.asked(&endpoint.label, outcome);
        match outcome {
            Ok(_) => endpoint.record().standing.worked(),
            Err(failure) if failure.may_be_the_question() => {}
            Err(failure) => self.failed(index, failure),
        }
    }

    fn failed(&self, index: usize, failure: &Failure) {
        let endpoint = &self.endpoints[index];
        if matches!(failure, Failure::Timeout(_)) {
            endpoint.doubt();
        }
        if failure.is_a_lie() {
            self.disown(index);
        }
        let change = endpoint.record().standing.failed(failure.clone(), &endpoint.label, Instant::now());
        self.say(index, change, Some(failure));
    }

    /// What is worth a line in the log.
    fn say(&self, index: usize, change: Change, failure: Option<&Failure>) {
        let (chain, endpoint) = (&self.chain, &self.endpoints[index].label);
        self.tally.stands(endpoint, &self.endpoints[index].record().standing);
        match (&change, failure) {
            (Change::SetAside, Some(failure)) => {
                let reason = failure.reason();
                self.tally.set_aside(endpoint, failure);
                warn!(
                    chain,
                    rpc.endpoint = endpoint,
                    reason,
                    "endpoint {endpoint} of {chain} is set aside: it {failure}"
                );
            }
            (Change::Back, _) => info!(chain, rpc.endpoint = endpoint, "endpoint {endpoint} of {chain} is used again"),
            (Change::Again | Change::None, Some(failure)) => {
                if change == Change::Again {
                    self.tally.set_aside(endpoint, failure);
                }
                debug!(chain, rpc.endpoint = endpoint, "endpoint {endpoint} of {chain} still {failure}");
            }
            (Change::None | Change::Again | Change::SetAside, None) => {}
        }
    }

    /// What happens on the line of an endpoint.
    fn heard(&self, index: usize, news: News) {
        match news {
            News::Open => {
                self.endpoints[index].record().standing.reconnected();
                self.named(index);
            }
            News::Broken(failure) => self.failed(index, &failure),
            News::Head(head) => self.believe(index, *head),
        }
    }

    /// A block of which an endpoint says that it is the newest one.
    fn believe(&self, index: usize, head: Head) {
        let before = self.endpoints[index].record().head.clone();
        if let Some(failure) = doubt::doubt(before.as_ref(), &head, self.millis()) {
            return self.failed(index, &failure);
        }
        self.remember(index, &head);
        let is_good = self.endpoints[index].record().standing.is_good();
        if is_good {
            self.publish(index, head);
        }
    }

    fn remember(&self, index: usize, head: &Head) {
        let endpoint = &self.endpoints[index];
        endpoint.record().head = Some(head.clone());
        self.tally.reached(&endpoint.label, head.number);
    }

    /// Milliseconds since 1970, by the clock that blocks keep right.
    fn millis(&self) -> i64 {
        self.clock().millis(Instant::now(), jiff::Timestamp::now().as_millisecond())
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, index: usize, head: Head) {
        let mut told_by = self.told_by.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = self.heads.send_if_modified(|newest| {
            let is_news = match (&*newest, *told_by) {
                (Some(newest), Some(teller)) => supersedes(newest, &head, teller == index),
                (None, _) | (Some(_), None) => true,
            };
            if is_news {
                (*newest, *told_by) = (Some(head.clone()), Some(index));
            }
            is_news
        });
        drop(told_by);
        if is_news {
            self.set_clock(&head);
        }
    }

    /// A block that has just come says which clock is right.
    fn set_clock(&self, head: &Head) {
        let stamp = i64::try_from(head.timestamp.saturating_mul(1000)).unwrap_or(i64::MAX);
        let moved = self.clock().saw(stamp, Instant::now(), jiff::Timestamp::now().as_millisecond());
        if let Some(millis) = moved {
            let (chain, seconds) = (&self.chain, millis / 1000);
            warn!(
                chain,
                seconds, "the clock of this machine was moved by {seconds} s, and the blocks of {chain} fit it now"
            );
        }
    }

    /// What an endpoint said is not believed any more: the newest block may come from another one, even a lower one.
    fn disown(&self, index: usize) {
        self.endpoints[index].record().head = None;
        let mut told_by = self.told_by.lock().unwrap_or_else(PoisonError::into_inner);
        if *told_by == Some(index) {
            *told_by = None;
        }
    }

    fn own_error(&self, method: &str, endpoint: usize, error: NodeError) -> RpcError {
        RpcError::Answer {
            method: method.to_owned(),
            endpoint: self.endpoints[endpoint].label.clone(),
            error: Box::new(error),
        }
    }
}

fn why_not(usable: Use) -> Option<Failure> {
    match usable {
        Use::Now | Use::AfterCheck => None,
        Use::IfNobodyElse(why) | Use::Not(why) => Some(why),
    }
}

/// Whether `head` takes the place of `newest`: it is higher, or its own teller takes `newest` back.
fn supersedes(newest: &Head, head: &Head, is_same_teller: bool) -> bool {
    head.number > newest.number || (is_same_teller && head.hash != newest.hash)
}

/// Compares the chain that a node has named with the one that is wanted.
fn check_chain(expected: u64, said: Said) -> Result<(), Failure> {
    let named =
        said.map_err(|error| Failure::WrongType(format!("`eth_chainId` was answered with an error: {error}")))?;
    let got = typed::<Quantity>("eth_chainId", &named)?.small()?;
    if got == expected { Ok(()) } else { Err(Failure::WrongChain { expected, got }) }
}

/// A result as the type that its method gives.
fn typed<T: DeserializeOwned>(method: &str, result: &serde_json::value::RawValue) -> Result<T, Failure> {
    serde_json::from_str(result.get()).map_err(|error| Failure::WrongType(format!("{method}: {}", causes(&error))))
}

impl From<RpcError> for Trouble {
    fn from(error: RpcError) -> Self {
        Trouble::new(error.reason(), error.to_string())
    }
}
