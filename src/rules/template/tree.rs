//! A parsed template: the same tree that Go's parser builds, because its messages quote nodes of it.

use super::format::quote;
use super::literal::Number;
use std::fmt;
use std::sync::Arc;

/// A run of nodes.
pub(super) type List = Vec<Node>;

/// What stands between or inside of delimiters.
#[derive(Debug)]
pub(super) enum Node {
    /// Text, printed as it is.
    Text { at: usize, text: Box<str> },
    /// `{{ pipeline }}`.
    Action { at: usize, pipe: Pipe },
    /// `if`, `with` or `range`.
    Branch(Box<Branch>),
    /// `{{ template "name" pipeline }}`.
    Template { at: usize, name: Box<str>, pipe: Option<Pipe> },
    /// `{{ break }}`.
    Break { at: usize },
    /// `{{ continue }}`.
    Continue { at: usize },
}

/// A control structure.
#[derive(Debug)]
pub(super) struct Branch {
    pub at: usize,
    pub control: Control,
    pub pipe: Pipe,
    pub list: List,
    pub otherwise: Option<List>,
}

/// Which control structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    If,
    With,
    Range,
}

/// Commands joined by `|`, perhaps kept in variables.
#[derive(Debug)]
pub(super) struct Pipe {
    pub at: usize,
    /// The variables, by their index in `Names`.
    pub variables: Vec<Name>,
    /// Whether they are set with `=` rather than declared with `:=`.
    pub assigns: bool,
    pub commands: Vec<Command>,
}

/// A function and its arguments, or one value.
#[derive(Debug)]
pub(super) struct Command {
    pub at: usize,
    pub words: Vec<Operand>,
}

/// A variable's name, the `$` included, and its number among the names of the template.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub id: usize,
    pub text: Arc<str>,
}

/// One word of a command.
#[derive(Debug)]
pub(super) enum Operand {
    Dot { at: usize },
    Nil { at: usize },
    Bool { at: usize, value: bool },
    Number { at: usize, number: Number },
    Text { at: usize, quoted: Box<str>, text: Box<str> },
    Function { at: usize, name: Box<str>, function: super::call::Function },
    Field { at: usize, path: Vec<Box<str>> },
    Variable { at: usize, name: Name, path: Vec<Box<str>> },
    Chain { at: usize, head: Box<Operand>, path: Vec<Box<str>> },
    Pipe(Box<Pipe>),
}

impl Node {
    pub fn at(&self) -> usize {
        match self {
            Node::Text { at, .. }
            | Node::Action { at, .. }
            | Node::Template { at, .. }
            | Node::Break { at }
            | Node::Continue { at } => *at,
            Node::Branch(branch) => branch.at,
        }
    }
}

impl Operand {
    pub fn at(&self) -> usize {
        match self {
            Operand::Dot { at }
            | Operand::Nil { at }
            | Operand::Bool { at, .. }
            | Operand::Number { at, .. }
            | Operand::Text { at, .. }
            | Operand::Function { at, .. }
            | Operand::Field { at, .. }
            | Operand::Variable { at, .. }
            | Operand::Chain { at, .. } => *at,
            Operand::Pipe(pipe) => pipe.at,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Text { text, .. } => f.write_str(text),
            Node::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Node::Branch(branch) => branch.fmt(f),
            Node::Template { name, pipe: None, .. } => write!(f, "{{{{template {}}}}}", quote(name)),
            Node::Template { name, pipe: Some(pipe), .. } => write!(f, "{{{{template {} {pipe}}}}}", quote(name)),
            Node::Break { .. } => f.write_str("{{break}}"),
            Node::Continue { .. } => f.write_str("{{continue}}"),
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.control {
            Control::If => "if",
            Control::With => "with",
            Control::Range => "range",
        };
        write!(f, "{{{{{word} {}}}}}", self.pipe)?;
        self.list.iter().try_for_each(|node| node.fmt(f))?;
        if let Some(otherwise) = &self.otherwise {
            f.write_str("{{else}}")?;
            otherwise.iter().try_for_each(|node| node.fmt(f))?;
        }
        f.write_str("{{end}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.variables.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, name.text)?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if index > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            match word {
                Operand::Pipe(pipe) => write!(f, "{space}({pipe})")?,
                word => write!(f, "{space}{word}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, path): (&dyn fmt::Display, &[Box<str>]) = match self {
            Operand::Dot { .. } => (&".", &[]),
            Operand::Nil { .. } => (&"nil", &[]),
            Operand::Bool { value, .. } => (value, &[]),
            Operand::Number { number, .. } => (&number.text, &[]),
            Operand::Text { quoted, .. } => (quoted, &[]),
            Operand::Function { name, .. } => (name, &[]),
            Operand::Field { path, .. } => (&"", path),
            Operand::Variable { name, path, .. } => (&name.text, path),
            Operand::Pipe(pipe) => (pipe, &[]),
            Operand::Chain { head, path, .. } if matches!(**head, Operand::Pipe(_)) => {
                write!(f, "({head})")?;
                (&"", path)
            }
            Operand::Chain { head, path, .. } => (head, path),
        };
        head.fmt(f)?;
        path.iter().try_for_each(|field| write!(f, ".{field}"))
    }
}
