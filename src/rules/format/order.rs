//! What stands where in a rule file, and in which order its keys are written.

/// What a value of a rule file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The whole document.
    File,
    /// The list of groups.
    Groups,
    /// A group.
    Group,
    /// The rules of a group.
    Rules,
    /// A rule.
    Rule,
    /// Tiers, by severity.
    Tiers,
    /// A tier.
    Tier,
    /// The exceptions of a rule.
    Exceptions,
    /// An exception.
    Exception,
    /// What good looks like.
    Target,
    /// Queries, by name.
    Queries,
    /// A query with more than its expression.
    Query,
    /// A PromQL expression.
    Expr,
    /// `{ tier, after }`.
    Timed,
    /// An alert that keeps this one back.
    Inhibitor,
    /// The alerts that keep this one back.
    Inhibitors,
    /// Anything whose order is its author's.
    Other,
}

const GROUP: &[&str] = &[
    "<<",
    "name",
    "source",
    "interval",
    "query_offset",
    "limit",
    "labels",
    "no_data",
    "on_error",
    "keep_firing_for",
    "policy",
    "forget_after",
    "rules",
];
const RULE: &[&str] = &[
    "<<",
    "alert",
    "record",
    "id",
    "moved_from",
    "enabled",
    "because",
    "expr",
    "queries",
    "join",
    "value",
    "identity",
    "unit",
    "target",
    "for",
    "keep_firing_for",
    "tiers",
    "exceptions",
    "no_data",
    "on_error",
    "forget_after",
    "inhibited_by",
    "policy",
    "actions",
    "labels",
    "title",
    "annotations",
];
const BOUNDS: [&str; 8] = ["above", "at_least", "below", "at_most", "outside", "inside", "equals", "differs"];
const TIER: &[&str] = &[
    "<<",
    "above",
    "at_least",
    "below",
    "at_most",
    "outside",
    "inside",
    "equals",
    "differs",
    "when",
    "clear",
    "clear_when",
    "for",
    "keep_firing_for",
    "title",
    "annotations",
    "actions",
];
const EXCEPTION: &[&str] = &["<<", "match", "enabled", "because", "target", "for", "tiers"];

impl Role {
    /// What the value of `key` is, or an item where there is no key.
    #[must_use]
    pub fn of(self, key: Option<&str>) -> Role {
        match (self, key) {
            (Role::File, Some("groups")) => Role::Groups,
            (Role::Groups, None) => Role::Group,
            (Role::Group, Some("rules")) => Role::Rules,
            (Role::Rules, None) => Role::Rule,
            (Role::Rule | Role::Query, Some("expr")) => Role::Expr,
            (Role::Queries, Some(_)) => Role::Query,
            (Role::Rule, Some("queries")) => Role::Queries,
            (Role::Rule | Role::Exception, Some("tiers")) => Role::Tiers,
            (Role::Tiers, Some(_)) => Role::Tier,
            (Role::Rule, Some("exceptions")) => Role::Exceptions,
            (Role::Exceptions, None) => Role::Exception,
            (Role::Rule | Role::Exception, Some("target")) => Role::Target,
            (Role::Rule, Some("inhibited_by")) => Role::Inhibitors,
            (Role::Inhibitors, None) => Role::Inhibitor,
            (Role::Group | Role::Rule, Some("no_data" | "on_error")) => Role::Timed,
            _ => Role::Other,
        }
    }

    /// Its keys in their order; none where the order is the author's.
    #[must_use]
    pub fn order(self) -> &'static [&'static str] {
        match self {
            Role::File => &["<<", "groups"],
            Role::Group => GROUP,
            Role::Rule => RULE,
            Role::Tier => TIER,
            Role::Exception => EXCEPTION,
            Role::Target => &BOUNDS,
            Role::Query => &["expr", "history"],
            Role::Timed => &["keep", "tier", "after"],
            Role::Inhibitor => &["alert", "equal"],
            Role::Groups
            | Role::Rules
            | Role::Tiers
            | Role::Exceptions
            | Role::Queries
            | Role::Expr
            | Role::Inhibitors
            | Role::Other => &[],
        }
    }

    /// The place of `key`; what is not known comes last.
    #[must_use]
    pub fn rank(self, key: &str) -> usize {
        let order = self.order();
        order.iter().position(|known| *known == key).unwrap_or(order.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_of_the_schema_has_its_place() {
        let schema = crate::rules::schema();
        let definitions =
            [("Group", Role::Group), ("Rule", Role::Rule), ("Tier", Role::Tier), ("Exception", Role::Exception)];
        for (name, role) in definitions {
            let properties = schema.pointer(&format!("/$defs/{name}/properties")).and_then(Value::as_object);
            let written: BTreeSet<&str> = properties.expect("it is defined").keys().map(String::as_str).collect();
            let ordered: BTreeSet<&str> = role.order().iter().copied().filter(|key| *key != "<<").collect();
            assert_eq!(written, ordered, "{name}");
        }
    }
}
