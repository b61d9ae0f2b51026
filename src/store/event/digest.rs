//! `digest.entered` and `digest.sent`.

use super::incident::MemberBody;
use super::parts::moment;
use crate::engine::EventKind;
use crate::engine::incident::{DigestKey, Entry};
use crate::model::{Severities, Slot};
use serde::{Deserialize, Serialize};

/// An incident entered a digest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entered {
    policy: String,
    severity: String,
    number: u64,
    member: MemberBody,
    since: i64,
    listed: u32,
}

impl Entered {
    /// Writes it down.
    pub fn new(digest: &DigestKey, number: u64, entry: &Entry) -> Self {
        Entered {
            policy: digest.policy.to_string(),
            severity: digest.severity.to_string(),
            number,
            member: MemberBody::new(&entry.member),
            since: entry.since.millis(),
            listed: entry.listed,
        }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let digest = DigestKey { policy: self.policy.into(), severity: severities.placed(&self.severity) };
        let (member, since) = (self.member.read(severities), moment(self.since));
        EventKind::DigestEntered {
            digest,
            number: self.number,
            entry: Box::new(Entry { member: member.into(), since, listed: self.listed }),
        }
    }
}

/// A digest was sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sent {
    policy: String,
    severity: String,
    at: i64,
    kept: Vec<(u64, u32)>,
}

impl Sent {
    /// Writes it down.
    pub fn new(digest: &DigestKey, at: Slot, kept: &[(u64, u32)]) -> Self {
        let (policy, severity) = (digest.policy.to_string(), digest.severity.to_string());
        Sent { policy, severity, at: at.millis(), kept: kept.to_vec() }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let digest = DigestKey { policy: self.policy.into(), severity: severities.placed(&self.severity) };
        EventKind::DigestSent { digest, at: Slot::from_millis(self.at), kept: self.kept }
    }
}
