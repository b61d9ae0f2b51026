//! From the tiers and the target of a rule to the colours of numbers.
//!
//! A number has the colour of the worst tier that it would meet; else it is as wanted, or it is not. Grafana colours from a value on, and our
//! bounds are strict: exactly 100 is no spike and is drawn as one. Where that would be seen, at 0 and where exactly one number is
//! wanted, the colour begins just above.

use super::grafana::Step;
use crate::model::{Severities, Severity, duration_text};
use crate::rules::{Bound, Clear, Condition, Tier};

/// What is as wanted, or meets nothing where nothing is wanted.
const GOOD: &str = "green";
/// What meets no tier and is not as wanted: the colour of text, which alarms nobody.
const NOT_WANTED: &str = "text";
/// The colours of severities, highest first; those beyond have the last.
const WORST_FIRST: [&str; 5] = ["red", "orange", "yellow", "blue", "purple"];
/// So far above a bound does a colour begin where the bound itself must not have it.
const JUST_ABOVE: f64 = 1e-6;

/// The colour of a severity.
#[must_use]
pub fn colour(severity: &Severity) -> &'static str {
    WORST_FIRST[usize::from(severity.rank()).min(WORST_FIRST.len() - 1)]
}

/// The colours of all severities, highest first, by name.
pub fn colours(severities: &Severities) -> impl Iterator<Item = (String, String)> + '_ {
    severities.iter().map(|severity| (severity.to_string(), colour(severity).to_owned()))
}

/// What a value is held to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// What meets a tier, highest severity first.
    pub bounds: Vec<(Severity, Bound)>,
    /// What is wanted.
    pub target: Option<Bound>,
}

impl Lines {
    /// What `tiers` hold the query at `index` to; `value` is the index of the one that bare bounds speak of.
    #[must_use]
    pub fn of(tiers: &[Tier], index: usize, value: usize, target: Option<Bound>) -> Lines {
        let bounds = |tier: &Tier| match &tier.condition {
            Condition::Bound(bound) if index == value => vec![*bound],
            Condition::When(script) => script.bounds(index),
            Condition::Bound(_) | Condition::Present => Vec::new(),
        };
        let of_tier =
            |tier: &Tier| bounds(tier).into_iter().map(|bound| (tier.severity.clone(), bound)).collect::<Vec<_>>();
        Lines { bounds: tiers.iter().flat_map(of_tier).collect(), target: target.filter(|_| index == value) }
    }

    /// The colours, from the least number on.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let numbers = self.numbers();
        let Some(first) = numbers.first() else { return vec![Step { color: GOOD.into(), value: None }] };
        let mut steps = vec![Step { color: self.colour(first - 1.0).into(), value: None }];
        for (place, number) in numbers.iter().enumerate() {
            let beyond = numbers.get(place + 1).map_or(number + 1.0, |next| f64::midpoint(*number, *next));
            let (at, after) = (self.colour(*number), self.colour(beyond));
            if steps.last().is_some_and(|last| last.color == after) {
                continue;
            }
            let begins_above = at != after && (*number == 0.0 || self.wants_exactly(*number));
            let value = if begins_above { number + JUST_ABOVE } else { *number };
            steps.push(Step { color: after.into(), value: Some(value) });
        }
        steps
    }

    /// Whether the least numbers are bad: a line alone would not say on which side.
    #[must_use]
    pub fn is_bad_below(&self) -> bool {
        self.numbers().first().is_some_and(|least| self.severity(least - 1.0).is_some())
    }

    fn severity(&self, value: f64) -> Option<&Severity> {
        self.bounds.iter().find(|(_, bound)| bound.holds(value)).map(|(severity, _)| severity)
    }

    fn colour(&self, value: f64) -> &'static str {
        match (self.severity(value), self.target) {
            (Some(severity), _) => colour(severity),
            // Of what wants exactly one number, everything else that meets no tier is neither near nor far.
            (None, None | Some(Bound::Equals(_))) => GOOD,
            (None, Some(target)) => {
                if target.holds(value) {
                    GOOD
                } else {
                    NOT_WANTED
                }
            }
        }
    }

    fn wants_exactly(&self, number: f64) -> bool {
        matches!(self.target, Some(Bound::Equals(wanted)) if wanted.total_cmp(&number).is_eq())
    }

    /// Every number that is spoken of, rising.
    fn numbers(&self) -> Vec<f64> {
        let bounds = self.bounds.iter().map(|(_, bound)| *bound).chain(self.target);
        let mut numbers: Vec<f64> = bounds.flat_map(Bound::numbers).filter(|number| number.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers
    }
}

/// What tiers hold to and what is wanted, in words: one line each, highest severity first.
#[must_use]
pub fn words(tiers: &[Tier], target: Option<Bound>) -> String {
    let mut lines: Vec<String> = tiers.iter().map(tier_words).collect();
    lines.extend(target.map(|target| format!("wanted: {}", bound_words(target))));
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

fn tier_words(tier: &Tier) -> String {
    let condition = match &tier.condition {
        Condition::Bound(bound) => bound_words(*bound),
        Condition::When(script) => format!("`{}`", script.text()),
        Condition::Present => "whatever the query finds".to_owned(),
    };
    let mut words = format!("{}: {condition}", tier.severity);
    if !tier.hold.is_zero() {
        words.push_str(&format!(" for {}", duration_text::format(tier.hold)));
    }
    match &tier.clear {
        Some(Clear::Bound(bound)) => words.push_str(&format!(", until no longer {}", bound_words(*bound))),
        Some(Clear::When(script)) => words.push_str(&format!(", until `{}`", script.text())),
        None => {}
    }
    words
}

/// A bound as people say it.
fn bound_words(bound: Bound) -> String {
    match bound {
        Bound::Above(n) => format!("above {n}"),
        Bound::AtLeast(n) => format!("at least {n}"),
        Bound::Below(n) => format!("below {n}"),
        Bound::AtMost(n) => format!("at most {n}"),
        Bound::Inside(low, high) => format!("from {low} to {high}"),
        Bound::Between(low, high) => format!("between {low} and {high}"),
        Bound::Outside(low, high) => format!("outside {low} to {high}"),
        Bound::Equals(n) => format!("exactly {n}"),
        Bound::Differs(n) => format!("other than {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(bounds: &[(&str, Bound)], target: Option<Bound>) -> String {
        let severities = Severities::default();
        let known = |name: &str| severities.find(name).expect("one of the four").clone();
        let bounds = bounds.iter().map(|(name, bound)| (known(name), *bound)).collect();
        let steps = Lines { bounds, target }.steps();
        let text = |step: &Step| step.value.map_or(step.color.clone(), |value| format!("{} from {value}", step.color));
        steps.iter().map(text).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn numbers_have_the_colour_of_the_worst_tier_they_meet_else_of_what_is_wanted() {
        use Bound::{Above, AtMost, Below, Equals, Inside};
        type Case = (&'static [(&'static str, Bound)], Option<Bound>, &'static str);
        let table: [Case; 8] = [
            (&[], None, "green"),
            (&[("high", Above(100.0))], None, "green, orange from 100"),
            (&[("high", Above(100.0))], Some(Inside(10.0, 30.0)), "text, green from 10, text from 30, orange from 100"),
            (
                &[("high", Above(5.0)), ("medium", Above(2.0)), ("low", Above(1.0))],
                Some(Below(1.0)),
                "green, blue from 1, yellow from 2, orange from 5",
            ),
            (&[("high", Below(5.0))], Some(Inside(10.0, 15.0)), "orange, text from 5, green from 10, text from 15"),
            // A state of 0 is calm, and nothing but 1 is well: the bound itself is what is mostly seen.
            (&[("critical", Above(0.0))], Some(Equals(0.0)), "green, red from 0.000001"),
            (&[("critical", Below(1.0))], Some(Equals(1.0)), "red, green from 1"),
            (&[("medium", Above(600.0))], Some(AtMost(300.0)), "green, text from 300, yellow from 600"),
        ];
        for (bounds, target, wanted) in table {
            assert_eq!(steps(bounds, target), wanted);
        }
    }
}
