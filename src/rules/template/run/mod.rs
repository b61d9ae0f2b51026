//! Carrying a template out, step by step as Go's `text/template` does, errors and their places included.
//!
//! Go says of an error where it was last busy, which is not always where the error is. [`Run::at`] keeps that place, and
//! every function here moves it exactly where Go moves it.

mod call;
mod operand;
mod stop;

use self::stop::{At, Failure, Step, Stop};
use super::parse::{GIVEN, Parsed};
use super::tree::{Branch, Control, Node, Pipe};
use super::value::{Sample, Value};
use super::{Answers, Data, MAX_TEXT, format};

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
}
