//! `watchbell routines`: what is to be done again and again, and ticking it off, at the running service.

use super::incidents::{ago, time, unless_stored, until};
use super::service::{Service, text};
use super::{Answer, CommandError};
use crate::service::clock::wall;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use std::path::Path;

/// What people do again and again: list it, and tick it off, at the running service.
#[derive(Debug, clap::Args)]
pub struct Routines {
    #[command(subcommand)]
    deed: Deed,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// List them: what is open, until when, and what comes next.
    List,
    /// Tick one off.
    Done {
        /// Its name, as `list` has it.
        routine: String,
        /// What there is to say about it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
}

impl Routines {
    /// Asks the service.
    ///
    /// # Errors
    /// When it was asked wrongly, or cannot be reached.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        match &self.deed {
            Deed::List => self.service.ask(config, (Method::GET, "/api/v1/routines"), None, |data| {
                let routines = data["routines"].as_array().into_iter().flatten();
                let lines: String = routines.map(|routine| line(routine, wall())).collect();
                if lines.is_empty() {
                    "there are no routines; see `routines:` of the configuration\n".into()
                } else {
                    lines
                }
            }),
            Deed::Done { routine, note } => {
                let path = format!("/api/v1/routines/{}/done", segment(routine));
                let say = |data: &Value| format!("{routine} is ticked off{}\n", unless_stored(data));
                self.service.ask(config, (Method::POST, &path), Some(&json!({ "note": note })), say)
            }
        }
    }
}

/// A name as one part of a path, whatever characters it has.
fn segment(name: &str) -> String {
    let mut url = Url::parse("http://localhost/").expect("this is an address");
    url.path_segments_mut().expect("it has a path").push(name);
    url.path().trim_start_matches('/').to_owned()
}

fn line(routine: &Value, now: i64) -> String {
    let [name, owner, state] = ["name", "owner", "state"].map(|field| text(&routine[field]));
    let when = |field: &str| time(&routine[field]).map(|at| until(at, now));
    let due = time(&routine["due"]).map(|at| ago(at, now));
    let status = match state.as_str() {
        "done" => when("next").map(|next| format!("comes up {next}")).unwrap_or_default(),
        "open" => format!("to be done {}", when("due").unwrap_or_default()),
        _ => format!("OVERDUE: it was due {}", due.unwrap_or_default()),
    };
    let done = &routine["lastDone"];
    let last = time(&done["at"])
        .map(|at| ago(at, now))
        .map(|when| format!("; last done {when} by {}{}", text(&done["by"]), noted(done)));
    format!("{name}  ({owner})  {status}{}\n", last.unwrap_or_default())
}

fn noted(done: &Value) -> String {
    let note = text(&done["note"]);
    if note.is_empty() { note } else { format!(": {note}") }
}
