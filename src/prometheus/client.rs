//! Asking one source: so many questions at once, each until its deadline.

use super::QueryError;
use super::backoff::backoff;
use super::decode::{BuildInfo, RangeAnswer, RangeSeries, decode_buildinfo, decode_metadata, decode_range};
use super::question::Question;
use super::reply::{Again, judge};
use super::transport::{Failure, Transport};
use crate::config::Source;
use crate::http::{self, ClientError};
use crate::model::{Slot, Span};
use crate::promql::{EachInstant, Expr};
use bytes::Bytes;
use reqwest::Url;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// No answer may be longer: a million series of the usual size are 320 MB.
const LARGEST_ANSWER: usize = 512 << 20;

/// Prometheus refuses more than 11 000 instants per series in one answer.
const MOST_INSTANTS: i64 = 10_000;

/// One source, as configured. Share it behind an `Arc`: its limit on concurrent questions is for all who ask.
#[derive(Debug)]
pub struct Client {
    /// The address as people may see it, without name and password.
    url: String,
    identity: http::Client,
    transport: Transport,
    places: Semaphore,
    timeout: Duration,
    largest: usize,
}

impl Client {
    /// Prepares to ask `source`; nothing is sent yet, and no secret looked up.
    ///
    /// # Errors
    /// When its address is none, or its TLS files or header names cannot be used.
    pub fn new(source: &Source) -> Result<Self, ClientError> {
        let base = http::address(&source.url)?;
        let identity = http::Client::new(&source.auth, &source.headers, &source.tls)?;
        Ok(Client {
            url: without_login(&base),
            transport: Transport::new(&base, &identity)?,
            identity,
            places: Semaphore::new(source.max_concurrent_queries.clamp(1, Semaphore::MAX_PERMITS)),
            timeout: source.timeout.to_std(),
            largest: LARGEST_ANSWER,
        })
    }

    /// The source's address, without name and password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The latest instant that a question asked now may be answered at, by the source's `timeout`.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Asks for the value of `expression` at `at`, and gives the bytes of the answer for a [`super::Decoder`].
    ///
    /// Waiting for a free place, connecting, and repeating after failures that pass all end at `deadline`.
    ///
    /// # Errors
    /// Whatever is left to say when the deadline is near, or at once where asking again would not help.
    pub async fn query(&self, expression: &str, at: Slot, deadline: Instant) -> Result<Bytes, QueryError> {
        self.ask(&Question::Instant { expression, at }, deadline).await
    }

    /// Asks for the values of `expression` from `from` to `to`, both included, every `step`. What Prometheus would
    /// refuse as too many instants is asked in parts.
    ///
    /// # Errors
    /// As [`Client::query`], and when the answer is no matrix.
    pub async fn query_range(
        &self,
        expression: &str,
        from: Slot,
        to: Slot,
        step: Span,
        deadline: Instant,
    ) -> Result<Vec<RangeSeries>, QueryError> {
        Ok(self.ask_in_parts(expression, parts(from, to, step), step, deadline).await?.series)
    }

    /// Asks for the values that `expression` has from `from` to `to`, both included, every `step`, each as a rule that asks
    /// at that instant gets it, whatever the edges of this question.
    ///
    /// # Errors
    /// As [`Client::query_range`].
    pub async fn query_each(
        &self,
        expression: &str,
        (from, to): (Slot, Slot),
        step: Span,
        deadline: Instant,
    ) -> Result<RangeAnswer, QueryError> {
        let at_once = parts(from, to, step);
        match Expr::parse(expression).map(|expression| expression.each_instant()) {
            Ok(EachInstant::AtOnce(text)) => self.ask_in_parts(&text, at_once, step, deadline).await,
            Ok(EachInstant::OneByOne) => {
                let next = |at: &Slot| Some(*at + step).filter(|next| *next <= to);
                let instants = std::iter::successors(Some(from), next).map(|at| (at, at));
                self.ask_in_parts(expression, instants, step, deadline).await
            }
            // Whoever asks what we cannot read hears of it from the source.
            Err(_) => self.ask_in_parts(expression, at_once, step, deadline).await,
        }
    }

    async fn ask_in_parts(
        &self,
        expression: &str,
        parts: impl Iterator<Item = (Slot, Slot)>,
        step: Span,
        deadline: Instant,
    ) -> Result<RangeAnswer, QueryError> {
        let (mut whole, mut warnings) = (BTreeMap::new(), BTreeSet::new());
        for (from, to) in parts {
            let body = self.ask(&Question::Range { expression, from, to, step }, deadline).await?;
            let part = decode_range(&body)?;
            warnings.extend(part.warnings);
            for series in part.series {
                whole.entry(series.labels).or_insert_with(Vec::new).extend(series.samples);
            }
        }
        let series = whole.into_iter().map(|(labels, samples)| RangeSeries { labels, samples }).collect();
        Ok(RangeAnswer { series, warnings: warnings.into_iter().collect() })
    }

    /// Asks for the samples themselves of the range selector `expression` (`up[1h]`), as its window lies at `at`.
    ///
    /// # Errors
    /// As [`Client::query`], and when the answer is no matrix.
    pub async fn query_samples(
        &self,
        expression: &str,
        at: Slot,
        deadline: Instant,
    ) -> Result<Vec<RangeSeries>, QueryError> {
        Ok(decode_range(&self.ask(&Question::Instant { expression, at }, deadline).await?)?.series)
    }

    /// Asks who answers here. Some servers with Prometheus's API do not say.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn buildinfo(&self, deadline: Instant) -> Result<BuildInfo, QueryError> {
        decode_buildinfo(&self.ask(&Question::BuildInfo, deadline).await?)
    }

    /// Asks what kinds of metrics there are: `counter`, `gauge` and so on. Some servers with Prometheus's API do not say.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn metric_types(&self, deadline: Instant) -> Result<HashMap<String, String>, QueryError> {
        decode_metadata(&self.ask(&Question::Metadata, deadline).await?)
    }

    /// Holds no answer longer than `bytes`.
    #[cfg(test)]
    pub(super) fn limit_answers_to(&mut self, bytes: usize) {
        self.largest = bytes;
    }

    async fn ask(&self, question: &Question<'_>, deadline: Instant) -> Result<Bytes, QueryError> {
        let started = Instant::now();
        let asked = tokio::time::timeout_at(deadline, self.insist(question, deadline)).await;
        asked.unwrap_or_else(|_| {
            let within = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
            Err(QueryError::TimedOut { url: self.url.clone(), within: Span::from_millis(within) })
        })
    }

    /// Asks again after failures that pass, as long as there is time for another try.
    async fn insist(&self, question: &Question<'_>, deadline: Instant) -> Result<Bytes, QueryError> {
        let mut attempt = 0;
        loop {
            let (error, again) = match self.once(question).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
            let wait = match again {
                Again::WithNewToken if attempt == 0 && self.identity.forget_token() => Duration::ZERO,
                Again::WithNewToken | Again::Never => return Err(error),
                Again::After(least) => least.max(backoff(&[&self.url, question.key()], attempt).to_std()),
            };
            // A wait beyond all time is one beyond the deadline.
            if Instant::now().checked_add(wait).is_none_or(|then| then >= deadline) {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "asking {} again in {} ms", self.url, wait.as_millis());
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Asks once, in a place of its own among the source's questions.
    async fn once(&self, question: &Question<'_>) -> Result<Bytes, (QueryError, Again)> {
        let _place = self.places.acquire().await.expect("nobody closes this semaphore");
        let asked = match self.identity.identify().await {
            Ok(headers) => self.transport.ask(question, headers, self.largest).await,
            Err(error) => Err(Failure::NoCredentials(Arc::new(error))),
        };
        asked.map_err(|failure| self.classify(failure)).and_then(judge)
    }

    fn classify(&self, failure: Failure) -> (QueryError, Again) {
        let (url, soon) = (self.url.clone(), Again::After(Duration::ZERO));
        match failure {
            Failure::Broken(cause) => (QueryError::Unreachable { url, cause }, soon),
            Failure::NotHttp(what) => (QueryError::NotPrometheus { status: 0, what }, Again::Never),
            Failure::TooLarge => (QueryError::TooLarge { limit: self.largest }, Again::Never),
            Failure::NoCredentials(cause) => {
                // The token server may be back in a moment; a secret that is missing stays missing.
                let again = if matches!(*cause, ClientError::Token { .. }) { soon } else { Again::Never };
                (QueryError::NoCredentials { url, cause }, again)
            }
        }
    }
}

/// `url` as it may be shown.
fn without_login(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that can have no login.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Cuts the grid from `from` to `to` into pieces that a server answers.
fn parts(from: Slot, to: Slot, step: Span) -> impl Iterator<Item = (Slot, Slot)> {
    let length = step.times(MOST_INSTANTS - 1);
    let starts = std::iter::successors(Some(from), move |start| Some(*start + length + step));
    starts.take_while(move |start| *start <= to).map(move |start| (start, to.min(start + length)))
}
