//! What a rule asks: one expression, or several with names.

use super::{Compiler, name_of, names};
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Spanned, Text, codes};
use crate::model::{Name, Span};
use crate::promql::{Expr, ValueType};
use crate::rules::rule::{Kind, Query};
use crate::rules::{script, written};

/// The queries of a rule and how they belong together.
pub(super) struct Asked {
    pub queries: Vec<Query>,
    pub join: Vec<Name>,
    pub value: usize,
}

pub(super) fn compile(
    rule: &written::Rule,
    alert: &Spanned<String>,
    kind: Kind,
    compiler: &mut Compiler<'_>,
) -> Option<Asked> {
    match (&rule.expr, &rule.queries) {
        (Some(expr), Some(queries)) if !expr.value.is_empty() => {
            compiler
                .error(codes::WB034, "a rule has either `expr` or `queries`", expr.place, "")
                .see(queries.place, "and this")
                .help("move the expression into `queries` and give it a name");
            None
        }
        (_, Some(queries)) => several(rule, queries, compiler),
        (Some(expr), None) if !expr.value.is_empty() => single(rule, expr, kind, compiler),
        _ => {
            compiler.error(codes::WB031, format!("the rule `{}` has no `expr`", alert.value), alert.place, "");
            None
        }
    }
}

fn single(rule: &written::Rule, text: &Text, kind: Kind, compiler: &mut Compiler<'_>) -> Option<Asked> {
    for (key, place) in
        [("join", rule.join.as_ref().map(|join| join.place)), ("value", rule.value.as_ref().map(|value| value.place))]
    {
        if let Some(place) = place {
            compiler.error(codes::WB034, format!("`{key}` belongs to `queries`; this rule has one `expr`"), place, "");
        }
    }
    let expr = compiler.expr(text)?;
    check_type(&expr, text, kind, compiler);
    let query = Query { name: name_of("value"), expr, history: Span::ZERO };
    Some(Asked { queries: vec![query], join: Vec::new(), value: 0 })
}

/// A rule cannot make anything of a range or a text. Prometheus takes such a rule and fails at each evaluation.
fn check_type(expr: &Expr, text: &Text, kind: Kind, compiler: &mut Compiler<'_>) {
    let found = expr.value_type();
    if matches!(found, ValueType::Vector | ValueType::Scalar) {
        return;
    }
    let message = format!("a rule needs numbers, and this is a {}", found.name());
    let place = text.place_of(expr.root().range.clone());
    let finding = match kind {
        Kind::Plain => compiler.warn(codes::WB060, message + ": each evaluation will fail", place, ""),
        Kind::Extended => compiler.error(codes::WB060, message, place, ""),
    };
    if found == ValueType::Matrix {
        finding.help("put a function such as `rate(…)` or `max_over_time(…)` around it");
    }
}

fn several(
    rule: &written::Rule,
    written: &Spanned<crate::yaml::Entries<written::Query>>,
    compiler: &mut Compiler<'_>,
) -> Option<Asked> {
    if written.value.0.is_empty() {
        compiler.error(codes::WB045, "`queries` names no query", written.place, "");
        return None;
    }
    let meant: Vec<Option<Query>> = written.value.iter().map(|(name, query)| named(name, query, compiler)).collect();
    let join: Vec<Name> = rule.join.iter().flat_map(|join| &join.value).map(|label| name_of(&label.value)).collect();
    for label in rule.join.iter().flat_map(|join| &join.value) {
        names::check_label(label, compiler);
    }
    let value = value(rule, written, compiler);
    Some(Asked { queries: meant.into_iter().collect::<Option<_>>()?, join, value: value? })
}

fn named(name: &Spanned<String>, written: &written::Query, compiler: &mut Compiler<'_>) -> Option<Query> {
    if let Err(reason) = script::check_query_name(&name.value) {
        compiler.error(codes::WB045, reason, name.place, "");
    }
    let (text, history) = match written {
        written::Query::Expr(text) => (text, None),
        written::Query::Full(full) => (&full.expr, full.history),
    };
    let expr = compiler.expr(text)?;
    check_type(&expr, text, Kind::Extended, compiler);
    Some(Query { name: name_of(&name.value), expr, history: history.map_or(Span::ZERO, |history| history.value.0) })
}

fn value(
    rule: &written::Rule,
    queries: &Spanned<crate::yaml::Entries<written::Query>>,
    compiler: &mut Compiler<'_>,
) -> Option<usize> {
    let Some(wanted) = &rule.value else { return Some(0) };
    let names = || queries.value.iter().map(|(name, _)| name.value.as_str());
    let found = names().position(|name| name == wanted.value);
    if found.is_none() {
        let all =
            || format!("`queries` has {}", names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
        let help = did_you_mean(&wanted.value, names()).unwrap_or_else(all);
        compiler.error(codes::WB045, format!("there is no query `{}`", wanted.value), wanted.place, "").help(help);
    }
    found
}
