//! `watchbell diff`: what a change of rules and configuration means, and what it would have meant.

use super::past::{self, Whom};
use super::revision::{Loaded, Place};
use super::{Answer, Colour, CommandError, output, paths};
use crate::backtest::Window;
use crate::change::{self, Difference, Side, render};
use crate::engine::World;
use crate::impact::{self, Given, Impact, MOST_SWEPT, Turned, known_to_both, render::Links};
use crate::model::{Slot, Span, duration_text};
use clap::ValueEnum;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Say what changed between two git revisions or folders, rule by rule and bound by bound, and what it would have meant.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The side before: a revision of this repository, or a folder (`./main` is always a folder).
    base: String,
    /// The side after [default: the files as they are here].
    head: Option<String>,
    #[command(flatten)]
    history: History,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The history that both sides are played over.
#[derive(Debug, clap::Args)]
pub struct History {
    /// Play both sides over so much history (`14d`): new, lost, earlier and later incidents, pages, and other bounds that could
    /// stand there.
    #[arg(long, value_name = "SPAN")]
    backtest: Option<String>,
    /// Until when history is looked at: `now`, how long ago, or an instant.
    #[arg(long, value_name = "WHEN", default_value = "now")]
    to: String,
    #[command(flatten)]
    whom: Whom,
    /// The journal of our own service (its SQLite file): incidents that people took for real must not be lost.
    #[arg(long, value_name = "FILE", requires = "backtest")]
    journal: Option<PathBuf>,
    /// The address that links to graphs begin with [default: that of the source in BASE's configuration; none with --prometheus].
    #[arg(long, value_name = "URL", requires = "backtest")]
    links: Option<String>,
}

/// How to tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people at a terminal.
    Human,
    /// As a comment under a pull request.
    Markdown,
    /// One JSON object.
    Json,
    /// One file for a browser, with its charts; needs `--backtest`.
    Html,
}

/// Two sides, what is different, and what that would have meant, if it was asked for.
pub struct Compared {
    base: Loaded,
    head: Loaded,
    /// What is different.
    pub difference: Difference,
    /// What it would have meant.
    pub impact: Option<(Impact, Links)>,
}

impl Diff {
    /// Compares, and tells.
    ///
    /// # Errors
    /// When a side does not exist, or does not pass, or no source can be asked.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        if self.format == Format::Html && self.history.backtest.is_none() {
            return Err(CommandError::Usage("`--format html` shows charts: give it `--backtest 14d`".into()));
        }
        let mut compared = Compared::new(&self.base, self.head.as_deref(), configuration, colour)?;
        compared.play(&self.history)?;
        output::print(&self.text(&compared, colour))?;
        Ok(if compared.breaks_a_budget() { Answer::No } else { Answer::Good })
    }

    fn text(&self, compared: &Compared, colour: Colour) -> String {
        let Compared { difference, impact, .. } = compared;
        let heading = compared.heading();
        match (self.format, impact) {
            (Format::Human, _) => compared.human(colour),
            (Format::Markdown, _) => compared.markdown(&render::Besides::default()),
            (Format::Html, Some((impact, links))) => impact::render::html(difference, heading, impact, links),
            (Format::Json | Format::Html, _) => format!("{:#}\n", compared.json()),
        }
    }
}

impl Compared {
    /// Loads both sides, and compares them.
    ///
    /// # Errors
    /// When a side does not exist, or does not pass.
    pub fn new(
        base: &str,
        head: Option<&str>,
        configuration: Option<&Path>,
        colour: Colour,
    ) -> Result<Self, CommandError> {
        let (base, head) = load(base, head, configuration.unwrap_or(Path::new(paths::USUAL)), colour)?;
        if let Some(named) = configuration.filter(|_| !base.is_configured && !head.is_configured) {
            let (named, base, head) = (named.display(), &base.label, &head.label);
            return Err(CommandError::Usage(format!("neither {base} nor {head} has a `{named}`")));
        }
        let difference = change::compare(side(&base), side(&head));
        Ok(Compared { base, head, difference, impact: None })
    }

    /// Plays both sides, where that is asked for.
    ///
    /// # Errors
    /// When a time cannot be read, or no source can be asked.
    pub fn play(&mut self, history: &History) -> Result<(), CommandError> {
        let window = history.window()?;
        let impact = window.map(|window| history.impact(&self.base, &self.head, &self.difference, window));
        self.impact = impact.transpose()?;
        Ok(())
    }

    /// What was compared.
    #[must_use]
    pub fn heading(&self) -> render::Heading<'_> {
        render::Heading { base: &self.base.label, head: &self.head.label }
    }

    /// For people at a terminal.
    #[must_use]
    pub fn human(&self, colour: Colour) -> String {
        let meant = self.impact.as_ref().map(|(impact, _)| impact::render::human(impact)).unwrap_or_default();
        render::human(&self.difference, self.heading(), colour.for_stream(&io::stdout())) + meant.as_str()
    }

    /// The comment under a pull request.
    #[must_use]
    pub fn markdown(&self, besides: &render::Besides) -> String {
        match &self.impact {
            Some((impact, links)) => impact::render::markdown(&self.difference, self.heading(), impact, links, besides),
            None => render::markdown(&self.difference, self.heading(), besides),
        }
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let mut json = render::json(&self.difference, self.heading());
        if let Some((impact, links)) = &self.impact {
            json["backtest"] = impact::render::json(impact, links);
        }
        json
    }

    /// Whether a rule pages more than it may, because of the change.
    #[must_use]
    pub fn breaks_a_budget(&self) -> bool {
        self.impact.as_ref().is_some_and(|(impact, _)| impact.breaks_a_budget())
    }
}

impl History {
    /// The window, and the instant that counts as now; nothing where history is not asked for.
    fn window(&self) -> Result<Option<(Window, Slot)>, CommandError> {
        let Some(span) = &self.backtest else { return Ok(None) };
        let span = duration_text::parse(span)
            .map_err(|error| CommandError::Usage(format!("--backtest: {error}; write how long, as in `14d`")))?;
        let now = Timestamp::now().as_millisecond();
        let to = past::instant("--to", &self.to, now)?;
        if to.millis() > now {
            return Err(CommandError::Usage(format!("--to {} lies in the future: history ends now", self.to)));
        }
        let is_web = |link: &String| link.starts_with("http://") || link.starts_with("https://");
        if let Some(link) = self.links.as_ref().filter(|link| !is_web(link)) {
            return Err(CommandError::Usage(format!("--links {link}: write an address with http:// or https://")));
        }
        if span.is_zero() {
            return Err(CommandError::Usage(
                "--backtest: nothing happens in no time; write how long, as in `14d`".into(),
            ));
        }
        Ok(Some((Window { from: to - span, to }, Slot::from_millis(now))))
    }

    /// Plays both sides. Whom to ask is said by the command line or by BASE: whoever writes HEAD may not send our secrets anywhere.
    fn impact(
        &self,
        base: &Loaded,
        head: &Loaded,
        difference: &Difference,
        window: (Window, Slot),
    ) -> Result<(Impact, Links), CommandError> {
        let sides = self.whom.sides(&base.world, &head.world)?;
        let changed: BTreeSet<_> = difference.records.iter().map(|change| change.record.clone()).collect();
        let (before, mut notes) = self.whom.with_history(&sides.before, window, &BTreeSet::new())?;
        let (after, more) = self.whom.with_history(&sides.after, window, &changed)?;
        notes.extend(more);
        notes.extend(sides.notes);
        notes.dedup();
        let pairs = change::pairs(&base.world.rules, &head.world.rules);
        let known = match &self.journal {
            Some(path) => known_to_both(past::known(path, &base.world)?, &pairs),
            None => Vec::new(),
        };
        let (turned, left) = Turned::all(difference, &before, &after);
        if left > 0 {
            notes.push(format!("other numbers were tried for {MOST_SWEPT} of {} changed ones", MOST_SWEPT + left));
        }
        let swept = turned.iter().map(Turned::rule).collect();
        let budget = budget(base, head);
        if budget.is_some() && window.0.to - window.0.from < Span::from_hours(7 * 24) {
            notes.push("the window is shorter than the week of the budget: pages in a week are extrapolated".into());
        }
        let mut session = self.whom.session(&sides.before, [before, after], window)?.keeping_for(&swept);
        session.notes.extend(notes);
        past::play(&mut session)?;
        let given =
            Given { difference, pairs: &pairs, session: &session, known: &known, pages_per_rule_per_week: budget };
        let mut impact = Impact::new(&given);
        for turned in &turned {
            turned.sweep(&mut session, &known).into_iter().for_each(|swept| impact.add(swept));
        }
        let links = self.links(&impact);
        Ok((impact, links))
    }

    fn links(&self, impact: &Impact) -> Links {
        let sources = &impact.after.sources;
        match &self.links {
            Some(address) => sources.keys().map(|name| (name.clone(), address.clone())).collect(),
            // An address that only the command line knows may be nobody else's business.
            None if self.whom.is_given() => Links::new(),
            None => sources.clone(),
        }
    }
}

/// What BASE holds a change to; a change cannot loosen it for itself. Where BASE has none, HEAD's own.
fn budget(base: &Loaded, head: &Loaded) -> Option<f64> {
    let of = |world: &World| world.settings.budgets.pages_per_rule_per_week;
    of(&base.world).or_else(|| of(&head.world)).map(f64::from)
}

fn side(loaded: &Loaded) -> Side<'_> {
    Side { world: &loaded.world, sources: &loaded.sources, is_configured: loaded.is_configured }
}

fn load(
    base: &str,
    head: Option<&str>,
    configuration: &Path,
    colour: Colour,
) -> Result<(Loaded, Loaded), CommandError> {
    let configuration = tidy(configuration)?;
    let base = Place::find(base, &configuration)?;
    let head = head.map_or_else(Place::working_tree, |head| Place::find(head, &configuration))?;
    let submodules = (base.submodules().to_vec(), head.submodules().to_vec());
    let base = base.load(&submodules.1, &configuration, colour)?;
    let head = head.load(&submodules.0, &configuration, colour)?;
    if base.rule_files + head.rule_files == 0 && !base.is_configured && !head.is_configured {
        let usual = configuration.display();
        return Err(CommandError::Usage(format!(
            "neither {} nor {} has a `{usual}`, or a YAML file with `groups:`; name the configuration with --config",
            base.label, head.label
        )));
    }
    Ok((base, head))
}

/// The path of the configuration, as it is found in each side.
fn tidy(configuration: &Path) -> Result<PathBuf, CommandError> {
    if configuration.is_absolute() {
        let help = "give it as it is seen from here, so that it can be found in both sides";
        return Err(CommandError::Usage(format!("`{}` is an absolute path; {help}", configuration.display())));
    }
    Ok(configuration.strip_prefix(".").unwrap_or(configuration).to_owned())
}
