//! A schema as a page for people: one table for each mapping, in the order in which a reader meets them.

use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// The reference of everything that `schema` describes.
pub fn of(schema: &Value) -> String {
    let mut page = Page { schema, text: String::new(), waiting: VecDeque::new(), placed: Vec::new() };
    page.section("the file", schema);
    while let Some((path, name)) = page.waiting.pop_front() {
        let definition = &schema["$defs"][&name];
        page.section(&format!("`{path}`"), definition);
    }
    page.text
}

struct Page<'s> {
    schema: &'s Value,
    text: String,
    /// Mappings that were mentioned and not yet described: where they stand, and their name in the schema.
    waiting: VecDeque<(String, String)>,
    /// All mappings that have a section, and its title.
    placed: Vec<(String, String)>,
}

impl Page<'_> {
    fn section(&mut self, title: &str, schema: &Value) {
        let path = title.trim_matches('`').to_owned();
        let later = std::mem::take(&mut self.waiting);
        let prefix = if path == "the file" { String::new() } else { format!("{path}.") };
        let said = words(schema.get("description"));
        let _ = write!(
            self.text,
            "## {title}\n\n{said}\n\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n"
        );
        let required = schema.get("required").and_then(Value::as_array);
        for (key, value) in keys(schema) {
            let takes = self.takes(&format!("{prefix}{key}"), value);
            let needed = required.is_some_and(|list| list.iter().any(|name| name == key));
            let default = match value.get("default") {
                Some(default) if !default.is_null() && !is_empty(default) => shown(default),
                _ if needed => "*needed*".into(),
                _ => String::new(),
            };
            let _ = writeln!(self.text, "| `{key}` | {takes} | {default} | {} |", words(value.get("description")));
        }
        self.text.push('\n');
        // What stands inside of this is described before what comes after it.
        self.waiting.extend(later);
    }

    /// What a value may be, in words.
    fn takes(&mut self, path: &str, schema: &Value) -> String {
        if let Some(says) = schema.get("x-says").and_then(Value::as_str) {
            return says.trim_start_matches("a ").trim_start_matches("an ").to_owned();
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
            return self.named(path, name);
        }
        if let Some(words) = constants(schema) {
            return words;
        }
        if let Some(forms) = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array) {
            let forms = forms.iter().filter(|form| form.get("type") != Some(&Value::from("null")));
            let forms: Vec<String> = forms.map(|form| self.takes(path, form)).collect();
            return forms.join(" or ");
        }
        self.by_type(path, schema)
    }

    fn by_type(&mut self, path: &str, schema: &Value) -> String {
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match kind {
            Some("array") => format!("list of {}", self.takes(path, &schema["items"])),
            Some("object") if schema["additionalProperties"].is_object() => {
                format!("names, each with {}", self.takes(&format!("{path}.NAME"), &schema["additionalProperties"]))
            }
            Some("object") => {
                let inner = keys(schema)
                    .map(|(key, value)| format!("`{key}:` {}", self.takes(&format!("{path}.{key}"), value)));
                format!("`{{` {} `}}`", inner.collect::<Vec<_>>().join(", "))
            }
            Some("integer") => format!("whole number{}", range(schema)),
            Some("number") => format!("number{}", range(schema)),
            Some("boolean") => "`true` or `false`".into(),
            Some("string") => "text".into(),
            other => panic!("{path}: {other:?} has no words yet"),
        }
    }

    /// A mapping with a section of its own, or words.
    fn named(&mut self, path: &str, name: &str) -> String {
        let definition = &self.schema["$defs"][name];
        match name {
            "Secret" => return "secret".into(),
            "TextOrSecret" => return "text or secret".into(),
            _ => {}
        }
        if definition.get("properties").is_none() {
            return self.takes(path, definition);
        }
        let known = self.placed.iter().find(|(known, _)| known == name).map(|(_, path)| path.clone());
        let target = known.unwrap_or_else(|| {
            self.placed.push((name.to_owned(), path.to_owned()));
            self.waiting.push_back((path.to_owned(), name.to_owned()));
            path.to_owned()
        });
        let anchor: String = target.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
        format!("[mapping](#{anchor})")
    }
}

fn keys(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The words of a schema that takes certain words only.
fn constants(schema: &Value) -> Option<String> {
    let listed = schema.get("enum").and_then(Value::as_array).cloned();
    let single = schema.get("const").cloned().map(|word| vec![word]);
    let each = || {
        let forms = schema.get("oneOf")?.as_array()?.iter();
        forms.map(|form| form.get("const").cloned()).collect::<Option<Vec<_>>>()
    };
    let words = listed.or(single).or_else(each)?;
    Some(words.iter().filter(|word| !word.is_null()).map(shown).collect::<Vec<_>>().join(", "))
}

fn range(schema: &Value) -> String {
    match (schema.get("minimum").and_then(Value::as_u64), schema.get("maximum").and_then(Value::as_u64)) {
        (Some(low), Some(high)) if high < u64::from(u32::MAX) => format!(", {low} to {high}"),
        _ => String::new(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

fn shown(value: &Value) -> String {
    format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn words(text: Option<&Value>) -> String {
    text.and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}
