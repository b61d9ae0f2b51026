//! promtool's unit-test files: our verdict is the real promtool's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[cfg(unix)]
#[path = "support/pipe.rs"]
mod pipe;
#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;

fn watchbell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("test")
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether all tests of each of `files` pass.
fn verdicts(files: &[PathBuf], semantics: &str) -> BTreeMap<PathBuf, bool> {
    let names: Vec<&str> = files.iter().map(|file| file.to_str().expect("UTF-8")).collect();
    let out = told(&watchbell(&[&["--semantics", semantics], &names[..]].concat()));
    let fails = |file: &PathBuf| out.contains(&format!("FAIL {}: ", file.display()));
    files.iter().map(|file| (file.clone(), !fails(file))).collect()
}

fn yaml_in(folder: &str) -> Vec<PathBuf> {
    let found = glob::glob(&format!("{folder}/*.yaml")).expect("a good pattern").flatten();
    found.collect()
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn say(text: &str) {
    println!("{text}");
}

/// The real one, where it is installed.
fn promtool() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).map(|folder| folder.join("promtool"));
    all.chain([cache.join("watchbell/bin/promtool")]).find(|file| file.exists())
}

#[cfg(unix)]
#[test]
fn a_test_is_read_from_a_file_and_not_from_a_pipe() {
    let folder = Scratch::new("unit-pipe");
    let pipe = folder.path().join("tests.yaml");
    pipe::saying(&pipe, "rule_files: []\ntests: []\n");
    let output = watchbell(&[pipe.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}{}", told(&output));
    assert!(said.contains("is no regular file") && said.contains("so name its file"), "{said}");
}

#[test]
fn without_a_repository_rules_beside_the_working_folder_are_refused_with_what_to_do() {
    let folder = Scratch::new("unit-outside");
    folder.write("rules.yaml", "groups: [{ name: g, rules: [{ record: 'a:b', expr: '1' }] }]\n");
    folder.write("work/tests.yaml", "rule_files: [../rules.yaml]\ntests:\n- promql_expr_test: [{ expr: 'a:b', exp_samples: [{ labels: 'a:b', value: 1 }] }]\n");
    let test = |from: &Path, file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(from).args(["test", file]).output().expect("the program runs")
    };
    let refused = told(&test(&folder.path().join("work"), "tests.yaml"));
    let real = folder.path().canonicalize().expect("it is there");
    let from = real.join("work");
    assert!(refused.contains(&format!("no git repository was found from `{}` upwards", from.display())), "{refused}");
    assert!(refused.contains(&format!("run this from a folder above both, as `{}` is", real.display())), "{refused}");
    let taken = told(&test(folder.path(), "work/tests.yaml"));
    assert!(!taken.contains("WB101") && taken.contains("ok   work/tests.yaml"), "{taken}");
}

#[test]
fn our_own_unit_tests_pass_or_fail_as_they_should_and_promtool_says_the_same() {
    let good = yaml_in("tests/unit-tests").into_iter().chain(yaml_in("tests/wrong/doubtful"));
    let good: Vec<PathBuf> = good.collect();
    let bad = yaml_in("tests/wrong/unit-tests");
    let expected: BTreeMap<PathBuf, bool> =
        good.iter().map(|file| (file.clone(), true)).chain(bad.iter().map(|file| (file.clone(), false))).collect();
    assert_eq!(expected.len(), 7);
    let files: Vec<PathBuf> = expected.keys().cloned().collect();
    assert_eq!(verdicts(&files, "prometheus-2"), expected);
    assert_eq!(verdicts(&files, "prometheus-3"), expected);
    let Some(promtool) = promtool() else { return say("skipped: no promtool to compare with") };
    for (file, passes) in expected {
        let ran = Command::new(&promtool).args(["test", "rules"]).arg(&file).output().expect("promtool runs");
        assert_eq!(ran.status.success(), passes, "{}: {ran:?}", file.display());
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place_with_what_came_instead() {
    let failing = told(&watchbell(&["tests/wrong/unit-tests"]));
    insta::assert_snapshot!(failing);
}

#[test]
fn what_promtool_lets_pass_is_noted_and_fails_only_whoever_is_strict() {
    let mild = watchbell(&["tests/wrong/doubtful"]);
    assert_eq!(mild.status.code(), Some(0));
    insta::assert_snapshot!(told(&mild));
    let strict = watchbell(&["--strict", "tests/wrong/doubtful"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(told(&strict).ends_with("4 tests: 0 passed, 4 failed\n"), "{}", told(&strict));
    assert_eq!(watchbell(&["--strict", "tests/unit-tests"]).status.code(), Some(0));
}

#[test]
fn a_filter_chooses_among_the_tests_of_a_file() {
    let one = told(&watchbell(&["tests/unit-tests", "--filter", "is kept says"]));
    assert!(one.ends_with("1 test: 1 passed, 0 failed\n"), "{one}");
}

/// The files of the corpus on which promtool 3.5.3 says no.
const REFUSED: [&str; 15] = [
    "prometheus/bad-input-series.yml",
    "prometheus/bad-promql.yml",
    "prometheus/bad-rules-error-test.yml",
    "prometheus/bad-rules-syntax-test.yml",
    "prometheus/failing.yml",
    "prometheus/rules_run.yml",
    "prometheus/rules_run_extrafields.yml",
    "prometheus/rules_run_fuzzy.yml",
    "prometheus/rules_run_no_fuzzy.yml",
    "prometheus/start-time-test.yml",
    "vmalert-tool/disable-group-label.yaml",
    "vmalert-tool/failed-test.yaml",
    "vmalert-tool/long-period.yaml",
    "vmalert-tool/test1.yaml",
    "vmalert-tool/test2.yaml",
];

/// One file of the corpus expects native histograms, which the evaluator refuses by name.
const NATIVE: &str = "prometheus/unittest.yml";

/// promtool 2.42 refuses these two, whose windows lack their left edges.
const OF_VERSION_3: [&str; 2] = ["kubernetes-mixin/tests/absent_alert-test.yaml", "kubernetes-mixin/tests/tests.yaml"];

#[test]
fn the_verdict_on_every_file_of_the_corpus_is_that_of_promtool() {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let all = glob::glob(&format!("{shared}/corpus/unit-tests/**/*.y*ml")).expect("a good pattern").flatten();
    let is_test = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).expect("a text");
        text.lines().any(|line| line.starts_with("tests:"))
    };
    let files: Vec<PathBuf> = all.filter(is_test).collect();
    if files.is_empty() {
        return say(&format!("skipped: no corpus at {shared}"));
    }
    let passes = |file: &Path, others: &[&str]| !others.iter().any(|other| file.ends_with(other));
    let refused = [&REFUSED[..], &[NATIVE]].concat();
    let expected: BTreeMap<PathBuf, bool> = files.iter().map(|file| (file.clone(), passes(file, &refused))).collect();
    assert_eq!(verdicts(&files, "prometheus-3"), expected);
    say(&format!(
        "{} of {} files have promtool's verdict; {NATIVE} wants native histograms",
        files.len() - 1,
        files.len()
    ));
    let of_version_3: Vec<PathBuf> = files.into_iter().filter(|file| !passes(file, &OF_VERSION_3)).collect();
    let none = of_version_3.iter().map(|file| (file.clone(), false)).collect();
    assert_eq!(verdicts(&of_version_3, "prometheus-2"), none);
}

#[test]
fn series_and_blanks_that_cannot_be_meant_are_refused_at_their_place() {
    insta::assert_snapshot!(told(&watchbell(&["tests/wrong/scenarios"])));
}

#[test]
fn a_scenario_is_answered_from_its_series_beside_its_own_answers() {
    let played = watchbell(&["tests/scenarios/series-offline.yaml"]);
    assert_eq!(played.status.code(), Some(0), "{}", told(&played));
}

#[test]
fn coverage_names_what_no_scenario_reaches_and_is_in_the_report() {
    let report = std::env::temp_dir().join(format!("watchbell-coverage-{}.xml", std::process::id()));
    let name = report.to_str().expect("UTF-8");
    let scenarios = ["tests/scenarios/series-offline.yaml", "tests/scenarios/difference-limit.yaml"];
    let played = watchbell(&[&["--coverage", "--junit", name], &scenarios[..]].concat());
    assert_eq!(played.status.code(), Some(0));
    insta::assert_snapshot!(told(&played));
    let text = std::fs::read_to_string(&report).expect("the report is written");
    std::fs::remove_file(&report).expect("it can be removed");
    assert_eq!(text.matches("name=\"coverage.missing\"").count(), told(&played).matches(" never ").count());
    // Whatever is quicker, the output is the same.
    assert_eq!(told(&watchbell(&[&["--coverage"], &scenarios[..]].concat())), told(&played));
}

#[test]
fn programs_read_how_each_test_went_and_what_is_covered() {
    let folder = Scratch::new("test-json");
    let rules = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - { alert: A, expr: x, tiers: { high: { when: 'value > 1' } } }\n";
    folder.write("rules.yaml", rules);
    let scenario = |title: &str, rest: &str| {
        let answers = "[{ query: A.value, every: 1m, values: '0 2 2' }]";
        format!("scenario: {title}\nrules: [rules.yaml]\nanswers: {answers}\n{rest}")
    };
    folder.write("1-same.yaml", &scenario("same", ""));
    folder.write("2-different.yaml", &scenario("different", ""));
    let play = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        command.current_dir(folder.path()).arg("test").args(arguments).output().expect("the program runs")
    };
    let accepted = play(&["--accept", "--format", "json", "."]);
    assert_eq!(told(&accepted).matches("\"accepted\": true").count(), 2, "{}", told(&accepted));
    let snapshot = std::fs::read_to_string(folder.path().join("2-different.snap")).expect("it was accepted");
    folder.write("2-different.snap", &snapshot.replace("value 2", "value 3"));
    folder.write("3-new.yaml", &scenario("new", ""));
    folder.write("4-unmet.yaml", &scenario("unmet", "expect: [{ resolved: A }]\n"));
    folder.write("5-unreadable.yaml", &scenario("unreadable", "expect: [{ told: nobody }]\n"));
    let unit = "rule_files: [rules.yaml, missing.yaml]\ntests:\n- name: plain\n  alert_rule_test: [{ eval_time: 1m, alertname: A, exp_alerts: [{}] }]\n";
    folder.write("6-unit.yaml", unit);
    let played = play(&["--coverage", "--format", "json", "."]);
    assert_eq!((played.status.code(), &*played.stderr), (Some(1), &b""[..]));
    let answer: serde_json::Value = serde_json::from_str(&told(&played)).expect("it is JSON");
    insta::assert_snapshot!(format!("{answer:#}"));
}

#[test]
fn what_is_expected_empty_is_held_against_what_is_there_as_promtool_does() {
    let folder = Scratch::new("unit-empty");
    folder.write(
        "rules.yaml",
        "groups: [{ name: g, rules: [{ alert: A, expr: g > 1, labels: { x: '1', y: '' }, annotations: { s: '', t: u } }] }]\n",
    );
    let test = |labels: &str, annotations: &str| {
        let case = format!(
            "{{ eval_time: 1m, alertname: A, exp_alerts: [{{ exp_labels: {{ {labels} }}, exp_annotations: {{ {annotations} }} }}] }}"
        );
        let series = "{ series: 'g{i=\"1\", k=\"\"}', values: 5x3 }";
        let sample = "{ eval_time: 1m, expr: g, exp_samples: [{ labels: 'g{i=\"1\", z=\"\"}', value: 5 }] }";
        format!(
            "rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n- {{ interval: 1m, input_series: [{series}], alert_rule_test: [{case}], promql_expr_test: [{sample}] }}\n"
        )
    };
    let all = [
        ("x: '1', i: '1'", "s: '', t: u", true),
        ("x: '1', i: '1', z: ''", "s: '', t: u", false),
        ("x: '1', i: '1', y: ''", "s: '', t: u", false),
        ("x: '1', i: '1'", "t: u", false),
        ("x: '1', i: '1'", "s: '', t: u, v: ''", false),
    ];
    for (labels, annotations, passes) in all {
        let file = folder.write("tests.yaml", &test(labels, annotations));
        let ours = watchbell(&[file.to_str().expect("UTF-8")]);
        assert_eq!(ours.status.success(), passes, "{labels} {annotations}: {}", told(&ours));
        let Some(promtool) = promtool() else { continue };
        let ran = Command::new(promtool).args(["test", "rules"]).arg(&file).output().expect("promtool runs");
        assert_eq!(ran.status.success(), passes, "{labels} {annotations}: {ran:?}");
    }
}
