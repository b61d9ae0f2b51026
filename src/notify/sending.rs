//! What channels make of servers that answer in part, late, at length, or not all alike.

use super::{Channel, Delivery, Notifier, Receipt, SendError, sample, unusable_secrets};
use crate::config::{self, Auth, ChannelKind, Chat, Format, Secret, Settings, Tls};
use crate::http::canned::{Canned, Request, Then, reply};
use crate::model::Span;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ID: &str = "4xp9fdt77pncbef59f4k1qe83o";

fn inline(text: impl Into<String>) -> Secret {
    Secret::Inline(text.into())
}

fn hook(server: &Canned, secret: Option<Secret>) -> ChannelKind {
    ChannelKind::Webhook { url: inline(server.url()), secret, format: Format::Standard }
}

fn slack(server: &Canned) -> ChannelKind {
    ChannelKind::Slack { token: inline("xoxb-1"), to: Some("C1".into()), api_url: server.url(), signing_secret: None }
}

/// What comes of a page through such a channel, after it gave the receipt `earlier`.
async fn page(kind: ChannelKind, earlier: Option<&str>) -> Result<Receipt, SendError> {
    let channel = config::Channel { kind, fallback: None, updates_every: Span::ZERO };
    let channel = Channel::build(&channel, &Settings::default()).unwrap();
    let notice = sample::page(vec![sample::alert("node-1", "gas")]);
    let earlier = earlier.map(|text| Receipt::Text(text.into()));
    let delivery = Delivery { notice: &notice, links: None, wall: 1_764_072_000_000 };
    let outcome = tokio::time::timeout(channel.deadline(), channel.send(delivery, earlier.as_ref())).await;
    outcome.expect("no attempt takes longer than its channel may")
}

#[tokio::test]
async fn one_replica_that_refuses_does_not_lose_a_page_that_another_may_take_later() {
    let (refuses, busy) = (Canned::always(404, "no"), Canned::always(503, "later"));
    for urls in [[refuses.url(), busy.url()], [busy.url(), refuses.url()]] {
        let (auth, tls) = (Auth::None, Tls::default());
        let kind = ChannelKind::Alertmanager { urls: urls.into(), auth, tls, resend_every: Span::from_mins(1) };
        let outcome = page(kind, None).await;
        assert!(matches!(outcome, Err(SendError::Busy { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_long_answer_of_slack_that_repeats_the_message_is_read_to_its_end() {
    let long = Canned::start(|_, _, stream| {
        let text = "\\u0436".repeat(50_000);
        reply(stream, 200, &[], &format!(r#"{{"ok":true,"message":{{"text":"{text}"}},"channel":"C1","ts":"2.1"}}"#))
    });
    let outcome = page(slack(&long), None).await;
    assert!(outcome.is_ok(), "{:?}", outcome.map_err(|cause| cause.to_string()));
}

/// A chat in which a message was deleted: an edit finds nothing, one message is taken, and any further one is too much.
fn forgetful(is_edit: fn(&Request) -> bool, gone: (u16, &'static str), taken: (u16, String)) -> Canned {
    let posts = AtomicUsize::new(0);
    Canned::start(move |_, request, stream| {
        if is_edit(request) {
            return reply(stream, gone.0, &[], gone.1);
        }
        match posts.fetch_add(1, Ordering::SeqCst) {
            0 => reply(stream, taken.0, &[], &taken.1),
            _ => reply(stream, 429, &[("Retry-After", "30")], ""),
        }
    })
}

#[tokio::test]
async fn where_a_deleted_message_was_posted_anew_its_place_is_kept_though_no_more_is_taken_at_once() {
    let chat = forgetful(
        |request| request.line.contains("chat.update"),
        (200, r#"{"ok":false,"error":"message_not_found"}"#),
        (200, r#"{"ok":true,"channel":"C1","ts":"2.1"}"#.into()),
    );
    let receipt = page(slack(&chat), Some(r#"{"channel":"C1","ts":"1.1"}"#)).await.unwrap();
    assert!(receipt.text().contains("2.1"), "{receipt:?}");

    let chat = forgetful(
        |request| request.line.starts_with("PATCH"),
        (404, r#"{"message": "Unknown Message", "code": 10008}"#),
        (200, r#"{"id":"22"}"#.into()),
    );
    let kind = ChannelKind::Discord { url: inline(chat.url()) };
    let receipt = page(kind, Some(r#"{"id":"11"}"#)).await.unwrap();
    assert!(receipt.text().contains("22"), "{receipt:?}");

    let chat = forgetful(
        |request| request.line.contains("editMessageText"),
        (400, r#"{"ok":false,"description":"Bad Request: message to edit not found"}"#),
        (200, r#"{"ok":true,"result":{"message_id":22,"chat":{"id":-1001}}}"#.into()),
    );
    let kind = ChannelKind::Telegram { token: inline("1:a"), to: Chat::read("-1001"), api_url: chat.url() };
    let receipt = page(kind, Some(r#"{"chat":-1001,"message":11}"#)).await.unwrap();
    assert!(receipt.text().contains("22"), "{receipt:?}");

    let anew = ID.replace('4', "5");
    let chat = forgetful(
        |request| request.line.starts_with("PUT"),
        (404, r#"{"id":"store.sql_post.get.app_error"}"#),
        (201, format!(r#"{{"id":"{anew}","channel_id":"{ID}"}}"#)),
    );
    let kind = ChannelKind::Mattermost { token: inline("t"), to: Some(ID.into()), api_url: chat.url() };
    let receipt = page(kind, Some(&format!(r#"{{"id":"{ID}","channel_id":"{ID}"}}"#))).await.unwrap();
    assert!(receipt.text().contains(&anew), "{receipt:?}");
}

#[tokio::test]
async fn an_alert_that_opsgenie_accepted_counts_although_the_question_what_became_of_it_hangs() {
    let opsgenie = Canned::start(|_, request, stream| {
        if request.line.starts_with("GET") {
            return Then::Keep;
        }
        reply(stream, 202, &[], r#"{"requestId":"43a29c5c-3dbf"}"#)
    });
    let began = Instant::now();
    let kind = ChannelKind::Opsgenie { api_key: inline("0123456789abcdef"), to: None, api_url: opsgenie.url() };
    let outcome = page(kind, None).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert!(opsgenie.asked().len() >= 2, "it was asked");
}

#[tokio::test]
async fn no_channel_says_a_key_that_an_answer_repeats_out_of_the_body_of_its_request() {
    const KEY: &str = "R01ABCDEFGHIJKLMNOPQRSTUVWXYZ234";
    let pagerduty = Canned::start(|_, request, stream| reply(stream, 400, &[], &request.body));
    let kind = ChannelKind::PagerDuty { routing_key: inline(KEY), api_url: pagerduty.url(), webhook_secret: None };
    let said = page(kind, None).await.unwrap_err().to_string();
    assert!(said.contains("<redacted>") || said.contains("[scrubbed]"), "{said}");
    assert!(!said.contains(KEY), "{said}");
    let pagerduty = Canned::always(400, "no integration has the key R01ABCDEFGHIJKLMNOPQRSTUVWXYZ234");
    let kind = ChannelKind::PagerDuty { routing_key: inline(KEY), api_url: pagerduty.url(), webhook_secret: None };
    let said = page(kind, None).await.unwrap_err().to_string();
    assert!(said.ends_with("no integration has the key <redacted>"), "{said}");
}

/// Promises more of a body than it sends.
fn breaks_off(stream: &mut TcpStream, status: u16, then: Then) -> Then {
    let answer = format!("HTTP/1.1 {status} Status\r\nContent-Length: 100\r\n\r\n ");
    if stream.write_all(answer.as_bytes()).is_ok() { then } else { Then::Close }
}

#[tokio::test]
async fn where_the_status_says_all_a_body_that_does_not_end_takes_nothing_back() {
    for then in [Then::Close, Then::Keep] {
        let server = Canned::start(move |_, _, stream| breaks_off(stream, 202, then));
        for kind in [hook(&server, None), ChannelKind::Teams { url: inline(server.url()) }] {
            let outcome = page(kind, None).await;
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        let server = Canned::start(move |_, _, stream| breaks_off(stream, 404, then));
        let outcome = page(hook(&server, None), None).await;
        assert!(matches!(outcome, Err(SendError::Refused { .. })), "{outcome:?}");
    }
    let server = Canned::start(|_, _, stream| breaks_off(stream, 200, Then::Close));
    let outcome = page(ChannelKind::Teams { url: inline(server.url()) }, None).await;
    assert!(matches!(outcome, Err(SendError::Unreachable { .. })), "a 200 of Teams has to be empty: {outcome:?}");
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_mended_by_people_and_loses_no_page() {
    let server = Canned::always(200, "");
    for secret in ["whsec_not base64", "whsec_"] {
        let kind = hook(&server, Some(inline(secret)));
        assert_eq!(unusable_secrets(&kind).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["secret"]);
        let outcome = page(kind, None).await;
        assert!(matches!(outcome, Err(SendError::Busy { .. })), "{outcome:?}");
    }
    let kind = ChannelKind::Slack {
        token: inline("xoxb-1\nxoxb-2"),
        to: Some("C1".into()),
        api_url: server.url(),
        signing_secret: None,
    };
    assert_eq!(unusable_secrets(&kind).len(), 1, "it is heard of at the start");
    let said = page(kind, None).await.unwrap_err().to_string();
    assert!(said.contains("the secret in the configuration holds a line end"), "{said}");
    assert!(server.asked().is_empty(), "nothing was sent");
    assert!(unusable_secrets(&hook(&server, Some(inline("whsec_c2hvcnQ=")))).is_empty());
}
