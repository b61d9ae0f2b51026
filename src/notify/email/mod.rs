//! Mail, handed to a server by SMTP (RFC 5321): `smtp://host:587` with STARTTLS, `smtps://host:465` with TLS from the first
//! byte, in the clear only to this machine. Success is the server's answer to the final dot, and nothing before it.
//!
//! A page, an end and a letter are always a mail. An update is one only where it changes what its reader would do: somebody is
//! at it or no longer, its severity is another, something is overdue, its alerts are over but it waits for a person, or somebody
//! wrote to those who know. That alerts joined or left a group is not: mail cannot be edited in place, it piles up, and who looks at the link sees it. What the reader knows stands in the receipt of the last mail, so an update that was
//! merged with a later one is not lost. Where nothing is to be said, the delivery is done without a mail.
//!
//! Each receiver of a channel gets the mail once: who has it when another one is put off (a server that wants everybody
//! unknown to try again) is remembered until the delivery is done, also through a reload. After a start they may get it twice,
//! under one `Message-Id`.

mod answer;
#[cfg(test)]
mod conversation;
mod encode;
mod message;
mod session;

use super::post::unprepared;
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{Auth, Mailbox, Secret, Tls};
use crate::engine::notice::{Draft, NoticeKind, Reason};
use crate::http::{self, ClientError};
use crate::model::DeliveryId;
use serde::{Deserialize, Serialize};
use session::{Handed, Login, Patience, Server};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const NAME: &str = "email";

/// A mail server, and for whom mail is handed to it.
#[derive(Debug)]
pub struct Email {
    server: Server,
    login: Option<(String, Secret)>,
    from: Mailbox,
    to: Vec<Mailbox>,
    partly: Arc<Mutex<Partly>>,
}

/// What became of those receivers of a mail of whom that is certain, while others are put off.
type Partly = HashMap<DeliveryId, (Instant, Handed)>;

/// Each attempt is noted, and the next comes within a minute: what is older than this is tried no more.
const KEEP_PARTLY: Duration = Duration::from_hours(1);

/// What the reader of the last mail knows.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    severity: String,
    acknowledged_by: Option<String>,
}

impl Email {
    /// The server at `smtp`, to which `from` writes; to `to` where a destination names nobody.
    ///
    /// # Errors
    /// When the address is none, or a certificate cannot be used.
    pub fn new(smtp: &str, from: Mailbox, to: Vec<Mailbox>, auth: &Auth, tls: &Tls) -> Result<Self, ClientError> {
        let url = http::address(smtp)?;
        let is_implicit = url.scheme() == "smtps";
        let login = match auth {
            Auth::Basic { username, password } => Some((username.clone(), password.clone())),
            Auth::None | Auth::Bearer(_) | Auth::OAuth2 { .. } => None,
        };
        let server = Server {
            host: url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(if is_implicit { 465 } else { 587 }),
            is_implicit,
            always_encrypts: login.is_some() || *tls != Tls::default(),
            trust: Arc::new(http::trust(tls)?),
            patience: Patience::default(),
        };
        Ok(Email { server, login, from, to, partly: Arc::default() })
    }

    /// The destination's own receiver, else those of the channel.
    fn receivers(&self, draft: &Draft) -> Result<Vec<Mailbox>, SendError> {
        let to = match &draft.destination.to {
            Some(to) => vec![Mailbox::read(to).ok_or_else(|| refused(format!("`{to}` is not a mail address")))?],
            None => self.to.clone(),
        };
        if to.is_empty() { Err(refused("no receiver is named".into())) } else { Ok(to) }
    }

    /// Looked up for each mail, so that a rotated password counts from the next one on.
    fn login(&self) -> Result<Option<Login>, SendError> {
        let Some((username, password)) = &self.login else { return Ok(None) };
        let password = password.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        Ok(Some(Login { username: username.clone(), password }))
    }

    /// Goes on where the channel stood before a reload: who has a mail already does not get it again.
    pub fn go_on_from(&mut self, before: &Email) {
        self.partly = Arc::clone(&before.partly);
    }

    /// Of whom it is certain what became of this mail.
    fn settled(&self, id: DeliveryId) -> Handed {
        let partly = self.partly.lock().unwrap_or_else(PoisonError::into_inner);
        partly.get(&id).map(|(_, handed)| handed.clone()).unwrap_or_default()
    }

    /// Makes of what became of each receiver what becomes of the delivery.
    fn settle(&self, draft: &Draft, handed: Handed) -> Result<Receipt, SendError> {
        let (has_it, others) = (!handed.taken.is_empty(), listed(handed.later.iter().chain(&handed.refused)));
        let is_done = handed.later.is_empty();
        self.note(draft.id, handed, is_done);
        match (has_it, is_done) {
            (true, true) if others.is_empty() => Ok(receipt(draft)),
            (true, true) => Err(SendError::Partly { channel: NAME, reason: others, receipt: receipt(draft) }),
            (true, false) => Err(SendError::SomeLater { channel: NAME, reason: others, receipt: receipt(draft) }),
            (false, true) => Err(refused(others)),
            (false, false) => Err(SendError::Busy { channel: NAME, reason: others, retry_after: None }),
        }
    }

    fn note(&self, id: DeliveryId, handed: Handed, is_done: bool) {
        let mut partly = self.partly.lock().unwrap_or_else(PoisonError::into_inner);
        partly.retain(|_, (noted, _)| noted.elapsed() < KEEP_PARTLY);
        if is_done {
            partly.remove(&id);
        } else {
            partly.insert(id, (Instant::now(), handed));
        }
    }
}

impl Notifier for Email {
    fn has_something_to_say(&self, draft: &Draft, earlier: Option<&Receipt>) -> bool {
        earlier.is_none_or(|earlier| is_worth_a_mail(draft, earlier))
    }

    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let to = self.receivers(draft)?;
        let login = self.login()?;
        let letter = message::letter(delivery, &self.from, &to.iter().collect::<Vec<_>>());
        let settled = self.settled(draft.id);
        let missing: Vec<Mailbox> = to.into_iter().filter(|mailbox| !settled.knows(mailbox)).collect();
        let handed = self.server.hand_over(login.as_ref(), &self.from, &missing, &letter).await?;
        self.settle(draft, settled.and(handed))
    }
}

/// Whether a reader who got the mail of `earlier` has to get one more.
fn is_worth_a_mail(draft: &Draft, earlier: &Receipt) -> bool {
    match (draft.kind, draft.reason) {
        (NoticeKind::Page | NoticeKind::End | NoticeKind::Letter, _)
        | (NoticeKind::Update, Reason::Communicated | Reason::Calmed | Reason::Overdue(_) | Reason::Remedied) => true,
        (NoticeKind::Update, _) => {
            let known: Option<Known> = serde_json::from_str(&earlier.text()).ok();
            known.is_none_or(|known| known != Known::of(draft))
        }
    }
}

impl Known {
    fn of(draft: &Draft) -> Self {
        let acknowledged_by = draft.acknowledged_by.as_ref().map(|by| by.name.to_string());
        Known { severity: draft.severity.to_string(), acknowledged_by }
    }
}

fn receipt(draft: &Draft) -> Receipt {
    Receipt::Text(serde_json::json!(Known::of(draft)).to_string())
}

fn listed<'a>(people: impl Iterator<Item = &'a (Mailbox, String)>) -> String {
    people.map(|(mailbox, said)| format!("{mailbox}: {said}")).collect::<Vec<_>>().join("; ")
}

fn refused(reason: String) -> SendError {
    SendError::Refused { channel: NAME, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::{Actor, Via};
    use crate::model::Severities;
    use crate::notify::sample;

    fn update(reason: Reason, severity: &str, by: Option<&str>) -> Draft {
        let severities = Severities::default();
        let actor = |name: &str| Actor { name: name.into(), via: Via::Api };
        let severity = severities.find(severity).expect("a default severity").clone();
        Draft { reason, severity, acknowledged_by: by.map(actor), ..sample::draft() }
    }

    #[test]
    fn an_update_is_a_mail_where_its_reader_did_not_know_it_from_the_last_one() {
        let earlier = receipt(&update(Reason::Opened, "high", None));
        let in_hands = receipt(&update(Reason::Acknowledged, "high", Some("primary-a")));
        for (reason, severity, by, earlier, is_mail) in [
            (Reason::Changed, "high", None, &earlier, false),
            (Reason::Assigned, "high", None, &earlier, false),
            (Reason::Acknowledged, "high", Some("primary-a"), &earlier, true),
            (Reason::Acknowledged, "high", Some("primary-a"), &in_hands, false),
            (Reason::AcknowledgementExpired, "high", None, &in_hands, true),
            (Reason::Fell, "medium", None, &earlier, true),
            (Reason::Assessed, "medium", None, &earlier, true),
            (Reason::Communicated, "high", None, &earlier, true),
            (Reason::Calmed, "high", None, &earlier, true),
            (Reason::Remedied, "high", None, &earlier, true),
            // The fall was merged with what came after it: it is told all the same.
            (Reason::Changed, "medium", None, &earlier, true),
        ] {
            let draft = update(reason, severity, by);
            assert_eq!(is_worth_a_mail(&draft, earlier), is_mail, "{reason:?} {severity} {by:?} after {earlier:?}");
        }
        let end = Draft { kind: NoticeKind::End, ..update(Reason::Resolved, "high", None) };
        assert!(is_worth_a_mail(&end, &earlier));
    }
}
