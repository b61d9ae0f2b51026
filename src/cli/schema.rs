//! `watchbell schema`: what editors need to help with our files.

use super::{Answer, CommandError, output, paths};
use crate::config::Settings;
use crate::diagnostics::{Findings, Sources};
use crate::{config, replay, rules};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;

/// Print the JSON Schema of a kind of file.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// The kind of file.
    #[arg(value_enum)]
    kind: Kind,
    /// With the names of this project's configuration: severities, policies, sources and actions in rules, and whom one can
    /// tell in the configuration, for an editor to offer.
    #[arg(long)]
    project: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Rule files.
    Rules,
    /// `watchbell.yaml`.
    Config,
    /// Scenario files.
    Scenario,
}

impl Schema {
    /// Prints the schema.
    ///
    /// # Errors
    /// When it cannot be written, or the configuration cannot be read.
    pub fn run(&self, configuration: Option<&Path>) -> Result<Answer, CommandError> {
        let mut schema = match self.kind {
            Kind::Rules => rules::schema(),
            Kind::Config => config::schema(),
            Kind::Scenario => replay::schema(),
        };
        if self.project {
            let settings = settings(paths::configuration(configuration)?)?;
            match self.kind {
                Kind::Rules => name_in_rules(&mut schema, &settings),
                Kind::Config => name_in_configuration(&mut schema, &settings),
                Kind::Scenario => {}
            }
        }
        output::print(&format!("{schema:#}\n"))?;
        Ok(Answer::Good)
    }
}

/// The settings, as far as they can be understood: an editor is asked while somebody is typing.
fn settings(path: &Path) -> Result<Settings, CommandError> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = config::load(path, Timestamp::now(), &mut sources, &mut findings);
    let cannot = || CommandError::Usage(format!("`{}` cannot be read as a configuration", path.display()));
    loaded.map(|loaded| loaded.settings).ok_or_else(cannot)
}

fn names<'a, T: ToString + 'a>(names: impl Iterator<Item = T>) -> Vec<Value> {
    names.map(|name| Value::from(name.to_string())).collect()
}

/// Rules can name nothing but what the configuration has.
fn name_in_rules(schema: &mut Value, settings: &Settings) {
    let severities = words_of_severities(settings);
    let policies = names(settings.policies.keys());
    let actions = names(settings.actions.keys());
    let sources = names(settings.sources.keys());
    for (definition, key) in [("Rule", "tiers"), ("Exception", "tiers")] {
        set(schema, definition, key, "propertyNames", json!({ "enum": severities }));
    }
    for definition in ["TimedNoData", "TimedOnError"] {
        limit(schema, definition, "tier", &severities);
    }
    for definition in ["Group", "Rule"] {
        limit(schema, definition, "policy", &policies);
    }
    limit(schema, "Group", "source", &sources);
    for definition in ["Rule", "Tier"] {
        set(schema, definition, "actions", "items", json!({ "type": "string", "enum": actions }));
    }
}

/// The severities and their aliases, which a rule may use as well.
fn words_of_severities(settings: &Settings) -> Vec<Value> {
    names(settings.severities.words())
}

fn limit(schema: &mut Value, definition: &str, key: &str, allowed: &[Value]) {
    // An empty list would refuse everything, and `null` is what a key without a value says.
    if !allowed.is_empty() {
        let allowed: Vec<Value> = allowed.iter().cloned().chain([Value::Null]).collect();
        set(schema, definition, key, "enum", allowed.into());
    }
}

fn set(schema: &mut Value, definition: &str, key: &str, word: &str, value: Value) {
    let property = schema.pointer_mut(&format!("/$defs/{definition}/properties/{key}"));
    if let Some(property) = property.and_then(Value::as_object_mut) {
        property.insert(word.to_owned(), value);
    }
}

/// The configuration says itself which of its texts name a target, and which a severity: these are offered, not demanded,
/// because their names are being written in this very file.
fn name_in_configuration(schema: &mut Value, settings: &Settings) {
    let with = |prefix: &str, name: &dyn ToString| format!("{prefix}{}", name.to_string());
    let targets = settings.channels.keys().map(|name| with("", name));
    let targets = targets.chain(settings.responders.keys().map(|name| with("responder:", name)));
    let targets = targets.chain(settings.teams.keys().map(|name| with("team:", name)));
    let targets = targets.chain(settings.schedules.keys().map(|name| with("schedule:", name)));
    let targets = names(targets.chain(settings.contacts.keys().map(|name| with("contact:", name))));
    let severities = names(settings.severities.iter());
    offer(schema, &|says| match says {
        "a target" => Some(&targets),
        "a severity" => Some(&severities),
        _ => None,
    });
}

fn offer<'a>(schema: &mut Value, what: &impl Fn(&str) -> Option<&'a Vec<Value>>) {
    match schema {
        Value::Object(object) => {
            if let Some(names) = object.get("x-says").and_then(Value::as_str).and_then(what) {
                object.insert("examples".into(), names.clone().into());
            }
            object.values_mut().for_each(|value| offer(value, what));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| offer(value, what)),
        _ => {}
    }
}
