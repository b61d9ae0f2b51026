//! One HTTP request and what came of it, in words that every channel can judge. No word of an address gets into an error:
//! some addresses are secrets.

use super::SendError;
use crate::crash::{self, Point};
use crate::http::scrub;
use crate::model::Span;
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::{Request, RequestBuilder, Response, StatusCode, Url};
use std::time::Duration;

/// More of an answer is not read where its body has to be understood. Slack and Telegram repeat the message, each sign that is
/// not plain in six: cut, it would be no answer, and the message would be posted again and again.
const MOST: usize = 4 * 1024 * 1024;

/// More of an answer is not read where its body is only words.
const MOST_WORDS: usize = 64 * 1024;

/// How long a body is waited for that is only words. A receiver that keeps it open has said all that counts.
const WORDS_WAIT: Duration = Duration::from_secs(1);

/// So much of an answer is looked through for what may be told of it.
const LOOKED_THROUGH: usize = 4096;

/// A part of an address or of a header that is this long may be a key; shorter ones are words.
const SHORTEST_KEY: usize = 16;

/// A path that is this long is no part of what an answer would say by itself, whatever stands in it.
const SHORTEST_PATH: usize = 5;

/// Where some who had too many requests say for how many seconds they want none: Discord
/// (<https://docs.discord.com/developers/topics/rate-limits>), Opsgenie (<https://docs.opsgenie.com/docs/api-rate-limiting>),
/// Mattermost (<https://developers.mattermost.com/api-documentation/>: until its window ends).
const OWN_WISHES: [&str; 3] = ["x-ratelimit-reset-after", "x-ratelimit-period-in-sec", "x-ratelimit-reset"];

/// Nobody is left alone for longer because a receiver says so. (A day is also what fits into every clock.)
const LONGEST_WISH: Span = Span::from_hours(24);

/// A date of RFC 850, and one of C's `asctime`.
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// What `Retry-After` asks for, or what stands for it there, at most [`LONGEST_WISH`].
    pub retry_after: Option<Span>,
    /// The body, as far as it is read. It may repeat what the request held of keys.
    pub body: String,
    /// What may have been a key in the request, and does not get into [`Reply::words`].
    pub keys: Vec<String>,
}

/// What a channel reads of an answer, and what must not be told of it.
#[derive(Clone, Copy, Debug)]
pub struct Reads<'a> {
    /// The statuses that mean nothing without their body. At any other one the body is only words.
    pub body_at: &'a [u16],
    /// What of secrets stands in the body of the request, or in the middle of a word of its address.
    pub secrets: &'a [&'a str],
}

/// Sends `request` and reads the answer.
///
/// # Errors
/// [`SendError::Unreachable`] where no answer came, or only a part of one that means nothing without the rest.
pub async fn post(channel: &'static str, request: RequestBuilder, reads: Reads<'_>) -> Result<Reply, SendError> {
    let unreachable = |error: reqwest::Error| {
        let error = error.without_url();
        SendError::Unreachable { channel, reason: crate::http::chain(&error) }
    };
    let (client, request) = request.build_split();
    let request = request.map_err(unreachable)?;
    let keys = keys_in(&request, reads.secrets);
    let mut response = client.execute(request).await.map_err(unreachable)?;
    crash::point(Point::AfterSend);
    let status = response.status();
    let retry_after = wish_of(status, response.headers(), jiff::Timestamp::now());
    let mut body = Vec::new();
    if reads.body_at.contains(&status.as_u16()) {
        fill(&mut body, &mut response, MOST).await.map_err(unreachable)?;
    } else {
        // What the status says holds, whether the rest comes or not: sent again, it would be there twice.
        let _or_not = tokio::time::timeout(WORDS_WAIT, fill(&mut body, &mut response, MOST_WORDS)).await;
    }
    crash::point(Point::AfterAnswer);
    Ok(Reply { status, retry_after, body: String::from_utf8_lossy(&body).into_owned(), keys })
}

/// Reads at most so much of a body; what came before an error stays.
async fn fill(body: &mut Vec<u8>, response: &mut Response, most: usize) -> Result<(), reqwest::Error> {
    while body.len() < most {
        let Some(chunk) = response.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(most);
    Ok(())
}

/// What may be a key in a request: what is long in its address, who we said that we are, and what its channel says is secret.
/// A page about an error may well repeat the address, and an answer about a mistake the body.
fn keys_in(request: &Request, secrets: &[&str]) -> Vec<String> {
    let url = request.url();
    let said = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let parts = |text: &str, shortest: usize| -> Vec<String> {
        let parts = text.split(['/', '?', '&', '=', ' ']).filter(|part| part.len() >= shortest);
        parts.map(str::to_owned).collect()
    };
    // Of these hardly anything is a word that an answer would say by itself. Whole ones come first: a part that is taken out
    // before would leave the rest of it.
    let is_long = |secret: &&str| secret.len() >= SHORTEST_KEY / 2;
    let mut keys = whole_paths(url);
    keys.extend(secrets.iter().copied().filter(is_long).map(str::to_owned));
    keys.extend(parts(url.path(), SHORTEST_KEY));
    keys.extend([url.query(), said].into_iter().flatten().flat_map(|text| parts(text, SHORTEST_KEY / 2)));
    keys
}

/// What an address names on its host, with and without what is asked there. As one piece it may hold a key that is too short to
/// be known from a word.
fn whole_paths(url: &Url) -> Vec<String> {
    let path = url.path().trim_end_matches('/');
    let target = url.query().map(|query| format!("{}?{query}", url.path()));
    target.into_iter().chain([path.to_owned()]).filter(|path| path.len() >= SHORTEST_PATH).collect()
}

/// How long the receiver wants to be left alone. What says so beside `Retry-After` stands in every answer, and is a wish only
/// where there were too many requests.
fn wish_of(status: StatusCode, headers: &HeaderMap, now: jiff::Timestamp) -> Option<Span> {
    let said = |name: &str| wished(headers.get(name)?.to_str().ok()?, now);
    let is_too_much = status == StatusCode::TOO_MANY_REQUESTS;
    said(RETRY_AFTER.as_str()).or_else(|| OWN_WISHES.iter().filter(|_| is_too_much).find_map(|name| said(name)))
}

/// Seconds as a receiver says them, with decimals perhaps; never longer than a day, however many they are.
#[must_use]
pub fn seconds(wish: f64) -> Option<Span> {
    #[expect(clippy::cast_possible_truncation, reason = "it was made small before")]
    let whole = wish.ceil().clamp(0.0, 86_400.0) as i64;
    (!wish.is_nan()).then(|| Span::from_secs(whole))
}

/// What `Retry-After` asks for: so many seconds, with decimals perhaps, or until an instant.
fn wished(text: &str, now: jiff::Timestamp) -> Option<Span> {
    let text = text.trim();
    // More digits than any number holds are infinity here, and that is a wish as well; the word for it is none.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_number {
        return text.parse().ok().and_then(seconds);
    }
    let until = instant(text)?.as_second() - now.as_second();
    Some(Span::from_secs(until.clamp(0, LONGEST_WISH.millis() / 1000)))
}

/// An instant in one of the three forms of HTTP: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>. The two of old are read
/// because a server may still write them.
fn instant(text: &str) -> Option<jiff::Timestamp> {
    let of_today = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let as_in = |format: &str| {
        let time = jiff::fmt::strtime::parse(format, text).ok()?.to_datetime().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
    };
    of_today.or_else(|| OLD_DATES.iter().find_map(|format| as_in(format)))
}

impl Reply {
    /// What a receiver may answer, for tests of those who read it.
    #[cfg(test)]
    pub fn of(status: u16, body: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        Reply { status, retry_after: None, keys: Vec::new(), body: body.into() }
    }

    /// Says that it did not arrive, and may later.
    #[must_use]
    pub fn busy(&self, channel: &'static str) -> SendError {
        SendError::Busy { channel, reason: self.words(), retry_after: self.retry_after }
    }

    /// Says that it did not arrive, and may after `wish`, which the body said, or later if the headers say so.
    #[must_use]
    pub fn busy_for(&self, channel: &'static str, wish: Option<Span>) -> SendError {
        SendError::Busy { channel, reason: self.words(), retry_after: wish.max(self.retry_after) }
    }

    /// Says that it never will arrive.
    #[must_use]
    pub fn refused(&self, channel: &'static str) -> SendError {
        SendError::Refused { channel, reason: self.words() }
    }

    /// Status and the beginning of the body, as far as it may be told.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.told(&self.body))
    }

    /// The beginning of `text`, which the receiver said, without what the request held of keys, and without what looks like any.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        // Behind a host a path stays one, so that the address is known for what it is.
        let instead = |key: &str| if key.starts_with('/') { "/<redacted>" } else { "<redacted>" };
        let hide = |text: String, key: &String| text.replace(key.as_str(), instead(key));
        let text = self.keys.iter().fold(text.trim().to_owned(), hide);
        let text = scrub(&super::text::cut(&text, LOOKED_THROUGH));
        super::text::cut(&text, 200)
    }
}

/// A secret that cannot be looked up, or a client that cannot be made: people must mend it, and meanwhile we try again.
pub fn unprepared(channel: &'static str, cause: &dyn std::error::Error) -> SendError {
    SendError::Busy { channel, reason: crate::http::chain(cause), retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_seconds_or_an_instant_and_never_longer_than_a_day() {
        let now = "2015-10-21T07:28:00Z".parse().unwrap();
        for (text, seconds) in [
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("-7", Some(0)),
            ("9223372036854775807", Some(86_400)),
            ("99999999999999999999", Some(86_400)),
            ("Wednesday, 21-Oct-15 07:28:30 GMT", Some(30)),
            ("Wed Oct 21 07:28:30 2015", Some(30)),
            ("Sun Nov  1 07:28:30 2015", Some(86_400)),
            ("inf", None),
            ("1-2", None),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("64.57", Some(65)),
            ("0.3", Some(1)),
            ("soon", None),
            ("soon.", None),
            ("", None),
        ] {
            assert_eq!(wished(text, now), seconds.map(Span::from_secs), "{text}");
        }
        assert_eq!(wished(&"9".repeat(400), now), Some(LONGEST_WISH), "no number holds it");
    }

    #[test]
    fn each_receiver_says_in_its_own_header_how_long_it_wants_to_be_left_alone() {
        let wish = |status: u16, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            wish_of(StatusCode::from_u16(status).unwrap(), &headers, "2015-10-21T07:28:00Z".parse().unwrap())
        };
        assert_eq!(wish(429, &[("retry-after", "3"), ("x-ratelimit-reset-after", "9")]), Some(Span::from_secs(3)));
        assert_eq!(wish(429, &[("x-ratelimit-reset-after", "1.5")]), Some(Span::from_secs(2)), "Discord");
        assert_eq!(wish(429, &[("x-ratelimit-period-in-sec", "60")]), Some(Span::from_secs(60)), "Opsgenie");
        assert_eq!(wish(429, &[("x-ratelimit-reset", "7")]), Some(Span::from_secs(7)), "Mattermost");
        assert_eq!(wish(500, &[("x-ratelimit-reset", "7")]), None, "it stands in every answer");
        assert_eq!(wish(503, &[("retry-after", "7")]), Some(Span::from_secs(7)));
    }

    #[test]
    fn nothing_of_a_key_comes_back_in_what_the_receiver_said() {
        let client = crate::http::Client::anonymous().unwrap();
        let url = "https://chat.example.org/bot123456:AAbbccddeeffgghhiijjkk/send?sig=0123456789abcdef0&x=short"
            .parse()
            .unwrap();
        let request = client.towards(&url).post(url.clone()).bearer_auth("xoxb-1234567890-abc").build().unwrap();
        let page = format!("<p>{} was not found here, {url}; Bearer xoxb-1234567890-abc</p>", url.path());
        let reply = Reply {
            status: StatusCode::NOT_FOUND,
            retry_after: None,
            body: page.clone(),
            keys: keys_in(&request, &[]),
        };
        let told = reply.words();
        assert_eq!(reply.body, page, "who reads an answer reads all of it");
        for key in ["AAbbccddeeff", "0123456789abcdef0", "xoxb-1234567890-abc"] {
            assert!(!told.contains(key), "{told}");
        }
        assert!(told.contains("was not found here, https://chat.example.org/"), "{told}");
    }

    #[test]
    fn a_short_key_in_a_path_is_taken_out_with_the_path_and_words_stay() {
        let client = crate::http::Client::anonymous().unwrap();
        let words_of = |url: &str, said: &str| {
            let url = url.parse().unwrap();
            let request = client.towards(&url).post(url.clone()).build().unwrap();
            Reply { keys: keys_in(&request, &[]), ..Reply::of(404, said) }.words()
        };
        for (url, said, told) in [
            ("http://a.example/T0/k3y", "no hook at /T0/k3y", "404 no hook at /<redacted>"),
            ("http://a.example/T0/k3y/", "no hook at /T0/k3y", "404 no hook at /<redacted>"),
            ("http://a.example/T0/k3y?k=v", "no hook at /T0/k3y?k=v", "404 no hook at /<redacted>"),
            ("http://a.example/hook", "no hook here", "404 no hook here"),
            ("http://a.example/", "no hook at /", "404 no hook at /"),
            ("http://a.example/a", "neither/and/or", "404 neither/and/or"),
        ] {
            assert_eq!(words_of(url, said), told);
        }
    }

    #[test]
    fn a_secret_that_stands_in_the_body_of_a_request_or_within_a_word_of_its_address_is_taken_out_of_the_answer() {
        let client = crate::http::Client::anonymous().unwrap();
        let url = "https://chat.example.org/bot4711:AAbbccddeeffgghhiijj/send".parse().unwrap();
        let request = client.towards(&url).post(url.clone()).build().unwrap();
        let secrets = ["R01ABCDEFGHIJKLMNOPQRSTUVWXYZ234", "4711:AAbbccddeeffgghhiijj", ""];
        let body = format!("nobody has {}, nor {}; \u{e9}", secrets[0], secrets[1]);
        let reply = Reply { keys: keys_in(&request, &secrets), ..Reply::of(400, &body) };
        assert_eq!(reply.words(), "400 nobody has <redacted>, nor <redacted>; \u{e9}");
        assert_eq!(reply.told(secrets[0]), "<redacted>", "what a field of it says as well");
    }
}
