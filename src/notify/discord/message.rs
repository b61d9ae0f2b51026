//! A notice as a message with an embed: <https://docs.discord.com/developers/resources/message#embed-object>.

use crate::engine::notice::Notice;
use crate::notify::Delivery;
use crate::notify::fit::{Fit, begins_an_address, utf16};
use crate::notify::text::{alert_line, headline, one_line, reason, tone};
use serde_json::{Value, json};

/// `content` has at most 2000 characters; so much of them is used, and of a headline in it.
const LINE: usize = 1500;
const HEADLINE: usize = 600;
/// An embed's description has at most 4096 characters, all of its texts together 6000:
/// <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>.
const DESCRIPTION: usize = 4096;
/// So much of why a message goes out, and of what is said of one alert.
const REASON: usize = 800;
const ALERT: usize = 500;

const FIT: Fit = Fit { measure: utf16, escape, around: ("", "") };

/// The incident's message. Its content is what a notification shows. Links stand in the text: an embed's own `url` is refused
/// together with the message where Discord does not like its host.
pub fn body(delivery: Delivery<'_>) -> Value {
    let notice = delivery.notice;
    let embed = json!({
        "description": description(delivery),
        "color": tone(notice).rgb(),
        "timestamp": notice.draft.at.to_string(),
        "footer": { "text": "Watchbell" },
    });
    json!({
        "content": format!("**{}**", FIT.cut(&headline(notice), HEADLINE)),
        "embeds": [embed],
        "allowed_mentions": { "parse": [] },
    })
}

/// One line that says it all, in a message of its own.
pub fn line(notice: &Notice) -> Value {
    let first = notice.alerts.first().map(|alert| format!(": {}", alert_line(alert))).unwrap_or_default();
    let line = FIT.cut(&format!("{}{first}", headline(notice)), LINE);
    json!({ "content": line, "allowed_mentions": { "parse": [] } })
}

/// Why, the alerts, and where to go: a link that does not fit is left out whole.
fn description(delivery: Delivery<'_>) -> String {
    let reason = FIT.cut(&one_line(&reason(delivery.notice)), REASON);
    let links = FIT.links(delivery, DESCRIPTION - REASON - ALERT);
    let left = DESCRIPTION.saturating_sub(utf16(&reason) + utf16(&links) + 2);
    let lines = FIT.lines(delivery.notice, ALERT, left);
    std::iter::once(reason).chain(lines).chain(std::iter::once(links)).collect::<Vec<_>>().join("\n")
}

/// Label values are data: no markup, no mention, no link. Discord shows any sign after a backslash as it is
/// (<https://docs.discord.com/developers/reference#message-formatting>), and makes links of addresses by itself.
fn escape(_: &str, c: char, after: &str) -> String {
    let is_markup = matches!(c, '\\' | '`' | '*' | '_' | '~' | '|' | '<' | '>' | '[' | ']' | '@' | '#');
    if is_markup || begins_an_address(c, after) { format!("\\{c}") } else { c.into() }
}
