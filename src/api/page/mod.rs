//! Pages for people: plain HTML that needs no scripts, loads nothing, works on a phone, and shows label values as the text
//! that they are.
//!
//! `incident` says what there is to know of an incident, whoever has been let in to see it: by a signed link, or by role.

mod incident;

pub use incident::{list, noted, of};

use crate::notify::text::{cut, markup_free, one_line};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:1.5rem auto;padding:0 1rem;color:#1a1a1a;background:#fff;\
overflow-wrap:anywhere}h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.05rem;margin:1.8rem 0 .3rem;\
border-bottom:1px solid #ddd}p{margin:.4rem 0}ul{list-style:none;padding:0;margin:0}li{margin:.6rem 0}\
b{display:block;font-size:.85rem;font-weight:600;font-variant-numeric:tabular-nums;color:#444}\
code{display:block;font-size:.85rem;color:#555}\
@media(min-width:36rem){li{display:grid;grid-template-columns:11.5rem minmax(0,1fr)}code{grid-column:2}b{line-height:1.75rem}}\
a{color:#06559c}\
button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.3rem;background:#06703a;color:#fff}";
/// So much of one line is shown.
const LONGEST_LINE: usize = 2_000;

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What there is to know first, a paragraph each.
    pub facts: Vec<String>,
    /// An address of the web to go on to, and what it is.
    pub link: Option<(String, String)>,
    /// What the button says, and what it does.
    pub button: Option<(String, String)>,
    /// What there is to know besides, by its heading.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: &'static str,
    /// Its lines. A section without any is left out.
    pub rows: Vec<Row>,
    /// How many more there are, and what becomes of them in words.
    pub more: Option<String>,
}

/// A line of a section.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What stands before it: when, or how it stands with it.
    pub lead: String,
    /// What it says.
    pub text: String,
    /// What only some want to know.
    pub small: String,
    /// The number of the incident whose page it leads to.
    pub to: Option<u64>,
}

impl Page {
    /// A page that says one thing.
    pub fn saying(title: &str, facts: &[&str]) -> Self {
        Page { title: title.into(), facts: facts.iter().map(|fact| (*fact).to_owned()).collect(), ..Page::default() }
    }

    /// The page as HTML. The button comes before what may be long.
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        let facts: String = self.facts.iter().map(|fact| format!("<p>{}</p>\n", escape(fact))).collect();
        let link = self.link.as_ref().map(|(address, words)| {
            format!("<p><a href=\"{}\" rel=\"noreferrer noopener\">{}</a></p>\n", escape(address), escape(words))
        });
        let button = self.button.as_ref().map(|(words, does)| {
            let (words, does) = (escape(words), escape(does));
            format!("<form method=\"post\"><p>{does}</p><button type=\"submit\">{words}</button></form>\n")
        });
        let sections: String = self.sections.iter().map(Section::html).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
<title>{title}</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n{facts}{}{}{sections}\
</main></body></html>\n",
            link.unwrap_or_default(),
            button.unwrap_or_default(),
        )
    }
}

impl Section {
    fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let rows: String = self.rows.iter().map(Row::html).collect();
        let more = self.more.as_ref().map(|words| format!("<p>{}</p>\n", escape(words))).unwrap_or_default();
        format!("<h2>{}</h2>\n<ul>\n{rows}</ul>\n{more}", escape(self.heading))
    }
}

impl Row {
    fn html(&self) -> String {
        let of = |tag: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{tag}>{}</{tag}>", escape(text)) }
        };
        let text = escape(&self.text);
        let text = match self.to {
            // Relative, so that it stays below whatever a proxy puts before our paths.
            Some(number) => format!("<a href=\"incidents/{number}\">{text}</a>"),
            None => text,
        };
        format!("<li>{}{text}{}</li>\n", of("b", &self.lead), of("code", &self.small))
    }
}

/// A page as an answer. It loads nothing and runs nothing, is not framed, kept or indexed, and does not say to others where
/// one came from: its address may be a secret.
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
    markup_free(&cut(&one_line(text), LONGEST_LINE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_whole_and_shows_what_is_hostile_as_text() {
        let hostile = "\"><script>alert(1)</script>\r\n\0'&\u{202e}";
        let row = |small: String| Row { lead: hostile.into(), text: hostile.into(), small, to: None };
        let section = |small| Section { heading: "Alerts", rows: vec![row(small)], more: Some(hostile.into()) };
        let page = |small| Page {
            title: hostile.into(),
            facts: vec![hostile.into()],
            link: Some((format!("https://example.org/{hostile}"), hostile.into())),
            button: Some((hostile.into(), "It does something.".into())),
            sections: vec![section(small), Section { heading: "Empty", ..Section::default() }],
        };
        let html = page("x".repeat(10_000)).html();
        let body = html.split("</style>").nth(1).unwrap().replace("<script", "!");
        assert!(!body.contains('!') && !body.contains('\0') && !body.contains('\u{202e}'), "{body}");
        assert!(html.len() < 8_000, "a long label is cut: {}", html.len());
        insta::assert_snapshot!(page("{a=\"b\"}".into()).html());
    }
}
