//! Compiled conditions, and the only evaluator.
//!
//! The code is a tree of two kinds of node, [`Number`] and [`Test`], so that a program of the wrong type cannot be built. It is a
//! tree and not a list of instructions because then nothing needs a stack, and a branch that no longer matters is simply not visited; it
//! costs the same few nanoseconds.

use super::{Inputs, Operand};
use crate::model::{Name, Span, Truth, Window};

/// Something that has a value, or none.
#[derive(Clone, Debug)]
pub enum Number {
    Constant(f64),
    /// The current value of a query.
    Value(usize),
    /// What a query says of its past.
    Past(usize, Past),
    /// The sample that the function of `held` is given.
    Sample,
    /// Something that the function of `held` reads and that is the same for every sample, by its place in [`Held::outer`].
    Outer(usize),
    Negated(Box<Number>),
    Arithmetic(Box<(Number, Operator, Number)>),
    Apply(Function, Box<[Number]>),
    Hour,
    Weekday,
}

/// A question about a query's past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Past {
    Age,
    Ago(Span),
    Delta(Span),
    Over(Span, Statistic),
}

/// What is computed over the samples of `(slot − window, slot]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    Average,
    Minimum,
    Maximum,
    Sum,
    Deviation,
    Count,
    Quantile(f64),
    Slope,
    Drop,
    Rise,
    Score,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Absolute,
    Minimum,
    Maximum,
    Floor,
    Ceiling,
    Round,
    SquareRoot,
}

/// Something that is true, false or unknown.
#[derive(Clone, Debug)]
pub enum Test {
    Constant(bool),
    Compare(Number, Comparison, Number),
    /// `value in low..high`, or `..=`.
    Within {
        value: Number,
        low: Number,
        high: Number,
        comparison: Comparison,
    },
    /// `value in [a, b]`.
    Among(Number, Box<[Number]>),
    Texts(Text, TextTest, Text),
    Missing(usize),
    Firing(usize),
    Held(Box<Held>),
    Not(Box<Test>),
    All(Box<[Test]>),
    Any(Box<[Test]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Differs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    Literal(Name),
    Label(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    Equals,
    Differs,
    Contains,
    StartsWith,
    EndsWith,
}

/// `query.held(window, |v| test)`.
#[derive(Clone, Debug)]
pub struct Held {
    pub query: usize,
    pub window: Span,
    pub test: Test,
    /// What `test` reads beside the sample; computed once, not once a sample.
    pub outer: Vec<Number>,
}

/// How many calls the function of `held` may make: their answers wait in an array of this size.
pub const OUTER_MAX: usize = 8;

/// One evaluation.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    inputs: &'a Inputs<'a>,
    sample: Option<f64>,
    outer: &'a [Option<f64>],
}

impl<'a> Run<'a> {
    pub fn new(inputs: &'a Inputs<'a>) -> Self {
        Run { inputs, sample: None, outer: &[] }
    }

    pub fn test(&self, test: &Test) -> Truth {
        match test {
            Test::Constant(holds) => Truth::from(*holds),
            Test::Compare(left, comparison, right) => {
                known(self.pair(left, right).map(|(a, b)| comparison.holds(a, b)))
            }
            Test::Within { value, low, high, comparison } => {
                let Some(value) = self.number(value) else { return Truth::Unknown };
                let above = self.number(low).map(|low| value >= low);
                let below = self.number(high).map(|high| comparison.holds(value, high));
                known(above).and(known(below))
            }
            Test::Among(value, members) => {
                let Some(value) = self.number(value) else { return Truth::Unknown };
                let equals = |member| known(self.number(member).map(|member| Comparison::Equal.holds(value, member)));
                members.iter().fold(Truth::False, |so_far, member| so_far.or(equals(member)))
            }
            Test::Texts(left, test, right) => Truth::from(test.holds(self.text(left), self.text(right))),
            Test::Missing(query) => Truth::from(self.operand(*query).value.is_none()),
            Test::Firing(index) => (self.inputs.firing)(*index),
            Test::Held(held) => self.held(held),
            Test::Not(test) => !self.test(test),
            Test::All(tests) => all(tests.iter().map(|test| self.test(test))),
            Test::Any(tests) => !all(tests.iter().map(|test| !self.test(test))),
        }
    }

    pub fn number(&self, number: &Number) -> Option<f64> {
        match number {
            Number::Constant(value) => Some(*value),
            Number::Value(query) => self.operand(*query).value,
            Number::Past(query, past) => self.past(*query, *past),
            Number::Sample => self.sample,
            Number::Outer(index) => self.outer.get(*index).copied().flatten(),
            Number::Negated(number) => self.number(number).map(|value| -value),
            Number::Arithmetic(parts) => {
                let (left, operator, right) = &**parts;
                self.pair(left, right).map(|(a, b)| operator.apply(a, b))
            }
            Number::Apply(function, arguments) => {
                let mut values = arguments.iter().map(|argument| self.number(argument));
                let first = values.next().flatten()?;
                values
                    .try_fold(first, |so_far, value| Some(function.of_two(so_far, value?)))
                    .map(|v| function.of_one(v))
            }
            Number::Hour => Some(f64::from(self.local_time()?.hour())),
            Number::Weekday => Some(f64::from(self.local_time()?.weekday().to_monday_one_offset())),
        }
    }

    pub fn text<'t>(&'t self, text: &'t Text) -> &'t str {
        match text {
            Text::Literal(text) => text,
            Text::Label(name) => self.inputs.labels.get(name),
        }
    }

    fn pair(&self, left: &Number, right: &Number) -> Option<(f64, f64)> {
        Some((self.number(left)?, self.number(right)?))
    }

    fn operand(&self, query: usize) -> Operand<'a> {
        self.inputs.operands.get(query).copied().unwrap_or_default()
    }

    fn local_time(&self) -> Option<jiff::civil::DateTime> {
        let at = jiff::Timestamp::from_millisecond(self.inputs.slot.millis()).ok()?;
        Some(self.inputs.zone.to_datetime(at))
    }

    fn past(&self, query: usize, past: Past) -> Option<f64> {
        let slot = self.inputs.slot;
        let Operand { value, history } = self.operand(query);
        match past {
            // Always known: what nobody remembers is older than anything.
            Past::Age => {
                let age = history.and_then(|history| history.age(slot));
                Some(age.map_or(f64::INFINITY, Span::as_secs_f64))
            }
            Past::Ago(span) => history?.ago(slot, span),
            Past::Delta(span) => {
                value?;
                half_covered(history?.closed_window(slot, span))?.change()
            }
            Past::Over(span, statistic) => statistic.over(half_covered(history?.window(slot, span))?, value),
        }
    }

    /// True with a sample at every slot that passes; false as soon as one does not; unknown where only a missing one stands in the way.
    fn held(&self, held: &Held) -> Truth {
        let Some(history) = self.operand(held.query).history else { return Truth::Unknown };
        let mut outer = [None; OUTER_MAX];
        for (answer, number) in outer.iter_mut().zip(&held.outer) {
            *answer = self.number(number);
        }
        let window = history.window(self.inputs.slot, held.window);
        let covered = if window.count() == window.slots() { Truth::True } else { Truth::Unknown };
        let passes = |sample| Run { sample: Some(sample), outer: &outer, ..*self }.test(&held.test);
        all(std::iter::once(covered).chain(window.samples().map(passes)))
    }
}

/// Kleene's conjunction, which stops at the first that is false.
fn all(mut tests: impl Iterator<Item = Truth>) -> Truth {
    let joined = tests.try_fold(Truth::True, |so_far, test| match so_far.and(test) {
        Truth::False => None,
        open => Some(open),
    });
    joined.unwrap_or(Truth::False)
}

fn known(answer: Option<bool>) -> Truth {
    answer.map_or(Truth::Unknown, Truth::from)
}

fn half_covered(window: Window<'_>) -> Option<Window<'_>> {
    window.is_half_covered().then_some(window)
}

impl Statistic {
    /// The answer over `window`, where `now` is the sample that ends it.
    #[expect(clippy::cast_precision_loss, reason = "no window has 2^53 slots")]
    fn over(self, window: Window<'_>, now: Option<f64>) -> Option<f64> {
        match self {
            Statistic::Average => window.mean(),
            Statistic::Minimum => window.min(),
            Statistic::Maximum => window.max(),
            Statistic::Sum => Some(window.sum()),
            Statistic::Deviation => window.stddev(),
            Statistic::Count => Some(window.count() as f64),
            Statistic::Quantile(q) => window.quantile(q),
            Statistic::Slope => window.slope(),
            Statistic::Drop => Some(fraction(window.max()? - now?, window.max()?)),
            Statistic::Rise => Some(fraction(now? - window.min()?, window.min()?)),
            Statistic::Score => {
                let distance = now? - window.mean()?;
                Some(if distance == 0.0 { 0.0 } else { distance / window.stddev()? })
            }
        }
    }
}

/// `change` as a fraction of the size of `base`. No change is none, of whatever base, also of zero.
fn fraction(change: f64, base: f64) -> f64 {
    if change == 0.0 { 0.0 } else { change / base.abs() }
}

impl Operator {
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Operator::Plus => a + b,
            Operator::Minus => a - b,
            Operator::Times => a * b,
            Operator::Divided => a / b,
            Operator::Remainder => a % b,
        }
    }
}

impl Comparison {
    /// IEEE 754's answer, but that `NaN` does not even differ.
    #[expect(clippy::float_cmp, reason = "`==` means exactly that")]
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Comparison::Less => a < b,
            Comparison::AtMost => a <= b,
            Comparison::More => a > b,
            Comparison::AtLeast => a >= b,
            Comparison::Equal => a == b,
            Comparison::Differs => a != b && !a.is_nan() && !b.is_nan(),
        }
    }
}

impl Function {
    /// Folds two arguments into one; only `min` and `max` take several. `NaN` stays `NaN`, as in arithmetic.
    fn of_two(self, a: f64, b: f64) -> f64 {
        match self {
            _ if a.is_nan() || b.is_nan() => f64::NAN,
            // The smaller zero is the negative one, whatever the processor prefers: a quotient has its sign.
            Function::Minimum if a.total_cmp(&b).is_lt() => a,
            Function::Maximum if a.total_cmp(&b).is_gt() => a,
            Function::Minimum | Function::Maximum => b,
            Function::Absolute | Function::Floor | Function::Ceiling | Function::Round | Function::SquareRoot => a,
        }
    }

    fn of_one(self, value: f64) -> f64 {
        match self {
            Function::Minimum | Function::Maximum => value,
            Function::Absolute => value.abs(),
            Function::Floor => value.floor(),
            Function::Ceiling => value.ceil(),
            Function::Round => value.round(),
            Function::SquareRoot => value.sqrt(),
        }
    }
}

impl TextTest {
    pub fn holds(self, left: &str, right: &str) -> bool {
        match self {
            TextTest::Equals => left == right,
            TextTest::Differs => left != right,
            TextTest::Contains => left.contains(right),
            TextTest::StartsWith => left.starts_with(right),
            TextTest::EndsWith => left.ends_with(right),
        }
    }
}
