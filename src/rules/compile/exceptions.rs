//! Exceptions: single fields of single tiers replaced for some series.

use super::tiers::TierCompiler;
use super::{Compiler, bounds, tiers};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::{Matchers, Severity};
use crate::rules::rule::{Bound, Exception, Kind, Tier};
use crate::rules::written;
use std::sync::Arc;

pub(super) fn compile(
    rule: &written::Rule,
    kind: Kind,
    tiers: &Arc<[Tier]>,
    target: Option<Bound>,
    tier_compiler: &mut TierCompiler<'_>,
    compiler: &mut Compiler<'_>,
) -> Vec<Exception> {
    let mut meant = Vec::new();
    for exception in rule.exceptions.iter().flatten() {
        let matchers = matchers(exception, compiler);
        let tiers = match kind {
            Kind::Plain => plain(exception, tiers, compiler),
            Kind::Extended => replaced(exception, rule, tiers, tier_compiler, compiler),
        };
        let own_target = exception.target.as_ref().map(|target| tiers::target(target, tier_compiler.unit, compiler));
        if exception.because.is_some() && exception.enabled.is_none_or(|enabled| enabled.value) {
            let place = exception.because.as_ref().map_or(exception.matches.place, |because| because.place);
            let message = "`because` says why an exception switches the rule off, and this one does not";
            compiler.error(codes::WB034, message, place, "").help("add `enabled: false`, or make it a comment");
        }
        let is_off = exception.enabled.is_some_and(|enabled| !enabled.value);
        let Some(matchers) = matchers else { continue };
        let tiers = if is_off { Arc::from([]) } else { tiers };
        meant.push(Exception { matchers, tiers, target: own_target.unwrap_or(target) });
    }
    meant
}

fn matchers(exception: &written::Exception, compiler: &mut Compiler<'_>) -> Option<Matchers> {
    let text = &exception.matches;
    match Matchers::parse(&text.value) {
        Ok(matchers) => Some(matchers),
        Err(error) => {
            let end = (error.offset + 1).min(text.value.len()).max(error.offset);
            compiler.error(codes::WB044, error.message, text.place_of(error.offset..end), "");
            None
        }
    }
}

/// In a plain rule there is one tier, and only its `for` can differ.
fn plain(exception: &written::Exception, tiers: &Arc<[Tier]>, compiler: &mut Compiler<'_>) -> Arc<[Tier]> {
    if let Some((name, _)) = exception.tiers.iter().flatten().next() {
        compiler.error(codes::WB044, "the rule has no tiers, so none can be replaced", name.place, "");
    }
    match exception.hold {
        None => tiers.clone(),
        Some(hold) => tiers.iter().cloned().map(|tier| Tier { hold: hold.value.0, ..tier }).collect(),
    }
}

fn replaced(
    exception: &written::Exception,
    rule: &written::Rule,
    tiers: &Arc<[Tier]>,
    tier_compiler: &mut TierCompiler<'_>,
    compiler: &mut Compiler<'_>,
) -> Arc<[Tier]> {
    let mut patches: Vec<(Severity, Place, Option<&written::Tier>)> = Vec::new();
    for (name, patch) in exception.tiers.iter().flatten() {
        let Some(severity) = compiler.severity(name) else { continue };
        if is_written(&severity, rule, compiler) {
            patches.push((severity, name.place, patch.as_ref()));
        } else {
            let message = format!("the rule has no tier `{}`", name.value);
            compiler.error(codes::WB044, message, name.place, "").help("an exception replaces; it cannot add a tier");
        }
    }
    let mut result = Vec::new();
    for tier in tiers.iter() {
        let patch = patches.iter().find(|(severity, ..)| *severity == tier.severity);
        match patch {
            Some((_, _, None)) => {}
            Some((severity, at, Some(patch))) => {
                let written = written_tier(severity, rule, compiler);
                let merged = written.map(|(_, base)| patched(base, patch));
                let merged = merged.map(|merged| with_hold(merged, exception));
                result.extend(merged.and_then(|merged| recompile(tier, *at, &merged, patch, tier_compiler, compiler)));
            }
            None => result.push(with_rule_hold(tier, exception, rule, compiler)),
        }
    }
    result.into()
}

/// The tier of `severity` as the rule writes it.
fn written_tier<'a>(
    severity: &Severity,
    rule: &'a written::Rule,
    compiler: &Compiler<'_>,
) -> Option<(&'a Spanned<String>, &'a written::Tier)> {
    let mut tiers = rule.tiers.iter().flatten();
    let found = tiers.find(|(name, _)| compiler.context.severities.find(&name.value) == Some(severity));
    found.and_then(|(name, tier)| Some((name, tier.as_ref()?)))
}

fn is_written(severity: &Severity, rule: &written::Rule, compiler: &Compiler<'_>) -> bool {
    written_tier(severity, rule, compiler).is_some()
}

/// `base` with what `patch` gives in its place. A new condition replaces the old one, whatever its form.
fn patched(base: &written::Tier, patch: &written::Tier) -> written::Tier {
    let has_condition = patch.when.is_some() || !bounds::of_tier(patch).is_empty();
    let condition = if has_condition { patch } else { base };
    let patch = patch.clone();
    let base = base.clone();
    let condition = condition.clone();
    written::Tier {
        above: condition.above,
        at_least: condition.at_least,
        below: condition.below,
        at_most: condition.at_most,
        outside: condition.outside,
        inside: condition.inside,
        equals: condition.equals,
        differs: condition.differs,
        when: condition.when,
        clear: patch.clear.or(base.clear),
        clear_when: patch.clear_when.or(base.clear_when),
        hold: patch.hold.or(base.hold),
        keep_firing_for: patch.keep_firing_for.or(base.keep_firing_for),
        title: patch.title.or(base.title),
        annotations: patch.annotations.or(base.annotations),
        actions: patch.actions.or(base.actions),
    }
}

/// The exception's own `for` stands in for the rule's.
fn with_hold(tier: written::Tier, exception: &written::Exception) -> written::Tier {
    written::Tier { hold: tier.hold.or(exception.hold), ..tier }
}

fn with_rule_hold(tier: &Tier, exception: &written::Exception, rule: &written::Rule, compiler: &Compiler<'_>) -> Tier {
    let has_own = written_tier(&tier.severity, rule, compiler).is_some_and(|(_, written)| written.hold.is_some());
    match exception.hold.filter(|_| !has_own) {
        Some(hold) => Tier { hold: hold.value.0, ..tier.clone() },
        None => tier.clone(),
    }
}

/// Compiles the merged tier. What is wrong with its condition is told at the patch, which made it so, and what was wrong
/// with the rule's own tier is not told again.
fn recompile(
    base: &Tier,
    at: Place,
    merged: &written::Tier,
    patch: &written::Tier,
    tier_compiler: &mut TierCompiler<'_>,
    compiler: &mut Compiler<'_>,
) -> Option<Tier> {
    let before = std::mem::take(&mut compiler.findings);
    let meant = tier_compiler.compile(base.severity.clone(), at, merged, compiler);
    let told = std::mem::replace(&mut compiler.findings, before);
    let patched_bound = bounds::of_tier(patch).first().map(|bound| bound.place);
    let mut news = Findings::default();
    for finding in told.iter().filter(|finding| !compiler.findings.iter().any(|known| known == *finding)) {
        let mut finding = finding.clone();
        // The rule's `clear` was good for the rule's bound; the exception's bound made it wrong.
        if let (true, Some(bound), Some((clear, label))) =
            (finding.code == codes::WB042 && patch.clear.is_none(), patched_bound, finding.at.clone())
        {
            finding.at = Some((bound, "with this bound".into()));
            finding.see = vec![(clear, if label.is_empty() { "the rule's `clear`".into() } else { label })];
            finding.help = Some("give the exception a `clear` of its own".into());
        }
        news.push(finding);
    }
    compiler.findings.append(news);
    meant
}
