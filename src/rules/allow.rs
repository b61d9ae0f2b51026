//! Comments that allow a finding: `# watchbell: allow WB061 because …`, at a rule or for its whole file.
//!
//! A reason is part of the comment, and one that allows nothing is itself a finding ([`settle`] says which), so that none
//! outlives what it was written for. Only warnings can be allowed: with an error the files cannot be used.

use crate::diagnostics::{Code, Finding, Findings, Level, Place, Source, SourceId, codes};
use crate::model::Name;
use crate::yaml::{Kind, Node};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where a rule stands.
#[derive(Clone, Debug)]
pub struct Spot {
    /// From its first to its last byte.
    pub place: Place,
    /// `group/name`.
    pub name: Name,
}

/// What one comment allows.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The comment, from its `#`.
    pub place: Place,
    /// What is allowed.
    pub codes: Vec<Code>,
    /// Where: a rule, or the whole file.
    pub scope: Place,
    /// What goes when the comment goes: its line, or the space before it. None where it allows several things.
    pub whole: Option<(Place, String)>,
}

/// What all of these comments begin with, behind the `#`.
const MARK: &str = "watchbell:";

static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#\s*watchbell:\s*allow\s+(WB\d{3}(?:\s*,\s*WB\d{3})*)(\s+in this file)?\s+because\s+\S")
        .expect("a pattern")
});

/// Where the rules of some documents stand, in the order of the text.
pub(super) fn spots(documents: &[Node]) -> Vec<Spot> {
    let groups = documents.iter().flat_map(|document| document.get("groups").map_or(&[][..], Node::items));
    let mut spots: Vec<Spot> = groups.flat_map(of_group).collect();
    spots.sort_by_key(|spot| spot.place);
    spots
}

fn of_group(group: &Node) -> impl Iterator<Item = Spot> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    let name = text(group, "name");
    group.get("rules").map_or(&[][..], Node::items).iter().map(move |rule| {
        let own = [text(rule, "alert"), text(rule, "record")].concat();
        Spot { place: rule.place, name: format!("{name}/{own}").into() }
    })
}

/// The rule in which `place` lies.
#[must_use]
pub fn spot_of(spots: &[Spot], place: Place) -> Option<&Spot> {
    let after = spots.partition_point(|spot| (spot.place.source, spot.place.start) <= (place.source, place.start));
    let spot = spots.get(after.checked_sub(1)?)?;
    (spot.place.source == place.source && place.start < spot.place.end).then_some(spot)
}

/// What the comments of a file allow. One that cannot be read is told.
pub(super) fn allows(
    source: SourceId,
    file: &Source,
    documents: &[Node],
    spots: &[Spot],
    findings: &mut Findings,
) -> Vec<Allow> {
    let text = file.text();
    let marks: Vec<usize> = memchr::memmem::find_iter(text.as_bytes(), MARK).collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let mut values = Vec::new();
    for node in documents {
        list_values(node, &mut values);
    }
    values.sort_unstable();
    marks
        .into_iter()
        .filter_map(|mark| comment(source, text, mark, &values))
        .filter_map(|at| read(at, text, spots, findings))
        .collect()
}

/// The comment whose mark stands at `mark`; none where the mark is part of a value.
fn comment(source: SourceId, text: &str, mark: usize, values: &[(u32, u32)]) -> Option<Place> {
    let before = text[..mark].trim_end_matches([' ', '\t']);
    let start = before.strip_suffix('#')?.len();
    let is_comment = start == 0 || text[..start].ends_with([' ', '\t', '\n']);
    let end = text[mark..].find(['\r', '\n']).map_or(text.len(), |at| mark + at);
    let (start, end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
    (is_comment && !is_in_value(values, start)).then_some(Place { source, start, end })
}

/// Where the values of a file begin and end.
fn list_values(node: &Node, values: &mut Vec<(u32, u32)>) {
    let children = node.items().iter().chain(node.entries().iter().flat_map(|(key, value)| [key, value]));
    match &node.kind {
        Kind::Scalar(_) => values.push((node.place.start, node.place.end)),
        Kind::Sequence(_) | Kind::Mapping(_) => children.for_each(|child| list_values(child, values)),
    }
}

/// Whether `offset` is in one of `values`, which are in the order of the file and do not overlap.
fn is_in_value(values: &[(u32, u32)], offset: u32) -> bool {
    let begun = values.partition_point(|(start, _)| *start <= offset);
    begun > 0 && offset < values[begun - 1].1
}

fn read(at: Place, text: &str, spots: &[Spot], findings: &mut Findings) -> Option<Allow> {
    let said = &text[at.range()];
    let Some(parts) = COMMENT.captures(said) else {
        findings
            .warn(codes::WB081, "this comment allows nothing")
            .at(at, "not understood")
            .help("write `# watchbell: allow WB061 because …`; the reason is needed");
        return None;
    };
    let named: Vec<Code> = parts[1].split(',').filter_map(|name| allowable(name.trim(), at, findings)).collect();
    let whole = Place { source: at.source, start: 0, end: u32::MAX };
    let scope = if parts.get(2).is_some() { Some(whole) } else { rule_at(at, text, spots) };
    if scope.is_none() {
        findings
            .warn(codes::WB081, "this comment stands at no rule")
            .at(at, "allows nothing")
            .help("move it to a rule, or write `allow … in this file because …`");
    }
    let whole = (named.len() == 1).then(|| whole_of(at, text));
    Some(Allow { place: at, codes: named, scope: scope?, whole }).filter(|allow| !allow.codes.is_empty())
}

/// A comment with what would be left of it: its own line to the end, or the space between it and a value.
fn whole_of(at: Place, text: &str) -> (Place, String) {
    let range = at.range();
    let line = text[..range.start].rfind('\n').map_or(0, |line| line + 1);
    let is_alone = text[line..range.start].trim().is_empty();
    let start = if is_alone { line } else { text[..range.start].trim_end_matches([' ', '\t']).len() };
    let end =
        if is_alone { text[range.end..].find('\n').map_or(text.len(), |end| range.end + end + 1) } else { range.end };
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    (Place { start: offset(start), end: offset(end), ..at }, text[start..end].to_owned())
}

/// The code called `name`, if there is one that can be allowed.
fn allowable(name: &str, at: Place, findings: &mut Findings) -> Option<Code> {
    let entry = codes::find(name);
    let why_not = match entry {
        None => format!("there is no diagnostic `{name}`"),
        Some(entry) if entry.level == Level::Error => format!("`{name}` is an error and cannot be allowed"),
        Some(entry) => return Some(entry.code),
    };
    findings.warn(codes::WB081, why_not).at(at, "").help("only warnings can be allowed");
    None
}

/// The rule that a comment is about: the one that begins on the next line that is no comment, else the one around it.
fn rule_at(at: Place, text: &str, spots: &[Spot]) -> Option<Place> {
    let mut next = at.range().end;
    let is_alone = text[..at.range().start].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    let rest = text.get(next..).unwrap_or_default();
    for line in rest.split_inclusive('\n') {
        let words = line.trim();
        if is_alone && !words.is_empty() && !words.starts_with('#') {
            let line = u32::try_from(next).ok()?..u32::try_from(next + line.len()).ok()?;
            let after = spots.partition_point(|spot| (spot.place.source, spot.place.start) < (at.source, line.start));
            let begun =
                spots.get(after).filter(|spot| spot.place.source == at.source && line.contains(&spot.place.start));
            if let Some(spot) = begun {
                return Some(spot.place);
            }
            break;
        }
        next += line.len();
    }
    let before = spots.partition_point(|spot| (spot.place.source, spot.place.start) <= (at.source, at.start));
    let spot = spots.get(before.checked_sub(1)?).filter(|spot| spot.place.source == at.source)?;
    // A comment behind the last value of a rule stands after its last byte, and on the same line.
    let end = spot.place.range().end.min(text.len());
    let line_end = text[end..].find('\n').map_or(text.len(), |line| end + line);
    (at.range().start < end.max(line_end)).then_some(spot.place)
}

/// Drops the findings that `allows` allow, and returns what was allowed for nothing: each comment with its code.
pub fn settle<'a>(allows: &[&'a Allow], findings: &mut Findings) -> Vec<(&'a Allow, Code)> {
    let mut open: BTreeMap<(Code, SourceId, u32), (&Allow, bool)> = BTreeMap::new();
    let mut unused = Vec::new();
    for allow in allows {
        for code in &allow.codes {
            // Of two for the same, the second has nothing left to allow.
            match open.entry((*code, allow.scope.source, allow.scope.start)) {
                std::collections::btree_map::Entry::Occupied(_) => unused.push((*allow, *code)),
                std::collections::btree_map::Entry::Vacant(free) => drop(free.insert((*allow, false))),
            }
        }
    }
    findings.retain(|finding| !takes(finding, &mut open));
    unused.extend(open.into_iter().filter(|(_, (_, used))| !used).map(|((code, ..), (allow, _))| (allow, code)));
    unused
}

fn takes(finding: &Finding, open: &mut BTreeMap<(Code, SourceId, u32), (&Allow, bool)>) -> bool {
    let Some((place, _)) = finding.at.as_ref().filter(|_| finding.level != Level::Error) else { return false };
    let near = (finding.code, place.source, place.start);
    let of_rule = open.range_mut((finding.code, place.source, 0)..=near).next_back();
    if let Some((_, (allow, used))) = of_rule
        && place.start < allow.scope.end
    {
        *used = true;
        return true;
    }
    // A rule in between may end before the finding, and the whole file be allowed.
    match open.get_mut(&(finding.code, place.source, 0)) {
        Some((allow, used)) if place.start < allow.scope.end => {
            *used = true;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::{Findings, Sources};
    use crate::rules::{Context, Loaded, load_texts};

    fn load(text: &str) -> (Loaded, Vec<String>) {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = load_texts(&[("a.yaml".into(), text.into())], &Context::default(), &mut sources, &mut findings);
        (loaded, findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect())
    }

    /// A file with `above`, a rule `A`, `between`, and a rule `B`.
    fn file(top: &str, above: &str, inside: &str, between: &str) -> String {
        format!(
            "{top}groups:\n  - name: g\n    rules:\n{above}      - alert: A\n        expr: up == 0{inside}\n{between}      - alert: B\n        expr: up == 1\n"
        )
    }

    fn allowed_at(text: &str) -> Vec<String> {
        let (loaded, told) = load(text);
        assert_eq!(told, [""; 0], "{text}");
        let name = |scope| super::spot_of(&loaded.spots, scope).map_or("file".to_owned(), |spot| spot.name.to_string());
        loaded.allows.iter().map(|allow| name(allow.scope)).collect()
    }

    #[test]
    fn a_comment_belongs_to_the_rule_below_it_or_around_it_or_to_the_file() {
        let because = "# watchbell: allow WB061, WB054 because the server is slow";
        assert_eq!(allowed_at(&file("", &format!("      {because}\n      # more\n\n"), "", "")), ["g/A"]);
        assert_eq!(allowed_at(&file("", "", &format!(" {because}"), "")), ["g/A"]);
        assert_eq!(allowed_at(&file("", "", &format!("\n        {because}\n        for: 1m"), "")), ["g/A"]);
        assert_eq!(allowed_at(&file("", "", "", &format!("      {because}\n"))), ["g/B"]);
        let behind_the_bar = format!("\n        title: | {because}\n          up");
        assert_eq!(allowed_at(&file("", "", &behind_the_bar, "")), ["g/A"]);
        let whole = "# watchbell: allow WB061 in this file because the server is slow\n";
        assert_eq!(allowed_at(&file(whole, "", "", "")), ["file"]);
    }

    #[test]
    fn a_comment_without_a_reason_a_rule_or_a_code_that_can_be_allowed_is_told() {
        let told = |comment: &str| load(&file("", &format!("      {comment}\n"), "", "")).1;
        assert_eq!(told("# watchbell: allow WB061"), ["WB081: this comment allows nothing"]);
        assert_eq!(told("# watchbell: allow WB061 because"), ["WB081: this comment allows nothing"]);
        assert_eq!(told("# watchbell: allow WB999 because x"), ["WB081: there is no diagnostic `WB999`"]);
        assert_eq!(told("# watchbell: allow WB032 because x"), ["WB081: `WB032` is an error and cannot be allowed"]);
        let orphan = load(&file("# watchbell: allow WB061 because x\n", "", "", "")).1;
        assert_eq!(orphan, ["WB081: this comment stands at no rule"]);
    }

    #[test]
    fn words_in_a_value_are_no_comment() {
        for value in ["'# watchbell: allow nothing'", "|\n          # watchbell: allow nothing\n          x"] {
            let (loaded, told) =
                load(&file("", "", &format!("\n        annotations: {{}}\n        title: {value}"), ""));
            assert_eq!((loaded.allows.len(), told), (0, vec![]), "{value}");
        }
    }
}
