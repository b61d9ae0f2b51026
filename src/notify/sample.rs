//! A draft for the tests of this room, which say what matters to them and take the rest from here.

use crate::engine::incident::{Destination, Key};
use crate::engine::notice::{Draft, NoticeKind, Reason};
use crate::model::{DeliveryId, IncidentId, Labels, Moment, Severities, Slot};

/// An update on an incident of the default severity.
pub fn draft() -> Draft {
    Draft {
        id: DeliveryId::derive(&["d"]),
        destination: Destination { channel: "channel".into(), to: None },
        kind: NoticeKind::Update,
        reason: Reason::Changed,
        level: None,
        by: None,
        text: None,
        acknowledged_by: None,
        held_back: None,
        subject: None,
        at: Moment::default(),
        incident: IncidentId::derive(&["i"]),
        number: 1,
        key: Key { policy: "default".into(), group: Labels::empty() },
        generation: 1,
        page: 1,
        revision: 1,
        pages: vec![1],
        severity: Severities::default().default_severity().clone(),
        opened: Slot::from_millis(0),
        members: Vec::new(),
    }
}
