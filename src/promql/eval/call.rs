//! Calls: which function stands behind a name. The families have files of their own.

use super::expression::Asked;
use super::grouping::nameless;
use super::subquery::Window;
use super::{
    Element, EvalError, Gravity, Names, Semantics, date, histogram, label, number, over_time, rate, regression,
};
use crate::model::Labels;
use crate::promql::tree::{Kind, MatchOperator, Node, Selector};

/// The number that a call is worth.
pub(super) fn scalar(asked: &Asked<'_>, name: &str, arguments: &[Node], at: i64) -> Result<f64, EvalError> {
    match (name, arguments) {
        ("time", []) => Ok(number::seconds(at)),
        ("pi", []) => Ok(std::f64::consts::PI),
        ("scalar", [of]) => {
            let elements = asked.vector(of, at)?;
            Ok(if let [only] = &elements[..] { only.value } else { f64::NAN })
        }
        _ => unreachable!("`{name}` returns no number, or is refused as experimental"),
    }
}

/// The elements that a call is worth.
pub(super) fn vector(
    asked: &Asked<'_>,
    node: &Node,
    name: &str,
    arguments: &[Node],
    at: i64,
) -> Result<Vec<Element>, EvalError> {
    if let Some(function) = of_number(name) {
        let elements = asked.vector(&arguments[0], at)?;
        return asked.unique(asked.mapped(elements, function), &node.range);
    }
    if let Some(function) = of_window(name) {
        let semantics = asked.options.semantics;
        return over(asked, node, &arguments[0], at, name, |window| function(window, semantics));
    }
    match (name, arguments) {
        ("vector", [of]) => Ok(vec![Element::new(Labels::empty(), asked.scalar(of, at)?)]),
        ("timestamp", [of]) => timestamp(asked, node, of, at),
        ("absent", [of]) => {
            let is_absent = asked.vector(of, at)?.is_empty();
            Ok(if is_absent { vec![Element::new(labels_of_absent(of), 1.0)] } else { Vec::new() })
        }
        ("absent_over_time", [of]) => {
            let mut is_absent = true;
            asked.windows(of, at, |_| {
                is_absent = false;
                Ok(())
            })?;
            Ok(if is_absent { vec![Element::new(labels_of_absent(of), 1.0)] } else { Vec::new() })
        }
        ("clamp" | "clamp_min" | "clamp_max" | "round", [of, rest @ ..]) => bounded(asked, node, name, of, rest, at),
        ("sort", [of]) => Ok(sorted(asked.vector(of, at)?, |a, b| a.partial_cmp(&b))),
        ("sort_desc", [of]) => Ok(sorted(asked.vector(of, at)?, |a, b| b.partial_cmp(&a))),
        ("predict_linear", [of, ahead]) => {
            let ahead = asked.scalar(ahead, at)?;
            over(asked, node, of, at, name, |window| regression::predict(window, ahead))
        }
        ("quantile_over_time", [q, of]) => {
            let quantile = asked.scalar(q, at)?;
            over(asked, node, of, at, name, |window| {
                asked.warn_of_quantile(quantile, q);
                Some(over_time::quantile(window, quantile))
            })
        }
        ("label_replace", _) => label::replace(asked, node, arguments, at),
        ("label_join", _) => label::join(asked, node, arguments, at),
        ("histogram_quantile", [q, of]) => histogram::quantile(asked, node, q, of, at),
        ("histogram_fraction", [lower, upper, of]) => histogram::fraction(asked, node, [lower, upper], of, at),
        // These read native histograms and pass over everything else, and here everything is something else.
        ("histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev" | "histogram_stdvar", [of]) => {
            asked.vector(of, at).map(|_| Vec::new())
        }
        (_, []) => Ok(vec![Element::new(Labels::empty(), date::part(name, number::seconds(at)))]),
        (_, [of]) => {
            let elements = asked.vector(of, at)?;
            asked.unique(asked.mapped(elements, |value| date::part(name, value)), &node.range)
        }
        _ => unreachable!("`{name}` has no such arguments, or is refused as experimental"),
    }
}

/// A function that makes a number of a number.
fn of_number(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => number::log2,
        "log10" => number::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "rad" => |value| value * std::f64::consts::PI / 180.0,
        "deg" => |value| value * 180.0 / std::f64::consts::PI,
        "sgn" => |value| {
            if value < 0.0 {
                -1.0
            } else if value > 0.0 {
                1.0
            } else {
                value
            }
        },
        _ => return None,
    })
}

type OfWindow = fn(&Window<'_>, Semantics) -> Option<f64>;

/// A function that makes a number of a window.
fn of_window(name: &str) -> Option<OfWindow> {
    let function: OfWindow = match name {
        "rate" => |window, semantics| rate::extrapolated(window, rate::Kind::Rate, semantics),
        "increase" => |window, semantics| rate::extrapolated(window, rate::Kind::Increase, semantics),
        "delta" => |window, semantics| rate::extrapolated(window, rate::Kind::Delta, semantics),
        "irate" => |window, _| rate::instant(window, true),
        "idelta" => |window, _| rate::instant(window, false),
        "changes" => |window, _| Some(over_time::changes(window)),
        "resets" => |window, _| Some(over_time::resets(window)),
        "deriv" => |window, _| regression::slope(window),
        "avg_over_time" => |window, _| Some(over_time::avg(window)),
        "sum_over_time" => |window, _| Some(over_time::sum(window)),
        "min_over_time" => |window, _| Some(over_time::min(window)),
        "max_over_time" => |window, _| Some(over_time::max(window)),
        "count_over_time" => |window, _| Some(number::count(window.points.len())),
        "stddev_over_time" => |window, _| Some(over_time::variance(window).sqrt()),
        "stdvar_over_time" => |window, _| Some(over_time::variance(window)),
        "present_over_time" => |_, _| Some(1.0),
        "last_over_time" => |window, _| window.points.last().map(|point| point.value),
        "first_over_time" => |window, _| window.points.first().map(|point| point.value),
        _ => return None,
    };
    Some(function)
}

/// Applies `function` to every window that `of` means.
fn over(
    asked: &Asked<'_>,
    node: &Node,
    of: &Node,
    at: i64,
    name: &str,
    function: impl Fn(&Window<'_>) -> Option<f64>,
) -> Result<Vec<Element>, EvalError> {
    // These two stand for the series itself, only at another time.
    let keeps_name = matches!(name, "last_over_time" | "first_over_time");
    let is_for_counters = matches!(name, "rate" | "increase");
    let mut elements = Vec::new();
    asked.windows(of, at, |row| {
        let Some(value) = function(&row.window) else { return Ok(()) };
        if is_for_counters {
            asked.doubt_counter(row.labels, of);
        }
        let (labels, loses_name) = match asked.options.names {
            _ if keeps_name => (row.labels.clone(), row.loses_name),
            Names::GoAtOnce => (row.nameless.map_or_else(|| nameless(row.labels), Clone::clone), false),
            Names::GoAtTheEnd => (row.labels.clone(), true),
        };
        elements.push(Element { labels, value, loses_name });
        Ok(())
    })?;
    asked.unique(elements, &node.range)
}

/// When the points lie that `of` selects; of anything but a selector, now.
fn timestamp(asked: &Asked<'_>, node: &Node, of: &Node, at: i64) -> Result<Vec<Element>, EvalError> {
    let bare = Asked::bare(of);
    let elements = match &bare.kind {
        Kind::Selector(selector) => {
            let elements = asked.selected(bare, selector, at, |point, _| number::seconds(point.at))?;
            asked.mapped(elements, |value| value)
        }
        _ => asked.mapped(asked.vector(of, at)?, |_| number::seconds(at)),
    };
    asked.unique(elements, &node.range)
}

fn bounded(
    asked: &Asked<'_>,
    node: &Node,
    name: &str,
    of: &Node,
    rest: &[Node],
    at: i64,
) -> Result<Vec<Element>, EvalError> {
    let elements = asked.vector(of, at)?;
    let bounds = rest.iter().map(|bound| asked.scalar(bound, at)).collect::<Result<Vec<_>, _>>()?;
    let elements = match (name, &bounds[..]) {
        ("clamp_min", [min]) => asked.mapped(elements, |value| number::larger(*min, value)),
        ("clamp_max", [max]) => asked.mapped(elements, |value| number::smaller(*max, value)),
        ("clamp", [min, max]) if max < min => Vec::new(),
        ("clamp", [min, max]) => asked.mapped(elements, |value| number::larger(*min, number::smaller(*max, value))),
        (_, to) => {
            // By the inverse, as Prometheus does it, because that loses less.
            let inverse = 1.0 / to.first().copied().unwrap_or(1.0);
            asked.mapped(elements, |value| (value * inverse + 0.5).floor() / inverse)
        }
    };
    asked.unique(elements, &node.range)
}

/// The elements by value, `NaN` last whichever way.
fn sorted(mut elements: Vec<Element>, order: impl Fn(f64, f64) -> Option<std::cmp::Ordering>) -> Vec<Element> {
    elements.sort_by(|a, b| {
        let (a, b) = (a.value, b.value);
        a.is_nan().cmp(&b.is_nan()).then_with(|| order(a, b).unwrap_or(std::cmp::Ordering::Equal))
    });
    elements
}

/// The labels that a series would surely have which `of` selects in vain.
fn labels_of_absent(of: &Node) -> Labels {
    let of = Asked::bare(of);
    let selector = match &of.kind {
        Kind::Selector(selector) => selector,
        Kind::Range(of, _) => match &of.kind {
            Kind::Selector(selector) => selector,
            _ => unreachable!("a window is of a selector"),
        },
        _ => return Labels::empty(),
    };
    labels_meant(selector)
}

fn labels_meant(selector: &Selector) -> Labels {
    let mut labels: Vec<(&str, &str)> = Vec::new();
    let mut set: Vec<&str> = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.name != "__name__") {
        let is_first = !set.contains(&matcher.name.as_str());
        if matcher.operator == MatchOperator::Equal && is_first {
            labels.push((&matcher.name, &matcher.value));
            set.push(&matcher.name);
        } else {
            // Named twice, or not by equality: nothing is sure.
            labels.retain(|(name, _)| *name != matcher.name);
        }
    }
    Labels::new(labels)
}

impl Asked<'_> {
    /// Remarks on a quantile that is none.
    pub(super) fn warn_of_quantile(&self, quantile: f64, argument: &Node) {
        if !(0.0..=1.0).contains(&quantile) {
            let message = format!("quantile value should be between 0 and 1, got {}", number::text(quantile));
            self.remark(Gravity::Warning, message, &argument.range);
        }
    }

    /// Remarks on a counter whose name is not that of one.
    fn doubt_counter(&self, labels: &Labels, argument: &Node) {
        let name = labels.get("__name__");
        let endings = ["_total", "_sum", "_count", "_bucket"];
        if !name.is_empty() && !endings.iter().any(|ending| name.ends_with(ending)) {
            let message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
            self.remark(Gravity::Info, format!("{message}: {name:?}"), &argument.range);
        }
    }
}
