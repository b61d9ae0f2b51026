//! What is captured, in which slots, and what a scenario cannot say of it.

use super::fetch::Fetched;
use super::fixture::Gap;
use super::grid::{Grid, Row, greatest_common_divisor};
use super::want::Wants;
use crate::backtest::Window;
use crate::model::{Labels, Name, Slot, Span, duration_text};
use crate::rules::{Group, RuleSet};

/// Rules, the slots at which they are evaluated, and what they need.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The rules; those that are switched off are not captured.
    pub rules: RuleSet,
    /// How far apart slots lie, of the group that has the most.
    pub interval: Span,
    /// The first slot.
    pub start: Slot,
    /// The last one.
    pub last: Slot,
    /// What they need.
    pub wants: Wants,
    /// What is to be said, in sentences.
    pub notes: Vec<String>,
}

impl Outline {
    /// The outline of what `rules` need in `window`.
    ///
    /// # Errors
    /// Says why there is nothing to capture.
    pub fn of(rules: RuleSet, window: Window) -> Result<Self, String> {
        let groups = || rules.groups.iter().filter(|group| is_in_use(group));
        let lead = groups().min_by_key(|group| group.interval).ok_or("every one of these rules is switched off")?;
        let interval = lead.interval;
        let start = Slot::at_or_after(window.from.millis(), interval, lead.grid());
        let last = Slot::at_or_before(window.to.millis() - 1, interval, lead.grid());
        if last < start {
            let every = duration_text::format(interval);
            return Err(format!("no slot lies between --from and --to; group {} has one every {every}", lead.name));
        }
        let is_elsewhere = |group: &&std::sync::Arc<Group>| group.interval != interval || group.grid() != lead.grid();
        let elsewhere: Vec<&str> = groups().filter(is_elsewhere).map(|group| &*group.name).collect();
        let note = |groups: String| {
            format!(
                "slots of a scenario begin at its start; of {groups} they are less than an interval from where the service has them"
            )
        };
        let notes = (!elsewhere.is_empty()).then(|| note(elsewhere.join(", "))).into_iter().collect();
        let mut wants = Wants::of(&rules, start, last + Span::from_millis(1));
        let mut outline = Outline { interval, start, last, notes, wants: Wants::default(), rules };
        outline.notes.append(&mut wants.notes);
        outline.wants = wants;
        Ok(outline)
    }

    /// The groups that are captured.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.rules.groups.iter().map(|group| &**group).filter(|group| is_in_use(group))
    }

    /// The alerts that are meant, where others of the same files are switched off for the reason `why`.
    #[must_use]
    pub fn only(&self, why: &str) -> Vec<String> {
        let is_meant = |file: &Name| self.groups().any(|group| group.file == *file);
        let groups = self.rules.groups.iter().filter(|group| is_meant(&group.file));
        let all = || groups.clone().flat_map(|group| group.alerts());
        if !all().any(|rule| rule.disabled.as_deref() == Some(why)) {
            return Vec::new();
        }
        let mut meant: Vec<String> =
            all().filter(|rule| rule.disabled.is_none()).map(|rule| rule.alert.to_string()).collect();
        meant.dedup();
        meant
    }

    /// Says what was not found.
    ///
    /// # Errors
    /// Where there is nothing at all.
    pub fn remark_on(&mut self, fetched: &Fetched) -> Result<(), String> {
        let asked: Vec<&str> = self.wants.all.iter().map(|want| want.selector.as_str()).collect();
        if asked.is_empty() {
            return Err("no query of these rules names a series: there is nothing to capture".into());
        }
        if fetched.samples.is_empty() {
            return Err(format!(
                "there is no sample of {} from {} to {}; was the source scraping then, and does it keep samples so long? --from, --to and \
                 --prometheus choose others",
                asked.join(", "),
                self.start,
                self.last
            ));
        }
        if !fetched.empty.is_empty() {
            self.notes.push(format!("nothing was found of {}", fetched.empty.join(", ")));
        }
        if fetched.histograms > 0 {
            let count = fetched.histograms;
            self.notes.push(format!("{count} series have native histograms only, which a scenario cannot have"));
        }
        Ok(())
    }

    /// The grid of the fixture: a point at every slot, beginning early enough for the longest window.
    #[must_use]
    pub fn grid(&self, fetched: &Fetched, every: Option<Span>) -> Grid {
        let intervals = self.groups().map(|group| group.interval.millis());
        let common = intervals.fold(self.wants.grain.millis(), greatest_common_divisor);
        let samples = fetched.samples.values().map(Vec::as_slice);
        let every = every.unwrap_or_else(|| Grid::distance(samples, Span::from_millis(common)));
        let before = self.wants.all.iter().map(|want| want.before).max().unwrap_or(Span::ZERO);
        let points = |span: Span| usize::try_from(span.millis() / every.millis()).unwrap_or(0);
        let (early, late) = (points(before) + 1, points(self.last - self.start));
        let first = self.start - every.times(i64::try_from(early).unwrap_or(0));
        Grid { first, every, points: early + late + 1 }
    }

    /// Says what became of samples that do not lie on the grid.
    pub fn remark_on_grid(&mut self, rows: &[(Labels, Row)], grid: Grid) {
        let moved: usize = rows.iter().map(|(_, row)| row.moved).sum();
        let lost: usize = rows.iter().map(|(_, row)| row.lost).sum();
        let furthest = rows.iter().map(|(_, row)| row.furthest).max().unwrap_or(Span::ZERO);
        let every = duration_text::format(grid.every);
        if moved > 0 {
            let by = duration_text::format(furthest);
            self.notes.push(format!(
                "values lie {every} apart; {moved} samples were moved to the next such point, by up to {by}"
            ));
        }
        let stepped: Vec<&str> = self.wants.stepped.iter().map(String::as_str).collect();
        if moved > 0 && !stepped.is_empty() && grid.first.millis() % grid.every.millis() != 0 {
            self.notes.push(format!(
                "{}: the steps of a subquery are whole multiples of it and lie between these points, so that one sees a moved sample \
                 only at its next step",
                stepped.join(", ")
            ));
        }
        if lost > 0 {
            self.notes.push(format!(
                "{lost} samples are lost, since others of their series lie nearer to the same point; --every takes a shorter distance"
            ));
        }
        if self.interval.millis() % grid.every.millis() != 0 {
            let interval = duration_text::format(self.interval);
            self.notes.push(format!(
                "slots are {interval} apart, of which {every} is no whole part: some see samples later than the service did"
            ));
        }
    }

    /// When nothing was scraped, where there is one source: a scenario knows only of all queries failing.
    pub fn gaps(&mut self, silent: &[(Name, Vec<usize>)], grid: Grid) -> Vec<Gap> {
        let in_span = |points: &[usize]| -> Vec<Slot> {
            points.iter().map(|point| grid.at(*point)).filter(|at| *at >= self.start && *at <= self.last).collect()
        };
        let silent: Vec<(&Name, Vec<Slot>)> = silent.iter().map(|(source, points)| (source, in_span(points))).collect();
        let mut gaps: Vec<Gap> = Vec::new();
        if let [(_, points)] = &silent[..] {
            for at in points.iter().map(|at| *at - self.start) {
                match gaps.last_mut().filter(|gap| gap.at + gap.lasts == at) {
                    Some(gap) => gap.lasts += grid.every,
                    None => gaps.push(Gap { at, lasts: grid.every }),
                }
            }
            return gaps;
        }
        for (source, points) in &silent {
            let Some(first) = points.first() else { continue };
            self.notes.push(format!("source {source} was not always scraping, first at {first}; that is not played"));
        }
        gaps
    }
}

fn is_in_use(group: &Group) -> bool {
    group.alerts().any(|rule| rule.disabled.is_none())
}
