//! Looks at servers of a few lines. Real ones with TLS, and a whole collector, are in `tests/real/endpoints.rs`.

use super::*;
use crate::config::Tls;
use crate::config::collect::Expect;
use crate::http::canned::{Canned, Then, reply};
use crate::model::{Labels, Span};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: Secret::Inline(url.to_owned()),
        method: HttpMethod::Get,
        headers: BTreeMap::new(),
        body: None,
        every: Span::from_secs(30),
        timeout: Span::from_secs(20),
        redirects: 0,
        largest_answer: 1000,
        tls: Tls::default(),
        expect: Expect::default(),
    }
}

/// One look: its outcome, and the lines that it leaves without their help.
async fn look(endpoint: Endpoint) -> (Result<(), Trouble>, String) {
    let measures = Measures::new();
    let application = Application { labels: Labels::empty(), endpoints: BTreeMap::from([("price".into(), endpoint)]) };
    let mut probes = probes("api", &application, &measures).unwrap();
    let outcome = probes[0].look().await;
    (outcome, shown(&measures))
}

fn shown(measures: &Measures) -> String {
    let lines = measures.render(Instant::now());
    lines.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Whether `shown` has this metric of the endpoint with this value, or any.
fn has(shown: &str, metric: &str, value: &str) -> bool {
    let begin = format!("{metric}{{endpoint=\"price\",service=\"api\"}} {value}");
    shown.lines().any(|line| line.starts_with(&begin))
}

fn phases(shown: &str) -> Vec<&str> {
    let lines = shown.lines().filter(|line| line.starts_with("endpoint_phase_seconds"));
    lines.filter_map(|line| line.split("phase=\"").nth(1)?.split('"').next()).collect()
}

#[tokio::test]
async fn a_good_answer_is_up_with_its_time_and_every_part_that_it_went_through() {
    let server = Canned::always(200, "3350.12");
    let (outcome, shown) = look(endpoint(&server.url())).await;
    assert_eq!(outcome, Ok(()));
    assert!(has(&shown, "endpoint_up", "1") && has(&shown, "endpoint_status_code", "200"), "{shown}");
    assert!(has(&shown, "api_response_time_ms", ""), "{shown}");
    assert_eq!(phases(&shown), ["connect", "first_byte", "total"], "neither a name nor TLS was needed");
    assert!(shown.contains("error_rate_percentage{service=\"api\"} 0\n"), "{shown}");
}

#[tokio::test]
async fn method_headers_login_body_and_query_reach_the_server_as_they_are_meant() {
    let server = Canned::always(200, "");
    let url = format!("http://ops:sesame@{}/trades?pair=PGAUx%2FUSD", server.address);
    let headers = BTreeMap::from([("X-Tenant".to_owned(), Secret::Inline("blue".into()))]);
    let body = Some(Secret::Inline(r#"{"dry":true}"#.into()));
    let (outcome, _) = look(Endpoint { method: HttpMethod::Post, headers, body, ..endpoint(&url) }).await;
    assert_eq!(outcome, Ok(()));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /trades?pair=PGAUx%2FUSD HTTP/1.1");
    assert_eq!((asked.header("x-tenant"), asked.body.as_str()), ("blue", r#"{"dry":true}"#));
    assert_eq!(asked.header("host"), server.address.to_string());
    assert_eq!((asked.header("authorization"), asked.header("connection")), ("Basic b3BzOnNlc2FtZQ==", "close"));
}

#[tokio::test]
async fn an_error_is_an_answer_with_a_time_and_the_service_is_down() {
    let server = Canned::always(503, "sorry");
    let (outcome, shown) = look(endpoint(&server.url())).await;
    assert_eq!(outcome.unwrap_err().reason, "status");
    assert!(has(&shown, "endpoint_up", "0") && has(&shown, "endpoint_status_code", "503"), "{shown}");
    assert!(has(&shown, "api_response_time_ms", ""), "{shown}");
}

/// What a look at a server that misbehaves says, and that it shows no time.
async fn misbehaving(endpoint: Endpoint) -> &'static str {
    let (outcome, shown) = look(endpoint).await;
    assert!(has(&shown, "endpoint_up", "0"), "{shown}");
    assert!(!has(&shown, "api_response_time_ms", ""), "{shown}");
    assert!(!phases(&shown).contains(&"total"), "{shown}");
    outcome.unwrap_err().reason
}

/// Where somebody says something that is not TLS to the first who comes.
fn plain() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        listener.accept().map(|(mut stream, _)| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    });
    format!("https://127.0.0.1:{port}")
}

#[tokio::test]
async fn whatever_is_no_whole_answer_is_told_by_its_reason_and_has_no_time() {
    let broken = |text: &'static str| {
        Canned::start(move |_, _, stream: &mut TcpStream| {
            drop(stream.write_all(text.as_bytes()));
            Then::Close
        })
    };
    let short = broken("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour");
    let noise = broken("220 mail.example.org ESMTP\r\n");
    let silent = broken("");
    let huge = Canned::start(|_, _, stream| reply(stream, 200, &[], &"x".repeat(1001)));
    assert_eq!(misbehaving(endpoint(&short.url())).await, "unreachable");
    assert_eq!(misbehaving(endpoint(&noise.url())).await, "not_http");
    assert_eq!(misbehaving(endpoint(&silent.url())).await, "unreachable");
    assert_eq!(misbehaving(endpoint(&huge.url())).await, "too_large");
    let gone = Canned::always(200, "").url();
    assert_eq!(misbehaving(endpoint(&gone)).await, "unreachable");
    assert_eq!(misbehaving(endpoint("http://no-such-host.invalid/")).await, "dns");
    assert_eq!(misbehaving(endpoint(&plain())).await, "tls");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_at_the_deadline_and_it_is_said_where() {
    let server = Canned::start(|_, _, _| {
        std::thread::park_timeout(Duration::from_secs(5));
        Then::Close
    });
    let (outcome, shown) = look(Endpoint { timeout: Span::from_millis(100), ..endpoint(&server.url()) }).await;
    let trouble = outcome.unwrap_err();
    assert_eq!(trouble.reason, "timeout");
    assert_eq!(trouble.text, "given up after 100ms before the first byte of an answer");
    assert_eq!(phases(&shown), ["connect"]);
}

#[tokio::test]
async fn a_redirect_is_no_success_itself_and_where_it_may_be_followed_the_last_answer_is_judged() {
    let server = Canned::start(|before, request, stream| match request.line.split(' ').nth(1) {
        Some("/new") => reply(stream, 200, &[], "here"),
        Some("/round") => reply(stream, 302, &[("Location", "/round")], ""),
        _ => reply(stream, 302, &[("Location", "/new")], &before.to_string()),
    });
    let at = |path: &str, redirects| Endpoint { redirects, ..endpoint(&format!("{}{path}", server.url())) };
    let (outcome, shown) = look(at("/old", 0)).await;
    assert_eq!(outcome.unwrap_err().reason, "status");
    assert!(has(&shown, "endpoint_up", "0") && has(&shown, "endpoint_status_code", "302"), "{shown}");
    let (outcome, shown) = look(at("/old", 1)).await;
    assert!(outcome.is_ok() && has(&shown, "endpoint_status_code", "200"), "{shown}");
    let (outcome, shown) = look(at("/round", 3)).await;
    assert_eq!(outcome.unwrap_err(), redirect::too_many(3));
    assert!(has(&shown, "endpoint_up", "0"), "{shown}");
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_says_nothing_of_the_endpoint_and_is_not_printed() {
    let server = Canned::always(200, "");
    let headers = BTreeMap::from([("Authorization".to_owned(), Secret::Env("WATCHBELL_TEST_ABSENT".into()))]);
    let (outcome, shown) = look(Endpoint { headers, ..endpoint(&server.url()) }).await;
    let trouble = outcome.unwrap_err();
    assert_eq!((trouble.reason, shown.as_str()), ("secret", ""));
    assert!(trouble.text.contains("WATCHBELL_TEST_ABSENT"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_the_last_look_did_not_see_is_not_shown_any_more() {
    let server = Canned::start(|before, _, stream| match before {
        0 => reply(stream, 200, &[], ""),
        _ => Then::Close,
    });
    let measures = Measures::new();
    let endpoints = BTreeMap::from([("price".into(), endpoint(&server.url()))]);
    let labels = Labels::new([("region", "eu")]);
    let mut probes = probes("api", &Application { labels, endpoints }, &measures).unwrap();
    probes[0].look().await.unwrap();
    assert!(shown(&measures).contains(r#"endpoint_status_code{endpoint="price",region="eu",service="api"} 200"#));
    probes[0].look().await.unwrap_err();
    let left: Vec<_> = shown(&measures).lines().map(|line| line.split('{').next().unwrap().to_owned()).collect();
    assert_eq!(left, ["endpoint_phase_seconds", "endpoint_up", "error_rate_percentage"]);
}
