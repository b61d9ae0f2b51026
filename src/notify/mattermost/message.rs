//! A notice as a post with an attachment: <https://developers.mattermost.com/integrate/reference/message-attachments/>.

use crate::engine::notice::Notice;
use crate::notify::Delivery;
use crate::notify::fit::{Fit, begins_an_address, characters};
use crate::notify::text::{alert_line, cut, headline, one_line, reason, tone};
use serde_json::{Value, json};

/// A post's message has at most 16383 characters
/// (<https://docs.mattermost.com/upgrade/important-upgrade-notes.html>, v5.0); a longer one is torn into several by a
/// webhook. So much of it is used.
const HEADLINE: usize = 1000;
/// So much of why a message goes out, of what is said of one alert, and of the one line of an answer.
const REASON: usize = 1500;
const ALERT: usize = 900;
const LINE: usize = 2000;
/// Attachments are kept with a post's properties, which may have 800000 characters (`PostPropsMaxRunes` of the server's
/// `model/post.go`). So far the text of ours goes, its links included: nobody reads more in a chat.
const TEXT: usize = 6000;
const LINKS: usize = 2500;

const FIT: Fit = Fit { measure: characters, escape, around: ("", "") };

/// What a webhook takes; `to` is another channel than its own.
pub fn to_webhook(delivery: Delivery<'_>, to: Option<&str>) -> Value {
    let mut body = json!({ "text": head(delivery.notice), "attachments": [attachment(delivery)] });
    if let Some(to) = to {
        body["channel"] = json!(to);
    }
    body
}

/// What a bot posts, and puts in the place of what it posted.
pub fn post(delivery: Delivery<'_>) -> Value {
    json!({ "message": head(delivery.notice), "props": { "attachments": [attachment(delivery)] } })
}

/// One line that says it all.
pub fn line(notice: &Notice) -> String {
    let first = notice.alerts.first().map(|alert| format!(": {}", alert_line(alert))).unwrap_or_default();
    FIT.cut(&format!("{}{first}", headline(notice)), LINE)
}

fn head(notice: &Notice) -> String {
    format!("**{}**", FIT.cut(&headline(notice), HEADLINE))
}

fn attachment(delivery: Delivery<'_>) -> Value {
    let notice = delivery.notice;
    json!({
        "fallback": cut(&headline(notice), HEADLINE),
        "color": format!("#{:06x}", tone(notice).rgb()),
        "text": text(delivery),
    })
}

/// Why, the alerts, and where to go: a link that does not fit is left out whole.
fn text(delivery: Delivery<'_>) -> String {
    let reason = FIT.cut(&one_line(&reason(delivery.notice)), REASON);
    let links = FIT.links(delivery, LINKS);
    let left = TEXT.saturating_sub(characters(&reason) + characters(&links) + 2);
    let lines = FIT.lines(delivery.notice, ALERT, left);
    std::iter::once(reason).chain(lines).chain(std::iter::once(links)).collect::<Vec<_>>().join("\n")
}

/// Label values are data: no markup, no mention, no link, no picture.
///
/// Mentions are looked for after the markup has been read, so that no backslash keeps them from being one, and `<…>` is
/// read as Slack's before it: those signs are written as entities, and a space of no width stands behind what would make a
/// person, a channel, a tag, an emoji or an address.
fn escape(before: &str, c: char, after: &str) -> String {
    match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '\\' | '`' | '*' | '_' | '[' | ']' | '|' => format!("\\{c}"),
        '~' => "\\~\u{200b}".into(),
        '@' | '#' | '$' => format!("{c}\u{200b}"),
        ':' if begins_an_address(c, after) || begins_an_emoji(after) => ":\u{200b}".into(),
        '.' if before.to_ascii_lowercase().ends_with("www") => ".\u{200b}".into(),
        c => c.into(),
    }
}

/// Whether what follows a colon is the name of a picture and another colon.
fn begins_an_emoji(after: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    after.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
}
