//! WB055 · An exception that says what holds anyway.

use crate::diagnostics::{Findings, codes};
use crate::rules::written::Exception as Written;
use crate::rules::{Checked, Exception, Rule};

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    let exceptions: Vec<&Written> = rule.written.exceptions.iter().flatten().collect();
    // Only the last one: an earlier one may be there to keep series from those after it.
    let (Some(written), Some(meant)) = (exceptions.last(), rule.rule.exceptions.last()) else { return };
    if exceptions.len() != rule.rule.exceptions.len() {
        return;
    }
    if changes_nothing(meant, &rule.rule) {
        findings
            .warn(codes::WB055, "the exception says what holds anyway")
            .at(written.matches.place, "for these series nothing differs")
            .help("delete it");
        return;
    }
    for (name, _) in written.tiers.iter().flatten().filter(|(_, patch)| patch.is_some()) {
        let tier =
            rule.rule.tiers.iter().find(|tier| rule.written_tier(tier).is_some_and(|(own, _)| own.value == name.value));
        if let Some(tier) = tier.filter(|tier| meant.tiers.contains(tier)) {
            findings
                .warn(codes::WB055, format!("the exception repeats the tier `{}` as it is", tier.severity))
                .at(name.place, "")
                .help("delete this line");
        }
    }
}

fn changes_nothing(exception: &Exception, rule: &Rule) -> bool {
    exception.tiers == rule.tiers && exception.target == rule.target
}
