//! `include:` — several files that together are one configuration.
//!
//! Files are merged by key: what stands under a key, and under a name in it, stands in one place only. Lists in which order
//! means nothing are joined; every other key occurs once.

use super::files::{Files, GlobError, folder_of};
use crate::diagnostics::{Findings, Level, Place, SourceId, Sources, codes};
use crate::yaml::{self, Kind, Node, Validator};
use std::path::{Path, PathBuf};

/// Lists in which order means nothing, by their path in the file.
const JOINED: &[&str] = &[
    "rules",
    "inhibit",
    "silences",
    "maintenance",
    "routines",
    "heartbeats.expect",
    "heartbeats.send",
    "access.tokens",
];

/// How deep keys are merged: those of the file, and the names under them.
const DEPTH: usize = 2;

/// Everything that a configuration was read from.
pub(super) struct Gathered {
    /// Its files, the first one first.
    pub(super) sources: Vec<SourceId>,
    /// What they say together; `None` where none of them says anything.
    pub(super) root: Option<Node>,
    /// Whether every file could be read as YAML.
    pub(super) is_readable: bool,
}

/// Reads the file at `path`, and what it includes.
pub(super) fn gather(
    files: &Files,
    path: &Path,
    schema: &Validator,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Gathered {
    let gathered = Gathered { sources: Vec::new(), root: None, is_readable: true };
    let mut reader = Reader { files, schema, sources, findings, gathered, done: Vec::new(), open: Vec::new() };
    reader.read(path);
    reader.gathered
}

struct Reader<'a> {
    files: &'a Files,
    schema: &'a Validator,
    sources: &'a mut Sources,
    findings: &'a mut Findings,
    gathered: Gathered,
    /// The files that were read.
    done: Vec<PathBuf>,
    /// The files that are being read, each included by the one before it.
    open: Vec<(PathBuf, PathBuf)>,
}

impl Reader<'_> {
    fn read(&mut self, path: &Path) {
        let identity = self.files.identity(path);
        self.done.push(identity.clone());
        let Some(source) = self.files.read(path, self.sources, self.findings) else {
            self.gathered.is_readable = false;
            return;
        };
        self.gathered.sources.push(source);
        let text = self.sources.get(source).text().clone();
        let errors = self.findings.count(Level::Error);
        let documents = yaml::parse(source, &text, self.findings);
        self.gathered.is_readable &= self.findings.count(Level::Error) == errors;
        self.open.push((identity, path.to_owned()));
        for document in documents {
            self.document(document, path);
        }
        self.open.pop();
    }

    fn document(&mut self, document: Node, path: &Path) {
        self.schema.validate(&document, self.findings);
        let included = document.get("include").cloned();
        let Kind::Mapping(entries) = document.kind else {
            self.gathered.is_readable &= document.is_null();
            return;
        };
        let entries = entries.into_iter().filter(|(key, value)| key.as_str() != Some("include") && !value.is_null());
        let own = Node { place: document.place, kind: Kind::Mapping(entries.collect()) };
        match &mut self.gathered.root {
            Some(root) => merge(root, own, &mut Vec::new(), self.findings),
            None => self.gathered.root = Some(own),
        }
        for glob in included.iter().flat_map(Node::items) {
            self.include(glob, path);
        }
    }

    fn include(&mut self, glob: &Node, path: &Path) {
        let Some(text) = glob.as_str() else { return };
        let Some(found) = matching(self.files, &folder_of(path), text, glob.place, self.findings) else { return };
        for file in found {
            let identity = self.files.identity(&file);
            if self.open.iter().any(|(open, _)| *open == identity) {
                self.circle(&identity, &file, glob.place);
            } else if !self.done.contains(&identity) {
                self.read(&file);
            }
        }
    }

    fn circle(&mut self, identity: &Path, file: &Path, place: Place) {
        let since = self.open.iter().skip_while(|(open, _)| open != identity);
        let way: Vec<String> = since.map(|(_, path)| path.display().to_string()).collect();
        self.findings
            .error(
                codes::WB102,
                format!("files include each other in a circle: {} → {}", way.join(" → "), file.display()),
            )
            .at(place, "leads back to a file that is being read")
            .help("let one file include the others, and a glob not find the file it stands in");
    }
}

/// The files that a glob of a configuration names. What is wrong with it is told.
pub(super) fn matching(
    files: &Files,
    folder: &Path,
    glob: &str,
    place: Place,
    findings: &mut Findings,
) -> Option<Vec<PathBuf>> {
    match files.matching(folder, glob) {
        Ok(found) => {
            if found.is_empty() {
                findings.warn(codes::WB115, "no file is found here").at(place, "matches nothing");
            }
            Some(found)
        }
        Err(error @ GlobError::Wrong(_)) => {
            findings.error(codes::WB104, format!("`{glob}` is not a glob: {error}")).at(place, "");
            None
        }
        Err(error @ GlobError::Outside(_)) => {
            findings
                .error(codes::WB101, error.to_string())
                .at(place, "leads out of it")
                .help("only files of the repository are read, so that a review sees all of them");
            None
        }
    }
}

/// Puts what `other` says into `root`. `path` is where both stand.
fn merge(root: &mut Node, other: Node, path: &mut Vec<String>, findings: &mut Findings) {
    let (Kind::Mapping(known), Kind::Mapping(entries)) = (&mut root.kind, other.kind) else { return };
    for (key, value) in entries {
        let name = key.as_str().unwrap_or_default().to_owned();
        match known.iter_mut().find(|(known, _)| known.as_str() == Some(&name)) {
            None => known.push((key, value)),
            Some((first, held)) => {
                path.push(name);
                merge_values(first.place, held, (key.place, value), path, findings);
                path.pop();
            }
        }
    }
}

fn merge_values(
    first: Place,
    held: &mut Node,
    (again, value): (Place, Node),
    path: &mut Vec<String>,
    findings: &mut Findings,
) {
    let name = path.join(".");
    match (&mut held.kind, value) {
        (Kind::Mapping(_), value @ Node { kind: Kind::Mapping(_), .. }) if path.len() < DEPTH => {
            merge(held, value, path, findings);
        }
        (Kind::Sequence(items), Node { kind: Kind::Sequence(more), .. }) if JOINED.contains(&name.as_str()) => {
            items.extend(more);
        }
        _ => {
            findings
                .error(codes::WB103, format!("`{name}` stands in two files"))
                .at(again, "again here")
                .see(first, "first here")
                .help("keep one of them");
        }
    }
}
