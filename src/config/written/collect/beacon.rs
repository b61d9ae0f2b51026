//! What browsers may send, as written.

use crate::config::written::{AddressText, Entries, PlainText};
use crate::diagnostics::Spanned;
use crate::yaml::by_shape;
use schemars::JsonSchema;
use serde::Deserialize;

/// What browsers may send to `/v1/beacon`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Beacons {
    /// The origins whose pages may send: scheme, host and port, as browsers say them. `https://*.example.org` is every
    /// host below `example.org`.
    pub origins: Spanned<Vec<AddressText>>,
    /// The applications, each a value of the label `service`. A page that names none is of the first one. `web`, where
    /// there is none.
    #[serde(default)]
    pub services: Vec<Spanned<String>>,
    /// The pages, by the name that becomes their label `page`: the path of each, or several. In a path, `:name` stands
    /// for any one part, and `*` as the last part for any rest. A page that is none of them is `other`. Where there are
    /// none, paths are labels as they come, with `:id` for numbers and hashes.
    #[serde(default)]
    pub pages: Entries<Paths>,
    /// Without `pages`: how many paths are told apart. The rest is `other`.
    #[schemars(extend("default" = 50), range(min = 1, max = 500))]
    pub max_pages: Option<Spanned<u32>>,
    /// The actions of users, each a value of the label `action`; the rest is `other`. Where there are none, actions are
    /// labels as they come.
    #[serde(default)]
    pub actions: Vec<Spanned<String>>,
    /// Without `actions`: how many are told apart. The rest is `other`.
    #[schemars(extend("default" = 50), range(min = 1, max = 500))]
    pub max_actions: Option<Spanned<u32>>,
    /// The action with which somebody signs up: it is counted in `user_registrations_total` as well.
    pub registration: Option<Spanned<String>>,
    /// The kinds of feedback, each a value of the label `kind`; the rest is `other`. `bug`, `confusing` and `wish`, where
    /// there are none.
    #[serde(default)]
    pub feedback: Vec<Spanned<String>>,
    /// The share of batches whose measurements and actions are taken; each then counts for several. Errors, feedback and
    /// visits are always taken.
    #[schemars(extend("default" = 1.0), range(min = 0.01, max = 1.0))]
    pub sample: Option<f64>,
    /// The longest batch, in bytes.
    #[schemars(extend("default" = 65_536), range(min = 1024, max = 1_048_576))]
    pub max_bytes: Option<u32>,
    /// How many batches a second are taken from all browsers together. Twice as many at once.
    #[schemars(extend("default" = 2_000.0), range(min = 0.1, max = 1_000_000.0))]
    pub max_per_second: Option<f64>,
    /// How many batches a second are taken from one address. Twice as many at once.
    #[schemars(extend("default" = 20.0), range(min = 0.1, max = 1_000_000.0))]
    pub max_per_second_of_client: Option<Spanned<f64>>,
    /// The proxies before us, as addresses or networks (`10.0.0.0/8`): what they say in `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<PlainText>,
    /// Whether what errors and feedback say is logged, made one line and cut. It may hold what is personal.
    #[schemars(extend("default" = false))]
    #[serde(default)]
    pub log_texts: bool,
}

/// The path of a page, or several.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(transform = by_shape)]
pub enum Paths {
    /// One path.
    #[serde(rename = "$scalar")]
    One(PlainText),
    /// Several.
    #[serde(rename = "$list")]
    Many(Vec<PlainText>),
}

impl Paths {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &PlainText> {
        match self {
            Paths::One(path) => std::slice::from_ref(path).iter(),
            Paths::Many(paths) => paths.iter(),
        }
    }
}
