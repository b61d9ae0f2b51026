//! What stands in a pipe: constants, variables, fields and methods.

use super::super::parse::GIVEN;
use super::super::tree::{Command, Operand, Pipe};
use super::super::value::Value;
use super::super::{format, instant, method};
use super::Run;
use super::stop::{At, Step};

impl<'a> Run<'a> {
    pub(super) fn command(
        &mut self,
        command: &'a Command,
        dot: &Value<'a>,
        last: Option<Value<'a>>,
    ) -> Step<'a, Value<'a>> {
        let first = &command.words[0];
        match first {
            Operand::Field { .. } | Operand::Chain { .. } | Operand::Variable { .. } => {
                self.path(first, dot, &command.words, last)
            }
            Operand::Function { function, name, .. } => {
                self.at = At::Operand(first);
                self.function(*function, name, At::Command(command), dot, &command.words, last)
            }
            Operand::Pipe(pipe) => {
                self.no_function(&command.words, last.as_ref())?;
                self.nested(pipe, dot)
            }
            literal => {
                self.at = At::Operand(literal);
                self.no_function(&command.words, last.as_ref())?;
                match literal {
                    Operand::Dot { .. } => Ok(dot.clone()),
                    Operand::Nil { .. } => self.fail("nil is not a command"),
                    literal => self.literal(literal),
                }
            }
        }
    }

    pub(super) fn nested(&mut self, pipe: &'a Pipe, dot: &Value<'a>) -> Step<'a, Value<'a>> {
        self.deeper(|run| run.pipe(pipe, dot))
    }

    pub(super) fn no_function(&self, words: &[Operand], last: Option<&Value<'a>>) -> Step<'a, ()> {
        match words.first() {
            Some(first) if words.len() > 1 || last.is_some() => {
                self.fail(format!("can't give argument to non-function {first}"))
            }
            _ => Ok(()),
        }
    }

    /// A constant where any type will do.
    pub(super) fn literal(&mut self, literal: &'a Operand) -> Step<'a, Value<'a>> {
        self.at = At::Operand(literal);
        match literal {
            Operand::Bool { value, .. } => Ok(Value::Bool(*value)),
            Operand::Text { text, .. } => Ok(Value::text(text)),
            Operand::Number { number, .. } => {
                let is_hex = number.text.starts_with("0x") || number.text.starts_with("0X");
                let is_hex_int = is_hex && !number.text.contains(['p', 'P']);
                let written_as_float =
                    number.text.contains(['.', 'e', 'E', 'p', 'P']) && !number.text.starts_with('\'');
                match (number.complex, number.float, number.int) {
                    (Some((real, imaginary)), ..) => Ok(Value::Complex(real, imaginary)),
                    (_, Some(float), _) if written_as_float && !is_hex_int => Ok(Value::Float(float)),
                    (_, _, Some(int)) => Ok(Value::Int(int)),
                    _ => self.fail(format!("{} overflows int", number.text)),
                }
            }
            other => self.fail(format!("can't evaluate command {}", format::quote(&other.to_string()))),
        }
    }

    /// A field, a variable or a chain, with the arguments that follow it.
    pub(super) fn path(
        &mut self,
        operand: &'a Operand,
        dot: &Value<'a>,
        words: &'a [Operand],
        last: Option<Value<'a>>,
    ) -> Step<'a, Value<'a>> {
        self.at = At::Operand(operand);
        let (receiver, path) = match operand {
            Operand::Field { path, .. } => (dot.clone(), path),
            Operand::Variable { name, path, .. } => {
                let value = self.variable(name.id, &name.text)?;
                if path.is_empty() {
                    self.no_function(words, last.as_ref())?;
                    return Ok(value);
                }
                (value, path)
            }
            Operand::Chain { head, path, .. } => {
                if let Operand::Nil { .. } = **head {
                    return self.fail(format!("indirection through explicit nil in {operand}"));
                }
                (self.argument(None, head, dot)?, path)
            }
            other => return self.literal(other),
        };
        self.fields(receiver, path, dot, words, last)
    }

    fn variable(&self, id: usize, name: &str) -> Step<'a, Value<'a>> {
        if let Some((_, value)) = self.variables.iter().rev().find(|(other, _)| *other == id) {
            return Ok(value.clone());
        }
        if let Some((_, value)) = self.reset.iter().find(|(other, _)| *other == id) {
            return Ok(value.clone());
        }
        match GIVEN.get(id) {
            Some(name) => Ok(self.given(name)),
            None => self.fail(format!("undefined variable: {name}")),
        }
    }

    /// A variable that every template starts with.
    fn given(&self, name: &str) -> Value<'a> {
        let data = self.data;
        match name {
            "$" => Value::Root(data),
            "$labels" => Value::Labels(data.labels),
            "$externalLabels" => Value::Labels(data.external_labels),
            "$externalURL" => Value::text(data.external_url),
            "$value" => Value::Float(data.value),
            "$threshold" => Value::text(data.threshold),
            "$severity" => Value::text(data.severity),
            "$unit" => Value::text(data.unit),
            "$activeAt" => Value::Time(instant::Instant::from_millis(data.active_at.millis())),
            _ => Value::Nil,
        }
    }

    fn fields(
        &mut self,
        receiver: Value<'a>,
        path: &'a [Box<str>],
        dot: &Value<'a>,
        words: &'a [Operand],
        mut last: Option<Value<'a>>,
    ) -> Step<'a, Value<'a>> {
        // Whether Go holds the value as `interface {}`, which its messages show.
        let (mut value, mut boxed) = (receiver, false);
        for (index, name) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            let (words, last) = if is_last { (words, last.take()) } else { (&[][..], None) };
            (value, boxed) = self.field(&value, boxed, name, dot, words, last)?;
        }
        Ok(value)
    }

    fn field(
        &mut self,
        receiver: &Value<'a>,
        boxed: bool,
        name: &'a str,
        dot: &Value<'a>,
        words: &'a [Operand],
        last: Option<Value<'a>>,
    ) -> Step<'a, (Value<'a>, bool)> {
        let type_name = if boxed { "interface {}" } else { receiver.type_name() };
        if let Value::Nil | Value::NilSample = receiver {
            return match (boxed, receiver) {
                (false, Value::Nil) => Ok((Value::Nil, false)),
                _ => self.fail(format!("nil pointer evaluating {type_name}.{name}")),
            };
        }
        if let Some(types) = method::parameters(receiver, name) {
            let args = self.arguments(types, None, name, dot, words, last)?;
            return match method::call(receiver, name, &args) {
                Some(value) => Ok((value, false)),
                None => self.fail(format!("can't evaluate field {name} in type {type_name}")),
            };
        }
        let has_args = words.len() > 1 || last.is_some();
        let (value, boxed) = match (receiver, name) {
            (Value::Labels(_) | Value::Args(_), _) if has_args => {
                return self.fail(format!("{name} is not a method but has arguments"));
            }
            (Value::Labels(labels), name) => (Value::text(labels.get(name)), false),
            (Value::Args(args), name) => (args.values.get(name).cloned().unwrap_or(Value::Nil), true),
            (Value::Root(data), "Labels") => (Value::Labels(data.labels), false),
            (Value::Root(data), "ExternalLabels") => (Value::Labels(data.external_labels), false),
            (Value::Root(data), "ExternalURL") => (Value::text(data.external_url), false),
            (Value::Root(data), "Value") => (Value::Float(data.value), true),
            (Value::Sample(sample), "Labels") => (Value::Labels(&sample.0), false),
            (Value::Sample(sample), "Value") => (Value::Float(sample.1), false),
            _ => return self.fail(format!("can't evaluate field {name} in type {type_name}")),
        };
        if has_args {
            return self.fail(format!("{name} has arguments but cannot be invoked as function"));
        }
        Ok((value, boxed))
    }
}
