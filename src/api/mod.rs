//! HTTP: reads as Prometheus answers them, what people do with incidents, signs of life, and the request to read the files again.
//!
//! [`routes`] is the table of all of them, with the role that each needs; `access` lets in whoever has it. Handlers ask the
//! owner of the engine and lay out what it says. Absent on purpose: state of their own.

mod access;
mod alertmanager;
mod alerts;
mod ask;
mod callbacks;
mod go;
mod health;
mod incidents;
mod page;
mod reply;
mod routes;
mod routines;
mod rules;
mod silences;

pub use routes::{Needs, Route, routes};

use crate::collect::health::Checkup;
use crate::service::decider::Decider;
use crate::service::doors::Doors;
use crate::service::run::Question;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use reply::Wrong;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// What every handler can reach.
#[derive(Clone)]
struct Desk {
    doors: Doors,
    callbacks: Arc<callbacks::Callbacks>,
    /// The last health check.
    checkup: Arc<Checkup>,
    registry: Arc<prometheus_client::registry::Registry>,
    /// Whether only this machine can reach us.
    is_local: bool,
    /// When we began to listen, by the wall clock.
    started: i64,
}

impl Desk {
    /// Reads something off the engine, unless the service stops.
    async fn look<T: Send + 'static>(&self, look: impl FnOnce(&Decider) -> T + Send + 'static) -> Result<T, Wrong> {
        self.doors.look(look).await.ok_or_else(reply::stopping)
    }
}

/// Answers on `listener` until `stop`.
pub async fn serve(listener: TcpListener, doors: Doors, stop: CancellationToken) {
    let registry = Arc::new(doors.metrics.registry());
    let is_local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    say_what_is_open(&doors, is_local);
    let callbacks = Arc::new(callbacks::Callbacks::new());
    let started = crate::service::clock::wall();
    let checkup = Arc::new(Checkup::default());
    let desk = Desk { doors, callbacks: Arc::clone(&callbacks), checkup, registry, is_local, started };
    let router = routes::router(&desk);
    crate::http::serve(listener, router, stop).await;
    callbacks.finish().await;
}

/// Answers on `listener` until `stop` while another replica decides. Whoever watches over this one hears that it is alive, and
/// nothing is taken in that would be done long after it was asked for.
pub async fn stand_by(listener: TcpListener, stop: CancellationToken) {
    let router = Router::new()
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(async || not_ready()))
        .fallback(async || reply::standing_by());
    crate::http::serve(listener, router, stop).await;
}

fn say_what_is_open(doors: &Doors, is_local: bool) {
    if !doors.settings.borrow().tokens.is_empty() {
        return;
    }
    if is_local {
        tracing::warn!(
            "no access tokens are configured: whoever reaches this loopback address may see and do everything"
        );
    } else {
        tracing::warn!(
            "no access tokens are configured: whoever reaches this address sees everything, and nobody may change anything over HTTP"
        );
    }
}

async fn healthy() -> &'static str {
    "Watchbell is healthy.\n"
}

async fn ready(State(desk): State<Desk>) -> Response {
    if desk.doors.ready.load(Ordering::Relaxed) { "Watchbell is ready.\n".into_response() } else { not_ready() }
}

fn not_ready() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "Watchbell does not decide here, or its store does not remember.\n")
        .into_response()
}

async fn reload(State(desk): State<Desk>) -> Result<Response, Wrong> {
    let (answer, wait) = oneshot::channel();
    desk.doors.questions.send(Question::Reload(answer)).map_err(|_| reply::stopping())?;
    Ok(match wait.await.map_err(|_| reply::stopping())? {
        Ok(changes) => format!("reloaded; {changes}\n").into_response(),
        Err(findings) => (StatusCode::INTERNAL_SERVER_ERROR, findings).into_response(),
    })
}

async fn metrics(State(desk): State<Desk>) -> Result<Response, Wrong> {
    let metrics = Arc::clone(&desk.doors.metrics);
    desk.look(move |decider| metrics.count(&decider.engine.state)).await?;
    let mut text = String::new();
    if let Err(cause) = prometheus_client::encoding::text::encode(&mut text, &desk.registry) {
        return Ok((StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()).into_response());
    }
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}
