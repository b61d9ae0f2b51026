//! Holding a tree against a JSON Schema, and telling each difference at its place in plain words.
//!
//! The schema describes the file for editors, too, so it is a little stricter than what we take: null counts as not
//! written, a text may be any scalar, and `yes` is true where a boolean is wanted. Such differences are excused here.
//! A subschema may carry `x-says`, our words for what it takes (`a duration`).

use super::lower::one_of;
use super::node::{Kind, Node};
use super::view::{Tree, View};
use super::wording::{Wants, bound, shown};
use crate::diagnostics::{Findings, codes, suggest};
use jsonschema::error::{TypeKind, ValidationErrorKind as Error};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

/// A compiled schema.
pub struct Validator {
    compiled: jsonschema::Validator<Tree>,
    schema: Value,
}

impl Validator {
    /// Compiles `schema`, which is one of our own.
    ///
    /// # Panics
    /// When it is not a valid schema.
    #[must_use]
    pub fn new(schema: Value) -> Self {
        let compiled = jsonschema::options_for::<Tree>().build(&schema).expect("our schemas are valid");
        Validator { compiled, schema }
    }

    /// Tells every difference between `node` and the schema. Returns whether there was none.
    pub fn validate(&self, node: &Node, findings: &mut Findings) -> bool {
        let errors: Vec<_> = self.compiled.iter_errors(View::Node(node)).collect();
        let errors: Vec<_> = errors.iter().filter(|error| !is_excused(error, node)).collect();
        for error in &errors {
            self.tell(error, node, findings);
        }
        errors.is_empty()
    }

    fn tell(&self, error: &ValidationError<'_>, root: &Node, findings: &mut Findings) {
        let (key, node) = find(root, error);
        let of_key = key.map_or_else(String::new, |key| format!("the value of `{key}`"));
        match error.kind() {
            Error::AdditionalProperties { unexpected } | Error::UnevaluatedProperties { unexpected } => {
                for key in unexpected {
                    self.tell_unknown(key, error, node, findings);
                }
            }
            Error::AnyOf { context } | Error::OneOfNotValid { context } => {
                self.tell_any(context, error, root, findings);
            }
            Error::Required { property } => {
                let message = format!("the key `{}` is missing", shown(property));
                let label = key.map_or_else(String::new, |key| format!("in this part of `{key}`"));
                findings.error(codes::WB015, message).at(node.head(), label);
            }
            Error::Type { .. } | Error::Enum { .. } | Error::Constant { .. } | Error::Pattern { .. } => {
                tell_choices(&Wants::of([error], &self.schema), &of_key, node, findings);
            }
            kind => {
                let message = bound(kind).unwrap_or_else(|| error.masked_with("this").to_string());
                findings.error(codes::WB016, message).at(node.head(), of_key);
            }
        }
    }

    fn tell_unknown(&self, key: &str, error: &ValidationError<'_>, node: &Node, findings: &mut Findings) {
        let at = node.entry(key).map_or(node.head(), |(key, _)| key.place);
        let parent = parent(&self.schema, error);
        let known = parent.and_then(|parent| parent.get("properties")?.as_object());
        // A key that is there already was not meant once more.
        let known: Vec<&str> = known.into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
        let free = known.iter().copied().filter(|known| node.entry(known).is_none());
        let help = suggest::did_you_mean(key, free).or_else(|| match known.len() {
            0 | 13.. => None,
            _ => Some(format!("known here: {}", known.join(", "))),
        });
        findings.error(codes::WB013, format!("unknown key `{key}`")).at(at, "").help = help;
    }

    /// None of several forms fits. Where one of them was clearly meant, what is wrong with it is told.
    fn tell_any(
        &self,
        context: &[Vec<ValidationError<'static>>],
        error: &ValidationError<'_>,
        root: &Node,
        findings: &mut Findings,
    ) {
        let (key, node) = find(root, error);
        let forms = forms(context, error.instance_path(), root);
        let at_node = |inner: &ValidationError<'_>| inner.instance_path() == error.instance_path();
        if let Some(form) = meant(&forms, node, at_node) {
            for inner in form {
                self.tell(inner, root, findings);
            }
        } else if !tell_tag(&forms, node, findings) {
            let of_key = key.map_or_else(String::new, |key| format!("the value of `{key}`"));
            let wanted = Wants::of(forms.iter().flatten().copied().filter(|inner| at_node(inner)), &self.schema);
            tell_choices(&wanted, &of_key, node, findings);
        }
    }
}

/// What is wrong with a value, seen as one of the forms that it may have.
type Form<'e> = Vec<&'e ValidationError<'static>>;

/// The form that was clearly meant: the only one for which the value is not something else altogether.
fn meant<'f, 'e>(
    forms: &'f [Form<'e>],
    node: &Node,
    at_node: impl Fn(&ValidationError<'_>) -> bool,
) -> Option<&'f Form<'e>> {
    let fits = |form: &Form<'_>, is_alien: fn(&Error) -> bool| {
        !form.iter().any(|inner| at_node(inner) && is_alien(inner.kind()))
    };
    let best = forms.iter().filter(|form| fits(form, is_alien)).min_by_key(|form| form.len());
    let mut of_type = forms.iter().filter(|form| fits(form, |kind| matches!(kind, Error::Type { .. })));
    let only = of_type.next().filter(|_| of_type.next().is_none() && node.as_scalar().is_none());
    best.or(only)
}

fn tell_choices(wanted: &Wants, of_key: &str, node: &Node, findings: &mut Findings) {
    let code = if wanted.is_choice() { codes::WB016 } else { codes::WB014 };
    let choices = wanted.choices().iter().map(String::as_str);
    let help = node.as_str().and_then(|word| suggest::did_you_mean(word, choices));
    findings.error(code, format!("expected {wanted}, found {}", node.describe())).at(node.head(), of_key).help = help;
}

/// What is wrong with each form, those of forms within forms included.
fn forms<'e>(context: &'e [Vec<ValidationError<'static>>], at: &Location, root: &Node) -> Vec<Form<'e>> {
    let mut forms = Vec::new();
    for form in context {
        let wrong: Form<'_> = form.iter().filter(|inner| !is_excused(inner, root)).collect();
        match wrong.as_slice() {
            // Only where the same value has several forms again; further in they are another value's.
            [inner] if inner.instance_path() == at => match inner.kind() {
                Error::AnyOf { context } | Error::OneOfNotValid { context } => {
                    forms.extend(self::forms(context, at, root));
                }
                _ => forms.push(wrong),
            },
            _ => forms.push(wrong),
        }
    }
    forms
}

/// A mapping whose only key says what it is, and says nothing that is known.
fn tell_tag(forms: &[Form<'_>], node: &Node, findings: &mut Findings) -> bool {
    let Kind::Mapping(entries) = &node.kind else { return false };
    let required = forms.iter().flatten().filter_map(|inner| match inner.kind() {
        Error::Required { property } => Some(shown(property)),
        _ => None,
    });
    let tags: Vec<String> = required.collect();
    if tags.is_empty() {
        return false;
    }
    let message = format!("expected the key {}", one_of(&tags));
    let word = entries.first().and_then(|(key, _)| key.as_str()).unwrap_or_default();
    let help = suggest::did_you_mean(word, tags.iter().map(String::as_str));
    findings.error(codes::WB013, message).at(node.head(), "").help = help;
    true
}

/// Whether this says that another form was meant: another type, another tag, another word.
fn is_alien(kind: &Error) -> bool {
    matches!(
        kind,
        Error::Type { .. }
            | Error::Required { .. }
            | Error::Constant { .. }
            | Error::Enum { .. }
            | Error::Pattern { .. }
    )
}

/// Whether we take what the schema, in its strictness, does not.
fn is_excused(error: &ValidationError<'_>, root: &Node) -> bool {
    let (_, node) = find(root, error);
    match error.kind() {
        _ if node.is_null() => true,
        Error::Type { kind } => {
            takes(kind, JsonType::String) && node.as_scalar().is_some() || is_old_boolean(kind, node)
        }
        Error::AnyOf { context } | Error::OneOfNotValid { context } => {
            context.iter().any(|form| form.iter().all(|inner| is_excused(inner, root)))
        }
        _ => false,
    }
}

fn is_old_boolean(kind: &TypeKind, node: &Node) -> bool {
    takes(kind, JsonType::Boolean) && node.as_scalar().is_some_and(|scalar| scalar.as_bool().is_some())
}

fn takes(kind: &TypeKind, wanted: JsonType) -> bool {
    match kind {
        TypeKind::Single(kind) => *kind == wanted,
        TypeKind::Multiple(kinds) => kinds.contains(wanted),
    }
}

/// The node that `error` speaks of, and the nearest key on the way to it.
fn find<'a>(root: &'a Node, error: &ValidationError<'_>) -> (Option<&'a str>, &'a Node) {
    let (mut key, mut node) = (None, root);
    for segment in error.instance_path().segments() {
        let next = match &segment {
            LocationSegment::Property(name) => node.entry(name),
            LocationSegment::Index(index) => match node.items().get(*index) {
                Some(item) => {
                    node = item;
                    continue;
                }
                None => None,
            },
        };
        // The validator went this way before us.
        let Some((name, value)) = next else { break };
        (key, node) = (name.as_str(), value);
    }
    (key, node)
}

/// The subschema in which the keyword stands that `error` speaks of.
pub(super) fn parent<'a>(schema: &'a Value, error: &ValidationError<'_>) -> Option<&'a Value> {
    let path = error.schema_path().as_str();
    schema.pointer(path.rsplit_once('/').map_or("", |(parent, _)| parent))
}
