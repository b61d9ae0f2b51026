//! What a backtest counts: stories of a rule, the values that it met, and the figures that come of it.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use watchbell::backtest::{Asks, Column, Hole, Part, Plan, Player, Question, Survey, Tally, Window};
use watchbell::config::{self, Settings};
use watchbell::diagnostics::{Findings, Sources};
use watchbell::engine::{Failure, World};
use watchbell::model::{Labels, Slot, Span};
use watchbell::rules::{self, Context};
use watchbell::series::stale;

/// Monday, 5 January 2026, 12:00 UTC: working hours.
const NOON: i64 = 1_767_614_400_000;

/// The slots of a rule, a minute apart, from noon on.
struct Told {
    world: Arc<World>,
    asks: Asks,
    questions: Vec<Question>,
    columns: BTreeMap<&'static str, Vec<f64>>,
    holes: Vec<(usize, usize)>,
}

impl Told {
    fn rule(rule: &str) -> Told {
        let text = format!("groups: [{{ name: g, interval: 1m, rules: [{{ {rule} }}] }}]");
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let settings = settings(&mut sources, &mut findings);
        let files = [(PathBuf::from("rules.yaml"), Arc::from(text.as_str()))];
        let loaded = rules::load_texts(&files, &Context::default(), &mut sources, &mut findings);
        assert!(!findings.has_errors(), "{}", watchbell::diagnostics::render::human(&findings, &sources, false));
        let world = Arc::new(World::new(Arc::new(settings), loaded.set));
        let mut plan = Plan::default();
        let asks = plan.add(&world.rules);
        Told { world, asks, questions: plan.questions, columns: BTreeMap::new(), holes: Vec::new() }
    }

    /// The values of the series `pod`, from the first slot on.
    fn series(mut self, pod: &'static str, values: &[f64]) -> Told {
        self.columns.insert(pod, values.to_vec());
        self
    }

    /// Nothing is known from slot `first` to slot `last`.
    fn hole(mut self, first: usize, last: usize) -> Told {
        self.holes.push((first, last));
        self
    }

    fn slots(&self) -> usize {
        self.columns.values().map(Vec::len).max().unwrap_or(0)
    }

    fn first(&self) -> Slot {
        self.questions[0].first_slot(Slot::from_millis(NOON))
    }

    fn at(&self, slot: usize) -> Slot {
        self.first() + Span::from_mins(i64::try_from(slot).expect("it is small"))
    }

    /// The answers from slot `from` up to, and without, slot `to`; what lies before is there for histories.
    fn part(&self, from: usize, to: usize) -> Vec<Part> {
        let part = |question: &Question| {
            let before = question.slots_before();
            let first = self.at(from) - question.interval.times(i64::try_from(before).expect("it is small"));
            let mut part = Part::empty(first, question.interval, to - from + before);
            let value = |values: &[f64], place: usize| {
                (from + place).checked_sub(before).and_then(|slot| values.get(slot)).copied().unwrap_or(stale())
            };
            part.columns = self
                .columns
                .iter()
                .map(|(pod, values)| Column {
                    labels: Labels::new([("pod", *pod)]),
                    values: (0..part.slots).map(|place| value(values, place)).collect(),
                })
                .collect();
            let why = Failure { message: "down".into(), is_the_sources: false };
            let hole = |(first, last): &(usize, usize)| Hole {
                first: self.at(*first),
                last: self.at(*last),
                why: why.clone(),
            };
            part.holes = self.holes.iter().map(hole).collect();
            part
        };
        self.questions.iter().map(part).collect()
    }

    /// Plays it in parts that end at these slots, and at the last one.
    fn played(&self, cuts: &[usize]) -> Player {
        let mut player =
            Player::new(Arc::clone(&self.world), self.asks.clone(), self.questions.len(), Slot::from_millis(NOON));
        let mut from = 0;
        let ends = cuts.iter().copied().filter(|cut| *cut < self.slots()).chain([self.slots()]);
        for to in ends {
            player.play(&self.part(from, to), self.at(to));
            from = to;
        }
        player
    }

    fn survey(&self) -> Survey {
        let rule = self.world.rules.groups[0].alerts().next().expect("there is one rule");
        let mut survey = Survey::new(self.at(0), self.at(self.slots()));
        survey.read(rule, &self.part(0, self.slots())[0], self.at(0), self.at(self.slots()));
        survey
    }
}

/// One channel, told at once, and a second level after ten minutes.
fn settings(sources: &mut Sources, findings: &mut Findings) -> Settings {
    let text = "
channels:
  hook: { webhook: { url: http://127.0.0.1:1/ } }
  boss: { webhook: { url: http://127.0.0.1:2/ } }
policies:
  default:
    group_by: [alertname]
    wait: 0s
    matrix:
      critical: { levels: [{ notify: [hook] }, { after: 10m, notify: [boss] }] }
      high: { levels: [{ notify: [hook] }] }
      medium: { levels: [{ notify: [hook] }] }
      low: { levels: [{ notify: [hook] }] }
routes: [{ policy: default }]
prometheus: { main: { url: http://127.0.0.1:9 } }
rules: []
timezone: UTC
external_url: http://127.0.0.1
store: { sqlite: x.db }
";
    let path = PathBuf::from("watchbell.yaml");
    let files = config::Files::Given(BTreeMap::from([(path.clone(), Arc::from(text))]));
    let loaded = config::load_from(&files, &path, jiff::Timestamp::UNIX_EPOCH, sources, findings);
    assert!(!findings.has_errors(), "{}", watchbell::diagnostics::render::human(findings, sources, false));
    loaded.expect("it can be read").settings
}

/// What was counted of the severity `name` of the only rule.
fn tier<'a>(tally: &'a Tally, name: &str) -> &'a watchbell::backtest::OfTier {
    let rule = tally.rules.values().next().expect("there is one rule");
    rule.tiers
        .iter()
        .find(|(severity, _)| severity.name().as_str() == name)
        .map(|(_, tier)| tier)
        .expect("it has this tier")
}

const HIGH: &str = "alert: Busy, expr: busy, tiers: { high: { above: 80, for: 2m } }";

#[test]
fn an_alert_fires_when_its_time_is_served_and_its_length_and_its_page_are_counted() {
    let told = Told::rule(HIGH).series("a", &[10.0, 90.0, 91.0, 92.0, 93.0, 10.0, 10.0]);
    let player = told.played(&[]);
    let high = tier(player.tally(), "high");
    let minute = |slot| Some(told.at(slot).moment(Span::ZERO));
    assert_eq!(
        high.firings.iter().map(|firing| (Some(firing.from), firing.to)).collect::<Vec<_>>(),
        [(minute(3), minute(5))]
    );
    assert_eq!((high.incidents.len(), high.pages, high.flaps, high.short), (1, 1, 0, 0));
    assert_eq!(high.waits, [Span::from_mins(2)], "from the crossing to the page");
}

#[test]
fn what_is_unknown_ends_nothing_serves_nothing_and_is_counted() {
    let told = Told::rule(HIGH).series("a", &[90.0, 90.0, 90.0, 10.0, 10.0, 90.0, 90.0]).hole(3, 4);
    let player = told.played(&[]);
    let rule = player.tally().rules.values().next().expect("there is one");
    assert_eq!((rule.unknown, rule.known), (Span::from_mins(2), Span::from_mins(5)));
    let high = tier(player.tally(), "high");
    assert_eq!(high.firings.len(), 1, "the two slots below the bound are not known");
    assert_eq!(high.firings[0].to, None);
}

#[test]
fn an_alert_that_is_back_within_a_quarter_of_an_hour_flaps_and_one_that_held_too_short_is_counted() {
    let calm = [10.0; 5];
    let values = [&[90.0, 90.0, 90.0][..], &calm, &[90.0, 90.0, 90.0], &calm, &[90.0], &[10.0]].concat();
    let player = Told::rule(HIGH).series("a", &values).played(&[]);
    let high = tier(player.tally(), "high");
    assert_eq!((high.firings.len(), high.flaps, high.short), (2, 1, 1));
}

#[test]
fn a_rise_ends_one_severity_and_begins_the_next() {
    let rule = "alert: Busy, expr: busy, tiers: { critical: { above: 95 }, high: { above: 80 } }";
    let told = Told::rule(rule).series("a", &[90.0, 90.0, 99.0, 99.0, 10.0]);
    let player = told.played(&[]);
    let spans = |name| tier(player.tally(), name).firings.iter().map(|one| (one.from, one.to)).collect::<Vec<_>>();
    let at = |slot| told.at(slot).moment(Span::ZERO);
    assert_eq!(spans("high"), [(at(0), Some(at(2)))]);
    assert_eq!(spans("critical"), [(at(2), Some(at(4)))]);
    assert_eq!(player.tally().incidents.len(), 1, "it is one incident all the while");
}

#[test]
fn nobody_acts_so_that_later_levels_are_paged_at_their_time() {
    let rule = "alert: Busy, expr: busy, tiers: { critical: { above: 95 } }";
    let told = Told::rule(rule).series("a", &[99.0; 15]);
    let player = told.played(&[]);
    let pages: Vec<_> = player.tally().pages.iter().map(|page| (page.at, page.to.to_string())).collect();
    let at = |slot| told.at(slot).moment(Span::ZERO);
    assert_eq!(pages, [(at(0), "hook".to_owned()), (at(10), "boss".to_owned())]);
    assert_eq!(tier(player.tally(), "critical").out_of_hours, 0, "it is a Monday at noon");
}

#[test]
fn a_condition_on_the_past_knows_what_lay_before_the_window_was_cut() {
    let rule = "alert: Slow, queries: { v: { expr: v, history: 5m } }, \
                tiers: { high: { when: 'v.held(\"4m\", |x| x > 80)' } }";
    let told = Told::rule(rule).series("a", &[90.0; 8]);
    let whole = told.played(&[]);
    let fired = |player: &Player| tier(player.tally(), "high").firings.first().map(|firing| firing.from);
    assert_eq!(fired(&whole), Some(told.at(3).moment(Span::ZERO)));
    assert_eq!(fired(&told.played(&[3])), fired(&whole), "a part begins with what histories need");
}

#[test]
fn values_that_turn_back_near_a_bound_are_near_misses_and_those_on_their_way_back_are_not() {
    let told = Told::rule(HIGH).series("a", &[10.0, 75.0, 76.0, 10.0, 90.0, 75.0, 10.0]).series("b", &[50.0; 7]);
    let survey = told.survey();
    let near = survey.tiers.values().next().expect("it has one bound");
    assert_eq!((near.misses, near.crossings, near.nearest), (1, 1, Some(90.0 / 80.0)));
    let spread = survey.spread().expect("there are values");
    assert_eq!((spread.min, spread.max), (10.0, 90.0));
}

#[test]
fn the_parts_of_a_window_lie_where_they_always_lie() {
    let hour = Span::from_hours(1);
    let from = Slot::from_millis(NOON + 10);
    let parts = Window { from, to: from + hour + hour }.parts(hour);
    let ends: Vec<i64> = parts.iter().map(|part| part.to.millis() - NOON).collect();
    assert_eq!(ends, [3_600_000, 7_200_000, 7_200_010]);
    assert_eq!(parts[0].from, from);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A window may be asked in whatever parts: the same is decided.
    #[test]
    fn where_a_window_is_cut_changes_nothing(
        values in prop::collection::vec(prop_oneof![Just(10.0), Just(85.0), Just(97.0), Just(stale())], 1..60),
        hole in 0..60_usize, cut in 1..60_usize, other in 1..60_usize,
    ) {
        let rule = "alert: Busy, expr: busy, no_data: { tier: high, after: 3m }, \
                    tiers: { critical: { above: 95 }, high: { above: 80, for: 2m, keep_firing_for: 3m } }";
        let told = Told::rule(rule).series("a", &values).hole(hole, hole + 1);
        let (whole, cut) = (told.played(&[]), told.played(&[cut.min(other), cut.max(other)]));
        let what = |player: &Player| {
            let tally = player.tally();
            (format!("{:?}", tally.rules), format!("{:?}", tally.pages))
        };
        prop_assert_eq!(what(&whole), what(&cut));
    }
}
