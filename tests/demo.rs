//! `watchbell demo` as people call it: in any folder, and the same for a seed. And the files that `scripts/demo` and the speed
//! comparison run on are ones against which nothing is to be said.

use std::path::{Path, PathBuf};
use std::process::Command;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::{config, rules};

#[test]
fn in_an_empty_folder_the_demo_shows_the_whole_product_and_the_same_for_a_seed() {
    insta::assert_snapshot!(shown("snapshot", &["--speed", "max"]));
}

#[test]
fn another_seed_shows_other_numbers_at_other_times() {
    let (one, other) =
        (shown("one", &["--speed", "0", "--seed", "1"]), shown("other", &["--speed", "0", "--seed", "2"]));
    let lines = |text: &str, what: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains(what)).map(str::to_owned).collect()
    };
    for what in ["firing high", " ~ "] {
        assert!(lines(&one, what).len() > 5 && lines(&other, what).len() > 5, "{other}");
        assert_ne!(lines(&one, what), lines(&other, what));
    }
}

#[test]
fn the_clock_paces_the_demo_and_changes_nothing_of_what_it_shows() {
    let story = |text: String| text.split_once("\n\n").expect("an opening, and the story").1.to_owned();
    assert_eq!(story(shown("paced", &["--speed", "2000"])), story(shown("unpaced", &["--speed", "max"])));
}

/// What `watchbell demo` shows in a folder where nothing is.
fn shown(purpose: &str, arguments: &[&str]) -> String {
    let folder = Folder::new(&format!("demo-{purpose}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.arg("demo").args(arguments).current_dir(&folder.0).env_remove("RUST_LOG");
    let output = command.output().expect("the program runs");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), complaints.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn nothing_is_to_be_said_against_the_demos_configuration_and_rules() {
    let folder = Folder::new("demo");
    let text = std::fs::read_to_string(in_repository("fixtures/demo/watchbell.yaml")).unwrap();
    let text = text
        .replace("$PROMETHEUS", "http://127.0.0.1:9090")
        .replace("$RECEIVERS", "http://127.0.0.1:8080")
        .replace("$ALERTMANAGER", "http://127.0.0.1:9093")
        .replace("$LISTEN", "127.0.0.1:9095");
    std::fs::write(folder.0.join("watchbell.yaml"), text).unwrap();
    std::fs::copy(in_repository("fixtures/demo/rules.yaml"), folder.0.join("rules.yaml")).unwrap();

    assert_eq!(said_against(&folder.0), Vec::<String>::new());
}

#[test]
fn nothing_is_to_be_said_against_what_the_speed_comparison_runs_on() {
    let folder = Folder::new("speed");
    let written =
        Command::new("python3").arg(in_repository("scripts/compare-vmalert")).arg("--write").arg(&folder.0).output();
    let written = written.expect("python3 is there");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));

    assert_eq!(said_against(&folder.0), Vec::<String>::new());
}

/// Every finding against the configuration in `folder` and the rules that it names.
fn said_against(folder: &Path) -> Vec<String> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let now = "2026-01-15T00:00:00Z".parse().unwrap();
    let loaded = config::load(&folder.join("watchbell.yaml"), now, &mut sources, &mut findings);
    let files = loaded.map(|loaded| loaded.rule_files).unwrap_or_default();
    assert!(!files.is_empty(), "no rule file was found");
    rules::load(&files, &rules::Context::default(), &mut sources, &mut findings);
    findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(purpose: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("watchbell-{purpose}-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
