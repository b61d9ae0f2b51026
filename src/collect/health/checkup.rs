//! The check over HTTP: whoever asks, and however often, nodes are asked once in a while.

use super::{Health, Whole, ask};
use crate::config::collect::Collect;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer is given again.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// The last answer, and when it was had. Who asks while it is being looked for waits for the same one.
#[derive(Debug, Default)]
pub struct Checkup {
    last: Mutex<Option<(Instant, Collect, Health)>>,
}

impl Checkup {
    /// How things are that `settings` name, as of now or of a few seconds ago.
    pub async fn of(&self, settings: &Collect) -> Health {
        let mut last = self.last.lock().await;
        if let Some((at, of, health)) = &*last
            && at.elapsed() < GOOD_FOR
            && of == settings
        {
            return health.clone();
        }
        let health = ask::check(settings).await;
        *last = Some((Instant::now(), settings.clone(), health.clone()));
        health
    }
}

impl IntoResponse for Health {
    /// The machine form. 503 where it is down, so that a load balancer needs to read nothing.
    fn into_response(self) -> Response {
        let status = match self.whole() {
            Whole::Healthy | Whole::Degraded => StatusCode::OK,
            Whole::Down => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(self.json())).into_response()
    }
}
