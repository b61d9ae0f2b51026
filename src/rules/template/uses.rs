//! What a template reads, found without rendering it.

use super::LabelUse;
use super::call::Function;
use super::parse::{GIVEN, Parsed};
use super::tree::{Branch, Command, Control, Node, Operand, Pipe};

/// What a look over a whole template finds.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// The labels that are read by name.
    pub labels: Vec<LabelUse>,
    /// Whether the whole label set is printed, handed on or walked over.
    pub whole_set: bool,
    /// Whether `query` is called.
    pub queries: bool,
}

/// Looks over `parsed`, whose text is `text`.
pub(super) fn uses(parsed: &Parsed, text: &str) -> Uses {
    let mut look = Look { text, uses: Uses::default(), shadowed: Vec::new() };
    look.list(&parsed.root, Dot::Root);
    for body in parsed.defined.values() {
        look.list(body, Dot::Other);
    }
    look.uses
}

/// The name of the variable with this number, as some node spells it.
pub(super) fn name_of(parsed: &Parsed, id: usize) -> Option<String> {
    fn in_list(list: &[Node], id: usize) -> Option<String> {
        list.iter().find_map(|node| match node {
            Node::Action { pipe, .. } | Node::Template { pipe: Some(pipe), .. } => in_pipe(pipe, id),
            Node::Branch(branch) => in_pipe(&branch.pipe, id)
                .or_else(|| in_list(&branch.list, id))
                .or_else(|| in_list(branch.otherwise.as_deref().unwrap_or(&[]), id)),
            _ => None,
        })
    }
    fn in_pipe(pipe: &Pipe, id: usize) -> Option<String> {
        let declared = pipe.variables.iter().find(|name| name.id == id).map(|name| name.text.to_string());
        let words = || pipe.commands.iter().flat_map(|command| &command.words);
        declared.or_else(|| {
            words().find_map(|word| match word {
                Operand::Pipe(pipe) => in_pipe(pipe, id),
                Operand::Chain { head, .. } => match &**head {
                    Operand::Pipe(pipe) => in_pipe(pipe, id),
                    _ => None,
                },
                _ => None,
            })
        })
    }
    in_list(&parsed.root, id).or_else(|| parsed.defined.values().find_map(|body| in_list(body, id)))
}

/// What the dot is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dot {
    /// The data that the template starts with.
    Root,
    /// The label set.
    Labels,
    /// Anything else: the sample of a `range query`, a text.
    Other,
}

struct Look<'t> {
    text: &'t str,
    uses: Uses,
    /// The given variables that were declared anew and mean something else now.
    shadowed: Vec<usize>,
}

impl Look<'_> {
    fn list(&mut self, list: &[Node], dot: Dot) {
        for node in list {
            match node {
                Node::Text { .. } | Node::Break { .. } | Node::Continue { .. } => {}
                Node::Action { pipe, .. } => self.pipe(pipe, dot),
                Node::Branch(branch) => self.branch(branch, dot),
                Node::Template { pipe, .. } => {
                    if let Some(pipe) = pipe {
                        self.pipe(pipe, dot);
                    }
                }
            }
        }
    }

    fn branch(&mut self, branch: &Branch, dot: Dot) {
        let shadowed = self.shadowed.len();
        let of_pipe = only_word(&branch.pipe).map_or(Dot::Other, |word| self.object(word, dot));
        let inner = match branch.control {
            Control::If => dot,
            Control::With => of_pipe,
            Control::Range => Dot::Other,
        };
        // `if $labels` and `with $labels` by themselves read no label.
        let harmless = branch.control != Control::Range && of_pipe != Dot::Other && branch.pipe.variables.is_empty();
        if harmless {
            self.declare(&branch.pipe);
        } else {
            self.pipe(&branch.pipe, dot);
        }
        self.list(&branch.list, inner);
        self.list(branch.otherwise.as_deref().unwrap_or(&[]), dot);
        self.shadowed.truncate(shadowed);
    }

    fn pipe(&mut self, pipe: &Pipe, dot: Dot) {
        for command in &pipe.commands {
            self.command(command, dot);
        }
        self.declare(pipe);
    }

    fn declare(&mut self, pipe: &Pipe) {
        self.shadowed.extend(pipe.variables.iter().map(|name| name.id).filter(|id| *id < GIVEN.len()));
    }

    fn command(&mut self, command: &Command, dot: Dot) {
        if let [Operand::Function { function: Function::Index, .. }, map, Operand::Text { at, text, quoted }, rest @ ..] =
            &command.words[..]
            && self.object(map, dot) == Dot::Labels
        {
            self.note(text, *at..*at + quoted.len());
            for word in rest {
                self.word(word, dot);
            }
            return;
        }
        command.words.iter().for_each(|word| self.word(word, dot));
    }

    /// What a word stands for, when that is one of the things that are followed here.
    fn object(&self, word: &Operand, dot: Dot) -> Dot {
        match word {
            Operand::Dot { .. } => dot,
            Operand::Field { path, .. } => follow(dot, path),
            Operand::Variable { name, path, .. } if !self.shadowed.contains(&name.id) => match name.id {
                0 => follow(Dot::Root, path),
                1 => follow(Dot::Labels, path),
                _ => Dot::Other,
            },
            Operand::Pipe(pipe) => only_word(pipe).map_or(Dot::Other, |word| self.object(word, dot)),
            _ => Dot::Other,
        }
    }

    fn word(&mut self, word: &Operand, dot: Dot) {
        match word {
            Operand::Function { function, .. } => self.uses.queries |= *function == Function::Query,
            Operand::Pipe(pipe) => self.pipe(pipe, dot),
            Operand::Chain { head, path, .. } => match (self.object(head, dot), &path[..]) {
                (Dot::Labels, [name, ..]) => self.note(name, self.range_of(word.at(), name)),
                _ => self.word(head, dot),
            },
            Operand::Field { path, .. } => self.path(dot, path, word),
            Operand::Variable { name, path, .. } if !self.shadowed.contains(&name.id) => match name.id {
                0 => self.path(Dot::Root, path, word),
                1 => self.path(Dot::Labels, path, word),
                _ => {}
            },
            Operand::Dot { .. } => self.path(dot, &[], word),
            _ => {}
        }
    }

    fn path(&mut self, start: Dot, path: &[Box<str>], word: &Operand) {
        match (start, path) {
            (Dot::Labels, [name, ..]) => self.note(name, self.range_of(word.at(), name)),
            (Dot::Root, [labels, name, ..]) if **labels == *"Labels" => {
                self.note(name, self.range_of(word.at(), name));
            }
            (Dot::Labels | Dot::Root, []) => self.uses.whole_set = true,
            (Dot::Root, [labels]) if **labels == *"Labels" => self.uses.whole_set = true,
            _ => {}
        }
    }

    /// Where the field `name` stands, which is at or after `at`.
    fn range_of(&self, at: usize, name: &str) -> std::ops::Range<usize> {
        let field = format!(".{name}");
        let start = self.text.get(at..).and_then(|rest| rest.find(&field)).map_or(at, |offset| at + offset + 1);
        start..(start + name.len()).min(self.text.len())
    }

    fn note(&mut self, name: &str, range: std::ops::Range<usize>) {
        self.uses.labels.push(LabelUse { name: name.into(), range });
    }
}

fn follow(start: Dot, path: &[Box<str>]) -> Dot {
    match (start, path) {
        (start, []) => start,
        (Dot::Root, [labels]) if **labels == *"Labels" => Dot::Labels,
        _ => Dot::Other,
    }
}

/// The word that a pipeline consists of, if it is one word.
fn only_word(pipe: &Pipe) -> Option<&Operand> {
    match &pipe.commands[..] {
        [Command { words, .. }] => match &words[..] {
            [word] => Some(word),
            _ => None,
        },
        _ => None,
    }
}
