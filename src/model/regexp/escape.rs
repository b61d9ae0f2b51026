//! What a backslash starts: one character, or a set of them.

use super::property::property;
use super::translate::read;

/// Reads one escaped character, which may be a surrogate.
pub(super) fn code_point(text: &str) -> Result<(u32, &str), String> {
    let mut chars = text[1..].chars();
    let Some(c) = chars.next() else { return Err("trailing backslash at end of expression: ``".into()) };
    let rest = chars.as_str();
    let code = match c {
        '0'..='7' => return octal(text),
        'x' => return hexadecimal(text),
        'a' => 0x07,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'v' => 0x0b,
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
        _ => return Err(invalid(text, rest)),
    };
    Ok((code, rest))
}

fn invalid(text: &str, rest: &str) -> String {
    format!("invalid escape sequence: `{}`", read(text, rest))
}

/// Up to three digits. A single one other than zero would refer to a group, which RE2 cannot do.
fn octal(text: &str) -> Result<(u32, &str), String> {
    let length = text[1..].bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (digits, rest) = text[1..].split_at(length);
    if length == 1 && digits != "0" {
        return Err(invalid(text, rest));
    }
    Ok((digits.bytes().fold(0, |code, digit| code * 8 + u32::from(digit - b'0')), rest))
}

/// `\x41` or `\x{41}`.
fn hexadecimal(text: &str) -> Result<(u32, &str), String> {
    let mut chars = text[2..].chars();
    let first = chars.next();
    if first == Some('{') {
        return braced(text);
    }
    let second = chars.next();
    let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
    match (digit(first), digit(second)) {
        (Some(high), Some(low)) => Ok((high * 16 + low, chars.as_str())),
        _ => Err(invalid(text, chars.as_str())),
    }
}

fn braced(text: &str) -> Result<(u32, &str), String> {
    let mut chars = text[3..].chars();
    let (mut code, mut digits) = (0, 0);
    while let Some(c) = chars.next() {
        match c.to_digit(16) {
            Some(digit) if code * 16 + digit <= u32::from(char::MAX) => {
                (code, digits) = (code * 16 + digit, digits + 1)
            }
            None if c == '}' && digits > 0 => return Ok((code, chars.as_str())),
            _ => break,
        }
    }
    Err(invalid(text, chars.as_str()))
}

/// Reads `\d`, `\pL` and their kin, spelled so that they mean the same inside brackets and outside.
pub(super) fn set(text: &str) -> Result<Option<(String, &str)>, String> {
    let mut chars = text.chars();
    let kind = if chars.next() == Some('\\') { chars.next() } else { None };
    let set = match kind {
        Some('d') => "[0-9]",
        Some('D') => "[^0-9]",
        Some('s') => "[\\t\\n\\x0c\\r ]",
        Some('S') => "[^\\t\\n\\x0c\\r ]",
        Some('w') => "[0-9A-Za-z_]",
        Some('W') => "[^0-9A-Za-z_]",
        Some('p' | 'P') => return property(text).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((set.to_owned(), chars.as_str())))
}
