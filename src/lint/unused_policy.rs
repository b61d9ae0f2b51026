//! WB250 · A policy that no route and no rule leads to: none of its levels can be reached.

use crate::config::Settings;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::rules::Loaded;
use std::collections::BTreeSet;

/// Tells which of the policies, as they are named in the configuration, nothing leads to. To be asked only with all the rules
/// that the configuration names.
pub fn check(policies: &[Spanned<String>], settings: &Settings, loaded: &Loaded, findings: &mut Findings) {
    let of_routes = settings.routes.iter().map(|route| &route.policy);
    let of_rules = loaded.checked.iter().filter_map(|rule| rule.rule.policy.as_ref());
    let used: BTreeSet<&str> = of_routes.chain(of_rules).map(|name| &**name).collect();
    for policy in policies.iter().filter(|policy| !used.contains(policy.value.as_str())) {
        findings
            .warn(codes::WB250, format!("nothing leads to the policy `{}`", policy.value))
            .at(policy.place, "none of its levels can be reached")
            .help("name it in a route or a rule, or delete it; one that others extend can be merged into them");
    }
}
