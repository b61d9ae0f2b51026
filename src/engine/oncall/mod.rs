//! TEMP
use crate::config::Schedule;
use crate::model::Name;
/// TEMP
pub fn on_call(_: &Schedule, _: jiff::Timestamp) -> Vec<Name> {
    Vec::new()
}
