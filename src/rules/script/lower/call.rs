//! What stands behind a dot: a query's answers, the labels, the clock.

use super::{Lowering, plural};
use crate::model::{Span, duration_text};
use crate::rules::script::code::{Number, Past, Statistic, Test, Text, TextTest};
use crate::rules::script::explain::Meaning;
use crate::rules::script::methods::{self, METHODS, Method};
use crate::rules::script::refuse::did_you_mean;
use rhai::{Expr, FnCallExpr};

const TEXT_METHODS: [(&str, TextTest); 3] =
    [("contains", TextTest::Contains), ("starts_with", TextTest::StartsWith), ("ends_with", TextTest::EndsWith)];

impl Lowering<'_> {
    pub(super) fn dot(&mut self, of: &Expr, rest: &Expr, whole: &Expr) -> Option<Meaning> {
        let Expr::Variable(variable, ..) = of else { return self.refuse_asked(of, whole) };
        let name = variable.1.as_str();
        if self.sample(name).is_some() {
            return self.refuse(self.range(whole), format!("`{name}` is one sample, a plain number"), "");
        }
        if let Some(query) = self.query(name) {
            return self.asked_of_query(query, rest, whole);
        }
        match name {
            "labels" => self.asked_of_labels(rest, whole),
            "now" => self.asked_of_now(rest, whole),
            _ => self.name(name, of),
        }
    }

    fn refuse_asked(&mut self, of: &Expr, whole: &Expr) -> Option<Meaning> {
        let message = format!("nothing can be asked of `{}`", self.said(of));
        self.refuse(
            self.range(whole),
            message,
            "only a query by itself remembers its past; make this a query of its own",
        )
    }

    fn asked_of_query(&mut self, query: usize, rest: &Expr, whole: &Expr) -> Option<Meaning> {
        let (name, _) = self.scope.queries[query];
        match rest {
            Expr::MethodCall(call, _) => {
                let meaning = self.query_call(query, call, whole)?;
                Some(self.told(whole, meaning)).and_then(|meaning| self.outside(meaning, whole))
            }
            Expr::Property(property, _) => {
                let asked = property.2.as_str();
                let help = methods::find(&METHODS, asked)
                    .map_or_else(|| unknown_method(asked), |method| format!("write `{}`", method.usage(asked, name)));
                self.refuse(self.range(whole), format!("`{name}` has no field `{asked}`"), help)
            }
            _ => self.refuse(self.range(whole), "nothing more can be asked of an answer", "it is a plain number"),
        }
    }

    fn query_call(&mut self, query: usize, call: &FnCallExpr, whole: &Expr) -> Option<Meaning> {
        let (name, history) = self.scope.queries[query];
        let asked = call.name.as_str();
        let Some(method) = methods::find(&METHODS, asked) else {
            return self.refuse(self.range(whole), format!("a query has no call `{asked}`"), unknown_method(asked));
        };
        if call.args.len() != method.arguments() {
            let message = format!("`{asked}` takes {}", plural(method.arguments(), method.arguments()));
            return self.refuse(self.range(whole), message, format!("write `{}`", method.usage(asked, name)));
        }
        let past = |past| Some(Meaning::Number(Number::Past(query, past)));
        match method {
            Method::Missing => Some(Meaning::Test(Test::Missing(query))),
            Method::Age if history.is_zero() => self.refuse_without_history(query, whole, "10m"),
            Method::Age => past(Past::Age),
            Method::Quantile => {
                let (q, window) = (self.share(&call.args[0]), self.window(&call.args[1], query, method, whole));
                past(Past::Over(window?, Statistic::Quantile(q?)))
            }
            Method::Held => {
                let window = self.window(&call.args[0], query, method, whole);
                self.held(query, window, &call.args[1]).map(Meaning::Test)
            }
            Method::Over(_) | Method::Delta | Method::Ago => {
                let window = self.window(&call.args[0], query, method, whole)?;
                past(method.past(window)?)
            }
        }
    }

    /// The argument of `quantile` that says which.
    fn share(&mut self, expr: &Expr) -> Option<f64> {
        match self.value(expr)? {
            Meaning::Number(Number::Constant(q)) if (0.0..=1.0).contains(&q) => Some(q),
            _ => self.refuse(self.range(expr), "a quantile is a number from 0 to 1", "write for example `0.95`"),
        }
    }

    fn window(&mut self, expr: &Expr, query: usize, method: Method, whole: &Expr) -> Option<Span> {
        let (name, history) = self.scope.queries[query];
        let Expr::StringConstant(text, _) = expr else {
            return self.refuse(self.range(expr), "a window is a duration in quotes", "write for example `\"5m\"`");
        };
        let window = match duration_text::parse(text) {
            Ok(window) => window,
            Err(message) => return self.refuse(self.range(expr), message, ""),
        };
        if history.is_zero() {
            return self.refuse_without_history(query, whole, text);
        }
        if window > history {
            let kept = duration_text::format(history);
            let message = format!("`{text}` reaches further back than the `history: {kept}` of query `{name}`");
            return self.refuse(self.range(expr), message, format!("set `history: {text}` on the query `{name}`"));
        }
        let least = self.scope.interval;
        if window < least || window.is_zero() {
            let interval = duration_text::format(least);
            let what = if method == Method::Ago {
                "this is less than one slot ago"
            } else {
                "this window is shorter than one slot"
            };
            return self.refuse(self.range(expr), what, format!("the group is evaluated every `{interval}`"));
        }
        Some(window)
    }

    fn refuse_without_history<T>(&mut self, query: usize, whole: &Expr, needed: &str) -> Option<T> {
        let (name, _) = self.scope.queries[query];
        let message = format!("the query `{name}` keeps no history");
        self.refuse(self.range(whole), message, format!("give it one: `history: {needed}`"))
    }

    fn asked_of_labels(&mut self, rest: &Expr, whole: &Expr) -> Option<Meaning> {
        match rest {
            Expr::Property(property, _) => {
                let label = self.label(&property.2, self.range(rest))?;
                Some(self.told(whole, Meaning::Text(label)))
            }
            Expr::Dot(pair, ..) => match (&pair.lhs, &pair.rhs) {
                (Expr::Property(property, _), Expr::MethodCall(call, _)) => {
                    let label = self.label(&property.2, self.range(&pair.lhs));
                    self.asked_of_text(label, call, whole)
                }
                _ => {
                    self.refuse(self.range(whole), "a label is plain text", "compare it: `labels.chain == \"sepolia\"`")
                }
            },
            _ => self.refuse(self.range(whole), "`labels` has no calls", "read one label: `labels.chain`"),
        }
    }

    fn asked_of_text(&mut self, label: Option<Text>, call: &FnCallExpr, whole: &Expr) -> Option<Meaning> {
        let asked = call.name.as_str();
        let (Some(test), [argument]) = (methods::find(&TEXT_METHODS, asked), &call.args[..]) else {
            let help = "write `labels.chain.contains(\"test\")`, `starts_with` or `ends_with`";
            return self.refuse(self.range(whole), format!("text has no call `{asked}` like this"), help);
        };
        let Meaning::Text(argument) = self.value(argument)? else {
            return self.refuse(self.range(argument), format!("`{asked}` takes text"), "write it in double quotes");
        };
        let label = label?;
        if let Text::Label(name) = &label {
            let written = format!("labels.{name}").into_boxed_str();
            self.note(written, Meaning::Text(label.clone()));
        }
        Some(Meaning::Test(Test::Texts(label, test, argument)))
    }

    fn asked_of_now(&mut self, rest: &Expr, whole: &Expr) -> Option<Meaning> {
        let help = "write `now.hour()` (0 to 23) or `now.weekday()` (1 is Monday, 7 is Sunday)";
        let number = match rest {
            Expr::MethodCall(call, _) if call.args.is_empty() && call.name == "hour" => Number::Hour,
            Expr::MethodCall(call, _) if call.args.is_empty() && call.name == "weekday" => Number::Weekday,
            _ => return self.refuse(self.range(whole), "`now` does not answer this", help),
        };
        let meaning = self.told(whole, Meaning::Number(number));
        self.outside(meaning, whole)
    }
}

fn unknown_method(asked: &str) -> String {
    did_you_mean(asked, &METHODS.map(|(name, _)| name), "the calls are")
}
