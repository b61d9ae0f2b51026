//! Endpoints as written.

use super::{Duration, Entries};
use crate::config::written::{PlainText, SecretOrText, Tls};
use crate::diagnostics::Spanned;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// A service, and the endpoints by which its users know it. Its name becomes the label `service`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Application {
    /// How often each endpoint is asked.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
    /// When a look is given up: the name, the connection, TLS and the whole answer.
    #[schemars(extend("default" = "10s"))]
    pub timeout: Option<Duration>,
    /// Further labels of all series of this service.
    #[serde(default)]
    pub labels: Entries<String>,
    /// The endpoints, by name, which becomes the label `endpoint`.
    pub endpoints: Spanned<Entries<Endpoint>>,
}

/// An endpoint. It is asked directly, over a connection of its own each time, never through a proxy.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Endpoint {
    /// Its address.
    pub url: Spanned<SecretOrText>,
    /// The method.
    #[schemars(extend("default" = "GET"))]
    pub method: Option<HttpMethod>,
    /// Further headers.
    #[serde(default)]
    pub headers: Entries<Spanned<SecretOrText>>,
    /// What is sent.
    pub body: Option<Spanned<SecretOrText>>,
    /// How often it is asked. As its service says, where there is none.
    pub every: Option<Duration>,
    /// When a look is given up. As its service says, where there is none.
    pub timeout: Option<Duration>,
    /// How many redirects are followed. One that is not followed is an answer like others, and no success. None of the headers, the body or a login goes to another host.
    #[schemars(extend("default" = 0), range(max = 10))]
    pub redirects: Option<u32>,
    /// How many bytes of an answer are read; a longer one is a failure.
    #[schemars(extend("default" = 1_048_576), range(min = 1, max = 67_108_864))]
    pub largest_answer: Option<u32>,
    /// How to trust it, and be trusted.
    pub tls: Option<Spanned<Tls>>,
    /// What is expected of its answer; everything has to hold. A success (status 2xx), where there is none.
    pub expect: Option<Expect>,
}

/// The methods that an endpoint can be asked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names of methods say it")]
pub enum HttpMethod {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// What is expected of an answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Expect {
    /// Its status is one of these: `200`, or `2xx` for a hundred of them. `2xx`, where there are none.
    pub status: Vec<StatusText>,
    /// Its body has a match of this regular expression.
    pub body: Option<PlainText>,
    /// Its body is JSON that holds these.
    pub json: Vec<Spanned<JsonCheck>>,
}

/// A value in an answer. Without anything beside `at`, it only has to be there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct JsonCheck {
    /// Where it is: a JSON pointer (RFC 6901), as `/prices/0/usd`; the empty text is the whole answer.
    pub at: PlainText,
    /// It is exactly this.
    pub is: Option<Spanned<Plain>>,
    /// It is a number larger than this. A text that is a number counts as one.
    pub above: Option<Spanned<f64>>,
    /// It is a number smaller than this.
    pub below: Option<Spanned<f64>>,
    /// It is this number or a larger one.
    pub at_least: Option<Spanned<f64>>,
    /// It is this number or a smaller one.
    pub at_most: Option<Spanned<f64>>,
}

/// A status or a hundred of them, as written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct StatusText(pub Spanned<String>);

impl JsonSchema for StatusText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "pattern": "^[1-5]([0-9][0-9]|xx)$",
            "minimum": 100,
            "maximum": 599,
            "x-says": "a status, as `200`, or a hundred of them, as `2xx`",
        })
    }
}

/// A number, a text, `true` or `false`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Plain(pub Value);

impl JsonSchema for Plain {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Plain".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "x-says": "a number, a text, `true` or `false`" })
    }
}
