//! The scripted testnet: each trouble of the mission's alert list, from its cause to the person who hears of it.

use crate::support::{in_repository, installed, parts, say_skipped};
use std::process::Command;

#[test]
fn what_happens_on_a_chain_in_an_oracle_and_in_a_browser_reaches_the_right_level_at_the_right_tier() {
    troubles_reach_whom_they_should(&["--rounds", "1"], "5 of 5");
}

#[test]
#[ignore = "takes some four minutes; scripts/scripted-testnet runs it, and so does --run-ignored"]
fn every_trouble_of_the_mission_reaches_the_right_level_at_the_right_tier() {
    troubles_reach_whom_they_should(&[], "16 of 16");
}

fn troubles_reach_whom_they_should(arguments: &[&str], how_many: &str) {
    let needed = ["anvil", "node", "chromium", "prometheus", "prometheus-alertmanager"];
    let programs: Option<Vec<_>> = needed.iter().map(|program| installed(program)).collect();
    let (Some(programs), Some(parts)) = (programs, parts()) else { return };
    for modules in [
        "testnet/node_modules/solc",
        "clients/node/node_modules/express",
        "clients/browser/node_modules/playwright-core",
    ] {
        if !parts.join(modules).is_dir() {
            return say_skipped(modules);
        }
    }
    let folders = programs.iter().filter_map(|program| program.parent());
    let path = std::env::join_paths(
        folders.map(Into::into).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("python3")
        .arg(in_repository("scripts/scripted_testnet.py"))
        .args(["--watchbell", env!("CARGO_BIN_EXE_watchbell"), "--untimed"])
        .args(arguments)
        .env("PATH", path.expect("folders of programs"))
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains(&format!("{how_many} reached the right level")),
        "{said}\n{wrong}"
    );
}
