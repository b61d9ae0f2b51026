//! Each output as its readers see it.

use super::*;
use crate::diagnostics::{Code, codes};

const CHAIN: &str = "groups:\n  - name: chain\n    rules:\n      - alert: GasPriceSpike\n        tiers:\n          \
                     high: { above: 60, for: 5m }\n          # where it starts\n          # to hurt\n          \
                     medium: { above: 60, for: 15m }\n";

/// A warning with a second place, an error in a file of a strange name, and one without a place.
fn story() -> (Sources, Findings) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let chain = sources.add("rules/chain.yaml", CHAIN);
    let at = |needle: &str, from: usize| {
        let start = u32::try_from(CHAIN[from..].find(needle).expect("it is there") + from).expect("small");
        Place { source: chain, start, end: start + u32::try_from(needle.len()).expect("small") }
    };
    let medium = CHAIN.find("medium").expect("it is there");
    findings
        .warn(codes::WB012, "tier `medium` can never fire")
        .at(at("60", medium), "a value above this is `high` first")
        .see(at("60", 0), "already true here")
        .help("lower it below 60, or delete the tier");
    let odd = sources.add("rules/50% ä, b:c.yaml", "\u{feff}ü: [1,\nx: \u{1b}[31m\n");
    findings
        .error(codes::WB004, "this is not YAML: \u{1b}[31m says\nnothing, really: 100%")
        .at(Place { source: odd, start: 11, end: 12 }, "")
        .help("close the list\nor do not open it");
    findings.error(Code(100), "no channel is called `pager`");
    (sources, findings)
}

#[test]
fn people_see_the_lines_with_carets() {
    let (sources, findings) = story();
    insta::assert_snapshot!(human(&findings, &sources, false));
}

#[test]
fn colours_are_only_added_to_what_stands_there_anyway() {
    let (sources, findings) = story();
    let coloured = human(&findings, &sources, true);
    let pattern = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
    assert_ne!(coloured, human(&findings, &sources, false));
    assert_eq!(pattern.replace_all(&coloured, ""), human(&findings, &sources, false));
}

#[test]
fn programs_get_an_object_per_line() {
    let (sources, findings) = story();
    let lines = json(&findings, &sources);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    insta::assert_snapshot!(lines);
}

#[test]
fn github_gets_commands_that_no_text_can_break_out_of() {
    let (sources, findings) = story();
    insta::assert_snapshot!(github(&findings, &sources));
}

#[test]
fn code_scanning_gets_sarif() {
    let (sources, findings) = story();
    let log = sarif(&findings, &sources, "watchbell.yaml");
    assert_eq!(log.matches("\"ruleId\"").count(), 3);
    assert_eq!(log.matches("\"locations\"").count(), 3, "GitHub wants one of each");
    let without_pages = regex::Regex::new(r#""markdown": ".*""#).expect("a pattern");
    insta::assert_snapshot!(without_pages.replace_all(&log, r#""markdown": "…""#));
}

#[test]
fn gitlab_gets_a_report_whose_fingerprints_do_not_hang_on_lines() {
    let (mut sources, mut findings) = story();
    findings.remark(Code(101), "only a note");
    insta::assert_snapshot!(gitlab(&findings, &sources, "watchbell.yaml"));

    let fingerprints = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let list = report.as_array().expect("a list");
        list.iter().map(|one| one["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let twice = |sources: &mut Sources, text: &str| {
        let file = sources.add("a.yaml", text);
        let mut findings = Findings::default();
        for (start, _) in text.match_indices('x') {
            let start = u32::try_from(start).expect("small");
            findings.warn(codes::WB012, "again").at(Place { source: file, start, end: start + 1 }, "");
        }
        fingerprints(&gitlab(&findings, sources, "watchbell.yaml"))
    };
    let before = twice(&mut sources, "x\nx\n");
    assert_ne!(before[0], before[1]);
    assert_eq!(before, twice(&mut sources, "# a line more\nx\nx\n"));
}

#[test]
fn junit_gets_a_suite_for_each_file_and_only_errors_fail() {
    let (mut sources, mut findings) = story();
    sources.add("rules/good & calm.yaml", "groups: []\n");
    findings.remark(Code(101), "only a note");
    insta::assert_snapshot!(junit(&findings, &sources, "watchbell.yaml"));
}

#[test]
fn a_note_is_no_warning() {
    let (sources, mut findings) = (Sources::default(), Findings::default());
    findings.remark(Code(101), "only a note");
    findings.deny_warnings();
    assert!(!findings.has_errors());
    assert_eq!(summary(1, 1, &findings), "1 file, 1 rule: 1 note");
    assert!(github(&findings, &sources).starts_with("::notice "));
    assert!(human(&findings, &sources, false).starts_with("note[WB101]"));
}

#[test]
fn the_last_line_counts() {
    let (_, findings) = story();
    assert_eq!(summary(3, 41, &findings), "3 files, 41 rules: 2 errors, 1 warning");
    assert_eq!(summary(1, 1, &Findings::default()), "1 file, 1 rule: no problems");
}
