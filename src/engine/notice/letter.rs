//! Letters: messages about several incidents, to be read and not to wake anybody.

use super::Reason;
use crate::engine::command::AdHocSilence;
use crate::engine::incident::{DigestKey, Entry, Incident, Member};
use crate::model::{Severity, Slot, Span, still_fire};
use std::sync::Arc;

/// A message about several incidents: a digest, or what waited for somebody's quiet hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// What tells it from all others, with its slot.
    pub name: String,
    /// Its day, or the instant at which it was decided.
    pub slot: Slot,
    /// Why it goes out.
    pub reason: Reason,
    /// The highest severity in it.
    pub severity: Severity,
    /// One line that names it.
    pub subject: String,
    /// What it says, in lines.
    pub text: String,
    /// The worst alert of each incident.
    pub members: Vec<Arc<Member>>,
}

impl Letter {
    /// The digest of a day: what opened, goes on and ended since the last one.
    #[must_use]
    pub fn digest(digest: &DigestKey, sent: Slot, listed: &[(u64, Entry)]) -> Self {
        let numbers = |is_one: &dyn Fn(&Entry) -> bool| -> Vec<String> {
            listed.iter().filter(|(_, entry)| is_one(entry)).map(|(number, _)| format!("INC-{number}")).collect()
        };
        let kinds: [(&str, Vec<String>); 3] = [
            ("opened", numbers(&|entry| entry.member.ended.is_none() && entry.listed <= 1)),
            ("goes on", numbers(&|entry| entry.member.ended.is_none() && entry.listed > 1)),
            ("ended", numbers(&|entry| entry.member.ended.is_some())),
        ];
        let kinds = || kinds.iter().filter(|(_, numbers)| !numbers.is_empty());
        let counts: Vec<String> = kinds().map(|(word, numbers)| format!("{} {word}", numbers.len())).collect();
        let lines: Vec<String> = kinds().map(|(word, numbers)| format!("{word}: {}", numbers.join(", "))).collect();
        Letter {
            name: format!("digest/{}/{}", digest.policy, digest.severity),
            slot: sent,
            reason: Reason::Digest,
            severity: digest.severity.clone(),
            subject: format!("digest {}: {}", digest.policy, counts.join(", ")),
            text: lines.join("; "),
            members: listed.iter().map(|(_, entry)| entry.member.clone()).collect(),
        }
    }

    /// A silence ends soon, and these alerts, which it holds back, still fire; nothing where none does. Its end is told by the
    /// wall clock, which has `skew`; what tells the letter from others is not.
    #[must_use]
    pub fn silence_ends(silence: &AdHocSilence, held: Vec<Arc<Member>>, skew: Span) -> Option<Self> {
        let severity = held.iter().map(|member| &member.subject.severity).max()?.clone();
        let until = silence.until;
        Some(Letter {
            name: format!("silence/{}", silence.id),
            slot: Slot::from_millis(until.millis()),
            reason: Reason::SilenceEnds,
            severity,
            subject: format!("your silence of {} ends at {}", silence.matchers, until - skew),
            text: format!("behind it {}, which is told then", still_fire(held.len())),
            members: held,
        })
    }

    /// What waited for the end of somebody's quiet hours.
    ///
    /// # Panics
    /// When there is nothing that waited.
    #[must_use]
    pub fn rested(incidents: &[&Incident], slot: Slot) -> Self {
        let numbers: Vec<String> = incidents.iter().map(|incident| format!("INC-{}", incident.number)).collect();
        let severity = incidents.iter().map(|incident| &incident.severity).max().expect("something waited");
        Letter {
            name: format!("rested/{}", numbers.join("/")),
            slot,
            reason: Reason::Rested,
            severity: severity.clone(),
            subject: format!("{} incidents during your quiet hours", incidents.len()),
            text: numbers.join(", "),
            members: incidents.iter().filter_map(|incident| incident.worst()).collect(),
        }
    }
}
