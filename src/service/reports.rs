//! The reports that routines wait for: made beside the loop, from the store and the sources, and handed to the engine.

use super::fetch::Clients;
use super::said::Said;
use super::start::PARTITION;
use crate::config::Report;
use crate::engine::World;
use crate::engine::routine::Wanted;
use crate::http::chain;
use crate::model::{Moment, Name, Slot, Span};
use crate::review::{self, Inputs, Kind, Measured, Past};
use crate::store::Sqlite;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A report is given up after so long: shorter than its message would wait.
const LONGEST: Duration = Duration::from_mins(4);
/// Values are asked for so long at most, each question for itself.
const QUESTION: Span = Span::from_secs(30);

/// Makes reports, each once.
pub struct Reports {
    store: PathBuf,
    said: mpsc::UnboundedSender<Said>,
    begun: HashSet<(Name, Slot)>,
}

impl Reports {
    /// Makes them from the store at `store`, and gives them to whoever hears `said`.
    #[must_use]
    pub fn new(store: PathBuf, said: mpsc::UnboundedSender<Said>) -> Self {
        Reports { store, said, begun: HashSet::new() }
    }

    /// Begins those of `wanted` that have not been begun.
    pub fn begin(&mut self, wanted: Vec<Wanted>, world: &Arc<World>, clients: &Clients, skew: Span) {
        self.begun.retain(|(routine, at)| wanted.iter().any(|one| one.routine == *routine && one.at == *at));
        for Wanted { routine, at, report } in wanted {
            if !self.begun.insert((routine.clone(), at)) {
                continue;
            }
            let (store, world, clients) = (self.store.clone(), Arc::clone(world), clients.clone());
            let said = self.said.clone();
            tokio::spawn(async move {
                let made = tokio::time::timeout(LONGEST, make(report, at.moment(skew), store, world, clients)).await;
                let report = made.unwrap_or_else(|_| Err(format!("it was not ready within {} s", LONGEST.as_secs())));
                // It is gone only when we stop; the next start makes it again.
                let _gone = said.send(Said::Report { routine, at, report });
            });
        }
    }
}

/// The short text of a report on the time before `at`.
async fn make(
    report: Report,
    at: Moment,
    store: PathBuf,
    world: Arc<World>,
    clients: Clients,
) -> Result<String, String> {
    let kind = Kind::from(report);
    let periods = kind.periods(at, &world.settings.timezone);
    let trends = (kind == Kind::Monthly).then_some(at);
    let measured = Measured::ask(&world, &clients, QUESTION, periods, trends).await;
    let made = tokio::task::spawn_blocking(move || {
        // On a connection of its own: a month may be read for seconds, and nobody else has to wait for that.
        let mut store = Sqlite::open_to_read(&store).map_err(|cause| chain(&cause))?;
        let past = Past::read(&mut store, PARTITION, &world.settings, periods, at).map_err(|cause| chain(&cause))?;
        let inputs = Inputs { world: &world, past: &past, at, measured: Some(&measured), suggestions: &[] };
        Ok(review::report(kind, &inputs).short())
    });
    made.await.unwrap_or_else(|cause| Err(format!("making it ended abnormally: {cause}")))
}
