//! Asking the nodes how things are, once, within the deadline of each chain.

use super::{Health, Item, Part};
use crate::abi::{Call, Value};
use crate::collect::contract::{asked, has_code};
use crate::collect::oracle::price;
use crate::collect::probe::Trouble;
use crate::collect::rpc::{Head, Quantity, Rpc, doubt};
use crate::config::collect::{Chain, Collect, Contract, Health as Bounds, Oracle};
use crate::measures::Measures;
use crate::model::duration_text::format;
use crate::model::{Name, Span};
use alloy_primitives::U256;
use futures_util::future::{join_all, join3};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Asks every chain, contract and oracle that `settings` names.
pub async fn check(settings: &Collect) -> Health {
    let chains = settings.chains.values().map(|chain| one(chain, settings.health));
    let mut health = Health {
        at: Timestamp::now(),
        blockchain: Part::default(),
        contracts: Part::default(),
        oracle: Part::default(),
    };
    for found in join_all(chains).await {
        health.blockchain.0.extend(found.blockchain.0);
        health.contracts.0.extend(found.contracts.0);
        health.oracle.0.extend(found.oracle.0);
    }
    health
}

/// A chain and all that lies on it.
async fn one(chain: &Chain, bounds: Bounds) -> Health {
    let within = |name: &str| format!("{}/{name}", chain.name);
    let at = Timestamp::now();
    // What is measured on the way, of endpoints for example, is nobody's here.
    let rpc = match Rpc::new(chain, &Measures::new()) {
        Ok(rpc) => rpc,
        Err(error) => return out_of_reach(chain, &crate::http::chain(&error), at),
    };
    let contracts = join_all(
        chain.contracts.iter().map(async |(name, contract)| (within(name), said(contract_is(&rpc, contract).await))),
    );
    let oracles = join_all(
        chain.oracles.iter().map(async |(name, oracle)| (within(name), said(oracle_is(&rpc, oracle, bounds).await))),
    );
    let (head, contracts, oracles) = join3(head_is(&rpc, bounds), contracts, oracles).await;
    Health {
        at,
        blockchain: Part(BTreeMap::from([(chain.name.to_string(), said(head))])),
        contracts: Part(contracts.into_iter().collect()),
        oracle: Part(oracles.into_iter().collect()),
    }
}

/// Nothing can be asked at all, of a chain whose nodes have no address for example.
fn out_of_reach(chain: &Chain, why: &str, at: Timestamp) -> Health {
    let of = |names: Vec<String>| Part(names.into_iter().map(|name| (name, Item::error(why))).collect());
    let below = |name: &Name| format!("{}/{name}", chain.name);
    Health {
        at,
        blockchain: of(vec![chain.name.to_string()]),
        contracts: of(chain.contracts.keys().map(below).collect()),
        oracle: of(chain.oracles.keys().map(below).collect()),
    }
}

fn said(found: Result<Item, Trouble>) -> Item {
    found.unwrap_or_else(|trouble| Item::error(trouble.text))
}

/// The newest block: its height, its age and what gas costs.
async fn head_is(rpc: &Rpc, bounds: Bounds) -> Result<Item, Trouble> {
    let head: Head = rpc.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
    let price: Quantity = rpc.ask("eth_gasPrice", json!([])).await?;
    if let Some(lie) = doubt(None, &head, Timestamp::now().as_millisecond()) {
        return Err(Trouble::new(lie.reason(), format!("the node {lie}")));
    }
    let age = rpc.seconds().saturating_sub(head.timestamp);
    let item = Item::healthy(vec![
        ("block_number", head.number.into()),
        ("block_time", time(head.timestamp)),
        ("block_age_seconds", age.into()),
        ("gas_price_gwei", json!(Value::Uint(U256::from(price.0)).number(9))),
    ]);
    let most = bounds.max_block_age;
    let is_old = Span::from_secs(i64::try_from(age).unwrap_or(i64::MAX / 1_000)) > most;
    Ok(if is_old { item.stale(format!("the newest block is {age} s old (at most {})", format(most))) } else { item })
}

/// A contract: its version where it is to be known, its answers otherwise, and that it is there at all.
async fn contract_is(rpc: &Rpc, contract: &Contract) -> Result<Item, Trouble> {
    let version = Call::parse("version() returns (string)").ok().filter(|_| contract.version);
    let views = contract.views.iter().flat_map(|view| view.asked.iter().map(|asked| &asked.call));
    let calls: Vec<_> = version.iter().chain(views).map(|call| (contract.address, call)).collect();
    if calls.is_empty() {
        has_code(rpc, contract.address).await?;
        return Ok(Item::healthy(vec![]));
    }
    let (_, answers) = asked(rpc, &calls, 0).await?;
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let version = version.and(answers.first()).and_then(|values| values.first()).map(Value::text);
    Ok(Item::healthy(version.into_iter().map(|version| ("version", Json::from(version))).collect()))
}

/// An oracle: its price and how old that is.
async fn oracle_is(rpc: &Rpc, oracle: &Oracle, bounds: Bounds) -> Result<Item, Trouble> {
    let (_, mut answers) = asked(rpc, &[(oracle.feed.address, &oracle.feed.call)], 0).await?;
    let price =
        price::of_feed(&oracle.feed, &answers.pop().unwrap_or_else(|| Ok(Vec::new()))?)?.of_its_time(rpc.seconds())?;
    let age = price.age(rpc.seconds());
    let item = Item::healthy(vec![
        ("price", json!(price.value)),
        ("timestamp", json!(price.timestamp)),
        ("age_seconds", json!(age)),
    ]);
    // As the mission's script has it: what is ten minutes old is stale.
    let most = bounds.max_price_age;
    let is_fresh = age < most.as_secs_f64();
    Ok(if is_fresh { item } else { item.stale(format!("the price is {age:.0} s old (fresh below {})", format(most))) })
}

/// A block's time as people read it.
fn time(seconds: u64) -> Json {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| seconds.into(), |at| at.to_string().into())
}
