//! `match` and `reReplaceAll`, and what Go says of a pattern that is none.

use super::MAX_TEXT;
use super::format::quote;
use crate::model::Regexp;

/// `match`: whether `pattern` is found in `text`.
pub(super) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    Ok(compile(pattern)?.is_match(text))
}

/// `reReplaceAll`: every match of `pattern` replaced, `$1` and `${name}` standing for groups.
pub(super) fn replace_all(pattern: &str, by: &str, text: &str) -> Result<String, String> {
    let regexp = compile(pattern).map_err(|reason| format!("regexp: Compile({}): {reason}", quoted(pattern)))?;
    Ok(regexp.replace_all(text, by, MAX_TEXT))
}

fn compile(pattern: &str) -> Result<Regexp, String> {
    Regexp::found(pattern).map_err(|reason| format!("error parsing regexp: {reason}"))
}

/// As Go quotes a pattern that it cannot compile.
fn quoted(pattern: &str) -> String {
    let raw = !pattern.contains('`') && !pattern.contains(|c: char| c.is_control() && c != '\t');
    if raw { format!("`{pattern}`") } else { quote(pattern) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_in_gos_words() {
        assert_eq!(matches("(a", "").unwrap_err(), "error parsing regexp: missing closing ): `(a`");
        assert_eq!(
            replace_all("(", "", "").unwrap_err(),
            "regexp: Compile(`(`): error parsing regexp: missing closing ): `(`"
        );
    }
}
