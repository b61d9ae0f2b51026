//! What goes out next to one destination, and when it is tried again. Pure.
//!
//! Messages of one incident reach one destination in order; a resolve never overtakes its trigger. A page that nobody has
//! tried to deliver is withdrawn when the end is already owed. Updates on how things stand are paced and merged to the latest,
//! or into the page that follows them; what people did or wrote is neither, and no page waits behind an update. The pace is
//! that of one incident at one destination: what is said of another incident puts nothing off.
//!
//! A receiver that wants to be left alone is: its wish holds for all that goes out through the channel, as its limit does.
//!
//! Whatever waits does so by moments, which pass as time does, however the wall clock is stepped.

use crate::engine::incident::Destination;
use crate::engine::notice::{Notice, NoticeKind};
use crate::model::{DeliveryId, IncidentId, Name, Span, spread};
use std::collections::HashMap;

/// One delivery in the queue of its incident and destination.
#[derive(Clone, Debug)]
pub struct Waiting<'a> {
    /// What to say.
    pub notice: &'a Notice,
    /// How often it has been tried.
    pub attempts: u32,
    /// Whether an attempt began of which nobody knows how it ended.
    pub fate_unknown: bool,
    /// The moment, in milliseconds, before which it is not tried again.
    pub not_before: i64,
}

/// What to do with a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is owed.
    Idle,
    /// These need not be said any more.
    Withdraw(Vec<DeliveryId>),
    /// This one goes out now.
    Send(DeliveryId),
    /// Nothing before that moment, in milliseconds.
    Wait(i64),
}

/// How an update waits: at most one goes out about an incident to a destination in this time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The least time between an update and what was said of its incident before.
    pub updates_every: Span,
    /// The moment, in milliseconds, at which the last message about this incident went out there.
    pub last_sent: Option<i64>,
}

/// When each destination heard of each incident last, as long as that puts an update off. Whoever delivers asks this, so that
/// the service and a scenario pace alike.
#[derive(Debug, Default)]
pub struct Heard(HashMap<(IncidentId, Destination), i64>);

impl Heard {
    /// A message about an incident has arrived.
    pub fn note(&mut self, line: &(IncidentId, Destination), now: i64) {
        self.0.insert(line.clone(), now);
    }

    /// How updates about an incident wait at a destination.
    #[must_use]
    pub fn pace(&self, line: &(IncidentId, Destination), updates_every: Span) -> Pace {
        Pace { updates_every, last_sent: self.0.get(line).copied() }
    }

    /// Forgets what puts nothing off any more: what is long ago, and what a clock that was set back has in the future.
    pub fn forget(&mut self, now: i64, updates_every: impl Fn(&Name) -> Span) {
        self.0.retain(|(_, at), last| *last <= now && now < *last + updates_every(&at.channel).millis());
    }
}

/// How many attempts a channel makes at a time, where nothing speaks against it.
const ATTEMPTS_AT_ONCE: usize = 8;
/// For so long after a receiver wanted to be left alone, one message goes out after the other: all that waited at once would be
/// too much for it again.
const CAREFUL_FOR: Span = Span::from_secs(60);

/// Whether one more attempt may begin at a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It may.
    Free,
    /// Not before one of those that are under way has ended.
    Taken,
    /// Nothing goes out there before that moment, in milliseconds.
    Shut(i64),
}

/// Which channels want to be left alone, and until when, as their receivers said.
#[derive(Debug, Default)]
pub struct Wishes(HashMap<Name, Wish>);

#[derive(Clone, Copy, Debug)]
struct Wish {
    said: i64,
    until: i64,
}

impl Wishes {
    /// The receiver behind `channel` does not want to be asked for so long. One that says so twice means the later instant.
    pub fn note(&mut self, channel: &Name, now: i64, wish: Span) {
        let noted = self.0.entry(channel.clone()).or_insert(Wish { said: now, until: now });
        *noted = Wish { said: now, until: noted.until.max(now + wish.millis()) };
    }

    /// Forgets what holds nothing up any more, and what a clock that was set back has in the future.
    pub fn forget(&mut self, now: i64) {
        self.0.retain(|_, wish| wish.said <= now && now < wish.until + CAREFUL_FOR.millis());
    }

    /// Whether one more attempt may begin at `channel`, where so many are under way.
    #[must_use]
    pub fn room(&self, channel: &Name, under_way: usize, now: i64) -> Room {
        let most = match self.0.get(channel) {
            Some(wish) if now < wish.until => return Room::Shut(wish.until),
            Some(_) => 1,
            None => ATTEMPTS_AT_ONCE,
        };
        if under_way < most { Room::Free } else { Room::Taken }
    }
}

/// The schedule of attempts in the first half minute; later ones come every thirty seconds.
const EARLY_RETRIES: [i64; 4] = [2_000, 3_000, 10_000, 15_000];
const LATE_RETRY: i64 = 30_000;
/// After so many failures the fallback is told as well.
pub const FALLBACK_AFTER_FAILURES: u32 = 3;
/// After so long the fallback is told as well.
pub const FALLBACK_AFTER: Span = Span::from_secs(60);

/// Who has been put off for so long while others got the message is not waited for. Servers that put off everybody whom they do
/// not know do so for minutes.
const LONGEST_PUT_OFF: Span = Span::from_hours(1);

/// Decides what happens to the queue of one incident and destination, oldest first.
#[must_use]
pub fn next(queue: &[Waiting<'_>], pace: Pace, now: i64) -> Next {
    let overtaken = overtaken(queue);
    if !overtaken.is_empty() {
        return Next::Withdraw(overtaken);
    }
    let Some(first) = queue.first() else { return Next::Idle };
    let mut due = first.not_before;
    if is_standing(first) {
        due = due.max(pace.last_sent.map_or(due, |last| last + pace.updates_every.millis()));
    }
    if due <= now { Next::Send(first.notice.draft.id) } else { Next::Wait(due) }
}

/// Which deliveries are not worth sending any more: what was never tried, and has been overtaken by the end or by a later
/// word on the same thing. The end itself is not owed where nothing was ever told.
fn overtaken(queue: &[Waiting<'_>]) -> Vec<DeliveryId> {
    let untouched = |waiting: &Waiting<'_>| waiting.attempts == 0 && !waiting.fate_unknown;
    let end = queue.iter().position(|waiting| waiting.notice.draft.kind == NoticeKind::End);
    let mut withdrawn = Vec::new();
    if let Some(end) = end {
        let before = &queue[..end];
        withdrawn.extend(before.iter().filter(|waiting| untouched(waiting)).map(|waiting| waiting.notice.draft.id));
        // The end closes every page it names. If all of those are among the withdrawn, nobody has heard of anything.
        let unheard = |page: &u32| {
            before.iter().any(|waiting| {
                untouched(waiting)
                    && waiting.notice.draft.kind == NoticeKind::Page
                    && waiting.notice.draft.page == *page
            })
        };
        let draft = &queue[end].notice.draft;
        // Stakeholders are never paged: they have heard of it where there were more updates than are withdrawn here.
        let has_heard_updates = draft.pages.is_empty() && draft.revision as usize > withdrawn.len();
        if draft.pages.iter().all(unheard) && !has_heard_updates {
            withdrawn.push(draft.id);
        }
        return withdrawn;
    }
    // A page says how things stand, and so does every later update.
    let says_more = |waiting: &Waiting<'_>| waiting.notice.draft.kind == NoticeKind::Page || is_standing(waiting);
    let last = queue.iter().rposition(says_more);
    let earlier = queue.iter().take(last.unwrap_or(0)).filter(|waiting| is_standing(waiting) && untouched(waiting));
    earlier.map(|waiting| waiting.notice.draft.id).collect()
}

/// Whether it is an update that only says how things stand.
fn is_standing(waiting: &Waiting<'_>) -> bool {
    let draft = &waiting.notice.draft;
    draft.kind == NoticeKind::Update && !draft.reason.is_somebodys()
}

/// When to try again after `attempts` failures, in milliseconds from now: exponential with jitter, all of it a hash of the
/// delivery, and never before the receiver wants to be asked again.
#[must_use]
pub fn retry_in(id: DeliveryId, attempts: u32, retry_after: Option<Span>) -> i64 {
    let base = EARLY_RETRIES.get(attempts.saturating_sub(1) as usize).copied().unwrap_or(LATE_RETRY);
    let jitter = spread(&[&id.to_string(), &attempts.to_string()], base.unsigned_abs() / 5 + 1);
    let own = base + i64::try_from(jitter).unwrap_or(0);
    retry_after.map_or(own, |wanted| own.max(wanted.millis()))
}

/// Whether a message that some have got is left at that, although others were put off: what is said next holds for them as well
/// and is not to wait for them, or they have been put off for too long.
#[must_use]
pub fn is_left_at_that(is_followed: bool, first_tried: i64, now: i64) -> bool {
    is_followed || now - first_tried >= LONGEST_PUT_OFF.millis()
}

/// Whether the channel's fallback has to be told as well.
#[must_use]
pub fn needs_fallback(failures: u32, first_tried: i64, now: i64) -> bool {
    failures >= FALLBACK_AFTER_FAILURES || now - first_tried >= FALLBACK_AFTER.millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::notice::{Draft, Reason};
    use crate::notify::sample;

    fn notice(name: &str, kind: NoticeKind, reason: Reason) -> Notice {
        let draft = Draft { id: DeliveryId::derive(&[name]), kind, reason, ..sample::draft() };
        Notice { draft, title: name.into(), link: String::new(), held_back: None, alerts: Vec::new() }
    }

    /// What happens to a queue one second after the last message, where updates come once a minute.
    fn next_of(notices: &[Notice]) -> Next {
        let waiting = |notice| Waiting { notice, attempts: 0, fate_unknown: false, not_before: 0 };
        let queue: Vec<Waiting<'_>> = notices.iter().map(waiting).collect();
        next(&queue, Pace { updates_every: Span::from_mins(1), last_sent: Some(0) }, 1_000)
    }

    fn id(name: &str) -> DeliveryId {
        DeliveryId::derive(&[name])
    }

    #[test]
    fn what_is_said_of_one_incident_puts_off_no_update_of_another() {
        let chat = || Destination { channel: "chat".into(), to: None };
        let line = |incident: &str| (IncidentId::derive(&[incident]), chat());
        let update = notice("update", NoticeKind::Update, Reason::Changed);
        let queue = [Waiting { notice: &update, attempts: 0, fate_unknown: false, not_before: 0 }];
        let mut heard = Heard::default();
        heard.note(&line("one"), 0);
        let every = Span::from_mins(1);
        assert_eq!(next(&queue, heard.pace(&line("other"), every), 1_000), Next::Send(id("update")));
        assert_eq!(next(&queue, heard.pace(&line("one"), every), 1_000), Next::Wait(60_000));
        heard.forget(59_999, |_| every);
        assert_eq!(heard.pace(&line("one"), every).last_sent, Some(0), "it still puts off");
        heard.forget(60_000, |_| every);
        assert_eq!(heard.pace(&line("one"), every).last_sent, None);
        heard.note(&line("one"), 60_000);
        heard.forget(0, |_| every);
        assert_eq!(heard.pace(&line("one"), every).last_sent, None, "the clock was set back");
    }

    #[test]
    fn a_receiver_that_wants_to_be_left_alone_is_left_alone_by_all_and_then_asked_one_at_a_time() {
        let (chat, other) = (Name::from("chat"), Name::from("other"));
        let mut wishes = Wishes::default();
        assert_eq!([7, 8].map(|under_way| wishes.room(&chat, under_way, 0)), [Room::Free, Room::Taken]);
        wishes.note(&chat, 0, Span::from_secs(30));
        assert_eq!(wishes.room(&chat, 0, 29_999), Room::Shut(30_000));
        assert_eq!(wishes.room(&other, 7, 29_999), Room::Free, "another channel has another limit");
        assert_eq!([0, 1].map(|under_way| wishes.room(&chat, under_way, 30_000)), [Room::Free, Room::Taken]);
        wishes.forget(89_999);
        assert_eq!(wishes.room(&chat, 1, 89_999), Room::Taken, "it is still asked with care");
        wishes.forget(90_000);
        assert_eq!(wishes.room(&chat, 7, 90_000), Room::Free);
    }

    #[test]
    fn a_wish_is_not_shortened_by_the_next_and_not_made_longer_by_a_clock_that_is_set_back() {
        let chat = Name::from("chat");
        let mut wishes = Wishes::default();
        wishes.note(&chat, 0, Span::from_secs(30));
        wishes.note(&chat, 1_000, Span::from_secs(1));
        assert_eq!(wishes.room(&chat, 0, 2_000), Room::Shut(30_000));
        wishes.forget(-3_600_000);
        assert_eq!(wishes.room(&chat, 0, -3_600_000), Room::Free);
    }

    #[test]
    fn who_is_put_off_is_waited_for_an_hour_and_not_where_something_else_is_to_be_said() {
        let hour = 3_600_000;
        for (is_followed, waited, is_left) in
            [(false, 0, false), (false, hour - 1, false), (false, hour, true), (true, 0, true)]
        {
            assert_eq!(is_left_at_that(is_followed, 1_000, 1_000 + waited), is_left, "{is_followed} {waited}");
        }
    }

    #[test]
    fn no_page_waits_behind_an_update() {
        let update = notice("update", NoticeKind::Update, Reason::Changed);
        let rise = notice("rise", NoticeKind::Page, Reason::Rose);
        assert_eq!(next_of(std::slice::from_ref(&update)), Next::Wait(60_000));
        assert_eq!(next_of(&[update, rise]), Next::Withdraw(vec![id("update")]));
    }

    #[test]
    fn who_has_heard_updates_alone_hears_of_the_end() {
        let mut end = notice("end", NoticeKind::End, Reason::Resolved);
        end.draft.pages = Vec::new();
        end.draft.revision = 1;
        assert_eq!(next_of(std::slice::from_ref(&end)), Next::Send(id("end")));
        let unsaid = notice("update", NoticeKind::Update, Reason::Communicated);
        assert_eq!(
            next_of(&[unsaid, end]),
            Next::Withdraw(vec![id("update"), id("end")]),
            "nobody has heard of anything"
        );
    }

    #[test]
    fn what_people_did_is_told_at_once_and_not_merged_away() {
        let acknowledged = notice("acknowledged", NoticeKind::Update, Reason::Acknowledged);
        let overdue = notice("changed", NoticeKind::Update, Reason::Changed);
        assert_eq!(next_of(&[acknowledged, overdue]), Next::Send(id("acknowledged")));
        let earlier = notice("changed", NoticeKind::Update, Reason::Changed);
        let written = notice("written", NoticeKind::Update, Reason::Communicated);
        let later = notice("later", NoticeKind::Update, Reason::Fell);
        assert_eq!(next_of(&[earlier, written, later]), Next::Withdraw(vec![id("changed")]));
    }
}
