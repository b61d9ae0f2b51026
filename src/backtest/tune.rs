//! Other bounds and other patience for one severity of a rule: what each would have meant, and which is worth a thought.

use super::known::Known;
use super::report::word;
use super::session::{Played, Session};
use super::survey::Survey;
use super::tally::OfRule;
use crate::config::Settings;
use crate::engine::World;
use crate::model::{Moment, RuleId, Severity, Span, counted, duration_text};
use crate::notify::text::number;
use crate::rules::{Bound, Clear, Condition, Rule, RuleSet, Tier};
use serde::Serialize;
use std::sync::Arc;

/// How patient a tier may be: `for`.
const HOLDS: [Span; 8] = [
    Span::ZERO,
    Span::from_mins(1),
    Span::from_mins(2),
    Span::from_mins(5),
    Span::from_mins(10),
    Span::from_mins(15),
    Span::from_mins(30),
    Span::from_hours(1),
];
/// How many other bounds are tried.
const BOUNDS: usize = 9;

/// What is tuned.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The settings of the service.
    pub settings: Arc<Settings>,
    /// The groups of the rule and of those that it asks about, with nothing but these switched on.
    pub rules: RuleSet,
    /// The rule.
    pub rule: Arc<Rule>,
    /// The place of the tier among the rule's.
    pub tier: usize,
}

/// One thing that could stand there instead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Knob {
    /// The bound.
    Bound(f64),
    /// `for`.
    Hold(Span),
}

/// What a candidate would have meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// What stands there, as it is written.
    pub value: String,
    /// Whether it is what stands there now.
    pub is_now: bool,
    /// Incidents.
    pub incidents: usize,
    /// Pages, nobody having acted.
    pub pages: u32,
    /// Seconds during which it fired.
    pub firing_seconds: f64,
    /// The numbers of known incidents, taken for real, that it would have missed.
    pub missed: Vec<u64>,
}

/// What was found for one knob.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// `above` or `for`, as it stands in the file.
    pub knob: String,
    /// The candidates, the strictest first.
    pub candidates: Vec<Candidate>,
    /// The place of the one that is suggested, where one is.
    pub suggested: Option<usize>,
    /// Why it is, or why none is.
    pub why: String,
}

impl Subject {
    /// The tier at this place of a rule of `world`, with the rules that it asks about and no other; nothing where there is none.
    #[must_use]
    pub fn of(world: &World, rule: RuleId, tier: usize) -> Option<Self> {
        let mut rules = world.rules.only_needed(|_, known| known.id == rule, "not asked for");
        rules.groups.retain(|group| group.alerts().any(|known| known.disabled.is_none()));
        let rule = Arc::clone(rules.groups.iter().flat_map(|group| group.alerts()).find(|known| known.id == rule)?);
        let settings = Arc::clone(&world.settings);
        (tier < rule.tiers.len()).then(|| Subject { settings, rules, rule, tier })
    }

    /// The tier as it is.
    #[must_use]
    pub fn now(&self) -> &Tier {
        &self.rule.tiers[self.tier]
    }

    /// Its severity.
    #[must_use]
    pub fn severity(&self) -> &Severity {
        &self.now().severity
    }

    /// The rules as they are, or with something else at the knob.
    #[must_use]
    pub fn world(&self, knob: Option<Knob>) -> Arc<World> {
        let mut rule = Rule::clone(&self.rule);
        if let Some(knob) = knob {
            let now = self.now();
            // An exception that says something else at the knob keeps it.
            let turn = |tier: &Tier| if is_alike(tier, now, knob) { turned(tier, knob) } else { tier.clone() };
            rule.tiers = rule.tiers.iter().map(turn).collect();
            for exception in &mut rule.exceptions {
                exception.tiers = exception.tiers.iter().map(turn).collect();
            }
        }
        Arc::new(World::new(Arc::clone(&self.settings), self.rules.with(rule)))
    }

    /// The bounds that are worth a try, the strictest first: what stands there now, and what the values suggest.
    #[must_use]
    pub fn bounds(&self, survey: &Survey) -> Vec<f64> {
        self.bounds_and(survey, None)
    }

    /// The same, and another one that somebody wants to see among them.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a handful of candidates")]
    pub fn bounds_and(&self, survey: &Survey, other: Option<f64>) -> Vec<f64> {
        let (Condition::Bound(bound), Some(spread)) = (&self.now().condition, survey.spread()) else {
            return Vec::new();
        };
        let Some((now, is_above)) = direction(*bound) else { return Vec::new() };
        // From where values usually are to the furthest that they came.
        let (usual, furthest) = if is_above { (spread.p95, spread.max) } else { (spread.p50.min(now), spread.min) };
        let usual = if is_above { usual.min(now) } else { usual.max(now) };
        let step = |place: usize| usual + (furthest - usual) * place as f64 / BOUNDS as f64;
        let mut bounds: Vec<f64> =
            (0..=BOUNDS).map(step).map(rounded).chain([now]).chain(other).filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(|a, b| if is_above { a.total_cmp(b) } else { b.total_cmp(a) });
        bounds.dedup();
        bounds
    }

    /// The patience that is worth a try, the strictest first.
    #[must_use]
    pub fn holds(&self) -> Vec<Span> {
        self.holds_and(None)
    }

    /// The same, and another one that somebody wants to see among them.
    #[must_use]
    pub fn holds_and(&self, other: Option<Span>) -> Vec<Span> {
        let mut holds: Vec<Span> = HOLDS.into_iter().chain([self.now().hold]).chain(other).collect();
        holds.sort_unstable();
        holds.dedup();
        holds
    }

    /// The word that stands before the bound in the file.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.now().condition {
            Condition::Bound(bound) => word(bound),
            Condition::Present | Condition::When(_) => "",
        }
    }
}

/// The number of a bound with one direction, and whether it is crossed upwards.
fn direction(bound: Bound) -> Option<(f64, bool)> {
    match bound {
        Bound::Above(bound) | Bound::AtLeast(bound) => Some((bound, true)),
        Bound::Below(bound) | Bound::AtMost(bound) => Some((bound, false)),
        Bound::Outside(..) | Bound::Inside(..) | Bound::Between(..) | Bound::Equals(_) | Bound::Differs(_) => None,
    }
}

/// Whether a tier is of the same severity as another one, with the same at the knob.
fn is_alike(tier: &Tier, other: &Tier, knob: Knob) -> bool {
    let is_same = match knob {
        Knob::Bound(_) => tier.condition == other.condition,
        Knob::Hold(_) => tier.hold == other.hold,
    };
    tier.severity == other.severity && is_same
}

/// A tier with something else at the knob. `clear` moves with the bound.
fn turned(tier: &Tier, knob: Knob) -> Tier {
    let mut tier = tier.clone();
    match knob {
        Knob::Hold(hold) => tier.hold = hold,
        Knob::Bound(value) => {
            let Condition::Bound(bound) = &mut tier.condition else { return tier };
            if let (Some(Clear::Bound(clear)), Some((now, _))) = (&mut tier.clear, direction(*bound))
                && let Some((known, _)) = direction(*clear)
            {
                *clear = at(*clear, cleared(known, now, value));
            }
            *bound = at(*bound, value);
            tier.threshold = number(value).into();
        }
    }
    tier
}

/// Where a `clear` lies once its bound goes from `now` to `value`: the band between them keeps its share of the bound. Where the bound
/// reaches or crosses zero it keeps its width, since a share would be none, or lie on the other side.
fn cleared(clear: f64, now: f64, value: f64) -> f64 {
    let share = value / now;
    if share > 0.0 && share.is_finite() { clear * share } else { value - (now - clear) }
}

fn at(bound: Bound, value: f64) -> Bound {
    match bound {
        Bound::Above(_) => Bound::Above(value),
        Bound::AtLeast(_) => Bound::AtLeast(value),
        Bound::Below(_) => Bound::Below(value),
        Bound::AtMost(_) => Bound::AtMost(value),
        other => other,
    }
}

/// Two digits that count: nobody writes `above: 83.4127`.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 1.0);
    let digits = (value / unit).round();
    // By way of its text, so that 0.30000000000000004 is 0.3.
    format!("{:.12}", digits * unit).parse().unwrap_or(value)
}

impl Candidate {
    /// What came of playing `subject` with this at the knob.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "it is the very number that stands there, or it is not")]
    pub fn new(subject: &Subject, knob: Knob, played: &Played, known: &[Known], end: Moment) -> Self {
        let of_rule = played.player.tally().rules.get(&subject.rule.id);
        let counted = of_rule.and_then(|rule| rule.tiers.get(subject.severity()));
        let firings = counted.map(|tier| tier.firings.as_slice()).unwrap_or_default();
        let is_met = |known: &&Known| of_rule.is_some_and(|rule| meets(rule, subject.severity(), known, end));
        let real = known.iter().filter(|known| known.is_real && known.rules.contains(&subject.rule.id));
        let (value, is_now) = match knob {
            Knob::Bound(bound) => (
                number(bound),
                matches!(subject.now().condition, Condition::Bound(now) if direction(now).is_some_and(|(now, _)| now == bound)),
            ),
            Knob::Hold(hold) => (duration_text::format(hold), subject.now().hold == hold),
        };
        Candidate {
            value,
            is_now,
            incidents: counted.map_or(0, |tier| tier.incidents.len()),
            pages: counted.map_or(0, |tier| tier.pages),
            firing_seconds: super::report::covered(firings, end).as_secs_f64(),
            missed: real.filter(|known| !is_met(known)).map(|known| known.number).collect(),
        }
    }
}

/// Whether a rule fired at `severity`, or at a higher one, about an incident that is known.
fn meets(rule: &OfRule, severity: &Severity, known: &Known, end: Moment) -> bool {
    let mut firings = rule.tiers.range(severity..).flat_map(|(_, tier)| &tier.firings);
    firings.any(|firing| known.is_met_by(firing.from, firing.to.unwrap_or(end)))
}

impl Sweep {
    /// Plays `subject` with each of `knobs` on the answers that `session` kept, and weighs what comes of them. `was` is what stood
    /// there before a change.
    #[must_use]
    pub fn play(
        word: &str,
        knobs: impl IntoIterator<Item = Knob>,
        subject: &Subject,
        session: &mut Session,
        known: &[Known],
        was: Option<&str>,
    ) -> Self {
        let end = session.window().to.moment(Span::ZERO);
        let knobs: Vec<Knob> = knobs.into_iter().collect();
        let played = session.again(knobs.iter().map(|knob| subject.world(Some(*knob))).collect());
        let played = knobs.iter().zip(&played).filter_map(|(knob, played)| Some((*knob, played.as_ref()?)));
        let candidates = played.map(|(knob, played)| Candidate::new(subject, knob, played, known, end)).collect();
        Sweep::new(word, candidates, was)
    }

    /// Weighs the candidates of one knob, the strictest first. `was` is what stood there before a change, as it is written.
    ///
    /// Nothing is suggested that never fires, or that misses more of what people took for real than what stands there now or
    /// stood there before.
    #[must_use]
    pub fn new(knob: impl Into<String>, candidates: Vec<Candidate>, was: Option<&str>) -> Self {
        let find = |wanted: &dyn Fn(&Candidate) -> bool| candidates.iter().position(wanted);
        let now = find(&|candidate| candidate.is_now);
        let was = find(&|candidate| was == Some(&*candidate.value));
        let missed = |place: usize| candidates[place].missed.len();
        let misses = now.into_iter().chain(was).map(missed).min().unwrap_or(0);
        let allowed = |candidate: &Candidate| candidate.missed.len() <= misses && candidate.incidents > 0;
        let loses = now.map_or(0, |now| missed(now) - misses);
        let found =
            knee(&candidates, allowed).or_else(|| if loses > 0 { quietest(&candidates, allowed) } else { None });
        let now = now.map(|now| &candidates[now]);
        let is_better = |one: &Candidate, now: &Candidate| one.pages < now.pages || one.missed.len() < now.missed.len();
        let (suggested, why) = match found.map(|place| (place, &candidates[place])) {
            Some((_, one)) if one.is_now => (None, "what stands there is at the knee already".to_owned()),
            Some((_, one)) if now.is_some_and(|now| !is_better(one, now)) => {
                (None, format!("the knee is at {}, with {}; what stands there now has no more", one.value, pages(one)))
            }
            Some((place, one)) => {
                let than = now.map(|now| format!(" instead of {}", now.pages)).unwrap_or_default();
                // Where no candidate misses any, nothing was weighed, and nothing is promised.
                let is_weighed = candidates.iter().any(|candidate| !candidate.missed.is_empty());
                let why = match () {
                    () if loses > 0 => ", and nothing that people took for real is lost",
                    () if is_weighed && one.missed.is_empty() => {
                        "; beyond it little is gained, and misses no incident that people took for real"
                    }
                    () => "; beyond it little is gained",
                };
                (Some(place), format!("{}{than}{why}", pages(one)))
            }
            None => (None, "no candidate stands out: pages fall evenly, or hardly at all".to_owned()),
        };
        Sweep { knob: knob.into(), candidates, suggested, why }
    }
}

/// The candidate with the fewest pages of those that are allowed, the least strict where several have as many.
fn quietest(candidates: &[Candidate], allowed: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let places = (0..candidates.len()).filter(|place| allowed(&candidates[*place]));
    places.min_by_key(|place| (candidates[*place].pages, std::cmp::Reverse(*place)))
}

fn pages(candidate: &Candidate) -> String {
    counted(candidate.pages as usize, "page")
}

/// The knee of the falling curve of pages: where it is furthest below the straight line from its first to its last point
/// (the idea of Satopää and others, 2011, "Finding a Kneedle in a Haystack"). Nothing where it is hardly below.
#[expect(clippy::cast_precision_loss, reason = "a handful of candidates")]
fn knee(candidates: &[Candidate], allowed: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let (first, last) = (candidates.first()?, candidates.last()?);
    let (most, least) = (f64::from(first.pages), f64::from(last.pages));
    if candidates.len() < 3 || most <= least {
        return None;
    }
    let depth = |place: usize| {
        let along = place as f64 / (candidates.len() - 1) as f64;
        let share = (f64::from(candidates[place].pages) - least) / (most - least);
        (1.0 - along) - share
    };
    let places = (0..candidates.len()).filter(|place| allowed(&candidates[*place]));
    let best = places.max_by(|a, b| depth(*a).total_cmp(&depth(*b)))?;
    (depth(best) > 0.15).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::{Firing, OfTier};
    use crate::diagnostics::{Findings, Sources, render};
    use crate::model::{AlertId, Labels};
    use crate::rules::{Context, load_texts};
    use std::collections::BTreeSet;

    /// The first tier of the only rule of a file.
    fn subject(rule: &str) -> Subject {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let text = format!("groups: [{{ name: g, rules: [{{ alert: Dear, expr: gas, {rule} }}] }}]");
        let files = [("rules.yaml".into(), text.into())];
        let rules = load_texts(&files, &Context::default(), &mut sources, &mut findings).set;
        assert!(!findings.has_errors(), "{}", render::human(&findings, &sources, false));
        let world = World::new(Arc::new(Settings::default()), rules);
        let id = world.rules.groups[0].alerts().next().expect("there is one rule").id;
        Subject::of(&world, id, 0).expect("it has a tier")
    }

    /// The first tier, and those of its exceptions, with something else at the knob, in words.
    fn turned_to(subject: &Subject, knob: Knob) -> Vec<String> {
        let world = subject.world(Some(knob));
        let rule = world.rules.groups[0].alerts().next().expect("there is one rule");
        let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
        rule.tiers.iter().chain(exceptions).map(super::super::report::condition).collect()
    }

    #[test]
    fn an_exception_has_what_is_tried_unless_it_says_something_else_there() {
        let exceptions = "exceptions: [{ match: '{chain=\"a\"}', tiers: { high: { for: 5m } } }, { match: '{chain=\"b\"}', tiers: { high: { above: 70 } } }]";
        let subject = subject(&format!("tiers: {{ high: {{ above: 100, for: 1m }} }}, {exceptions}"));
        let bounds = turned_to(&subject, Knob::Bound(120.0));
        assert_eq!(bounds, ["above 120 for 1m", "above 120 for 5m", "above 70 for 1m"]);
        let holds = turned_to(&subject, Knob::Hold(Span::from_mins(2)));
        assert_eq!(holds, ["above 100 for 2m", "above 100 for 5m", "above 70 for 2m"]);
    }

    #[test]
    fn clear_stays_on_the_calm_side_of_its_bound() {
        let clear = |rule: &str, value: f64| turned_to(&subject(rule), Knob::Bound(value)).remove(0);
        let scaled = "tiers: { high: { above: 100, clear: 80 } }";
        assert_eq!(clear(scaled, 50.0), "above 50, until not above 40");
        assert_eq!(clear(scaled, -10.0), "above -10, until not above -30");
        let from_zero = "tiers: { high: { above: 0, clear: -10 } }";
        assert_eq!(clear(from_zero, 30.0), "above 30, until not above 20");
        assert_eq!(clear(from_zero, -30.0), "above -30, until not above -40");
        let below = "tiers: { high: { below: -4, clear: -2 } }";
        assert_eq!(clear(below, -8.0), "below -8, until not below -4");
        assert_eq!(clear(below, 1.0), "below 1, until not below 3");
    }

    #[test]
    fn an_incident_is_met_also_by_a_higher_severity_and_by_no_lower_one() {
        let severities = Settings::default().severities;
        let [high, low] = ["high", "low"].map(|name| severities.find(name).expect("it is one of ours").clone());
        let at = Moment::from_millis;
        let (alert, labels) = (AlertId::from(1), Labels::default());
        let firing = Firing { alert, labels, from: at(0), to: Some(at(60_000)) };
        let known = Known { number: 41, rules: BTreeSet::new(), from: at(0), to: Some(at(60_000)), is_real: true };
        let fired_at = |severity: &Severity| {
            let fired = OfTier { firings: vec![firing.clone()], ..OfTier::default() };
            OfRule { tiers: [(severity.clone(), fired)].into(), ..OfRule::default() }
        };
        assert!(meets(&fired_at(&high), &low, &known, at(120_000)));
        assert!(meets(&fired_at(&low), &low, &known, at(120_000)));
        assert!(!meets(&fired_at(&low), &high, &known, at(120_000)));
    }

    fn candidates(pages: &[u32]) -> Vec<Candidate> {
        let one = |(place, pages): (usize, &u32)| Candidate {
            value: place.to_string(),
            is_now: place == 0,
            incidents: *pages as usize,
            pages: *pages,
            firing_seconds: 0.0,
            missed: Vec::new(),
        };
        pages.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_suggestion_stands_where_pages_stop_falling_fast() {
        let sweep = Sweep::new("above", candidates(&[60, 22, 8, 6, 5, 4]), None);
        assert_eq!(sweep.suggested, Some(2), "{}", sweep.why);
        assert!(sweep.why.starts_with("8 pages instead of 60"), "{}", sweep.why);
    }

    #[test]
    fn an_even_fall_and_no_fall_suggest_nothing() {
        assert_eq!(Sweep::new("for", candidates(&[10, 8, 6, 4, 2, 1]), None).suggested, None);
        assert_eq!(Sweep::new("for", candidates(&[3, 3, 3]), None).suggested, None);
    }

    #[test]
    fn what_pages_as_much_as_what_stands_there_is_not_suggested() {
        let mut all = candidates(&[60, 1, 1, 1, 1, 1]);
        all[0].is_now = false;
        all[5].is_now = true;
        let sweep = Sweep::new("above", all, None);
        assert_eq!(sweep.suggested, None, "{}", sweep.why);
        assert!(sweep.why.starts_with("the knee is at 1, with 1 page"), "{}", sweep.why);
    }

    #[test]
    fn nothing_is_said_of_real_incidents_where_none_were_weighed() {
        let mut all = candidates(&[60, 22, 8, 6, 5, 4]);
        assert!(!Sweep::new("above", all.clone(), None).why.contains("took for real"));
        all[5].missed = vec![41];
        assert!(Sweep::new("above", all, None).why.ends_with("misses no incident that people took for real"));
    }

    #[test]
    fn what_would_miss_an_incident_that_was_real_is_not_suggested() {
        let mut all = candidates(&[60, 22, 8, 6, 5, 4]);
        all[2].missed = vec![41];
        assert_ne!(Sweep::new("above", all, None).suggested, Some(2));
    }

    #[test]
    fn a_change_that_loses_what_was_real_is_told_the_quietest_that_does_not() {
        let mut all = candidates(&[9, 9, 9, 9]);
        all[0].is_now = false;
        all[3].is_now = true;
        all[3].missed = vec![41];
        let sweep = Sweep::new("above", all, Some("0"));
        assert_eq!(sweep.suggested, Some(2), "{}", sweep.why);
    }

    #[test]
    fn what_never_fires_is_not_suggested() {
        let sweep = Sweep::new("above", candidates(&[1, 0, 0]), None);
        assert_eq!(sweep.suggested, None, "{}", sweep.why);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "a rounded number is the one that its digits write")]
    fn bounds_have_two_digits_that_count() {
        let bounds = [83.4127, 0.300_000_1, 1234.0, -56.78, 0.0].map(rounded);
        assert_eq!(bounds, [83.0, 0.3, 1200.0, -57.0, 0.0]);
    }
}
