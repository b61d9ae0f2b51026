//! The files that a command line names, and what they are.

use super::CommandError;
use crate::config::Border;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The name of the configuration where none is given.
pub const USUAL: &str = "watchbell.yaml";

/// How many folders may lie in each other. Folders that are deeper are no rules.
const DEEPEST: usize = 32;
/// How many bytes of a file are looked at to know what it is.
const ENOUGH: u64 = 1 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A rule file.
    Rules,
    /// A configuration of the service.
    Configuration,
    /// A scenario.
    Scenario,
    /// A unit-test file of promtool.
    UnitTests,
    /// Nothing that we know.
    Unknown,
}

/// The configuration that was named, else the one that lies here.
///
/// # Errors
/// When none was named, and none lies here.
pub fn configuration(named: Option<&Path>) -> Result<&Path, CommandError> {
    let none = || CommandError::Usage(format!("there is no `{USUAL}` here; name the configuration with `--config`"));
    found(named).ok_or_else(none)
}

/// The configuration that was named, else the one that lies here, if one does.
pub fn found(named: Option<&Path>) -> Option<&Path> {
    named.or_else(|| Some(Path::new(USUAL)).filter(|usual| usual.exists()))
}

/// The files at `paths`: of a folder all YAML files below it, sorted.
pub fn expand(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        walk(path, true, 0, &mut files);
    }
    files
}

/// A file that was named is taken whatever it is called; whoever reads it says what is wrong.
fn walk(path: &Path, is_named: bool, depth: usize, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        files.extend((is_named || is_yaml(path) && !is_endless(path)).then(|| path.to_owned()));
        return;
    }
    let Ok(entries) = path.read_dir() else {
        files.push(path.to_owned());
        return;
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    // Hidden folders are the business of other programs: `.git`, and the generations of a mounted `ConfigMap`.
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    for entry in entries.iter().filter(|entry| depth < DEEPEST && !is_hidden(entry) && !leads_back(entry)) {
        // A link may lead anywhere, and what is found here is shown.
        let leads_on = entry.is_symlink() && (entry.is_dir() || is_yaml(entry));
        if leads_on && Border::around_tests(path).is_some_and(|border| !border.holds(entry)) {
            tracing::warn!("left out: `{}` leads out of the repository", entry.display());
            continue;
        }
        walk(entry, false, depth + 1, files);
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Whether it is a pipe or a device: whoever reads one that nobody named may wait for ever, and the second look at one finds
/// nothing more.
pub fn is_endless(path: &Path) -> bool {
    path.metadata().is_ok_and(|known| !known.is_file() && !known.is_dir())
}

/// Whether it is a link to a folder in which it lies itself.
fn leads_back(path: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let leads = |to: PathBuf| path.parent().and_then(real).is_some_and(|here| here.starts_with(to));
    path.is_symlink() && real(path).is_some_and(leads)
}

/// What the file at `path` is, by its name and its first look. Whoever gets one that cannot be read or recognised takes it
/// for what it expects, so that somebody says what is wrong with it. The one look at a pipe is left to whoever reads it.
pub fn kind(path: &Path) -> Kind {
    if is_endless(path) {
        return Kind::Unknown;
    }
    let is_usual = path.file_stem().is_some_and(|stem| stem == "watchbell");
    kind_of(&beginning(path).unwrap_or_default(), is_usual)
}

/// What a file with this text is.
pub fn kind_of_text(text: &str) -> Kind {
    kind_of(text, false)
}

/// Whether a text is a rule file for certain: it has the key that no other file of ours has.
pub fn is_rules(text: &str) -> bool {
    text.lines().any(|line| line.split_once(':').is_some_and(|(key, _)| key == "groups"))
}

fn beginning(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(ENOUGH).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn kind_of(text: &str, is_usual: bool) -> Kind {
    // Keys of the outermost mapping stand at the beginning of their lines, in any file but one in flow style.
    let has = |keys: &[&str]| {
        let mut keys_here = text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key);
        keys_here.any(|key| keys.contains(&key))
    };
    match () {
        () if has(&["groups"]) => Kind::Rules,
        () if has(&["scenario"]) => Kind::Scenario,
        () if has(&["rule_files", "tests"]) => Kind::UnitTests,
        () if is_usual || has(&["prometheus", "channels", "policies", "routes", "include", "responders"]) => {
            Kind::Configuration
        }
        () => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_outermost_keys() {
        let kinds = [
            ("groups:\n  - name: x\n", Kind::Rules),
            ("# rules\n---\ngroups: []\n", Kind::Rules),
            ("{groups: []}\n", Kind::Unknown),
            ("", Kind::Unknown),
            ("prometheus:\n  main: { url: x }\nrules: [a]\n", Kind::Configuration),
            ("policies: {}\n", Kind::Configuration),
            ("scenario: x\nrules: [a]\n", Kind::Scenario),
            ("rule_files: [a]\ntests: []\n", Kind::UnitTests),
            ("tests:\n- {}\n", Kind::UnitTests),
        ];
        for (text, kind) in kinds {
            assert_eq!(kind_of(text, false), kind, "{text:?}");
        }
        assert_eq!(kind_of("rules: [a]\n", true), Kind::Configuration);
    }
}
