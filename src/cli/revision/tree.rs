//! The files of a commit that rules and configuration can be made of, by their paths as seen from the working folder.

use super::git::{self, Entry, Mode, Repository};
use crate::cli::CommandError;
use crate::config;
use crate::diagnostics::{Findings, Sources};
use crate::yaml::{self, Node};
use glob::Pattern;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// How many links may lead to each other.
const HOPS: usize = 16;

/// What a commit holds.
pub struct Tree {
    /// The YAML files, and what the configuration names beside them.
    pub texts: BTreeMap<PathBuf, Arc<str>>,
    /// Where other repositories hang.
    pub submodules: Vec<PathBuf>,
}

impl Tree {
    /// Reads what is wanted of a commit. `label` is what people call it.
    ///
    /// # Errors
    /// When git fails, or does not have what a file says.
    pub fn read(
        repository: &Repository,
        commit: &str,
        label: &str,
        configuration: &Path,
    ) -> Result<Self, CommandError> {
        let entries = git::entries(commit)?;
        let mut objects = git::objects()?;
        let home = configuration.parent().unwrap_or(Path::new(""));
        let seen = |entry: &Entry| seen_beside(home, &repository.prefix, &entry.path);
        let mut read = |entry: &Entry| objects.read(&entry.object, &format!("{label}:{}", entry.path));
        let mut links = BTreeMap::new();
        for link in entries.iter().filter(|entry| entry.mode == Mode::Link) {
            links.insert(seen(link), PathBuf::from(read(link)?));
        }
        let files: BTreeMap<PathBuf, &Entry> =
            entries.iter().filter(|entry| entry.mode == Mode::File).map(|entry| (seen(entry), entry)).collect();
        let aliases = aliases(&files, &links, &repository.prefix);
        let find = |path: &Path| files.get(aliases.get(path).map_or(path, PathBuf::as_path)).copied();
        let written = find(configuration).map(&mut read).transpose()?.unwrap_or_default();
        let named = Named::by(written);
        let mut texts = BTreeMap::new();
        for path in files.keys().chain(aliases.keys()) {
            let is_named = || path.file_name().is_some_and(|name| named.written.contains(&*name.to_string_lossy()));
            let through_folder = aliases.contains_key(path) && !links.contains_key(path);
            let is_wanted = if through_folder {
                is_yaml(path) && goes_by_name(path, &links, &named)
            } else {
                is_yaml(path) || is_named()
            };
            if (is_wanted && !is_hidden(path, home) || path == configuration)
                && let Some(entry) = find(path)
            {
                texts.insert(path.clone(), Arc::from(read(entry)?));
            }
        }
        let submodules = entries.iter().filter(|entry| entry.mode == Mode::Submodule).map(seen).collect();
        Ok(Tree { texts, submodules })
    }
}

/// The paths that lead to a file by a link, and where: links to files, and all that lies behind links to folders. Links that
/// lead out of the repository, or in a circle, lead nowhere.
fn aliases(
    files: &BTreeMap<PathBuf, &Entry>,
    links: &BTreeMap<PathBuf, PathBuf>,
    prefix: &str,
) -> BTreeMap<PathBuf, PathBuf> {
    let depth = Path::new(prefix).components().count();
    let mut aliases = BTreeMap::new();
    for link in links.keys() {
        let Some(target) = resolve(link, links, depth) else { continue };
        if files.contains_key(&target) {
            aliases.insert(link.clone(), target);
            continue;
        }
        for file in files.keys() {
            if let Ok(inner) = file.strip_prefix(&target) {
                aliases.insert(link.join(inner), file.clone());
            }
        }
    }
    aliases
}

fn resolve(path: &Path, links: &BTreeMap<PathBuf, PathBuf>, depth: usize) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..HOPS {
        let Some(link) = path.ancestors().find(|above| links.contains_key(*above)) else { return Some(path) };
        let target = &links[link];
        let rest = path.strip_prefix(link).ok()?;
        if target.is_absolute() {
            return None;
        }
        path = tidy(&link.parent()?.join(target).join(rest), depth)?;
    }
    None
}

/// `path` without `.` and `..`; nothing where it leaves the repository, which begins `depth` folders above.
fn tidy(path: &Path, depth: usize) -> Option<PathBuf> {
    let mut parts: Vec<Component<'_>> = Vec::new();
    let mut above = 0;
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.pop().is_none() => above += 1,
            Component::ParentDir => {}
            Component::Normal(_) => parts.push(part),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let up = (0..above).map(|_| Component::ParentDir);
    (above <= depth).then(|| up.chain(parts).collect())
}

/// A path from the root of the repository as a configuration in `home` names it. Both are seen from the folder `prefix` of the
/// repository. There are several ways to a file where one stands below `home`, and this is the one that its globs take.
fn seen_beside(home: &Path, prefix: &str, path: &str) -> PathBuf {
    let depth = Path::new(prefix).components().count();
    let Some(root) = tidy(&Path::new(prefix).join(home), 0) else { return seen_from(prefix, path) };
    let beside = home.join(seen_from(&root.to_string_lossy(), path));
    tidy(&beside, depth).unwrap_or(beside)
}

/// A path from the root of the repository as it is seen from the folder `prefix` in it.
fn seen_from(prefix: &str, path: &str) -> PathBuf {
    let (from, to) = (Path::new(prefix), Path::new(path));
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Hidden files are named by no glob; those beside the configuration are as visible as it is.
fn is_hidden(path: &Path, home: &Path) -> bool {
    let inner = path.strip_prefix(home).unwrap_or(path);
    let hidden =
        |part: Component<'_>| matches!(part, Component::Normal(name) if name.to_string_lossy().starts_with('.'));
    inner.components().any(hidden)
}

/// A folder that is a link is entered only where it is named, or where a wildcard finds it, as on a disk.
fn goes_by_name(path: &Path, links: &BTreeMap<PathBuf, PathBuf>, named: &Named) -> bool {
    let link = path.ancestors().find(|above| links.contains_key(*above));
    link.and_then(Path::file_name).is_some_and(|name| named.finds(&name.to_string_lossy()))
}

/// The names that a configuration may mean.
struct Named {
    /// Its text, in which a name stands that is written out.
    written: String,
    /// The parts of its globs that find several names.
    wild: Vec<Pattern>,
}

impl Named {
    fn by(written: String) -> Self {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let source = sources.add("", written.as_str());
        let documents = yaml::parse(source, &written, &mut findings);
        let mut wild = Vec::new();
        for document in &documents {
            list_wild_parts(document, &mut wild);
        }
        Named { written, wild }
    }

    fn finds(&self, name: &str) -> bool {
        self.written.contains(name) || self.wild.iter().any(|part| part.matches(name))
    }
}

/// Which texts are globs is not asked: one that is none finds a file more, which nothing then names.
fn list_wild_parts(node: &Node, found: &mut Vec<Pattern>) {
    let parts = node.as_str().unwrap_or_default().split('/').filter(|part| config::is_wild(part));
    found.extend(parts.filter_map(|part| Pattern::new(part).ok()));
    node.items().iter().for_each(|item| list_wild_parts(item, found));
    node.entries().iter().for_each(|(_, value)| list_wild_parts(value, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(path: &str, links: &[(&str, &str)], depth: usize) -> Option<String> {
        let links = links.iter().map(|(link, target)| (PathBuf::from(link), PathBuf::from(target))).collect();
        resolve(Path::new(path), &links, depth).map(|path| path.display().to_string())
    }

    #[test]
    fn links_are_followed_inside_of_the_repository_and_nowhere_else() {
        let follow = |target: &str| resolved("rules/a.yaml", &[("rules/a.yaml", target), ("loop", "loop")], 0);
        assert_eq!(follow("../shared/./b.yaml").as_deref(), Some("shared/b.yaml"));
        assert_eq!(follow("../../outside.yaml"), None);
        assert_eq!(follow("/etc/passwd"), None);
        assert_eq!(follow("../loop"), None);
        assert_eq!(resolved("a/x.yaml", &[("a", "b"), ("b", "c")], 0).as_deref(), Some("c/x.yaml"));
        assert_eq!(resolved("x.yaml", &[("x.yaml", "../y.yaml")], 1).as_deref(), Some("../y.yaml"));
    }

    #[test]
    fn a_wildcard_finds_a_folder_that_is_a_link_as_a_name_does() {
        let finds = |globs: &str| Named::by(format!("rules: [{globs}]\n")).finds("lnk");
        for globs in ["lnk/*.yaml", "'l*/*.yaml'", "'a/**/*.yaml'", "'l[m-o]k'", "a, '../?nk/x.yaml'"] {
            assert!(finds(globs), "{globs}");
        }
        for globs in ["a", "'*.yaml'", "'r*/*.yaml'", "'l/[x'"] {
            assert!(!finds(globs), "{globs}");
        }
    }

    #[test]
    fn a_file_has_the_name_by_which_the_configuration_finds_it() {
        for (home, prefix, path, seen) in [
            ("", "", "rules/a.yaml", "rules/a.yaml"),
            ("", "ops/", "ops/rules/a.yaml", "rules/a.yaml"),
            ("..", "rules/", "rules/a.yaml", "../rules/a.yaml"),
            ("..", "rules/", "watchbell.yaml", "../watchbell.yaml"),
            ("deploy", "", "rules/a.yaml", "rules/a.yaml"),
            ("../deploy", "sub/", "sub/a.yaml", "../sub/a.yaml"),
        ] {
            assert_eq!(seen_beside(Path::new(home), prefix, path), PathBuf::from(seen), "{home} {prefix} {path}");
        }
    }

    #[test]
    fn paths_are_seen_from_the_working_folder() {
        for (prefix, path, seen) in [
            ("", "rules/a.yaml", "rules/a.yaml"),
            ("ops/", "ops/rules/a.yaml", "rules/a.yaml"),
            ("ops/eu/", "ops/rules/a.yaml", "../rules/a.yaml"),
            ("ops/", "opsy/a.yaml", "../opsy/a.yaml"),
        ] {
            assert_eq!(seen_from(prefix, path), PathBuf::from(seen));
        }
    }
}
