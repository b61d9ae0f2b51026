//! The service configuration: `watchbell.yaml` → [`Settings`].
//!
//! [`load`] reads the file and what it includes, holds it against the schema of [`written`], and compiles what is meant.
//! Whether a configuration is valid depends on its text alone: what depends on the date is a warning, and
//! [`depends_on_date`] knows it, so that a start and a reload can log it and go on.
//!
//! Absent on purpose: the values of secrets, the clock, rule files.

mod compile;
mod files;
mod include;
mod salvage;
pub mod secret;
mod settings;
#[cfg(test)]
mod tests;
pub mod written;

pub use compile::{depends_on_date, is_name};
pub use files::{Border, Files, GlobError, fixed_part, is_wild};
pub use secret::{Revealed, Secret, SecretError};
pub use settings::collect;
pub use settings::{
    Action, Auth, Budgets, Channel, ChannelKind, Chat, ChatId, Checks, Dates, Deed, Digest, Escalation,
    ExpectedHeartbeat, Flapping, Format, Heartbeats, Inhibit, Ladder, Layer, Level, Mailbox, Maintenance,
    OpsgenieResponder, Override, Ping, Policy, QuietHours, Reach, RemoteWrite, Repeat, Report, Resolve, Responder,
    Response, Retention, Role, Rotation, Route, Routine, Schedule, SentHeartbeat, Sentry, Settings, SignedLinks,
    Silence, Source, Stakeholders, Step, Store, Target, Tls, Token, Window, Zone, is_mattermost_id,
};

use crate::diagnostics::{Findings, Place, SourceId, Sources, Spanned};
use crate::yaml::Validator;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use written::Written;

/// Compiled once and kept, unlike that of rule files: `test` reads a configuration for each scenario, and compiling would be most of
/// what that costs.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| Validator::new(schema()));

/// A configuration and the files that it was made of.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is meant. Where there were errors, as much of it as could be understood.
    pub settings: Settings,
    /// The files of the configuration, the first one first.
    pub sources: Vec<SourceId>,
    /// The rule files that it names, sorted.
    pub rule_files: Vec<PathBuf>,
    /// Where its actions are named.
    pub actions: Vec<Spanned<String>>,
    /// Where its policies are named.
    pub policies: Vec<Spanned<String>>,
    /// What `watchbell collect` needs of its machine.
    pub needed: Needed,
}

/// What `watchbell collect` needs of the machine on which it starts, and where it is written.
#[derive(Clone, Debug, Default)]
pub struct Needed {
    /// The file of its state, where it is named; else `collect:` itself.
    pub state: Option<Place>,
    /// Its parts: `listen` and `state`, where they are named, else `collect:` itself; `chain NAME`, `application NAME`.
    pub parts: BTreeMap<String, Place>,
    /// Whom endpoints trust, and how we show ourselves to them.
    pub trust: Vec<Spanned<Tls>>,
    /// The addresses of nodes, which it needs at once.
    pub nodes: Vec<Spanned<Secret>>,
    /// What it looks up at each use.
    pub secrets: Vec<Spanned<Secret>>,
}

/// Reads the configuration at `path`, with all that it includes. What has a date is judged at `now`.
///
/// Returns what could be understood, even beside errors: whether these stop the show is for the caller to decide.
/// `None` where nothing could be: the file cannot be read, or is something else altogether.
pub fn load(path: &Path, now: Timestamp, sources: &mut Sources, findings: &mut Findings) -> Option<Loaded> {
    load_from(&Files::beside(path), path, now, sources, findings)
}

/// Like [`load`], from `files`: the disk, or texts that were kept.
pub fn load_from(
    files: &Files,
    path: &Path,
    now: Timestamp,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Option<Loaded> {
    let gathered = include::gather(files, path, &VALIDATOR, sources, findings);
    let (written, left_out) = match gathered.root {
        Some(root) => salvage::salvage(root, findings)?,
        None if gathered.is_readable => Default::default(),
        None => return None,
    };
    let mut settings = compile::compile(&written, &left_out, now, findings);
    let rule_files = rule_files(files, path, &written, sources, &mut settings, findings);
    let actions = written.actions.iter().map(|(name, _)| name.clone()).collect();
    let policies = written.policies.iter().map(|(name, _)| name.clone()).collect();
    let needed = compile::needed(&written);
    Some(Loaded { settings, sources: gathered.sources, rule_files, actions, policies, needed })
}

/// The JSON Schema of `watchbell.yaml`.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Written).into()
}

/// The files that `rules` names, each glob seen from the file that it stands in. `settings.rules` are seen from the first.
fn rule_files(
    files: &Files,
    first: &Path,
    written: &Written,
    sources: &Sources,
    settings: &mut Settings,
    findings: &mut Findings,
) -> Vec<PathBuf> {
    let home = files::folder_of(first);
    let mut found = Vec::new();
    settings.rules.clear();
    for glob in &written.rules {
        let folder = files::folder_of(sources.get(glob.place().source).path());
        found.extend(include::matching(files, &folder, glob.as_str(), glob.place(), findings).unwrap_or_default());
        let inner = folder.strip_prefix(&home).unwrap_or(&folder);
        settings.rules.push(inner.join(glob.as_str()).to_string_lossy().into_owned());
    }
    found.sort();
    found.dedup();
    found
}
