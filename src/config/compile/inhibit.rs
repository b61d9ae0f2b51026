//! Inhibition: what holds back what. A circle would hold everything back, or nothing, by chance.

use super::matchers::covers;
use super::{Ground, circle, reading};
use crate::config::settings::Inhibit;
use crate::config::written;
use crate::diagnostics::{Findings, Place, Spanned, codes};

/// All inhibitions.
pub(super) fn inhibit(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Inhibit> {
    let rules: Vec<(Inhibit, Place)> = ground
        .written
        .inhibit
        .iter()
        .filter_map(|written| Some((one(ground, written, findings)?, written.place)))
        .collect();
    circles(&rules, findings);
    rules.into_iter().map(|(rule, _)| rule).collect()
}

fn one(ground: &Ground<'_>, written: &Spanned<written::Inhibit>, findings: &mut Findings) -> Option<Inhibit> {
    let (source, target) =
        (ground.matchers(&written.value.source, findings), ground.matchers(&written.value.target, findings));
    let equal = reading::label_names(&written.value.equal, findings);
    Some(Inhibit { source: source?, target: target?, equal })
}

/// Only what is certain is told: everything that one holds back is a source of the next, and so on round.
fn circles(rules: &[(Inhibit, Place)], findings: &mut Findings) {
    let feeds = |from: usize, to: usize| covers(&rules[to].0.source, &rules[from].0.target);
    let next = |from: usize| (0..rules.len()).filter(|to| feeds(from, *to)).collect();
    for way in circle::circles(rules.len(), next) {
        let (message, label) = match way.as_slice() {
            [_] => ("this inhibition holds back its own sources", "every target is a source as well"),
            _ => ("these inhibitions hold back each other's sources", "leads back here"),
        };
        let finding = findings.error(codes::WB137, message).at(rules[way[0]].1, label);
        for at in &way[1..] {
            finding.see(rules[*at].1, "by way of this");
        }
        finding.help("let the more general alert hold back the more special one, and not the other way round");
    }
}
