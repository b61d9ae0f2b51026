//! What goes wrong with an endpoint, and what a question can come to instead of an answer.

use serde_json::Value;
use std::time::Duration;

/// Why an endpoint gave no answer that counts. Its texts name no address: a key may be part of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The connection could not be made, or ended too early.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing came in time.
    #[error("gave no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// An HTTP status that is no answer.
    #[error("answered with status {status}{}", .said.as_deref().map(|said| format!(": {said}")).unwrap_or_default())]
    Status {
        /// The status.
        status: u16,
        /// How long it asks us to stay away.
        retry_after: Option<Duration>,
        /// The beginning of what it said.
        said: Option<String>,
    },
    /// It has had enough of us.
    #[error("limits our requests: {said}")]
    RateLimited {
        /// How long it asks us to stay away.
        retry_after: Option<Duration>,
        /// Its words.
        said: String,
    },
    /// What it answered is no JSON-RPC.
    #[error("answered something that is no JSON-RPC: {0}")]
    NotJson(String),
    /// It answered more than we are willing to read.
    #[error("answered with more than {} MiB", .0 >> 20)]
    TooBig(usize),
    /// It serves another chain.
    #[error("serves chain {got}, and chain {expected} is wanted")]
    WrongChain {
        /// The one of the configuration.
        expected: u64,
        /// Its own.
        got: u64,
    },
    /// The result has not the type that the method gives.
    #[error("answered with a result of another type: {0}")]
    WrongType(String),
    /// What it says cannot be, or contradicts what it said before.
    #[error("says what cannot be: {0}")]
    Implausible(String),
    /// The other endpoints have another chain of blocks, and are more.
    #[error("has another block {height} than most others")]
    Outvoted {
        /// The height at which it differs.
        height: u64,
    },
    /// It is not asked at the moment, because of this.
    #[error("is set aside for {} s more{}: it {because}", wait.as_secs_f64().ceil(), or_earlier(.because))]
    Aside {
        /// How long it is still left alone.
        wait: Duration,
        /// What it did.
        because: Box<Failure>,
    },
    /// Its newest block is too old.
    #[error("is {0} blocks behind")]
    Behind(u64),
}

impl Failure {
    /// The kind of failure: a word of a small vocabulary, for labels.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Failure::Unreachable(_) => "unreachable",
            Failure::Timeout(_) => "timeout",
            Failure::Status { .. } => "status",
            Failure::RateLimited { .. } => "rate_limited",
            Failure::NotJson(_) => "not_json",
            Failure::TooBig(_) => "too_big",
            Failure::WrongChain { .. } => "wrong_chain",
            Failure::WrongType(_) => "wrong_type",
            Failure::Implausible(_) => "implausible",
            Failure::Outvoted { .. } => "outvoted",
            Failure::Behind(_) => "behind",
            Failure::Aside { because, .. } => because.reason(),
        }
    }

    /// How long the endpoint asked us to stay away.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Failure::RateLimited { retry_after, .. } | Failure::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the endpoint may be asked again early where nobody else is left: what it did may be over, and it did not
    /// ask to be left alone.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Failure::Unreachable(_) | Failure::Timeout(_) | Failure::Status { retry_after: None, .. })
            || matches!(self, Failure::NotJson(_) | Failure::TooBig(_))
    }

    /// Whether what the endpoint said before is not to be believed either.
    #[must_use]
    pub fn is_a_lie(&self) -> bool {
        matches!(self, Failure::WrongChain { .. } | Failure::Implausible(_) | Failure::Outvoted { .. })
    }

    /// Whether only its blocks can show that this is over: to name the chain is no proof.
    #[must_use]
    pub fn shows_in_blocks(&self) -> bool {
        matches!(self, Failure::Implausible(_) | Failure::Outvoted { .. })
    }

    /// Whether the question may be to blame and not the endpoint, which then stays in use.
    #[must_use]
    pub fn may_be_the_question(&self) -> bool {
        matches!(self, Failure::TooBig(_) | Failure::WrongType(_))
    }
}

/// A node's own error, as JSON-RPC has it: a revert, an unknown method, a range that is too wide.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct NodeError {
    /// Its number.
    pub code: i64,
    /// Its words, made harmless and bounded.
    pub message: String,
    /// What a revert carries, usually hexadecimal.
    pub data: Option<Value>,
}

/// What a question came to instead of an answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RpcError {
    /// The node's own error. It is an answer: other endpoints were not asked.
    #[error("`{method}` was answered with an error by {endpoint}: {error}")]
    Answer {
        /// What was asked.
        method: String,
        /// Who answered.
        endpoint: String,
        /// The error.
        error: Box<NodeError>,
    },
    /// No endpoint gave an answer that counts.
    #[error("`{method}` has no answer from chain {chain}: {}", each(.failures))]
    Nobody {
        /// The chain's name.
        chain: String,
        /// What was asked.
        method: String,
        /// The endpoints in the order in which they were asked, and why each gave none.
        failures: Vec<(String, Failure)>,
    },
}

/// One that may be asked again early is, as soon as no other one is fit.
fn or_earlier(because: &Failure) -> &'static str {
    if because.may_pass() { ", or until no other one is fit" } else { "" }
}

fn each(failures: &[(String, Failure)]) -> String {
    let all: Vec<_> = failures.iter().map(|(endpoint, failure)| format!("{endpoint} {failure}")).collect();
    all.join("; ")
}

impl RpcError {
    /// The kind of trouble: a word of a small vocabulary, for labels.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            RpcError::Answer { error, .. } if error.is_revert() => "reverted",
            RpcError::Answer { .. } => "rpc_error",
            // The first in order of preference is the one to repair.
            RpcError::Nobody { failures, .. } => {
                failures.first().map_or("unreachable", |(_, failure)| failure.reason())
            }
        }
    }
}

impl RpcError {
    /// Whether the node said that it does not have the method.
    #[must_use]
    pub fn is_unknown_method(&self) -> bool {
        matches!(self, RpcError::Answer { error, .. } if error.is_unknown_method())
    }
}

impl NodeError {
    /// Whether a contract refused, in the words of any node: code 3 (geth, anvil, hardhat), or only said (ganache).
    #[must_use]
    pub fn is_revert(&self) -> bool {
        self.code == 3 || self.message.to_ascii_lowercase().contains("revert")
    }

    /// Whether the node does not have the method: each has a number of its own for that (-32601 by the standard, -32004
    /// hardhat, -32700 ganache).
    #[must_use]
    pub fn is_unknown_method(&self) -> bool {
        let says = ["method not found", "not supported", "does not exist", "not available", "unsupported method"];
        let message = self.message.to_ascii_lowercase();
        self.code == -32601 || says.iter().any(|words| message.contains(words))
    }

    /// Whether this says that we ask too much, rather than too much at once: a range of logs that is too wide, or several
    /// questions in one request, often have the number of a rate limit.
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        let is_about_the_size = ["results", "block range", "response size", "logs matched", "batch"];
        if is_about_the_size.iter().any(|words| message.contains(words)) {
            return false;
        }
        let says = ["rate limit", "too many requests", "request limit", "capacity", "quota", "credits", "throttl"];
        matches!(self.code, -32005 | -32029 | -32016 | 429) || says.iter().any(|words| message.contains(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: i64, message: &str) -> NodeError {
        NodeError { code, message: message.into(), data: None }
    }

    #[test]
    fn a_rate_limit_is_told_from_a_range_that_is_too_wide_and_from_a_contract_that_refuses() {
        let table = [
            (-32005, "daily request count exceeded, request rate limited", true),
            (-32005, "limit exceeded", true),
            (-32005, "query returned more than 10000 results", false),
            (
                -32005,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
                false,
            ),
            (-32005, "batch limit exceeded", false),
            (-32000, "batch of 20 exceeds the request limit of 10", false),
            (-32016, "over rate limit", true),
            (429, "Your app has exceeded its compute units per second capacity", true),
            (-32000, "Too Many Requests", true),
            (-32000, "execution reverted", false),
            (-32601, "Method not found", false),
            (-32602, "invalid argument 0", false),
        ];
        for (code, message, is) in table {
            assert_eq!(error(code, message).is_rate_limit(), is, "{code} {message}");
        }
    }

    #[test]
    fn reverts_and_unknown_methods_are_known_in_the_words_of_every_node() {
        assert!(error(3, "execution reverted: AccessControl").is_revert());
        assert!(error(-32000, "VM Exception while processing transaction: revert").is_revert());
        assert!(!error(-32601, "Method not found").is_revert());
        let unknown = [
            (-32601, "Method not found"),
            (-32004, "Method evm_nope is not supported"),
            (-32700, "The method evm_nope does not exist/is not available"),
        ];
        for (code, message) in unknown {
            assert!(error(code, message).is_unknown_method(), "{message}");
        }
        assert!(!error(-32000, "header not found").is_unknown_method());
    }

    #[test]
    fn whoever_may_be_asked_before_his_time_is_not_said_to_be_left_alone_whatever_comes() {
        let aside = |because| Failure::Aside { wait: Duration::from_millis(7_200), because: Box::new(because) };
        assert_eq!(
            aside(Failure::Unreachable("refused".into())).to_string(),
            "is set aside for 8 s more, or until no other one is fit: it cannot be reached: refused"
        );
        assert_eq!(
            aside(Failure::Outvoted { height: 7 }).to_string(),
            "is set aside for 8 s more: it has another block 7 than most others"
        );
    }

    #[test]
    fn what_nobody_could_answer_names_each_endpoint_and_the_first_ones_reason() {
        let failures = vec![
            ("a.example:443".into(), Failure::Timeout(Duration::from_secs(5))),
            ("b.example:443".into(), Failure::WrongChain { expected: 1, got: 5 }),
        ];
        let nobody = RpcError::Nobody { chain: "main".into(), method: "eth_call".into(), failures };
        assert_eq!(nobody.reason(), "timeout");
        assert_eq!(
            nobody.to_string(),
            "`eth_call` has no answer from chain main: a.example:443 gave no answer within 5000 ms; \
             b.example:443 serves chain 5, and chain 1 is wanted"
        );
    }
}
