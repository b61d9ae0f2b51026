//! HTTP probes: is an endpoint there, how long does each part of asking it take, and is its answer the expected one.
//!
//! Each look is one request over a connection of its own, so that every phase is really gone through: name, connection, TLS,
//! first byte, the whole. [`exchange`] does that and times it; what an answer is worth, `expect` decides. What failed within
//! five minutes is kept per service, for its error rate.
//!
//! Start at [`EndpointProbe::look`]. Absent on purpose: proxies (their time would be measured, too), connections that are kept,
//! and anything of the body but whether it is as expected.

mod certificate;
mod exchange;
mod expect;
mod failures;
mod phases;
mod record;
mod redirect;

use crate::collect::probe::{Pace, Probe, Trouble};
use crate::config::Secret;
use crate::config::collect::{Application, Endpoint, HttpMethod};
use crate::http::{ClientError, address, chain, named};
use crate::measures::Measures;
use certificate::Trust;
use exchange::Asked;
use expect::Expectation;
use failures::Failures;
use phases::Phases;
use record::Record;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the supervisor waits beyond our own deadline, which knows what it was waiting for.
const GRACE: Duration = Duration::from_secs(1);

/// Why the probe of an endpoint cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot probe `{endpoint}` of `{service}`")]
pub struct NoProbe {
    service: String,
    endpoint: String,
    source: ClientError,
}

impl NoProbe {
    /// The application.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// The probes of all endpoints of a service.
///
/// # Errors
/// When a certificate cannot be used, or a header has no name that HTTP allows.
pub fn probes(service: &str, application: &Application, measures: &Measures) -> Result<Vec<EndpointProbe>, NoProbe> {
    let failures = Arc::new(Mutex::new(Failures::default()));
    let endpoints = application.endpoints.iter();
    let made = endpoints.map(|(name, endpoint)| {
        let record = Record::new(measures, service, name, &application.labels, Arc::clone(&failures));
        EndpointProbe::new(format!("{service}/{name}"), endpoint.clone(), record).map_err(|source| NoProbe {
            service: service.to_owned(),
            endpoint: name.to_string(),
            source,
        })
    });
    made.collect()
}

/// Looks at one endpoint again and again.
pub struct EndpointProbe {
    name: String,
    endpoint: Endpoint,
    headers: Arc<[(HeaderName, Secret)]>,
    trust: Trust,
    expectation: Expectation,
    record: Record,
}

/// What a look has seen, also where it did not get to its end.
#[derive(Debug, Default)]
struct Seen {
    phases: Phases,
    status: Option<u16>,
}

impl EndpointProbe {
    fn new(name: String, endpoint: Endpoint, record: Record) -> Result<Self, ClientError> {
        Ok(EndpointProbe {
            headers: named(&endpoint.headers)?,
            trust: Trust::new(&endpoint.tls)?,
            expectation: Expectation::of(&endpoint.expect),
            name,
            endpoint,
            record,
        })
    }

    /// The request, with secrets looked up now.
    fn asked(&self) -> Result<Asked, ClientError> {
        let url = address(self.endpoint.url.reveal()?.expose())?;
        let mut headers = HeaderMap::new();
        for (name, value) in &*self.headers {
            let value = value.reveal()?.expose().parse();
            headers.insert(name.clone(), value.map_err(|_| ClientError::Header { name: name.to_string() })?);
        }
        let body = self.endpoint.body.as_ref().map(Secret::reveal).transpose()?;
        let body = body.map(|body| body.expose().to_owned().into()).unwrap_or_default();
        Ok(Asked { url, method: method(self.endpoint.method), headers, body })
    }

    /// Asks, follows as many redirects as may be followed, and judges what is answered then.
    async fn ask(&self, mut asked: Asked, seen: &mut Seen) -> Result<(), Trouble> {
        for _ in 0..=self.endpoint.redirects {
            let heard = exchange::exchange(&asked, &self.trust, self.endpoint.largest_answer, seen).await?;
            // Who does not want to be sent on judges the redirect itself.
            if self.endpoint.redirects == 0 {
                return self.expectation.judge(&heard);
            }
            match redirect::next(&asked, &heard)? {
                Some(next) => asked = next,
                None => return self.expectation.judge(&heard),
            }
        }
        Err(redirect::too_many(self.endpoint.redirects))
    }
}

impl Probe for EndpointProbe {
    fn kind(&self) -> &'static str {
        "endpoint"
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn pace(&self) -> Pace {
        Pace { every: self.endpoint.every.to_std(), timeout: self.endpoint.timeout.to_std() + GRACE }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        // Nothing is said of an endpoint that was not asked: the fault is ours.
        let asked = self.asked().map_err(|cause| Trouble::new("secret", chain(&cause)))?;
        self.trust.forget();
        let mut seen = Seen::default();
        let (limit, began) = (self.endpoint.timeout.to_std(), std::time::Instant::now());
        let outcome = match tokio::time::timeout(limit, self.ask(asked, &mut seen)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(seen.phases.hung(limit)),
        };
        seen.phases.finish(began.elapsed());
        self.record.note(&seen, self.trust.ends(), outcome.is_ok(), self.pace());
        outcome
    }
}

fn method(word: HttpMethod) -> Method {
    match word {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
    }
}

#[cfg(test)]
mod tests;
