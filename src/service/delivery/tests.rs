use super::*;
use crate::config::{Heartbeats, Ping, Secret, SentHeartbeat};
use crate::engine::notice::{Draft, NoticeKind};
use crate::model::Moment;
use crate::notify::sample;
use crate::service::clock::wall;
use crate::store::{Sqlite, Store as _};

const HERE: Partition = Partition(0);
const BACK: Span = Span::from_hours(1);

/// A worker whose wall clock has just been set back, with what it owes and whoever hears it.
fn set_back(settings: Settings, owed: Owed) -> (Worker, mpsc::UnboundedReceiver<Said>) {
    let mut store = Sqlite::in_memory().expect("memory can be had");
    let epoch = store.acquire(HERE, "us", 0, i64::MAX).expect("nobody else is there").epoch;
    let (books, _thread) = Books::open(Box::new(store));
    let (said, hear_said) = mpsc::unbounded_channel();
    let behind = (Clock::set_back(BACK), vec![owed]);
    (Worker::new(books, (HERE, epoch), Arc::new(settings), behind, Vec::new(), said, Arc::default()), hear_said)
}

/// A page that was tried once, a minute before the moment `now`, and is tried again five seconds after it. It shows the wall clock.
fn tried_a_minute_before(now: i64) -> Owed {
    let at = Moment::from_millis(now - 61_000 - BACK.millis());
    let draft = Draft { kind: NoticeKind::Page, at, ..sample::draft() };
    let notice = Notice { draft, title: "page".into(), link: String::new(), held_back: None, alerts: Vec::new() };
    Owed {
        number: 1,
        notice: Arc::new(notice),
        attempts: 1,
        not_before: now + 5_000,
        first_tried: Some(now - queue::FALLBACK_AFTER.millis()),
        fate_unknown: false,
        fell_back: false,
    }
}

/// What a metric says.
fn seconds(worker: &Worker, metric: &str) -> f64 {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &worker.metrics.registry()).expect("it can be written");
    let line = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{metric} is missing:\n{text}"))
}

#[tokio::test]
async fn retries_the_fallback_and_signs_of_life_go_by_the_time_that_passes_where_the_wall_clock_is_set_back() {
    let now = wall() + BACK.millis();
    let ping = Secret::Inline("http://127.0.0.1:9/".into());
    let pulse = SentHeartbeat { ping, method: Ping::Get, every: Span::from_secs(3) };
    let heartbeats = Heartbeats { send: vec![pulse], ..Heartbeats::default() };
    let settings = Settings { heartbeats, ..Settings::default() };
    let (mut worker, mut said) = set_back(settings, tried_a_minute_before(now));
    assert!(worker.start_due().await <= Duration::from_secs(5), "its retry is not an hour and five seconds away");
    assert!(matches!(said.try_recv(), Ok(Said::NeedsFallback { .. })), "a minute has passed");
    let beat = worker.pulses.next().await;
    worker.pulses.finish(beat.expect("a sign of life was given"));
    let wait = worker.start_due().await.as_millis();
    assert!((1_000..=3_000).contains(&wait), "the next sign of life is due in {wait} ms");
    worker.measure();
    let age = seconds(&worker, "watchbell_oldest_undelivered_age_seconds");
    assert!((61.0..70.0).contains(&age), "it is owed for {age} s");
}
