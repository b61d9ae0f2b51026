//! Stories beside their scenarios: how they are written, and how a new one differs from the one that was accepted.
//!
//! The files have insta's format, so that `cargo insta review` reads them as well. We read them ourselves: what insta says of a
//! damaged one is meant for people who have cargo.

use super::border;
use super::story::Story;
use crate::engine::alert::{Alert, TierState};
use crate::engine::notice::Notice;
use crate::notify::text;
use crate::rules::Tier;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// How a story stands to the one that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the same.
    Same,
    /// None has been accepted yet.
    New,
    /// It differs; the lines that do, with some around them.
    Different(String),
    /// What lies there is no snapshot: it is no text, or has lost its header.
    Damaged,
}

/// The snapshot beside a scenario: `tps-collapse.yaml` has `tps-collapse.snap`. Whoever plays scenarios refuses a `tps-collapse.yml`
/// beside it.
#[must_use]
pub fn path_of(scenario: &Path) -> PathBuf {
    scenario.with_extension("snap")
}

/// Holds a story against the snapshot at `path`.
///
/// # Errors
/// When there is a snapshot that cannot be read.
pub fn compare(path: &Path, story: &Story, in_colour: bool) -> io::Result<Verdict> {
    admit(path)?;
    if !path.exists() {
        return Ok(Verdict::New);
    }
    let bytes = std::fs::read(path).map_err(|cause| failed("read", path, &cause))?;
    let Some(accepted) = accepted(bytes) else { return Ok(Verdict::Damaged) };
    let now = story.to_string();
    if accepted.trim_end() == now.trim_end() {
        return Ok(Verdict::Same);
    }
    Ok(Verdict::Different(difference(&accepted, &now, in_colour)))
}

/// Accepts a story.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, story: &Story) -> io::Result<()> {
    admit(path)?;
    let text = format!("---\nsource: watchbell test\nexpression: story\n---\n{}\n", story.to_string().trim_end());
    std::fs::write(path, text).map_err(|cause| failed("write", path, &cause))
}

/// The story in a snapshot, which stands after its header.
fn accepted(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    let is_mark = |line: &&str| line.trim_end() == "---";
    lines.next().filter(is_mark)?;
    lines.find(is_mark)?;
    Some(lines.collect::<Vec<_>>().join("\n"))
}

fn failed(deed: &str, path: &Path, cause: &io::Error) -> io::Error {
    io::Error::other(format!("cannot {deed} the snapshot `{}`: {cause}", path.display()))
}

/// A snapshot that is a link is read and written on this side of the border only.
fn admit(path: &Path) -> io::Result<()> {
    let outside = || io::Error::other(format!("the snapshot `{}` leads out of the repository", path.display()));
    if border::is_inside(path, path) { Ok(()) } else { Err(outside()) }
}

fn difference(accepted: &str, now: &str, in_colour: bool) -> String {
    let diff = TextDiff::from_lines(accepted.trim_end(), now.trim_end());
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(3).iter().enumerate() {
        if index > 0 {
            text.push_str("  ⋮\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, colour) = match change.tag() {
                ChangeTag::Delete => ('-', "\x1b[31m"),
                ChangeTag::Insert => ('+', "\x1b[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            let line = change.value().trim_end_matches('\n');
            let (on, off) = if in_colour && !colour.is_empty() { (colour, "\x1b[0m") } else { ("", "") };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{on}{sign} {line}{off}");
        }
    }
    text
}

/// What an alert does, tier by tier, and its value: `firing high, pending critical (value 112)`.
#[must_use]
pub fn text_of(alert: &Alert, tiers: &[Tier]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(forced) = &alert.forced {
        parts.push(format!("firing {} (by policy)", forced.severity));
    }
    for (state, tier) in alert.tiers.iter().zip(tiers) {
        let word = match state {
            TierState::Inactive => continue,
            TierState::Pending { .. } => "pending",
            TierState::Firing { .. } => "firing",
            TierState::Keeping { .. } => "kept firing",
        };
        parts.push(format!("{word} {}", tier.severity));
    }
    if parts.is_empty() {
        parts.push("inactive".into());
    }
    let value = if alert.value.is_nan() { String::new() } else { format!("  value {}", text::number(alert.value)) };
    format!("{}{value}", parts.join(", "))
}

/// A message as it reached somebody.
#[must_use]
pub fn message(notice: &Notice) -> String {
    let draft = &notice.draft;
    let mut lines = vec![format!("-> {}  {} ({})", draft.destination, text::headline(notice), text::reason(notice))];
    lines.extend(text::report(notice).map(|line| format!("     | {line}")));
    for alert in &notice.alerts {
        let mark = if alert.ended.is_some() { "over " } else { "" };
        lines.push(format!("     {mark}{}  {}", alert.labels, text::alert_line(alert)));
    }
    lines.join("\n")
}
