//! What rules would have done over real history: the engine that runs in production, over answers to range queries.
//!
//! [`Plan`] says what has to be asked, [`ask`] asks it, [`Player`] drives the engine over the answers, [`Tally`] counts what comes of
//! it, a [`Session`] does all of this part by part, and [`Report`] is the answer. Nothing but PromQL is evaluated by the source; everything behind it is ours.
//! Absent on purpose: the clock, and any word of what people did: nobody acts in a backtest, so that escalation runs its course.

mod ask;
mod chart;
mod compare;
pub mod explain;
mod inline;
mod known;
mod page;
mod past;
mod plan;
mod player;
mod render;
mod report;
mod session;
mod survey;
mod tally;
mod tune;
mod unknown;

pub use ask::{Asked, Asking, Window, ask, is_too_much};
pub use chart::{Band, Chart, braille, escaped, svg, ticks};
pub use compare::{Comparison, Difference, compared};
pub use inline::{Inlined, inlined, recordings_read, without_history};
pub use known::Known;
pub use past::{Column, Hole, Part};
pub use plan::{Asks, Plan, Question};
pub use player::Player;
pub use render::{Format, ends, in_words, render, share, unknowns};
pub use report::{FiringReport, Report, RuleReport, TierReport, bound, condition, instant, median};
pub use session::{Played, Session, SessionError};
pub use survey::Survey;
pub use tally::{Firing, OfRule, OfTier, Paged, Tally};
pub use tune::{Candidate, Knob, Subject, Sweep};
pub use unknown::{Extent, Unknown, unrecorded};
