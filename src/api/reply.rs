//! Prometheus's envelope around answers and errors.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// A good answer.
pub fn success(data: impl Serialize) -> Response {
    Json(json!({ "status": "success", "data": data })).into_response()
}

/// A question that cannot be answered as it was put.
pub fn bad_data(message: impl Into<String>) -> Response {
    let body = json!({ "status": "error", "errorType": "bad_data", "error": message.into() });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Nobody is there to answer any more.
pub fn stopping() -> Response {
    let body = json!({ "status": "error", "errorType": "unavailable", "error": "the service is stopping" });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
