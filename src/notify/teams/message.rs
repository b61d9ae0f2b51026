//! A notice as an Adaptive Card: <https://adaptivecards.io/explorer/AdaptiveCard.html>.
//!
//! What is shown stands in text runs, which know no Markdown (<https://adaptivecards.io/explorer/TextRun.html>): label values
//! are data. Nobody is mentioned, because that takes an entity beside the text, and there are none.

use crate::engine::notice::NoticeKind;
use crate::notify::Delivery;
use crate::notify::fit::{Fit, mark};
use crate::notify::text::{Tone, alert_line, cut, headline, one_line, reason, report, tone};
use serde_json::{Value, json};

/// A message may have about 28 KB: <https://learn.microsoft.com/en-us/connectors/teams/#known-issues-and-limitations-with-actions>.
/// Teams counts it in a form of its own: a card of 24 453 bytes was 28 897 to it
/// (<https://github.com/MicrosoftDocs/msteams-docs/issues/11274>). So far we go, counted in the longest form that JSON has.
const CARD: usize = 20_000;
/// So much of a headline, of why a message goes out, and of what is said of one alert.
const HEADLINE: usize = 1000;
const REASON: usize = 2000;
const ALERT: usize = 1000;
/// What one more line takes beside its text.
const ELEMENT: usize = 120;
/// The bytes that a character can take at most: two surrogates, each as `\u0000`.
const LONGEST: usize = 12;

const FIT: Fit = Fit { measure: bytes, escape, around: ("", "") };

/// The message that a workflow posts.
pub fn body(delivery: Delivery<'_>) -> Value {
    let card = card(delivery);
    json!({
        "type": "message",
        "attachments": [
            { "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card },
        ],
    })
}

fn card(delivery: Delivery<'_>) -> Value {
    let notice = delivery.notice;
    let (style, colour) = looks(tone(notice));
    let head = json!({
        "type": "Container",
        "style": style,
        "bleed": true,
        "items": [
            text(&FIT.cut(&headline(notice), HEADLINE), json!({ "weight": "Bolder", "size": "Medium", "color": colour })),
            text(&FIT.cut(&one_line(&reason(notice)), REASON), json!({})),
        ],
    });
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(&headline(notice), HEADLINE / LONGEST),
        "msteams": { "width": "Full" },
        "body": [head],
        "actions": actions(delivery),
    });
    let left = CARD.saturating_sub(bytes(&card.to_string()));
    let lines = lines(delivery, left);
    if let Some(body) = card["body"].as_array_mut() {
        body.extend(lines);
    }
    card
}

/// The lines of a report that goes with it, and a line on each alert, as far as there is room, each an element of its own.
fn lines(delivery: Delivery<'_>, left: usize) -> Vec<Value> {
    let alerts = &delivery.notice.alerts;
    let mut left = left.saturating_sub(2 * ELEMENT);
    let mut lines = Vec::new();
    for line in report(delivery.notice) {
        let line = FIT.cut(&one_line(line), ALERT);
        let Some(rest) = left.checked_sub(bytes(&line) + ELEMENT) else {
            lines.push(text("…", json!({})));
            break;
        };
        left = rest;
        lines.push(text(&line, json!({})));
    }
    let told = lines.len();
    for alert in alerts {
        let line = format!("{} {}", mark(alert), FIT.cut(&alert_line(alert), ALERT));
        let Some(rest) = left.checked_sub(bytes(&line) + ELEMENT) else { break };
        left = rest;
        lines.push(text(&line, json!({})));
    }
    let unlisted = alerts.len() - (lines.len() - told);
    if unlisted > 0 {
        lines.push(text(&format!("… and {unlisted} more"), json!({})));
    }
    lines
}

/// Buttons that open a page; each is left out whole where it is too long.
fn actions(delivery: Delivery<'_>) -> Vec<Value> {
    let name = |words: &str| match (words, delivery.notice.draft.kind) {
        ("acknowledge", _) => "Acknowledge".to_owned(),
        ("runbook", _) => "Runbook".to_owned(),
        (_, NoticeKind::Letter) => "Incidents".to_owned(),
        (name, _) => name.to_owned(),
    };
    let fits = |address: &&str| bytes(address) <= CARD / 5;
    let ways = delivery.ways();
    let ways = ways.iter().filter(|(_, address)| fits(address));
    ways.map(|(words, url)| json!({ "type": "Action.OpenUrl", "title": name(words), "url": url })).collect()
}

/// A text that is shown as it is.
fn text(words: &str, looks: Value) -> Value {
    let mut run = looks;
    (run["type"], run["text"]) = (json!("TextRun"), json!(words));
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

/// The style of a container and the colour of a text: <https://adaptivecards.io/explorer/Container.html>.
fn looks(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Critical | Tone::Error => ("attention", "Attention"),
        Tone::Warning => ("warning", "Warning"),
        Tone::Info => ("accent", "Accent"),
        Tone::Over => ("good", "Good"),
    }
}

/// How long `text` is at most as a string of JSON, its quotes not counted.
fn bytes(text: &str) -> usize {
    let one = |c: char| match c {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        c => 6 * c.len_utf16(),
    };
    text.chars().map(one).sum()
}

/// A card is filled in where it says `{{DATE(…)}}` (<https://adaptivecards.io/explorer/TextBlock.html>) or `${…}`: data is not.
fn escape(_: &str, c: char, after: &str) -> String {
    let is_filled_in = matches!(c, '{' | '$') && after.starts_with('{');
    if is_filled_in { format!("{c}\u{200b}") } else { c.into() }
}
