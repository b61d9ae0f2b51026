//! Carrying a template out, step by step as Go's `text/template` does, errors and their places included.
//!
//! Go says of an error where it was last busy, which is not always where the error is. [`Run::at`] keeps that place, and
//! every function here moves it exactly where Go moves it.

use super::call::{self, Function, Type};
use super::format;
use super::parse::{GIVEN, Parsed};
use super::tree::{Branch, Command, Control, Node, Operand, Pipe};
use super::value::{Sample, Value};
use super::{Answers, Data, MAX_TEXT, RenderError};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// How often the loops of one rendering may go round, all together.
const MAX_ROUNDS: usize = 10_000;

/// How deep control structures, parentheses and templates may stand in each other while rendering.
const MAX_DEPTH: usize = 150;

/// Renders `parsed`: the text, or the queries whose answers it wants.
pub(super) fn run<'a>(
    parsed: &'a Parsed,
    data: &'a Data<'a>,
    answers: &'a Answers,
) -> Result<Result<String, Vec<String>>, Failure<'a>> {
    let mut run = Run {
        parsed,
        data,
        answers,
        out: String::new(),
        variables: Vec::new(),
        reset: Vec::new(),
        at: At::Start,
        template: None,
        wants: Vec::new(),
        rounds: 0,
        depth: 0,
    };
    let dot = Value::Root(data);
    for node in &parsed.root {
        match run.node(node, &dot) {
            Ok(()) | Err(Stop::Wants) => {}
            // What goes wrong after an answer was missing may go right once it is there.
            Err(_) if !run.wants.is_empty() => {}
            Err(Stop::Failed(failure)) => return Err(*failure),
            Err(Stop::Break | Stop::Continue) => {}
        }
    }
    Ok(if run.wants.is_empty() { Ok(run.out) } else { Err(run.wants) })
}

/// What went wrong, and where Go was busy then.
#[derive(Debug)]
pub(super) struct Failure<'a> {
    at: At<'a>,
    template: Option<&'a str>,
    message: String,
}

impl Failure<'_> {
    /// The error as others see it.
    pub fn told(self) -> RenderError {
        let RenderPlace { offset, context } = self.at.place();
        RenderError { offset, context, template: self.template.map(Into::into), message: self.message }
    }
}

struct RenderPlace {
    offset: usize,
    context: String,
}

/// A place in the tree.
#[derive(Clone, Copy, Debug)]
enum At<'a> {
    Start,
    Node(&'a Node),
    Pipe(&'a Pipe),
    Command(&'a Command),
    Operand(&'a Operand),
}

impl At<'_> {
    fn place(self) -> RenderPlace {
        let (offset, text): (usize, &dyn fmt::Display) = match &self {
            At::Start => (0, &""),
            At::Node(node) => (node.at(), node),
            At::Pipe(pipe) => (pipe.at, pipe),
            At::Command(command) => (command.at, command),
            At::Operand(operand) => (operand.at(), operand),
        };
        RenderPlace { offset, context: text.to_string() }
    }
}

/// Why a step is not followed by the next.
enum Stop<'a> {
    Break,
    Continue,
    Failed(Box<Failure<'a>>),
    /// An answer is missing.
    Wants,
}

type Step<'a, T> = Result<T, Stop<'a>>;

struct Run<'a> {
    parsed: &'a Parsed,
    data: &'a Data<'a>,
    answers: &'a Answers,
    out: String,
    /// The variables that are declared, by number, the innermost last. Those that every template starts with are not
    /// among them.
    variables: Vec<(usize, Value<'a>)>,
    /// The variables that every template starts with, where they were set anew.
    reset: Vec<(usize, Value<'a>)>,
    at: At<'a>,
    /// The `define` that is being rendered.
    template: Option<&'a str>,
    wants: Vec<String>,
    rounds: usize,
    depth: usize,
}

impl<'a> Run<'a> {
    fn fail<T>(&self, message: impl Into<String>) -> Step<'a, T> {
        let failure = Failure { at: self.at, template: self.template, message: message.into() };
        Err(Stop::Failed(Box::new(failure)))
    }

    fn list(&mut self, list: &'a [Node], dot: &Value<'a>) -> Step<'a, ()> {
        list.iter().try_for_each(|node| self.node(node, dot))
    }

    fn node(&mut self, node: &'a Node, dot: &Value<'a>) -> Step<'a, ()> {
        self.at = At::Node(node);
        match node {
            Node::Text { text, .. } => self.out.push_str(text),
            Node::Action { pipe, .. } => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.at = At::Node(node);
                    format::show(&mut self.out, &value);
                }
            }
            Node::Branch(branch) => self.deeper(|run| run.branch(node, branch, dot))?,
            Node::Template { name, pipe, .. } => self.deeper(|run| run.template(name, pipe.as_ref(), dot))?,
            Node::Break { .. } => return Err(Stop::Break),
            Node::Continue { .. } => return Err(Stop::Continue),
        }
        if self.out.len() > MAX_TEXT {
            return self.fail(format!("the text is longer than {MAX_TEXT} bytes"));
        }
        Ok(())
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Step<'a, T>) -> Step<'a, T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            // Only templates that call themselves come here; Go has more patience with them, but says this in the end.
            return self.fail("exceeded maximum template depth (100000)");
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn branch(&mut self, node: &'a Node, branch: &'a Branch, dot: &Value<'a>) -> Step<'a, ()> {
        let visible = self.variables.len();
        let result = match branch.control {
            Control::Range => self.range(node, branch, dot),
            Control::If | Control::With => self.if_or_with(branch, dot),
        };
        self.variables.truncate(visible);
        result
    }

    fn if_or_with(&mut self, branch: &'a Branch, dot: &Value<'a>) -> Step<'a, ()> {
        let value = self.pipe(&branch.pipe, dot)?;
        match (&branch.otherwise, value.is_true()) {
            (_, true) if branch.control == Control::With => self.list(&branch.list, &value),
            (_, true) => self.list(&branch.list, dot),
            (Some(otherwise), false) => self.list(otherwise, dot),
            (None, false) => Ok(()),
        }
    }

    fn range(&mut self, node: &'a Node, branch: &'a Branch, dot: &Value<'a>) -> Step<'a, ()> {
        self.at = At::Node(node);
        let value = self.pipe(&branch.pipe, dot)?;
        let elements: Box<dyn Iterator<Item = (Value<'a>, Value<'a>)> + 'a> = match value {
            Value::Nil | Value::NilSample => Box::new(std::iter::empty()),
            Value::Vector(vector) => {
                let samples: Vec<&'a Sample> = vector.borrow().clone();
                Box::new((0..).map(Value::Int).zip(samples.into_iter().map(Value::Sample)))
            }
            Value::Labels(labels) => {
                Box::new(labels.iter().map(|(name, value)| (Value::text(name), Value::text(value))))
            }
            Value::Args(args) => {
                let pairs: Vec<_> = args.values.iter().map(|(name, v)| (Value::made(&**name), v.clone())).collect();
                Box::new(pairs.into_iter())
            }
            value if value.as_int().is_some() && branch.pipe.variables.len() > 1 => {
                let shown = format::print(&[value]);
                return self.fail(format!("can't use {shown} to iterate over more than one variable"));
            }
            value if value.as_int().is_some() => {
                let count = value.as_int().unwrap_or(0);
                Box::new((0..count).map(|number| (Value::Nil, Value::Int(number))))
            }
            value => {
                let mut shown = String::new();
                format::show(&mut shown, &value);
                return self.fail(format!("range can't iterate over {shown}"));
            }
        };
        self.rounds(branch, dot, elements)
    }

    fn rounds(
        &mut self,
        branch: &'a Branch,
        dot: &Value<'a>,
        elements: impl Iterator<Item = (Value<'a>, Value<'a>)>,
    ) -> Step<'a, ()> {
        let visible = self.variables.len();
        let mut any = false;
        for (index, element) in elements {
            any = true;
            self.rounds += 1;
            if self.rounds > MAX_ROUNDS {
                return self.fail(format!("more than {MAX_ROUNDS} rounds of range"));
            }
            self.loop_variables(&branch.pipe, visible, index, &element)?;
            let round = self.list(&branch.list, &element);
            self.variables.truncate(visible);
            match round {
                Ok(()) | Err(Stop::Continue) => {}
                Err(Stop::Break) => break,
                Err(stop) => return Err(stop),
            }
        }
        match &branch.otherwise {
            Some(otherwise) if !any => self.list(otherwise, dot),
            _ => Ok(()),
        }
    }

    /// Sets the variables of `range $index, $element := …`, which the pipeline has declared already.
    fn loop_variables(&mut self, pipe: &'a Pipe, top: usize, index: Value<'a>, element: &Value<'a>) -> Step<'a, ()> {
        let (first, second) = match &pipe.variables[..] {
            [] => return Ok(()),
            [only] => (None, only),
            [first, second, ..] => (Some(first), second),
        };
        if pipe.assigns {
            if let Some(first) = first {
                self.assign(first.id, index)?;
            }
            return self.assign(second.id, element.clone());
        }
        self.variables[top - 1].1 = element.clone();
        if first.is_some() {
            self.variables[top - 2].1 = index;
        }
        Ok(())
    }

    fn template(&mut self, name: &'a str, pipe: Option<&'a Pipe>, dot: &Value<'a>) -> Step<'a, ()> {
        let Some(body) = self.parsed.defined.get(name) else {
            return self.fail(format!("template {} not defined", format::quote(name)));
        };
        let dot = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Nil,
        };
        let outer = std::mem::replace(&mut self.variables, vec![(0, dot.clone())]);
        let template = self.template.replace(name);
        let result = self.list(body, &dot);
        self.variables = outer;
        // After an error its place is told by the name of the innermost template.
        if result.is_ok() {
            self.template = template;
        }
        result
    }

    fn pipe(&mut self, pipe: &'a Pipe, dot: &Value<'a>) -> Step<'a, Value<'a>> {
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name.id, value.clone())?;
            } else {
                self.variables.push((name.id, value.clone()));
            }
        }
        Ok(value)
    }

    fn assign(&mut self, id: usize, value: Value<'a>) -> Step<'a, ()> {
        let declared = self.variables.iter_mut().rev().find(|(other, _)| *other == id);
        if let Some((_, slot)) = declared {
            *slot = value;
        } else if id < GIVEN.len() {
            self.reset.retain(|(other, _)| *other != id);
            self.reset.push((id, value));
        } else {
            let name = self.name_of(id);
            return self.fail(format!("undefined variable: {name}"));
        }
        Ok(())
    }

    /// The name of the variable at hand, which only an error needs.
    fn name_of(&self, id: usize) -> String {
        super::uses::name_of(self.parsed, id).unwrap_or_default()
    }

    fn command(&mut self, command: &'a Command, dot: &Value<'a>, last: Option<Value<'a>>) -> Step<'a, Value<'a>> {
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

    fn nested(&mut self, pipe: &'a Pipe, dot: &Value<'a>) -> Step<'a, Value<'a>> {
        self.deeper(|run| run.pipe(pipe, dot))
    }

    fn no_function(&self, words: &[Operand], last: Option<&Value<'a>>) -> Step<'a, ()> {
        match words.first() {
            Some(first) if words.len() > 1 || last.is_some() => {
                self.fail(format!("can't give argument to non-function {first}"))
            }
            _ => Ok(()),
        }
    }

    /// A constant where any type will do.
    fn literal(&mut self, literal: &'a Operand) -> Step<'a, Value<'a>> {
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
    fn path(
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
            "$activeAt" => Value::Time(super::instant::Instant::from_millis(data.active_at.millis())),
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
        if let Some(types) = super::method::parameters(receiver, name) {
            let args = self.arguments(types, None, name, dot, words, last)?;
            return match super::method::call(receiver, name, &args) {
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

    fn function(
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
    fn arguments(
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
    fn argument(&mut self, wanted: Option<Type>, word: &'a Operand, dot: &Value<'a>) -> Step<'a, Value<'a>> {
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
                Ok(Value::Duration(super::instant::Nanos { nanos, pointer: false }))
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
