//! `watchbell check` as people, pipelines and editors call it.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::path::Path;
use std::process::Command;

const GOOD: &str = "groups:\n  - name: chain\n    rules:\n      - alert: HighGas\n        expr: gas_price_gwei > 100\n";
const MISTAKES: &str = "groups:\n  - name: chain\n    rules:\n      - alert: HighGas\n        expr: gas_price_gwei >\n        \
                        fro: 5m\n      - alert: LowGas\n        for: 5 minutes\n        expr: gas_price_gwei < 1\n";

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn check(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let output = command.current_dir(folder).arg("check").args(arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn good_rules_are_counted_and_nothing_else_is_said() {
    let folder = Scratch::new("check");
    folder.write("rules/chain.yaml", GOOD);
    let said = check(folder.path(), &["rules"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "1 file, 1 rule: no problems\n", ""));
}

#[test]
fn a_folder_without_rules_is_not_passed_in_silence() {
    let folder = Scratch::new("check");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder can be made");
    folder.write("none.yaml", "groups: []\n");
    for path in ["empty", "none.yaml"] {
        let said = check(folder.path(), &[path]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.err.contains("warning[WB068]: there is not one rule"), "{path}: {}{}", said.err, said.out);
        assert_eq!(check(folder.path(), &[path, "--deny", "warnings"]).code, Some(1));
    }
}

#[test]
fn every_mistake_is_shown_with_its_line_in_one_run() {
    let folder = Scratch::new("check");
    folder.write("rules/chain.yaml", MISTAKES);
    folder.write("rules/other.yml", "groups: [\n");
    let said = check(folder.path(), &["rules"]);
    assert_eq!(said.code, Some(1));
    insta::assert_snapshot!(format!("{}{}", said.err, said.out));
}

#[test]
fn programs_get_findings_on_stdout_and_nothing_else() {
    let folder = Scratch::new("check");
    folder.write("chain.yaml", MISTAKES);
    let said = check(folder.path(), &["chain.yaml", "--format", "json"]);
    assert_eq!(said.code, Some(1));
    let codes: Vec<String> = said
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["code"].to_string())
        .collect();
    assert!(codes.len() >= 3, "{codes:?}");
    assert!(said.err.starts_with("1 file, "), "{}", said.err);
    let sarif = check(folder.path(), &["chain.yaml", "--format", "sarif"]).out;
    assert!(serde_json::from_str::<serde_json::Value>(&sarif).is_ok());
    let github = check(folder.path(), &["chain.yaml", "--format", "github"]).out;
    assert!(github.lines().all(|line| line.starts_with("::error file=chain.yaml,line=")), "{github}");
    let gitlab = check(folder.path(), &["chain.yaml", "--format", "gitlab"]).out;
    let gitlab: serde_json::Value = serde_json::from_str(&gitlab).expect("JSON");
    assert_eq!(gitlab[0]["location"]["path"], "chain.yaml");
    let junit = check(folder.path(), &["chain.yaml", "--format", "junit"]).out;
    assert!(junit.contains("<testsuite name=\"chain.yaml\" tests=\""), "{junit}");
}

#[test]
fn what_cannot_be_read_is_a_finding() {
    let folder = Scratch::new("check");
    let said = check(folder.path(), &["gone.yaml"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("error[WB001]: cannot read `gone.yaml`"), "{}", said.err);
}

#[test]
fn without_a_configuration_or_paths_there_is_nothing_to_check() {
    let folder = Scratch::new("check");
    let said = check(folder.path(), &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert_eq!(said.err, "error: there is no `watchbell.yaml` here; name the files to check\n");
}

#[test]
fn a_configuration_is_checked_with_the_rules_that_it_names() {
    let folder = Scratch::new("check");
    folder.write(
        "watchbell.yaml",
        "prometheus: { main: { url: \"http://127.0.0.1:9090\" } }\nrules: [\"rules/*.yaml\"]\n",
    );
    folder.write("rules/chain.yaml", GOOD);
    let said = check(folder.path(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("2 files, 1 rule: "), "{}", said.out);
    // The same by its name, and by the folder in which it lies.
    assert_eq!(check(folder.path(), &["watchbell.yaml"]).out, said.out);
    assert_eq!(check(folder.path(), &["."]).out, said.out);
}

#[test]
fn denied_warnings_are_errors() {
    let folder = Scratch::new("check");
    let record = "groups:\n  - name: g\n    rules:\n      - record: a:b\n        expr: up\n";
    folder.write("watchbell.yaml", "prometheus: { main: { url: \"http://127.0.0.1:9090\" } }\nrules: []\n");
    folder.write("rules.yaml", record);
    let said = check(folder.path(), &["rules.yaml"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.ends_with(": 1 warning\n"), "{}{}", said.err, said.out);
    let said = check(folder.path(), &["rules.yaml", "--deny", "warnings"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.ends_with(": 1 error\n"), "{}", said.out);
}

/// The folder of rule files that others wrote, if it is here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus() -> Option<std::path::PathBuf> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let corpus = Path::new(&shared).join("corpus").canonicalize().ok();
    if corpus.is_none() {
        println!("skipped: no corpus at {shared}");
    }
    corpus
}

#[test]
fn rules_that_prometheus_takes_have_no_errors() {
    let Some(corpus) = corpus() else { return };
    let said = check(&corpus, &["rules"]);
    let errors: Vec<&str> = said.err.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!((said.code, errors), (Some(0), vec![]), "{}", said.out);
}

#[test]
fn rules_that_prometheus_refuses_are_refused_where_promtool_says() {
    let Some(corpus) = corpus() else { return };
    let reasons = std::fs::read_to_string(corpus.join("rules-bad/reasons.tsv")).expect("it can be read");
    let mut shown = String::new();
    for line in reasons.lines().skip(1) {
        let (file, reason) = line.split_once('\t').expect("two columns");
        let said = check(&corpus.join("rules-bad"), &[file, "--format", "json"]);
        assert_eq!(said.code, Some(1), "{file}: {reason}");
        for found in said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")) {
            let text = |key: &str| found[key].to_string().trim_matches('"').to_owned();
            shown.push_str(&format!(
                "{file}:{}:{} {}: {}\n",
                text("line"),
                text("column"),
                text("code"),
                text("message")
            ));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_project_says_what_it_asks_for_and_what_it_allows_and_hears_what_nobody_uses() {
    let folder = Scratch::new("check");
    let rule = "groups:\n  - name: g\n    interval: 1m\n    rules:\n      - { alert: A, expr: 'rate(x_total[2m]) > 1', policy: b }\n";
    folder.write("rules.yaml", rule);
    let nobody = "{ matrix: { critical: &n { tell: nobody }, high: *n, medium: *n, low: *n } }";
    let config = |checks: &str| {
        format!(
            "prometheus: {{ main: {{ url: \"http://127.0.0.1:9090\" }} }}\nrules: [\"rules.yaml\"]\npolicies: {{ default: {nobody}, b: {nobody}, c: {nobody} }}\nroutes: [{{ policy: default }}]\nchecks: {{ {checks} }}\n"
        )
    };
    let told = |checks: &str| {
        folder.write("watchbell.yaml", &config(checks));
        let said = check(folder.path(), &["--format", "json"]);
        assert_eq!(said.code, Some(0), "{}", said.out);
        let code = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["code"].to_string();
        said.out.lines().map(code).collect::<Vec<_>>()
    };
    assert_eq!(told(""), ["\"WB250\""]);
    assert_eq!(told("allow: [{ code: WB250, because: it comes next week }]"), [""; 0]);
    let slow = "allow: [{ code: WB250, because: it comes next week }], scrape_interval: 1m";
    assert_eq!(told(slow), ["\"WB069\""]);
    assert_eq!(told(&format!("{slow}, require: {{ labels: [team] }}")), ["\"WB080\"", "\"WB069\""]);
    let unused = "allow: [{ code: WB250, because: it comes next week }, { code: WB061, because: of that }]";
    assert_eq!(told(unused), ["\"WB251\""]);
    // Where not everything is looked at, nobody knows what is not used.
    let said = check(folder.path(), &["rules.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "1 file, 1 rule: no problems\n"), "{}", said.err);
}
