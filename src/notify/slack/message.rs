//! A notice in Slack's blocks: <https://docs.slack.dev/reference/block-kit/blocks>.

use super::Buttons;
use crate::engine::notice::{AlertText, Notice, NoticeKind};
use crate::notify::Delivery;
use crate::notify::text::{alert_line, cut, headline, reason, report, runbook};
use serde_json::{Value, json};

/// A section's text has at most 3000 characters.
const SECTION: usize = 3000;
/// All text together: beyond about 10 000 characters Slack has answered `msg_blocks_too_long`, which no page documents.
const ALL: usize = 9000;
/// So much of a headline, and of why a message goes out.
const HEAD: usize = 1400;
/// So much of the text that a notification and a screen reader say.
const LINE: usize = 1000;
/// So much of what is said of one alert.
const ALERT: usize = 900;
/// A context's text has at most 2000 characters.
const CONTEXT: usize = 2000;
/// So many alerts are listed; the rest are counted.
const LISTED: usize = 20;

/// Text and blocks of a message. The text is what a notification and a screen reader say.
pub fn body(delivery: Delivery<'_>, buttons: Buttons) -> Value {
    let notice = delivery.notice;
    let head = format!("*{}*\n{}", escaped(&headline(notice), HEAD), escaped(&reason(notice), HEAD));
    let context = context(delivery);
    let left = ALL.saturating_sub(head.chars().count() + context.chars().count());
    let mut blocks = vec![section(&head)];
    blocks.extend(sections(&lines(notice, left)));
    blocks.extend(buttons.block(notice));
    blocks.push(json!({ "type": "context", "elements": [text(&context)] }));
    json!({ "text": line(notice), "blocks": blocks })
}

/// One line that says it all.
pub fn line(notice: &Notice) -> String {
    let first = notice.alerts.first().map(|alert| format!(": {}", alert_line(alert))).unwrap_or_default();
    escaped(&format!("{}{first}", headline(notice)), LINE)
}

fn lines(notice: &Notice, mut budget: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in report(notice).map(|line| escaped(line, SECTION)) {
        let Some(left) = budget.checked_sub(line.chars().count() + 1) else {
            lines.push("…".into());
            break;
        };
        budget = left;
        lines.push(line);
    }
    let told = lines.len();
    for alert in notice.alerts.iter().take(LISTED) {
        let line = format!("{} {}", mark(alert), escaped(&alert_line(alert), ALERT));
        let Some(left) = budget.checked_sub(line.chars().count()) else { break };
        budget = left;
        lines.push(line);
    }
    let more = notice.alerts.len() - (lines.len() - told);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}

fn mark(alert: &AlertText) -> &'static str {
    if alert.ended.is_some() { ":white_check_mark:" } else { ":rotating_light:" }
}

/// Lines put together into as few sections as their limit allows.
fn sections(lines: &[String]) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() && text.chars().count() + line.chars().count() + 1 > SECTION {
            blocks.push(section(&std::mem::take(&mut text)));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    if !text.is_empty() {
        blocks.push(section(&text));
    }
    blocks
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": self::text(&cut(text, SECTION)) })
}

/// Only what we mark is a mention, a channel or a link: otherwise Slack would make some of what label values say.
fn text(markup: &str) -> Value {
    json!({ "type": "mrkdwn", "text": markup, "verbatim": true })
}

/// At most 2000 characters, as a context wants it: a link that does not fit is left out whole.
fn context(delivery: Delivery<'_>) -> String {
    let draft = &delivery.notice.draft;
    let name = if draft.kind == NoticeKind::Letter { "incidents".into() } else { format!("INC-{}", draft.number) };
    let mut context = format!("<{}|{name}>", link(delivery.link()));
    let acknowledge = delivery.acknowledge_link().map(|address| (address, "acknowledge"));
    for (address, words) in acknowledge.into_iter().chain(runbook(delivery.notice).map(|url| (url, "runbook"))) {
        let more = format!(" · <{}|{words}>", link(address));
        if context.chars().count() + more.chars().count() <= CONTEXT {
            context.push_str(&more);
        }
    }
    context
}

/// Label values are data: they must not make mentions or links.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most `most` characters of it once escaped; what is cut is cut between characters, not inside of an escaped one.
fn escaped(text: &str, most: usize) -> String {
    let (mut short, mut length) = (String::new(), 0);
    for c in text.chars() {
        let more = escape(c.encode_utf8(&mut [0; 4]));
        length += more.chars().count();
        if length >= most {
            short.push('…');
            break;
        }
        short.push_str(&more);
    }
    short
}

/// An address inside `<…|…>` cannot hold the characters that end it.
fn link(url: &str) -> String {
    escape(url).replace('|', "%7C")
}
