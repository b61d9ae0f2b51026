//! `heartbeat.changed`.

use super::parts::moment;
use crate::engine::EventKind;
use crate::engine::heartbeat::Heartbeat;
use crate::model::Moment;
use serde::{Deserialize, Serialize};

/// An alert that has to keep firing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    alert: String,
    is: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Beats,
    Away { since: i64 },
}

impl Changed {
    /// Writes it down.
    pub fn new(alert: &str, is: Option<Heartbeat>) -> Self {
        let is = is.map(|is| match is {
            Heartbeat::Beats => State::Beats,
            Heartbeat::Away { since } => State::Away { since: Moment::millis(since) },
        });
        Changed { alert: alert.into(), is }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let is = self.is.map(|is| match is {
            State::Beats => Heartbeat::Beats,
            State::Away { since } => Heartbeat::Away { since: moment(since) },
        });
        EventKind::HeartbeatChanged { alert: self.alert.into(), is }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for is in [None, Some(Heartbeat::Beats), Some(Heartbeat::Away { since: Moment::from_millis(7) })] {
            let text = serde_json::to_string(&Changed::new("Watchdog", is)).unwrap();
            let read = serde_json::from_str::<Changed>(&text).unwrap().read();
            assert_eq!(read, EventKind::HeartbeatChanged { alert: "Watchdog".into(), is }, "{text}");
        }
    }
}
