//! What commands that look at real history share: from when, whom they ask, what they play.

use super::{CommandError, output, paths};
use crate::backtest::{self, Asked, Asking, Extent, Known, Session, SessionError, Window};
use crate::config::{Settings, Source, Store};
use crate::diagnostics::{Findings, Sources, render};
use crate::engine::{Event, World};
use crate::model::{Name, Slot, Span, duration_text};
use crate::prometheus::Client;
use crate::rules::{self, RuleSet};
use crate::service::load::{FileLoader, beside, context};
use crate::store::{Partition, Sqlite, Store as _, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::io::IsTerminal;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a rule is switched off that nobody asked for.
pub const NOT_ASKED_FOR: &str = "not asked for";
/// How many incidents of the journal are looked at, at most.
const MOST_KNOWN: usize = 10_000;

/// The stretch of history, and whom to ask about it.
#[derive(Debug, clap::Args)]
pub struct Past {
    /// From when: how long ago (`14d`), or an instant (`2026-01-05T09:00:00Z`).
    #[arg(long, value_name = "WHEN", default_value = "14d")]
    from: String,
    /// Until when: `now`, how long ago, or an instant.
    #[arg(long, value_name = "WHEN", default_value = "now")]
    to: String,
    #[command(flatten)]
    whom: Whom,
}

/// Whom to ask about the past, and how.
#[derive(Debug, clap::Args)]
pub struct Whom {
    /// Ask this Prometheus, whatever the configuration says.
    #[arg(long, value_name = "URL", env = "WATCHBELL_PROMETHEUS")]
    prometheus: Option<String>,
    /// Ask everything again, and keep no answer.
    #[arg(long)]
    no_cache: bool,
    /// How long one question may take.
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: String,
}

/// What is played, and whom it asks.
pub struct Subject {
    /// Rules and settings.
    pub world: Arc<World>,
    /// The configuration, where there is one.
    pub config: Option<PathBuf>,
    clients: HashMap<Name, Arc<Client>>,
}

impl Subject {
    /// The same, playing the rules of `world`.
    pub fn playing(self, world: Arc<World>) -> Self {
        Subject { world, ..self }
    }
}

impl Past {
    /// The window, and the instant that counts as now.
    ///
    /// # Errors
    /// When a time cannot be read, or the window is empty or not yet over.
    pub fn window(&self) -> Result<(Window, Slot), CommandError> {
        let now = Timestamp::now().as_millisecond();
        let window = Window { from: instant("--from", &self.from, now)?, to: instant("--to", &self.to, now)? };
        if window.to <= window.from {
            return Err(CommandError::Usage(format!("--from {} is not before --to {}", self.from, self.to)));
        }
        // Of what is yet to come a source says as little as of what was calm.
        if window.to.millis() > now {
            return Err(CommandError::Usage(format!("--to {} lies in the future: history ends now", self.to)));
        }
        Ok((window, Slot::from_millis(now)))
    }
}

/// A stretch of history is asked for as anything else is.
impl Deref for Past {
    type Target = Whom;

    fn deref(&self) -> &Whom {
        &self.whom
    }
}

impl Whom {
    /// Loads the configuration, or only `files` where there are some, and prepares to ask.
    ///
    /// # Errors
    /// When rules or configuration do not pass, or there is nobody to ask.
    pub fn load(&self, config: Option<&Path>, files: &[PathBuf]) -> Result<Subject, CommandError> {
        let config = paths::found(config);
        let (mut settings, mut rules) = match config {
            Some(config) => {
                let fresh = FileLoader::new(config.to_owned()).load().map_err(CommandError::Findings)?;
                (Settings::clone(&fresh.settings), fresh.rules)
            }
            None if files.is_empty() || !self.is_given() => {
                let message =
                    "there is no watchbell.yaml here: name it with --config, or give rule files and --prometheus";
                return Err(CommandError::Usage(message.into()));
            }
            None => (Settings::default(), RuleSet::default()),
        };
        if let Some(url) = self.address() {
            settings = asking_only(settings, url);
        }
        if !files.is_empty() {
            rules = read_rules(files, &settings)?;
        }
        let clients = self.clients(&settings, &rules)?;
        let config = config.map(Path::to_owned);
        Ok(Subject { world: Arc::new(World::new(Arc::new(settings), rules)), config, clients })
    }

    /// A client for each source that `rules` name.
    fn clients(&self, settings: &Settings, rules: &RuleSet) -> Result<HashMap<Name, Arc<Client>>, CommandError> {
        let mut clients = HashMap::new();
        for (name, source) in &settings.sources {
            let client = Client::new(source);
            let client = client
                .map_err(|error| CommandError::Usage(format!("source {name}: {}", crate::http::chain(&error))))?;
            clients.insert(name.clone(), Arc::new(client));
        }
        for group in &rules.groups {
            let only = clients.values().next().filter(|_| self.is_given()).cloned();
            let client = clients.get(&group.source).cloned().or(only).ok_or_else(|| {
                let (group, source) = (&group.name, &group.source);
                CommandError::Usage(format!(
                    "group {group} asks source {source}, which the configuration does not have"
                ))
            })?;
            clients.insert(group.source.clone(), client);
        }
        Ok(clients)
    }

    /// A session of these rules, which ask whom `subject` asks.
    ///
    /// # Errors
    /// When the deadline cannot be read.
    pub fn session(
        &self,
        subject: &Subject,
        worlds: impl IntoIterator<Item = Arc<World>>,
        (window, now): (Window, Slot),
    ) -> Result<Session, CommandError> {
        Ok(Session::new(worlds, self.asking(subject, now)?, window))
    }

    /// How the sources are asked.
    ///
    /// # Errors
    /// When the deadline cannot be read.
    pub fn asking(&self, subject: &Subject, now: Slot) -> Result<Asking, CommandError> {
        let timeout =
            duration_text::parse(&self.timeout).map_err(|error| CommandError::Usage(format!("--timeout: {error}")))?;
        Ok(Asking {
            clients: subject.clients.clone(),
            kept: if self.no_cache { None } else { cache_folder() },
            now,
            timeout,
            with_up: Vec::new(),
            asked: Arc::new(Asked::default()),
        })
    }

    /// The rules of `subject`, asking for what is recorded in the place of recordings that have no history, and of those called
    /// `changed`, whose history is another; and what is to be said of it.
    ///
    /// # Errors
    /// When the deadline cannot be read.
    pub fn with_history(
        &self,
        subject: &Subject,
        (window, now): (Window, Slot),
        changed: &BTreeSet<Name>,
    ) -> Result<(Arc<World>, Vec<String>), CommandError> {
        let asking = self.asking(subject, now)?;
        let rules = &subject.world.rules;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut asked = runtime.block_on(backtest::without_history(rules, &asking, window));
        asked.extend(changed.iter().cloned());
        let inlined = backtest::inlined(rules.clone(), &asked);
        Ok((Arc::new(World::new(Arc::clone(&subject.world.settings), inlined.rules)), inlined.notes))
    }

    /// The sources, and how long one question may take.
    ///
    /// # Errors
    /// When the deadline cannot be read.
    pub fn clients_of(&self, subject: &Subject) -> Result<(HashMap<Name, Arc<Client>>, Span), CommandError> {
        let asking = self.asking(subject, Slot::from_millis(0))?;
        Ok((asking.clients, asking.timeout))
    }

    /// Whether the command line says whom to ask.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.address().is_some()
    }

    /// The address of the command line. A pipeline whose secret is not set hands over an empty one.
    fn address(&self) -> Option<&str> {
        self.prometheus.as_deref().filter(|url| !url.is_empty())
    }

    /// Both sides of a comparison. Whom they ask is said by the command line, or by the first one alone.
    ///
    /// # Errors
    /// When there is nobody to ask.
    pub fn sides(&self, before: &World, after: &World) -> Result<Sides, CommandError> {
        let settings = match self.address() {
            Some(url) => asking_only(Settings::clone(&before.settings), url),
            None => Settings::clone(&before.settings),
        };
        if settings.sources.is_empty() {
            let help = "name one with --prometheus";
            return Err(CommandError::Usage(format!(
                "the old side has no configuration that says whom to ask; {help}"
            )));
        }
        let is_known = |group: &rules::Group| self.is_given() || settings.sources.contains_key(&group.source);
        let mut notes = Vec::new();
        for group in after.rules.groups.iter().filter(|group| !is_known(group)) {
            let (name, source) = (&group.name, &group.source);
            notes.push(format!("group {name} was not played: the old side does not know its source {source}"));
        }
        let played = after.rules.only(|group, _| is_known(group), "its source is new");
        let mut clients = self.clients(&settings, &before.rules)?;
        let asked = RuleSet { groups: played.groups.iter().filter(|group| is_known(group)).cloned().collect() };
        clients.extend(self.clients(&settings, &asked)?);
        let subject = |settings: &Arc<Settings>, rules: RuleSet| Subject {
            world: Arc::new(World::new(Arc::clone(settings), rules)),
            config: None,
            clients: clients.clone(),
        };
        Ok(Sides {
            before: subject(&before.settings, before.rules.clone()),
            after: subject(&after.settings, played),
            notes,
        })
    }
}

/// Both sides of a comparison, and what is to be said of them.
pub struct Sides {
    /// The old one.
    pub before: Subject,
    /// The new one.
    pub after: Subject,
    /// What could not be played.
    pub notes: Vec<String>,
}

/// Plays a session, and shows on a terminal how far it has come.
///
/// # Errors
/// When a source does not answer at all.
pub fn play(session: &mut Session) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let progress = Progress::new(session.window());
    let played = session.play(&runtime, |until| progress.show(until));
    progress.done();
    played.map_err(|error: SessionError| CommandError::Outside(error.to_string()))
}

/// What the service recorded in the window, in the journal at `path`, and from when to when that goes, where it tells of anything.
///
/// # Errors
/// When it cannot be read.
pub fn recorded(path: &Path, world: &World, window: Window) -> Result<(Vec<Event>, Extent), CommandError> {
    let (from, to) = (window.from.moment(Span::ZERO), window.to.moment(Span::ZERO));
    journal(path, |store| {
        let events = store.recorded(Partition(0), from, to, &world.settings.severities)?;
        Ok((events, store.extent(Partition(0))?))
    })
}

/// How each alert stood at `at`, as far as the journal at `path` knows.
///
/// # Errors
/// When it cannot be read.
pub fn standing(path: &Path, world: &World, at: Slot) -> Result<Vec<Event>, CommandError> {
    let before = at.moment(Span::ZERO);
    journal(path, |store| store.standing(Partition(0), before, &world.settings.severities))
}

/// The incidents of the journal at `path`, the newest first.
///
/// # Errors
/// When it cannot be read.
pub fn known(path: &Path, world: &World) -> Result<Vec<Known>, CommandError> {
    journal(path, |store| {
        let mut known = Vec::new();
        for number in store.numbers(Partition(0), u64::MAX >> 1, MOST_KNOWN)? {
            let story = store.story(Partition(0), number, &world.settings.severities)?;
            known.extend(story.as_ref().and_then(Known::of));
        }
        Ok(known)
    })
}

/// The journal of the service that `subject` configures, or the one that is named.
///
/// # Errors
/// When there is none that can be opened as a file.
pub fn journal_of(named: Option<&Path>, subject: &Subject) -> Result<PathBuf, CommandError> {
    match (named, &subject.config, &subject.world.settings.store) {
        (Some(path), _, _) => Ok(path.to_owned()),
        (None, Some(config), Store::Sqlite(file)) => Ok(beside(config, file)),
        (None, _, _) => {
            let help = "name its SQLite file with --journal";
            Err(CommandError::Usage(format!("the configuration does not say where the journal is; {help}")))
        }
    }
}

/// Writes `text` where it is wanted: to `file`, or to stdout.
///
/// # Errors
/// When it cannot be written.
pub fn deliver(text: &str, file: Option<&Path>) -> Result<(), CommandError> {
    let Some(file) = file else { return output::print(text) };
    let written = std::fs::write(file, text);
    written.map_err(|error| CommandError::Outside(format!("{}: {error}", file.display())))?;
    output::print_aside(&format!("written to {}\n", file.display()))
}

/// The ending of the file that is written, where there is one: it says how it is written, unless somebody does.
pub fn ending(file: Option<&Path>) -> Option<&str> {
    file.and_then(Path::extension).and_then(|ending| ending.to_str())
}

/// What counts as now for a review of the journal at `path`. Where a wall clock was set back, engine time goes on ahead of it, and what
/// has just happened lies there.
///
/// # Errors
/// When it cannot be read.
pub fn now_in(path: &Path) -> Result<Timestamp, CommandError> {
    let extent = journal(path, |store| store.extent(Partition(0)))?;
    let last = extent.and_then(|(_, last)| Timestamp::from_millisecond(last.millis()).ok());
    let wall = Timestamp::now();
    Ok(last.map_or(wall, |last| last.max(wall)))
}

/// Reads the journal at `path`, and names it where it cannot be read.
///
/// # Errors
/// When it cannot be read.
pub fn journal<T>(path: &Path, read: impl FnOnce(&mut Sqlite) -> Result<T, StoreError>) -> Result<T, CommandError> {
    let read = Sqlite::open_to_read(path).and_then(|mut store| read(&mut store));
    read.map_err(|error| CommandError::Outside(format!("{}: {}", path.display(), crate::http::chain(&error))))
}

/// The rules whose alert name is one of `names`, and those that they ask about. Others of their groups are switched off, so that grid
/// and limit stay what they are.
///
/// # Errors
/// When no rule has one of the names.
pub fn only_some(rules: &RuleSet, names: &[String]) -> Result<RuleSet, CommandError> {
    let all = || rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| &*rule.alert);
    if let Some(name) = names.iter().find(|name| !all().any(|alert| alert == **name)) {
        if rules.groups.iter().any(|group| group.records().any(|record| *record.record == **name)) {
            let help = "name an alert that reads it";
            return Err(CommandError::Usage(format!("{name} is a recording rule, which fires nothing; {help}")));
        }
        let help = crate::diagnostics::suggest::did_you_mean(name, all());
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        return Err(CommandError::Usage(format!("no rule is called {name}{help}")));
    }
    Ok(rules.only_needed(|_, rule| names.iter().any(|name| **name == *rule.alert), NOT_ASKED_FOR))
}

fn asking_only(mut settings: Settings, url: &str) -> Settings {
    let name = settings.default_source.clone();
    settings.sources.clear();
    // Nothing of the configuration's names and secrets goes to an address that somebody else gave.
    settings.sources.insert(name, Source::at(url));
    settings
}

fn read_rules(paths: &[PathBuf], settings: &Settings) -> Result<RuleSet, CommandError> {
    let files: Vec<PathBuf> = paths::expand(paths)
        .into_iter()
        .filter(|file| matches!(paths::kind(file), paths::Kind::Rules | paths::Kind::Unknown))
        .collect();
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded =
        rules::load(&files, &rules::Context { sources: None, ..context(settings) }, &mut sources, &mut findings);
    if findings.has_errors() {
        return Err(CommandError::Findings(render::human(&findings, &sources, false)));
    }
    if loaded.set.groups.is_empty() {
        return Err(CommandError::Usage("there is no rule in these files".into()));
    }
    Ok(loaded.set)
}

/// The folder in which answers are kept, made where it is not there; none where it cannot be.
fn cache_folder() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from).or_else(home)?;
    let folder = cache.join("watchbell").join("backtest");
    std::fs::create_dir_all(&folder).ok().map(|()| folder)
}

/// An instant: `now`, so long ago, or a time.
///
/// # Errors
/// When it is none of these.
pub fn instant(option: &str, text: &str, now: i64) -> Result<Slot, CommandError> {
    if text == "now" {
        return Ok(Slot::from_millis(now));
    }
    if let Ok(span) = duration_text::parse(text) {
        return Ok(Slot::from_millis(now - span.millis()));
    }
    let at: Result<Timestamp, _> = text.parse();
    at.map(Slot::from).map_err(|_| {
        CommandError::Usage(format!(
            "{option} {text}: write `now`, how long ago (`14d`), or an instant (`2026-01-05T09:00:00Z`)"
        ))
    })
}

/// How far it has come, on a terminal.
struct Progress {
    window: Window,
    shows: bool,
}

impl Progress {
    fn new(window: Window) -> Self {
        Progress { window, shows: std::io::stderr().is_terminal() }
    }

    /// Where even this cannot be written, there is nobody to see it.
    fn show(&self, until: Slot) {
        let (done, all) = ((until - self.window.from).millis(), (self.window.to - self.window.from).millis());
        if self.shows {
            let _unseen =
                output::print_aside(&format!("\r{:>3} % of the window, up to {until}", 100 * done / all.max(1)));
        }
    }

    fn done(&self) {
        if self.shows {
            let _unseen = output::print_aside("\r\x1b[K");
        }
    }
}
