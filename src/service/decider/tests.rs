use super::*;
use crate::engine::{Event, EventKind, State, World};
use crate::model::{AlertId, RuleId, Severities};
use crate::rules::RuleSet;
use crate::store::{Journal, Sqlite};

const HERE: Partition = Partition(0);

/// A decider whose journal is as long as it may become.
async fn at_the_end_of_its_journal() -> (Decider, mpsc::UnboundedReceiver<Order>) {
    let (books, _thread) = Books::open(Box::new(Sqlite::in_memory().expect("memory can be had")));
    let lease = books.ask(|store| store.acquire(HERE, "us", 0, i64::MAX)).await.expect("nobody else is there");
    let (orders, hear_orders) = mpsc::unbounded_channel();
    let (settings, _) = watch::channel(Arc::default());
    let (rule_set, files) = ("rules".to_owned(), Vec::new());
    let start = Start { books, epoch: lease.epoch, seq: 0, since_snapshot: SNAPSHOT_AFTER, rule_set, files };
    let engine = Engine::new(Arc::new(World::new(Arc::default(), RuleSet::default())));
    let ways_out = WaysOut { orders, settings, metrics: Arc::default() };
    (Decider::new(engine, (Clients::new(), None), start, ways_out), hear_orders)
}

/// In words, because no value is equal to NaN, which is the value of an alert of our own.
fn remembered(state: &State) -> Vec<String> {
    state.as_events().map(|event| format!("{event:?}")).collect()
}

async fn journal(decider: &Decider) -> Journal {
    let loaded = decider.books.ask(|store| store.load(HERE, &Severities::default())).await;
    loaded.expect("it can be read")
}

#[tokio::test]
async fn a_journal_that_has_become_long_starts_anew_and_nothing_is_forgotten_here_or_there() {
    let (mut decider, _orders) = at_the_end_of_its_journal().await;
    let trouble = |channel: &str| Said::Channel { channel: channel.into(), trouble: Some("it is down".into()) };
    let mut twin = decider.engine.clone();
    let fact = Fact::Channel { channel: "mail".into(), trouble: Some("it is down".into()) };
    let written = twin.advance(fact, Moment::from_millis(1_000)).events.len();
    assert!(!twin.state.own.is_empty() && !twin.state.incidents.by_key.is_empty(), "there is something to forget");

    decider.hear(trouble("mail"), Moment::from_millis(1_000)).await;
    assert_eq!(remembered(&decider.engine.state), remembered(&twin.state), "it goes on with what it knew");
    let stored = journal(&decider).await;
    assert_eq!((stored.seq, stored.since_snapshot), (written as u64, 0), "the numbers go on");
    let world = Arc::clone(&decider.engine.world);
    assert_eq!(remembered(&State::fold(&world, &stored.events)), remembered(&twin.state), "so does a start");

    decider.hear(trouble("chat"), Moment::from_millis(2_000)).await;
    let stored = journal(&decider).await;
    assert!(stored.since_snapshot > 0, "the next snapshot comes after as many events again");
    assert_eq!(remembered(&State::fold(&world, &stored.events)), remembered(&decider.engine.state));
}

#[tokio::test]
async fn a_journal_starts_anew_where_severities_are_others_because_it_has_them_by_name_alone() {
    let (mut decider, _orders) = at_the_end_of_its_journal().await;
    let settings = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|&name| (name.into(), Vec::new())).collect();
        Settings { severities: Severities::new(names, "high").expect("it is among them"), ..Settings::default() }
    };
    let mut snapshots = Vec::new();
    for names in [&["high", "medium"], &["high", "medium"], &["medium", "high"]] {
        let fresh = Fresh::of(settings(names));
        let world = Arc::new(World::new(Arc::clone(&fresh.settings), RuleSet::default()));
        let trouble = Said::Channel { channel: names[0].into(), trouble: Some("it is down".into()) };
        decider.reload(world, fresh, Moment::from_millis(1_000)).await;
        snapshots.push(journal(&decider).await.since_snapshot == 0);
        decider.hear(trouble, Moment::from_millis(2_000)).await;
    }
    assert_eq!(snapshots, [true, false, true]);
}

#[tokio::test]
async fn seconds_of_a_clock_that_is_far_ahead_forget_nothing_and_put_off_no_tidying_up() {
    let (mut decider, _orders) = at_the_end_of_its_journal().await;
    let at = Moment::from_millis;
    let event = |kind| Event { moment: at(1_000), slot: None, kind };
    let slept = || event(EventKind::Slept { span: Span::ZERO });
    let gone = EventKind::AlertForgotten { rule: RuleId::derive(&["rule"]), alert: AlertId::derive(&["alert"]) };
    let events = vec![slept(), event(gone), slept()];
    let (epoch, commit) = (decider.epoch, Commit { events, ..Commit::default() });
    let seq = decider.books.ask(move |store| store.commit(HERE, epoch, 0, &commit, 1_000)).await;
    decider.seq = seq.expect("it is ours");
    // By the wall clock, decades have passed since; by engine time, one second, and then as much.
    for (moment, kept) in [(at(2_000), 3), (at(wall()), 2)] {
        decider.engine.state.moment = moment;
        for _piece in 0..3 {
            decider.renew(i64::MAX).await;
        }
        let ever = (at(0), at(i64::MAX));
        let recorded = decider.books.ask(move |store| store.recorded(HERE, ever.0, ever.1, &Severities::default()));
        assert_eq!(recorded.await.expect("it can be read").len(), kept, "at {moment}");
    }
}
