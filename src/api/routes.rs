//! Every route, and what it needs to be let in: one table, from which the router is built and the documentation is checked.

use super::access::{Reader, guard};
use super::ask::LONGEST_BODY;
use super::reply::{self, Wrong};
use super::{
    Desk, alertmanager, alerts, callbacks, health, healthy, incidents, metrics, ready, reload, routines, rules,
    silences,
};
use crate::config::Role;
use crate::http_metrics::HttpMetrics;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{MethodRouter, delete, get, post};
use std::sync::Arc;

/// What a route asks of whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells nothing and changes nothing that matters, or its handler wants a proof of its own.
    Nothing,
    /// A caller with at least this role.
    Role(Role),
}

/// A route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What it needs.
    pub needs: Needs,
    handler: MethodRouter<Desk>,
}

/// All routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (open, look) = (Needs::Nothing, Needs::Role(Role::Viewer));
    let (act, rule) = (Needs::Role(Role::Responder), Needs::Role(Role::Admin));
    let send = Needs::Role(Role::Sender);
    let long = DefaultBodyLimit::max(alertmanager::LONGEST_POST);
    let mut all = vec![
        route(Method::GET, "/", open, get(front)),
        route(Method::GET, "/-/healthy", open, get(healthy)),
        route(Method::GET, "/-/ready", open, get(ready)),
        route(Method::POST, "/-/reload", rule, post(reload)),
        route(Method::GET, "/metrics", look, get(metrics)),
        route(Method::GET, "/api/v1/rules", look, get(rules::rules)),
        route(Method::GET, "/api/v1/alerts", look, get(alerts::alerts)),
        route(Method::GET, "/api/v1/health", look, get(health::health)),
        route(Method::GET, "/incidents", look, get(incidents::look)),
        route(Method::GET, "/incidents/{number}", look, get(incidents::look_at)),
        route(Method::GET, "/api/v1/incidents", look, get(incidents::list)),
        route(Method::GET, "/api/v1/incidents/{number}", look, get(incidents::show)),
        route(Method::GET, "/api/v1/routines", look, get(routines::list)),
        route(Method::POST, "/api/v1/routines/{name}/done", act, post(routines::done)),
        route(Method::GET, "/api/v1/silences", look, get(silences::list)),
        route(Method::POST, "/api/v1/silences", act, post(silences::add)),
        route(Method::DELETE, "/api/v1/silences/{id}", act, delete(silences::expire)),
        route(Method::POST, "/api/v1/webhook/alertmanager", send, post(alertmanager::webhook).layer(long)),
        route(Method::POST, "/api/v2/alerts", send, post(alertmanager::post).layer(long)),
        route(Method::GET, "/api/v2/alerts", look, get(alertmanager::alerts)),
        route(Method::GET, "/api/v2/alerts/groups", look, get(alertmanager::groups)),
        route(Method::GET, "/api/v2/silences", look, get(alertmanager::list)),
        route(Method::POST, "/api/v2/silences", act, post(alertmanager::add)),
        route(Method::GET, "/api/v2/silence/{id}", look, get(alertmanager::show)),
        route(Method::DELETE, "/api/v2/silence/{id}", act, delete(alertmanager::expire)),
        route(Method::GET, "/api/v2/receivers", look, get(alertmanager::receivers)),
        route(Method::GET, "/api/v2/status", look, get(alertmanager::status)),
    ];
    all.extend(callbacks::routes().map(|(method, path, handler)| route(method, path, open, handler)));
    all.extend(incidents::VERBS.map(|verb| {
        let handler = post(move |desk, caller, path, all, headers, body| {
            incidents::act(verb, desk, caller, path, all, headers, body)
        });
        route(Method::POST, &format!("/api/v1/incidents/{{number}}/{verb}"), act, handler)
    }));
    all
}

fn route(method: Method, path: &str, needs: Needs, handler: MethodRouter<Desk>) -> Route {
    Route { method, path: path.to_owned(), needs, handler }
}

/// The router of all routes.
pub(super) fn router(desk: &Desk) -> Router {
    let metrics = Arc::clone(&desk.doors.metrics);
    let mut router = Router::new();
    for Route { path, needs, handler, .. } in routes() {
        let handler = match needs {
            Needs::Nothing => handler,
            Needs::Role(role) => {
                handler.route_layer(from_fn_with_state((desk.clone(), role, Reader::of(&path)), guard))
            }
        };
        router = router.route(&path, handler);
    }
    router
        .fallback(|| async { reply::not_found("there is no such route") })
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(HttpMetrics::telling(move |seen| metrics.requested(seen)))
        .with_state(desk.clone())
}

/// Whoever comes by the bare address wants to see what is open. Relative, so that it stays below whatever a proxy puts before us.
async fn front() -> Redirect {
    Redirect::temporary("incidents")
}

async fn wrong_method(method: Method) -> Wrong {
    let message = format!("this route does not take {method}; the `Allow` of this answer names what it takes");
    reply::error(StatusCode::METHOD_NOT_ALLOWED, "bad_method", message)
}
