//! WB071 · `rate`, `irate` or `increase` of what goes up and down.

use super::files::RATES;
use crate::diagnostics::{Findings, Text, codes};
use crate::promql::Expr;
use crate::promql::tree::Kind;

/// What names of gauges end with, where that leaves no doubt.
const ENDINGS: [&str; 8] =
    ["_avail_bytes", "_celsius", "_free_bytes", "_info", "_percent", "_ratio", "_timestamp_seconds", "_usage_bytes"];

pub(super) fn check(text: &Text, expr: &Expr, findings: &mut Findings) {
    expr.root().walk(&mut |node| {
        let Kind::Call(function, arguments) = &node.kind else { return };
        let Some(Kind::Range(of, _)) = arguments.first().map(|argument| &argument.kind) else { return };
        let Kind::Selector(selector) = &of.kind else { return };
        let Some(name) = selector.name().filter(|name| RATES.contains(&function.name) && is_gauge(name)) else {
            return;
        };
        findings
            .warn(codes::WB071, format!("`{}` of `{name}`, which goes up and down", function.name))
            .at(text.place_of(node.range.clone()), "each fall counts as a restart from zero")
            .help("for a gauge use `delta`, `deriv`, or `avg_over_time`");
    });
}

fn is_gauge(name: &str) -> bool {
    name == "up" || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
