//! What is other than before in a configuration: in words, and as labels of what is not there any more. Pure.

use crate::config::collect::Collect;
use crate::model::Name;
use std::collections::BTreeMap;

/// What is other than before, in words.
pub(super) fn words(old: &Collect, new: &Collect) -> String {
    let mut all = changed("chain", &old.chains, &new.chains);
    all.extend(changed("application", &old.applications, &new.applications));
    let further = [
        (old.beacons != new.beacons, "`beacons`"),
        (old.operations != new.operations, "`operations`"),
        (old.health != new.health, "`health`"),
    ];
    all.extend(further.into_iter().filter(|(is_changed, _)| *is_changed).map(|(_, words)| words.to_owned()));
    if all.is_empty() { "nothing is other than before".into() } else { format!("changed: {}", all.join(", ")) }
}

fn changed<T: PartialEq>(kind: &str, old: &BTreeMap<Name, T>, new: &BTreeMap<Name, T>) -> Vec<String> {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let is_changed = |name: &&Name| old.get(*name) != new.get(*name);
    names.filter(is_changed).map(|name| format!("{kind} `{name}`")).collect()
}

/// The labels of what was there and is not any more.
pub(super) fn missing<'a, T>(
    label: &'static str,
    old: &'a BTreeMap<Name, T>,
    new: &BTreeMap<Name, T>,
) -> Vec<(&'static str, &'a Name)> {
    old.keys().filter(|name| !new.contains_key(*name)).map(|name| (label, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::collect::{Application, Beacons, Health};
    use crate::model::Labels;

    fn collect(applications: &[(&str, &str)]) -> Collect {
        let application = |(name, team): &(&str, &str)| {
            let labels = Labels::empty().with("team", *team);
            (Name::from(*name), Application { labels, endpoints: BTreeMap::new() })
        };
        Collect {
            listen: "127.0.0.1:9097".into(),
            state: "watchbell-collect.json".into(),
            chains: BTreeMap::new(),
            applications: applications.iter().map(application).collect(),
            beacons: None,
            operations: None,
            health: Health::default(),
        }
    }

    #[test]
    fn what_came_went_or_became_another_is_named_and_what_is_as_before_is_not() {
        let old = collect(&[("api", "a"), ("shop", "a"), ("web", "a")]);
        let new =
            Collect { beacons: Some(Beacons::default()), ..collect(&[("api", "b"), ("docs", "a"), ("web", "a")]) };
        let named = "changed: application `api`, application `shop`, application `docs`, `beacons`";
        assert_eq!((words(&old, &new).as_str(), words(&old, &old).as_str()), (named, "nothing is other than before"));
        let gone = missing("service", &old.applications, &new.applications);
        assert_eq!(gone, [("service", &Name::from("shop"))]);
    }
}
