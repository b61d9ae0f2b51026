//! The words that every room speaks: values only, no I/O, nothing of ours below them.

mod clock;
mod counted;
pub mod duration_text;
mod history;
mod id;
mod labels;
mod matcher;
mod places;
mod recent;
mod regexp;
mod room;
mod series;
mod severity;
mod time;
mod truth;
mod visible;
mod waits;

pub use clock::stepped;
pub use counted::{counted, still_fire};
pub use history::{History, Window};
pub use id::{AlertId, DeliveryId, IncidentId, RuleId, SilenceId, spread};
pub use labels::{ALERTNAME, Labels, Name, is_plain_name};
pub use matcher::{Matcher, MatcherError, Matchers, Operator};
pub use places::Places;
pub use regexp::Regexp;
pub use room::make_room;
pub use series::{Answer, Sample, SeriesRef, SeriesTable};
pub use severity::{Severities, Severity};
pub use time::{Moment, Slot, Span};
pub use truth::Truth;
pub use visible::{visible, visible_lines};
pub use waits::waits_for;
