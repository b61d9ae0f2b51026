//! WB069 · A window that holds too few scrapes for what is asked of it.

use crate::config::Checks;
use crate::diagnostics::{Findings, Text, codes};
use crate::model::{Span, duration_text};
use crate::promql::Expr;
use crate::promql::tree::Kind;

/// What has no answer with fewer than two samples in the window.
const NEEDS_TWO: [&str; 7] = ["rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear"];

/// Two samples, and room for one scrape that fails and for one that falls on the edge.
const SCRAPES: i64 = 4;

/// What Prometheus's own examples scrape at, where nobody says.
const USUAL: Span = Span::from_secs(15);

pub(super) fn check(text: &Text, expr: &Expr, checks: &Checks, findings: &mut Findings) {
    let scrape = checks.scrape_interval.unwrap_or(USUAL);
    let least = scrape.times(SCRAPES);
    expr.root().walk(&mut |node| {
        let Kind::Call(function, arguments) = &node.kind else { return };
        let range = arguments.iter().find_map(|argument| match &argument.kind {
            Kind::Range(_, window) => Some((argument, Span::from_millis(*window))),
            _ => None,
        });
        let Some((range, window)) = range.filter(|_| NEEDS_TWO.contains(&function.name)) else { return };
        if window < least {
            let (least, scrape) = (duration_text::format(least), duration_text::format(scrape));
            let assumed =
                if checks.scrape_interval.is_some() { "" } else { " (set `checks: { scrape_interval: … }` if not)" };
            findings
                .warn(codes::WB069, format!("`{}` over less than four scrapes", function.name))
                .at(text.place_of(range.range.clone()), "one scrape that fails leaves nothing")
                .help(format!("take `[{least}]` or more: scrapes are {scrape} apart{assumed}"));
        }
    });
}
