//! The calendar and clock of people: zones, steps from one date to another, windows of the week.
//!
//! A value of these types is proof that the text was understood: a [`Zone`] exists, a [`Step`] is longer than nothing. They are
//! read from the configuration and counted with by whoever decides about local time, so both rooms know this one.

mod recur;
mod step;
mod window;
mod zone;

pub use step::{Dates, Step};
pub use window::Window;
pub use zone::Zone;
