//! A translated rule file fires as the original does: both are fed with the same readings, the original with those of them
//! that its comparison lets through.

use crate::rig::{Rig, stored};
use crate::worlds::{SETTINGS, world_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watchbell::config::Settings;
use watchbell::diagnostics::{Findings, Sources, render};
use watchbell::engine::alert::TierState;
use watchbell::engine::notice::Draft;
use watchbell::engine::{State, World};
use watchbell::import::prometheus::{Manner, Translation, translate};
use watchbell::model::{Labels, Severity, Span};
use watchbell::promql::eval::{Options, Query as Asked, Value};
use watchbell::promql::tree::{Kind as NodeKind, MatchOperator};
use watchbell::promql::{Comparison, Expr, LabelsOf, Split, is_same_text};
use watchbell::rules::template::Answers;
use watchbell::rules::{self, Context, Kind, Rule, RuleSet};
use watchbell::series::SeriesSet;

const SLOTS: usize = 90;
const SEEDS: u64 = 1;

/// Our own file, and those of the corpus, if it is here.
#[expect(clippy::print_stdout, reason = "a skipped part says so")]
fn files() -> Vec<PathBuf> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let corpus = glob::glob(&format!("{shared}/corpus/rules/**/*.yml")).expect("a good pattern").flatten();
    let mut files: Vec<PathBuf> = corpus.collect();
    if files.is_empty() {
        println!("skipped but for our own file: no corpus at {shared}");
    }
    files.push(own());
    files
}

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/own.yml")
}

fn rule_set(text: &str) -> RuleSet {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let texts = [(PathBuf::from("rules.yml"), Arc::from(text))];
    let loaded = rules::load_texts(&texts, &Context::default(), &mut sources, &mut findings);
    assert!(!findings.has_errors(), "{}\n{text}", render::human(&findings, &sources, false));
    loaded.set
}

/// Both versions of a file, side by side.
struct Both {
    original: Rig,
    translated: Rig,
    /// For each query of the translation its series, and the bounds that matter for them.
    queries: BTreeMap<String, Query>,
    /// What each expression of the original is made of: the query, and the comparison that filters it.
    made_of: BTreeMap<String, (String, Option<Split>)>,
    /// The expressions of the original, by how they are laid out.
    laid_out: BTreeMap<String, String>,
}

struct Query {
    series: Vec<Labels>,
    bounds: Vec<f64>,
    /// A count is never no number.
    can_be_nan: bool,
}

impl Both {
    fn new(original: &RuleSet, translated: &RuleSet) -> Self {
        let (mut queries, mut made_of, mut laid_out) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for rule in original.groups.iter().flat_map(|group| group.alerts()) {
            let expr = &rule.queries[0].expr;
            let split = expr.split().ok();
            let kept = split.as_ref().map_or_else(|| expr.laid_out(), |split| split.query.text().to_string());
            let query = queries.entry(kept.clone()).or_insert_with(|| Query {
                series: series_of(expr),
                bounds: vec![1.0],
                can_be_nan: true,
            });
            query.can_be_nan &= split.as_ref().is_none_or(|split| split.can_be_nan);
            query.bounds.extend(split.iter().flat_map(|split| split.any.iter().map(|one| one.bound)));
            made_of.insert(expr.text().to_string(), (kept, split));
            laid_out.insert(expr.laid_out(), expr.text().to_string());
        }
        let world = |set: &RuleSet| Arc::new(World::new(Arc::new(Settings::default()), set.clone()));
        Both {
            original: Rig::new(world(original)),
            translated: Rig::new(world(translated)),
            queries,
            made_of,
            laid_out,
        }
    }

    /// The readings of the next slot: mostly what they were, sometimes something else altogether.
    fn draw(&mut self, readings: &mut BTreeMap<(String, Labels), Option<f64>>, dice: &mut Dice) {
        for (query, Query { series, bounds, can_be_nan }) in &self.queries {
            for labels in series {
                let value = readings.entry((query.clone(), labels.clone())).or_default();
                if dice.roll(8) == 0 {
                    let bound = bounds[dice.roll(bounds.len())];
                    *value = match dice.roll(10) {
                        0 | 1 => None,
                        2 if *can_be_nan => Some(f64::NAN),
                        3 => Some(f64::INFINITY),
                        4 => Some(f64::NEG_INFINITY),
                        5 | 6 => Some(bound),
                        7 => Some(bound.next_down()),
                        8 => Some(bound.next_up()),
                        _ => Some(-bound),
                    };
                }
            }
        }
        self.show(readings);
    }

    fn show(&mut self, readings: &BTreeMap<(String, Labels), Option<f64>>) {
        let mut present: BTreeMap<&str, BTreeMap<Labels, f64>> = BTreeMap::new();
        for ((query, labels), value) in readings {
            if let Some(value) = value {
                present.entry(query).or_default().insert(labels.clone(), *value);
            }
        }
        let all = |query: &str| present.get(query).cloned().unwrap_or_default();
        self.original.picture.clear();
        self.translated.picture.clear();
        for (expr, (kept, split)) in &self.made_of {
            let passes = |value: f64| split.as_ref().is_none_or(|split| passes(split, value));
            let own = all(kept).into_iter().filter(|(_, value)| passes(*value)).collect();
            self.original.picture.insert(expr.clone(), own);
        }
        let world = Arc::clone(&self.translated.engine.world);
        for rule in world.rules.groups.iter().flat_map(|group| group.alerts()) {
            let text = rule.queries[0].expr.text().to_string();
            let shown = match rule.kind {
                Kind::Extended => all(text.trim_end()),
                // What stays whole is asked as it is laid out now.
                Kind::Plain => self.original.picture[&self.laid_out[text.trim_end()]].clone(),
            };
            self.translated.picture.insert(text, shown);
        }
    }
}

fn passes(split: &Split, value: f64) -> bool {
    split.any.iter().any(|one| compare(one.comparison, value, one.bound))
}

fn merging() -> Manner {
    Manner { merges: true, severity: None }
}

/// PromQL's comparison, written once more for the test.
#[expect(clippy::float_cmp, reason = "`==` means exactly that")]
fn compare(comparison: Comparison, value: f64, bound: f64) -> bool {
    match comparison {
        Comparison::Above => value > bound,
        Comparison::AtLeast => value >= bound,
        Comparison::Below => value < bound,
        Comparison::AtMost => value <= bound,
        Comparison::Equals => value == bound,
        Comparison::Differs => value != bound,
    }
}

/// Label sets that an expression may answer with.
fn series_of(expr: &Expr) -> Vec<Labels> {
    let names: Vec<String> = match expr.labels() {
        LabelsOf::Only(names) => names.into_iter().collect(),
        LabelsOf::AnyBut(lost) => {
            let usual = ["job", "instance", "level"].into_iter().filter(|name| !lost.contains(*name));
            usual.map(str::to_owned).collect()
        }
    };
    let of = |value: &str| Labels::new(names.iter().map(|name| (name.as_str(), value)));
    if names.is_empty() { vec![Labels::empty()] } else { ["a", "b", "c", "d"].map(of).into() }
}

fn alerts(set: &RuleSet) -> Vec<Arc<Rule>> {
    set.groups.iter().flat_map(|group| group.alerts().cloned()).collect()
}

/// A small generator: the same seed tells the same story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % sides
    }
}

/// Both versions of our own file over the same series, asked offline, each message put into words as it is sent.
fn messages_over_series(seed: u64) -> [Vec<Message>; 2] {
    let text = std::fs::read_to_string(own()).expect("it can be read");
    let translation = translate(&text, &Context::default(), &Manner::default()).expect("it is translated");
    let settings = SETTINGS.replace("wait: 30s", "wait: 0s");
    let mut dice = Dice(seed);
    let mut set = SeriesSet::new();
    for rule in alerts(&rule_set(&text)) {
        let expr = &rule.queries[0].expr;
        let bounds = expr.split().map_or(vec![1.0], |split| split.any.iter().map(|one| one.bound).collect());
        load_for(expr, &bounds, &mut dice, &mut set);
    }
    [text, translation.text].map(|text| {
        let world = world_of(&settings, &text);
        let mut rig = Rig::new(Arc::clone(&world));
        let mut messages = Vec::new();
        for slot in 0..SLOTS {
            let at = i64::try_from(slot).expect("it is small") * 30_000;
            for rule in alerts(&world.rules) {
                let expr = &rule.queries[0].expr;
                rig.picture.insert(expr.text().to_string(), answer(expr, &set, at).unwrap_or_default());
            }
            rig.slots(1);
            messages.extend(rig.drafts.drain(..).flat_map(|draft| in_words(&draft, &world, slot)));
        }
        messages.sort();
        messages
    })
}

/// Slot, kind, labels, since when, and the annotations of one firing alert in a message.
type Message = (usize, &'static str, Labels, i64, Vec<(String, String)>);

fn in_words(draft: &Draft, world: &World, slot: usize) -> Vec<Message> {
    let up: Answers = [("up".to_owned(), Ok(vec![(Labels::empty(), 1.0)]))].into();
    let notice = draft.compose(world, Span::ZERO, &up).expect("`up` is all that templates ask");
    let firing = notice.alerts.into_iter().filter(|alert| alert.ended.is_none());
    let words = firing.map(|alert| {
        let annotations = alert.annotations.into_iter().map(|(name, text)| (name.to_string(), text)).collect();
        (slot, draft.kind.word(), alert.labels.without("severity"), alert.since.millis(), annotations)
    });
    words.collect()
}

#[test]
fn messages_of_a_translated_file_say_at_each_slot_what_they_said_before() {
    let mut compared = 0;
    for seed in 0..4 {
        let [before, after] = messages_over_series(seed);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(after, before, "seed {seed}");
        }
        assert_eq!(after.len(), before.len(), "seed {seed}");
        compared += before.iter().filter(|(.., annotations)| !annotations.is_empty()).count();
    }
    assert!(compared > 100, "{compared} messages");
}

/// What people could see of a rule's alerts: labels, severity, state with its times, value.
type Seen = BTreeMap<Labels, (Severity, TierState, u64)>;

fn seen(state: &State, rule: &Rule) -> Seen {
    let alerts = state.rules.get(&rule.id).into_iter().flat_map(watchbell::engine::evaluate::RuleState::iter);
    let active = alerts.filter(|alert| !alert.is_calm()).map(|alert| {
        assert_eq!(alert.tiers.len(), 1, "a rule that is split has one tier");
        // With its condition over, a plain rule keeps the value that it fired with: it has no other. With tiers it is known.
        let value = match alert.tiers[0] {
            TierState::Keeping { .. } => 0,
            _ if alert.value.is_nan() => f64::NAN.to_bits(),
            _ => alert.value.to_bits(),
        };
        (alert.labels.without("severity"), (rule.tiers[0].severity.clone(), alert.tiers[0], value))
    });
    active.collect()
}

/// The service is killed and started again, so long after.
fn restart(rig: &mut Rig, down: Span) {
    let world = Arc::clone(&rig.engine.world);
    rig.restart();
    assert_eq!(rig.engine.state.rules.len(), State::fold(&world, &stored(&world, &rig.on_record)).rules.len());
    rig.sleep(down);
}

#[test]
fn every_translated_rule_fires_exactly_when_the_original_does() {
    let mut compared = (0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let translation = translate(&text, &Context::default(), &Manner::default());
        let translation = translation.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (original, translated) = (rule_set(&text), rule_set(&translation.text));
        let pairs: Vec<_> = alerts(&original).into_iter().zip(alerts(&translated)).collect();
        assert_eq!((pairs.len(), alerts(&translated).len()), (translation.alerts, translation.alerts));
        for seed in 0..SEEDS {
            let (mut both, mut dice) = (Both::new(&original, &translated), Dice(seed));
            let mut readings = BTreeMap::new();
            for slot in 0..SLOTS {
                both.draw(&mut readings, &mut dice);
                both.original.slots(1);
                both.translated.slots(1);
                for (plain, tiered) in &pairs {
                    let told = seen(&both.original.engine.state, plain);
                    let now = seen(&both.translated.engine.state, tiered);
                    assert_eq!(now, told, "{} in {}, seed {seed}, slot {slot}", plain.alert, path.display());
                    compared.0 += usize::from(tiered.kind == Kind::Extended) * told.len();
                    let fires = |(_, state, _): &(Severity, TierState, u64)| state.fires();
                    compared.1 +=
                        usize::from(tiered.kind == Kind::Extended) * told.values().filter(|one| fires(one)).count();
                }
                if dice.roll(40) == 0 {
                    let down = Span::from_mins(i64::try_from(dice.roll(5)).expect("it is small"));
                    restart(&mut both.original, down);
                    restart(&mut both.translated, down);
                }
            }
        }
    }
    // A comparison of nothing with nothing would show nothing; our own file alone gives about fifteen hundred.
    assert!(compared.0 > 1_000 && compared.1 > 100, "active and firing states that were compared: {compared:?}");
}

#[test]
fn what_people_read_of_a_translated_rule_is_what_they_read_before() {
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let translation = translate(&text, &Context::default(), &Manner::default()).expect("it is translated above");
        let (original, translated) = (rule_set(&text), rule_set(&translation.text));
        for (plain, tiered) in alerts(&original).into_iter().zip(alerts(&translated)) {
            let texts = |rule: &Rule| -> Vec<String> {
                rule.annotations.iter().map(|(name, text)| format!("{name}: {}", text.text())).collect()
            };
            assert_eq!(texts(&tiered), texts(&plain), "{} in {}", plain.alert, path.display());
        }
        for (before, after) in original.groups.iter().zip(&translated.groups) {
            let settings = |group: &rules::Group| (group.name.clone(), group.interval, group.query_offset, group.limit);
            assert_eq!(settings(after), settings(before));
        }
    }
}

/// The tier of `severity` that an alert with these labels has.
fn tier_of(state: &State, rule: &Rule, labels: &Labels, severity: &Severity) -> TierState {
    let index = rule.tiers.iter().position(|tier| tier.severity == *severity).expect("the rule has that tier");
    let mut alerts = state.rules.get(&rule.id).into_iter().flat_map(watchbell::engine::evaluate::RuleState::iter);
    let alert = alerts.find(|alert| alert.labels.without("severity").without("alertname") == *labels);
    alert.map_or(TierState::Inactive, |alert| alert.tiers[index])
}

#[test]
fn a_merged_family_holds_each_severity_when_its_rule_held_it() {
    let (mut same, mut taken_over, mut merged_rules) = (0, 0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let Translation { text: merged, families, .. } =
            translate(&text, &Context::default(), &merging()).expect("it is translated above");
        let (mut original, mut merged) = (rule_set(&text), rule_set(&merged));
        // The other groups are looked at above.
        let has_family =
            |group: &rules::Group| group.alerts().any(|rule| families.iter().any(|one| *one.name == *rule.alert));
        let kept: Vec<_> =
            merged.groups.iter().filter(|group| has_family(group)).map(|group| group.name.clone()).collect();
        original.groups.retain(|group| kept.contains(&group.name));
        merged.groups.retain(|group| kept.contains(&group.name));
        let mut members: Vec<(Arc<Rule>, Arc<Rule>)> = Vec::new();
        for family in families.iter().filter(|family| family.is_merged) {
            merged_rules += 1;
            for rule in alerts(&original) {
                let is_member = family.members.iter().any(|(at, _)| *at == rule.place.start as usize);
                let whole = alerts(&merged).into_iter().find(|whole| {
                    *whole.alert == *family.name
                        && rule.queries[0]
                            .expr
                            .split()
                            .is_ok_and(|split| is_same_text(split.query.text(), whole.queries[0].expr.text()))
                });
                members.extend(whole.filter(|_| is_member).map(|whole| (rule, whole)));
            }
        }
        for seed in 0..if members.is_empty() { 0 } else { 4 } {
            let (mut both, mut dice) = (Both::new(&original, &merged), Dice(seed));
            let mut readings = BTreeMap::new();
            for slot in 0..SLOTS {
                both.draw(&mut readings, &mut dice);
                both.original.slots(1);
                both.translated.slots(1);
                for (rule, whole) in &members {
                    let series = &both.queries[whole.queries[0].expr.text().trim_end()].series;
                    for labels in series {
                        let severity = &rule.tiers[0].severity;
                        let of = |rig: &Rig, rule: &Rule| {
                            let own = rule.labels.iter().filter(|(name, _)| &**name != "severity");
                            let own: Vec<(String, String)> =
                                own.map(|(n, t)| (n.to_string(), t.text().to_string())).collect();
                            let labels = labels.overlaid(&Labels::new(own));
                            tier_of(&rig.engine.state, rule, &labels, severity)
                        };
                        match (of(&both.original, rule), of(&both.translated, whole)) {
                            (one, other) if one == other => same += usize::from(one != TierState::Inactive),
                            // A lower tier whose condition holds takes over from a higher one, its `for` counted as served.
                            (
                                TierState::Pending { since, .. } | TierState::Firing { active: since, .. },
                                TierState::Firing { active, .. },
                            ) if since == active => taken_over += 1,
                            (one, other) => panic!("{}, slot {slot}: {one:?} became {other:?}", rule.alert),
                        }
                    }
                }
            }
        }
    }
    assert!(merged_rules >= 2 && same > 100 && taken_over > 0, "{merged_rules} {same} {taken_over}");
}

fn data_for(expr: &Expr, bounds: &[f64], dice: &mut Dice) -> SeriesSet {
    let mut set = SeriesSet::new();
    load_for(expr, bounds, dice, &mut set);
    set
}

/// Series for every selector of an expression, over an hour: the labels that it asks for, and some to join on.
fn load_for(expr: &Expr, bounds: &[f64], dice: &mut Dice, set: &mut SeriesSet) {
    expr.root().walk(&mut |node| {
        let NodeKind::Selector(selector) = &node.kind else { return };
        let Some(metric) = selector.name() else { return };
        for (index, value) in ["a", "b", "c"].into_iter().enumerate() {
            let mut labels = Labels::new(["namespace", "pod", "instance", "job", "cluster"].map(|name| (name, value)));
            for matcher in &selector.matchers {
                let wanted = match matcher.operator {
                    MatchOperator::Equal => matcher.value.clone(),
                    MatchOperator::Matches => matcher.value.split('|').next().unwrap_or_default().replace(".+", "x"),
                    MatchOperator::NotEqual | MatchOperator::MatchesNot => format!("else{index}"),
                };
                labels = labels.with(&*matcher.name, &*wanted);
            }
            let values: Vec<Option<f64>> = (0..60)
                .map(|_| match (dice.roll(12), bounds[dice.roll(bounds.len())]) {
                    (0, _) => None,
                    (1, _) => Some(f64::NAN),
                    (2, _) => Some(f64::INFINITY),
                    (3, bound) => Some(bound),
                    (4, _) => Some(0.0),
                    (5, _) => Some(1.0),
                    (_, bound) => Some(
                        bound.clamp(-1e9, 1e9) * f64::from(u32::try_from(dice.roll(40)).expect("it is small")) / 20.0,
                    ),
                })
                .collect();
            // The same series may be asked for twice; its first values stay.
            drop(set.load(&labels.with("__name__", metric), &values, 0, 60_000));
        }
    });
}

/// What an expression answers at an instant, whatever the order; nothing where it fails.
fn answer(expr: &Expr, set: &SeriesSet, at: i64) -> Option<BTreeMap<Labels, f64>> {
    let reply = Asked::new(expr, Options::default()).ok()?.instant(set, at).ok()?;
    match reply.value {
        Value::Vector(elements) => Some(elements.into_iter().map(|element| (element.labels, element.value)).collect()),
        _ => None,
    }
}

#[test]
fn a_query_without_its_threshold_answers_what_the_comparison_then_filters() {
    let (mut rules, mut answered, mut elements) = (0, 0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for rule in alerts(&rule_set(&text)) {
            let expr = &rule.queries[0].expr;
            let Ok(split) = expr.split() else { continue };
            rules += 1;
            let bounds: Vec<f64> = split.any.iter().map(|one| one.bound).collect();
            let mut found = false;
            for seed in 0..4 {
                let set = data_for(expr, &bounds, &mut Dice(seed));
                for minute in [20, 41, 59, 62] {
                    let Some(whole) = answer(expr, &set, minute * 60_000) else { continue };
                    let parts = answer(&split.query, &set, minute * 60_000);
                    let parts = parts.unwrap_or_else(|| panic!("{expr} answers, {} does not", split.query));
                    let can_be_nan = split.can_be_nan || !parts.values().any(|value| value.is_nan());
                    assert!(can_be_nan, "{}: a value that cannot be NaN is", split.query);
                    let passes = |value: &f64| passes(&split, *value);
                    let bits = |all: &BTreeMap<Labels, f64>| -> Vec<(Labels, u64)> {
                        let through = all.iter().filter(|(_, value)| passes(value));
                        through.map(|(labels, value)| (labels.clone(), value.to_bits())).collect()
                    };
                    assert_eq!(bits(&parts), bits(&whole), "{expr}");
                    assert_eq!(bits(&whole).len(), whole.len(), "{expr}");
                    found |= !whole.is_empty();
                    elements += whole.len();
                }
            }
            answered += usize::from(found);
        }
    }
    assert!(answered * 2 > rules && elements > 100, "{rules} rules, {answered} answered, {elements} elements");
}
