//! The mission's health check: chains, contracts and oracles, asked by us.

use super::Desk;
use super::reply::{self, Wrong};
use crate::collect::health::Health;
use axum::extract::State;

/// How the chains, the contracts and the oracles of `collect:` are.
pub async fn health(State(desk): State<Desk>) -> Result<Health, Wrong> {
    let settings = std::sync::Arc::clone(&desk.doors.settings.borrow());
    match &settings.collect {
        Some(collect) if !collect.chains.is_empty() => Ok(desk.checkup.of(collect).await),
        Some(_) | None => Err(reply::not_found("the configuration names no chain below `collect:`")),
    }
}
