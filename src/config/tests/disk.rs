//! Files on a real disk: globs, folders, symlinks, and the border that none of them crosses.

use super::*;
use std::fs;

/// A folder for one test, gone after it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("watchbell-config-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self, path: &str) -> Outcome {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = load(&self.0.join(path), Timestamp::UNIX_EPOCH, &mut sources, &mut findings);
        Outcome { loaded, sources, findings }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn codes_of(outcome: &Outcome) -> Vec<String> {
    outcome.findings.iter().map(|finding| finding.code.to_string()).filter(|code| code != "WB139").collect()
}

#[test]
fn folders_and_globs_find_yaml_files_only_and_each_once() {
    let scratch = Scratch::new("globs");
    for path in ["rules/a.yaml", "rules/b.yml", "rules/notes.txt", "rules/deep/c.yaml", "rules/.hidden.yaml"] {
        scratch.write(path, "");
    }
    scratch.write("watchbell.yaml", "rules: ['rules/*', rules, 'rules/*.yaml', 'rules/notes.txt']\n");
    let outcome = scratch.load("watchbell.yaml");
    let found = outcome.loaded.unwrap().rule_files;
    let found: Vec<_> = found.iter().map(|path| path.strip_prefix(&scratch.0).unwrap().to_str().unwrap()).collect();
    assert_eq!(found, ["rules/a.yaml", "rules/b.yml", "rules/deep/c.yaml", "rules/notes.txt"]);
}

#[test]
fn the_repository_is_the_border_and_not_the_folder_of_the_configuration() {
    let scratch = Scratch::new("border");
    scratch.write("outside/x.yaml", "");
    scratch.write("repository/.git/HEAD", "");
    scratch.write("repository/rules/a.yaml", "");
    scratch.write("repository/deploy/watchbell.yaml", "rules: ['../rules/*.yaml']\n");
    scratch.write("repository/deploy/far.yaml", "rules: ['../../outside/*.yaml']\ninclude: ['../../outside/x.yaml']\n");
    assert_eq!(codes_of(&scratch.load("repository/deploy/watchbell.yaml")), <[&str; 0]>::default());
    assert_eq!(codes_of(&scratch.load("repository/deploy/far.yaml")), ["WB101", "WB101"]);
}

#[cfg(unix)]
#[test]
fn a_symlink_does_not_lead_out_of_the_repository() {
    let scratch = Scratch::new("symlinks");
    scratch.write("outside/secret.yaml", "timezone: UTC\n");
    scratch.write("inside/real/a.yaml", "");
    scratch.write("inside/watchbell.yaml", "include: [link.yaml]\nrules: ['folder/*.yaml', 'loop', 'fine/*.yaml']\n");
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(scratch.0.join(to), scratch.0.join(at)).unwrap();
    link("outside/secret.yaml", "inside/link.yaml");
    link("outside", "inside/folder");
    link("inside/real", "inside/fine");
    fs::create_dir_all(scratch.0.join("inside/loop")).unwrap();
    link("inside/loop", "inside/loop/again");
    let outcome = scratch.load("inside/watchbell.yaml");
    assert_eq!(codes_of(&outcome), ["WB101", "WB101", "WB115"], "{}", outcome.told());
    assert_eq!(outcome.loaded.unwrap().rule_files.len(), 1);
}

#[test]
fn what_was_read_once_loads_again_from_its_texts_alone() {
    let scratch = Scratch::new("kept");
    scratch.write("teams/a.yaml", "timezone: Europe/Berlin\n");
    scratch.write("rules/r.yaml", "");
    scratch.write("watchbell.yaml", "include: ['teams/*.yaml']\nrules: ['rules/*.yaml']\n");
    let first = scratch.load("watchbell.yaml");
    let loaded = first.loaded.unwrap();
    let files = loaded.sources.iter().map(|id| first.sources.get(*id));
    let mut texts: BTreeMap<PathBuf, _> = files.map(|file| (file.path().to_owned(), file.text().clone())).collect();
    texts.extend(loaded.rule_files.iter().map(|path| (path.clone(), "".into())));
    let path = scratch.0.join("watchbell.yaml");
    drop(scratch);
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let again = load_from(&Files::Given(texts), &path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings).unwrap();
    assert_eq!((again.settings, again.rule_files), (loaded.settings, loaded.rule_files));
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_a_finding() {
    let scratch = Scratch::new("unreadable");
    fs::write(scratch.0.join("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(codes_of(&scratch.load("none.yaml")), ["WB001"]);
    assert_eq!(codes_of(&scratch.load("binary.yaml")), ["WB003"]);
    assert!(scratch.load("binary.yaml").loaded.is_none());
}
