//! Go's own template functions: comparing, indexing, escaping.

use super::format;
use super::value::{Basic, Value};
use std::borrow::Cow;
use std::fmt::Write as _;

type Answer<T> = Result<T, String>;

/// `eq`: whether `left` equals any of `others`.
pub(super) fn equal(left: &Value<'_>, others: &[Value<'_>]) -> Answer<bool> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for right in others {
        if equal_pair(left, right)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "`eq` means exactly that")]
fn equal_pair(left: &Value<'_>, right: &Value<'_>) -> Answer<bool> {
    let (left_kind, right_kind) = (left.basic(), right.basic());
    if left_kind != right_kind {
        return match (left_kind, right_kind) {
            (Some(Basic::Int), Some(Basic::Uint)) | (Some(Basic::Uint), Some(Basic::Int)) => {
                Ok(left.as_int() == right.as_int())
            }
            _ if is_nil(left) || is_nil(right) => Ok(false),
            _ => Err(incompatible(left, right)),
        };
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (Value::Complex(a, b), Value::Complex(c, d)) => Ok(a == c && b == d),
        (Value::Text(left) | Value::Html(left), Value::Text(right) | Value::Html(right)) => Ok(left == right),
        _ if left_kind.is_some() => Ok(left.as_int() == right.as_int()),
        _ => equal_objects(left, right),
    }
}

fn is_nil(value: &Value<'_>) -> bool {
    matches!(value, Value::Nil)
}

/// Whether two values that are no plain ones are the same thing.
fn equal_objects(left: &Value<'_>, right: &Value<'_>) -> Answer<bool> {
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) && is_nil(right));
    }
    if shape(left) != shape(right) {
        let (shown, other) =
            (format::printf("%s", std::slice::from_ref(left)), format::print(std::slice::from_ref(right)));
        let (left, right) = (left.type_name(), right.type_name());
        return Err(format!("non-comparable types {shown}: {left}, {right}: {other}"));
    }
    comparable(right)?;
    Ok(match (left, right) {
        (Value::NilSample, Value::NilSample) => true,
        (Value::Sample(left), Value::Sample(right)) => std::ptr::eq(*left, *right),
        (Value::Time(left), Value::Time(right)) => left == right && !left.pointer,
        _ => false,
    })
}

/// The kind of a value that is no plain one: Go compares none with one of another kind.
fn shape(value: &Value<'_>) -> &'static str {
    match value {
        Value::Labels(_) | Value::Args(_) => "map",
        Value::Vector(_) => "slice",
        Value::Root(_) => "struct",
        Value::Time(time) if !time.pointer => "struct",
        _ => "pointer",
    }
}

/// Refuses maps, slices and structs that hold some.
fn comparable(value: &Value<'_>) -> Answer<()> {
    if !matches!(value, Value::Labels(_) | Value::Args(_) | Value::Vector(_) | Value::Root(_)) {
        return Ok(());
    }
    let shown = format::printf("%s", std::slice::from_ref(value));
    Err(format!("non-comparable type {shown}: {}", value.type_name()))
}

fn incompatible(left: &Value<'_>, right: &Value<'_>) -> String {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name())
}

/// `lt`.
pub(super) fn less(left: &Value<'_>, right: &Value<'_>) -> Answer<bool> {
    let invalid = || "invalid type for comparison".to_string();
    let (left_kind, right_kind) = (left.basic().ok_or_else(invalid)?, right.basic().ok_or_else(invalid)?);
    let integers = |kind| matches!(kind, Basic::Int | Basic::Uint);
    if left_kind != right_kind && !(integers(left_kind) && integers(right_kind)) {
        return Err(incompatible(left, right));
    }
    match (left, right) {
        (Value::Bool(_) | Value::Complex(..), _) => Err(invalid()),
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        (Value::Text(left) | Value::Html(left), Value::Text(right) | Value::Html(right)) => Ok(left < right),
        _ => Ok(left.as_int() < right.as_int()),
    }
}

/// `le`, which is `lt` or `eq`; its inverse is `gt`, also for `NaN`.
pub(super) fn less_or_equal(left: &Value<'_>, right: &Value<'_>) -> Answer<bool> {
    Ok(less(left, right)? || equal_pair(left, right)?)
}

/// `index`: one element of a map, a text or a vector, and so on for further indexes.
pub(super) fn index(args: Vec<Value<'_>>) -> Answer<Value<'_>> {
    let mut args = args.into_iter();
    let mut item = args.next().unwrap_or(Value::Nil);
    if is_nil(&item) {
        return Err("index of untyped nil".into());
    }
    for key in args {
        item = element(&item, &key)?;
    }
    Ok(item)
}

fn element<'a>(item: &Value<'a>, key: &Value<'_>) -> Answer<Value<'a>> {
    match item {
        Value::Labels(labels) => Ok(Value::text(labels.get(text_key(key)?))),
        Value::Args(args) => Ok(args.values.get(text_key(key)?).cloned().unwrap_or(Value::Nil)),
        Value::Text(text) | Value::Html(text) => {
            let at = position(key, text.len())?;
            let byte = text.as_bytes().get(at).copied().ok_or("reflect: string index out of range")?;
            Ok(Value::Byte(byte))
        }
        Value::Vector(vector) => {
            let vector = vector.borrow();
            let at = position(key, vector.len())?;
            let sample = vector.get(at).copied().ok_or("reflect: slice index out of range")?;
            Ok(Value::Sample(sample))
        }
        Value::Nil | Value::NilSample => Err("index of nil pointer".into()),
        // A pointer is followed before it is asked.
        item => Err(format!("can't index item of type {}", pointee(item))),
    }
}

fn pointee(item: &Value<'_>) -> &'static str {
    let name = item.type_name();
    name.strip_prefix('*').unwrap_or(name)
}

fn text_key<'v>(key: &'v Value<'_>) -> Answer<&'v str> {
    match key {
        Value::Text(text) => Ok(text),
        Value::Nil => Err("value is nil; should be of type string".into()),
        key => Err(format!("value has type {}; should be string", key.type_name())),
    }
}

fn position(key: &Value<'_>, length: usize) -> Answer<usize> {
    if is_nil(key) {
        return Err("cannot index slice/array with nil".into());
    }
    let number = key.as_int().ok_or_else(|| format!("cannot index slice/array with type {}", key.type_name()))?;
    usize::try_from(number).ok().filter(|at| *at <= length).ok_or_else(|| format!("index out of range: {number}"))
}

/// `slice`: a part of a text or a vector. A text that is cut inside of a character has U+FFFD there.
pub(super) fn slice(args: Vec<Value<'_>>) -> Answer<Value<'_>> {
    let mut args = args.into_iter();
    let item = args.next().unwrap_or(Value::Nil);
    let indexes: Vec<Value<'_>> = args.collect();
    if is_nil(&item) {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match &item {
        Value::Text(_) | Value::Html(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::Vector(vector) => vector.borrow().len(),
        item => return Err(format!("can't slice item of type {}", pointee(item))),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(&indexes) {
        *bound = position(index, length)?;
    }
    let [from, to, _] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    Ok(match item {
        Value::Text(text) => Value::Text(cut(text, from, to)),
        Value::Html(text) => Value::Html(cut(text, from, to)),
        Value::Vector(vector) => {
            Value::Vector(std::rc::Rc::new(std::cell::RefCell::new(vector.borrow()[from..to].to_vec())))
        }
        item => item,
    })
}

fn cut(text: Cow<'_, str>, from: usize, to: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => String::from_utf8_lossy(&text.as_bytes()[from..to]),
        Cow::Owned(text) => String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned().into(),
    }
}

/// `len`.
pub(super) fn length<'a>(value: &Value<'_>) -> Answer<Value<'a>> {
    let length = match value {
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::Labels(labels) => labels.len(),
        Value::Args(args) => args.values.len(),
        Value::Vector(vector) => vector.borrow().len(),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::NilSample => return Err("len of nil pointer".into()),
        value => return Err(format!("len of type {}", pointee(value))),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// `call`, for which no value of a template is a function. The executor puts the argument's text for `{}`.
pub(super) fn call_of<'a>(value: &Value<'_>) -> Answer<Value<'a>> {
    match value {
        Value::Nil => Err("call of nil".into()),
        value => Err(format!("non-function {{}} of type {}", value.type_name())),
    }
}

/// The text of arguments that an escaping function gets: as `print` has it, pointers followed.
pub(super) fn joined(args: Vec<Value<'_>>) -> String {
    if let [value @ Value::Sample(_)] = &args[..] {
        let mut shown = String::new();
        format::show(&mut shown, value);
        return shown;
    }
    let shown: Vec<Value<'_>> =
        args.into_iter().map(|arg| if is_nil(&arg) { "<no value>".into() } else { arg }).collect();
    format::print(&shown)
}

/// `html`.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// `js`.
pub(super) fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => write!(out, "\\u{code:04X}").expect("writing to a text cannot fail"),
            c if c < ' ' => write!(out, "\\u{code:04X}").expect("writing to a text cannot fail"),
            c if c.is_ascii() || format::is_printable(c) => out.push(c),
            _ => write!(out, "\\u{code:04X}").expect("writing to a text cannot fail"),
        }
    }
    out
}

/// `urlquery` and `urlQueryEscape`: a text as a value in the query of a URL.
pub(super) fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => write!(out, "%{byte:02X}").expect("writing to a text cannot fail"),
        }
    }
    out
}
