//! Names: of labels and annotations, as Prometheus 3 takes them, and of things in the configuration.

use super::Compiler;
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Spanned, Text, codes};
use crate::model::Name;
use crate::yaml::Entries;
use std::collections::BTreeSet;

/// Tells which of `labels` cannot be a label. Any text can, in UTF-8, but nothing and `__name__`.
pub(super) fn check_labels(labels: Option<&Entries<Text>>, compiler: &mut Compiler<'_>) {
    for (name, _) in labels.into_iter().flatten() {
        check_label(name, compiler);
    }
}

/// Tells when `name` cannot be a label.
pub(super) fn check_label(name: &Spanned<String>, compiler: &mut Compiler<'_>) {
    match &*name.value {
        "" => drop(compiler.error(codes::WB033, "a label must have a name", name.place, "")),
        "__name__" => {
            let message = "invalid label name: `__name__` is the name of the metric";
            compiler.error(codes::WB033, message, name.place, "").help("delete it: alerts have no metric name");
        }
        _ => {}
    }
}

/// Tells which of `annotations` have no name.
pub(super) fn check_annotations(annotations: Option<&Entries<Text>>, compiler: &mut Compiler<'_>) {
    for (name, _) in annotations.into_iter().flatten().filter(|(name, _)| name.value.is_empty()) {
        compiler.error(codes::WB033, "an annotation must have a name", name.place, "");
    }
}

/// Tells when `named` is not among the sources, policies or actions of the configuration.
pub(super) fn check_known(named: Option<&Spanned<String>>, what: &str, compiler: &mut Compiler<'_>) {
    let context = compiler.context;
    let known: Option<&BTreeSet<Name>> = match what {
        "source" => context.sources.as_ref(),
        "policy" => context.policies.as_ref(),
        _ => context.actions.as_ref(),
    };
    let (Some(named), Some(known)) = (named, known) else { return };
    if known.contains(&*named.value) {
        return;
    }
    let nearest = did_you_mean(&named.value, known.iter().map(|name| &**name));
    let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let help = nearest.unwrap_or_else(|| match known.len() {
        0 => format!("the configuration names no {what}"),
        _ => format!("the configuration has {}", list()),
    });
    compiler.error(codes::WB047, format!("there is no {what} `{}`", named.value), named.place, "").help(help);
}
