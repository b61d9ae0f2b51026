//! Alertmanager's configuration as a part of `watchbell.yaml`.
//!
//! Start at [`translate`]. The tree of routes becomes a list in which the first that matches wins ([`flatten`]), what routes
//! say of `severity` becomes rows of the matrix ([`severity`]), receivers become channels, time intervals windows of
//! maintenance. The same receivers hear of every alert; what is different is noted with its place, and what cannot be said
//! is left out and listed. No secret is ever copied. Absent on purpose: templates of messages.

mod claim;
mod flatten;
mod inhibit;
mod intervals;
mod policies;
mod receivers;
mod severity;
mod tree;

use super::fields::Fields;
use super::page::{self, Value};
use super::{Imported, Notes, mistake_in};
use crate::yaml::{Kind, Node};
use claim::Claim;
use std::collections::BTreeMap;

/// Why nothing of a file can be translated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// It has no routes.
    #[error("it has no `route`, so nobody hears of anything")]
    NoRoute,
    /// What came out is no good configuration: our mistake.
    #[error("a mistake in Watchbell: what came out is no good configuration ({0}); please report it")]
    Mistake(String),
}

/// Translates a configuration that was read as `document`; `file` is what it is called.
///
/// # Errors
/// Says why nothing of it can be translated.
pub fn translate(document: &Node, file: &str) -> Result<Imported, Untranslatable> {
    let mut notes = Notes::default();
    let nothing = Node { place: document.place, kind: Kind::Mapping(Vec::new()) };
    let fields = Fields::of(document, "the file", &mut notes).ok_or(Untranslatable::NoRoute)?;
    let global = fields.take("global").and_then(|node| Fields::of(node, "`global`", &mut notes));
    let global = match global {
        Some(global) => global,
        None => Fields::of(&nothing, "`global`", &mut notes).ok_or(Untranslatable::NoRoute)?,
    };
    let names = receivers::names(&fields);
    let root = fields.take("route").filter(|node| !node.is_null()).ok_or(Untranslatable::NoRoute)?;
    let tree = tree::read(root, &names, &mut notes).ok_or(Untranslatable::NoRoute)?;
    let receivers = receivers::read(&fields, &global, &tree.undefined, &mut notes);
    let intervals = intervals::read(&fields, &mut notes);
    let rules = inhibit::read(&fields, &mut notes);
    leave_rest(&fields, &global, &mut notes);

    let of_routes = tree.routes.iter().flat_map(|route| route.severity.iter().cloned());
    let claims: Vec<Claim> = of_routes.chain(inhibit::severity_claims(&rules)).collect();
    let severities = severity::told_apart(&claims);
    for route in &tree.routes {
        for what in route.severity.iter().filter_map(severity::unknown_words) {
            notes.differs(route.place, what, "add the words that your alerts have to `aliases` of `severities`");
        }
    }
    for word in &severities.unranked {
        let what = format!("how bad `{word}` is: nobody says it");
        notes.differs(document.head(), what, "move it to its place among `severities`, worst first");
    }
    let flat = flatten::flatten(&tree, &severities);
    let ground =
        policies::Ground { tree: &tree, severities: &severities, receivers: &receivers, intervals: &intervals };
    let sections = ground.sections(&flat, &mut notes);
    let inhibit = inhibit::section(&rules, &severities, &mut notes);

    let counts = BTreeMap::from([
        ("channels", receivers.channels.len()),
        ("policies", sections.policies.len()),
        ("routes", sections.routes.len()),
        ("inhibit", inhibit.len()),
        ("maintenance", sections.maintenance.len()),
    ]);
    let channels = receivers
        .of
        .iter()
        .flat_map(|(receiver, channels)| channels.iter().map(move |channel| (channel.clone(), receiver.clone())));
    let channels = channels.collect();
    let mut page = Vec::new();
    if !severities.are_usual {
        let default = &severities.list[severities.default].name;
        page.extend([("severities", severities.section()), ("default_severity", Value::text(default))]);
    }
    page.extend([
        ("channels", Value::Map(receivers.channels)),
        ("policies", Value::Map(sections.policies)),
        ("routes", Value::List(sections.routes)),
        ("inhibit", Value::List(inhibit)),
        ("maintenance", Value::List(sections.maintenance)),
    ]);
    let text = page::print(&lead(file), &page);
    match mistake_in(&text) {
        Some(mistake) => Err(Untranslatable::Mistake(mistake)),
        None => Ok(Imported { text, notes: notes.sorted(), counts, channels }),
    }
}

fn lead(file: &str) -> Vec<String> {
    let shown: String = file.chars().filter(|c| !c.is_control()).collect();
    vec![
        format!("Made of `{shown}` by `watchbell import alertmanager`."),
        "A part of watchbell.yaml: `prometheus`, `rules` and people are yours to add. Nobody is on call here yet:"
            .into(),
        "levels with `after:` and `schedule:` targets are what Alertmanager has no words for (docs/escalation.md)."
            .into(),
    ]
}

fn leave_rest(fields: &Fields<'_>, global: &Fields<'_>, notes: &mut Notes) {
    if global.take("resolve_timeout").is_some_and(|node| !node.is_null()) {
        let what = "`resolve_timeout`: an alert ends when its rule or its sender says so";
        notes.left(global.place_of("resolve_timeout"), what, "nothing to do");
    }
    if fields.take("templates").is_some_and(|node| !node.items().is_empty()) {
        let what = "`templates`: messages are laid out by Watchbell, from the annotations of the rules";
        notes.left(fields.place_of("templates"), what, "move what people need into annotations");
    }
    global.leave_rest(
        "`global`",
        "nothing here needs it",
        "nothing, unless a channel has to be reached in a way of its own",
        notes,
    );
    fields.leave_rest("the file", "unknown to Watchbell", "check what it is for", notes);
}
