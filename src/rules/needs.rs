//! What rules ask about: whoever plays some of them alone plays these too, or the answer is another.

use super::compile::scripts;
use super::rule::{Group, Rule, RuleSet};
use crate::model::RuleId;
use std::collections::BTreeSet;

impl RuleSet {
    /// The rules that are `wanted`, and those that they ask about, directly or by way of others: with `firing("Other")` in their
    /// group, with `inhibited_by` in any.
    #[must_use]
    pub fn needed(&self, wanted: impl Fn(&Group, &Rule) -> bool) -> BTreeSet<RuleId> {
        let all = || self.groups.iter().flat_map(|group| group.alerts().map(move |rule| (&**group, &**rule)));
        let mut open: Vec<(&Group, &Rule)> = all().filter(|(group, rule)| wanted(group, rule)).collect();
        let mut needed = BTreeSet::new();
        while let Some((group, rule)) = open.pop() {
            if needed.insert(rule.id) && rule.disabled.is_none() {
                open.extend(all().filter(|(other, one)| asks_about(group, rule, other, one)));
            }
        }
        needed
    }

    /// The same rules with every other one switched off, for the reason `why`.
    #[must_use]
    pub fn only_needed(&self, wanted: impl Fn(&Group, &Rule) -> bool, why: &str) -> RuleSet {
        let needed = self.needed(wanted);
        self.only(|_, rule| needed.contains(&rule.id), why)
    }
}

/// Whether what `rule` of `group` does hangs on what `one` of `other` does.
fn asks_about(group: &Group, rule: &Rule, other: &Group, one: &Rule) -> bool {
    let is_its_group = (&group.file, &group.name) == (&other.file, &other.name);
    let asks = || scripts(rule).any(|script| script.firing_names().contains(&one.alert));
    rule.inhibited_by.iter().any(|inhibitor| inhibitor.alert == one.alert) || (is_its_group && asks())
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::{Findings, Sources};
    use crate::rules::{Context, RuleSet, load_texts};

    const RULES: &str = r#"
groups:
  - name: gas
    rules:
      - { alert: Dear, expr: gas, tiers: { high: { above: 100 } } }
      - { alert: Busy, queries: { tps: tps }, tiers: { high: { when: 'tps > 5 && firing("Dear")' } } }
      - { alert: Slow, expr: delay > 5, inhibited_by: [{ alert: Busy }] }
      - { alert: Calm, expr: gas, tiers: { low: { below: 5 } } }
  - name: elsewhere
    rules:
      - { alert: Dear, expr: other > 1 }
      - { alert: Deaf, expr: other > 2, inhibited_by: [{ alert: Slow }] }
"#;

    fn rules() -> RuleSet {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let files = [("rules.yaml".into(), RULES.into())];
        let set = load_texts(&files, &Context::default(), &mut sources, &mut findings).set;
        assert!(!findings.has_errors(), "{}", crate::diagnostics::render::human(&findings, &sources, false));
        set
    }

    #[test]
    fn a_rule_needs_whatever_it_asks_about_in_its_group_and_whatever_inhibits_it_in_any() {
        let rules = rules();
        let needed = |name: &str| {
            let some = rules.only_needed(|_, rule| *rule.alert == *name, "not asked for");
            let all = some.groups.iter().flat_map(|group| group.alerts().map(move |rule| (group, rule)));
            let used = all.filter(|(_, rule)| rule.disabled.is_none());
            used.map(|(group, rule)| format!("{}/{}", group.name, rule.alert)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(needed("Calm"), "gas/Calm");
        assert_eq!(needed("Busy"), "gas/Dear gas/Busy");
        assert_eq!(needed("Deaf"), "gas/Dear gas/Busy gas/Slow elsewhere/Deaf");
    }
}
