//! What conditions mean, what is refused, and that the compiled code says what a naive reading of it says.

mod meaning;
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small counts, and a definition is best read as plain arithmetic"
)]
mod reference;
mod refusals;

use super::{Inputs, Operand, Readable, Scope, Script, ScriptError};
use crate::model::{History, Labels, Slot, Span, Truth};
use jiff::tz::TimeZone;

const INTERVAL: Span = Span::from_secs(30);

/// Two queries that remember, one that does not, and the label `chain`.
fn scope() -> Scope<'static> {
    Scope {
        queries: vec![("tps", Span::from_hours(1)), ("gas", Span::from_mins(30)), ("bare", Span::ZERO)],
        labels: Readable::Only(vec!["chain"]),
        interval: INTERVAL,
    }
}

fn compile(text: &str) -> Result<Script, Vec<ScriptError>> {
    Script::compile(text, &scope())
}

/// What the queries of [`scope`] said at the last slots, the newest last, and everything else a condition may look at.
struct World {
    tps: Vec<Option<f64>>,
    gas: Vec<Option<f64>>,
    bare: Option<f64>,
    chain: &'static str,
    slot: Slot,
    zone: TimeZone,
    other_fires: Truth,
}

impl World {
    fn of(tps: Option<f64>, gas: Option<f64>) -> Self {
        World::remembering(&[tps], &[gas])
    }

    fn remembering(tps: &[Option<f64>], gas: &[Option<f64>]) -> Self {
        World {
            tps: tps.to_vec(),
            gas: gas.to_vec(),
            bare: None,
            chain: "sepolia",
            // Monday, 2026-01-05, 09:00 UTC.
            slot: Slot::from_millis(1_767_603_600_000),
            zone: TimeZone::UTC,
            other_fires: Truth::Unknown,
        }
    }

    fn with_inputs<T>(&self, ask: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let (tps, gas) = (self.history(&self.tps, Span::from_hours(1)), self.history(&self.gas, Span::from_mins(30)));
        let last = |said: &[Option<f64>]| said.last().copied().flatten();
        let operands = [
            Operand { value: last(&self.tps), history: Some(&tps) },
            Operand { value: last(&self.gas), history: Some(&gas) },
            Operand { value: self.bare, history: None },
        ];
        let labels = Labels::new([("chain", self.chain)]);
        let firing = |_: usize| self.other_fires;
        ask(&Inputs { operands: &operands, labels: &labels, slot: self.slot, zone: &self.zone, firing: &firing })
    }

    fn history(&self, said: &[Option<f64>], span: Span) -> History {
        let mut history = History::new(INTERVAL, span);
        for (steps_back, value) in (0..said.len()).rev().zip(said) {
            history.push(self.slot - INTERVAL.times(i64::try_from(steps_back).unwrap()), *value);
        }
        history
    }

    #[track_caller]
    fn says(&self, text: &str) -> Truth {
        let script = compile(text).unwrap_or_else(|errors| panic!("`{text}`: {errors:#?}"));
        self.with_inputs(|inputs| script.evaluate(inputs))
    }
}

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}
