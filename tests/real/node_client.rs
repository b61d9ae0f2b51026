//! The client for Node.js, on the whole way: Express, a real Prometheus, the real collector (`clients/node/test`).

use crate::support::{in_repository, installed, parts, say_skipped};
use std::process::Command;
use watchbell::diagnostics::{Findings, Sources};

/// The expression of a rule of the pack, as it stands in its file.
fn expression(file: &str, alert: &str) -> String {
    let text = std::fs::read_to_string(in_repository(file)).expect("the rule pack is there");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let source = sources.add(file, text.as_str());
    let text = sources.get(source).text().clone();
    let documents = watchbell::yaml::parse(source, &text, &mut findings);
    let pack: Pack = watchbell::yaml::from_node(&documents[0]).expect("the pack has groups of rules");
    let rules = pack.groups.into_iter().flat_map(|group| group.rules);
    rules.into_iter().find(|rule| rule.alert == alert).expect("the pack has this rule").expr
}

#[derive(serde::Deserialize)]
struct Pack {
    groups: Vec<Group>,
}

#[derive(serde::Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
struct Rule {
    alert: String,
    expr: String,
}

#[test]
fn the_client_for_node_keeps_its_word_with_express_prometheus_and_the_collector() {
    let Some(node) = installed("node") else { return };
    let Some(prometheus) = installed("prometheus") else { return };
    let modules = parts().map(|parts| parts.join("clients/node/node_modules")).filter(|modules| modules.is_dir());
    let Some(modules) = modules else { return say_skipped("express") };
    let mut tests: Vec<_> = std::fs::read_dir(in_repository("clients/node/test"))
        .expect("the client has tests")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.to_string_lossy().ends_with(".test.cjs"))
        .collect();
    tests.sort();

    let mut command = Command::new(node);
    command.arg("--test").args(&tests).env("NODE_PATH", modules).env("PROMETHEUS", prometheus);
    command.env("WATCHBELL", env!("CARGO_BIN_EXE_watchbell"));
    command.env("HIGH_ERROR_RATE", expression("rules/application.yaml", "HighErrorRate"));
    let done = command.output().expect("node starts");

    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    assert!(tests.len() >= 3 && said.contains("skipped 0"), "every test ran: {said}");
}
