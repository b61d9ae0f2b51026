//! What a run has to do, with its templates filled in: for whoever does it.

use super::RunId;
use crate::config::{Action, Deed, Secret};
use crate::engine::incident::{Incident, Incidents, Member};
use crate::engine::notice::{shown_labels, template_data};
use crate::engine::world::World;
use crate::model::{DeliveryId, Labels, Moment, Name, Severity, Span};
use crate::rules::Rule;
use crate::rules::template::{Answers, Rendered, Template};

/// A run, ready to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Which run.
    pub id: RunId,
    /// Tells a repeat of its request from news. It is the same however often it is asked for.
    pub key: DeliveryId,
    /// The action.
    pub action: Name,
    /// When it is given up.
    pub timeout: Span,
    /// What is done.
    pub work: Work,
    /// What it is for.
    pub cause: JobCause,
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// A request to an address.
    Webhook {
        /// The address.
        url: Secret,
        /// The signing secret.
        secret: Option<Secret>,
    },
    /// A program.
    Exec {
        /// The program.
        program: String,
        /// Its arguments, as they are.
        arguments: Vec<String>,
        /// Its whole environment.
        environment: Vec<(String, Secret)>,
    },
}

/// What a run is for.
#[derive(Clone, Debug, PartialEq)]
pub struct JobCause {
    /// The incident's id.
    pub incident: crate::model::IncidentId,
    /// The incident's generation.
    pub generation: u32,
    /// The labels of the alert, with its severity.
    pub labels: Labels,
    /// Its value at the last slot, `NaN` where there is none.
    pub value: f64,
    /// Its severity.
    pub severity: Severity,
    /// When it began to fire, by the wall clock.
    pub since: Moment,
}

/// Why a run cannot be carried out at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The action, the alert or the rule is gone.
    #[error("the configuration no longer has it, or its alert is gone")]
    Gone,
    /// An argument cannot be made.
    #[error("argument {place} cannot be made: {why}")]
    Argument {
        /// Which, from 1.
        place: usize,
        /// Why not.
        why: String,
    },
}

/// What the run `id` has to do, as the configuration and its alert are at a moment when the clock has a skew. Whoever is told a
/// time is told that of the wall clock.
///
/// # Errors
/// When there is nothing that could be done.
pub fn job(world: &World, incidents: &Incidents, id: RunId, now: (Moment, Span)) -> Result<Job, JobError> {
    let incident = incidents.numbered(id.incident).ok_or(JobError::Gone)?;
    let run = incident.remedies.runs.get(&id.run).ok_or(JobError::Gone)?;
    let action = world.settings.actions.get(&run.action).ok_or(JobError::Gone)?;
    let member = incident.members.get(&run.alert).ok_or(JobError::Gone)?;
    let rule = member.subject.origin.rule().and_then(|id| world.rule(id)).ok_or(JobError::Gone)?;
    let key = DeliveryId::derive(&["run", &incident.id.to_string(), &id.run.to_string()]);
    let work = work(world, action, rule, member, now)?;
    let (name, timeout, cause) = (run.action.clone(), action.timeout, JobCause::of(world, incident, member, now.1));
    Ok(Job { id, key, action: name, timeout, work, cause })
}

impl JobCause {
    fn of(world: &World, incident: &Incident, member: &Member, skew: Span) -> Self {
        let subject = &member.subject;
        JobCause {
            incident: incident.id,
            generation: incident.generation,
            labels: shown_labels(world, subject),
            value: subject.value,
            severity: subject.severity.clone(),
            since: subject.since - skew,
        }
    }
}

fn work(world: &World, action: &Action, rule: &Rule, member: &Member, now: (Moment, Span)) -> Result<Work, JobError> {
    Ok(match &action.deed {
        Deed::Webhook { url, secret } => Work::Webhook { url: url.clone(), secret: secret.clone() },
        Deed::Exec { program, arguments, environment } => {
            let texts = arguments.iter().zip(1..);
            let filled = texts.map(|(text, place)| {
                filled(world, &text.value, rule, member, now).map_err(|why| JobError::Argument { place, why })
            });
            Work::Exec {
                program: program.clone(),
                arguments: filled.collect::<Result<_, _>>()?,
                environment: environment.clone(),
            }
        }
    })
}

/// One whole argument. What a label says is never more than that: there is no shell that could read it.
fn filled(world: &World, text: &str, rule: &Rule, member: &Member, now: (Moment, Span)) -> Result<String, String> {
    let template = Template::parse(text).map_err(|error| error.message)?;
    let labels = shown_labels(world, &member.subject);
    let threshold = crate::engine::notice::threshold(rule, &member.subject);
    let data = template_data(world, rule, member, &labels, &threshold, now);
    match template.render(&data, &Answers::new()).map_err(|error| error.to_string())? {
        Rendered::Text(text) if text.contains('\0') => Err("it would have a NUL in it".into()),
        Rendered::Text(text) => Ok(text),
        Rendered::Wants(_) => Err("an action does not wait for a query".into()),
    }
}
