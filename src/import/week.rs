//! The minutes of a week that something covers, and the windows that say so in `watchbell.yaml`.

use super::page::Value;

pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: usize = 24 * 60;

/// Some minutes of a week that begins on Monday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Week(Vec<bool>);

impl Week {
    /// No minute at all.
    pub fn none() -> Self {
        Week(vec![false; 7 * DAY])
    }

    /// Adds the minutes of `day` (Monday is 0) from `from` to `to`, which may lie in the days after.
    pub fn add(&mut self, day: usize, from: usize, to: usize) {
        for minute in from..to {
            self.0[(day * DAY + minute) % (7 * DAY)] = true;
        }
    }

    /// What either covers.
    pub fn or(&self, other: &Week) -> Week {
        Week(self.0.iter().zip(&other.0).map(|(one, other)| *one || *other).collect())
    }

    /// What it does not cover.
    pub fn inverted(&self) -> Week {
        Week(self.0.iter().map(|minute| !minute).collect())
    }

    /// Whether it covers nothing.
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|minute| !minute)
    }

    /// Whether both cover some minute.
    pub fn overlaps(&self, other: &Week) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| *one && *other)
    }

    /// The windows that cover it, as `during` and `every` have them: the days with the same hours together.
    pub fn windows(&self) -> Vec<Value> {
        let mut windows: Vec<((usize, usize), Vec<&str>)> = Vec::new();
        for (day, name) in DAYS.iter().enumerate() {
            for hours in runs(&self.0[day * DAY..(day + 1) * DAY]) {
                match windows.iter_mut().find(|(known, _)| *known == hours) {
                    Some((_, days)) => days.push(name),
                    None => windows.push((hours, vec![name])),
                }
            }
        }
        windows.into_iter().map(|(hours, days)| window(hours, &days)).collect()
    }
}

/// The stretches of a day that are covered.
fn runs(day: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (minute, _) in day.iter().enumerate().filter(|(_, is_covered)| **is_covered) {
        match runs.last_mut().filter(|(_, to)| *to == minute) {
            Some((_, to)) => *to += 1,
            None => runs.push((minute, minute + 1)),
        }
    }
    runs
}

fn window((from, to): (usize, usize), days: &[&str]) -> Value {
    let time = |minute: usize| Value::text(format!("{:02}:{:02}", minute / 60 % 24, minute % 60));
    let mut window = Value::map([]);
    if days.len() < DAYS.len() {
        window.set("days", Value::texts(days.iter().copied()));
    }
    if (from, to) != (0, DAY) || days.len() == DAYS.len() {
        window.set("from", time(from));
        window.set("to", time(to));
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_with_the_same_hours_share_a_window_and_the_rest_of_the_week_is_the_rest() {
        let mut week = Week::none();
        for day in 0..5 {
            week.add(day, 9 * 60, 17 * 60);
        }
        week.add(5, 0, DAY);
        let said = |week: &Week| crate::import::page::print(&[], &[("windows", Value::List(week.windows()))]);
        insta::assert_snapshot!(said(&week), @r#"
        windows:
          - { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00" }
          - { days: [sat] }
        "#);
        insta::assert_snapshot!(said(&week.inverted()), @r#"
        windows:
          - { days: [mon, tue, wed, thu, fri], from: "00:00", to: "09:00" }
          - { days: [mon, tue, wed, thu, fri], from: "17:00", to: "00:00" }
          - { days: [sun] }
        "#);
    }
}
