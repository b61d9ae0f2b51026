//! Links in messages that act without a login, because they are signed.
//!
//! A link says which incident and which generation of it it is about, what it does, to whom it was sent, and until when it
//! works. A GET of it only shows a page, because previews, scanners and browsers follow links by themselves; the page's
//! POST acts. Whoever holds the link can do what it says, and nothing else.

use crate::config::{Secret, SecretError, Settings, SignedLinks};
use crate::engine::incident::Destination;
use crate::engine::notice::{Notice, NoticeKind};
use crate::model::IncidentId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is signed begins with this, so that no other signature under the same secret can be taken for a link.
const DOMAIN: &[u8] = b"watchbell link 1\n";
/// A shorter key could be guessed from a link.
const SHORTEST_KEY: usize = 16;

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The incident.
    pub incident: IncidentId,
    /// The number that people say.
    pub number: u64,
    /// The generation that it is about.
    pub generation: u32,
    /// What it does.
    pub action: LinkAction,
    /// To whom it was sent.
    pub addressee: Destination,
    /// The first second at which it does not work any more, by the wall clock.
    pub expires: i64,
}

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkAction {
    /// Shows the incident.
    Show,
    /// Acknowledges it.
    Acknowledge,
}

/// The addresses that a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// Shows the incident.
    pub show: String,
    /// Acknowledges it; none where there is nothing to acknowledge.
    pub acknowledge: Option<String>,
}

/// What links are signed with.
pub struct LinkKey(Vec<u8>);

/// Why no link can be made or read.
#[derive(Debug, thiserror::Error)]
pub enum LinkKeyError {
    /// The secret cannot be had.
    #[error("`link_secret` cannot be read")]
    Secret(#[from] SecretError),
    /// It is too short to be one.
    #[error("`link_secret` is shorter than {SHORTEST_KEY} bytes, so that it could be guessed")]
    Short,
}

/// Why a link does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// We did not make it, or somebody altered it.
    Forged,
    /// It was good once.
    Expired(Box<Link>),
}

impl Links {
    /// The links that a message carries when it is sent at `wall`; none where the configuration has no secret for them.
    ///
    /// # Errors
    /// When the secret cannot be used.
    pub fn of(notice: &Notice, settings: &Settings, wall: i64) -> Result<Option<Self>, LinkKeyError> {
        // A letter is about several incidents; each of them has messages of its own.
        if notice.draft.kind == NoticeKind::Letter {
            return Ok(None);
        }
        let Some(SignedLinks { secret, expire_after }) = &settings.links else { return Ok(None) };
        let key = LinkKey::reveal(secret)?;
        let (draft, base) = (&notice.draft, settings.external_url.trim_end_matches('/'));
        let address = |action| {
            let link = Link {
                incident: draft.incident,
                number: draft.number,
                generation: draft.generation,
                action,
                addressee: draft.destination.clone(),
                expires: (wall + expire_after.millis()).div_euclid(1000),
            };
            format!("{base}/links/{}", key.sign(&link))
        };
        // A page wakes somebody although another one is at it: then there is something to acknowledge all the same.
        let is_open = match draft.kind {
            NoticeKind::Page => true,
            NoticeKind::Update => draft.acknowledged_by.is_none(),
            NoticeKind::End | NoticeKind::Letter => false,
        };
        let acknowledge = is_open.then(|| address(LinkAction::Acknowledge));
        Ok(Some(Links { show: address(LinkAction::Show), acknowledge }))
    }
}

impl LinkKey {
    /// Looks the key up.
    ///
    /// # Errors
    /// When it cannot be had, or is too short to be one.
    pub fn reveal(secret: &Secret) -> Result<Self, LinkKeyError> {
        let key = secret.reveal()?.expose().as_bytes().to_vec();
        if key.len() < SHORTEST_KEY { Err(LinkKeyError::Short) } else { Ok(LinkKey(key)) }
    }

    /// The part of an address that says and proves what `link` says.
    #[must_use]
    pub fn sign(&self, link: &Link) -> String {
        let said = URL_SAFE_NO_PAD.encode(link.to_json());
        let proof = self.mac(&said).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(proof))
    }

    /// What a link says, if it is one of ours and works at `wall`. Nothing of it is looked at before it is proven.
    ///
    /// # Errors
    /// Why it does nothing.
    pub fn read(&self, text: &str, wall: i64) -> Result<Link, BadLink> {
        let (said, proof) = text.split_once('.').ok_or(BadLink::Forged)?;
        let proof = URL_SAFE_NO_PAD.decode(proof).map_err(|_| BadLink::Forged)?;
        let mac = self.mac(said).ok_or(BadLink::Forged)?;
        mac.verify_slice(&proof).map_err(|_| BadLink::Forged)?;
        let json = URL_SAFE_NO_PAD.decode(said).map_err(|_| BadLink::Forged)?;
        let link = Link::from_json(&json).ok_or(BadLink::Forged)?;
        if wall.div_euclid(1000) < link.expires { Ok(link) } else { Err(BadLink::Expired(Box::new(link))) }
    }

    fn mac(&self, said: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(DOMAIN);
        mac.update(said.as_bytes());
        Some(mac)
    }
}

impl Link {
    fn to_json(&self) -> String {
        let to = self.addressee.to.as_deref();
        let (incident, channel) = (self.incident.to_string(), &*self.addressee.channel);
        serde_json::json!([incident, self.number, self.generation, self.action.word(), channel, to, self.expires])
            .to_string()
    }

    fn from_json(json: &[u8]) -> Option<Self> {
        type Said = (String, u64, u32, String, String, Option<String>, i64);
        let (incident, number, generation, action, channel, to, expires): Said = serde_json::from_slice(json).ok()?;
        let action = [LinkAction::Show, LinkAction::Acknowledge].into_iter().find(|known| known.word() == action)?;
        let addressee = Destination { channel: channel.into(), to: to.map(Into::into) };
        Some(Link { incident: incident.parse().ok()?, number, generation, action, addressee, expires })
    }
}

impl LinkAction {
    /// The word for it, in the link and in counts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LinkAction::Show => "show",
            LinkAction::Acknowledge => "acknowledge",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_764_072_000_000;

    fn key(text: &str) -> LinkKey {
        LinkKey::reveal(&Secret::Inline(text.into())).unwrap()
    }

    fn link() -> Link {
        let addressee = Destination { channel: "mail".into(), to: Some("\"odd\"@example.org".into()) };
        let incident = IncidentId::derive(&["default", "{}", "1"]);
        let expires = NOON / 1000 + 3600;
        Link { incident, number: 41, generation: 2, action: LinkAction::Acknowledge, addressee, expires }
    }

    #[test]
    fn a_link_says_what_was_signed_until_its_last_second() {
        let key = key("0123456789abcdef");
        let text = key.sign(&link());
        assert_eq!(key.read(&text, NOON), Ok(link()));
        assert_eq!(key.read(&text, NOON + 3_599_999), Ok(link()));
        assert_eq!(key.read(&text, NOON + 3_600_000), Err(BadLink::Expired(Box::new(link()))));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
    }

    #[test]
    fn a_link_altered_anywhere_or_signed_by_another_key_is_forged() {
        let key = key("0123456789abcdef");
        let text = key.sign(&link());
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(key.read(&altered, NOON), Err(BadLink::Forged), "byte {at}");
            assert_eq!(key.read(&text[..at], NOON), Err(BadLink::Forged), "cut at {at}");
        }
        assert_eq!(self::key("0123456789abcdeF").read(&text, NOON), Err(BadLink::Forged));
        for nonsense in ["", ".", "..", "a.b", "é.é"] {
            assert_eq!(key.read(nonsense, NOON), Err(BadLink::Forged), "{nonsense}");
        }
    }

    #[test]
    fn a_key_that_could_be_guessed_signs_nothing() {
        let short = LinkKey::reveal(&Secret::Inline("0123456789abcde".into()));
        assert!(matches!(short, Err(LinkKeyError::Short)));
    }
}
