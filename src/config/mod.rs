//! The service configuration: `watchbell.yaml` → [`Settings`].

pub mod secret;
mod settings;

pub use secret::{Revealed, Secret, SecretError};
pub use settings::{
    Auth, Channel, ChannelKind, Digest, Escalation, Ladder, Level, Policy, Reach, Repeat, Resolve, Responder, Route,
    Settings, Source, Store, Target, Tls,
};
