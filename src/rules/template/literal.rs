//! Numbers and quoted texts as Go writes them in a program, and numbers as its `strconv` reads them from a text.

/// A number in a template: one value for each type that can hold it, as Go's constants have no type of their own.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// As written.
    pub text: Box<str>,
    /// As an integer, where it is one.
    pub int: Option<i64>,
    /// As a float, where it is one.
    pub float: Option<f64>,
    /// As a complex number, where it was written as one.
    pub complex: Option<(f64, f64)>,
}

/// Why Go's `strconv` refuses a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Syntax,
    Range,
}

impl Number {
    /// A constant such as `'x'`.
    pub fn character(text: &str) -> Result<Self, String> {
        let (code, rest) = unquote_char(&text[1..], '\'').ok_or("invalid syntax")?;
        if rest != "'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match code {
            Unquoted::Char(c) => u32::from(c),
            Unquoted::Byte(byte) => u32::from(byte),
        };
        Ok(Number { text: text.into(), int: Some(code.into()), float: Some(code.into()), complex: None })
    }

    /// A constant such as `1+2i`.
    pub fn complex(text: &str) -> Result<Self, String> {
        let split = text.rfind(['+', '-']).filter(|at| *at > 0).ok_or("expected complex")?;
        let real = parse_float(&text[..split]).map_err(|_| "expected complex")?;
        let imaginary = parse_float(&text[split..text.len() - 1]).map_err(|_| "expected complex")?;
        Ok(Self::of_complex(text, real, imaginary))
    }

    /// Any other constant.
    pub fn plain(text: &str) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix('i').and_then(|number| parse_float(number).ok()) {
            return Ok(Self::of_complex(text, 0.0, imaginary));
        }
        let int = parse_int(text);
        #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
        let whole = int.map(|int| int as f64).or(parse_uint(text).map(|uint| uint as f64));
        if whole.is_some() {
            return Ok(Number { text: text.into(), int, float: whole, complex: None });
        }
        let quoted = super::format::quote(text);
        let float = parse_float(text).map_err(|_| format!("illegal number syntax: {quoted}"))?;
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {quoted}"));
        }
        Ok(Number { text: text.into(), int: whole_int(float), float: Some(float), complex: None })
    }

    fn of_complex(text: &str, real: f64, imaginary: f64) -> Self {
        let float = (imaginary == 0.0).then_some(real);
        Number { text: text.into(), int: float.and_then(whole_int), float, complex: Some((real, imaginary)) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the test is exact"
)]
fn whole_int(float: f64) -> Option<i64> {
    let int = float as i64;
    (int as f64 == float && int != i64::MAX).then_some(int)
}

fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn parse_uint(text: &str) -> Option<u64> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !underscores_are_fine(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        Some(_) if lower.starts_with('0') => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

/// Underscores may only separate digits, or a digit from the prefix of its base.
fn underscores_are_fine(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_prefix = bytes.len() > 1 && bytes[0] == b'0' && bytes[1].is_ascii_alphabetic();
    let is_hex = has_prefix && matches!(bytes[1], b'x' | b'X');
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (is_hex && byte.is_ascii_hexdigit());
    bytes.iter().enumerate().all(|(at, byte)| {
        let after = at > 0 && (is_digit(&bytes[at - 1]) || (has_prefix && at == 2));
        *byte != b'_' || (after && bytes.get(at + 1).is_some_and(is_digit))
    })
}

/// Reads a float as `strconv.ParseFloat` does.
pub(super) fn parse_float(text: &str) -> Result<f64, Refusal> {
    let written = text.strip_prefix(['+', '-']).unwrap_or(text);
    if written.contains('_') && !underscores_are_fine(written) {
        return Err(Refusal::Syntax);
    }
    let text = &*text.replace('_', "");
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        let value = hex_float(digits).ok_or(Refusal::Syntax)?;
        let value = if text.starts_with('-') { -value } else { value };
        return if value.is_finite() { Ok(value) } else { Err(Refusal::Range) };
    }
    let named = matches!(&*lower, "inf" | "infinity" | "nan");
    // Go reads a signed `nan` as no number; Rust would take it.
    if (lower == "nan" && unsigned.len() != text.len()) || (!named && !is_decimal(&lower)) {
        return Err(Refusal::Syntax);
    }
    let value: f64 = text.parse().map_err(|_| Refusal::Syntax)?;
    if value.is_infinite() && !named { Err(Refusal::Range) } else { Ok(value) }
}

fn is_decimal(lower: &str) -> bool {
    lower.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && lower.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-'))
}

/// The value of `1.8p3`, the digits being hexadecimal. A text of more digits than a float can hold is cut, not rounded.
fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let mut exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut value: u64 = 0;
    let digits: Vec<u32> = whole.chars().chain(fraction.chars()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if digits.is_empty() {
        return None;
    }
    exponent = exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    for digit in digits {
        if value >> 58 == 0 {
            value = value << 4 | u64::from(digit);
        } else {
            exponent = exponent.checked_add(4)?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "this is the conversion that is asked for")]
    Some(value as f64 * 2f64.powi(exponent))
}

/// One character of a quoted text.
enum Unquoted {
    Char(char),
    /// `\xff` and `\377` are bytes, not characters.
    Byte(u8),
}

/// The text that a Go string literal means.
pub(super) fn unquote(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('`') {
        // Go drops carriage returns from raw strings.
        return raw.strip_suffix('`').map(|raw| raw.replace('\r', ""));
    }
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unquoted, after) = unquote_char(rest, '"')?;
        match unquoted {
            Unquoted::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unquoted::Byte(byte) => bytes.push(byte),
        }
        rest = after;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn unquote_char(text: &str, quote: char) -> Option<(Unquoted, &str)> {
    let mut chars = text.chars();
    match chars.next()? {
        c if c == quote => return None,
        '\\' => {}
        c => return Some((Unquoted::Char(c), chars.as_str())),
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == quote => escape,
        'x' => {
            return code_of(rest, 2, 16)
                .and_then(|(code, rest)| Some((Unquoted::Byte(u8::try_from(code).ok()?), rest)));
        }
        'u' => {
            return code_of(rest, 4, 16).and_then(|(code, rest)| Some((Unquoted::Char(char::from_u32(code)?), rest)));
        }
        'U' => {
            return code_of(rest, 8, 16).and_then(|(code, rest)| Some((Unquoted::Char(char::from_u32(code)?), rest)));
        }
        '0'..='7' => {
            let (code, rest) = code_of(&text[1..], 3, 8)?;
            return Some((Unquoted::Byte(u8::try_from(code).ok()?), rest));
        }
        _ => return None,
    };
    Some((Unquoted::Char(simple), rest))
}

fn code_of(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let code = text.get(..digits)?;
    let good = code.chars().all(|c| c.is_digit(radix));
    good.then(|| u32::from_str_radix(code, radix).ok().map(|code| (code, &text[digits..])))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_every_type_that_can_hold_it() {
        let both = |text: &str| Number::plain(text).map(|n| (n.int, n.float)).unwrap();
        assert_eq!(both("0x1F"), (Some(31), Some(31.0)));
        assert_eq!(both("0o17"), (Some(15), Some(15.0)));
        assert_eq!(both("017"), (Some(15), Some(15.0)));
        assert_eq!(both("1_000"), (Some(1000), Some(1000.0)));
        assert_eq!(both("1e3"), (Some(1000), Some(1000.0)));
        assert_eq!(both("-2.5"), (None, Some(-2.5)));
        assert_eq!(both("0x1p-2"), (None, Some(0.25)));
        assert_eq!(Number::plain("99999999999999999999").unwrap_err(), "integer overflow: \"99999999999999999999\"");
        assert_eq!(Number::plain("089").unwrap_err(), "integer overflow: \"089\"");
        assert_eq!(Number::character("'\\n'").unwrap().int, Some(10));
    }

    #[test]
    fn quoted_texts_mean_what_go_means() {
        assert_eq!(unquote(r#""a\tb\u00e9\"\x41\101""#).unwrap(), "a\tbé\"AA");
        assert_eq!(unquote("`a\\n`").unwrap(), "a\\n");
        assert!(unquote(r#""\'""#).is_none());
        assert!(unquote(r#""\8""#).is_none());
    }

    #[test]
    fn floats_are_read_as_strconv_reads_them() {
        assert_eq!(parse_float("1e3"), Ok(1000.0));
        assert_eq!(parse_float("1_0"), Ok(10.0));
        assert_eq!(parse_float("-Inf"), Ok(f64::NEG_INFINITY));
        assert_eq!(parse_float("1e999"), Err(Refusal::Range));
        for bad in ["", "x", "1__0", "1_", "1e_5", "+nan", "e5", ".", "1.2.3"] {
            assert_eq!(parse_float(bad), Err(Refusal::Syntax), "{bad}");
        }
    }
}
