//! Deliveries without a network: the same queue decides, and a channel fails or refuses when the scenario says so.

use crate::engine::incident::Destination;
use crate::engine::notice::{Draft, Notice, NoticeKind};
use crate::model::{DeliveryId, IncidentId, Name, Span};
use crate::notify::queue::{self, Heard, Next, Waiting};
use std::collections::BTreeMap;

/// What a channel does with a message at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It does not, this time.
    Fails,
    /// It never will.
    Refused,
}

/// What came of looking after the queues.
#[derive(Debug)]
pub enum Posted {
    /// A message arrived.
    Arrived(Box<Notice>),
    /// An attempt failed.
    Failed(Box<Draft>, u32),
    /// A page does not get through: its channel's fallback has to be told.
    NeedsFallback(Box<Draft>),
    /// A message was refused for good.
    Refused(Box<Draft>),
    /// Messages were overtaken and withdrawn.
    Withdrawn(Destination, usize),
    /// A channel delivers again.
    Recovered(Name),
}

/// All queues.
#[derive(Debug, Default)]
pub struct Post {
    lines: BTreeMap<(IncidentId, Destination), Vec<Owed>>,
    heard: Heard,
    troubled: Vec<Name>,
}

#[derive(Debug)]
struct Owed {
    notice: Notice,
    attempts: u32,
    not_before: i64,
    first_tried: Option<i64>,
}

impl Post {
    /// Takes in what is owed.
    pub fn take(&mut self, notice: Notice) {
        let line = (notice.draft.incident, notice.draft.destination.clone());
        let owed = Owed { notice, attempts: 0, not_before: 0, first_tried: None };
        self.lines.entry(line).or_default().push(owed);
    }

    /// Does whatever is due at `now`.
    pub fn work(&mut self, now: i64, fate: impl Fn(&Name) -> Fate, pace: impl Fn(&Name) -> Span) -> Vec<Posted> {
        self.heard.forget(now, &pace);
        let mut posted = Vec::new();
        let lines: Vec<_> = self.lines.keys().cloned().collect();
        for line in lines {
            loop {
                let queue = &self.lines[&line];
                let waiting: Vec<Waiting<'_>> = queue.iter().map(Owed::waiting).collect();
                match queue::next(&waiting, self.heard.pace(&line, pace(&line.1.channel)), now) {
                    Next::Idle | Next::Wait(_) => break,
                    Next::Withdraw(ids) => {
                        posted.push(Posted::Withdrawn(line.1.clone(), ids.len()));
                        self.queue(&line).retain(|owed| !ids.contains(&owed.notice.draft.id));
                    }
                    Next::Send(id) => self.send(&line, id, now, fate(&line.1.channel), &mut posted),
                }
            }
        }
        self.lines.retain(|_, queue| !queue.is_empty());
        posted
    }

    /// When something has to be done next.
    #[must_use]
    pub fn next_due(&self, pace: impl Fn(&Name) -> Span) -> Option<i64> {
        let due = self.lines.iter().filter_map(|(line, queue)| {
            let waiting: Vec<Waiting<'_>> = queue.iter().map(Owed::waiting).collect();
            match queue::next(&waiting, self.heard.pace(line, pace(&line.1.channel)), i64::MIN) {
                Next::Wait(until) => Some(until),
                Next::Idle | Next::Withdraw(_) | Next::Send(_) => None,
            }
        });
        due.min()
    }

    fn queue(&mut self, line: &(IncidentId, Destination)) -> &mut Vec<Owed> {
        self.lines.entry(line.clone()).or_default()
    }

    fn send(
        &mut self,
        line: &(IncidentId, Destination),
        id: DeliveryId,
        now: i64,
        fate: Fate,
        posted: &mut Vec<Posted>,
    ) {
        let queue = self.queue(line);
        let place = queue.iter().position(|owed| owed.notice.draft.id == id).expect("the queue named one of its own");
        let owed = &mut queue[place];
        owed.attempts += 1;
        let first_tried = *owed.first_tried.get_or_insert(now);
        match fate {
            Fate::Arrives => {
                let owed = queue.remove(place);
                self.heard.note(line, now);
                posted.push(Posted::Arrived(Box::new(owed.notice)));
                if let Some(index) = self.troubled.iter().position(|name| *name == line.1.channel) {
                    posted.push(Posted::Recovered(self.troubled.remove(index)));
                }
            }
            Fate::Refused => {
                let draft = Box::new(queue.remove(place).notice.draft);
                self.troubled.push(line.1.channel.clone());
                if draft.kind == NoticeKind::Page {
                    posted.push(Posted::NeedsFallback(draft.clone()));
                }
                posted.push(Posted::Refused(draft));
            }
            Fate::Fails => {
                owed.not_before = now + queue::retry_in(id, owed.attempts, None);
                let in_need = queue::needs_fallback(owed.attempts, first_tried, now);
                let draft = Box::new(owed.notice.draft.clone());
                posted.push(Posted::Failed(draft.clone(), owed.attempts));
                if in_need {
                    self.troubled.push(line.1.channel.clone());
                    posted.push(Posted::NeedsFallback(draft));
                }
            }
        }
    }
}

impl Owed {
    fn waiting(&self) -> Waiting<'_> {
        Waiting {
            notice: &self.notice,
            attempts: self.attempts,
            fate_unknown: self.attempts > 0,
            not_before: self.not_before,
        }
    }
}
