//! The page that a link opens: plain HTML that needs no scripts, loads nothing, and shows label values as the text that they
//! are.

use crate::engine::Engine;
use crate::engine::incident::{Destination, Incident};
use crate::engine::notice::{Draft, Message, Notice, Reason};
use crate::notify::text::{alert_line, cut, one_line};
use crate::rules::template::Answers;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff;\
overflow-wrap:anywhere}h1{font-size:1.4rem}li{margin:.5rem 0}code{font-size:.85rem;color:#555}\
button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.3rem;background:#06703a;color:#fff}";
/// So many alerts are listed; the rest are counted.
const LISTED: usize = 50;
/// So much of one line is shown.
const LONGEST_LINE: usize = 2_000;
/// Templates may ask so often. Nothing is asked for a page, so that they end with what they say without an answer.
const ROUNDS: usize = 4;

/// What a page says.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What there is to know, a paragraph each.
    pub facts: Vec<String>,
    /// The alerts: a line on each, and its labels.
    pub alerts: Vec<(String, String)>,
    /// How many more there are.
    pub more: usize,
    /// What the button says, and what it does.
    pub button: Option<(String, String)>,
}

impl Page {
    /// The page of an incident, in the words of a message to `to`.
    pub fn of(engine: &Engine, incident: &Incident, to: &Destination) -> Self {
        let name = format!("INC-{}", incident.number);
        let state = match (&incident.acknowledged, incident.is_resolved()) {
            (_, true) => "It is resolved.".to_owned(),
            (Some(acknowledged), false) => format!("Acknowledged by {} at {}.", acknowledged.by.name, acknowledged.at),
            (None, false) => "Nobody has acknowledged it.".to_owned(),
        };
        let notice = notice(engine, incident, to);
        let title = notice.as_ref().map_or_else(|| name.clone(), |notice| format!("{name} {}", notice.title));
        let shown = notice.iter().flat_map(|notice| &notice.alerts).take(LISTED);
        let alerts: Vec<_> = shown.map(|alert| (alert_line(alert), alert.labels.to_string())).collect();
        let facts = vec![format!("Severity {}, since {}.", incident.severity, incident.opened), state];
        Page {
            title,
            facts,
            more: incident.members.len() - alerts.len().min(incident.members.len()),
            alerts,
            button: None,
        }
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        let facts: String = self.facts.iter().map(|fact| format!("<p>{}</p>\n", escape(fact))).collect();
        let alert = |(line, labels): &(String, String)| {
            format!("<li>{}<br><code>{}</code></li>\n", escape(line), escape(labels))
        };
        let mut alerts: String = self.alerts.iter().map(alert).collect();
        if self.more > 0 {
            alerts.push_str(&format!("<li>… and {} more</li>\n", self.more));
        }
        let alerts = if alerts.is_empty() { alerts } else { format!("<ul>\n{alerts}</ul>\n") };
        let button = self.button.as_ref().map(|(words, does)| {
            let (words, does) = (escape(words), escape(does));
            format!("<form method=\"post\"><p>{does}</p><button type=\"submit\">{words}</button></form>\n")
        });
        let button = button.unwrap_or_default();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
<title>{title}</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n{facts}{alerts}{button}\
</main></body></html>\n"
        )
    }
}

/// The message that would be sent now, without asking any source: a page does not wait for one.
fn notice(engine: &Engine, incident: &Incident, to: &Destination) -> Option<Notice> {
    let draft = Draft::new(incident, to, &Message::update(Reason::Changed), 0, engine.state.moment);
    let mut known = Answers::new();
    for _ in 0..ROUNDS {
        match draft.compose(&engine.world, &known) {
            Ok(notice) => return Some(notice),
            Err(wanted) => {
                known.extend(wanted.into_iter().map(|(_, query)| (query, Err("no query is asked for a page".into()))));
            }
        }
    }
    None
}

/// A page as an answer. It loads nothing and runs nothing, is not framed, kept or indexed, and does not say to others where
/// one came from: its address is a secret.
pub fn answer(status: StatusCode, page: &Page) -> Response {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(page.html())).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Text as text, whatever it holds.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in cut(&one_line(text), LONGEST_LINE).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_whole_and_shows_what_is_hostile_as_text() {
        let hostile = "\"><script>alert(1)</script>\r\n\0'&\u{202e}";
        let page = Page {
            title: hostile.into(),
            facts: vec![hostile.into()],
            alerts: vec![(hostile.into(), "x".repeat(10_000))],
            more: 3,
            button: Some((hostile.into(), "It does something.".into())),
        };
        let html = page.html();
        let body = html.split("</style>").nth(1).unwrap().replace("<script", "!");
        assert!(!body.contains('!') && !body.contains('\0') && !body.contains('\u{202e}'), "{body}");
        assert!(html.len() < 8_000, "a long label is cut: {}", html.len());
        insta::assert_snapshot!(Page { alerts: vec![("line".into(), "{a=\"b\"}".into())], ..page }.html());
    }
}
