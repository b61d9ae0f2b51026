//! Stories of a follower and a chain that does as it is told.

use super::read::ASKED_AGAIN;
use super::*;
use crate::abi::{Event, Place};
use crate::collect::rpc::tests::rpc;
use crate::config::collect::{Contract, Counted, Series, What};
use crate::http::canned::{Canned, reply};
use crate::model::Span;
use alloy_primitives::{Address, B256, Bloom};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What is said instead of the usual answer, by method.
type Says = Box<dyn Fn(&Value, Value) -> Value + Send>;

/// Blocks with events, and what is said of them.
#[derive(Default)]
struct Scripted {
    blocks: Vec<Value>,
    logs: HashMap<String, Vec<Value>>,
    mined: u64,
    says: HashMap<&'static str, Says>,
}

const PLACE: Address = Address::repeat_byte(0xaa);

impl Scripted {
    /// A block with this many pings, unlike every other one.
    fn mine(&mut self, pings: u64) {
        let (number, made) = (self.blocks.len(), self.mined);
        self.mined += 1;
        let hash = B256::left_padding_from(&(made + 1).to_be_bytes());
        let parent = self.blocks.last().map_or(json!(B256::ZERO), |block| block["hash"].clone());
        let number = format!("{number:#x}");
        let log = |index: u64| {
            let transaction = B256::left_padding_from(&[1, made.to_be_bytes()[7], index.to_be_bytes()[7]]);
            json!({
                "address": PLACE, "topics": [ping().topic], "data": "0x", "blockNumber": number, "blockHash": hash,
                "transactionHash": transaction, "logIndex": format!("{index:#x}"),
            })
        };
        let mut bloom = Bloom::ZERO;
        if pings > 0 {
            bloom.accrue_raw_log(PLACE, &[ping().topic]);
        }
        self.logs.insert(hash.to_string(), (0..pings).map(log).collect());
        self.blocks.push(json!({
            "number": number, "hash": hash, "parentHash": parent, "timestamp": "0x6900000", "transactions": [],
            "logsBloom": bloom,
        }));
    }

    fn answer(&self, question: &Value) -> Value {
        let (method, params) = (question["method"].as_str().unwrap_or_default(), &question["params"]);
        let usual = json!({ "result": self.usual(method, &params[0]) });
        let mut answer = self.says.get(method).map_or(usual.clone(), |says| says(params, usual));
        answer["id"] = question["id"].clone();
        answer
    }

    fn usual(&self, method: &str, first: &Value) -> Value {
        match (method, first) {
            ("eth_chainId", _) => json!("0xaa36a7"),
            ("eth_getBlockByNumber", tag) if tag == "latest" => json!(self.blocks.last()),
            ("eth_getBlockByNumber", tag) => json!(self.blocks.iter().find(|block| block["number"] == *tag)),
            ("eth_getLogs", which) if which["blockHash"].is_null() => json!([]),
            ("eth_getLogs", which) => json!(self.logs.get(which["blockHash"].as_str().unwrap_or_default())),
            _ => Value::Null,
        }
    }
}

fn ping() -> Event {
    Event::parse("Ping()").expect("an event")
}

/// A chain of so many blocks, a state file, and who follows the one and keeps the other.
struct Rig {
    chain: Arc<Mutex<Scripted>>,
    node: Canned,
    measures: Measures,
    file: PathBuf,
}

impl Rig {
    fn of(name: &str, blocks: u64) -> Rig {
        let chain = Arc::new(Mutex::new(Scripted::default()));
        let said = chain.clone();
        let node = Canned::start(move |_, request, stream| {
            let question: Value = serde_json::from_str(&request.body).expect("it is JSON");
            let said = said.lock().expect("nobody panicked");
            let answer = match &question {
                Value::Array(all) => all.iter().map(|one| said.answer(one)).collect(),
                one => said.answer(one),
            };
            drop(said);
            reply(stream, 200, &[], &answer.to_string())
        });
        let file = std::env::temp_dir().join(format!("watchbell-events-{name}-{}.json", std::process::id()));
        let rig = Rig { chain, node, measures: Measures::new(), file };
        (0..blocks).for_each(|_| rig.mine(0));
        rig
    }

    fn mine(&self, pings: u64) {
        self.chain().mine(pings);
    }

    fn chain(&self) -> std::sync::MutexGuard<'_, Scripted> {
        self.chain.lock().expect("nobody panicked")
    }

    fn says(&self, method: &'static str, says: impl Fn(&Value, Value) -> Value + Send + 'static) {
        self.chain().says.insert(method, Box::new(says));
    }

    /// Another start: of the one before nothing is left but its file.
    fn follower(&self) -> Follower {
        let series = |metric: &str| Series { metric: metric.into(), help: String::new(), labels: Labels::empty() };
        let counted = |metric, event: Event, place: Option<Place>, what| Counted {
            series: series(metric),
            events: vec![(event, place)],
            what,
            confirmations: 0,
        };
        let who = Event::parse("Who(address indexed who)").expect("an event");
        let place = Place::only(&who.parameters).ok();
        let over = Span::from_hours(1);
        let contract = Contract {
            address: PLACE,
            every: Span::from_secs(15),
            gas: false,
            denied: None,
            views: Vec::new(),
            version: false,
            counted: vec![
                counted("pings_total", ping(), None, What::Count),
                counted("people", who, place, What::Distinct { over }),
            ],
        };
        let rpc = rpc(&[&self.node]);
        let chain = Chain {
            name: "sepolia".into(),
            rpc: Vec::new(),
            chain_id: 11_155_111,
            every: Span::from_secs(15),
            timeout: Span::from_secs(10),
            max_lag: 10,
            labels: Labels::empty(),
            contracts: BTreeMap::from([("c".into(), contract)]),
            oracles: BTreeMap::new(),
        };
        Follower::new(&chain, &rpc, &self.measures, &State::open(&self.file).expect("it is free"))
    }

    fn pings(&self) -> Option<u32> {
        let page = self.measures.render(std::time::Instant::now());
        page.lines().find_map(|line| line.strip_prefix("pings_total{")?.split_once("} ")?.1.parse().ok())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
        let _ = std::fs::remove_file(self.file.with_extension("json.lock"));
    }
}

async fn reason(follower: &mut Follower) -> Option<&'static str> {
    follower.look().await.err().map(|trouble| trouble.reason)
}

#[tokio::test]
async fn events_of_a_reorganisation_of_the_first_blocks_count() {
    let rig = Rig::of("first-blocks", 40);
    let mut follower = rig.follower();
    assert_eq!((reason(&mut follower).await, rig.pings()), (None, Some(0)));
    rig.chain().blocks.truncate(37);
    (0..3).for_each(|_| rig.mine(1));
    assert_eq!((reason(&mut follower).await, rig.pings()), (None, Some(3)));
}

#[tokio::test]
async fn a_head_that_the_chain_does_not_have_is_no_beginning() {
    for height in ["0x21a", "0xffffffffffffffff"] {
        let rig = Rig::of(&format!("head-{height}"), 40);
        rig.says("eth_getBlockByNumber", move |params, mut answer| {
            if params[0] == "latest" {
                answer["result"]["number"] = json!(height);
            }
            answer
        });
        let mut follower = rig.follower();
        assert_eq!(reason(&mut follower).await, Some("implausible"));
        rig.chain().says.clear();
        assert_eq!(reason(&mut follower).await, None);
        rig.mine(2);
        assert_eq!((reason(&mut follower).await, rig.pings()), (None, Some(2)), "{height}");
    }
}

#[tokio::test]
async fn what_began_above_the_chain_begins_at_its_newest_block() {
    let rig = Rig::of("above", 40);
    assert_eq!(reason(&mut rig.follower()).await, None);
    let written = std::fs::read_to_string(&rig.file).expect("it was kept");
    for (began, head) in
        [("\"from\":538", "\"number\":39"), ("\"from\":18446744073709551615", "\"number\":18446744073709551615")]
    {
        let wrong = written.replace("\"from\":39", began).replace("\"number\":39", head);
        assert_ne!(wrong, written);
        std::fs::write(&rig.file, wrong).expect("written");
        let mut follower = rig.follower();
        assert_eq!(reason(&mut follower).await, None);
        rig.mine(1);
        let before = rig.pings().unwrap_or_default();
        assert_eq!((reason(&mut follower).await, rig.pings()), (None, Some(before + 1)), "{began}");
        rig.chain().blocks.truncate(40);
    }
}

#[tokio::test]
async fn a_node_that_has_its_first_block_no_more_is_no_other_chain() {
    let rig = Rig::of("pruned", 40);
    let mut follower = rig.follower();
    assert_eq!(reason(&mut follower).await, None);
    rig.mine(2);
    assert_eq!(reason(&mut follower).await, None);
    let pruned =
        [json!({ "result": null }), json!({ "error": { "code": 4444, "message": "pruned history unavailable" } })];
    for said in pruned {
        rig.says("eth_getBlockByNumber", move |params, answer| if params[0] == "0x0" { said.clone() } else { answer });
        drop(follower);
        follower = rig.follower();
        rig.mine(1);
        let before = rig.pings();
        assert_eq!((reason(&mut follower).await, rig.pings()), (None, before.map(|pings| pings + 1)));
    }
    assert_eq!(rig.pings(), Some(4));

    // Another first block is another chain, as before.
    rig.says("eth_getBlockByNumber", |params, mut answer| {
        if params[0] == "0x0" {
            answer["result"]["hash"] = json!(B256::repeat_byte(7));
        }
        answer
    });
    drop(follower);
    follower = rig.follower();
    assert_eq!((reason(&mut follower).await, rig.pings()), (None, Some(0)));
}

#[tokio::test]
async fn a_look_that_is_cut_off_or_panics_waits_as_long_as_one_that_fails() {
    let rig = Rig::of("cut-off", 1);
    let mut follower = rig.follower();
    follower.behind = 7;
    drop(tokio::time::timeout(Duration::ZERO, follower.look()).await);
    let began = Instant::now();
    follower.rest(began + Duration::from_mins(1)).await;
    assert!(began.elapsed() >= AFTER_FAILURE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_node_that_has_no_logs_yet_is_asked_again_where_the_bloom_of_a_new_block_has_them() {
    let rig = Rig::of("bloom", 40);
    let mut follower = rig.follower();
    assert_eq!(reason(&mut follower).await, None);
    let asked = Arc::new(Mutex::new(0));
    let times = asked.clone();
    rig.says("eth_getLogs", move |_, answer| {
        let mut times = times.lock().expect("nobody panicked");
        *times += 1;
        if *times <= ASKED_AGAIN { json!({ "result": [] }) } else { answer }
    });
    assert_eq!(follower.past, Past::Read);
    let asked = || std::mem::take(&mut *asked.lock().expect("nobody panicked"));
    rig.mine(2);
    assert_eq!((reason(&mut follower).await, rig.pings(), asked()), (None, Some(2), ASKED_AGAIN + 1));

    // A bloom has more than there is: then it is believed that there is nothing.
    rig.mine(1);
    rig.chain().logs.values_mut().for_each(Vec::clear);
    assert_eq!((reason(&mut follower).await, rig.pings(), asked()), (None, Some(2), ASKED_AGAIN + 1));
    rig.mine(0);
    assert_eq!((reason(&mut follower).await, rig.pings(), asked()), (None, Some(2), 1));
}
