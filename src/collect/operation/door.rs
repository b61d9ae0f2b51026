//! `POST /v1/operations`: who may report, how much, and what is said to them.

use super::allowance::Allowance;
use super::post::{self, MOST_TIMERS, Refusal, Timer};
use super::timers::Timers;
use crate::config::Secret;
use crate::config::collect::Operations;
use crate::http::{bearer, chain, is_secret_of};
use crate::measures::{Counter, Measures};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many bytes a request may have: room for as many timers as it may hold.
const LONGEST_BODY: usize = 256 * MOST_TIMERS;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a refused timer tells, so that an answer stays short.
const MOST_ERRORS: usize = 10;

/// What can become of a timer or of a request, from the start at 0.
const OUTCOMES: [&str; 12] = [
    "accepted",
    "not_told_apart",
    "not_json",
    "wrong_shape",
    "wrong_value",
    "wrong_name",
    "too_many",
    "too_large",
    "too_slow",
    "rate_limited",
    "unauthorized",
    "wrong_type",
];

/// The route, as `settings` have it, to `timers`. What becomes of each is counted into `measures`.
pub fn router(settings: &Operations, timers: &Timers, measures: &Measures) -> Router {
    let timers = timers.clone().telling_apart(settings.max_names);
    for name in &settings.names {
        timers.start(name);
    }
    let help = "Timers that were reported, by what became of each, and requests that were refused whole";
    let outcomes = measures.counter("watchbell_collect_operations_total", help);
    for outcome in OUTCOMES {
        outcomes.start(&[("outcome", outcome)], 0.0);
    }
    let allowance = Mutex::new(Allowance::new(settings.per_second, Instant::now()));
    let door = Door { timers, outcomes, allowance, token: settings.token.clone() };
    Router::new().route("/v1/operations", post(report)).with_state(Arc::new(door))
}

struct Door {
    timers: Timers,
    outcomes: Counter,
    allowance: Mutex<Allowance>,
    token: Option<Secret>,
}

async fn report(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door.take(&parts.headers, body).await {
        Ok(answer) => answer,
        Err(refusal) => door.refuse(&refusal),
    }
}

impl Door {
    async fn take(&self, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
        self.admit(headers)?;
        let mut timers = post::read(&whole(body).await?)?;
        self.spend(&mut timers)?;
        Ok(self.count(timers))
    }

    /// Whether whoever asks may report. Only JSON is taken, because a browser asks first before it sends that for another page.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let shown = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        if let Some(token) = &self.token {
            let token = token.reveal().map_err(|cause| {
                tracing::error!(error = %chain(&cause), "nobody can report operations: the token cannot be had");
                Refusal::new("unauthorized", "the collector does not know its own token now")
            })?;
            let shown = bearer(shown(header::AUTHORIZATION)).unwrap_or_default();
            if !is_secret_of(Sha256::digest(token.expose().trim().as_bytes()).into(), shown) {
                return Err(Refusal::new("unauthorized", "show the token: `Authorization: Bearer …`"));
            }
        }
        let kind = shown(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let is_json = kind.eq_ignore_ascii_case("application/json");
        if is_json { Ok(()) } else { Err(Refusal::new("wrong_type", "send `Content-Type: application/json`")) }
    }

    /// Takes the good ones out of the allowance, and refuses those for which it does not suffice. What is refused costs next to
    /// nothing, or whoever sends rubbish would spend what is there for good timers.
    fn spend(&self, timers: &mut [Result<Timer, Refusal>]) -> Result<(), Refusal> {
        let too_many = || Refusal::new("rate_limited", "too many timers in a second; send them later");
        let good = timers.iter().filter(|timer| timer.is_ok()).count();
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = allowance.take(u32::try_from(good).unwrap_or(u32::MAX), Instant::now());
        drop(allowance);
        if taken == 0 {
            return Err(too_many());
        }
        let beyond = timers.iter_mut().filter(|timer| timer.is_ok()).skip(usize::try_from(taken).unwrap_or(usize::MAX));
        beyond.for_each(|timer| *timer = Err(too_many()));
        Ok(())
    }

    fn count(&self, timers: Vec<Result<Timer, Refusal>>) -> Response {
        let (mut accepted, mut refused, mut errors) = (0, 0, Vec::new());
        for (number, timer) in timers.into_iter().enumerate() {
            match timer {
                Ok(timer) => {
                    let told_apart = self.timers.record(&timer.operation, timer.outcome, timer.took);
                    self.add(if told_apart { "accepted" } else { "not_told_apart" });
                    accepted += 1;
                }
                Err(refusal) => {
                    self.add(refusal.word);
                    refused += 1;
                    if errors.len() < MOST_ERRORS {
                        errors.push(json!({ "timer": number, "error": refusal.text }));
                    }
                }
            }
        }
        let status = if accepted == 0 && refused > 0 { StatusCode::BAD_REQUEST } else { StatusCode::ACCEPTED };
        (status, Json(json!({ "accepted": accepted, "refused": refused, "errors": errors }))).into_response()
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        self.add(refusal.word);
        let body = Json(json!({ "status": "error", "errorType": refusal.word, "error": refusal.text }));
        let mut response = (status(refusal.word), body).into_response();
        match refusal.word {
            "rate_limited" => response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1")),
            "unauthorized" => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => None,
        };
        response
    }

    fn add(&self, outcome: &str) {
        self.outcomes.add(&[("outcome", outcome)], 1.0);
    }
}

fn status(word: &str) -> StatusCode {
    match word {
        "unauthorized" => StatusCode::UNAUTHORIZED,
        "too_large" | "too_many" => StatusCode::PAYLOAD_TOO_LARGE,
        "too_slow" => StatusCode::REQUEST_TIMEOUT,
        "wrong_type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "rate_limited" => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The body, if it is short enough and comes in time.
async fn whole(body: Body) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Refusal::new("too_large", format!("send at most {LONGEST_BODY} bytes at once"))),
        Err(_) => Err(Refusal::new("too_slow", "the request did not arrive in time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower_service::Service;

    fn settings() -> Operations {
        Operations { token: None, names: vec!["balance".into()], max_names: 3, per_second: 1000 }
    }

    fn timer(operation: &str) -> String {
        json!({ "name": "operation_duration_ms", "value": 12, "tags": { "operation": operation } }).to_string()
    }

    async fn send(router: &Router, headers: &[(&str, &str)], body: impl Into<Body>) -> (u16, serde_json::Value) {
        let mut request = Request::post("/v1/operations").header("content-type", "application/json; charset=utf-8");
        for (name, value) in headers {
            request.headers_mut().unwrap().insert(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        let response = router.clone().call(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn counted(measures: &Measures, outcome: &str) -> u32 {
        let line = format!("watchbell_collect_operations_total{{outcome=\"{outcome}\"}} ");
        let shown = measures.render(Instant::now());
        shown.lines().find_map(|shown| shown.strip_prefix(&line)?.parse().ok()).unwrap()
    }

    #[tokio::test]
    async fn good_timers_are_counted_beside_bad_ones_and_the_reporter_hears_which() {
        let measures = Measures::new();
        let router = router(&settings(), &Timers::new(&measures), &measures);
        let (status, said) = send(&router, &[], format!("[{}, {}]", timer("trade"), timer("no name"))).await;
        assert_eq!((status, &said["accepted"], &said["refused"]), (202, &json!(1), &json!(1)));
        assert_eq!(said["errors"][0]["timer"], 1);
        let (status, _) = send(&router, &[], timer("no name")).await;
        assert_eq!((status, counted(&measures, "accepted"), counted(&measures, "wrong_name")), (400, 1, 2));
        let shown = measures.render(Instant::now());
        assert!(shown.contains("operation_duration_ms_count{operation=\"trade\",outcome=\"ok\"} 1"), "{shown}");
        assert!(shown.contains("operation_duration_ms_count{operation=\"balance\",outcome=\"error\"} 0"), "{shown}");
    }

    #[tokio::test]
    async fn ten_thousand_names_make_no_ten_thousand_series() {
        let measures = Measures::new();
        let router = router(&Operations { per_second: 100_000, ..settings() }, &Timers::new(&measures), &measures);
        for part in 0..10 {
            let timers: Vec<_> = (0..1000).map(|number| timer(&format!("order-{part}-{number}"))).collect();
            assert_eq!(send(&router, &[], format!("[{}]", timers.join(","))).await.0, 202);
        }
        assert_eq!((counted(&measures, "accepted"), counted(&measures, "not_told_apart")), (2, 9_998));
        assert_eq!(measures.render(Instant::now()).matches("operation_duration_ms_count{").count(), 8);
    }

    #[tokio::test]
    async fn whoever_has_to_show_a_token_and_does_not_is_refused() {
        let measures = Measures::new();
        let token = Some(Secret::Inline("open sesame".into()));
        let router = router(&Operations { token, ..settings() }, &Timers::new(&measures), &measures);
        for shown in ["", "Bearer", "Bearer ", "Bearer sesame", "Basic open sesame"] {
            assert_eq!(send(&router, &[("authorization", shown)], timer("trade")).await.0, 401, "{shown}");
        }
        for shown in ["Bearer open sesame", "bearer open sesame", "BEARER  open sesame"] {
            assert_eq!(send(&router, &[("authorization", shown)], timer("trade")).await.0, 202, "{shown}");
        }
        assert_eq!((counted(&measures, "unauthorized"), counted(&measures, "accepted")), (5, 3));
    }

    #[tokio::test]
    async fn what_is_no_json_too_long_or_what_a_foreign_page_can_send_is_refused_in_words() {
        let measures = Measures::new();
        let router = router(&settings(), &Timers::new(&measures), &measures);
        let refused = async |headers: &[(&str, &str)], body: &str| {
            let (status, said) = send(&router, headers, body.to_owned()).await;
            (status, said["errorType"].as_str().unwrap().to_owned())
        };
        assert_eq!(refused(&[], "<html>").await, (400, "not_json".into()));
        assert_eq!(refused(&[("content-type", "text/plain")], &timer("trade")).await, (415, "wrong_type".into()));
        assert_eq!(refused(&[], &" ".repeat(LONGEST_BODY + 1)).await, (413, "too_large".into()));
        let many = vec!["1"; MOST_TIMERS + 1].join(",");
        assert_eq!(refused(&[], &format!("[{many}]")).await, (413, "too_many".into()));
        for word in ["not_json", "wrong_type", "too_large", "too_many"] {
            assert_eq!(counted(&measures, word), 1, "{word}");
        }
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_counted() {
        let measures = Measures::new();
        let router = router(&Operations { per_second: 1, ..settings() }, &Timers::new(&measures), &measures);
        let flood = format!("[{}]", vec![timer("trade"); 100].join(","));
        let (status, said) = send(&router, &[], flood.clone()).await;
        assert_eq!((status, &said["accepted"], &said["refused"]), (202, &json!(4), &json!(96)));
        assert_eq!((&said["errors"][0]["timer"], said["errors"].as_array().unwrap().len()), (&json!(4), MOST_ERRORS));
        assert_eq!(send(&router, &[], flood).await.0, 429);
        assert_eq!((counted(&measures, "accepted"), counted(&measures, "rate_limited")), (4, 97));
    }

    #[tokio::test]
    async fn rubbish_spends_nothing_that_is_there_for_good_timers() {
        let measures = Measures::new();
        let router = router(&Operations { per_second: 1000, ..settings() }, &Timers::new(&measures), &measures);
        let rubbish = format!("[{}]", vec!["1"; MOST_TIMERS].join(","));
        for _ in 0..5 {
            assert_eq!(send(&router, &[], rubbish.clone()).await.0, 400);
        }
        assert_eq!(send(&router, &[], timer("trade")).await.0, 202);
        assert_eq!((counted(&measures, "accepted"), counted(&measures, "rate_limited")), (1, 0));
    }
}
