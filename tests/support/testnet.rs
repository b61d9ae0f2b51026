//! The contracts of `fixtures/pentagold` on a chain node, and the troubles that `scripts/testnet/testnet.mjs` causes.

use super::{Anvil, in_repository, installed, parts, say_skipped};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Deployed contracts.
pub struct Testnet {
    node: PathBuf,
    url: String,
    file: PathBuf,
    at: Value,
}

impl Testnet {
    /// Deploys to `anvil`; `None`, said in a line, where what it takes is not installed.
    pub fn deploy(anvil: &Anvil, folder: &Path) -> Option<Testnet> {
        let node = installed("node")?;
        if !parts().is_some_and(|folder| folder.join("testnet/node_modules/solc").is_dir()) {
            say_skipped("solc");
            return None;
        }
        let file = folder.join("contracts.json");
        let mut testnet = Testnet { node, url: anvil.url(), file, at: Value::Null };
        testnet.at = testnet.run(&["deploy"]);
        std::fs::write(&testnet.file, testnet.at.to_string()).expect("the folder can be written");
        Some(testnet)
    }

    /// The address of a contract: `pgaux`, `oracle_aggregator`, `circuit_breaker`, `timelock`.
    pub fn address(&self, contract: &str) -> &str {
        self.at[contract].as_str().expect("it was deployed")
    }

    /// Causes a trouble, as `trip` or `mint 1000`, each transaction in a block of its own unless sent together.
    pub fn cause(&self, trouble: &str) -> Value {
        let at = self.file.to_str().expect("a path is text");
        self.run(&[&["--at", at], trouble.split(' ').collect::<Vec<_>>().as_slice()].concat())
    }

    fn run(&self, arguments: &[&str]) -> Value {
        let script = in_repository("scripts/testnet/testnet.mjs");
        let done = Command::new(&self.node).arg(script).arg(&self.url).arg("--mine").args(arguments).output();
        let done = done.expect("node runs");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&done.stdout).expect("it prints JSON")
    }
}
