//! A notice in Telegram's HTML: <https://core.telegram.org/bots/api#html-style>.

use super::answer::Posted;
use crate::config::{Chat, ChatId};
use crate::engine::notice::Notice;
use crate::notify::Delivery;
use crate::notify::fit::{Fit, begins_an_address};
use crate::notify::text::{Tone, alert_line, markup_free, one_line, reason, status_line, tone};
use serde_json::{Map, Value, json};

/// A text has at most 4096 characters "after entities parsing": tags and their attributes do not count, an escaped
/// character is one, and what is counted are UTF-16 code units.
const TEXT: usize = 4096;
/// So much of a title, of why a message goes out, and of what is said of one alert.
const TITLE: usize = 600;
const REASON: usize = 800;
const ALERT: usize = 500;
/// So much of the one line of an answer.
const LINE: usize = 1500;
/// More than the words of all links and what stands between them.
const WORDS: usize = 80;

/// For what an alert says: in `<code>` nothing is made a link or a mention of, and who taps it has it copied as it is.
const DATA: Fit = Fit { measure: shown, escape: as_it_is, around: ("<code>", "</code>") };
/// For what people say.
const WORDS_OF_PEOPLE: Fit = Fit { measure: shown, escape, around: ("", "") };

/// Where messages go, in the words of the API.
pub struct Place(Map<String, Value>);

impl Place {
    /// A chat and perhaps a topic.
    pub fn of(chat: &Chat) -> Self {
        let id = match &chat.id {
            ChatId::Number(id) => json!(id),
            ChatId::Username(name) => json!(format!("@{name}")),
        };
        let topic = chat.topic.map(|topic| ("message_thread_id".to_owned(), json!(topic)));
        Place(std::iter::once(("chat_id".to_owned(), id)).chain(topic).collect())
    }

    fn with(&self, text: String) -> Value {
        let mut body = self.0.clone();
        body.insert("text".into(), json!(text));
        body.insert("parse_mode".into(), json!("HTML"));
        body.insert("link_preview_options".into(), no_preview());
        Value::Object(body)
    }
}

/// A preview of a signed link would show to everybody what it shows to its addressee.
fn no_preview() -> Value {
    json!({ "is_disabled": true })
}

/// The incident's message.
pub fn body(place: &Place, delivery: Delivery<'_>) -> Value {
    place.with(text(delivery))
}

/// What is put in its place.
pub fn edit(root: &Posted, delivery: Delivery<'_>) -> Value {
    json!({
        "chat_id": root.chat,
        "message_id": root.message,
        "text": text(delivery),
        "parse_mode": "HTML",
        "link_preview_options": no_preview(),
    })
}

/// One line that says it all, in answer to the incident's message, or without it where that is gone.
pub fn reply(root: &Posted, place: &Place, notice: &Notice) -> Value {
    let first = notice.alerts.first().map(|alert| format!(": {}", alert_line(alert))).unwrap_or_default();
    let mut body = place.with(head(notice, &format!("{}{first}", notice.title), LINE));
    body["chat_id"] = json!(root.chat);
    body["reply_parameters"] = json!({ "message_id": root.message, "allow_sending_without_reply": true });
    body
}

/// Links stand in the text: one that Telegram does not like is then left out by it, where a button with it would be refused
/// together with the message.
fn text(delivery: Delivery<'_>) -> String {
    let notice = delivery.notice;
    let head = head(notice, &notice.title, TITLE);
    let reason = WORDS_OF_PEOPLE.cut(&one_line(&reason(notice)), REASON);
    let left = TEXT.saturating_sub(shown(&head) + shown(&reason) + WORDS);
    let lines = DATA.lines(notice, ALERT, left);
    let ways = delivery.ways();
    let links = ways.iter().map(|(words, address)| format!("<a href=\"{}\">{words}</a>", markup_free(address)));
    let links = links.collect::<Vec<_>>().join(" · ");
    [head, reason].into_iter().chain(lines).chain([links]).collect::<Vec<_>>().join("\n")
}

/// What it is about, in bold, and at most `most` of what came to pass.
fn head(notice: &Notice, data: &str, most: usize) -> String {
    let (sign, status) = (sign(tone(notice)), markup_free(&status_line(notice)));
    format!("{sign} <b>{status}</b> <code>{}</code>", DATA.cut(&one_line(data), most))
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "🔴",
        Tone::Error => "🟠",
        Tone::Warning => "🟡",
        Tone::Info => "🔵",
        Tone::Over => "🟢",
    }
}

/// How long HTML is once it is read: without tags, an entity is one unit. What we write has no `<` and no `&` but those.
pub fn shown(html: &str) -> usize {
    let (mut length, mut rest) = (0, html);
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '<' => '>',
            '&' => ';',
            _ => {
                length += c.len_utf16();
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        length += usize::from(c == '&');
        rest = rest.split_once(end).map_or("", |(_, after)| after);
    }
    length
}

/// No markup.
fn as_it_is(_: &str, c: char, _: &str) -> String {
    markup_free(c.encode_utf8(&mut [0; 4]))
}

/// No markup either, and nothing that Telegram makes a mention, a tag, a command or a link of by itself: a space of no width
/// behind its first sign keeps it from being one.
fn escape(before: &str, c: char, after: &str) -> String {
    let begins_a_command = c == '/' && !before.ends_with(|c: char| c.is_alphanumeric() || c == '/');
    let is_found = matches!(c, '@' | '#' | '$') || begins_a_command || begins_an_address(c, after);
    let text = as_it_is(before, c, after);
    if is_found { format!("{text}\u{200b}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_do_not_count_and_an_entity_is_one() {
        assert_eq!(shown("<b>a&lt;b</b> <a href=\"http://x/&amp;y\">🔴</a>"), 3 + 1 + 2);
        assert_eq!(shown(""), 0);
        assert_eq!(shown(&DATA.cut(&"&".repeat(9000), TEXT)), TEXT, "as many as there is room for");
    }
}
