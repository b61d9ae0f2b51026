//! The words that all channels share: what happened in one line, how a number and a bound are written, how to cut.

use crate::engine::notice::{AlertText, Notice, NoticeKind, Reason};
use crate::model::{Span, duration_text, waits_for};

/// A longer address is no address that somebody wrote, and would not fit into a message.
const LONGEST_ADDRESS: usize = 1500;

/// What the message is about in one word: `FIRING`, `UPDATE`, `RESOLVED`.
#[must_use]
pub fn status(notice: &Notice) -> &'static str {
    let none_fires = notice.alerts.iter().all(|alert| alert.ended.is_some());
    match notice.draft.kind {
        NoticeKind::Page if none_fires => "UNANSWERED",
        NoticeKind::Page => "FIRING",
        NoticeKind::Update => "UPDATE",
        NoticeKind::Letter => "FYI",
        NoticeKind::End if ended_without_data(notice) => "NO DATA",
        NoticeKind::End => "RESOLVED",
    }
}

/// Whether it ends only because nothing is known any more: that is not a resolution, and is not called one.
#[must_use]
pub fn ended_without_data(notice: &Notice) -> bool {
    let silent = |alert: &AlertText| alert.note.as_deref().is_some_and(|note| note.starts_with("ended without data"));
    !notice.alerts.is_empty() && notice.alerts.iter().all(silent)
}

/// How a message looks at first sight, in channels with colours. The words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The highest severity.
    Critical,
    /// The second.
    Error,
    /// The third.
    Warning,
    /// Anything below.
    Info,
    /// It is over.
    Over,
}

/// How `notice` looks. An end without data is no good news, and does not look like it.
#[must_use]
pub fn tone(notice: &Notice) -> Tone {
    if notice.draft.kind == NoticeKind::End && !ended_without_data(notice) {
        return Tone::Over;
    }
    match notice.draft.severity.rank() {
        0 => Tone::Critical,
        1 => Tone::Error,
        2 => Tone::Warning,
        _ => Tone::Info,
    }
}

impl Tone {
    /// Its colour as `0xRRGGBB`.
    #[must_use]
    pub fn rgb(self) -> u32 {
        match self {
            Tone::Critical => 0x00cc_2936,
            Tone::Error => 0x00e8_7722,
            Tone::Warning => 0x00f2_c12e,
            Tone::Info => 0x0033_7ab7,
            Tone::Over => 0x002e_9e5b,
        }
    }
}

/// One line that says it all: `[FIRING high] INC-41 GasPriceSpike {chain="sepolia"}`.
#[must_use]
pub fn headline(notice: &Notice) -> String {
    format!("{} {}", status_line(notice), one_line(&notice.title))
}

/// The part of it that does not come from any label: `[FIRING high] INC-41`.
#[must_use]
pub fn status_line(notice: &Notice) -> String {
    let (draft, status) = (&notice.draft, status(notice));
    match draft.kind {
        NoticeKind::Letter => format!("[{status} {}]", draft.severity),
        NoticeKind::Page | NoticeKind::Update | NoticeKind::End => {
            format!("[{status} {}] INC-{}", draft.severity, draft.number)
        }
    }
}

/// Why it goes out, in words for people, and which remedies were tried.
#[must_use]
pub fn reason(notice: &Notice) -> String {
    let (draft, why) = (&notice.draft, why(notice));
    match (draft.reason, &draft.text) {
        // Their text says all that there is to say.
        (Reason::Communicated | Reason::Routine, _) | (_, None) => why,
        (Reason::Rested | Reason::Digest | Reason::SilenceEnds, _) if draft.kind != NoticeKind::Page => why,
        (Reason::Remedied, Some(tried)) => tried.clone(),
        (_, Some(tried)) => format!("{why}; {tried}"),
    }
}

/// Why it goes out, in words for people.
#[must_use]
pub fn why(notice: &Notice) -> String {
    let draft = &notice.draft;
    let by = draft.by.as_ref().map(|by| format!(" by {}", by.name)).unwrap_or_default();
    let level = draft.level.as_ref().map(|level| format!(": {level}")).unwrap_or_default();
    match draft.reason {
        Reason::Opened => "new".into(),
        Reason::Reopened => "fires again".into(),
        Reason::Rose => "got worse".into(),
        Reason::Fell => "got better, not over".into(),
        Reason::Changed => "alerts joined or left".into(),
        Reason::Escalated if draft.by.is_some() => format!("escalated{by}, next level{level}"),
        Reason::Escalated => format!("nobody has acted, next level{level}"),
        Reason::Repeated => format!("nobody has acted, told again{level}"),
        Reason::Released => notice.held_back.clone().unwrap_or_else(|| "no longer held back".into()),
        Reason::Acknowledged => format!("acknowledged{by}"),
        Reason::Snoozed => format!("snoozed{by}"),
        Reason::Unacknowledged => format!("no longer acknowledged{by}"),
        Reason::AcknowledgementExpired => "the acknowledgement has expired".into(),
        Reason::Assessed => format!("assessed as {}{by}", draft.severity),
        Reason::Assigned => format!("assigned{by}"),
        Reason::Communicated => format!("update{by}: {}", draft.text.as_deref().unwrap_or_default()),
        Reason::Overdue(stage) => format!("overdue: it has not been {}", stage.participle()),
        Reason::Stale => format!("in too many digests, nobody has looked after it{level}"),
        Reason::Rested if draft.kind == NoticeKind::Page => "your quiet hours are over".into(),
        Reason::Rested | Reason::Digest | Reason::SilenceEnds => draft.text.clone().unwrap_or_default(),
        Reason::Routine => {
            let name = draft.key.policy.trim_start_matches("routine/");
            format!("tick it off: watchbell routines done {}", for_a_shell(name))
        }
        Reason::Calmed => format!("its alerts have ended; it {}", waits_for(draft.acknowledged_by.is_some())),
        Reason::Resolved if draft.by.is_some() => format!("resolved{by}"),
        Reason::Resolved if ended_without_data(notice) => "no data any more".into(),
        Reason::Remedied => "remedies were tried".into(),
        Reason::Resolved => "over".into(),
    }
}

/// A word as a shell takes it: what people copy from a message must do what it says.
fn for_a_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let begins_plain = word.starts_with(|c: char| c.is_alphanumeric());
    if begins_plain && word.chars().all(is_plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// The lines of the report that goes with a message, where one does.
pub fn report(notice: &Notice) -> impl Iterator<Item = &str> {
    let text = notice.draft.text.as_deref().filter(|_| notice.draft.reason == Reason::Routine);
    text.into_iter().flat_map(str::lines)
}

/// One line on one alert: its summary where it has one, the value and bound, how long it fired.
#[must_use]
pub fn alert_line(alert: &AlertText) -> String {
    let summary = alert.annotations.iter().find(|(name, _)| &**name == "summary").map(|(_, text)| text.as_str());
    // One of spaces alone, as a template may leave it, says nothing, and would leave a blank where people look.
    let summary = summary.filter(|text| !one_line(text).trim().is_empty());
    let mut line =
        summary.map_or_else(|| format!("{} {}", alert.name, alert.labels.without("alertname")), str::to_owned);
    if let Some(value) = value(alert) {
        line.push_str(&format!(" ({value})"));
    }
    if let Some(ended) = alert.ended {
        line.push_str(&format!(", after {}", duration_text::format(whole_seconds(ended - alert.since))));
    }
    if let Some(note) = &alert.note {
        line.push_str(&format!(": {note}"));
    }
    one_line(&line)
}

/// Text that makes no markup in HTML or XML, not in an attribute either: label values are data.
#[must_use]
pub fn markup_free(text: &str) -> String {
    let mut free = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => free.push_str("&amp;"),
            '<' => free.push_str("&lt;"),
            '>' => free.push_str("&gt;"),
            '"' => free.push_str("&quot;"),
            '\'' => free.push_str("&#39;"),
            c => free.push(c),
        }
    }
    free
}

/// Text that stays on its line: label values are data, and must not make lines, end a text early, or turn the direction of
/// what stands beside them.
#[must_use]
pub fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().filter(|c| !turns(*c)).map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// The page that says what to do, where an alert names one that can be a link.
#[must_use]
pub fn runbook(notice: &Notice) -> Option<&str> {
    let named = notice.alerts.iter().flat_map(|alert| &alert.annotations).filter(|(name, _)| &**name == "runbook_url");
    let is_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
    let is_one =
        |url: &&str| url.len() <= LONGEST_ADDRESS && !url.contains(|c: char| c.is_control() || c.is_whitespace());
    named.map(|(_, url)| url.as_str()).filter(is_web).find(is_one)
}

/// Nobody reads milliseconds: `20s`, not `19s999ms`.
fn whole_seconds(span: Span) -> Span {
    Span::from_secs((span.millis() + 500) / 1000)
}

/// The value with its unit, and the bound: `112 gwei, threshold 100`.
#[must_use]
pub fn value(alert: &AlertText) -> Option<String> {
    if alert.value.is_nan() {
        return None;
    }
    let unit = alert.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let bound = if alert.threshold.is_empty() { String::new() } else { format!(", threshold {}", alert.threshold) };
    Some(format!("{}{unit}{bound}", number(alert.value)))
}

/// A number as people write it: six significant digits, or all before the point where there are more; a million billions and
/// more, and what is less than a millionth, with an exponent.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".into()
        } else if value > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    if value != 0.0 && !(1e-6..1e15).contains(&value.abs()) {
        let text = format!("{value:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    // So many decimals leave six significant digits.
    let decimals = (0..9).find(|decimals| value.abs() * 10_f64.powi(*decimals) >= 100_000.0).unwrap_or(9);
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// At most `most` characters of `text`, with an ellipsis where something was cut.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    #[test]
    fn an_alert_without_words_is_called_by_its_name_and_labels() {
        let line = |summary: &str| alert_line(&sample::alert("node-1", summary));
        assert_eq!(line("gas is high"), "gas is high (112 gwei, threshold 100)");
        for blank in ["", "  ", "\n\t", "\u{a0}\u{202e}"] {
            let line = line(blank);
            assert!(line.starts_with("GasPriceSpike {") && line.contains("node-1"), "{blank:?}: {line}");
        }
    }

    #[test]
    fn what_was_tried_stands_behind_the_reason_of_a_message_and_not_in_why_it_went_out() {
        for (because, text, expected, whole) in [
            (Reason::Resolved, "tried: restart failed", "over", "over; tried: restart failed"),
            (Reason::Remedied, "tried: restart failed", "remedies were tried", "tried: restart failed"),
            (Reason::Communicated, "we are at it", "update: we are at it", "update: we are at it"),
        ] {
            let mut notice = sample::end(vec![sample::alert("Stuck", "stuck")]);
            (notice.draft.reason, notice.draft.text) = (because, Some(text.into()));
            assert_eq!((why(&notice).as_str(), reason(&notice).as_str()), (expected, whole));
        }
    }

    #[test]
    fn a_name_that_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(for_a_shell("review-overnight"), "review-overnight");
        assert_eq!(for_a_shell("look over & tick"), "'look over & tick'");
        assert_eq!((for_a_shell("-v"), for_a_shell("it's")), ("'-v'".into(), r"'it'\''s'".into()));
    }

    #[test]
    fn numbers_are_short_at_any_size() {
        let table = [
            (0.0, "0"),
            (-0.1, "-0.1"),
            (1.0 / 3.0, "0.333333"),
            (1_234_567.8, "1234568"),
            (999_999_999_999_999.0, "999999999999999"),
            (1e15, "1e15"),
            (-1.234_567e300, "-1.23457e300"),
            (f64::MAX, "1.79769e308"),
            (0.000_001, "0.000001"),
            (0.000_000_25, "2.5e-7"),
            (5e-324, "4.94066e-324"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }
}
