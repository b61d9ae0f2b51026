//! One thing that is looked at again and again, and the care that it gets: a deadline, a task of its own, and health
//! metrics that say how it goes.

use crate::measures::{Counter, Gauge, Label, Measures};
use crate::model::spread;
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Looks of many probes are spread over this time, or over the interval where that is shorter.
const SPREAD: Duration = Duration::from_secs(1);
/// What looks come to, as a label.
const OUTCOMES: [&str; 2] = ["ok", "failed"];
/// How many looks in a row may fail before what was measured counts as old.
const LOOKS_THAT_MAY_FAIL: u32 = 3;

/// How often to look, and how long a look may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one look to the next.
    pub every: Duration,
    /// The deadline of a look.
    pub timeout: Duration,
}

impl Pace {
    /// Until when something that is measured now may be shown: two looks may fail, a third one means that nobody knows.
    #[must_use]
    pub fn fresh_until(self) -> std::time::Instant {
        std::time::Instant::now() + self.every * LOOKS_THAT_MAY_FAIL + self.timeout
    }
}

/// Why a look failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One word of a small vocabulary: it becomes a label.
    pub reason: &'static str,
    /// What happened, for people. Holds no secret.
    pub text: String,
}

impl Trouble {
    /// Trouble of this kind.
    #[must_use]
    pub fn new(reason: &'static str, text: impl Into<String>) -> Self {
        Trouble { reason, text: text.into() }
    }
}

/// Something that is looked at again and again.
pub trait Probe: Send + 'static {
    /// What kind of thing it is: `chain`, `contract`, `oracle`, `endpoint`.
    fn kind(&self) -> &'static str;
    /// Its name among its kind.
    fn name(&self) -> &str;
    /// How often, and how long.
    fn pace(&self) -> Pace;
    /// Looks once. Dropped half-way when the deadline passes.
    fn look(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;
    /// Waits for the next look, at `until` at the latest. A probe that hears of news earlier returns earlier.
    fn rest(&mut self, until: Instant) -> impl Future<Output = ()> + Send {
        tokio::time::sleep_until(until)
    }
}

/// What a probe is called: its kind, and its name among these.
pub type Called = (&'static str, String);

/// Where the health of probes is shown. It outlives a probe that is made anew, so that no count of failures falls. Clones
/// are one.
#[derive(Clone, Debug)]
pub struct Infirmary {
    measures: Measures,
    beds: Arc<Mutex<BTreeMap<Called, Measures>>>,
}

impl Infirmary {
    /// Shows health in `measures`.
    #[must_use]
    pub fn new(measures: Measures) -> Self {
        Infirmary { measures, beds: Arc::default() }
    }

    fn of(&self, called: &Called) -> Measures {
        self.beds().entry(called.clone()).or_insert_with(|| self.measures.apart()).clone()
    }

    /// Shows nothing any more of all but these.
    pub fn keep_only(&self, called: &BTreeSet<Called>) {
        self.beds().retain(|one, measures| {
            let stays = called.contains(one);
            if !stays {
                measures.withdraw();
            }
            stays
        });
    }

    fn beds(&self) -> MutexGuard<'_, BTreeMap<Called, Measures>> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tasks of probes that begin and stop together.
#[derive(Debug)]
pub struct Crew {
    infirmary: Infirmary,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    called: BTreeSet<Called>,
}

impl Crew {
    /// Nobody yet. All stop with `stop`.
    #[must_use]
    pub fn new(infirmary: Infirmary, stop: CancellationToken) -> Self {
        Crew { infirmary, stop, tasks: JoinSet::new(), called: BTreeSet::new() }
    }

    /// What its probes are called.
    pub fn called(&self) -> impl Iterator<Item = &Called> {
        self.called.iter()
    }

    /// Lets `probe` look from now on.
    pub fn begin<P: Probe>(&mut self, probe: P) {
        let called = (probe.kind(), probe.name().to_owned());
        let health = Health::new(&self.infirmary.of(&called), probe.kind(), probe.name());
        self.called.insert(called);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = watch(probe, health) => {}
            }
        });
    }

    /// Stops all of them, and waits until they have.
    pub async fn finish(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Looks for ever.
async fn watch<P: Probe>(mut probe: P, mut health: Health) {
    let pace = probe.pace();
    tokio::time::sleep(offset(probe.kind(), probe.name(), pace.every)).await;
    let mut due = Instant::now();
    loop {
        let began = Instant::now();
        let outcome = look(&mut probe, pace.timeout).await;
        health.tell(&outcome, began.elapsed());
        // A look that took too long does not make the next ones come in a bunch.
        due = (due + pace.every).max(Instant::now());
        probe.rest(due).await;
        due = due.min(Instant::now());
    }
}

async fn look<P: Probe>(probe: &mut P, timeout: Duration) -> Result<(), Trouble> {
    // After a panic the probe goes on with what it knows. Each look measures anew, so the worst is a second panic.
    let looking = AssertUnwindSafe(probe.look()).catch_unwind();
    match tokio::time::timeout(timeout, looking).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<&str>().map_or("it gave no reason", |text| text);
            Err(Trouble::new("panic", format!("the probe panicked: {text}")))
        }
        Err(_) => Err(Trouble::new("timeout", format!("no answer within {}s", timeout.as_secs_f64()))),
    }
}

/// When a probe looks first: the same at each start, and not all at once.
fn offset(kind: &str, name: &str, every: Duration) -> Duration {
    let millis = u64::try_from(SPREAD.min(every).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(spread(&[kind, name], millis))
}

/// How a probe fares, as it is exported and logged.
struct Health {
    kind: &'static str,
    name: String,
    up: Gauge,
    duration: Gauge,
    last_success: Gauge,
    looks: Counter,
    failures: Counter,
    /// The reason of the last failure, while it fails.
    failing: Option<&'static str>,
    is_known: bool,
}

impl Health {
    fn new(measures: &Measures, kind: &'static str, name: &str) -> Self {
        let gauge = |name: &str, help| measures.gauge(&format!("watchbell_collect_probe_{name}"), help);
        let health = Health {
            kind,
            name: name.to_owned(),
            up: gauge("up", "Whether the last look of a probe succeeded"),
            duration: gauge("duration_seconds", "How long the last look of a probe took"),
            last_success: gauge("last_success_timestamp_seconds", "When a probe last succeeded, by the wall clock"),
            looks: measures.counter("watchbell_collect_probe_looks_total", "Looks, by whether they succeeded"),
            failures: measures.counter("watchbell_collect_probe_failures_total", "Looks that failed, by reason"),
            failing: None,
            is_known: false,
        };
        // Reasons are a dozen for each kind, and most of them never come, so that a first failure is seen here.
        for outcome in OUTCOMES {
            health.looks.start(&[("kind", kind), ("probe", name), ("outcome", outcome)], 0.0);
        }
        health.failures.start(&[("kind", kind), ("probe", name), ("reason", "timeout")], 0.0);
        health
    }

    fn tell(&mut self, outcome: &Result<(), Trouble>, took: Duration) {
        let labels: [Label<'_>; 2] = [("kind", self.kind), ("probe", &self.name)];
        self.up.set(&labels, if outcome.is_ok() { 1.0 } else { 0.0 }, None);
        self.duration.set(&labels, took.as_secs_f64(), None);
        let [ok, failed] = OUTCOMES;
        self.looks.add(&[labels[0], labels[1], ("outcome", if outcome.is_ok() { ok } else { failed })], 1.0);
        match outcome {
            Ok(()) => self.last_success.set(&labels, jiff::Timestamp::now().as_duration().as_secs_f64(), None),
            Err(trouble) => {
                self.failures.add(&[labels[0], labels[1], ("reason", trouble.reason)], 1.0);
            }
        }
        self.log(outcome);
    }

    /// A probe that goes on as before is not news.
    fn log(&mut self, outcome: &Result<(), Trouble>) {
        let (kind, probe) = (self.kind, self.name.as_str());
        match outcome {
            Ok(()) if self.failing.is_some() => tracing::info!(kind, probe, "the probe sees again"),
            Ok(()) if !self.is_known => tracing::info!(kind, probe, "the probe sees"),
            Ok(()) => {}
            Err(trouble) if self.failing == Some(trouble.reason) => {
                tracing::debug!(kind, probe, reason = trouble.reason, error = %trouble.text, "the probe still fails");
            }
            Err(trouble) => {
                tracing::warn!(kind, probe, reason = trouble.reason, error = %trouble.text, "the probe fails");
            }
        }
        self.failing = outcome.as_ref().err().map(|trouble| trouble.reason);
        self.is_known = true;
    }
}

#[cfg(test)]
mod tests {
    use super::{Crew, Health, Infirmary, Pace, Probe, Trouble};
    use crate::measures::Measures;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    /// What a look does, one after the other; the last one again and again.
    #[derive(Clone, Copy)]
    enum Look {
        Good,
        Bad,
        Hang,
        Panic,
    }

    struct Scripted(&'static str, Vec<Look>);

    impl Probe for Scripted {
        fn kind(&self) -> &'static str {
            "test"
        }
        fn name(&self) -> &str {
            self.0
        }
        fn pace(&self) -> Pace {
            Pace { every: Duration::from_millis(10), timeout: Duration::from_millis(5) }
        }
        async fn look(&mut self) -> Result<(), Trouble> {
            let look = if self.1.len() > 1 { self.1.remove(0) } else { self.1[0] };
            match look {
                Look::Good => Ok(()),
                Look::Bad => Err(Trouble::new("status", "500")),
                Look::Hang => std::future::pending().await,
                Look::Panic => panic!("on purpose"),
            }
        }
    }

    /// The measures as soon as `state` is true of them.
    async fn until(state: impl Fn(&str) -> bool, probes: Vec<Scripted>) -> String {
        let (measures, stop) = (Measures::new(), CancellationToken::new());
        let mut crew = Crew::new(Infirmary::new(measures.clone()), stop);
        for probe in probes {
            crew.begin(probe);
        }
        let mut page = String::new();
        while !state(&page) {
            tokio::time::sleep(Duration::from_millis(2)).await;
            page = measures.render(std::time::Instant::now());
        }
        crew.finish().await;
        page
    }

    fn failures(page: &str, probe: &str, reason: &str) -> Option<u32> {
        count(page, &format!("failures_total{{kind=\"test\",probe=\"{probe}\",reason=\"{reason}\"}} "))
    }

    fn looks(page: &str, probe: &str, outcome: &str) -> Option<u32> {
        count(page, &format!("looks_total{{kind=\"test\",outcome=\"{outcome}\",probe=\"{probe}\"}} "))
    }

    fn count(page: &str, series: &str) -> Option<u32> {
        let line = format!("watchbell_collect_probe_{series}");
        page.lines().find_map(|text| text.strip_prefix(&line)).and_then(|count| count.parse().ok())
    }

    #[tokio::test]
    async fn a_probe_that_hangs_or_panics_goes_on_and_leaves_the_others_alone() {
        let up = |page: &str, probe: &str| page.contains(&format!("probe_up{{kind=\"test\",probe=\"{probe}\"}} 1"));
        let again = |page: &str, probe, reason| failures(page, probe, reason).is_some_and(|count| count >= 3);
        let probes = vec![
            Scripted("good", vec![Look::Good]),
            Scripted("hangs", vec![Look::Hang]),
            Scripted("panics", vec![Look::Panic]),
        ];
        let all_looked =
            |page: &str| up(page, "good") && again(page, "hangs", "timeout") && again(page, "panics", "panic");
        let page = until(all_looked, probes).await;
        assert!(!up(&page, "hangs") && !up(&page, "panics"), "{page}");
        assert_eq!(failures(&page, "good", "timeout"), Some(0), "{page}");
    }

    #[test]
    fn the_first_failure_is_a_rise_whatever_its_reason() {
        let (measures, bad) = (Measures::new(), Err(Trouble::new("status", "500")));
        let page = || measures.render(std::time::Instant::now());
        let mut health = Health::new(&measures, "test", "one");
        assert_eq!((looks(&page(), "one", "failed"), looks(&page(), "one", "ok")), (Some(0), Some(0)));
        assert_eq!(failures(&page(), "one", "status"), None, "nobody knows which reason comes first");
        health.tell(&bad, Duration::ZERO);
        health.tell(&Ok(()), Duration::ZERO);
        assert_eq!((looks(&page(), "one", "failed"), looks(&page(), "one", "ok")), (Some(1), Some(1)));
        assert_eq!(failures(&page(), "one", "status"), Some(1));
    }

    #[tokio::test]
    async fn a_probe_that_recovers_is_up_again_and_its_failures_stay_counted() {
        let recovered = |page: &str| page.contains("watchbell_collect_probe_up{kind=\"test\",probe=\"one\"} 1");
        let page = until(recovered, vec![Scripted("one", vec![Look::Bad, Look::Bad, Look::Good])]).await;
        assert_eq!(failures(&page, "one", "status"), Some(2), "{page}");
    }
}
