//! The HTTP side of the collector: what Prometheus scrapes, and where browsers and applications send to.

use super::health::{Checkup, Health};
use crate::config::collect::Collect;
use crate::measures::{self, Measures};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::routing::get;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The routes that show `measures`, how the things of `settings` are, and that we live.
pub fn router(settings: &Collect, measures: &Measures) -> Router {
    let shown = Router::new().route("/metrics", get(metrics)).with_state(measures.clone());
    let state = (Arc::new(Checkup::default()), Arc::new(settings.clone()));
    let checked = Router::new().route("/api/v1/health", get(health)).with_state(state);
    shown
        .merge(checked)
        .route("/-/healthy", get(async || "The collector is healthy.\n"))
        .route("/-/ready", get(async || "The collector is ready.\n"))
}

/// Answers on `listener` until `stop`.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(cause) = served {
        tracing::error!(error = %cause, "the HTTP server of the collector ended");
    }
}

async fn health(State((checkup, settings)): State<(Arc<Checkup>, Arc<Collect>)>) -> Health {
    checkup.of(&settings).await
}

async fn metrics(State(measures): State<Measures>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, measures::CONTENT_TYPE)], measures.render(Instant::now()))
}
