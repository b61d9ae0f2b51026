//! The metrics that beacons come to, and how a decision is counted into them.

use super::decide::{Change, Decision, Outcome, State};
use super::read::{PHASES, Refusal};
use super::wire::{Fault, Vital};
use crate::collect::names::OTHER;
use crate::config::collect::{Beacons, Pages};
use crate::measures::{Counter, Gauge, Histogram, Measures};
use crate::model::Name;
use std::time::{Duration, Instant};

/// Bounds of times in seconds: those at which a Web Vital is no longer good or is poor are among them.
const VITALS: [f64; 14] = [0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.8, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0, 30.0];
/// Bounds of layout shifts: good to 0.1, poor from 0.25.
const SHIFTS: [f64; 7] = [0.01, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0];
const PHASE_BOUNDS: [f64; 11] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// How long a count of browsers may be shown without having been made anew.
const FRESH: Duration = Duration::from_mins(5);
const KINDS: [&str; 6] = ["vital", "navigation", "error", "action", "feedback", "visit"];

/// What became of a batch before anybody looked into it: labels of `watchbell_collect_beacons_total`.
pub(super) const FOREIGN_ORIGIN: &str = "foreign_origin";
pub(super) const RATE_LIMITED: &str = "rate_limited";
pub(super) const TOO_LARGE: &str = "too_large";
pub(super) const WRONG_TYPE: &str = "wrong_type";
pub(super) const TOO_SLOW: &str = "too_slow";
pub(super) const MALFORMED: &str = "malformed";
const BATCHES: [&str; 9] =
    ["accepted", "partly", "refused", FOREIGN_ORIGIN, RATE_LIMITED, TOO_LARGE, WRONG_TYPE, TOO_SLOW, MALFORMED];

/// The metrics of all beacons.
#[derive(Debug)]
pub(super) struct Instruments {
    vitals: Histogram,
    shifts: Histogram,
    phases: Histogram,
    load: Gauge,
    errors: Counter,
    actions: Counter,
    registrations: Counter,
    feedback: Counter,
    active: Gauge,
    batches: Counter,
    items: Counter,
}

impl Instruments {
    /// All of them, each counter that can be known beforehand at 0.
    pub(super) fn new(settings: &Beacons, measures: &Measures) -> Self {
        let pages = settings.services.len() * (1 + most_pages(settings));
        let room = |each: usize| (pages * each).max(2_000);
        let all = Instruments {
            vitals: measures
                .histogram("web_vitals_seconds", "Web Vitals that are times, as browsers saw them", &VITALS)
                .with_limit(room(Vital::TIMES.len())),
            shifts: measures
                .histogram("web_vitals_cls", "Cumulative layout shift of page views", &SHIFTS)
                .with_limit(room(1)),
            phases: measures
                .histogram("navigation_phase_seconds", "Phases of page loads; `load` is all of it", &PHASE_BOUNDS)
                .with_limit(room(PHASES.len())),
            load: measures
                .gauge("page_load_time_ms", "Navigation start to load event, median of the last five minutes")
                .with_limit(room(1)),
            errors: measures
                .counter("javascript_errors_total", "Errors of pages, by kind")
                .with_limit(room(Fault::ALL.len())),
            actions: measures.counter("user_actions_total", "What users did"),
            registrations: measures.counter("user_registrations_total", "Users who signed up"),
            feedback: measures.counter("user_feedback_total", "Reports from the feedback form"),
            active: measures.gauge("active_users", "Distinct browsers or accounts within a window"),
            batches: measures.counter("watchbell_collect_beacons_total", "Batches that browsers sent, by outcome"),
            items: measures.counter("watchbell_collect_beacon_items_total", "Items of batches, by kind and outcome"),
        };
        all.start(settings);
        all
    }

    fn start(&self, settings: &Beacons) {
        for outcome in BATCHES {
            self.batches.start(&[("outcome", outcome)], 0.0);
        }
        for kind in KINDS {
            self.items.start(&[("kind", kind), ("outcome", Outcome::Counted.word())], 0.0);
        }
        for refusal in Refusal::ALL {
            self.items.start(&[("kind", "unknown"), ("outcome", refusal.word())], 0.0);
        }
        for service in &settings.services {
            let service = service.as_str();
            for action in settings.actions.iter().map(Name::as_str).chain([OTHER]) {
                self.actions.start(&[("service", service), ("action", action)], 0.0);
            }
            for kind in settings.feedback.iter().map(Name::as_str).chain([OTHER]) {
                self.feedback.start(&[("service", service), ("kind", kind)], 0.0);
            }
            if settings.registration.is_some() {
                self.registrations.start(&[("service", service)], 0.0);
            }
            for page in named_pages(settings).chain([OTHER]) {
                self.start_page(service, page);
            }
        }
    }

    fn start_page(&self, service: &str, page: &str) {
        for fault in Fault::ALL {
            self.errors.start(&[("service", service), ("page", page), ("kind", fault.word())], 0.0);
        }
    }

    /// Counts a batch that met this end.
    pub(super) fn batch(&self, outcome: &str) {
        self.batches.add(&[("outcome", outcome)], 1.0);
    }

    /// Counts a decision in.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
    pub(super) fn apply(&self, decision: &Decision) {
        self.batch(decision.word());
        for ((kind, outcome), count) in &decision.outcomes {
            self.items.add(&[("kind", kind), ("outcome", outcome.word())], *count as f64);
        }
        for change in &decision.changes {
            self.change(&decision.service, change);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
    fn change(&self, service: &str, change: &Change) {
        let service = ("service", service);
        match change {
            Change::Page(page) => self.start_page(service.1, page),
            Change::NewAction(action) => self.actions.start(&[service, ("action", action)], 0.0),
            Change::Vital { page, vital, seconds, times } => {
                self.vitals.observe_many(&[service, ("page", page), ("vital", vital.word())], *seconds, *times);
            }
            Change::Shift { page, score, times } => {
                self.shifts.observe_many(&[service, ("page", page)], *score, *times);
            }
            Change::Phase { page, phase, seconds, times } => {
                self.phases.observe_many(&[service, ("page", page), ("phase", phase)], *seconds, *times);
            }
            Change::Error { page, fault, said } => {
                self.errors.add(&[service, ("page", page), ("kind", fault.word())], 1.0);
                if let Some(said) = said {
                    let (page, kind) = (&**page, fault.word());
                    tracing::info!(service = service.1, page, kind, said, "a page reports an error");
                }
            }
            Change::Action { action, times } => self.actions.add(&[service, ("action", action)], *times as f64),
            Change::Registration { times } => self.registrations.add(&[service], *times as f64),
            Change::Feedback { kind, text } => {
                self.feedback.add(&[service, ("kind", kind)], 1.0);
                if let Some(said) = text {
                    tracing::info!(service = service.1, kind = &**kind, said, "somebody gave feedback");
                }
            }
        }
    }

    /// Shows what changes by time alone: medians, and how many browsers are in use. `began` is the instant from which the
    /// state counts.
    pub(super) fn show(&self, state: &mut State, began: Instant, now: Instant) {
        let since = now.saturating_duration_since(began);
        for (service, page, median, newest) in state.loads(since) {
            let until = began + newest + super::window::WINDOW;
            self.load.set(&[("service", &service), ("page", &page)], median, Some(until));
        }
        for (service, window, count) in state.active(since) {
            self.active.set(&[("service", &service), ("window", window)], count, Some(now + FRESH));
        }
    }
}

fn most_pages(settings: &Beacons) -> usize {
    match &settings.pages {
        Pages::Named(named) => named.len(),
        Pages::AsTheyCome { most } => *most,
    }
}

fn named_pages(settings: &Beacons) -> impl Iterator<Item = &str> {
    let named = match &settings.pages {
        Pages::Named(named) => named.as_slice(),
        Pages::AsTheyCome { .. } => &[],
    };
    named.iter().map(|page| page.name.as_str())
}
