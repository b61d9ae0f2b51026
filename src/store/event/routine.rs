//! `routine.changed`.

use super::acts::ActorBody;
use super::parts::moment;
use crate::engine::EventKind;
use crate::engine::routine::{RoutineState, TickedOff};
use crate::model::Slot;
use serde::{Deserialize, Serialize};

/// A routine, as it is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    routine: String,
    is: Option<Body>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    last: i64,
    noticed: i64,
    open: Option<i64>,
    told: bool,
    done: Option<Done>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Done {
    by: ActorBody,
    at: i64,
    note: String,
}

impl Changed {
    /// Writes it down.
    pub fn new(routine: &str, is: Option<&RoutineState>) -> Self {
        let done =
            |done: &TickedOff| Done { by: ActorBody::new(&done.by), at: done.at.millis(), note: done.note.clone() };
        let body = |is: &RoutineState| Body {
            last: is.last.millis(),
            noticed: is.noticed.millis(),
            open: is.open.map(Slot::millis),
            told: is.told,
            done: is.done.as_ref().map(done),
        };
        Changed { routine: routine.to_owned(), is: is.map(body) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let done = |done: Done| TickedOff { by: done.by.read(), at: moment(done.at), note: done.note };
        let state = |is: Body| RoutineState {
            last: Slot::from_millis(is.last),
            noticed: Slot::from_millis(is.noticed),
            open: is.open.map(Slot::from_millis),
            told: is.told,
            done: is.done.map(done),
        };
        EventKind::RoutineChanged { routine: self.routine.into(), is: self.is.map(state) }
    }
}
