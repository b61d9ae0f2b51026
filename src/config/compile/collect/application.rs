//! Applications and their endpoints.

use super::labels::{Taken, labels};
use super::pace::{Pace, Said, pace};
use super::{answer, names, source, web};
use crate::config::settings::collect::{Application, Endpoint, HttpMethod};
use crate::config::written::{SecretOrText, collect as written};
use crate::diagnostics::{Findings, codes};
use crate::model::Span;

const USUAL: Pace = Pace { every: Span::from_secs(30), timeout: Span::from_secs(10) };
const LARGEST_ANSWER: u32 = 1024 * 1024;
/// What says which series it is.
const OWN_LABELS: [&str; 3] = ["service", "endpoint", "phase"];

/// An application.
pub(super) fn application(written: &written::Application, findings: &mut Findings) -> Application {
    let said = Said { every: written.every.as_ref(), timeout: written.timeout.as_ref() };
    let pace = pace(said, USUAL, findings);
    if written.endpoints.value.iter().next().is_none() {
        findings.error(codes::WB114, "this application has no endpoint").at(written.endpoints.place, "empty");
    }
    let endpoints = written.endpoints.value.iter();
    let endpoints =
        endpoints.map(|(name, endpoint)| (names::given(name, findings), self::endpoint(endpoint, pace, findings)));
    Application {
        endpoints: endpoints.collect(),
        labels: labels(&written.labels, Taken { own: &OWN_LABELS, above: None }, findings),
    }
}

fn endpoint(written: &written::Endpoint, above: Pace, findings: &mut Findings) -> Endpoint {
    let said = Said { every: written.every.as_ref(), timeout: written.timeout.as_ref() };
    let pace = pace(said, above, findings);
    of_no_use(written, findings);
    Endpoint {
        url: web::address(&written.url, &["http", "https"], findings),
        method: written.method.unwrap_or_default(),
        headers: web::headers(&written.headers, findings),
        body: written.body.as_ref().map(|body| web::body(body, findings)),
        every: pace.every,
        timeout: pace.timeout,
        redirects: written.redirects.unwrap_or(0),
        largest_answer: written.largest_answer.unwrap_or(LARGEST_ANSWER) as usize,
        tls: source::tls(written.tls.as_ref(), findings),
        expect: answer::expect(written, findings),
    }
}

/// What is said and changes nothing.
fn of_no_use(written: &written::Endpoint, findings: &mut Findings) {
    // Who asks by `GET` in so many words may know a server that reads it.
    let is_read = !matches!(written.method, None | Some(HttpMethod::Head));
    if let Some(body) = written.body.as_ref().filter(|_| !is_read) {
        findings
            .warn(codes::WB178, "this endpoint is asked by a method without a body")
            .at(body.place, "hardly any server reads it")
            .help("say `method: POST`, or what else is meant");
    }
    let SecretOrText::Text(url) = &written.url.value else { return };
    if let Some(tls) =
        written.tls.as_ref().filter(|_| url.starts_with("http://") && written.redirects.unwrap_or(0) == 0)
    {
        findings
            .warn(codes::WB178, "`tls` changes nothing here")
            .at(tls.place, "the address says `http://`")
            .help("write `https://`, or delete `tls`");
    }
    let login = url.split(['/', '?', '#']).nth(2).is_some_and(|host| host.contains('@'));
    let header = written.headers.iter().find(|(name, _)| name.value.eq_ignore_ascii_case("authorization"));
    if let Some((name, _)) = header.filter(|_| login) {
        findings
            .warn(codes::WB178, "the login in the address changes nothing here")
            .at(written.url.place, "is not sent")
            .see(name.place, "takes its place")
            .help("keep one of them");
    }
}
