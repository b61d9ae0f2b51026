//! What a rule file may speak of, beyond itself.

use crate::model::{Name, Severities, Span};
use std::collections::BTreeSet;

/// What the service configuration says that rules depend on. Names that are `None` are not known, and not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The tier vocabulary.
    pub severities: Severities,
    /// The sources that a group may name.
    pub sources: Option<BTreeSet<Name>>,
    /// The source of groups that name none.
    pub default_source: Name,
    /// The policies that a group or rule may name.
    pub policies: Option<BTreeSet<Name>>,
    /// The actions that a rule or tier may name.
    pub actions: Option<BTreeSet<Name>>,
    /// The interval of groups that give none.
    pub default_interval: Span,
    /// How many history samples all rules together may keep for one series of each query.
    pub history_max_samples: u64,
    /// Whether recorded series are known to have nowhere to go. Without a configuration Prometheus may be who records them.
    pub records_go_nowhere: bool,
    /// Whether the sources answer experimental PromQL.
    pub experimental_promql: bool,
}

impl Default for Context {
    /// What holds without a configuration: the design's severities, Prometheus's interval, any name.
    fn default() -> Self {
        Context {
            severities: Severities::default(),
            sources: None,
            default_source: "main".into(),
            policies: None,
            actions: None,
            default_interval: Span::from_mins(1),
            history_max_samples: 5_000_000,
            records_go_nowhere: false,
            experimental_promql: false,
        }
    }
}
