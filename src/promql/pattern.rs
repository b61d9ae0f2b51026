//! Regular expressions in label matchers: Prometheus's RE2 read with the `regex` crate.

use regex::RegexBuilder;

/// Big alternations are common in matchers; this is room for all that were ever seen, and still a bound.
const LARGEST_PROGRAM: usize = 64 << 20;

/// Says what is wrong with `pattern`, if Prometheus would refuse it.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    if is_plain(pattern) {
        return Ok(());
    }
    let reason = match compile(pattern) {
        Ok(_) if !repeats_a_repetition(pattern) => return Ok(()),
        Ok(_) => "invalid nested repetition operator".to_owned(),
        Err(cause) => cause.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    };
    Err(format!("error parsing regexp {pattern:?}: {reason}"))
}

/// Whether something like `a**` is in `pattern`, which `regex` takes and RE2 refuses. `a*?` is lazy and good.
fn repeats_a_repetition(pattern: &str) -> bool {
    let (mut rest, mut in_class, mut repeated) = (pattern, false, 0);
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let length = match c {
            '\\' => 1 + after.chars().next().map_or(0, char::len_utf8),
            '{' if starts_repetition(after) => after.find('}').map_or(1, |end| end + 2),
            _ => c.len_utf8(),
        };
        let repeats = !in_class && (matches!(c, '*' | '+' | '?') || length > 1 && c == '{');
        repeated = match (repeats, repeated) {
            (false, _) => 0,
            (true, 0) => 1,
            (true, 1) if c == '?' => 2,
            (true, _) => return true,
        };
        in_class = match c {
            '[' => true,
            ']' => false,
            _ => in_class,
        };
        // `(?i)` is no repetition of the parenthesis.
        rest = rest.strip_prefix("(?").unwrap_or(&rest[length..]);
    }
    false
}

/// Whether `pattern` matches the empty text, that is, a label that is not there.
pub(super) fn matches_empty(pattern: &str) -> bool {
    compile(pattern).is_ok_and(|regex| regex.is_match(""))
}

/// `pattern` as a program that has to match the whole of a text.
pub(super) fn compile(pattern: &str) -> Result<regex::Regex, regex::Error> {
    let build = |text: &str| RegexBuilder::new(&format!("^(?s:{text})$")).size_limit(LARGEST_PROGRAM).build();
    // RE2 takes a brace that starts no repetition for itself; `regex` wants it escaped.
    build(pattern).or_else(|error| build(&escape_literal_braces(pattern)).map_err(|_| error))
}

fn escape_literal_braces(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let length = after.chars().next().map_or(0, char::len_utf8);
                text.push_str(&rest[..=length]);
                rest = &after[length..];
                continue;
            }
            '{' if !starts_repetition(after) => text.push_str("\\{"),
            other => text.push(other),
        }
        rest = after;
    }
    text
}

fn starts_repetition(after: &str) -> bool {
    let Some((count, _)) = after.split_once('}') else { return false };
    let (from, to) = count.split_once(',').unwrap_or((count, ""));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    !from.is_empty() && is_number(from) && is_number(to)
}

/// Most patterns are words, `|`, `.*` and `.+`; those need no compiler to be found good.
fn is_plain(pattern: &str) -> bool {
    let mut can_repeat = false;
    pattern.bytes().all(|byte| match byte {
        b'*' | b'+' => std::mem::replace(&mut can_repeat, false),
        b'|' => {
            can_repeat = false;
            true
        }
        _ => {
            can_repeat = true;
            byte.is_ascii_alphanumeric() || b"_-./:, @".contains(&byte)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_re2_takes_is_taken() {
        for pattern in [
            "",
            ".+",
            "a|b.*",
            "(?i)foo",
            "5..",
            r"web-\d{1,3}",
            "a{b}c",
            "x{,2}",
            r"\{x",
            "[[:alpha:]]+",
            "a*?b+?",
            "[a**]",
            "(?:x)?",
        ] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
        for pattern in ["(", "*a", "a|*", "[", r"\8", "+", "a**", "a++", "a{2}{3}", "a+?*"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_missing_label_is_the_empty_text() {
        assert!(matches_empty(".*") && matches_empty("a|") && !matches_empty(".+"));
    }
}
