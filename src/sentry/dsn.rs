//! The address of a project at Sentry: `https://PUBLIC@HOST/PATH/PROJECT`.

use reqwest::Url;

/// A project, and who we are to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Dsn {
    /// Where envelopes are posted.
    pub envelope: String,
    key: String,
}

/// Why a text is no DSN. It does not repeat the text, which is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DsnError {
    /// It is no address of the web.
    #[error("the DSN of Sentry is no address: it looks like https://PUBLIC@HOST/PROJECT")]
    NoAddress,
    /// There is no public key before the host.
    #[error("the DSN of Sentry has no public key: it looks like https://PUBLIC@HOST/PROJECT")]
    NoKey,
    /// There is no project at its end.
    #[error("the DSN of Sentry names no project: it looks like https://PUBLIC@HOST/PROJECT")]
    NoProject,
}

impl Dsn {
    /// Reads one.
    ///
    /// # Errors
    /// What is missing.
    pub fn parse(text: &str) -> Result<Self, DsnError> {
        let mut url = Url::parse(text.trim()).map_err(|_| DsnError::NoAddress)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(DsnError::NoAddress);
        }
        let key = url.username().to_owned();
        if key.is_empty() {
            return Err(DsnError::NoKey);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let (path, project) = path.rsplit_once('/').ok_or(DsnError::NoProject)?;
        if project.is_empty() {
            return Err(DsnError::NoProject);
        }
        url.set_path(&format!("{path}/api/{project}/envelope/"));
        url.set_query(None);
        // Both fail only for addresses that can have no login.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Dsn { envelope: url.into(), key })
    }

    /// The header that says who we are.
    #[must_use]
    pub fn auth(&self) -> String {
        let client = concat!("watchbell/", env!("CARGO_PKG_VERSION"));
        format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={}", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_leads_to_its_project() {
        let led = |text: &str| Dsn::parse(text).map(|dsn| dsn.envelope);
        assert_eq!(led("https://abc@o1.example.org/42"), Ok("https://o1.example.org/api/42/envelope/".into()));
        assert_eq!(
            led(" http://abc:secret@127.0.0.1:9000/sentry/7/ "),
            Ok("http://127.0.0.1:9000/sentry/api/7/envelope/".into())
        );
        assert_eq!(led("https://o1.example.org/42"), Err(DsnError::NoKey));
        assert_eq!(led("https://abc@o1.example.org/"), Err(DsnError::NoProject));
        assert_eq!(led("abc"), Err(DsnError::NoAddress));
    }
}
