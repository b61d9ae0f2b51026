//! Receivers: each of their integrations becomes a channel. Secrets are never copied: a variable of the environment is
//! named for each, or the file that it lies in.

mod kinds;

use super::claim;
use crate::diagnostics::Place;
use crate::import::Notes;
use crate::import::fields::Fields;
use crate::import::page::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What receivers became.
#[derive(Default)]
pub(super) struct Receivers {
    /// For each receiver its channels, in order.
    pub of: BTreeMap<String, Vec<String>>,
    /// The channels, in the order of the file.
    pub channels: Vec<(String, Value)>,
    /// Those of them that wake people and remind them by themselves.
    pub pagers: BTreeSet<String>,
}

/// The names of the receivers that are defined.
pub(super) fn names(fields: &Fields<'_>) -> BTreeSet<String> {
    let nodes = fields.take("receivers").map(crate::yaml::Node::items).unwrap_or_default();
    nodes.iter().filter_map(|node| node.get("name")?.as_str()).map(str::to_owned).collect()
}

/// Reads the receivers; `global` is what holds where they say nothing, and `undefined` are those that are not among them.
pub(super) fn read(
    fields: &Fields<'_>,
    global: &Fields<'_>,
    undefined: &BTreeMap<String, Place>,
    notes: &mut Notes,
) -> Receivers {
    let mut receivers = Receivers::default();
    let mut secrets = Secrets::default();
    for node in fields.list("receivers", notes) {
        let Some(own) = Fields::of(node, "a receiver", notes) else { continue };
        let Some(name) = own.text("name", notes) else {
            notes.left(own.place(), "a receiver without a name", "give it one");
            continue;
        };
        if receivers.of.contains_key(name) {
            notes.left(own.place(), format!("a second receiver `{name}`"), "rename one of them");
            continue;
        }
        let mut made = Vec::new();
        for kind in kinds::ALL {
            for (at, item) in own.list(kind.key, notes).iter().enumerate() {
                let Some(integration) = Fields::of(item, "an integration", notes) else { continue };
                let mut hand =
                    kinds::Hand { receiver: name, number: at, own: &integration, global, secrets: &mut secrets, notes };
                made.push((kind, (kind.make)(&mut hand)));
                leave_rest(kind, &integration, notes);
            }
        }
        own.leave_rest(
            &format!("the receiver `{name}`"),
            "unknown to Watchbell",
            "pass it on by a `webhook` channel",
            notes,
        );
        let channels = name_them(name, made, &mut receivers);
        receivers.of.insert(name.to_owned(), channels);
    }
    for (name, place) in undefined {
        stand_in(name, *place, &mut receivers, &mut secrets, notes);
    }
    receivers
}

/// A channel in the place of a receiver that is not there, or whose section is broken: the tree of routes stays as it is, and
/// no alert goes to nobody because of it.
fn stand_in(name: &str, place: Place, receivers: &mut Receivers, secrets: &mut Secrets, notes: &mut Notes) {
    let variable = secrets.name(&format!("{name}_url"));
    let what = format!("the receiver `{name}`, which is not there: a webhook channel stands in its place");
    let advice = format!("define it, or put an address into the variable `{variable}`, or write it into the channel");
    notes.left(place, what, advice);
    let channel = free_name(tidy(name), receivers);
    receivers.channels.push((channel.clone(), Value::map([("webhook", Value::map([("url", env(&variable))]))])));
    receivers.of.insert(name.to_owned(), vec![channel]);
}

/// One channel is called as its receiver is; of several each has its kind behind it.
fn name_them(receiver: &str, made: Vec<(&kinds::Kind, Value)>, receivers: &mut Receivers) -> Vec<String> {
    let is_one = made.len() == 1;
    let mut names = Vec::new();
    for (kind, channel) in made {
        let base = if is_one { tidy(receiver) } else { format!("{}-{}", tidy(receiver), kind.word) };
        let name = free_name(base, receivers);
        if kind.is_pager {
            receivers.pagers.insert(name.clone());
        }
        receivers.channels.push((name.clone(), channel));
        names.push(name);
    }
    names
}

/// `base`, with a number behind it where another channel is called so.
fn free_name(base: String, receivers: &Receivers) -> String {
    let taken = |name: &str| receivers.channels.iter().any(|(known, _)| known == name);
    let numbered = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
    numbered.into_iter().find(|name| !taken(name)).unwrap_or(base.clone())
}

/// A name as Watchbell allows it: no colon, no space around it.
pub(super) fn tidy(name: &str) -> String {
    let name: String = name.trim().chars().map(|c| if c == ':' || c.is_control() { '-' } else { c }).collect();
    if name.is_empty() { "receiver".into() } else { name }
}

/// What an integration says that no channel can.
fn leave_rest(kind: &kinds::Kind, fields: &Fields<'_>, notes: &mut Notes) {
    if fields.flag("send_resolved", notes) == Some(false) {
        let what = "`send_resolved: false`: whoever heard of an alert hears of its end";
        notes.differs(fields.place_of("send_resolved"), what, "nothing to do");
    }
    let why = "messages are laid out by Watchbell";
    fields.leave_rest(
        &format!("`{}`", kind.key),
        why,
        "nothing, unless one of them is about how the other side is reached",
        notes,
    );
}

/// Where secrets go: the same one to the same variable.
#[derive(Default)]
pub(super) struct Secrets {
    by_value: HashMap<String, String>,
    names: BTreeSet<String>,
}

impl Secrets {
    /// The variable for a secret that stands in the file, which is noted and not copied.
    fn variable(&mut self, value: &str, wish: &str, place: Place, what: &str, notes: &mut Notes) -> Value {
        if let Some(known) = self.by_value.get(value) {
            return env(known);
        }
        let name = self.name(wish);
        self.by_value.insert(value.to_owned(), name.clone());
        notes.secret(
            place,
            format!("{what} is not copied"),
            format!("put it into the variable `{name}`, or write `{{ file: PATH }}`"),
        );
        env(&name)
    }

    /// A name for a variable that no other has.
    fn name(&mut self, wish: &str) -> String {
        let words = wish.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let base = words.map(str::to_ascii_uppercase).collect::<Vec<_>>().join("_");
        let base = if claim::is_plain(&base) { base } else { format!("_{base}") };
        let numbered = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}_{n}") });
        let name = numbered.into_iter().find(|name| !self.names.contains(name)).unwrap_or(base.clone());
        self.names.insert(name.clone());
        name
    }
}

fn env(name: &str) -> Value {
    Value::map([("env", Value::text(name))])
}
