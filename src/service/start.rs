//! Starting and stopping: files, store, lease, journal; then the tasks; at the end everything in reverse.

use super::books::{Books, BooksError};
use super::clock::{Clock, wall};
use super::decider::{Decider, Start, WaysOut};
use super::delivery::Worker;
use super::doors::Doors;
use super::load::{FileLoader, beside};
use super::metrics::Metrics;
use super::recall::recall;
use super::recorder::Recorder;
use super::reload::{Fresh, Load, Reloader, Wish, announce};
use super::remedies::Remedies;
use super::reports::Reports;
use super::run::{BadFiles, DRAIN, Ears, LEASE, Run};
use crate::config::Store as StoreSettings;
use crate::http::ClientError;
use crate::model::Span;
use crate::remedy::Hands;
use crate::sentry::Reporter;
use crate::store::{Lease, Partition, Sqlite, StoreError, holder};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The partition that this service decides: the only one for now.
pub const PARTITION: Partition = Partition(0);

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The files are bad, and none were ever good.
    #[error("the configuration or the rules do not pass, and no earlier ones that did are kept\n{findings}")]
    Files {
        /// The diagnostics.
        findings: String,
    },
    /// This kind of store is not built in yet.
    #[error(
        "{}: `store.postgres` is checked, but this version keeps what it knows in SQLite only; write `store: {{ sqlite: watchbell.db }}`",
        config.display()
    )]
    NoPostgres {
        /// Where it is asked for.
        config: PathBuf,
    },
    /// The store cannot be opened.
    #[error("the store {} cannot be used", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: StoreError,
    },
    /// The store failed while it was asked.
    #[error("the store cannot be used")]
    Books(#[from] BooksError),
    /// No HTTP client can be built.
    #[error("no action could make a request")]
    Client(#[from] ClientError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// Runs the service of the configuration at `config` until it is told to stop. `serve` answers HTTP on the listener that it
/// is given, until its token says so; `stand_by` does while another replica decides.
///
/// # Errors
/// When it cannot start.
pub async fn run<B, W, S, F>(config: PathBuf, stand_by: B, serve: S) -> Result<(), StartError>
where
    B: FnOnce(TcpListener, CancellationToken) -> W,
    W: Future<Output = ()> + Send + 'static,
    S: FnOnce(TcpListener, Doors, CancellationToken) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let loader = Arc::new(FileLoader::new(config.clone()));
    let fresh = load(&loader).await;
    let store = fresh.as_ref().map_or_else(|_| loader.store(), |fresh| Some(fresh.settings.store.clone()));
    let store_path = store_path(&config, store.as_ref())?;
    // Who starts in the wrong folder is told so, and finds it as it was.
    if !store_path.exists() {
        fresh.as_ref().map_err(|findings| StartError::Files { findings: findings.clone() })?;
    }
    let store =
        Box::new(Sqlite::open(&store_path).map_err(|source| StartError::Store { path: store_path.clone(), source })?);
    let (books, store_thread) = Books::open(store);
    let at_first = found(fresh, &books, &loader).await?;
    let address = at_first.fresh.settings.listen.clone();
    let failed = |source| StartError::Listen { address: address.clone(), source };
    let listener = TcpListener::bind(&address).await.map_err(failed)?;
    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(stop.clone()));
    let until_lease = stop.child_token();
    let standby = stand_by(twin(&listener).map_err(failed)?, until_lease.clone());
    let lease = wait_for_lease(&books, standby, &stop).await;
    until_lease.cancel();
    let Some((lease, waited)) = lease? else { return Ok(()) };
    // Whoever decided until now may have read other files since we did.
    let Found { fresh, kept, bad } = if waited { found(load(&loader).await, &books, &loader).await? } else { at_first };
    announce(&fresh);
    let (engine, place, drafts) = recall(&books, kept, &fresh, lease).await?;

    let metrics = Arc::new(Metrics::default());
    let (said, hear_said) = mpsc::unbounded_channel();
    let (orders, hear_orders) = mpsc::unbounded_channel();
    let (questions, hear_questions) = mpsc::unbounded_channel();
    let (wishes, hear_wishes) = mpsc::unbounded_channel();
    let (hints, hear_hints) = mpsc::unbounded_channel();
    let (loaded, hear_loaded) = mpsc::unbounded_channel();

    let severities = fresh.settings.severities.clone();
    let owed = books.ask(move |store| store.owed(PARTITION, &severities)).await?;
    let latest = engine.state.moment.max(lease.ran_until.unwrap_or_default());
    let mut clock = Clock::start(latest);
    let worker = Worker::new(
        books.clone(),
        (PARTITION, lease.epoch),
        Arc::clone(&fresh.settings),
        (clock.clone(), owed),
        engine.state.channels_in_trouble(),
        said.clone(),
        Arc::clone(&metrics),
    );
    let reports = Reports::new(store_path.clone(), said.clone());
    let (recorder, recorded) = Recorder::new(said, Arc::clone(&metrics));
    metrics.reloaded(bad.is_none(), wall());

    let loading = Arc::clone(&loader);
    let metered = Arc::clone(&metrics);
    let load: Load = Arc::new(move || {
        let outcome = loading.load();
        metered.reloaded(outcome.is_ok(), wall());
        outcome
    });
    // Where other files lie there than run, also those that run are news.
    let lies_there = if bad.is_none() { &*fresh.rule_set } else { "" };
    let mut reloader = Reloader::new(load, lies_there, &store_path, hints);
    reloader.watch(&fresh);

    let ready = Arc::new(AtomicBool::new(false));
    let start = Start {
        books: books.clone(),
        epoch: lease.epoch,
        seq: place.seq,
        since_snapshot: place.since_snapshot,
        rule_set: fresh.rule_set.clone(),
        files: fresh.files.clone(),
    };
    let (announce_settings, settings) = watch::channel(Arc::clone(&fresh.settings));
    let ways_out = WaysOut { orders: orders.clone(), settings: announce_settings, metrics: Arc::clone(&metrics) };
    let mut decider = Decider::new(engine, (fresh.clients, fresh.writer), start, ways_out);
    decider.carry_out(drafts).await;
    let look = clock.look();
    decider.keep_time(look);
    // Every decision looks at what is missing, so how long we were away has to be known before the first one.
    let slept = lease.ran_until.map_or(Span::ZERO, |until| look.moment() - until).max(Span::ZERO);
    // A journal begins with its first start: of what lies before it nobody can say that it was calm.
    if slept > Span::ZERO || place.seq == 0 {
        decider.slept(slept, look.moment()).await;
    }
    decider.take_up(clock.look().moment()).await?;
    decider.give_up_on_runs(clock.look().moment()).await;
    let remedies = Remedies::new(Hands::new(&beside(&config, Path::new("")))?);
    let beside_it = (recorded, reports);
    let bad = bad.map(|findings| BadFiles { since: look.moment(), findings });
    let run = Run::new(decider, clock, remedies, wishes.clone(), orders, beside_it, Arc::clone(&ready)).instead_of(bad);

    let reporter = Reporter::new(settings.clone());
    let doors = Doors { questions, metrics, ready, settings, books: books.clone() };
    let serving = tokio::spawn(serve(listener, doors, stop.clone()));
    let reloading = tokio::spawn(reloader.run(hear_hints, hear_wishes, loaded, stop.clone()));
    let hanging_up = tokio::spawn(reload_on_hangup(wishes, stop.clone()));
    let worker_stop = CancellationToken::new();
    let delivering = tokio::spawn(worker.run(hear_orders, worker_stop.clone()));
    let recording = tokio::spawn(recorder.run(worker_stop.clone()));
    let reporting = tokio::spawn(reporter.run(worker_stop.clone()));
    info!(address, "listening on {address}");

    let ears = Ears { said: hear_said, questions: hear_questions, loaded: hear_loaded };
    run.run(ears, stop.clone()).await;
    stop.cancel();
    worker_stop.cancel();
    let late = tokio::time::timeout(DRAIN, async {
        tokio::join!(delivering, recording, reporting, serving, reloading, hanging_up, signals)
    })
    .await;
    if late.is_err() {
        warn!("stopping with messages still under way; they are on record and are sent at the next start");
    }
    drop(books);
    drop(loader);
    drop(store_thread);
    info!("stopped");
    Ok(())
}

async fn load(loader: &Arc<FileLoader>) -> Result<Fresh, String> {
    let loader = Arc::clone(loader);
    let loaded = tokio::task::spawn_blocking(move || loader.load()).await;
    loaded.unwrap_or_else(|cause| Err(format!("reading the files ended abnormally: {cause}")))
}

/// What there is to run.
struct Found {
    /// What will run: the files that lie there, else those that were good last.
    fresh: Fresh,
    /// The files that were good last, where they still are.
    kept: Option<Fresh>,
    /// What is wrong with the files that lie there.
    bad: Option<String>,
}

/// Fresh files, else the last good ones, loudly; without either there is no start.
async fn found(loaded: Result<Fresh, String>, books: &Books, loader: &FileLoader) -> Result<Found, StartError> {
    let kept = books.ask(|store| store.last_good(PARTITION)).await?;
    let kept = if kept.is_empty() { None } else { loader.load_kept(kept).ok() };
    match (loaded, kept) {
        (Ok(fresh), kept) => Ok(Found { fresh, kept, bad: None }),
        (Err(findings), Some(kept)) => {
            error!("the files are bad; running the last good ones instead ({})\n{findings}", kept.rule_set);
            Ok(Found { fresh: kept.clone(), kept: Some(kept), bad: Some(findings) })
        }
        (Err(findings), None) => Err(StartError::Files { findings }),
    }
}

/// Where the configuration does not say, its store is looked for where the default would have it.
fn store_path(config: &Path, store: Option<&StoreSettings>) -> Result<PathBuf, StartError> {
    match store {
        Some(StoreSettings::Sqlite(path)) => Ok(beside(config, path)),
        Some(StoreSettings::Postgres(_)) => Err(StartError::NoPostgres { config: config.to_owned() }),
        None => Ok(beside(config, Path::new("watchbell.db"))),
    }
}

/// The same socket once more: whoever answers on it can stop, and it stays open.
fn twin(listener: &TcpListener) -> std::io::Result<TcpListener> {
    TcpListener::from_std(listener.as_fd().try_clone_to_owned()?.into())
}

/// Waits until nobody else decides, and says whether that took any time. `None` where we were told to stop meanwhile. Where there
/// is somebody, `standby` runs.
async fn wait_for_lease(
    books: &Books,
    standby: impl Future<Output = ()> + Send + 'static,
    stop: &CancellationToken,
) -> Result<Option<(Lease, bool)>, StartError> {
    let holder = holder::name(wall());
    // Taken as soon as somebody else is seen to decide.
    let mut standby = Some(standby);
    loop {
        let name = holder.clone();
        match books.ask(move |store| store.acquire(PARTITION, &name, wall(), wall() + LEASE)).await {
            Ok(lease) => return Ok(Some((lease, standby.is_none()))),
            Err(BooksError::Store(StoreError::Held { until })) => {
                if let Some(standby) = standby.take() {
                    info!("another replica decides until {until}; waiting for its lease to end");
                    tokio::spawn(standby);
                }
            }
            Err(cause) => return Err(cause.into()),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

/// Cancels `stop` at the first SIGTERM or interrupt.
pub async fn stop_on_signal(stop: CancellationToken) {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(cause) => {
                warn!(error = %cause, "cannot listen for SIGTERM");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => return,
        () = terminate => info!("SIGTERM: stopping"),
        interrupted = tokio::signal::ctrl_c() => match interrupted {
            Ok(()) => info!("interrupted: stopping"),
            Err(cause) => warn!(error = %cause, "cannot listen for an interrupt"),
        },
    }
    stop.cancel();
}

async fn reload_on_hangup(wishes: mpsc::UnboundedSender<Wish>, stop: CancellationToken) {
    let Ok(mut hangups) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else {
        return warn!("cannot listen for SIGHUP; files are watched all the same");
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(()) = hangups.recv() => {
                info!("SIGHUP: reading the files again");
                let _gone = wishes.send(Wish { number: 0, even_if_unchanged: false });
            }
        }
    }
}
