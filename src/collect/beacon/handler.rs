//! `POST /v1/beacon`: who may send, how much, and what is answered. What a batch means is decided in [`super::decide`].

use super::Desk;
use super::client::client;
use super::metrics;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long the body of a batch may take to arrive.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a browser may remember that it is allowed to send, in seconds. Chromium remembers no longer than this.
const REMEMBERED: &str = "7200";

/// An answer that is no thanks: the status, the outcome that is counted, and a sentence for whoever looks at it.
struct No(StatusCode, &'static str, String);

/// Takes a batch.
pub(super) async fn receive(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let origin = origin(request.headers()).filter(|said| desk.allows(said)).cloned();
    let outcome = match &origin {
        None => Err(No(StatusCode::FORBIDDEN, metrics::FOREIGN_ORIGIN, "pages of this origin may not send\n".into())),
        Some(_) => take(&desk, request).await,
    };
    let answer = outcome.map_or_else(
        |No(status, outcome, text)| {
            desk.instruments.batch(outcome);
            (status, text).into_response()
        },
        |()| StatusCode::NO_CONTENT.into_response(),
    );
    for_origin(answer, origin)
}

/// Answers what a browser asks before it sends JSON across origins.
pub(super) async fn preflight(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let Some(origin) = origin(&headers).filter(|said| desk.allows(said)).cloned() else {
        return for_origin(StatusCode::FORBIDDEN.into_response(), None);
    };
    let mut answer = StatusCode::NO_CONTENT.into_response();
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, Method::POST.as_str()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    answer.headers_mut().extend(allowed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    for_origin(answer, Some(origin))
}

async fn take(desk: &Desk, request: Request) -> Result<(), No> {
    let (parts, body) = request.into_parts();
    if !is_text_or_json(&parts.headers) {
        let says = "send `application/json` or `text/plain`\n".into();
        return Err(No(StatusCode::UNSUPPORTED_MEDIA_TYPE, metrics::WRONG_TYPE, says));
    }
    // Without the address of the connection all share one bucket, which is the safe side.
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if !desk.admit(client(peer, &parts.headers, &desk.settings.trusted_proxies)) {
        let says = "too many beacons; send fewer\n".into();
        return Err(No(StatusCode::TOO_MANY_REQUESTS, metrics::RATE_LIMITED, says));
    }
    let body = read(&parts.headers, body, desk.settings.max_bytes, DEADLINE).await?;
    let decision = desk.decide(&body);
    let decision = decision.map_err(|why| No(StatusCode::BAD_REQUEST, metrics::MALFORMED, format!("{why}\n")))?;
    desk.instruments.apply(&decision);
    Ok(())
}

async fn read(headers: &HeaderMap, body: Body, most: usize, deadline: Duration) -> Result<axum::body::Bytes, No> {
    let too_large = || {
        let says = format!("a batch has at most {most} bytes\n");
        No(StatusCode::PAYLOAD_TOO_LARGE, metrics::TOO_LARGE, says)
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let too_slow = |_| No(StatusCode::REQUEST_TIMEOUT, metrics::TOO_SLOW, "the batch did not arrive in time\n".into());
    let read = tokio::time::timeout(deadline, to_bytes(body, most)).await.map_err(too_slow)?;
    // One that announced a good length and then broke off is no batch either; the reader knows no other mistakes.
    read.map_err(|cause| match announced {
        None => too_large(),
        Some(_) => No(StatusCode::BAD_REQUEST, metrics::MALFORMED, format!("the batch cannot be read: {cause}\n")),
    })
}

fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::ORIGIN)
}

fn is_text_or_json(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim();
    ["application/json", "text/plain"].iter().any(|good| essence.eq_ignore_ascii_case(good))
}

/// The headers with which a page of `origin` may see the answer. A foreign one gets none. `sendBeacon` always sends with
/// credentials, and so they are allowed; nobody looks at them.
fn for_origin(mut answer: Response, origin: Option<HeaderValue>) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::{No, metrics, read};
    use axum::body::Body;
    use axum::http::{HeaderMap, StatusCode};
    use std::time::Duration;

    #[tokio::test]
    async fn a_batch_that_never_arrives_is_not_waited_for() {
        let never = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
        let read = read(&HeaderMap::new(), never, 1000, Duration::from_millis(20)).await;
        let Err(No(status, outcome, _)) = read else { panic!("nothing was sent") };
        assert_eq!((status, outcome), (StatusCode::REQUEST_TIMEOUT, metrics::TOO_SLOW));
    }
}
