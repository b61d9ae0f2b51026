//! What a condition looked at, for the people who are told of it.

use super::Inputs;
use super::code::{Number, Run, Test, Text};
use crate::model::Truth;

/// A part of a condition whose value says something by itself: `tps`, `gas.avg("5m")`, `labels.chain`, `firing("Other")`.
#[derive(Clone, Debug)]
pub struct Term {
    /// As written, and as it is told.
    pub text: Box<str>,
    pub meaning: Meaning,
}

#[derive(Clone, Debug)]
pub enum Meaning {
    Number(Number),
    Test(Test),
    Text(Text),
}

/// The terms and what they are worth.
pub fn explain(terms: &[Term], inputs: &Inputs<'_>) -> Vec<(String, String)> {
    terms.iter().map(|term| (term.text.to_string(), value(&term.meaning, Run::new(inputs)))).collect()
}

fn value(meaning: &Meaning, run: Run<'_>) -> String {
    match meaning {
        Meaning::Number(number @ Number::Value(_)) => run.number(number).map_or_else(|| "missing".into(), short),
        Meaning::Number(number) => run.number(number).map_or_else(|| "unknown".into(), short),
        Meaning::Test(test) => match run.test(test) {
            Truth::True => "true".into(),
            Truth::False => "false".into(),
            Truth::Unknown => "unknown".into(),
        },
        Meaning::Text(text) => format!("{:?}", run.text(text)),
    }
}

/// A number in six significant digits, or whole, as people read it: what floating point adds beyond that is noise in a message.
fn short(value: f64) -> String {
    let in_six = || format!("{value:.5e}").parse().unwrap_or(value);
    let rounded: f64 = if (1e5..1e15).contains(&value.abs()) { value.round() } else { in_six() };
    let size = rounded.abs();
    match size {
        _ if rounded.is_infinite() => if rounded > 0.0 { "+Inf" } else { "-Inf" }.into(),
        _ if size != 0.0 && !(1e-6..1e15).contains(&size) => format!("{rounded:e}"),
        _ => format!("{}", rounded + 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_told_without_the_noise_of_floating_point() {
        let told = [0.1 + 0.2, 3.2, 71.0, -0.0, 1_234_567.8, 1e18, 2.5e-9, f64::INFINITY, f64::NAN].map(short);
        assert_eq!(told, ["0.3", "3.2", "71", "0", "1234568", "1e18", "2.5e-9", "+Inf", "NaN"]);
    }
}
