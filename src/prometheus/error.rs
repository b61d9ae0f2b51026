//! The ways in which a question can stay without an answer.

use crate::http::ClientError;
use crate::model::Span;
use std::sync::Arc;

/// Why a source gave no answer that a rule can use. To a rule each of them is *unknown*, never *calm*.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// Nobody answered: no such host, refused, reset, TLS, a connection that ended in the middle.
    #[error("cannot reach {url}")]
    Unreachable {
        /// The source's base address.
        url: String,
        /// What went wrong on the way.
        #[source]
        cause: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The deadline passed, waiting for a free place among the source's queries included.
    #[error("no answer from {url} within {} s", .within.as_secs_f64())]
    TimedOut {
        /// The source's base address.
        url: String,
        /// How long was waited.
        within: Span,
    },
    /// The server understood us and said no.
    #[error("the source refused the query ({}): {message}", format!("{status} {kind}").trim_end())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's own word for the kind of error, such as `bad_data`; empty where it has none.
        kind: String,
        /// The server's explanation.
        message: String,
    },
    /// Whoever answered does not speak Prometheus's language: HTML, truncated JSON, another envelope.
    #[error("the answer is not Prometheus's (status {status}): {what}")]
    NotPrometheus {
        /// The HTTP status; 0 where it is not even HTTP.
        status: u16,
        /// What is wrong with it.
        what: String,
    },
    /// An answer of a type that no threshold can be put to.
    #[error("the query gives a {kind} where an instant vector or a scalar was due")]
    WrongType {
        /// `matrix` or `string`, or a type that we do not know.
        kind: String,
    },
    /// The answer is larger than we are willing to hold.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// We could not say who we are: a secret or an OAuth 2 token could not be had.
    #[error("cannot identify ourselves to {url}")]
    NoCredentials {
        /// The source's base address.
        url: String,
        /// Why not.
        #[source]
        cause: Arc<ClientError>,
    },
}

impl QueryError {
    /// Whether the source itself is to blame, and not the query.
    #[must_use]
    pub fn is_the_sources(&self) -> bool {
        match self {
            QueryError::Unreachable { .. } | QueryError::TimedOut { .. } | QueryError::NotPrometheus { .. } => true,
            QueryError::NoCredentials { .. } => true,
            QueryError::Refused { status, .. } => *status >= 500 || matches!(status, 401 | 403 | 429),
            QueryError::WrongType { .. } | QueryError::TooLarge { .. } => false,
        }
    }

    /// The answer with status 200 that is not what it should be.
    pub(super) fn misunderstood(what: impl std::fmt::Display) -> Self {
        QueryError::NotPrometheus { status: 200, what: what.to_string() }
    }
}
