//! What is refused before Rhai sees it: words and signs of other languages, and of Rhai's that conditions do not have.
//!
//! Rhai would refuse most of it as well, one at a time and in the words of a programming language. A few things it would
//! take, to the surprise of the author.

use super::ScriptError;
use super::scan::{Kind, Token, Tokens};
use crate::diagnostics::suggest::nearest;

/// How many bytes a condition may have.
const TEXT_MAX: usize = 4096;

const STATEMENTS: [&str; 27] = [
    "let", "const", "fn", "private", "if", "else", "switch", "while", "loop", "for", "do", "until", "return", "throw",
    "try", "catch", "break", "continue", "import", "export", "as", "global", "this", "static", "match", "case", "goto",
];

/// Functions that Rhai has and that reach out of a condition.
pub const WAYS_OUT: [&str; 10] =
    ["eval", "print", "debug", "Fn", "call", "curry", "type_of", "is_def_var", "is_def_fn", "is_shared"];

/// Refuses what no condition can hold, all of it.
pub fn check(tokens: &Tokens<'_>) -> Result<(), Vec<ScriptError>> {
    if tokens.text.len() > TEXT_MAX {
        let message = format!("a condition cannot be longer than {TEXT_MAX} bytes; this one has {}", tokens.text.len());
        return Err(vec![error(0..tokens.text.len(), message, "record a part of it in a query of its own")]);
    }
    if tokens.list.is_empty() {
        return Err(vec![error(0..tokens.text.len(), "the condition is empty", "write for example `value > 5`")]);
    }
    let mut errors: Vec<ScriptError> = (0..tokens.list.len()).filter_map(|index| refuse(tokens, index)).collect();
    // One that writes statements need not be told of each brace as well.
    if errors.iter().any(|error| tokens.text[error.range.clone()].starts_with(|c: char| c.is_ascii_alphabetic())) {
        errors.retain(|error| !["{", ";", "="].contains(&&tokens.text[error.range.clone()]));
    }
    if errors.is_empty() {
        errors.extend(tokens.lonely_brackets().map(|bracket| lonely(tokens, bracket)));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn refuse(tokens: &Tokens<'_>, index: usize) -> Option<ScriptError> {
    let token = &tokens.list[index];
    let said = tokens.says(token);
    let (message, help) = match token.kind {
        Kind::Word => refuse_word(said)?,
        Kind::Number => refuse_number(said)?,
        Kind::Quoted => refuse_quotes(said)?,
        // Folded YAML joins lines, and what follows the comment would silently be no part of the condition.
        Kind::LineComment => (
            "`//` comments are not part of conditions".into(),
            "write `/* … */`, or a YAML comment above the key".into(),
        ),
        Kind::Sign if said == "%" && !begins_an_operand(tokens, index + 1) => {
            ("there are no percentages".into(), "write a fraction: `0.4` for 40 %".into())
        }
        Kind::Sign => refuse_sign(said)?,
    };
    Some(error(token.range.clone(), message, help))
}

fn refuse_word(word: &str) -> Option<(String, String)> {
    let help = match word {
        "and" => "write `&&`",
        "or" => "write `||`",
        "not" => "write `!`",
        "is" => "write `==`",
        "if" | "else" | "switch" | "match" | "case" => "write what must hold, for example `a && b || !a && c`",
        _ if STATEMENTS.contains(&word) => "a condition is one expression that is true or false",
        _ => return None,
    };
    Some((format!("`{word}` is not part of conditions"), help.into()))
}

fn refuse_number(number: &str) -> Option<(String, String)> {
    let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &number[digits.len()..];
    let unit = matches!(suffix, "ms" | "s" | "m" | "h" | "d" | "w" | "y");
    (unit && !number.starts_with("0x")).then(|| {
        (
            format!("`{number}` is no number"),
            format!("a window stands in quotes, `\"{number}\"`; a bound is a plain number"),
        )
    })
}

fn refuse_quotes(quoted: &str) -> Option<(String, String)> {
    let open = quoted.starts_with('"') && (quoted.len() == 1 || !quoted.ends_with('"'));
    if open {
        return Some(("this text is never closed".into(), "end it with `\"`".into()));
    }
    let inner = quoted.trim_matches(['\'', '`']);
    (!quoted.starts_with('"')).then(|| ("text stands in double quotes".into(), format!("write `\"{inner}\"`")))
}

fn refuse_sign(sign: &str) -> Option<(String, String)> {
    let (message, help) = match sign {
        "=" => ("`=` assigns, and conditions only compare", "write `==`"),
        "===" => ("there is no `===`", "write `==`"),
        "!==" | "<>" => ("this is not how difference is written", "write `!=`"),
        ";" => ("a condition is one expression", "join conditions with `&&` or `||`"),
        "?" => ("there is no `… ? … : …`", "write what must hold, for example `a && b || !a && c`"),
        "?." => ("there is no `?.`", "write `.`: what is missing is unknown by itself"),
        "??" => ("there is no `??`", "say what a missing value means: `tps.missing() || tps < 5`"),
        "**" => ("there are no powers", "write the product: `x * x`"),
        "{" => ("there are no blocks", "group with `(…)`"),
        "=>" => ("there is no `=>`", "write `>=`, or `|v| v < 5` for the function of `held`"),
        "“" | "”" | "„" => ("this is no quotation mark of a program", "write `\"`"),
        "≥" => ("there is no `≥`", "write `>=`"),
        "≤" => ("there is no `≤`", "write `<=`"),
        "≠" => ("there is no `≠`", "write `!=`"),
        _ => return None,
    };
    Some((message.into(), help.into()))
}

fn begins_an_operand(tokens: &Tokens<'_>, index: usize) -> bool {
    tokens.list.get(index).is_some_and(|next| next.kind != Kind::Sign || ["(", "-", "+"].contains(&tokens.says(next)))
}

fn lonely(tokens: &Tokens<'_>, bracket: &Token) -> ScriptError {
    let said = tokens.says(bracket);
    let (message, help) = if ["(", "["].contains(&said) {
        (format!("this `{said}` is never closed"), "close it")
    } else {
        (format!("this `{said}` closes nothing"), "take it away, or open it before")
    };
    error(bracket.range.clone(), message, help)
}

pub fn error(range: std::ops::Range<usize>, message: impl Into<String>, help: impl Into<String>) -> ScriptError {
    let help = help.into();
    ScriptError { range, message: message.into(), help: (!help.is_empty()).then_some(help) }
}

/// Help that names the nearest of `known`, or else all of them.
pub fn did_you_mean(name: &str, known: &[&str], all: &str) -> String {
    nearest(name, known.iter().copied()).map_or_else(
        || if known.is_empty() { all.to_owned() } else { format!("{all}: `{}`", known.join("`, `")) },
        |near| format!("did you mean `{near}`?"),
    )
}
