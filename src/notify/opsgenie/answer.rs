//! What Opsgenie's answers mean.

use super::NAME;
use crate::notify::SendError;
use crate::notify::post::Reply;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct Processed {
    data: Outcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    is_success: bool,
    status: Option<String>,
}

/// 202 is accepted, under an id by which one can ask what became of it. Another kind of success is none of Opsgenie's.
pub fn accepted(reply: &Reply) -> Result<Option<String>, SendError> {
    match reply.status.as_u16() {
        202 => {
            let id = serde_json::from_str::<Accepted>(&reply.body).ok().and_then(|body| body.request_id);
            // It stands in the path of the question, so it has to look like an id.
            Ok(id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')))
        }
        200..=299 | 408 | 429 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}

/// What became of an accepted request, where that is known: until then it is 404.
pub fn processed(reply: &Reply) -> Option<Result<(), SendError>> {
    let Processed { data } = serde_json::from_str(&reply.body).ok().filter(|_| reply.status.is_success())?;
    Some(if data.is_success {
        Ok(())
    } else {
        Err(SendError::Refused { channel: NAME, reason: reply.told(data.status.as_deref().unwrap_or("it said no")) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        for (status, word) in [
            (202, "sent"),
            (200, "busy"),
            (400, "refused"),
            (401, "refused"),
            (403, "refused"),
            (422, "refused"),
            (429, "busy"),
            (503, "busy"),
        ] {
            assert_eq!(SendError::word(&accepted(&Reply::of(status, ""))), word, "{status}");
        }
        let id = |body: &str| accepted(&Reply::of(202, body)).unwrap();
        assert_eq!(id(r#"{"requestId":"43a29c5c-3dbf"}"#).as_deref(), Some("43a29c5c-3dbf"));
        assert_eq!(id(r#"{"requestId":"../x"}"#), None);
    }

    #[test]
    fn a_request_that_was_accepted_may_have_come_to_nothing() {
        let outcome = |body: &str| processed(&Reply::of(200, body)).map(|outcome| SendError::word(&outcome));
        assert_eq!(outcome(r#"{"data":{"success":true,"isSuccess":true,"status":"Created alert"}}"#), Some("sent"));
        assert_eq!(outcome(r#"{"data":{"isSuccess":false,"status":"Alert does not exist"}}"#), Some("refused"));
        assert_eq!(outcome("<html>"), None);
        assert!(
            processed(&Reply::of(404, r#"{"message":"Request not found. It might not be processed, yet."}"#)).is_none()
        );
    }
}
