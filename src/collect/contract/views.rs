//! The state of a contract: what its view functions say, all at one block.

use super::labels;
use crate::abi::{Call, Revert, Value};
use crate::collect::news::{CATCHES_UP, News};
use crate::collect::probe::{Pace, Probe, Trouble};
use crate::collect::rpc::{Quantity, Rpc, RpcError};
use crate::config::collect::{Asked, Chain, Contract, View};
use crate::measures::{Gauge, Label, Measures};
use crate::model::{Labels, Name};
use alloy_primitives::{Address, hex};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

/// A block, by its height, at which calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Height(pub(in crate::collect) u64);

/// A contract that is looked at.
pub(super) struct Views {
    name: String,
    contract: Contract,
    pace: Pace,
    rpc: Rpc,
    news: News,
    labels: Labels,
    up: Gauge,
    info: Gauge,
    gauges: Vec<(View, Gauge, Labels)>,
    version: Option<Call>,
    /// The one that was exported last.
    last_version: Option<String>,
}

impl Views {
    pub(super) fn new(chain: &Chain, name: &Name, rpc: &Rpc, measures: &Measures) -> Views {
        let contract = chain.contracts[name].clone();
        let base = labels(chain, &[("contract", name)]);
        let gauge = |view: &View| {
            let series = &view.series;
            (view.clone(), measures.gauge(&series.metric, &series.help), series.labels.overlaid(&base))
        };
        Views {
            name: format!("{}/{name}", chain.name),
            pace: Pace { every: contract.every.to_std(), timeout: chain.timeout.to_std() },
            rpc: rpc.clone(),
            news: News::of(rpc),
            up: measures.gauge("contract_up", "Whether a contract is there and answers as the configuration says"),
            info: measures.gauge("contract_info", "What a contract says of itself"),
            gauges: contract.views.iter().map(gauge).collect(),
            version: Call::parse("version() returns (string)").ok().filter(|_| contract.version),
            last_version: None,
            labels: base,
            contract,
        }
    }

    /// Every call of a look, in the order in which answers are taken.
    fn calls(&self) -> Vec<(Address, &Call)> {
        let views = self.gauges.iter().flat_map(|(view, ..)| view.asked.iter().map(|asked| &asked.call));
        views.chain(&self.version).map(|call| (self.contract.address, call)).collect()
    }

    /// Shows what came back, and says what could not be shown.
    fn take(&mut self, answers: Vec<Result<Vec<Value>, Trouble>>) -> Vec<Trouble> {
        let mut answers = answers.into_iter();
        let mut troubles = Vec::new();
        for (view, gauge, labels) in &self.gauges {
            let values: Vec<_> = answers.by_ref().take(view.asked.len()).collect();
            match number(view, &values) {
                Ok(value) => gauge.set(&pairs(labels), value, Some(self.pace.fresh_until())),
                Err(trouble) => troubles.push(trouble),
            }
        }
        match (&self.version, answers.next()) {
            (Some(_), Some(Ok(values))) => self.show_version(values.first().map(Value::text).unwrap_or_default()),
            (Some(_), Some(Err(trouble))) => troubles.push(trouble),
            (_, _) => {}
        }
        troubles
    }

    fn show_version(&mut self, version: String) {
        let version: String = version.chars().take(100).collect();
        if let Some(last) = self.last_version.take().filter(|last| *last != version) {
            tracing::warn!(contract = self.name, from = last, to = version, "the contract has another version");
            self.info.forget(&pairs(&self.labels.with("version", last)));
        }
        self.info.set(&pairs(&self.labels.with("version", version.clone())), 1.0, Some(self.pace.fresh_until()));
        self.last_version = Some(version);
    }
}

impl Probe for Views {
    fn kind(&self) -> &'static str {
        "contract"
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let calls = self.calls();
        let troubles = if calls.is_empty() {
            has_code(&self.rpc, self.contract.address).await.err().into_iter().collect()
        } else {
            let (_, answers) = asked(&self.rpc, &calls, self.news.height()).await?;
            self.take(answers)
        };
        // What the node could not answer says nothing of the contract.
        let is_the_contracts = |trouble: &Trouble| ["reverted", "no_code", "wrong_type"].contains(&trouble.reason);
        if troubles.is_empty() || troubles.iter().any(is_the_contracts) {
            let up = if troubles.is_empty() { 1.0 } else { 0.0 };
            self.up.set(&pairs(&self.labels), up, Some(self.pace.fresh_until()));
        }
        troubles.into_iter().next().map_or(Ok(()), Err)
    }

    async fn rest(&mut self, until: Instant) {
        self.news.wait(until).await;
    }
}

/// What a view comes to. Of several answers one yes is enough, and no is only sure when all say so.
fn number(view: &View, values: &[Result<Vec<Value>, Trouble>]) -> Result<f64, Trouble> {
    let each = view.asked.iter().zip(values).map(|(asked, values)| {
        let values = values.as_ref().map_err(Clone::clone)?;
        one(asked, values, view.decimals)
    });
    let each: Vec<Result<f64, Trouble>> = each.collect();
    let is_yes = |value: &Result<f64, Trouble>| value.as_ref().is_ok_and(|value| *value != 0.0);
    match each.as_slice() {
        [only] => only.clone(),
        several if several.iter().any(is_yes) => Ok(1.0),
        several => {
            several.iter().find_map(|value| value.as_ref().err()).map_or(Ok(0.0), |trouble| Err(trouble.clone()))
        }
    }
}

fn one(asked: &Asked, values: &[Value], decimals: u8) -> Result<f64, Trouble> {
    let value = asked.place.of(values).and_then(|value| value.number(decimals));
    value.ok_or_else(|| Trouble::new("wrong_type", format!("`{}` gave no number", asked.call.name)))
}

/// Without functions to ask: whether there is a contract at all.
pub(in crate::collect) async fn has_code(rpc: &Rpc, address: Address) -> Result<(), Trouble> {
    let code: String = rpc.ask("eth_getCode", json!([address, "latest"])).await?;
    let is_there = !matches!(code.as_str(), "0x" | "");
    is_there.then_some(()).ok_or_else(|| Trouble::new("no_code", format!("there is no contract at {address}")))
}

/// Labels as measures take them.
pub(in crate::collect) fn pairs(labels: &Labels) -> Vec<Label<'_>> {
    labels.iter().map(|(name, value)| (&**name, &**value)).collect()
}

/// The answers to `calls`, all at one block, which is at least as high as `seen` where the endpoint knows that one already.
pub(in crate::collect) async fn asked(
    rpc: &Rpc,
    calls: &[(Address, &Call)],
    seen: u64,
) -> Result<(Height, Vec<Result<Vec<Value>, Trouble>>), Trouble> {
    let mut height = height(rpc).await?;
    if height.0 < seen {
        // Another endpoint told us of the block; this one is about to have it.
        tokio::time::sleep(CATCHES_UP).await;
        height = self::height(rpc).await?;
    }
    let at = format!("{:#x}", height.0);
    let each: Vec<_> = calls
        .iter()
        .map(|(address, call)| ("eth_call", json!([{ "to": address, "data": hex::encode_prefixed(&call.data) }, at])))
        .collect();
    let answers = rpc.batch(&each).await?;
    let read =
        |(answer, (address, call)): (Result<Json, RpcError>, &(Address, &Call))| answer_of(call, *address, answer);
    Ok((height, answers.into_iter().zip(calls).map(read).collect()))
}

async fn height(rpc: &Rpc) -> Result<Height, Trouble> {
    let number: Quantity = rpc.ask("eth_blockNumber", json!([])).await?;
    u64::try_from(number.0).map(Height).map_err(|_| Trouble::new("wrong_type", "the height of the chain is no height"))
}

fn answer_of(call: &Call, address: Address, answer: Result<Json, RpcError>) -> Result<Vec<Value>, Trouble> {
    let what = format!("`{}` of {address}", call.name);
    let json = match answer {
        Ok(json) => json,
        Err(RpcError::Answer { error, .. })
            if let Some(revert) = Revert::of_error(&error.message, error.data.as_ref()) =>
        {
            return Err(Trouble::new("reverted", format!("{what} {revert}")));
        }
        Err(other) => return Err(other.into()),
    };
    let bytes = json.as_str().and_then(|text| hex::decode(text).ok());
    let bytes = bytes.ok_or_else(|| Trouble::new("wrong_type", format!("{what} was not answered with bytes")))?;
    call.read(&bytes).map_err(|why| {
        let reason = if why == crate::abi::Unreadable::Nothing { "no_code" } else { "wrong_type" };
        Trouble::new(reason, format!("{what}: {why}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Place;
    use crate::config::collect::Series;
    use alloy_primitives::U256;

    fn view(functions: &[&str]) -> View {
        let asked = |text: &&str| {
            let call = Call::parse(text).expect("a signature");
            Asked { place: Place::only(&call.outputs).expect("one value"), call }
        };
        let series = Series { metric: "m".into(), help: String::new(), labels: Labels::empty() };
        View { series, asked: functions.iter().map(asked).collect(), decimals: 1 }
    }

    #[test]
    fn of_several_one_yes_is_enough_and_what_cannot_be_read_is_no_no() {
        let both = view(&["emergencyMode() returns (bool)", "paused() returns (bool)"]);
        let (yes, no) = (Ok(vec![Value::Bool(true)]), Ok(vec![Value::Bool(false)]));
        let dead = Err(Trouble::new("reverted", "x"));
        for (values, comes_to) in [
            ([no.clone(), no.clone()], Ok(0.0)),
            ([no.clone(), yes.clone()], Ok(1.0)),
            ([dead.clone(), yes], Ok(1.0)),
            ([no, dead], Err("reverted")),
        ] {
            assert_eq!(number(&both, &values).map_err(|trouble| trouble.reason), comes_to);
        }
        let plain = view(&["x() returns (uint256)"]);
        assert_eq!(number(&plain, &[Ok(vec![Value::Uint(U256::from(25))])]).ok(), Some(2.5));
    }

    #[test]
    fn what_a_node_answers_is_a_value_or_says_why_not() {
        let call = Call::parse("totalSupply() returns (uint256)").expect("a signature");
        let said = |answer: Json| answer_of(&call, Address::ZERO, Ok(answer)).map_err(|trouble| trouble.reason);
        assert_eq!(said(json!(format!("0x{:064x}", 7))), Ok(vec![Value::Uint(U256::from(7))]));
        assert_eq!(said(json!("0x")), Err("no_code"));
        assert_eq!(said(json!("0x01")), Err("wrong_type"));
        assert_eq!(said(json!({ "error": 1 })), Err("wrong_type"));
    }
}
