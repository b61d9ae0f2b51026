//! What a schema wants, in words: `a number or a duration`.

use super::validate::parent;
use jsonschema::error::{TypeKind, ValidationErrorKind as Error};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;
use std::fmt;

/// The things that are wanted at one place; one of them would do.
#[derive(Default)]
pub(super) struct Wants {
    choices: Vec<String>,
    kinds: Vec<String>,
}

impl Wants {
    /// What would have avoided each of `errors`.
    pub(super) fn of<'e, 'i: 'e>(errors: impl IntoIterator<Item = &'e ValidationError<'i>>, schema: &Value) -> Self {
        let mut wants = Wants::default();
        for error in errors {
            wants.add(error, parent(schema, error));
        }
        wants
    }

    fn add(&mut self, error: &ValidationError<'_>, parent: Option<&Value>) {
        let says = parent.and_then(|parent| parent.get("x-says")).and_then(Value::as_str);
        match (error.kind(), says) {
            (Error::Type { .. } | Error::Pattern { .. }, Some(says)) => self.kind(says.to_owned()),
            (Error::Pattern { pattern }, None) => self.kind(format!("a text of the form `{pattern}`")),
            (Error::Enum { options }, _) => options.as_array().into_iter().flatten().for_each(|one| self.choice(one)),
            (Error::Constant { expected_value }, _) => self.choice(expected_value),
            (Error::Type { kind }, None) => self.types(kind, parent),
            _ => {}
        }
    }

    fn types(&mut self, kind: &TypeKind, parent: Option<&Value>) {
        // Where only certain words are taken, they are a better answer than "a text".
        let options = parent.and_then(|parent| parent.get("enum")).and_then(Value::as_array);
        let only = parent.and_then(|parent| parent.get("const"));
        options.into_iter().flatten().chain(only).for_each(|one| self.choice(one));
        if options.is_none() && only.is_none() {
            match kind {
                TypeKind::Single(kind) => self.kind(in_words(*kind).into()),
                TypeKind::Multiple(kinds) => kinds.iter().for_each(|kind| self.kind(in_words(kind).into())),
            }
        }
    }

    fn kind(&mut self, words: String) {
        // Nothing is what an optional value may be, and nobody's answer.
        if words != in_words(JsonType::Null) && !self.kinds.contains(&words) {
            self.kinds.push(words);
        }
    }

    fn choice(&mut self, value: &Value) {
        let word = shown(value);
        if !value.is_null() && !self.choices.contains(&word) {
            self.choices.push(word);
        }
    }

    /// The single words among what is wanted.
    pub(super) fn choices(&self) -> &[String] {
        &self.choices
    }

    /// Whether only single words are wanted.
    pub(super) fn is_choice(&self) -> bool {
        self.kinds.is_empty()
    }
}

impl fmt::Display for Wants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.choices.iter().map(|word| format!("`{word}`"));
        let parts: Vec<String> = words.chain(self.kinds.iter().cloned()).collect();
        match parts.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => f.write_str("something else"),
        }
    }
}

/// What is wrong with a value that is too small, too large, too short or too long.
pub(super) fn bound(kind: &Error) -> Option<String> {
    Some(match kind {
        Error::Minimum { limit } => format!("expected a number of at least {limit}"),
        Error::Maximum { limit } => format!("expected a number of at most {limit}"),
        Error::ExclusiveMinimum { limit } => format!("expected a number above {limit}"),
        Error::ExclusiveMaximum { limit } => format!("expected a number below {limit}"),
        Error::MinLength { limit: 1 } => "expected a text that is not empty".into(),
        Error::MinLength { limit } => format!("expected a text of at least {limit} characters"),
        Error::MaxLength { limit } => format!("expected a text of at most {limit} characters"),
        Error::MinItems { limit: 1 } => "expected a list that is not empty".into(),
        Error::MinItems { limit } => format!("expected a list of at least {limit}"),
        Error::MaxItems { limit } => format!("expected a list of at most {limit}"),
        Error::MinProperties { limit: 1 } => "expected a mapping that is not empty".into(),
        Error::MinProperties { limit } => format!("expected at least {limit} keys"),
        Error::MaxProperties { limit } => format!("expected at most {limit} keys"),
        Error::UniqueItems => "the list has the same item twice".into(),
        Error::OneOfMultipleValid { .. } => "this can be read in several ways".into(),
        _ => return None,
    })
}

/// A value of a schema as one would write it in YAML.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn in_words(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a text",
    }
}
