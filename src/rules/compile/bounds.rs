//! Bounds: of tiers, of targets, and where a firing tier lets go.

use super::Compiler;
use crate::diagnostics::{Place, Spanned, codes};
use crate::model::{Span, duration_text};
use crate::rules::rule::Bound;
use crate::rules::written::{Amount, Clear, Target, Tier};

/// A bound as written.
#[derive(Clone, Copy)]
pub(super) struct WrittenBound {
    /// What it compares.
    pub shape: Shape,
    /// Where its value stands.
    pub place: Place,
    low: Spanned<Amount>,
    high: Spanned<Amount>,
}

/// What a bound compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Above,
    AtLeast,
    Below,
    AtMost,
    Outside,
    Inside,
    Equals,
    Differs,
}

/// The bounds that a mapping gives, in the order of the documentation.
macro_rules! bounds {
    ($of:expr) => {{
        let one = |shape: Shape, amount: Option<Spanned<Amount>>| {
            amount.map(|amount| WrittenBound { shape, place: amount.place, low: amount, high: amount })
        };
        let two = |shape: Shape, pair: Option<Spanned<[Spanned<Amount>; 2]>>| {
            pair.map(|pair| WrittenBound { shape, place: pair.place, low: pair.value[0], high: pair.value[1] })
        };
        let all = [
            one(Shape::Above, $of.above),
            one(Shape::AtLeast, $of.at_least),
            one(Shape::Below, $of.below),
            one(Shape::AtMost, $of.at_most),
            two(Shape::Outside, $of.outside),
            two(Shape::Inside, $of.inside),
            one(Shape::Equals, $of.equals),
            one(Shape::Differs, $of.differs),
        ];
        all.into_iter().flatten().collect()
    }};
}

pub(super) fn of_tier(tier: &Tier) -> Vec<WrittenBound> {
    bounds!(tier)
}

pub(super) fn of_target(target: &Target) -> Vec<WrittenBound> {
    bounds!(target)
}

impl WrittenBound {
    /// The bound as meant, in the unit of the rule.
    pub(super) fn understand(self, unit: Option<&Spanned<String>>, compiler: &mut Compiler<'_>) -> Option<Bound> {
        let (low, high) = (number(self.low, unit, compiler), number(self.high, unit, compiler));
        let (low, high) = (low?, high?);
        if low > high {
            compiler
                .error(codes::WB041, "a range goes from the lower bound to the higher", self.place, "")
                .help(format!("write `[{high}, {low}]`"));
            return None;
        }
        Some(match self.shape {
            Shape::Above => Bound::Above(low),
            Shape::AtLeast => Bound::AtLeast(low),
            Shape::Below => Bound::Below(low),
            Shape::AtMost => Bound::AtMost(low),
            Shape::Outside => Bound::Outside(low, high),
            Shape::Inside => Bound::Inside(low, high),
            Shape::Equals => Bound::Equals(low),
            Shape::Differs => Bound::Differs(low),
        })
    }
}

/// The value of an amount in the unit of the rule.
fn number(amount: Spanned<Amount>, unit: Option<&Spanned<String>>, compiler: &mut Compiler<'_>) -> Option<f64> {
    let span = match amount.value {
        Amount::Number(number) if number.is_nan() => {
            compiler.error(codes::WB041, "no value meets a bound that is no number", amount.place, "");
            return None;
        }
        Amount::Number(number) => return Some(number),
        Amount::Duration(span) => span,
    };
    let converted = unit.and_then(|unit| in_unit(span, &unit.value));
    if converted.is_none() {
        refuse_duration(amount, span, unit, compiler);
    }
    converted
}

fn refuse_duration(amount: Spanned<Amount>, span: Span, unit: Option<&Spanned<String>>, compiler: &mut Compiler<'_>) {
    let duration = duration_text::format(span);
    let units = "`s`, `ms`, `us`, `ns`, `min` or `h`";
    let Some(unit) = unit else {
        let message = format!("`{duration}` is a duration, and the rule has no unit");
        let help = format!("say in which unit the value is: `unit: s`, or another of {units}");
        compiler.error(codes::WB041, message, amount.place, "").help(help);
        return;
    };
    compiler
        .error(
            codes::WB041,
            format!("`{duration}` is a duration, and the unit of the rule is `{}`", unit.value),
            amount.place,
            "",
        )
        .see(unit.place, "no unit of time")
        .help(format!("write a number, or give one of {units} as unit"));
}

fn in_unit(span: Span, unit: &str) -> Option<f64> {
    let seconds = span.as_secs_f64();
    match unit {
        "s" => Some(seconds),
        "ms" => Some(seconds * 1e3),
        "us" => Some(seconds * 1e6),
        "ns" => Some(seconds * 1e9),
        "min" => Some(seconds / 60.0),
        "h" => Some(seconds / 3600.0),
        _ => None,
    }
}

/// What holds a firing tier: strictly beyond `clear`. It must hold wherever `bound` does, which is to say that `clear`
/// lies on the calm side. `None` where it does not, or does not fit; the reason is told.
pub(super) fn clear(
    bound: Bound,
    at: Place,
    clear: &Spanned<Clear>,
    unit: Option<&Spanned<String>>,
    compiler: &mut Compiler<'_>,
) -> Option<Bound> {
    let wanted_pair = matches!(bound, Bound::Outside(..) | Bound::Inside(..));
    let (low, high) = match &clear.value {
        Clear::One(amount) if !wanted_pair => (*amount, *amount),
        Clear::Range([low, high]) if wanted_pair => (*low, *high),
        _ => {
            let shape = if wanted_pair { "two bounds, `[low, high]`" } else { "one number" };
            compiler
                .error(codes::WB042, format!("`clear` wants {shape} here"), clear.place, "")
                .see(at, "for this bound");
            return None;
        }
    };
    let (low, high) = (number(low, unit, compiler), number(high, unit, compiler));
    let (low, high) = (low?, high?);
    let (holding, is_calm, side) = match bound {
        Bound::Above(bound) => (Bound::Above(low), low <= bound, "below it"),
        Bound::AtLeast(bound) => (Bound::Above(low), low < bound, "below it"),
        Bound::Below(bound) => (Bound::Below(low), low >= bound, "above it"),
        Bound::AtMost(bound) => (Bound::Below(low), low > bound, "above it"),
        Bound::Outside(from, to) => (Bound::Outside(low, high), low >= from && high <= to && low <= high, "within it"),
        Bound::Inside(from, to) => (Bound::Between(low, high), low < from && high > to, "around it"),
        Bound::Equals(_) | Bound::Differs(_) | Bound::Between(..) => {
            compiler
                .error(codes::WB042, "`equals` and `differs` have no `clear`", clear.place, "")
                .see(at, "this bound");
            return None;
        }
    };
    if !is_calm {
        compiler
            .error(codes::WB042, "`clear` is not on the calm side of the bound", clear.place, "")
            .see(at, "the tier fires here")
            .help(format!("the tier holds while the value is strictly beyond `clear`, so it lies {side}"));
        return None;
    }
    Some(holding)
}
