//! A request to an address, by Standard Webhooks 1.0 as the channel `webhook` makes them. It is made once.

use super::output::Output;
use super::{hidden, not_started};
use crate::config::{Revealed, Secret};
use crate::engine::incident::{Job, Outcome};
use crate::http::{Client, ClientError, webhook_signature};
use crate::model::{Moment, Slot};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is asked for.
pub(super) struct Call<'a> {
    pub(super) http: &'a Client,
    pub(super) url: &'a Secret,
    pub(super) secret: Option<&'a Secret>,
    pub(super) job: &'a Job,
    pub(super) wall: i64,
}

impl Call<'_> {
    /// Makes the request, and waits for the whole answer: at most `timeout`, and no longer than until `stop`. Where only the body
    /// does not come to its end, the status has said how it ended.
    pub(super) async fn make(&self, timeout: Duration, stop: &CancellationToken) -> (Outcome, String) {
        let (url, secret) = match (self.url.reveal(), self.secret.map(Secret::reveal).transpose()) {
            (Ok(url), Ok(secret)) => (url, secret),
            (Err(cause), _) | (_, Err(cause)) => return not_started(&cause),
        };
        let request = match self.request(&url, secret.as_ref()).await {
            Ok(request) => request,
            Err(cause) => return not_started(&cause),
        };
        let values =
            [(self.url, url.expose())].into_iter().chain(self.secret.zip(secret.as_ref().map(Revealed::expose)));
        let mut output = hidden(values);
        let over = async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Outcome::Stopped,
                () = tokio::time::sleep(timeout) => Outcome::TimedOut,
            }
        };
        tokio::pin!(over);
        let mut response = tokio::select! {
            biased;
            outcome = &mut over => return (outcome, String::new()),
            sent = request.send() => match sent {
                Ok(response) => response,
                Err(cause) => return without_answer(cause),
            },
        };
        let outcome = outcome_of(response.status());
        tokio::select! {
            _ = over => {}
            () = read(&mut response, &mut output) => {}
        }
        (outcome, output.text())
    }

    async fn request(&self, url: &Revealed, secret: Option<&Revealed>) -> Result<RequestBuilder, ClientError> {
        let (id, timestamp, body) = (self.job.key.to_string(), self.wall / 1000, body(self.job, self.wall));
        let mut request = self.http.request(Method::POST, url.expose()).await?;
        if let Some(secret) = secret {
            let signature = webhook_signature(secret.expose(), &id, timestamp, &body)?;
            request = request.header("webhook-signature", signature);
        }
        let request = request.header("content-type", "application/json").header("webhook-id", &id);
        Ok(request.header("webhook-timestamp", timestamp).body(body))
    }
}

fn without_answer(cause: reqwest::Error) -> (Outcome, String) {
    let cause = cause.without_url();
    if cause.is_connect() {
        return not_started(&cause);
    }
    (Outcome::Failed(crate::http::chain(&cause)), String::new())
}

fn outcome_of(status: StatusCode) -> Outcome {
    if status.is_success() { Outcome::Done } else { Outcome::Failed(format!("answered {}", status.as_u16())) }
}

/// Takes what comes of the body, to its end or until it breaks off.
async fn read(response: &mut Response, output: &mut Output) {
    while let Ok(Some(chunk)) = response.chunk().await {
        output.take(&chunk);
    }
}

/// What is to be done, and for which alert.
fn body(job: &Job, wall: i64) -> String {
    let cause = &job.cause;
    json!({
        "type": "action.run",
        "timestamp": Slot::from_millis(wall).to_string(),
        "data": {
            "action": &*job.action,
            "run": job.id.run,
            "incident": {
                "id": cause.incident.to_string(),
                "number": job.id.incident,
                "name": format!("INC-{}", job.id.incident),
                "generation": cause.generation,
            },
            "alert": {
                "labels": cause.labels,
                "severity": cause.severity.to_string(),
                // JSON has no NaN and no infinities.
                "value": if cause.value.is_finite() { json!(cause.value) } else { Value::Null },
                "started_at": Moment::to_string(&cause.since),
            },
        },
    })
    .to_string()
}
