//! The HTTP side of the collector: what Prometheus scrapes, and where browsers and applications send to.

use super::health::{Checkup, Health};
use super::reload::Wish;
use crate::config::collect::Collect;
use crate::measures::{self, Measures};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

/// Where a proxy says for whom it asks.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The routes that show `measures`, how the things of `settings` are, and that we live; and the one that tells `wishes` to
/// read the configuration again.
pub fn router(settings: &Collect, measures: &Measures, wishes: mpsc::Sender<Wish>) -> Router {
    let shown = Router::new().route("/metrics", get(metrics)).with_state(measures.clone());
    let state = (Arc::new(Checkup::default()), Arc::new(settings.clone()));
    let checked = Router::new().route("/api/v1/health", get(health)).with_state(state);
    let reloaded = Router::new().route("/-/reload", post(reload)).with_state(wishes);
    shown
        .merge(checked)
        .merge(reloaded)
        .route("/-/healthy", get(async || "The collector is healthy.\n"))
        .route("/-/ready", get(async || "The collector is ready.\n"))
}

/// Answers on `listener` until `stop`, each request by the `routes` that there are when it comes.
pub async fn serve(listener: TcpListener, routes: watch::Receiver<Router>, stop: CancellationToken) {
    let current = move |request: Request| {
        let mut router = routes.borrow().clone();
        async move { router.call(request).await }
    };
    crate::http::serve(listener, Router::new().fallback(current), stop).await;
}

async fn health(State((checkup, settings)): State<(Arc<Checkup>, Arc<Collect>)>) -> Health {
    checkup.of(&settings).await
}

/// Whoever reaches this machine from elsewhere, be it through a proxy or a web page, changes nothing here.
async fn reload(
    State(wishes): State<mpsc::Sender<Wish>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let is_handed_on = [header::ORIGIN, header::FORWARDED, FORWARDED_FOR].iter().any(|name| headers.contains_key(name));
    if is_handed_on || !peer.ip().to_canonical().is_loopback() {
        let says =
            "only who asks from this machine itself may have the configuration read again; SIGHUP does the same\n";
        return (StatusCode::FORBIDDEN, says).into_response();
    }
    let (wish, answer) = oneshot::channel();
    // An error of either says that the collector is stopping.
    drop(wishes.send(wish).await);
    match answer.await {
        Ok(Ok(words)) => format!("reloaded; {words}\n").into_response(),
        Ok(Err(unfit)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{}\n", unfit.trim_end())).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the collector is stopping\n").into_response(),
    }
}

async fn metrics(State(measures): State<Measures>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, measures::CONTENT_TYPE)], measures.render(Instant::now()))
}
