//! From Rhai's tree to typed code, or to everything that is wrong with a condition.
//!
//! This is the only module that knows Rhai, whose tree is not promised to stay as it is. What it cannot express it refuses; nothing falls
//! through. Start at [`lower`], then [`Lowering::value`]: every expression is a number, a test or a text, and its place says which it has to be.

mod call;
mod closure;
mod compare;
mod parse;

pub use parse::is_free;

use super::code::{Function, Number, Operator, Test, Text};
use super::explain::{Meaning, Term};
use super::refuse::{WAYS_OUT, did_you_mean, error};
use super::scan::Tokens;
use super::{Readable, Scope, ScriptError, methods};
use crate::model::Name;
use closure::Closure;
use rhai::{AST, Expr, FnCallExpr, Stmt};
use std::collections::BTreeSet;
use std::ops::Range;

/// A condition, understood.
pub struct Lowered {
    pub test: Test,
    pub terms: Vec<Term>,
    pub firing: Vec<Name>,
    pub queries: BTreeSet<usize>,
}

/// Understands what `tokens` say in `scope`.
pub fn lower(tokens: &Tokens<'_>, scope: &Scope<'_>) -> Result<Lowered, Vec<ScriptError>> {
    let ast = parse::parse(tokens).map_err(|cause| vec![cause])?;
    let mut lowering = Lowering::new(tokens, scope, &ast);
    let test = match ast.statements() {
        [Stmt::Expr(expr)] => lowering.test(expr),
        _ => None,
    };
    lowering.finish(test)
}

struct Lowering<'a> {
    tokens: &'a Tokens<'a>,
    scope: &'a Scope<'a>,
    ast: &'a AST,
    errors: Vec<ScriptError>,
    terms: Vec<Term>,
    firing: Vec<Name>,
    queries: BTreeSet<usize>,
    /// The function of `held` that is being read.
    closure: Option<Closure>,
}

impl<'a> Lowering<'a> {
    fn new(tokens: &'a Tokens<'a>, scope: &'a Scope<'a>, ast: &'a AST) -> Self {
        let (errors, terms, firing, queries) = Default::default();
        Lowering { tokens, scope, ast, errors, terms, firing, queries, closure: None }
    }

    fn finish(mut self, test: Option<Test>) -> Result<Lowered, Vec<ScriptError>> {
        let whole = 0..self.tokens.text.trim_end().len();
        let wrong = match test {
            _ if !self.errors.is_empty() => None,
            Some(Test::Constant(holds)) => {
                Some((format!("this condition is always {holds}"), "let it depend on a query"))
            }
            Some(test) => return Ok(Lowered { test, terms: self.terms, firing: self.firing, queries: self.queries }),
            // Whoever gives up says why; should somebody forget, it is an error all the same.
            None => Some(("this is no condition".into(), "write for example `tps < 5 && gas > 60`")),
        };
        self.errors.extend(wrong.map(|(message, help)| error(whole, message, help)));
        self.errors.sort_by_key(|error| (error.range.start, error.range.end));
        self.errors.dedup();
        Err(self.errors)
    }

    /// What `expr` means, whatever its type. `None` where that was refused.
    fn value(&mut self, expr: &Expr) -> Option<Meaning> {
        match expr {
            Expr::BoolConstant(holds, _) => Some(Meaning::Test(Test::Constant(*holds))),
            Expr::IntegerConstant(..) | Expr::FloatConstant(..) => self.literal(expr).map(Meaning::Number),
            Expr::StringConstant(text, _) => Some(Meaning::Text(Text::Literal(text.as_str().into()))),
            Expr::Variable(variable, ..) if variable.2.is_empty() => self.name(&variable.1, expr),
            Expr::FnCall(call, _) => self.function(call, expr),
            Expr::Dot(pair, ..) => self.dot(&pair.lhs, &pair.rhs, expr),
            Expr::And(parts, _) => self.tests(parts).map(|parts| Meaning::Test(conjunction(parts))),
            Expr::Or(parts, _) => self.tests(parts).map(|parts| Meaning::Test(disjunction(parts))),
            other => self.unsupported(other),
        }
    }

    fn number(&mut self, expr: &Expr) -> Option<Number> {
        let wrong = match self.value(expr)? {
            Meaning::Number(number) => return Some(number),
            Meaning::Test(_) => "a condition",
            Meaning::Text(_) => "text",
        };
        let message = format!("`{}` is {wrong}, and a number is needed here", self.said(expr));
        self.refuse(self.range(expr), message, "")
    }

    fn test(&mut self, expr: &Expr) -> Option<Test> {
        let (wrong, help) = match self.value(expr)? {
            Meaning::Test(test) => return Some(test),
            Meaning::Number(_) => ("a number", format!("compare it, for example `{} > 0`", self.said(expr))),
            Meaning::Text(_) => ("text", "compare it, for example `labels.chain == \"sepolia\"`".into()),
        };
        let message = format!("`{}` is {wrong}, and a condition is needed here", self.said(expr));
        self.refuse(self.range(expr), message, help)
    }

    /// All of them, or nothing after each was looked at.
    fn tests(&mut self, parts: &[Expr]) -> Option<Vec<Test>> {
        let tests: Vec<_> = parts.iter().map(|part| self.test(part)).collect();
        tests.into_iter().collect()
    }

    /// Every number is an `f64`; an integer that none can hold would not be compared with what was written.
    fn literal(&mut self, expr: &Expr) -> Option<Number> {
        #[expect(clippy::cast_precision_loss, reason = "just that is looked for below")]
        let value = match expr {
            Expr::IntegerConstant(value, _) => *value as f64,
            Expr::FloatConstant(value, _) => **value,
            _ => return None,
        };
        let said = self.said(expr);
        // An integer has no negative zero, and Rhai has negated it already.
        let value = if value == 0.0 && said.matches('-').count() % 2 == 1 { -0.0 } else { value };
        let digits = said.replace(['_', '-', '+', '(', ')', ' '], "");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an absolute value below 2^128")]
        let changed = digits.parse::<u128>().is_ok_and(|written| value.abs() as u128 != written);
        if value.is_infinite() {
            self.refuse(self.range(expr), "this number is too large", "the largest is about 1.8e308")
        } else if changed {
            let help = format!("write `{value}`, the nearest one");
            self.refuse(self.range(expr), "a 64-bit float cannot hold this number", help)
        } else {
            Some(Number::Constant(value))
        }
    }

    fn name(&mut self, name: &str, expr: &Expr) -> Option<Meaning> {
        if let Some(sample) = self.sample(name) {
            return Some(Meaning::Number(sample));
        }
        if let Some(query) = self.query(name) {
            return Some(self.told(expr, Meaning::Number(Number::Value(query))));
        }
        match name {
            "labels" => self.refuse(self.range(expr), "`labels` is no value", "read one label: `labels.chain`"),
            "now" => self.refuse(self.range(expr), "`now` is no value", "write `now.hour()` or `now.weekday()`"),
            _ => {
                let known: Vec<&str> =
                    self.scope.queries.iter().map(|(name, _)| *name).chain(methods::CONTEXT).collect();
                let help = did_you_mean(name, &known, "what can be named is");
                self.refuse(self.range(expr), format!("no query is called `{name}`"), help)
            }
        }
    }

    /// The index of a query, noted as used.
    fn query(&mut self, name: &str) -> Option<usize> {
        let index = self.scope.queries.iter().position(|(known, _)| *known == name)?;
        self.queries.insert(index);
        Some(index)
    }

    fn function(&mut self, call: &FnCallExpr, expr: &Expr) -> Option<Meaning> {
        let name = call.name.as_str();
        if call.is_qualified() {
            return self.unsupported(expr);
        }
        match (name, &call.args[..]) {
            ("!", [of]) => self.test(of).map(|test| Meaning::Test(negation(test))),
            ("-", [of]) => self.number(of).map(|number| Meaning::Number(negative(number))),
            ("+", [of]) => self.number(of).map(Meaning::Number),
            ("contains", [all, one]) => self.membership(all, one, expr).map(Meaning::Test),
            ("firing", arguments) => self.firing(arguments, expr),
            (_, [left, right]) if call.is_operator_call() => self.operator(name, left, right, expr),
            (_, arguments) => self.pure_function(name, arguments, expr).map(Meaning::Number),
        }
    }

    fn operator(&mut self, sign: &str, left: &Expr, right: &Expr, expr: &Expr) -> Option<Meaning> {
        if let Some(comparison) = compare::comparison(sign) {
            return self.compare(left, comparison, right, expr).map(Meaning::Test);
        }
        let operator = match sign {
            "+" => Operator::Plus,
            "-" => Operator::Minus,
            "*" => Operator::Times,
            "/" => Operator::Divided,
            "%" => Operator::Remainder,
            _ => return self.unsupported(expr),
        };
        let (left, right) = (self.number(left), self.number(right));
        Some(Meaning::Number(arithmetic(left?, operator, right?)))
    }

    fn pure_function(&mut self, name: &str, arguments: &[Expr], expr: &Expr) -> Option<Number> {
        let Some((_, function, least, most)) = methods::FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return self.unknown_function(name, arguments, expr);
        };
        if arguments.len() < *least || arguments.len() > *most {
            let help = if *most == 1 {
                format!("write `{name}(tps)`")
            } else {
                format!("write `{name}(tps, gas)`; over a window, `tps.{name}(\"5m\")`")
            };
            return self.refuse(self.range(expr), format!("`{name}` takes {}", plural(*least, *most)), help);
        }
        let numbers: Vec<_> = arguments.iter().map(|argument| self.number(argument)).collect();
        let numbers: Vec<_> = numbers.into_iter().collect::<Option<_>>()?;
        Some(apply(*function, numbers))
    }

    fn unknown_function<T>(&mut self, name: &str, arguments: &[Expr], expr: &Expr) -> Option<T> {
        let (message, help) = if WAYS_OUT.contains(&name) {
            (format!("`{name}` is not part of conditions"), "a condition can only look at its queries".into())
        } else if let Some(method) = methods::find(&methods::METHODS, name) {
            let query = arguments.first().map_or("tps".into(), |first| self.said(first));
            (format!("`{name}` is asked of a query"), format!("write `{}`", method.usage(name, &query)))
        } else {
            let known: Vec<&str> = methods::FUNCTIONS.iter().map(|(name, ..)| *name).chain(["firing"]).collect();
            (format!("there is no function `{name}`"), did_you_mean(name, &known, "the functions are"))
        };
        self.refuse(self.range(expr), message, help)
    }

    fn firing(&mut self, arguments: &[Expr], expr: &Expr) -> Option<Meaning> {
        let [Expr::StringConstant(alert, _)] = arguments else {
            return self.refuse(
                self.range(expr),
                "`firing` takes the name of an alert",
                "write `firing(\"OtherAlert\")`",
            );
        };
        let alert: Name = alert.as_str().into();
        let index = self.firing.iter().position(|known| *known == alert).unwrap_or(self.firing.len());
        if index == self.firing.len() {
            self.firing.push(alert);
        }
        Some(self.told(expr, Meaning::Test(Test::Firing(index))))
    }

    fn label(&mut self, name: &str, at: Range<usize>) -> Option<Text> {
        match &self.scope.labels {
            Readable::Only(known) if !known.contains(&name) => {
                let none = "without `join` there are no labels to read";
                let help = did_you_mean(name, known, if known.is_empty() { none } else { "the labels of `join` are" });
                self.refuse(at, format!("the label `{name}` is not one of `join`"), help)
            }
            Readable::Only(_) | Readable::Any => Some(Text::Label(name.into())),
        }
    }

    fn unsupported<T>(&mut self, expr: &Expr) -> Option<T> {
        let (what, help) = match expr {
            Expr::FnCall(call, _) if call.is_qualified() => ("modules are", ""),
            Expr::Variable(..) => ("modules are", ""),
            Expr::FnCall(call, _) => match call.name.as_str() {
                "&" => ("`&` is", "write `&&`"),
                "|" => ("`|` is", "write `||`"),
                "^" => ("`^` is", "write `a && !b || !a && b`"),
                ".." | "..=" => ("a range by itself is", "write `now.hour() in 9..17`"),
                _ => ("this operator is", ""),
            },
            Expr::CharConstant(..) => ("single quotes are", "text stands in double quotes"),
            Expr::Array(..) => ("a list by itself is", "write `labels.chain in [\"sepolia\", \"holesky\"]`"),
            Expr::Index(..) => ("`[…]` after a value is", "a label is read as `labels.chain`"),
            Expr::DynamicConstant(..) => ("a function is", "only `held` takes one: `tps.held(\"5m\", |v| v < 5)`"),
            _ => ("this is", "a condition is one expression, for example `tps < 5 && gas > 60`"),
        };
        self.refuse(self.range(expr), format!("{what} not part of conditions"), help)
    }

    /// Notes a part whose value says something by itself.
    fn told(&mut self, expr: &Expr, meaning: Meaning) -> Meaning {
        self.note(self.said(expr).into(), meaning.clone());
        meaning
    }

    fn note(&mut self, text: Box<str>, meaning: Meaning) {
        if !self.terms.iter().any(|term| term.text == text) {
            self.terms.push(Term { text, meaning });
        }
    }

    fn refuse<T>(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Option<T> {
        self.errors.push(error(range, message, help));
        None
    }

    fn range(&self, expr: &Expr) -> Range<usize> {
        parse::range_of(expr, self.tokens)
    }

    /// What was written, on one line.
    fn said(&self, expr: &Expr) -> String {
        let said = &self.tokens.text[self.range(expr)];
        if said.contains('\n') { said.split_whitespace().collect::<Vec<_>>().join(" ") } else { said.to_owned() }
    }
}

fn plural(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no argument".into(),
        (1, 1) => "one argument".into(),
        (a, b) if a == b => format!("{a} arguments"),
        (a, b) => format!("{a} to {b} arguments"),
    }
}

fn arithmetic(left: Number, operator: Operator, right: Number) -> Number {
    match (&left, &right) {
        (Number::Constant(a), Number::Constant(b)) => Number::Constant(operator.apply(*a, *b)),
        _ => Number::Arithmetic(Box::new((left, operator, right))),
    }
}

fn negative(number: Number) -> Number {
    if let Number::Constant(value) = number { Number::Constant(-value) } else { Number::Negated(Box::new(number)) }
}

fn apply(function: Function, arguments: Vec<Number>) -> Number {
    Number::Apply(function, arguments.into())
}

fn negation(test: Test) -> Test {
    if let Test::Constant(holds) = test { Test::Constant(!holds) } else { Test::Not(Box::new(test)) }
}

/// Joins by `&&`, without the parts that cannot matter.
fn conjunction(tests: Vec<Test>) -> Test {
    if tests.iter().any(|test| matches!(test, Test::Constant(false))) {
        return Test::Constant(false);
    }
    let open: Box<[Test]> = tests.into_iter().filter(|test| !matches!(test, Test::Constant(true))).collect();
    if open.is_empty() { Test::Constant(true) } else { Test::All(open) }
}

/// Joins by `||`, without the parts that cannot matter.
fn disjunction(tests: Vec<Test>) -> Test {
    if tests.iter().any(|test| matches!(test, Test::Constant(true))) {
        return Test::Constant(true);
    }
    let open: Box<[Test]> = tests.into_iter().filter(|test| !matches!(test, Test::Constant(false))).collect();
    if open.is_empty() { Test::Constant(false) } else { Test::Any(open) }
}
