//! Calling a function, and what it is given.

use super::super::call::{self, Function, Type};
use super::super::tree::Operand;
use super::super::value::Value;
use super::super::{MAX_TEXT, instant};
use super::Run;
use super::stop::{At, Step, Stop};
use std::cell::RefCell;
use std::rc::Rc;

impl<'a> Run<'a> {
    pub(super) fn function(
        &mut self,
        function: Function,
        name: &str,
        node: At<'a>,
        dot: &Value<'a>,
        words: &'a [Operand],
        last: Option<Value<'a>>,
    ) -> Step<'a, Value<'a>> {
        let signature = function.signature();
        if let Function::And | Function::Or = function {
            return self.first_that_decides(function == Function::Or, name, dot, words, last);
        }
        let args = self.arguments(signature.fixed, signature.rest, name, dot, words, last)?;
        let result = match function {
            Function::Query => self.ask(&args)?,
            function => call::call(function, args, self.data),
        };
        match result {
            Ok(value) if text_length(&value) > MAX_TEXT => {
                self.at = node;
                self.fail(format!("error calling {name}: the text is longer than {MAX_TEXT} bytes"))
            }
            Ok(value) => Ok(value),
            Err(reason) => {
                self.at = node;
                let word = words.get(1).map(ToString::to_string).unwrap_or_default();
                let reason = if function == Function::Call { reason.replacen("{}", &word, 1) } else { reason };
                self.fail(format!("error calling {name}: {reason}"))
            }
        }
    }

    /// The answer to a query. One that is not known yet is noted as wanted.
    fn ask(&mut self, args: &[Value<'a>]) -> Step<'a, Result<Value<'a>, String>> {
        let Some(Value::Text(query)) = args.first() else { return Ok(Ok(Value::Nil)) };
        match self.answers.get(&**query) {
            Some(Ok(samples)) => Ok(Ok(Value::Vector(Rc::new(RefCell::new(samples.iter().collect()))))),
            Some(Err(reason)) => Ok(Err(reason.clone())),
            None => {
                if !self.wants.iter().any(|want| *want == **query) {
                    self.wants.push(query.to_string());
                }
                Err(Stop::Wants)
            }
        }
    }

    /// `and` and `or`, which leave alone what does not matter any more.
    fn first_that_decides(
        &mut self,
        deciding: bool,
        name: &str,
        dot: &Value<'a>,
        words: &'a [Operand],
        last: Option<Value<'a>>,
    ) -> Step<'a, Value<'a>> {
        let words = words.get(1..).unwrap_or(&[]);
        if words.is_empty() && last.is_none() {
            return self.fail(format!("wrong number of args for {name}: want at least 1 got 0"));
        }
        let mut value = Value::Nil;
        for word in words {
            value = self.argument(Some(Type::Reflect), word, dot)?;
            if value.is_true() == deciding {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// The arguments of a call. `words` starts with the function itself, where it has arguments at all.
    pub(super) fn arguments(
        &mut self,
        fixed: &[Type],
        rest: Option<Type>,
        name: &str,
        dot: &Value<'a>,
        words: &'a [Operand],
        last: Option<Value<'a>>,
    ) -> Step<'a, Vec<Value<'a>>> {
        let words = words.get(1..).unwrap_or(&[]);
        let count = words.len() + usize::from(last.is_some());
        if rest.is_none() && count != fixed.len() {
            return self.fail(format!("wrong number of args for {name}: want {} got {count}", fixed.len()));
        }
        if count < fixed.len() {
            let (fewest, got) = (fixed.len(), words.len());
            return self.fail(format!("wrong number of args for {name}: want at least {fewest} got {got}"));
        }
        let type_of = |index: usize| fixed.get(index).copied().or(rest).unwrap_or(Type::Any);
        let mut args = Vec::with_capacity(count);
        for (index, word) in words.iter().enumerate() {
            args.push(self.argument(Some(type_of(index)), word, dot)?);
        }
        if let Some(last) = last {
            args.push(self.accept(type_of(words.len()), last)?);
        }
        Ok(args)
    }

    fn accept(&self, wanted: Type, value: Value<'a>) -> Step<'a, Value<'a>> {
        wanted.accept(value).or_else(|message| self.fail(message))
    }

    /// One word as an argument; of a chain's head no type is wanted.
    pub(super) fn argument(&mut self, wanted: Option<Type>, word: &'a Operand, dot: &Value<'a>) -> Step<'a, Value<'a>> {
        self.at = At::Operand(word);
        let value = match word {
            Operand::Dot { .. } => dot.clone(),
            Operand::Nil { .. } => {
                let wanted = wanted.unwrap_or(Type::Any);
                return match wanted.nil() {
                    Some(nil) => Ok(nil),
                    None => self.fail(format!("cannot assign nil to {}", wanted.name())),
                };
            }
            Operand::Field { .. } => self.path(word, dot, std::slice::from_ref(word), None)?,
            Operand::Variable { .. } | Operand::Chain { .. } => self.path(word, dot, &[], None)?,
            Operand::Pipe(pipe) => self.nested(pipe, dot)?,
            Operand::Function { function, name, .. } => {
                self.function(*function, name, At::Operand(word), dot, &[], None)?
            }
            literal => return self.constant(wanted, literal),
        };
        match wanted {
            Some(wanted) => self.accept(wanted, value),
            None => Ok(value),
        }
    }

    /// A constant as an argument.
    fn constant(&mut self, wanted: Option<Type>, literal: &'a Operand) -> Step<'a, Value<'a>> {
        match (wanted.unwrap_or(Type::Any), literal) {
            (Type::Any | Type::Reflect, literal) => self.literal(literal),
            (Type::Text, Operand::Text { text, .. }) => Ok(Value::text(text)),
            (Type::Text, literal) => self.fail(format!("expected string; found {literal}")),
            (Type::Duration, Operand::Number { number, .. }) if number.int.is_some() => {
                let nanos = number.int.unwrap_or(0);
                Ok(Value::Duration(instant::Nanos { nanos, pointer: false }))
            }
            (Type::Duration, literal) => self.fail(format!("expected integer; found {literal}")),
            (wanted, literal) => self.fail(format!("can't handle {literal} for arg of type {}", wanted.name())),
        }
    }
}

fn text_length(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) | Value::Html(text) => text.len(),
        _ => 0,
    }
}
