//! One HTTP request and what came of it, in words that every channel can judge. No word of an address gets into an error:
//! some addresses are secrets.

use super::SendError;
use crate::crash::{self, Point};
use crate::http::scrub;
use crate::model::Span;
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::{Request, RequestBuilder, StatusCode};

/// More of an answer than this is not read.
const MOST: usize = 64 * 1024;

/// A part of an address or of a header that is this long may be a key; shorter ones are words.
const SHORTEST_KEY: usize = 16;

/// Where some who had too many requests say for how many seconds they want none: Discord
/// (<https://docs.discord.com/developers/topics/rate-limits>), Opsgenie (<https://docs.opsgenie.com/docs/api-rate-limiting>),
/// Mattermost (<https://developers.mattermost.com/api-documentation/>: until its window ends).
const OWN_WISHES: [&str; 3] = ["x-ratelimit-reset-after", "x-ratelimit-period-in-sec", "x-ratelimit-reset"];

/// Nobody is left alone for longer because a receiver says so. (A day is also what fits into every clock.)
const LONGEST_WISH: Span = Span::from_hours(24);

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

/// Sends `request` and reads the answer.
///
/// # Errors
/// [`SendError::Unreachable`] where no whole answer came.
pub async fn post(channel: &'static str, request: RequestBuilder) -> Result<Reply, SendError> {
    let unreachable = |error: reqwest::Error| {
        let error = error.without_url();
        SendError::Unreachable { channel, reason: crate::http::chain(&error) }
    };
    let (client, request) = request.build_split();
    let request = request.map_err(unreachable)?;
    let keys = keys_in(&request);
    let mut response = client.execute(request).await.map_err(unreachable)?;
    crash::point(Point::AfterSend);
    let status = response.status();
    let retry_after = wish_of(status, response.headers(), jiff::Timestamp::now());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST {
            break;
        }
    }
    crash::point(Point::AfterAnswer);
    body.truncate(MOST);
    Ok(Reply { status, retry_after, body: String::from_utf8_lossy(&body).into_owned(), keys })
}

/// What may be a key in a request: what is long in its address, and who we said that we are. A page about an error may well
/// repeat the address.
fn keys_in(request: &Request) -> Vec<String> {
    let url = request.url();
    let said = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let parts = |text: &str, shortest: usize| -> Vec<String> {
        let parts = text.split(['/', '?', '&', '=', ' ']).filter(|part| part.len() >= shortest);
        parts.map(str::to_owned).collect()
    };
    let mut keys = parts(url.path(), SHORTEST_KEY);
    // Of these hardly anything is a word that an answer would say by itself.
    keys.extend([url.query(), said].into_iter().flatten().flat_map(|text| parts(text, SHORTEST_KEY / 2)));
    keys
}

/// How long the receiver wants to be left alone. What says so beside `Retry-After` stands in every answer, and is a wish only
/// where there were too many requests.
fn wish_of(status: StatusCode, headers: &HeaderMap, now: jiff::Timestamp) -> Option<Span> {
    let said = |name: &str| wished(headers.get(name)?.to_str().ok()?, now);
    let is_too_much = status == StatusCode::TOO_MANY_REQUESTS;
    said(RETRY_AFTER.as_str()).or_else(|| OWN_WISHES.iter().filter(|_| is_too_much).find_map(|name| said(name)))
}

/// Seconds as a receiver's JSON says them, with decimals perhaps; never longer than a day.
#[must_use]
pub fn seconds(wish: f64) -> Option<Span> {
    #[expect(clippy::cast_possible_truncation, reason = "it was made small before")]
    let whole = wish.ceil().clamp(0.0, 86_400.0) as i64;
    wish.is_finite().then(|| Span::from_secs(whole))
}

/// What `Retry-After` asks for: so many seconds, with decimals perhaps, or until an instant.
fn wished(text: &str, now: jiff::Timestamp) -> Option<Span> {
    let text = text.trim();
    if text.contains('.') {
        return text.parse().ok().and_then(seconds);
    }
    let seconds = text.parse::<i64>().ok();
    let until = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let seconds = seconds.or_else(|| Some(until()?.as_second() - now.as_second()))?;
    Some(Span::from_secs(seconds.clamp(0, LONGEST_WISH.millis() / 1000)))
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

    /// Status and the beginning of the body, without what the request held of keys, and without what looks like any.
    #[must_use]
    pub fn words(&self) -> String {
        let hide = |body: String, key: &String| body.replace(key.as_str(), "<redacted>");
        let body = self.keys.iter().fold(self.body.trim().to_owned(), hide);
        format!("{} {}", self.status.as_u16(), super::text::cut(&scrub(&body), 200))
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
        let reply =
            Reply { status: StatusCode::NOT_FOUND, retry_after: None, body: page.clone(), keys: keys_in(&request) };
        let told = reply.words();
        assert_eq!(reply.body, page, "who reads an answer reads all of it");
        for key in ["AAbbccddeeff", "0123456789abcdef0", "xoxb-1234567890-abc"] {
            assert!(!told.contains(key), "{told}");
        }
        assert!(told.contains("was not found here, https://chat.example.org/"), "{told}");
    }
}
