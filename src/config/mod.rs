//! The service configuration: `watchbell.yaml` → [`Settings`].

pub mod secret;
mod settings;

pub use secret::{Revealed, Secret, SecretError};
pub use settings::{
    Action, Auth, Budgets, Channel, ChannelKind, Dates, Deed, Digest, Escalation, ExpectedHeartbeat, Flapping,
    Heartbeats, Inhibit, Ladder, Layer, Level, Maintenance, Override, Policy, QuietHours, Reach, RemoteWrite, Repeat,
    Report, Resolve, Responder, Response, Retention, Role, Rotation, Route, Routine, Schedule, SentHeartbeat, Sentry,
    Settings, Silence, Source, Stakeholders, Step, Store, Target, Tls, Token, Window, Zone,
};
