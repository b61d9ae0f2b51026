//! From words to a tree, refusing what Go's parser refuses and in its words.

use super::call::Function;
use super::literal::{Number, unquote};
use super::token::{Keyword, Kind, Lexer, Token};
use super::tree::{Branch, Command, Control, List, Name, Node, Operand, Pipe};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How deep control structures and parentheses may stand in each other.
const MAX_DEPTH: usize = 100;

/// The variables that every template starts with; their place here is their number.
pub(super) const GIVEN: [&str; 9] =
    ["$", "$labels", "$externalLabels", "$externalURL", "$value", "$threshold", "$severity", "$unit", "$activeAt"];

/// What a text means.
#[derive(Debug)]
pub(super) struct Parsed {
    pub root: List,
    /// The bodies of `define` and `block`.
    pub defined: HashMap<Box<str>, List>,
}

/// Where and why a text is no template.
#[derive(Debug)]
pub(super) struct Mistake {
    pub range: Range<usize>,
    pub line: usize,
    pub message: String,
}

type Parse<T> = Result<T, Mistake>;

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Parse<Parsed> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        last: Token { kind: Kind::End, at: 0, line: 1, text: "", mistake: String::new() },
        ahead: Vec::new(),
        names: GIVEN.iter().map(|name| Arc::from(*name)).collect(),
        variables: (0..GIVEN.len()).collect(),
        defined: HashMap::new(),
        action_line: None,
        range_depth: 0,
        depth: 0,
    };
    let root = parser.whole()?;
    Ok(Parsed { root, defined: parser.defined })
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The word that was read last: where Go says a mistake is.
    last: Token<'t>,
    /// Words that were read and put back, the next one last.
    ahead: Vec<Token<'t>>,
    names: Vec<Arc<str>>,
    /// The variables that are declared here.
    variables: Vec<usize>,
    defined: HashMap<Box<str>, List>,
    action_line: Option<usize>,
    range_depth: usize,
    depth: usize,
}

/// How a list of nodes ended.
enum Stop {
    End,
    Else,
}

/// A node, or what ends a list of them.
enum Item {
    Node(Node),
    Stop(Stop),
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Token<'t> {
        if let Some(token) = self.ahead.pop() {
            return token;
        }
        self.last = self.lexer.next_token();
        self.last.clone()
    }

    fn back(&mut self, token: Token<'t>) {
        self.ahead.push(token);
    }

    fn peek(&mut self) -> Token<'t> {
        let token = self.next();
        self.back(token.clone());
        token
    }

    fn next_word(&mut self) -> Token<'t> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> Token<'t> {
        let token = self.next_word();
        self.back(token.clone());
        token
    }

    fn wrong<T>(&self, message: impl Into<String>) -> Parse<T> {
        let last = &self.last;
        let range = last.at..last.at + last.text.len();
        Err(Mistake { range, line: last.line, message: message.into() })
    }

    fn wrong_at<T>(&self, token: &Token<'_>, message: impl Into<String>) -> Parse<T> {
        let range = token.at..token.at + token.text.len();
        Err(Mistake { range, line: self.last.line, message: message.into() })
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Parse<T> {
        if token.kind != Kind::Error {
            return self.wrong_at(token, format!("unexpected {token} in {context}"));
        }
        let message = match self.action_line.filter(|line| *line != token.line) {
            // The name of the template is not known here; `TemplateError::for_alert` puts it in.
            Some(line) if token.mistake.ends_with(" action") => format!("{token} started at {{name}}:{line}"),
            Some(line) => format!("{token} in action started at {{name}}:{line}"),
            None => token.to_string(),
        };
        self.wrong_at(token, message)
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parse<Token<'t>> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong(format!("nested deeper than {MAX_DEPTH}"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn whole(&mut self) -> Parse<List> {
        let mut root = List::new();
        loop {
            let token = self.peek();
            if token.kind == Kind::End {
                return Ok(root);
            }
            if token.kind == Kind::LeftDelim {
                self.next();
                let word = self.next_word();
                if word.kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.back(word);
                self.back(token);
            }
            match self.text_or_action()? {
                Item::Node(node) => root.push(node),
                Item::Stop(stop) => return self.wrong(format!("unexpected {}", stop.text())),
            }
        }
    }

    /// `{{ define "name" }} … {{ end }}`; the keyword is read.
    fn definition(&mut self) -> Parse<()> {
        let context = "define clause";
        let token = self.next_word();
        let name = self.template_name(&token, context)?;
        self.expect(Kind::RightDelim, context)?;
        self.body(&name, context)
    }

    /// The body of `define` and of `block`, which sees no variable of its surroundings.
    fn body(&mut self, name: &str, context: &str) -> Parse<()> {
        let outer = std::mem::replace(&mut self.variables, vec![0]);
        let depth = std::mem::take(&mut self.range_depth);
        let (list, stop) = self.deeper(Self::list)?;
        self.variables = outer;
        self.range_depth = depth;
        if let Stop::Else = stop {
            return self.wrong(format!("unexpected {} in {context}", stop.text()));
        }
        let blank = is_blank(&list);
        match self.defined.get(name) {
            Some(earlier) if !is_blank(earlier) && blank => {}
            Some(earlier) if !is_blank(earlier) => {
                let name = super::format::quote(name);
                return self.wrong(format!("template: multiple definition of template {name}"));
            }
            _ => {
                self.defined.insert(name.into(), list);
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Parse<(List, Stop)> {
        let mut list = List::new();
        while self.peek_word().kind != Kind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                Item::Stop(stop) => return Ok((list, stop)),
            }
        }
        self.wrong("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parse<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text { at: token.at, text: token.text.into() })),
            Kind::LeftDelim => {
                self.action_line = Some(token.line);
                let item = self.action();
                self.action_line = None;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parse<Item> {
        let token = self.next_word();
        let node = match token.kind {
            Kind::Keyword(Keyword::Block) => self.block()?,
            Kind::Keyword(Keyword::Break) => self.leave(&token, "{{break}}")?,
            Kind::Keyword(Keyword::Continue) => self.leave(&token, "{{continue}}")?,
            Kind::Keyword(Keyword::Else) => return self.otherwise(),
            Kind::Keyword(Keyword::End) => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::Stop(Stop::End));
            }
            Kind::Keyword(Keyword::If) => self.control(Control::If)?,
            Kind::Keyword(Keyword::Range) => self.control(Control::Range)?,
            Kind::Keyword(Keyword::With) => self.control(Control::With)?,
            Kind::Keyword(Keyword::Template) => self.invocation()?,
            _ => {
                self.back(token.clone());
                Node::Action { at: token.at, pipe: self.pipeline("command", Kind::RightDelim)? }
            }
        };
        Ok(Item::Node(node))
    }

    /// `{{ break }}` or `{{ continue }}`.
    fn leave(&mut self, word: &Token<'t>, context: &str) -> Parse<Node> {
        let token = self.next_word();
        if token.kind != Kind::RightDelim {
            return self.unexpected(&token, context);
        }
        if self.range_depth == 0 {
            return self.wrong_at(word, format!("{context} outside {{{{range}}}}"));
        }
        let at = word.at;
        Ok(if context == "{{break}}" { Node::Break { at } } else { Node::Continue { at } })
    }

    /// `{{ else }}`; of `{{ else if …` the `if` is left to be read.
    fn otherwise(&mut self) -> Parse<Item> {
        let next = self.peek_word();
        if !matches!(next.kind, Kind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Item::Stop(Stop::Else))
    }

    fn control(&mut self, control: Control) -> Parse<Node> {
        self.deeper(|parser| parser.branch(control))
    }

    fn branch(&mut self, control: Control) -> Parse<Node> {
        let visible = self.variables.len();
        let (context, again) = match control {
            Control::If => ("if", Some(Keyword::If)),
            Control::With => ("with", Some(Keyword::With)),
            Control::Range => ("range", None),
        };
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.range_depth += usize::from(control == Control::Range);
        let (list, stop) = self.list()?;
        self.range_depth -= usize::from(control == Control::Range);
        let otherwise = match stop {
            Stop::End => None,
            Stop::Else => Some(self.else_list(control, again)?),
        };
        self.variables.truncate(visible);
        Ok(Node::Branch(Box::new(Branch { at: pipe.at, control, pipe, list, otherwise })))
    }

    /// What follows `{{ else }}`. Of `{{ else if }}` the inner `{{ end }}` ends both.
    fn else_list(&mut self, control: Control, again: Option<Keyword>) -> Parse<List> {
        let next = self.peek();
        if let Some(again) = again
            && next.kind == Kind::Keyword(again)
        {
            self.next();
            return Ok(vec![self.control(control)?]);
        }
        match self.list()? {
            (list, Stop::End) => Ok(list),
            (_, stop) => self.wrong(format!("expected end; found {}", stop.text())),
        }
    }

    fn block(&mut self) -> Parse<Node> {
        let context = "block clause";
        let token = self.next_word();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.body(&name, context)?;
        Ok(Node::Template { at: token.at, name: name.into(), pipe: Some(pipe) })
    }

    fn invocation(&mut self) -> Parse<Node> {
        let context = "template clause";
        let token = self.next_word();
        let name = self.template_name(&token, context)?;
        let next = self.next_word();
        let mut pipe = None;
        if next.kind != Kind::RightDelim {
            self.back(next);
            pipe = Some(self.pipeline(context, Kind::RightDelim)?);
        }
        Ok(Node::Template { at: token.at, name: name.into(), pipe })
    }

    fn template_name(&mut self, token: &Token<'t>, context: &str) -> Parse<String> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquoted(token),
            _ => self.unexpected(token, context),
        }
    }

    fn unquoted(&self, token: &Token<'t>) -> Parse<String> {
        unquote(token.text).map_or_else(|| self.wrong_at(token, "invalid syntax"), Ok)
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parse<Pipe> {
        let at = self.peek_word().at;
        let mut pipe = Pipe { at, variables: Vec::new(), assigns: false, commands: Vec::new() };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => {
                    self.check(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.back(token);
                    pipe.commands.push(self.command()?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// Reads `$x :=`, `$x =` or `$x,`, if there is one; true when another may follow.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Parse<bool> {
        let variable = self.peek_word();
        if variable.kind != Kind::Variable {
            return Ok(false);
        }
        self.next_word();
        let after = self.next();
        let next = if after.kind == Kind::Space { self.next_word() } else { after.clone() };
        match next.kind {
            Kind::Assign | Kind::Declare => {
                pipe.assigns = next.kind == Kind::Assign;
                pipe.variables.push(self.declare(variable.text));
                Ok(false)
            }
            Kind::Char if next.text == "," => {
                pipe.variables.push(self.declare(variable.text));
                if context != "range" || pipe.variables.len() >= 2 {
                    return self.wrong_at(&variable, format!("too many declarations in {context}"));
                }
                match self.peek_word().kind {
                    Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
                    _ => self.wrong("range can only initialize variables"),
                }
            }
            _ => {
                self.back(next);
                if after.kind == Kind::Space {
                    self.back(after);
                }
                self.back(variable);
                Ok(false)
            }
        }
    }

    fn declare(&mut self, text: &str) -> Name {
        let id = self.names.iter().position(|name| **name == *text).unwrap_or_else(|| {
            self.names.push(text.into());
            self.names.len() - 1
        });
        self.variables.push(id);
        self.name(id)
    }

    fn name(&self, id: usize) -> Name {
        Name { id, text: Arc::clone(&self.names[id]) }
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parse<()> {
        if pipe.commands.is_empty() {
            return self.wrong(format!("missing value for {context}"));
        }
        let bad = pipe.commands.iter().skip(1).position(|command| {
            matches!(
                command.words[0],
                Operand::Bool { .. }
                    | Operand::Dot { .. }
                    | Operand::Nil { .. }
                    | Operand::Number { .. }
                    | Operand::Text { .. }
            )
        });
        bad.map_or(Ok(()), |stage| self.wrong(format!("non executable command in pipeline stage {}", stage + 2)))
    }

    fn command(&mut self) -> Parse<Command> {
        let mut command = Command { at: self.peek_word().at, words: Vec::new() };
        loop {
            self.peek_word();
            // The peeked word was put back without the spaces before it, as Go does.
            if let Some(operand) = self.operand()? {
                command.words.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.back(token);
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        if command.words.is_empty() {
            return self.wrong("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parse<Option<Operand>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let at = first.at;
        let mut path: Vec<Box<str>> = Vec::new();
        while self.peek().kind == Kind::Field {
            path.push(self.next().text[1..].into());
        }
        Ok(Some(match term {
            Operand::Field { path: mut start, .. } => {
                start.append(&mut path);
                Operand::Field { at, path: start }
            }
            Operand::Variable { name, .. } => Operand::Variable { at, name, path },
            Operand::Bool { .. }
            | Operand::Text { .. }
            | Operand::Number { .. }
            | Operand::Nil { .. }
            | Operand::Dot { .. } => {
                let term = super::format::quote(&term.to_string());
                return self.wrong(format!("unexpected . after term {term}"));
            }
            head => Operand::Chain { at, head: Box::new(head), path },
        }))
    }

    fn term(&mut self) -> Parse<Option<Operand>> {
        let token = self.next_word();
        let at = token.at;
        Ok(Some(match token.kind {
            Kind::Identifier => match Function::named(token.text) {
                Some(function) => Operand::Function { at, name: token.text.into(), function },
                None => {
                    return self.wrong_at(&token, format!("function {} not defined", super::format::quote(token.text)));
                }
            },
            Kind::Dot => Operand::Dot { at },
            Kind::Nil => Operand::Nil { at },
            Kind::Variable => self.variable(&token)?,
            Kind::Field => Operand::Field { at, path: vec![token.text[1..].into()] },
            Kind::Bool => Operand::Bool { at, value: token.text == "true" },
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = match token.kind {
                    Kind::CharConstant => Number::character(token.text),
                    Kind::Complex => Number::complex(token.text),
                    _ => Number::plain(token.text),
                };
                Operand::Number { at, number: number.or_else(|message| self.wrong_at(&token, message))? }
            }
            Kind::LeftParen => {
                let pipe = self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                Operand::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => {
                Operand::Text { at, quoted: token.text.into(), text: self.unquoted(&token)?.into() }
            }
            _ => {
                self.back(token);
                return Ok(None);
            }
        }))
    }

    fn variable(&self, token: &Token<'t>) -> Parse<Operand> {
        let id = self.variables.iter().copied().find(|id| *self.names[*id] == *token.text);
        match id {
            Some(id) => Ok(Operand::Variable { at: token.at, name: self.name(id), path: Vec::new() }),
            None => self.wrong_at(token, format!("undefined variable {}", super::format::quote(token.text))),
        }
    }
}

impl Stop {
    fn text(&self) -> &'static str {
        match self {
            Stop::End => "{{end}}",
            Stop::Else => "{{else}}",
        }
    }
}

fn is_blank(list: &List) -> bool {
    list.iter().all(|node| matches!(node, Node::Text { text, .. } if text.trim().is_empty()))
}
