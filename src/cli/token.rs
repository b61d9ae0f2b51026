//! `watchbell token`: make an access token, and the line that goes into the configuration.

use super::service::Format;
use super::{Answer, CommandError, output};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Make an access token and the line that goes into the configuration, which knows it by its hash only. Nothing is kept: the
/// token is shown this once.
#[derive(Debug, clap::Args)]
pub struct Token {
    /// Who will hold it; the name stands in the timeline of what they do.
    name: String,
    /// What they may do.
    #[arg(long, value_enum, default_value_t = Role::Viewer)]
    role: Role,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Only post alerts, as a Prometheus or an Alertmanager does.
    Sender,
    /// Look.
    Viewer,
    /// Also act on incidents, and silence.
    Responder,
    /// Everything: also reload.
    Admin,
}

impl Token {
    /// Makes one.
    ///
    /// # Errors
    /// When the system has no randomness, or the output cannot be written.
    pub fn run(&self) -> Result<Answer, CommandError> {
        if !crate::config::is_name(&self.name) {
            let words =
                format!("`{}` cannot be a name: it is not empty, has no colon and no space around it", self.name);
            return Err(CommandError::Usage(words));
        }
        let secret = crate::http::random::<32>();
        let secret = secret.ok_or_else(|| CommandError::Outside("the system gave no randomness".into()))?;
        let token = format!("wb_{}", URL_SAFE_NO_PAD.encode(secret));
        let sha256: String = Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect();
        let role = match self.role {
            Role::Sender => "sender",
            Role::Viewer => "viewer",
            Role::Responder => "responder",
            Role::Admin => "admin",
        };
        // A text of JSON is one of YAML.
        let name = json!(self.name).to_string();
        let line = format!("{{ name: {name}, role: {role}, sha256: \"{sha256}\" }}");
        match self.format {
            Format::Human => {
                output::print_aside(
                    "The token is shown this once. Its holder sets it as WATCHBELL_TOKEN; the line goes below `access.tokens`.\n",
                )?;
                output::print(&format!("token: {token}\nline: - {line}\n"))?;
            }
            Format::Json => {
                let all = json!({ "name": self.name, "role": role, "token": token, "sha256": sha256, "line": line });
                output::print(&format!("{all:#}\n"))?;
            }
        }
        Ok(Answer::Good)
    }
}
