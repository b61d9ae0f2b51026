//! An oracle, as written.

use super::Duration;
use crate::config::written::{Entries, FunctionText, NameText, PlainText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// Something that gives a price. Where it is made of several `sources`, each is measured as an oracle of its own too.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Oracle {
    /// The contract that is asked, one of the chain's.
    pub contract: Option<NameText>,
    /// Its address, instead of a name.
    pub address: Option<PlainText>,
    /// The function that gives the newest price, and when it was made: `getLatestPrice() returns (uint256 price, uint256
    /// timestamp)`, or Chainlink's `latestRoundData()`.
    pub price: FunctionText,
    /// What is given to the function.
    #[serde(default)]
    pub args: Vec<PlainText>,
    /// Which of its values is the price. The one called `price`, `answer` or `value`, where it is not said.
    pub take: Option<PlainText>,
    /// Which of its values says when the price was made, in seconds since 1970. The one called `timestamp` or `updatedAt`,
    /// where it is not said.
    pub timestamp: Option<PlainText>,
    /// How many digits of the price stand behind the point.
    #[schemars(extend("default" = 18), range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
    /// How old a price may be to be usable: what the contracts accept.
    #[schemars(extend("default" = "1h"))]
    pub max_age: Option<Duration>,
    /// How often to look, at the latest: each new block that we hear of is a look too.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
    /// The time over which availability is measured.
    #[schemars(extend("default" = "1h"))]
    pub over: Option<Duration>,
    /// How sure it is.
    pub confidence: Option<Confidence>,
    /// What the price is made of.
    pub sources: Option<Spanned<Sources>>,
    /// Further labels.
    #[serde(default)]
    pub labels: Entries<String>,
}

/// A function that says how sure an oracle is.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Confidence {
    /// The function.
    pub call: FunctionText,
    /// Which of its values is meant, where there are several.
    pub take: Option<PlainText>,
    /// How many digits stand behind the point of the per cent; 2 for basis points.
    #[schemars(extend("default" = 2), range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
}

/// What a price is made of: a function that lists all (`list`), or one function for `each`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Sources {
    /// The function of the oracle's contract that lists them: `getAllPrices() returns ((uint256 price, uint256 timestamp,
    /// uint256 confidence, string source)[])`. Its members `price`, `timestamp`, `confidence` and `source` are read.
    pub list: Option<FunctionText>,
    /// The sources that the list has to have. One that is missing is down.
    pub names: Vec<PlainText>,
    /// How many digits of the prices in the list stand behind the point. Those of the oracle, where it is not said.
    #[schemars(range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
    /// How many digits stand behind the point of the confidence in the list; 2 for basis points.
    #[schemars(extend("default" = 2), range(max = 77))]
    pub confidence_decimals: Option<Spanned<u8>>,
    /// Sources that are asked one by one, by name.
    pub each: Entries<Source>,
}

/// A source that is asked by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Source {
    /// The contract that is asked, one of the chain's. That of the oracle, where there is neither this nor `address`.
    pub contract: Option<NameText>,
    /// Its address, instead of a name.
    pub address: Option<PlainText>,
    /// The function that gives its newest price, and when it was made. That of the oracle, where it is not said.
    pub price: Option<FunctionText>,
    /// What is given to the function.
    #[serde(default)]
    pub args: Vec<PlainText>,
    /// Which of its values is the price.
    pub take: Option<PlainText>,
    /// Which of its values says when the price was made.
    pub timestamp: Option<PlainText>,
    /// How many digits of the price stand behind the point. Those of the oracle, where it is not said.
    #[schemars(range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
}
