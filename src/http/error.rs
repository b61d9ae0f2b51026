//! Why a client could not be built, or could not say who it is.

use crate::config::SecretError;
use std::path::PathBuf;

/// A mistake in the configuration of a client, or a secret that cannot be had. Names places, never values.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("`{url}` is no address of a server; write it whole: http://host:port")]
    Address {
        /// What was given.
        url: String,
    },
    /// A secret could not be looked up.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A request cannot be signed.
    #[error(transparent)]
    Signing(#[from] super::SigningError),
    /// A header's name or value cannot be sent.
    #[error("the header `{name}` cannot be sent: its name or its value has characters that HTTP does not allow")]
    Header {
        /// Its name.
        name: String,
    },
    /// A certificate or a key could not be read.
    #[error("cannot read a {what} from `{path}`")]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: rustls::pki_types::pem::Error,
    },
    /// TLS cannot be set up like this.
    #[error("cannot set up TLS: {what}")]
    Tls {
        /// What is in the way.
        what: String,
    },
    /// The client could not be built.
    #[error("cannot build an HTTP client")]
    Build(#[source] reqwest::Error),
    /// The token server could not be reached, or did not answer with a token.
    #[error("cannot get a token from {url}")]
    Token {
        /// The token server.
        url: String,
        /// Why not.
        source: reqwest::Error,
    },
    /// The token server said no.
    #[error("the token server {url} refused with status {status}")]
    TokenRefused {
        /// The token server.
        url: String,
        /// Its status.
        status: u16,
    },
}
