//! HTTP clients as the configuration means them: who we are, whom we trust, and nothing that we did not ask for.
//!
//! A [`Client`] is built once from `config::{Auth, Tls, Secret}` and keeps connections open. Secrets are looked up when
//! a request is made, so that a rotated file counts from the next request on, and they never enter a log or an error.
//! No redirect is followed (an answer from elsewhere is no answer), nothing is decompressed, and loopback is never
//! reached through a proxy, whatever the environment says.
//!
//! Absent on purpose: retries and deadlines. Only the caller knows what may be repeated and how long it is worth waiting.
//!
//! The other side is [`serve`]: the service and the collector answer through it.

#[cfg(test)]
pub(crate) mod canned;
mod client;
mod error;
mod oauth;
mod scrub;
mod server;
mod signed;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Client, is_loopback};
pub(crate) use client::{address, named};
pub use error::ClientError;
pub use scrub::scrub;
pub use server::serve;
pub use signed::{SigningError, is_secret_of, signing_key, webhook_signature};
pub use tls::{config as trust, judge};

/// Chooses the cryptography of TLS for the whole process: `ring`, for which no C++ toolchain is needed. May be called
/// any number of times; every [`Client`] does it for itself, others who use TLS call it first.
pub fn install_crypto() {
    // An error says that a provider is already there, which is all that is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// The token in `Authorization: Bearer …`, where `header` says that. The scheme's name may be in any case (RFC 9110, 11.1).
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// An error and its causes, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}

/// Bytes that nobody can guess, from the cryptography of TLS. Nothing, where the system has none.
#[must_use]
pub fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes)
}
