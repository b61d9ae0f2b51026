//! Comparing and belonging: what may be compared with what.

use super::{Lowering, disjunction};
use crate::rules::script::code::{Comparison, Number, Past, Test, Text, TextTest};
use crate::rules::script::explain::Meaning;
use rhai::Expr;

pub fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::More,
        ">=" => Comparison::AtLeast,
        "==" => Comparison::Equal,
        "!=" => Comparison::Differs,
        _ => return None,
    })
}

impl Lowering<'_> {
    pub(super) fn compare(&mut self, left: &Expr, how: Comparison, right: &Expr, whole: &Expr) -> Option<Test> {
        let (a, b) = (self.value(left), self.value(right));
        match (a?, b?) {
            (Meaning::Number(a), Meaning::Number(b)) => self.compare_numbers(a, how, b, whole),
            (Meaning::Text(a), Meaning::Text(b)) => self.compare_texts(a, how, b, whole),
            (Meaning::Test(a), Meaning::Test(b)) => self.refuse_compared_tests(&a, how, &b, whole),
            (Meaning::Test(_), _) | (_, Meaning::Test(_)) => {
                let message = "a condition is not compared with a value";
                self.refuse(self.range(whole), message, "compare twice: `1 < tps && tps < 5`")
            }
            (Meaning::Number(number), Meaning::Text(_)) => self.refuse_mixed(left, &number, right, whole),
            (Meaning::Text(_), Meaning::Number(number)) => self.refuse_mixed(right, &number, left, whole),
        }
    }

    fn compare_numbers(&mut self, a: Number, how: Comparison, b: Number, whole: &Expr) -> Option<Test> {
        if let (Number::Constant(a), Number::Constant(b)) = (&a, &b) {
            return Some(Test::Constant(how.holds(*a, *b)));
        }
        if let (Number::Past(query, Past::Age), Number::Constant(bound))
        | (Number::Constant(bound), Number::Past(query, Past::Age)) = (&a, &b)
        {
            // Beyond its history a sample is forgotten and its age infinite, which would meet the bound too early.
            let (name, history) = self.scope.queries[*query];
            if *bound > history.as_secs_f64() {
                let message = format!("`{name}` remembers less than {bound} seconds");
                return self.refuse(self.range(whole), message, format!("give the query `{name}` a longer `history`"));
            }
        }
        Some(Test::Compare(a, how, b))
    }

    fn compare_texts(&mut self, a: Text, how: Comparison, b: Text, whole: &Expr) -> Option<Test> {
        let test = match how {
            Comparison::Equal => TextTest::Equals,
            Comparison::Differs => TextTest::Differs,
            Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => {
                return self.refuse(self.range(whole), "text has no order", "compare it with `==` or `!=`");
            }
        };
        if let (Text::Literal(a), Text::Literal(b)) = (&a, &b) {
            return Some(Test::Constant(test.holds(a, b)));
        }
        Some(Test::Texts(a, test, b))
    }

    fn refuse_compared_tests(&mut self, a: &Test, how: Comparison, b: &Test, whole: &Expr) -> Option<Test> {
        let literal = match (a, b) {
            (Test::Constant(holds), _) | (_, Test::Constant(holds)) => Some(*holds),
            _ => None,
        };
        let help = match (literal, how) {
            (Some(true), Comparison::Equal) | (Some(false), Comparison::Differs) => "leave the comparison away",
            (Some(false), Comparison::Equal) | (Some(true), Comparison::Differs) => "write `!(…)`",
            _ => "write `a && b || !a && !b`",
        };
        self.refuse(self.range(whole), "conditions are not compared with each other", help)
    }

    fn refuse_mixed(&mut self, number: &Expr, value: &Number, text: &Expr, whole: &Expr) -> Option<Test> {
        let (number, text) = (self.said(number), self.said(text));
        let help = match value {
            Number::Constant(_) => format!("labels are text: write `\"{number}\"`"),
            _ => "numbers are compared with numbers, labels with text in double quotes".into(),
        };
        self.refuse(self.range(whole), format!("`{text}` is text and `{number}` a number"), help)
    }

    /// `one in all`, where `all` is a list, a range or a text.
    pub(super) fn membership(&mut self, all: &Expr, one: &Expr, whole: &Expr) -> Option<Test> {
        let value = self.value(one);
        match all {
            Expr::Array(members, _) if members.is_empty() => {
                self.refuse(self.range(whole), "nothing is in an empty list", "name what it should be one of")
            }
            Expr::Array(members, _) => self.among(value?, members, whole),
            Expr::FnCall(range, _) if range.name == ".." || range.name == "..=" => {
                let bounds = (self.number(&range.args[0]), self.number(&range.args[1]));
                let comparison = if range.name == ".." { Comparison::Less } else { Comparison::AtMost };
                let Meaning::Number(value) = value? else { return self.refuse_member(whole) };
                Some(Test::Within { value, low: bounds.0?, high: bounds.1?, comparison })
            }
            _ => match (self.value(all)?, value?) {
                (Meaning::Text(text), Meaning::Text(part)) => Some(Test::Texts(text, TextTest::Contains, part)),
                _ => self.refuse_member(whole),
            },
        }
    }

    fn among(&mut self, value: Meaning, members: &[Expr], whole: &Expr) -> Option<Test> {
        let members: Vec<_> = members.iter().map(|member| self.value(member)).collect();
        let members: Vec<Meaning> = members.into_iter().collect::<Option<_>>()?;
        let test = match value {
            Meaning::Number(value) => numbers(members).map(|members| Test::Among(value, members.into())),
            Meaning::Text(text) => texts(members).map(|members| {
                let equals = |member| Test::Texts(text.clone(), TextTest::Equals, member);
                disjunction(members.into_iter().map(equals).collect())
            }),
            Meaning::Test(_) => None,
        };
        test.or_else(|| self.refuse_member(whole))
    }

    fn refuse_member(&mut self, whole: &Expr) -> Option<Test> {
        let help = "write `now.hour() in 9..17`, `labels.chain in [\"a\", \"b\"]` or `\"test\" in labels.chain`";
        self.refuse(self.range(whole), "`in` looks for a number among numbers, or for text in text", help)
    }
}

fn numbers(members: Vec<Meaning>) -> Option<Vec<Number>> {
    let number = |member| if let Meaning::Number(number) = member { Some(number) } else { None };
    members.into_iter().map(number).collect()
}

fn texts(members: Vec<Meaning>) -> Option<Vec<Text>> {
    let text = |member| if let Meaning::Text(text) = member { Some(text) } else { None };
    members.into_iter().map(text).collect()
}
