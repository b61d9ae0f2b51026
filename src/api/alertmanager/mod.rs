//! Alertmanager's API v2, for whoever spoke with an Alertmanager before: Prometheus posts its alerts here, `amtool` lists them
//! and silences some, and another Alertmanager may hand on what it has by its webhook.
//!
//! Answers have Alertmanager's statuses and shapes; what differs on purpose stands in `docs/alertmanager.md`. A request is
//! taken in whole or not at all. Absent on purpose: its configuration, its cluster.

mod filter;
mod fingerprint;
mod posts;
mod shown;
mod silences;
mod status;
mod webhook;

pub use posts::post;
pub use shown::{alerts, groups};
pub use silences::{add, expire, list, show};
pub use status::{receivers, status};
pub use webhook::webhook;

use crate::model::{SilenceId, Slot, visible};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The longest body of posted alerts. A Prometheus sends 64 at once.
pub const LONGEST_POST: usize = 16 * 1024 * 1024;

/// Why a request is refused, in the two forms that Alertmanager has for it.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// A text: it is understood, and cannot be.
    Says(StatusCode, String),
    /// A code and a message: it cannot be understood, or lacks something.
    Coded(StatusCode, u16, String),
}

impl Refused {
    /// It is understood, and cannot be.
    pub fn bad(says: impl Into<String>) -> Self {
        Refused::Says(StatusCode::BAD_REQUEST, says.into())
    }

    /// It cannot be understood.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Refused::Coded(StatusCode::BAD_REQUEST, 400, message.into())
    }

    /// Something that has to be there is not.
    pub fn lacks(what: impl std::fmt::Display) -> Self {
        Refused::Coded(StatusCode::UNPROCESSABLE_ENTITY, 602, format!("{what} in body is required"))
    }

    /// Something is not of the form that it has to have.
    pub fn of_form(what: impl std::fmt::Display, form: &str, is: &str) -> Self {
        Refused::Coded(StatusCode::UNPROCESSABLE_ENTITY, 601, format!("{what} must be of type {form}: {is:?}"))
    }

    /// It is too much.
    pub fn too_large(message: impl Into<String>) -> Self {
        Refused::Coded(StatusCode::PAYLOAD_TOO_LARGE, 413, message.into())
    }

    /// Nobody is there to do it, or there is no room: later it may be done.
    pub fn not_now(says: impl Into<String>) -> Self {
        Refused::Says(StatusCode::SERVICE_UNAVAILABLE, says.into())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Refused::Says(_, why) | Refused::Coded(_, _, why)) = self;
        f.write_str(&visible(why))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::Says(status, says) => (status, Json(Value::String(says))).into_response(),
            Refused::Coded(status, code, message) => {
                (status, Json(json!({ "code": code, "message": message }))).into_response()
            }
        }
    }
}

/// A body that is not said to be JSON is not read.
fn is_json(headers: &HeaderMap) -> Result<(), Refused> {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("unsupported media type {essence:?}, only [application/json] are allowed");
    Err(Refused::Coded(StatusCode::UNSUPPORTED_MEDIA_TYPE, 415, message))
}

/// A time as Alertmanager writes it: with exactly three digits of a second.
fn time(wall: Slot) -> String {
    Timestamp::from_millisecond(wall.millis()).map_or_else(|_| wall.to_string(), |at| format!("{at:.3}"))
}

/// A time as its clients write it. The first instant of the first year is what Go writes for no time at all.
fn read_time(text: &str) -> Result<Option<Slot>, ()> {
    const NO_TIME: i64 = -62_135_596_800;
    if text.is_empty() {
        return Ok(None);
    }
    let read = |text: &str| text.parse::<Timestamp>().or_else(|why| beyond(text).ok_or(why));
    let at = read(text).or_else(|_| read(&format!("{text}Z"))).map_err(|_| ())?;
    Ok((at.as_second() > NO_TIME).then(|| at.into()))
}

/// The last instant there is, for a time of the year 9999 that lies behind it: `9999-12-31T23:59:59Z` is how people write "for
/// ever", Alertmanager takes it, and an alert must not be lost to it.
fn beyond(text: &str) -> Option<Timestamp> {
    let is_time = jiff::fmt::temporal::Pieces::parse(text).is_ok_and(|is| is.time().is_some() && is.offset().is_some());
    // A whole second: of the last one not every millisecond can be written.
    let last = Timestamp::from_second(Timestamp::MAX.as_second()).ok();
    last.filter(|_| is_time && text.starts_with("9999-12-3"))
}

/// The id of a silence as a UUID, which is how Alertmanager has it.
fn uuid(id: SilenceId) -> String {
    let hex = id.to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Reads a UUID; nothing where it is none.
fn read_uuid(text: &str) -> Option<SilenceId> {
    let is_dash = |place: usize| matches!(place, 8 | 13 | 18 | 23);
    let fits = |(place, c): (usize, char)| if is_dash(place) { c == '-' } else { c.is_ascii_hexdigit() };
    let is_one = text.len() == 36 && text.char_indices().all(fits);
    is_one.then(|| text.replace('-', "").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_written_as_alertmanager_writes_them_and_read_back() {
        let id = SilenceId::derive(&["a"]);
        assert_eq!(read_uuid(&uuid(id)), Some(id));
        for text in ["", "nonsense", "5b3e1c4e00004000800000000000000000aa", "+b3e1c4e-0000-4000-8000-000000000000"] {
            assert_eq!(read_uuid(text), None, "{text}");
        }
        let at = Slot::from_millis(1_767_603_600_050);
        assert_eq!(time(at), "2026-01-05T09:00:00.050Z");
        assert_eq!(read_time(&time(at)), Ok(Some(at)));
        assert_eq!(read_time("2026-01-05T16:00:00.05+07:00"), Ok(Some(at)));
        assert_eq!(read_time("2026-01-05 09:00:00.05"), Ok(Some(at)));
        for nothing in ["", "0001-01-01T00:00:00Z"] {
            assert_eq!(read_time(nothing), Ok(None));
        }
        for ever in ["9999-12-31T23:59:59Z", "9999-12-31 23:59:59.999", "9999-12-31T23:59:59-07:00"] {
            let read = read_time(ever).unwrap().expect("it is an instant");
            assert_eq!(time(read), "9999-12-30T22:00:00.000Z", "{ever}");
            assert_eq!(read_time(&time(read)), Ok(Some(read)), "it is written as clients read it");
        }
        for bad in ["yesterday", "2026-01-05", "1767603600", "9999-12-31", "9999-12-31T25:00:00Z"] {
            assert_eq!(read_time(bad), Err(()), "{bad}");
        }
    }
}
