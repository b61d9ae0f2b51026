//! What a look comes to in metrics.

use super::Seen;
use super::failures::Failures;
use super::phases::Phase;
use crate::collect::probe::Pace;
use crate::measures::{Gauge, Label, Measures};
use crate::model::Labels;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The families of one endpoint, and its labels.
pub(super) struct Record {
    up: Gauge,
    response_time: Gauge,
    phases: Gauge,
    status: Gauge,
    certificate: Gauge,
    error_rate: Gauge,
    /// `service` and `endpoint`, and further ones.
    labels: Vec<(String, String)>,
    service: Vec<(String, String)>,
    failures: Arc<Mutex<Failures>>,
}

impl Record {
    /// The families for `endpoint` of `service`; `failures` are those of the whole service.
    pub(super) fn new(
        measures: &Measures,
        service: &str,
        endpoint: &str,
        further: &Labels,
        failures: Arc<Mutex<Failures>>,
    ) -> Self {
        let further: Vec<_> = further.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let of = |labels: &[(&str, &str)]| {
            let own = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            own.chain(further.iter().cloned()).collect()
        };
        Record {
            up: measures.gauge("endpoint_up", "Whether the last probe was answered as expected, in time"),
            response_time: measures
                .gauge("api_response_time_ms", "How long the last probe took in milliseconds, where it was answered"),
            phases: measures.gauge("endpoint_phase_seconds", "How long each part of the last probe took"),
            status: measures.gauge("endpoint_status_code", "The status of the last answer"),
            certificate: measures.gauge(
                "endpoint_certificate_expiry_timestamp_seconds",
                "When the first of the certificates that were shown ends, in Unix time",
            ),
            error_rate: measures.gauge(
                "error_rate_percentage",
                "Share of the probes of the last five minutes that failed; one alone is none",
            ),
            labels: of(&[("service", service), ("endpoint", endpoint)]),
            service: of(&[("service", service)]),
            failures,
        }
    }

    /// A look has ended.
    pub(super) fn note(&self, seen: &Seen, certificate_ends: Option<i64>, as_expected: bool, pace: Pace) {
        let (now, fresh_until) = (Instant::now(), pace.fresh_until());
        let set = |gauge: &Gauge, labels: &[Label<'_>], value: Option<f64>| match value {
            Some(value) => gauge.set(labels, value, Some(fresh_until)),
            // What the last probe did not see is not known any more.
            None => gauge.forget(labels),
        };
        let labels = borrowed(&self.labels);
        set(&self.up, &labels, Some(if as_expected { 1.0 } else { 0.0 }));
        set(&self.status, &labels, seen.status.map(f64::from));
        set(&self.certificate, &labels, certificate_ends.map(seconds));
        let total = seen.phases.time(Phase::Total);
        set(&self.response_time, &labels, total.map(|total| total.as_secs_f64() * 1000.0));
        for phase in Phase::SHOWN {
            let labels = [labels.as_slice(), &[("phase", phase.word())]].concat();
            set(&self.phases, &labels, seen.phases.time(phase).map(|time| time.as_secs_f64()));
        }
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        set(&self.error_rate, &borrowed(&self.service), Some(failures.note(!as_expected, now)));
    }
}

fn borrowed(labels: &[(String, String)]) -> Vec<Label<'_>> {
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
fn seconds(unix: i64) -> f64 {
    unix as f64
}
