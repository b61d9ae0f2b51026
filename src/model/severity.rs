//! Severities: configured names in an order of their own.

use super::Name;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

/// One configured severity. The greater of two is the worse.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Severity {
    rank: u8,
    name: Name,
}

impl Severity {
    /// The severity `name` at `rank`; rank 0 is the highest.
    pub fn new(rank: u8, name: impl Into<Name>) -> Self {
        Severity { rank, name: name.into() }
    }

    /// Its name as configured.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its place in the configuration; 0 is the highest.
    #[must_use]
    pub fn rank(&self) -> u8 {
        self.rank
    }
}

impl PartialOrd for Severity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Severity {
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.cmp(&self.rank).then_with(|| self.name.cmp(&other.name))
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The severities of a configuration, highest first, with their aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities {
    list: Vec<(Severity, Vec<Name>)>,
    default: usize,
}

impl Severities {
    /// The severities `names` with aliases, highest first, and the name of the default one.
    /// Returns `None` where there are none, more than 255, or the default is not among them.
    #[must_use]
    pub fn new(names: Vec<(Name, Vec<Name>)>, default: &str) -> Option<Self> {
        let default = names.iter().position(|(name, _)| &**name == default)?;
        let list = names.into_iter().enumerate();
        let list = list.map(|(rank, (name, aliases))| Some((Severity::new(u8::try_from(rank).ok()?, name), aliases)));
        Some(Severities { list: list.collect::<Option<_>>()?, default })
    }

    /// The severity called `name`, by its own name or an alias.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Severity> {
        let by_name = self.list.iter().find(|(severity, _)| &**severity.name() == name);
        let by_alias = || self.list.iter().find(|(_, aliases)| aliases.iter().any(|alias| &**alias == name));
        by_name.or_else(by_alias).map(|(severity, _)| severity)
    }

    /// The severity that `name` means here. A word that means none is lower than all of them: it may be one of an earlier
    /// configuration.
    #[must_use]
    pub fn placed(&self, name: &str) -> Severity {
        self.find(name).cloned().unwrap_or_else(|| Severity::new(u8::MAX, name))
    }

    /// What stands under these names, by the severities that they mean here. Of two that mean the same, what stands under
    /// its own name counts, else the last.
    pub fn place_all<T>(&self, named: impl IntoIterator<Item = (Name, T)>) -> BTreeMap<Severity, T> {
        let mut by_severity = BTreeMap::new();
        let (own, others): (Vec<_>, Vec<_>) = named
            .into_iter()
            .map(|(name, it)| (self.placed(&name), name, it))
            .partition(|(it, name, _)| it.name() == name);
        by_severity.extend(others.into_iter().chain(own).map(|(severity, _, it)| (severity, it)));
        by_severity
    }

    /// The highest of them.
    #[must_use]
    pub fn highest(&self) -> &Severity {
        &self.list[0].0
    }

    /// What a rule has that names none.
    #[must_use]
    pub fn default_severity(&self) -> &Severity {
        &self.list[self.default].0
    }

    /// These severities with another default, which must be one of them.
    #[must_use]
    pub fn with_default(self, severity: &Severity) -> Self {
        let default = self.list.iter().position(|(known, _)| known == severity).unwrap_or(self.default);
        Severities { default, ..self }
    }

    /// Every word that means one of them, highest first: each name, then its aliases.
    pub fn words(&self) -> impl Iterator<Item = &Name> {
        self.list.iter().flat_map(|(severity, aliases)| std::iter::once(severity.name()).chain(aliases))
    }

    /// All of them, highest first.
    pub fn iter(&self) -> impl Iterator<Item = &Severity> {
        self.list.iter().map(|(severity, _)| severity)
    }
}

impl Default for Severities {
    /// What holds without a configuration: the four severities of the design's example.
    fn default() -> Self {
        let names: [(&str, &[&str]); 4] = [
            ("critical", &["page", "emergency"]),
            ("high", &["error"]),
            ("medium", &["warning"]),
            ("low", &["info", "none"]),
        ];
        let names = names.map(|(name, aliases)| (name.into(), aliases.iter().map(|&alias| alias.into()).collect()));
        Severities::new(names.into(), "medium").expect("the default is in the list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_configured_is_the_greatest() {
        let all = Severities::default();
        assert!(all.find("critical") > all.find("low"));
        assert_eq!(all.find("page"), all.find("critical"));
        assert_eq!(all.find("unheard-of"), None);
        let placed = all.place_all([("page".into(), 1), ("critical".into(), 2), ("emergency".into(), 3)]);
        assert_eq!(placed.into_values().collect::<Vec<_>>(), [2], "its own name counts");
        assert!(all.placed("unheard-of") < all.placed("info") && all.placed("page") == all.placed("critical"));
        assert_eq!(all.default_severity().name().as_str(), "medium");
    }
}
