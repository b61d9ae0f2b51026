//! Series of values in promtool's notation: `10x20 2x40 _x3 0+5x10 stale`.

use super::{is_stale, stale};
use std::ops::Range;

/// Why a text is no series of values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotationError {
    /// The bytes to point at.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// Reads values, one for each step; `None` is a step without a sample.
///
/// `axn` is `a` and then `n` more of it; `a+bxn` adds `b` each time, by repeated addition as promtool does; `_xn` is exactly
/// `n` steps without a sample; `stale` is the marker that ends the series.
///
/// # Errors
/// Names the word that is none, and says where it stands.
pub fn values(text: &str) -> Result<Vec<Option<f64>>, NotationError> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        append(word, &mut all).ok_or_else(|| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            NotationError { range: start..start + word.len(), message: refusal(word) }
        })?;
    }
    Ok(all)
}

fn refusal(word: &str) -> String {
    if word.contains("{{") {
        return "native histograms are not supported; write a classic histogram as one series for each `le`".into();
    }
    let is_number = |times: &str| !times.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit());
    if word.rsplit_once('x').is_some_and(|(_, times)| is_number(times) && count(times).is_none()) {
        return format!("`{word}` has more than {MOST} steps");
    }
    format!("`{word}` is not a value; write for example `3`, `3x5`, `3+0.5x10`, `_`, `_x4` or `stale`")
}

fn append(word: &str, all: &mut Vec<Option<f64>>) -> Option<()> {
    if word == "stale" {
        all.push(Some(stale()));
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
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" if text.starts_with('-') => Some(f64::NEG_INFINITY),
        "inf" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ if text.ends_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

/// Writes values so that [`values`] reads the same back, bit for bit, runs as one word each; any `NaN` but the marker is `NaN`.
#[must_use]
pub fn written(values: &[Option<f64>]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let (word, taken) = match first {
            None => gap(rest),
            Some(value) if is_stale(*value) => ("stale".to_owned(), 1),
            Some(value) => numbers(*value, rest),
        };
        words.push(word);
        rest = &rest[taken..];
    }
    words
}

fn gap(rest: &[Option<f64>]) -> (String, usize) {
    let steps = rest.iter().take(MOST).take_while(|value| value.is_none()).count();
    (if steps == 1 { "_".to_owned() } else { format!("_x{steps}") }, steps)
}

/// The longest run that begins with `value` where one is worth a word of its own, or `value` alone.
fn numbers(value: f64, rest: &[Option<f64>]) -> (String, usize) {
    let same = run(value, 0.0, &rest[1..]);
    if same >= 2 {
        return (format!("{}x{same}", text(value)), same + 1);
    }
    let step = rest.get(1).copied().flatten().map(|next| next - value).filter(|step| step.is_finite() && *step != 0.0);
    let steady = step.map_or(0, |step| run(value, step, &rest[1..]));
    match step {
        Some(step) if steady >= 3 => {
            let sign = if step < 0.0 { "" } else { "+" };
            (format!("{}{sign}{}x{steady}", text(value), text(step)), steady + 1)
        }
        _ => (text(value), 1),
    }
}

/// How many of the values are what repeated addition gives, as it is read back.
fn run(mut value: f64, step: f64, rest: &[Option<f64>]) -> usize {
    let goes_on = |next: &&Option<f64>| {
        value += step;
        next.is_some_and(|next| next.to_bits() == value.to_bits() && !is_stale(next))
    };
    rest.iter().take(MOST).take_while(goes_on).count()
}

/// A number in the fewest signs that a person would write.
fn text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (plain, scientific) = (format!("{value}"), format!("{value:e}"));
    if plain.len() <= scientific.len() + 2 { plain } else { scientific }
}

/// More steps than this are a slip of the pen.
const MOST: usize = 1_000_000;

fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| *count <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::is_stale;

    #[test]
    fn the_notation_is_promtools() {
        let table: [(&str, &[Option<f64>]); 8] = [
            ("1", &[Some(1.0)]),
            ("2x2", &[Some(2.0), Some(2.0), Some(2.0)]),
            ("0+5x2", &[Some(0.0), Some(5.0), Some(10.0)]),
            ("10-2.5x1", &[Some(10.0), Some(7.5)]),
            ("1e-2 -3", &[Some(0.01), Some(-3.0)]),
            ("_ 1 _x2", &[None, Some(1.0), None, None]),
            ("+Inf -inf", &[Some(f64::INFINITY), Some(f64::NEG_INFINITY)]),
            ("-1-1x1", &[Some(-1.0), Some(-2.0)]),
        ];
        for (text, expected) in table {
            assert_eq!(values(text).as_deref(), Ok(expected), "{text}");
        }
        let [Some(nan), Some(marker)] = values("NaN stale").unwrap()[..] else { panic!("two values") };
        assert!(nan.is_nan() && !is_stale(nan) && is_stale(marker));
    }

    #[test]
    fn steps_are_added_up_one_by_one() {
        let tenth = values("0+0.1x3").unwrap();
        assert_eq!(tenth[3], Some(0.1 + 0.1 + 0.1), "and not 0.3");
    }

    #[test]
    fn what_is_no_value_is_named_where_it_stands() {
        for text in ["x3", "1x", "_3", "1+x2", "abc", "1x99999999", "infinity", "0x1F"] {
            assert!(values(text).is_err(), "{text}");
        }
        let error = values("1 2x3  nope 4").unwrap_err();
        assert_eq!(error.range, 7..11);
        assert!(values("1x99999999").unwrap_err().message.contains("more than 1000000 steps"));
        assert!(values("{{schema:0}}").unwrap_err().message.contains("native histograms"));
    }

    #[test]
    fn what_is_written_is_compressed() {
        let table = [
            ("1 1 1 1 1 1", "1x5"),
            ("0 300 600 900", "0+300x3"),
            ("1 1 2 2", "1 1 2 2"),
            ("5 4 3 2 1 _ _ stale 7", "5-1x4 _x2 stale 7"),
            ("NaN NaN NaN Inf -Inf", "NaNx2 +Inf -Inf"),
            ("1000000000 1e300 0.0000001 150000", "1e9 1e300 1e-7 150000"),
        ];
        for (text, expected) in table {
            assert_eq!(written(&values(text).unwrap()).join(" "), expected);
        }
        assert_eq!(written(&[Some(-0.0), Some(-0.0), Some(-0.0)]).join(" "), "-0 -0 -0", "-0 plus nothing is 0");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back_bit_for_bit(
            seeds in proptest::collection::vec((proptest::num::f64::ANY, 0..7_u8, 0..6_u8), 0..30)
        ) {
            let mut all = Vec::new();
            for (value, times, kind) in seeds {
                match kind {
                    0 => all.extend(std::iter::repeat_n(None, times.into())),
                    1 => all.extend(std::iter::repeat_n(Some(value), times.into())),
                    2 => all.extend((0..times).map(|n| Some(value + 0.25 * f64::from(n)))),
                    3 => all.push(Some(stale())),
                    _ => all.push(Some(value)),
                }
            }
            let bits = |all: &[Option<f64>]| -> Vec<Option<u64>> {
                let one_nan = |value: f64| if value.is_nan() && !is_stale(value) { f64::NAN } else { value };
                all.iter().map(|value| value.map(|value| one_nan(value).to_bits())).collect()
            };
            let text = written(&all).join(" ");
            proptest::prop_assert_eq!(bits(&values(&text).unwrap()), bits(&all), "{}", text);
        }
    }
}
