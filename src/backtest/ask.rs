//! Asking a source about the past: in parts that it can answer, kept for the next time.

use super::past::{Column, Hole, Part};
use super::plan::{Plan, Question};
use crate::engine::Failure;
use crate::http::chain;
use crate::model::{Labels, Name, Slot, Span};
use crate::prometheus::{Client, QueryError, RangeAnswer, RangeSeries};
use crate::series::{is_stale, stale};
use futures_util::future::{BoxFuture, join_all};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Fewer slots than this are not asked for in two halves: a server that cannot answer them will answer nothing.
const FEWEST: usize = 16;
/// What is younger may still change, as late samples arrive; it is not kept.
const SETTLED: Span = Span::from_hours(1);
/// How long a source may take for the first, small question: whoever named a wrong address need not wait a minute.
const FIRST_ANSWER: Span = Span::from_secs(10);
/// Whether a source was scraping at all: its targets' own series.
const IS_THERE: &str = "count(up)";

/// Whom to ask, and where answers are kept.
#[derive(Clone)]
pub struct Asking {
    /// The sources.
    pub clients: HashMap<Name, Arc<Client>>,
    /// The folder of answers from the last time, if any are kept.
    pub kept: Option<PathBuf>,
    /// The instant that counts as now: what is younger than an hour is not kept.
    pub now: Slot,
    /// How long one question may take.
    pub timeout: Span,
    /// Sources that say whether they were scraping.
    pub with_up: Vec<Name>,
    /// How much was asked.
    pub asked: Arc<Asked>,
}

/// How much was asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// Questions that went to a server.
    pub queries: AtomicUsize,
    /// Questions whose answers were kept.
    pub kept: AtomicUsize,
    /// Values that came back.
    pub values: AtomicUsize,
    /// What sources said of their answers, and how often: that a part of their data could not be had, for example.
    pub warnings: Mutex<BTreeMap<(Name, String), usize>>,
}

/// What has come back of one question.
#[derive(Default)]
struct Found {
    columns: HashMap<Labels, Vec<f64>>,
    holes: Vec<Hole>,
    /// Whether the source warned that this may not be all.
    is_doubtful: bool,
}

/// A stretch of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from: Slot,
    /// The first instant that is not part of it.
    pub to: Slot,
}

impl Window {
    /// Its parts of about `span` each. They lie where they always lie, whatever the window, so that kept answers fit.
    #[must_use]
    pub fn parts(self, span: Span) -> Vec<Window> {
        let mut parts = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let next = Slot::at_or_before(from.millis(), span, Span::ZERO) + span;
            let to = next.min(self.to);
            parts.push(Window { from, to });
            from = to;
        }
        parts
    }
}

/// Asks every question of `plan` about `window`: one part for each.
pub async fn ask(asking: Asking, plan: Arc<Plan>, window: Window) -> Vec<Part> {
    let gaps = gaps(&asking, &plan, window).await;
    let asked = plan.questions.iter().map(|question| {
        let (asking, question) = (asking.clone(), question.clone());
        tokio::spawn(async move { asking.part(&question, window).await })
    });
    let parts = join_all(asked).await;
    let mut whole = Vec::with_capacity(parts.len());
    for (question, part) in plan.questions.iter().zip(parts) {
        let mut part = part.unwrap_or_else(|_| {
            let why = Failure { message: "the question was given up".into(), is_the_sources: true };
            let (first, slots) = question.slots(window.from, window.to);
            let mut part = Part::empty(first, question.interval, slots);
            part.holes.push(Hole { first: window.from, last: window.to, why });
            part
        });
        part.holes.extend(gaps.get(&question.grid_key()).into_iter().flatten().cloned());
        whole.push(part);
    }
    whole
}

/// The slots at which a source was not scraping, for each source and grid.
async fn gaps(asking: &Asking, plan: &Plan, window: Window) -> HashMap<(Name, Span, Span, Span), Vec<Hole>> {
    let mut grids: HashMap<_, Question> = HashMap::new();
    for question in plan.questions.iter().filter(|question| asking.with_up.contains(&question.source)) {
        let is_there = Question { expr: IS_THERE.into(), history: Span::ZERO, ..question.clone() };
        grids.entry(question.grid_key()).or_insert(is_there);
    }
    let asked = grids.into_iter().map(async |(key, question)| (key, asking.part(&question, window).await));
    let found = join_all(asked).await.into_iter();
    found.map(|(key, part)| (key, holes_in(&part))).collect()
}

/// The slots of `part` at which no series has a value.
fn holes_in(part: &Part) -> Vec<Hole> {
    let mut holes: Vec<Hole> = Vec::new();
    let why = || Failure { message: "the source was not scraping then: it has no `up`".into(), is_the_sources: true };
    let mut slot = part.first;
    for place in 0..part.slots {
        let is_there = part.columns.iter().any(|column| !is_stale(column.values[place]));
        if !is_there && part.hole(slot).is_none() {
            match holes.last_mut().filter(|hole| hole.last + part.step == slot) {
                Some(hole) => hole.last = slot,
                None => holes.push(Hole { first: slot, last: slot, why: why() }),
            }
        }
        slot = slot + part.step;
    }
    holes
}

impl Question {
    /// What it shares with every question that is asked at the same instants of the same source.
    fn grid_key(&self) -> (Name, Span, Span, Span) {
        (self.source.clone(), self.interval, self.grid, self.query_offset)
    }
}

impl Asked {
    /// What sources said of their answers, in words.
    pub(super) fn warned(&self) -> Vec<String> {
        let known = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |((source, warning), answers): (&(Name, String), &usize)| {
            format!("source {source} said of {answers} of its answers, which may lack something: {warning}")
        };
        known.iter().map(line).collect()
    }
}

impl Asking {
    /// Whether `source` has `up`, in `window` or at present: one that has it today and had none then was not scraping, or has
    /// forgotten it.
    ///
    /// # Errors
    /// When it does not answer at all. One that finds the question too large does: it is asked about shorter parts from then on.
    pub(super) async fn has_up(&self, source: &Name, window: Window) -> Result<bool, QueryError> {
        let Window { from, to } = window;
        let step = Span::from_millis(((to - from).millis() / 500).max(15_000));
        let client = &self.clients[source];
        let deadline = || tokio::time::Instant::now() + self.timeout.min(FIRST_ANSWER).to_std();
        for (from, to) in [(from, to), (self.now, self.now)] {
            match client.query_range(IS_THERE, from, to, step, deadline()).await {
                Ok(series) if series.is_empty() => {}
                Ok(_) | Err(QueryError::TooLarge { .. } | QueryError::Refused { status: 413 | 422, .. }) => {
                    return Ok(true);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// The answers to one question in `window`, and before it as far as histories reach.
    async fn part(&self, question: &Question, window: Window) -> Part {
        let (first, slots) = question.slots(window.from, window.to);
        let before = question.slots_before();
        let first = first - question.interval.times(i64::try_from(before).unwrap_or(0));
        let mut part = Part::empty(first, question.interval, slots + before);
        if slots == 0 {
            part.slots = 0;
            return part;
        }
        if let Some(known) = self.read_kept(question, &part) {
            self.asked.kept.fetch_add(1, Ordering::Relaxed);
            part.columns = known;
            return part;
        }
        let (all, mut found) = ((first, part.slots), Found::default());
        self.collect(question, all, all, &mut found).await;
        let Found { columns, holes, is_doubtful } = found;
        part.holes = holes;
        let values = columns.values().map(Vec::len).sum();
        self.asked.values.fetch_add(values, Ordering::Relaxed);
        part.columns = columns.into_iter().map(|(labels, values)| Column { labels, values }).collect();
        part.columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        part.holes.sort_by_key(|hole| hole.first);
        if !is_doubtful {
            self.keep(question, &part);
        }
        part
    }

    /// Asks for `slots` slots from `first` on, in halves where the server cannot answer all at once.
    fn collect<'a>(
        &'a self,
        question: &'a Question,
        (first, slots): (Slot, usize),
        whole: (Slot, usize),
        found: &'a mut Found,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let step = question.interval;
            let after = |slots: usize| first + step.times(i64::try_from(slots).unwrap_or(i64::MAX));
            let last = after(slots) - step;
            match self.once(question, first, last).await {
                Ok(answer) => {
                    found.is_doubtful |= !answer.warnings.is_empty();
                    self.note(&question.source, answer.warnings);
                    answer.series.into_iter().for_each(|series| enter(&mut found.columns, series, question, whole));
                }
                Err(error) if is_too_much(&error) && slots > FEWEST => {
                    let half = slots / 2;
                    self.collect(question, (first, half), whole, found).await;
                    self.collect(question, (after(half), slots - half), whole, found).await;
                }
                Err(error) => {
                    let why = Failure { message: chain(&error), is_the_sources: error.is_the_sources() };
                    found.holes.push(Hole { first, last, why });
                }
            }
        })
    }

    fn note(&self, source: &Name, warnings: Vec<String>) {
        let mut known = self.asked.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings {
            *known.entry((source.clone(), warning)).or_default() += 1;
        }
    }

    async fn once(&self, question: &Question, first: Slot, last: Slot) -> Result<RangeAnswer, QueryError> {
        let client = &self.clients[&question.source];
        self.asked.queries.fetch_add(1, Ordering::Relaxed);
        let deadline = tokio::time::Instant::now() + self.timeout.to_std();
        let (first, last) = (first - question.query_offset, last - question.query_offset);
        client.query_each(&question.expr, (first, last), question.interval, deadline).await
    }

    fn place(&self, question: &Question, part: &Part) -> Option<PathBuf> {
        let folder = self.kept.as_ref()?;
        let last = part.first + part.step.times(i64::try_from(part.slots).ok()?);
        if last > self.now - SETTLED {
            return None;
        }
        let mut hash = Sha256::new();
        let url = self.clients.get(&question.source)?.url();
        let (first, step, slots) = (part.first.millis(), part.step.millis(), part.slots);
        hash.update(format!("2\n{url}\n{}\n{first} {step} {slots} {}", question.expr, question.query_offset.millis()));
        let name: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Some(folder.join(name))
    }

    /// What is kept of an answer. Whatever is not as it was written is no answer.
    fn read_kept(&self, question: &Question, part: &Part) -> Option<Vec<Column>> {
        let bytes = std::fs::read(self.place(question, part)?).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let labels: Vec<Vec<(String, String)>> = serde_json::from_slice(&bytes[..end]).ok()?;
        let values = &bytes[end + 1..];
        if values.len() != labels.len() * part.slots * 8 {
            return None;
        }
        let mut values = values.chunks_exact(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap_or_default()));
        let column =
            |labels| Column { labels: Labels::new(labels), values: values.by_ref().take(part.slots).collect() };
        Some(labels.into_iter().map(column).collect())
    }

    /// Keeps a whole answer that will not change any more. Where that cannot be done it is asked again the next time.
    fn keep(&self, question: &Question, part: &Part) {
        let Some(place) = self.place(question, part).filter(|_| part.holes.is_empty()) else { return };
        let pairs = |column: &Column| -> Vec<(String, String)> {
            column.labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        let labels: Vec<_> = part.columns.iter().map(pairs).collect();
        let Ok(mut bytes) = serde_json::to_vec(&labels) else { return };
        bytes.push(b'\n');
        bytes.extend(part.columns.iter().flat_map(|column| &column.values).flat_map(|value| value.to_le_bytes()));
        let written = place.with_extension(format!("{}.new", std::process::id()));
        let kept = std::fs::write(&written, bytes).and_then(|()| std::fs::rename(&written, &place));
        if let Err(error) = kept {
            tracing::debug!(%error, "an answer is not kept in {}", place.display());
        }
    }
}

/// Puts a series' samples into its column.
fn enter(
    columns: &mut HashMap<Labels, Vec<f64>>,
    series: RangeSeries,
    question: &Question,
    (first, slots): (Slot, usize),
) {
    let column = columns.entry(series.labels).or_insert_with(|| vec![stale(); slots]);
    for (at, value) in series.samples {
        let place = ((at + question.query_offset) - first).millis() / question.interval.millis();
        if let Some(cell) = usize::try_from(place).ok().and_then(|place| column.get_mut(place)) {
            *cell = value;
        }
    }
}

/// Whether fewer slots at once may be answered where these were not.
#[must_use]
pub fn is_too_much(error: &QueryError) -> bool {
    match error {
        QueryError::TimedOut { .. } | QueryError::TooLarge { .. } => true,
        QueryError::Refused { status, .. } => matches!(status, 400 | 413 | 422 | 500 | 502 | 503 | 504),
        QueryError::Unreachable { .. }
        | QueryError::NotPrometheus { .. }
        | QueryError::NoCredentials { .. }
        | QueryError::WrongType { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Source, Tls};
    use crate::http::canned::Canned;
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn an_answer_of_which_its_source_says_that_it_may_not_be_all_is_told_and_not_kept() {
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["a store is away"],"infos":["x"]}"#;
        let folder = std::env::temp_dir().join(format!("watchbell-doubtful-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (body, told, kept) in [
            (body.to_owned(), "source main said of 1 of its answers, which may lack something: a store is away", 0),
            (body.replace("[\"a store is away\"]", "[]"), "", 1),
        ] {
            let server = Canned::always(200, body.leak());
            let source = Source {
                url: server.url(),
                timeout: Span::from_secs(10),
                max_concurrent_queries: 1,
                auth: Auth::None,
                headers: BTreeMap::new(),
                tls: Tls::default(),
            };
            let client = Arc::new(Client::new(&source).expect("a client"));
            let asking = Asking {
                clients: HashMap::from([("main".into(), client)]),
                kept: Some(folder.clone()),
                now: Slot::from_millis(1_767_600_000_000),
                timeout: Span::from_secs(10),
                with_up: Vec::new(),
                asked: Arc::default(),
            };
            let (from, step) = (asking.now - Span::from_hours(9), Span::from_mins(1));
            let question = Question {
                source: "main".into(),
                expr: "up".into(),
                interval: step,
                grid: Span::ZERO,
                query_offset: Span::ZERO,
                history: Span::ZERO,
            };
            let part = asking.part(&question, Window { from, to: from + step.times(5) }).await;
            assert!(part.holes.is_empty());
            assert_eq!(asking.asked.warned().concat(), told);
            assert_eq!(std::fs::read_dir(&folder).expect("it is there").count(), kept);
        }
        std::fs::remove_dir_all(&folder).expect("it can go");
    }
}
