//! Arithmetic as Go does it, where that is another thing than what Rust does.

/// The larger one; `NaN` when one of them is, unless the other is infinite upwards.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// The smaller one; `NaN` when one of them is, unless the other is infinite downwards.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// A fraction in [0.5, 1) and an exponent of two that make `value`.
fn split(value: f64) -> (f64, i32) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    // A subnormal number is first made a normal one.
    let (value, shift) = if value.abs() < f64::MIN_POSITIVE { (value * TWO_52, -52) } else { (value, 0) };
    let bits = value.to_bits();
    let exponent = i32::from(u16::try_from((bits >> 52) & 0x7ff).unwrap_or_default()) - 1022 + shift;
    (f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)), exponent)
}

const TWO_52: f64 = 4_503_599_627_370_496.0;

/// `fraction` times two to `exponent`, rounded once.
fn join(fraction: f64, exponent: i64) -> f64 {
    let (fraction, own) = split(fraction);
    let exponent = exponent + i64::from(own);
    if exponent > 1024 {
        return fraction * f64::INFINITY;
    }
    if exponent < -1080 {
        return fraction * 0.0;
    }
    if exponent < -1021 {
        // Subnormal: exact up to here, and rounded by the last multiplication.
        return fraction * power_of_two(exponent + 60) * power_of_two(-60);
    }
    (fraction * 2.0) * power_of_two(exponent - 1)
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(u64::try_from(exponent + 1023).unwrap_or_default() << 52)
}

/// `base` to `exponent`, by squaring as Go does, which rounds otherwise than C's `pow`.
#[expect(clippy::float_cmp, reason = "one is exactly one")]
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    let is_simple = exponent.fract() == 0.0 && exponent.abs() < 9.0e18 && base.is_finite() && base != 0.0;
    if !is_simple || exponent == 0.0 || base.abs() == 1.0 {
        return base.powf(exponent);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the bound is checked above")]
    let mut left = exponent.abs() as i64;
    let (mut result, mut result_exponent) = (1.0, 0_i64);
    let (mut square, square_exponent) = split(base);
    let mut square_exponent = i64::from(square_exponent);
    while left != 0 {
        // By then it is infinite or zero whatever follows.
        if !(-(1 << 12)..=1 << 12).contains(&square_exponent) {
            result_exponent += square_exponent;
            break;
        }
        if left & 1 == 1 {
            result *= square;
            result_exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        left >>= 1;
    }
    if exponent < 0.0 {
        result = 1.0 / result;
        result_exponent = -result_exponent;
    }
    join(result, result_exponent)
}

/// The logarithm to the base 2, exact for powers of two.
#[expect(clippy::float_cmp, reason = "the fraction of a power of two is exactly one half")]
pub(super) fn log2(value: f64) -> f64 {
    let (fraction, exponent) = split(value);
    if fraction == 0.5 {
        return f64::from(exponent - 1);
    }
    fraction.ln() * (1.0 / std::f64::consts::LN_2) + f64::from(exponent)
}

/// The logarithm to the base 10, from the one to the base 2.
pub(super) fn log10(value: f64) -> f64 {
    log2(value) * (std::f64::consts::LN_2 / std::f64::consts::LN_10)
}

/// As Go prints a number without an exponent.
pub(super) fn text(value: f64) -> String {
    if value.is_infinite() { if value > 0.0 { "+Inf".into() } else { "-Inf".into() } } else { value.to_string() }
}

/// A number of milliseconds, as seconds.
#[expect(clippy::cast_precision_loss, reason = "Prometheus converts them alike")]
pub(super) fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// How many, as a number.
#[expect(clippy::cast_precision_loss, reason = "nobody counts up to 2^53")]
pub(super) fn count(many: usize) -> f64 {
    many as f64
}

/// The value at rank `q` of `values`, between two of them where it has to be; `NaN` sorts first.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)));
    let last = count(values.len() - 1);
    let rank = q * last;
    let lower = rank.floor().max(0.0);
    let weight = rank - rank.floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank lies within the values")]
    let at = |rank: f64| values[rank as usize];
    at(lower) * (1.0 - weight) + at((lower + 1.0).min(last)) * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_and_smaller_treat_nan_and_zero_as_go_does() {
        assert!(larger(f64::NAN, 1.0).is_nan() && smaller(1.0, f64::NAN).is_nan());
        assert_eq!(larger(f64::NAN, f64::INFINITY).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(smaller(f64::NAN, f64::NEG_INFINITY).to_bits(), f64::NEG_INFINITY.to_bits());
        assert!(smaller(0.0, -0.0).is_sign_negative() && larger(-0.0, 0.0).is_sign_positive());
    }

    #[test]
    fn powers_are_exact_where_they_can_be() {
        let table = [
            (2.0, 10.0, 1024.0),
            (10.0, 3.0, 1000.0),
            (10.0, -2.0, 0.01),
            (-3.0, 3.0, -27.0),
            (2.0, -1074.0, f64::from_bits(1)),
            (2.0, 1024.0, f64::INFINITY),
            (0.5, 2000.0, 0.0),
            (4.0, 0.5, 2.0),
        ];
        for (base, exponent, expected) in table {
            assert_eq!(power(base, exponent).to_bits(), f64::to_bits(expected), "{base} ^ {exponent}");
        }
        assert_eq!(log2(8.0).to_bits(), 3f64.to_bits());
        assert_eq!(split(f64::from_bits(1)), (0.5, -1073));
    }
}
