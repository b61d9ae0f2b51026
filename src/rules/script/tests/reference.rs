//! The compiled code against a naive reading: an expression is drawn, written as text, compiled and evaluated, and the drawn tree is evaluated
//! here, straight from the definitions, over plain vectors. The two share no code but `f64`.

use super::{World, compile};
use crate::model::Truth;
use proptest::prelude::*;

/// A number as it may be written.
#[derive(Clone, Debug)]
enum Num {
    Literal(i32),
    Half(i32),
    Query(bool),
    Window(bool, &'static str, u8),
    Quantile(bool, u8, u8),
    Age(bool),
    Negated(Box<Num>),
    Binary(Box<Num>, char, Box<Num>),
    Least(Box<Num>, Box<Num>),
    Sample,
}

/// A condition as it may be written.
#[derive(Clone, Debug)]
enum Cond {
    Compare(Num, &'static str, Num),
    Range(Num, Num, bool, Num),
    List(Num, Vec<Num>),
    Missing(bool),
    Firing,
    Chain(&'static str, bool),
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
    Held(bool, u8, Num, &'static str),
}

type Said = [Option<f64>];

fn query_name(first: bool) -> &'static str {
    if first { "tps" } else { "gas" }
}

fn seconds(slots: u8) -> String {
    format!("{}s", u32::from(slots) * 30)
}

impl Num {
    fn text(&self) -> String {
        match self {
            Num::Literal(value) => format!("{value}"),
            Num::Half(value) => format!("{:?}", f64::from(*value) / 2.0),
            Num::Query(query) => query_name(*query).into(),
            Num::Window(query, call, slots) => format!("{}.{call}(\"{}\")", query_name(*query), seconds(*slots)),
            Num::Quantile(query, tenths, slots) => {
                format!("{}.quantile({:?}, \"{}\")", query_name(*query), f64::from(*tenths) / 10.0, seconds(*slots))
            }
            Num::Age(query) => format!("{}.age()", query_name(*query)),
            Num::Negated(of) => format!("-({})", of.text()),
            Num::Binary(a, sign, b) => format!("({} {sign} {})", a.text(), b.text()),
            Num::Least(a, b) => format!("min({}, {})", a.text(), b.text()),
            Num::Sample => "v".into(),
        }
    }

    fn value(&self, world: &World, sample: f64) -> Option<f64> {
        let said = |query: bool| -> &Said { if query { &world.tps } else { &world.gas } };
        match self {
            Num::Literal(value) => Some(f64::from(*value)),
            Num::Half(value) => Some(f64::from(*value) / 2.0),
            Num::Query(query) => said(*query).last().copied().flatten(),
            Num::Window(query, call, slots) => window(said(*query), call, usize::from(*slots)),
            Num::Quantile(query, tenths, slots) => {
                let known = known_half(said(*query), usize::from(*slots))?;
                quantile(known, f64::from(*tenths) / 10.0)
            }
            Num::Age(query) => {
                let slots = said(*query).iter().rev().position(Option::is_some);
                Some(slots.map_or(f64::INFINITY, |slots| slots as f64 * 30.0))
            }
            Num::Negated(of) => Some(-of.value(world, sample)?),
            Num::Binary(a, sign, b) => {
                let (a, b) = (a.value(world, sample)?, b.value(world, sample)?);
                Some(match sign {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    '/' => a / b,
                    _ => a % b,
                })
            }
            Num::Least(a, b) => {
                let (a, b) = (a.value(world, sample)?, b.value(world, sample)?);
                Some(if a.is_nan() || b.is_nan() {
                    f64::NAN
                } else if a < b || (a == b && a.is_sign_negative()) {
                    a
                } else {
                    b
                })
            }
            Num::Sample => Some(sample),
        }
    }
}

/// The samples of the last `slots` slots, where at least half of those have one.
fn known_half(said: &Said, slots: usize) -> Option<Vec<f64>> {
    let known: Vec<f64> = said.iter().rev().take(slots).rev().copied().flatten().collect();
    (known.len() * 2 >= slots).then_some(known)
}

fn quantile(mut known: Vec<f64>, q: f64) -> Option<f64> {
    known.sort_by(f64::total_cmp);
    let rank = q * (known.len().checked_sub(1)? as f64);
    let (low, high) = (known[rank.floor() as usize], known[rank.ceil() as usize]);
    Some(if low == high { low } else { low * (1.0 - rank.fract()) + high * rank.fract() })
}

fn window(said: &Said, call: &str, slots: usize) -> Option<f64> {
    if call == "ago" {
        return said.iter().rev().nth(slots).copied().flatten();
    }
    if call == "delta" {
        let now = said.last().copied().flatten()?;
        let known = known_half(said, slots + 1)?;
        return (known.len() > 1).then(|| now - known[0]);
    }
    let known = known_half(said, slots)?;
    let least = known.iter().copied().reduce(f64::min);
    let most = known.iter().copied().reduce(f64::max);
    let now = said.last().copied().flatten();
    match call {
        "min" => least,
        "max" => most,
        "sum" => Some(known.iter().sum()),
        "count" => Some(known.len() as f64),
        "avg" => (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
        "drop" => Some(ratio(most? - now?, most?)),
        "rise" => Some(ratio(now? - least?, least?)),
        _ => panic!("no such call: {call}"),
    }
}

fn ratio(change: f64, base: f64) -> f64 {
    if change == 0.0 { 0.0 } else { change / base.abs() }
}

impl Cond {
    fn text(&self) -> String {
        match self {
            Cond::Compare(a, sign, b) => format!("{} {sign} {}", a.text(), b.text()),
            Cond::Range(value, low, closed, high) => {
                format!("{} in ({})..{}({})", value.text(), low.text(), if *closed { "=" } else { "" }, high.text())
            }
            Cond::List(value, members) => {
                format!("{} in [{}]", value.text(), members.iter().map(Num::text).collect::<Vec<_>>().join(", "))
            }
            Cond::Missing(query) => format!("{}.missing()", query_name(*query)),
            Cond::Firing => "firing(\"Other\")".into(),
            Cond::Chain(name, same) => format!("labels.chain {} \"{name}\"", if *same { "==" } else { "!=" }),
            Cond::Not(of) => format!("!({})", of.text()),
            Cond::And(a, b) => format!("({}) && ({})", a.text(), b.text()),
            Cond::Or(a, b) => format!("({} || {})", a.text(), b.text()),
            Cond::Held(query, slots, bound, sign) => {
                format!("{}.held(\"{}\", |v| v {sign} {})", query_name(*query), seconds(*slots), bound.text())
            }
        }
    }

    fn truth(&self, world: &World) -> Option<bool> {
        match self {
            Cond::Compare(a, sign, b) => Some(compare(a.value(world, 0.0)?, sign, b.value(world, 0.0)?)),
            Cond::Range(value, low, closed, high) => {
                let value = value.value(world, 0.0)?;
                let above = low.value(world, 0.0).map(|low| value >= low);
                let below = high.value(world, 0.0).map(|high| if *closed { value <= high } else { value < high });
                both(above, below)
            }
            Cond::List(value, members) => {
                let value = value.value(world, 0.0)?;
                let equal = members.iter().map(|member| member.value(world, 0.0).map(|member| value == member));
                equal.fold(Some(false), either)
            }
            Cond::Missing(query) => Some(Num::Query(*query).value(world, 0.0).is_none()),
            Cond::Firing => known(world.other_fires),
            Cond::Chain(name, same) => Some((world.chain == *name) == *same),
            Cond::Not(of) => of.truth(world).map(|truth| !truth),
            Cond::And(a, b) => both(a.truth(world), b.truth(world)),
            Cond::Or(a, b) => either(a.truth(world), b.truth(world)),
            Cond::Held(query, slots, bound, sign) => {
                let said = if *query { &world.tps } else { &world.gas };
                let at = |back: usize| {
                    let sample = said.iter().rev().nth(back).copied().flatten()?;
                    Some(compare(sample, sign, bound.value(world, sample)?))
                };
                (0..usize::from(*slots)).map(at).fold(Some(true), both)
            }
        }
    }
}

fn compare(a: f64, sign: &str, b: f64) -> bool {
    match sign {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "==" => a == b,
        _ => a < b || b < a,
    }
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(false) || b == Some(false) { Some(false) } else { a.and(b) }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(true) || b == Some(true) { Some(true) } else { a.and(b) }
}

fn known(truth: Truth) -> Option<bool> {
    match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown => None,
    }
}

fn leaf() -> impl Strategy<Value = Num> {
    let calls = prop::sample::select(vec!["avg", "min", "max", "sum", "count", "delta", "drop", "rise", "ago"]);
    prop_oneof![
        2 => (0..6i32).prop_map(Num::Literal),
        1 => (0..9i32).prop_map(Num::Half),
        4 => any::<bool>().prop_map(Num::Query),
        3 => (any::<bool>(), calls, 1..8u8).prop_map(|(query, call, slots)| Num::Window(query, call, slots)),
        1 => (any::<bool>(), 0..=10u8, 1..8u8).prop_map(|(query, tenths, slots)| Num::Quantile(query, tenths, slots)),
        1 => any::<bool>().prop_map(Num::Age),
    ]
}

fn number(leaf: impl Strategy<Value = Num> + 'static) -> impl Strategy<Value = Num> {
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Num::Negated(of.into())),
            (inner.clone(), prop::sample::select(vec!['+', '-', '*', '/', '%']), inner.clone())
                .prop_map(|(a, sign, b)| Num::Binary(a.into(), sign, b.into())),
            (inner.clone(), inner).prop_map(|(a, b)| Num::Least(a.into(), b.into())),
        ]
    })
}

fn sign() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="])
}

fn condition() -> impl Strategy<Value = Cond> {
    let number = || number(leaf());
    // The function of `held` takes part of its bound from outside, part from the sample; the age is left out, whose bound is checked.
    let bound = prop_oneof![leaf(), (leaf(), Just(Num::Sample)).prop_map(|(a, b)| Num::Least(a.into(), b.into()))];
    let simple = prop_oneof![
        6 => (number(), sign(), number()).prop_map(|(a, sign, b)| Cond::Compare(a, sign, b)),
        1 => (number(), leaf(), any::<bool>(), leaf()).prop_map(|(v, low, closed, high)| Cond::Range(v, low, closed, high)),
        1 => (number(), prop::collection::vec(leaf(), 1..4)).prop_map(|(value, members)| Cond::List(value, members)),
        1 => any::<bool>().prop_map(Cond::Missing),
        1 => Just(Cond::Firing),
        1 => (prop::sample::select(vec!["sepolia", "mainnet"]), any::<bool>()).prop_map(|(name, same)| Cond::Chain(name, same)),
        2 => (any::<bool>(), 1..6u8, bound, sign()).prop_map(|(query, slots, bound, sign)| Cond::Held(query, slots, bound, sign)),
    ];
    simple.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Cond::Not(of.into())),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Cond::And(a.into(), b.into())),
            (inner.clone(), inner).prop_map(|(a, b)| Cond::Or(a.into(), b.into())),
        ]
    })
}

fn samples() -> impl Strategy<Value = Vec<Option<f64>>> {
    let sample = prop_oneof![
        8 => (0..6i32).prop_map(|value| Some(f64::from(value))),
        3 => Just(None),
        1 => Just(Some(f64::INFINITY)),
    ];
    prop::collection::vec(sample, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_code_says_what_a_naive_reading_says(
        drawn in condition(),
        tps in samples(),
        gas in samples(),
        other_fires in prop::sample::select(vec![Truth::True, Truth::False, Truth::Unknown]),
    ) {
        let world = World { other_fires, ..World::remembering(&tps, &gas) };
        let text = drawn.text();
        match compile(&text) {
            Ok(script) => {
                let said = world.with_inputs(|inputs| script.evaluate(inputs));
                prop_assert_eq!(known(said), drawn.truth(&world), "{}", text);
            }
            // What depends on no query is refused, and an age that no history can reach; nothing else that is drawn may be.
            Err(errors) => {
                let fair = |message: &str| message.contains("is always") || message.contains("remembers less");
                prop_assert!(errors.iter().all(|error| fair(&error.message)), "{text}: {errors:?}");
            }
        }
    }
}
