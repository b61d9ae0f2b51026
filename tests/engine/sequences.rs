//! Properties of random sequences: whatever happens, in whatever order, these hold.

use crate::acts::{Deed, deeds, end_what_was_posted};
use crate::breach::Log;
use crate::memory::{owed, remembered, told};
use crate::rig::{Rig, stored};
use crate::worlds::{empty_world, world};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use watchbell::engine::notice::{Draft, NoticeKind};
use watchbell::engine::{EventKind, IncidentEvent, State};
use watchbell::model::Span;

/// A failing sequence is shrunk and printed; nothing is left in the tree, because it becomes a story of its own in `found`.
/// `PROPTEST_CASES=5000` looks for longer.
pub fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40);
    ProptestConfig { failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::with_cases(cases) }
}

fn played(deeds: &[Deed]) -> Rig {
    let mut rig = Rig::new(world(0, false));
    for deed in deeds {
        deed.happen(&mut rig, false);
    }
    rig
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_fires_without_a_breach_and_what_is_unknown_ends_nothing(deeds in deeds()) {
        let mut rig = Rig::new(world(0, false));
        let mut log = Log::default();
        rig.watcher = Some(Box::new(move |seen| log.watch(seen)));
        for deed in &deeds {
            deed.happen(&mut rig, false);
        }
    }

    #[test]
    fn nothing_resolves_twice_and_whoever_was_told_of_it_is_told_of_its_end(deeds in deeds()) {
        let mut rig = played(&deeds);
        every_generation_ends_once_for_everybody_who_knew(&rig);
        // Whatever is left ends with its rules, and everybody is told.
        rig.reload(empty_world());
        end_what_was_posted(&mut rig);
        rig.wait(Span::from_secs(1)).sleep(Span::from_mins(10));
        rig.fact(watchbell::engine::Fact::Channel { channel: "pager".into(), trouble: None });
        let open: Vec<_> = rig.engine.state.incidents.by_key.values().filter(|incident| !incident.is_resolved()).collect();
        prop_assert!(open.is_empty(), "nothing is left that could fire, and still open is {open:#?}");
        every_generation_ends_once_for_everybody_who_knew(&rig);
    }

    #[test]
    fn no_two_messages_have_one_key_and_no_two_incidents_one_number(
        deeds in deeds(), cut in 0..40_usize, snapshot in any::<bool>(),
    ) {
        let rig = restarted(&deeds, cut, snapshot);
        let mut keys = HashSet::new();
        for draft in &rig.drafts {
            prop_assert!(keys.insert(draft.id), "a second message with the key of another: {draft:#?}");
        }
        let numbers: BTreeSet<_> = rig.drafts.iter().map(|draft| (draft.number, draft.incident)).collect();
        let distinct: BTreeSet<_> = numbers.iter().map(|(number, _)| number).collect();
        prop_assert_eq!(distinct.len(), numbers.len(), "a number is given twice: {:?}", numbers);
    }

    #[test]
    fn the_journal_folded_is_what_is_remembered(deeds in deeds()) {
        let mut rig = Rig::new(world(0, false));
        for deed in &deeds {
            deed.happen(&mut rig, false);
        }
        let world = &rig.engine.world;
        let folded = State::fold(world, &stored(world, &rig.on_record));
        similar(&remembered(&folded), &remembered(&rig.engine.state));
    }

    #[test]
    fn a_snapshot_in_the_middle_is_as_good_as_the_journal_before_it(deeds in deeds(), cut in 0..40_usize) {
        let mut rig = Rig::new(world(0, false));
        for (index, deed) in deeds.iter().enumerate() {
            if index == cut % deeds.len() {
                rig.snapshot();
            }
            deed.happen(&mut rig, false);
        }
        let world = &rig.engine.world;
        let folded = State::fold(world, &stored(world, &rig.on_record));
        similar(&remembered(&folded), &remembered(&rig.engine.state));
    }

    #[test]
    fn a_restart_changes_nothing_that_anybody_is_told(deeds in deeds(), cut in 0..40_usize, snapshot in any::<bool>()) {
        // What was posted has more time to be said again after a start: `tests/scenarios/posted/restart.yaml`.
        let deeds: Vec<Deed> = deeds.into_iter().filter(|deed| !matches!(deed, Deed::Post(..))).collect();
        prop_assume!(!deeds.is_empty());
        similar(&owed(&restarted(&deeds, cut, snapshot).drafts), &owed(&played(&deeds).drafts));
    }

    #[test]
    fn no_run_begins_twice_and_no_action_runs_twice_at_a_time(deeds in deeds(), cut in 0..40_usize, snapshot in any::<bool>()) {
        no_run_begins_that_should_not(&restarted(&deeds, cut, snapshot));
    }

    #[test]
    fn the_order_of_samples_never_matters(deeds in deeds()) {
        let mut rig = Rig::new(world(0, false));
        rig.backwards = true;
        for deed in &deeds {
            deed.happen(&mut rig, false);
        }
        let other = played(&deeds);
        similar(&format!("{:#?}", rig.journal), &format!("{:#?}", other.journal));
        similar(&told(&rig.drafts), &told(&other.drafts));
    }

    #[test]
    fn the_order_of_rules_in_a_file_never_matters(deeds in deeds()) {
        let mut rig = Rig::new(world(0, true));
        for deed in &deeds {
            deed.happen(&mut rig, true);
        }
        let other = played(&deeds);
        similar(&remembered(&rig.engine.state), &remembered(&other.engine.state));
        similar(&told(&rig.drafts), &told(&other.drafts));
    }
}

/// Each run begins once at most, after it was owed, and ends once at most, after it has begun; each action runs once at a time.
#[track_caller]
fn no_run_begins_that_should_not(rig: &Rig) {
    let (mut owed, mut begun, mut ended, mut busy) = (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
    for event in &rig.journal {
        let EventKind::Incident { id, event, .. } = &event.kind else { continue };
        match event {
            IncidentEvent::ActionOwed { run, .. } => assert!(owed.insert((*id, *run)), "{id} owes run {run} twice"),
            IncidentEvent::ActionDropped { run, .. } => assert!(owed.remove(&(*id, *run)), "{id}: {run} was not owed"),
            IncidentEvent::ActionBegan { run, action, .. } => {
                assert!(begun.insert((*id, *run)), "{id}: run {run} begins twice");
                assert!(busy.insert(action.clone()), "{action} runs twice at a time");
            }
            IncidentEvent::ActionEnded { run, action, .. } => {
                assert!(ended.insert((*id, *run)) && busy.remove(action), "{id}: run {run} ends without having begun");
            }
            _ => {}
        }
    }
}

/// Killed and started again before the deed at `cut`.
fn restarted(deeds: &[Deed], cut: usize, snapshot: bool) -> Rig {
    let mut rig = Rig::new(world(0, false));
    for (index, deed) in deeds.iter().enumerate() {
        if index == cut % deeds.len() {
            if snapshot {
                rig.snapshot();
            }
            rig.restart();
        }
        deed.happen(&mut rig, false);
    }
    rig
}

/// Says only where two long texts differ.
#[track_caller]
fn similar(left: &str, right: &str) {
    if left == right {
        return;
    }
    let (left, right): (Vec<_>, Vec<_>) = (left.lines().collect(), right.lines().collect());
    let at = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| lines[at.saturating_sub(12).min(lines.len())..(at + 6).min(lines.len())].join("\n");
    panic!("they differ at line {at}\n--- one\n{}\n--- the other\n{}", around(&left), around(&right));
}

/// Each generation of an incident resolves at most once, and each end goes to exactly those who knew.
#[track_caller]
fn every_generation_ends_once_for_everybody_who_knew(rig: &Rig) {
    let mut resolved = BTreeSet::new();
    for event in &rig.journal {
        if let EventKind::Incident { id, generation, event: IncidentEvent::Resolved { .. }, .. } = &event.kind {
            assert!(resolved.insert((*id, *generation)), "{id} resolves twice in generation {generation}");
        }
    }
    let mut of_generation: BTreeMap<_, Vec<&Draft>> = BTreeMap::new();
    for draft in &rig.drafts {
        of_generation.entry((draft.incident, draft.generation)).or_default().push(draft);
    }
    for (generation, drafts) in of_generation {
        let refused = |draft: &Draft| {
            rig.refused.contains(&(draft.incident, draft.generation, draft.destination.clone(), draft.page))
        };
        let knew: BTreeSet<_> = drafts
            .iter()
            .filter(|draft| draft.kind == NoticeKind::Page && !refused(draft))
            .map(|draft| &draft.destination)
            .collect();
        let ends: Vec<_> =
            drafts.iter().filter(|draft| draft.kind == NoticeKind::End).map(|draft| &draft.destination).collect();
        let distinct: BTreeSet<_> = ends.iter().copied().collect();
        assert_eq!(ends.len(), distinct.len(), "somebody is told twice of the end of {generation:?}");
        if resolved.contains(&generation) {
            let untold: Vec<_> = knew.difference(&distinct).collect();
            assert!(untold.is_empty(), "{untold:?} knew of {generation:?} and are not told of its end");
        } else {
            assert!(ends.is_empty(), "{ends:?} are told of an end of {generation:?} that is none");
        }
    }
}
