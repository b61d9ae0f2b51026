//! `GET /api/v2/status` and `/api/v2/receivers`: what clients of an Alertmanager ask before they ask anything else.

use super::{Refused, time};
use crate::api::Desk;
use crate::model::Slot;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// What stands where an Alertmanager shows its configuration: ours is files, and may hold what not every viewer may see.
const NO_CONFIGURATION: &str =
    "# This is Watchbell. Its configuration is files: see `watchbell check` and `watchbell diff`.\n";

/// Who answers, and since when.
pub async fn status(State(desk): State<Desk>) -> Json<Value> {
    let version = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "revision": "watchbell",
        "branch": "watchbell",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    });
    Json(json!({
        "cluster": { "status": "disabled", "peers": [] },
        "config": { "original": NO_CONFIGURATION },
        "uptime": time(Slot::from_millis(desk.started)),
        "versionInfo": version,
    }))
}

/// The policies, which are what an Alertmanager calls receivers.
pub async fn receivers(State(desk): State<Desk>) -> Result<Json<Value>, Refused> {
    let settings = desk.doors.settings.borrow().clone();
    Ok(Json(settings.policies.keys().map(|policy| json!({ "name": &**policy })).collect()))
}
