//! A request from its arrival to the end of its answer.

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whoever wants to know of every request.
pub(super) type Tell = Arc<dyn Fn(&Seen<'_>) + Send + Sync>;

/// The route of what no route matches.
const UNMATCHED: &str = "unmatched";

/// What a request is counted as whose caller went away: nginx's number for it, which is nobody's error of ours.
const GONE: u16 = 499;

/// What was seen of one request.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its method, or `other`.
    pub method: &'static str,
    /// The pattern of the route that it took, or `unmatched`.
    pub route: &'a str,
    /// The status of its answer; 499 where its caller went away before there was one, 500 where its handler panicked.
    pub status: StatusCode,
    /// How long it took, to the last byte of the answer.
    pub took: Duration,
}

/// A request that is under way. It is told of when this is dropped, so that none is forgotten.
pub(super) struct Under {
    method: &'static str,
    route: Option<MatchedPath>,
    status: Option<StatusCode>,
    since: Instant,
    tell: Tell,
}

impl Under {
    /// A request has come.
    pub(super) fn way(method: &Method, route: Option<MatchedPath>, tell: Tell) -> Self {
        Under { method: word(method), route, status: None, since: Instant::now(), tell }
    }

    /// The head of its answer is known.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        let gone = StatusCode::from_u16(GONE).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        let unanswered = if std::thread::panicking() { StatusCode::INTERNAL_SERVER_ERROR } else { gone };
        (self.tell)(&Seen {
            method: self.method,
            route: self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str),
            status: self.status.unwrap_or(unanswered),
            took: self.since.elapsed(),
        });
    }
}

/// The methods that HTTP names, each by its name: whoever asks may write any other.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}
