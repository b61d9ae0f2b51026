//! Asking a source everything that one slot of a group needs.
//!
//! A [`Desk`] belongs to one group and travels: into the task that asks, and back with the answers. So one evaluation of a
//! group runs at a time, by construction, and what is known of its series needs no lock. Identical queries are asked once.

use super::lookups::{self, OfLabels};
use super::recorder::Pen;
use super::recording::{Recording, Stages, ends};
use crate::crash::{self, Point};
use crate::engine::{Failure, World};
use crate::http::chain;
use crate::model::{Answer, Labels, Name, RuleId, Slot, Span};
use crate::prometheus::{Client, Decoder, QueryError, Written};
use crate::rules::Group;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// How many points a server gives to one range query at most.
const MOST_POINTS: i64 = 10_000;

/// What is asked for one group, and what has been learnt of its series.
#[derive(Debug)]
pub struct Desk {
    group: Arc<Group>,
    questions: Vec<Question>,
    rules: Vec<Asks>,
    recordings: Vec<Recording>,
    /// Series of recording rules that left with a reload: their end is still to be written.
    ended: Vec<Labels>,
    /// From which slot on histories have holes that a range query has to fill.
    holes: Option<Slot>,
}

#[derive(Debug)]
struct Question {
    expr: Name,
    history: Span,
    decoder: Decoder,
    /// Before it is asked, what earlier stages record has to be written.
    stage: usize,
}

/// One rule, and the questions that are its queries.
#[derive(Clone, Debug)]
struct Asks {
    rule: RuleId,
    questions: Vec<usize>,
}

/// Past samples of a question's series, for the histories.
pub type Filled = (usize, Vec<(Labels, Vec<(Slot, f64)>)>);

/// What a question was answered, by its place.
type Asked = (usize, Result<Answer, QueryError>);

/// What a recording rule has to be written as, by its place.
type Recorded = (usize, Result<Vec<Written>, Failure>);

/// The outcomes of all questions, and of all recording rules.
type Answers = Vec<Result<Answer, Failure>>;
type Outcomes = Vec<Result<usize, Failure>>;

/// What one history lacks.
struct Past {
    place: usize,
    expr: Name,
    first: Slot,
    last: Slot,
    interval: Span,
    offset: Span,
}

/// What came back.
#[derive(Debug)]
pub struct Read {
    /// The desk, for the next slot.
    pub desk: Desk,
    /// The slot.
    pub slot: Slot,
    /// One answer for each question.
    pub answers: Vec<Result<Answer, Failure>>,
    /// What became of each recording rule that is switched on: how many series it recorded. Nothing, where they are not
    /// evaluated.
    pub recorded: Vec<Result<usize, Failure>>,
    /// Samples that fill the histories, by question.
    pub history: Vec<Filled>,
    /// What label templates asked.
    pub labels: OfLabels,
    /// How long it took, in seconds.
    pub took: f64,
}

impl Desk {
    /// The desk of a group, whose histories are empty yet.
    #[must_use]
    pub fn new(group: &Arc<Group>) -> Self {
        let mut questions: Vec<Question> = Vec::new();
        let mut known: HashMap<Name, usize> = HashMap::new();
        let mut rules = Vec::new();
        let stages = Stages::of(group);
        for (rule, stage) in group.alerts().zip(&stages.alerts) {
            let mut asks = Asks { rule: rule.id, questions: Vec::new() };
            // A rule that is switched off is not asked for.
            for query in rule.queries.iter().filter(|_| rule.disabled.is_none()) {
                let place = *known.entry(query.expr.text().clone()).or_insert_with(|| {
                    let expr = query.expr.text().clone();
                    questions.push(Question { expr, history: Span::ZERO, decoder: Decoder::new(), stage: 0 });
                    questions.len() - 1
                });
                questions[place].history = questions[place].history.max(query.history);
                questions[place].stage = questions[place].stage.max(*stage);
                asks.questions.push(place);
            }
            rules.push(asks);
        }
        let recordings = group.records().zip(stages.records).map(|(record, stage)| Recording::new(record, stage));
        let holes = questions.iter().any(|question| !question.history.is_zero()).then_some(Slot::from_millis(i64::MIN));
        let recordings = recordings.collect();
        Desk { group: Arc::clone(group), questions, rules, recordings, ended: Vec::new(), holes }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// The group in other words that ask the same: what is known of its series stays.
    pub fn rename(&mut self, group: &Arc<Group>) {
        let mut fresh = Desk::new(group);
        for question in &mut fresh.questions {
            if let Some(known) = self.questions.iter_mut().find(|known| known.expr == question.expr) {
                std::mem::swap(&mut question.decoder, &mut known.decoder);
            }
        }
        fresh.ended = std::mem::take(&mut self.ended);
        for mut old in std::mem::take(&mut self.recordings) {
            match fresh.recordings.iter_mut().find(|recording| recording.is_still(&old)) {
                Some(recording) => recording.follow(&mut old),
                None => fresh.ended.extend(old.into_present()),
            }
        }
        *self = fresh;
    }

    /// The series that its recording rules have recorded, of a group that runs no more.
    pub fn recorded(self) -> impl Iterator<Item = Labels> {
        self.ended.into_iter().chain(self.recordings.into_iter().flat_map(Recording::into_present))
    }

    /// Nothing was learnt of the slots from `slot` on: histories have a hole there.
    pub fn missed(&mut self, slot: Slot) {
        if self.questions.iter().any(|question| !question.history.is_zero()) {
            self.holes = Some(self.holes.map_or(slot, |earlier| earlier.min(slot)));
        }
    }

    /// The histories are to be filled from their beginning.
    pub fn lose_history(&mut self) {
        self.missed(Slot::from_millis(i64::MIN));
    }

    /// Asks everything for `slot`. Never fails: each question has its own outcome. What is recorded goes to `pen`; without
    /// one, nothing is.
    pub async fn read(mut self, client: Arc<Client>, world: Arc<World>, pen: Option<Pen>, slot: Slot) -> Read {
        let started = Instant::now();
        // Side by side: a source that answers nothing must not make the slot as late as there are histories.
        let past = self.holes.take().map(|from| (from, self.past(from, slot)));
        let group = Arc::clone(&self.group);
        let filling = fill(&client, &group.name, past);
        let ((history, hole), (answers, recorded)) = tokio::join!(filling, self.ask_all(&client, pen, slot));
        if let Some(from) = hole {
            self.missed(from);
        }
        if answers.iter().any(Result::is_err) {
            self.missed(slot);
        }
        // Here and not where it is decided: only this group waits for what its labels ask.
        let labels = lookups::of_labels(&world, &self, &answers, &client, slot).await;
        Read { desk: self, slot, answers, recorded, history, labels, took: started.elapsed().as_secs_f64() }
    }

    /// Asks stage by stage, and has written what each of them records.
    async fn ask_all(&mut self, client: &Client, pen: Option<Pen>, slot: Slot) -> (Answers, Outcomes) {
        let mut answers: Vec<Option<Result<Answer, Failure>>> = self.questions.iter().map(|_| None).collect();
        let mut recorded: Vec<Option<Result<usize, Failure>>> = self.recordings.iter().map(|_| None).collect();
        let last = self.last_stage();
        for stage in 0..=last {
            let records = pen.is_some();
            let (asked, recording) = self.ask(stage, records, client, slot).await;
            for (place, answer) in asked {
                answers[place] = Some(answer.map_err(|error| failure(&error)));
            }
            let mut written: Vec<Written> =
                ends(std::mem::take(&mut self.ended), slot - self.group.query_offset).collect();
            for (place, outcome) in recording {
                let samples = outcome.map(|samples| {
                    written.extend(samples);
                    self.recordings[place].len()
                });
                recorded[place] = Some(samples);
            }
            match &pen {
                // Half of the interval is left for those who read it.
                Some(pen) if stage < last => pen.write_now(written, self.group.interval.to_std() / 2).await,
                Some(pen) => pen.write(written),
                None => {}
            }
        }
        (answers.into_iter().flatten().collect(), recorded.into_iter().flatten().collect())
    }

    fn last_stage(&self) -> usize {
        let questions = self.questions.iter().map(|question| question.stage);
        questions.chain(self.recordings.iter().map(|recording| recording.stage)).max().unwrap_or(0)
    }

    /// Asks all questions of one stage side by side, and those of its recording rules where they are wanted.
    async fn ask(&mut self, stage: usize, records: bool, client: &Client, slot: Slot) -> (Vec<Asked>, Vec<Recorded>) {
        let (at, limit) = (slot - self.group.query_offset, self.group.limit);
        let questions = self.questions.iter_mut().enumerate().filter(|(_, question)| question.stage == stage);
        let asked: FuturesUnordered<_> =
            questions.map(|(place, question)| async move { (place, question.ask(client, at).await) }).collect();
        let recordings = self.recordings.iter_mut().enumerate();
        let recordings = recordings.filter(|(_, recording)| records && recording.stage == stage);
        let recorded: FuturesUnordered<_> = recordings
            .map(|(place, recording)| async move { (place, record(recording, client, at, limit).await) })
            .collect();
        tokio::join!(asked.collect(), recorded.collect())
    }

    /// What histories lack before `slot`, if they have holes from `from` on.
    fn past(&self, from: Slot, slot: Slot) -> Vec<Past> {
        let (interval, offset) = (self.group.interval, self.group.query_offset);
        let histories = self.questions.iter().enumerate().filter(|(_, question)| !question.history.is_zero());
        let all = histories.map(|(place, question)| {
            let points = (question.history.millis() / interval.millis() + 1).min(MOST_POINTS);
            let (first, last) = (from.max(slot - interval.times(points)), slot - interval);
            Past { place, expr: question.expr.clone(), first, last, interval, offset }
        });
        all.filter(|past| past.first <= past.last).collect()
    }

    /// The rules of the group, each with the places of its answers.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &[usize])> {
        self.rules.iter().map(|asks| (asks.rule, asks.questions.as_slice()))
    }

    /// The recording rules of the group that are switched on, in file order.
    pub fn recordings(&self) -> impl Iterator<Item = &Recording> {
        self.recordings.iter()
    }

    /// The series that a question has returned so far.
    #[must_use]
    pub fn table(&self, question: usize) -> &crate::model::SeriesTable {
        self.questions[question].decoder.table()
    }
}

impl Question {
    async fn ask(&mut self, client: &Client, at: Slot) -> Result<Answer, QueryError> {
        let body = client.query(&self.expr, at, client.deadline()).await?;
        self.decoder.decode(&body)
    }
}

/// Asks for what histories lack, and gives the slot from which on they still do, if any could not be had: it is asked for again
/// at the next slot.
async fn fill(client: &Client, group: &Name, past: Option<(Slot, Vec<Past>)>) -> (Vec<Filled>, Option<Slot>) {
    let Some((from, past)) = past else { return (Vec::new(), None) };
    let outcomes = join_all(past.into_iter().map(|past| past.ask(client, group))).await;
    let hole = outcomes.iter().any(Option::is_none).then_some(from);
    (outcomes.into_iter().flatten().collect(), hole)
}

impl Past {
    async fn ask(self, client: &Client, group: &Name) -> Option<Filled> {
        let Past { place, expr, first, last, interval, offset } = self;
        let answer = client.query_each(&expr, (first - offset, last - offset), interval, client.deadline()).await;
        let found = answer.inspect_err(|error| {
            tracing::warn!(group = %group, expr = %expr, error = %error, "cannot fill a history; trying again at the next slot");
        });
        crash::point(Point::DuringHistoryFill);
        Some((place, found.ok()?.series.into_iter().map(|series| shifted(series, offset)).collect()))
    }
}

/// Asks what a rule records, and works out what has to be written.
async fn record(recording: &mut Recording, client: &Client, at: Slot, limit: usize) -> Result<Vec<Written>, Failure> {
    let body = client.query(recording.record().expr.text(), at, client.deadline()).await;
    let answer = body.and_then(|body| recording.decoder.decode(&body)).map_err(|error| failure(&error))?;
    let samples = recording.take_in(&answer, limit, at);
    samples.map_err(|message| Failure { message, is_the_sources: false })
}

/// Samples on the grid of the query, put on the grid of the slots.
fn shifted(series: crate::prometheus::RangeSeries, offset: Span) -> (Labels, Vec<(Slot, f64)>) {
    let samples = series.samples.into_iter().map(|(at, value)| (at + offset, value)).collect();
    (series.labels, samples)
}

/// What a failed question means to a rule: whether its source or the query is to blame.
pub(super) fn failure(error: &QueryError) -> Failure {
    Failure { message: chain(error), is_the_sources: error.is_the_sources() }
}

/// The clients of all sources.
pub type Clients = HashMap<Name, Arc<Client>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Settings, Source, Tls};
    use crate::diagnostics::{Findings, Sources};
    use crate::http::canned::{Canned, reply};
    use crate::rules::{Context, load_texts};
    use std::collections::BTreeMap;
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    /// Two histories, whose questions are answered when both have come.
    const RULES: &str = "groups: [{ name: g, interval: 1s, rules: [{ alert: A, queries: { a: { expr: a, history: 1m }, b: { expr: b, \
        history: 1m } }, tiers: { high: { when: 'a > 1 && b > 1' } } }] }]";

    #[tokio::test]
    async fn histories_are_asked_for_side_by_side() {
        let both = Arc::new((Mutex::new(0), Condvar::new()));
        let server = Canned::start(move |_, request, stream| {
            if request.line.contains("query_range") {
                let (asked, both_are_there) = &*both;
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                both_are_there.notify_all();
                let patience = Duration::from_secs(20);
                let (asked, late) = both_are_there.wait_timeout_while(asked, patience, |asked| *asked < 2).unwrap();
                drop(asked);
                if late.timed_out() {
                    return reply(stream, 400, &[], "the other one does not come");
                }
                let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
                return reply(stream, 200, &[], matrix);
            }
            reply(stream, 200, &[], r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#)
        });
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let set = load_texts(&[("r.yaml".into(), RULES.into())], &Context::default(), &mut sources, &mut findings).set;
        let source = Source {
            url: server.url(),
            timeout: Span::from_secs(60),
            max_concurrent_queries: 4,
            auth: Auth::None,
            headers: BTreeMap::new(),
            tls: Tls::default(),
        };
        let client = Arc::new(Client::new(&source).unwrap());
        let desk = Desk::new(&set.groups[0]);
        let world = Arc::new(World::new(Arc::new(Settings::default()), set));
        let read = desk.read(client, world, None, Slot::from_millis(1_767_603_600_000)).await;
        assert_eq!(read.history.len(), 2);
        assert!(read.desk.holes.is_none(), "none of them lacks anything");
    }
}
