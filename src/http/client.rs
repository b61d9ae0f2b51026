//! A client that knows who we are.

use super::oauth::Tokens;
use super::{ClientError, install_crypto, tls};
use crate::config::{Auth, Secret, Tls};
use base64::Engine;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Url, redirect};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any usual interval between evaluations, so that the next one finds a connection open.
const KEPT_OPEN: Duration = Duration::from_mins(2);

/// Makes requests as one `auth`, with its headers, under one idea of trust. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    outward: reqwest::Client,
    loopback: reqwest::Client,
    headers: Arc<[(HeaderName, Secret)]>,
    identity: Identity,
}

#[derive(Clone, Debug)]
enum Identity {
    None,
    Basic { username: String, password: Secret },
    Bearer(Secret),
    OAuth2(Arc<Tokens>),
}

impl Client {
    /// Builds a client. No secret is looked up yet; files named by `tls` are read.
    ///
    /// # Errors
    /// When a certificate or key cannot be used, or a header has no valid name.
    pub fn new(auth: &Auth, headers: &BTreeMap<String, Secret>, tls: &Tls) -> Result<Self, ClientError> {
        install_crypto();
        let trust = tls::config(tls)?;
        let build = |builder: reqwest::ClientBuilder| builder.build().map_err(ClientError::Build);
        Ok(Client {
            outward: build(common().tls_backend_preconfigured(trust.clone()))?,
            loopback: build(common().tls_backend_preconfigured(trust).no_proxy())?,
            headers: named(headers)?,
            identity: Identity::of(auth),
        })
    }

    /// A client that is nobody in particular.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn anonymous() -> Result<Self, ClientError> {
        Client::new(&Auth::None, &BTreeMap::new(), &Tls::default())
    }

    /// Starts a request to `url` with everything that says who we are.
    ///
    /// # Errors
    /// When `url` is none, or a secret or a token cannot be had.
    pub async fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, ClientError> {
        let url = address(url)?;
        let headers = self.identify().await?;
        Ok(self.towards(&url).request(method, url).headers(headers))
    }

    /// The client below this one for requests to `url`, which do not say who we are by themselves.
    #[must_use]
    pub fn towards(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) { &self.loopback } else { &self.outward }
    }

    /// The headers that say who we are, from secrets looked up now.
    ///
    /// # Errors
    /// When a secret or a token cannot be had.
    pub async fn identify(&self) -> Result<HeaderMap, ClientError> {
        let mut all = HeaderMap::with_capacity(self.headers.len() + 1);
        for (name, secret) in &*self.headers {
            all.insert(name.clone(), header_value(name, secret.reveal()?.expose())?);
        }
        if let Some(authorization) = self.authorization().await? {
            all.insert(AUTHORIZATION, header_value(&AUTHORIZATION, &authorization)?);
        }
        Ok(all)
    }

    /// Forgets a token that the server did not accept, so that the next request asks for a new one. Says whether there
    /// is any point in asking again.
    pub fn forget_token(&self) -> bool {
        match &self.identity {
            Identity::OAuth2(tokens) => tokens.forget(),
            Identity::None | Identity::Basic { .. } | Identity::Bearer(_) => false,
        }
    }

    async fn authorization(&self) -> Result<Option<String>, ClientError> {
        Ok(match &self.identity {
            Identity::None => None,
            Identity::Basic { username, password } => {
                let pair = format!("{username}:{}", password.reveal()?.expose());
                Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
            }
            Identity::Bearer(token) => Some(format!("Bearer {}", token.reveal()?.expose().trim())),
            Identity::OAuth2(tokens) => Some(format!("Bearer {}", tokens.current(self).await?)),
        })
    }
}

impl Identity {
    fn of(auth: &Auth) -> Self {
        match auth.clone() {
            Auth::None => Identity::None,
            Auth::Basic { username, password } => Identity::Basic { username, password },
            Auth::Bearer(token) => Identity::Bearer(token),
            Auth::OAuth2 { client_id, client_secret, token_url, scopes } => {
                Identity::OAuth2(Arc::new(Tokens::new(client_id, client_secret, token_url, &scopes)))
            }
        }
    }
}

/// Whether `url` stays on this machine. Such an address is never reached through a proxy.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Reads an address.
pub(crate) fn address(url: &str) -> Result<Url, ClientError> {
    // The text of an address may be a secret; what is no address is not repeated either, beyond its beginning.
    // It may be a secret, of which nothing is shown but how it begins where it looks like an address.
    let scheme: Option<String> =
        url.split_once("://").map(|(scheme, _)| scheme.chars().take(8).chain("://".chars()).collect());
    Url::parse(url).map_err(|_| ClientError::Address { url: format!("{}…", scheme.unwrap_or_default()) })
}

fn common() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("watchbell/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .pool_idle_timeout(KEPT_OPEN)
}

/// The headers, with names that were checked.
pub(crate) fn named(headers: &BTreeMap<String, Secret>) -> Result<Arc<[(HeaderName, Secret)]>, ClientError> {
    headers.iter().map(|(name, value)| Ok((header_name(name)?, value.clone()))).collect()
}

fn header_name(name: &str) -> Result<HeaderName, ClientError> {
    name.parse().map_err(|_| ClientError::Header { name: name.to_owned() })
}

fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| ClientError::Header { name: name.to_string() })?;
    value.set_sensitive(true);
    Ok(value)
}
