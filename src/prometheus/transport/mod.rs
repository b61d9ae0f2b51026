//! Two ways to a server: [`Direct`] over plain TCP, and [`General`] for everything else.
//!
//! A healthy rule usually has a small answer, so that carrying the question costs more than understanding the answer.
//! Most sources stand on the same machine or network without TLS, and for them a bare hyper connection takes half of
//! what reqwest takes (`benches/query_cost.rs`). reqwest and prometheus-http-query do what needs more: TLS, proxies.

mod direct;
mod general;

use super::question::Question;
use super::reply::Reply;
use crate::http::{Client, ClientError, is_loopback};
use bytes::{Bytes, BytesMut};
use direct::Direct;
use general::General;
use reqwest::Url;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use std::sync::Arc;
use std::time::Duration;

/// Why nothing came back.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The connection could not be made, or ended too early.
    Broken(Arc<dyn std::error::Error + Send + Sync>),
    /// Whoever listens there does not speak HTTP.
    NotHttp(String),
    /// The body is longer than allowed.
    TooLarge,
    /// We could not say who we are.
    NoCredentials(Arc<ClientError>),
}

/// The way to one source.
#[derive(Debug)]
pub enum Transport {
    /// Plain TCP.
    Direct(Direct),
    /// Everything else.
    General(Box<General>),
}

impl Transport {
    /// Chooses the way to `base`.
    pub fn new(base: &Url, client: &Client) -> Result<Self, ClientError> {
        let is_plain = base.scheme() == "http" && base.username().is_empty() && base.password().is_none();
        if is_plain && (is_loopback(base) || !is_proxied()) {
            Ok(Transport::Direct(Direct::new(base)))
        } else {
            General::new(base, client).map(|general| Transport::General(Box::new(general)))
        }
    }

    /// Asks once, and reads the reply up to `limit` bytes of body.
    pub async fn ask(&self, question: &Question<'_>, headers: HeaderMap, limit: usize) -> Result<Reply, Failure> {
        match self {
            Transport::Direct(direct) => direct.ask(question, headers, limit).await,
            Transport::General(general) => general.ask(question, headers, limit).await,
        }
    }
}

impl Failure {
    /// Tells a server that does not speak HTTP from a connection that broke.
    fn of(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(inner) = cause {
            if inner.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_parse() && !error.is_parse_too_large())
            {
                return Failure::NotHttp(inner.to_string());
            }
            cause = inner.source();
        }
        Failure::Broken(Arc::new(error))
    }
}

/// Whether the environment sends plain requests through a proxy.
fn is_proxied() -> bool {
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

/// What the head of a reply says.
fn head(status: u16, headers: &HeaderMap) -> Reply {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Reply {
        status,
        retry_after: text(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs),
        location: text(LOCATION).map(str::to_owned),
        body: Bytes::new(),
    }
}

/// A body as it arrives. One that arrives in one piece is never copied.
#[derive(Default)]
struct Body {
    first: Bytes,
    all: BytesMut,
}

impl Body {
    /// Adds a piece.
    fn add(&mut self, piece: Bytes, limit: usize) -> Result<(), Failure> {
        if self.first.len().max(self.all.len()) + piece.len() > limit {
            return Err(Failure::TooLarge);
        }
        if self.first.is_empty() {
            self.first = piece;
        } else {
            if self.all.is_empty() {
                self.all.extend_from_slice(&self.first);
            }
            self.all.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// The whole of it.
    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
