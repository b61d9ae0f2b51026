//! What each channel sends for the same notices: a usual one, one whose labels mean harm, one with hundreds of alerts.

use super::fit::{characters, utf16};
use super::sample::{self, HOSTILE};
use super::{Channel, Delivery, Notifier, discord, incident_io, mattermost, opsgenie, teams, telegram, webhook};
use crate::config::{self, Auth, ChannelKind, Chat, Format, Mailbox, OpsgenieResponder, Secret, Settings, Tls};
use crate::engine::notice::{AlertText, Notice, NoticeKind, Reason};
use crate::model::Span;
use serde_json::Value;

/// The channel's main request for `notice`, by the name of its channel.
fn bodies(notice: &Notice) -> [(&'static str, Value); 8] {
    let links = sample::links();
    let delivery = Delivery { notice, links: Some(&links), wall: 1_764_072_000_000 };
    let chat = telegram::message::Place::of(&Chat::read("-1001/7").unwrap());
    let team = OpsgenieResponder::read("team:ops").unwrap();
    let is_over = notice.draft.kind == NoticeKind::End;
    let read = |text: &str| serde_json::from_str(text).unwrap();
    [
        ("discord", discord::message::body(delivery)),
        ("incident_io", read(&incident_io::message::event(delivery, if is_over { "resolved" } else { "firing" }, 1))),
        ("mattermost", mattermost::message::to_webhook(delivery, None)),
        ("mattermost-bot", mattermost::message::post(delivery)),
        (
            "opsgenie",
            if is_over { opsgenie::message::note(delivery) } else { opsgenie::message::create(delivery, Some(&team)) },
        ),
        ("teams", teams::message::body(delivery)),
        ("telegram", telegram::message::body(&chat, delivery)),
        (
            "webhook-alertmanager",
            read(&webhook::alertmanager::body(delivery, &super::Told::default(), "http://bell.example")),
        ),
    ]
}

#[test]
fn a_page_and_its_end_say_the_same_in_the_words_of_each_channel() {
    let usual = || vec![sample::alert("node-1", "Gas on sepolia is 112 gwei")];
    for (name, body) in bodies(&sample::page(usual())) {
        insta::assert_snapshot!(format!("{name}-page"), pretty(&body));
    }
    for (name, body) in bodies(&sample::end(usual())) {
        insta::assert_snapshot!(format!("{name}-end"), pretty(&body));
    }
}

#[test]
fn labels_that_mean_harm_are_data_everywhere() {
    let mut notice = sample::page(vec![sample::alert(HOSTILE, HOSTILE)]);
    notice.title = format!("GasPriceSpike {HOSTILE}");
    for (name, body) in bodies(&notice) {
        insta::assert_snapshot!(format!("{name}-hostile"), pretty(&body));
    }
}

#[test]
fn the_report_of_a_routine_stands_in_every_chat_and_is_cut_where_it_is_long() {
    let mut notice = sample::page(Vec::new());
    notice.draft.kind = NoticeKind::Letter;
    notice.draft.reason = Reason::Routine;
    let chats = ["discord", "mattermost", "mattermost-bot", "teams", "telegram"];
    for (lines, last) in [(3, "line 2"), (5_000, "…")] {
        notice.draft.text = Some((0..lines).map(|line| format!("line {line}\n")).collect());
        for (name, body) in bodies(&notice).into_iter().filter(|(name, _)| chats.contains(name)) {
            let body = body.to_string();
            assert!(body.contains("line 1") && body.contains(last), "{name}: {body}");
            assert!(body.len() < 25_000, "{name} is {} long", body.len());
        }
    }
}

/// One channel of each kind, none of which is ever asked.
fn every_kind() -> [ChannelKind; 14] {
    let secret = || Secret::Inline("http://a.example".into());
    let (name, url) = (|| Some("a".into()), || "http://a.example".to_owned());
    let mailbox = || Mailbox::read("a@a.example").expect("it is one");
    let hook = |format| ChannelKind::Webhook { url: secret(), secret: None, format };
    let (auth, tls) = (|| Auth::None, Tls::default);
    [
        ChannelKind::SlackWebhook { url: secret() },
        ChannelKind::Slack { token: secret(), to: name(), api_url: url(), signing_secret: None },
        ChannelKind::PagerDuty { routing_key: secret(), api_url: url(), webhook_secret: None },
        hook(Format::Standard),
        hook(Format::Alertmanager),
        ChannelKind::Alertmanager { urls: vec![url()], auth: auth(), tls: tls(), resend_every: Span::from_mins(1) },
        ChannelKind::Email { smtp: "smtp://a".into(), from: mailbox(), to: vec![mailbox()], auth: auth(), tls: tls() },
        ChannelKind::Teams { url: secret() },
        ChannelKind::Discord { url: secret() },
        ChannelKind::Telegram { token: secret(), to: Chat::read("-1001"), api_url: url() },
        ChannelKind::MattermostWebhook { url: secret(), to: None },
        ChannelKind::Mattermost { token: secret(), to: name(), api_url: url() },
        ChannelKind::Opsgenie { api_key: secret(), to: None, api_url: url() },
        ChannelKind::IncidentIo { url: secret(), token: secret() },
    ]
}

#[test]
fn a_routine_is_shown_by_the_channels_of_which_the_configuration_says_so() {
    let mut draft = sample::page(Vec::new()).draft;
    (draft.kind, draft.reason) = (NoticeKind::Letter, Reason::Routine);
    for kind in every_kind() {
        let channel = config::Channel { kind, fallback: None, updates_every: Span::ZERO };
        let built = Channel::build(&channel, &Settings::default()).expect("it can be built");
        let says = built.has_something_to_say(&draft, None);
        // An Alertmanager would be sent the alerts of a message, and a routine has none.
        let shows = says && !matches!(channel.kind, ChannelKind::Alertmanager { .. });
        assert_eq!(channel.kind.shows_routines(), shows, "{}", built.word());
    }
}

/// Hundreds of alerts whose texts are long and become longer by every escape.
fn huge(sign: &str) -> Notice {
    let summary = sign.repeat(2000);
    let alerts: Vec<AlertText> = (0..400).map(|n| sample::alert(&format!("node-{n}"), &summary)).collect();
    let mut notice = sample::page(alerts);
    (notice.title, notice.draft.reason) = (summary.clone(), Reason::Communicated);
    notice.draft.text = Some(summary);
    notice
}

#[test]
fn no_message_is_too_long_whatever_it_is_made_of() {
    for sign in ["x", "&", "<", "*", "🔴", "\u{e9}", "\\", "\"", "@", "e\u{301}"] {
        let notice = huge(sign);
        for (name, body) in bodies(&notice) {
            assert_fits(name, &body, sign);
        }
    }
}

/// The limits of each channel's documentation, as `message.rs` names them there.
fn assert_fits(name: &str, body: &Value, sign: &str) {
    let text = |at: &str| body.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{name}: no {at}"));
    let is_at_most = |length: usize, most: usize, what: &str| {
        assert!(length <= most, "{name}, made of {sign}: {what} is {length} long, at most {most} is taken");
    };
    let says_how_many = |text: &str| assert!(text.contains(" more"), "{name}: nothing says how many are left out");
    match name {
        "discord" => {
            is_at_most(utf16(text("/content")), 2000, "the content");
            is_at_most(utf16(text("/embeds/0/description")), 4096, "the description");
            says_how_many(text("/embeds/0/description"));
        }
        "incident_io" => {
            is_at_most(body.to_string().len(), 512 * 1024, "the body");
            says_how_many(text("/description"));
        }
        "mattermost" | "mattermost-bot" => {
            let (head, part) = match name {
                "mattermost" => ("/text", "/attachments/0/text"),
                _ => ("/message", "/props/attachments/0/text"),
            };
            is_at_most(characters(text(head)), 16_383, "the message");
            is_at_most(characters(text(part)), 7000, "the attachment");
            says_how_many(text(part));
        }
        "opsgenie" => {
            is_at_most(characters(text("/message")), 130, "the message");
            is_at_most(characters(text("/description")), 15_000, "the description");
            is_at_most(body["details"].to_string().len(), 8000, "the details");
            says_how_many(text("/description"));
        }
        "teams" => {
            is_at_most(body.to_string().len(), 21_000, "the card");
            says_how_many(&body.to_string());
        }
        "telegram" => {
            is_at_most(telegram::message::shown(text("/text")), 4096, "the text");
            says_how_many(text("/text"));
        }
        _ => {}
    }
}

fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap()
}
