//! What rules need to know of the configuration.

use crate::config::Settings;
use crate::model::Name;
use crate::rules::Context;
use std::collections::{BTreeMap, BTreeSet};

/// What rules depend on, out of `settings`. Without a configuration any name may be right.
pub fn context(settings: Option<&Settings>) -> Context {
    let Some(settings) = settings else { return Context::default() };
    Context {
        severities: settings.severities.clone(),
        sources: Some(names(&settings.sources)),
        default_source: settings.default_source.clone(),
        policies: Some(names(&settings.policies)),
        actions: Some(names(&settings.actions)),
        history_max_samples: settings.history_max_samples,
        remote_write: settings.remote_write.is_some(),
        ..Context::default()
    }
}

fn names<T>(all: &BTreeMap<Name, T>) -> BTreeSet<Name> {
    all.keys().cloned().collect()
}
