//! An application and its endpoints, as meant.

use crate::config::Secret;
use crate::model::{Name, Span};
use std::collections::BTreeMap;

/// An application that answers HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// How often to ask.
    pub every: Span,
    /// The deadline of one request.
    pub timeout: Span,
    /// Its endpoints, by name.
    pub endpoints: BTreeMap<Name, Endpoint>,
}

/// Something to ask of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its address, which may hold a key.
    pub url: Secret,
}
