//! What an [`Rpc`] does with endpoints that answer as they are told.

use super::*;
use crate::config::Secret;
use crate::http::canned::{Canned, Request, reply};
use crate::model::Span;
use std::net::TcpStream;

pub(crate) use super::head::tests::head;

const ID: u64 = 11_155_111;

/// What asks these nodes.
pub(crate) fn rpc(endpoints: &[&Canned]) -> Rpc {
    let chain = Chain {
        name: "sepolia".into(),
        rpc: endpoints.iter().map(|endpoint| Secret::Inline(endpoint.url())).collect(),
        chain_id: ID,
        every: Span::from_secs(15),
        timeout: Span::from_secs(10),
        max_lag: 10,
        labels: crate::model::Labels::empty(),
        contracts: std::collections::BTreeMap::new(),
        oracles: std::collections::BTreeMap::new(),
    };
    Rpc::new(&chain, &Measures::new()).expect("it can be set up")
}

/// A chain behind `node`, by a clock that blocks have set to so many seconds since 1970.
pub(crate) fn rpc_at(node: &Canned, seconds: u64) -> Rpc {
    let rpc = rpc(&[node]);
    let millis = i64::try_from(seconds * 1000).expect("this century");
    rpc.inner.clock().saw(millis, Instant::now(), millis);
    rpc
}

/// A node whose every block has this height and this time.
pub(crate) fn at_height(height: u64, timestamp: u64) -> Canned {
    let hash = format!("{height:#066x}");
    let number = |number: u64| format!("{number:#x}");
    let block = json!({ "number": number(height), "hash": hash, "parentHash": hash, "timestamp": number(timestamp), "transactions": [] });
    node(ID, move |_| json!({ "result": block }))
}

/// A node that names `chain`, and leaves every other question to `other`.
fn node(chain: u64, other: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Canned {
    Canned::start(move |_, request: &Request, stream: &mut TcpStream| {
        let question: Value = serde_json::from_str(&request.body).expect("it is JSON");
        let mut answer = if question["method"] == "eth_chainId" {
            json!({ "result": format!("{chain:#x}") })
        } else {
            other(&question)
        };
        if answer.is_object() {
            answer["id"] = question["id"].clone();
        }
        reply(stream, 200, &[], &answer.to_string())
    })
}

fn methods(node: &Canned) -> Vec<String> {
    let method = |request: Request| {
        let question: Value = serde_json::from_str(&request.body).expect("it is JSON");
        question["method"].as_str().unwrap_or("several").to_owned()
    };
    node.asked().into_iter().map(method).collect()
}

#[tokio::test]
async fn an_endpoint_of_another_chain_is_asked_for_nothing_but_its_chain() {
    let (wrong, right) = (node(1, |_| json!({ "result": "0x1" })), node(ID, |_| json!({ "result": "0x2" })));
    let rpc = rpc(&[&wrong, &right]);
    for _ in 0..2 {
        let Quantity(number) = rpc.ask("eth_blockNumber", json!([])).await.expect("the other one answers");
        assert_eq!(number, 2);
    }
    assert_eq!(methods(&wrong), ["eth_chainId"]);
    assert_eq!(methods(&right), ["eth_chainId", "eth_blockNumber", "eth_blockNumber"]);
}

#[tokio::test]
async fn a_nodes_own_error_is_an_answer_and_a_result_of_another_type_is_none() {
    let first = node(ID, |question| match question["method"].as_str() {
        Some("eth_call") => {
            json!({ "error": { "code": 3, "message": "execution reverted: no", "data": "0x08c379a0" } })
        }
        _ => json!({ "result": { "not": "a number" } }),
    });
    let second = node(ID, |_| json!({ "result": "0x2" }));
    let rpc = rpc(&[&first, &second]);

    let refused = rpc.ask::<String>("eth_call", json!([])).await.expect_err("it reverted");
    assert_eq!(refused.reason(), "reverted");
    assert_eq!(methods(&second), [""; 0], "nobody else was asked");

    let Quantity(number) = rpc.ask("eth_blockNumber", json!([])).await.expect("the second one answers");
    assert_eq!(number, 2);
    assert!(rpc.inner.endpoints[0].record().standing.is_good(), "the question may have been to blame");
}

#[tokio::test]
async fn a_node_that_takes_one_question_at_a_time_is_asked_one_by_one() {
    let refusals = [
        (200, r#"{ "error": { "code": -32600, "message": "batches are not supported" } }"#),
        (200, r#"[{ "jsonrpc": "2.0", "id": 0, "error": { "code": -32600, "message": "batch too large" } }]"#),
        (400, "batching disabled"),
    ];
    for (status, refusal) in refusals {
        let single = Canned::start(move |_, request, stream| {
            let question: Value = serde_json::from_str(&request.body).expect("it is JSON");
            let is_name = question["method"] == "eth_chainId";
            let result = if is_name { json!(format!("{ID:#x}")) } else { question["params"][0].clone() };
            match question {
                Value::Array(_) => reply(stream, status, &[], refusal),
                _ => reply(stream, 200, &[], &json!({ "id": question["id"], "result": result }).to_string()),
            }
        });
        let calls: Vec<Call<'_>> = (0..3).map(|number| ("eth_echo", json!([number]))).collect();
        let answers = rpc(&[&single]).batch(&calls).await.expect("it answers");
        let answers: Vec<Value> = answers.into_iter().map(|answer| answer.expect("it is a result")).collect();
        assert_eq!(answers, [json!(0), json!(1), json!(2)], "{refusal}");
    }
}

#[tokio::test]
async fn where_nobody_answers_each_is_named_and_asked_again_no_sooner_than_it_wishes() {
    let busy = Canned::start(|_, _, stream| reply(stream, 429, &[("Retry-After", "60")], ""));
    let rpc = rpc(&[&busy]);
    for _ in 0..3 {
        let error = rpc.ask::<Value>("eth_blockNumber", json!([])).await.expect_err("it limits us");
        assert_eq!(error.reason(), "rate_limited");
        assert!(error.to_string().contains(&busy.address.to_string()), "{error}");
    }
    assert_eq!(busy.asked().len(), 1);
}

#[test]
fn a_lower_block_is_news_from_its_own_teller_alone() {
    let (newest, lower) = (head(100), head(99));
    assert!(supersedes(&newest, &head(101), false));
    assert!(supersedes(&newest, &lower, true), "it takes the newest block back");
    assert!(!supersedes(&newest, &lower, false), "another one is late");
    assert!(!supersedes(&newest, &newest, true), "nothing is new");
    assert!(supersedes(&newest, &Head { hash: lower.hash, ..head(100) }, true));
}
