//! A PromQL expression as a tree, each node with its place in the text.

use super::functions::Function;
use std::ops::Range;

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of it.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A number, or a duration used as one.
    Number(f64),
    /// A quoted text.
    Text(String),
    /// An instant vector selector.
    Selector(Selector),
    /// A range vector selector, with its window in milliseconds.
    Range(Box<Node>, i64),
    /// A subquery.
    Subquery(Subquery),
    /// A call of a function.
    Call(&'static Function, Vec<Node>),
    /// An aggregation.
    Aggregate(Aggregate),
    /// Two operands and what joins them.
    Binary(Binary),
    /// `-x` or `+x`.
    Unary(Sign, Box<Node>),
    /// `(x)`.
    Paren(Box<Node>),
}

/// Which series are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// The metric name, if one is given.
    pub metric: Option<String>,
    /// The conditions in braces.
    pub matchers: Vec<LabelMatcher>,
    /// Which instant is meant.
    pub time: Shift,
}

/// Which instant a selector or subquery means, seen from the one that is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// `@`, the instant from which `offset` counts.
    pub at: Option<At>,
    /// `offset` in milliseconds, positive into the past.
    pub offset: i64,
}

/// What `@` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Milliseconds after the epoch.
    Instant(i64),
    /// `start()`, of the range that is asked about.
    Start,
    /// `end()`, of the range that is asked about.
    End,
}

/// A subquery: an expression asked about at every step of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is asked.
    pub of: Box<Node>,
    /// The window in milliseconds.
    pub window: i64,
    /// The step in milliseconds; the default one where none was written.
    pub step: Option<i64>,
    /// Which instant is meant.
    pub time: Shift,
}

/// The sign before an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// A condition on one label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMatcher {
    /// The label.
    pub name: String,
    /// How it is compared.
    pub operator: MatchOperator,
    /// With what.
    pub value: String,
    /// Where it stands.
    pub range: Range<usize>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Its name: `sum`, `topk` …
    pub operation: &'static str,
    /// Which labels stay.
    pub grouping: Grouping,
    /// The parameter of those that have one.
    pub parameter: Option<Box<Node>>,
    /// What is aggregated.
    pub of: Box<Node>,
}

/// Which labels an aggregation keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// These; none at all where nothing was written.
    By(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

/// Two operands and what joins them.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The operator in lower case: `+`, `>=`, `and` …
    pub operator: &'static str,
    /// Where the operator stands.
    pub at: Range<usize>,
    /// Whether `bool` was written.
    pub returns_bool: bool,
    /// How series of both sides find each other.
    pub matching: Matching,
    /// The left operand.
    pub left: Box<Node>,
    /// The right operand.
    pub right: Box<Node>,
}

/// How series of both sides find each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// `on` or `ignoring`, with the labels; none where nothing was written.
    pub labels: Option<(On, Vec<String>)>,
    /// `group_left` or `group_right`, with the labels taken from the other side.
    pub group: Option<(Side, Vec<String>)>,
}

/// Whether the labels of a matching are those that count, or those that do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// `on`
    These,
    /// `ignoring`
    AllBut,
}

/// One side of a binary expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// What an expression is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// A number for each of some series.
    Vector,
    /// Samples over a window, for each of some series.
    Matrix,
    /// A text.
    Text,
}

impl ValueType {
    /// As Prometheus names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ValueType::Scalar => "scalar",
            ValueType::Vector => "instant vector",
            ValueType::Matrix => "range vector",
            ValueType::Text => "string",
        }
    }
}

impl Selector {
    /// The metric, named before the braces or in them.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let in_braces = || {
            let mut named = self.matchers.iter().filter(|matcher| matcher.name == "__name__");
            named.find(|matcher| matcher.operator == MatchOperator::Equal).map(|matcher| matcher.value.as_str())
        };
        self.metric.as_deref().or_else(in_braces)
    }
}

impl Node {
    /// What it is worth.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            Kind::Number(_) => ValueType::Scalar,
            Kind::Text(_) => ValueType::Text,
            Kind::Selector(_) | Kind::Aggregate(_) => ValueType::Vector,
            Kind::Range(..) | Kind::Subquery(_) => ValueType::Matrix,
            Kind::Call(function, _) => function.returns,
            Kind::Binary(binary) => match (binary.left.value_type(), binary.right.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
            Kind::Unary(_, of) | Kind::Paren(of) => of.value_type(),
        }
    }

    /// The nodes directly below, in the order of the text.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Number(_) | Kind::Text(_) | Kind::Selector(_) => Vec::new(),
            Kind::Range(of, _) | Kind::Unary(_, of) | Kind::Paren(of) => vec![of],
            Kind::Subquery(subquery) => vec![&subquery.of],
            Kind::Call(_, arguments) => arguments.iter().collect(),
            Kind::Aggregate(aggregate) => {
                aggregate.parameter.iter().chain([&aggregate.of]).map(|node| &**node).collect()
            }
            Kind::Binary(binary) => vec![&binary.left, &binary.right],
        }
    }

    /// Calls `visit` for this node and all below it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}
