//! People, shifts and schedules as other tools have them, written as ours.
//!
//! Elsewhere several people can be on call at once; here a schedule has one at a time. So a schedule becomes as many as are
//! needed, `primary` and `primary (2)`, and whoever tells it tells all of them: together they name the same people at every
//! instant. Where a higher priority has fewer people than a lower one, it is in each of them.

use super::Notes;
use super::page::Value;
use super::week::Week;
use crate::diagnostics::Place;
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// The most hours, days or weeks that a turn takes in a configuration.
pub(super) const MOST_STEPS: i64 = 10_000;

/// How long a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Hour,
    Day,
    Week,
}

/// When a shift is active.
#[derive(Clone, Debug)]
pub(super) enum Active {
    /// Always.
    Always,
    /// In these windows, as they are written, which cover this of a week.
    Windows(Vec<Value>, Week),
}

/// People taking turns.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    /// Where it stands.
    pub place: Place,
    /// Higher ones win where they are active; those of one priority are on call together.
    pub priority: i64,
    /// The turns, each with the people who are on call together in it.
    pub turns: Vec<Vec<String>>,
    /// How long a turn is.
    pub every: (i64, Unit),
    /// The local time of a handoff, the first turn's beginning.
    pub from: DateTime,
    /// The local time from which it counts, where that is still to come.
    pub begins: Option<DateTime>,
    /// When it is active.
    pub active: Active,
}

/// A stretch of time that somebody else takes.
#[derive(Clone, Debug)]
pub(super) struct StandIn {
    /// Where it stands.
    pub place: Place,
    pub from: DateTime,
    pub to: DateTime,
    pub people: Vec<String>,
}

impl Active {
    fn week(&self) -> Week {
        match self {
            Active::Always => Week::none().inverted(),
            Active::Windows(_, week) => week.clone(),
        }
    }

    /// From a time of day for so many minutes, on these days (Monday is 0); a day or less.
    pub fn daily(days: &[usize], from: usize, minutes: usize) -> Active {
        let mut week = Week::none();
        for day in days {
            week.add(*day, from, from + minutes);
        }
        if minutes >= 24 * 60 && days.len() == 7 {
            return Active::Always;
        }
        let mut window = Value::map([]);
        if days.len() < 7 {
            let names: Vec<&str> = days.iter().map(|day| super::week::DAYS[*day]).collect();
            window.set("days", Value::texts(names));
        }
        let time = |minute: usize| Value::text(format!("{:02}:{:02}", minute / 60 % 24, minute % 60));
        window.set("from", time(from));
        window.set("to", time(from + minutes));
        Active::Windows(vec![window], week)
    }

    /// Whatever of a week.
    pub fn of_week(week: Week) -> Active {
        if week.inverted().is_none() { Active::Always } else { Active::Windows(week.windows(), week) }
    }
}

/// Names that people and things have here, each once, by what they are called there.
#[derive(Default)]
pub(super) struct Names {
    by_key: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    /// A name for `key`, as close to `wish` as can be.
    pub fn give(&mut self, key: &str, wish: &str) -> String {
        let name = self.free(wish, 1).remove(0);
        self.by_key.insert(key.to_owned(), name.clone());
        name
    }

    /// Free names for something of several columns, which are taken then.
    pub fn free(&mut self, wish: &str, columns: usize) -> Vec<String> {
        let tidy: String = wish.trim().chars().map(|c| if c == ':' || c.is_control() { '-' } else { c }).collect();
        let base = if tidy.is_empty() { "unnamed".to_owned() } else { tidy };
        let of_columns = |name: String| (0..columns).map(|column| numbered(&name, column)).collect::<Vec<_>>();
        let all = (1..).map(|n| of_columns(if n == 1 { base.clone() } else { format!("{base}-{n}") }));
        let free = all.into_iter().find(|names| names.iter().all(|name| !self.taken.contains(name)));
        let names = free.unwrap_or_default();
        self.taken.extend(names.iter().cloned());
        names
    }

    /// Keeps a name for what has none there.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Another key of something that has its name.
    pub fn also(&mut self, key: &str, name: &str) {
        self.by_key.entry(key.to_owned()).or_insert_with(|| name.to_owned());
    }

    /// The name that was given.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }
}

/// A schedule as it is there, under the name that it has there.
pub(super) struct Rota {
    pub name: String,
    pub timezone: String,
    pub shifts: Vec<Shift>,
    pub stand_ins: Vec<StandIn>,
}

impl Rota {
    /// The schedules that it becomes, with their names; none, if nobody is ever on call.
    pub fn schedules(&self, names: &mut Names, notes: &mut Notes) -> Vec<(String, Value)> {
        let mut levels: BTreeMap<i64, Vec<(&Shift, usize)>> = BTreeMap::new();
        let mut columns = self.stand_ins.iter().map(|stand_in| stand_in.people.len()).max().unwrap_or_default();
        for shift in &self.shifts {
            let level = levels.entry(shift.priority).or_default();
            let column = column_of(shift, level);
            columns = columns.max(column + width(shift));
            level.push((shift, column));
        }
        let names = names.free(&self.name, columns);
        let places =
            self.shifts.iter().map(|shift| shift.place).chain(self.stand_ins.iter().map(|change| change.place));
        if columns > 1
            && let Some(place) = places.into_iter().next()
        {
            let what =
                format!("`{}`, in which up to {columns} are on call together: it is {columns} schedules", names[0]);
            notes.differs(place, what, "nothing; whatever told it tells all of them");
        }
        let one = |(column, name): (usize, String)| {
            let layers: Vec<Value> = levels.values().flat_map(|level| layers(level, column)).collect();
            let mut schedule = Value::map([("timezone", Value::text(&self.timezone)), ("layers", Value::List(layers))]);
            let overrides: Vec<Value> = self.stand_ins.iter().filter_map(|stand_in| stand_in.written(column)).collect();
            if !overrides.is_empty() {
                schedule.set("overrides", Value::List(overrides));
            }
            (name, schedule)
        };
        names.into_iter().enumerate().map(one).collect()
    }
}

/// How those speak of schedules who tell them.
pub(super) fn targets(schedules: &[(String, Value)]) -> Vec<String> {
    schedules.iter().map(|(name, _)| format!("schedule:{name}")).collect()
}

/// What a column of a schedule is called.
fn numbered(name: &str, column: usize) -> String {
    if column == 0 { name.to_owned() } else { format!("{name} ({})", column + 1) }
}

fn width(shift: &Shift) -> usize {
    shift.turns.iter().map(Vec::len).max().unwrap_or_default()
}

/// The first column in which a shift stands alone among those of its priority.
fn column_of(shift: &Shift, level: &[(&Shift, usize)]) -> usize {
    let week = shift.active.week();
    let is_free = |column: &usize| {
        let own = *column..*column + width(shift);
        let others = level.iter().filter(|(other, at)| own.start < at + width(other) && *at < own.end);
        others.into_iter().all(|(other, _)| !other.active.week().overlaps(&week))
    };
    // Behind all of them there is room at last.
    let most = level.iter().map(|(other, at)| at + width(other)).max().unwrap_or_default();
    (0..most).find(is_free).unwrap_or(most)
}

/// The layers of one priority in one column: everybody's, and above them its own.
fn layers(level: &[(&Shift, usize)], column: usize) -> Vec<Value> {
    let is_own = |(shift, at): &(&Shift, usize)| (*at..*at + width(shift)).contains(&column);
    let (own, others): (Vec<_>, Vec<_>) = level.iter().copied().partition(is_own);
    let is_hidden = |other: &Shift| {
        let covered = own.iter().fold(Week::none(), |all, (shift, _)| all.or(&shift.active.week()));
        let open = covered.inverted();
        !open.overlaps(&other.active.week())
    };
    let others: Vec<_> = others.into_iter().filter(|(other, _)| !is_hidden(other)).collect();
    let all = others.into_iter().map(|(shift, _)| (shift, 0));
    let own = own.into_iter().map(|(shift, at)| (shift, column - at));
    all.chain(own).flat_map(|(shift, person)| shift.written(person)).collect()
}

impl Shift {
    /// A layer for each window, with that one of those who are on call together.
    fn written(&self, person: usize) -> Vec<Value> {
        // Whoever is alone in a turn is every one of them.
        let of_turn = |turn: &Vec<String>| turn.get(person).or(turn.first()).cloned();
        let people: Vec<String> = self.turns.iter().filter_map(of_turn).collect();
        let (count, unit) = self.every;
        let unit = match unit {
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
        };
        let mut rotation = Value::map([
            ("responders", Value::texts(people)),
            ("every", Value::bare(format!("{count}{unit}"))),
            ("from", Value::text(minute(self.from))),
        ]);
        if let Some(begins) = self.begins {
            rotation.set("effective_from", Value::text(minute(begins)));
        }
        match &self.active {
            Active::Always => vec![Value::map([("rotation", rotation)])],
            Active::Windows(windows, _) => {
                let one = |window: &Value| Value::map([("rotation", rotation.clone()), ("during", window.clone())]);
                windows.iter().map(one).collect()
            }
        }
    }
}

impl StandIn {
    /// Whether it lasts a minute at least, in whose steps it is written.
    pub fn lasts(&self) -> bool {
        minute(self.from) < minute(self.to)
    }

    fn written(&self, column: usize) -> Option<Value> {
        let person = self.people.get(column).or(self.people.first())?;
        let (from, to) = (Value::text(minute(self.from)), Value::text(minute(self.to)));
        Some(Value::map([("from", from), ("to", to), ("responder", Value::text(person))]))
    }
}

/// A local time as configurations write it. Before the year 1 there is no such writing.
pub(super) fn sayable(at: DateTime) -> Option<DateTime> {
    (at.year() > 0).then_some(at)
}

fn minute(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
