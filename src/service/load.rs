//! From the files of a configuration to everything that a run needs, or an explanation.

use super::fetch::Clients;
use super::reload::{Fresh, Warning};
use crate::config::{self, Files, RemoteWrite, Settings, Source, Store};
use crate::diagnostics::{Finding, Findings, Sources, render};
use crate::http::chain;
use crate::model::Name;
use crate::prometheus::{Client, Writer};
use crate::rules::{self, Context};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Loads one configuration over and over, and does the work again only for what changed.
pub struct FileLoader {
    config: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    rules: rules::Loader,
    clients: HashMap<Name, (Source, Arc<Client>)>,
    writer: Option<(RemoteWrite, Arc<Writer>)>,
}

impl FileLoader {
    /// A loader of the configuration at `config`.
    #[must_use]
    pub fn new(config: PathBuf) -> Self {
        FileLoader { config, kept: Mutex::default() }
    }

    /// Reads, checks, compiles and builds everything.
    ///
    /// # Errors
    /// The diagnostics, as people read them.
    pub fn load(&self) -> Result<Fresh, String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = config::load(&self.config, Timestamp::now(), &mut sources, &mut findings);
        let loaded =
            loaded.filter(|_| !findings.has_errors()).ok_or_else(|| render::human(&findings, &sources, false))?;
        let mut warnings = warnings(&findings, &sources);
        let context = context(&loaded.settings);
        let (set, mut findings) = kept.rules.load(&loaded.rule_files, &context);
        rules::find_none(&set, &mut findings);
        if findings.has_errors() {
            return Err(render::human(&findings, kept.rules.sources(), false));
        }
        warnings.extend(self::warnings(&findings, kept.rules.sources()));
        let texts = |sources: &Sources| -> Vec<(String, String)> {
            sources.iter().map(|(_, source)| (source.path().display().to_string(), source.text().to_string())).collect()
        };
        let mut files = texts(&sources);
        let rules = kept.rules.texts(&loaded.rule_files);
        files.extend(rules.map(|(path, text)| (path.display().to_string(), text.to_string())));
        let (clients, writer) = (kept.clients(&loaded.settings)?, kept.writer(&loaded.settings)?);
        let (rule_set, settings) = (hash(&files), Arc::new(loaded.settings));
        Ok(Fresh { rule_set, settings, rules: set, clients, writer, files, warnings })
    }

    /// Where the configuration has its store, as far as that can be understood of one that is bad elsewhere: of one that is no YAML
    /// by its `store` alone. Nothing where it does not say.
    #[must_use]
    pub fn store(&self) -> Option<Store> {
        let read = |files: &Files| {
            let (mut sources, mut findings) = (Sources::default(), Findings::default());
            config::load_from(files, &self.config, Timestamp::now(), &mut sources, &mut findings)
        };
        let alone = || {
            let text = std::fs::read_to_string(&self.config).ok()?;
            let part = Arc::from(section(&text, "store")?);
            read(&Files::Given([(self.config.clone(), part)].into()))
        };
        read(&Files::beside(&self.config)).or_else(alone).map(|loaded| loaded.settings.store)
    }

    /// Compiles the texts that were kept when they were good.
    ///
    /// # Errors
    /// The diagnostics: what was good to an older version need not be good to this one.
    pub fn load_kept(&self, files: Vec<(String, String)>) -> Result<Fresh, String> {
        let texts: BTreeMap<PathBuf, Arc<str>> =
            files.iter().map(|(path, text)| (PathBuf::from(path), Arc::from(text.as_str()))).collect();
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let given = Files::Given(texts.clone());
        let loaded = config::load_from(&given, &self.config, Timestamp::now(), &mut sources, &mut findings);
        let loaded =
            loaded.filter(|_| !findings.has_errors()).ok_or_else(|| render::human(&findings, &sources, false))?;
        let mut warnings = warnings(&findings, &sources);
        let rules: Vec<(PathBuf, Arc<str>)> =
            loaded.rule_files.iter().filter_map(|path| Some((path.clone(), Arc::clone(texts.get(path)?)))).collect();
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let set = rules::load_texts(&rules, &context(&loaded.settings), &mut sources, &mut findings).set;
        if findings.has_errors() {
            return Err(render::human(&findings, &sources, false));
        }
        warnings.extend(self::warnings(&findings, &sources));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (clients, writer) = (kept.clients(&loaded.settings)?, kept.writer(&loaded.settings)?);
        let (rule_set, settings) = (hash(&files), Arc::new(loaded.settings));
        Ok(Fresh { rule_set, settings, rules: set, clients, writer, files, warnings })
    }
}

impl Kept {
    /// The clients of all sources; one whose source is as it was keeps its connections.
    fn clients(&mut self, settings: &Settings) -> Result<Clients, String> {
        let mut clients = HashMap::new();
        for (name, source) in &settings.sources {
            let known = self.clients.remove(name).filter(|(known, _)| known == source);
            let client = match known {
                Some((_, client)) => client,
                None => {
                    let client =
                        Client::new(source).map_err(|cause| format!("error: source {name}: {}", chain(&cause)))?;
                    Arc::new(client)
                }
            };
            clients.insert(name.clone(), (source.clone(), client));
        }
        self.clients.clone_from(&clients);
        Ok(clients.into_iter().map(|(name, (_, client))| (name, client)).collect())
    }

    /// The way to where recorded series are kept; if the target is as it was, so is the way.
    fn writer(&mut self, settings: &Settings) -> Result<Option<Arc<Writer>>, String> {
        let known = self.writer.take().filter(|(known, _)| Some(known) == settings.remote_write.as_ref());
        self.writer = match (known, &settings.remote_write) {
            (Some(known), _) => Some(known),
            (None, Some(target)) => {
                let writer = Writer::new(target).map_err(|cause| format!("error: remote_write: {}", chain(&cause)))?;
                Some((target.clone(), Arc::new(writer)))
            }
            (None, None) => None,
        };
        Ok(self.writer.as_ref().map(|(_, writer)| Arc::clone(writer)))
    }
}

/// The lines of `text` from its key `name` on, up to the next key beside it.
fn section(text: &str, name: &str) -> Option<String> {
    let is_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut lines = text.lines().skip_while(|line| !is_name(line));
    let first = lines.next()?;
    let rest = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    Some(std::iter::once(first).chain(rest).map(|line| format!("{line}\n")).collect())
}

/// What was found in files that can be used all the same. Some of it depends on today, and stops nothing.
fn warnings(findings: &Findings, sources: &Sources) -> Vec<Warning> {
    let warning = |finding: &Finding| Warning {
        code: finding.code.to_string(),
        place: finding.at.as_ref().map(|(place, _)| sources.describe(*place)),
        message: finding.message.clone(),
    };
    findings.iter().map(warning).collect()
}

/// What rules may speak of under these settings.
#[must_use]
pub fn context(settings: &Settings) -> Context {
    Context {
        severities: settings.severities.clone(),
        sources: Some(settings.sources.keys().cloned().collect()),
        default_source: settings.default_source.clone(),
        policies: Some(settings.policies.keys().cloned().collect()),
        actions: Some(settings.actions.keys().cloned().collect()),
        history_max_samples: settings.history_max_samples,
        records_go_nowhere: settings.remote_write.is_none(),
        ..Context::default()
    }
}

/// What a set of files is called: the beginning of a hash of all of them.
fn hash(files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    // The store has them in an order of its own.
    let files: BTreeMap<_, _> = files.iter().map(|(path, text)| (path, text)).collect();
    for (path, text) in files {
        for part in [path, text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The store's file, seen from the folder of the configuration.
#[must_use]
pub fn beside(config: &Path, file: &Path) -> PathBuf {
    config.parent().map_or_else(|| file.to_owned(), |folder| folder.join(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_kept_has_the_name_that_it_had_when_it_was_read_from_disk() {
        let loader = FileLoader::new(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/watchbell.yaml")));
        let fresh = loader.load().unwrap_or_else(|why| panic!("{why}"));
        let mut kept = fresh.files.clone();
        kept.sort();
        assert_ne!(kept, fresh.files, "the store has them in an order of its own");
        let again = loader.load_kept(kept).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(again.rule_set, fresh.rule_set);
    }
}
