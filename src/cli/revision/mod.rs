//! The rules and the configuration of a git revision or a folder, loaded.
//!
//! A revision is read as data, object by object, into memory: nothing is checked out, so no hook, filter or textconv of the
//! repository runs, no link is followed by the operating system, and no name of a file reaches a disk.

mod git;
mod tree;

use super::{Colour, CommandError, output, paths};
use crate::config::{self, Files, Settings};
use crate::diagnostics::{Findings, Level, Sources, render};
use crate::engine::World;
use crate::rules;
use crate::service::load::context;
use git::Repository;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::Tree;

/// One side of a comparison, loaded.
pub struct Loaded {
    /// What people call it.
    pub label: String,
    /// Rules and settings.
    pub world: World,
    /// The texts that places point into.
    pub sources: Sources,
    /// Whether it has a configuration.
    pub is_configured: bool,
    /// How many rule files were read.
    pub rule_files: usize,
}

/// Where a side is found.
pub enum Place {
    /// In a commit.
    Commit {
        /// As it was asked for.
        label: String,
        /// Its files.
        tree: Tree,
    },
    /// In a folder.
    Folder {
        /// As it was asked for.
        label: String,
        /// The folder.
        folder: PathBuf,
    },
}

impl Place {
    /// The files as they are here now.
    ///
    /// # Errors
    /// When git says that none can be here, or fails.
    pub fn working_tree() -> Result<Self, CommandError> {
        if Repository::here()?.is_some_and(|repository| !repository.has_files) {
            let why = "a bare repository, and the inside of `.git`, has no files to compare with";
            return Err(CommandError::Usage(format!("{why}; name a second revision: `watchbell diff BASE HEAD`")));
        }
        Ok(Place::Folder { label: "the working tree".into(), folder: PathBuf::new() })
    }

    /// What `name` names: a revision, else a folder. A name that begins with `.` or `/` is a folder.
    ///
    /// # Errors
    /// When it is neither, or git fails.
    pub fn find(name: &str, configuration: &Path) -> Result<Self, CommandError> {
        let folder = Path::new(name);
        let repository = Repository::here()?;
        let is_path = name.starts_with(['.', '/']);
        if let (Some(repository), false) = (&repository, is_path)
            && let Some(commit) = git::commit(name)?
        {
            let tree = Tree::read(repository, &commit, name, configuration)?;
            return Ok(Place::Commit { label: name.to_owned(), tree });
        }
        if folder.is_dir() {
            return Ok(Place::Folder { label: name.to_owned(), folder: folder.to_owned() });
        }
        let help = match repository {
            None => "this is no git repository, so name a folder that there is",
            Some(_) => {
                "fetch it first (a shallow clone has only its newest commit: `git fetch origin main`), or name a folder"
            }
        };
        Err(CommandError::Usage(format!("`{name}` is neither a revision of this repository nor a folder; {help}")))
    }

    /// Where other repositories hang in it.
    pub fn submodules(&self) -> &[PathBuf] {
        match self {
            Place::Commit { tree, .. } => &tree.submodules,
            Place::Folder { .. } => &[],
        }
    }

    /// Loads the side. What the other side knows to be a submodule is another repository, and left out.
    ///
    /// # Errors
    /// When the rules or the configuration do not pass; what is wrong has been said with its place then.
    pub fn load(self, foreign: &[PathBuf], configuration: &Path, colour: Colour) -> Result<Loaded, CommandError> {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let (label, loaded) = match self {
            Place::Commit { label, tree } => {
                (label, load_texts(&tree.texts, configuration, &mut sources, &mut findings))
            }
            Place::Folder { label, folder } => {
                let loaded = load_folder(&folder, configuration, foreign, &mut sources, &mut findings)?;
                (label, loaded)
            }
        };
        let Read { settings, set, is_configured, rule_files } = loaded;
        if findings.has_errors() {
            findings.keep(Level::Error);
            findings.sort();
            output::print_aside(&render::human(&findings, &sources, colour.for_stream(&io::stderr())))?;
            let count = match findings.count(Level::Error) {
                1 => "1 error".to_owned(),
                count => format!("{count} errors"),
            };
            let help = "shown above as `watchbell check` shows them; repair it, or compare with another one";
            return Err(CommandError::Usage(format!("{label} does not pass: {count}, {help}")));
        }
        Ok(Loaded { label, world: World::new(Arc::new(settings), set), sources, is_configured, rule_files })
    }
}

struct Read {
    settings: Settings,
    set: rules::RuleSet,
    is_configured: bool,
    rule_files: usize,
}

fn load_texts(
    texts: &BTreeMap<PathBuf, Arc<str>>,
    configuration: &Path,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Read {
    let is_configured = texts.contains_key(configuration);
    let given = Files::Given(texts.clone());
    let configured =
        is_configured.then(|| config::load_from(&given, configuration, Timestamp::now(), sources, findings)).flatten();
    let named = configured.as_ref().map(|loaded| loaded.rule_files.clone());
    // As in a folder without a configuration: what lies beside and above are the rules of somebody else.
    let is_loose = |path: &Path, text: &str| !path.starts_with("..") && paths::is_rules(text);
    let loose = || texts.iter().filter(|(path, text)| is_loose(path, text)).map(|(path, _)| path.clone()).collect();
    let files: Vec<PathBuf> = if is_configured { named.unwrap_or_default() } else { loose() };
    let rules: Vec<(PathBuf, Arc<str>)> =
        files.iter().filter_map(|path| Some((path.clone(), Arc::clone(texts.get(path)?)))).collect();
    let settings = configured.map(|loaded| loaded.settings);
    let known = settings.as_ref().map_or_else(rules::Context::default, context);
    let set = rules::load_texts(&rules, &known, sources, findings).set;
    Read { settings: settings.unwrap_or_default(), set, is_configured, rule_files: rules.len() }
}

fn load_folder(
    folder: &Path,
    configuration: &Path,
    foreign: &[PathBuf],
    sources: &mut Sources,
    findings: &mut Findings,
) -> Result<Read, CommandError> {
    let configuration = folder.join(configuration);
    let is_configured = configuration.is_file();
    let configured = is_configured.then(|| config::load(&configuration, Timestamp::now(), sources, findings)).flatten();
    let mut files = match &configured {
        Some(loaded) => loaded.rule_files.clone(),
        None if is_configured => Vec::new(),
        None => loose(folder),
    };
    let is_foreign = |path: &Path| foreign.iter().find(|module| path.starts_with(folder.join(module)));
    if let Some(module) = files.iter().find_map(|path| is_foreign(path)) {
        let module = module.display();
        output::print_aside(&format!(
            "left out: `{module}` is a submodule, so its rules are those of another repository\n"
        ))?;
    }
    files.retain(|path| is_foreign(path).is_none());
    let settings = configured.map(|loaded| loaded.settings);
    let known = settings.as_ref().map_or_else(rules::Context::default, context);
    let set = rules::load(&files, &known, sources, findings).set;
    Ok(Read { settings: settings.unwrap_or_default(), set, is_configured, rule_files: files.len() })
}

/// The rule files of a folder without a configuration.
fn loose(folder: &Path) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_rules =
        |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| paths::is_rules(&String::from_utf8_lossy(&bytes)));
    let files = paths::expand(&[here.to_owned()]).into_iter().filter(is_rules);
    files.map(|path| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)).collect()
}
