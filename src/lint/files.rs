//! What all rule files together say of metrics: which labels recorded ones have, and which are counters.

use crate::promql::LabelsOf;
use crate::promql::tree::{Kind, Node};
use crate::rules::{Loaded, Record};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Labels that a server or a federation lays over everything, recorded series included.
const EXTERNAL: [&str; 12] = [
    "cluster",
    "datacenter",
    "dc",
    "env",
    "environment",
    "monitor",
    "prometheus",
    "prometheus_replica",
    "region",
    "replica",
    "tenant",
    "tenant_id",
];

/// Chains of recording rules longer than this are not followed.
const DEEPEST: usize = 32;

/// The functions that only make sense of counters.
pub(super) const RATES: [&str; 3] = ["rate", "irate", "increase"];

/// What all rule files together say of metrics.
pub(super) struct Files<'a> {
    records: HashMap<&'a str, Vec<&'a Record>>,
    labels: RefCell<HashMap<&'a str, Option<LabelsOf>>>,
    rated: HashSet<&'a str>,
}

impl<'a> Files<'a> {
    pub fn new(loaded: &'a Loaded) -> Self {
        let mut files = Files { records: HashMap::new(), labels: RefCell::default(), rated: HashSet::new() };
        for recorded in &loaded.recorded {
            files.records.entry(&recorded.record.record).or_default().push(&recorded.record);
            note_rated(recorded.record.expr.root(), &mut files.rated);
        }
        for query in loaded.checked.iter().flat_map(|rule| &rule.rule.queries) {
            note_rated(query.expr.root(), &mut files.rated);
        }
        files
    }

    /// Whether a rule of these files writes this metric.
    pub fn records(&self, metric: &str) -> bool {
        self.records.contains_key(metric)
    }

    /// Whether some rule takes the rate of this metric, and so believes it a counter.
    pub fn is_rated(&self, metric: &str) -> bool {
        self.rated.contains(metric)
    }

    /// The labels of a metric, as far as the rule that records it is here.
    pub fn labels_of(&self, metric: &str) -> Option<LabelsOf> {
        self.resolve(metric, 0)
    }

    fn resolve(&self, metric: &str, depth: usize) -> Option<LabelsOf> {
        let (name, records) = self.records.get_key_value(metric)?;
        if let Some(known) = self.labels.borrow().get(metric) {
            return known.clone();
        }
        if depth > DEEPEST {
            return None;
        }
        // A rule that reads what it records is not known any better.
        self.labels.borrow_mut().insert(name, None);
        let of_one = |record: &&Record| {
            let read = record.expr.labels_knowing(&|inner| self.resolve(inner, depth + 1));
            record.labels.iter().map(|(label, _)| &**label).chain(EXTERNAL).fold(read, LabelsOf::with)
        };
        let labels = records.iter().map(of_one).reduce(LabelsOf::or);
        self.labels.borrow_mut().insert(name, labels.clone());
        labels
    }
}

fn note_rated<'a>(root: &'a Node, rated: &mut HashSet<&'a str>) {
    root.walk(&mut |node| {
        if let Kind::Call(function, arguments) = &node.kind
            && RATES.contains(&function.name)
            && let Some(Kind::Range(of, _)) = arguments.first().map(|argument| &argument.kind)
            && let Kind::Selector(selector) = &of.kind
        {
            rated.extend(selector.name());
        }
    });
}
