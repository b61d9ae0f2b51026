//! Stretches of firing on both sides, and what became of each.

use crate::backtest::{Firing, Tally, in_words, instant, median};
use crate::model::{AlertId, Moment, RuleId, Severity, Span};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Two stretches that are no further apart are about the same trouble.
const SLACK: Span = Span::from_mins(10);

/// One alert that fires, from its first moment to its last, whatever its severity becomes meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The alert's labels without its name.
    pub labels: String,
    /// From when.
    pub from: Moment,
    /// Until when; the end of the window where it goes on.
    pub end: Moment,
    /// The highest severity that it had.
    pub severity: Severity,
}

/// What became of a stretch of firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// It did not fire before.
    New,
    /// It fires no more.
    Gone,
    /// It begins later.
    Later,
    /// It begins sooner.
    Earlier,
    /// It reaches a higher severity.
    Raised,
    /// It reaches only a lower severity.
    Lowered,
    /// It goes on for longer.
    Longer,
    /// It ends sooner.
    Shorter,
    /// It is one of several, in the place of one.
    Split,
    /// It is part of another one.
    Merged,
}

/// One stretch of firing that comes out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What became of it.
    pub kind: TurnKind,
    /// What it was.
    pub before: Option<Episode>,
    /// What it is.
    pub after: Option<Episode>,
}

/// The stretches of firing of one rule, in the order of time.
pub(super) fn all(tally: &Tally, rule: RuleId, end: Moment) -> Vec<Episode> {
    let Some(counted) = tally.rules.get(&rule) else { return Vec::new() };
    let firings = counted.tiers.iter().flat_map(|(severity, tier)| tier.firings.iter().map(move |it| (severity, it)));
    let mut firings: Vec<(&Severity, &Firing)> = firings.collect();
    firings.sort_by_key(|(_, firing)| (firing.alert, firing.from));
    let mut all: Vec<(AlertId, Episode)> = Vec::new();
    for (severity, firing) in firings {
        let until = firing.to.unwrap_or(end);
        match all.last_mut().filter(|(alert, last)| *alert == firing.alert && last.end >= firing.from) {
            Some((_, last)) => {
                last.end = until;
                last.severity = last.severity.clone().max(severity.clone());
            }
            None => {
                let labels = firing.labels.without("alertname").to_string();
                all.push((firing.alert, Episode { labels, from: firing.from, end: until, severity: severity.clone() }));
            }
        }
    }
    let mut all: Vec<Episode> = all.into_iter().map(|(_, episode)| episode).collect();
    all.sort_by_key(|episode| (episode.from, episode.end));
    all
}

/// What became of each stretch, where something did, in the order of time.
pub(super) fn turns(before: &[Episode], after: &[Episode]) -> Vec<Turn> {
    let names = |episodes: &[Episode]| episodes.iter().map(|it| it.labels.clone()).collect::<BTreeSet<_>>();
    let (was, is) = (names(before), names(after));
    let mut turns = Vec::new();
    if was.is_disjoint(&is) {
        // The alerts have other labels: only times can be held against each other.
        turns.extend(matched(&together(before), &together(after)));
    } else {
        for labels in was.union(&is) {
            let of = |episodes: &[Episode]| -> Vec<Episode> {
                episodes.iter().filter(|episode| episode.labels == *labels).cloned().collect()
            };
            turns.extend(matched(&of(before), &of(after)));
        }
    }
    turns.sort_by(|a, b| (a.at(), a.labels()).cmp(&(b.at(), b.labels())));
    turns
}

/// The stretches in which any alert fires.
fn together(episodes: &[Episode]) -> Vec<Episode> {
    let mut all: Vec<Episode> = Vec::new();
    for episode in episodes {
        match all.last_mut().filter(|last| last.end >= episode.from) {
            Some(last) => {
                last.end = last.end.max(episode.end);
                last.severity = last.severity.clone().max(episode.severity.clone());
            }
            None => all.push(episode.clone()),
        }
    }
    all
}

/// Puts together what overlaps or nearly does, each once, the earliest first.
fn matched(before: &[Episode], after: &[Episode]) -> Vec<Turn> {
    let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (place, new) in after.iter().enumerate() {
        let free = (0..before.len()).find(|old| !taken.contains(old) && before[*old].is_about(new));
        if let Some(old) = free {
            taken.insert(old);
            partner.insert(place, old);
        }
    }
    let of_new = after.iter().enumerate().filter_map(|(place, new)| {
        let old = partner.get(&place).map(|old| &before[*old]);
        let kind = match old {
            Some(old) => difference(old, new)?,
            None if before.iter().any(|old| old.is_about(new)) => TurnKind::Split,
            None => TurnKind::New,
        };
        Some(Turn { kind, before: old.cloned(), after: Some(new.clone()) })
    });
    let of_old = before.iter().enumerate().filter(|(place, _)| !taken.contains(place)).map(|(_, old)| {
        let is_part = after.iter().any(|new| new.is_about(old));
        Turn { kind: if is_part { TurnKind::Merged } else { TurnKind::Gone }, before: Some(old.clone()), after: None }
    });
    of_new.chain(of_old).collect()
}

/// One word for what is otherwise. Whom it reaches weighs more than when: that hangs on the severity.
fn difference(old: &Episode, new: &Episode) -> Option<TurnKind> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = (new.severity.cmp(&old.severity), new.from.cmp(&old.from), new.end.cmp(&old.end));
    match order {
        (Greater, _, _) => Some(TurnKind::Raised),
        (Less, _, _) => Some(TurnKind::Lowered),
        (Equal, Greater, _) => Some(TurnKind::Later),
        (Equal, Less, _) => Some(TurnKind::Earlier),
        (Equal, Equal, Greater) => Some(TurnKind::Longer),
        (Equal, Equal, Less) => Some(TurnKind::Shorter),
        (Equal, Equal, Equal) => None,
    }
}

impl Episode {
    fn is_about(&self, other: &Episode) -> bool {
        self.from <= other.end + SLACK && other.from <= self.end + SLACK
    }

    /// How long, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        (self.end - self.from).as_secs_f64()
    }
}

impl Turn {
    /// When it begins, on the side where it is there; on the new one, where it is on both.
    #[must_use]
    pub fn at(&self) -> Option<Moment> {
        self.shown().map(|episode| episode.from)
    }

    /// The stretch that is shown of it.
    #[must_use]
    pub fn shown(&self) -> Option<&Episode> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// The labels of its alert.
    #[must_use]
    pub fn labels(&self) -> &str {
        self.shown().map(|episode| &*episode.labels).unwrap_or_default()
    }

    /// By how many seconds it is longer, later or otherwise; the length of one that stands on one side only.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match (&self.before, &self.after, self.kind) {
            (Some(old), Some(new), TurnKind::Later | TurnKind::Earlier) => (new.from - old.from).as_secs_f64().abs(),
            (Some(old), Some(new), TurnKind::Longer | TurnKind::Shorter) => (new.end - old.end).as_secs_f64().abs(),
            _ => self.shown().map_or(0.0, Episode::seconds),
        }
    }

    /// In words: `2026-01-12 03:10Z, 38m, high: new`.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(shown) = self.shown() else { return String::new() };
        let (at, length) = (when(shown.from), in_words(shown.seconds()));
        let severity = shown.severity.name();
        match self.kind {
            TurnKind::Later | TurnKind::Earlier | TurnKind::Longer | TurnKind::Shorter => {
                format!("{at}, {length}, {severity}: {} {}", in_words(self.seconds()), self.kind.word())
            }
            TurnKind::Raised | TurnKind::Lowered => {
                let was = self.before.as_ref().map(|old| old.severity.name().to_string()).unwrap_or_default();
                format!("{at}, {length}, {severity} instead of {was}")
            }
            TurnKind::New | TurnKind::Gone | TurnKind::Split | TurnKind::Merged => {
                format!("{at}, {length}, {severity}: {}", self.kind.word())
            }
        }
    }
}

/// An instant for people, to the minute.
#[must_use]
pub fn when(at: Moment) -> String {
    let text = instant(at);
    text.get(..16).map_or_else(|| text.clone(), |minute| minute.replace('T', " ") + "Z")
}

impl TurnKind {
    /// In a word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TurnKind::New => "new",
            TurnKind::Gone => "gone",
            TurnKind::Later => "later",
            TurnKind::Earlier => "earlier",
            TurnKind::Raised => "raised",
            TurnKind::Lowered => "lowered",
            TurnKind::Longer => "longer",
            TurnKind::Shorter => "shorter",
            TurnKind::Split => "in several",
            TurnKind::Merged => "merged",
        }
    }
}

/// How many of each kind there are, with the middle of their lengths: `13 gone (median 2m10s), 2 later (median 4m)`.
#[must_use]
pub fn counted(turns: &[Turn]) -> String {
    let mut kinds: BTreeMap<TurnKind, Vec<f64>> = BTreeMap::new();
    for turn in turns {
        kinds.entry(turn.kind).or_default().push(turn.seconds());
    }
    let one = |(kind, seconds): (TurnKind, Vec<f64>)| {
        let (count, word) = (seconds.len(), kind.word());
        let middle = median(seconds).map(in_words).unwrap_or_default();
        match (kind, count) {
            (TurnKind::Raised | TurnKind::Lowered | TurnKind::Split | TurnKind::Merged, _) => format!("{count} {word}"),
            (_, 1) => format!("1 {word} ({middle})"),
            _ => format!("{count} {word} (median {middle})"),
        }
    };
    kinds.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episodes(spans: &[(i64, i64)]) -> Vec<Episode> {
        let one = |(from, end): &(i64, i64)| Episode {
            labels: "{}".into(),
            from: Moment::from_millis(from * 60_000),
            end: Moment::from_millis(end * 60_000),
            severity: Severity::new(3, "high"),
        };
        spans.iter().map(one).collect()
    }

    fn kinds(before: &[(i64, i64)], after: &[(i64, i64)]) -> Vec<TurnKind> {
        turns(&episodes(before), &episodes(after)).into_iter().map(|turn| turn.kind).collect()
    }

    #[test]
    fn what_fires_on_one_side_alone_is_new_or_gone() {
        assert_eq!(kinds(&[(0, 5)], &[]), [TurnKind::Gone]);
        assert_eq!(kinds(&[(0, 5)], &[(0, 5), (60, 61)]), [TurnKind::New]);
        assert_eq!(kinds(&[(0, 5)], &[(60, 65)]), [TurnKind::Gone, TurnKind::New]);
    }

    #[test]
    fn what_fires_on_both_is_later_or_ends_sooner() {
        assert_eq!(kinds(&[(0, 9)], &[(4, 9)]), [TurnKind::Later]);
        assert_eq!(kinds(&[(0, 9)], &[(0, 7)]), [TurnKind::Shorter]);
        assert_eq!(kinds(&[(0, 2)], &[(4, 9)]), [TurnKind::Later], "a little after it ended is still about it");
        assert_eq!(kinds(&[(0, 9)], &[(0, 9)]), []);
    }

    #[test]
    fn another_severity_weighs_more_than_another_start() {
        let mut after = episodes(&[(4, 9)]);
        after[0].severity = Severity::new(4, "medium");
        let turns = |before: &[Episode], after: &[Episode]| turns(before, after)[0].kind;
        assert_eq!(turns(&episodes(&[(0, 9)]), &after), TurnKind::Lowered);
        assert_eq!(turns(&after, &episodes(&[(0, 9)])), TurnKind::Raised);
    }

    #[test]
    fn a_flapping_alert_that_holds_now_is_merged_and_nothing_of_it_is_gone() {
        assert_eq!(
            kinds(&[(0, 3), (15, 20), (30, 35)], &[(0, 35)]),
            [TurnKind::Longer, TurnKind::Merged, TurnKind::Merged]
        );
        assert_eq!(kinds(&[(0, 35)], &[(0, 3), (30, 35)]), [TurnKind::Shorter, TurnKind::Split]);
    }

    #[test]
    fn alerts_with_other_labels_are_held_against_each_other_by_time() {
        let mut after = episodes(&[(0, 5)]);
        after[0].labels = "{chain=\"x\"}".into();
        assert!(turns(&episodes(&[(0, 5)]), &after).is_empty());
    }
}
