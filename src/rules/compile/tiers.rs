//! Tiers: one severity's condition and timing each.

use super::bounds::{self, WrittenBound};
use super::queries::Asked;
use super::{Compiler, alert, name_of, names};
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Place, Spanned, Text, codes};
use crate::model::{Name, Severity, Span};
use crate::rules::rule::{Bound, Clear, Condition, Tier};
use crate::rules::script::{Readable, Scope, Script};
use crate::rules::template::Template;
use crate::rules::written;
use std::sync::Arc;

/// What tiers take from their rule where they say nothing.
pub(super) struct Defaults {
    pub hold: Span,
    pub keep: Span,
    pub title: Option<Template>,
    pub actions: Vec<Name>,
}

/// What compiling a tier of one rule needs.
pub(super) struct TierCompiler<'a> {
    /// What the rule asks, where that could be understood.
    pub queries: Option<&'a Asked>,
    pub unit: Option<&'a Spanned<String>>,
    pub defaults: &'a Defaults,
    pub interval: Span,
}

impl TierCompiler<'_> {
    /// The tiers of `rule`, highest first.
    pub(super) fn compile_all(
        &mut self,
        rule: &written::Rule,
        alert: &Spanned<String>,
        compiler: &mut Compiler<'_>,
    ) -> Vec<Tier> {
        let written = rule.tiers.iter().flatten();
        if written.clone().next().is_none() {
            let finding = compiler.error(codes::WB040, "the rule has no tiers", alert.place, "it could never fire");
            finding.help("give at least one, as `tiers: { high: { above: 100 } }`");
        }
        let mut tiers: Vec<(Tier, Place)> = Vec::new();
        for (name, tier) in written {
            let Some(severity) = compiler.severity(name) else { continue };
            if let Some((_, first)) = tiers.iter().find(|(tier, _)| tier.severity == severity) {
                let message = format!("`{}` is the severity `{severity}` once more", name.value);
                compiler.error(codes::WB037, message, name.place, "").see(*first, "first here");
                continue;
            }
            let empty = written::Tier::default();
            let meant = self.compile(severity, name.place, tier.as_ref().unwrap_or(&empty), compiler);
            tiers.extend(meant.map(|tier| (tier, name.place)));
        }
        tiers.sort_by(|(a, _), (b, _)| b.severity.cmp(&a.severity));
        tiers.into_iter().map(|(tier, _)| tier).collect()
    }

    /// The tier `written` of `severity`. `at` is where it is named.
    pub(super) fn compile(
        &mut self,
        severity: Severity,
        at: Place,
        written: &written::Tier,
        compiler: &mut Compiler<'_>,
    ) -> Option<Tier> {
        let condition = self.condition(&severity, at, written, compiler);
        let title = written.title.as_ref().and_then(|title| compiler.template(title));
        let annotations = alert::templates(written.annotations.as_ref(), compiler);
        names::check_annotations(written.annotations.as_ref(), compiler);
        let actions = actions(written.actions.as_deref(), compiler);
        let (condition, clear, threshold) = condition?;
        Some(Tier {
            severity,
            condition,
            threshold,
            clear,
            hold: written.hold.map_or(self.defaults.hold, |hold| hold.value.0),
            keep: written.keep_firing_for.map_or(self.defaults.keep, |keep| keep.value.0),
            title: title.or_else(|| self.defaults.title.clone()),
            annotations,
            actions: actions.unwrap_or_else(|| self.defaults.actions.clone()),
        })
    }

    /// What makes the tier fire, what keeps it firing, and the bound as written.
    fn condition(
        &self,
        severity: &Severity,
        at: Place,
        written: &written::Tier,
        compiler: &mut Compiler<'_>,
    ) -> Option<(Condition, Option<Clear>, Name)> {
        let bounds = bounds::of_tier(written);
        match (bounds.as_slice(), &written.when) {
            ([bound], None) => self.bound(*bound, written, compiler),
            ([], Some(when)) => self.when(when, written, compiler),
            ([], None) => {
                let finding = compiler.error(codes::WB040, format!("the tier `{severity}` has no condition"), at, "");
                finding.help("give a bound, as `above: 100`, or a condition, as `when: \"tps < 5\"`");
                None
            }
            ([first, second, ..], _) => {
                refuse_second(severity, second.place, first.place, compiler);
                None
            }
            ([bound], Some(when)) => {
                refuse_second(severity, when.place, bound.place, compiler);
                None
            }
        }
    }

    fn bound(
        &self,
        bound: WrittenBound,
        written: &written::Tier,
        compiler: &mut Compiler<'_>,
    ) -> Option<(Condition, Option<Clear>, Name)> {
        if let Some(clear_when) = &written.clear_when {
            let message = "`clear_when` belongs to `when`; a bound has `clear`";
            compiler.error(codes::WB034, message, clear_when.place, "").see(bound.place, "this is a bound");
        }
        let meant = bound.understand(self.unit, compiler)?;
        let threshold = name_of(compiler.text_at(bound.place));
        let clear = match &written.clear {
            None => None,
            Some(written) => Some(Clear::Bound(bounds::clear(meant, bound.place, written, self.unit, compiler)?)),
        };
        Some((Condition::Bound(meant), clear, threshold))
    }

    fn when(
        &self,
        when: &Text,
        written: &written::Tier,
        compiler: &mut Compiler<'_>,
    ) -> Option<(Condition, Option<Clear>, Name)> {
        if let Some(clear) = &written.clear {
            let message = "`clear` belongs to a bound; a condition has `clear_when`";
            compiler.error(codes::WB034, message, clear.place, "").see(when.place, "this is a condition");
        }
        let condition = self.script(when, compiler);
        let clear = match &written.clear_when {
            None => Some(None),
            Some(text) => self.script(text, compiler).map(|script| Some(Clear::When(script))),
        };
        Some((Condition::When(condition?), clear?, name_of("")))
    }

    /// Compiles a condition, or tells all that is wrong with it. Without queries there is nothing to hold it against.
    fn script(&self, text: &Text, compiler: &mut Compiler<'_>) -> Option<Arc<Script>> {
        let asked = self.queries?;
        let labels = match asked.queries.as_slice() {
            [_] => Readable::Any,
            _ => Readable::Only(asked.join.iter().map(|label| &**label).collect()),
        };
        let queries = asked.queries.iter().map(|query| (&*query.name, query.history)).collect();
        match Script::compile(&text.value, &Scope { queries, labels, interval: self.interval }) {
            Ok(script) => Some(Arc::new(script)),
            Err(errors) => {
                for error in errors {
                    compiler.error(codes::WB043, error.message, text.place_of(error.range), "").help = error.help;
                }
                None
            }
        }
    }
}

fn refuse_second(severity: &Severity, at: Place, first: Place, compiler: &mut Compiler<'_>) {
    compiler
        .error(codes::WB040, format!("the tier `{severity}` has more than one condition"), at, "")
        .see(first, "the first one")
        .help("a tier is one condition; several belong into `when:`, joined by `&&`");
}

/// The bound of a target.
pub(super) fn target(
    target: &Spanned<written::Target>,
    unit: Option<&Spanned<String>>,
    compiler: &mut Compiler<'_>,
) -> Option<Bound> {
    match bounds::of_target(&target.value).as_slice() {
        [bound] => bound.understand(unit, compiler),
        [] => {
            let finding = compiler.error(codes::WB040, "`target` has no bound", target.place, "");
            finding.help("write for example `target: { at_most: 30 }`");
            None
        }
        [first, second, ..] => {
            compiler
                .error(codes::WB040, "`target` has more than one bound", second.place, "")
                .see(first.place, "the first one")
                .help("a range is `inside: [low, high]`");
            None
        }
    }
}

/// The actions that are named, where any are.
pub(super) fn actions(written: Option<&[Spanned<String>]>, compiler: &mut Compiler<'_>) -> Option<Vec<Name>> {
    let written = written?;
    for action in written {
        names::check_known(Some(action), "action", compiler);
    }
    Some(written.iter().map(|action| name_of(&action.value)).collect())
}

impl Compiler<'_> {
    /// The severity called `name`, or a word about it.
    pub(super) fn severity(&mut self, name: &Spanned<String>) -> Option<Severity> {
        let severities = &self.context.severities;
        let found = severities.find(&name.value).cloned();
        if found.is_none() {
            let names: Vec<String> = severities.iter().map(ToString::to_string).collect();
            let known = || format!("the configuration knows {}", names.join(", "));
            let help = did_you_mean(&name.value, names.iter().map(String::as_str)).unwrap_or_else(known);
            self.error(codes::WB037, format!("no severity is called `{}`", name.value), name.place, "").help(help);
        }
        found
    }
}
