//! What a server's reply means: an answer, an error, and whether asking again could help. A pure table.

use super::QueryError;
use super::decode::Envelope;
use bytes::Bytes;
use std::time::Duration;

/// What came back over the wire.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the server asks us to stay away (`Retry-After` in seconds).
    pub retry_after: Option<Duration>,
    /// Where it sends us instead.
    pub location: Option<String>,
    /// The body, whole.
    pub body: Bytes,
}

/// Whether the same question may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The answer would be the same.
    Never,
    /// After the usual wait, and no earlier than the server asked for.
    After(Duration),
    /// The token was not accepted: with a new one, at once.
    WithNewToken,
}

/// Reads `reply` as far as its status goes: the body of an answer is left to a decoder.
pub fn judge(reply: Reply) -> Result<Bytes, (QueryError, Again)> {
    match reply.status {
        200..=299 => Ok(reply.body),
        300..=399 => Err((redirected(&reply), Again::Never)),
        status => {
            let error = refused(status, &reply.body);
            let again = again(status, &error, reply.retry_after.unwrap_or_default());
            Err((error, again))
        }
    }
}

/// Overload and gateways pass; what a server says about the question itself does not. A query that ran into the
/// server's own time limit is not worth running again: it would only load the server more.
fn again(status: u16, error: &QueryError, after: Duration) -> Again {
    match (status, error) {
        (_, QueryError::Refused { kind, .. }) if kind == "timeout" || kind == "canceled" => Again::Never,
        (429 | 502 | 503 | 504, _) => Again::After(after),
        (401, _) => Again::WithNewToken,
        _ => Again::Never,
    }
}

fn redirected(reply: &Reply) -> QueryError {
    let to = reply.location.as_deref().unwrap_or("nowhere");
    // What follows a question mark may hold a session or a token.
    let to = to.split('?').next().unwrap_or_default();
    QueryError::NotPrometheus { status: reply.status, what: format!("it redirects to {to}") }
}

/// The server's own words where it uses Prometheus's envelope, else the first line of whatever it says.
fn refused(status: u16, body: &[u8]) -> QueryError {
    if let Err(error @ QueryError::Refused { .. }) = Envelope::open(status, body) {
        return error;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(1000)]);
    let line = text.trim_start().lines().next().unwrap_or_default();
    let message = match line {
        "" => "without a word".to_owned(),
        html if html.starts_with('<') => "with an HTML page".to_owned(),
        line => line.chars().take(200).collect(),
    };
    QueryError::Refused { status, kind: String::new(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_we_have_met_has_a_meaning() {
        let told: Vec<String> = [
            (200, r#"{"status":"success"}"#),
            (302, ""),
            (400, r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error"}"#),
            (422, r#"{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}"#),
            (422, r#"{"status":"error","errorType":"422","error":"unsupported function"}"#),
            (401, "Unauthorized\n"),
            (404, "404 page not found\n"),
            (429, ""),
            (500, r#"{"status":"error","errorType":"internal","error":"disk"}"#),
            (502, "<html><head><title>502 Bad Gateway</title></head></html>"),
            (503, r#"{"status":"error","errorType":"unavailable","error":"starting up"}"#),
            (503, r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#),
            (504, r#"{"status":"success","data":{}}"#),
        ]
        .map(|(status, body)| {
            let (retry_after, location) =
                (Some(Duration::from_secs(3)), Some("https://login/?token=secret".to_owned()));
            let reply = Reply { status, retry_after, location, body: Bytes::from_static(body.as_bytes()) };
            match judge(reply) {
                Ok(_) => format!("{status}: an answer"),
                Err((error, again)) => format!("{error} → {again:?}"),
            }
        })
        .into();
        insta::assert_snapshot!(told.join("\n"), @r#"
        200: an answer
        the answer is not Prometheus's (status 302): it redirects to https://login/ → Never
        the source refused the query (400 bad_data): 1:5: parse error → Never
        the source refused the query (422 execution): many-to-many matching not allowed → Never
        the source refused the query (422 422): unsupported function → Never
        the source refused the query (401): Unauthorized → WithNewToken
        the source refused the query (404): 404 page not found → Never
        the source refused the query (429): without a word → After(3s)
        the source refused the query (500 internal): disk → Never
        the source refused the query (502): with an HTML page → After(3s)
        the source refused the query (503 unavailable): starting up → After(3s)
        the source refused the query (503 timeout): query timed out in expression evaluation → Never
        the source refused the query (504): {"status":"success","data":{}} → After(3s)
        "#);
    }
}
