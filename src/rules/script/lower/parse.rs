//! Rhai as a parser, and the way back from its tree to the text.

use crate::rules::script::ScriptError;
use crate::rules::script::refuse::error;
use crate::rules::script::scan::Tokens;
use rhai::{AST, Engine, Expr, LexError, OptimizationLevel, ParseError, ParseErrorType, Position};
use std::ops::Range;
use std::sync::LazyLock;

/// How deep an expression may be nested; also how many operators of one kind may follow each other.
const DEPTH_MAX: usize = 96;

/// It never evaluates, so it has no package, and it must not fold constants: that is arithmetic, and arithmetic is ours. It is not told to
/// be strict about names either, because it would stop at the first unknown one.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(DEPTH_MAX, DEPTH_MAX);
    engine
});

pub fn parse(tokens: &Tokens<'_>) -> Result<AST, ScriptError> {
    ENGINE.compile_expression(tokens.text).map_err(|cause| translate(&cause, tokens))
}

/// Whether Rhai takes `name` for a plain variable.
pub fn is_free(name: &str) -> bool {
    let parsed = ENGINE.compile_expression(name);
    parsed.is_ok_and(|ast| matches!(ast.statements(), [rhai::Stmt::Expr(expr)] if matches!(**expr, Expr::Variable(..))))
}

/// Says in our words what Rhai did not understand.
fn translate(cause: &ParseError, tokens: &Tokens<'_>) -> ScriptError {
    let at = tokens.token_at(offset(tokens, cause.position()));
    match cause.err_type() {
        ParseErrorType::UnexpectedEOF => {
            let last = tokens.list.last().map_or("", |token| tokens.says(token));
            error(tokens.end(), format!("something must follow `{last}`"), "")
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(_)) => {
            let said = &tokens.text[at.clone()];
            error(at, format!("`{said}` is unexpected here"), "join conditions with `&&` or `||`")
        }
        ParseErrorType::MismatchedType(_, found) => {
            let message = format!("`&&` and `||` join conditions, and this is {found}");
            error(at, message, "compare it, for example `tps > 0`")
        }
        ParseErrorType::ExprTooDeep => {
            let message = format!("the condition is nested more than {DEPTH_MAX} deep");
            error(0..tokens.text.len(), message, "split it, or list alternatives as `labels.chain in [\"a\", \"b\"]`")
        }
        other => error(at, lower_first(&other.to_string()), ""),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn offset(tokens: &Tokens<'_>, position: Position) -> usize {
    match (position.line(), position.position()) {
        (Some(line), Some(column)) => tokens.offset(line, column),
        (Some(line), None) => tokens.offset(line, 1),
        (None, _) => tokens.text.len(),
    }
}

/// The bytes that an expression was read from, brackets around its parts included.
pub fn range_of(expr: &Expr, tokens: &Tokens<'_>) -> Range<usize> {
    let at = offset(tokens, expr.start_position());
    let own = match expr {
        Expr::IntegerConstant(..) | Expr::FloatConstant(..) => tokens.signed_number_at(at),
        Expr::FnCall(call, position) if call.is_operator_call() || is_membership(call) => {
            let operator = tokens.token_at(offset(tokens, *position));
            joined(call.args.iter(), tokens).map_or(operator.clone(), |range| cover(&range, &operator))
        }
        Expr::FnCall(_, position) | Expr::MethodCall(_, position) | Expr::Array(_, position) => {
            tokens.call_at(offset(tokens, *position))
        }
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => {
            cover(&range_of(&pair.lhs, tokens), &range_of(&pair.rhs, tokens))
        }
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
            joined(parts.iter(), tokens).unwrap_or_else(|| tokens.token_at(at))
        }
        _ => tokens.token_at(at),
    };
    tokens.balanced(own)
}

/// `a in b` arrives as a call of `contains`; only its operands tell it from one that was written.
pub fn is_membership(call: &rhai::FnCallExpr) -> bool {
    call.name == "contains" && call.args.len() == 2
}

fn joined<'a>(parts: impl Iterator<Item = &'a Expr>, tokens: &Tokens<'_>) -> Option<Range<usize>> {
    parts.map(|part| range_of(part, tokens)).reduce(|all, part| cover(&all, &part))
}

fn cover(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}
