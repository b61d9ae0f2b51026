//! `watchbell silence`: hold back new messages for a while, at the running service.

use super::incidents::{time, unless_stored, until};
use super::service::{Service, text};
use super::{Answer, CommandError};
use crate::model::SilenceId;
use crate::service::clock::wall;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// Hold back new messages of some alerts for a while, at the running service.
#[derive(Debug, clap::Args)]
pub struct Silence {
    #[command(subcommand)]
    deed: Deed,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Make one.
    Add {
        /// What it silences, as `chain="sepolia"`.
        #[arg(value_name = "MATCH")]
        matchers: String,
        /// For how long, as `2h`.
        #[arg(long = "for", value_name = "DURATION")]
        lasts: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// List those that hold now or will, those of the configuration as well.
    List,
    /// End one before its time.
    Expire {
        /// Its id, as `list` has it.
        #[arg(value_parser = id)]
        id: SilenceId,
    },
}

impl Silence {
    /// Asks the service.
    ///
    /// # Errors
    /// When it was asked wrongly, or cannot be reached.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        const SILENCES: &str = "/api/v1/silences";
        match &self.deed {
            Deed::Add { matchers, lasts, reason } => {
                let body = json!({ "match": matchers, "for": lasts, "reason": reason });
                let say = |data: &Value| format!("{}{}\n", text(&data["id"]), unless_stored(data));
                self.service.ask(config, (Method::POST, SILENCES), Some(&body), say)
            }
            Deed::List => self.service.ask(config, (Method::GET, SILENCES), None, |data| {
                let silences = data["silences"].as_array().into_iter().flatten();
                let lines: String = silences.map(|silence| line(silence, wall())).collect();
                if lines.is_empty() { "nothing is silenced\n".into() } else { lines }
            }),
            Deed::Expire { id } => {
                let path = format!("{SILENCES}/{id}");
                let say = |data: &Value| format!("{id} is over{}\n", unless_stored(data));
                self.service.ask(config, (Method::DELETE, &path), None, say)
            }
        }
    }
}

/// The id of a silence.
fn id(text: &str) -> Result<SilenceId, String> {
    text.parse().map_err(|_| format!("`{text}` is no id of a silence; `watchbell silence list` shows them"))
}

fn line(silence: &Value, now: i64) -> String {
    let [matchers, by, reason] = ["match", "by", "reason"].map(|field| text(&silence[field]));
    let id = silence["id"].as_str().map_or_else(|| "configuration".to_owned(), |_| text(&silence["id"]));
    let begins = time(&silence["from"]).filter(|from| *from > now).map(|from| format!("begins {}, ", until(from, now)));
    let ends = time(&silence["until"]).map(|end| format!("ends {}", until(end, now))).unwrap_or_default();
    format!("{id}  {matchers}  {}{ends}  by {by}: {reason}\n", begins.unwrap_or_default())
}
