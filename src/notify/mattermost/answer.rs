//! What Mattermost's answers mean.

use super::NAME;
use crate::config::is_mattermost_id;
use crate::notify::SendError;
use crate::notify::post::Reply;
use serde::{Deserialize, Serialize};

/// Where a post stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its id.
    pub id: String,
    /// The id of its channel.
    pub channel_id: String,
}

/// Where the body of an answer to a bot decides: a post, or whether it is too old to be edited.
pub const BODY_AT: [u16; 4] = [200, 201, 400, 403];

/// A webhook says `ok` in a body of text. A success in other words is none of Mattermost's: something stands between, and may
/// go away.
pub fn of_webhook(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        200 if reply.body.trim() == "ok" => Ok(()),
        _ => Err(failure(reply)),
    }
}

/// A new post is 201, an edit 200, each with the post.
pub fn of_api(reply: &Reply) -> Result<Posted, SendError> {
    match reply.status.as_u16() {
        200 | 201 => {
            let posted = serde_json::from_str::<Posted>(&reply.body).ok();
            // They stand in the path of an edit and in the next post, so they have to be ids.
            let are_ids = |posted: &Posted| is_mattermost_id(&posted.id) && is_mattermost_id(&posted.channel_id);
            posted.filter(are_ids).ok_or_else(|| reply.busy(NAME))
        }
        _ => Err(failure(reply)),
    }
}

fn failure(reply: &Reply) -> SendError {
    match reply.status.as_u16() {
        200..=299 | 408 | 429 | 500..=599 => reply.busy(NAME),
        _ => reply.refused(NAME),
    }
}

/// Whether a refused edit means that the post has to be written anew: it was deleted (404), or is too old to be edited, which
/// an administrator can set (400 or 403 with the id of that error).
pub fn is_gone(reason: &str) -> bool {
    reason.starts_with("404") || reason.contains("permissions_time_limit") || reason.contains("can_not_update_post")
}

impl Posted {
    /// Reads a receipt.
    pub fn from_receipt(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes a receipt.
    pub fn to_receipt(&self) -> String {
        serde_json::json!({ "id": self.id, "channel_id": self.channel_id }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_has_taken_it_only_where_it_says_ok() {
        for (status, body, word) in [
            (200, "ok", "sent"),
            (200, "<html>", "busy"),
            (400, r#"{"id":"web.incoming_webhook.parse.app_error"}"#, "refused"),
            (403, "", "refused"),
            (404, r#"{"id":"web.incoming_webhook.channel.app_error"}"#, "refused"),
            (429, "limit exceeded", "busy"),
            (500, "", "busy"),
        ] {
            assert_eq!(SendError::word(&of_webhook(&Reply::of(status, body))), word, "{status} {body}");
        }
    }

    #[test]
    fn a_bot_has_posted_only_where_the_post_comes_back() {
        let posted = r#"{"id":"4xp9fdt77pncbef59f4k1qe83o","channel_id":"aaaaaaaaaaaaaaaaaaaaaaaaaa","message":"x"}"#;
        for (status, body, word) in [
            (201, posted, "sent"),
            (200, posted, "sent"),
            (201, r#"{"id":"../users","channel_id":"b"}"#, "busy"),
            (200, "<html>", "busy"),
            (401, "", "refused"),
            (403, "", "refused"),
            (429, "", "busy"),
            (503, "", "busy"),
        ] {
            assert_eq!(SendError::word(&of_api(&Reply::of(status, body))), word, "{status} {body}");
        }
        assert!(is_gone(r#"404 {"id":"store.sql_post.get.app_error"}"#));
        assert!(is_gone(r#"400 {"id":"api.post.update_post.permissions_time_limit.app_error"}"#));
        assert!(!is_gone(r#"401 {"id":"api.context.session_expired.app_error"}"#));
    }
}
