//! From tokens to a tree, by recursive descent. What Prometheus 3 accepts is accepted; a mistake is told where it is.

use super::functions;
use super::selector;
use super::token::{Kind as TokenKind, Token, tokens};
use super::tree::{Aggregate, Binary, Grouping, Kind, Matching, Node, On, Shift, Side, Sign};
use super::{PromqlError, number};
use crate::diagnostics::suggest::did_you_mean;
use std::ops::Range;

/// No expression that a person wrote comes near; the limits keep a malicious one from exhausting the stack (`deep_stack`). A level of
/// parentheses is four calls of the parser, and each operation, however it is written, is one level of the tree at most.
const DEEPEST: usize = 1_000;
const MOST_OPERATIONS: usize = 2_000;

/// The binary operators, loosest first; those of one row bind alike.
const PRECEDENCE: [&[&str]; 6] =
    [&["or"], &["and", "unless"], &["==", "!=", "<=", "<", ">=", ">"], &["+", "-"], &["*", "/", "%", "atan2"], &["^"]];
const MULTIPLICATION: usize = 4;
const POWER: usize = 5;

/// The aggregations, and whether each takes a parameter.
const AGGREGATIONS: [(&str, bool); 14] = [
    ("sum", false),
    ("avg", false),
    ("count", false),
    ("min", false),
    ("max", false),
    ("group", false),
    ("stddev", false),
    ("stdvar", false),
    ("topk", true),
    ("bottomk", true),
    ("count_values", true),
    ("quantile", true),
    ("limitk", true),
    ("limit_ratio", true),
];

/// Words that cannot be the name of a metric.
const RESERVED: [&str; 6] = ["on", "ignoring", "group_left", "group_right", "bool", "atan2"];

/// Whether two binary operators bind alike and group to the left.
pub(super) fn binds_alike(one: &str, other: &str) -> bool {
    let row = |operator: &str| PRECEDENCE.iter().position(|row| row.contains(&operator));
    row(one) == row(other) && row(one) != Some(POWER)
}

/// Parses `text` as one expression.
pub(super) fn parse(text: &str) -> Result<Node, PromqlError> {
    let mut parser = Parser { text, tokens: tokens(text), at: 0, depth: 0, operations: 0 };
    if parser.peek().kind == TokenKind::End {
        return Err(PromqlError::new(0..text.len(), "no expression found in input"));
    }
    let node = parser.expression(0)?;
    if parser.peek().kind != TokenKind::End {
        return Err(parser.unexpected(""));
    }
    Ok(node)
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    operations: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.at + 1)
    }

    /// Takes the next token. The last one, which ends the list, stays.
    fn take(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Sign(found) if found == sign)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn expect_sign(&mut self, sign: &str, context: &str) -> Result<Range<usize>, PromqlError> {
        let range = self.peek().range.clone();
        if self.take_sign(sign) { Ok(range) } else { Err(self.unexpected(&format!("{context}, expected {sign:?}"))) }
    }

    /// The next token as a word, in lower case as keywords are compared.
    fn keyword(&self) -> Option<String> {
        let token = self.peek();
        (token.kind == TokenKind::Word).then(|| self.text[token.range.clone()].to_ascii_lowercase())
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.keyword().is_some_and(|word| word == keyword);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn word(&self, range: Range<usize>) -> &str {
        &self.text[range]
    }

    /// What is wrong with the next token. `context` goes on after its name.
    pub(super) fn unexpected(&self, context: &str) -> PromqlError {
        let token = self.peek();
        let written = &self.text[token.range.clone()];
        let name = match &token.kind {
            TokenKind::Bad(reason) => return PromqlError::new(token.range.clone(), reason.clone()),
            TokenKind::End => "end of input".to_owned(),
            TokenKind::Word => format!("identifier {written:?}"),
            TokenKind::Number => format!("number {written:?}"),
            TokenKind::Duration => format!("duration {written:?}"),
            TokenKind::Text(_) => format!("string {written}"),
            TokenKind::Sign(sign) => format!("{sign:?}"),
        };
        PromqlError::new(token.range.clone(), format!("unexpected {name}{context}"))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, PromqlError>) -> Result<T, PromqlError> {
        if self.depth >= DEEPEST {
            return Err(PromqlError::new(self.peek().range.clone(), "the expression is nested too deeply"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// One more level may come to the tree by what stands at `range`.
    pub(super) fn count_operation(&mut self, range: &Range<usize>) -> Result<(), PromqlError> {
        self.operations += 1;
        if self.operations <= MOST_OPERATIONS {
            return Ok(());
        }
        Err(PromqlError::new(range.clone(), format!("the expression has more than {MOST_OPERATIONS} operations")))
    }

    /// An expression whose operators bind at least as tightly as those of row `loosest`.
    fn expression(&mut self, loosest: usize) -> Result<Node, PromqlError> {
        let mut left = self.deeper(Self::unary)?;
        while let Some((operator, row)) = self.operator().filter(|(_, row)| *row >= loosest) {
            let at = self.take().range;
            self.count_operation(&at)?;
            let returns_bool = self.take_keyword("bool");
            let matching = self.matching()?;
            // `^` is the one that groups to the right.
            let right = self.deeper(|parser| parser.expression(if row == POWER { row } else { row + 1 }))?;
            let range = left.range.start..right.range.end;
            let (left_operand, right) = (Box::new(left), Box::new(right));
            let binary = Binary { operator, at, returns_bool, matching, left: left_operand, right };
            left = Node { range, kind: Kind::Binary(binary) };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(&'static str, usize)> {
        let written = match &self.peek().kind {
            TokenKind::Sign(sign) => (*sign).to_owned(),
            TokenKind::Word => self.keyword()?,
            _ => return None,
        };
        PRECEDENCE.iter().enumerate().find_map(|(row, operators)| {
            operators.iter().find(|operator| **operator == written).map(|operator| (*operator, row))
        })
    }

    fn matching(&mut self) -> Result<Matching, PromqlError> {
        let on = match self.keyword().as_deref() {
            Some("on") => On::These,
            Some("ignoring") => On::AllBut,
            _ => return Ok(Matching::default()),
        };
        self.take();
        let labels = Some((on, self.label_list()?));
        let side = match self.keyword().as_deref() {
            Some("group_left") => Side::Left,
            Some("group_right") => Side::Right,
            _ => return Ok(Matching { labels, group: None }),
        };
        self.take();
        let include = if self.is_sign("(") { self.label_list()? } else { Vec::new() };
        Ok(Matching { labels, group: Some((side, include)) })
    }

    /// `(a, b)`, as after `by` and `on`.
    fn label_list(&mut self) -> Result<Vec<String>, PromqlError> {
        self.expect_sign("(", " in grouping opts")?;
        let mut labels = Vec::new();
        while !self.take_sign(")") {
            match &self.peek().kind {
                TokenKind::Word => labels.push(self.text[self.peek().range.clone()].to_owned()),
                TokenKind::Text(name) if !name.is_empty() => labels.push(name.clone()),
                _ => return Err(self.unexpected(" in grouping opts, expected label")),
            }
            self.take();
            if !self.take_sign(",") && !self.is_sign(")") {
                return Err(self.unexpected(" in grouping opts, expected \",\" or \")\""));
            }
        }
        Ok(labels)
    }

    /// A sign binds like multiplication, so `-2 ^ 2` is `-(2 ^ 2)`.
    fn unary(&mut self) -> Result<Node, PromqlError> {
        if !self.is_sign("-") && !self.is_sign("+") {
            return self.with_modifiers();
        }
        let sign = self.take();
        let of = self.deeper(|parser| parser.expression(MULTIPLICATION + 1))?;
        let range = sign.range.start..of.range.end;
        let kind = match of.kind {
            Kind::Number(value) if self.text[sign.range.clone()].starts_with('-') => Kind::Number(-value),
            Kind::Number(value) => Kind::Number(value),
            _ if self.text[sign.range].starts_with('-') => Kind::Unary(Sign::Minus, Box::new(of)),
            _ => Kind::Unary(Sign::Plus, Box::new(of)),
        };
        Ok(Node { range, kind })
    }

    /// A primary expression and the `[…]`, `offset` and `@` after it.
    fn with_modifiers(&mut self) -> Result<Node, PromqlError> {
        let mut node = self.primary()?;
        loop {
            node = if self.is_sign("[") {
                selector::window(self, node)?
            } else if self.is_sign("@") {
                selector::at(self, node)?
            } else if self.keyword().as_deref() == Some("offset") {
                selector::offset(self, node)?
            } else {
                return Ok(node);
            };
        }
    }

    fn primary(&mut self) -> Result<Node, PromqlError> {
        let range = self.peek().range.clone();
        let kind = match &self.peek().kind {
            TokenKind::Number | TokenKind::Duration => Kind::Number(self.number()?),
            TokenKind::Text(text) => {
                let kind = Kind::Text(text.clone());
                self.take();
                kind
            }
            TokenKind::Sign("(") => return self.parenthesis(),
            TokenKind::Sign("{") => return selector::selector(self, None),
            TokenKind::Word => return self.named(),
            _ => return Err(self.unexpected("")),
        };
        Ok(Node { range, kind })
    }

    /// A number, or a duration as a number of seconds.
    pub(super) fn number(&mut self) -> Result<f64, PromqlError> {
        let token = self.take();
        let written = &self.text[token.range.clone()];
        match token.kind {
            TokenKind::Number => number::parse(written),
            _ => number::seconds(written),
        }
        .ok_or_else(|| PromqlError::new(token.range, format!("not a valid duration string: {written:?}")))
    }

    fn parenthesis(&mut self) -> Result<Node, PromqlError> {
        let start = self.take().range.start;
        let of = self.deeper(|parser| parser.expression(0))?;
        let end = self.expect_sign(")", "")?.end;
        Ok(Node { range: start..end, kind: Kind::Paren(Box::new(of)) })
    }

    /// What starts with a word: an aggregation, a call, `inf`, or a metric.
    fn named(&mut self) -> Result<Node, PromqlError> {
        let token = self.peek().clone();
        let keyword = self.keyword().unwrap_or_default();
        let next =
            self.peek_second().map(|next| (next.kind.clone(), self.text[next.range.clone()].to_ascii_lowercase()));
        let opens = matches!(&next, Some((TokenKind::Sign("("), _)));
        let groups = matches!(&next, Some((TokenKind::Word, word)) if word == "by" || word == "without");
        if let Some(aggregation) = AGGREGATIONS.iter().find(|(name, _)| *name == keyword)
            && (opens || groups)
        {
            return self.aggregate(aggregation);
        }
        match &*keyword {
            "inf" | "nan" => {
                self.take();
                let value = if keyword == "inf" { f64::INFINITY } else { f64::NAN };
                Ok(Node { range: token.range, kind: Kind::Number(value) })
            }
            _ if RESERVED.contains(&&*keyword) => Err(self.unexpected("")),
            _ if opens => self.call(),
            _ => {
                self.take();
                selector::selector(self, Some(token.range))
            }
        }
    }

    fn aggregate(&mut self, (operation, has_parameter): &(&'static str, bool)) -> Result<Node, PromqlError> {
        let start = self.take().range.start;
        let before = self.grouping()?;
        let (mut arguments, mut end) = self.arguments(" in aggregation")?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => match self.grouping()? {
                Some(grouping) => {
                    end = self.tokens[self.at - 1].range.end;
                    grouping
                }
                None => Grouping::By(Vec::new()),
            },
        };
        let expected = if *has_parameter { 2 } else { 1 };
        if arguments.is_empty() {
            return Err(PromqlError::new(start..end, "no arguments for aggregate expression provided"));
        }
        if arguments.len() != expected {
            let found = arguments.len();
            let message = "wrong number of arguments for aggregate expression provided";
            return Err(PromqlError::new(start..end, format!("{message}, expected {expected}, got {found}")));
        }
        let of = Box::new(arguments.remove(expected - 1));
        let parameter = arguments.pop().map(Box::new);
        let aggregate = Aggregate { operation, grouping, parameter, of };
        Ok(Node { range: start..end, kind: Kind::Aggregate(aggregate) })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, PromqlError> {
        if self.take_keyword("by") {
            return self.label_list().map(|labels| Some(Grouping::By(labels)));
        }
        if self.take_keyword("without") {
            return self.label_list().map(|labels| Some(Grouping::Without(labels)));
        }
        Ok(None)
    }

    fn call(&mut self) -> Result<Node, PromqlError> {
        let name = self.take().range;
        let written = &self.text[name.clone()];
        let Some(function) = functions::find(written) else {
            let hint = did_you_mean(written, functions::names()).map(|hint| format!(": {hint}")).unwrap_or_default();
            return Err(PromqlError::new(name, format!("unknown function with name {written:?}{hint}")));
        };
        let (arguments, end) = self.arguments(" in function call")?;
        Ok(Node { range: name.start..end, kind: Kind::Call(function, arguments) })
    }

    /// `(a, b)`, and where it ends.
    fn arguments(&mut self, context: &str) -> Result<(Vec<Node>, usize), PromqlError> {
        self.expect_sign("(", context)?;
        let mut arguments = Vec::new();
        while !self.is_sign(")") {
            arguments.push(self.deeper(|parser| parser.expression(0))?);
            let comma = self.peek().range.clone();
            if !self.take_sign(",") {
                break;
            }
            if self.is_sign(")") {
                return Err(PromqlError::new(comma, "trailing commas not allowed in function call args"));
            }
        }
        let end = self.expect_sign(")", "")?.end;
        Ok((arguments, end))
    }

    /// The place of the last token that was taken.
    pub(super) fn last_end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].range.end
    }

    pub(super) fn advance(&mut self) -> Token {
        self.take()
    }
}

/// What an `offset` or `@` after `node` changes, if it may stand there.
pub(super) fn shiftable(node: &mut Node) -> Option<&mut Shift> {
    match &mut node.kind {
        Kind::Selector(selector) => Some(&mut selector.time),
        Kind::Range(of, _) => shiftable(of),
        Kind::Subquery(subquery) => Some(&mut subquery.time),
        _ => None,
    }
}
