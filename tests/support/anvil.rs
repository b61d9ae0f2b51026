//! A real chain node: anvil, which makes blocks, prices and forks as it is told.

use super::{Process, Scratch, free_port, http, installed};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// The chain that it serves, unless told otherwise.
pub const CHAIN_ID: u64 = 11_155_111;

/// A chain node. It can be stopped and resumed on its chain, and frozen.
pub struct Anvil {
    program: PathBuf,
    port: u16,
    flags: Vec<String>,
    folder: Scratch,
    process: Option<Process>,
}

impl Anvil {
    /// Starts one that makes blocks only when told to, with these further flags; `None`, said in a line, where it is not
    /// installed.
    pub fn start(flags: &[&str]) -> Option<Anvil> {
        let program = installed("anvil")?;
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut anvil = Anvil { program, port: free_port(), flags, folder: Scratch::new("anvil"), process: None };
        anvil.resume();
        Some(anvil)
    }

    /// Its address for requests.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its address for a WebSocket.
    pub fn socket(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Its host and port, as endpoints are called.
    pub fn label(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Asks it, or tells it what to do; panics where it refuses, with its reason.
    pub fn ask(&self, method: &str, params: Value) -> Value {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = http::post_json(&self.url(), &question).expect("anvil is up").json();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Makes a block, stamped at `timestamp` (seconds since 1970), with this base fee in gwei.
    pub fn mine(&self, timestamp: i64, base_fee: u64) {
        self.ask("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", base_fee * 1_000_000_000)]));
        self.ask("evm_setNextBlockTimestamp", json!([timestamp]));
        self.ask("evm_mine", json!([]));
    }

    /// Sends transactions that add `tip` gwei to the base fee; the next block has them.
    pub fn send(&self, count: usize, tip: u64) {
        let accounts = self.ask("eth_accounts", json!([]));
        for _ in 0..count {
            let transaction = json!({
                "from": accounts[0], "to": accounts[1], "value": "0x1", "gas": "0x5208",
                "maxFeePerGas": "0x2e90edd000", "maxPriorityFeePerGas": format!("{:#x}", tip * 1_000_000_000),
            });
            self.ask("eth_sendTransaction", json!([transaction]));
        }
    }

    /// The height of its newest block.
    pub fn height(&self) -> u64 {
        let height = self.ask("eth_blockNumber", json!([]));
        let digits = height.as_str().and_then(|text| text.strip_prefix("0x")).expect("a height is hexadecimal");
        u64::from_str_radix(digits, 16).expect("a height is hexadecimal")
    }

    /// Sends it a signal: `STOP` makes it one that accepts and never answers.
    pub fn signal(&self, signal: &str) {
        self.process.as_ref().expect("it runs").signal(signal);
    }

    /// Ends it as an outage does; port and chain stay for [`Anvil::resume`].
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal("INT");
            process.wait();
        }
    }

    /// Starts it again on the same port and chain.
    pub fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        let chain_id = CHAIN_ID.to_string();
        command
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string(), "--chain-id", &chain_id, "--no-mining"])
            .args(["--mnemonic-seed-unsafe", "7", "--block-base-fee-per-gas", "20000000000", "--quiet", "--state"])
            .arg(self.folder.path().join("chain.json"))
            .args(&self.flags);
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
        let is_ready = |_: &str| http::post_json(&self.url(), &question).is_ok_and(|answer| answer.status == 200);
        let started = Process::start("anvil", &mut command, self.folder.path(), is_ready);
        self.process = Some(started.unwrap_or_else(|why| panic!("{why}")));
    }
}
