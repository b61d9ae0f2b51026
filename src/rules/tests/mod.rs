//! Stories of rule files: what is meant by what is written, and what is said of mistakes.

mod language;
mod mistakes;
mod reload;
mod schema;

use super::{Context, Loaded, Rule, load_texts};
use crate::diagnostics::{Findings, Level, Sources, render};
use std::sync::Arc;

/// A file that was read.
struct Read {
    sources: Sources,
    findings: Findings,
    loaded: Loaded,
}

fn read_with(text: &str, context: &Context) -> Read {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load_texts(&[("rules.yaml".into(), text.into())], context, &mut sources, &mut findings);
    findings.sort();
    Read { sources, findings, loaded }
}

fn read(text: &str) -> Read {
    read_with(text, &Context::default())
}

/// One rule, in a group of its own.
fn read_rule(rule: &str) -> Read {
    read(&in_group(rule))
}

/// `rule`, a mapping, as the only rule of a file.
fn in_group(rule: &str) -> String {
    let indented = rule.lines().map(|line| format!("        {line}\n")).collect::<String>();
    format!("groups:\n  - name: chain\n    interval: 30s\n    rules:\n      -\n{indented}")
}

impl Read {
    /// `line:column code message`, one finding a line.
    fn told(&self) -> String {
        let lines = self.findings.iter().map(|finding| {
            let place = finding.at.as_ref().expect("every mistake in a file has a place").0;
            let at = self.sources.get(place.source).line_column(place.start);
            format!("{}:{} {} {}", at.line, at.column, finding.code, finding.message)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The alerts, where nothing is wrong.
    #[track_caller]
    fn alerts(&self) -> Vec<Arc<Rule>> {
        let shown = || render::human(&self.findings, &self.sources, false);
        assert_eq!(self.findings.count(Level::Error), 0, "{}", shown());
        self.loaded.set.groups.iter().flat_map(|group| group.alerts().cloned()).collect()
    }

    /// The only alert.
    #[track_caller]
    fn alert(&self) -> Arc<Rule> {
        let mut alerts = self.alerts();
        assert_eq!(alerts.len(), 1);
        alerts.remove(0)
    }
}
