//! `watchbell explain`: the long story of a diagnostic, and why a rule is, or was, in its state.

use super::past::{self, Subject, Whom};
use super::{Answer, CommandError, output};
use crate::backtest::explain::{self, Explanation, RecordedStory, RuleStory, View};
use crate::backtest::{Extent, Played, Session, Unknown, Window};
use crate::config::Store;
use crate::diagnostics::{codes, suggest};
use crate::engine::alert::Alert;
use crate::engine::{Event, State, World};
use crate::model::{Matchers, Moment, Slot, Span};
use crate::rules::{Group, Rule};
use crate::service::load::beside;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How far back history is played at least.
const SHORTEST: Span = Span::from_hours(6);
/// So many times as far, one after the other, until beginning earlier changes nothing: up to two weeks.
const TIMES: [i64; 4] = [1, 2, 8, 56];

/// Tell the long story of a diagnostic (`WB012`), or why a rule is in its state: readings, verdicts, clocks, who is told when.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A code, as `WB012`, or the name of an alert.
    subject: String,
    /// Why it was in its state then: how long ago (`2h`), or an instant [default: now, at the last slot].
    #[arg(long, value_name = "WHEN")]
    at: Option<String>,
    /// Only the alerts with these labels: `{chain="sepolia"}`.
    #[arg(long, value_name = "SELECTOR")]
    series: Option<String>,
    /// Rule files, or folders of them [default: those of the configuration].
    #[arg(long = "rules", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    whom: Whom,
    /// The journal of our own service [default: the SQLite file of the configuration, where it is there].
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How to write the answer about a rule.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// What the service recorded, and what is to be said of that.
#[derive(Default)]
struct Recorded {
    events: Vec<Event>,
    extent: Extent,
    notes: Vec<String>,
}

impl Recorded {
    fn of((events, extent): (Vec<Event>, Extent)) -> Self {
        Recorded { events, extent, notes: Vec::new() }
    }

    /// What the service did not know of the time from `from` to `to`. Where its journal begins after that, it tells nothing of it, and
    /// history is played as if there were none.
    fn unknown(&self, from: Moment, to: Moment) -> Unknown {
        match self.extent {
            Some((first, _)) if first <= to => Unknown::of(&self.events).beyond(self.extent, (from, to)),
            _ => Unknown::default(),
        }
    }
}

impl Explain {
    /// Prints the page of a code, or the story of a rule.
    ///
    /// # Errors
    /// When there is no such code or rule, rules or configuration do not pass, or a source cannot be asked.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        if let Some(entry) = codes::find(&self.subject) {
            output::print(entry.page)?;
            return Ok(Answer::Good);
        }
        if looks_like_a_code(&self.subject) {
            return Err(CommandError::Usage(unknown(&self.subject)));
        }
        let stories = self.stories(config)?;
        match self.format {
            Format::Human => {
                let texts: Vec<String> = stories.iter().map(explain::human).collect();
                output::print(&texts.join("\n"))?;
            }
            Format::Json => output::print(&format!("{:#}\n", serde_json::json!({ "rules": stories })))?,
        }
        Ok(Answer::Good)
    }

    /// One story for each rule of the name.
    fn stories(&self, config: Option<&Path>) -> Result<Vec<Explanation>, CommandError> {
        let now = Timestamp::now().as_millisecond();
        let at = past::instant("--at", self.at.as_deref().unwrap_or("now"), now)?;
        if at.millis() > now {
            return Err(CommandError::Usage(format!("--at {at} has not come yet")));
        }
        let matchers = self.matchers()?;
        let subject = self.whom.load(config, &self.files)?;
        past::only_some(&subject.world.rules, std::slice::from_ref(&self.subject))?;
        // As far as a story may have to begin before its moment.
        let window = (Window { from: at - Span::from_hours(14 * 24), to: at }, Slot::from_millis(now));
        let (world, _) = self.whom.with_history(&subject, window, &BTreeSet::new())?;
        let subject = subject.playing(world);
        let world = &subject.world;
        let groups = world.rules.groups.iter();
        let all = groups.flat_map(|group| group.alerts().map(move |rule| (group, rule)));
        let named: Vec<_> = all.filter(|(_, rule)| *rule.alert == *self.subject).collect();
        if let [(_, rule)] = named[..]
            && let Some(why) = &rule.disabled
        {
            return Err(CommandError::Usage(format!("{} is switched off: {why}", self.subject)));
        }
        let recorded = self.recorded(&subject, Slot::from_millis(now))?;
        let now = Slot::from_millis(now);
        let asked = Asked { name: &self.subject, whom: &self.whom, subject: &subject, at, now, recorded, matchers };
        let named = named.into_iter().filter(|(_, rule)| rule.disabled.is_none());
        named.map(|(group, rule)| asked.story(group, rule)).collect()
    }

    fn matchers(&self) -> Result<Option<Matchers>, CommandError> {
        let Some(text) = &self.series else { return Ok(None) };
        let braces = &text[text.find('{').unwrap_or(0)..];
        let parsed = Matchers::parse(braces);
        parsed.map(Some).map_err(|error| {
            CommandError::Usage(format!("--series {text}: {}; write for example {{chain=\"sepolia\"}}", error.message))
        })
    }

    /// What the journal tells, of the file that is named or the one that the configuration has.
    fn recorded(&self, subject: &Subject, now: Slot) -> Result<Recorded, CommandError> {
        let window = Window { from: Slot::from_millis(0), to: now };
        if let Some(path) = &self.journal {
            let recorded = Recorded::of(past::recorded(path, &subject.world, window)?);
            let notes = recorded.events.is_empty().then(|| format!("{} tells of nothing", path.display()));
            return Ok(Recorded { notes: notes.into_iter().collect(), ..recorded });
        }
        let (Some(config), Store::Sqlite(file)) = (&subject.config, &subject.world.settings.store) else {
            return Ok(Recorded::default());
        };
        let path = beside(config, file);
        if !path.exists() {
            return Ok(Recorded::default());
        }
        // Nobody asked for it, so that one that cannot be read stops nothing.
        Ok(match past::recorded(&path, &subject.world, window) {
            Ok(recorded) => Recorded::of(recorded),
            Err(error) => Recorded { notes: vec![error.to_string()], ..Recorded::default() },
        })
    }
}

/// What is asked about one rule after the other.
struct Asked<'a> {
    name: &'a str,
    whom: &'a Whom,
    subject: &'a Subject,
    at: Slot,
    now: Slot,
    recorded: Recorded,
    matchers: Option<Matchers>,
}

impl Asked<'_> {
    fn story(&self, group: &Arc<Group>, rule: &Arc<Rule>) -> Result<Explanation, CommandError> {
        let (from, is_settled) = self.settled(rule)?;
        // Others may inhibit it, and share its incidents.
        let session = self.play(&self.subject.world, from)?;
        let Played { world, player, .. } = &session.played()[0];
        let first = Slot::at_or_after(from.millis(), group.interval, group.grid());
        let view = View {
            world,
            state: &player.engine().state,
            journal: player.journal(),
            at: self.at.moment(Span::ZERO),
            is_recorded: false,
            began: (!is_settled).then(|| first.moment(Span::ZERO)),
        };
        let history = self.rule(&view, group, rule);
        if history.alerts.is_empty() && self.matchers.is_some() {
            let message = format!("no series of {} has these labels at {}", self.name, self.at);
            return Err(CommandError::Usage(message));
        }
        Ok(Explanation {
            alert: rule.alert.to_string(),
            group: group.name.to_string(),
            file: group.file.to_string(),
            at: self.at.to_string(),
            slot: Slot::at_or_before(self.at.millis(), group.interval, group.grid()).to_string(),
            played_from: from.to_string(),
            is_settled,
            recorded: self.recorded_story(world, group, rule, &history),
            history,
            notes: self.recorded.notes.iter().chain(&session.notes).cloned().collect(),
        })
    }

    fn rule(&self, view: &View<'_>, group: &Group, rule: &Rule) -> RuleStory {
        let Some(matchers) = &self.matchers else { return view.rule(group, rule, None) };
        view.rule(group, rule, Some(&|alert: &Alert| matchers.matches(&alert.series.overlaid(&alert.labels))))
    }

    /// What the service had recorded by then, and how it differs; nothing where its journal tells of nothing so early.
    fn recorded_story(&self, world: &World, group: &Group, rule: &Rule, history: &RuleStory) -> Option<RecordedStory> {
        let (events, at) = (&self.recorded.events, self.at.moment(Span::ZERO));
        let journal = &events[..events.partition_point(|event| event.moment <= at)];
        let from = journal.first()?.moment.to_string();
        let state = State::fold(world, journal);
        let view = View { world, state: &state, journal, at, is_recorded: true, began: None };
        let rule = self.rule(&view, group, rule);
        let differences = explain::differences(&rule, history);
        let was_down = self.recorded.unknown(journal.first()?.moment, at).is_down(at);
        Some(RecordedStory { from, was_down, rule, differences })
    }

    /// How far back history has to be played for the rule alone, and whether beginning earlier changes nothing.
    fn settled(&self, rule: &Rule) -> Result<(Slot, bool), CommandError> {
        let world = alone(&self.subject.world, rule);
        let shortest = SHORTEST.max(explain::reach(rule));
        let (mut known, mut from) = (None, self.at);
        for times in TIMES {
            from = self.at - shortest.times(times);
            let session = self.play(&world, from)?;
            let states = explain::states(&session.played()[0].player.engine().state, rule.id);
            if known.as_ref() == Some(&states) {
                return Ok((from, true));
            }
            known = Some(states);
        }
        Ok((from, false))
    }

    fn play(&self, world: &Arc<World>, from: Slot) -> Result<Session, CommandError> {
        let window = Window { from, to: self.at + Span::from_millis(1) };
        let session = self.whom.session(self.subject, [Arc::clone(world)], (window, self.now))?;
        let ends = [window.from, window.to].map(|slot| slot.moment(Span::ZERO));
        let mut session = session.knowing_no_more_than(self.recorded.unknown(ends[0], ends[1]));
        past::play(&mut session)?;
        Ok(session)
    }
}

/// The rule, and those that it asks about, without any other.
fn alone(world: &World, rule: &Rule) -> Arc<World> {
    let rules = world.rules.only_needed(|_, one| one.id == rule.id, past::NOT_ASKED_FOR);
    Arc::new(World::new(Arc::clone(&world.settings), rules))
}

fn looks_like_a_code(text: &str) -> bool {
    let rest = text.strip_prefix("WB").or_else(|| text.strip_prefix("wb"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn unknown(code: &str) -> String {
    let known: Vec<String> = codes::all().map(|entry| entry.code.to_string()).collect();
    let known = known.iter().map(String::as_str);
    let help = suggest::did_you_mean(code, known).unwrap_or_else(|| "codes look like `WB012`".into());
    format!("there is no diagnostic `{code}`; {help}")
}
