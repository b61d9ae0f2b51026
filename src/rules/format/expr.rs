//! An expression within its scalar: one line keeps its quotes, several lines stand after `|`.

use crate::promql::Expr;
use crate::yaml::layout::{Scalar, Written};

/// Lays out the expression of a scalar. What is no PromQL stays as it is.
pub(super) fn lay_out(scalar: &mut Scalar) {
    let Ok(expr) = Expr::parse(&scalar.text) else { return };
    let text = expr.laid_out();
    if text == scalar.text.trim_end_matches('\n') && is_settled(&scalar.written, &text) {
        return;
    }
    write_expr(scalar, &text);
}

/// Whether a text that need not change is also written as it should be.
fn is_settled(written: &Written, text: &str) -> bool {
    match written {
        Written::Inline(raw) => !text.contains('\n') && !raw.contains('\n'),
        Written::Block { header, lines } => {
            header.starts_with('|') && !lines.iter().any(|line| line.starts_with(' '))
                || !text.contains('\n') && lines.len() == 1
        }
    }
}

/// Writes `text` into a scalar: on one line in the quotes that it has, on several after `|`.
pub fn write_expr(scalar: &mut Scalar, text: &str) {
    if !can_be_written(text) {
        return;
    }
    scalar.written = match &scalar.written {
        Written::Block { header, .. } => {
            Written::Block { header: header.replace('>', "|").replace('+', ""), lines: lines(text) }
        }
        Written::Inline(_) if text.contains('\n') => Written::Block { header: "|".into(), lines: lines(text) },
        Written::Inline(raw) => Written::Inline(in_quotes(text, raw)),
    };
    text.clone_into(&mut scalar.text);
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Whether a block scalar can hold it: what cannot be seen is written with an escape only.
fn can_be_written(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') && !text.contains('\u{feff}')
}

/// `text` in the quotes that `raw` has; in single ones where it had none and needs some.
fn in_quotes(text: &str, raw: &str) -> String {
    match raw.chars().next() {
        Some('"') => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t")),
        Some('\'') => in_single_quotes(text),
        _ if is_plain(text) => text.to_owned(),
        _ => in_single_quotes(text),
    }
}

fn in_single_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether YAML reads it as the text that it is, without quotes.
fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '(');
    let means_more = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    starts_well && !means_more && !text.contains(": ") && !text.contains(" #") && !text.ends_with(':')
}
