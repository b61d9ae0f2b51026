//! Whom a destination names in a chat or a pager, read once: what goes into a request is one of these and nothing else.

use std::fmt;

/// A chat of Telegram, and perhaps one topic of it: `-1001234567890`, `@channel` or `-1001234567890/42`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its id, negative for a group.
    pub id: ChatId,
    /// The topic of a forum.
    pub topic: Option<i64>,
}

/// How a chat is named: <https://core.telegram.org/bots/api#sendmessage>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatId {
    /// By its number, below 2^52.
    Number(i64),
    /// A public channel or group by its user name, without the `@`.
    Username(String),
}

/// Telegram promises that an id has at most 52 significant bits.
const LARGEST_ID: u64 = 1 << 52;

impl Chat {
    /// Reads `ID`, `@USERNAME`, or either with `/TOPIC`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (id, topic) = match text.split_once('/') {
            Some((id, topic)) => (id, Some(topic.parse().ok().filter(|topic| *topic > 0)?)),
            None => (text, None),
        };
        let id = match id.strip_prefix('@') {
            Some(name) => {
                let is_name = name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                ChatId::Username(is_name.then(|| name.to_owned())?)
            }
            None => ChatId::Number(id.parse().ok().filter(|id: &i64| *id != 0 && id.unsigned_abs() < LARGEST_ID)?),
        };
        Some(Chat { id, topic })
    }
}

impl fmt::Display for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            ChatId::Number(id) => write!(f, "{id}")?,
            ChatId::Username(name) => write!(f, "@{name}")?,
        }
        self.topic.map_or(Ok(()), |topic| write!(f, "/{topic}"))
    }
}

/// Who is told by Opsgenie: `team:NAME`, `user:NAME@HOST`, `schedule:NAME` or `escalation:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpsgenieResponder {
    /// What it is, as Opsgenie's `type`.
    pub kind: &'static str,
    /// Its name; of a user the mail address.
    pub name: String,
}

impl OpsgenieResponder {
    /// Reads `KIND:NAME`: <https://docs.opsgenie.com/docs/alert-api#create-alert>.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let kind = ["team", "user", "schedule", "escalation"].into_iter().find(|known| *known == kind)?;
        let fits = !name.trim().is_empty() && !name.chars().any(char::is_control);
        fits.then(|| OpsgenieResponder { kind, name: name.trim().to_owned() })
    }
}

impl fmt::Display for OpsgenieResponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

/// Whether `text` is an id as Mattermost makes them: 26 small letters and digits.
#[must_use]
pub fn is_mattermost_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_a_number_or_a_name_and_perhaps_a_topic_of_it_and_nothing_else() {
        for text in ["-1001234567890", "4711", "@ops_alerts", "-1001234567890/42", "@ops_alerts/7"] {
            assert_eq!(Chat::read(text).map(|chat| chat.to_string()).as_deref(), Some(text));
        }
        for text in ["", "0", "ops", "@", "@abc", "@a b c d", "-100/", "-100/0", "-100/x", "1e3", "9007199254740993"] {
            assert_eq!(Chat::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_responder_of_opsgenie_has_a_kind_and_a_name() {
        for text in ["team:ops", "user:a@example.org", "schedule:First line", "escalation:all:hands"] {
            assert_eq!(OpsgenieResponder::read(text).map(|read| read.to_string()).as_deref(), Some(text));
        }
        for text in ["", "ops", "team:", "team: ", "group:ops", "team:a\nb"] {
            assert_eq!(OpsgenieResponder::read(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_of_mattermost_has_twenty_six_small_letters_and_digits() {
        assert!(is_mattermost_id("4xp9fdt77pncbef59f4k1qe83o"));
        for text in ["", "town-square", "4xp9fdt77pncbef59f4k1qe83", "4XP9FDT77PNCBEF59F4K1QE83O"] {
            assert!(!is_mattermost_id(text), "{text}");
        }
    }
}
