//! What a page sends, as it is typed on the wire. `schemas/beacon.schema.json` is made of these types.
//!
//! A batch is read in two steps: the envelope, and then each item by itself ([`Beacon::items`] are raw), so that one item
//! that cannot be read does not take the others with it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The version of the contract that this is.
pub const VERSION: u8 = 1;

/// What a page sends at once to `POST /v1/beacon`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Watchbell beacon")]
pub struct Beacon<'a> {
    /// The version of this contract.
    #[serde(default = "version")]
    #[schemars(range(min = 1, max = 1))]
    pub v: u8,
    /// The application, one of the configured `services`; the first of them, where there is none.
    pub service: Option<String>,
    /// The path of the page, for items that name no other: `/trade/42`.
    #[serde(default = "home")]
    #[schemars(length(max = 512), regex(pattern = "^/"))]
    pub page: String,
    /// The share of page views that measure at all, by the page's own choice. Each `vital`, `navigation` and `action`
    /// then counts for `1 / share`; the other kinds are always sent, and count once.
    #[serde(default = "whole")]
    #[schemars(range(min = 0.01, max = 1.0))]
    pub share: f64,
    /// What there is to tell.
    #[serde(borrow)]
    #[schemars(with = "Vec<Item>", length(max = 250))]
    pub items: Vec<&'a RawValue>,
}

fn version() -> u8 {
    VERSION
}

fn home() -> String {
    "/".into()
}

fn whole() -> f64 {
    1.0
}

/// One thing that a page has to tell.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Item {
    /// A Web Vital, as the package `web-vitals` reports it.
    Vital {
        /// Which one.
        name: Vital,
        /// Its value: milliseconds, and for CLS its score.
        #[schemars(range(min = 0.0, max = 600_000.0))]
        value: f64,
        /// The path of its page, where it is not the batch's.
        page: Option<String>,
    },
    /// How the page was loaded: the phases of its navigation timing, in milliseconds.
    Navigation(Navigation),
    /// Something went wrong in the page.
    Error {
        /// What went wrong.
        error: Fault,
        /// What it says. Logged at most, and never a label.
        #[schemars(length(max = 1000))]
        message: Option<String>,
        /// The script or the resource. Logged at most.
        #[schemars(length(max = 1000))]
        file: Option<String>,
        /// The line in the script. Logged at most.
        line: Option<u32>,
        /// The column in the line. Logged at most.
        column: Option<u32>,
        /// The path of its page, where it is not the batch's.
        page: Option<String>,
    },
    /// Somebody did something.
    Action {
        /// What: `buy`, for example.
        #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.:/ -]*$"))]
        action: String,
    },
    /// Somebody has an opinion.
    Feedback {
        /// Its kind, one of those that are configured: `bug`, `confusing`, `wish`.
        #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.:/ -]*$"))]
        feedback: String,
        /// In their words. Logged at most, and never a label.
        #[schemars(length(max = 4000))]
        text: Option<String>,
    },
    /// A browser is in use: the one that sends, so that a batch has one at most. The collector counts distinct ones, and
    /// keeps none of them.
    Visit {
        /// A random text that this browser keeps for itself, and that says nothing about anybody.
        #[schemars(length(min = 8, max = 64), regex(pattern = "^[A-Za-z0-9_.:/ -]*$"))]
        visitor: String,
    },
}

/// The phases of a page load, in milliseconds.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Navigation {
    /// From the start of the navigation to the end of the load event: `loadEventEnd`.
    #[schemars(range(min = 0.0, max = 600_000.0), extend("exclusiveMinimum" = 0))]
    pub load: f64,
    /// Following redirects.
    pub redirect: Option<f64>,
    /// Looking up the name.
    pub dns: Option<f64>,
    /// Connecting, without TLS.
    pub connect: Option<f64>,
    /// The handshake of TLS.
    pub tls: Option<f64>,
    /// From the request to the first byte of the answer.
    pub request: Option<f64>,
    /// From the first byte of the answer to the last.
    pub response: Option<f64>,
    /// From the last byte of the answer to the end of the load event.
    pub document: Option<f64>,
    /// The path of its page, where it is not the batch's.
    pub page: Option<String>,
}

/// A Web Vital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Vital {
    /// Largest Contentful Paint.
    Lcp,
    /// Interaction to Next Paint.
    Inp,
    /// Cumulative Layout Shift, which is no time.
    Cls,
    /// First Contentful Paint.
    Fcp,
    /// Time to First Byte.
    Ttfb,
}

impl Vital {
    /// Those that are times.
    pub const TIMES: [Vital; 4] = [Vital::Lcp, Vital::Inp, Vital::Fcp, Vital::Ttfb];

    /// Its short name, a label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Vital::Lcp => "LCP",
            Vital::Inp => "INP",
            Vital::Cls => "CLS",
            Vital::Fcp => "FCP",
            Vital::Ttfb => "TTFB",
        }
    }
}

/// A kind of error of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// An exception that nothing caught.
    Javascript,
    /// A promise that was rejected, and nobody listened.
    Rejection,
    /// A script, a style or a picture that could not be loaded.
    Resource,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 3] = [Fault::Javascript, Fault::Rejection, Fault::Resource];

    /// Its word, a label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fault::Javascript => "javascript",
            Fault::Rejection => "rejection",
            Fault::Resource => "resource",
        }
    }
}

/// The JSON Schema of a batch.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Beacon<'static>).into()
}
