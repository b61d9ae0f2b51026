//! Asking the running service, as whoever holds the token.

use super::{Answer, CommandError, output, paths};
use crate::config::{self, Auth, Secret, Settings, Tls};
use crate::diagnostics::{Findings, Sources};
use crate::http::{Client, chain};
use crate::model::visible;
use clap::ValueEnum;
use jiff::Timestamp;
use reqwest::{Method, Url};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(30);
/// Where the token is looked for, unless a file is named.
const TOKEN: &str = "WATCHBELL_TOKEN";

/// How to reach the service, and how to say what it answered. The token is in `WATCHBELL_TOKEN`, or in a file.
#[derive(Debug, clap::Args)]
pub struct Service {
    /// The address of the service [default: `external_url` of the configuration, else where it listens].
    #[arg(long, global = true, value_name = "URL", env = "WATCHBELL_URL")]
    url: Option<String>,
    /// A file that holds the access token, in the place of the environment variable `WATCHBELL_TOKEN`.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How to say it.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How to say what the service answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs: the `data` of the answer.
    Json,
}

/// What the service said.
pub enum Reply {
    /// Good, and this.
    Good(Value),
    /// No, and why.
    No(String),
}

impl Service {
    /// Asks, and says the answer: in JSON as it came, or in the words that `say` finds for it.
    ///
    /// # Errors
    /// When it was asked wrongly, may not be asked so, or cannot be reached.
    pub fn ask(
        &self,
        config: Option<&Path>,
        (method, path): (Method, &str),
        body: Option<&Value>,
        say: impl FnOnce(&Value) -> String,
    ) -> Result<Answer, CommandError> {
        let url = format!("{}{path}", self.address(config)?.trim_end_matches('/'));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match runtime.block_on(send(&self.auth(), method, &url, body))? {
            Reply::Good(data) => {
                let text = match self.format {
                    Format::Human => say(&data),
                    Format::Json => format!("{data:#}\n"),
                };
                output::print(&text)?;
                Ok(Answer::Good)
            }
            Reply::No(why) => {
                output::print_aside(&format!("no: {}\n", plain(&why)))?;
                Ok(Answer::No)
            }
        }
    }

    fn auth(&self) -> Auth {
        match &self.token_file {
            Some(path) => Auth::Bearer(Secret::File(path.clone())),
            None if std::env::var_os(TOKEN).is_some() => Auth::Bearer(Secret::Env(TOKEN.into())),
            None => Auth::None,
        }
    }

    fn address(&self, config: Option<&Path>) -> Result<String, CommandError> {
        if let Some(url) = &self.url {
            let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            let words = || CommandError::Usage(format!("`{}` cannot be asked; write `http://host:port`", plain(url)));
            return is_web.then(|| url.clone()).ok_or_else(words);
        }
        let Some(path) = paths::found(config) else { return Ok(Settings::default().external_url) };
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = config::load(path, Timestamp::now(), &mut sources, &mut findings);
        let loaded = loaded.ok_or_else(|| {
            CommandError::Usage(format!("cannot read {}; say `--url`, or see `watchbell check`", path.display()))
        })?;
        Ok(loaded.settings.external_url)
    }
}

async fn send(auth: &Auth, method: Method, url: &str, body: Option<&Value>) -> Result<Reply, CommandError> {
    let usage = |cause: &dyn std::error::Error| CommandError::Usage(chain(cause));
    // Read once: what a shell hands over (`<(…)`) can be read only once. An error says which file or variable it is.
    let shown = match auth {
        Auth::Bearer(token) => {
            let token = token.reveal_line().map_err(|cause| usage(&cause))?;
            Some(Auth::Bearer(Secret::Inline(token.expose().to_owned())))
        }
        _ => None,
    };
    let auth = shown.as_ref().unwrap_or(auth);
    let outside = |cause: reqwest::Error| CommandError::Outside(format!("cannot reach the service: {}", chain(&cause)));
    let client = Client::new(auth, &BTreeMap::new(), &Tls::default()).map_err(|cause| usage(&cause))?;
    let request = client.request(method, url).await.map_err(|cause| usage(&cause))?.timeout(DEADLINE);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = request.send().await.map_err(outside)?;
    let status = answer.status();
    let text = answer.text().await.map_err(outside)?;
    read(status.as_u16(), &text)
}

/// What an answer means for whoever asked.
fn read(status: u16, text: &str) -> Result<Reply, CommandError> {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let why = || match body["error"].as_str() {
        Some(why) => why.to_owned(),
        None => format!("the service answered with status {status}"),
    };
    match status {
        200..=299 if body["data"].is_object() => Ok(Reply::Good(body["data"].clone())),
        200..=299 => Err(CommandError::Outside("this is no answer of Watchbell; is the address right?".into())),
        404 | 409 if body["error"].is_string() => Ok(Reply::No(why())),
        400..=499 => Err(CommandError::Usage(plain(&why()))),
        _ => Err(CommandError::Outside(plain(&why()))),
    }
}

/// Text from elsewhere, without what a terminal would obey.
pub fn plain(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\\n")
}

/// A text of an answer, for a terminal.
pub fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_no_a_mistake_or_trouble_elsewhere() {
        let said = |status, text: &str| match read(status, text) {
            Ok(Reply::Good(data)) => format!("good {data}"),
            Ok(Reply::No(why)) => format!("no {why}"),
            Err(CommandError::Usage(why)) => format!("usage {why}"),
            Err(error) => format!("outside {error}"),
        };
        assert_eq!(said(202, r#"{"status":"success","data":{"a":1}}"#), r#"good {"a":1}"#);
        for (status, ending) in
            [(404, "no"), (409, "no"), (400, "usage"), (401, "usage"), (403, "usage"), (413, "usage"), (503, "outside")]
        {
            assert_eq!(said(status, r#"{"status":"error","error":"why"}"#), format!("{ending} why"), "{status}");
        }
        assert_eq!(said(404, "<html>"), "usage the service answered with status 404");
        assert!(said(200, "<html>").starts_with("outside this is no answer of Watchbell"));
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_not_obeyed() {
        assert_eq!(plain("a\u{1b}[2Jb\nü\u{202e}"), "a\\u{1b}[2Jb\\nü\\u{202e}");
    }
}
