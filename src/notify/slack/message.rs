//! A notice in Slack's blocks: <https://docs.slack.dev/reference/block-kit/blocks>.

use crate::engine::notice::{AlertText, Notice};
use crate::notify::text::{alert_line, cut, headline, reason};
use serde_json::{Value, json};

/// A section's text has at most 3000 characters.
const SECTION: usize = 3000;
/// All text together: beyond about 10 000 characters Slack has answered `msg_blocks_too_long`, which no page documents.
const ALL: usize = 9000;
/// So many alerts are listed; the rest are counted.
const LISTED: usize = 20;

/// Text and blocks of a message. The text is what a notification and a screen reader say.
pub fn body(notice: &Notice) -> Value {
    let lines = lines(notice);
    let mut blocks = vec![section(&format!("*{}*\n{}", escape(&headline(notice)), escape(&reason(notice))))];
    blocks.extend(sections(&lines));
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context(notice) }] }));
    json!({ "text": line(notice), "blocks": blocks })
}

/// One line that says it all.
pub fn line(notice: &Notice) -> String {
    let first = notice.alerts.first().map(|alert| format!(": {}", alert_line(alert))).unwrap_or_default();
    escape(&cut(&format!("{}{first}", headline(notice)), 1000))
}

fn lines(notice: &Notice) -> Vec<String> {
    let mut budget = ALL - 1500;
    let mut lines: Vec<String> = Vec::new();
    for alert in notice.alerts.iter().take(LISTED) {
        let line = format!("{} {}", mark(alert), escape(&cut(&alert_line(alert), 600)));
        let Some(left) = budget.checked_sub(line.chars().count()) else { break };
        budget = left;
        lines.push(line);
    }
    let more = notice.alerts.len() - lines.len();
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
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": cut(text, SECTION) } })
}

fn context(notice: &Notice) -> String {
    let runbook = notice.alerts.iter().flat_map(|alert| &alert.annotations).find(|(name, _)| &**name == "runbook_url");
    let runbook = runbook.map(|(_, url)| format!(" · <{}|runbook>", link(url))).unwrap_or_default();
    cut(&format!("<{}|INC-{}>{runbook}", link(&notice.link), notice.draft.number), 2000)
}

/// Label values are data: they must not make mentions or links.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An address inside `<…|…>` cannot hold the characters that end it.
fn link(url: &str) -> String {
    escape(url).replace('|', "%7C")
}
