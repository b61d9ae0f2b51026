//! `/links/…`: what the links in messages open. A GET shows a page and changes nothing, because previews and scanners follow
//! links by themselves; the page's button makes the POST that acts.

use super::{Outcome, Subject, is_in_hands_of, read, subject};
use crate::api::Desk;
use crate::api::ask::Named;
use crate::api::incidents;
use crate::api::page::{self, Page};
use crate::config::Settings;
use crate::engine::command::{Act, Actor, Command, Deed, Refusal, Via};
use crate::engine::incident::{Destination, Incident};
use crate::model::Name;
use crate::notify::link::{BadLink, Link, LinkAction, LinkKey};
use crate::service::clock::wall;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use tracing::{error, warn};

const FROM: &str = "link";

/// A link that leads somewhere: what it says, who follows it, and the page of its incident.
struct Opened {
    link: Link,
    who: Name,
    page: Page,
    /// Whether the incident is not over.
    is_open: bool,
    /// Whether whoever follows it is at it already.
    is_theirs: bool,
}

/// What is answered instead.
struct Closed {
    status: StatusCode,
    outcome: Outcome,
    page: Page,
}

/// Shows what a link is about, and what its button would do.
pub async fn show(State(desk): State<Desk>, Named(text): Named) -> Response {
    match open(&desk, &text).await {
        Err(closed) => closed.answer(&desk),
        Ok(opened) => {
            desk.count(FROM, Outcome::Answered);
            let does =
                (opened.link.action == LinkAction::Acknowledge && opened.is_open && !opened.is_theirs).then(|| {
                    let number = opened.link.number;
                    (
                        format!("Acknowledge INC-{number}"),
                        format!("As {}, you take it: nobody else is woken.", opened.who),
                    )
                });
            page::answer(StatusCode::OK, &Page { button: does, ..opened.page })
        }
    }
}

/// Does what a link says.
pub async fn act(State(desk): State<Desk>, Named(text): Named, request: Request) -> Response {
    if let Err((status, outcome)) = read(request).await {
        return Closed::new(status, outcome, "This request cannot be read", "Nothing was changed.").answer(&desk);
    }
    let opened = match open(&desk, &text).await {
        Ok(opened) => opened,
        Err(closed) => return closed.answer(&desk),
    };
    if opened.link.action == LinkAction::Show {
        let (status, words) = (StatusCode::METHOD_NOT_ALLOWED, "It shows the incident, and changes nothing.");
        return Closed::new(status, Outcome::Refused, "This link only shows", words).answer(&desk);
    }
    let (outcome, why_not) = acknowledge(&desk, &opened).await;
    if let Some(words) = why_not {
        return Closed::new(status_of(outcome), outcome, "Nothing was changed", &words).answer(&desk);
    }
    desk.count(FROM, outcome);
    let title = format!("INC-{} is acknowledged", opened.link.number);
    let who = &opened.who;
    let facts = vec![format!("{who} is at it: nobody else is woken. Everybody who heard of it hears of this.")];
    page::answer(StatusCode::OK, &Page { title, facts, ..opened.page })
}

async fn acknowledge(desk: &Desk, opened: &Opened) -> (Outcome, Option<String>) {
    let Opened { link, who, is_theirs, is_open, .. } = opened;
    if *is_theirs {
        return (Outcome::Nothing, None);
    }
    let (number, generation) = (link.number, link.generation);
    // Also where the engine has forgotten it: whoever follows an old link is told what became of the incident.
    if !is_open {
        return (Outcome::Refused, Some(format!("{}.", Refusal::Resolved(number))));
    }
    let deed = Deed::Incident { number, generation: Some(generation), act: Act::Acknowledge };
    // A link may be followed again when its acknowledgement was taken back, so that the time belongs to the id.
    let id = format!("link/{}/{generation}/{who}/{}", link.incident, wall()).into();
    desk.carry_out(Command { id, actor: Actor { name: who.clone(), via: Via::Link }, deed }).await
}

/// What a link leads to. Nothing of it is believed before its signature is proven.
async fn open(desk: &Desk, text: &str) -> Result<Opened, Box<Closed>> {
    let settings = Arc::clone(&desk.doors.settings.borrow());
    let link = believe(&settings, text)?;
    let who = addressee(&settings, &link.addressee).ok_or_else(|| {
        let words = "Whoever this link was sent to is not in the configuration any more.";
        Closed::new(StatusCode::FORBIDDEN, Outcome::Stranger, "This link is nobody's", words)
    })?;
    let record = incidents::record(&desk.doors, link.number).await;
    let record = record.map(|record| record.filter(|(story, _)| story.id == link.incident));
    let past = record.as_ref().ok().and_then(Option::as_ref).and_then(|(story, _)| story.incident());
    let is_readable = record.is_ok();
    let (said, by) = (link.clone(), who.clone());
    let looked = desk.doors.look(move |decider| {
        let incident = match subject(&decider.engine, said.incident, said.generation) {
            Subject::Was(refusal) => return Err(Leads::Refusal(refusal)),
            Subject::Is(incident) => incident,
            Subject::Unknown => remembered(&said, past.as_ref(), is_readable)?,
        };
        let page = (page::of(decider, incident, &said.addressee), decider.engine.skew);
        Ok((page, !incident.is_resolved(), is_in_hands_of(incident, &by)))
    });
    match looked.await {
        None => Err(not_now("Watchbell is stopping.")),
        Some(Err(why)) => Err(why.closed(&link)),
        Some(Ok(((page, skew), is_open, is_theirs))) => {
            let page = page::noted(page, record.ok().flatten().as_ref(), skew);
            Ok(Opened { link, who, page, is_open, is_theirs })
        }
    }
}

/// Why a link leads to no incident.
enum Leads {
    /// It is about an earlier generation.
    Refusal(Refusal),
    /// It is not open, and nobody knows now what was.
    Unreadable,
    /// It was over so long ago that it is not kept any more.
    Forgotten,
}

impl Leads {
    fn closed(self, link: &Link) -> Box<Closed> {
        let title = "This link leads nowhere any more";
        match self {
            Leads::Refusal(refusal) => {
                let outcome = Outcome::of(&refusal);
                Closed::new(status_of(outcome), outcome, title, &format!("{refusal}."))
            }
            Leads::Unreadable => not_now("It is not open any more, and the store cannot be read."),
            Leads::Forgotten => {
                let words = format!("INC-{} was over so long ago that it is not kept any more.", link.number);
                Closed::new(StatusCode::GONE, Outcome::Unknown, title, &words)
            }
        }
    }
}

/// The incident of a link that the engine has forgotten, as the journal has it.
fn remembered<'p>(link: &Link, past: Option<&'p Incident>, is_readable: bool) -> Result<&'p Incident, Leads> {
    match past {
        Some(incident) if incident.generation == link.generation => Ok(incident),
        Some(incident) => {
            let (number, asked, now) = (link.number, link.generation, incident.generation);
            Err(Leads::Refusal(Refusal::OtherGeneration { number, asked, now }))
        }
        None => Err(if is_readable { Leads::Forgotten } else { Leads::Unreadable }),
    }
}

fn not_now(words: &str) -> Box<Closed> {
    Closed::new(StatusCode::SERVICE_UNAVAILABLE, Outcome::Failed, "Not now", words)
}

fn believe(settings: &Settings, text: &str) -> Result<Link, Box<Closed>> {
    let Some(links) = &settings.links else {
        let words = "This Watchbell signs no links.";
        return Err(Closed::new(StatusCode::NOT_FOUND, Outcome::NotConfigured, "There is nothing here", words));
    };
    let key = LinkKey::reveal(&links.secret).map_err(|cause| {
        error!(error = &cause as &(dyn std::error::Error + 'static), "signed links cannot be checked");
        not_now("Links cannot be checked at the moment.")
    })?;
    key.read(text, wall()).map_err(|bad| match bad {
        BadLink::Forged => {
            let words = "It was altered, cut off, or signed with a secret that is not used any more.";
            Closed::new(StatusCode::FORBIDDEN, Outcome::Forged, "This link is not valid", words)
        }
        BadLink::Expired(link) => {
            let words = format!("It was about INC-{}. A newer message has a newer link.", link.number);
            Closed::new(StatusCode::GONE, Outcome::Late, "This link has expired", &words)
        }
    })
}

/// Who is meant by a destination: the person whose own it is, else the destination itself. Nobody, where the configuration
/// does not know it any more: a link that was sent to somebody who has left does nothing.
fn addressee(settings: &Settings, to: &Destination) -> Option<Name> {
    if !settings.channels.contains_key(&to.channel) {
        return None;
    }
    let people = settings.responders.iter().map(|(name, person)| (name, &person.reach));
    let reaches = people.chain(settings.contacts.iter());
    let theirs = reaches.filter(|(_, reach)| reach.iter().any(|reach| reach.via == to.channel && reach.to == to.to));
    let names: Vec<&Name> = theirs.map(|(name, _)| name).collect();
    match names.as_slice() {
        [one] => Some((*one).clone()),
        [] if to.to.is_some() => None,
        _ => Some(to.to_string().into()),
    }
}

fn status_of(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Unknown => StatusCode::GONE,
        Outcome::Failed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::CONFLICT,
    }
}

impl Closed {
    fn new(status: StatusCode, outcome: Outcome, title: &str, words: &str) -> Box<Self> {
        Box::new(Closed { status, outcome, page: Page::saying(title, &[words]) })
    }

    fn answer(self, desk: &Desk) -> Response {
        desk.count(FROM, self.outcome);
        if self.outcome.is_suspicious() {
            warn!(outcome = self.outcome.word(), "a signed link was not followed: {}", self.page.title);
        }
        page::answer(self.status, &self.page)
    }
}
