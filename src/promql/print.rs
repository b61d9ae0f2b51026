//! An expression laid out for people: one line where it fits, else broken where it is built, as Prometheus breaks it.
//!
//! Only the space between tokens changes: [`is_same_text`] holds for what goes in and what comes out. Comments stay with
//! their token, at the end of its line or on lines before it. What comes out depends on tokens and comments alone, so
//! laying out again changes nothing.

use super::token::{self, Token};
use super::tree::{Kind, Node};
use super::{Expr, parser};
use std::collections::HashSet;
use std::ops::Range;

/// What is longer than this is broken.
const WIDTH: usize = 100;

/// Words before which and after which there is a space, though a bracket follows.
const KEYWORDS: [&str; 12] =
    ["by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "atan2", "offset"];

/// A comment of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comment {
    /// From `#` to the end of the line.
    range: Range<usize>,
    /// Whether it stands behind a token on its line.
    is_trailing: bool,
}

impl Expr {
    /// The expression laid out for people. It ends without a line feed.
    #[must_use]
    pub fn laid_out(&self) -> String {
        let text = self.text();
        let tokens = token::tokens(text);
        let comments = comments(text, &tokens);
        let mut operators = HashSet::new();
        self.root().walk(&mut |node| {
            if let Kind::Binary(binary) = &node.kind {
                operators.insert(binary.at.start);
            }
        });
        let mut printer =
            Printer { text, tokens: &tokens, comments: &comments, operators, out: Page::default(), next: 0 };
        printer.comments_until(self.root().range.start);
        printer.node(self.root(), 0);
        printer.out.indent = 0;
        printer.comments_until(text.len());
        printer.out.text
    }
}

/// Whether two texts are made of the same tokens and comments, whatever the space between them.
#[must_use]
pub fn is_same_text(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let tokens = token::tokens(text);
        let comments = comments(text, &tokens);
        let words: Vec<String> = tokens.iter().map(|token| text[token.range.clone()].to_owned()).collect();
        let said: Vec<String> =
            comments.iter().map(|comment| text[comment.range.clone()].trim_end().to_owned()).collect();
        (words, said)
    };
    read(one) == read(other)
}

/// The comments between tokens.
fn comments(text: &str, tokens: &[Token]) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut from = 0;
    for (index, token) in tokens.iter().enumerate() {
        let mut at = from;
        while let Some(start) = text[at..token.range.start.max(at)].find('#').map(|offset| at + offset) {
            let end = text[start..].find(['\n', '\r']).map_or(text.len(), |length| start + length);
            let is_trailing = index > 0 && !text[from..start].contains(['\n', '\r']);
            found.push(Comment { range: start..end, is_trailing });
            at = end;
        }
        from = token.range.end;
    }
    found
}

struct Printer<'a> {
    text: &'a str,
    tokens: &'a [Token],
    comments: &'a [Comment],
    /// Where binary operators stand: every other `+` or `-` is a sign.
    operators: HashSet<usize>,
    out: Page,
    /// The comments before this one are printed.
    next: usize,
}

/// What is written so far.
#[derive(Default)]
struct Page {
    text: String,
    indent: usize,
    /// The next thing goes on a line of its own.
    breaks: bool,
}

impl Printer<'_> {
    /// The indices of the tokens in `range`.
    fn tokens_in(&self, range: &Range<usize>) -> Range<usize> {
        let index = |at: usize| self.tokens.partition_point(|token| token.range.start < at);
        let end = self.tokens.len().saturating_sub(1);
        index(range.start).min(end)..index(range.end).min(end)
    }

    fn has_comments(&self, range: &Range<usize>) -> bool {
        self.comments.iter().any(|comment| range.contains(&comment.range.start))
    }

    /// `range` on one line, or nothing where a comment or a line feed in a text forbids it.
    fn flat(&self, range: &Range<usize>) -> Option<String> {
        let mut line = String::new();
        for index in self.tokens_in(range) {
            if !line.is_empty() && self.wants_space(index) {
                line.push(' ');
            }
            line.push_str(&self.text[self.tokens[index].range.clone()]);
        }
        (!self.has_comments(range) && !line.contains('\n')).then_some(line)
    }

    fn word(&self, index: usize) -> &str {
        &self.text[self.tokens[index].range.clone()]
    }

    fn is_sign(&self, index: usize, signs: &[&str]) -> bool {
        matches!(self.tokens[index].kind, token::Kind::Sign(found) if signs.contains(&found))
    }

    /// Whether a space stands between token `index` and the one before it.
    fn wants_space(&self, index: usize) -> bool {
        let before = index - 1;
        let in_braces = self.is_in_braces(index);
        let is_unary = |index: usize| {
            self.is_sign(index, &["+", "-"]) && !self.operators.contains(&self.tokens[index].range.start)
        };
        let is_word = |index: usize| self.tokens[index].kind == token::Kind::Word;
        let is_keyword = |index: usize| is_word(index) && KEYWORDS.contains(&&*self.word(index).to_ascii_lowercase());
        match () {
            () if self.is_sign(index, &[")", "]", "}", ",", ":", "["]) => false,
            () if self.is_sign(before, &["(", "[", "{", ":"]) || is_unary(before) => false,
            () if in_braces && self.is_sign(index, &["=", "!=", "=~", "!~"]) => false,
            () if in_braces && self.is_sign(before, &["=", "!=", "=~", "!~"]) => false,
            () if self.is_sign(index, &["(", "{"]) && is_word(before) => is_keyword(before),
            () => true,
        }
    }

    fn is_in_braces(&self, index: usize) -> bool {
        let before = self.tokens[..index].iter().rev();
        let mut brackets = before.filter_map(|token| match token.kind {
            token::Kind::Sign(sign @ ("{" | "}")) => Some(sign),
            _ => None,
        });
        brackets.next() == Some("{")
    }

    /// Writes the tokens of `range` in a row, with the comments among them.
    fn row(&mut self, range: &Range<usize>) {
        for index in self.tokens_in(range) {
            let space = index > 0 && self.wants_space(index);
            self.comments_until(self.tokens[index].range.start);
            let token = &self.text[self.tokens[index].range.clone()];
            self.out.write(token, space);
        }
    }

    /// Writes the comments that stand before byte `until` and are not written yet.
    fn comments_until(&mut self, until: usize) {
        while let Some(comment) = self.comments.get(self.next).filter(|comment| comment.range.start < until) {
            let text = self.text[comment.range.clone()].trim_end();
            self.out.comment(text, comment.is_trailing);
            self.next += 1;
        }
    }

    fn fits(&self, node: &Node, indent: usize) -> bool {
        self.flat(&node.range).is_some_and(|line| indent + line.chars().count() <= WIDTH)
    }

    fn node(&mut self, node: &Node, indent: usize) {
        if self.fits(node, indent) {
            return self.row(&node.range);
        }
        match &node.kind {
            Kind::Binary(_) => self.chain(node, indent, indent),
            Kind::Paren(_) | Kind::Call(..) | Kind::Aggregate(_) => self.arguments(node, indent),
            _ => match node.children().as_slice() {
                [of] => {
                    self.row(&(node.range.start..of.range.start));
                    self.node(of, indent);
                    self.row(&(of.range.end..node.range.end));
                }
                _ => self.row(&node.range),
            },
        }
    }

    /// What stands in brackets, each argument on lines of its own.
    fn arguments(&mut self, node: &Node, indent: usize) {
        let arguments = node.children();
        let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else {
            return self.row(&node.range);
        };
        self.row(&(node.range.start..first.range.start));
        let mut from = first.range.start;
        for argument in &arguments {
            self.row(&(from..argument.range.start));
            self.out.break_line(indent + 2);
            self.node(argument, indent + 2);
            from = argument.range.end;
        }
        let end = node.range.end;
        // What is said of the last argument stands with it, not with the bracket.
        let close = self.tokens_in(&(last.range.end..end)).start;
        self.comments_until(self.tokens[close].range.start);
        self.out.break_line(indent);
        self.row(&(last.range.end..end));
    }

    /// Operands that bind alike, each operator at the start of a line. The first operand stands where we are, in a line
    /// that begins at `base`; operators stand at `at`, and those that bind tighter further in.
    fn chain(&mut self, node: &Node, base: usize, at: usize) {
        let mut operands = Vec::new();
        operands_of(node, &mut operands);
        let [first, rest @ ..] = operands.as_slice() else { return };
        self.operand(first, base, at);
        let mut before = *first;
        for operand in rest {
            let gap = before.range.end..operand.range.start;
            let operator = self.tokens[self.tokens_in(&(gap.start..operand.range.end)).start].range.start;
            if !self.stays_on_line(before, operand, &gap, base) {
                self.out.indent = at;
                self.comments_until(operator);
                self.out.break_line(at);
            }
            self.row(&gap);
            // Only behind a comment is it the start of a line.
            self.out.indent = at + 2;
            self.operand(operand, at, at);
            before = operand;
        }
    }

    fn operand(&mut self, operand: &Node, base: usize, at: usize) {
        match &operand.kind {
            Kind::Binary(_) if !self.fits(operand, base) => self.chain(operand, base, at + 2),
            _ => self.node(operand, base),
        }
    }

    /// A factor in front stays with what it multiplies, a number with the bracket before it.
    fn stays_on_line(&self, before: &Node, operand: &Node, gap: &Range<usize>, base: usize) -> bool {
        let is_number = |node: &Node| matches!(node.kind, Kind::Number(_));
        let ends_in_bracket = matches!(before.kind, Kind::Paren(_) | Kind::Call(..) | Kind::Aggregate(_));
        let joins = is_number(before) || (is_number(operand) && ends_in_bracket && !self.fits(before, base));
        joins && !self.has_comments(gap)
    }
}

/// The operands of a chain of operators that bind alike and group to the left.
fn operands_of<'a>(node: &'a Node, operands: &mut Vec<&'a Node>) {
    let Kind::Binary(binary) = &node.kind else { return operands.push(node) };
    match &binary.left.kind {
        Kind::Binary(left) if parser::binds_alike(left.operator, binary.operator) => {
            operands_of(&binary.left, operands);
        }
        _ => operands.push(&binary.left),
    }
    operands.push(&binary.right);
}

impl Page {
    fn write(&mut self, token: &str, space: bool) {
        if self.breaks {
            self.start_line();
        } else if space && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }

    fn start_line(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&" ".repeat(self.indent));
        self.breaks = false;
    }

    fn comment(&mut self, comment: &str, is_trailing: bool) {
        if is_trailing && !self.text.is_empty() {
            self.text.push(' ');
        } else {
            self.start_line();
        }
        self.text.push_str(comment);
        self.breaks = true;
    }

    /// What comes next starts a line at `indent`.
    fn break_line(&mut self, indent: usize) {
        self.indent = indent;
        self.breaks = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> String {
        let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let once = expr.laid_out();
        assert!(is_same_text(text, &once), "{once}");
        let again = Expr::parse(&once).unwrap_or_else(|error| panic!("{once}: {error}")).laid_out();
        assert_eq!(again, once, "laying out again changes it");
        once
    }

    #[test]
    fn what_fits_is_one_line_with_prometheuss_spaces() {
        let cases = [
            ("sum  by(job)(rate(x[5m]))>5", "sum by (job) (rate(x[5m])) > 5"),
            ("sum(rate( x [ 5m ] offset  1h))without( a,b )", "sum(rate(x[5m] offset 1h)) without (a, b)"),
            ("a{b = \"c\",d!= 'e' , }", "a{b=\"c\", d!='e',}"),
            ("a/on(x)group_left(y)b", "a / on (x) group_left (y) b"),
            ("- a *-2 ^ - b", "-a * -2 ^ -b"),
            ("a  -  on (x) -b", "a - on (x) -b"),
            ("x offset -  5m @  start ( )", "x offset -5m @ start()"),
            ("max_over_time(x [1h : 5m])", "max_over_time(x[1h:5m])"),
            ("{ \"http.requests\" , a=\"b\"}", "{\"http.requests\", a=\"b\"}"),
            ("a >bool 5 AND b", "a > bool 5 AND b"),
            ("by\n+ on", "by + on"),
        ];
        for (text, wanted) in cases {
            if Expr::parse(text).is_ok() {
                assert_eq!(laid_out(text), wanted);
            }
        }
    }

    #[test]
    fn what_is_long_is_broken_where_it_is_built() {
        let long = "(sum by (job) (rate(http_requests_failed_total{job=\"api\", code=~\"5..\"}[15m])) / sum by (job) \
                    (rate(http_requests_total{job=\"api\"}[15m]))) * 100 > 0.5 and on (job) up{job=\"api\"} == 1";
        insta::assert_snapshot!(laid_out(long), @r#"
        (
          sum by (job) (rate(http_requests_failed_total{job="api", code=~"5.."}[15m]))
          / sum by (job) (rate(http_requests_total{job="api"}[15m]))
        ) * 100
          > 0.5
        and on (job) up{job="api"} == 1
        "#);
    }

    #[test]
    fn comments_stay_with_their_token() {
        let text = "# first\nsum( # why the sum\n  # the metric\n  x # it\n) # after\n  # before the bound\n> 5 # bound\n# last";
        insta::assert_snapshot!(laid_out(text), @r"
        # first
        sum( # why the sum
          # the metric
          x # it
        ) # after
        # before the bound
        > 5 # bound
        # last
        ");
    }

    #[test]
    fn every_place_for_a_comment_is_kept() {
        let text =
            "topk by (a, b) (2, -rate(x{a=\"b\", c!=\"d\"}[5m:1m] offset 1h) + on (a) group_left (c) y ^ 2) > bool 5";
        let text =
            text.replace("rate(x{a=\"b\", c!=\"d\"}[5m:1m] offset 1h)", "rate(x{a=\"b\", c!=\"d\"}[5m] offset 1h)");
        let tokens = token::tokens(&text);
        for token in &tokens {
            for comment in ["# c\n", "\n# c\n", " # c\n # d\n\n"] {
                let mut commented = text.clone();
                commented.insert_str(token.range.start, comment);
                laid_out(&commented);
            }
        }
    }
}
