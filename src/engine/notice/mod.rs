//! What to say to whom: drafts as they are decided, messages as they are rendered.
//!
//! A [`Draft`] holds everything that its message will say but the rendered texts. Rendering is pure as well; where a
//! template asks a query, [`Draft::compose`] names it, and the caller comes back with the answer.

mod letter;
mod message;
mod refresh;
mod text;

pub use letter::Letter;
pub use message::{Message, NoticeKind, Reason, is_shown};
pub use refresh::{refreshes, resend_every};
pub use text::{AlertText, bound_text, matched_labels, shown_labels, with_severity};
pub(super) use text::{template_data, threshold};

use super::command::Actor;
use super::incident::{Destination, Held, Incident, Key, Member};
use super::world::World;
use crate::model::{DeliveryId, IncidentId, Labels, Moment, Name, Severity, Slot, Span};
use crate::rules::template::Answers;
use std::sync::Arc;

/// A message that is owed, with its texts not rendered yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Derived from incident, generation, destination, page, kind and revision.
    pub id: DeliveryId,
    /// To whom.
    pub destination: Destination,
    /// What it does.
    pub kind: NoticeKind,
    /// Why it goes out.
    pub reason: Reason,
    /// The level that it is for.
    pub level: Option<Name>,
    /// Who did what it tells of.
    pub by: Option<Actor>,
    /// What they wrote.
    pub text: Option<String>,
    /// Who is at it.
    pub acknowledged_by: Option<Actor>,
    /// What had held it back until now.
    pub held_back: Option<Held>,
    /// The line that names it, where it is not about one incident.
    pub subject: Option<String>,
    /// When it was decided.
    pub at: Moment,
    /// The incident.
    pub incident: IncidentId,
    /// The number that people say.
    pub number: u64,
    /// What made its alerts one.
    pub key: Key,
    /// Its generation.
    pub generation: u32,
    /// The page that it belongs to.
    pub page: u32,
    /// How many updates the destination has got.
    pub revision: u32,
    /// The pages that were opened at this destination: an end closes them all.
    pub pages: Vec<u32>,
    /// The incident's severity.
    pub severity: Severity,
    /// The slot at which it opened.
    pub opened: Slot,
    /// Its alerts.
    pub members: Vec<Arc<Member>>,
}

/// A message, ready to be laid out for a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The draft's facts, its time by the wall clock, without its members and what held it back: those are `alerts` and
    /// `held_back`.
    pub draft: Draft,
    /// One line that says it all.
    pub title: String,
    /// Where to look.
    pub link: String,
    /// What had held it back until now, in words.
    pub held_back: Option<String>,
    /// The alerts, with their texts.
    pub alerts: Vec<AlertText>,
}

impl Draft {
    /// The message that `incident` owes to `destination` now.
    #[must_use]
    pub fn new(incident: &Incident, destination: &Destination, message: &Message, revision: u32, at: Moment) -> Self {
        let told = incident.ledger.get(destination);
        let page = incident.page;
        let is_released = message.reason == Reason::Released;
        Draft {
            id: delivery_id(incident, destination, message.kind, revision),
            destination: destination.clone(),
            kind: message.kind,
            reason: message.reason,
            level: message.level.clone(),
            by: message.by.clone(),
            // Whoever is told reads what a machine has tried already.
            text: message.text.clone().or_else(|| incident.remedies.text()),
            acknowledged_by: incident.acknowledged.as_ref().map(|acknowledged| acknowledged.by.clone()),
            subject: None,
            held_back: incident.held_before.clone().filter(|_| is_released),
            at,
            incident: incident.id,
            number: incident.number,
            key: incident.key.clone(),
            generation: incident.generation,
            page,
            revision,
            pages: told.map(|told| told.pages.keys().copied().collect()).unwrap_or_default(),
            severity: incident.severity.clone(),
            opened: incident.opened,
            members: incident.members.values().cloned().collect(),
        }
    }

    /// A letter to `destination`.
    #[must_use]
    pub fn letter(letter: &Letter, destination: &Destination, at: Moment) -> Self {
        let incident = IncidentId::derive(&["letter", &letter.name, &letter.slot.millis().to_string()]);
        let to = destination.to.as_deref().unwrap_or_default();
        Draft {
            id: DeliveryId::derive(&["letter", &incident.to_string(), &destination.channel, to]),
            destination: destination.clone(),
            kind: NoticeKind::Letter,
            reason: letter.reason,
            level: None,
            by: None,
            text: Some(letter.text.clone()),
            acknowledged_by: None,
            held_back: None,
            subject: Some(letter.subject.clone()),
            at,
            incident,
            number: 0,
            key: Key { policy: letter.name.as_str().into(), group: Labels::empty() },
            generation: 1,
            page: 0,
            revision: 0,
            pages: Vec::new(),
            severity: letter.severity.clone(),
            opened: letter.slot,
            members: letter.members.clone(),
        }
    }

    /// Renders the message, or names the queries that its templates still need, each with the source to ask. Whoever reads it
    /// has a wall clock beside it, so that every time in it is one of that clock, which has `skew` now.
    ///
    /// # Errors
    /// The queries.
    pub fn compose(&self, world: &World, skew: Span, answers: &Answers) -> Result<Notice, Vec<(Name, String)>> {
        let mut wanted = Vec::new();
        let mut alerts = Vec::with_capacity(self.members.len());
        for member in &self.members {
            match member.text(world, self.at, skew, answers) {
                Ok(text) => alerts.push(text),
                Err(queries) => wanted.extend(queries),
            }
        }
        if !wanted.is_empty() {
            return Err(wanted);
        }
        // The worst first, firing before ended.
        alerts.sort_by(|a, b| {
            (a.ended.is_some(), &b.severity, &a.labels).cmp(&(b.ended.is_some(), &a.severity, &b.labels))
        });
        let title = self.title(&alerts);
        let base = world.settings.external_url.trim_end_matches('/');
        let link = match self.kind {
            NoticeKind::Letter => format!("{base}/incidents"),
            NoticeKind::Page | NoticeKind::Update | NoticeKind::End => format!("{base}/incidents/{}", self.number),
        };
        // The texts say all that there is to say of the members, which may be thousands.
        let draft = Draft { at: self.at - skew, members: Vec::new(), held_back: None, ..self.clone() };
        let held_back = self.held_back.as_ref().map(|held| held.words(skew));
        Ok(Notice { draft, title, link, held_back, alerts })
    }

    fn title(&self, alerts: &[AlertText]) -> String {
        if let Some(subject) = &self.subject {
            return subject.clone();
        }
        let Some(first) = alerts.first() else { return self.key.group.to_string() };
        let own = first.title.clone();
        let group = self.key.group.without("alertname");
        let place = if group.is_empty() { String::new() } else { format!(" {group}") };
        let named = || if first.name.is_empty() { first.labels.to_string() } else { format!("{}{place}", first.name) };
        own.unwrap_or_else(named)
    }

    /// The key under which a page is known to receivers that can tell a repeat: it is the same after every crash.
    #[must_use]
    pub fn page_key(&self, page: u32) -> String {
        format!("watchbell/{}/{}/{page}", self.incident, self.generation)
    }

    /// The incident and the generation that [`Draft::page_key`] named; none where the key is not one of ours.
    #[must_use]
    pub fn read_page_key(key: &str) -> Option<(IncidentId, u32)> {
        let mut parts = key.strip_prefix("watchbell/")?.split('/');
        let (incident, generation, page) = (parts.next()?, parts.next()?, parts.next()?);
        page.parse::<u32>().ok().filter(|_| parts.next().is_none())?;
        Some((incident.parse().ok()?, generation.parse().ok()?))
    }
}

fn delivery_id(incident: &Incident, destination: &Destination, kind: NoticeKind, revision: u32) -> DeliveryId {
    DeliveryId::derive(&[
        &incident.id.to_string(),
        &incident.generation.to_string(),
        &destination.channel,
        destination.to.as_deref().unwrap_or_default(),
        &incident.page.to_string(),
        kind.word(),
        &revision.to_string(),
    ])
}
