//! Why a step is not followed by the next, and where Go was busy then.

use super::super::RenderError;
use super::super::tree::{Command, Node, Operand, Pipe};
use std::fmt;

/// What went wrong, and where Go was busy then.
#[derive(Debug)]
pub(in super::super) struct Failure<'a> {
    pub(super) at: At<'a>,
    pub(super) template: Option<&'a str>,
    pub(super) message: String,
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
pub(super) enum At<'a> {
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
pub(super) enum Stop<'a> {
    Break,
    Continue,
    Failed(Box<Failure<'a>>),
    /// An answer is missing.
    Wants,
}

pub(super) type Step<'a, T> = Result<T, Stop<'a>>;
