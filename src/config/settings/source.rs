//! Servers that are asked and written to, and where state is kept.

use crate::config::Secret;
use crate::model::Span;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A Prometheus, or anything with its API.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The base address.
    pub url: String,
    /// The deadline of one request.
    pub timeout: Span,
    /// How many queries may be under way at once.
    pub max_concurrent_queries: usize,
    /// Who we are to it.
    pub auth: Auth,
    /// Further headers, a tenant for example.
    pub headers: BTreeMap<String, Secret>,
    /// How to trust it, and be trusted.
    pub tls: Tls,
}

impl Source {
    /// The source at `url`, asked as one is that says nothing but its address: no name, no secret goes there.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Source {
            url: url.into(),
            timeout: Span::from_secs(10),
            max_concurrent_queries: 16,
            auth: Auth::default(),
            headers: BTreeMap::new(),
            tls: Tls::default(),
        }
    }
}

/// Where recorded series are written.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteWrite {
    /// The whole address, path included.
    pub url: String,
    /// The deadline of one request.
    pub timeout: Span,
    /// Who we are to it.
    pub auth: Auth,
    /// Further headers.
    pub headers: BTreeMap<String, Secret>,
    /// How to trust it, and be trusted.
    pub tls: Tls,
}

/// Who we are to a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Auth {
    /// Nobody.
    #[default]
    None,
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token.
    Bearer(Secret),
    /// OAuth 2 client credentials.
    OAuth2 {
        /// The client.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// Where tokens are had.
        token_url: String,
        /// What is asked for.
        scopes: Vec<String>,
    },
}

impl Auth {
    /// What it needs to know, by its key.
    #[must_use]
    pub fn secret(&self) -> Option<(&'static str, &Secret)> {
        match self {
            Auth::None => None,
            Auth::Basic { password, .. } => Some(("password", password)),
            Auth::Bearer(secret) => Some(("bearer_token", secret)),
            Auth::OAuth2 { client_secret, .. } => Some(("client_secret", client_secret)),
        }
    }
}

/// TLS towards one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates to trust instead of the built-in ones (PEM).
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM).
    pub cert_file: Option<PathBuf>,
    /// Its key (PEM).
    pub key_file: Option<PathBuf>,
    /// The name to expect in the certificate instead of the address's.
    pub server_name: Option<String>,
    /// Trust whoever answers. For tests only.
    pub insecure_skip_verify: bool,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Store {
    /// A file beside the service.
    Sqlite(PathBuf),
    /// A server for several replicas.
    Postgres(Secret),
}

/// Where our own errors are reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentry {
    /// The project's address.
    pub dsn: Secret,
    /// The environment that reports carry.
    pub environment: Option<String>,
}

/// How long the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Closed incidents with all that was told of them, from their last step on, and everything else that reports read.
    pub incidents: Span,
    /// What alerts did, which is in the incidents as far as people were told.
    pub events: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { incidents: Span::from_hours(400 * 24), events: Span::from_hours(30 * 24) }
    }
}
