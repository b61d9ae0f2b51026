//! The program as people call it.

use std::path::Path;
use std::process::{Command, Output};

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;

fn watchbell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .args(arguments)
        .env_remove("NO_COLOR")
        .env_remove("RUST_LOG")
        .output()
        .expect("the program runs")
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn explain_prints_the_page_of_a_code() {
    let (code, out, err) = told(&watchbell(&["explain", "wb005"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, include_str!("../docs/diagnostics/WB005.md"));
}

#[test]
fn explain_of_an_unknown_code_is_wrong_use() {
    let (code, out, err) = told(&watchbell(&["explain", "WB999"]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.starts_with("error: there is no diagnostic `WB999`"), "{err}");
}

#[test]
fn wrong_arguments_are_wrong_use() {
    assert_eq!(watchbell(&["explian"]).status.code(), Some(2));
    assert_eq!(watchbell(&[]).status.code(), Some(2));
    assert_eq!(watchbell(&["--help"]).status.code(), Some(0));
}

#[test]
fn completions_and_manual_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = told(&watchbell(&["completions", shell]));
        assert_eq!(code, Some(0), "{shell}");
        assert!(out.contains("explain"), "{shell}");
    }
    let (code, page, _) = told(&watchbell(&["man"]));
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH watchbell"));
}

#[test]
fn the_schemas_in_the_repository_are_those_of_the_program() {
    for kind in ["rules", "config", "scenario"] {
        let (code, printed, _) = told(&watchbell(&["schema", kind]));
        assert_eq!(code, Some(0), "{kind}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{kind}.schema.json"));
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == printed, "stale: run `watchbell schema {kind} > schemas/{kind}.schema.json`");
    }
}

#[test]
fn heartbeats_are_missed_and_come_back_as_their_scenarios_tell() {
    let (code, out, _) = told(&watchbell(&["test", "scenarios/heartbeats"]));
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn a_test_reads_nothing_outside_of_the_repository() {
    let outside = Scratch::new("outside");
    let secret = outside.write("secret.yml", "a stranger must not see this\n");
    let repository = Scratch::new("border");
    repository.write(".git/HEAD", "");
    repository.write("rules.yml", "groups: [{ name: g, rules: [{ alert: A, expr: up }] }]\n");
    let secret = secret.display();
    repository.write("t/absolute.yaml", &format!("scenario: x\nrules: ['{secret}']\n"));
    repository.write("t/config.yaml", &format!("scenario: x\nconfig: '{secret}'\nrules: [../rules.yml]\n"));
    repository.write("t/linked.yaml", "scenario: x\nrules: [link.yml]\n");
    repository.write("t/unit.yaml", &format!("rule_files: ['{secret}']\ntests: [{{}}]\n"));
    repository.write("t/snapshot.yaml", "scenario: x\nrules: [../rules.yml]\n");
    for link in ["link.yml", "snapshot.snap"] {
        let link = repository.path().join("t").join(link);
        std::os::unix::fs::symlink(secret.to_string(), link).expect("a link can be made");
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_watchbell")).current_dir(repository.path()).args(["test", "t"]).output();
    let (code, out, err) = told(&output.expect("the program runs"));
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(out.ends_with("6 tests: 0 passed, 6 failed\n"), "{out}");
    assert!(!out.contains("a stranger"), "{out}");
}
