//! `watchbell import prometheus` as people call it: what comes out, and what is said of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use watchbell::import::prometheus::{Manner, translate};
use watchbell::rules::Context;

#[path = "support/scratch.rs"]
mod scratch;

#[path = "import/alertmanager.rs"]
mod alertmanager;
#[path = "import/exported.rs"]
mod exported;

use scratch::Scratch;

fn watchbell(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_watchbell")).current_dir(folder).args(arguments).output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

#[test]
fn thresholds_move_into_tiers_and_what_was_said_stays_beside_them() {
    let (code, out, told) = watchbell(&here(), &["import", "prometheus", "own.yml"]);
    assert_eq!(code, Some(0), "{told}");
    insta::assert_snapshot!("translated", out);
    insta::assert_snapshot!("told", told);
}

#[test]
fn families_become_one_rule_where_that_is_asked_for() {
    let (code, out, told) = watchbell(&here(), &["import", "prometheus", "--merge", "own.yml"]);
    assert_eq!(code, Some(0), "{told}");
    let families = out.split("  - name: ").find(|group| group.starts_with("families")).expect("the group is there");
    insta::assert_snapshot!("merged", families);
}

#[test]
fn programs_read_what_became_of_each_rule() {
    let folder = Scratch::new("import-json");
    let text = std::fs::read_to_string(here().join("own.yml")).expect("it can be read");
    let (_, families) = text.split_once("  - name: families\n").expect("the group is there");
    folder.write("own.yml", &format!("groups:\n  - name: families\n{families}"));
    let import = |more: &[&str]| -> serde_json::Value {
        let asked = [&["import", "prometheus", "own.yml", "--format", "json"], more].concat();
        let (code, out, told) = watchbell(folder.path(), &asked);
        assert_eq!((code, &*told), (Some(0), ""), "{told}");
        serde_json::from_str(&out).expect("it is JSON")
    };
    let alone = import(&[]);
    let (_, translated, _) = watchbell(folder.path(), &["import", "prometheus", "own.yml"]);
    assert_eq!(alone["files"][0]["text"], translated.as_str());
    let filed = import(&["--merge", "--output", "out"]);
    insta::assert_snapshot!("json", format!("{filed:#}"));
    assert!(folder.path().join("out/own.yml").exists());
}

#[test]
fn rules_without_a_severity_are_split_where_one_is_given() {
    let folder = Scratch::new("import-severity");
    folder.write("rules.yml", "groups:\n- name: g\n  rules:\n  - {alert: A, expr: x > 1}\n  - {alert: B, expr: x > 1, labels: {severity: '', team: b}}\n");
    let import =
        |severity: &str| watchbell(folder.path(), &["import", "prometheus", "rules.yml", "--severity", severity]);
    let (code, out, told) = import("page");
    assert_eq!(
        (code, told.lines().last()),
        (Some(0), Some("1 files, 2 alerts: 2 split, 0 left; 0 families of 0 rules to merge with --merge"))
    );
    assert_eq!(out.matches("page:").count(), 2, "{out}");
    let (code, _, told) = import("dire");
    assert_eq!(code, Some(2), "{told}");
}

#[test]
fn what_is_left_of_published_rules_has_no_threshold_of_its_own() {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let files: Vec<PathBuf> =
        glob::glob(&format!("{shared}/corpus/rules/**/*.yml")).expect("a good pattern").flatten().collect();
    if files.is_empty() {
        println!("skipped: no corpus at {shared}");
        return;
    }
    let (mut alerts, mut split, mut families) = (0, 0, 0);
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let manner = Manner { merges: true, severity: Some("warning".into()) };
        let translation = translate(&text, &Context::default(), &manner).expect("it is translated");
        alerts += translation.alerts;
        split += translation.split.len();
        families += translation.families.iter().filter(|family| family.is_merged).count();
        translation.left.iter().for_each(|stays| *left.entry(stays.why.code()).or_default() += 1);
    }
    println!("{alerts} alerts: {split} split, {families} families merged; left: {left:?}");
    assert_eq!(split + left.values().sum::<usize>(), alerts);
    // What is shared are aliases of rules that compare nothing.
    let natural = ["no_comparison", "against_series", "alternatives", "inside", "bool", "shared"];
    assert!(left.keys().all(|code| natural.contains(code)), "{left:?}");
}

#[test]
fn what_only_other_programs_know_becomes_a_comment() {
    let text = "groups:\n- name: g\n  type: prometheus\n  concurrency: 2 # at once\n  rules:\n  - alert: A\n    debug: true\n    expr: x > 1\n    labels: {severity: warning}\n";
    let translation = translate(text, &Context::default(), &Manner::default()).expect("it is translated");
    insta::assert_snapshot!(translation.text, @r"
    groups:
      # not for Watchbell: concurrency: 2 # at once
      # not for Watchbell: type: prometheus
      - name: g
        rules:
          # not for Watchbell: debug: true
          - alert: A
            expr: x
            tiers:
              warning:
                above: 1
            no_data: resolve
    ");
}

#[test]
fn a_file_all_in_brackets_is_translated_too_unless_comments_are_in_them() {
    let text = "{groups: [{name: g, rules: [{alert: A, expr: x > 1, labels: {severity: warning}}]}]}\n";
    let translation = translate(text, &Context::default(), &Manner::default()).expect("it is translated");
    assert_eq!((translation.split.len(), translation.left.len()), (1, 0), "{}", translation.text);
    let text = "groups: [{name: g, rules: [{alert: A, # why\n  expr: x > 1, labels: {severity: warning}}]}]\n";
    let translation = translate(text, &Context::default(), &Manner::default()).expect("it is translated");
    assert_eq!((translation.split.len(), translation.text.contains("# why")), (0, true), "{}", translation.text);
}

#[test]
fn what_is_said_behind_a_rule_in_brackets_stands_above_it() {
    let text = "groups:\n- name: g\n  rules:\n  - {alert: C, expr: up < 1, labels: {severity: info}} # keep me\n  - {record: a, expr: b} # me too\n";
    let text = translate(text, &Context::default(), &Manner::default()).expect("it is translated").text;
    assert!(text.contains("      # keep me\n      - alert: C\n"), "{text}");
    assert!(text.contains("# me too"), "{text}");
    let again = translate(&text, &Context::default(), &Manner::default()).expect("it is translated").text;
    assert_eq!(again, text);
}

#[test]
fn a_translation_translates_to_itself() {
    let text = std::fs::read_to_string(here().join("own.yml")).expect("it can be read");
    for merges in [false, true] {
        let manner = Manner { merges, severity: Some("warning".into()) };
        let once = translate(&text, &Context::default(), &manner).expect("it is translated").text;
        let again = translate(&once, &Context::default(), &manner).expect("it is translated");
        assert_eq!((again.split.len(), again.text), (0, once));
    }
}

#[test]
fn no_file_is_overwritten_and_what_is_wrong_is_refused() {
    let folder = Scratch::new("import");
    let rules = "groups:\n- name: g\n  rules: []\n";
    folder.write("a/rules.yml", rules);
    folder.write("b/rules.yml", rules);
    folder.write("broken.yml", "groups: [\n");
    folder.write("wrong.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x >\n");
    let import = |files: &[&str]| {
        let (code, _, told) = watchbell(folder.path(), &[&["import", "prometheus"], files].concat());
        (code, told)
    };
    assert_eq!(import(&["-o", "out", "a/rules.yml"]).0, Some(0));
    assert!(folder.path().join("out/rules.yml").exists());
    for (files, why) in [
        (&["-o", "out", "a/rules.yml"][..], "would be overwritten"),
        (&["-o", "new", "a/rules.yml", "b/rules.yml"], "would be overwritten"),
        (&["a/rules.yml", "b/rules.yml"], "need a folder"),
        (&["broken.yml"], "WB004"),
        (&["wrong.yml"], "watchbell check"),
        (&["missing.yml"], "WB001"),
    ] {
        let (code, told) = import(files);
        assert_eq!(code, Some(2), "{files:?}: {told}");
        assert!(told.contains(why), "{files:?}: {told}");
    }
    assert!(!folder.path().join("new").exists());
}

#[test]
fn the_schema_of_a_project_offers_its_names() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = |kind: &str| -> serde_json::Value {
        let (code, out, told) = watchbell(project, &["schema", kind, "--project"]);
        assert_eq!(code, Some(0), "{told}");
        serde_json::from_str(&out).expect("it is JSON")
    };
    let rules = schema("rules");
    let at = |pointer: &str| rules.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing")).to_string();
    assert!(at("/$defs/Rule/properties/tiers/propertyNames/enum").starts_with("[\"critical\",\"page\""));
    assert!(at("/$defs/Rule/properties/policy/enum").contains("null"));
    assert!(at("/$defs/Group/properties/source/enum").contains("\"main\""));
    let config = schema("config").to_string();
    assert!(config.contains("\"alerts-slack\"") && config.contains("\"schedule:"), "{config}");
    let (code, _, told) = watchbell(&here(), &["schema", "rules", "--project"]);
    assert_eq!(code, Some(2), "{told}");
}
