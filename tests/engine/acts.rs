//! What can happen to an engine, in random order.

use crate::rig::{Failing, Rig};
use crate::worlds::WORLDS;
use proptest::prelude::*;
use watchbell::engine::Fact;
use watchbell::engine::command::{Act, Deed as Asked, NewSilence};
use watchbell::engine::incident::{Ended, Outcome, RunNews};
use watchbell::engine::notice::NoticeKind;
use watchbell::engine::posted::{Ends, HOLDS_FOR, Post};
use watchbell::model::{Labels, Matchers, Slot, Span};

/// The series that the rules of all worlds ask for.
const CAST: [(&str, &[(&str, &str)]); 15] = [
    ("plain > 1", &[("host", "a")]),
    ("plain > 1", &[("host", "b")]),
    ("tiers", &[("chain", "a")]),
    ("tiers", &[("chain", "b")]),
    ("absent", &[("chain", "a")]),
    ("tps", &[("chain", "a"), ("pool", "1")]),
    ("tps", &[("chain", "a"), ("pool", "2")]),
    ("tps", &[("chain", "b"), ("pool", "1")]),
    ("gas", &[("chain", "a")]),
    ("folded", &[("cluster", "x"), ("pod", "1")]),
    ("folded", &[("cluster", "x"), ("pod", "2")]),
    ("folded", &[("cluster", "y"), ("pod", "3")]),
    ("limited", &[("n", "1")]),
    ("limited", &[("n", "2")]),
    ("twin > 1", &[("chain", "a")]),
];

/// Calm, on either side of every bound, and no number at all.
const VALUES: [f64; 6] = [0.0, 4.0, 70.0, 90.0, 120.0, f64::NAN];

#[derive(Clone, Debug)]
pub enum Deed {
    /// Some series change, then so many slots pass.
    Slots { changes: Vec<(usize, Option<usize>)>, count: usize, failing: Failing },
    /// So many slots are missed.
    Missed(usize),
    /// The service is not running for so many minutes.
    Slept(i64),
    /// Other rules run.
    Reload(usize),
    /// A page, one of those that were owed, is refused for good.
    Refused(usize),
    /// A page does not get through.
    FellBack(usize),
    /// The pager cannot deliver, or delivers again.
    Channel(bool),
    /// So many seconds pass, at most until the next slot.
    Wait(i64),
    /// Every run begins that may, and then one of those that run ends, well or not.
    Run(usize, bool),
    /// Somebody does something about an incident.
    Act(usize, Choice),
    /// Somebody posts one of the alerts, with a severity and an end; with none it holds for a while.
    Post(usize, usize, Option<i64>),
}

/// What is posted: the places, and the words for a severity.
const POSTED: [(&str, &str); 4] = [("a", "page"), ("a", "warning"), ("b", "page"), ("b", "nonsense")];

/// The post of one of them that ends in so many seconds.
pub fn post(which: usize, started: i64, ends: Option<i64>, wall: Slot) -> Post {
    let (chain, severity) = POSTED[which % POSTED.len()];
    Post {
        labels: Labels::new([("alertname", "Posted"), ("chain", chain), ("severity", severity)]),
        annotations: Labels::new([("summary", "somebody says so")]),
        url: "".into(),
        starts: Some(wall - Span::from_secs(started)),
        ends: ends.map_or(Ends::After(HOLDS_FOR), |ends| Ends::At(wall + Span::from_secs(ends))),
    }
}

/// Everything that was posted has ended.
pub fn end_what_was_posted(rig: &mut Rig) {
    let wall = Slot::from_millis((rig.now - rig.skew).millis());
    let posts: Vec<Post> = (0..POSTED.len()).map(|which| post(which, 0, Some(0), wall)).collect();
    rig.fact(Fact::Posted(&posts));
}

#[derive(Clone, Debug)]
pub enum Choice {
    Acknowledge,
    Unacknowledge,
    Snooze,
    Escalate,
    Silence,
}

fn slots() -> impl Strategy<Value = Deed> {
    // Mostly there is a value: absence has to be possible, not the rule.
    let value = prop_oneof![4 => (0..VALUES.len()).prop_map(Some), 1 => Just(None)];
    let changes = prop::collection::vec((0..CAST.len(), value), 0..6);
    let rules = prop::sample::select(vec!["Plain", "Tiers", "Levels", "Absent", "Congestion", "Folded", "Limited"]);
    let failing = prop_oneof![
        8 => Just(Failing::Nothing),
        2 => rules.prop_map(Failing::Rule),
        1 => prop::sample::select(vec!["absent", "twin > 1"]).prop_map(Failing::Query),
        1 => Just(Failing::Source),
    ];
    (changes, 1..6_usize, failing).prop_map(|(changes, count, failing)| Deed::Slots { changes, count, failing })
}

fn choice() -> impl Strategy<Value = Choice> {
    use Choice::{Acknowledge, Escalate, Silence, Snooze, Unacknowledge};
    prop::sample::select(vec![Acknowledge, Unacknowledge, Snooze, Escalate, Silence])
}

fn posts() -> impl Strategy<Value = Deed> {
    let ends = prop::sample::select(vec![None, Some(0), Some(0), Some(20), Some(240), Some(1_800)]);
    (0..POSTED.len(), 0..600_usize, ends).prop_map(|(which, started, ends)| Deed::Post(which, started, ends))
}

pub fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => slots(),
        1 => (1..8_usize).prop_map(Deed::Missed),
        1 => prop::sample::select(vec![1, 20, 90]).prop_map(Deed::Slept),
        1 => (0..WORLDS).prop_map(Deed::Reload),
        1 => (0..64_usize).prop_map(Deed::Refused),
        1 => (0..64_usize).prop_map(Deed::FellBack),
        1 => any::<bool>().prop_map(Deed::Channel),
        1 => (1..30_i64).prop_map(Deed::Wait),
        3 => (0..8_usize, any::<bool>()).prop_map(|(which, well)| Deed::Run(which, well)),
        2 => (0..8_usize, choice()).prop_map(|(which, choice)| Deed::Act(which, choice)),
        3 => posts(),
    ]
}

pub fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(deed(), 4..40)
}

impl Deed {
    /// Lets it happen. `rules_backwards` is how the worlds that are reloaded to are written.
    pub fn happen(&self, rig: &mut Rig, rules_backwards: bool) {
        match self {
            Deed::Slots { changes, count, failing } => {
                for (series, value) in changes {
                    let (expr, labels) = CAST[*series];
                    rig.set(expr, labels, value.map(|value| VALUES[value]));
                }
                rig.slots_with(*count, failing);
            }
            Deed::Missed(count) => {
                rig.miss(*count);
            }
            Deed::Slept(minutes) => {
                rig.sleep(Span::from_mins(*minutes));
            }
            Deed::Reload(number) => {
                rig.reload((rig.worlds)(*number, rules_backwards));
            }
            Deed::Refused(which) => refuse(rig, *which),
            Deed::FellBack(which) => fall_back(rig, *which),
            Deed::Channel(trouble) => {
                let trouble = trouble.then(|| "it does not answer".to_owned());
                rig.fact(Fact::Channel { channel: "pager".into(), trouble });
            }
            Deed::Wait(seconds) => {
                rig.wait(Span::from_secs(*seconds));
            }
            Deed::Run(which, well) => run(rig, *which, *well),
            Deed::Act(which, choice) => act(rig, *which, choice),
            Deed::Post(which, started, ends) => {
                let wall = Slot::from_millis((rig.now - rig.skew).millis());
                let started = i64::try_from(*started).expect("a few minutes");
                rig.fact(Fact::Posted(&[post(*which, started, *ends, wall)]));
            }
        }
    }
}

fn refuse(rig: &mut Rig, which: usize) {
    let pages: Vec<_> = rig.drafts.iter().filter(|draft| draft.kind == NoticeKind::Page).cloned().collect();
    if let Some(page) = pages.get(which % pages.len().max(1)) {
        let (incident, generation, page, destination) =
            (page.incident, page.generation, page.page, page.destination.clone());
        rig.refused.insert((incident, generation, destination.clone(), page));
        rig.fact(Fact::Refused { incident, generation, destination, page });
    }
}

fn fall_back(rig: &mut Rig, which: usize) {
    let is_one = |draft: &&watchbell::engine::notice::Draft| {
        draft.kind == NoticeKind::Page && &*draft.destination.channel == "pager"
    };
    let pages: Vec<_> = rig.drafts.iter().filter(is_one).cloned().collect();
    if let Some(page) = pages.get(which % pages.len().max(1)) {
        rig.fact(Fact::FellBack { notice: Box::new(page.clone()), fallback: "slack".into() });
    }
}

fn run(rig: &mut Rig, which: usize, well: bool) {
    for id in rig.engine.state.incidents.runs_due() {
        rig.fact(Fact::Run { id, news: &RunNews::Begins });
    }
    let running = rig.engine.state.incidents.running();
    if let Some(id) = running.get(which % running.len().max(1)) {
        let outcome = if well { Outcome::Done } else { Outcome::TimedOut };
        rig.fact(Fact::Run { id: *id, news: &RunNews::Ended(Ended::at_once(outcome)) });
    }
}

fn act(rig: &mut Rig, which: usize, choice: &Choice) {
    let incidents: Vec<_> = rig.engine.state.incidents.by_key.values().collect();
    let Some(incident) = incidents.get(which % incidents.len().max(1)) else { return };
    let (number, group) = (incident.number, incident.key.group.clone());
    let act = match choice {
        Choice::Acknowledge => Act::Acknowledge,
        Choice::Unacknowledge => Act::Unacknowledge,
        Choice::Snooze => Act::Snooze(Span::from_mins(3)),
        Choice::Escalate => Act::Escalate,
        Choice::Silence => {
            let Some((name, value)) = group.iter().next() else { return };
            let matchers = Matchers::parse(&format!("{name}={value:?}")).expect("it is a matcher");
            let silence = NewSilence::from_now(matchers, Span::from_mins(4), "work".into());
            rig.command(Asked::Silence(silence));
            return;
        }
    };
    rig.act(number, act);
}
