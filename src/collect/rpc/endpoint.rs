//! One endpoint: its way, its standing, its newest block.

use super::socket::Socket;
use super::standing::Standing;
use super::wire::{self, Said, Together};
use super::{Call, Failure, Head, http};
use crate::config::Secret;
use crate::http::Client;
use futures_util::future::try_join_all;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Questions in one request; more are asked in several.
const TOGETHER: usize = 100;

/// An endpoint.
pub struct Endpoint {
    /// What it is called.
    pub label: String,
    /// How it is reached.
    pub way: Way,
    record: Mutex<Record>,
}

/// How an endpoint is reached.
pub enum Way {
    /// A request for each question, or for several.
    Http {
        /// Makes requests.
        client: Client,
        /// Where to.
        url: Secret,
    },
    /// One line for all of them.
    Socket(Socket),
}

/// What is known of an endpoint.
#[derive(Debug)]
pub struct Record {
    /// What it is worth.
    pub standing: Standing,
    /// The newest block that it has told us of, where that is believed.
    pub head: Option<Head>,
    /// Whether it was said already that it takes one question at a time, or not that many.
    takes_one: bool,
}

impl Endpoint {
    /// One of which nothing is known yet.
    pub fn new(label: String, way: Way) -> Self {
        Endpoint { label, way, record: Mutex::new(Record { standing: Standing::new(), head: None, takes_one: false }) }
    }

    /// What is known of it. Not to be held while anything is waited for.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks `calls` and gives what was said to each, in their order. Has no deadline of its own.
    pub async fn ask(&self, calls: &[Call<'_>]) -> Result<Vec<Said>, Failure> {
        match &self.way {
            Way::Socket(socket) => try_join_all(calls.iter().map(|(method, params)| socket.ask(method, params))).await,
            Way::Http { client, url } => {
                let mut all = Vec::with_capacity(calls.len());
                for some in calls.chunks(TOGETHER) {
                    all.extend(self.each(client, url, some).await?);
                }
                Ok(all)
            }
        }
    }

    /// Asks several in one request, or one by one where that is refused.
    async fn each(&self, client: &Client, url: &Secret, calls: &[Call<'_>]) -> Result<Vec<Said>, Failure> {
        if let [call] = calls {
            return Ok(vec![alone(client, url, call).await?]);
        }
        match together(client, url, calls).await? {
            Together::Each(all) => Ok(all),
            Together::Refused(why) => {
                self.tell_of_refusal(calls.len(), &why);
                try_join_all(calls.iter().map(|call| alone(client, url, call))).await
            }
        }
    }

    /// Says so once: it comes with each request.
    fn tell_of_refusal(&self, questions: usize, why: &str) {
        if !std::mem::replace(&mut self.record().takes_one, true) {
            let endpoint = &self.label;
            tracing::info!(
                rpc.endpoint = endpoint,
                questions,
                why,
                "endpoint {endpoint} refuses several questions in one request, so they are asked one by one"
            );
        }
    }

    /// Has a line prove that somebody is there, after an answer did not come in time.
    pub fn doubt(&self) {
        match &self.way {
            Way::Socket(socket) => socket.doubt(),
            Way::Http { .. } => {}
        }
    }
}

async fn together(client: &Client, url: &Secret, calls: &[Call<'_>]) -> Result<Together, Failure> {
    match http::exchange(client, url, &wire::questions(calls)).await {
        Ok(body) => wire::answers(&body, calls.len()),
        // Some refuse in plain words. Where it is not the number of questions that they do not like, one alone tells.
        Err(refusal @ Failure::Status { status: 400 | 413 | 422, .. }) => Ok(Together::Refused(refusal.to_string())),
        Err(failure) => Err(failure),
    }
}

async fn alone(client: &Client, url: &Secret, (method, params): &Call<'_>) -> Result<Said, Failure> {
    const ID: u64 = 1;
    let body = http::exchange(client, url, &wire::question(ID, method, params)).await?;
    wire::answer(&body, ID)
}
