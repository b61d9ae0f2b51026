//! `alert.posted` and `posted.ended`.

use super::parts::{Id, SubjectBody};
use crate::engine::EventKind;
use crate::engine::posted::Posted;
use crate::model::{AlertId, Severities, Slot};
use serde::{Deserialize, Serialize};

/// A posted alert as it is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    subject: SubjectBody,
    starts: i64,
    ends: i64,
    promised: bool,
    heard: i64,
}

/// A posted alert that is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    alert: Id<AlertId>,
}

impl Changed {
    /// Writes it down.
    pub fn new(posted: &Posted) -> Self {
        Changed {
            subject: SubjectBody::new(&posted.subject),
            starts: posted.starts.millis(),
            ends: posted.ends.millis(),
            promised: posted.is_promised,
            heard: posted.heard.millis(),
        }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let posted = Posted {
            subject: self.subject.read(severities),
            starts: Slot::from_millis(self.starts),
            ends: Slot::from_millis(self.ends),
            is_promised: self.promised,
            heard: Slot::from_millis(self.heard),
            vigil: None,
        };
        EventKind::AlertPosted { posted: Box::new(posted) }
    }
}

impl Ended {
    /// Writes it down.
    pub fn new(alert: AlertId) -> Self {
        Ended { alert: Id(alert) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::PostedEnded { alert: self.alert.0 }
    }
}
