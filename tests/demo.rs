//! The files that the demo and the speed comparison run on are ones against which nothing is to be said.

use std::path::{Path, PathBuf};
use std::process::Command;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::{config, rules};

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
