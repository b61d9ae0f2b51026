//! What sources say about a stretch of time: how the values of each rule were, and where they lead.
//!
//! All of it is optional: a report without it says that it was not measured. Asking is done here, by whoever has clients; what is
//! made of the answers is pure.

use super::clock::Period;
use super::document::Picture;
use crate::backtest::Band;
use crate::engine::World;
use crate::http::chain;
use crate::model::{Labels, Moment, Name, RuleId, Slot, Span};
use crate::prometheus::{Client, Decoder, RangeSeries};
use crate::rules::{Bound, Condition, Group, Rule};
use futures_util::StreamExt;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// So many instants of a period are looked at. Looking at every slot would cost a source as much as all evaluations of the period.
pub const LOOKS: i64 = 480;
/// So many instants around one incident are: every slot of hours, so that a chart lacks no spike of them.
const CLOSE_LOOKS: i64 = 4_000;
/// So many columns has a chart.
const COLUMNS: usize = 240;
/// So many questions are under way at once, whatever a source would bear.
const AT_ONCE: usize = 8;
/// How long a source may take to say that it is there.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
/// How far a trend is followed.
pub const AHEAD: Span = Span::from_hours(90 * 24);
/// How often the past of a trend is looked at.
const TREND_STEP: Span = Span::from_hours(1);

/// Whom to ask, by the names of the configuration.
pub type Clients = HashMap<Name, Arc<Client>>;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// How the values of each rule were in the period, and in the one before.
    pub courses: BTreeMap<RuleId, (Option<Course>, Option<Course>)>,
    /// Where the values of each rule lead, series by series.
    pub trends: BTreeMap<RuleId, Vec<Trend>>,
    /// What could not be asked, and why.
    pub failures: Vec<(String, String)>,
}

/// How values were over a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Course {
    /// Half of them were at most this.
    pub p50: f64,
    /// 95 of a hundred were.
    pub p95: f64,
    /// The lowest of those that were looked at.
    pub min: f64,
    /// The highest of those.
    pub max: f64,
    /// The share of values that met the rule's target, where it has one.
    pub on_target: Option<f64>,
    /// How many series there were.
    pub series: usize,
}

/// Where a series leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// Its labels.
    pub labels: Labels,
    /// Where the line through its past stands now.
    pub now: f64,
    /// Where that line stands [`AHEAD`] of now.
    pub ahead: f64,
    /// The share of the past that had a value: of a short one no line is drawn far.
    pub known: f64,
}

impl Measured {
    /// Asks what the values of every rule of `world` were in both periods and, where `trends` are wanted, where they lead from `at`.
    pub async fn ask(
        world: &World,
        clients: &Clients,
        timeout: Span,
        (period, before): (Period, Period),
        trends: Option<Moment>,
    ) -> Self {
        let mut measured = Measured::default();
        let silent = silent(world, clients, period.to.0, timeout).await;
        measured.failures.extend(silent.iter().map(|(source, why)| (format!("source {source}"), why.clone())));
        let groups = world.rules.groups.iter().filter(|group| !silent.contains_key(&group.source));
        let rules = groups.flat_map(|group| group.alerts().map(move |rule| (group, rule)));
        let rules: Vec<_> = rules.filter(|(_, rule)| rule.disabled.is_none()).collect();
        let asked = rules.into_iter().filter_map(|(group, rule)| {
            let asking = Asking { group, rule, client: clients.get(&group.source)?, timeout };
            Some(async move { (rule, asking.whole(period, before, trends).await) })
        });
        // Put together before anybody waits, so that whoever asks may be a task of its own.
        let asked: Vec<_> = asked.collect();
        let answers: Vec<_> = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
        for (rule, answer) in answers {
            match answer {
                Ok((now, before, trends)) => {
                    measured.courses.insert(rule.id, (now, before));
                    measured.trends.insert(rule.id, trends);
                }
                Err(why) => measured.failures.push((rule.alert.to_string(), why)),
            }
        }
        measured
    }
}

impl Measured {
    /// Whether the source of a rule with this name said anything: one that is silent is not asked again.
    #[must_use]
    pub fn knows(&self, world: &World, alert: &str) -> bool {
        let rules = self.courses.keys().filter_map(|rule| world.rule(*rule));
        rules.into_iter().any(|rule| *rule.alert == *alert)
    }
}

/// The sources of rules that do not answer a small question, and why. Nobody waits for each of their rules.
async fn silent(world: &World, clients: &Clients, at: Moment, timeout: Span) -> BTreeMap<Name, String> {
    let sources: BTreeSet<&Name> = world.rules.groups.iter().map(|group| &group.source).collect();
    let mut silent = BTreeMap::new();
    for source in sources {
        let why = match clients.get(source) {
            None => "nobody knows where it is".into(),
            Some(client) => {
                let deadline = Instant::now() + FIRST_ANSWER.min(timeout.to_std());
                match client.query("vector(1)", Slot::from_millis(at.millis()), deadline).await {
                    Ok(_) => continue,
                    Err(error) => chain(&error),
                }
            }
        };
        silent.insert(source.clone(), why);
    }
    silent
}

/// A rule, and whom to ask about it.
struct Asking<'a> {
    group: &'a Arc<Group>,
    rule: &'a Arc<Rule>,
    client: &'a Arc<Client>,
    timeout: Span,
}

type Whole = (Option<Course>, Option<Course>, Vec<Trend>);

impl Asking<'_> {
    async fn whole(&self, period: Period, before: Period, trends: Option<Moment>) -> Result<Whole, String> {
        let (now, then) = (self.course(period).await?, self.course(before).await?);
        let trends = match trends.filter(|_| leads_somewhere(self.rule)) {
            Some(at) => self.trends(at, period.length()).await?,
            None => Vec::new(),
        };
        Ok((now, then, trends))
    }

    async fn course(&self, period: Period) -> Result<Option<Course>, String> {
        Ok(Course::of(&self.range(period, LOOKS).await?, self.rule))
    }

    async fn range(&self, period: Period, looks: i64) -> Result<Vec<RangeSeries>, String> {
        let Some(query) = self.rule.queries.get(self.rule.value) else { return Ok(Vec::new()) };
        let step = Span::from_millis((period.length().millis() / looks).max(self.group.interval.millis()).max(1));
        let slot = |at: Moment| Slot::from_millis(at.millis()) - self.group.query_offset;
        let (from, to) = (slot(period.from.0), slot(period.to.0));
        let answer = self.client.query_each(query.expr.text(), (from, to), step, self.deadline()).await;
        answer.map(|answer| answer.series).map_err(|error| chain(&error))
    }

    /// Where each series stands on the line through its past, now and ahead.
    async fn trends(&self, at: Moment, past: Span) -> Result<Vec<Trend>, String> {
        let Some(query) = self.rule.queries.get(self.rule.value) else { return Ok(Vec::new()) };
        let window = format!("({})[{}s:{}s]", query.expr.text(), past.millis() / 1000, TREND_STEP.millis() / 1000);
        let ask = |ahead: Span| format!("predict_linear({window}, {})", ahead.millis() / 1000);
        let now = self.instant(&ask(Span::ZERO), at).await?;
        let ahead: HashMap<Labels, f64> = self.instant(&ask(AHEAD), at).await?.into_iter().collect();
        let counts = self.instant(&format!("count_over_time({window})"), at).await?;
        let counts: HashMap<Labels, f64> = counts.into_iter().collect();
        let all = past.as_secs_f64() / TREND_STEP.as_secs_f64();
        let trend = |(labels, now): (Labels, f64)| {
            let (ahead, known) = (*ahead.get(&labels)?, *counts.get(&labels)? / all);
            Some(Trend { labels, now, ahead, known })
        };
        Ok(now.into_iter().filter_map(trend).collect())
    }

    async fn instant(&self, query: &str, at: Moment) -> Result<Vec<(Labels, f64)>, String> {
        let mut decoder = Decoder::new();
        let body = self.client.query(query, Slot::from_millis(at.millis()), self.deadline()).await;
        let answer = body.and_then(|body| decoder.decode(&body)).map_err(|error| chain(&error))?;
        let table = decoder.table();
        Ok(answer.samples.iter().map(|sample| (table.labels(sample.series).clone(), sample.value)).collect())
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout.to_std()
    }
}

impl Course {
    /// What these values were; nothing where there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of values")]
    pub fn of(series: &[RangeSeries], rule: &Rule) -> Option<Self> {
        let samples = || series.iter().flat_map(|one| one.samples.iter().map(move |(_, value)| (one, *value)));
        let mut values: Vec<f64> = samples().map(|(_, value)| value).filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: usize| values[(values.len() * share / 100).min(values.len() - 1)];
        let (min, max) = (*values.first()?, *values.last()?);
        let held = samples().filter_map(|(one, value)| Some(target(rule, &one.labels)?.holds(value)));
        let (kept, of) = held.fold((0_usize, 0_usize), |(kept, of), held| (kept + usize::from(held), of + 1));
        let on_target = (of > 0).then(|| kept as f64 / of as f64);
        Some(Course { p50: at(50), p95: at(95), min, max, on_target, series: series.len() })
    }
}

fn target(rule: &Rule, series: &Labels) -> Option<Bound> {
    let exception = rule.exceptions.iter().find(|exception| exception.matchers.matches(series));
    exception.map_or(rule.target, |exception| exception.target)
}

/// Whether a rule has a bound that a trend can reach.
fn leads_somewhere(rule: &Rule) -> bool {
    rule.tiers.iter().any(|tier| crate::backtest::bound(tier).is_some())
}

impl Trend {
    /// In how long the line reaches the nearest bound of the rule, and which severity's that is; nothing where it leads nowhere near
    /// one in [`AHEAD`], or less than half of the past is known.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a length of time, in milliseconds")]
    pub fn reaches(&self, rule: &Rule) -> Option<(Span, f64, Name)> {
        let slope = (self.ahead - self.now) / AHEAD.as_secs_f64();
        let reached = |tier: &crate::rules::Tier| {
            let Condition::Bound(condition) = tier.condition else { return None };
            let bound = crate::backtest::bound(tier)?;
            let is_up = matches!(condition, Bound::Above(_) | Bound::AtLeast(_));
            let away = if is_up { bound - self.now } else { self.now - bound };
            let towards = if is_up { slope } else { -slope };
            let seconds = (away / towards).max(0.0);
            let is_soon = towards > 0.0 && seconds <= AHEAD.as_secs_f64();
            is_soon.then(|| (Span::from_millis((seconds * 1000.0) as i64), bound, tier.severity.name().clone()))
        };
        let tiers = rule.tiers_for(&self.labels);
        tiers.iter().filter(|_| self.known >= 0.5).filter_map(reached).min_by_key(|(span, _, _)| *span)
    }
}

/// A chart of what the query of `rule` said around something that fired, with the bounds of the series that did.
///
/// # Errors
/// Why the source did not say.
pub async fn picture(
    (group, rule): (&Arc<Group>, &Arc<Rule>),
    clients: &Clients,
    timeout: Span,
    period: Period,
    (alerts, bands): (&[Labels], Vec<Band>),
    zone: &crate::config::Zone,
) -> Result<Picture, String> {
    let client = clients.get(&group.source).ok_or_else(|| format!("nobody knows where source {} is", group.source))?;
    let asking = Asking { group, rule, client, timeout };
    let mut series = asking.range(period, CLOSE_LOOKS).await?;
    let alerts: Vec<Labels> = alerts.iter().map(|labels| labels.without("__name__")).collect();
    let fired = |one: &RangeSeries| alerts.contains(&one.labels.without("__name__"));
    // Where none is recognised (another expression held then), all are shown.
    if series.iter().any(fired) {
        series.retain(fired);
    }
    let tiers = rule.tiers_for(alerts.first().unwrap_or(&Labels::empty())).clone();
    let bounds = tiers.iter().filter_map(|tier| Some((crate::backtest::bound(tier)?, tier.severity.to_string())));
    let ends = (period.from.0, period.to.0);
    Ok(Picture {
        columns: columns(&series, period),
        bounds: bounds.collect(),
        bands,
        ticks: Picture::times(ends, zone),
    })
}

/// The mean of some shares; nothing where there are none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "so many rules")]
pub fn mean(shares: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = shares.into_iter().fold((0.0, 0_usize), |(sum, count), share| (sum + share, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The lowest and the highest value in each column of a chart.
fn columns(series: &[RangeSeries], period: Period) -> Vec<Option<(f64, f64)>> {
    let mut columns: Vec<Option<(f64, f64)>> = vec![None; COLUMNS];
    let length = period.length().millis().max(1);
    for (at, value) in series.iter().flat_map(|one| &one.samples).filter(|(_, value)| value.is_finite()) {
        let since = (at.millis() - period.from.0.millis()).max(0);
        let place = usize::try_from(since * i64::try_from(COLUMNS).unwrap_or(1) / length).unwrap_or(0);
        let column = columns[place.min(COLUMNS - 1)].get_or_insert((*value, *value));
        *column = (column.0.min(*value), column.1.max(*value));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Findings, Sources};

    fn rule(text: &str) -> Arc<Rule> {
        let text = format!("groups: [{{ name: g, rules: [{{ alert: A, {text} }}] }}]");
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let context = crate::rules::Context::default();
        let set =
            crate::rules::load_texts(&[("r.yaml".into(), text.into())], &context, &mut sources, &mut findings).set;
        set.groups[0].alerts().next().cloned().expect("there is one")
    }

    #[test]
    fn a_trend_reaches_the_nearest_bound_that_it_leads_to_and_none_without_a_past() {
        let disk = rule("expr: disk_used, tiers: { high: { above: 0.9 }, low: { above: 0.8 } }");
        let trend = |now, ahead, known| Trend { labels: Labels::empty(), now, ahead, known };
        let reached = |trend: Trend| {
            trend.reaches(&disk).map(|(span, _, severity)| (span.millis() / 86_400_000, severity.to_string()))
        };
        assert_eq!(reached(trend(0.5, 0.95, 1.0)), Some((60, "low".into())));
        assert_eq!(reached(trend(0.5, 0.1, 1.0)), None, "it falls");
        assert_eq!(reached(trend(0.5, 0.6, 1.0)), None, "it takes longer than anybody plans");
        assert_eq!(reached(trend(0.85, 0.95, 1.0)), Some((0, "low".into())), "it is there already");
        assert_eq!(reached(trend(0.5, 0.95, 0.1)), None, "three days are no month");
    }
}
