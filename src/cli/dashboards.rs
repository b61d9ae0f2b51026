//! `watchbell dashboards`: Grafana dashboards, made of the rules and the settings.

use super::{Answer, CommandError, output, past, paths};
use crate::config::{Settings, Source};
use crate::dashboard::asked::{Question, View, When, Who, questions};
use crate::dashboard::{self, Made};
use crate::http::chain;
use crate::model::{Labels, Span, counted, duration_text};
use crate::notify::text::number;
use crate::prometheus::{Client, QueryError};
use crate::service::load::FileLoader;
use jiff::Timestamp;
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What every source can answer.
const SMALLEST: &str = "vector(1)";
/// So many panels are asked for at once, as a browser would.
const AT_ONCE: usize = 6;

/// Write Grafana dashboards, made of the rules and the settings: executive, technical, business.
#[derive(Debug, clap::Args)]
pub struct Dashboards {
    /// The folder to write them to.
    #[arg(long, value_name = "DIR", default_value = "dashboards")]
    out: PathBuf,
    /// Write nothing, and say whether the files there are what would be written.
    #[arg(long, conflicts_with = "ask")]
    check: bool,
    /// Write nothing, and ask Prometheus everything that the panels ask: what each gets is listed.
    #[arg(long)]
    ask: bool,
    /// Ask this Prometheus [default: the first source of the configuration].
    #[arg(long, value_name = "URL", env = "WATCHBELL_PROMETHEUS")]
    prometheus: Option<String>,
    /// As if it were then: how long ago (`2h`), or an instant.
    #[arg(long, value_name = "WHEN", default_value = "now", requires = "ask")]
    at: String,
    /// Over so long [default: what the dashboard shows first].
    #[arg(long, value_name = "DURATION", requires = "ask")]
    range: Option<String>,
    /// How often Prometheus scrapes, as its datasource in Grafana says.
    #[arg(long, value_name = "DURATION", default_value = "15s")]
    scrape: String,
    /// How to list what panels get.
    #[arg(long, value_enum, default_value_t = Format::Human, requires = "ask")]
    format: Format,
}

/// How the list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// What a question got.
struct Got {
    dashboard: String,
    question: Question,
    answer: Result<Vec<(Labels, f64)>, QueryError>,
}

impl Dashboards {
    /// Writes, compares, or asks.
    ///
    /// # Errors
    /// When rules or configuration do not pass, a file cannot be written, or Prometheus does not answer.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let fresh = FileLoader::new(paths::configuration(config)?.to_owned()).load();
        let fresh = fresh.map_err(CommandError::Findings)?;
        let made = dashboard::make(&fresh.rules, &fresh.settings);
        for note in &made.notes {
            output::print_aside(&format!("note: {note}\n"))?;
        }
        match () {
            () if self.ask => self.ask(&made, &fresh.settings),
            () if self.check => self.check(&made),
            () => self.write(&made),
        }
    }

    fn write(&self, made: &Made) -> Result<Answer, CommandError> {
        std::fs::create_dir_all(&self.out).map_err(|error| cannot_write(&self.out, &error))?;
        for (name, dashboard) in &made.dashboards {
            let path = self.out.join(name);
            std::fs::write(&path, dashboard::text(dashboard)).map_err(|error| cannot_write(&path, &error))?;
            let panels = dashboard.panels.iter().filter(|panel| !panel.is_row()).count();
            output::print(&format!("{}: {}, {}\n", path.display(), dashboard.title, counted(panels, "panel")))?;
        }
        Ok(Answer::Good)
    }

    fn check(&self, made: &Made) -> Result<Answer, CommandError> {
        let mut answer = Answer::Good;
        for (name, dashboard) in &made.dashboards {
            let path = self.out.join(name);
            if std::fs::read_to_string(&path).ok().as_deref() != Some(&dashboard::text(dashboard)) {
                output::print(&format!("{} is not what rules and settings make of it now\n", path.display()))?;
                answer = Answer::No;
            }
        }
        if answer == Answer::No {
            output::print_aside(&format!("write them: watchbell dashboards --out {}\n", self.out.display()))?;
        }
        Ok(answer)
    }

    fn ask(&self, made: &Made, settings: &Settings) -> Result<Answer, CommandError> {
        let view = self.view()?;
        let (name, source) = self.source(settings)?;
        let client = Client::new(&source).map_err(|error| CommandError::Usage(chain(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let silent = |error| CommandError::Outside(format!("{name} does not answer: {}", chain(&error)));
        let got = runtime.block_on(all(made, view, &client)).map_err(silent)?;
        match self.format {
            Format::Human => output::print(&human(&got))?,
            Format::Json => output::print(&format!("{:#}\n", json!(got.iter().map(as_json).collect::<Vec<_>>())))?,
        }
        if let Some(error) = got.iter().find_map(|got| got.answer.as_ref().err().filter(|error| error.is_the_sources()))
        {
            return Err(CommandError::Outside(chain(error)));
        }
        Ok(if got.iter().all(Got::is_good) { Answer::Good } else { Answer::No })
    }

    fn view(&self) -> Result<View, CommandError> {
        let now = Timestamp::now().as_millisecond();
        let span = |option: &str, text: &str| {
            let span = duration_text::parse(text).ok().filter(|span| *span > Span::ZERO);
            span.ok_or_else(|| CommandError::Usage(format!("{option} {text}: write how long, as `15s` or `6h`")))
        };
        let range = self.range.as_deref().map(|text| span("--range", text)).transpose()?;
        Ok(View { to: past::instant("--at", &self.at, now)?, range, scrape: span("--scrape", &self.scrape)? })
    }

    /// Who is asked, and what that is called.
    fn source(&self, settings: &Settings) -> Result<(String, Source), CommandError> {
        if let Some(url) = self.prometheus.as_deref().filter(|url| !url.is_empty()) {
            return Ok(("the Prometheus of --prometheus".into(), Source::at(url)));
        }
        let source =
            settings.sources.get_key_value(&settings.default_source).or_else(|| settings.sources.iter().next());
        let (name, source) = source
            .ok_or_else(|| CommandError::Usage("there is no source to ask: name one with --prometheus".into()))?;
        Ok((format!("the source `{name}`"), source.clone()))
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::Usage(format!("cannot write {}: {error}", path.display()))
}

/// Asks everything, some at a time, and answers in the order of the dashboards.
///
/// # Errors
/// When the source does not answer the smallest question: who asked everything of it would wait long. It is put first, and
/// again after a question to which the source owes the answer.
async fn all(made: &Made, view: View, client: &Client) -> Result<Vec<Got>, QueryError> {
    use futures_util::stream::{StreamExt, iter};
    smallest(view, client).await?;
    let asked = made.dashboards.iter().flat_map(|(_, dashboard)| {
        questions(dashboard, view).into_iter().map(|question| (dashboard.title.clone(), question))
    });
    let asked = asked.map(async |(dashboard, question)| {
        let answer = answer(client, &question).await;
        Got { dashboard, question, answer }
    });
    let (mut asked, mut all) = (Box::pin(iter(asked).buffered(AT_ONCE)), Vec::new());
    while let Some(got) = asked.next().await {
        if got.answer.as_ref().is_err_and(QueryError::is_the_sources) {
            smallest(view, client).await?;
        }
        all.push(got);
    }
    Ok(all)
}

async fn smallest(view: View, client: &Client) -> Result<(), QueryError> {
    let deadline = client.deadline();
    let answer = client.query_range(SMALLEST, view.to, view.to, Span::from_secs(1), deadline).await;
    answer.map(drop).or_else(|error| if error.is_the_sources() { Err(error) } else { Ok(()) })
}

/// The last value of each series.
async fn answer(client: &Client, question: &Question) -> Result<Vec<(Labels, f64)>, QueryError> {
    let deadline = client.deadline();
    let (from, to, step) = match question.when {
        // An instant is a range of one: what comes back has labels either way.
        When::At(at) => (at, at, Span::from_secs(1)),
        When::Over { from, to, step } => (from, to, step),
    };
    let series = client.query_range(&question.expr, from, to, step, deadline).await?;
    Ok(series.into_iter().filter_map(|one| Some((one.labels, one.samples.last()?.1))).collect())
}

impl Got {
    /// Whether a number came, or nothing where that is expected.
    fn is_good(&self) -> bool {
        let is_number = |(_, value): &(Labels, f64)| value.is_finite();
        let nothing = self.question.nothing.is_some();
        self.answer.as_ref().is_ok_and(|series| series.iter().any(is_number) || (series.is_empty() && nothing))
    }

    /// Where the question comes from.
    fn place(&self) -> String {
        match &self.question.who {
            Who::Panel(row, title) => format!("{row} · {title}"),
            Who::Variable(name) => format!("variable {name}"),
            Who::Annotation(name) => format!("annotation {name}"),
        }
    }
}

/// A heading for each dashboard, then for each question where it comes from, what is asked, and what came.
fn human(got: &[Got]) -> String {
    let mut text = String::new();
    let mut last = "";
    for one in got {
        if one.dashboard != last {
            last = &one.dashboard;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}{last}", if text.is_empty() { "" } else { "\n" });
        }
        let query: Vec<&str> = one.question.written.split_whitespace().collect();
        let _ = writeln!(text, "  {}\n      {}\n      → {}", one.place(), query.join(" "), result(one));
    }
    let bad = got.iter().filter(|one| !one.is_good()).count();
    let _ =
        writeln!(text, "\n{}: {} answered, {bad} without an answer", counted(got.len(), "question"), got.len() - bad);
    text
}

fn result(got: &Got) -> String {
    match (&got.answer, &got.question.nothing) {
        (Err(error), _) => format!("FAILED: {}", chain(error)),
        (Ok(series), Some(words)) if series.is_empty() => format!("nothing, shown as \"{words}\""),
        (Ok(series), None) if series.is_empty() => "NOTHING".into(),
        (Ok(series), _) => {
            let shown: Vec<String> =
                series.iter().take(3).map(|(labels, value)| format!("{labels} {}", number(*value))).collect();
            let more = if series.len() > 3 { ", …" } else { "" };
            format!("{} series: {}{more}", series.len(), shown.join(", "))
        }
    }
}

fn as_json(got: &Got) -> serde_json::Value {
    let question = &got.question;
    let when = match question.when {
        When::At(at) => json!({ "at": at.millis() / 1000 }),
        When::Over { from, to, step } => {
            json!({ "from": from.millis() / 1000, "to": to.millis() / 1000, "step": step.millis() / 1000 })
        }
    };
    let (row, panel) = match &question.who {
        Who::Panel(row, title) => (Some(row), Some(title)),
        Who::Variable(_) | Who::Annotation(_) => (None, None),
    };
    let series = got.answer.as_ref().ok().map(|series| {
        series.iter().map(|(labels, value)| json!({ "labels": labels, "value": value })).collect::<Vec<_>>()
    });
    json!({
        "dashboard": got.dashboard,
        "place": got.place(),
        "row": row,
        "panel": panel,
        "written": question.written,
        "asked": question.expr,
        "when": when,
        "series": series,
        "error": got.answer.as_ref().err().map(|error| chain(error)),
        "where_nothing": question.nothing,
        "good": got.is_good(),
    })
}
