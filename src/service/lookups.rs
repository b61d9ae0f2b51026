//! Asking what templates want to know.
//!
//! All questions of one step are asked side by side and have one deadline, however many rounds a template needs: whoever
//! waits for the answers (a message on its way, a slot to be decided) waits no longer than that for a slow source.

use super::fetch::{Clients, Desk, failure};
use crate::engine::notice::{Draft, Notice};
use crate::engine::{Failure, World, evaluate};
use crate::model::{Answer, Labels, Name, RuleId, Slot, Span};
use crate::prometheus::{Client, Decoder};
use crate::rules::template::Answers;
use futures_util::future::join_all;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the templates of one step wait for all of their answers together.
const DEADLINE: Duration = Duration::from_secs(3);
/// Templates may ask so often, and so much, until a text is complete.
const ROUNDS: usize = 4;
const QUERIES: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Question {
    source: Name,
    query: String,
    at: Slot,
}

type Found = Result<Vec<(Labels, f64)>, Failure>;

/// The questions of one step.
struct Lookups<'c> {
    clients: &'c Clients,
    deadline: Instant,
}

impl<'c> Lookups<'c> {
    fn begin(clients: &'c Clients) -> Self {
        Lookups { clients, deadline: Instant::now() + DEADLINE }
    }

    async fn ask(&self, questions: BTreeSet<Question>) -> HashMap<Question, Found> {
        let ask = |question: Question| async move {
            let found = self.find(&question).await;
            (question, found)
        };
        join_all(questions.into_iter().map(ask)).await.into_iter().collect()
    }

    async fn find(&self, question: &Question) -> Found {
        let Question { source, query, at } = question;
        let nobody = || Failure { message: format!("there is no source {source}"), is_the_sources: false };
        let client = self.clients.get(source).ok_or_else(nobody)?;
        let mut decoder = Decoder::new();
        let body = client.query(query, *at, self.deadline.min(client.deadline())).await;
        let answer = body.and_then(|body| decoder.decode(&body)).map_err(|error| failure(&error))?;
        let table = decoder.table();
        let labelled = answer.samples.iter().map(|sample| (table.labels(sample.series).clone(), sample.value));
        Ok(labelled.collect())
    }
}

/// A message that is being rendered: what it has been told, and how often it has asked.
struct Open<'d> {
    draft: &'d Draft,
    skew: Span,
    /// What its templates ask is asked at the wall clock's instant.
    at: Slot,
    known: Answers,
    rounds: usize,
    notice: Option<Notice>,
}

impl<'d> Open<'d> {
    fn new(draft: &'d Draft, skew: Span) -> Self {
        Open { draft, skew, at: draft.at.slot(skew), known: Answers::new(), rounds: 0, notice: None }
    }

    /// Renders it as far as it goes; returns what it still asks. One that asks too much is told so, in the place of answers.
    fn render(&mut self, world: &World) -> Vec<Question> {
        if self.notice.is_some() {
            return Vec::new();
        }
        let wanted = match self.draft.compose(world, self.skew, &self.known) {
            Ok(notice) => {
                self.notice = Some(notice);
                return Vec::new();
            }
            Err(wanted) => wanted,
        };
        self.rounds += 1;
        if self.rounds > ROUNDS || self.known.len() + wanted.len() > QUERIES {
            let refused = format!("a message may ask {QUERIES} queries in {ROUNDS} rounds, no more");
            self.known.extend(wanted.into_iter().map(|(_, query)| (query, Err(refused.clone()))));
            return Vec::new();
        }
        let at = self.at;
        wanted.into_iter().map(|(source, query)| Question { source, query, at }).collect()
    }
}

/// Renders what is owed, with the answers that its templates need. An answer that does not come in time is an error in the
/// text; the message goes out all the same.
pub async fn compose(world: &World, clients: &Clients, drafts: &[Draft], skew: Span) -> Vec<Notice> {
    let lookups = Lookups::begin(clients);
    let mut open: Vec<Open<'_>> = drafts.iter().map(|draft| Open::new(draft, skew)).collect();
    while open.iter().any(|open| open.notice.is_none()) {
        let asked: Vec<Vec<Question>> = open.iter_mut().map(|open| open.render(world)).collect();
        let found = lookups.ask(asked.iter().flatten().cloned().collect()).await;
        for (open, asked) in open.iter_mut().zip(asked) {
            for question in asked {
                let answer = found[&question].clone().map_err(|failure| failure.message);
                open.known.insert(question.query, answer);
            }
        }
    }
    open.into_iter().filter_map(|open| open.notice).collect()
}

/// What label templates asked at one slot.
#[derive(Debug, Default)]
pub struct OfLabels {
    /// The answers.
    pub answers: Answers,
    /// Rules that cannot be decided, because the source did not answer: labels say who an alert is, so that an outage must
    /// not write itself into them.
    pub failed: HashMap<RuleId, Failure>,
}

/// Finds what the label templates of a group ask about the series that its rules have returned.
pub async fn of_labels(
    world: &World,
    desk: &Desk,
    answers: &[Result<Answer, Failure>],
    client: &Arc<Client>,
    slot: Slot,
) -> OfLabels {
    let mut found = OfLabels::default();
    let asks = |(id, questions): (RuleId, &[usize])| {
        let rule = world.rule(id).filter(|rule| rule.labels.iter().any(|(_, template)| template.uses_query()))?;
        let question = *questions.get(rule.value)?;
        Some((rule, desk.table(question), answers[question].as_ref().ok()?))
    };
    let asking: Vec<_> = desk.rules().filter_map(asks).collect();
    if asking.is_empty() {
        return found;
    }
    let source = desk.group().source.clone();
    let clients = Clients::from([(source.clone(), Arc::clone(client))]);
    let lookups = Lookups::begin(&clients);
    for round in 0..=ROUNDS {
        let mut wanted: BTreeSet<(RuleId, String)> = BTreeSet::new();
        for (rule, table, answer) in &asking {
            for sample in &answer.samples {
                let series = table.labels(sample.series);
                let more = evaluate::identify(world, rule, series, sample.value, slot, &found.answers).err();
                wanted.extend(more.into_iter().flatten().map(|query| (rule.id, query)));
            }
        }
        if wanted.is_empty() {
            break;
        }
        if round == ROUNDS {
            let refused = format!("a label may ask in {ROUNDS} rounds, no more");
            found.answers.extend(wanted.into_iter().map(|(_, query)| (query, Err(refused.clone()))));
            break;
        }
        let question = |query: &String| Question { source: source.clone(), query: query.clone(), at: slot };
        let heard = lookups.ask(wanted.iter().map(|(_, query)| question(query)).collect()).await;
        for (rule, query) in wanted {
            let answer = heard[&question(&query)].clone();
            if let Err(failure) = answer.as_ref()
                && failure.is_the_sources
            {
                found.failed.entry(rule).or_insert_with(|| failure.clone());
            }
            found.answers.insert(query, answer.map_err(|failure| failure.message));
        }
    }
    found
}
