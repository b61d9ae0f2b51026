//! A contract, as written.

use super::Duration;
use crate::config::written::{Entries, EventText, FunctionText, PlainText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// A contract on a chain.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Contract {
    /// Where it lies: `0x` and 40 hexadecimal digits. Capitals among them have to be the checksum.
    pub address: PlainText,
    /// How often to look, at the latest: each new block that we hear of is a look too.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
    /// Whether to count the gas that transactions to it use, and how they end: `contract_gas_used_total`,
    /// `contract_transactions_total{outcome}`. Reads each block with its transactions.
    #[schemars(extend("default" = false))]
    pub gas: Option<bool>,
    /// Whether to count `unauthorized_access_attempts`: failed transactions to it whose replay is refused for lack of a
    /// right. Reads each block with its transactions.
    #[schemars(extend("default" = false))]
    pub denied: Option<bool>,
    /// Further refusals that mean a lack of a right, beside those of `OpenZeppelin`, `Solady` and `Solmate`: an error,
    /// `NotKeeper(address)`, or how a text begins.
    #[serde(default)]
    pub denied_by: Vec<PlainText>,
    /// Whether to export what `version()` says, as `contract_info{version}`.
    #[schemars(extend("default" = false))]
    pub version: Option<bool>,
    /// View functions whose answers become gauges.
    #[serde(default)]
    pub calls: Vec<Spanned<View>>,
    /// Events that are counted.
    #[serde(default)]
    pub events: Vec<Spanned<Counted>>,
}

/// A view function whose answer becomes a gauge: `call`, or `any`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct View {
    /// The name of the gauge.
    pub metric: PlainText,
    /// What it is, for people.
    pub help: Option<String>,
    /// Further labels.
    #[serde(default)]
    pub labels: Entries<String>,
    /// The function. Yes is 1, no is 0.
    pub call: Option<FunctionText>,
    /// Several functions; the gauge is 1 when one of them says yes, or something else than 0.
    pub any: Option<Spanned<Vec<FunctionText>>>,
    /// What is given to the function.
    #[serde(default)]
    pub args: Vec<PlainText>,
    /// Which of several values that come back is meant, by its name; `a.b` is a member of a struct.
    pub take: Option<PlainText>,
    /// How many of its digits stand behind the point.
    #[schemars(extend("default" = 0), range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
}

/// An event that is counted: `event`, or `any`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Counted {
    /// The name of the counter; of a gauge, with `distinct`.
    pub metric: PlainText,
    /// What it is, for people.
    pub help: Option<String>,
    /// Further labels.
    #[serde(default)]
    pub labels: Entries<String>,
    /// The event.
    pub event: Option<EventText>,
    /// Several events, counted together.
    pub any: Option<Spanned<Vec<EventText>>>,
    /// The parameter that is summed up, instead of counting events.
    pub sum: Option<PlainText>,
    /// The parameter whose different values are counted, over the time `over`.
    pub distinct: Option<PlainText>,
    /// How far back different values are counted.
    pub over: Option<Duration>,
    /// How many of the digits of `sum` stand behind the point.
    #[schemars(extend("default" = 0), range(max = 77))]
    pub decimals: Option<Spanned<u8>>,
    /// After how many further blocks an event is counted. At once with 0: never twice, but one that a reorganisation takes
    /// back for good stays counted.
    #[schemars(extend("default" = 0), range(max = 1_000))]
    pub confirmations: Option<Spanned<u16>>,
}
