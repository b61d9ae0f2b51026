//! What is expected of an answer: read, and held against itself. What can never be is told now, and not by a probe that is
//! down for ever.

use super::{names, source};
use crate::config::settings::collect::{Bounds, Expect, HttpMethod, JsonCheck, Statuses, Wanted};
use crate::config::written::{PlainText, collect as written};
use crate::diagnostics::{Finding, Findings, Spanned, codes};
use regex::Regex;

/// Statuses of answers that have no body.
const BODILESS: [u16; 2] = [204, 304];
/// Statuses that are followed, and so never seen, where redirects are.
const FOLLOWED: [u16; 5] = [301, 302, 303, 307, 308];
/// Two texts that have nothing in common: what finds something in both finds it everywhere.
const UNLIKE: [&str; 2] = ["", "\u{1}\n\u{1}"];

/// What is expected of the answers of an endpoint.
pub(super) fn expect(endpoint: &written::Endpoint, findings: &mut Findings) -> Expect {
    let Some(written) = &endpoint.expect else { return Expect::default() };
    let status = statuses(written, findings);
    let pattern = written.body.as_ref().and_then(|text| pattern(text, findings));
    let json: Vec<_> = written.json.iter().filter_map(|check| json_check(check, findings)).collect();
    exclude(&json, findings);
    without_body(endpoint, written, &status, pattern.as_ref(), findings);
    followed(endpoint, written, &status, findings);
    Expect {
        status,
        body: pattern.map(|pattern| pattern.as_str().to_owned()),
        json: json.into_iter().map(|check| check.value).collect(),
    }
}

fn never<'f>(why: &str, findings: &'f mut Findings) -> &'f mut Finding {
    findings.error(codes::WB171, format!("no answer can be as this says: {why}"))
}

fn statuses(written: &written::Expect, findings: &mut Findings) -> Vec<Statuses> {
    names::each_once(written.status.iter().map(|text| (text.0.value.as_str(), text.0.place)), findings);
    for text in written.status.iter().filter(|text| text.0.value.starts_with('1') && text.0.value != "101") {
        never("another one follows it", findings).at(text.0.place, "is on the way, and not the answer");
    }
    written.status.iter().filter_map(|text| one(&text.0.value)).collect()
}

/// `200` or `2xx`, as the schema has it.
fn one(text: &str) -> Option<Statuses> {
    match text.strip_suffix("xx") {
        Some(hundred) => hundred.parse().ok().map(|hundred: u16| (hundred * 100, hundred * 100 + 99)),
        None => text.parse().ok().map(|status| (status, status)),
    }
    .map(|(from, to)| Statuses { from, to })
}

fn pattern(text: &PlainText, findings: &mut Findings) -> Option<Regex> {
    match Regex::new(text.as_str()) {
        Ok(pattern) => {
            if UNLIKE.iter().all(|text| pattern.is_match(text)) {
                findings
                    .warn(codes::WB178, "every answer matches this")
                    .at(text.place(), "finds something in an empty body, too")
                    .help("write what has to be there, as `\"balance\"`, or delete it");
            }
            Some(pattern)
        }
        Err(wrong) => {
            findings
                .error(codes::WB170, "this is not a regular expression")
                .at(text.place(), wrong.to_string().lines().last().unwrap_or_default().trim());
            None
        }
    }
}

fn json_check(written: &Spanned<written::JsonCheck>, findings: &mut Findings) -> Option<Spanned<JsonCheck>> {
    let check = &written.value;
    let is_pointer = is_pointer(check.at.as_str());
    if !is_pointer {
        findings
            .error(codes::WB170, "this is not a JSON pointer")
            .at(check.at.place(), "expected `/` and the names on the way, as `/prices/0/usd`");
    }
    let wanted = wanted(check, findings);
    is_pointer.then(|| Spanned::new(JsonCheck { at: check.at.as_str().to_owned(), wanted }, written.place))
}

/// By RFC 6901, in which `~0` is a `~` and `~1` a `/`.
fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/')) && escapes.into_iter().all(|rest| rest.starts_with(['0', '1']))
}

fn wanted(check: &written::JsonCheck, findings: &mut Findings) -> Wanted {
    let bound = |bound: &Option<Spanned<f64>>| bound.as_ref().map(|bound| bound.value);
    let bounds = Bounds {
        above: bound(&check.above),
        below: bound(&check.below),
        at_least: bound(&check.at_least),
        at_most: bound(&check.at_most),
    };
    let words = ["above", "below", "at_least", "at_most"];
    let written = [&check.above, &check.below, &check.at_least, &check.at_most];
    let mut given = words.into_iter().zip(written).filter_map(|(word, bound)| Some((word, bound.as_ref()?.place)));
    let first = given.next();
    source::exclude(&[check.is.as_ref().map(|is| ("is", is.place)), first], findings);
    match (&check.is, first) {
        (Some(value), _) => Wanted::Value(value.value.0.clone()),
        (None, None) => Wanted::Something,
        (None, Some((_, place))) => {
            if bounds.hold_nothing() {
                let finding = never("there is no such number", findings).at(place, "one bound");
                for (word, place) in given {
                    finding.see(place, format!("`{word}` excludes what it leaves"));
                }
            }
            Wanted::Within(bounds)
        }
    }
}

/// Checks of one value that cannot hold together.
fn exclude(json: &[Spanned<JsonCheck>], findings: &mut Findings) {
    for (index, check) in json.iter().enumerate() {
        let same = json[..index].iter().filter(|earlier| earlier.value.at == check.value.at);
        if let Some(earlier) = { same }.find(|earlier| earlier.value.wanted.excludes(&check.value.wanted)) {
            never("two checks of one value exclude each other", findings)
                .at(check.place, "the second one")
                .see(earlier.place, "the first one")
                .help("keep the one that is meant");
        }
    }
}

/// A body is wanted where there is none.
fn without_body(
    endpoint: &written::Endpoint,
    written: &written::Expect,
    status: &[Statuses],
    pattern: Option<&Regex>,
    findings: &mut Findings,
) {
    let is_bodiless = |status: &Statuses| status.from == status.to && BODILESS.contains(&status.from);
    let why = match endpoint.method {
        Some(HttpMethod::Head) => "an answer to `HEAD` has no body",
        _ if !status.is_empty() && status.iter().all(is_bodiless) => "an answer with this status has no body",
        _ => return,
    };
    let body = written.body.as_ref().filter(|_| pattern.is_some_and(|pattern| !pattern.is_match("")));
    let json = written.json.first().map(|check| check.place);
    if let Some(place) = body.map(PlainText::place).or(json) {
        never(why, findings).at(place, "is looked for in the body").help("ask by `GET`, or expect a status alone");
    }
}

/// A redirect is wanted where redirects are followed.
fn followed(endpoint: &written::Endpoint, written: &written::Expect, status: &[Statuses], findings: &mut Findings) {
    let is_followed = |status: &Statuses| status.from == status.to && FOLLOWED.contains(&status.from);
    let Some(first) = written.status.first().filter(|_| endpoint.redirects.is_some_and(|most| most > 0)) else {
        return;
    };
    if status.iter().all(is_followed) {
        never("`redirects` has it followed", findings)
            .at(first.0.place, "a redirect")
            .help("delete `redirects`, or expect the status to which it leads");
    }
}
