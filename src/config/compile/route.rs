//! Routes: which policy an incident gets.

use super::Ground;
use super::matchers::covers;
use super::names::What;
use crate::config::settings::Route;
use crate::config::written;
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::Matchers;

/// The routes of the file, or the one that goes without saying.
pub(super) fn routes(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Route> {
    let Some(written) = &ground.written.routes else { return unsaid(ground, findings) };
    let routes: Vec<(Route, Place)> =
        written.value.iter().filter_map(|route| Some((one(ground, route, findings)?, route.place))).collect();
    if !ground.left_out.any("routes") {
        last_matches_everything(written, findings);
    }
    never_matched(&routes, findings);
    routes.into_iter().map(|(route, _)| route).collect()
}

fn one(ground: &Ground<'_>, written: &Spanned<written::Route>, findings: &mut Findings) -> Option<Route> {
    let policy = ground.find(What::Policy, &written.value.policy, findings);
    let matchers = match &written.value.matchers {
        None => Matchers::parse("").ok(),
        Some(text) => {
            let matchers = ground.matchers(text, findings);
            if matchers.iter().flat_map(Matchers::iter).any(|matcher| &**matcher.name() == "severity") {
                findings
                    .error(codes::WB134, "a route cannot look at `severity`")
                    .at(text.place(), "changes while an incident is open")
                    .help("the matrix of the policy decides by severity");
            }
            matchers
        }
    };
    Some(Route { matchers: matchers?, policy: policy? })
}

fn last_matches_everything(written: &Spanned<Vec<Spanned<written::Route>>>, findings: &mut Findings) {
    let is_open = |route: &Spanned<written::Route>| {
        let matchers = route.value.matchers.as_ref().map(|text| Matchers::parse(text.as_str()));
        // What does not parse has been told already.
        matchers.is_none_or(|parsed| parsed.is_ok_and(|matchers| matchers.iter().next().is_none()))
    };
    let place = match written.value.last() {
        Some(last) if is_open(last) => return,
        Some(last) => last.place,
        None => written.place,
    };
    findings
        .error(codes::WB132, "the last route has to match everything")
        .at(place, "what does not match here has no policy")
        .help("end the list with `- { policy: NAME }`");
}

fn never_matched(routes: &[(Route, Place)], findings: &mut Findings) {
    for (number, (route, place)) in routes.iter().enumerate() {
        let earlier = routes[..number].iter().find(|(earlier, _)| covers(&earlier.matchers, &route.matchers));
        if let Some((_, first)) = earlier {
            findings
                .warn(codes::WB133, "this route is never taken")
                .at(*place, "whatever it matches")
                .see(*first, "is taken here first")
                .help("move it up, or delete it");
        }
    }
}

/// Whether this is the configuration of a machine that collects and does nothing else.
fn only_collects(ground: &Ground<'_>) -> bool {
    let written = ground.written;
    written.collect.is_some() && written.rules.is_empty() && written.prometheus.iter().next().is_none()
}

/// Without routes: the policy `default`, or the only one there is.
fn unsaid(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Route> {
    // Which policies there are can only be said when all of them can be read.
    if ground.left_out.any("policies") {
        return Vec::new();
    }
    let policies: Vec<&str> = ground.written.policies.iter().map(|(name, _)| name.value.as_str()).collect();
    let policy = match policies.as_slice() {
        // Who evaluates no rules has no alert to tell.
        [] if only_collects(ground) => return Vec::new(),
        [] => {
            findings
                .warn(codes::WB139, "nobody will hear of any alert")
                .help("add `channels`, a policy under `policies`, and `routes`");
            return Vec::new();
        }
        [only] => *only,
        several if several.contains(&"default") => "default",
        [_, ..] => {
            let first = ground.written.policies.iter().next().map(|(name, _)| name.place);
            let finding = findings.error(codes::WB132, "there are several policies and no routes");
            finding.at = first.map(|place| (place, "which one is for what?".into()));
            finding.help("add `routes`, or call one of the policies `default`");
            return Vec::new();
        }
    };
    Matchers::parse("").map(|matchers| Route { matchers, policy: policy.into() }).into_iter().collect()
}
