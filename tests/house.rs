//! The habits that a program can check, so that a reviewer need not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use watchbell::api::{Needs, routes};
use watchbell::diagnostics::codes;

/// What we write and commit, and so what the checks below read.
const OURS: [&str; 13] = [
    "src",
    "clients",
    "tests",
    "rules",
    "dashboards",
    "schemas",
    "fixtures",
    "benches",
    "docs",
    "scripts",
    "deploy",
    "README.md",
    "CHANGELOG.md",
];

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Spelt so that this file does not accuse itself.
    let machine_paths = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    for (path, text) in our_texts() {
        for machine_path in &machine_paths {
            // As the start of a path, not as a folder within one (`a/work/b`).
            let named = text.match_indices(machine_path.as_str()).any(|(at, _)| {
                text[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !before.is_alphanumeric() && !"}._-/".contains(before))
            });
            assert!(!named, "{} names a path under {machine_path}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_to_do_in_the_code() {
    let markers = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    for (path, text) in our_texts().into_iter().filter(|(path, _)| is_rust(path)) {
        for marker in &markers {
            assert!(!text.contains(marker.as_str()), "{} still has {marker}…)", path.display());
        }
    }
}

#[test]
fn every_dependency_has_its_line_and_every_line_its_dependency() {
    let page = read(&in_repository("docs/dependencies.md"));
    let explained: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let manifest = read(&in_repository("Cargo.toml"));
    let used: BTreeSet<_> = dependencies(&manifest).collect();
    assert_eq!(
        used.difference(&explained).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "used, and not in docs/dependencies.md"
    );
    assert_eq!(
        explained.difference(&used).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "in docs/dependencies.md, and not used"
    );
}

#[test]
fn every_diagnostic_has_a_page_of_its_own_and_every_page_a_diagnostic() {
    let registered: Vec<_> = codes::all().map(|entry| entry.code.to_string()).collect();
    let distinct: BTreeSet<_> = registered.iter().cloned().collect();
    assert_eq!(distinct.len(), registered.len(), "a code is given twice: {registered:?}");
    let pages = files(&in_repository("docs/diagnostics"));
    let explained = pages.iter().filter_map(|path| path.file_stem()?.to_str());
    let explained: BTreeSet<_> = explained.filter(|name| name.starts_with("WB")).map(str::to_owned).collect();
    assert_eq!(explained, distinct, "left the pages of docs/diagnostics, right the registered codes");
    for entry in codes::all() {
        let head = entry.page.lines().next().unwrap_or_default();
        assert!(head.contains(&entry.code.to_string()), "the page of {} begins with `{head}`", entry.code);
    }
}

#[test]
fn every_difference_from_prometheus_names_a_test_or_a_scenario_that_there_is() {
    let sources: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(&in_repository(folder)))
        .filter(|path| is_rust(path))
        .map(|path| read(&path))
        .collect();
    let page = read(&in_repository("docs/prometheus.md"));
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    for row in rows.skip(1) {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default().trim_matches('`');
        let is_scenario = shown_by.starts_with("tests/scenarios/") && in_repository(shown_by).is_file();
        let is_test = sources.contains(&format!("fn {shown_by}("));
        assert!(is_scenario || is_test, "`{shown_by}` is no test: {row}");
    }
}

#[test]
fn every_route_is_on_its_page_with_its_role_and_the_page_has_no_other() {
    let page = read(&in_repository("docs/api.md"));
    let rows = page.lines().filter_map(|line| {
        let (route, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let is_route = ["GET /", "POST /", "DELETE /"].iter().any(|method| route.starts_with(method));
        is_route.then(|| format!("{route}: {}", rest.split(' ').next().unwrap_or_default()))
    });
    let built = routes().into_iter().map(|route| {
        let role = match route.needs {
            Needs::Nothing => "nobody",
            Needs::Role(role) => role.word(),
        };
        format!("{} {}: {role}", route.method, route.path)
    });
    assert_eq!(rows.collect::<BTreeSet<_>>(), built.collect::<BTreeSet<_>>(), "left the page, right the router");
}

#[test]
fn scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for path in files(&in_repository("scripts")).into_iter().chain([in_repository(".ci/run")]) {
        if read(&path).starts_with("#!") {
            let mode = std::fs::metadata(&path).expect("it was just read").permissions().mode();
            assert!(mode & 0o111 != 0, "{} has no run bit", path.display());
        }
    }
}

#[test]
fn every_wrong_edit_can_still_be_applied() {
    let script = in_repository("scripts/prove-tests");
    let Ok(done) = std::process::Command::new(script).arg("--check").output() else {
        println!("skipped: there is no Python here");
        return;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
}

#[test]
fn every_wrong_edit_names_a_test_that_exists() {
    let list = read(&in_repository("scripts/wrong-edits.toml"));
    let named = list.lines().filter_map(|line| line.strip_prefix("test = \"")?.strip_suffix('"'));
    let lost: Vec<&str> = named
        .filter(|named| {
            !named.split_once(' ').is_some_and(|(target, test)| is_target(target) && is_a_test(target, test))
        })
        .collect();
    assert!(lost.is_empty(), "scripts/wrong-edits.toml names tests that do not exist: {lost:#?}");
    assert!(list.contains("test = \""), "the list is written otherwise now");
}

#[test]
fn what_the_list_of_promises_names_exists() {
    let page = read(&in_repository("docs/promises.md"));
    let quoted: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let mut tests = 0;
    for name in &quoted {
        if name.starts_with("tests/") || name.starts_with("docs/") {
            assert!(in_repository(name).exists(), "docs/promises.md names {name}, which does not exist");
        } else if let Some((target, test)) = name.split_once(' ').filter(|(target, _)| is_target(target)) {
            tests += 1;
            assert!(is_a_test(target, test), "docs/promises.md names {name}, and there is no such test");
        }
    }
    assert!(tests > 40, "only {tests} tests are named");
    let numbered = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u32>().ok());
    assert_eq!(numbered.collect::<Vec<_>>(), (1..=34).collect::<Vec<_>>(), "every promise has its line");
}

/// Whether tests are there under this name: `lib`, or a file or folder of `tests`.
fn is_target(name: &str) -> bool {
    let tests = in_repository("tests");
    name == "lib" || tests.join(format!("{name}.rs")).is_file() || tests.join(name).join("main.rs").is_file()
}

/// Whether some file of the module that `name` leads to has a test function of its last part.
fn is_a_test(target: &str, name: &str) -> bool {
    let (modules, function) = name.rsplit_once("::").unwrap_or(("", name));
    let words = if modules.is_empty() { Vec::new() } else { modules.split("::").collect() };
    let root = match target {
        "lib" => in_repository("src"),
        target if in_repository("tests").join(target).is_dir() => in_repository("tests").join(target),
        target => return has_test(&in_repository("tests").join(format!("{target}.rs")), function),
    };
    // `a::b::tests` is the file `a/b.rs`, `a/b/mod.rs` or `a/b/tests.rs`, or one in a folder of these names.
    let within: Vec<&str> = words.iter().copied().filter(|word| *word != "tests").collect();
    let place = within.iter().fold(root, |path, word| path.join(word));
    let beside = words.iter().fold(PathBuf::new(), |path, word| path.join(word));
    let whole = in_repository("src").join(beside);
    let candidates = [
        place.with_extension("rs"),
        place.join("mod.rs"),
        place.join("main.rs"),
        place.join("tests.rs"),
        whole.with_extension("rs"),
        whole.join("mod.rs"),
    ];
    candidates.iter().any(|path| path.is_file() && has_test(path, function))
}

fn has_test(path: &Path, function: &str) -> bool {
    let text = read(path);
    let declared = format!("fn {function}(");
    let before = text.split(&declared).next().filter(|before| before.len() < text.len());
    // The attribute stands above it, or above other attributes.
    before
        .is_some_and(|before| before.lines().rev().take(4).any(|line| line.contains("test]") || line.contains("test(")))
}

/// The names in the dependency tables of a manifest.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let tables = manifest.split("\n[").filter(|table| {
        let head = table.split(']').next().unwrap_or_default();
        head == "dependencies" || head == "dev-dependencies"
    });
    tables.flat_map(|table| table.lines().skip(1).filter_map(|line| Some(line.split_once(" =")?.0.trim())))
}

fn our_texts() -> Vec<(PathBuf, String)> {
    let paths = OURS.iter().flat_map(|name| files(&in_repository(name)));
    // What is no text (a recorded binary) cannot break a habit of writing.
    paths.filter_map(|path| Some((path.clone(), std::fs::read_to_string(&path).ok()?))).collect()
}

/// The file itself, or every file below the folder; none where it does not exist.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    paths
        .filter(|path| !path.ends_with("__pycache__") && !path.ends_with("node_modules"))
        .flat_map(|path| files(&path))
        .collect()
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "rs")
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}
