//! Methods of the values that have some: instants and durations.

use super::call::Type;
use super::value::Value;

/// What the method `name` of `value` takes, if there is one.
pub(super) fn parameters(value: &Value<'_>, name: &str) -> Option<&'static [Type]> {
    match (value, name) {
        (Value::Time(_), "Format") => Some(&[Type::Text]),
        (Value::Time(_), "Add") => Some(&[Type::Duration]),
        (Value::Time(_), "Sub" | "Before" | "After" | "Equal") => Some(&[Type::Time]),
        (Value::Time(time), name) => time.ask(name).map(|_| &[][..]),
        (Value::Duration(duration), name) => duration.ask(name).map(|_| &[][..]),
        (Value::Named(..), "String") => Some(&[]),
        _ => None,
    }
}

/// The answer of the method, whose arguments are of the right types.
pub(super) fn call<'a>(value: &Value<'a>, name: &str, args: &[Value<'a>]) -> Option<Value<'a>> {
    match (value, name, args) {
        (Value::Time(time), "Format", [Value::Text(layout)]) => Some(Value::made(time.format(layout))),
        (Value::Time(time), "Add", [Value::Duration(duration)]) => Some(Value::Time(time.plus(*duration))),
        (Value::Time(time), "Sub", [Value::Time(other)]) => Some(Value::Duration(time.since(*other))),
        (Value::Time(time), "Before", [Value::Time(other)]) => Some(Value::Bool(time.since(*other).nanos < 0)),
        (Value::Time(time), "After", [Value::Time(other)]) => Some(Value::Bool(time.since(*other).nanos > 0)),
        (Value::Time(time), "Equal", [Value::Time(other)]) => Some(Value::Bool(time.since(*other).nanos == 0)),
        (Value::Time(time), name, []) => time.ask(name),
        (Value::Duration(duration), name, []) => duration.ask(name),
        (Value::Named(_, _, text), "String", []) => Some(Value::made(*text)),
        _ => None,
    }
}
