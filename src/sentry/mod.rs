//! Our own errors, to Sentry: what is logged as an error is scrubbed and sent, one report a minute for each place in the code and each thing that it is about.
//!
//! [`Collector`] listens to the log and never waits; [`Reporter`] sends. Nothing of it is kept or tried for long: the log has
//! everything, and reporting must never be in the way of a page. Contract: <https://develop.sentry.dev/sdk/foundations/transport/>.

mod dsn;
mod envelope;

pub use dsn::{Dsn, DsnError};
pub use envelope::Trouble;

use crate::config::{Sentry, Settings};
use crate::http::{Client, chain};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, debug, warn};
use tracing_subscriber::layer::{Context, Layer};

/// So many reports wait to be sent; what is more is counted and not sent.
const WAITING: usize = 64;
/// One place in the code is reported so often at most.
const SAME: Duration = Duration::from_mins(1);
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Where a limit says nothing, nothing is sent for so long (Sentry's documentation of rate limits).
const LIMITED: Duration = Duration::from_mins(1);
/// No limit is kept for longer: a number that is wrong must not end all reports, and one an hour is no burden.
const LONGEST_LIMIT: Duration = Duration::from_hours(1);
/// After a stop so long is left for what was reported last.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The one way from the log to whoever sends: the log is there before the configuration is.
static WAY: OnceLock<Way> = OnceLock::new();

struct Way {
    give: mpsc::Sender<Trouble>,
    take: Mutex<Option<mpsc::Receiver<Trouble>>>,
}

fn way() -> &'static Way {
    WAY.get_or_init(|| {
        let (give, take) = mpsc::channel(WAITING);
        Way { give, take: Mutex::new(Some(take)) }
    })
}

/// Hears what is logged, and keeps errors for [`Reporter`].
#[derive(Debug, Default)]
pub struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        // What sending says of itself would go round in circles.
        if *about.level() != Level::ERROR || about.target().starts_with(module_path!()) {
            return;
        }
        let mut words = Words::default();
        event.record(&mut words);
        let place = format!("{}:{}", about.file().unwrap_or(about.target()), about.line().unwrap_or_default());
        let trouble = Trouble { message: words.message, logger: about.target().to_owned(), place, tags: words.tags };
        // Where too much waits, the log has it.
        let _full = way().give.try_send(trouble);
    }
}

/// What an event of the log says.
#[derive(Default)]
struct Words {
    message: String,
    tags: Vec<(String, String)>,
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.tags.push((name.to_owned(), value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

/// Sends what was collected, as the settings that hold say.
pub struct Reporter {
    settings: watch::Receiver<Arc<Settings>>,
    client: Option<Client>,
    /// The project of which the rest holds.
    project: Option<Sentry>,
    sent: HashMap<String, Instant>,
    not_before: Option<Instant>,
    failed: bool,
}

impl Reporter {
    /// One that goes by these settings, whatever they become.
    #[must_use]
    pub fn new(settings: watch::Receiver<Arc<Settings>>) -> Self {
        let client = Client::anonymous().inspect_err(|cause| warn!(error = %chain(cause), "errors cannot be reported"));
        let client = client.ok();
        Reporter { settings, client, project: None, sent: HashMap::new(), not_before: None, failed: false }
    }

    /// Sends until `stop`, and then what was reported just before.
    pub async fn run(mut self, stop: CancellationToken) {
        let Some(mut collected) = way().take.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(trouble) = collected.recv() => self.report(trouble).await,
            }
        }
        let last = async {
            while let Ok(trouble) = collected.try_recv() {
                self.report(trouble).await;
            }
        };
        let _late = tokio::time::timeout(LAST_WORDS, last).await;
    }

    async fn report(&mut self, trouble: Trouble) {
        let sentry = self.settings.borrow().sentry.clone();
        let (Some(sentry), Some(client)) = (sentry, self.client.clone()) else { return };
        self.turn_to(&sentry);
        let now = Instant::now();
        if self.not_before.is_some_and(|until| now < until) || !self.is_news(&trouble.group().join(" "), now) {
            return;
        }
        let said = match tokio::time::timeout(DEADLINE, send(&client, &sentry, &trouble)).await {
            Ok(said) => said,
            Err(_) => Err(format!("no answer within {} s", DEADLINE.as_secs())),
        };
        match said {
            Ok(wait) => {
                self.not_before = wait.and_then(|wait| now.checked_add(wait));
                self.failed = false;
            }
            Err(why) if !std::mem::replace(&mut self.failed, true) => {
                warn!(error = why, "cannot report errors to Sentry")
            }
            Err(why) => debug!(error = why, "cannot report errors to Sentry"),
        }
    }

    /// Another project has heard of nothing yet, and has limited nothing.
    fn turn_to(&mut self, sentry: &Sentry) {
        if self.project.as_ref() != Some(sentry) {
            self.project = Some(sentry.clone());
            self.sent.clear();
            (self.not_before, self.failed) = (None, false);
        }
    }

    /// Whether nothing of the same kind was reported lately.
    fn is_news(&mut self, group: &str, now: Instant) -> bool {
        self.sent.retain(|_, at| now - *at < SAME);
        self.sent.insert(group.to_owned(), now).is_none_or(|before| {
            // It goes on counting from the one that was sent.
            self.sent.insert(group.to_owned(), before);
            false
        })
    }
}

/// Sends one report; gives how long to send nothing, where Sentry says so.
async fn send(client: &Client, sentry: &Sentry, trouble: &Trouble) -> Result<Option<Duration>, String> {
    let dsn = sentry.dsn.reveal().map_err(|cause| chain(&cause))?;
    let dsn = Dsn::parse(dsn.expose()).map_err(|cause| cause.to_string())?;
    let now = jiff::Timestamp::now();
    let event = crate::http::random::<16>().ok_or("this system has no randomness")?;
    let body = envelope::write(trouble, sentry.environment.as_deref(), now, event);
    let request = client.request(Method::POST, &dsn.envelope).await.map_err(|cause| chain(&cause))?;
    let request = request.header(CONTENT_TYPE, "application/x-sentry-envelope").header("X-Sentry-Auth", dsn.auth());
    let answer = request.body(body).send().await.map_err(|cause| chain(&cause.without_url()))?;
    match answer.status().as_u16() {
        // After 429 too it is to be dropped, not tried again.
        status @ (200..=299 | 429) => Ok(limit(status, answer.headers())),
        status => Err(format!("answered {status}")),
    }
}

/// How long no errors are to be sent: the longest limit that concerns them, also where this one was taken; else, of what was
/// refused, `Retry-After`.
fn limit(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let of_errors = |limit: &str| -> Option<u64> {
        let mut parts = limit.trim().split(':');
        let seconds = parts.next()?.trim().parse().ok()?;
        let categories = parts.next().unwrap_or_default();
        (categories.is_empty() || categories.split(';').any(|category| category == "error")).then_some(seconds)
    };
    let limits = text("x-sentry-rate-limits").and_then(|limits| limits.split(',').filter_map(of_errors).max());
    let after = || text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
    let wait = match limits {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => (status == 429).then(|| after().map_or(LIMITED, Duration::from_secs)),
    };
    wait.map(|wait| wait.min(LONGEST_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::http::canned::{self, Canned};

    fn reporter(sentry: Option<Sentry>) -> (Reporter, watch::Sender<Arc<Settings>>) {
        let (keep, settings) = watch::channel(Arc::new(Settings { sentry, ..Settings::default() }));
        (Reporter::new(settings), keep)
    }

    fn trouble(place: &str) -> Trouble {
        Trouble { message: "it broke".into(), logger: "watchbell".into(), place: place.into(), tags: Vec::new() }
    }

    fn at(server: &Canned) -> Sentry {
        let dsn = format!("{}/42", server.url().replace("http://", "http://key@"));
        Sentry { dsn: Secret::Inline(dsn), environment: None }
    }

    #[tokio::test]
    async fn one_place_is_reported_once_a_minute_and_a_limit_is_kept() {
        let server = Canned::start(|before, _, stream| match before {
            0 => canned::reply(stream, 200, &[], "{}"),
            _ => canned::reply(stream, 429, &[("X-Sentry-Rate-Limits", "5:transaction:key, 3600:error:key")], ""),
        });
        let (mut reporter, _keep) = reporter(Some(at(&server)));
        let about = |channel: &str| Trouble { tags: vec![("channel.name".into(), channel.into())], ..trouble("a:1") };
        for trouble in [about("slack"), about("slack"), about("pager"), about("hook")] {
            reporter.report(trouble).await;
        }
        assert_eq!(server.asked().len(), 2, "slack once, pager, and then an hour of nothing");
        assert!(server.asked()[1].body.contains("pager"), "{}", server.asked()[1].body);
        assert!(server.asked()[0].line.starts_with("POST /api/42/envelope/ "), "{}", server.asked()[0].line);
        assert!(reporter.not_before.is_some_and(|until| until > Instant::now() + Duration::from_mins(59)));
    }

    #[tokio::test]
    async fn without_a_project_nothing_is_sent() {
        let (mut reporter, keep) = reporter(None);
        reporter.report(trouble("a:1")).await;
        let server = Canned::always(200, "{}");
        keep.send_replace(Arc::new(Settings { sentry: Some(at(&server)), ..Settings::default() }));
        reporter.report(trouble("a:1")).await;
        assert_eq!(server.asked().len(), 1, "what was not sent is not held against the next");
    }

    #[tokio::test]
    async fn what_one_project_limits_and_has_heard_is_nothing_to_the_next() {
        let (full, free) = (
            Canned::start(|_, _, stream| canned::reply(stream, 200, &[("X-Sentry-Rate-Limits", "60:error:org")], "")),
            Canned::always(200, "{}"),
        );
        let (mut reporter, keep) = reporter(Some(at(&full)));
        for _ in 0..2 {
            reporter.report(trouble("a:1")).await;
            reporter.report(trouble("b:2")).await;
        }
        assert_eq!(full.asked().len(), 1, "it took one, and wants no more for a minute");
        keep.send_replace(Arc::new(Settings { sentry: Some(at(&free)), ..Settings::default() }));
        reporter.report(trouble("a:1")).await;
        assert_eq!(free.asked().len(), 1);
    }

    #[tokio::test]
    async fn a_limit_beyond_all_time_is_kept_for_an_hour() {
        let said = [("Retry-After", "18446744073709551615")];
        let server = Canned::start(move |_, _, stream| canned::reply(stream, 429, &said, ""));
        let (mut reporter, _keep) = reporter(Some(at(&server)));
        reporter.report(trouble("a:1")).await;
        assert!(reporter.not_before.is_some_and(|until| until <= Instant::now() + LONGEST_LIMIT));
    }

    #[test]
    fn the_longest_limit_on_errors_counts() {
        let of = |status, name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a value"));
            limit(status, &headers).map(|limit| limit.as_secs())
        };
        let limits = "60:error;default:org, 20::org, 2700:metric_bucket:org";
        assert_eq!(
            (of(429, "x-sentry-rate-limits", limits), of(200, "x-sentry-rate-limits", limits)),
            (Some(60), Some(60))
        );
        assert_eq!(of(200, "x-sentry-rate-limits", "2700:metric_bucket:org"), None);
        assert_eq!((of(429, "retry-after", "7"), of(200, "retry-after", "7")), (Some(7), None));
        assert_eq!(of(429, "retry-after", "soon"), Some(60));
    }
}
