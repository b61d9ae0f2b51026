//! The check for people: a line for the whole, and one for each thing.

use super::{Health, Item};
use serde_json::Value;
use std::fmt;

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.whole().word())?;
        let widest = self.parts().iter().flat_map(|(_, part)| part.0.keys()).map(String::len).max().unwrap_or_default();
        for (name, part) in self.parts() {
            if part.0.is_empty() {
                writeln!(f, "  {name:<10}  nothing is configured")?;
            }
            for (item, found) in &part.0 {
                writeln!(f, "  {name:<10}  {item:<widest$}  {:<7}  {}", found.status.word(), said(found))?;
            }
        }
        Ok(())
    }
}

/// What is wrong first, then what it says.
fn said(item: &Item) -> String {
    let facts = item.facts.iter().map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)));
    item.why.iter().cloned().chain(facts).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
