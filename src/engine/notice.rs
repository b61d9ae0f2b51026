//! What to say to whom: drafts as they are decided, messages as they are rendered.
//!
//! A [`Draft`] holds everything that its message will say but the rendered texts. Rendering is pure as well; where a
//! template asks a query, [`Draft::compose`] names it, and the caller comes back with the answer.

use super::Engine;
use super::alert::Alert;
use super::command::{Actor, AdHocSilence};
use super::incident::{Destination, DigestKey, Entry, Held, Incident, Key, Member, Stage};
use super::transition::{Cause, Origin, Subject};
use super::world::World;
use crate::config::{ChannelKind, Format};
use crate::model::{AlertId, DeliveryId, IncidentId, Labels, Moment, Name, Severity, Slot, Span, still_fire};
use crate::rules::template::{Answers, Data, Rendered, Template};
use crate::rules::{Bound, Condition, Rule};
use std::sync::Arc;

/// What a message does to its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// Wakes somebody, under a key of its own.
    Page,
    /// Changes quietly what was told.
    Update,
    /// Says that it is over.
    End,
    /// Tells of several incidents at once, to be read and not to wake anybody.
    Letter,
}

impl NoticeKind {
    /// The word for it, in answers and in the key of a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NoticeKind::Page => "page",
            NoticeKind::Update => "update",
            NoticeKind::End => "end",
            NoticeKind::Letter => "letter",
        }
    }
}

/// Why a message goes out. It decides, it is logged, it is in the message, and a backtest counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is new.
    Opened,
    /// It fires again soon after it had resolved.
    Reopened,
    /// It got worse.
    Rose,
    /// It got better, but is not over.
    Fell,
    /// Alerts joined or left it.
    Changed,
    /// Nobody has acted, so the next level hears of it.
    Escalated,
    /// Nobody has acted on the whole ladder, so it is told again.
    Repeated,
    /// What held it back no longer does.
    Released,
    /// Somebody is at it.
    Acknowledged,
    /// Somebody is at it, for a while.
    Snoozed,
    /// Nobody is at it any more.
    Unacknowledged,
    /// Whoever was at it has not been heard of for too long.
    AcknowledgementExpired,
    /// Somebody confirmed or corrected its severity.
    Assessed,
    /// Somebody was made responsible.
    Assigned,
    /// Somebody says how things stand.
    Communicated,
    /// The response procedure asks for something that has not been done in time.
    Overdue(Stage),
    /// It has been in too many digests.
    Stale,
    /// Somebody's quiet hours are over.
    Rested,
    /// The list of the day.
    Digest,
    /// A silence that holds something back ends soon.
    SilenceEnds,
    /// A routine has come up.
    Routine,
    /// Its alerts have ended, but it waits for a person.
    Calmed,
    /// It is known what came of an action that was run against it.
    Remedied,
    /// It is over.
    Resolved,
}

impl Reason {
    /// Whether somebody did or wrote what it tells of. That is told at once and never merged with what comes after it;
    /// everything else only says how things stand, and the latest word on that is enough.
    #[must_use]
    pub fn is_somebodys(self) -> bool {
        match self {
            Reason::Acknowledged
            | Reason::Snoozed
            | Reason::Unacknowledged
            | Reason::AcknowledgementExpired
            | Reason::Assessed
            | Reason::Assigned
            | Reason::Communicated => true,
            Reason::Opened
            | Reason::Reopened
            | Reason::Rose
            | Reason::Fell
            | Reason::Changed
            | Reason::Escalated
            | Reason::Repeated
            | Reason::Released
            | Reason::Overdue(_)
            | Reason::Stale
            | Reason::Rested
            | Reason::Digest
            | Reason::SilenceEnds
            | Reason::Routine
            | Reason::Calmed
            | Reason::Remedied
            | Reason::Resolved => false,
        }
    }
}

/// What a message says beside the incident itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it does to its reader.
    pub kind: NoticeKind,
    /// Why it goes out.
    pub reason: Reason,
    /// The level that it is for.
    pub level: Option<Name>,
    /// Who did what it tells of.
    pub by: Option<Actor>,
    /// What they wrote.
    pub text: Option<String>,
}

impl Message {
    /// A message that says nothing beside the incident.
    #[must_use]
    pub fn new(kind: NoticeKind, reason: Reason) -> Self {
        Message { kind, reason, level: None, by: None, text: None }
    }

    /// A page.
    #[must_use]
    pub fn page(reason: Reason) -> Self {
        Message::new(NoticeKind::Page, reason)
    }

    /// An update.
    #[must_use]
    pub fn update(reason: Reason) -> Self {
        Message::new(NoticeKind::Update, reason)
    }
}

/// A message about several incidents: a digest, or what waited for somebody's quiet hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// What tells it from all others, with its slot.
    pub name: String,
    /// Its day, or the instant at which it was decided.
    pub slot: Slot,
    /// Why it goes out.
    pub reason: Reason,
    /// The highest severity in it.
    pub severity: Severity,
    /// One line that names it.
    pub subject: String,
    /// What it says, in lines.
    pub text: String,
    /// The worst alert of each incident.
    pub members: Vec<Arc<Member>>,
}

impl Letter {
    /// The digest of a day: what opened, goes on and ended since the last one.
    #[must_use]
    pub fn digest(digest: &DigestKey, sent: Slot, listed: &[(u64, Entry)]) -> Self {
        let numbers = |is_one: &dyn Fn(&Entry) -> bool| -> Vec<String> {
            listed.iter().filter(|(_, entry)| is_one(entry)).map(|(number, _)| format!("INC-{number}")).collect()
        };
        let kinds: [(&str, Vec<String>); 3] = [
            ("opened", numbers(&|entry| entry.member.ended.is_none() && entry.listed <= 1)),
            ("goes on", numbers(&|entry| entry.member.ended.is_none() && entry.listed > 1)),
            ("ended", numbers(&|entry| entry.member.ended.is_some())),
        ];
        let kinds = || kinds.iter().filter(|(_, numbers)| !numbers.is_empty());
        let counts: Vec<String> = kinds().map(|(word, numbers)| format!("{} {word}", numbers.len())).collect();
        let lines: Vec<String> = kinds().map(|(word, numbers)| format!("{word}: {}", numbers.join(", "))).collect();
        Letter {
            name: format!("digest/{}/{}", digest.policy, digest.severity),
            slot: sent,
            reason: Reason::Digest,
            severity: digest.severity.clone(),
            subject: format!("digest {}: {}", digest.policy, counts.join(", ")),
            text: lines.join("; "),
            members: listed.iter().map(|(_, entry)| entry.member.clone()).collect(),
        }
    }

    /// A silence ends soon, and these alerts, which it holds back, still fire; nothing where none does.
    #[must_use]
    pub fn silence_ends(silence: &AdHocSilence, held: Vec<Arc<Member>>) -> Option<Self> {
        let severity = held.iter().map(|member| &member.subject.severity).max()?.clone();
        let until = silence.until;
        Some(Letter {
            name: format!("silence/{}", silence.id),
            slot: Slot::from_millis(until.millis()),
            reason: Reason::SilenceEnds,
            severity,
            subject: format!("your silence of {} ends at {until}", silence.matchers),
            text: format!("behind it {}, which is told then", still_fire(held.len())),
            members: held,
        })
    }

    /// What waited for the end of somebody's quiet hours.
    ///
    /// # Panics
    /// When there is nothing that waited.
    #[must_use]
    pub fn rested(incidents: &[&Incident], slot: Slot) -> Self {
        let numbers: Vec<String> = incidents.iter().map(|incident| format!("INC-{}", incident.number)).collect();
        let severity = incidents.iter().map(|incident| &incident.severity).max().expect("something waited");
        Letter {
            name: format!("rested/{}", numbers.join("/")),
            slot,
            reason: Reason::Rested,
            severity: severity.clone(),
            subject: format!("{} incidents during your quiet hours", incidents.len()),
            text: numbers.join(", "),
            members: incidents.iter().filter_map(|incident| incident.worst()).collect(),
        }
    }
}

/// A message that is owed, with its texts not rendered yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Derived from incident, generation, destination, page, kind and revision.
    pub id: DeliveryId,
    /// To whom.
    pub destination: Destination,
    /// What it does.
    pub kind: NoticeKind,
    /// Why it goes out.
    pub reason: Reason,
    /// The level that it is for.
    pub level: Option<Name>,
    /// Who did what it tells of.
    pub by: Option<Actor>,
    /// What they wrote.
    pub text: Option<String>,
    /// Who is at it.
    pub acknowledged_by: Option<Actor>,
    /// What had held it back until now, in words.
    pub held_back: Option<String>,
    /// The line that names it, where it is not about one incident.
    pub subject: Option<String>,
    /// When it was decided.
    pub at: Moment,
    /// The incident.
    pub incident: IncidentId,
    /// The number that people say.
    pub number: u64,
    /// What made its alerts one.
    pub key: Key,
    /// Its generation.
    pub generation: u32,
    /// The page that it belongs to.
    pub page: u32,
    /// How many updates the destination has got.
    pub revision: u32,
    /// The pages that were opened at this destination: an end closes them all.
    pub pages: Vec<u32>,
    /// The incident's severity.
    pub severity: Severity,
    /// The slot at which it opened.
    pub opened: Slot,
    /// Its alerts.
    pub members: Vec<Arc<Member>>,
}

/// A message, ready to be laid out for a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The draft's facts, without its members: those are `alerts`.
    pub draft: Draft,
    /// One line that says it all.
    pub title: String,
    /// Where to look.
    pub link: String,
    /// The alerts, with their texts.
    pub alerts: Vec<AlertText>,
}

/// One alert in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertText {
    /// The alert.
    pub alert: AlertId,
    /// Its name.
    pub name: Name,
    /// Its labels with `severity`, and the external labels where absent.
    pub labels: Labels,
    /// The rendered annotations, by name.
    pub annotations: Vec<(Name, String)>,
    /// The title of its tier, if it has one.
    pub title: Option<String>,
    /// Its severity.
    pub severity: Severity,
    /// The value, `NaN` where there is none.
    pub value: f64,
    /// The unit of the value.
    pub unit: Option<Name>,
    /// The bound as written, empty where there is none.
    pub threshold: String,
    /// The expression whose value is shown.
    pub expr: Option<Name>,
    /// When it began to fire.
    pub since: Moment,
    /// When it ended, if it has.
    pub ended: Option<Moment>,
    /// What moved it last, in words, where it was not simply its condition.
    pub note: Option<String>,
}

impl Draft {
    /// The message that `incident` owes to `destination` now.
    #[must_use]
    pub fn new(incident: &Incident, destination: &Destination, message: &Message, revision: u32, at: Moment) -> Self {
        let told = incident.ledger.get(destination);
        let page = incident.page;
        let is_released = message.reason == Reason::Released;
        Draft {
            id: delivery_id(incident, destination, message.kind, revision),
            destination: destination.clone(),
            kind: message.kind,
            reason: message.reason,
            level: message.level.clone(),
            by: message.by.clone(),
            // Whoever is told reads what a machine has tried already.
            text: message.text.clone().or_else(|| incident.remedies.text()),
            acknowledged_by: incident.acknowledged.as_ref().map(|acknowledged| acknowledged.by.clone()),
            subject: None,
            held_back: incident.held_before.as_ref().filter(|_| is_released).map(Held::words),
            at,
            incident: incident.id,
            number: incident.number,
            key: incident.key.clone(),
            generation: incident.generation,
            page,
            revision,
            pages: told.map(|told| told.pages.keys().copied().collect()).unwrap_or_default(),
            severity: incident.severity.clone(),
            opened: incident.opened,
            members: incident.members.values().cloned().collect(),
        }
    }

    /// A letter to `destination`.
    #[must_use]
    pub fn letter(letter: &Letter, destination: &Destination, at: Moment) -> Self {
        let incident = IncidentId::derive(&["letter", &letter.name, &letter.slot.millis().to_string()]);
        let to = destination.to.as_deref().unwrap_or_default();
        Draft {
            id: DeliveryId::derive(&["letter", &incident.to_string(), &destination.channel, to]),
            destination: destination.clone(),
            kind: NoticeKind::Letter,
            reason: letter.reason,
            level: None,
            by: None,
            text: Some(letter.text.clone()),
            acknowledged_by: None,
            held_back: None,
            subject: Some(letter.subject.clone()),
            at,
            incident,
            number: 0,
            key: Key { policy: letter.name.as_str().into(), group: Labels::empty() },
            generation: 1,
            page: 0,
            revision: 0,
            pages: Vec::new(),
            severity: letter.severity.clone(),
            opened: letter.slot,
            members: letter.members.clone(),
        }
    }

    /// Takes over what the senders of posted alerts say of them now.
    pub(super) fn bring_posted_up_to_date(&mut self, engine: &Engine) {
        self.members.iter_mut().for_each(|member| member.bring_post_up_to_date(engine));
    }

    /// Renders the message, or names the queries that its templates still need, each with the source to ask.
    ///
    /// # Errors
    /// The queries.
    pub fn compose(&self, world: &World, answers: &Answers) -> Result<Notice, Vec<(Name, String)>> {
        let mut wanted = Vec::new();
        let mut alerts = Vec::with_capacity(self.members.len());
        for member in &self.members {
            match member.text(world, self.at, answers) {
                Ok(text) => alerts.push(text),
                Err(queries) => wanted.extend(queries),
            }
        }
        if !wanted.is_empty() {
            return Err(wanted);
        }
        // The worst first, firing before ended.
        alerts.sort_by(|a, b| {
            (a.ended.is_some(), &b.severity, &a.labels).cmp(&(b.ended.is_some(), &a.severity, &b.labels))
        });
        let title = self.title(&alerts);
        let base = world.settings.external_url.trim_end_matches('/');
        let link = match self.kind {
            NoticeKind::Letter => format!("{base}/incidents"),
            NoticeKind::Page | NoticeKind::Update | NoticeKind::End => format!("{base}/incidents/{}", self.number),
        };
        // The texts say all that there is to say of the members, which may be thousands.
        let draft = Draft { members: Vec::new(), ..self.clone() };
        Ok(Notice { draft, title, link, alerts })
    }

    fn title(&self, alerts: &[AlertText]) -> String {
        if let Some(subject) = &self.subject {
            return subject.clone();
        }
        let Some(first) = alerts.first() else { return self.key.group.to_string() };
        let own = first.title.clone();
        let group = self.key.group.without("alertname");
        let place = if group.is_empty() { String::new() } else { format!(" {group}") };
        let named = || if first.name.is_empty() { first.labels.to_string() } else { format!("{}{place}", first.name) };
        own.unwrap_or_else(named)
    }

    /// The key under which a page is known to receivers that can tell a repeat: it is the same after every crash.
    #[must_use]
    pub fn page_key(&self, page: u32) -> String {
        format!("watchbell/{}/{}/{page}", self.incident, self.generation)
    }

    /// The incident and the generation that [`Draft::page_key`] named; none where the key is not one of ours.
    #[must_use]
    pub fn read_page_key(key: &str) -> Option<(IncidentId, u32)> {
        let mut parts = key.strip_prefix("watchbell/")?.split('/');
        let (incident, generation, page) = (parts.next()?, parts.next()?, parts.next()?);
        page.parse::<u32>().ok().filter(|_| parts.next().is_none())?;
        Some((incident.parse().ok()?, generation.parse().ok()?))
    }
}

/// How often a channel has to hear again what fires, where it forgets.
#[must_use]
pub fn resend_every(kind: &ChannelKind) -> Option<Span> {
    if let ChannelKind::Alertmanager { resend_every, .. } = kind { Some(*resend_every) } else { None }
}

/// Whether a channel of this kind shows such a message; what it does not show is not owed there.
///
/// PagerDuty, Opsgenie and incident.io are for waking people: a letter is to be read. PagerDuty and incident.io do not
/// change what an open alert says, Opsgenie takes notes. An Alertmanager's webhook says what fires and nothing else.
#[must_use]
pub fn is_shown(kind: &ChannelKind, message: NoticeKind, reason: Reason) -> bool {
    match (kind, message) {
        (ChannelKind::PagerDuty { .. }, NoticeKind::Update) => matches!(reason, Reason::Acknowledged | Reason::Snoozed),
        (ChannelKind::Webhook { format: Format::Alertmanager, .. }, NoticeKind::Update) => !reason.is_somebodys(),
        (ChannelKind::IncidentIo { .. }, NoticeKind::Update)
        | (
            ChannelKind::PagerDuty { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. }
            | ChannelKind::Webhook { format: Format::Alertmanager, .. },
            NoticeKind::Letter,
        ) => false,
        (ChannelKind::Opsgenie { .. }, NoticeKind::Update)
        | (
            ChannelKind::PagerDuty { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. }
            | ChannelKind::Webhook { format: Format::Alertmanager, .. },
            NoticeKind::Page | NoticeKind::End,
        )
        | (
            ChannelKind::SlackWebhook { .. }
            | ChannelKind::Slack { .. }
            | ChannelKind::Webhook { format: Format::Standard, .. }
            | ChannelKind::Alertmanager { .. }
            | ChannelKind::Email { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::Telegram { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Mattermost { .. },
            _,
        ) => true,
    }
}

/// What those of `channels` that heard of an open incident have to hear again, with the values of now.
#[must_use]
pub fn refreshes(engine: &Engine, channels: &[Name], at: Moment) -> Vec<Draft> {
    let open = engine.state.incidents.by_key.values().filter(|incident| !incident.is_resolved());
    let mut drafts = Vec::new();
    for incident in open {
        for destination in incident.ledger.keys().filter(|destination| channels.contains(&destination.channel)) {
            let mut draft = Draft::new(incident, destination, &Message::update(Reason::Changed), 0, at);
            draft.members.retain(|member| member.ended.is_none());
            draft.members.iter_mut().for_each(|member| member.bring_up_to_date(engine));
            drafts.push(draft);
        }
    }
    drafts
}

fn delivery_id(incident: &Incident, destination: &Destination, kind: NoticeKind, revision: u32) -> DeliveryId {
    DeliveryId::derive(&[
        &incident.id.to_string(),
        &incident.generation.to_string(),
        &destination.channel,
        destination.to.as_deref().unwrap_or_default(),
        &incident.page.to_string(),
        kind.word(),
        &revision.to_string(),
    ])
}

impl Member {
    /// Takes over the value of the last evaluated slot.
    fn bring_up_to_date(self: &mut Arc<Self>, engine: &Engine) {
        let Origin::Rule(rule) = &self.subject.origin else { return self.bring_post_up_to_date(engine) };
        let alert = engine.state.rules.get(rule).and_then(|rule| rule.get(self.subject.alert));
        // A copy for each of thousands only where there is something new.
        let is_new = |alert: &Alert| {
            alert.value.to_bits() != self.subject.value.to_bits() || alert.series != self.subject.series
        };
        if let Some((alert, _)) = alert.filter(|(alert, _)| is_new(alert)) {
            let subject = &mut Arc::make_mut(self).subject;
            (subject.value, subject.series) = (alert.value, alert.series.clone());
        }
    }

    /// Takes over what the sender of a posted alert says of it now.
    fn bring_post_up_to_date(self: &mut Arc<Self>, engine: &Engine) {
        let latest = engine.state.posted.get(&self.subject.alert).filter(|_| self.ended.is_none());
        if let Some(posted) = latest {
            Arc::make_mut(self).subject.origin = posted.subject.origin.clone();
        }
    }

    /// Renders what a message says of this alert at `at`.
    fn text(&self, world: &World, at: Moment, answers: &Answers) -> Result<AlertText, Vec<(Name, String)>> {
        let subject = &self.subject;
        let rule = subject.origin.rule().and_then(|id| world.rule(id));
        let mut text = AlertText {
            alert: subject.alert,
            name: subject.labels.find("alertname").cloned().unwrap_or_default(),
            labels: shown_labels(world, subject),
            annotations: Vec::new(),
            title: None,
            severity: subject.severity.clone(),
            value: subject.value,
            unit: rule.and_then(|rule| rule.unit.clone()),
            threshold: rule.map(|rule| threshold(rule, subject)).unwrap_or_default(),
            expr: rule.and_then(|rule| rule.queries.get(rule.value)).map(|query| query.expr.text().clone()),
            since: subject.since,
            ended: self.ended,
            note: note(&self.cause, self.ended.is_some(), subject.value),
        };
        match &subject.origin {
            Origin::Watchbell(summary) => text.annotations.push(("summary".into(), summary.clone())),
            Origin::Posted { annotations, .. } => {
                text.annotations.extend(annotations.iter().map(|(name, text)| (name.clone(), text.to_string())));
            }
            Origin::Rule(_) => {}
        }
        if let Some(rule) = rule {
            self.render_into(&mut text, world, rule, at, answers)?;
        }
        Ok(text)
    }

    fn render_into(
        &self,
        text: &mut AlertText,
        world: &World,
        rule: &Rule,
        at: Moment,
        answers: &Answers,
    ) -> Result<(), Vec<(Name, String)>> {
        let data = template_data(world, rule, self, &text.labels, &text.threshold, at);
        let tier = rule.tiers_for(&self.subject.series).iter().find(|tier| tier.severity == self.subject.severity);
        let over = tier.map(|tier| tier.annotations.as_slice()).unwrap_or_default();
        let under = rule.annotations.iter().filter(|(name, _)| !over.iter().any(|(other, _)| other == name));
        let mut wanted = Vec::new();
        let mut rendered = |template: &Template| match template.render_or_error_text(&rule.alert, &data, answers) {
            Rendered::Text(text) => Some(text),
            Rendered::Wants(queries) => {
                wanted.extend(queries);
                None
            }
        };
        let mut annotations = Vec::with_capacity(rule.annotations.len() + over.len());
        for (name, template) in under.chain(over) {
            annotations.extend(rendered(template).map(|text| (name.clone(), text)));
        }
        let title = tier.and_then(|tier| tier.title.as_ref()).and_then(&mut rendered);
        if !wanted.is_empty() {
            let source = world.group_of(rule.id).map_or_else(|| "".into(), |group| group.source.clone());
            return Err(wanted.into_iter().map(|query| (source.clone(), query)).collect());
        }
        annotations.sort_by(|a, b| a.0.cmp(&b.0));
        (text.annotations, text.title) = (annotations, title);
        Ok(())
    }
}

/// What templates may speak of, for one alert of an incident.
pub(super) fn template_data<'a>(
    world: &'a World,
    rule: &'a Rule,
    member: &'a Member,
    labels: &'a Labels,
    threshold: &'a str,
    at: Moment,
) -> Data<'a> {
    Data {
        labels: if rule.kind == crate::rules::Kind::Plain { &member.subject.series } else { labels },
        value: member.subject.value,
        external_labels: &world.settings.external_labels,
        external_url: &world.settings.external_url,
        threshold,
        severity: member.subject.severity.name(),
        unit: rule.unit.as_deref().unwrap_or_default(),
        active_at: Slot::from_millis(member.subject.active.millis()),
        now: Slot::from_millis(at.millis()),
    }
}

/// The labels of an alert that matchers see and messages show: with its severity, and the external labels where absent.
#[must_use]
pub fn shown_labels(world: &World, subject: &Subject) -> Labels {
    let labels = subject.labels.overlaid_under(&world.settings.external_labels);
    match &subject.origin {
        Origin::Rule(id) => with_severity(&labels, world.rule(*id).map(|rule| &**rule), &subject.severity),
        // Whoever wrote matchers for what is posted wrote them for these very words.
        Origin::Posted { .. } if subject.labels.find("severity").is_some() => labels,
        Origin::Posted { .. } | Origin::Watchbell(_) => with_severity(&labels, None, &subject.severity),
    }
}

/// A plain rule keeps the `severity` that its author gave it; a rule with tiers shows the tier's.
#[must_use]
pub fn with_severity(labels: &Labels, rule: Option<&Rule>, severity: &Severity) -> Labels {
    match rule {
        Some(rule) if rule.kind == crate::rules::Kind::Plain => labels.clone(),
        Some(_) | None => labels.with("severity", severity.name().clone()),
    }
}

/// The bound of the tier at which `subject` fires, as written.
pub(super) fn threshold(rule: &Rule, subject: &Subject) -> String {
    let tiers = rule.tiers_for(&subject.series);
    let tier = tiers.iter().find(|tier| tier.severity == subject.severity);
    match tier.map(|tier| &tier.condition) {
        Some(Condition::Bound(bound)) => bound_text(*bound),
        Some(Condition::Present | Condition::When(_)) | None => String::new(),
    }
}

/// The numbers of a bound, as a template shows them.
#[must_use]
pub fn bound_text(bound: Bound) -> String {
    bound.numbers().iter().map(ToString::to_string).collect::<Vec<_>>().join("–")
}

/// What a reader must know beside the value: that it is not the condition that speaks.
fn note(cause: &Cause, ended: bool, value: f64) -> Option<String> {
    let last = if value.is_nan() { String::new() } else { format!(", last value {value}") };
    match cause {
        Cause::Condition => None,
        Cause::NoData { since } => Some(format!("no data since {since}{last}")),
        Cause::NoDataEnd { since } => Some(format!("ended without data since {since}{last}; this is not a resolution")),
        Cause::QueryFails => Some("the rule's query fails".into()),
        Cause::RuleRemoved => Some("the rule was removed".into()),
        Cause::RuleChanged if ended => Some("the rule was changed and no longer makes this alert".into()),
        Cause::RuleChanged => Some("the rule was changed".into()),
        Cause::UnknownSeverity(unknown) => Some(unknown.to_string()),
        Cause::SenderEnded => Some("its sender says that it has ended".into()),
        Cause::Unconfirmed { since } => Some(format!("not confirmed since {since}; this is not a resolution")),
    }
}
