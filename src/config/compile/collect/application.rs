//! Applications and their endpoints.

use super::{names, reading, source};
use crate::config::settings::collect::{Application, Bounds, Endpoint, Expect, JsonCheck, Statuses, Wanted};
use crate::config::written::collect as written;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Labels, Name, Span};
use regex::Regex;

const EVERY: Span = Span::from_secs(30);
const TIMEOUT: Span = Span::from_secs(10);
const LARGEST_ANSWER: u32 = 1024 * 1024;
/// What says which series it is, and what a scrape adds.
const TAKEN: [&str; 6] = ["service", "endpoint", "phase", "instance", "job", "le"];

/// An application.
pub(super) fn application(written: &written::Application, findings: &mut Findings) -> Application {
    let every = reading::positive_or(written.every.as_ref(), EVERY, findings);
    let timeout = reading::positive_or(written.timeout.as_ref(), TIMEOUT, findings);
    if written.endpoints.value.iter().next().is_none() {
        findings.error(codes::WB114, "this application has no endpoint").at(written.endpoints.place, "empty");
    }
    let endpoints = written.endpoints.value.iter();
    let endpoints = endpoints
        .map(|(name, endpoint)| (names::given(name, findings), self::endpoint(endpoint, every, timeout, findings)));
    Application { endpoints: endpoints.collect(), labels: labels(written, findings) }
}

fn labels(written: &written::Application, findings: &mut Findings) -> Labels {
    Labels::new(written.labels.iter().filter_map(|(name, value)| {
        if TAKEN.contains(&name.value.as_str()) {
            findings
                .error(codes::WB141, format!("`{}` is a label that these series have already", name.value))
                .at(name.place, "give it another name");
        }
        let name = reading::label_name(name, findings)?;
        Some((name, Name::from(value.as_str())))
    }))
}

fn endpoint(written: &written::Endpoint, every: Span, timeout: Span, findings: &mut Findings) -> Endpoint {
    let headers = written.headers.iter();
    Endpoint {
        url: reading::secret_address(&written.url, findings),
        method: written.method.unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.value.clone(), reading::secret_or_text(value))).collect(),
        body: written.body.as_ref().map(reading::secret_or_text),
        every: reading::positive_or(written.every.as_ref(), every, findings),
        timeout: reading::positive_or(written.timeout.as_ref(), timeout, findings),
        redirects: written.redirects.unwrap_or(0),
        largest_answer: written.largest_answer.unwrap_or(LARGEST_ANSWER) as usize,
        tls: source::tls(written.tls.as_ref(), findings),
        expect: written.expect.as_ref().map_or_else(Expect::default, |expect| self::expect(expect, findings)),
    }
}

fn expect(written: &written::Expect, findings: &mut Findings) -> Expect {
    Expect {
        status: written.status.iter().filter_map(|text| statuses(&text.0.value)).collect(),
        body: written.body.as_ref().and_then(|text| {
            let place = text.place();
            let wrong = Regex::new(text.as_str()).err()?;
            findings
                .error(codes::WB170, "this is not a regular expression")
                .at(place, wrong.to_string().lines().last().unwrap_or_default().trim());
            None
        }),
        json: written.json.iter().filter_map(|check| json_check(check, findings)).collect(),
    }
}

/// `200` or `2xx`, as the schema has it.
fn statuses(text: &str) -> Option<Statuses> {
    match text.strip_suffix("xx") {
        Some(hundred) => hundred.parse().ok().map(|hundred: u16| (hundred * 100, hundred * 100 + 99)),
        None => text.parse().ok().map(|status| (status, status)),
    }
    .map(|(from, to)| Statuses { from, to })
}

fn json_check(written: &Spanned<written::JsonCheck>, findings: &mut Findings) -> Option<JsonCheck> {
    let check = &written.value;
    let is_pointer = check.at.as_str().is_empty() || check.at.as_str().starts_with('/');
    if !is_pointer {
        findings
            .error(codes::WB170, "this is not a JSON pointer")
            .at(check.at.place(), "expected `/` and the names on the way, as `/prices/0/usd`");
    }
    let bound = |bound: &Option<Spanned<f64>>| bound.as_ref().map(|bound| bound.value);
    let bounds = Bounds {
        above: bound(&check.above),
        below: bound(&check.below),
        at_least: bound(&check.at_least),
        at_most: bound(&check.at_most),
    };
    let words = ["above", "below", "at_least", "at_most"];
    let written = [&check.above, &check.below, &check.at_least, &check.at_most];
    let first_bound = words.into_iter().zip(written).find_map(|(word, bound)| Some((word, bound.as_ref()?.place)));
    source::exclude(&[check.is.as_ref().map(|is| ("is", is.place)), first_bound], findings);
    let wanted = match &check.is {
        Some(value) => Wanted::Value(value.value.0.clone()),
        None if first_bound.is_some() => Wanted::Within(bounds),
        None => Wanted::Something,
    };
    is_pointer.then(|| JsonCheck { at: check.at.as_str().to_owned(), wanted })
}
