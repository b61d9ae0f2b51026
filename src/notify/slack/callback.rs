//! What Slack sends us: <https://docs.slack.dev/interactivity/handling-user-interaction> and how it proves that it is Slack:
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>.

use super::button::{Bound, Button};
use crate::notify::signature;
use reqwest::Url;
use serde::Deserialize;

/// So far may the time of a request lie from ours, in seconds, either way.
const WINDOW: i64 = 300;
/// Where answers to presses go.
const HOOKS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// The headers that prove a request.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// `X-Slack-Signature`.
    pub signature: &'a str,
    /// `X-Slack-Request-Timestamp`.
    pub timestamp: &'a str,
}

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It was not signed with this secret.
    Forged,
    /// It was, but too long ago, or in the future: somebody may have recorded it.
    Late,
}

/// What a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// Slack wants to know whether we are here; it wants this text back.
    Challenge(String),
    /// Somebody pressed one of our buttons.
    Press(Press),
    /// Something that we do nothing about.
    Other,
}

/// A press of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The Slack user.
    pub user: String,
    /// What the button does.
    pub button: Button,
    /// What it is bound to.
    pub bound: Bound,
    /// Tells a press from another one.
    pub action_ts: String,
    /// The conversation.
    pub channel: Option<String>,
    /// Where an answer to whoever pressed it goes.
    pub response_url: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    challenge: Option<String>,
    user: Option<Identified>,
    channel: Option<Identified>,
    response_url: Option<String>,
    #[serde(default)]
    actions: Vec<Pressed>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

#[derive(Deserialize)]
struct Pressed {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    action_ts: String,
}

/// Whether `body` was sent by whoever knows `secret`, at about `now` (seconds of the wall clock).
///
/// # Errors
/// Why it is not believed.
pub fn prove(secret: &str, proof: Proof<'_>, body: &[u8], now: i64) -> Result<(), Unproven> {
    let hex = proof.signature.strip_prefix("v0=").ok_or(Unproven::Forged)?;
    let parts = [b"v0:", proof.timestamp.as_bytes(), b":", body];
    if !signature::is_of(secret, &parts, hex) {
        return Err(Unproven::Forged);
    }
    let sent: i64 = proof.timestamp.parse().map_err(|_| Unproven::Forged)?;
    if now.abs_diff(sent) <= WINDOW.unsigned_abs() { Ok(()) } else { Err(Unproven::Late) }
}

/// What a request says; `None` where it is none of Slack's. Events come as JSON, presses as a form with JSON in it.
#[must_use]
pub fn read(body: &[u8]) -> Option<Callback> {
    let text = std::str::from_utf8(body).ok()?;
    let json = if text.trim_start().starts_with('{') { text.to_owned() } else { payload_of(text)? };
    let payload: Payload = serde_json::from_str(&json).ok()?;
    match payload.kind.as_str() {
        "url_verification" => payload.challenge.map(Callback::Challenge),
        "block_actions" => press(payload),
        _ => Some(Callback::Other),
    }
}

/// Whether an answer may go to the address that came with a press: it is Slack's, or that of the API that we are told to use.
/// The request was signed, so that this keeps us from harm that should not be able to come.
#[must_use]
pub fn may_answer_at(response_url: &str, api_url: &str) -> bool {
    let (Ok(url), Ok(api)) = (Url::parse(response_url), Url::parse(api_url)) else { return false };
    let is_slacks = url.scheme() == "https" && url.host_str().is_some_and(|host| HOOKS.contains(&host));
    is_slacks || url.origin() == api.origin()
}

fn payload_of(form: &str) -> Option<String> {
    // Any address does: only its query is read.
    let mut address = Url::parse("http://localhost/").ok()?;
    address.set_query(Some(form));
    address.query_pairs().find(|(name, _)| name == "payload").map(|(_, value)| value.into_owned())
}

/// A button that is not ours is nothing to us; one of ours that says nonsense is no message of Slack's.
fn press(payload: Payload) -> Option<Callback> {
    let ours = payload.actions.iter().find_map(|action| Some((action, Button::with_id(&action.action_id)?)));
    let Some((action, button)) = ours else { return Some(Callback::Other) };
    Some(Callback::Press(Press {
        user: payload.user?.id,
        button,
        bound: action.value.parse().ok()?,
        action_ts: action.action_ts.clone(),
        channel: payload.channel.map(|channel| channel.id),
        response_url: payload.response_url,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const DOCS: Proof<'_> = Proof {
        signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        timestamp: "1531420618",
    };
    const DOCS_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

    #[test]
    fn the_signature_is_the_one_of_slacks_own_example() {
        assert_eq!(prove(DOCS_SECRET, DOCS, DOCS_BODY.as_bytes(), 1_531_420_618), Ok(()));
        let ours = Proof {
            signature: "v0=98fc666792b53d71acd495582349fb4120943d709d6463eca07f743d2ddc726a",
            timestamp: "1700000000",
        };
        let body: &[u8] = b"payload=%7B%22type%22%3A%22block_actions%22%7D";
        assert_eq!(prove("test-secret", ours, body, 1_700_000_000), Ok(()));
    }

    #[test]
    fn a_request_is_believed_for_five_minutes_either_way_and_only_as_it_was_signed() {
        let body = DOCS_BODY.as_bytes();
        let at = |now| prove(DOCS_SECRET, DOCS, body, now);
        let sent = 1_531_420_618;
        assert_eq!([at(sent + 300), at(sent - 300)], [Ok(()), Ok(())]);
        assert_eq!([at(sent + 301), at(sent - 301), at(i64::MIN)], [Err(Unproven::Late); 3]);
        let forged = Err(Unproven::Forged);
        assert_eq!(prove("another", DOCS, body, sent), forged);
        assert_eq!(prove(DOCS_SECRET, DOCS, &body[1..], sent), forged);
        for timestamp in ["1531420619", "", "1531420618 ", "soon", "99999999999999999999"] {
            assert_eq!(prove(DOCS_SECRET, Proof { timestamp, ..DOCS }, body, sent), forged, "{timestamp}");
        }
        for signature in
            ["", "v0=", "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", &DOCS.signature[3..]]
        {
            assert_eq!(prove(DOCS_SECRET, Proof { signature, ..DOCS }, body, sent), forged, "{signature}");
        }
    }

    #[test]
    fn answers_go_to_slack_and_to_nobody_else() {
        let api = "https://slack.com/api";
        assert!(may_answer_at("https://hooks.slack.com/actions/T1/1/x", api));
        assert!(may_answer_at("http://127.0.0.1:99/actions/T1/1/x", "http://127.0.0.1:99/api"));
        for elsewhere in [
            "http://hooks.slack.com/actions/T1/1/x",
            "https://hooks.slack.com.example.org/",
            "https://hooks.slack.com@example.org/",
            "http://127.0.0.1:9095/-/reload",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!may_answer_at(elsewhere, api), "{elsewhere}");
        }
    }

    #[test]
    fn a_press_a_challenge_and_what_is_neither_are_told_apart() {
        let bound = Bound { incident: crate::model::IncidentId::derive(&["a"]), generation: 3 };
        let press = |action: &str| {
            let json = format!(
                r#"{{"type":"block_actions","user":{{"id":"U1"}},"channel":{{"id":"C1"}},"response_url":"https://hooks.slack.com/actions/1","actions":[{action}]}}"#
            );
            let form: String = json.bytes().map(|byte| format!("%{byte:02X}")).collect();
            read(format!("payload={form}").as_bytes())
        };
        let ours = format!(r#"{{"action_id":"watchbell_resolve","value":"{bound}","action_ts":"1.2"}}"#);
        assert_eq!(
            press(&ours),
            Some(Callback::Press(Press {
                user: "U1".into(),
                button: Button::Resolve,
                bound,
                action_ts: "1.2".into(),
                channel: Some("C1".into()),
                response_url: Some("https://hooks.slack.com/actions/1".into()),
            }))
        );
        assert_eq!(press(r#"{"action_id":"of_somebody_else"}"#), Some(Callback::Other));
        assert_eq!(press(r#"{"action_id":"watchbell_resolve","value":"1"}"#), None);
        let challenge = br#"{"type":"url_verification","challenge":"3eZbrw1a"}"#;
        assert_eq!(read(challenge), Some(Callback::Challenge("3eZbrw1a".into())));
        assert_eq!(read(br#"{"type":"event_callback"}"#), Some(Callback::Other));
        for nonsense in
            [&b""[..], b"payload=", b"payload=%7B", b"{", b"\xff", b"a=b", b"{\"type\":\"url_verification\"}"]
        {
            assert_eq!(read(nonsense), None, "{nonsense:?}");
        }
    }
}
