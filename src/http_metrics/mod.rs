//! A tower layer that gives any axum service the two families of the mission's `monitoring-middleware.js`:
//! `http_request_duration_seconds` and `http_requests_total`, each by `method`, `route` and `status_code`.
//!
//! No visitor can make up a label value. A route is the pattern that the router matched (`/prices/{pair}`), never the path that
//! was asked for: what matches none is `unmatched`. A method that HTTP does not name is `other`. A request is counted when its
//! answer has left, or when it is given up: its status is then what was answered, or 499 where the caller went away before.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use std::time::Instant;
//! use tower_service::Service;
//! use watchbell::measures::Measures;
//! use watchbell::http_metrics::HttpMetrics;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let measures = Measures::default();
//! let mut app: Router = Router::new()
//!     .route("/prices/{pair}", get(|| async { "3350.12" }))
//!     .layer(HttpMetrics::new(&measures));
//!
//! let request = Request::get("/prices/PGAUx-USD").body(Body::empty()).unwrap();
//! let answer = app.call(request).await.unwrap();
//! drop(answer);
//!
//! let shown = measures.render(Instant::now());
//! assert!(shown.contains(r#"http_requests_total{method="GET",route="/prices/{pair}",status_code="200"} 1"#));
//! # }
//! ```
//!
//! Absent on purpose: the size of what is sent, and anything else that the mission's middleware does not have.

mod body;
mod seen;

pub use seen::Seen;

use crate::measures::Measures;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Response};
use body::Followed;
use seen::{Tell, Under};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// The bounds of the histogram in seconds: those that prom-client has by itself, so that both clients can be added up.
pub const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The layer. Cheap to clone; clones count into the same families.
#[derive(Clone)]
pub struct HttpMetrics(Tell);

impl HttpMetrics {
    /// Counts into `measures`.
    #[must_use]
    pub fn new(measures: &Measures) -> Self {
        let total = measures.counter("http_requests_total", "Requests over HTTP that were answered or given up");
        let help = "How long requests over HTTP took, to the last byte of the answer";
        let durations = measures.histogram("http_request_duration_seconds", help, &BOUNDS);
        HttpMetrics::telling(move |seen| {
            let labels = [("method", seen.method), ("route", seen.route), ("status_code", seen.status.as_str())];
            total.add(&labels, 1.0);
            durations.observe(&labels, seen.took.as_secs_f64());
        })
    }

    /// Tells `tell` of every request, for those who count elsewhere.
    #[must_use]
    pub fn telling(tell: impl Fn(&Seen<'_>) + Send + Sync + 'static) -> Self {
        HttpMetrics(Arc::new(tell))
    }
}

impl std::fmt::Debug for HttpMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpMetrics")
    }
}

impl<S> Layer<S> for HttpMetrics {
    type Service = Metered<S>;

    fn layer(&self, inner: S) -> Metered<S> {
        Metered { inner, tell: Arc::clone(&self.0) }
    }
}

/// A service whose requests are counted.
#[derive(Clone)]
pub struct Metered<S> {
    inner: S,
    tell: Tell,
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Metered<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answering<S::Error> {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let mut under = Under::way(request.method(), route, Arc::clone(&self.tell));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            under.answered(answer.status());
            Ok(answer.map(|body| Body::new(Followed::new(body, under))))
        })
    }
}

#[cfg(test)]
mod tests;
