//! The engine, driven by real time, a real Prometheus and real people.
//!
//! [`run`] is what wakes it; [`decider`] owns the engine; [`delivery`] tells people. Everything that waits runs in a task of its
//! own and is joined at the end.

pub mod books;
pub mod clock;
pub mod decider;
pub mod delivery;
pub mod desks;
pub mod doors;
pub mod fetch;
pub mod housekeeping;
pub mod load;
pub mod lookups;
pub mod metrics;
pub mod notary;
pub mod pulse;
pub mod recall;
pub mod recorder;
pub mod recording;
pub mod reload;
pub mod remedies;
pub mod report;
pub mod reports;
pub mod run;
pub mod said;
pub mod start;
pub mod timetable;
