//! What a batch comes to: pure, from a body, the settings and what is known so far to changes and refusals.
//!
//! Absent on purpose: HTTP, the clock, metrics. `now` is the time since the collector began, by a clock that never jumps.

use super::limit::{Bucket, Limits};
use super::names;
use super::read::{self, Fact, MOST_ITEMS, Refusal, Unreadable};
use super::visitors::{Kept, Visitors, WINDOWS};
use super::window::Window;
use super::wire::{Fault, Vital};
use crate::collect::names::{Names, OTHER};
use crate::config::collect::{Beacons, Pages};
use crate::model::Name;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One thing to count or to measure.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A page that was not seen before: its counters begin.
    Page(Arc<str>),
    /// An action that was not seen before: its counter begins.
    NewAction(Arc<str>),
    /// A Web Vital that is a time.
    Vital {
        /// Of which page.
        page: Arc<str>,
        /// Which one.
        vital: Vital,
        /// How long.
        seconds: f64,
        /// For how many it stands.
        times: u64,
    },
    /// The layout shift of a page view.
    Shift {
        /// Of which page.
        page: Arc<str>,
        /// How large.
        score: f64,
        /// For how many it stands.
        times: u64,
    },
    /// A phase of a page load.
    Phase {
        /// Of which page.
        page: Arc<str>,
        /// Which one.
        phase: &'static str,
        /// How long.
        seconds: f64,
        /// For how many it stands.
        times: u64,
    },
    /// An error of a page.
    Error {
        /// Of which page.
        page: Arc<str>,
        /// Of which kind.
        fault: Fault,
        /// What it says, where it is to be logged.
        said: Option<String>,
    },
    /// Somebody did something.
    Action {
        /// What.
        action: Arc<str>,
        /// For how many it stands.
        times: u64,
    },
    /// Somebody signed up.
    Registration {
        /// For how many it stands.
        times: u64,
    },
    /// Somebody has an opinion.
    Feedback {
        /// Its kind.
        kind: Arc<str>,
        /// In their words, where they are to be logged.
        text: Option<String>,
    },
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It counts.
    Counted,
    /// It is one of those that others stand for.
    SampledOut,
    /// It does not count.
    Refused(Refusal),
}

impl Outcome {
    /// Its word, a label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Counted => "counted",
            Outcome::SampledOut => "sampled_out",
            Outcome::Refused(refusal) => refusal.word(),
        }
    }
}

/// What a batch comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The application that it is about.
    pub service: Arc<str>,
    /// What to count.
    pub changes: Vec<Change>,
    /// What became of its items: how many of which kind met which end.
    pub outcomes: BTreeMap<(&'static str, Outcome), u64>,
}

impl Decision {
    /// What became of the batch, in a word: a label.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let is_refused = |(_, outcome): &&(&str, Outcome)| matches!(outcome, Outcome::Refused(_));
        let refused = self.outcomes.keys().filter(is_refused).count();
        match refused {
            0 => "accepted",
            all if all == self.outcomes.len() => "refused",
            _ => "partly",
        }
    }
}

/// How the pages of an application become labels.
#[derive(Debug)]
enum PageNames {
    Configured(Names),
    AsTheyCome(Names),
}

/// What is known of one application.
#[derive(Debug)]
struct Application {
    name: Arc<str>,
    pages: PageNames,
    actions: Names,
    feedback: Names,
    loads: BTreeMap<Arc<str>, Window>,
    visitors: Visitors,
}

/// How many words of strangers a second are logged.
const MOST_SAID: f64 = 10.0;

/// All that decisions rest on beside the settings.
#[derive(Debug)]
pub struct State {
    limits: Limits,
    said: Bucket,
    applications: Vec<Application>,
    draw: Draw,
    /// The hour since the Unix epoch in which the collector began.
    first_hour: u32,
}

/// Where a state begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Random bytes for the hashes of ids.
    pub salt: [u8; 16],
    /// A random number for sampling.
    pub seed: u64,
    /// The hour since the Unix epoch.
    pub hour: u32,
}

impl State {
    /// Nothing known yet.
    #[must_use]
    pub fn new(settings: &Beacons, begin: Begin) -> Self {
        let application = |name: &Name| Application {
            name: name.as_str().into(),
            pages: page_names(settings),
            actions: known_or_first(&settings.actions, settings.max_actions),
            feedback: Names::only(settings.feedback.iter().map(Name::as_str)),
            loads: BTreeMap::new(),
            visitors: Visitors::new(begin.salt, begin.hour),
        };
        State {
            limits: Limits::new(settings.max_per_second, settings.max_per_client),
            said: Bucket::full(MOST_SAID, Duration::ZERO),
            applications: settings.services.iter().map(application).collect(),
            draw: Draw(begin.seed),
            first_hour: begin.hour,
        }
    }

    /// Whether `client` may send one more batch at `now`.
    pub fn admit(&mut self, client: IpAddr, now: Duration) -> bool {
        self.limits.admit(client, now)
    }

    /// What `body` comes to at `now`.
    ///
    /// # Errors
    /// When it is no batch at all, or of an application that is not configured.
    pub fn decide(&mut self, body: &[u8], settings: &Beacons, now: Duration) -> Result<Decision, Unreadable> {
        let batch = read::batch(body)?;
        let hour = self.hour(now);
        let at = match &batch.service {
            None => Some(0),
            Some(service) => self.applications.iter().position(|known| *known.name == **service),
        };
        let application = at.and_then(|at| self.applications.get_mut(at));
        let application = application.ok_or_else(|| Unreadable("`service` is not one that is configured".into()))?;
        // One decision for the whole batch: its vitals and its navigation belong to one page view.
        let is_kept = self.draw.next() < settings.sample;
        let weight = batch.weight / settings.sample;
        let (draw, said) = (&mut self.draw, &mut self.said);
        let mut ground = Ground { settings, application, draw, said, weight, is_kept, has_visit: false, now, hour };
        Ok(ground.decide(&batch.page, &batch.items))
    }

    /// The median load time of each page at `now`, and when its newest value came.
    pub fn loads(&mut self, now: Duration) -> Vec<(Arc<str>, Arc<str>, f64, Duration)> {
        let mut all = Vec::new();
        for Application { name, loads, .. } in &mut self.applications {
            for (page, window) in loads {
                if let Some(median) = window.median(now) {
                    all.push((Arc::clone(name), Arc::clone(page), median.value, median.newest));
                }
            }
        }
        all
    }

    /// How many browsers were in use: by application, and by window.
    #[must_use]
    pub fn active(&self, now: Duration) -> Vec<(Arc<str>, &'static str, f64)> {
        let hour = self.hour(now);
        let applications = self.applications.iter();
        applications
            .flat_map(|application| {
                let count = |hours| application.visitors.count(hours, hour).round();
                WINDOWS.map(|(window, hours)| (Arc::clone(&application.name), window, count(hours)))
            })
            .collect()
    }

    /// The visitors, to be kept in a file.
    pub(super) fn keep(&self) -> BTreeMap<String, Kept> {
        let applications = self.applications.iter();
        applications.map(|application| (application.name.to_string(), application.visitors.keep())).collect()
    }

    /// The visitors as they were kept in a file. Says the names of those that cannot be read.
    pub(super) fn restore(&mut self, kept: &BTreeMap<String, Kept>) -> Vec<String> {
        let mut unreadable = Vec::new();
        for application in &mut self.applications {
            let Some(kept) = kept.get(&*application.name) else { continue };
            match Visitors::restore(kept, self.first_hour) {
                Some(visitors) => application.visitors = visitors,
                None => unreadable.push(application.name.to_string()),
            }
        }
        unreadable
    }

    fn hour(&self, now: Duration) -> u32 {
        self.first_hour.saturating_add(u32::try_from(now.as_secs() / 3600).unwrap_or(u32::MAX))
    }
}

fn page_names(settings: &Beacons) -> PageNames {
    match &settings.pages {
        Pages::Named(named) => PageNames::Configured(Names::only(named.iter().map(|page| page.name.as_str()))),
        Pages::AsTheyCome { most } => PageNames::AsTheyCome(Names::first(*most)),
    }
}

fn known_or_first(known: &[Name], most: usize) -> Names {
    if known.is_empty() { Names::first(most) } else { Names::only(known.iter().map(Name::as_str)) }
}

/// What the items of one batch are decided on.
struct Ground<'a> {
    settings: &'a Beacons,
    application: &'a mut Application,
    draw: &'a mut Draw,
    said: &'a mut Bucket,
    weight: f64,
    is_kept: bool,
    /// Whether a visit was among the items: a batch is of one browser.
    has_visit: bool,
    now: Duration,
    hour: u32,
}

impl Ground<'_> {
    fn decide(&mut self, page: &str, items: &[&RawValue]) -> Decision {
        let service = Arc::clone(&self.application.name);
        let mut decision = Decision { service, changes: Vec::new(), outcomes: BTreeMap::new() };
        for raw in items.iter().take(MOST_ITEMS) {
            let (kind, outcome) = match read::item(raw) {
                Err(refusal) => ("unknown", Outcome::Refused(refusal)),
                Ok(fact) => (fact.kind(), self.take(fact, page, &mut decision.changes)),
            };
            *decision.outcomes.entry((kind, outcome)).or_default() += 1;
        }
        if let Some(more @ 1..) = items.len().checked_sub(MOST_ITEMS) {
            let key = ("unknown", Outcome::Refused(Refusal::TooMany));
            decision.outcomes.insert(key, u64::try_from(more).unwrap_or(u64::MAX));
        }
        decision
    }

    fn take(&mut self, fact: Fact, page: &str, changes: &mut Vec<Change>) -> Outcome {
        let is_measurement = matches!(fact, Fact::Vital { .. } | Fact::Navigation { .. } | Fact::Action(_));
        if is_measurement && !self.is_kept {
            return Outcome::SampledOut;
        }
        match fact {
            Fact::Vital { vital, value, page: own } => {
                let page = self.page(own.as_deref().unwrap_or(page), changes);
                let times = self.times();
                changes.push(match vital {
                    Vital::Cls => Change::Shift { page, score: value, times },
                    vital => Change::Vital { page, vital, seconds: value / 1000.0, times },
                });
            }
            Fact::Navigation { load_ms, phases, page: own } => {
                let page = self.page(own.as_deref().unwrap_or(page), changes);
                self.loaded(&page, load_ms);
                let times = self.times();
                let phase = |(phase, ms)| Change::Phase { page: Arc::clone(&page), phase, seconds: ms / 1000.0, times };
                changes.extend(phases.into_iter().map(phase));
            }
            Fact::Error { fault, said, page: own } => {
                let page = self.page(own.as_deref().unwrap_or(page), changes);
                let said = self.for_the_log(Some(said));
                changes.push(Change::Error { page, fault, said });
            }
            Fact::Action(action) => self.action(&action, changes),
            Fact::Feedback { kind, text } => {
                let kind = self.application.feedback.of(&kind).value;
                let text = self.for_the_log(text);
                changes.push(Change::Feedback { kind, text });
            }
            Fact::Visit(_) if self.has_visit => return Outcome::Refused(Refusal::TooMany),
            Fact::Visit(visitor) => {
                self.has_visit = true;
                self.application.visitors.see(&visitor, self.hour);
            }
        }
        Outcome::Counted
    }

    fn page(&mut self, path: &str, changes: &mut Vec<Change>) -> Arc<str> {
        let label = match &mut self.application.pages {
            PageNames::Configured(names) => names.of(self.settings.pages.name_of(path).unwrap_or(OTHER)),
            PageNames::AsTheyCome(names) => names.of(&names::without_ids(path)),
        };
        if label.is_new {
            changes.push(Change::Page(Arc::clone(&label.value)));
        }
        label.value
    }

    /// What strangers say, where it is wanted and they do not shout.
    fn for_the_log(&mut self, text: Option<String>) -> Option<String> {
        text.filter(|text| self.settings.log_texts && !text.is_empty() && self.said.take(MOST_SAID, self.now))
    }

    fn loaded(&mut self, page: &Arc<str>, load_ms: f64) {
        let window = self.application.loads.entry(Arc::clone(page)).or_default();
        window.add(self.now, load_ms, self.draw.next());
    }

    fn action(&mut self, action: &str, changes: &mut Vec<Change>) {
        let label = self.application.actions.of(action);
        if label.is_new {
            changes.push(Change::NewAction(Arc::clone(&label.value)));
        }
        let times = self.times();
        changes.push(Change::Action { action: label.value, times });
        if self.settings.registration.as_ref().is_some_and(|registration| registration.as_str() == action) {
            changes.push(Change::Registration { times });
        }
    }

    /// The weight as a whole number: the next one up as often as it takes for the mean to be right.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a weight is positive and small")]
    fn times(&mut self) -> u64 {
        (self.weight + self.draw.next()) as u64
    }
}

/// Random numbers that are good enough to sample with, and the same for the same seed (`SplitMix64`).
#[derive(Debug)]
struct Draw(u64);

impl Draw {
    /// A number in `[0, 1)`.
    #[expect(clippy::cast_precision_loss, reason = "it has 53 bits")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
