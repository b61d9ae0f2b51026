//! The program as people call it.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::path::Path;
use std::process::{Command, Output};

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
fn what_is_posted_fires_climbs_and_ends_as_its_scenarios_tell() {
    let (code, out, _) = told(&watchbell(&["test", "scenarios/posted"]));
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
    assert_eq!((code, err.contains("left out: `t/link.yml` leads out of the repository")), (Some(1), true), "{err}");
    assert!(out.ends_with("5 tests: 0 passed, 5 failed\n"), "{out}");
    assert!(!out.contains("a stranger"), "{out}");
}

#[test]
fn the_tests_of_a_folder_are_those_below_it_and_what_they_use_is_passed_over() {
    let folder = Scratch::new("commands");
    let rules = "groups: [{ name: g, interval: 1m, rules: [{ alert: A, expr: up == 0 }] }]";
    folder.write("stories/rules.yaml", rules);
    folder.write("stories/deep/er/one.yaml", "scenario: one\nrules: [../../rules.yaml]\nseries: []\n");
    folder.write("stories/deep/values.yaml", "replicas: 2\n");
    let test = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
        told(&command.current_dir(folder.path()).arg("test").args(arguments).output().expect("the program runs"))
    };
    let (code, out, err) = test(&["stories", "--accept"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("ok   stories/deep/er/one.yaml: one") && out.ends_with("1 scenario: 1 passed, 0 failed\n"),
        "{out}"
    );
    let nothing = |arguments: &[&str]| {
        let (code, _, err) = test(arguments);
        assert_eq!(code, Some(2), "{err}");
        err
    };
    assert_eq!(nothing(&["stories", "--filter", "two"]), "error: no file or title of a test matches --filter two\n");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder can be made");
    assert_eq!(nothing(&["empty"]), "error: no test lies in empty or below it\n");
    let (code, _, err) = test(&["stories", "--junit", "nowhere/report.xml"]);
    assert_eq!((code, err.contains("cannot write `nowhere/report.xml`")), (Some(3), true), "{err}");
}

#[test]
fn a_file_that_a_scenario_lacks_is_told_where_it_is_named_beside_what_else_is_wrong() {
    let folder = Scratch::new("commands");
    let scenario = folder.write("one.yaml", "scenario: one\nrules: [nowhere.yaml]\nstart: yesterday\n");
    let (code, out, _) = told(&watchbell(&["test", &scenario.display().to_string()]));
    assert_eq!(code, Some(1), "{out}");
    for place in ["one.yaml:2:9", "one.yaml:3:8"] {
        assert!(out.contains(place), "{place} is not in\n{out}");
    }
}

#[test]
fn two_scenarios_do_not_share_a_snapshot() {
    let folder = Scratch::new("commands");
    folder.write("rules.yaml", "groups: [{ name: g, interval: 1m, rules: [{ alert: A, expr: up == 0 }] }]\n");
    let both = ["t/one.yaml", "t/one.yml"];
    for file in both {
        folder.write(file, &format!("scenario: {file}\nrules: [../rules.yaml]\nseries: []\n"));
    }
    for asked in [&both[..], &both[..1], &both[1..], &["t"]] {
        let (code, out, _) = told_in(&folder, &[&["test", "--accept"], asked].concat());
        let is_said = |(file, other): (&str, &str)| {
            out.contains(&format!("`{file}` and `{other}` would both be kept in `t/one.snap`; rename one of them"))
        };
        assert_eq!(code, Some(1), "{out}");
        assert!(is_said((both[0], both[1])) || is_said((both[1], both[0])), "{out}");
    }
    assert!(!folder.path().join("t/one.snap").exists(), "nothing was accepted");
    // Rules of the same name have no story.
    folder.write("t/one.yml", "groups: []\n");
    let (code, out, _) = told_in(&folder, &["test", "--accept", "t"]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn a_damaged_snapshot_is_named_and_accepted_anew() {
    let folder = Scratch::new("commands");
    folder.write("rules.yaml", "groups: [{ name: g, interval: 1m, rules: [{ alert: A, expr: up == 0 }] }]\n");
    folder.write("a b.yaml", "scenario: x\nrules: [rules.yaml]\nseries: []\n");
    let snapshot = folder.path().join("a b.snap");
    let test = |arguments: &[&str]| told_in(&folder, &[&["test", "a b.yaml"], arguments].concat());
    assert_eq!(test(&["--accept"]).0, Some(0));
    let good = std::fs::read_to_string(&snapshot).expect("it was accepted");
    for damaged in [&b"\xff\xfe"[..], b"", b"x\n", b"---\nsource: watchbell test\n"] {
        std::fs::write(&snapshot, damaged).expect("it can be written");
        let (code, out, err) = test(&[]);
        let is_said = out.contains("the snapshot `a b.snap` is damaged; --accept writes it anew");
        assert_eq!((code, is_said, err.as_str()), (Some(1), true, ""), "{out}");
        let (code, out, err) = test(&["--accept"]);
        assert_eq!((code, out.contains("(accepted)"), err.as_str()), (Some(0), true, ""), "{out}");
        assert_eq!(std::fs::read_to_string(&snapshot).expect("it was accepted"), good);
    }
    // Whatever wrote its ends of lines.
    std::fs::write(&snapshot, good.replace('\n', "\r\n")).expect("it can be written");
    assert_eq!(test(&[]).0, Some(0));
    std::fs::remove_file(&snapshot).expect("it is there");
    std::fs::create_dir(&snapshot).expect("a folder can be made");
    for arguments in [&[][..], &["--accept"]] {
        let (code, out, _) = test(arguments);
        assert_eq!((code, out.contains("cannot read the snapshot `a b.snap`: ")), (Some(1), true), "{out}");
    }
}

/// What the program says to who stands in `folder`.
fn told_in(folder: &Scratch, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    told(&command.current_dir(folder.path()).args(arguments).output().expect("the program runs"))
}

#[test]
fn who_formats_nothing_is_told_why() {
    let folder = Scratch::new("commands");
    let fmt = || told_in(&folder, &["fmt"]);
    let (code, _, err) = fmt();
    assert_eq!((code, err.contains("there is no `watchbell.yaml` here")), (Some(2), true), "{err}");
    folder.write("watchbell.yaml", "rules: [\n");
    let (code, _, err) = fmt();
    assert_eq!((code, err.contains("watchbell.yaml:")), (Some(2), true), "{err}");
}

#[test]
fn who_stands_in_a_folder_without_a_configuration_is_told_so_and_finds_it_as_it_was() {
    let folder = Scratch::new("commands");
    let here = |arguments: &[&str]| told_in(&folder, arguments);
    for arguments in [&["health"][..], &["oncall"], &["collect"], &["dashboards"], &["schema", "rules", "--project"]] {
        let (code, _, err) = here(arguments);
        let is_said = err.contains("there is no `watchbell.yaml` here; name the configuration with `--config`");
        assert_eq!((code, is_said), (Some(2), true), "{arguments:?}: {err}");
    }
    let (code, _, err) = here(&["run"]);
    assert_eq!((code, err.contains("cannot read `watchbell.yaml`")), (Some(2), true), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was made");
}

#[test]
fn what_is_wrong_with_the_files_is_told_as_check_tells_it_whoever_reads_them() {
    let folder = Scratch::new("commands");
    let config = folder.write("watchbell.yaml", "prometheus: { main: { url: 7 } }\nrules: [rules.yaml\n");
    for command in ["dashboards", "backtest", "oncall"] {
        let (code, _, err) = told(&watchbell(&["--config", &config.display().to_string(), command]));
        assert_eq!((code, err.starts_with("error[WB")), (Some(2), true), "{command}: {err}");
    }
}

#[test]
fn a_store_that_is_not_built_yet_is_refused_at_a_start_with_what_to_write() {
    let folder = Scratch::new("commands");
    let source = "prometheus: { main: { url: http://127.0.0.1:9090 } }\npolicies: { default: { matrix: { critical: { tell: nobody }, high: { tell: nobody }, medium: { tell: nobody }, low: { tell: nobody } } } }\n";
    folder.write(
        "watchbell.yaml",
        &format!("{source}store: {{ postgres: {{ url: postgres://127.0.0.1/watchbell }} }}\n"),
    );
    let (code, _, err) = told_in(&folder, &["run"]);
    let is_said = err.contains("watchbell.yaml: `store.postgres` is checked") && err.contains("store: { sqlite: ");
    assert_eq!((code, is_said), (Some(3), true), "{err}");
}

#[test]
fn a_test_file_in_which_nothing_is_written_fails_with_a_reason() {
    let folder = Scratch::new("commands");
    for text in ["", "# nothing yet\n"] {
        let file = folder.write("empty.yml", text);
        let (code, out, _) = told(&watchbell(&["test", &file.display().to_string()]));
        assert_eq!((code, out.contains("there is nothing in this file")), (Some(1), true), "{out}");
    }
}
