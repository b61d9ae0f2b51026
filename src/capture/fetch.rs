//! Asking for the samples themselves, and for where a server saw their series.

use super::grid::Grid;
use super::want::Want;
use crate::backtest::{Asking, Plan, Question, Window, ask, is_too_much};
use crate::http::chain;
use crate::model::{Labels, Name, Slot, Span};
use crate::prometheus::{QueryError, RangeSeries};
use crate::series::is_stale;
use futures_util::future::{BoxFuture, try_join_all};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A stretch of so much time is asked for at once.
const PART: Span = Span::from_hours(6);
/// What is shorter is not asked for in halves.
const SHORTEST: Span = Span::from_mins(1);
/// How long a source may take for its first answer: whoever named a wrong address need not wait a minute.
const FIRST_ANSWER: Span = Span::from_secs(10);
/// More samples than this are no fixture that anybody reads.
const MOST_SAMPLES: usize = 5_000_000;
/// Whether a source was scraping at all: its targets' own series.
const IS_THERE: &str = "count(up)";

/// The samples of each series, in the order of time.
pub type Samples = BTreeMap<Labels, Vec<(Slot, f64)>>;

/// Why nothing is captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A source does not answer, or not this.
    #[error("source {source_name}: {}", chain(.cause))]
    Silent {
        /// The source.
        source_name: Name,
        /// What it said instead.
        cause: QueryError,
    },
    /// A source does not say where its series were.
    #[error("source {0}: {1}")]
    Refused(Name, String),
    /// It is more than anybody would read.
    #[error(
        "there are more than {MOST_SAMPLES} samples; shorten the span with --from and --to, or choose rules with --rule"
    )]
    TooMuch,
    /// Two sources have the same series.
    #[error(
        "{labels} is in two sources ({one} and {other}), and a scenario has each series once; choose one with --source"
    )]
    Twice {
        /// The series.
        labels: Labels,
        /// One source.
        one: Name,
        /// The other one.
        other: Name,
    },
}

/// What was found.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The samples.
    pub samples: Samples,
    /// Selectors of which nothing was found.
    pub empty: Vec<String>,
    /// Series that have only native histograms, which a scenario cannot have.
    pub histograms: usize,
}

/// Fetches the samples of all `wants` from as long before `from` as each says, up to and including `last`.
///
/// # Errors
/// When a source does not answer, or answers too much.
pub async fn fetch(asking: &Asking, wants: &[Want], from: Slot, last: Slot) -> Result<Fetched, CaptureError> {
    for source in sources(wants) {
        let deadline = tokio::time::Instant::now() + asking.timeout.min(FIRST_ANSWER).to_std();
        let first = asking.clients[source].query("vector(1)", last, deadline).await;
        first.map_err(|cause| CaptureError::Silent { source_name: source.clone(), cause })?;
    }
    let mut fetched = Fetched::default();
    let mut whose: HashMap<Labels, Name> = HashMap::new();
    for want in wants {
        let found = samples(asking, want, from, last).await?;
        if found.is_empty() {
            fetched.empty.push(want.selector.clone());
        }
        for (labels, samples) in found {
            let owner = whose.entry(labels.clone()).or_insert_with(|| want.source.clone());
            if *owner != want.source {
                return Err(CaptureError::Twice { labels, one: owner.clone(), other: want.source.clone() });
            }
            if samples.is_empty() {
                fetched.histograms += 1;
                continue;
            }
            // Several selectors may name one series, and the one that looks back furthest has all of it.
            let known = fetched.samples.entry(labels).or_default();
            if known.len() < samples.len() {
                *known = samples;
            }
        }
        if fetched.samples.values().map(Vec::len).sum::<usize>() > MOST_SAMPLES {
            return Err(CaptureError::TooMuch);
        }
    }
    Ok(fetched)
}

fn sources(wants: &[Want]) -> Vec<&Name> {
    let mut sources: Vec<&Name> = wants.iter().map(|want| &want.source).collect();
    sources.sort();
    sources.dedup();
    sources
}

async fn samples(asking: &Asking, want: &Want, from: Slot, last: Slot) -> Result<Samples, CaptureError> {
    let window = Window { from: from - want.before, to: last + Span::from_millis(1) };
    let parts = window.parts(PART).into_iter().map(|part| part_of(asking, want, part));
    let silent = |cause| CaptureError::Silent { source_name: want.source.clone(), cause };
    let mut all = Samples::new();
    for series in try_join_all(parts).await.map_err(silent)?.into_iter().flatten() {
        all.entry(series.labels).or_default().extend(series.samples);
    }
    for samples in all.values_mut() {
        // Prometheus 2 has both edges of a window, so that neighbours share a sample.
        samples.sort_by_key(|(at, _)| *at);
        samples.dedup_by_key(|(at, _)| *at);
    }
    Ok(all)
}

/// The samples of one part, asked for in halves where the server cannot give all at once.
fn part_of<'a>(
    asking: &'a Asking,
    want: &'a Want,
    part: Window,
) -> BoxFuture<'a, Result<Vec<RangeSeries>, QueryError>> {
    Box::pin(async move {
        let length = part.to - part.from;
        let deadline = tokio::time::Instant::now() + asking.timeout.to_std();
        asking.asked.queries.fetch_add(1, Ordering::Relaxed);
        let expr = format!("{}[{}ms]", want.selector, length.millis());
        let at = part.to - Span::from_millis(1);
        match asking.clients[&want.source].query_samples(&expr, at, deadline).await {
            Err(error) if is_too_much(&error) && length > SHORTEST => {
                let middle = part.from + Span::from_millis(length.millis() / 2);
                let mut series = part_of(asking, want, Window { to: middle, ..part }).await?;
                series.extend(part_of(asking, want, Window { from: middle, ..part }).await?);
                Ok(series)
            }
            answer => answer,
        }
    })
}

/// What a server saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// At which points of a grid each series had a value.
    pub series: HashMap<Labels, Vec<bool>>,
    /// For each source that has `up` at all, the points at which it was not scraping.
    pub gaps: Vec<(Name, Vec<usize>)>,
}

/// Asks at which points of `grid` series had values, and sources were scraping.
///
/// # Errors
/// When a source does not answer.
pub async fn is_there(asking: &Asking, wants: &[Want], grid: Grid) -> Result<Seen, CaptureError> {
    let window = Window { from: grid.first, to: grid.at(grid.points) };
    let offset = Span::from_millis(grid.first.millis().rem_euclid(grid.every.millis()));
    let question = |source: &Name, expr: &str| Question {
        source: source.clone(),
        expr: expr.into(),
        interval: grid.every,
        grid: offset,
        query_offset: Span::ZERO,
        history: Span::ZERO,
    };
    let sources = sources(wants);
    let questions = wants.iter().map(|want| question(&want.source, &want.selector));
    let questions = questions.chain(sources.iter().map(|source| question(source, IS_THERE))).collect();
    let parts = ask(asking.clone(), Arc::new(Plan::of(questions)), window).await;
    let mut seen = Seen::default();
    for (part, want) in parts.iter().zip(wants) {
        if let Some(hole) = part.holes.first() {
            return Err(CaptureError::Refused(want.source.clone(), hole.why.message.clone()));
        }
        for column in &part.columns {
            let points = seen.series.entry(column.labels.clone()).or_insert_with(|| vec![false; grid.points]);
            points.iter_mut().zip(&column.values).for_each(|(point, value)| *point |= !is_stale(*value));
        }
    }
    for (part, source) in parts[wants.len()..].iter().zip(sources) {
        // A source that never has `up` says nothing by having none.
        let Some(up) = part.columns.first() else { continue };
        let silent = up.values.iter().enumerate().filter(|(_, value)| is_stale(**value));
        seen.gaps.push((source.clone(), silent.map(|(point, _)| point).collect()));
    }
    Ok(seen)
}
