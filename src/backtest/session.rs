//! Playing a window: part after part is asked for, and while one is decided the next one is under way.

use super::ask::{Asking, Window, ask};
use super::past::Part;
use super::plan::{Asks, Plan};
use super::player::Player;
use super::survey::Survey;
use super::unknown::Unknown;
use crate::engine::World;
use crate::http::chain;
use crate::model::{Name, RuleId, Slot, Span};
use crate::prometheus::QueryError;
use crate::side_by_side;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many values are held at once, at most; beyond that parts get shorter.
const MOST_VALUES: usize = 24_000_000;
/// How long a part is, from long to short.
const PARTS: [Span; 3] = [Span::from_hours(6), Span::from_hours(1), Span::from_mins(10)];

/// Rules that are played over one window together, on the same answers.
pub struct Session {
    asking: Asking,
    window: Window,
    plan: Arc<Plan>,
    played: Vec<Played>,
    /// The answers, where they are kept for further rules that ask the same.
    kept: Option<Kept>,
    /// How long was waited for sources.
    pub waited: Duration,
    /// How long was decided.
    pub decided: Duration,
    /// What the figures do not say.
    pub notes: Vec<String>,
}

/// Answers that are kept.
#[derive(Default)]
struct Kept {
    parts: Vec<(Window, Vec<Part>)>,
    /// The questions whose answers are kept; all of them where none is named.
    only: Option<BTreeSet<usize>>,
}

/// One set of rules, and what came of it.
pub struct Played {
    /// The rules.
    pub world: Arc<World>,
    /// What they do.
    pub player: Player,
    /// What the values of their shown queries did.
    pub surveys: BTreeMap<RuleId, Survey>,
    asks: Asks,
}

/// Why nothing can be played.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A source does not answer.
    #[error("{0}")]
    Silent(String),
    /// The machine did not let us wait.
    #[error("a question was given up")]
    GivenUp(#[from] tokio::task::JoinError),
}

impl Session {
    /// A session of these rules over `window`.
    #[must_use]
    pub fn new(worlds: impl IntoIterator<Item = Arc<World>>, asking: Asking, window: Window) -> Self {
        let mut plan = Plan::default();
        let asks: Vec<(Arc<World>, Asks)> =
            worlds.into_iter().map(|world| (Arc::clone(&world), plan.add(&world.rules))).collect();
        let questions = plan.questions.len();
        let played = asks.into_iter().map(|(world, asks)| Played::new(world, asks, questions, window)).collect();
        let notes = vec![
            "nobody acts in a backtest: escalation runs to its end, so pages are an upper bound".to_owned(),
            "samples that arrived late are seen here, and were not when the rule was evaluated".to_owned(),
        ];
        Session {
            asking,
            window,
            plan: Arc::new(plan),
            played,
            kept: None,
            waited: Duration::ZERO,
            decided: Duration::ZERO,
            notes,
        }
    }

    /// The first rules know no more than the service did, and their events are kept.
    #[must_use]
    pub fn knowing_no_more_than(mut self, unknown: Unknown) -> Self {
        if let Some(played) = self.played.first_mut() {
            played.player.follow(unknown);
        }
        self
    }

    /// Keeps the answers, so that [`Session::again`] can play further rules on them.
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.kept = Some(Kept::default());
        self
    }

    /// Keeps the answers to what these rules, and those that they ask about, ask, so that [`Session::again`] can play them with other
    /// bounds.
    #[must_use]
    pub fn keeping_for(mut self, rules: &BTreeSet<RuleId>) -> Self {
        let asked = self
            .played
            .iter()
            .flat_map(|played| played.asked_by(&played.world.rules.needed(|_, rule| rules.contains(&rule.id))));
        let asked = asked.collect();
        self.kept = Some(Kept { parts: Vec::new(), only: Some(asked) });
        self
    }

    /// Plays other rules on the answers that were kept, side by side; nothing for those that ask what was not asked.
    #[must_use]
    pub fn again(&mut self, worlds: Vec<Arc<World>>) -> Vec<Option<Played>> {
        let started = Instant::now();
        let this = &*self;
        let played = side_by_side::each(&worlds, |world| this.play_again(Arc::clone(world)));
        self.decided += started.elapsed();
        played
    }

    fn play_again(&self, world: Arc<World>) -> Option<Played> {
        let mut plan = Plan::clone(&self.plan);
        let asks = plan.add(&world.rules);
        if plan.questions != self.plan.questions {
            return None;
        }
        let mut played = Played::new(world, asks, plan.questions.len(), self.window);
        for (part, answers) in &self.kept.as_ref()?.parts {
            played.take(answers, *part, self.window);
        }
        Some(played)
    }

    /// Plays the whole window; `seen` hears how far it has come.
    ///
    /// # Errors
    /// When a source that is asked does not answer at all.
    pub fn play(&mut self, runtime: &tokio::runtime::Runtime, mut seen: impl FnMut(Slot)) -> Result<(), SessionError> {
        self.asking.with_up = runtime.block_on(self.with_up())?;
        let plan = Arc::clone(&self.plan);
        let (mut rest, mut length) = (self.window, 0);
        let ask = |asking: &Asking, rest: Window, length: usize| {
            let part = rest.parts(PARTS[length]).first().copied()?;
            Some((part, runtime.spawn(ask(asking.clone(), Arc::clone(&plan), part))))
        };
        let mut next = ask(&self.asking, rest, length);
        while let Some((part, answers)) = next {
            let started = Instant::now();
            let answers = runtime.block_on(answers)?;
            self.waited += started.elapsed();
            rest.from = part.to;
            length = shorten(&answers, length);
            // The next part is asked for while this one is decided.
            next = ask(&self.asking, rest, length);
            let started = Instant::now();
            let window = self.window;
            std::thread::scope(|scope| {
                for played in &mut self.played {
                    scope.spawn(|| played.take(&answers, part, window));
                }
            });
            self.decided += started.elapsed();
            if let Some(kept) = &mut self.kept {
                kept.keep(part, answers);
            }
            seen(part.to);
        }
        self.notes.extend(self.played.iter().flat_map(Played::undecided));
        self.notes.extend(self.asking.asked.warned());
        Ok(())
    }

    /// What was asked, and where.
    #[must_use]
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    /// What was played.
    #[must_use]
    pub fn played(&self) -> &[Played] {
        &self.played
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// The sources that have `up`, by which is seen when they were not scraping. This is the first question that each is asked.
    async fn with_up(&mut self) -> Result<Vec<Name>, SessionError> {
        let mut sources: Vec<Name> = self.plan.questions.iter().map(|question| question.source.clone()).collect();
        sources.sort();
        sources.dedup();
        let mut found = Vec::new();
        for source in sources {
            let has_up = self.asking.has_up(&source, self.window).await;
            if has_up.map_err(|error| SessionError::Silent(unanswered(&error, self.asking.clients[&source].url())))? {
                found.push(source);
            } else {
                self.notes
                    .push(format!("source {source} has no `up`: when it was not scraping cannot be told from silence"));
            }
        }
        Ok(found)
    }
}

impl Kept {
    fn keep(&mut self, window: Window, answers: Vec<Part>) {
        let is_kept = |place: usize| self.only.as_ref().is_none_or(|only| only.contains(&place));
        let answers = answers.into_iter().enumerate();
        let kept =
            answers.map(|(place, part)| if is_kept(place) { part } else { Part::empty(part.first, part.step, 0) });
        self.parts.push((window, kept.collect()));
    }
}

/// That a source does not answer, with its address, and with a doubt of it where another server may stand there.
fn unanswered(error: &QueryError, url: &str) -> String {
    let error_text = chain(error);
    match error {
        QueryError::Refused { status: 404 | 405, .. } | QueryError::NotPrometheus { .. } => {
            format!("{error_text}; is {url} the address of a Prometheus, its path included?")
        }
        _ if error_text.contains(url) => error_text,
        _ => format!("{url}: {error_text}"),
    }
}

/// How long the next parts may be, after one of `length` held these answers.
fn shorten(answers: &[Part], length: usize) -> usize {
    let values: usize = answers.iter().map(|part| part.columns.len() * part.slots).sum();
    if values > MOST_VALUES { (length + 1).min(PARTS.len() - 1) } else { length }
}

impl Played {
    fn new(world: Arc<World>, asks: Asks, questions: usize, window: Window) -> Self {
        let player = Player::new(Arc::clone(&world), asks.clone(), questions, window.from);
        Played { world, player, surveys: BTreeMap::new(), asks }
    }

    fn take(&mut self, answers: &[Part], part: Window, window: Window) {
        for (group, asks) in self.world.rules.groups.iter().zip(&self.asks) {
            for (rule, asked) in group.alerts().zip(asks) {
                let Some(&question) = asked.get(rule.value) else { continue };
                let survey = self.surveys.entry(rule.id).or_insert_with(|| Survey::new(window.from, window.to));
                survey.read(rule, &answers[question], part.from, part.to);
            }
        }
        self.player.play(answers, part.to);
    }

    /// The questions of these rules.
    fn asked_by(&self, rules: &BTreeSet<RuleId>) -> Vec<usize> {
        let groups = self.world.rules.groups.iter().zip(&self.asks);
        let asked = groups.flat_map(|(group, asks)| group.alerts().zip(asks));
        asked.filter(|(rule, _)| rules.contains(&rule.id)).flat_map(|(_, asked)| asked.iter().copied()).collect()
    }

    fn undecided(&self) -> Vec<String> {
        let counted = &self.player.tally().rules;
        let rules = self.world.rules.groups.iter().flat_map(|group| group.alerts());
        let undecided = rules.filter(|rule| counted.get(&rule.id).is_some_and(|counted| counted.undecided > 0));
        let say =
            |alert: &Name| format!("{alert}: its labels ask queries, which a backtest does not; it was not decided");
        undecided.map(|rule| say(&rule.alert)).collect()
    }
}
