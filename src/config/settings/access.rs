//! Who may do what over HTTP.

use crate::config::Secret;
use crate::model::{Name, Span};

/// Links in messages that act without a login, because they are signed.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedLinks {
    /// What they are signed with.
    pub secret: Secret,
    /// How long they work.
    pub expire_after: Span,
}

/// A token, known by its hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Who holds it.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The SHA-256 of the token; nothing, where what was written is no hash: it lets nobody in, and leaves nothing open.
    pub sha256: Option<[u8; 32]>,
}

/// What somebody may do; see [`Role::may`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Post alerts, and nothing else.
    Sender,
    /// Look.
    Viewer,
    /// Acknowledge, note, silence, resolve.
    Responder,
    /// Reload, and everything else.
    Admin,
}

impl Role {
    /// Whether it may do what `needed` may. Each includes those before it, with one exception: who only looks wakes nobody,
    /// so posting alerts begins again with who may act.
    #[must_use]
    pub fn may(self, needed: Role) -> bool {
        match needed {
            Role::Sender => self != Role::Viewer,
            Role::Viewer | Role::Responder | Role::Admin => self >= needed,
        }
    }

    /// As the configuration has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Sender => "sender",
            Role::Viewer => "viewer",
            Role::Responder => "responder",
            Role::Admin => "admin",
        }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.name, self.role)
    }
}
