//! Prometheus's envelope around answers and errors.

use crate::engine::command::Refusal;
use crate::http::chain;
use crate::service::books::BooksError;
use crate::service::doors::NotDone;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// A good answer.
pub fn success(data: impl Serialize) -> Response {
    success_as(StatusCode::OK, data)
}

/// A good answer, and what its reader should know all the same.
pub fn success_but(data: impl Serialize, warnings: &[String]) -> Response {
    if warnings.is_empty() {
        return success(data);
    }
    Json(json!({ "status": "success", "data": data, "warnings": warnings })).into_response()
}

/// A good answer with a status that says more.
pub fn success_as(status: StatusCode, data: impl Serialize) -> Response {
    (status, Json(json!({ "status": "success", "data": data }))).into_response()
}

/// Why a request is not answered as it would like: a status, the kind in one word, and what to say to people.
#[derive(Debug)]
pub struct Wrong {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Wrong {
    /// What to say to people.
    pub fn words(self) -> String {
        self.message
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let body = json!({ "status": "error", "errorType": self.kind, "error": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// An error.
pub fn error(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Wrong {
    Wrong { status, kind, message: message.into() }
}

/// A question that cannot be answered as it was put.
pub fn bad_data(message: impl Into<String>) -> Wrong {
    error(StatusCode::BAD_REQUEST, "bad_data", message)
}

/// Something is not there.
pub fn not_found(message: impl Into<String>) -> Wrong {
    error(StatusCode::NOT_FOUND, "not_found", message)
}

/// Nobody is there to answer any more.
pub fn stopping() -> Wrong {
    error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the service is stopping")
}

/// Another replica decides.
pub fn standing_by() -> Wrong {
    let why = "another replica decides, and this one waits for its lease to end; ask that one";
    error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", why)
}

/// The store cannot be read.
pub fn unreadable(cause: &BooksError) -> Wrong {
    tracing::error!(error = %chain(cause), "the store could not be read for an answer");
    error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the store cannot be read now")
}

/// A command was not carried out.
pub fn not_done(why: &NotDone) -> Wrong {
    let (status, kind) = match why {
        NotDone::Refused(refusal) => refused(refusal),
        NotDone::OtherCommand => (StatusCode::CONFLICT, "conflict"),
        NotDone::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    error(status, kind, why.to_string())
}

fn refused(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::NoSuchIncident(_) | Refusal::NoSuchSilence | Refusal::NoSuchRoutine { .. } => {
            (StatusCode::NOT_FOUND, "not_found")
        }
        Refusal::OtherGeneration { .. }
        | Refusal::Resolved(_)
        | Refusal::NotResolved(_)
        | Refusal::Reviewed(_)
        | Refusal::NotAcknowledged(_)
        | Refusal::StillFiring { .. }
        | Refusal::NothingToDo { .. }
        | Refusal::NoLevelLeft(_) => (StatusCode::CONFLICT, "conflict"),
        Refusal::NoSuchResponder(_) | Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, "bad_data"),
    }
}
