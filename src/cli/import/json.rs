//! What became of each rule, for programs. `docs/import.md` describes it.

use super::Done;
use crate::diagnostics::{SourceId, Sources};
use crate::import::prometheus::{Family, Splits, Stays};
use serde_json::{Value, json};

/// All files, and the sums over them.
pub(super) fn report(done: &[Done], sources: &Sources) -> String {
    let sum = |count: &dyn Fn(&Done) -> usize| done.iter().map(count).sum::<usize>();
    let merged = |done: &Done| done.translation.families.iter().filter(|family| family.is_merged).count();
    let answer = json!({
        "files": done.iter().map(|done| file(done, sources)).collect::<Vec<_>>(),
        "alerts": sum(&|done| done.translation.alerts),
        "split": sum(&|done| done.translation.split.len()),
        "left": sum(&|done| done.translation.left.len()),
        "families": sum(&|done| done.translation.families.len()),
        "merged": sum(&merged),
    });
    format!("{answer:#}\n")
}

fn file(done: &Done, sources: &Sources) -> Value {
    let translation = &done.translation;
    let placed = |at: usize, value: Value| placed(at, done.source, sources, value);
    let split = |Splits { at, alert, tier, condition, query }: &Splits| {
        placed(*at, json!({ "alert": alert, "tier": tier, "condition": condition, "query": query }))
    };
    let left = |Stays { at, alert, why }: &Stays| {
        placed(*at, json!({ "alert": alert, "reason": why.code(), "why": why.to_string() }))
    };
    let member = |(at, alert): &(usize, String)| placed(*at, json!({ "alert": alert }));
    let family = |Family { name, members, is_merged }: &Family| json!({ "name": name, "merged": is_merged, "rules": members.iter().map(member).collect::<Vec<_>>() });
    let commented = |(at, key): &(usize, String)| placed(*at, json!({ "key": key }));
    let mut answer = json!({
        "file": done.file.display().to_string(),
        "alerts": translation.alerts,
        "split": translation.split.iter().map(split).collect::<Vec<_>>(),
        "left": translation.left.iter().map(left).collect::<Vec<_>>(),
        "families": translation.families.iter().map(family).collect::<Vec<_>>(),
        "commented": translation.commented.iter().map(commented).collect::<Vec<_>>(),
        "severities": translation.renamed,
    });
    match &done.target {
        Some(target) => answer["written_to"] = json!(target.display().to_string()),
        None => answer["text"] = json!(translation.text),
    }
    answer
}

/// With the line and column of the file that was translated.
fn placed(at: usize, source: SourceId, sources: &Sources, mut value: Value) -> Value {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    let place = sources.get(source).line_column(start);
    value["line"] = json!(place.line);
    value["column"] = json!(place.column);
    value
}
