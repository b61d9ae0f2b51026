//! What people do: every command is decided here, whatever way it came. One that is refused changes nothing.

use super::desk::{At, Desk, Settled};
use super::{Acknowledgement, Assessment, Incidents, Key, Phase, Stage, recipients};
use crate::config::Target;
use crate::engine::command::{Act, Actor, AdHocSilence, Command, Deed, NewSilence, Refusal, SilencePhase};
use crate::engine::escalation;
use crate::engine::event::{EventKind, IncidentEvent};
use crate::engine::notice::{Message, Reason};
use crate::engine::world::World;
use crate::model::{Moment, Name, Severity, SilenceId, Slot, Span};

/// The longest text that somebody may write, in characters: a page of it, and less than any channel's limit.
pub const LONGEST_TEXT: usize = 4_000;
/// Who has not acted for longer than this has forgotten it.
const LONGEST_SNOOZE: Span = Span::from_hours(7 * 24);
/// A silence for longer than this belongs into the configuration, where somebody reviews it.
const LONGEST_SILENCE: Span = Span::from_hours(90 * 24);

/// Carries out one command.
///
/// # Errors
/// Why it is refused.
pub fn command(world: &World, incidents: &mut Incidents, command: &Command, at: At) -> Result<Settled, Refusal> {
    let mut desk = Desk::new(world, incidents, at);
    match &command.deed {
        Deed::Incident { number, generation, act } => {
            let key = desk.find(*number, *generation)?;
            desk.act(&key, &command.actor, act)?;
        }
        Deed::Silence(new) => desk.silence(&command.id, &command.actor, new)?,
        Deed::Expire(id) => desk.expire(*id, &command.actor)?,
        // A routine is no incident: the engine ticks it off by itself.
        Deed::TickOff { .. } => {}
    }
    Ok(desk.out)
}

impl Desk<'_> {
    fn find(&self, number: u64, generation: Option<u32>) -> Result<Key, Refusal> {
        let incident = self.incidents.numbered(number).ok_or(Refusal::NoSuchIncident(number))?;
        match generation.filter(|asked| *asked != incident.generation) {
            Some(asked) => Err(Refusal::OtherGeneration { number, asked, now: incident.generation }),
            None => Ok(incident.key.clone()),
        }
    }

    fn act(&mut self, key: &Key, by: &Actor, act: &Act) -> Result<(), Refusal> {
        let incident = &self.incidents.by_key[key];
        let (number, is_over) = (incident.number, incident.is_resolved());
        match act {
            Act::Note(text) => {
                let text = written(text)?;
                self.note(key, IncidentEvent::Noted { by: by.clone(), text });
                return Ok(());
            }
            Act::Review(link) if is_over => {
                let link = written(link)?;
                if incident.response.get(&Stage::Postmortem).is_some_and(|stage| stage.done.is_some()) {
                    return Err(Refusal::Reviewed(number));
                }
                self.note(key, IncidentEvent::Reviewed { by: by.clone(), link, at: self.at.now });
                return Ok(());
            }
            Act::Review(_) => return Err(Refusal::NotResolved(number)),
            Act::Nothing => return Ok(()),
            _ if is_over => return Err(Refusal::Resolved(number)),
            _ => {}
        }
        match act {
            Act::Acknowledge => {
                let until = self.acknowledgement_ends(key);
                self.acknowledge(key, by, until, Reason::Acknowledged);
            }
            Act::Snooze(span) if *span <= Span::ZERO => {
                return Err(Refusal::Invalid("snoozing takes some time, for example 30m".into()));
            }
            Act::Snooze(span) if *span > LONGEST_SNOOZE => {
                return Err(Refusal::Invalid("an incident is snoozed for at most seven days".into()));
            }
            Act::Snooze(span) => self.acknowledge(key, by, Some(self.at.now + *span), Reason::Snoozed),
            Act::Unacknowledge => self.unacknowledge(key, by)?,
            Act::Assess(severity) => self.assess(key, by, severity)?,
            Act::Update(text) => self.communicate(key, by, written(text)?),
            Act::Assign(person) => self.assign(key, by, person)?,
            Act::Escalate => self.escalate(key, by)?,
            Act::Resolve => self.resolve_by_hand(key, by)?,
            Act::Note(_) | Act::Review(_) | Act::Nothing => {}
        }
        Ok(())
    }

    fn acknowledgement_ends(&self, key: &Key) -> Option<Moment> {
        let incident = &self.incidents.by_key[key];
        let ladder = incident.ladder()?;
        Some(self.at.now + ladder.ack_expires?)
    }

    /// Somebody is at it. Those who know hear of it; where only this was waited for, it is over. It takes the place of one
    /// before it, and covers what that covered.
    fn acknowledge(&mut self, key: &Key, by: &Actor, until: Option<Moment>, reason: Reason) {
        let incident = &self.incidents.by_key[key];
        let covered = incident.acknowledged.as_ref().map(|before| &before.severity);
        let severity = covered.into_iter().chain([&incident.severity]).max().expect("there is one").clone();
        let acknowledgement = Acknowledgement { by: by.clone(), at: self.at.now, severity, until };
        self.note(key, IncidentEvent::Acknowledged(acknowledgement));
        self.watch_the_clock(key);
        self.update(key, Message { by: Some(by.clone()), ..Message::update(reason) });
        if self.incidents.by_key[key].calm.is_some() {
            self.settle(key);
        }
    }

    fn unacknowledge(&mut self, key: &Key, by: &Actor) -> Result<(), Refusal> {
        let incident = &self.incidents.by_key[key];
        if incident.acknowledged.is_none() {
            return Err(Refusal::NotAcknowledged(incident.number));
        }
        self.note(key, IncidentEvent::Unacknowledged { by: Some(by.clone()) });
        self.watch_the_clock(key);
        self.update(key, Message { by: Some(by.clone()), ..Message::update(Reason::Unacknowledged) });
        self.settle(key);
        Ok(())
    }

    fn assess(&mut self, key: &Key, by: &Actor, severity: &Severity) -> Result<(), Refusal> {
        let known = &self.world.settings.severities;
        // A command that waited for a restart may name one that a reload has taken away.
        let severity = known.find(severity.name()).cloned().ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            Refusal::Invalid(format!("there is no severity `{severity}`; there are {}", names.join(", ")))
        })?;
        let instead_of = self.loudest(key).unwrap_or_else(|| self.incidents.by_key[key].severity.clone());
        let assessment = Assessment { severity, instead_of, by: by.clone(), at: self.at.now };
        self.note(key, IncidentEvent::Assessed(assessment));
        self.settle(key);
        if self.incidents.by_key[key].unsaid {
            self.update(key, Message { by: Some(by.clone()), ..Message::update(Reason::Assessed) });
        }
        Ok(())
    }

    /// Says to the stakeholders how things stand. They hear of the end like everybody who heard of it.
    fn communicate(&mut self, key: &Key, by: &Actor, text: String) {
        let severity = self.incidents.by_key[key].severity.clone();
        let message =
            Message { by: Some(by.clone()), text: Some(text.clone()), ..Message::update(Reason::Communicated) };
        let stakeholders = self.world.settings.stakeholders.as_ref();
        let next = stakeholders.and_then(|stakeholders| stakeholders.every).map(|every| self.at.now + every);
        self.note(key, IncidentEvent::Communicated { by: by.clone(), text, at: self.at.now, next });
        let notify = stakeholders.map(|stakeholders| stakeholders.notify.as_slice());
        let to = recipients(&self.world.settings, notify.unwrap_or_default(), self.at.wall);
        for recipient in to {
            if !self.incidents.by_key[key].may_tell(&recipient.destination) {
                continue;
            }
            self.tell(key, &recipient.destination, &message, &severity);
        }
    }

    fn assign(&mut self, key: &Key, by: &Actor, person: &Name) -> Result<(), Refusal> {
        if !self.world.settings.responders.contains_key(person) {
            return Err(Refusal::NoSuchResponder(person.clone()));
        }
        self.note(key, IncidentEvent::Assigned { by: by.clone(), to: person.clone() });
        let severity = self.incidents.by_key[key].severity.clone();
        for recipient in recipients(&self.world.settings, &[Target::Responder(person.clone())], self.at.wall) {
            if !self.incidents.by_key[key].may_tell(&recipient.destination) {
                continue;
            }
            let knows = self.incidents.by_key[key].has_told(&recipient.destination, &severity);
            let message = if knows { Message::update(Reason::Assigned) } else { Message::page(Reason::Assigned) };
            let message = Message { by: Some(by.clone()), ..message };
            self.tell(key, &recipient.destination, &message, &severity);
        }
        Ok(())
    }

    fn escalate(&mut self, key: &Key, by: &Actor) -> Result<(), Refusal> {
        let incident = &self.incidents.by_key[key];
        let number = incident.number;
        // What still gathers its group, or is held back, is told at once.
        if incident.paged.is_none() {
            let severity = incident.severity.clone();
            self.note(key, IncidentEvent::Escalated { by: by.clone() });
            // Whoever escalates wakes people also where it is held back; remedies run by themselves, and are held.
            self.weigh_holds(key);
            self.page(key, &severity, Reason::Opened);
            return Ok(());
        }
        let next =
            incident.ladder().zip(incident.climb).and_then(|(ladder, climb)| escalation::rung(ladder, climb.reached));
        if next.is_none() {
            return Err(Refusal::NoLevelLeft(number));
        }
        self.note(key, IncidentEvent::Escalated { by: by.clone() });
        self.reach_next(key, Some(by));
        self.owe_runs(key);
        Ok(())
    }

    /// What fires cannot be said to be over.
    fn resolve_by_hand(&mut self, key: &Key, by: &Actor) -> Result<(), Refusal> {
        let incident = &self.incidents.by_key[key];
        let firing = incident.firing().count();
        if firing > 0 {
            return Err(Refusal::StillFiring { number: incident.number, firing });
        }
        debug_assert!(!matches!(incident.phase, Phase::Resolved { .. }), "what is resolved was refused before");
        self.resolve(key, Some(by.clone()));
        Ok(())
    }

    fn silence(&mut self, id: &Name, by: &Actor, new: &NewSilence) -> Result<(), Refusal> {
        let silence = self.new_silence(id, by, new)?;
        let silence = match new.replaces {
            None => silence,
            Some(old) => self.in_place_of(old, silence, by)?,
        };
        self.note_all(EventKind::Silenced { silence: Box::new(silence) });
        self.settle_open_ones();
        Ok(())
    }

    fn new_silence(&self, id: &Name, by: &Actor, new: &NewSilence) -> Result<AdHocSilence, Refusal> {
        let refuse = |why: &str| Err(Refusal::Invalid(why.into()));
        if new.matchers.name_nothing() {
            return refuse("this would silence everything: name at least one label with a value");
        }
        let now = self.at.now;
        let asked = new.from.map_or(now, |from| now + (from - Slot::from(self.at.wall)));
        let (from, until) = (asked.max(now), asked + new.lasts);
        if new.lasts <= Span::ZERO || until <= from || until - from > LONGEST_SILENCE {
            return refuse(
                "a silence lasts some time, and at most 90 days; a longer one belongs into the configuration",
            );
        }
        Ok(AdHocSilence {
            id: SilenceId::derive(&[id]),
            matchers: new.matchers.clone(),
            from,
            until,
            by: by.clone(),
            creator: new.creator.clone(),
            reason: written(&new.reason)?,
            phase: if from > now { SilencePhase::Pending } else { SilencePhase::Holds },
        })
    }

    /// The silence that was asked for in place of `old`: the old one with another time, where that is all that changes and what
    /// has begun keeps its begin; else a new one, and the old one is over.
    fn in_place_of(&mut self, old: SilenceId, new: AdHocSilence, by: &Actor) -> Result<AdHocSilence, Refusal> {
        let known = self.incidents.silences.get(&old).cloned().ok_or(Refusal::NoSuchSilence)?;
        let can_change = known.matchers == new.matchers
            && match known.phase {
                SilencePhase::Pending => new.phase == SilencePhase::Pending,
                SilencePhase::Holds | SilencePhase::Warned => new.phase != SilencePhase::Pending,
                SilencePhase::Over => false,
            };
        if can_change {
            let from = if known.phase == SilencePhase::Pending { new.from } else { known.from };
            return Ok(AdHocSilence { id: old, from, ..new });
        }
        if !known.is_over() {
            self.note_all(EventKind::SilenceEnded { id: old, by: Some(by.clone()) });
        }
        Ok(new)
    }

    fn expire(&mut self, id: SilenceId, by: &Actor) -> Result<(), Refusal> {
        if self.incidents.silences.get(&id).is_none_or(AdHocSilence::is_over) {
            return Err(Refusal::NoSuchSilence);
        }
        self.note_all(EventKind::SilenceEnded { id, by: Some(by.clone()) });
        self.settle_open_ones();
        Ok(())
    }
}

/// A text that somebody wrote, without space around it.
fn written(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Invalid("say something: the text is empty".into()));
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(Refusal::Invalid(format!("a text has at most {LONGEST_TEXT} characters")));
    }
    Ok(text.to_owned())
}
