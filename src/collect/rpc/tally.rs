//! What is exported about the endpoints of a chain: whether each is fit, its newest block, and how questions went.

use super::Failure;
use super::standing::Standing;
use crate::config::collect::Chain;
use crate::measures::{Counter, Gauge, Label, Measures};
use std::time::{Duration, Instant};

/// What a question can come to, beside an answer and the node's own error; [`Failure::reason`] has them.
const FAILURES: [&str; 9] = [
    "unreachable",
    "timeout",
    "status",
    "rate_limited",
    "not_json",
    "too_big",
    "wrong_chain",
    "wrong_type",
    "implausible",
];
/// For what else an endpoint can be set aside.
const FINDINGS: [&str; 2] = ["outvoted", "behind"];

/// The metrics of one chain's endpoints.
pub struct Tally {
    /// Name and further labels of the chain.
    labels: Vec<(String, String)>,
    /// How long a gauge may be shown.
    fresh: Duration,
    up: Gauge,
    head: Gauge,
    requests: Counter,
    set_aside: Counter,
}

impl Tally {
    /// Those of `chain`.
    pub fn new(chain: &Chain, measures: &Measures) -> Self {
        let (every, timeout) = (chain.every.to_std(), chain.timeout.to_std());
        Tally {
            labels: labels(chain),
            fresh: every * 3 + timeout,
            up: measures.gauge("chain_rpc_up", "Whether an endpoint of a chain is fit to be asked"),
            head: measures.gauge("chain_rpc_head_block", "The height of the newest block that an endpoint has told of"),
            requests: measures.counter("chain_rpc_requests_total", "Questions to an endpoint, by what they came to"),
            set_aside: measures.counter("chain_rpc_set_aside_total", "How often an endpoint was set aside, by reason"),
        }
    }

    /// Shows the counters of `endpoint` from the start.
    pub fn start(&self, endpoint: &str) {
        for outcome in ["ok", "error"].into_iter().chain(FAILURES) {
            self.requests.start(&self.with(&[("endpoint", endpoint), ("outcome", outcome)]), 0.0);
        }
        for reason in FAILURES.into_iter().chain(FINDINGS) {
            self.set_aside.start(&self.with(&[("endpoint", endpoint), ("reason", reason)]), 0.0);
        }
    }

    /// `endpoint` was used, and is not any more.
    pub fn set_aside(&self, endpoint: &str, failure: &Failure) {
        self.set_aside.add(&self.with(&[("endpoint", endpoint), ("reason", failure.reason())]), 1.0);
    }

    /// A question to `endpoint` had this outcome.
    pub fn asked(&self, endpoint: &str, outcome: Result<bool, &Failure>) {
        let word = match outcome {
            Ok(true) => "ok",
            Ok(false) => "error",
            Err(failure) => failure.reason(),
        };
        self.requests.add(&self.with(&[("endpoint", endpoint), ("outcome", word)]), 1.0);
    }

    /// What `endpoint` is worth now.
    pub fn stands(&self, endpoint: &str, standing: &Standing) {
        let value = if standing.is_proven() { 1.0 } else { 0.0 };
        self.up.set(&self.with(&[("endpoint", endpoint)]), value, Some(Instant::now() + self.fresh));
    }

    /// The newest block of `endpoint` has this height.
    pub fn reached(&self, endpoint: &str, height: u64) {
        #[expect(clippy::cast_precision_loss, reason = "heights stay below 2^53 for ages")]
        self.head.set(&self.with(&[("endpoint", endpoint)]), height as f64, Some(Instant::now() + self.fresh));
    }

    fn with<'a>(&'a self, more: &[Label<'a>]) -> Vec<Label<'a>> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more.iter().copied()).collect()
    }
}

/// The labels of everything that is measured on `chain`.
pub fn labels(chain: &Chain) -> Vec<(String, String)> {
    let further = chain.labels.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    std::iter::once(("chain".to_owned(), chain.name.to_string())).chain(further).collect()
}
