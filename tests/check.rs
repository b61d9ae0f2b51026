//! `watchbell check` as people, pipelines and editors call it.

#[cfg(unix)]
#[path = "support/pipe.rs"]
mod pipe;
#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::path::Path;
use std::process::Command;

const GOOD: &str = "groups:\n  - name: chain\n    rules:\n      - alert: HighGas\n        expr: gas_price_gwei > 100\n";
const MISTAKES: &str = "groups:\n  - name: chain\n    rules:\n      - alert: HighGas\n        expr: gas_price_gwei >\n        \
                        fro: 5m\n      - alert: LowGas\n        for: 5 minutes\n        expr: gas_price_gwei < 1\n";

#[cfg(unix)]
const CONFIGURED: &str = "prometheus: { main: { url: http://localhost:9090 } }\nrules: [good]\n";

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
fn records_that_go_nowhere_are_told_only_where_a_configuration_says_that_they_do() {
    let folder = Scratch::new("check");
    folder.write("rules.yaml", "groups: [{ name: g, rules: [{ record: 'a:b', expr: up }] }]");
    assert_eq!(check(folder.path(), &["rules.yaml"]).err, "", "Prometheus may be who records");
    folder.write("watchbell.yaml", "prometheus: { main: { url: http://localhost:9090 } }\nrules: [rules.yaml]\n");
    let said = check(folder.path(), &["rules.yaml"]);
    assert!(said.err.contains("warning[WB052]"), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn a_folder_is_walked_once_whatever_links_and_pipes_lie_in_it() {
    let folder = Scratch::new("check");
    folder.write("rules/chain.yaml", GOOD);
    std::os::unix::fs::symlink(".", folder.path().join("rules/again")).expect("a link can be made");
    let pipe = folder.path().join("rules/pipe.yaml");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts");
    assert!(made.success());
    let said = check(folder.path(), &["rules"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "1 file, 1 rule: no problems\n"), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn rules_of_a_pipe_are_read_once_and_whole() {
    let folder = Scratch::new("check");
    for (name, text) in [("good", GOOD), ("bad", MISTAKES), ("both", CONFIGURED)] {
        pipe::saying(&folder.path().join(name), text);
    }
    let good = check(folder.path(), &["good"]);
    assert_eq!((good.code, good.out.as_str()), (Some(0), "1 file, 1 rule: no problems\n"), "{}", good.err);
    let bad = check(folder.path(), &["bad"]);
    assert_eq!(bad.code, Some(1), "{}{}", bad.out, bad.err);
    assert!(bad.err.contains("╭▸ bad:"), "{}", bad.err);
    for (arguments, why) in [(&["both"][..], "so name its file"), (&["bad", "--fix"], "so name one")] {
        let refused = check(folder.path(), arguments);
        assert_eq!(refused.code, Some(2), "{}{}", refused.out, refused.err);
        assert!(refused.err.contains("is no regular file") && refused.err.contains(why), "{}", refused.err);
    }
}

#[test]
fn a_dash_reads_rules_from_stdin() {
    let folder = Scratch::new("check");
    for (text, code, told) in [(GOOD, 0, "1 file, 1 rule: no problems"), (MISTAKES, 1, "╭▸ <stdin>:")] {
        let path = folder.write("rules.txt", text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        let stdin = std::fs::File::open(path).expect("it was written");
        let output = command.current_dir(folder.path()).args(["check", "-"]).stdin(stdin).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(told), "{said}");
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

#[test]
fn an_action_that_nobody_names_or_no_level_runs_is_told_and_an_argument_that_is_no_template_is_an_error() {
    let folder = Scratch::new("check-actions");
    let rule = |actions: &str| {
        let text = format!(
            "groups:\n  - name: g\n    interval: 1m\n    rules:\n      - {{ alert: A, expr: x, tiers: {{ high: {{ above: 1, actions: {actions} }} }} }}\n"
        );
        folder.write("rules.yaml", &text);
    };
    let config = |levels: [&str; 2], argument: &str| {
        let [critical, medium] = levels.map(|more| format!("{{ levels: [{{ notify: [hook]{more} }}] }}"));
        let text = format!(
            "prometheus: {{ main: {{ url: \"http://127.0.0.1:9090\" }} }}\nrules: [\"rules.yaml\"]\nchannels: {{ hook: {{ webhook: {{ url: \"http://127.0.0.1:9/\" }} }} }}\nactions: {{ fix: {{ exec: [/bin/fix, \"{argument}\"] }} }}\npolicies: {{ default: {{ matrix: {{ critical: {critical}, high: {{ levels: [{{ notify: [hook] }}] }}, medium: {medium}, low: {{ tell: nobody }} }} }} }}\nroutes: [{{ policy: default }}]\n"
        );
        folder.write("watchbell.yaml", &text);
    };
    let told = || {
        let said = check(folder.path(), &["--format", "json"]);
        let code = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["code"].to_string();
        (said.code, said.out.lines().map(code).collect::<Vec<_>>())
    };
    rule("[]");
    config([", actions: true", ""], "{{ $labels.host }}");
    assert_eq!(told(), (Some(0), vec!["\"WB252\"".to_owned()]));
    rule("[fix]");
    assert_eq!(told(), (Some(0), vec![]), "what gets worse reaches the level of critical");
    config(["", ", actions: true"], "{{ $labels.host }}");
    assert_eq!(told(), (Some(0), vec!["\"WB253\"".to_owned()]));
    for wrong in ["{{ $labels.host }", "{{ $nothing }}", "{{ query `up` | len }}"] {
        config([", actions: true", ""], wrong);
        assert_eq!(told(), (Some(1), vec!["\"WB035\"".to_owned()]), "{wrong}");
    }
}

/// Rules with a regular expression that is none, twice, a field that is written small, and an allow for nothing.
const FIXABLE: &str = "# rules of ours\r\ngroups:\n- name: g   # odd layout\n  rules:\n    # watchbell: allow WB069 because it was so once\n    - alert: A\n      expr: 'up{job=~\"a\", host!~\"b\"} == 0' # watchbell: allow WB061 because of that\n    - {alert: B, expr: \"up{job=~\\\"a\\\"} == 0\"}\n    - {alert: C, expr: up == 0, annotations: {s: '{{ .labels.job }} is down'}}\n";

#[test]
fn what_has_one_right_edit_is_fixed_and_every_other_byte_stays() {
    let folder = Scratch::new("fix");
    let path = folder.write("rules.yaml", FIXABLE);
    let said = check(folder.path(), &["rules.yaml", "--fix"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "6 edits made\n1 file, 3 rules: no problems\n"),
        "{}",
        said.err
    );
    let expected = FIXABLE
        .replace("    # watchbell: allow WB069 because it was so once\n", "")
        .replace(" # watchbell: allow WB061 because of that", "")
        .replace("=~", "=")
        .replace("!~", "!=")
        .replace(".labels", ".Labels");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), expected);
    let again = check(folder.path(), &["rules.yaml", "--fix"]);
    assert_eq!(again.out, "0 edits made\n1 file, 3 rules: no problems\n");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), expected);
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 1, "nothing else is left behind");
}

#[test]
fn a_baseline_knows_findings_by_what_they_say_and_not_by_their_line() {
    let folder = Scratch::new("baseline");
    let rule = |name: &str| format!("      - {{ alert: {name}, expr: 'rate(x_total[30s]) > 1' }}\n");
    let file = |rules: &[&str]| {
        format!("groups:\n  - name: g\n    rules:\n{}", rules.iter().map(|name| rule(name)).collect::<String>())
    };
    folder.write("rules/a.yaml", &file(&["A", "B"]));
    let baseline = ["rules", "--baseline", "known.jsonl", "--deny", "warnings"];
    let missing = check(folder.path(), &baseline);
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("`--write-baseline` makes one"), "{}", missing.err);

    let written = check(folder.path(), &[&baseline[..], &["--write-baseline"]].concat());
    assert_eq!(
        (written.code, written.out.as_str()),
        (Some(0), "2 warnings are in the baseline now\n1 file, 2 rules: no problems\n")
    );
    let known = std::fs::read_to_string(folder.path().join("known.jsonl")).expect("it was written");
    insta::assert_snapshot!(known, @r#"
    {"file":"rules/a.yaml","rule":"g/A","code":"WB069","message":"`rate` over less than four scrapes"}
    {"file":"rules/a.yaml","rule":"g/B","code":"WB069","message":"`rate` over less than four scrapes"}
    "#);

    folder.write("rules/a.yaml", &format!("# a line more\n{}", file(&["B", "A"])));
    assert_eq!(check(folder.path(), &baseline).code, Some(0));
    // The same from elsewhere.
    let below = check(&folder.path().join("rules"), &["a.yaml", "--baseline", "../known.jsonl", "--deny", "warnings"]);
    assert_eq!(below.code, Some(0), "{}", below.err);

    folder.write("rules/a.yaml", &file(&["A", "C"]));
    let said = check(folder.path(), &baseline);
    assert_eq!(said.code, Some(1));
    assert!(said.out.starts_with("1 warnings of the baseline are gone"), "{}", said.out);
    assert!(said.err.contains("alert: C") && !said.err.contains("alert: A,"), "{}", said.err);
    // An error is never known.
    folder.write("rules/a.yaml", MISTAKES);
    assert_eq!(check(folder.path(), &[&baseline[..], &["--write-baseline"]].concat()).code, Some(1));
    folder.write("known.jsonl", "{}\n");
    let wrong = check(folder.path(), &baseline);
    assert!(wrong.err.contains("known.jsonl:1: not a line of a baseline"), "{}", wrong.err);
}

#[test]
fn only_what_changed_since_a_revision_is_told_and_errors_always() {
    let folder = Scratch::new("changed");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=ci", "-c", "user.email=ci@example.org", "-c", "init.defaultBranch=main"];
        let run = Command::new("git").current_dir(folder.path()).args(identity).args(arguments).output();
        let run = run.expect("git is there");
        assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    };
    let rule = |name: &str, hold: &str| {
        format!("      - alert: {name}\n        for: {hold}\n        expr: rate(x_total[30s]) > 1\n")
    };
    let file = |a: &str, b: &str| format!("groups:\n  - name: g\n    rules:\n{}{}", rule("A", a), rule("B", b));
    git(&["init", "-q"]);
    folder.write("rules/a.yaml", &file("5m", "5m"));
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let told = |revision: &str| {
        let said = check(folder.path(), &["rules", "--changed-since", revision, "--format", "json"]);
        let line = |line: &str| {
            let found: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{}:{}", found["file"].as_str().expect("a file"), found["line"])
        };
        (said.code, said.out.lines().map(line).collect::<Vec<_>>(), said.err)
    };
    assert_eq!(told("HEAD").1, [""; 0]);
    // The line below is what is wrong, and the rule is what changed.
    folder.write("rules/a.yaml", &file("5m", "6m"));
    assert_eq!(told("HEAD").1, ["rules/a.yaml:9"]);
    folder.write("rules/new.yaml", &file("5m", "5m"));
    assert_eq!(told("HEAD").1, ["rules/a.yaml:9", "rules/new.yaml:6", "rules/new.yaml:9"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "second"]);
    assert_eq!(told("HEAD").1, [""; 0]);
    assert_eq!(told("HEAD~1").1.len(), 3);

    // What became of a neighbour, or of the name of the file, is nobody else's fault; a line that a rule has lost is its own.
    let three = file("5m", "6m") + &rule("C", "5m") + "          # seen\n        labels: { a: b }\n";
    folder.write("rules/a.yaml", &three);
    git(&["commit", "-q", "-a", "-m", "three rules"]);
    folder.write("rules/a.yaml", &three.replace(&rule("B", "6m"), ""));
    assert_eq!(told("HEAD").1, [""; 0]);
    folder.write("rules/a.yaml", &three.replace("          # seen\n        labels: { a: b }\n", ""));
    assert_eq!(told("HEAD").1, ["rules/a.yaml:12"]);
    folder.write("rules/a.yaml", &three.replace("        for: 6m\n", ""));
    assert_eq!(told("HEAD").1, ["rules/a.yaml:8"]);
    git(&["checkout", "-q", "rules/a.yaml"]);
    git(&["mv", "rules/a.yaml", "rules/b.yaml"]);
    assert_eq!(told("HEAD").1, [""; 0]);
    git(&["mv", "rules/b.yaml", "rules/a.yaml"]);

    let (code, _, said) = told("nobody");
    assert_eq!(
        (code, said.as_str()),
        (
            Some(2),
            "error: git knows no revision `nobody`; fetch it first (a shallow clone has only its newest commit: `git fetch origin main`)\n"
        )
    );
    assert_eq!(told("--output=x").0, Some(2));
    folder.write("rules/a.yaml", MISTAKES);
    git(&["commit", "-q", "-a", "-m", "third"]);
    assert_eq!(told("HEAD").0, Some(1));
}

#[test]
fn asking_sources_needs_a_configuration() {
    let folder = Scratch::new("check");
    folder.write("rules.yaml", GOOD);
    let said = check(folder.path(), &["rules.yaml", "--online"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(2), "error: `--online` needs a configuration, which names the sources\n")
    );
}

/// A chain with a contract of which something is counted, so that there is a state.
const COUNTS: &str = "chains: { a: { rpc: ['http://127.0.0.1:1'], chain_id: 5, contracts: { c: { address: \
                      '0x5fbdb2315678afecb367f032d93f642f64180aa3', gas: true } } } }";

#[test]
fn what_the_collector_would_refuse_at_its_start_on_this_machine_check_says_with_its_place() {
    let folder = Scratch::new("check");
    folder.write("folder/here.json", "{}");
    folder.write("no.pem", "this is no certificate");
    let probe = |tls: &str| {
        format!("applications: {{ api: {{ endpoints: {{ e: {{ url: 'https://a.example', tls: {tls} }} }} }} }}")
    };
    let cases = [
        (format!("state: none/state.json, {COUNTS}"), "warning[WB115]: there is no folder `none`", "1:42"),
        (format!("state: folder, {COUNTS}"), "error[WB177]: `folder` is a folder", "1:42"),
        (format!("state: watchbell.yaml/state.json, {COUNTS}"), "error[WB177]: `watchbell.yaml` is a file", "1:42"),
        (format!("state: no.pem, {COUNTS}"), "error[WB177]: no.pem is not a state file of `watchbell collect`", "1:42"),
        (format!("state: folder/here.json, {COUNTS}"), "error[WB177]: folder/here.json is not a state file", "1:42"),
        (probe("{ ca_file: none.pem }"), "warning[WB115]: there is no file `none.pem`", "1:"),
        (probe("{ ca_file: no.pem }"), "error[WB168]: cannot read a certificate from `no.pem`", "1:"),
        (probe("{ server_name: 'a b' }"), "error[WB168]: `a b` cannot be the name in a certificate", "1:"),
    ];
    for (text, says, at) in cases {
        folder.write("watchbell.yaml", &format!("collect: {{ listen: '127.0.0.1:0', {text} }}\n"));
        let said = check(folder.path(), &[]);
        assert!(said.err.contains(says), "{text}:\n{}", said.err);
        assert!(said.err.contains(&format!("watchbell.yaml:{at}")), "{text}:\n{}", said.err);
        let mut collector = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        let ended = collector.current_dir(folder.path()).arg("collect").output().expect("the program runs");
        assert!(!ended.status.success(), "{text}: the collector starts");
    }
}

#[test]
fn which_secrets_of_the_collector_cannot_be_had_is_told_to_who_asks_for_more_than_the_text() {
    let folder = Scratch::new("check");
    folder.write("no-address", "rpc.example.org/hunter2");
    folder.write(
        "watchbell.yaml",
        "collect:
  chains:
    a: { rpc: [{ env: WATCHBELL_NO_SUCH_NODE }, { file: no-address }, 'https://rpc.example.org'], chain_id: 5 }
  applications:
    api:
      endpoints: { e: { url: 'https://a.example', headers: { Authorization: { file: no-such-file } } } }
",
    );
    assert_eq!(check(folder.path(), &[]).err, "");
    let said = check(folder.path(), &["--online", "--format", "github"]);
    let told: Vec<&str> = said.out.lines().filter(|line| line.contains("WB269")).collect();
    assert_eq!((said.code, told.len()), (Some(0), 3), "{}{}", said.out, said.err);
    assert!(
        told[0].contains("line=3,endLine=3,col=16") && told[0].contains("`WATCHBELL_NO_SUCH_NODE` is not set"),
        "{}",
        told[0]
    );
    assert!(told[1].contains("line=3,endLine=3,col=49") && !told[1].contains("hunter2"), "{}", told[1]);
    assert!(told[2].contains("line=6,endLine=6,col=77") && told[2].contains("no-such-file"), "{}", told[2]);
}

#[test]
fn what_may_lie_on_the_machine_of_the_collector_is_only_noted_and_a_state_is_none_where_nothing_is_kept() {
    let folder = Scratch::new("check");
    // Nor is it told that there are no rules where nothing but the collector is configured.
    let strict = |text: &str| {
        folder.write("watchbell.yaml", &format!("collect: {{ {text} }}\n"));
        check(folder.path(), &["--deny", "warnings"])
    };
    let elsewhere = strict(&format!("state: /nowhere/at/all/state.json, {COUNTS}"));
    assert_eq!(elsewhere.code, Some(0), "{}", elsewhere.err);
    assert!(elsewhere.err.contains("note[WB115]: there is no folder `/nowhere/at/all`"), "{}", elsewhere.err);
    let kept_nothing = strict("state: none/state.json, operations: {}");
    assert_eq!((kept_nothing.code, kept_nothing.err.as_str()), (Some(0), ""), "{}", kept_nothing.out);
    folder.write("state.json", "{\"watchbell_collect\":1,\"chains\":{}}");
    let own = strict(&format!("state: state.json, {COUNTS}"));
    assert_eq!((own.code, own.err.as_str()), (Some(0), ""), "{}", own.out);
}

#[test]
fn items_that_a_template_left_empty_are_no_groups_and_no_rules() {
    let folder = Scratch::new("check");
    folder.write("rules.yaml", "groups:\n-\n- name: a\n  rules:\n  - ~\n  - alert: A\n    expr: up == 0\n");
    let said = check(folder.path(), &["rules.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "1 file, 1 rule: no problems\n"), "{}", said.err);
}
