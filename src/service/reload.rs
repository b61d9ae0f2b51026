//! When files are read again: file events, a rescan by content, SIGHUP, and a request.
//!
//! File events are only a hint: directories are watched (an editor replaces files, Kubernetes swaps symlinks), a burst
//! settles first, and every so often everything is looked at anyway, for file systems that say nothing. Reading and
//! compiling happen in a thread of their own; what comes back is complete, or an explanation.

use super::fetch::Clients;
use crate::config::{self, Settings};
use crate::prometheus::Writer;
use crate::rules::RuleSet;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// A burst of file events is over after so long without another.
const SETTLED: Duration = Duration::from_millis(250);
/// A burst is cut off after so long.
const AT_MOST: Duration = Duration::from_secs(2);
/// Everything is looked at this often, whatever was or was not heard.
const RESCAN: Duration = Duration::from_secs(45);

/// Somebody wants the files to be read.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Its number; 0 is nobody in particular.
    pub number: u64,
    /// Whether an answer is wanted even where nothing has changed.
    pub even_if_unchanged: bool,
}

const NOBODYS: Wish = Wish { number: 0, even_if_unchanged: false };

/// Everything that was read and compiled.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The service configuration.
    pub settings: Arc<Settings>,
    /// The rules.
    pub rules: RuleSet,
    /// Clients of all sources.
    pub clients: Clients,
    /// Where recorded series are written, if anywhere.
    pub writer: Option<Arc<Writer>>,
    /// A hash of all texts: what this set is called in the journal.
    pub rule_set: String,
    /// The files, by path, with their texts.
    pub files: Vec<(String, String)>,
    /// What somebody should look at, though it can be used.
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
impl Fresh {
    /// As if these settings had been read from files, without a rule.
    pub fn of(settings: Settings) -> Fresh {
        let rule_set = format!("{settings:?}");
        let (settings, rules, clients) = (Arc::new(settings), RuleSet::default(), Clients::new());
        Fresh { settings, rules, clients, writer: None, rule_set, files: Vec::new(), warnings: Vec::new() }
    }
}

/// Something in good files that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its code, for `watchbell explain`.
    pub code: String,
    /// Path, line and column, where it has a place.
    pub place: Option<String>,
    /// What is to be seen there.
    pub message: String,
}

/// What came of a wish.
#[derive(Debug)]
pub struct Loaded {
    /// Whose wish it was.
    pub wish: u64,
    /// The fresh set; `None` where nothing has changed; the diagnostics where it is bad.
    pub outcome: Result<Option<Fresh>, String>,
}

/// Reads and compiles everything. Called in a thread that may wait for the disk.
pub type Load = Arc<dyn Fn() -> Result<Fresh, String> + Send + Sync>;

/// Watches the folders that `folders` names and loads again when something may have changed.
pub struct Reloader {
    load: Load,
    rule_set: String,
    watched: BTreeSet<PathBuf>,
    watcher: Option<RecommendedWatcher>,
    /// What was wrong with the files when they were read last.
    bad: Option<String>,
    /// The ends of the names of files that may be of interest, lest others have us read.
    ends: Ends,
}

/// The ends of the names of files that may be of interest. The watcher, in a thread of its own, looks at them.
type Ends = Arc<Mutex<BTreeSet<OsString>>>;

impl Reloader {
    /// A reloader that starts from what runs now. Events of the folders arrive as hints; what is written to `store` is none.
    #[must_use]
    pub fn new(load: Load, running: &str, store: &Path, hints: mpsc::UnboundedSender<()>) -> Self {
        let store = store.file_name().unwrap_or_default().to_owned();
        let ends = Ends::default();
        let known = Arc::clone(&ends);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if event.map_or(true, |event| is_news(&event, &store, &known)) {
                let _gone = hints.send(());
            }
        });
        let watcher = watcher
            .inspect_err(|cause| warn!(error = %cause, "cannot watch files; looking at them every 45 s instead"))
            .ok();
        Reloader { load, rule_set: running.to_owned(), watched: BTreeSet::new(), watcher, bad: None, ends }
    }

    /// Watches the folders of all files, and the folders above them, so that a replaced folder is noticed as well; and where files may
    /// come to be that are looked for.
    pub fn watch(&mut self, fresh: &Fresh) {
        let Some(watcher) = &mut self.watcher else { return };
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends_of(&fresh.files, &fresh.settings.rules);
        let folders = folders_to_watch(&fresh.files, &fresh.settings.rules);
        for folder in folders.difference(&self.watched.clone()) {
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(folder.clone());
                }
                Err(cause) => {
                    warn!(path = %folder.display(), error = %cause, "cannot watch this folder; it is looked at every 45 s")
                }
            }
        }
        for folder in self.watched.clone().difference(&folders) {
            // A folder that is gone cannot be unwatched; that is as good.
            let _gone = watcher.unwatch(folder);
            self.watched.remove(folder);
        }
    }

    /// Loads whenever there is reason to, until `stop`.
    pub async fn run(
        mut self,
        mut hints: mpsc::UnboundedReceiver<()>,
        mut wishes: mpsc::UnboundedReceiver<Wish>,
        loaded: mpsc::UnboundedSender<Loaded>,
        stop: CancellationToken,
    ) {
        let mut rescan = tokio::time::interval_at(Instant::now() + RESCAN, RESCAN);
        loop {
            let wish = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(wish) = wishes.recv() => wish,
                Some(()) = hints.recv() => settle(&mut hints, &mut wishes).await,
                _ = rescan.tick() => NOBODYS,
            };
            // What was heard of so far is read now.
            while hints.try_recv().is_ok() {}
            if let Some(answer) = self.load(wish).await {
                let _gone = loaded.send(answer);
            }
        }
    }

    async fn load(&mut self, wish: Wish) -> Option<Loaded> {
        let load = Arc::clone(&self.load);
        let outcome = tokio::task::spawn_blocking(move || load()).await;
        let outcome = outcome.unwrap_or_else(|cause| Err(format!("reading the files ended abnormally: {cause}")));
        match outcome {
            Ok(fresh) => {
                self.bad = None;
                self.watch(&fresh);
                let same = fresh.rule_set == self.rule_set;
                if same && !wish.even_if_unchanged {
                    return None;
                }
                warn_of(&fresh);
                self.rule_set.clone_from(&fresh.rule_set);
                Some(Loaded { wish: wish.number, outcome: Ok((!same).then_some(fresh)) })
            }
            // Said once: a file event that is about nothing of ours must not fill the log, least of all one of the log itself.
            Err(findings) if !wish.even_if_unchanged && self.bad.as_ref() == Some(&findings) => None,
            Err(findings) => {
                self.bad = Some(findings.clone());
                error!("the files are bad; what ran goes on running\n{findings}");
                // So that going back to what runs counts as news, and is said.
                self.rule_set.clear();
                Some(Loaded { wish: wish.number, outcome: Err(findings) })
            }
        }
    }
}

/// Waits until a burst of events is over. Whoever asks meanwhile has written what they wanted to, and is served at once.
async fn settle(hints: &mut mpsc::UnboundedReceiver<()>, wishes: &mut mpsc::UnboundedReceiver<Wish>) -> Wish {
    let end = Instant::now() + AT_MOST;
    loop {
        tokio::select! {
            biased;
            Some(wish) = wishes.recv() => return wish,
            () = tokio::time::sleep_until(end) => return NOBODYS,
            Some(()) = hints.recv() => {}
            () = tokio::time::sleep(SETTLED) => return NOBODYS,
        }
    }
}

/// Whether a file event may be about the configuration or the rules. Our own reading makes events of access, every commit
/// writes to the store, which mostly lies beside the configuration, and so may a log: they would have us read for ever.
fn is_news(event: &notify::Event, store: &OsStr, ends: &BTreeSet<OsString>) -> bool {
    let is_store = |path: &Path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let besides = name.strip_prefix(store.as_encoded_bytes());
        besides.is_some_and(|end| [&b""[..], b"-wal", b"-shm", b"-journal"].contains(&end))
    };
    // `..data`, as Kubernetes swaps them, has no end.
    let is_swapped = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".."));
    let is_other =
        |path: &Path| !is_swapped(path) && path.extension().is_some_and(|end| !ends.is_empty() && !ends.contains(end));
    let is_noise = |path: &PathBuf| is_store(path) || is_other(path);
    let is_ours = !event.paths.is_empty() && event.paths.iter().all(is_noise);
    !is_ours && !matches!(event.kind, EventKind::Access(_))
}

/// The ends of the names of all files and of the folders that they lie in, which may be swapped as a whole, and of those that
/// the globs look for. Of a glob for everything all are of interest.
fn ends_of(files: &[(String, String)], globs: &[String]) -> BTreeSet<OsString> {
    let of_names: Option<BTreeSet<OsString>> = files
        .iter()
        .map(|(path, _)| path)
        .chain(globs)
        .map(|name| Path::new(name).extension().filter(|end| !config::is_wild(end)).map(OsStr::to_owned))
        .collect();
    let folders = files.iter().flat_map(|(path, _)| Path::new(path).ancestors().skip(1));
    let of_folders = folders.filter_map(Path::extension).map(OsStr::to_owned);
    of_names.map(|ends| ends.into_iter().chain(of_folders).collect()).unwrap_or_default()
}

fn folders_to_watch(files: &[(String, String)], globs: &[String]) -> BTreeSet<PathBuf> {
    let mut folders: BTreeSet<PathBuf> = files.iter().flat_map(|(path, _)| folders_of(Path::new(path))).collect();
    let home = files.first().and_then(|(first, _)| Path::new(first).parent()).unwrap_or(Path::new(""));
    for folder in globs.iter().filter_map(|glob| folder_before(home, glob)) {
        // One folder under two names would be let go under the one, and then be watched under neither.
        let is_known = |known: &PathBuf| known.canonicalize().ok() == folder.canonicalize().ok();
        if !folders.iter().any(is_known) {
            folders.insert(folder);
        }
    }
    folders
}

/// Where files may come to be that `glob` finds: the folder before its first wildcard, or as much of it as is there.
fn folder_before(home: &Path, glob: &str) -> Option<PathBuf> {
    let fixed = home.join(config::fixed_part(glob));
    let usual = |folder: &Path| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
    fixed.ancestors().map(usual).find(|folder| folder.is_dir())
}

fn folders_of(file: &Path) -> Vec<PathBuf> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).map(Path::to_owned);
    // A symlinked file lives in another folder as well, and that one is replaced too.
    let real = file.canonicalize().ok().and_then(|real| real.parent().map(Path::to_owned));
    [Some(folder), above, real].into_iter().flatten().collect()
}

/// Says once at a start what is running.
pub fn announce(fresh: &Fresh) {
    let rules: usize = fresh.rules.groups.iter().map(|group| group.alerts().count()).sum();
    info!(rules, groups = fresh.rules.groups.len(), rule_set = %fresh.rule_set, "running {rules} rules in {} groups", fresh.rules.groups.len());
    let idle = fresh.settings.not_acted_on_yet();
    if !idle.is_empty() {
        warn!("read and checked, but not acted on by this version yet: {}", idle.join(", "));
    }
    warn_of(fresh);
}

/// Says what somebody should look at in files that are good enough to run.
fn warn_of(fresh: &Fresh) {
    for Warning { code, place, message } in &fresh.warnings {
        let place = place.as_deref().unwrap_or("the configuration");
        warn!(code, place, "{place}: {message} ({code})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, ModifyKind};

    #[test]
    fn what_we_write_to_the_store_and_what_we_read_are_no_news() {
        let files = ["watchbell.yaml", "/w/conf.d/a.yaml"].map(|path| (path.into(), String::new()));
        let ends = ends_of(&files, &["rules/*.rules".into()]);
        let hear = |kind: EventKind, names: &[&str]| {
            let event = names.iter().fold(notify::Event::new(kind), |event, name| event.add_path(name.into()));
            is_news(&event, OsStr::new("watchbell.db"), &ends)
        };
        let written = EventKind::Modify(ModifyKind::Any);
        for name in ["/w/watchbell.db", "/w/watchbell.db-wal", "/w/watchbell.db-shm", "/w/watchbell.db-journal"] {
            assert!(!hear(written, &[name]), "{name}");
        }
        assert!(!hear(EventKind::Access(AccessKind::Any), &["/w/rules.yaml"]));
        for name in ["/w/rules.yaml", "/w/watchbell.yaml", "/w/watchbell.db.yaml", "/w/..data"] {
            assert!(hear(written, &[name]), "{name}");
        }
        assert!(hear(EventKind::Create(CreateKind::Any), &["/w/watchbell.db-wal", "/w/rules.yaml"]));
        assert!(hear(EventKind::Other, &[]), "events were lost");
        assert!(hear(written, &["/w/new.rules"]) && hear(written, &["/w/rules"]), "it may be of interest");
        assert!(hear(EventKind::Create(CreateKind::Any), &["/w/conf.d"]), "a folder is swapped");
        assert!(!hear(written, &["/w/watchbell.log"]) && !hear(written, &["/w/rules/.a.yaml.swp"]));
        for glob in ["rules/*", "rules", "rules/*.y?ml"] {
            assert_eq!(ends_of(&[("watchbell.yaml".into(), String::new())], &[glob.into()]), BTreeSet::new(), "{glob}");
        }
    }

    #[test]
    fn the_folder_of_a_glob_is_watched_also_where_nothing_lies_in_it() {
        let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        let watched = |globs: &[&str], files: &[&str]| {
            let name = |file: &&str| (home.join(file).display().to_string(), String::new());
            let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
            let folders = folders_to_watch(&files.iter().map(name).collect::<Vec<_>>(), &globs);
            let below = |folder: &PathBuf| Some(folder.strip_prefix(home).ok()?.display().to_string());
            folders.iter().filter_map(below).collect::<Vec<_>>()
        };
        assert_eq!(watched(&["service/*.yaml"], &["watchbell.yaml"]), ["", "service"]);
        assert_eq!(watched(&["service/delivery"], &["watchbell.yaml"]), ["", "service/delivery"]);
        assert_eq!(watched(&["service/nowhere/*/x.yaml"], &["watchbell.yaml"]), ["", "service"], "as much as is there");
        assert_eq!(watched(&["service/../service/*.yaml"], &["w.yaml", "service/a.yaml"]), ["", "service"], "once");
    }

    #[tokio::test]
    async fn whoever_asks_does_not_wait_for_a_burst_of_events_to_settle() {
        let (hint, mut hints) = mpsc::unbounded_channel();
        let (wish, mut wishes) = mpsc::unbounded_channel();
        hint.send(()).unwrap();
        wish.send(Wish { number: 7, even_if_unchanged: true }).unwrap();
        assert_eq!(settle(&mut hints, &mut wishes).await.number, 7);
    }

    #[tokio::test]
    async fn a_burst_without_a_request_is_nobodys_wish() {
        let (hint, mut hints) = mpsc::unbounded_channel();
        let (_wish, mut wishes) = mpsc::unbounded_channel();
        hint.send(()).unwrap();
        assert_eq!(settle(&mut hints, &mut wishes).await.number, 0);
        assert!(hints.try_recv().is_err(), "the burst was heard to its end");
    }
}
