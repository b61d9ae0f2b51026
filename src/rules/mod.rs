//! Rule files, from what people write to what is meant.

mod rule;
pub mod script;
pub mod template;

pub use rule::{
    Bound, Clear, Condition, Entry, Exception, Group, InhibitedBy, Kind, NoData, OnError, Query, Record, Rule, RuleSet,
    Tier,
};
