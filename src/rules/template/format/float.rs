//! Floats as Go's `strconv` writes them.

/// A format of a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Shape {
    /// `1.5e+06`
    Exponent,
    /// `1500000.0`
    Fixed,
    /// The shorter of the two, by Go's rule.
    General,
    /// `0x1.8p+01`
    Hex,
    /// `6755399441055744p-51`
    Binary,
}

/// Without a precision, an exponent is written from this power of ten on.
const SHORTEST_LIMIT: i32 = 6;

/// More digits than this are all zero.
const MOST_DIGITS: usize = 1100;

/// The significant digits of a finite number, and where its point is: `0.d₁d₂… × 10^point`.
struct Digits {
    digits: String,
    point: i32,
}

/// Writes `value`; without `precision` with as few digits as tell it from its neighbours.
pub(in super::super) fn write_float(value: f64, shape: Shape, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if shape == Shape::General && precision.is_none() && (1e-4..1e6).contains(&value.abs()) {
        // What most values are: few digits around the point, which Rust writes the same.
        return value.to_string();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let size = value.abs();
    if size.is_infinite() {
        return if sign.is_empty() { "+Inf".into() } else { "-Inf".into() };
    }
    let text = match shape {
        Shape::Exponent => match precision {
            Some(precision) => exponent(&rounded(size, precision.saturating_add(1)), precision),
            None => shortest_exponent(size),
        },
        Shape::Fixed => fixed(size, precision),
        Shape::General => general(size, precision),
        Shape::Hex => hex(size, precision),
        Shape::Binary => binary(size),
    };
    format!("{sign}{text}")
}

fn shortest(size: f64) -> Digits {
    digits_of(&format!("{size:e}"))
}

/// The first `count` significant digits, rounded half to even as the exact value has it.
fn rounded(size: f64, count: usize) -> Digits {
    digits_of(&format!("{size:.*e}", count.clamp(1, MOST_DIGITS) - 1))
}

fn digits_of(scientific: &str) -> Digits {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    if digits.bytes().all(|digit| digit == b'0') {
        return Digits { digits: String::new(), point: 1 };
    }
    Digits { digits: digits.trim_end_matches('0').into(), point }
}

fn shortest_exponent(size: f64) -> String {
    let digits = shortest(size);
    let precision = digits.digits.len().max(1) - 1;
    exponent(&digits, precision)
}

/// One digit, the point, `precision` digits and at least two digits of exponent.
fn exponent(digits: &Digits, precision: usize) -> String {
    let zeros = "0".repeat((precision + 1).saturating_sub(digits.digits.len()));
    let padded = format!("{}{zeros}", digits.digits);
    let fraction = if precision > 0 { format!(".{}", &padded[1..=precision]) } else { String::new() };
    let exponent = digits.point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}{fraction}e{sign}{:02}", &padded[..1], exponent.abs())
}

fn fixed(size: f64, precision: Option<usize>) -> String {
    match precision {
        None => format!("{size}"),
        Some(precision) => {
            let exact = precision.min(MOST_DIGITS);
            format!("{size:.exact$}{}", "0".repeat(precision - exact))
        }
    }
}

fn general(size: f64, precision: Option<usize>) -> String {
    // A precision of zero means one digit; without one, six decide whether there is an exponent.
    let digits = precision.map_or_else(|| shortest(size), |precision| rounded(size, precision.max(1)));
    let limit = precision.map_or(SHORTEST_LIMIT, |precision| i32::try_from(precision.max(1)).unwrap_or(i32::MAX));
    let exponent_of = digits.point - 1;
    if exponent_of < -4 || exponent_of >= limit {
        let precision = digits.digits.len().max(1) - 1;
        return exponent(&digits, precision);
    }
    plain(&digits)
}

/// The digits with the point at its place and no more.
fn plain(digits: &Digits) -> String {
    let count = i32::try_from(digits.digits.len()).unwrap_or(i32::MAX);
    let repeat = |times: i32| "0".repeat(usize::try_from(times).unwrap_or(0));
    match digits.point {
        _ if count == 0 => "0".into(),
        point if point <= 0 => format!("0.{}{}", repeat(-point), digits.digits),
        point if point >= count => format!("{}{}", digits.digits, repeat(point - count)),
        point => {
            let (whole, fraction) = digits.digits.split_at(usize::try_from(point).unwrap_or(0));
            format!("{whole}.{fraction}")
        }
    }
}

/// Mantissa and exponent of base two, the mantissa with its leading bit at 2^52 (or lower where it is subnormal).
fn parts(size: f64) -> (u64, i32) {
    let bits = size.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let mantissa = bits & ((1 << 52) - 1);
    if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) }
}

fn binary(size: f64) -> String {
    let (mantissa, exponent) = parts(size);
    format!("{mantissa}p{exponent:+}")
}

fn hex(size: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(size);
    exponent = if mantissa == 0 { 0 } else { exponent + 52 };
    // One digit before the point and fifteen after it.
    mantissa <<= 8;
    while mantissa != 0 && mantissa & 1 << 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = precision * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_string(),
        Some(precision) if precision <= 15 => digits[..precision].to_string(),
        Some(precision) => format!("{digits}{}", "0".repeat(precision - 15)),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x{}{point}{digits}p{sign}{:02}", mantissa >> 60, exponent.abs())
}
