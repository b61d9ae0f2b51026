//! What a server may do to us, and what we make of it: the table of `docs/queries.md`, row by row.

use super::{Client, Decoder, QueryError};
use crate::config::{Auth, Secret, Source, Tls};
use crate::http::canned::{Canned, Request, Then, reply};
use crate::model::{Labels, Slot, Span};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ONE: &str =
    r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"node"},"value":[1,"1"]}]}}"#;
const AT: Slot = Slot::from_millis(1_735_689_600_123);

fn source(url: &str) -> Source {
    Source {
        url: url.to_owned(),
        timeout: Span::from_secs(10),
        max_concurrent_queries: 4,
        auth: Auth::None,
        headers: BTreeMap::new(),
        tls: Tls::default(),
    }
}

fn client(url: &str) -> Client {
    Client::new(&source(url)).unwrap()
}

/// Asks `up` once, for at most `patience`, and reads the answer.
async fn ask(client: &Client, patience: Duration) -> Result<Vec<String>, QueryError> {
    let body = client.query("up", AT, tokio::time::Instant::now() + patience).await?;
    let mut decoder = Decoder::new();
    let answer = decoder.decode(&body)?;
    let told = answer.samples.iter().map(|s| format!("{} {}", decoder.table().labels(s.series), s.value));
    Ok(told.chain(answer.warnings).collect())
}

/// Asks a server that always gives this reply.
async fn ask_one_that_says(status: u16, body: &'static str) -> Result<Vec<String>, QueryError> {
    let server = Canned::always(status, body);
    ask(&client(&server.url()), Duration::from_millis(300)).await
}

/// Both ways to a server: without a login in the address the direct one is taken, with one the general one.
fn both_ways(server: &Canned) -> [Client; 2] {
    [client(&server.url()), client(&format!("http://ops:sesame@{}", server.address))]
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_question_reaches_the_server_with_milliseconds_whatever_its_length_and_way() {
    let server = Canned::always(200, ONE);
    let long = format!("up{{job=~\"{}\"}}", "x|".repeat(1500));
    for client in both_ways(&server) {
        assert_eq!(ask(&client, PATIENCE).await.unwrap(), [r#"{job="node"} 1"#]);
        client.query(&long, AT, client.deadline()).await.unwrap();
    }
    let asked = server.asked();
    for (short, long) in [(&asked[0], &asked[1]), (&asked[2], &asked[3])] {
        assert_eq!(short.line, "GET /api/v1/query?query=up&time=1735689600.123 HTTP/1.1");
        assert_eq!(long.line, "POST /api/v1/query HTTP/1.1");
        assert_eq!(long.header("content-type"), "application/x-www-form-urlencoded");
        assert!(long.body.starts_with("query=up%7B") && long.body.ends_with("&time=1735689600.123"));
    }
    assert_eq!(asked[2].header("authorization"), "Basic b3BzOnNlc2FtZQ==");
    assert_eq!(server.connections(), 2, "each client keeps its connection");
}

#[tokio::test]
async fn a_path_in_the_address_comes_first_and_headers_say_who_we_are() {
    let server = Canned::always(200, ONE);
    let headers = BTreeMap::from([("X-Scope-OrgID".to_owned(), Secret::Inline("blue".to_owned()))]);
    let auth = Auth::Bearer(Secret::Inline("t".to_owned()));
    let client = Client::new(&Source { auth, headers, ..source(&format!("{}/prometheus/", server.url())) }).unwrap();
    ask(&client, PATIENCE).await.unwrap();
    let asked = &server.asked()[0];
    assert!(asked.line.starts_with("GET /prometheus/api/v1/query?"), "{}", asked.line);
    assert_eq!((asked.header("authorization"), asked.header("x-scope-orgid")), ("Bearer t", "blue"));
    assert_eq!(asked.header("host"), server.address.to_string());
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable_and_found_again_within_the_deadline() {
    let address = Canned::always(200, ONE).address;
    let url = format!("http://ops:sesame@{address}");
    let error = ask(&client(&url), Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, QueryError::Unreachable { .. }), "{error}");
    assert_eq!(error.to_string(), format!("cannot reach http://{address}"), "the password stays ours");

    let client = Arc::new(client(&format!("http://{address}")));
    let asking = tokio::spawn(async move { ask(&client, PATIENCE).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let _back = Canned::on(address, |_, _, stream| reply(stream, 200, &[], ONE));
    assert!(asking.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_at_the_deadline_in_its_head_and_in_its_body() {
    let silent = |_: usize, _: &Request, _: &mut TcpStream| Then::Keep;
    let halting = |_: usize, _: &Request, stream: &mut TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"status\"").unwrap();
        Then::Keep
    };
    for server in [Canned::start(silent), Canned::start(halting)] {
        for client in both_ways(&server) {
            let started = Instant::now();
            let error = ask(&client, Duration::from_millis(250)).await.unwrap_err();
            assert!(matches!(error, QueryError::TimedOut { .. }), "{error}");
            assert!(started.elapsed() < Duration::from_secs(5));
        }
    }
}

#[tokio::test]
async fn waiting_for_a_place_counts_towards_the_deadline() {
    let server = Canned::start(|_, _, _| Then::Keep);
    let one = Source { max_concurrent_queries: 1, ..source(&server.url()) };
    let client = Arc::new(Client::new(&one).unwrap());
    let first = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Duration::from_millis(400)).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(ask(&client, Duration::from_millis(100)).await, Err(QueryError::TimedOut { .. })));
    assert!(first.await.unwrap().is_err());
    assert_eq!(server.asked().len(), 1, "never two at once");
}

#[tokio::test]
async fn a_connection_that_died_while_it_rested_or_in_the_middle_of_an_answer_is_replaced() {
    // Every second request ends its connection: first after an answer, then without one, then half-way.
    let server = Canned::start(|before, _, stream| match before % 6 {
        1 => {
            reply(stream, 200, &[], ONE);
            Then::Close
        }
        3 => Then::Close,
        5 => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"status\"").unwrap();
            Then::Close
        }
        _ => reply(stream, 200, &[], ONE),
    });
    for client in both_ways(&server) {
        for _ in 0..8 {
            ask(&client, PATIENCE).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_answer_in_chunks_is_put_together() {
    let server = Canned::start(|_, _, stream| {
        let (first, second) = ONE.split_at(50);
        let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        stream.write_all(chunks.as_bytes()).unwrap();
        Then::Keep
    });
    for client in both_ways(&server) {
        assert_eq!(ask(&client, PATIENCE).await.unwrap(), [r#"{job="node"} 1"#]);
    }
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_no_earlier_than_it_said() {
    let server = Canned::start(|before, _, stream| match before {
        0 => reply(stream, 503, &[], r#"{"status":"error","errorType":"unavailable","error":"starting"}"#),
        1 => reply(stream, 429, &[("Retry-After", "1")], ""),
        _ => reply(stream, 200, &[], ONE),
    });
    let started = Instant::now();
    assert!(ask(&client(&server.url()), PATIENCE).await.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.asked().len(), 3);

    for wish in ["3600", "18446744073709551615"] {
        let busy = Canned::start(move |_, _, stream| reply(stream, 429, &[("Retry-After", wish)], "slow down"));
        let error = ask(&client(&busy.url()), PATIENCE).await.unwrap_err();
        assert_eq!(error.to_string(), "the source refused the query (429): slow down");
        assert_eq!(busy.asked().len(), 1, "{wish} s are longer than we have");
    }
}

#[tokio::test]
async fn what_the_server_says_about_the_question_is_final() {
    for (status, kind) in [(400, "bad_data"), (422, "execution"), (500, "internal"), (503, "timeout")] {
        let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"because"}}"#);
        let server = Canned::start(move |_, _, stream| reply(stream, status, &[], &body));
        let error = ask(&client(&server.url()), PATIENCE).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the source refused the query ({status} {kind}): because"));
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Canned::start(|before, request, stream| {
        let grant = format!(r#"{{"access_token":"t{before}","expires_in":3600}}"#);
        match (&*request.line, request.header("authorization")) {
            ("POST /token HTTP/1.1", _) => reply(stream, 200, &[], &grant),
            (_, "Bearer t0") => reply(stream, 401, &[], "expired"),
            _ => reply(stream, 200, &[], ONE),
        }
    });
    let (client_id, client_secret) = ("watch".to_owned(), Secret::Inline("s".to_owned()));
    let auth = Auth::OAuth2 { client_id, client_secret, token_url: format!("{}/token", server.url()), scopes: vec![] };
    let client = Client::new(&Source { auth, ..source(&server.url()) }).unwrap();
    assert!(ask(&client, PATIENCE).await.is_ok());
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn who_does_not_speak_prometheus_is_told_apart_from_who_is_down() {
    let mut told = String::new();
    for (status, body) in [
        (200, "<!DOCTYPE html><html>Sign in</html>"),
        (200, &ONE[..60]),
        (200, ""),
        (200, r#"{"took":3,"hits":{}}"#),
        (200, r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#),
        (200, r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#),
        (204, ""),
        (302, ""),
        (401, "Unauthorized"),
        (404, "<html>not found</html>"),
        (502, "<html>bad gateway</html>"),
    ] {
        writeln!(told, "{}", ask_one_that_says(status, body).await.unwrap_err()).unwrap();
    }
    let stranger = Canned::start(|_, _, stream| {
        stream.write_all(b"220 mail.example.org ESMTP\r\n").unwrap();
        Then::Close
    });
    for client in both_ways(&stranger) {
        writeln!(told, "{}", ask(&client, PATIENCE).await.unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    the answer is not Prometheus's (status 200): it looks like HTML: <!DOCTYPE html><html>Sign in</html>
    the answer is not Prometheus's (status 200): the JSON ends in the middle, after 60 bytes
    the answer is not Prometheus's (status 200): it is empty
    the answer is not Prometheus's (status 200): missing field `status` at line 1 column 20: {"took":3,"hits":{}}
    the query gives a matrix where an instant vector or a scalar was due
    the query gives a string where an instant vector or a scalar was due
    the answer is not Prometheus's (status 200): it is empty
    the answer is not Prometheus's (status 302): it redirects to nowhere
    the source refused the query (401): Unauthorized
    the source refused the query (404): with an HTML page
    the source refused the query (502): with an HTML page
    the answer is not Prometheus's (status 0): invalid HTTP version parsed
    the answer is not Prometheus's (status 0): invalid HTTP version parsed
    "#);
}

#[tokio::test]
async fn a_scalar_duplicates_warnings_and_odd_values_are_answers() {
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}}"#;
    assert_eq!(ask_one_that_says(200, scalar).await.unwrap(), ["{} inf"]);
    let odd = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"-Inf"]}]},"warnings":["careful"]}"#;
    assert_eq!(ask_one_that_says(200, odd).await.unwrap(), ["{} NaN", "{} -inf", "careful"]);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_given_up_before_it_is_held() {
    let server = Canned::always(200, ONE);
    for mut client in both_ways(&server) {
        client.limit_answers_to(50);
        let error = ask(&client, PATIENCE).await.unwrap_err();
        assert_eq!(error.to_string(), "the answer is larger than 50 bytes");
    }
}

#[tokio::test]
async fn a_million_samples_are_an_answer() {
    // Of ten thousand series, because a debug build learns slowly; `benches/decode.rs` has a million different ones.
    let items: Vec<_> = (0..10_000).map(|n| format!(r#"{{"metric":{{"n":"{n}"}},"value":[1,"{n}"]}}"#)).collect();
    let all = vec![items.join(","); 100].join(",");
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{all}]}}}}"#);
    let server = Canned::start(move |_, _, stream| reply(stream, 200, &[], &body));
    let client = client(&server.url());
    let body = client.query("up", AT, client.deadline() + PATIENCE * 5).await.unwrap();
    let mut decoder = Decoder::new();
    let answer = decoder.decode(&body).unwrap();
    assert_eq!(answer.samples.len(), 1_000_000);
    let last = answer.samples[999_999];
    assert_eq!((decoder.table().labels(last.series), last.value), (&Labels::new([("n", "9999")]), 9_999.0));
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_is_an_error_of_its_own() {
    let server = Canned::always(200, ONE);
    let auth = Auth::Bearer(Secret::Env("WATCHBELL_TEST_ABSENT".to_owned()));
    let client = Client::new(&Source { auth, ..source(&server.url()) }).unwrap();
    let error = ask(&client, PATIENCE).await.unwrap_err();
    assert!(matches!(error, QueryError::NoCredentials { .. }), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_long_history_is_asked_in_parts_and_put_together() {
    let server = Canned::start(|before, _, stream| {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"a":"b"}},"values":[[{before}.5,"{before}"]]}}]}}}}"#
        );
        reply(stream, 200, &[], &body)
    });
    let client = client(&server.url());
    let (from, step) = (Slot::from_millis(500), Span::from_millis(1500));
    let history = client.query_range("up", from, from + step.times(20_000), step, client.deadline()).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].samples.len(), 3);
    let asked: Vec<_> = server.asked().into_iter().map(|request| request.line).collect();
    insta::assert_snapshot!(asked.join("\n"), @r"
    GET /api/v1/query_range?query=up&start=0.500&end=14999.000&step=1.500 HTTP/1.1
    GET /api/v1/query_range?query=up&start=15000.500&end=29999.000&step=1.500 HTTP/1.1
    GET /api/v1/query_range?query=up&start=30000.500&end=30000.500&step=1.500 HTTP/1.1
    ");
}

#[tokio::test]
async fn buildinfo_may_be_empty() {
    let full = Canned::always(200, r#"{"status":"success","data":{"version":"3.5.3","revision":"x"}}"#);
    let empty = Canned::always(200, r#"{"status":"success","data":{}}"#);
    let version = async |server: &Canned| {
        let client = client(&server.url());
        client.buildinfo(client.deadline()).await.unwrap().version
    };
    assert_eq!(version(&full).await.as_deref(), Some("3.5.3"));
    assert_eq!(version(&empty).await, None);
}
