//! Alerts that others post to us, as they would to an Alertmanager: a Prometheus with `alerting:`, a script, a program.
//!
//! Whoever posts an alert says it again from time to time, and says when it ends. One that is not said again in time is over,
//! and the message says so. The vigil over it is in no journal: said again, it writes nothing; and after a start it has a
//! whole new time to be said again, so that nothing ends because we were down. From here on a posted alert goes the way of
//! all others. Start at [`Engine::take_posts`].

use super::incident::{self, At};
use super::transition::{self, Cause, Origin, Subject, Transition, UnknownSeverity};
use super::{Engine, EventKind, Step, World};
use crate::model::{AlertId, Labels, Moment, Name, Severities, Severity, Slot, Span, visible};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long an alert holds that was posted without an end: what an Alertmanager calls `resolve_timeout`, with its default.
pub const HOLDS_FOR: Span = Span::from_mins(5);
/// How many posted alerts may fire at once. More are refused, so that no sender can use up the memory.
pub const MOST: usize = 50_000;
/// So much of a word that is no severity is shown.
const LONGEST_WORD: usize = 40;

/// An alert as somebody posts it.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Its labels, which are its identity.
    pub labels: Labels,
    /// What its sender says of it.
    pub annotations: Labels,
    /// Where its sender shows it.
    pub url: Name,
    /// Since when it fires, by the wall clock.
    pub starts: Option<Slot>,
    /// When it ends.
    pub ends: Ends,
}

/// When a posted alert ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Then, by the wall clock; in the past, where it has ended.
    At(Slot),
    /// So long after it was posted, because its sender did not say.
    After(Span),
}

impl Ends {
    /// Whether that is not to come any more when it is posted at `wall`.
    #[must_use]
    pub fn has_come(self, wall: Slot) -> bool {
        match self {
            Ends::At(at) => at <= wall,
            Ends::After(span) => span <= Span::ZERO,
        }
    }
}

/// A posted alert that fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    /// What messages say of it.
    pub subject: Subject,
    /// Since when it fires, by the wall clock.
    pub starts: Slot,
    /// When it ends unless it is said again, by the wall clock.
    pub ends: Slot,
    /// Whether its sender said when it ends.
    pub is_promised: bool,
    /// When it was said last, by the wall clock.
    pub heard: Slot,
    /// Not journalled: begun anew by every start.
    pub vigil: Option<Vigil>,
}

/// The wait for an alert to be said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vigil {
    /// When it was said last, or when we started.
    pub since: Moment,
    /// When it is over.
    pub until: Moment,
}

impl Post {
    /// The alert that it is about.
    #[must_use]
    pub fn alert(&self) -> AlertId {
        AlertId::derive(&["posted", &self.labels.to_string()])
    }

    fn origin(&self) -> Origin {
        Origin::Posted { annotations: self.annotations.clone(), url: self.url.clone() }
    }

    /// Its start and its end. An alert that has ended and says no start had none that we know of.
    fn times(&self, wall: Slot) -> (Slot, Slot) {
        let ends = match self.ends {
            Ends::At(at) => at,
            Ends::After(span) => wall + span,
        };
        (self.starts.unwrap_or(ends.min(wall)), ends)
    }
}

impl Posted {
    /// Takes over what is said of it now: the earliest start, the latest end that somebody promised, the last texts.
    fn hear(&mut self, post: &Post, at: At) {
        let wall = Slot::from(at.wall);
        let (starts, ends) = post.times(wall);
        if !self.is_promised || ends >= self.ends {
            (self.ends, self.is_promised) = (ends, matches!(post.ends, Ends::At(_)));
        }
        self.starts = self.starts.min(starts);
        self.subject.origin = post.origin();
        self.heard = wall;
        self.vigil = Some(Vigil { since: at.now, until: at.now + (self.ends - wall) });
    }

    /// Whether it was over by its own word before `starts`: what begins then is another occurrence.
    fn ended_before(&self, starts: Slot, wall: Slot) -> bool {
        self.ends < starts && self.ends <= wall
    }
}

/// That the word which an alert was posted with is no severity; nothing where it is one, or where there is none.
#[must_use]
pub fn unknown_severity(labels: &Labels, severities: &Severities) -> Option<UnknownSeverity> {
    let word = labels.get("severity");
    if word.is_empty() || severities.find(word).is_some() {
        return None;
    }
    let mut shown: String = visible(&word.chars().take(LONGEST_WORD).collect::<String>());
    if word.chars().count() > LONGEST_WORD {
        shown.push('…');
    }
    let known: Vec<&str> = severities.words().map(|word| &**word).collect();
    Some(UnknownSeverity { word: shown.into(), known: known.join(", ").into() })
}

impl World {
    /// The severity of a posted alert: what its label `severity` names, else the default.
    #[must_use]
    pub fn posted_severity(&self, labels: &Labels) -> Severity {
        let severities = &self.settings.severities;
        severities.find(labels.get("severity")).unwrap_or_else(|| severities.default_severity()).clone()
    }

    /// What gives a posted alert its severity: whoever posts it, unless nobody here knows their word.
    fn posted_cause(&self, labels: &Labels) -> Cause {
        unknown_severity(labels, &self.settings.severities)
            .map_or(Cause::Condition, |unknown| Cause::UnknownSeverity(Box::new(unknown)))
    }
}

impl Engine {
    /// Whether all of these could fire beside what fires already.
    #[must_use]
    pub fn has_room_for(&self, posts: &[Post]) -> bool {
        let known = &self.state.posted;
        if known.len() + posts.len() <= MOST {
            return true;
        }
        let new: BTreeSet<AlertId> = posts.iter().map(Post::alert).filter(|alert| !known.contains_key(alert)).collect();
        known.len() + new.len() <= MOST
    }

    /// Takes in what somebody posted at once.
    pub(super) fn take_posts(&mut self, posts: &[Post], now: Moment, step: &mut Step) {
        let at = self.at(now.slot(self.skew), now);
        let mut transitions = Vec::new();
        for post in posts {
            self.take_post(post, at, &mut transitions, step);
        }
        // What has not been said again until now is over: no page of this moment speaks of it.
        transitions.extend(self.end_unconfirmed(at, step));
        self.absorb_posted(transitions, at, step);
    }

    fn take_post(&mut self, post: &Post, at: At, transitions: &mut Vec<Transition>, step: &mut Step) {
        let wall = Slot::from(at.wall);
        let (starts, ends) = post.times(wall);
        let alert = post.alert();
        let fires = ends > wall;
        match self.state.posted.get_mut(&alert) {
            None if fires => transitions.push(self.begin(alert, post, at, step)),
            None => {}
            Some(known) if !fires => {
                known.subject.origin = post.origin();
                transitions.extend(self.end_posted(alert, Cause::SenderEnded, at.now, step));
            }
            Some(known) if known.ended_before(starts, wall) => {
                let since = known.vigil.map_or(at.now, |vigil| vigil.since);
                transitions.extend(self.end_posted(alert, Cause::Unconfirmed { since }, at.now, step));
                transitions.push(self.begin(alert, post, at, step));
            }
            Some(_) => transitions.extend(self.confirm(alert, post, at, step)),
        }
    }

    fn begin(&mut self, alert: AlertId, post: &Post, at: At, step: &mut Step) -> Transition {
        let wall = Slot::from(at.wall);
        let (starts, ends) = post.times(wall);
        let (labels, severity) = (post.labels.clone(), self.world.posted_severity(&post.labels));
        let since = moment_of(starts, at);
        let (origin, series, value) = (post.origin(), Labels::empty(), f64::NAN);
        let subject =
            Subject { alert, origin, labels, series, value, severity: severity.clone(), active: since, since };
        let is_promised = matches!(post.ends, Ends::At(_));
        let posted = Posted { subject: subject.clone(), starts, ends, is_promised, heard: wall, vigil: None };
        self.apply(EventKind::AlertPosted { posted: Box::new(posted) }, at.now, None, step);
        if let Some(posted) = self.state.posted.get_mut(&alert) {
            posted.hear(post, at);
        }
        self.look_by(alert);
        let cause = self.world.posted_cause(&post.labels);
        Transition { subject, before: None, after: Some(severity), cause, policy: None }
    }

    /// It is said again. Only what people could notice goes into the journal: another severity since a reload, an earlier start.
    fn confirm(&mut self, alert: AlertId, post: &Post, at: At, step: &mut Step) -> Option<Transition> {
        let severity = self.world.posted_severity(&post.labels);
        let known = self.state.posted.get_mut(&alert)?;
        let (starts, before) = (known.starts, known.subject.severity.clone());
        known.hear(post, at);
        self.look_by(alert);
        let known = self.state.posted.get_mut(&alert)?;
        if known.starts == starts && before == severity {
            return None;
        }
        let since = moment_of(known.starts, at);
        (known.subject.active, known.subject.since) = (since, since);
        known.subject.severity = severity.clone();
        let (posted, vigil) = (known.clone(), known.vigil);
        let subject = posted.subject.clone();
        self.apply(EventKind::AlertPosted { posted: Box::new(posted) }, at.now, None, step);
        if let Some(known) = self.state.posted.get_mut(&alert) {
            known.vigil = vigil;
        }
        let (before, after, cause) = (Some(before), Some(severity), self.world.posted_cause(&post.labels));
        (before != after).then_some(Transition { subject, before, after, cause, policy: None })
    }

    fn end_posted(&mut self, alert: AlertId, cause: Cause, now: Moment, step: &mut Step) -> Option<Transition> {
        let subject = self.state.posted.get(&alert)?.subject.clone();
        self.apply(EventKind::PostedEnded { alert }, now, None, step);
        Some(Transition { before: Some(subject.severity.clone()), after: None, subject, cause, policy: None })
    }

    /// The vigils have to be looked at when this one is over, at the latest.
    fn look_by(&mut self, alert: AlertId) {
        let vigil = self.state.posted.get(&alert).and_then(|posted| posted.vigil);
        if let (Some(rest), Some(vigil)) = (&mut self.vigils_rest, vigil) {
            *rest = vigil.until.min(*rest);
        }
    }

    /// Ends what has not been said again in time.
    pub(super) fn keep_vigils(&mut self, now: Moment, step: &mut Step) {
        let at = self.at(now.slot(self.skew), now);
        let transitions = self.end_unconfirmed(at, step);
        self.absorb_posted(transitions, at, step);
    }

    /// Begins the vigils that a start broke off, and ends what has not been said again in time. Tens of thousands may fire, so
    /// they are looked at only when one can be over.
    fn end_unconfirmed(&mut self, at: At, step: &mut Step) -> Vec<Transition> {
        let now = at.now;
        if self.state.posted.is_empty() || self.vigils_rest.is_some_and(|rest| now < rest) {
            return Vec::new();
        }
        let mut over = Vec::new();
        for (alert, posted) in &mut self.state.posted {
            let left = (posted.ends - Slot::from(at.wall)).max(HOLDS_FOR);
            let vigil = posted.vigil.get_or_insert(Vigil { since: now, until: now + left });
            if vigil.until <= now {
                over.push((*alert, vigil.since));
            }
        }
        let end = |(alert, since)| self.end_posted(alert, Cause::Unconfirmed { since }, now, step);
        let transitions = over.into_iter().filter_map(end).collect();
        self.vigils_rest = self.state.posted.values().filter_map(|posted| Some(posted.vigil?.until)).min();
        transitions
    }

    fn absorb_posted(&mut self, mut transitions: Vec<Transition>, at: At, step: &mut Step) {
        if transitions.is_empty() {
            return;
        }
        transition::sort(&mut transitions);
        let world = Arc::clone(&self.world);
        step.take(incident::absorb(&world, &mut self.state.incidents, &transitions, at));
    }

    /// When the vigils have to be looked at; at once after a start.
    pub(super) fn next_vigil(&self) -> Option<Moment> {
        (!self.state.posted.is_empty()).then(|| self.vigils_rest.unwrap_or(self.state.moment))
    }

    /// Whether somebody posts an alert of this name.
    pub(super) fn is_posted(&self, name: &str) -> bool {
        self.state.posted.values().any(|posted| posted.subject.labels.get("alertname") == name)
    }
}

/// The moment at which something began by the wall clock: not later than now, whatever a sender's clock shows.
fn moment_of(starts: Slot, at: At) -> Moment {
    at.now - (Slot::from(at.wall) - starts).max(Span::ZERO)
}
