//! Templates such as `$1-${name}`, by the rules of Go's `Regexp.Expand`.

use regex::Regex;
use std::sync::LazyLock;

/// The characters of a name. The standard library's notion of letters and digits is wider than Go's.
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}_]+").expect("a fixed pattern is good"));

/// Numbers from here on are names, which no group has.
const LARGEST_INDEX: usize = 1_000_000_000;

/// What a template asks for.
pub(super) enum Reference<'t> {
    Index(usize),
    Name(&'t str),
}

/// Writes `template` to `out`, with what `group` knows in place of references.
pub(super) fn expand<'t, 'm>(template: &'t str, out: &mut String, group: impl Fn(Reference<'t>) -> Option<&'m str>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((reference, after)) = reference(after) {
            out.push_str(group(reference).unwrap_or_default());
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Reads `name` or `{name}`.
fn reference(text: &str) -> Option<(Reference<'_>, &str)> {
    let inner = text.strip_prefix('{');
    let (name, rest) = split_name(inner.unwrap_or(text))?;
    let rest = if inner.is_some() { rest.strip_prefix('}')? } else { rest };
    Some((index(name).map_or(Reference::Name(name), Reference::Index), rest))
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    NAME.find(text).map(|name| text.split_at(name.end()))
}

fn index(name: &str) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    name.parse().ok().filter(|&index| is_number && index < LARGEST_INDEX)
}
