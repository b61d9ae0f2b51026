//! Which labels the result of an expression can have: by whom they are kept, and where they are lost.
//!
//! It errs on the side of "can have": what it rules out can never be there, whatever the data.

use super::tree::{Aggregate, Binary, Grouping, Kind, MatchOperator, Node, On, Selector, Side};
use std::collections::BTreeSet;

/// The labels that a result can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelsOf {
    /// No other than these.
    Only(BTreeSet<String>),
    /// Any but these.
    AnyBut(BTreeSet<String>),
}

use LabelsOf::{AnyBut, Only};

impl LabelsOf {
    /// Whether a label `name` can be there.
    #[must_use]
    pub fn can_have(&self, name: &str) -> bool {
        match self {
            Only(names) => names.contains(name),
            AnyBut(names) => !names.contains(name),
        }
    }

    /// No label at all.
    #[must_use]
    pub fn none() -> Self {
        Only(BTreeSet::new())
    }

    /// These, and `name`.
    #[must_use]
    pub fn with(self, name: &str) -> Self {
        match self {
            Only(mut names) => {
                names.insert(name.to_owned());
                Only(names)
            }
            AnyBut(mut names) => {
                names.remove(name);
                AnyBut(names)
            }
        }
    }

    /// These, but none of `lost`.
    #[must_use]
    pub fn without(self, lost: &[String]) -> Self {
        match self {
            Only(names) => Only(names.into_iter().filter(|name| !lost.contains(name)).collect()),
            AnyBut(mut names) => {
                names.extend(lost.iter().cloned());
                AnyBut(names)
            }
        }
    }

    fn keeping(&self, kept: &[String]) -> Self {
        Only(kept.iter().filter(|name| self.can_have(name)).cloned().collect())
    }

    /// The labels that one of both can have.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Only(a), Only(b)) => Only(a.union(&b).cloned().collect()),
            (AnyBut(a), AnyBut(b)) => AnyBut(a.intersection(&b).cloned().collect()),
            (Only(a), AnyBut(b)) | (AnyBut(b), Only(a)) => AnyBut(b.difference(&a).cloned().collect()),
        }
    }

    /// The labels that both can have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Only(a), Only(b)) => Only(a.intersection(&b).cloned().collect()),
            (AnyBut(a), AnyBut(b)) => AnyBut(a.union(&b).cloned().collect()),
            (Only(a), AnyBut(b)) | (AnyBut(b), Only(a)) => Only(a.difference(&b).cloned().collect()),
        }
    }
}

/// What is known of the labels of a metric beforehand: those of a recorded one, for example.
pub(super) type Known<'k> = &'k dyn Fn(&str) -> Option<LabelsOf>;

/// The labels that the result of `node` can have.
pub(super) fn labels_of(node: &Node, known: Known<'_>) -> LabelsOf {
    match &node.kind {
        Kind::Number(_) | Kind::Text(_) => LabelsOf::none(),
        Kind::Selector(selector) => of_selector(selector, known),
        Kind::Range(of, _) | Kind::Unary(_, of) | Kind::Paren(of) => labels_of(of, known),
        Kind::Subquery(subquery) => labels_of(&subquery.of, known),
        Kind::Call(function, arguments) => of_call(function.name, arguments, known),
        Kind::Aggregate(aggregate) => of_aggregate(aggregate, known),
        Kind::Binary(binary) => of_binary(binary, known),
    }
}

fn of_selector(selector: &Selector, known: Known<'_>) -> LabelsOf {
    let empty = selector.matchers.iter().filter(|m| m.operator == MatchOperator::Equal && m.value.is_empty());
    let empty: Vec<String> = empty.map(|matcher| matcher.name.clone()).collect();
    selector.name().and_then(known).unwrap_or(AnyBut(BTreeSet::new())).without(&empty)
}

fn of_call(name: &str, arguments: &[Node], known: Known<'_>) -> LabelsOf {
    let text = |index: usize| match arguments.get(index).map(|node| &node.kind) {
        Some(Kind::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let series =
        || arguments.iter().find(|node| takes_series(node)).map_or_else(LabelsOf::none, |node| labels_of(node, known));
    match name {
        "absent" | "absent_over_time" => arguments.first().map_or_else(LabelsOf::none, of_absent),
        "histogram_quantile" | "histogram_fraction" => series().without(&["le".to_owned()]),
        "label_replace" | "label_join" | "histogram_quantiles" => match text(1) {
            Some(target) => series().with(target),
            None => AnyBut(BTreeSet::new()),
        },
        "info" => AnyBut(BTreeSet::new()),
        "scalar" | "vector" | "time" | "pi" => LabelsOf::none(),
        _ => series(),
    }
}

fn takes_series(node: &Node) -> bool {
    use super::tree::ValueType::{Matrix, Vector};
    matches!(node.value_type(), Vector | Matrix)
}

/// `absent` invents a series from the equality matchers of its selector.
fn of_absent(argument: &Node) -> LabelsOf {
    match &argument.kind {
        Kind::Selector(selector) => {
            let equal = selector.matchers.iter().filter(|matcher| matcher.operator == MatchOperator::Equal);
            Only(equal.map(|matcher| matcher.name.clone()).collect())
        }
        Kind::Range(of, _) | Kind::Paren(of) => of_absent(of),
        _ => LabelsOf::none(),
    }
}

fn of_aggregate(aggregate: &Aggregate, known: Known<'_>) -> LabelsOf {
    let inner = labels_of(&aggregate.of, known);
    if matches!(aggregate.operation, "topk" | "bottomk" | "limitk" | "limit_ratio") {
        return inner;
    }
    let grouped = match &aggregate.grouping {
        Grouping::By(labels) => inner.keeping(labels),
        Grouping::Without(labels) => inner.without(labels),
    };
    match aggregate.parameter.as_ref().map(|node| &node.kind) {
        Some(Kind::Text(label)) => grouped.with(label),
        _ => grouped,
    }
}

fn of_binary(binary: &Binary, known: Known<'_>) -> LabelsOf {
    let (left, right) = (labels_of(&binary.left, known), labels_of(&binary.right, known));
    match (takes_series(&binary.left), takes_series(&binary.right), binary.operator) {
        (false, _, _) => right,
        (_, false, _) | (_, _, "and" | "unless") => left,
        (_, _, "or") => left.or(right),
        _ => of_match(binary, left, right),
    }
}

fn of_match(binary: &Binary, left: LabelsOf, right: LabelsOf) -> LabelsOf {
    let (many, one, include) = match &binary.matching.group {
        Some((Side::Left, include)) => (left, right, include),
        Some((Side::Right, include)) => (right, left, include),
        None => return of_one_to_one(binary, left, right),
    };
    let taken = one.keeping(include);
    many.without(include).or(taken)
}

fn of_one_to_one(binary: &Binary, left: LabelsOf, right: LabelsOf) -> LabelsOf {
    match &binary.matching.labels {
        Some((On::These, labels)) => left.keeping(labels),
        Some((On::AllBut, labels)) => left.and(right).without(labels),
        None => left.and(right),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expr;

    #[track_caller]
    fn can_have(expr: &str, yes: &[&str], no: &[&str]) {
        let labels = Expr::parse(expr).unwrap().labels();
        for name in yes {
            assert!(labels.can_have(name), "{expr} can have {name}");
        }
        for name in no {
            assert!(!labels.can_have(name), "{expr} cannot have {name}");
        }
    }

    #[test]
    fn aggregation_loses_labels() {
        can_have("up", &["instance"], &[]);
        can_have("sum(up) > 3", &[], &["instance"]);
        can_have("sum by (job) (rate(x[5m]))", &["job"], &["instance"]);
        can_have("sum(x) without (pod)", &["job"], &["pod"]);
        can_have("topk(3, x)", &["instance"], &[]);
        can_have("count_values(\"version\", x)", &["version"], &["job"]);
        can_have("histogram_quantile(0.9, sum by (le, job) (rate(x[5m])))", &["job"], &["le", "pod"]);
    }

    #[test]
    fn joins_keep_what_they_say() {
        can_have("a / on (job) b", &["job"], &["instance"]);
        can_have("a / on (job) group_left (team) sum by (job, team) (b)", &["instance", "team"], &[]);
        can_have("a * on (job) group_left () b", &["instance"], &[]);
        can_have("sum by (job) (a) / b", &["job"], &["instance"]);
        can_have("a and on (job) sum by (job) (b)", &["instance"], &[]);
        can_have("sum by (job) (a) or sum by (team) (b)", &["job", "team"], &["instance"]);
        can_have("sum by (job) (a) or absent(up{cluster=\"x\"})", &["job", "cluster"], &["instance"]);
        can_have("2 * sum by (job) (a) > bool 1", &["job"], &["instance"]);
    }

    #[test]
    fn labels_can_be_made() {
        can_have("label_replace(sum(x), \"team\", \"$1\", \"\", \"\")", &["team"], &["job"]);
        can_have("vector(1)", &[], &["job"]);
        can_have("x{job=\"\"}", &["instance"], &["job"]);
    }
}
