//! Servers as written: sources, remote write, how we prove ourselves and whom we trust.

use super::{AddressText, Duration, Entries, PlainText, SecretOrText, SecretPlace};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// A Prometheus, or anything with its API.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Source {
    /// The base address, without `/api/v1`.
    pub url: AddressText,
    /// The deadline of one request.
    #[schemars(extend("default" = "10s"))]
    pub timeout: Option<Duration>,
    /// How many queries may be under way at once.
    #[schemars(extend("default" = 16), range(min = 1, max = 10_000))]
    pub max_concurrent_queries: Option<Spanned<u32>>,
    /// Whether groups that name no `source` are asked here. Needed on exactly one of several sources.
    #[schemars(extend("default" = false))]
    pub default: Option<Spanned<bool>>,
    /// User name and password.
    pub basic_auth: Option<Spanned<BasicAuth>>,
    /// A bearer token.
    pub bearer_token: Option<Spanned<SecretPlace>>,
    /// OAuth 2 client credentials.
    pub oauth2: Option<Spanned<OAuth2>>,
    /// How to trust the server, and be trusted.
    pub tls: Option<Spanned<Tls>>,
    /// Further headers, a tenant for example.
    #[serde(default)]
    pub headers: Entries<SecretOrText>,
}

/// Where the series of `record` rules are written.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RemoteWrite {
    /// The whole address, path included.
    pub url: AddressText,
    /// The deadline of one request.
    #[schemars(extend("default" = "10s"))]
    pub timeout: Option<Duration>,
    /// User name and password.
    pub basic_auth: Option<Spanned<BasicAuth>>,
    /// A bearer token.
    pub bearer_token: Option<Spanned<SecretPlace>>,
    /// OAuth 2 client credentials.
    pub oauth2: Option<Spanned<OAuth2>>,
    /// How to trust the server, and be trusted.
    pub tls: Option<Spanned<Tls>>,
    /// Further headers.
    #[serde(default)]
    pub headers: Entries<SecretOrText>,
}

/// User name and password.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BasicAuth {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretPlace,
}

/// OAuth 2 client credentials.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OAuth2 {
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretPlace,
    /// Where tokens are had.
    pub token_url: AddressText,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// TLS towards one server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Tls {
    /// Certificates to trust instead of the built-in ones (PEM).
    pub ca_file: Option<PlainText>,
    /// Our certificate (PEM); needs `key_file`.
    pub cert_file: Option<PlainText>,
    /// Its key (PEM); needs `cert_file`.
    pub key_file: Option<PlainText>,
    /// The name to expect in the certificate instead of the address's.
    pub server_name: Option<String>,
    /// Trust whoever answers. For tests only.
    #[schemars(extend("default" = false))]
    pub insecure_skip_verify: bool,
}

/// Where state is kept: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Store {
    /// A file beside the service.
    pub sqlite: Option<PlainText>,
    /// A server, for several replicas. Checked, but `run` does not start with it yet.
    pub postgres: Option<Spanned<Postgres>>,
}

/// A PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Postgres {
    /// Its address, with the database and the login.
    pub url: SecretOrText,
}

/// How long the past is kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Retention {
    /// Closed incidents.
    #[schemars(extend("default" = "400d"))]
    pub incidents: Option<Duration>,
    /// What alerts did: `backtest --journal` reads it.
    #[schemars(extend("default" = "30d"))]
    pub events: Option<Duration>,
}

/// Where our own errors are reported.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Sentry {
    /// The project's address.
    pub dsn: SecretOrText,
    /// The environment that reports carry.
    pub environment: Option<String>,
}
