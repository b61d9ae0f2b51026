//! Regular expressions in label matchers, as they are written in an expression.

use crate::model::Regexp;

/// Says what is wrong with `pattern`, if Prometheus would refuse it.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    if is_plain(pattern) {
        return Ok(());
    }
    Regexp::whole(pattern).map(drop).map_err(|reason| format!("error parsing regexp: {reason}"))
}

/// Whether `pattern` matches the empty text, that is, a label that is not there.
pub(super) fn matches_empty(pattern: &str) -> bool {
    Regexp::whole(pattern).is_ok_and(|regex| regex.is_match(""))
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
