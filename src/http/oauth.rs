//! OAuth 2 client credentials: a token is asked for once and used until shortly before it expires.

use super::client::address;
use super::{Client, ClientError};
use crate::config::Secret;
use serde::Deserialize;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// A token is not used in its last seconds: it could expire on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// How long a token counts whose server does not say.
const UNSTATED: Duration = Duration::from_mins(5);

/// The tokens of one client at one token server.
pub struct Tokens {
    client_id: String,
    client_secret: Secret,
    token_url: String,
    scope: String,
    held: Mutex<Option<Token>>,
    /// Only one at a time asks for a token; those who waited find it there.
    asking: Semaphore,
}

#[derive(Clone)]
struct Token {
    text: String,
    until: Instant,
}

/// What a token server answers (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Tokens {
    /// Knows how to get tokens, and has none yet.
    pub fn new(client_id: String, client_secret: Secret, token_url: String, scopes: &[String]) -> Self {
        let (held, asking) = (Mutex::new(None), Semaphore::new(1));
        Tokens { client_id, client_secret, token_url, scope: scopes.join(" "), held, asking }
    }

    /// A token that is good now.
    pub async fn current(&self, client: &Client) -> Result<String, ClientError> {
        if let Some(text) = self.held() {
            return Ok(text);
        }
        let _turn = self.asking.acquire().await.expect("nobody closes this semaphore");
        if let Some(text) = self.held() {
            return Ok(text);
        }
        let token = self.ask(client).await?;
        let text = token.text.clone();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(text)
    }

    /// Forgets the token; says whether there was one.
    pub fn forget(&self) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    fn held(&self) -> Option<String> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|token| token.until > Instant::now()).map(|token| token.text.clone())
    }

    async fn ask(&self, client: &Client) -> Result<Token, ClientError> {
        let url = address(&self.token_url)?;
        let mut form = vec![("grant_type", "client_credentials")];
        if !self.scope.is_empty() {
            form.push(("scope", &self.scope));
        }
        let secret = self.client_secret.reveal()?;
        let request = client.towards(&url).post(url).basic_auth(&self.client_id, Some(secret.expose())).form(&form);
        let failed =
            |source: reqwest::Error| ClientError::Token { url: self.token_url.clone(), source: source.without_url() };
        let asked = Instant::now();
        let answer = request.send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(ClientError::TokenRefused { url: self.token_url.clone(), status: answer.status().as_u16() });
        }
        let grant: Grant = answer.json().await.map_err(failed)?;
        let lasts = grant.expires_in.map_or(UNSTATED, Duration::from_secs);
        Ok(Token { text: grant.access_token, until: asked + lasts.saturating_sub(MARGIN.min(lasts / 2)) })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("client_id", &self.client_id)
            .field("token_url", &self.token_url)
            .finish_non_exhaustive()
    }
}
