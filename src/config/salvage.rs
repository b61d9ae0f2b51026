//! What can still be read of a configuration of which a part has the wrong shape.
//!
//! That part is left out whole: a channel, a policy, a route. So everything else is checked in the same run, and its name
//! counts as known, so that nobody is told that a channel is missing which stands there with a mistake in it.

use super::written::Written;
use crate::diagnostics::{Findings, Place, codes};
use crate::yaml::{self, Kind, Node};

/// The keys under which the user gives names.
const NAMED: &[&str] = &[
    "prometheus",
    "external_labels",
    "response",
    "channels",
    "responders",
    "contacts",
    "teams",
    "schedules",
    "actions",
    "policies",
];

/// The keys under which there is a list.
const LISTS: &[&str] = &["include", "rules", "routes", "inhibit", "silences", "maintenance", "routines"];

/// The parts that were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut(Vec<(String, String)>);

impl LeftOut {
    /// The names that were left out under a key of the file.
    pub(super) fn names(&self, section: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == section).map(|(_, name)| name.as_str())
    }

    /// Whether anything was left out under a key of the file.
    pub(super) fn any(&self, section: &str) -> bool {
        self.names(section).next().is_some()
    }
}

/// Makes of `root` what can be made of it. What has to be left out is told, unless a finding points there already.
pub(super) fn salvage(mut root: Node, findings: &mut Findings) -> Option<(Written, LeftOut)> {
    let mut left_out = LeftOut::default();
    loop {
        match yaml::from_node::<Written>(&root) {
            Ok(written) => return Some((written, left_out)),
            Err(error) => {
                if !is_told(error.place, findings) {
                    findings.error(codes::WB014, error.message).at(error.place, "");
                }
                let (section, name) = leave_out(&mut root, error.place)?;
                // Whatever names a severity would be told that there is none.
                if section == "severities" {
                    return None;
                }
                left_out.0.push((section, name));
            }
        }
    }
}

/// Whether a finding says something about the value at `place`, or about a part of it.
fn is_told(place: Place, findings: &Findings) -> bool {
    let meets = |at: Place| at.source == place.source && at.start <= place.end && place.start <= at.end;
    findings.iter().any(|finding| finding.at.as_ref().is_some_and(|(at, _)| meets(*at)))
}

/// Takes the part that holds `place` out of the tree. Returns the key of the file and the name under it.
fn leave_out(root: &mut Node, place: Place) -> Option<(String, String)> {
    let Kind::Mapping(sections) = &mut root.kind else { return None };
    let at = sections.iter().position(|(key, value)| holds(key, place) || holds(value, place))?;
    let section = sections[at].0.as_str().unwrap_or_default().to_owned();
    let name = match &mut sections[at].1.kind {
        Kind::Mapping(entries) if NAMED.contains(&section.as_str()) => entries
            .iter()
            .position(|(_, value)| holds(value, place))
            .map(|at| entries.remove(at).0.as_str().unwrap_or_default().to_owned()),
        Kind::Sequence(items) if LISTS.contains(&section.as_str()) => {
            items.iter().position(|item| holds(item, place)).map(|at| items.remove(at).describe())
        }
        Kind::Mapping(_) | Kind::Sequence(_) | Kind::Scalar(_) => None,
    };
    if name.is_none() {
        sections.remove(at);
    }
    Some((section, name.unwrap_or_default()))
}

/// Whether `place` is where `node`, or something in it, begins.
fn holds(node: &Node, place: Place) -> bool {
    node.head() == place
        || node.items().iter().any(|item| holds(item, place))
        || node.entries().iter().any(|(key, value)| holds(key, place) || holds(value, place))
}
