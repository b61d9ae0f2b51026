//! From files to a rule set: read, parse and compile, several files at once; then join them.
//!
//! [`load`] does it once. A [`Loader`] does it again and again, and keeps what became of files that did not change.

use super::allow::{self, Allow, Spot};
use super::compile::{Checked, Compiled, Recorded, compile};
use super::join::join;
use super::schema;
use super::{Context, RuleSet};
use crate::diagnostics::{Findings, SourceId, Sources, codes};
use crate::side_by_side;
use crate::yaml::{self, Content, Node, Validator};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of some files.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The rules, as far as they could be understood. To be used only where nothing was wrong.
    pub set: RuleSet,
    /// The alerting rules with what was written, for lint.
    pub checked: Vec<Checked>,
    /// The recording rules with what was written, for lint.
    pub recorded: Vec<Recorded>,
    /// Where each rule stands, in the order of the files and of the text in them.
    pub spots: Vec<Spot>,
    /// What comments allow.
    pub allows: Vec<Allow>,
}

/// Loads the rule files at `paths`, in their order. What is wrong is among the findings.
pub fn load(paths: &[PathBuf], context: &Context, sources: &mut Sources, findings: &mut Findings) -> Loaded {
    let contents = side_by_side::each(paths, |path| yaml::content(path));
    load_contents(paths.iter().map(PathBuf::as_path).zip(contents), context, sources, findings)
}

/// Loads what was read at these paths, in their order.
pub fn load_contents<'a>(
    read: impl IntoIterator<Item = (&'a Path, Content)>,
    context: &Context,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Loaded {
    let read = read.into_iter();
    let admitted: Vec<SourceId> =
        read.filter_map(|(path, content)| yaml::admit(path, content, sources, findings)).collect();
    compile_all(&admitted, context, sources, findings)
}

/// WB068 · Not one rule: mostly a path is wrong. Where other things are, they are the reason.
pub fn find_none(set: &RuleSet, findings: &mut Findings) {
    if !findings.has_errors() && set.groups.iter().all(|group| group.rules.is_empty()) {
        findings
            .warn(codes::WB068, "there is not one rule")
            .help("name the folder or the files that have rules, in `rules` of the configuration or as arguments");
    }
}

/// Loads texts as if they stood in files at these paths.
pub fn load_texts(
    texts: &[(PathBuf, Arc<str>)],
    context: &Context,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Loaded {
    let admitted: Vec<SourceId> = texts.iter().map(|(path, text)| sources.add(path, text.clone())).collect();
    compile_all(&admitted, context, sources, findings)
}

fn compile_all(files: &[SourceId], context: &Context, sources: &Sources, findings: &mut Findings) -> Loaded {
    let schema = schema::validator();
    let mut files = side_by_side::each(files, |source| compile_file(*source, sources, context, &schema));
    for file in &mut files {
        findings.append(std::mem::take(&mut file.findings));
    }
    let mut loaded = Loaded { set: join(&files, context, findings), ..Loaded::default() };
    for file in files {
        loaded.checked.extend(file.checked);
        loaded.recorded.extend(file.recorded);
        loaded.spots.extend(file.spots);
        loaded.allows.extend(file.allows);
    }
    loaded
}

fn compile_file(source: SourceId, sources: &Sources, context: &Context, schema: &Validator) -> Compiled {
    let file = sources.get(source);
    let mut findings = Findings::default();
    let mut documents = yaml::parse(source, file.text(), &mut findings);
    documents.iter_mut().for_each(leave_out_nothing);
    for document in &documents {
        schema.validate(document, &mut findings);
    }
    compile(source, file, &documents, context, findings)
}

/// An item that is null is no group and no rule, as for Prometheus: a template that loops leaves such ones.
fn leave_out_nothing(document: &mut Node) {
    for group in document.get_mut("groups").map(Node::items_but_null).into_iter().flatten() {
        group.get_mut("rules").map(Node::items_but_null);
    }
}

/// Loads the same files over and over, and does the work again only for those that changed.
#[derive(Debug, Default)]
pub struct Loader {
    context: Context,
    sources: Sources,
    known: HashMap<PathBuf, Known>,
}

#[derive(Debug)]
struct Known {
    source: SourceId,
    compiled: Compiled,
}

impl Loader {
    /// Loads the rule files at `paths`, in their order. The caller looks whether the findings have errors, and goes on with
    /// the rules that it had if so.
    pub fn load(&mut self, paths: &[PathBuf], context: &Context) -> (RuleSet, Findings) {
        if self.context != *context {
            self.forget();
            self.context = context.clone();
        }
        let mut findings = Findings::default();
        let contents = side_by_side::each(paths, |path| yaml::content(path));
        self.compile_changed(paths, contents, &mut findings);
        self.known.retain(|path, known| {
            let stays = paths.contains(path);
            if !stays {
                self.sources.forget(known.source);
            }
            stays
        });
        let files: Vec<&Compiled> = paths.iter().filter_map(|path| Some(&self.known.get(path)?.compiled)).collect();
        for file in &files {
            findings.append(file.findings.clone());
        }
        let allows: Vec<&Allow> = files.iter().flat_map(|file| &file.allows).collect();
        let set = join(files, &self.context, &mut findings);
        allow::settle(&allows, &mut findings);
        (set, findings)
    }

    /// The texts that the findings point into.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The texts of those of `paths` that could be read when they were loaded last, in this order.
    pub fn texts<'a>(&'a self, paths: &'a [PathBuf]) -> impl Iterator<Item = (&'a Path, &'a Arc<str>)> {
        let known = paths.iter().filter_map(|path| Some((path.as_path(), self.known.get(path)?)));
        known.map(|(path, known)| (path, self.sources.get(known.source).text()))
    }

    fn forget(&mut self) {
        for (_, known) in self.known.drain() {
            self.sources.forget(known.source);
        }
    }

    fn compile_changed(&mut self, paths: &[PathBuf], contents: Vec<Content>, findings: &mut Findings) {
        let mut changed: Vec<(&PathBuf, SourceId)> = Vec::new();
        for (path, content) in paths.iter().zip(contents) {
            if self.is_known(path, &content) {
                continue;
            }
            if let Some(known) = self.known.remove(path) {
                self.sources.forget(known.source);
            }
            let admitted = yaml::admit(path, content, &mut self.sources, findings);
            changed.extend(admitted.map(|source| (path, source)));
        }
        if changed.is_empty() {
            // A service looks every other second: it makes no schema for nothing.
            return;
        }
        let (sources, context, schema) = (&self.sources, &self.context, schema::validator());
        let compiled = side_by_side::each(&changed, |(_, source)| compile_file(*source, sources, context, &schema));
        for ((path, source), mut compiled) in changed.into_iter().zip(compiled) {
            // Only lint looks at what was written, and it does not come here.
            (compiled.checked, compiled.recorded, compiled.spots) = Default::default();
            self.known.insert(path.clone(), Known { source, compiled });
        }
    }

    fn is_known(&self, path: &Path, content: &Content) -> bool {
        let (Some(known), Ok(bytes)) = (self.known.get(path), content) else { return false };
        self.sources.get(known.source).text().as_bytes() == bytes.as_slice()
    }
}
