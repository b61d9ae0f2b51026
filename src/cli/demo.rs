//! `watchbell demo`: the whole product on a testnet that is made up, paced by the wall clock.

use super::{Answer, Colour, CommandError, output};
use crate::model::{Span, duration_text};
use crate::replay::demo::{self, Show, Shown, What};
use std::env;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::str::FromStr;
use std::time::Duration;
use tokio::time::Instant;

/// How often the status line is written anew.
const REFRESH: Duration = Duration::from_millis(250);
/// How long one can read the summary before another demo begins.
const PAUSE: Duration = Duration::from_secs(30);

/// Watch the whole product at work on a simulated testnet: no server, no file, no network.
///
/// An hour in which gas spikes, a contract is paused, the API slows down and dies, throughput collapses and prices stand still; the
/// shipped rule pack, its example configuration and the real engine decide what to make of it. On a terminal another hour follows
/// after a pause, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// How many simulated seconds pass in one; `max` (or 0) waits for nothing.
    #[arg(long, default_value = "60", value_name = "FACTOR")]
    speed: Speed,
    /// Another seed, other numbers at other times. The same seed always shows the same.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// End after the first hour.
    #[arg(long)]
    once: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    Max,
    Times(f64),
}

impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Speed::Max),
            Ok(0.0) => Ok(Speed::Max),
            Ok(factor) if factor.is_finite() && factor >= 0.1 => Ok(Speed::Times(factor)),
            _ => Err("a factor of at least 0.1, such as 60, or `max`"),
        }
    }
}

/// Why the demo is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Shown,
    Interrupted,
    /// Whoever read it has read enough.
    NobodyReads,
}

impl Demo {
    /// Shows it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn run(&self, colour: Colour) -> Result<Answer, CommandError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.play(&Stage::new(self.speed, colour)))?;
        Ok(Answer::Good)
    }

    async fn play(&self, stage: &Stage) -> Result<(), CommandError> {
        let goes_on = !self.once && stage.speed != Speed::Max && stage.is_terminal;
        // One for the whole time: what is pressed while nobody asks is not lost.
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        let mut seed = self.seed;
        loop {
            let show = demo::show(seed);
            let end = tokio::select! {
                biased;
                interrupted = &mut interrupted => interrupted.map(|()| End::Interrupted)?,
                end = stage.show(&show, seed) => end?,
            };
            match end {
                End::Shown => {}
                End::Interrupted => return stage.say("\nEnded by Ctrl-C.\n").map(|_| ()),
                End::NobodyReads => return Ok(()),
            }
            stage.say(&stage.summary(&show))?;
            if !goes_on {
                return Ok(());
            }
            seed = seed.wrapping_add(1);
            stage.say(&format!("\nAnother hour, with seed {seed}, begins in half a minute; Ctrl-C ends.\n\n"))?;
            tokio::select! {
                biased;
                interrupted = &mut interrupted => return Ok(interrupted?),
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

/// Where it is shown, and how.
struct Stage {
    speed: Speed,
    in_colour: bool,
    is_terminal: bool,
}

impl Stage {
    fn new(speed: Speed, colour: Colour) -> Self {
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal() && !is_dumb;
        Stage { speed, in_colour: colour.for_stream(&io::stdout()), is_terminal }
    }

    /// Writes, and says whether somebody still reads. What stood in the status line goes.
    fn say(&self, text: &str) -> Result<bool, CommandError> {
        let clear = if self.is_terminal { "\r\x1b[K" } else { "" };
        output::print_live(&format!("{clear}{text}"))
    }

    async fn show(&self, show: &Show, seed: u64) -> Result<End, CommandError> {
        self.say(&self.opening(show, seed))?;
        let began = Instant::now();
        let mut before: Option<&Shown> = None;
        for line in &show.lines {
            self.wait(show, line.at, began, before).await?;
            if !self.say(&self.lines(show, line, before))? {
                return Ok(End::NobodyReads);
            }
            before = Some(line);
        }
        self.wait(show, show.lasts, began, before).await?;
        Ok(End::Shown)
    }

    /// Waits until it is time for what happens at `until`. The status line shows meanwhile that time passes.
    async fn wait(&self, show: &Show, until: Span, began: Instant, last: Option<&Shown>) -> Result<(), CommandError> {
        let Speed::Times(factor) = self.speed else { return Ok(()) };
        let due = began + Duration::from_secs_f64(until.as_secs_f64() / factor);
        while Instant::now() < due {
            if self.is_terminal {
                let passed = began.elapsed().as_secs_f64() * factor;
                self.say(&self.status(show, Duration::from_secs_f64(passed), last))?;
            }
            tokio::time::sleep_until(due.min(Instant::now() + REFRESH)).await;
        }
        Ok(())
    }

    fn status(&self, show: &Show, passed: Duration, last: Option<&Shown>) -> String {
        let at = Span::from_secs(i64::try_from(passed.as_secs()).unwrap_or(i64::MAX)).min(show.lasts);
        let glance = show.testnet.glance(at);
        let api = glance.api.map_or("api down".into(), |millis| format!("api {millis:.0} ms"));
        let (open, pages) = last.map_or((0, 0), |last| (last.open, last.pages));
        let text = format!(
            "{}  gas {:.0} gwei · {:.1} tx/s · {api} · price {:.0} s old | {open} open, {pages} pages",
            clock(show, at),
            glance.gas,
            glance.throughput,
            glance.price_age
        );
        // A narrow terminal cuts the line: one that wraps could not be taken back.
        format!("\x1b[?7l{}\x1b[?7h", self.painted("7", &text))
    }

    fn opening(&self, show: &Show, seed: u64) -> String {
        let pace = match self.speed {
            Speed::Max => "as fast as it goes".to_owned(),
            Speed::Times(factor) => {
                let lasts = (show.lasts.as_secs_f64() / factor).ceil();
                format!("{factor} times as fast as the clock, {lasts} s in all")
            }
        };
        format!(
            "{}\nAn hour of PentaGold on a simulated testnet (seed {seed}), {pace}. The metrics are made up;\n\
             the {} rules, the PromQL, the decisions and the messages are those of `watchbell run`.\n\n",
            self.painted("1", "watchbell demo"),
            show.rules
        )
    }

    /// One thing with its time, where that differs from what came before.
    fn lines(&self, show: &Show, line: &Shown, before: Option<&Shown>) -> String {
        let same = before.is_some_and(|before| before.at == line.at);
        let mut time = if same { String::new() } else { clock(show, line.at) };
        let mut text = String::new();
        let (mark, colour) = look(&line.what);
        for (index, words) in line.text.lines().enumerate() {
            let is_message = matches!(line.what, What::Page(_) | What::Message);
            let colour = if is_message && index > 1 { "2" } else { colour };
            let (mark, indent) = if index == 0 { (mark, "") } else { (" ", "  | ") };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{time:>8} {mark} {indent}{}", self.painted(colour, words));
            time.clear();
        }
        text
    }

    fn summary(&self, show: &Show) -> String {
        let tally = &show.tally;
        let acknowledged = tally.mean_to_acknowledge().map_or("nobody acknowledged any".into(), |mean| {
            let count = tally.acknowledged_after.len();
            format!("{count} acknowledged, after {} on average", duration_text::format(mean))
        });
        let open: Vec<String> = tally.open.iter().map(|number| format!("INC-{number}")).collect();
        let open = if open.is_empty() { "none goes on".into() } else { format!("{} goes on", open.join(", ")) };
        format!(
            "\n{}\n  incidents  {} ({acknowledged}; {open})\n  pages      {} of {} messages, to {} places\n\n\
             Try next, in a clone of the repository or on files of your own:\n  \
             watchbell check path/to/rules          what is wrong with rule files, Prometheus's as well\n  \
             watchbell test tests/scenarios         stories like this one, held against their snapshots\n  \
             watchbell --config watchbell.yaml run  your own Prometheus, your own channels\n",
            self.painted("1", "That was the hour."),
            tally.incidents,
            tally.pages,
            tally.messages,
            tally.destinations
        )
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.in_colour && !colour.is_empty() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The mark before a line, and its colour.
fn look(what: &What) -> (&'static str, &'static str) {
    match what {
        What::Worse => ("~", "33"),
        What::Better => ("~", "32"),
        What::Alert => ("·", ""),
        What::Fires(severity) => ("!", colour_of(severity)),
        What::Ended => ("·", "32"),
        What::Incident => ("#", "1"),
        What::Person => ("@", "36"),
        What::Page(severity) => (">", colour_of(severity)),
        What::Message => (">", ""),
    }
}

fn colour_of(severity: &str) -> &'static str {
    match severity {
        "critical" => "1;31",
        "high" => "31",
        "medium" => "35",
        _ => "34",
    }
}

/// The time of the simulated day.
fn clock(show: &Show, at: Span) -> String {
    let of_day = (show.start + at).millis().rem_euclid(86_400_000) / 1000;
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_factor_or_no_waiting_at_all() {
        let speed = |text: &str| text.parse::<Speed>();
        assert_eq!((speed("60"), speed("max"), speed("0")), (Ok(Speed::Times(60.0)), Ok(Speed::Max), Ok(Speed::Max)));
        for wrong in ["", "-1", "inf", "NaN", "fast", "0.001"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
