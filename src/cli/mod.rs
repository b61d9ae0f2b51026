//! The commands: one file each, which loads, lets others decide, and prints.
//!
//! Start at [`run`]. What people read goes to stdout, diagnostics to stderr; what programs read goes to stdout alone.

mod answer;
mod backtest;
mod capture;
mod check;
mod ci;
mod collect;
mod completions;
mod dashboards;
mod demo;
mod diff;
mod explain;
mod fmt;
mod health;
mod import;
mod incidents;
mod logs;
mod man;
mod oncall;
mod output;
mod past;
mod paths;
mod postmortem;
mod report;
mod revision;
mod routines;
mod run;
mod schema;
mod service;
mod settings;
mod silence;
mod test;
mod token;
mod tune;

pub use answer::{Answer, CommandError};
pub use output::Colour;

use crate::deep_stack;
use clap::{CommandFactory, Parser, Subcommand};
use logs::{Layout, Voice};
use std::path::PathBuf;
use std::process::ExitCode;

/// Alerting as code: rules with severity tiers in git, checked, tested and evaluated by one program.
#[derive(Debug, Parser)]
#[command(name = "watchbell", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    /// The configuration of the service [default: watchbell.yaml, where there is one].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// When to use colours. `auto`: on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    color: Colour,
    /// Say more of what is being done; three times says everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 good; 1 the answer is no; 2 used wrongly, or rules or configuration do not pass; \
                          3 something outside failed.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Collect(collect::Collect),
    Health(health::Health),
    Incidents(incidents::Incidents),
    Routines(routines::Routines),
    Silence(silence::Silence),
    Token(token::Token),
    Test(test::Test),
    Check(check::Check),
    Backtest(backtest::Backtest),
    Tune(tune::Tune),
    Capture(capture::Capture),
    Diff(diff::Diff),
    Ci(ci::Ci),
    Explain(explain::Explain),
    Fmt(fmt::Fmt),
    Import(import::Import),
    Oncall(oncall::OnCall),
    Postmortem(postmortem::Postmortem),
    Report(report::Report),
    Dashboards(dashboards::Dashboards),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Does what the command line asks for. Problems with the arguments themselves end the process, as `clap` does it.
#[must_use]
pub fn run() -> ExitCode {
    deep_stack::run(obey)
}

fn obey() -> ExitCode {
    let arguments = Arguments::parse();
    let voice = match &arguments.command {
        Command::Run(_) | Command::Collect(_) => Voice::Service,
        _ => Voice::Command,
    };
    let layout = logs::start(voice, arguments.verbose, arguments.color);
    let answer = match &arguments.command {
        Command::Run(_) => run::Run::run(arguments.config.as_ref()),
        Command::Collect(_) => collect::Collect::run(arguments.config.as_deref(), arguments.color),
        Command::Health(health) => health.run(arguments.config.as_deref(), arguments.color),
        Command::Incidents(incidents) => incidents.run(arguments.config.as_deref()),
        Command::Routines(routines) => routines.run(arguments.config.as_deref()),
        Command::Silence(silence) => silence.run(arguments.config.as_deref()),
        Command::Token(token) => token.run(),
        Command::Demo(demo) => demo.run(arguments.color),
        Command::Test(test) => test.run(arguments.color),
        Command::Check(check) => check.run(arguments.config.as_deref(), arguments.color),
        Command::Backtest(backtest) => backtest.run(arguments.config.as_deref()),
        Command::Tune(tune) => tune.run(arguments.config.as_deref()),
        Command::Capture(capture) => capture.run(arguments.config.as_deref()),
        Command::Diff(diff) => diff.run(arguments.config.as_deref(), arguments.color),
        Command::Ci(ci) => ci.run(arguments.config.as_deref(), arguments.color),
        Command::Explain(explain) => explain.run(arguments.config.as_deref()),
        Command::Import(import) => import.run(arguments.config.as_deref(), arguments.color),
        Command::Fmt(fmt) => fmt.run(arguments.config.as_deref(), arguments.color),
        Command::Oncall(oncall) => oncall.run(arguments.config.as_deref(), arguments.color),
        Command::Postmortem(postmortem) => postmortem.run(arguments.config.as_deref()),
        Command::Report(report) => report.run(arguments.config.as_deref()),
        Command::Dashboards(dashboards) => dashboards.run(arguments.config.as_deref()),
        Command::Schema(schema) => schema.run(arguments.config.as_deref()),
        Command::Completions(completions) => completions.run(&mut Arguments::command()),
        Command::Man(man) => man.run(&Arguments::command()),
    };
    let complain = |error: CommandError| match layout {
        Layout::Human => output::complain(&error),
        Layout::Ecs => {
            logs::complain(&error);
            Answer::from(&error)
        }
    };
    answer.unwrap_or_else(complain).into()
}
