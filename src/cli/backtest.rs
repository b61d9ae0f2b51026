//! `watchbell backtest`: what these rules would have done over real history.

use super::{Answer, Colour, CommandError, output, paths};
use crate::backtest::{self, Asked, Asking, Format, Report, Session, Window};
use crate::config::{Settings, Source};
use crate::diagnostics::{Findings, Sources, render};
use crate::engine::World;
use crate::model::{Name, Slot, duration_text};
use crate::rules::{self, RuleSet};
use crate::service::load::{FileLoader, context};
use jiff::Timestamp;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Play rules over real history: what would have fired, who would have been paged.
#[derive(Debug, clap::Args)]
pub struct Backtest {
    /// Rule files, or folders of them [default: those of the configuration].
    rules: Vec<PathBuf>,
    /// From when: how long ago (`14d`), or an instant (`2026-01-05T09:00:00Z`).
    #[arg(long, value_name = "WHEN", default_value = "14d")]
    from: String,
    /// Until when: `now`, how long ago, or an instant.
    #[arg(long, value_name = "WHEN", default_value = "now")]
    to: String,
    /// Ask this Prometheus, whatever the configuration says.
    #[arg(long, value_name = "URL", env = "WATCHBELL_PROMETHEUS")]
    prometheus: Option<String>,
    /// Only rules whose alert name is one of these.
    #[arg(long = "rule", value_name = "NAME")]
    only: Vec<String>,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Ask everything again, and keep no answer.
    #[arg(long)]
    no_cache: bool,
    /// How long one question may take.
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: String,
}

/// What is played, and whom it asks.
struct Subject {
    world: Arc<World>,
    clients: HashMap<Name, Arc<crate::prometheus::Client>>,
}

impl Backtest {
    /// Plays the rules and prints the report.
    ///
    /// # Errors
    /// When rules or configuration do not pass, or no source can be asked.
    pub fn run(&self, config: Option<&Path>, _colour: Colour) -> Result<Answer, CommandError> {
        let now = Timestamp::now().as_millisecond();
        let window = Window { from: instant("--from", &self.from, now)?, to: instant("--to", &self.to, now)? };
        if window.to <= window.from {
            return Err(CommandError::Usage(format!("--from {} is not before --to {}", self.from, self.to)));
        }
        let subject = self.load(config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut session = Session::new([Arc::clone(&subject.world)], self.asking(&subject, now)?, window);
        let progress = Progress::new(window);
        let played = session.play(&runtime, |until| progress.show(until));
        progress.done();
        if let Err(error) = played {
            return Err(CommandError::Outside(error.to_string()));
        }
        let report = Report::new(&session, &session.played()[0]);
        output::print(&backtest::render(&report, self.format))?;
        Ok(Answer::Good)
    }

    fn load(&self, config: Option<&Path>) -> Result<Subject, CommandError> {
        let usual = Path::new(paths::USUAL);
        let config = config.or_else(|| usual.exists().then_some(usual));
        let (mut settings, mut rules) = match config {
            Some(config) => {
                let fresh = FileLoader::new(config.to_owned()).load().map_err(CommandError::Usage)?;
                (Settings::clone(&fresh.settings), fresh.rules)
            }
            None if self.rules.is_empty() || self.prometheus.is_none() => {
                let message =
                    "there is no watchbell.yaml here: name it with --config, or give rule files and --prometheus";
                return Err(CommandError::Usage(message.into()));
            }
            None => (Settings::default(), RuleSet::default()),
        };
        if let Some(url) = &self.prometheus {
            settings = asking_only(settings, url);
        }
        if !self.rules.is_empty() || self.prometheus.is_some() && config.is_none() {
            rules = read_rules(&self.rules, &settings)?;
        }
        if !self.only.is_empty() {
            rules = self.only_some(&rules)?;
        }
        let mut clients = HashMap::new();
        for (name, source) in &settings.sources {
            let client = crate::prometheus::Client::new(source);
            let client = client
                .map_err(|error| CommandError::Usage(format!("source {name}: {}", crate::http::chain(&error))))?;
            clients.insert(name.clone(), Arc::new(client));
        }
        if let Some(url) = &self.prometheus {
            let client = clients.values().next().cloned();
            let client = client.ok_or_else(|| CommandError::Usage(format!("--prometheus {url} is no source")))?;
            clients =
                rules.groups.iter().map(|group| (group.source.clone(), Arc::clone(&client))).chain(clients).collect();
        }
        let missing = rules.groups.iter().find(|group| !clients.contains_key(&group.source));
        if let Some(group) = missing {
            let message =
                format!("group {} asks source {}, which the configuration does not have", group.name, group.source);
            return Err(CommandError::Usage(message));
        }
        Ok(Subject { world: Arc::new(World::new(Arc::new(settings), rules)), clients })
    }

    /// The rules that were asked for. Others of their groups are switched off, so that the grid and the limit stay what they are.
    fn only_some(&self, rules: &RuleSet) -> Result<RuleSet, CommandError> {
        let mut found = Vec::new();
        let mut some = rules.clone();
        for group in &mut some.groups {
            let mut inner = rules::Group::clone(group);
            for entry in &mut inner.rules {
                let rules::Entry::Alert(rule) = entry else { continue };
                if self.only.iter().any(|name| **name == *rule.alert) {
                    found.push(rule.alert.clone());
                } else {
                    let mut off = rules::Rule::clone(rule);
                    off.disabled = Some("not asked for".into());
                    *rule = Arc::new(off);
                }
            }
            *group = Arc::new(inner);
        }
        match self.only.iter().find(|name| !found.iter().any(|known| **known == ***name)) {
            Some(name) => Err(CommandError::Usage(format!("no rule is called {name}"))),
            None => Ok(some),
        }
    }

    fn asking(&self, subject: &Subject, now: i64) -> Result<Asking, CommandError> {
        let timeout =
            duration_text::parse(&self.timeout).map_err(|error| CommandError::Usage(format!("--timeout: {error}")))?;
        let kept = if self.no_cache { None } else { cache_folder() };
        Ok(Asking {
            clients: subject.clients.clone(),
            kept,
            now: Slot::from_millis(now),
            timeout,
            with_up: Vec::new(),
            asked: Arc::new(Asked::default()),
        })
    }
}

fn asking_only(mut settings: Settings, url: &str) -> Settings {
    let name = settings.default_source.clone();
    settings.sources.clear();
    // Nothing of the configuration's names and secrets goes to an address that somebody else gave.
    settings.sources.insert(name, Source::at(url));
    settings
}

fn read_rules(paths: &[PathBuf], settings: &Settings) -> Result<RuleSet, CommandError> {
    let files: Vec<PathBuf> =
        paths::expand(paths).into_iter().filter(|file| paths::kind(file) == paths::Kind::Rules).collect();
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded =
        rules::load(&files, &rules::Context { sources: None, ..context(settings) }, &mut sources, &mut findings);
    if findings.has_errors() {
        return Err(CommandError::Usage(render::human(&findings, &sources, false)));
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
fn instant(option: &str, text: &str, now: i64) -> Result<Slot, CommandError> {
    if text == "now" {
        return Ok(Slot::from_millis(now));
    }
    if let Ok(span) = duration_text::parse(text) {
        return Ok(Slot::from_millis(now - span.millis()));
    }
    let at: Result<Timestamp, _> = text.parse();
    at.map(|at| Slot::from_millis(at.as_millisecond())).map_err(|_| {
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
