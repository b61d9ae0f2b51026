//! Routes: expressions over whole payloads, of which the plain ones speak of a label.

use super::super::Notes;
use super::super::duty::Names;
use super::super::fields::Fields;
use super::super::ladder::policy;
use super::super::lists::Lists;
use super::super::page::Value;
use regex::Regex;
use std::sync::LazyLock;

/// The policy of routes without a chain.
pub(super) const NOBODY: &str = "nobody";

static JINJA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let path = r"payload\.(?:(?:commonLabels|groupLabels|labels)|alerts\[0\]\.labels)";
    Regex::new(&format!(
        r#"^\s*\(?\s*{path}(?:\.([A-Za-z_]\w*)|\[["']([A-Za-z_]\w*)["']\])\s*==\s*["']([^"'\\]*)["']\s*\)?\s*$"#
    ))
    .ok()
});
static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^["']([A-Za-z_]\w*)["'](?:\\s[*?]?| [*?]?)*:(?:\\s[*?]?| [*?]?)*["']([\w /-]+)["']$"#).ok()
});

/// The section, in the order of the routes; the last one takes everything.
pub(super) fn section(
    lists: &Lists<'_>,
    chains: &Names,
    policies: &mut Vec<(String, Value)>,
    notes: &mut Notes,
) -> Vec<Value> {
    let mut read: Vec<(String, i64, Fields<'_>)> = Vec::new();
    for node in lists.of("routes") {
        let Some(fields) = Fields::of(node, "a route", notes) else { continue };
        let integration = fields.text("integration_id", notes).unwrap_or_default().to_owned();
        let is_last = fields.flag("is_the_last_route", notes) == Some(true);
        let position = if is_last { i64::MAX } else { fields.number("position", notes).unwrap_or(0) };
        read.push((integration, position, fields));
    }
    read.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    let mut integrations: Vec<String> = read.iter().map(|(integration, ..)| integration.clone()).collect();
    integrations.dedup();
    if integrations.len() > 1 {
        let place = read[0].2.place();
        let what = "which integration an alert came by: no label says it, and the routes of all of them stand one after the other";
        notes.differs(place, what, "put them into the order that is meant, and end with the one that takes the rest");
    }
    let mut routes = Vec::new();
    let mut last = None;
    for (_, position, fields) in &read {
        let chain = fields.text("escalation_chain_id", notes);
        let name = chain.and_then(|chain| chains.find(chain)).map(str::to_owned);
        let name = name.unwrap_or_else(|| {
            if chain.is_some() {
                notes.left(
                    fields.place_of("escalation_chain_id"),
                    "an escalation chain that is not in the export",
                    "export it as well",
                );
            }
            nobody(policies)
        });
        if *position == i64::MAX {
            last = last.or(Some(name));
            continue;
        }
        match condition(fields, notes) {
            Some(matchers) => {
                routes.push(Value::map([("match", Value::text(matchers)), ("policy", Value::text(name))]))
            }
            None => {
                let text = fields.text("routing_regex", notes).unwrap_or_default();
                let what = format!("a route by `{text}`: it is no comparison of one label, or of `severity`");
                notes.left(
                    fields.place_of("routing_regex"),
                    what,
                    "write it as `match`; what depends on `severity` as rows of a policy's matrix",
                );
            }
        }
    }
    let first = policies.first().map(|(name, _)| name.clone());
    if let Some(name) = last.or(first) {
        routes.push(Value::map([("policy", Value::text(name))]));
    }
    routes
}

fn nobody(policies: &mut Vec<(String, Value)>) -> String {
    if policies.iter().all(|(name, _)| name != NOBODY) {
        policies.push((NOBODY.into(), policy(|_| Value::map([("tell", Value::text("nobody"))]))));
    }
    NOBODY.into()
}

/// The matchers of a route whose expression compares labels with values.
fn condition(fields: &Fields<'_>, notes: &mut Notes) -> Option<String> {
    let text = fields.text("routing_regex", notes)?.trim();
    let inner = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let pairs: Vec<(String, String)> = match inner {
        Some(inner) => {
            let one = |part: &str| {
                let found = JINJA.as_ref()?.captures(part)?;
                let label = found.get(1).or(found.get(2))?.as_str();
                Some((label.to_owned(), found[3].to_owned()))
            };
            inner.split(" and ").map(one).collect::<Option<_>>()?
        }
        None => {
            let found = REGEX.as_ref()?.captures(text)?;
            vec![(found[1].to_owned(), found[2].to_owned())]
        }
    };
    let is_sayable = pairs.iter().all(|(label, _)| label != "severity" && label != "status");
    let written = pairs.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect::<Vec<_>>().join(", ");
    is_sayable.then_some(written)
}
