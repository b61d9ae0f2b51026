//! What a start knows: the journal, read as it was written.

use super::books::{Books, BooksError};
use super::clock::wall;
use super::decider::SNAPSHOT_AFTER;
use super::reload::Fresh;
use super::start::PARTITION;
use crate::engine::{Engine, Fact, Step, World};
use crate::model::Moment;
use crate::store::{Journal, Lease};
use std::sync::Arc;

/// Where the journal ends.
pub struct Place {
    /// The number of its last event.
    pub seq: u64,
    /// How many events came after its last snapshot; `SNAPSHOT_AFTER` where it is time for the next.
    pub since_snapshot: usize,
}

/// What the journal says, under the rules that wrote it; then the step to the rules of now, as if they had been reloaded.
///
/// # Errors
/// When the journal cannot be read.
pub async fn recall(
    books: &Books,
    kept: Option<Fresh>,
    fresh: &Fresh,
    lease: Lease,
) -> Result<(Engine, Place, Step), BooksError> {
    let wrote = kept.filter(|kept| kept.rule_set != fresh.rule_set);
    let severities = wrote.as_ref().unwrap_or(fresh).settings.severities.clone();
    let ranks_anew = severities != fresh.settings.severities;
    let Journal { events, seq, since_snapshot } = books.ask(move |store| store.load(PARTITION, &severities)).await?;
    let since_snapshot = if ranks_anew { SNAPSHOT_AFTER } else { since_snapshot };
    let world = Arc::new(World::new(Arc::clone(&fresh.settings), fresh.rules.clone()));
    let wrote = wrote.map(|kept| Arc::new(World::new(kept.settings, kept.rules)));
    let mut engine = Engine::recall(wrote.unwrap_or_else(|| Arc::clone(&world)), &events);
    // They are as large as the state.
    drop(events);
    let now = Moment::from_millis(wall()).max(engine.state.moment).max(lease.ran_until.unwrap_or_default());
    // Also where the files are the same: a silence or a window of theirs may have ended while nobody looked.
    super::report::severities(&engine.state, &world.settings.severities);
    let step = engine.advance(Fact::Reloaded { world }, now);
    Ok((engine, Place { seq, since_snapshot }, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::load::FileLoader;
    use crate::store::{Commit, Sqlite};

    const CONFIG: &str = r##"
prometheus: { main: { url: "http://127.0.0.1:9090" } }
rules: [rules.yaml]
timezone: UTC
store: { sqlite: watchbell.db }
channels: { slack: { slack: { token: { env: SLACK_TOKEN }, to: "#alerts" } }, hook: { webhook: { url: "http://127.0.0.1:9/", secret: { env: HOOK_SECRET } } } }
responders: { anna: { reach: [{ via: slack, to: "@anna" }] } }
policies: { default: { matrix: { critical: { wait: 0s, levels: [{ notify: [slack] }] }, high: { wait: 0s, levels: [{ notify: [slack] }] }, medium: { wait: 0s, levels: [{ notify: [slack] }] }, low: { tell: nobody } } } }
routes: [{ policy: default }]
silences: [{ match: 'alertname="WatchbellDeliveryFailing"', until: "2026-01-05T10:00", owner: anna, reason: "the gateway moves" }]
"##;
    const RULES: &str = "groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]";

    fn fresh(test: &str, config: &str) -> Fresh {
        let folder = std::env::temp_dir().join(format!("watchbell-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (name, text) in [("watchbell.yaml", config), ("rules.yaml", RULES)] {
            std::fs::write(folder.join(name), text).expect("a file can be written");
        }
        let loaded = FileLoader::new(folder.join("watchbell.yaml")).load();
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
        loaded.unwrap_or_else(|why| panic!("{why}"))
    }

    fn world(fresh: &Fresh) -> Arc<World> {
        Arc::new(World::new(Arc::clone(&fresh.settings), fresh.rules.clone()))
    }

    fn trouble() -> Fact<'static> {
        Fact::Channel { channel: "hook".into(), trouble: Some("it is down".into()) }
    }

    /// A Watchbell that wrote its journal on 2026-01-05, when a channel failed that was silenced until ten.
    struct Writer {
        books: Books,
        lease: Lease,
        engine: Engine,
        seq: u64,
    }

    impl Writer {
        async fn at_nine(fresh: &Fresh) -> Writer {
            let (books, _thread) = Books::open(Box::new(Sqlite::in_memory().expect("memory can be had")));
            let lease = books.ask(|store| store.acquire(PARTITION, "us", 0, i64::MAX)).await.expect("it is free");
            let mut writer = Writer { books, lease, engine: Engine::new(world(fresh)), seq: 0 };
            assert_eq!(writer.hears(trouble(), 1_767_603_600_000).await, 0, "it is silenced");
            writer
        }

        /// Decides, stores it, and gives how many messages are owed for it.
        async fn hears(&mut self, fact: Fact<'_>, moment: i64) -> usize {
            let moment = Moment::from_millis(moment);
            let step = self.engine.advance(fact, moment);
            let (epoch, seq) = (self.lease.epoch, self.seq);
            let commit = Commit { events: step.events, moment, ..Commit::default() };
            let done = self.books.ask(move |store| store.commit(PARTITION, epoch, seq, &commit, 0)).await;
            self.seq = done.expect("it can be stored");
            step.drafts.len()
        }

        async fn is_recalled(&self, kept: Option<&Fresh>, fresh: &Fresh) -> (Engine, Place, Step) {
            recall(&self.books, kept.cloned(), fresh, self.lease).await.expect("the journal can be read")
        }
    }

    #[tokio::test]
    async fn what_was_silenced_until_ten_is_told_by_a_start_after_ten_on_the_same_files() {
        let fresh = fresh("silence", CONFIG);
        let (_, _, step) = Writer::at_nine(&fresh).await.is_recalled(None, &fresh).await;
        let told: Vec<String> = step.drafts.iter().map(|draft| draft.destination.to_string()).collect();
        assert_eq!(told, ["slack"]);
    }

    /// While `critical` is another word it is lower than all, as it was for who decided then.
    #[tokio::test]
    async fn a_journal_is_read_under_the_severities_that_it_was_written_under_and_then_starts_anew() {
        let all = fresh("all", CONFIG);
        let others = "severities: [{ name: worst }, { name: high }, { name: medium }, { name: low }]";
        let without = fresh("without", &format!("{}{others}", CONFIG.replace("critical:", "worst:")));
        let mut writer = Writer::at_nine(&all).await;
        for fresh in [&all, &without] {
            let told = writer.hears(Fact::Reloaded { world: world(fresh) }, 1_767_614_400_000).await
                + writer.hears(trouble(), 1_767_614_700_000).await;
            assert_eq!(told, 1, "it is paged at `critical`, and anew at `worst`");
        }
        let (_, place, _) = writer.is_recalled(Some(&without), &without).await;
        assert!(place.since_snapshot < SNAPSHOT_AFTER);
        let (recalled, place, step) = writer.is_recalled(Some(&without), &all).await;
        assert_eq!(place.since_snapshot, SNAPSHOT_AFTER);
        let now = recalled.state.moment.millis();
        assert_eq!(step.drafts.len(), writer.hears(Fact::Reloaded { world: world(&all) }, now).await);
        // In words, because no value is equal to NaN, which is the value of an alert of our own.
        let known = |engine: &Engine| format!("{:#?}", engine.state.incidents);
        assert_eq!(known(&recalled), known(&writer.engine), "a start knows what a reload would have known");
    }
}
