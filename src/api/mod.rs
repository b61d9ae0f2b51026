//! HTTP: reads as Prometheus answers them, signs of life, and the request to read the files again.
//!
//! Handlers ask the owner of the engine and lay out what it says. Absent on purpose: state of their own.

mod alerts;
mod go;
mod reply;
mod rules;

use crate::service::decider::Decider;
use crate::service::doors::Doors;
use crate::service::run::Question;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// What every handler can reach.
#[derive(Clone)]
struct Desk {
    doors: Doors,
    registry: Arc<prometheus_client::registry::Registry>,
}

impl Desk {
    /// Reads something off the engine. `None` while the service stops.
    async fn look<T: Send + 'static>(&self, look: impl FnOnce(&Decider) -> T + Send + 'static) -> Option<T> {
        self.doors.look(look).await
    }
}

/// Answers on `listener` until `stop`.
pub async fn serve(listener: TcpListener, doors: Doors, stop: CancellationToken) {
    let registry = Arc::new(doors.metrics.registry());
    let desk = Desk { doors, registry };
    let router = Router::new()
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload))
        .route("/metrics", get(metrics))
        .route("/api/v1/rules", get(rules::rules))
        .route("/api/v1/alerts", get(alerts::alerts))
        .with_state(desk);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(cause) = served {
        tracing::error!(error = %cause, "the HTTP server ended");
    }
}

async fn healthy() -> &'static str {
    "Watchbell is healthy.\n"
}

async fn ready(State(desk): State<Desk>) -> Response {
    if desk.doors.ready.load(Ordering::Relaxed) {
        "Watchbell is ready.\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "Watchbell does not decide here, or its store does not remember.\n")
            .into_response()
    }
}

async fn reload(State(desk): State<Desk>) -> Response {
    let (answer, wait) = oneshot::channel();
    if desk.doors.questions.send(Question::Reload(answer)).is_err() {
        return reply::stopping();
    }
    match wait.await {
        Ok(Ok(changes)) => format!("reloaded; {changes} rules are others than before\n").into_response(),
        Ok(Err(findings)) => (StatusCode::INTERNAL_SERVER_ERROR, findings).into_response(),
        Err(_) => reply::stopping(),
    }
}

async fn metrics(State(desk): State<Desk>) -> Response {
    let metrics = Arc::clone(&desk.doors.metrics);
    if desk.look(move |decider| metrics.count(&decider.engine.state)).await.is_none() {
        return reply::stopping();
    }
    let mut text = String::new();
    if let Err(cause) = prometheus_client::encoding::text::encode(&mut text, &desk.registry) {
        return (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()).into_response();
    }
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}
