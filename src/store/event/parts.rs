//! The words that several bodies share. Numbers that JSON cannot say (`NaN`, infinities) are written as texts.

use crate::engine::transition::{Cause, Origin, Subject, UnknownSeverity};
use crate::model::{AlertId, Labels, Moment, Name, RuleId, Severities};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// A body as JSON. Ours hold nothing that could not be written.
pub fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("bodies have text keys and plain numbers only")
}

/// An id, a moment or a value in the way that JSON has for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Id<T>(pub T);

impl<T: std::fmt::Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Id).map_err(|_| D::Error::custom(format!("`{text}` is not an id")))
    }
}

/// A number that may be `NaN` or infinite.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(number) => Ok(Number(number)),
            Either::Text(text) => {
                text.parse().map(Number).map_err(|_| D::Error::custom(format!("`{text}` is no number")))
            }
        }
    }
}

/// A moment in milliseconds.
pub fn moment(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

/// [`Subject`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct SubjectBody {
    alert: Id<AlertId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Id<RuleId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted: Option<PostedBody>,
    labels: Labels,
    series: Labels,
    value: Number,
    severity: String,
    active: i64,
    since: i64,
}

/// What the sender of a posted alert says of it.
#[derive(Debug, Serialize, Deserialize)]
struct PostedBody {
    annotations: Labels,
    url: String,
}

impl SubjectBody {
    /// Writes a subject down.
    pub fn new(subject: &Subject) -> Self {
        let (rule, summary, posted) = match &subject.origin {
            Origin::Rule(rule) => (Some(Id(*rule)), None, None),
            Origin::Watchbell(summary) => (None, Some(summary.clone()), None),
            Origin::Posted { annotations, url } => {
                let posted = PostedBody { annotations: annotations.clone(), url: url.to_string() };
                (None, None, Some(posted))
            }
        };
        SubjectBody {
            alert: Id(subject.alert),
            rule,
            summary,
            posted,
            labels: subject.labels.clone(),
            series: subject.series.clone(),
            value: Number(subject.value),
            severity: subject.severity.to_string(),
            active: subject.active.millis(),
            since: subject.since.millis(),
        }
    }

    /// Reads a subject back.
    pub fn read(self, severities: &Severities) -> Subject {
        let origin = match (self.rule, self.posted) {
            (Some(Id(rule)), _) => Origin::Rule(rule),
            (None, Some(posted)) => Origin::Posted { annotations: posted.annotations, url: posted.url.into() },
            (None, None) => Origin::Watchbell(self.summary.unwrap_or_default()),
        };
        Subject {
            alert: self.alert.0,
            origin,
            labels: self.labels,
            series: self.series,
            value: self.value.0,
            severity: severities.placed(&self.severity),
            active: moment(self.active),
            since: moment(self.since),
        }
    }
}

/// [`Cause`] as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseBody {
    /// See [`Cause::Condition`].
    Condition,
    /// See [`Cause::NoData`].
    NoData(i64),
    /// See [`Cause::NoDataEnd`].
    NoDataEnd(i64),
    /// See [`Cause::QueryFails`].
    QueryFails,
    /// See [`Cause::RuleRemoved`].
    RuleRemoved,
    /// See [`Cause::RuleChanged`].
    RuleChanged,
    /// See [`Cause::UnknownSeverity`].
    UnknownSeverity {
        /// The word.
        word: String,
        /// Those that were known.
        known: String,
    },
    /// See [`Cause::SenderEnded`].
    SenderEnded,
    /// See [`Cause::Unconfirmed`].
    Unconfirmed(i64),
}

impl CauseBody {
    /// Writes a cause down.
    pub fn new(cause: &Cause) -> Self {
        match cause {
            Cause::Condition => CauseBody::Condition,
            Cause::NoData { since } => CauseBody::NoData(since.millis()),
            Cause::NoDataEnd { since } => CauseBody::NoDataEnd(since.millis()),
            Cause::QueryFails => CauseBody::QueryFails,
            Cause::RuleRemoved => CauseBody::RuleRemoved,
            Cause::RuleChanged => CauseBody::RuleChanged,
            Cause::UnknownSeverity(unknown) => {
                let UnknownSeverity { word, known } = &**unknown;
                CauseBody::UnknownSeverity { word: word.to_string(), known: known.to_string() }
            }
            Cause::SenderEnded => CauseBody::SenderEnded,
            Cause::Unconfirmed { since } => CauseBody::Unconfirmed(since.millis()),
        }
    }

    /// Reads a cause back.
    pub fn read(self) -> Cause {
        match self {
            CauseBody::Condition => Cause::Condition,
            CauseBody::NoData(since) => Cause::NoData { since: moment(since) },
            CauseBody::NoDataEnd(since) => Cause::NoDataEnd { since: moment(since) },
            CauseBody::QueryFails => Cause::QueryFails,
            CauseBody::RuleRemoved => Cause::RuleRemoved,
            CauseBody::RuleChanged => Cause::RuleChanged,
            CauseBody::UnknownSeverity { word, known } => {
                Cause::UnknownSeverity(Box::new(UnknownSeverity { word: word.into(), known: known.into() }))
            }
            CauseBody::SenderEnded => Cause::SenderEnded,
            CauseBody::Unconfirmed(since) => Cause::Unconfirmed { since: moment(since) },
        }
    }
}

/// A destination as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct DestinationBody {
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

impl DestinationBody {
    /// Writes a destination down.
    pub fn new(destination: &crate::engine::incident::Destination) -> Self {
        let to = destination.to.as_deref().map(str::to_owned);
        DestinationBody { channel: destination.channel.to_string(), to }
    }

    /// Reads a destination back.
    pub fn read(self) -> crate::engine::incident::Destination {
        crate::engine::incident::Destination { channel: self.channel.into(), to: self.to.map(Name::from) }
    }
}

/// An incident's key as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyBody {
    policy: String,
    group: Labels,
}

impl KeyBody {
    /// Writes a key down.
    pub fn new(key: &crate::engine::incident::Key) -> Self {
        KeyBody { policy: key.policy.to_string(), group: key.group.clone() }
    }

    /// Reads a key back.
    pub fn read(self) -> crate::engine::incident::Key {
        crate::engine::incident::Key { policy: self.policy.into(), group: self.group }
    }
}
