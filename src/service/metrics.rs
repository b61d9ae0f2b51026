//! What the service says of itself at `/metrics`: names `watchbell_…`, base units.

use crate::engine::State;
use crate::engine::alert::Phase;
use crate::engine::command::Via;
use crate::engine::incident::{Ended, Stage};
use crate::http_metrics::{self, Seen};
use crate::model::{Labels, Name, Severity, Span};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

type Seconds = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRule {
    group: String,
    rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfGroup {
    group: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAlerts {
    state: String,
    severity: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct OfRuleAlerts {
    rule: String,
    state: String,
    severity: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResponse {
    stage: String,
    severity: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRun {
    action: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAction {
    action: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDelivery {
    channel: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCallback {
    from: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCommand {
    via: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSamples {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPosted {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDenied {
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    method: &'static str,
    route: String,
    status_code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPulse {
    heartbeat: String,
    outcome: String,
}

/// All metrics of the service.
#[derive(Debug, Default)]
pub struct Metrics {
    evaluations: Family<OfGroup, Counter>,
    failures: Family<OfRule, Counter>,
    missed: Family<OfGroup, Counter>,
    duration: Family<OfRule, Seconds>,
    series: Family<OfRule, Gauge>,
    alerts: Family<OfAlerts, Gauge>,
    rule_alerts: Family<OfRuleAlerts, Gauge>,
    incidents: Gauge,
    unacknowledged: Gauge,
    response: Family<OfResponse, Counter>,
    deliveries: Family<OfDelivery, Counter>,
    runs: Family<OfRun, Counter>,
    run_durations: Durations,
    pulses: Family<OfPulse, Counter>,
    samples: Family<OfSamples, Counter>,
    samples_waiting: Gauge,
    waiting: Gauge,
    oldest: Seconds,
    skew: Seconds,
    reloads: Counter,
    failed_reloads: Counter,
    reload_good: Gauge,
    reload_at: Seconds,
    store_failing: Gauge,
    commit: OnlyHistogram,
    commands: Family<OfCommand, Counter>,
    posted: Family<OfPosted, Counter>,
    denied: Family<OfDenied, Counter>,
    callbacks: Family<OfCallback, Counter>,
    requests: Family<OfRequest, Counter>,
    request_durations: RequestDurations,
}

#[derive(Debug)]
struct OnlyHistogram(Histogram);

impl Default for OnlyHistogram {
    fn default() -> Self {
        OnlyHistogram(Histogram::new(exponential_buckets(0.000_1, 2.0, 14)))
    }
}

/// How long actions took: from the tenth of a second to an hour.
#[derive(Debug)]
struct Durations(Family<OfAction, Histogram, fn() -> Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Durations(Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.1, 2.0, 16))))
    }
}

/// The name under which people know an alert, whoever made it.
fn name_of(labels: &Labels) -> String {
    labels.get("alertname").to_owned()
}

/// How long requests took: the bounds that every axum service has with our layer.
#[derive(Debug)]
struct RequestDurations(Family<OfRequest, Histogram, fn() -> Histogram>);

impl Default for RequestDurations {
    fn default() -> Self {
        RequestDurations(Family::new_with_constructor(|| Histogram::new(http_metrics::BOUNDS)))
    }
}

/// Seconds as Prometheus wants them.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53 ms")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

impl Metrics {
    /// A registry that shows these metrics.
    #[must_use]
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        // The names that every service has them under, ours too.
        registry.register("http_requests", "Requests over HTTP that were answered or given up", self.requests.clone());
        let help = "How long requests over HTTP took, to the last byte of the answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, self.request_durations.0.clone());
        let r = registry.sub_registry_with_prefix("watchbell");
        r.register("evaluations", "Slots of groups that were evaluated", self.evaluations.clone());
        r.register("evaluation_failures", "Evaluations of rules that failed", self.failures.clone());
        r.register("missed_slots", "Slots of groups that were missed while running", self.missed.clone());
        let help = "How long the queries and the decision of a rule took at its last slot";
        r.register_with_unit("rule_evaluation_duration", help, Unit::Seconds, self.duration.clone());
        r.register("rule_series", "Series that a rule knows", self.series.clone());
        r.register("alerts", "Alerts by state and severity", self.alerts.clone());
        let help =
            "Alerts by the name of their rule, state and severity, Watchbell's own and those of other senders included";
        r.register("rule_alerts", help, self.rule_alerts.clone());
        r.register("incidents_open", "Incidents that are not resolved", self.incidents.clone());
        let help = "Incidents that are not resolved and that nobody has acknowledged at their severity";
        r.register("incidents_unacknowledged", help, self.unacknowledged.clone());
        let help = "Deadlines of the response procedure, by stage, severity and outcome (met or missed)";
        r.register("response_deadlines", help, self.response.clone());
        r.register("deliveries", "Attempts at telling people, by channel and outcome", self.deliveries.clone());
        let help = "Runs of actions, by action and outcome (done, failed, timed_out, not_started, stopped, unknown or refused)";
        r.register("actions", help, self.runs.clone());
        let help = "How long runs of actions took";
        r.register_with_unit("action_duration", help, Unit::Seconds, self.run_durations.0.clone());
        let help = "Signs of life that were given, by place in `heartbeats.send` and outcome";
        r.register("heartbeats_sent", help, self.pulses.clone());
        let help = "Samples of recording rules, by outcome (written or lost)";
        r.register("remote_write_samples", help, self.samples.clone());
        let help = "Samples of recording rules that are still to be written";
        r.register("remote_write_samples_waiting", help, self.samples_waiting.clone());
        r.register("deliveries_waiting", "Messages that are owed", self.waiting.clone());
        let help = "Age of the oldest message that is owed; 0 where none is";
        r.register_with_unit("oldest_undelivered_age", help, Unit::Seconds, self.oldest.clone());
        let help = "Difference between engine time and the wall clock; not 0 once the clock has been stepped";
        r.register_with_unit("clock_skew", help, Unit::Seconds, self.skew.clone());
        r.register("config_reloads", "Reloads that were tried", self.reloads.clone());
        r.register(
            "config_reload_failures",
            "Reloads that were refused; the rules before went on",
            self.failed_reloads.clone(),
        );
        r.register("config_last_reload_successful", "Whether the last reload was good", self.reload_good.clone());
        let help = "When rules were last loaded well, by the wall clock";
        r.register_with_unit("config_last_reload_success_timestamp", help, Unit::Seconds, self.reload_at.clone());
        r.register("store_failing", "Whether the store refuses to remember", self.store_failing.clone());
        r.register_with_unit("commit_duration", "How long a commit took", Unit::Seconds, self.commit.0.clone());
        let help = "Alerts that others posted, by what they say (firing or resolved), and requests that were refused";
        r.register("alerts_posted", help, self.posted.clone());
        let help = "What people asked for, by the way that it came and whether it was done";
        r.register("commands", help, self.commands.clone());
        let help = "Requests over HTTP that were not let in, by reason";
        r.register("http_requests_denied", help, self.denied.clone());
        let help = "Requests of Slack, of PagerDuty and by signed links, by what came of them";
        r.register("callbacks", help, self.callbacks.clone());
        registry
    }

    /// Somebody posted alerts: so many that fire, and so many that have ended.
    pub fn posted(&self, firing: usize, resolved: usize) {
        for (outcome, count) in [("firing", firing), ("resolved", resolved)] {
            let counter = self.posted.get_or_create(&OfPosted { outcome: outcome.to_owned() });
            counter.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Somebody posted what cannot be taken in.
    pub fn refused_posts(&self) {
        self.posted.get_or_create(&OfPosted { outcome: "refused".to_owned() }).inc();
    }

    /// A request over HTTP is over.
    pub fn requested(&self, seen: &Seen<'_>) {
        let status_code = seen.status.as_u16();
        let labels = OfRequest { method: seen.method, route: seen.route.to_owned(), status_code };
        self.request_durations.0.get_or_create(&labels).observe(seen.took.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    /// Somebody was not let in.
    pub fn denied(&self, reason: &str) {
        self.denied.get_or_create(&OfDenied { reason: reason.to_owned() }).inc();
    }

    /// Somebody asked for something.
    pub fn commanded(&self, via: Via, was_done: bool) {
        let outcome = if was_done { "done" } else { "refused" };
        let labels = OfCommand { via: via.to_string(), outcome: outcome.to_owned() };
        self.commands.get_or_create(&labels).inc();
    }

    /// A request came that proves itself, or does not.
    pub fn called_back(&self, from: &str, outcome: &str) {
        let labels = OfCallback { from: from.to_owned(), outcome: outcome.to_owned() };
        self.callbacks.get_or_create(&labels).inc();
    }

    /// A group was evaluated at a slot.
    pub fn evaluated(&self, group: &Name) {
        self.evaluations.get_or_create(&OfGroup { group: group.to_string() }).inc();
    }

    /// A rule was evaluated: how long it took, how many series it knows, and whether it failed.
    pub fn rule(&self, group: &Name, rule: &Name, took: f64, series: usize, failed: bool) {
        let labels = OfRule { group: group.to_string(), rule: rule.to_string() };
        self.duration.get_or_create(&labels).set(took);
        self.series.get_or_create(&labels).set(i64::try_from(series).unwrap_or(i64::MAX));
        if failed {
            self.failures.get_or_create(&labels).inc();
        }
    }

    /// Recorded samples were written, or lost.
    pub fn samples(&self, outcome: &str, samples: usize) {
        let labels = OfSamples { outcome: outcome.to_owned() };
        self.samples.get_or_create(&labels).inc_by(samples as u64);
    }

    /// So many recorded samples are still to be written.
    pub fn samples_waiting(&self, samples: usize) {
        self.samples_waiting.set(i64::try_from(samples).unwrap_or(i64::MAX));
    }

    /// Slots of a group were missed.
    pub fn missed(&self, group: &Name, slots: u32) {
        self.missed.get_or_create(&OfGroup { group: group.to_string() }).inc_by(u64::from(slots));
    }

    /// A deadline of the response procedure was met, or missed.
    pub fn response(&self, stage: Stage, severity: &Severity, outcome: &str) {
        let (stage, severity, outcome) = (stage.word().to_owned(), severity.to_string(), outcome.to_owned());
        self.response.get_or_create(&OfResponse { stage, severity, outcome }).inc();
    }

    /// An attempt at telling people ended.
    pub fn delivered(&self, channel: &Name, outcome: &str) {
        let labels = OfDelivery { channel: channel.to_string(), outcome: outcome.to_owned() };
        self.deliveries.get_or_create(&labels).inc();
    }

    /// A run of an action has ended.
    pub fn ran(&self, action: &Name, ended: &Ended) {
        let outcome = ended.outcome.word().to_owned();
        self.runs.get_or_create(&OfRun { action: action.to_string(), outcome }).inc();
        let of_action = OfAction { action: action.to_string() };
        self.run_durations.0.get_or_create(&of_action).observe(ended.took.as_secs_f64());
    }

    /// An action was not run for so many alerts, because it has run too often.
    pub fn refused_run(&self, action: &Name, alerts: usize) {
        let labels = OfRun { action: action.to_string(), outcome: "refused".into() };
        self.runs.get_or_create(&labels).inc_by(alerts as u64);
    }

    /// The sign of life at this place of the configuration was given, or could not be.
    pub fn gave_sign_of_life(&self, number: usize, arrived: bool) {
        let outcome = if arrived { "sent" } else { "failed" };
        self.pulses.get_or_create(&OfPulse { heartbeat: number.to_string(), outcome: outcome.into() }).inc();
    }

    /// So many messages are owed, the oldest for so many milliseconds.
    pub fn undelivered(&self, waiting: usize, oldest: i64) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.oldest.set(seconds(oldest.max(0)));
    }

    /// The clock's skew.
    pub fn skew(&self, skew: Span) {
        self.skew.set(skew.as_secs_f64());
    }

    /// A reload was tried at `wall`.
    pub fn reloaded(&self, good: bool, wall: i64) {
        self.reloads.inc();
        self.reload_good.set(i64::from(good));
        if good {
            self.reload_at.set(seconds(wall));
        } else {
            self.failed_reloads.inc();
        }
    }

    /// Whether the store refuses to remember.
    pub fn store_failing(&self, failing: bool) {
        self.store_failing.set(i64::from(failing));
    }

    /// A commit took so many seconds.
    pub fn committed(&self, took: f64) {
        self.commit.0.observe(took);
    }

    /// Counts alerts and incidents anew; done when somebody asks.
    pub fn count(&self, state: &State) {
        let mut counts: BTreeMap<OfRuleAlerts, i64> = BTreeMap::new();
        for rule in state.rules.values() {
            for alert in rule.iter() {
                let word = match alert.phase() {
                    Phase::Inactive => continue,
                    Phase::Pending => "pending",
                    Phase::Firing => "firing",
                };
                let severity = rule.get(alert.id).and_then(|(alert, tiers)| alert.top(tiers));
                let severity = severity.map(|top| top.severity.to_string()).unwrap_or_default();
                let labels = OfRuleAlerts { rule: name_of(&alert.labels), state: word.to_owned(), severity };
                *counts.entry(labels).or_default() += 1;
            }
        }
        let posted = state.posted.values().map(|posted| &posted.subject);
        for subject in posted.chain(state.own.values()) {
            let (rule, severity) = (name_of(&subject.labels), subject.severity.to_string());
            let labels = OfRuleAlerts { rule, state: "firing".to_owned(), severity };
            *counts.entry(labels).or_default() += 1;
        }
        self.count_alerts(counts);
        let open: Vec<_> = state.incidents.by_key.values().filter(|incident| !incident.is_resolved()).collect();
        let waiting = open.iter().filter(|incident| !incident.is_in_hands()).count();
        self.incidents.set(i64::try_from(open.len()).unwrap_or(i64::MAX));
        self.unacknowledged.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    fn count_alerts(&self, counts: BTreeMap<OfRuleAlerts, i64>) {
        self.alerts.clear();
        self.rule_alerts.clear();
        for (labels, count) in counts {
            let (state, severity) = (labels.state.clone(), labels.severity.clone());
            self.alerts.get_or_create(&OfAlerts { state, severity }).inc_by(count);
            self.rule_alerts.get_or_create(&labels).set(count);
        }
    }

    /// Forgets what belongs to rules that are gone.
    pub fn forget_rules(&self) {
        self.duration.clear();
        self.series.clear();
        self.failures.clear();
    }
}
