//! The answer: figures that a person can weigh, rule by rule and severity by severity.

use super::ask::Window;
use super::session::{Played, Session};
use super::survey::{Spread, Survey};
use super::tally::{Firing, OfRule, OfTier};
use crate::model::{Moment, RuleId, Severity, Slot, Span, duration_text};
use crate::notify::text::number;
use crate::rules::{Bound, Clear, Condition, Group, Rule, Tier};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What rules would have done over a stretch of history.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The first instant, RFC 3339.
    pub from: String,
    /// The first instant after it.
    pub to: String,
    /// Whom we asked, by the names of the configuration.
    pub sources: BTreeMap<String, String>,
    /// Incidents, each generation counted.
    pub incidents: usize,
    /// Pages to people, nobody having acted.
    pub pages: usize,
    /// Pages by Watchbell's own alerts, for sources that were silent for example; they are among `pages`.
    pub own_pages: u32,
    /// How many by each of them.
    pub own_alerts: BTreeMap<String, u32>,
    /// The share of slots that were answered, from 0 to 1.
    pub coverage: f64,
    /// Rules, in the order of their files.
    pub rules: Vec<RuleReport>,
    /// What the figures do not say.
    pub notes: Vec<String>,
    /// Questions that went to a source.
    pub queries: usize,
    /// Questions whose answers were kept from an earlier time.
    pub kept: usize,
    /// Seconds spent waiting for sources.
    pub waited_seconds: f64,
    /// Seconds spent deciding.
    pub decided_seconds: f64,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// The rule.
    #[serde(skip)]
    pub id: RuleId,
    /// The name of its alerts.
    pub alert: String,
    /// Its group.
    pub group: String,
    /// The file it stands in.
    pub file: String,
    /// Whom it asks, by the name of the configuration.
    pub source: String,
    /// The query whose value is shown.
    pub expr: String,
    /// Why it is switched off, if it is.
    pub disabled: Option<String>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// How the values of its shown query are spread; nothing where it never had one.
    pub values: Option<Spread>,
    /// Seconds of which nothing is known.
    pub unknown_seconds: f64,
    /// Why, and for how many slots.
    pub failures: BTreeMap<String, u32>,
    /// Its severities, highest first.
    pub tiers: Vec<TierReport>,
    /// For a chart: the lowest and highest value in each column.
    pub columns: Vec<Option<(f64, f64)>>,
}

/// One severity of a rule.
#[derive(Clone, Debug, Serialize)]
pub struct TierReport {
    /// The severity.
    pub severity: String,
    /// Its condition, in words.
    pub condition: String,
    /// The bound, where there is one number.
    pub bound: Option<f64>,
    /// Incidents in which an alert fired at it.
    pub incidents: usize,
    /// Pages that it caused.
    pub pages: u32,
    /// Those of them before nine, after six, or on a weekend, in the service's zone.
    pub out_of_hours: u32,
    /// How often an alert fired again within fifteen minutes of its end.
    pub flaps: u32,
    /// How often it fired.
    pub fired: usize,
    /// How many label sets fired.
    pub alerts: usize,
    /// Seconds during which at least one alert fired.
    pub firing_seconds: f64,
    /// The median length of a firing, in seconds.
    pub p50_seconds: Option<f64>,
    /// The median time from the crossing of the bound to the first page, in seconds.
    pub wait_p50_seconds: Option<f64>,
    /// How often the condition held, but for less than `for`.
    pub short: u32,
    /// How often a value came within a tenth of the bound and turned back.
    pub near_misses: u32,
    /// The nearest that a value came to the bound, as a share of it.
    pub nearest: Option<f64>,
    /// What held its messages back, and in how many incidents.
    pub held: BTreeMap<String, usize>,
    /// When it fired.
    pub firings: Vec<FiringReport>,
}

/// One stretch of firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FiringReport {
    /// From when, RFC 3339.
    pub from: String,
    /// Until when; nothing where it still fires at the end.
    pub to: Option<String>,
    /// How long, in seconds, up to the end of the window.
    pub seconds: f64,
    /// The labels of the alert.
    pub labels: String,
}

impl Report {
    /// Puts together the figures of what was played in `session`.
    #[must_use]
    pub fn new(session: &Session, played: &Played) -> Self {
        Report::about(session, played, |_| true)
    }

    /// The figures of rules that are `wanted`, and nothing of those that were played because these ask about them.
    #[must_use]
    pub fn about(session: &Session, played: &Played, wanted: impl Fn(&Rule) -> bool) -> Self {
        let (tally, window) = (played.player.tally(), session.window());
        let groups = played.world.rules.groups.iter();
        let rules = groups.flat_map(|group| group.alerts().map(move |rule| (group, rule)));
        let (rules, others): (Vec<_>, Vec<_>) = rules.partition(|(_, rule)| wanted(rule));
        let others: BTreeSet<RuleId> = others.iter().map(|(_, rule)| rule.id).collect();
        let is_meant = |rule: &RuleId| !others.contains(rule);
        let rules = rules.into_iter().map(|(group, rule)| RuleReport::new(played, window, group, rule)).collect();
        let counted = tally.rules.iter().filter(|(rule, _)| is_meant(rule));
        let (known, unknown) = counted.fold((0.0, 0.0), |(known, unknown), (_, rule)| {
            (known + rule.known.as_secs_f64(), unknown + rule.unknown.as_secs_f64())
        });
        let asking = session.asking();
        let sources = asking.clients.iter().map(|(name, client)| (name.to_string(), client.url().to_owned()));
        Report {
            from: instant(window.from.moment(Span::ZERO)),
            to: instant(window.to.moment(Span::ZERO)),
            sources: sources.collect(),
            incidents: tally.incidents.difference(&tally.only_of(&others)).count(),
            pages: tally.pages.iter().filter(|page| page.rule.as_ref().is_none_or(is_meant)).count(),
            own_pages: tally.own_pages.values().sum(),
            own_alerts: tally.own_pages.iter().map(|(name, pages)| (name.to_string(), *pages)).collect(),
            coverage: if known + unknown > 0.0 { known / (known + unknown) } else { 0.0 },
            rules,
            notes: session.notes.clone(),
            queries: asking.asked.queries.load(Ordering::Relaxed),
            kept: asking.asked.kept.load(Ordering::Relaxed),
            waited_seconds: session.waited.as_secs_f64(),
            decided_seconds: session.decided.as_secs_f64(),
        }
    }
}

impl Report {
    /// Whose pages belong to no rule: ` (2 of them by WatchbellSourceDown)`; nothing where there are none.
    #[must_use]
    pub fn about_us(&self) -> String {
        let by: Vec<String> =
            self.own_alerts.iter().map(|(name, pages)| format!("{pages} of them by {name}")).collect();
        if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) }
    }
}

impl RuleReport {
    fn new(played: &Played, window: Window, group: &Arc<Group>, rule: &Arc<Rule>) -> Self {
        let nothing = OfRule::default();
        let counted = played.player.tally().rules.get(&rule.id).unwrap_or(&nothing);
        let survey = played.surveys.get(&rule.id);
        let end = window.to.moment(Span::ZERO);
        let tiers = counted.tiers.iter().rev();
        RuleReport {
            id: rule.id,
            alert: rule.alert.to_string(),
            group: group.name.to_string(),
            file: group.file.to_string(),
            source: group.source.to_string(),
            expr: rule.queries.get(rule.value).map(|query| query.expr.text().to_string()).unwrap_or_default(),
            disabled: rule.disabled.as_ref().map(ToString::to_string),
            unit: rule.unit.as_ref().map(ToString::to_string),
            values: survey.and_then(Survey::spread),
            unknown_seconds: counted.unknown.as_secs_f64(),
            failures: counted.failures.clone(),
            tiers: tiers.map(|(severity, counted)| TierReport::new(rule, severity, counted, survey, end)).collect(),
            columns: survey.map(|survey| survey.columns.clone()).unwrap_or_default(),
        }
    }

    /// Pages that it caused, at all severities.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.tiers.iter().map(|tier| tier.pages).sum()
    }

    /// Whether any of its severities fired.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.tiers.iter().any(|tier| tier.fired > 0)
    }
}

impl TierReport {
    fn new(rule: &Rule, severity: &Severity, counted: &OfTier, survey: Option<&Survey>, end: Moment) -> Self {
        let tier = rule.tiers.iter().find(|tier| tier.severity == *severity);
        let near = survey.and_then(|survey| survey.tiers.get(severity)).copied().unwrap_or_default();
        let lengths = || counted.firings.iter().map(|firing| (firing.to.unwrap_or(end) - firing.from).as_secs_f64());
        let mut alerts: Vec<_> = counted.firings.iter().map(|firing| firing.alert).collect();
        alerts.sort_unstable();
        alerts.dedup();
        TierReport {
            severity: severity.to_string(),
            condition: tier.map_or_else(|| "by policy".into(), condition),
            bound: tier.and_then(bound),
            incidents: counted.incidents.len(),
            pages: counted.pages,
            out_of_hours: counted.out_of_hours,
            flaps: counted.flaps,
            fired: counted.firings.len(),
            alerts: alerts.len(),
            firing_seconds: covered(&counted.firings, end).as_secs_f64(),
            p50_seconds: median(lengths().collect()),
            wait_p50_seconds: median(counted.waits.iter().map(|wait| wait.as_secs_f64()).collect()),
            short: counted.short,
            near_misses: near.misses,
            nearest: near.nearest,
            held: counted.held.iter().map(|(what, incidents)| (what.clone(), incidents.len())).collect(),
            firings: counted.firings.iter().map(|firing| FiringReport::new(firing, end)).collect(),
        }
    }
}

impl FiringReport {
    fn new(firing: &Firing, end: Moment) -> Self {
        FiringReport {
            from: instant(firing.from),
            to: firing.to.map(instant),
            seconds: (firing.to.unwrap_or(end) - firing.from).as_secs_f64(),
            labels: firing.labels.without("alertname").to_string(),
        }
    }
}

/// The time during which at least one of these fires.
pub(super) fn covered(firings: &[Firing], end: Moment) -> Span {
    let mut spans: Vec<(Moment, Moment)> =
        firings.iter().map(|firing| (firing.from, firing.to.unwrap_or(end))).collect();
    spans.sort_unstable();
    let (mut all, mut until) = (Span::ZERO, None);
    for (from, to) in spans {
        let from = until.map_or(from, |until: Moment| from.max(until));
        if to > from {
            all += to - from;
            until = Some(to);
        }
    }
    all
}

/// The middle one, the lower of two.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// An instant as reports write it: RFC 3339.
#[must_use]
pub fn instant(at: Moment) -> String {
    Slot::from_millis(at.millis()).to_string()
}

/// A tier's condition in words: `above 80 for 5m`.
#[must_use]
pub fn condition(tier: &Tier) -> String {
    let mut text = match &tier.condition {
        Condition::Present => "its expression".to_owned(),
        Condition::Bound(bound) => format!("{} {}", word(*bound), tier.threshold),
        Condition::When(script) => format!("when {}", script.text()),
    };
    if !tier.hold.is_zero() {
        text.push_str(&format!(" for {}", duration_text::format(tier.hold)));
    }
    match &tier.clear {
        Some(Clear::Bound(bound)) => text.push_str(&format!(", until not {} {}", word(*bound), figures(*bound))),
        Some(Clear::When(script)) => text.push_str(&format!(", until {}", script.text())),
        None => {}
    }
    text
}

/// The numbers of a bound, as people write them.
fn figures(bound: Bound) -> String {
    match bound {
        Bound::Outside(low, high) | Bound::Inside(low, high) | Bound::Between(low, high) => {
            format!("{} and {}", number(low), number(high))
        }
        Bound::Above(bound)
        | Bound::AtLeast(bound)
        | Bound::Below(bound)
        | Bound::AtMost(bound)
        | Bound::Equals(bound)
        | Bound::Differs(bound) => number(bound),
    }
}

/// The word for a bound's direction.
pub(super) fn word(bound: Bound) -> &'static str {
    match bound {
        Bound::Above(_) => "above",
        Bound::AtLeast(_) => "at least",
        Bound::Below(_) => "below",
        Bound::AtMost(_) => "at most",
        Bound::Outside(..) => "outside",
        Bound::Inside(..) => "inside",
        Bound::Between(..) => "between",
        Bound::Equals(_) => "equal to",
        Bound::Differs(_) => "other than",
    }
}

/// The number of a bound that looks in one direction.
#[must_use]
pub fn bound(tier: &Tier) -> Option<f64> {
    use crate::rules::Bound::{Above, AtLeast, AtMost, Below};
    match tier.condition {
        Condition::Bound(Above(bound) | AtLeast(bound) | Below(bound) | AtMost(bound)) => Some(bound),
        Condition::Bound(_) | Condition::Present | Condition::When(_) => None,
    }
}
