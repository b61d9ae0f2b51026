//! The contract of a store: one set of stories over the `Store` trait, run against every store that there is. Another store
//! is a line in `STORES`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use watchbell::config::Policy;
use watchbell::engine::event::{IncidentEvent, Opening};
use watchbell::engine::incident::{Destination, Key};
use watchbell::engine::notice::Notice;
use watchbell::engine::{Event, EventKind};
use watchbell::model::{AlertId, DeliveryId, IncidentId, Labels, Moment, RuleId, Severities, Slot, Span};
use watchbell::store::notice::decode;
use watchbell::store::{Attempt, Commit, Epoch, Partition, Piece, Sqlite, Store, StoreError, TooOld};

/// Makes an empty store; the guard keeps its place as long as the story runs.
type Make = fn() -> (Box<dyn Store>, Place);

const STORES: [(&str, Make); 2] = [("sqlite on disk", on_disk), ("sqlite in memory", in_memory)];

const HERE: Partition = Partition(0);

/// A folder that is gone when the story is, or nothing.
struct Place(Option<PathBuf>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("watchbell-store-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn on_disk() -> (Box<dyn Store>, Place) {
    let folder = folder();
    let store = Sqlite::open(&folder.join("watchbell.db")).expect("a new file can be opened");
    (Box::new(store), Place(Some(folder)))
}

fn in_memory() -> (Box<dyn Store>, Place) {
    (Box::new(Sqlite::in_memory().expect("SQLite is built in")), Place(None))
}

/// Tells one story to every store.
fn for_each(story: impl Fn(&mut dyn Store)) {
    for (name, make) in STORES {
        let (mut store, _place) = make();
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(&mut *store)));
        assert!(told.is_ok(), "the store `{name}` does not keep the contract");
    }
}

fn slept(millis: i64) -> Event {
    Event {
        moment: Moment::from_millis(millis),
        slot: None,
        kind: EventKind::Slept { span: Span::from_millis(millis) },
    }
}

fn events(millis: &[i64]) -> Commit {
    Commit {
        events: millis.iter().map(|millis| slept(*millis)).collect(),
        rule_set: "rules".into(),
        ..Commit::default()
    }
}

fn incident() -> IncidentId {
    IncidentId::derive(&["incident"])
}

fn to(channel: &str) -> Destination {
    Destination { channel: channel.into(), to: None }
}

/// As a store has kept it: whatever a notice has learnt since, this one can still be read.
fn notice(id: &str, channel: &str, generation: u32) -> Arc<Notice> {
    let body = serde_json::json!({
        "id": DeliveryId::derive(&[id]).to_string(),
        "destination": { "channel": channel },
        "kind": "page",
        "reason": "opened",
        "at": 1,
        "incident": incident().to_string(),
        "number": 1,
        "key": { "policy": "default", "group": {} },
        "generation": generation,
        "page": 1,
        "revision": 0,
        "pages": [],
        "severity": "high",
        "opened": 1,
        "title": id,
        "link": "",
        "alerts": [],
    });
    Arc::new(decode(&body.to_string(), &Severities::default()).expect("it is as it was first written"))
}

/// The lease, from `holder`, at 1 s for 15 s.
fn acquired(store: &mut dyn Store, holder: &str) -> Epoch {
    store.acquire(HERE, holder, 1_000, 16_000).expect("nobody holds it").epoch
}

fn stored(store: &mut dyn Store) -> (Vec<i64>, u64) {
    let journal = store.load(HERE, &Severities::default()).expect("it can be read");
    (journal.events.iter().map(|event| event.moment.millis()).collect(), journal.seq)
}

fn owed(store: &mut dyn Store) -> Vec<String> {
    let owed = store.owed(HERE, &Severities::default()).expect("it can be read");
    owed.into_iter().map(|owed| owed.notice.title.clone()).collect()
}

#[test]
fn one_holder_at_a_time_and_the_next_one_when_it_has_ended() {
    for_each(|store| {
        let first = acquired(store, "a");
        let held = store.acquire(HERE, "b", 15_999, 30_000).expect_err("it is held");
        assert!(matches!(held, StoreError::Held { until } if until == Moment::from_millis(16_000)), "{held}");
        store.renew(HERE, first, 20_000, Moment::from_millis(5_000)).expect("it is ours");
        assert!(store.acquire(HERE, "b", 16_000, 30_000).is_err(), "it was renewed");
        let second = store.acquire(HERE, "b", 20_000, 35_000).expect("it has ended");
        assert!(second.epoch > first);
        assert_eq!(second.ran_until, Some(Moment::from_millis(5_000)), "how far the first one is known to have run");
    });
}

#[test]
fn a_lease_that_is_given_back_is_free_at_once_and_a_holder_may_take_its_own_again() {
    for_each(|store| {
        let first = acquired(store, "a");
        let again = acquired(store, "a");
        assert!(again > first, "what the holder did under its old epoch is over");
        store.release(HERE, first).expect("giving back what is not ours any more does nothing");
        assert!(store.acquire(HERE, "b", 2_000, 17_000).is_err());
        store.release(HERE, again).expect("it is ours");
        store.acquire(HERE, "b", 2_000, 17_000).expect("it is free");
    });
}

#[test]
fn whoever_has_lost_the_lease_writes_and_sends_nothing() {
    for_each(|store| {
        let old = acquired(store, "a");
        store.commit(HERE, old, 0, &events(&[1]), 0).expect("it is ours");
        let new = store.acquire(HERE, "b", 20_000, 35_000).expect("it has ended").epoch;
        let lost =
            |result: Result<(), StoreError>| matches!(result, Err(StoreError::LostLease { epoch }) if epoch == old.0);
        let commit = Commit { owed: vec![notice("page", "pager", 1)], ..events(&[2]) };
        assert!(lost(store.commit(HERE, old, 1, &commit, 0).map(drop)));
        assert!(lost(store.renew(HERE, old, 99_000, Moment::from_millis(9))));
        assert!(lost(store.claim(HERE, old, DeliveryId::derive(&["page"]), 0)));
        assert_eq!((stored(store), owed(store)), ((vec![1], 1), Vec::new()));
        store.commit(HERE, new, 1, &events(&[3]), 0).expect("the new holder goes on");
    });
}

#[test]
fn a_commit_is_whole_or_not_at_all_and_names_the_end_of_the_journal_that_it_expects() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        assert_eq!(store.commit(HERE, epoch, 0, &events(&[1, 2]), 0).expect("it is the first"), 2);
        let commit = Commit {
            owed: vec![notice("page", "pager", 1)],
            good_files: Some(vec![("rules.yaml".into(), "groups: []".into())]),
            ..events(&[3])
        };
        let behind = store.commit(HERE, epoch, 1, &commit, 0).expect_err("the journal has gone on");
        assert!(matches!(behind, StoreError::Behind { expected: 1, actual: 2 }), "{behind}");
        assert_eq!((stored(store), owed(store)), ((vec![1, 2], 2), Vec::new()));
        assert_eq!(store.last_good(HERE).expect("it can be read"), Vec::new());
        store.commit(HERE, epoch, 2, &commit, 0).expect("now it is right");
        assert_eq!(owed(store), ["page"]);
    });
}

#[test]
fn how_far_we_ran_is_known_from_commits_and_renewals_and_never_runs_backwards() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let commit = Commit { moment: Moment::from_millis(7_000), ..events(&[1]) };
        store.commit(HERE, epoch, 0, &commit, 0).expect("it is ours");
        store.renew(HERE, epoch, 20_000, Moment::from_millis(6_000)).expect("it is ours");
        let commit = Commit { moment: Moment::from_millis(5_000), ..events(&[2]) };
        store.commit(HERE, epoch, 1, &commit, 0).expect("it is ours");
        assert_eq!(
            store.acquire(HERE, "a", 2_000, 17_000).expect("it is ours").ran_until,
            Some(Moment::from_millis(7_000))
        );
    });
}

#[test]
fn a_delivery_that_is_decided_again_is_left_as_it_is() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let commit = Commit { owed: vec![notice("page", "pager", 1)], ..events(&[1]) };
        store.commit(HERE, epoch, 0, &commit, 0).expect("it is ours");
        let sent = Attempt::Sent { receipt: "{}".into() };
        store.finish(HERE, DeliveryId::derive(&["page"]), &sent, 5).expect("it is there");
        store.commit(HERE, epoch, 1, &commit, 0).expect("deciding again is no mistake");
        assert_eq!(owed(store), Vec::<String>::new(), "it was sent, and is not sent again");
        assert_eq!(store.deliveries(HERE).expect("it can be read").len(), 1);
    });
}

#[test]
fn what_is_owed_comes_in_order_with_all_that_was_tried() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let all = ["one", "two", "three", "four", "five"].map(|id| notice(id, "pager", 1));
        let id = |name: &str| DeliveryId::derive(&[name]);
        store.commit(HERE, epoch, 0, &Commit { owed: all.to_vec(), ..events(&[1]) }, 100).expect("it is ours");
        store.claim(HERE, epoch, id("two"), 200).expect("it is ours");
        store.claim(HERE, epoch, id("three"), 300).expect("it is ours");
        let failed = Attempt::Failed { reason: "it hangs".into(), not_before: 900 };
        store.finish(HERE, id("three"), &failed, 310).expect("it is there");
        store.finish(HERE, id("four"), &Attempt::Refused { reason: "never".into() }, 320).expect("it is there");
        store.finish(HERE, id("five"), &Attempt::Withdrawn, 330).expect("it is there");

        let owed = store.owed(HERE, &Severities::default()).expect("it can be read");
        let seen = owed.iter().map(|owed| {
            (owed.notice.title.as_str(), owed.attempts, owed.not_before, owed.first_tried, owed.fate_unknown)
        });
        let expected =
            [("one", 0, 1, None, false), ("two", 1, 1, Some(200), true), ("three", 1, 900, Some(300), false)];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
        let books = store.deliveries(HERE).expect("it can be read");
        let books: Vec<_> =
            books.iter().map(|entry| (&*entry.status, entry.attempts, entry.reason.as_deref())).collect();
        let reasons = [None, None, Some("it hangs"), Some("never"), None];
        let statuses = ["queued", "claimed", "queued", "refused", "withdrawn"];
        let expected: Vec<_> = (0..5).map(|at| (statuses[at], [0, 1, 1, 0, 0][at], reasons[at])).collect();
        assert_eq!(books, expected);
    });
}

#[test]
fn what_was_sent_cannot_be_claimed_again() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        store
            .commit(HERE, epoch, 0, &Commit { owed: vec![notice("page", "pager", 1)], ..events(&[1]) }, 0)
            .expect("it is ours");
        let id = DeliveryId::derive(&["page"]);
        store.finish(HERE, id, &Attempt::Sent { receipt: "{}".into() }, 5).expect("it is there");
        store.claim(HERE, epoch, id, 6).expect("it does nothing");
        assert_eq!(store.deliveries(HERE).expect("it can be read")[0].status, "sent");
    });
}

#[test]
fn the_last_receipt_is_that_of_the_destination_and_the_generation() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let owed = vec![
            notice("page", "slack", 1),
            notice("update", "slack", 1),
            notice("again", "slack", 2),
            notice("other", "hook", 1),
        ];
        store.commit(HERE, epoch, 0, &Commit { owed, ..events(&[1]) }, 0).expect("it is ours");
        for (name, receipt) in [("page", "first"), ("update", "second"), ("again", "third")] {
            let sent = Attempt::Sent { receipt: receipt.into() };
            store.finish(HERE, DeliveryId::derive(&[name]), &sent, 1).expect("it is there");
        }
        let mut receipt =
            |generation, channel| store.receipt(HERE, incident(), generation, &to(channel)).expect("it can be read");
        assert_eq!(receipt(1, "slack").as_deref(), Some("second"));
        assert_eq!(receipt(2, "slack").as_deref(), Some("third"));
        assert_eq!(receipt(1, "hook"), None, "it has not been sent");
    });
}

#[test]
fn a_snapshot_takes_the_place_of_the_journal_before_it_and_the_numbers_go_on() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        store.commit(HERE, epoch, 0, &events(&[1, 2]), 0).expect("it is ours");
        let snapshot = |store: &mut dyn Store, seq, millis| {
            store.snapshot(HERE, epoch, seq, &mut [slept(millis), slept(millis + 1)].into_iter())
        };
        snapshot(store, 2, 100).expect("it is ours");
        assert_eq!(stored(store), (vec![100, 101], 2));
        store.commit(HERE, epoch, 2, &events(&[4]), 0).expect("it is ours");
        assert_eq!(stored(store), (vec![100, 101, 4], 3));
        assert_eq!(store.load(HERE, &Severities::default()).expect("it can be read").since_snapshot, 1);
        let behind = snapshot(store, 2, 300).expect_err("the journal has gone on");
        assert!(matches!(behind, StoreError::Behind { expected: 2, actual: 3 }), "{behind}");
        assert_eq!(stored(store), (vec![100, 101, 4], 3), "the one before holds on");
        snapshot(store, 3, 200).expect("it is ours");
        assert_eq!(stored(store), (vec![200, 201], 3), "the newest one counts alone");
        let moment = |millis| Moment::from_millis(millis);
        let recorded = store.recorded(HERE, moment(1), moment(2), &Severities::default()).expect("it can be read");
        assert_eq!(recorded.len(), 2, "what lies before a snapshot is still on record");
    });
}

#[test]
fn the_good_files_are_those_of_the_last_commit_that_named_some() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let files =
            |names: &[&str]| Some(names.iter().map(|name| ((*name).to_owned(), format!("text of {name}"))).collect());
        store
            .commit(HERE, epoch, 0, &Commit { good_files: files(&["b", "a"]), ..events(&[1]) }, 0)
            .expect("it is ours");
        store.commit(HERE, epoch, 1, &events(&[2]), 0).expect("it is ours");
        let names = |store: &mut dyn Store| -> Vec<String> {
            store.last_good(HERE).expect("it can be read").into_iter().map(|(path, _)| path).collect()
        };
        assert_eq!(names(store), ["a", "b"]);
        store.commit(HERE, epoch, 2, &Commit { good_files: files(&["c"]), ..events(&[3]) }, 0).expect("it is ours");
        assert_eq!(names(store), ["c"]);
    });
}

#[test]
fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let folder = folder();
    let _place = Place(Some(folder.clone()));
    let path = folder.join("watchbell.db");
    let mut store = Sqlite::open(&path).expect("a new file can be opened");
    let epoch = acquired(&mut store, "a");
    store
        .commit(HERE, epoch, 0, &Commit { owed: vec![notice("page", "pager", 1)], ..events(&[1]) }, 0)
        .expect("it is ours");
    drop(store);
    let mut store = Sqlite::open(&path).expect("it is ours");
    assert_eq!((stored(&mut store), owed(&mut store)), ((vec![1], 1), vec!["page".to_owned()]));
}

/// A step of the incident with this number, at `millis`.
fn step(number: u64, millis: i64, event: IncidentEvent) -> Event {
    let id = IncidentId::derive(&["incident", &number.to_string()]);
    let key = Key { policy: "default".into(), group: Labels::empty() };
    let kind = EventKind::Incident { key, id, number, generation: 1, event };
    Event { moment: Moment::from_millis(millis), slot: None, kind }
}

fn opened(number: u64, millis: i64) -> Event {
    let opening = Opening {
        id: IncidentId::derive(&["incident", &number.to_string()]),
        number,
        slot: Slot::from_millis(millis),
        severity: Severities::default().default_severity().clone(),
        until: Moment::from_millis(millis),
        plan: Arc::new(Policy::telling_nobody()),
    };
    step(number, millis, IncidentEvent::Opened(Box::new(opening)))
}

fn resolved(number: u64, millis: i64) -> Event {
    step(number, millis, IncidentEvent::Resolved { at: Moment::from_millis(millis), by: None })
}

fn reopened(number: u64, millis: i64) -> Event {
    let severity = Severities::default().default_severity().clone();
    let (until, plan) = (Moment::from_millis(millis), Arc::new(Policy::telling_nobody()));
    step(number, millis, IncidentEvent::Reopened { until, severity, plan })
}

#[test]
fn a_review_finds_what_was_open_however_long_it_has_been_silent_and_nothing_else() {
    for_each(|store| {
        let at = Moment::from_millis;
        assert_eq!(store.extent(HERE).expect("it can be read"), None, "nothing has happened");
        let epoch = acquired(store, "a");
        let happened = vec![
            opened(1, 10),
            resolved(1, 20),
            opened(2, 30),
            opened(3, 40),
            resolved(3, 50),
            reopened(3, 60),
            opened(4, 70),
            slept(75),
            resolved(4, 5_000),
        ];
        let owed = vec![notice("page", "pager", 1)];
        let commit = Commit { events: happened, owed, rule_set: "rules".into(), ..Commit::default() };
        store.commit(HERE, epoch, 0, &commit, 0).expect("it is ours");
        store.renew(HERE, epoch, 20_000, at(9_000)).expect("it is ours");
        let since = |store: &mut dyn Store, from| store.numbers_since(HERE, at(from)).expect("it can be read");
        assert_eq!(since(store, 1_000), [2, 3, 4], "2 and 3 are open, 4 ended since, 1 had ended before");
        assert_eq!(since(store, 0), [1, 2, 3, 4]);
        assert_eq!(since(store, 6_000), [2, 3]);
        let rest = store.recorded_but(HERE, &["incident"], at(75), &Severities::default()).expect("it can be read");
        assert_eq!(rest, [slept(75)]);
        assert_eq!(store.recorded_but(HERE, &["incident"], at(74), &Severities::default()).ok(), Some(Vec::new()));
        // The notice says that it was owed at 1.
        let sent = |store: &mut dyn Store, from, to| {
            store.sent_between(HERE, at(from), at(to), &Severities::default()).expect("it can be read").len()
        };
        assert_eq!((sent(store, 0, 6_000), sent(store, 2, 6_000), sent(store, 0, 1)), (1, 0, 0));
        assert_eq!(store.extent(HERE).expect("it can be read"), Some((at(10), at(9_000))));
    });
}

#[test]
fn a_database_from_the_future_is_refused_by_the_number_of_its_schema() {
    let folder = folder();
    let _place = Place(Some(folder.clone()));
    let path = folder.join("watchbell.db");
    drop(Sqlite::open(&path).expect("a new file can be opened"));
    let connection = rusqlite::Connection::open(&path).expect("it is there");
    connection.pragma_update(None, "user_version", 99).expect("it can be written");
    drop(connection);
    let Err(refused) = Sqlite::open(&path) else { panic!("it was opened") };
    let text = refused.to_string();
    assert!(text.contains("schema version 99") && text.contains("run a newer one"), "{text}");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = folder();
    let _place = Place(Some(folder.clone()));
    for version in [0, 3] {
        let path = folder.join(format!("other-{version}.db"));
        let connection = rusqlite::Connection::open(&path).expect("a new file can be opened");
        connection.execute_batch("CREATE TABLE users (name TEXT)").expect("it can be written");
        connection.pragma_update(None, "user_version", version).expect("it can be written");
        drop(connection);
        let before = std::fs::read(&path).expect("it is there");
        for refused in [Sqlite::open(&path).err(), Sqlite::open_to_read(&path).err()] {
            assert!(matches!(refused, Some(StoreError::Foreign)), "{refused:?}");
        }
        assert_eq!(std::fs::read(&path).expect("it is there"), before);
    }
}

#[test]
fn a_file_that_is_deleted_or_replaced_is_not_renewed_as_if_nothing_had_happened() {
    let folder = folder();
    let path = folder.join("watchbell.db");
    let place = Place(Some(folder));
    for replaced in [false, true] {
        let mut store = Sqlite::open(&path).expect("it can be opened");
        let epoch = acquired(&mut store, "a");
        store.renew(HERE, epoch, 9_000, Moment::from_millis(1)).expect("it is there");
        std::fs::remove_file(&path).expect("it can be deleted");
        if replaced {
            std::fs::write(&path, "").expect("it can be written");
        }
        let refused = store.renew(HERE, epoch, 9_000, Moment::from_millis(2));
        assert!(matches!(&refused, Err(StoreError::Gone { path: at }) if *at == path), "{refused:?}");
        store.release(HERE, epoch).expect("whoever ends need not know");
    }
    drop(place);
}

fn alert_forgotten(millis: i64) -> Event {
    let kind = EventKind::AlertForgotten { rule: RuleId::derive(&["rule"]), alert: AlertId::derive(&["alert"]) };
    Event { moment: Moment::from_millis(millis), slot: None, kind }
}

/// All that is on record before the end of time, by its moments.
fn on_record(store: &mut dyn Store) -> Vec<i64> {
    let (first, last) = (Moment::from_millis(0), Moment::from_millis(i64::MAX));
    let recorded = store.recorded(HERE, first, last, &Severities::default()).expect("it can be read");
    recorded.iter().map(|event| event.moment.millis()).collect()
}

/// Forgets what is too old, piece by piece; returns how many incidents went.
fn forget(store: &mut dyn Store, epoch: Epoch, too_old: TooOld) -> usize {
    let (mut piece, mut incidents) = (Some(Piece::default()), 0);
    while let Some(next) = piece {
        let tidied = store.forget(HERE, epoch, &too_old, next).expect("it is ours");
        (piece, incidents) = (tidied.next, incidents + tidied.incidents);
    }
    incidents
}

/// One that opened, ended and is forgotten, in three moments from `millis` on.
fn closed(number: u64, millis: i64) -> [Event; 3] {
    [opened(number, millis), resolved(number, millis + 1), step(number, millis + 2, IncidentEvent::Forgotten)]
}

#[test]
fn what_is_too_old_is_forgotten_behind_a_snapshot_and_nothing_that_is_needed() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let commit = |store: &mut dyn Store, seq, events: Vec<Event>, wall| {
            store.commit(HERE, epoch, seq, &Commit { events, ..Commit::default() }, wall).expect("it is ours")
        };
        let before = [vec![slept(1), alert_forgotten(2), slept(3)], closed(1, 10).into(), vec![opened(2, 20)]].concat();
        let seq = commit(store, 0, before, 100);
        let seq = commit(store, seq, [vec![alert_forgotten(30)], closed(3, 40).into()].concat(), 200);
        assert_eq!(store.oldest_since_snapshot(HERE).expect("it can be read"), Some(100));
        let whole = on_record(store);
        forget(store, epoch, TooOld { events: 999, incidents: 999 });
        assert_eq!(on_record(store), whole, "a start reads all of it");

        store.snapshot(HERE, epoch, seq, &mut [slept(42)].into_iter()).expect("it is ours");
        assert_eq!(store.oldest_since_snapshot(HERE).expect("it can be read"), None);
        forget(store, epoch, TooOld { events: 150, incidents: 0 });
        assert_eq!(on_record(store), [1, 3, 10, 11, 12, 20, 30, 40, 41, 42], "what an alert did long ago");
        assert_eq!(forget(store, epoch, TooOld { events: 150, incidents: 150 }), 1);
        assert_eq!(on_record(store), [1, 20, 30, 40, 41, 42], "and who is over, but not since when there is a record");
        assert_eq!(store.numbers(HERE, 99, 99).expect("it can be read"), [3, 2]);
        assert!(store.story(HERE, 1, &Severities::default()).expect("it can be read").is_none());
        forget(store, epoch, TooOld { events: 999, incidents: 999 });
        assert_eq!(
            on_record(store),
            [1, 20, 40, 41, 42],
            "the last one counts the numbers on, and the journal may go on"
        );
        commit(store, seq, vec![slept(50)], 300);
        assert_eq!(stored(store), (vec![42, 50], seq + 1));

        let lost = store.acquire(HERE, "b", 20_000, 30_000).expect("it is free");
        assert!(lost.epoch != epoch);
        let refused = store.forget(HERE, epoch, &TooOld { events: 999, incidents: 999 }, Piece::default());
        assert!(matches!(refused, Err(StoreError::LostLease { .. })));
    });
}

#[test]
fn what_was_told_of_an_incident_goes_with_it_and_what_is_owed_stays() {
    for_each(|store| {
        let epoch = acquired(store, "a");
        let owed_of = |number: u64, id: &str| {
            let mut notice = (*notice(id, "slack", 1)).clone();
            notice.draft.incident = IncidentId::derive(&["incident", &number.to_string()]);
            Arc::new(notice)
        };
        let events = [closed(1, 10), closed(2, 20), closed(3, 30)].concat();
        let owed = vec![owed_of(1, "sent"), owed_of(2, "waits"), notice("letter", "slack", 1)];
        let seq = store.commit(HERE, epoch, 0, &Commit { events, owed, ..Commit::default() }, 100).expect("it is ours");
        for id in ["sent", "letter"] {
            let sent = Attempt::Sent { receipt: "{}".into() };
            store.finish(HERE, DeliveryId::derive(&[id]), &sent, 100).expect("it is on record");
        }
        store.snapshot(HERE, epoch, seq, &mut [slept(42)].into_iter()).expect("it is ours");
        forget(store, epoch, TooOld { events: 999, incidents: 999 });
        let left: Vec<_> = store.deliveries(HERE).expect("it can be read").into_iter().map(|entry| entry.id).collect();
        assert_eq!(left, [DeliveryId::derive(&["waits"])]);
        assert_eq!(crate::owed(store), ["waits"]);
        assert_eq!(
            store.numbers(HERE, 99, 99).expect("it can be read"),
            [3, 2],
            "the last event stays with its incident"
        );
    });
}
