//! What a request asks for: its body, its id, and who makes it, each read with a bound.

use super::access::Caller;
use super::reply::{self, Wrong};
use crate::engine::command::{Actor, Command, Deed, Via};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::convert::Infallible;

/// The longest body of a command: its text has at most 4 000 characters, however they are escaped.
pub const LONGEST_BODY: usize = 64 * 1024;
/// The longest id that somebody may give a request.
const LONGEST_KEY: usize = 200;

/// A request without parameters. A question that has some asks for less than all, and would take all for the answer; a deed that has
/// some would be done without what they ask for.
pub struct Everything;

impl<S: Sync> FromRequestParts<S> for Everything {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Wrong> {
        match pairs(parts.uri.query().unwrap_or_default()).into_iter().next() {
            None => Ok(Everything),
            Some((name, _)) => Err(reply::bad_data(format!("there is no parameter `{name}`; this route has none"))),
        }
    }
}

/// What the path names. A name that is no UTF-8 names nothing, and is refused like any other that does not exist.
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        Ok(Named(name.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(name)| name)))
    }
}

/// The names and values of a query.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    // Any address does: only its query is read.
    let address = reqwest::Url::parse(&format!("http://localhost/?{query}"));
    address.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// Reads a body of JSON. An empty one says nothing.
pub fn body<T: DeserializeOwned + Default>(body: Result<Bytes, BytesRejection>) -> Result<T, Wrong> {
    let body = body.map_err(|cause| {
        let words = format!("the body is longer than {LONGEST_BODY} bytes, or was cut off");
        reply::error(
            cause.status(),
            if cause.status() == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "bad_data" },
            words,
        )
    })?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    // A list would be taken for the fields in their order, which nobody means.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(reply::bad_data("the body is not a JSON object"));
    }
    serde_json::from_slice(&body).map_err(|cause| reply::bad_data(format!("cannot read the body: {cause}")))
}

/// The command that a request asks for. Its id is the `Idempotency-Key` within what this caller sends, else a fresh one.
pub fn command(caller: Caller, headers: &HeaderMap, deed: Deed) -> Result<Command, Wrong> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let key = match keys.next().map(|key| key.to_str()) {
        Some(_) if keys.next().is_some() => return Err(reply::bad_data("`Idempotency-Key` is given more than once")),
        None => fresh_key()
            .ok_or_else(|| reply::bad_data("no id could be made for this request; give `Idempotency-Key`"))?,
        Some(Ok(key)) if is_key(key.trim()) => key.trim().to_owned(),
        Some(_) => {
            let words = format!("`Idempotency-Key` is 1 to {LONGEST_KEY} visible ASCII characters");
            return Err(reply::bad_data(words));
        }
    };
    // No name has a colon, so that no two callers can mean the same.
    let id = format!("api:{}:{key}", caller.name).into();
    Ok(Command { id, actor: Actor { name: caller.name, via: Via::Api }, deed })
}

fn is_key(text: &str) -> bool {
    (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn fresh_key() -> Option<String> {
    let random = crate::http::random::<16>()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Role;
    use crate::engine::command::Act;

    #[test]
    fn a_key_is_one_word_of_visible_characters_and_there_is_one_at_most() {
        let id = |keys: &[&str]| {
            let caller = Caller { name: "anna".into(), role: Role::Responder };
            let mut headers = HeaderMap::new();
            for key in keys {
                headers.append("idempotency-key", key.parse().unwrap());
            }
            let deed = Deed::Incident { number: 1, generation: None, act: Act::Acknowledge };
            command(caller, &headers, deed).ok().map(|command| command.id.to_string())
        };
        assert_eq!(id(&["a-1"]).as_deref(), Some("api:anna:a-1"));
        assert!(id(&[]).is_some(), "a fresh one is made");
        for wrong in [&["a b"][..], &[""], &["a\tb"], &["a", "a"], &["a", "b"], &[&"x".repeat(201)]] {
            assert_eq!(id(wrong), None, "{wrong:?}");
        }
    }
}
