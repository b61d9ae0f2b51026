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
}

impl Endpoint {
    /// One of which nothing is known yet.
    pub fn new(label: String, way: Way) -> Self {
        Endpoint { label, way, record: Mutex::new(Record { standing: Standing::new(), head: None }) }
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
                    all.extend(together(client, url, some).await?);
                }
                Ok(all)
            }
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

async fn together(client: &Client, url: &Secret, calls: &[Call<'_>]) -> Result<Vec<Said>, Failure> {
    if let [call] = calls {
        return Ok(vec![alone(client, url, call).await?]);
    }
    let body = http::exchange(client, url, &wire::questions(calls)).await?;
    match wire::answers(&body, calls.len())? {
        Together::Each(all) => Ok(all),
        // It takes one at a time, or not that many.
        Together::Refused(why) => {
            tracing::debug!(%why, "several questions in one request were refused, so they are asked one by one");
            try_join_all(calls.iter().map(|call| alone(client, url, call))).await
        }
    }
}

async fn alone(client: &Client, url: &Secret, (method, params): &Call<'_>) -> Result<Said, Failure> {
    const ID: u64 = 1;
    let body = http::exchange(client, url, &wire::question(ID, method, params)).await?;
    wire::answer(&body, ID)
}
