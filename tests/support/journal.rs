//! What a service would have recorded, without one that runs for so long.

use std::path::Path;
use watchbell::diagnostics::{Findings, Sources, render};
use watchbell::replay;
use watchbell::store::{Commit, Partition, Sqlite, Store};

/// Plays the scenario at `scenario`, and leaves what went into its journal as `watchbell.db` in `folder`.
pub fn record(scenario: &Path, folder: &Path) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let scenario = replay::load(scenario, &mut sources, &mut findings);
    let scenario = scenario.unwrap_or_else(|| panic!("{}", render::human(&findings, &sources, false)));
    let mut store = Sqlite::open(&folder.join("watchbell.db")).expect("a new file can be opened");
    let lease = store.acquire(Partition(0), "nobody", 0, 1).expect("it is free");
    let commit = Commit { events: replay::journal(&scenario), rule_set: "rules".into(), ..Commit::default() };
    store.commit(Partition(0), lease.epoch, 0, &commit, 0).expect("it is the first");
}
