//! Series of values in promtool's notation: `10x20 2x40 _x3 0+5x10 stale`.

/// Reads values, one for each step; `None` is a step without a sample.
///
/// `axn` is `a` and then `n` more of it; `a+bxn` adds `b` each time, by repeated addition as promtool does; `_xn` is exactly
/// `n` steps without a sample; `stale` ends the series.
///
/// # Errors
/// Names the word that is none.
pub fn values(text: &str) -> Result<Vec<Option<f64>>, String> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        append(word, &mut all).ok_or_else(|| {
            format!("`{word}` is not a value; write for example `3`, `3x5`, `3+0.5x10`, `_`, `_x4` or `stale`")
        })?;
    }
    Ok(all)
}

fn append(word: &str, all: &mut Vec<Option<f64>>) -> Option<()> {
    if word == "stale" {
        all.push(None);
        return Some(());
    }
    if let Some(rest) = word.strip_prefix('_') {
        let times = if rest.is_empty() { 1 } else { count(rest.strip_prefix('x')?)? };
        all.extend(std::iter::repeat_n(None, times));
        return Some(());
    }
    let Some((value, times)) = word.rsplit_once('x') else {
        all.push(Some(number(word)?));
        return Some(());
    };
    let (mut value, step) = stepped(value)?;
    all.push(Some(value));
    for _ in 0..count(times)? {
        value += step;
        all.push(Some(value));
    }
    Some(())
}

/// `a`, `a+b` or `a-b`; the sign of an exponent or of `a` itself is none of these.
fn stepped(text: &str) -> Option<(f64, f64)> {
    if let Some(value) = number(text) {
        return Some((value, 0.0));
    }
    let signs = text.char_indices().skip(1).filter(|(_, c)| matches!(c, '+' | '-'));
    signs.into_iter().find_map(|(at, _)| Some((number(&text[..at])?, number(&text[at..])?)))
}

fn number(text: &str) -> Option<f64> {
    match text {
        "Inf" | "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ if text.ends_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

/// More steps than this are a slip of the pen.
const MOST: usize = 1_000_000;

fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| *count <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_promtools() {
        let table: [(&str, &[Option<f64>]); 8] = [
            ("1", &[Some(1.0)]),
            ("2x2", &[Some(2.0), Some(2.0), Some(2.0)]),
            ("0+5x2", &[Some(0.0), Some(5.0), Some(10.0)]),
            ("10-2.5x1", &[Some(10.0), Some(7.5)]),
            ("1e-2 -3", &[Some(0.01), Some(-3.0)]),
            ("_ 1 _x2", &[None, Some(1.0), None, None]),
            ("+Inf stale", &[Some(f64::INFINITY), None]),
            ("-1-1x1", &[Some(-1.0), Some(-2.0)]),
        ];
        for (text, expected) in table {
            assert_eq!(values(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_named() {
        for text in ["x3", "1x", "_3", "1+x2", "abc", "1x99999999", "infinity"] {
            assert!(values(text).is_err(), "{text}");
        }
    }
}
