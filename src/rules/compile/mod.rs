//! From rules as typed to rules as meant: one file at a time, whatever the other files say.
//!
//! Start at [`compile`]. It returns what it could build *and* the mistakes; whoever calls it decides whether a mistake
//! stops the show. What only all files together can tell (identities, inhibition, the history budget) is `join.rs`'s.

mod absence;
mod alert;
mod bounds;
mod exceptions;
mod firing;
mod group;
mod lower;
mod names;
mod queries;
mod record;
mod tiers;

pub(in crate::rules) use firing::scripts;

use super::allow::{Allow, Spot};
use super::rule::{Group, Record, Rule, Tier};
use super::template::Template;
use super::{Context, allow, written};
use crate::diagnostics::{Code, Finding, Findings, Place, Source, SourceId, Spanned, Text, codes};
use crate::model::Name;
use crate::promql::Expr;
use crate::yaml::Node;
use std::sync::Arc;

/// What became of one file.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// The groups, as far as they could be understood.
    pub groups: Vec<Arc<Group>>,
    /// The alerting rules with what was written, for lint.
    pub checked: Vec<Checked>,
    /// The recording rules with what was written, for lint.
    pub recorded: Vec<Recorded>,
    /// Where each rule stands, in the order of the file.
    pub spots: Vec<Spot>,
    /// What the comments of the file allow.
    pub allows: Vec<Allow>,
    /// Which alert is kept back by which, and where it says so.
    pub inhibitions: Vec<(Name, Name, Place)>,
    /// What is wrong.
    pub findings: Findings,
}

/// An alerting rule, as typed and as meant.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The group as typed, without its rules.
    pub group: Arc<written::Group>,
    /// The group's interval.
    pub interval: crate::model::Span,
    /// The rule as typed.
    pub written: Arc<written::Rule>,
    /// Where the tiers of the rule as meant are named, in their order.
    pub tier_places: Vec<Place>,
    /// The rule as meant.
    pub rule: Arc<Rule>,
}

/// A recording rule, as typed and as meant.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The group as typed, without its rules.
    pub group: Arc<written::Group>,
    /// The rule as typed.
    pub written: Arc<written::Rule>,
    /// The rule as meant.
    pub record: Arc<Record>,
}

impl Checked {
    /// The name of a tier as written, and what is written of it.
    #[must_use]
    pub fn written_tier(&self, tier: &Tier) -> Option<(&Spanned<String>, &written::Tier)> {
        let index = self.rule.tiers.iter().position(|own| own.severity == tier.severity)?;
        let place = self.tier_places.get(index)?;
        let (name, written) = self.written.tiers.iter().flatten().find(|(name, _)| name.place == *place)?;
        Some((name, written.as_ref()?))
    }
}

/// Understands the documents of one file, after the schema has had its say in `findings`.
#[must_use]
pub fn compile(source: SourceId, file: &Source, documents: &[Node], context: &Context, findings: Findings) -> Compiled {
    let mut compiler = Compiler { context, file, source, findings };
    let mut outcome = Compiled::default();
    let mut names = group::Names::default();
    for (index, document) in documents.iter().enumerate() {
        for group in lower::groups(document, &mut compiler.findings) {
            names.check(&group.written, index, &mut compiler);
            let compiled = group::compile(group, &mut compiler);
            outcome.groups.push(Arc::new(compiled.group));
            outcome.checked.extend(compiled.checked);
            outcome.recorded.extend(compiled.recorded);
        }
    }
    outcome.spots = allow::spots(documents);
    outcome.allows = allow::allows(source, file, documents, &outcome.spots, &mut compiler.findings);
    outcome.inhibitions = outcome.checked.iter().flat_map(inhibitions).collect();
    outcome.findings = compiler.findings;
    outcome
}

fn inhibitions(checked: &Checked) -> impl Iterator<Item = (Name, Name, Place)> {
    let inhibitors = checked.written.inhibited_by.iter().flatten();
    inhibitors.map(|inhibitor| (checked.rule.alert.clone(), name_of(&inhibitor.alert.value), inhibitor.alert.place))
}

/// What compiling any part of a file needs.
struct Compiler<'a> {
    context: &'a Context,
    file: &'a Source,
    source: SourceId,
    findings: Findings,
}

impl Compiler<'_> {
    fn error(&mut self, code: Code, message: impl Into<String>, at: Place, label: &str) -> &mut Finding {
        self.findings.error(code, message).at(at, label)
    }

    fn warn(&mut self, code: Code, message: impl Into<String>, at: Place, label: &str) -> &mut Finding {
        self.findings.warn(code, message).at(at, label)
    }

    /// What stands at `place` in the file.
    fn text_at(&self, place: Place) -> &str {
        self.file.text().get(place.range()).unwrap_or_default()
    }

    /// Parses a template, or tells why it is none.
    fn template(&mut self, text: &Text) -> Option<Template> {
        match Template::parse(&text.value) {
            Ok(template) => Some(template),
            Err(error) => {
                // Go names the template; here the caret shows it, and its line is counted from its start.
                let message = error.message.replace("{name}:", "line ");
                self.error(codes::WB035, message, text.place_of(error.range), "");
                None
            }
        }
    }

    /// Parses a PromQL expression, or tells why it is none.
    fn expr(&mut self, text: &Text) -> Option<Expr> {
        match Expr::parse(&text.value) {
            Ok(expr) => {
                self.refuse_experimental(&expr, text);
                Some(expr)
            }
            Err(error) => {
                self.error(codes::WB032, error.message, text.place_of(error.range), "");
                None
            }
        }
    }

    fn refuse_experimental(&mut self, expr: &Expr, text: &Text) {
        if self.context.experimental_promql {
            return;
        }
        if let Some((name, range)) = expr.experimental() {
            let message = format!("`{name}` is experimental: Prometheus refuses it unless told otherwise");
            self.error(codes::WB032, message, text.place_of(range), "");
        }
    }
}

/// Where `tiers` of a rule are named, in their order.
fn tier_places(tiers: &[Tier], rule: &written::Rule, context: &Context) -> Vec<Place> {
    let place_of = |tier: &Tier| {
        let mut written = rule.tiers.iter().flatten();
        written
            .find(|(name, _)| context.severities.find(&name.value) == Some(&tier.severity))
            .map(|(name, _)| name.place)
    };
    tiers.iter().filter_map(place_of).collect()
}

fn name_of(text: &str) -> Name {
    Name::from(text)
}
