//! `[…]`, in which Rust gives `[`, `&&`, `--` and `~~` meanings that Go does not know.

use super::escape;
use super::translate::{NOTHING, read};

/// The code points that are no characters.
const SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdfff;

/// Reads a class from its bracket, and writes it in Rust's spelling.
pub(super) fn class(text: &str) -> Result<(String, &str), String> {
    let (start, mut rest) = text[1..].strip_prefix('^').map_or(("[", &text[1..]), |rest| ("[^", rest));
    let mut out = start.to_owned();
    // A bracket that comes first is a character like others.
    while out.len() == start.len() || !rest.starts_with(']') {
        let (item, after) = item(rest, text)?;
        out.push_str(&item);
        rest = after;
    }
    out.push(']');
    Ok((out, &rest[1..]))
}

fn item<'t>(text: &'t str, class: &str) -> Result<(String, &'t str), String> {
    if let Some(named) = named(text)? {
        return Ok(named);
    }
    if let Some(set) = escape::set(text)? {
        return Ok(set);
    }
    let (low, rest) = character(text, class)?;
    match rest.strip_prefix('-') {
        // A dash that comes last is a character like others.
        Some(after) if !after.is_empty() && !after.starts_with(']') => {
            let (high, rest) = character(after, class)?;
            let falls = || format!("invalid character class range: `{}`", read(text, rest));
            if high < low { Err(falls()) } else { Ok((range(low, high), rest)) }
        }
        _ => Ok((range(low, low), rest)),
    }
}

fn character<'t>(text: &'t str, class: &str) -> Result<(u32, &'t str), String> {
    match text.chars().next() {
        None => Err(format!("missing closing ]: `{class}`")),
        Some('\\') => escape::code_point(text),
        Some(c) => Ok((u32::from(c), &text[c.len_utf8()..])),
    }
}

/// Writes the characters from `low` to `high`, without the surrogates, of which Rust wants to hear nothing.
fn range(low: u32, high: u32) -> String {
    let low = if SURROGATES.contains(&low) { SURROGATES.end() + 1 } else { low };
    let high = if SURROGATES.contains(&high) { SURROGATES.start() - 1 } else { high };
    let written = |code: u32| char::from_u32(code).map(|c| regex::escape(c.encode_utf8(&mut [0; 4])));
    match (written(low), written(high)) {
        (Some(low_text), Some(_)) if low == high => low_text,
        (Some(low_text), Some(high_text)) if low < high => format!("{low_text}-{high_text}"),
        _ => NOTHING.to_owned(),
    }
}

/// `[:alpha:]` and `[:^alpha:]`.
fn named(text: &str) -> Result<Option<(String, &str)>, String> {
    let Some(inner) = text.strip_prefix("[:") else { return Ok(None) };
    let Some((name, rest)) = inner.split_once(":]") else { return Ok(None) };
    let (not, name) = name.strip_prefix('^').map_or(("", name), |name| ("^", name));
    let members = match name {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => "\\x00-\\x7f",
        "blank" => "\\t ",
        "cntrl" => "\\x00-\\x1f\\x7f",
        "digit" => "0-9",
        "graph" => "!-\\~",
        "lower" => "a-z",
        "print" => " -\\~",
        "punct" => "!-/:-@\\[-`\\{-\\~",
        "space" => "\\t-\\r ",
        "upper" => "A-Z",
        "word" => "0-9A-Za-z_",
        "xdigit" => "0-9A-Fa-f",
        _ => return Err(format!("invalid character class range: `{}`", read(text, rest))),
    };
    Ok(Some((format!("[{not}{members}]"), rest)))
}
