//! The endpoints of a chain, made out of the configuration.

use super::endpoint::{Endpoint, Way};
use super::socket::Socket;
use super::tally::Tally;
use super::{Inner, Rpc, label};
use crate::config::collect::Chain;
use crate::config::{Secret, Tls};
use crate::http::{Client, ClientError, install_crypto, trust};
use crate::measures::Measures;
use reqwest::Url;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Why the endpoints of a chain cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An address could not be had.
    #[error("the address of node {number} of chain {chain} cannot be used")]
    Address {
        /// The chain.
        chain: String,
        /// Which one, from 1.
        number: usize,
        /// Why not.
        source: ClientError,
    },
    /// TLS cannot be set up.
    #[error("cannot set up connections to chain {chain}")]
    Client {
        /// The chain.
        chain: String,
        /// Why not.
        source: ClientError,
    },
}

impl SetupError {
    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &str {
        match self {
            SetupError::Address { chain, .. } | SetupError::Client { chain, .. } => chain,
        }
    }
}

/// What it takes to ask the endpoints of a chain: all that can be missing is there.
pub struct Ready {
    chain: Chain,
    urls: Vec<Url>,
    tls: Arc<rustls::ClientConfig>,
    http: Client,
}

impl Ready {
    /// Gathers it for `chain`.
    ///
    /// # Errors
    /// When an address cannot be had or is none, or TLS cannot be set up.
    pub fn of(chain: &Chain) -> Result<Ready, SetupError> {
        install_crypto();
        let failed = |source| SetupError::Client { chain: chain.name.to_string(), source };
        let urls = addresses(chain)?;
        let tls = Arc::new(trust(&Tls::default()).map_err(failed)?);
        let http = Client::anonymous().map_err(failed)?;
        Ok(Ready { chain: chain.clone(), urls, tls, http })
    }

    /// Sets up the endpoints, and begins to dial those with a WebSocket: it has to be called in a runtime.
    #[must_use]
    pub fn begin(self, measures: &Measures) -> Rpc {
        let Ready { chain, urls, tls, http } = self;
        let inner = Arc::new_cyclic(|inner: &Weak<Inner>| {
            let way = |index: usize| match urls[index].scheme() {
                "ws" | "wss" => Way::Socket(dial(&chain, index, &tls, inner)),
                _ => Way::Http { client: http.clone(), url: chain.rpc[index].clone() },
            };
            let labels = label::labels(&urls).into_iter().enumerate();
            let endpoints = labels.map(|(index, label)| Endpoint::new(label, way(index))).collect();
            Inner::new(&chain, endpoints, Tally::new(&chain, measures))
        });
        Rpc { inner }
    }
}

fn dial(chain: &Chain, index: usize, tls: &Arc<rustls::ClientConfig>, inner: &Weak<Inner>) -> Socket {
    let inner = inner.clone();
    let patience = patience(chain);
    Socket::open(chain.rpc[index].clone(), tls.clone(), chain.chain_id, patience, move |news| {
        if let Some(inner) = inner.upgrade() {
            inner.heard(index, news);
        }
    })
}

/// How long a question may take: half of a look, which asks several.
pub(super) fn patience(chain: &Chain) -> Duration {
    chain.timeout.to_std() / 2
}

fn addresses(chain: &Chain) -> Result<Vec<Url>, SetupError> {
    let address = |(number, secret): (usize, &Secret)| {
        let revealed = secret.reveal().map_err(ClientError::from);
        let url = revealed.and_then(|url| address_of_node(url.expose()));
        url.map_err(|source| SetupError::Address { chain: chain.name.to_string(), number, source })
    };
    (1..).zip(&chain.rpc).map(address).collect()
}

/// The address of a node: what the configuration could not check where it stands elsewhere.
///
/// # Errors
/// When it is none. What it holds is not repeated.
pub fn address_of_node(text: &str) -> Result<Url, ClientError> {
    let url = crate::http::address(text)?;
    let is_known = matches!(url.scheme(), "http" | "https" | "ws" | "wss") && url.has_host();
    if is_known { Ok(url) } else { Err(ClientError::Address { url: format!("{}:…", url.scheme()) }) }
}
