//! The way through reqwest: TLS, proxies, names and passwords in an address.

use super::{Body, Failure, head};
use crate::http::{Client, ClientError};
use crate::prometheus::question::{Question, is_too_long_for_an_address, seconds};
use crate::prometheus::reply::Reply;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, Url};

/// reqwest, and prometheus-http-query above it.
pub struct General {
    base: String,
    http: reqwest::Client,
    prometheus: prometheus_http_query::Client,
}

impl General {
    /// Knows the way to `base`.
    pub fn new(base: &Url, client: &Client) -> Result<Self, ClientError> {
        let (http, base) = (client.towards(base).clone(), base.as_str().trim_end_matches('/').to_owned());
        let prometheus = prometheus_http_query::Client::from(http.clone(), &base)
            .map_err(|_| ClientError::Address { url: base.chars().take(8).chain(['…']).collect() })?;
        Ok(General { base, http, prometheus })
    }

    /// Asks once.
    pub async fn ask(&self, question: &Question<'_>, headers: HeaderMap, limit: usize) -> Result<Reply, Failure> {
        let response = match question {
            Question::Instant { expression, at } => self.instant(expression, &seconds(at.millis()), headers).await?,
            Question::Range { .. } | Question::BuildInfo | Question::Metadata => self.other(question, headers).await?,
        };
        read(response, limit).await
    }

    async fn instant(&self, expression: &str, time: &str, headers: HeaderMap) -> Result<Response, Failure> {
        // Its own `at` knows whole seconds only, and its `get` cannot read native histograms.
        let query = self.prometheus.query(expression).query("time", time);
        let query = headers.iter().fold(query, |query, (name, value)| query.header(name.clone(), value.clone()));
        let sent = if is_too_long_for_an_address(expression) { query.post_raw().await } else { query.get_raw().await };
        sent.map_err(Failure::of)
    }

    async fn other(&self, question: &Question<'_>, headers: HeaderMap) -> Result<Response, Failure> {
        let (url, form) = (format!("{}/{}", self.base, question.path()), question.form());
        let request = if is_too_long_for_an_address(&form) {
            self.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
        } else {
            self.http.get(format!("{url}?{form}"))
        };
        request.headers(headers).send().await.map_err(|error| Failure::of(error.without_url()))
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Reply, Failure> {
    let mut reply = head(response.status().as_u16(), response.headers());
    let mut body = Body::default();
    while let Some(piece) = response.chunk().await.map_err(|error| Failure::of(error.without_url()))? {
        body.add(piece, limit)?;
    }
    reply.body = body.whole();
    Ok(reply)
}

impl std::fmt::Debug for General {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("General")
    }
}
