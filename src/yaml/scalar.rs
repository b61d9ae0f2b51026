//! What a scalar means, as Go's `yaml.v3` reads it for Prometheus.
//!
//! It lies between YAML 1.1 and 1.2: `017` is fifteen, `1_000` a thousand, `yes` is a text unless a boolean is wanted.
//! A field that wants a text takes any scalar as it was written, so nothing here changes a text.

use super::node::{Scalar, Style, Tag};

/// What a scalar is when nobody asks for something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text,
}

impl Scalar {
    /// What it means when nobody asks for something else.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match (self.tag, self.style) {
            (Tag::Null, _) => Meaning::Null,
            (Tag::Bool, _) => boolean(&self.text).map_or(Meaning::Text, Meaning::Bool),
            (Tag::Int, _) => integer(&self.text).map_or(Meaning::Text, Meaning::Int),
            (Tag::Float, _) => float(&self.text).map_or(Meaning::Text, Meaning::Float),
            (Tag::Str, _) | (Tag::None, Style::Quoted | Style::Block) => Meaning::Text,
            (Tag::None, Style::Plain) => plain(&self.text),
        }
    }

    /// Whether it means nothing: absent, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.meaning() == Meaning::Null
    }

    /// Its text where a text is wanted: as written, and empty for null.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if self.is_null() { "" } else { &self.text }
    }

    /// Its truth where a boolean is wanted; bare `yes`, `on`, `no` and `off` of YAML 1.1 count too.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.meaning() {
            Meaning::Bool(value) => Some(value),
            Meaning::Text if self.style == Style::Plain && self.tag == Tag::None => old_boolean(&self.text),
            Meaning::Null | Meaning::Int(_) | Meaning::Float(_) | Meaning::Text => None,
        }
    }

    /// Its value where a whole number is wanted.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the guard has shown that it is whole and in range")]
    pub fn as_int(&self) -> Option<i64> {
        match self.meaning() {
            Meaning::Int(value) => Some(value),
            Meaning::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => Some(value as i64),
            Meaning::Null | Meaning::Bool(_) | Meaning::Float(_) | Meaning::Text => None,
        }
    }

    /// Its value where a number is wanted.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number beyond 2^53 becomes the nearest float, as everywhere"
    )]
    pub fn as_float(&self) -> Option<f64> {
        match self.meaning() {
            Meaning::Int(value) => Some(value as f64),
            Meaning::Float(value) => Some(value),
            Meaning::Null | Meaning::Bool(_) | Meaning::Text => None,
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut shown: String = self.text.chars().take(40).collect();
        if shown.len() < self.text.len() {
            shown.push('…');
        }
        match self.meaning() {
            Meaning::Null => "nothing".into(),
            Meaning::Bool(value) => format!("`{value}`"),
            Meaning::Int(_) | Meaning::Float(_) => format!("the number {shown}"),
            Meaning::Text => format!("the text {shown:?}"),
        }
    }
}

fn plain(text: &str) -> Meaning {
    let Some(first) = text.bytes().next() else { return Meaning::Null };
    match first {
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Meaning::Null,
        b't' | b'T' | b'f' | b'F' => boolean(text).map_or(Meaning::Text, Meaning::Bool),
        b'0'..=b'9' | b'+' | b'-' | b'.' => match integer(text) {
            Some(value) => Meaning::Int(value),
            None => float(text).map_or(Meaning::Text, Meaning::Float),
        },
        _ => Meaning::Text,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn old_boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text.as_str()),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        // The octal of YAML 1.1; `08` is no octal and becomes a float.
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // A second sign is a text, and `from_str_radix` would take it.
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let text = text.replace('_', "");
    // Rust would also read `inf`, `nan` and the like, which are texts here.
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let starts_well =
        text.trim_start_matches(['+', '-']).starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if numeric && starts_well { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(text: &str) -> Scalar {
        Scalar { text: text.into(), style: Style::Plain, tag: Tag::None, anchors: None }
    }

    #[test]
    fn plain_scalars_mean_what_prometheus_takes_them_for() {
        let cases = [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("null", Meaning::Null),
            ("nul", Meaning::Text),
            ("True", Meaning::Bool(true)),
            ("yes", Meaning::Text),
            ("0", Meaning::Int(0)),
            ("-7", Meaning::Int(-7)),
            ("017", Meaning::Int(15)),
            ("0o17", Meaning::Int(15)),
            ("0x1F", Meaning::Int(31)),
            ("0b101", Meaning::Int(5)),
            ("1_000", Meaning::Int(1000)),
            ("08", Meaning::Float(8.0)),
            ("1.5e3", Meaning::Float(1500.0)),
            (".5", Meaning::Float(0.5)),
            ("9223372036854775808", Meaning::Float(9_223_372_036_854_775_808.0)),
            ("-.inf", Meaning::Float(f64::NEG_INFINITY)),
            ("inf", Meaning::Text),
            ("+-5", Meaning::Text),
            ("5m", Meaning::Text),
            (".", Meaning::Text),
            ("-", Meaning::Text),
            ("1.2.3", Meaning::Text),
            ("2026-01-05", Meaning::Text),
        ];
        for (text, meaning) in cases {
            assert_eq!(bare(text).meaning(), meaning, "{text:?}");
        }
    }

    #[test]
    fn a_wanted_boolean_may_be_written_the_old_way_unless_quoted() {
        assert_eq!(bare("on").as_bool(), Some(true));
        assert_eq!(Scalar { style: Style::Quoted, ..bare("on") }.as_bool(), None);
    }

    #[test]
    fn quoting_and_tags_decide_before_the_text_does() {
        assert_eq!(Scalar { style: Style::Quoted, ..bare("5") }.meaning(), Meaning::Text);
        assert_eq!(Scalar { tag: Tag::Str, ..bare("5") }.meaning(), Meaning::Text);
        assert_eq!(Scalar { style: Style::Quoted, tag: Tag::Int, ..bare("5") }.meaning(), Meaning::Int(5));
    }
}
