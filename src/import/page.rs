//! `watchbell.yaml`, written from nothing: sections apart, short things on one line, texts in quotes where YAML needs them.

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, in quotes where it needs them.
    Text(String),
    /// Characters that stand as they are: a duration, a number, a truth.
    Bare(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and values, in this order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// How many things stand in it; what is no list and no mapping is one.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        match self {
            Value::Text(_) | Value::Bare(_) => 1,
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
        }
    }
}

/// The width up to which a value stays on one line.
const WIDTH: usize = 118;

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Value::Text(text.into())
    }

    /// Something that stands as it is.
    #[must_use]
    pub fn bare(what: impl ToString) -> Self {
        Value::Bare(what.to_string())
    }

    /// A list of texts.
    #[must_use]
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Value::List(texts.into_iter().map(Value::text).collect())
    }

    /// A mapping.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Self {
        Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Adds a key to a mapping.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Value::Map(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Value::Text(_) | Value::Bare(_) => false,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }

    fn on_one_line(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(", ");
        match self {
            Value::Text(text) => quoted(text),
            Value::Bare(text) => text.clone(),
            Value::List(items) => format!("[{}]", joined(items.iter().map(Value::on_one_line).collect())),
            Value::Map(entries) if entries.is_empty() => "{}".into(),
            Value::Map(entries) => {
                let pair = |(key, value): &(String, Value)| format!("{}: {}", quoted(key), value.on_one_line());
                format!("{{ {} }}", joined(entries.iter().map(pair).collect()))
            }
        }
    }
}

/// A page of sections, those with nothing in them left away.
#[must_use]
pub fn print(lead: &[String], sections: &[(&str, Value)]) -> String {
    let mut text: String = lead.iter().map(|line| format!("# {line}\n")).collect();
    for (key, value) in sections.iter().filter(|(_, value)| !value.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        match value {
            Value::Text(_) | Value::Bare(_) => text.push_str(&format!("{key}: {}\n", value.on_one_line())),
            Value::List(_) | Value::Map(_) => {
                text.push_str(&format!("{key}:\n"));
                block(value, 2, &mut text);
            }
        }
    }
    text
}

/// The entries of a collection, each on a line of its own.
fn block(value: &Value, indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Text(_) | Value::Bare(_) => text.push_str(&format!("{margin}{}\n", value.on_one_line())),
        Value::List(items) => {
            for item in items {
                text.push_str(&format!("{margin}-"));
                behind(item, indent, true, text);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                text.push_str(&format!("{margin}{}:", quoted(key)));
                behind(value, indent, false, text);
            }
        }
    }
}

/// A value behind its key or dash: on the same line, where it fits.
fn behind(value: &Value, indent: usize, is_item: bool, text: &mut String) {
    let line = value.on_one_line();
    let used = text.len() - text.rfind('\n').map_or(0, |at| at + 1);
    let is_single = matches!(value, Value::Text(_) | Value::Bare(_));
    if is_single || value.is_empty() || used + 1 + line.chars().count() <= WIDTH {
        text.push_str(&format!(" {line}\n"));
        return;
    }
    let mut inner = String::new();
    block(value, indent + 2, &mut inner);
    if is_item {
        text.push_str(&format!(" {}", inner.trim_start()));
    } else {
        text.push_str(&format!("\n{inner}"));
    }
}

/// A text as YAML reads it back, bare where that is safe.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-./@+#".contains(c);
    let meaning = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(is_word)
        && !meaning.contains(&text.to_ascii_lowercase().as_str());
    if is_bare {
        return text.to_owned();
    }
    if text.contains('"') && !text.contains('\'') && !text.contains(|c: char| c.is_control()) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || c == '\u{feff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Findings, Sources};
    use crate::yaml;

    #[test]
    fn whatever_is_written_is_read_back_as_it_was() {
        let texts = [
            "plain",
            "schedule:primary",
            "yes",
            "7",
            "a # b",
            "it's \"so\"",
            "",
            " x ",
            "a\nb\t\u{1}",
            "-",
            "ß",
            "a: b",
            "#x",
            "a\\d",
        ];
        for text in texts {
            let page = print(&[], &[("a", Value::Map(vec![(text.to_owned(), Value::texts([text]))]))]);
            let (mut sources, mut findings) = (Sources::default(), Findings::default());
            let source = sources.add("x.yaml", &*page);
            let documents = yaml::parse(source, &page, &mut findings);
            let inner = &documents[0].get("a").unwrap().entries()[0];
            assert_eq!((inner.0.as_str(), inner.1.items()[0].as_str()), (Some(text), Some(text)), "{page}");
        }
    }

    #[test]
    fn what_is_long_goes_over_several_lines() {
        let long =
            Value::map([("notify", Value::texts(["x".repeat(60), "y".repeat(60)])), ("after", Value::bare("5m"))]);
        insta::assert_snapshot!(print(&["Said first.".into()], &[("none", Value::List(vec![])), ("levels", Value::List(vec![long, Value::text("b")]))]), @r"
        # Said first.

        levels:
          - notify:
              - xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              - yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
            after: 5m
          - b
        ");
    }
}
