//! What one looks at: the story with the troubles behind it, one message for all who get the same, and what came of it.

use super::super::story::{Deed, Line, Story};
use super::trouble::{Person, Trouble};
use crate::engine::command::Via;
use crate::engine::event::{Event, EventKind, IncidentEvent};
use crate::engine::incident::Destination;
use crate::engine::notice::{Notice, NoticeKind};
use crate::model::{Moment, Slot, Span};
use crate::notify::text;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many alerts of a message are shown; the rest are counted.
const LISTED: usize = 2;

/// What is said at one instant: the text, who gets it, and what it is.
type Messages<'a> = Vec<(String, Vec<&'a Destination>, What)>;

/// Something to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// When, from the start.
    pub at: Span,
    /// What it is.
    pub what: What,
    /// In words; may be several lines.
    pub text: String,
    /// How many incidents are open then.
    pub open: usize,
    /// How many pages have gone out by then.
    pub pages: usize,
}

/// What there is to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A metric goes wrong.
    Worse,
    /// A metric is well again.
    Better,
    /// An alert waits for its `for`, or holds.
    Alert,
    /// An alert fires, at this severity.
    Fires(String),
    /// An alert is over.
    Ended,
    /// A step of an incident.
    Incident,
    /// What a person does.
    Person,
    /// A message that is to wake somebody, of this severity.
    Page(String),
    /// Any other message.
    Message,
}

/// What came of it all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Incidents that opened.
    pub incidents: usize,
    /// Those that go on.
    pub open: Vec<u64>,
    /// Messages that were to wake somebody.
    pub pages: usize,
    /// All messages.
    pub messages: usize,
    /// Places that got one.
    pub destinations: usize,
    /// From the opening to the acknowledgement, of those that had one.
    pub acknowledged_after: Vec<Span>,
}

impl Tally {
    /// Counts what a story and its journal hold.
    #[must_use]
    pub fn of(story: &Story, journal: &[Event]) -> Self {
        let mut tally = Tally::default();
        let mut opened: BTreeMap<u64, Moment> = BTreeMap::new();
        for (moment, number, event) in steps(journal) {
            match event {
                IncidentEvent::Opened(_) => {
                    tally.incidents += 1;
                    tally.open.push(number);
                    opened.insert(number, moment);
                }
                IncidentEvent::Acknowledged(acknowledged) => {
                    let since = opened.remove(&number);
                    tally.acknowledged_after.extend(since.map(|since| acknowledged.at - since));
                }
                IncidentEvent::Resolved { .. } => tally.open.retain(|open| *open != number),
                _ => {}
            }
        }
        let told = || story.lines.iter().filter_map(notice_of);
        tally.messages = told().count();
        tally.pages = told().filter(|notice| notice.draft.kind == NoticeKind::Page).count();
        tally.destinations = told().map(|notice| notice.draft.destination.clone()).collect::<BTreeSet<_>>().len();
        tally
    }

    /// The mean time to acknowledge; nothing where nobody has.
    #[must_use]
    pub fn mean_to_acknowledge(&self) -> Option<Span> {
        let count = i64::try_from(self.acknowledged_after.len()).ok().filter(|count| *count > 0)?;
        let all: i64 = self.acknowledged_after.iter().map(|span| span.millis()).sum();
        Some(Span::from_secs(all / count / 1000))
    }
}

/// Everything that there is to see, in the order of time: at one instant first the metrics, then people, then the engine.
pub(super) fn lines(
    story: &Story,
    troubles: &[Trouble],
    people: &[Person],
    journal: &[Event],
    start: Slot,
) -> Vec<Shown> {
    let see = |at, what, text: &str| Shown { at, what, text: text.to_owned(), open: 0, pages: 0 };
    let worse = troubles.iter().map(|trouble| see(trouble.from, What::Worse, trouble.kind.begins()));
    let better =
        troubles.iter().filter_map(|trouble| trouble.kind.ends().map(|words| see(trouble.until, What::Better, words)));
    let persons = people.iter().map(|person| see(person.event.at, What::Person, person.words));
    let mut lines: Vec<Shown> = worse.chain(better).chain(persons).collect();
    lines.extend(of_story(story));
    // It keeps the order of what happens at one instant.
    lines.sort_by_key(|line| line.at);
    count(&mut lines, story, journal, start);
    lines
}

/// How things stand after each line.
fn count(lines: &mut [Shown], story: &Story, journal: &[Event], start: Slot) {
    for line in lines {
        let now = (start + line.at).millis();
        let by_now = || steps(journal).filter(|(moment, ..)| moment.millis() <= now);
        let opened = by_now().filter(|(.., event)| matches!(event, IncidentEvent::Opened(_))).count();
        let over = by_now().filter(|(.., event)| matches!(event, IncidentEvent::Resolved { .. })).count();
        line.open = opened.saturating_sub(over);
        let told = story.lines.iter().filter(|told| told.at <= line.at).filter_map(notice_of);
        line.pages = told.filter(|notice| notice.draft.kind == NoticeKind::Page).count();
    }
}

fn of_story(story: &Story) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut messages: Messages<'_> = Vec::new();
    let mut states: HashMap<&str, &str> = HashMap::new();
    let mut at = Span::ZERO;
    for line in &story.lines {
        let notice = notice_of(line);
        if notice.is_none() || line.at != at {
            flush(&mut messages, at, &mut shown);
        }
        at = line.at;
        match notice {
            Some(notice) => gather(&mut messages, notice),
            None => {
                let news = plain(line, &mut states).filter(|line| shown.last() != Some(line));
                shown.extend(news);
            }
        }
    }
    flush(&mut messages, at, &mut shown);
    shown
}

fn notice_of(line: &Line) -> Option<&Notice> {
    match &line.deed {
        Deed::Told { notice, .. } => Some(notice),
        Deed::Alert { .. } | Deed::Ended { .. } | Deed::Failed | Deed::Other => None,
    }
}

/// Those who are told the same stand in one line.
fn gather<'a>(messages: &mut Messages<'a>, notice: &'a Notice) {
    let text = message(notice);
    match messages.iter_mut().find(|(known, ..)| *known == text) {
        Some((_, destinations, _)) => destinations.push(&notice.draft.destination),
        None => messages.push((text, vec![&notice.draft.destination], kind_of(notice))),
    }
}

fn flush(messages: &mut Messages<'_>, at: Span, shown: &mut Vec<Shown>) {
    for (text, destinations, what) in messages.drain(..) {
        let to: Vec<String> = destinations.iter().map(ToString::to_string).collect();
        shown.push(Shown { at, what, text: format!("-> {}\n{text}", to.join(", ")), open: 0, pages: 0 });
    }
}

fn kind_of(notice: &Notice) -> What {
    match notice.draft.kind {
        NoticeKind::Page => What::Page(notice.draft.severity.to_string()),
        NoticeKind::Update | NoticeKind::End | NoticeKind::Letter => What::Message,
    }
}

/// A message in the words that every channel uses.
fn message(notice: &Notice) -> String {
    let mut lines = vec![text::headline(notice), format!("({})", text::reason(notice))];
    lines.extend(notice.alerts.iter().take(LISTED).map(text::alert_line));
    if let Some(more) = notice.alerts.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("… and {more} more"));
    }
    if notice.draft.kind == NoticeKind::Page {
        lines.extend(text::runbook(notice).map(str::to_owned));
    }
    lines.join("\n")
}

/// What is not a message; nothing where only the value of an alert is another.
fn plain<'a>(line: &'a Line, states: &mut HashMap<&'a str, &'a str>) -> Option<Shown> {
    let what = match &line.deed {
        Deed::Alert { firing: Some(severity), .. } => What::Fires(severity.clone()),
        Deed::Alert { firing: None, .. } => What::Alert,
        Deed::Ended { .. } => What::Ended,
        Deed::Told { .. } | Deed::Failed | Deed::Other => What::Incident,
    };
    if what != What::Incident
        && let Some((alert, state)) = line.text.split_once("  ")
    {
        let state = state.split("  value").next().unwrap_or(state);
        if states.insert(alert, state) == Some(state) {
            return None;
        }
    }
    // By whichever way a scenario lets people act: here they are people.
    let text = line.text.replace(&format!(" ({})", Via::Scenario), "");
    Some(Shown { at: line.at, what, text, open: 0, pages: 0 })
}

/// The steps of incidents in a journal: when, of which, what.
fn steps(journal: &[Event]) -> impl Iterator<Item = (Moment, u64, &IncidentEvent)> {
    journal.iter().filter_map(|event| match &event.kind {
        EventKind::Incident { number, event: step, .. } => Some((event.moment, *number, step)),
        _ => None,
    })
}
