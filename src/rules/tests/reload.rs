//! Loading again: only what changed is read anew, and the outcome is as if all were.

use super::*;
use crate::rules::Loader;
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("watchbell-rules-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, alert: &str) -> PathBuf {
        let path = self.0.join(name);
        let text = format!("groups: [{{ name: {name}, rules: [{{ alert: {alert}, expr: up == 0 }}] }}]\n");
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_reload_keeps_what_did_not_change_and_takes_what_did() {
    let folder = Folder::new("changed");
    let paths = [folder.write("a.yml", "A"), folder.write("b.yml", "B")];
    let mut loader = Loader::default();
    let (first, findings) = loader.load(&paths, &Context::default());
    assert!(findings.is_empty());
    folder.write("b.yml", "C");
    let (second, _) = loader.load(&paths, &Context::default());
    assert!(Arc::ptr_eq(&first.groups[0], &second.groups[0]), "the same group, not a copy");
    assert_eq!(second.groups[1].alerts().next().unwrap().alert.as_str(), "C");
    let texts: Vec<_> = loader.texts(&paths).map(|(path, text)| (path, text.contains("alert: C"))).collect();
    assert_eq!(texts, [(paths[0].as_path(), false), (paths[1].as_path(), true)], "each file once, as it is now");
}

#[test]
fn a_reload_tells_the_mistakes_of_files_that_did_not_change() {
    let folder = Folder::new("mistakes");
    let paths = [folder.write("a.yml", "A"), folder.write("b.yml", "B")];
    std::fs::write(&paths[0], "groups: [{ name: a, rules: [{ alert: A }] }]\n").unwrap();
    let mut loader = Loader::default();
    for _ in 0..2 {
        let (_, findings) = loader.load(&paths, &Context::default());
        assert_eq!(findings.count(Level::Error), 1);
        assert!(render::human(&findings, loader.sources(), false).contains("a.yml:1"));
        folder.write("b.yml", "C");
    }
}

#[test]
fn a_file_that_is_gone_or_unreadable_is_told() {
    let folder = Folder::new("gone");
    let paths = [folder.write("a.yml", "A"), folder.0.join("missing.yml")];
    let mut loader = Loader::default();
    let (set, findings) = loader.load(&paths, &Context::default());
    assert_eq!((set.groups.len(), findings.count(Level::Error)), (1, 1));
    let (set, findings) = loader.load(&paths[..1], &Context::default());
    assert_eq!((set.groups.len(), findings.count(Level::Error)), (1, 0));
}

#[test]
fn another_configuration_means_another_reading() {
    let folder = Folder::new("context");
    let paths = [folder.write("a.yml", "A")];
    let mut loader = Loader::default();
    loader.load(&paths, &Context::default());
    let context = Context { default_source: "edge".into(), ..Context::default() };
    assert_eq!(loader.load(&paths, &context).0.groups[0].source.as_str(), "edge");
}
