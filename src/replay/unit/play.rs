//! Evaluating rules as a server does: what they give is appended, and what they no longer give is ended.

use crate::engine::World;
use crate::engine::alert::{Alert, Phase};
use crate::engine::evaluate::{Instant, Reading, RuleState, identify};
use crate::engine::notice::with_severity;
use crate::model::{Answer, Labels, Moment, Name, RuleId, Sample, SeriesTable, Slot, Truth};
use crate::replay::ledger::Ledger;
use crate::replay::recorded::{Recorded, within};
use crate::rules::template::{Answers, Data, Rendered, Template};
use crate::rules::{Entry, Group, Rule, Tier};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Texts by their names. One that is empty is there all the same, other than in [`Labels`]: promtool holds it against none.
pub(super) type Texts = BTreeMap<Name, Name>;

/// Labels and annotations of an alert that fires.
pub(super) type Firing = (Texts, Texts);

/// A template may ask in so many rounds; more is a circle.
const ROUNDS: usize = 16;

/// The rules of a test at work.
pub(super) struct Player<'a> {
    world: &'a World,
    pub(super) ledger: Ledger,
    states: HashMap<RuleId, RuleState>,
    asked: HashMap<(RuleId, usize), Asked>,
    recorded: Recorded,
    /// What the annotations of each alert said last, by its rule and labels, for rules that are looked at.
    annotations: HashMap<RuleId, BTreeMap<Labels, Texts>>,
}

#[derive(Default)]
struct Asked {
    table: SeriesTable,
    answer: Answer,
}

impl<'a> Player<'a> {
    pub(super) fn new(world: &'a World, ledger: Ledger) -> Self {
        let (states, asked) = (HashMap::new(), HashMap::new());
        Player { world, ledger, states, asked, recorded: Recorded::default(), annotations: HashMap::new() }
    }

    /// Evaluates every group at `at`; `is_looked_at` says whose annotations somebody wants to see now.
    ///
    /// # Errors
    /// What went wrong, each with its rule.
    pub(super) fn evaluate(&mut self, at: i64, is_looked_at: &dyn Fn(&Rule) -> bool) -> Result<(), Vec<String>> {
        let mut errors = Vec::new();
        if let Err(error) = self.ledger.let_in(at) {
            return Err(vec![error.to_string()]);
        }
        let world = self.world;
        for group in &world.rules.groups {
            for (place, entry) in group.rules.iter().enumerate() {
                let (ledger, recorded) = (&mut self.ledger, &mut self.recorded);
                let (name, appended) = match entry {
                    Entry::Alert(rule) if rule.disabled.is_none() => {
                        let given = self.alert(group, rule, at, is_looked_at);
                        let at = at - group.query_offset.millis();
                        let append = |given| self.recorded.append(&mut self.ledger, (&**group, place), given, at);
                        (&rule.alert, given.and_then(append))
                    }
                    Entry::Record(record) if record.disabled.is_none() => {
                        (&record.record, recorded.record(ledger, (&**group, place), record, at))
                    }
                    Entry::Alert(_) | Entry::Record(_) => continue,
                };
                errors.extend(appended.err().map(|error| format!("rule {name}: {error}")));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Lets the alerts of a rule live through this instant, and gives what a server records of them.
    fn alert(
        &mut self,
        group: &Group,
        rule: &Arc<Rule>,
        at: i64,
        is_looked_at: &dyn Fn(&Rule) -> bool,
    ) -> Result<Vec<(Labels, f64)>, String> {
        for (index, query) in rule.queries.iter().enumerate() {
            let found = self.ledger.vector(&query.expr, at - group.query_offset.millis())?;
            self.asked.entry((rule.id, index)).or_default().take(found);
        }
        let lookups = self.lookups(rule, at);
        self.step(group, rule, at, &lookups)?;
        let state = &self.states[&rule.id];
        let active: Vec<&Alert> = state.iter().filter(|alert| !alert.is_calm()).collect();
        within(group.limit, active.len() + state.health.refused, "alerts")?;
        let given = active.iter().flat_map(|alert| as_series(rule, alert)).collect();
        if is_looked_at(rule) {
            let active: Vec<Alert> = active.into_iter().cloned().collect();
            let texts = active.iter().map(|alert| (alert.labels.clone(), self.annotated(rule, alert, at))).collect();
            self.annotations.insert(rule.id, texts);
        }
        Ok(given)
    }

    fn step(&mut self, group: &Group, rule: &Arc<Rule>, at: i64, lookups: &Answers) -> Result<(), String> {
        let mut own = self.states.remove(&rule.id).unwrap_or_else(|| RuleState::new(rule));
        let others = &self.states;
        let firing = |name: &str, labels: &Labels| {
            let named = group.alerts().filter(|other| &*other.alert == name);
            Truth::from(named.filter_map(|other| others.get(&other.id)).any(|state| state.fires_on(labels)))
        };
        let asked = (0..rule.queries.len()).map(|index| &self.asked[&(rule.id, index)]);
        let answers: Vec<(&SeriesTable, &Answer)> = asked.map(|asked| (&asked.table, &asked.answer)).collect();
        let instant = Instant { slot: Slot::from_millis(at), now: Moment::from_millis(at) };
        let outcome = own.evaluate(self.world, rule, Reading { answers: &answers, lookups }, instant, &firing);
        let error = own.health.error.clone();
        self.states.insert(rule.id, own);
        match (outcome, error) {
            (Err(queries), _) => Err(format!("its labels ask {} without end", queries.join(", "))),
            (Ok(_), Some(error)) => Err(error),
            (Ok(_), None) => Ok(()),
        }
    }

    /// What the label templates of a rule ask about its series.
    fn lookups(&mut self, rule: &Rule, at: i64) -> Answers {
        let mut answers = Answers::new();
        if !rule.labels.iter().any(|(_, template)| template.uses_query()) {
            return answers;
        }
        for _ in 0..ROUNDS {
            let asked = &self.asked[&(rule.id, rule.value)];
            let wants = |sample: &Sample| {
                let series = asked.table.labels(sample.series);
                identify(self.world, rule, series, sample.value, Slot::from_millis(at), &answers).err()
            };
            let wanted: Vec<String> = asked.answer.samples.iter().filter_map(wants).flatten().collect();
            if wanted.is_empty() {
                break;
            }
            for query in wanted {
                let answer = self.ledger.ask(&query, at);
                answers.insert(query, answer);
            }
        }
        answers
    }

    /// The annotations of an alert as they are at `at`.
    fn annotated(&mut self, rule: &Rule, alert: &Alert, at: i64) -> Texts {
        let tiers = rule.tiers_for(&alert.series);
        let tier = alert.top(tiers).and_then(|top| tiers.iter().find(|tier| tier.severity == top.severity));
        let over = tier.map(|tier| tier.annotations.as_slice()).unwrap_or_default();
        let all: Vec<&(Name, Template)> = rule.annotations.iter().chain(over).collect();
        let mut answers = Answers::new();
        for _ in 0..ROUNDS {
            let (texts, wanted) = self.rendered(rule, alert, tier, &all, at, &answers);
            if wanted.is_empty() {
                return texts.into_iter().collect();
            }
            for query in wanted {
                let answer = self.ledger.ask(&query, at);
                answers.insert(query, answer);
            }
        }
        Texts::new()
    }

    fn rendered(
        &self,
        rule: &Rule,
        alert: &Alert,
        tier: Option<&Tier>,
        templates: &[&(Name, Template)],
        at: i64,
        answers: &Answers,
    ) -> (Vec<(Name, Name)>, Vec<String>) {
        let settings = &self.world.settings;
        let data = Data {
            labels: if rule.kind == crate::rules::Kind::Plain { &alert.series } else { &alert.labels },
            value: alert.value,
            external_labels: &settings.external_labels,
            external_url: &settings.external_url,
            threshold: tier.map_or("", |tier| &tier.threshold),
            severity: tier.map_or("", |tier| tier.severity.name()),
            unit: rule.unit.as_deref().unwrap_or_default(),
            active_at: Slot::from_millis(alert.active_at().map_or(at, Moment::millis)),
            now: Slot::from_millis(at),
        };
        let (mut texts, mut wanted) = (Vec::new(), Vec::new());
        for (name, template) in templates {
            match template.render_or_error_text(&rule.alert, &data, answers) {
                Rendered::Text(text) => texts.push((name.clone(), text.into())),
                Rendered::Wants(queries) => wanted.extend(queries),
            }
        }
        (texts, wanted)
    }

    /// The alerts of this name that fire, whichever group their rule is in.
    pub(super) fn firing(&self, name: &str) -> Vec<Firing> {
        let rules = self.world.rules.groups.iter().flat_map(|group| group.alerts());
        let named = rules.filter(|rule| &*rule.alert == name);
        let mut firing: Vec<Firing> = named.flat_map(|rule| self.firing_of(rule)).collect();
        firing.sort();
        firing
    }

    fn firing_of(&self, rule: &Rule) -> Vec<Firing> {
        let Some(state) = self.states.get(&rule.id) else { return Vec::new() };
        let firing = state.iter().filter_map(|alert| {
            let (_, tiers) = state.get(alert.id)?;
            Some((alert, alert.top(tiers)?))
        });
        let texts = |labels: &Labels| self.annotations.get(&rule.id).and_then(|texts| texts.get(labels)).cloned();
        firing
            .map(|(alert, top)| {
                let labels = with_severity(&alert.labels, Some(rule), &top.severity);
                let labels = labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                (labels, texts(&alert.labels).unwrap_or_default())
            })
            .collect()
    }
}

impl Asked {
    fn take(&mut self, found: Vec<(Labels, f64)>) {
        self.answer.samples.clear();
        for (labels, value) in found {
            let series = self.table.intern(labels);
            self.answer.samples.push(Sample { series, value });
        }
    }
}

/// `ALERTS` and `ALERTS_FOR_STATE`, as Prometheus writes them.
fn as_series(rule: &Rule, alert: &Alert) -> [(Labels, f64); 2] {
    let state = if alert.phase() == Phase::Firing { "firing" } else { "pending" };
    let labels = alert.labels.with("alertname", rule.alert.clone());
    let since = alert.active_at().map_or(0, Moment::millis).div_euclid(1000);
    #[expect(clippy::cast_precision_loss, reason = "Prometheus writes the second as a float as well")]
    let since = since as f64;
    [
        (labels.with("__name__", "ALERTS").with("alertstate", state), 1.0),
        (labels.with("__name__", "ALERTS_FOR_STATE"), since),
    ]
}
