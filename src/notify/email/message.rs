//! A notice as a mail: headers, a text part and an HTML part that say the same (RFC 5322, RFC 2046 §5.1.4, RFC 3834).

use super::encode::{addresses, header, quoted_printable};
use crate::config::Mailbox;
use crate::engine::notice::{AlertText, Notice, NoticeKind};
use crate::notify::Delivery;
use crate::notify::text::{alert_line, cut, headline, markup_free, reason, report};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// So many alerts are listed; the rest are counted.
const LISTED: usize = 50;
/// So long a subject may be: what is longer is cut by every reader anyway.
const SUBJECT: usize = 200;
/// So much of one alert's line, of its labels, and of its description is shown.
const LINE: usize = 1000;
const DESCRIPTION: usize = 4000;

/// The whole mail, with CRLF at the end of each line.
pub fn letter(delivery: Delivery<'_>, from: &Mailbox, to: &[&Mailbox]) -> String {
    let notice = delivery.notice;
    let words = Words::of(delivery);
    // A `=` that is followed by `_` does not exist in quoted-printable, so no text can hold the boundary.
    let boundary = format!("=_watchbell_{}", notice.draft.id);
    let mut letter = headers(notice, from, to, delivery.wall);
    letter.push_str(&header("MIME-Version", "1.0"));
    letter.push_str(&header("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\"")));
    for (kind, body) in [("plain", words.text()), ("html", words.html())] {
        letter.push_str(&format!(
            "\r\n--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        ));
        letter.push_str(&quoted_printable(&body));
    }
    letter.push_str(&format!("\r\n--{boundary}--\r\n"));
    letter
}

/// All mails of one incident answer to one id, which no mail has itself: so every receiver sees one thread, whichever of
/// them reached them first. The id of a mail is that of its delivery, so that a repeat is seen as one.
fn headers(notice: &Notice, from: &Mailbox, to: &[&Mailbox], wall: i64) -> String {
    let thread = format!("<incident.{}@{}>", notice.draft.incident, from.host());
    [
        header("Date", &date(wall)),
        addresses("From", &[from]),
        addresses("To", to),
        header("Subject", &cut(&headline(notice), SUBJECT)),
        header("Message-Id", &format!("<{}@{}>", notice.draft.id, from.host())),
        header("In-Reply-To", &thread),
        header("References", &thread),
        // Nobody's absence note comes back, and no robot answers.
        header("Auto-Submitted", "auto-generated"),
        header("X-Auto-Response-Suppress", "All"),
    ]
    .concat()
}

fn date(wall: i64) -> String {
    let now = Timestamp::from_millisecond(wall).unwrap_or(Timestamp::UNIX_EPOCH);
    jiff::fmt::rfc2822::to_string(&ZonedDateTime::new(now, TimeZone::UTC))
        .unwrap_or_else(|_| "Thu, 1 Jan 1970 00:00:00 +0000".into())
}

/// What the mail says, before it is text or HTML.
struct Words {
    headline: String,
    reason: String,
    hands: Option<String>,
    report: String,
    entries: Vec<Entry>,
    more: usize,
    name: String,
    link: String,
    acknowledge: Option<String>,
}

/// What it says of one alert.
struct Entry {
    line: String,
    labels: String,
    description: Option<String>,
    runbook: Option<String>,
}

impl Words {
    fn of(delivery: Delivery<'_>) -> Self {
        let notice = delivery.notice;
        let hands = notice.draft.acknowledged_by.as_ref().map(|by| format!("{} is at it.", clean(&by.name)));
        Words {
            headline: clean(&cut(&headline(notice), LINE)),
            reason: clean(&cut(&reason(notice), DESCRIPTION)),
            hands,
            report: report(notice).map(|line| format!("{}\n", clean(line))).collect(),
            entries: notice.alerts.iter().take(LISTED).map(Entry::of).collect(),
            more: notice.alerts.len().saturating_sub(LISTED),
            name: match notice.draft.kind {
                NoticeKind::Letter => "Incidents".into(),
                NoticeKind::Page | NoticeKind::Update | NoticeKind::End => format!("INC-{}", notice.draft.number),
            },
            link: clean(delivery.link()),
            acknowledge: delivery.acknowledge_link().map(clean),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n", self.headline, self.reason);
        text.extend(self.hands.iter().map(|hands| format!("{hands}\n")));
        if !self.report.is_empty() {
            text.push_str(&format!("\n{}", self.report));
        }
        for entry in &self.entries {
            text.push_str(&format!("\n* {}\n  {}\n", entry.line, entry.labels));
            text.extend(
                entry.description.iter().map(|description| format!("  {}\n", description.replace('\n', "\n  "))),
            );
            text.extend(entry.runbook.iter().map(|runbook| format!("  Runbook: {runbook}\n")));
        }
        if self.more > 0 {
            text.push_str(&format!("\n… and {} more\n", self.more));
        }
        text.push_str(&format!("\n{}: {}\n", self.name, self.link));
        text.extend(self.acknowledge.iter().map(|address| format!("Acknowledge: {address}\n")));
        text
    }

    fn html(&self) -> String {
        let title = markup_free(&self.headline);
        let mut html = format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n<h3>{title}</h3>\n<p>{}</p>\n",
            markup_free(&self.reason)
        );
        html.extend(self.hands.iter().map(|hands| format!("<p>{}</p>\n", markup_free(hands))));
        if !self.report.is_empty() {
            html.push_str(&format!("<pre>{}</pre>\n", markup_free(&self.report)));
        }
        html.push_str("<ul>\n");
        html.extend(self.entries.iter().map(Entry::html));
        html.push_str("</ul>\n");
        if self.more > 0 {
            html.push_str(&format!("<p>… and {} more</p>\n", self.more));
        }
        html.push_str(&format!("<p>{}</p>\n", anchor(&self.link, &self.name)));
        html.extend(self.acknowledge.iter().map(|address| format!("<p>{}</p>\n", anchor(address, "Acknowledge"))));
        html.push_str("</body></html>\n");
        html
    }
}

impl Entry {
    fn of(alert: &AlertText) -> Self {
        let annotation = |wanted: &str| {
            let found = alert.annotations.iter().find(|(name, _)| &**name == wanted);
            found.map(|(_, text)| clean(&cut(text.trim(), DESCRIPTION))).filter(|text| !text.is_empty())
        };
        let over = if alert.ended.is_some() { "over: " } else { "" };
        Entry {
            line: clean(&cut(&format!("{over}{}", alert_line(alert)), LINE)),
            labels: clean(&cut(&alert.labels.to_string(), LINE)),
            description: annotation("description"),
            runbook: annotation("runbook_url"),
        }
    }

    fn html(&self) -> String {
        let mut html =
            format!("<li><b>{}</b><br>\n<code>{}</code>\n", markup_free(&self.line), markup_free(&self.labels));
        html.extend(
            self.description
                .iter()
                .map(|text| format!("<p style=\"white-space:pre-wrap\">{}</p>\n", markup_free(text))),
        );
        html.extend(self.runbook.iter().map(|url| format!("<p>{}</p>\n", anchor(url, "Runbook"))));
        html.push_str("</li>\n");
        html
    }
}

/// Without the control characters that no reader should be sent; line ends and tabs may stay.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().map(|letter| if letter.is_control() && !"\n\t".contains(letter) { ' ' } else { letter }).collect()
}

/// Only addresses of the web are links; anything else (`javascript:`) is shown as the text that it is.
fn anchor(url: &str, text: &str) -> String {
    if url.starts_with("https://") || url.starts_with("http://") {
        format!("<a href=\"{}\">{}</a>", markup_free(url), markup_free(text))
    } else {
        format!("{}: {}", markup_free(text), markup_free(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links_and_no_text_leaves_its_attribute() {
        assert_eq!(anchor("javascript:alert(1)", "Runbook"), "Runbook: javascript:alert(1)");
        assert_eq!(
            anchor("https://a.example/\"onclick='x'", "Runbook"),
            "<a href=\"https://a.example/&quot;onclick=&#39;x&#39;\">Runbook</a>"
        );
    }

    #[test]
    fn the_date_is_that_of_the_attempt_as_mail_writes_it() {
        assert_eq!(date(1_767_603_600_000), "Mon, 5 Jan 2026 09:00:00 +0000");
    }
}
