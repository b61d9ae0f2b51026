//! Recording rules of one group: which have to be asked before which, and what an answer becomes.

use crate::model::{Answer, Labels, Slot};
use crate::prometheus::{Decoder, STALE, Written};
use crate::rules::{Entry, Group, Record, Rule};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One recording rule, and the series that it recorded at its last slot.
#[derive(Debug)]
pub struct Recording {
    record: Arc<Record>,
    /// What its answers are decoded by.
    pub decoder: Decoder,
    present: HashSet<Labels>,
    /// Before it is asked, what earlier stages recorded has to be written.
    pub stage: usize,
}

/// In which stage of a slot each rule of a group is asked. A rule that reads what an earlier rule of its group records comes
/// after that one, so that it sees the value of its own slot, as in Prometheus; all others are asked at once.
#[derive(Debug, Default)]
pub struct Stages {
    /// Of the alerting rules, in file order.
    pub alerts: Vec<usize>,
    /// Of the recording rules that are switched on, in file order.
    pub records: Vec<usize>,
}

impl Stages {
    /// The stages of `group`.
    #[must_use]
    pub fn of(group: &Group) -> Self {
        let mut stages = Stages::default();
        let mut recorded: HashMap<&str, usize> = HashMap::new();
        for entry in &group.rules {
            match entry {
                Entry::Alert(rule) => stages.alerts.push(of_alert(rule, &recorded)),
                Entry::Record(record) if record.disabled.is_none() => {
                    let stage = after(&record.expr.metrics(), &recorded);
                    stages.records.push(stage);
                    let known = recorded.entry(&record.record).or_default();
                    *known = (*known).max(stage);
                }
                Entry::Record(_) => {}
            }
        }
        stages
    }
}

fn of_alert(rule: &Rule, recorded: &HashMap<&str, usize>) -> usize {
    rule.queries.iter().map(|query| after(&query.expr.metrics(), recorded)).max().unwrap_or(0)
}

/// The first stage in which everything is written that is read by `names`.
fn after(names: &[&str], recorded: &HashMap<&str, usize>) -> usize {
    names.iter().filter_map(|name| recorded.get(name)).map(|stage| stage + 1).max().unwrap_or(0)
}

impl Recording {
    /// A rule that has recorded nothing yet.
    #[must_use]
    pub fn new(record: &Arc<Record>, stage: usize) -> Self {
        Recording { record: Arc::clone(record), decoder: Decoder::new(), present: HashSet::new(), stage }
    }

    /// The rule.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What this answer is written as: every series under its new name, and an end for each that is there no more.
    ///
    /// # Errors
    /// When nothing of it can be recorded; what was recorded before stays as it is. The cases are Prometheus's.
    pub fn take_in(&mut self, answer: &Answer, limit: usize, at: Slot) -> Result<Vec<Written>, String> {
        if !answer.histograms.is_empty() {
            return Err("the answer has native histograms, which cannot be written".into());
        }
        let found = answer.samples.len();
        if limit > 0 && found > limit {
            return Err(format!("exceeded limit of {limit} with {found} series"));
        }
        let mut written = Vec::with_capacity(found);
        let mut present = HashSet::with_capacity(found);
        for sample in &answer.samples {
            let labels = self.record.series(self.decoder.table().labels(sample.series));
            if !present.insert(labels.clone()) {
                return Err(format!(
                    "two series would be recorded as {labels}: a label that tells them apart is missing"
                ));
            }
            written.push(Written { labels, value: sample.value, at });
        }
        let gone = std::mem::replace(&mut self.present, present);
        let mut gone: Vec<Labels> = gone.into_iter().filter(|labels| !self.present.contains(labels)).collect();
        gone.sort();
        written.extend(ends(gone, at));
        Ok(written)
    }

    /// The same rule after a reload keeps knowing what it recorded.
    #[must_use]
    pub fn is_still(&self, other: &Recording) -> bool {
        self.record.record == other.record.record && self.record.labels == other.record.labels
    }

    /// Goes on from what `old` recorded.
    pub fn follow(&mut self, old: &mut Recording) {
        self.present = std::mem::take(&mut old.present);
    }

    /// How many series it recorded at its last slot.
    #[must_use]
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether it recorded nothing at its last slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// The series of a rule that runs no more.
    pub fn into_present(self) -> impl Iterator<Item = Labels> {
        self.present.into_iter()
    }
}

/// The last sample of each series, which says that there is none from `at` on.
pub fn ends(series: impl IntoIterator<Item = Labels>, at: Slot) -> impl Iterator<Item = Written> {
    series.into_iter().map(move |labels| Written { labels, value: STALE, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Findings, Sources};
    use crate::rules::{self, Context};

    fn group(text: &str) -> Arc<Group> {
        let text = format!("groups:\n  - name: g\n    rules:\n{text}");
        let files = [(std::path::PathBuf::from("rules.yaml"), Arc::from(text.as_str()))];
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let set = rules::load_texts(&files, &Context::default(), &mut sources, &mut findings).set;
        assert!(!findings.has_errors(), "{text}");
        Arc::clone(&set.groups[0])
    }

    fn recording(rule: &str) -> Recording {
        let group = group(rule);
        let record = group.records().next().expect("it is one");
        Recording::new(record, 0)
    }

    fn answer(recording: &mut Recording, series: &[(&str, &str)]) -> Answer {
        let result: Vec<String> =
            series.iter().map(|(labels, value)| format!(r#"{{"metric":{labels},"value":[1,"{value}"]}}"#)).collect();
        let body =
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, result.join(","));
        recording.decoder.decode(body.as_bytes()).expect("this is an answer")
    }

    fn words(written: Result<Vec<Written>, String>) -> Vec<String> {
        let word = |one: Written| {
            let value = if one.value.to_bits() == STALE.to_bits() { "ends".to_owned() } else { one.value.to_string() };
            format!("{} {value}", one.labels)
        };
        let mut words: Vec<String> = written.map_or_else(|why| vec![why], |all| all.into_iter().map(word).collect());
        words.sort();
        words
    }

    #[test]
    fn a_series_gets_its_name_and_labels_and_ends_when_it_is_gone() {
        let mut tps =
            recording("      - { record: chain:tps, expr: 'rate(x[5m])', labels: { team: chain, pod: '' } }\n");
        let at = Slot::from_millis(1000);
        let both = answer(&mut tps, &[(r#"{"__name__":"x","chain":"a","pod":"1"}"#, "2"), (r#"{"chain":"b"}"#, "3")]);
        insta::assert_snapshot!(words(tps.take_in(&both, 0, at)).join("\n"), @r#"
        {__name__="chain:tps", chain="a", team="chain"} 2
        {__name__="chain:tps", chain="b", team="chain"} 3
        "#);
        let one = answer(&mut tps, &[(r#"{"chain":"b"}"#, "4")]);
        insta::assert_snapshot!(words(tps.take_in(&one, 0, at)).join("\n"), @r#"
        {__name__="chain:tps", chain="a", team="chain"} ends
        {__name__="chain:tps", chain="b", team="chain"} 4
        "#);
    }

    #[test]
    fn what_cannot_be_told_apart_or_is_too_much_is_not_recorded_and_ends_nothing() {
        let mut tps = recording("      - { record: chain:tps, expr: x, labels: { chain: '' } }\n");
        let at = Slot::from_millis(1000);
        let one = answer(&mut tps, &[(r#"{"chain":"a"}"#, "1")]);
        assert_eq!(words(tps.take_in(&one, 0, at)), [r#"{__name__="chain:tps"} 1"#]);
        let two = answer(&mut tps, &[(r#"{"chain":"a"}"#, "1"), (r#"{"chain":"b"}"#, "1")]);
        let same =
            r#"two series would be recorded as {__name__="chain:tps"}: a label that tells them apart is missing"#;
        assert_eq!(words(tps.take_in(&two, 0, at)), [same]);
        assert_eq!(words(tps.take_in(&two, 1, at)), ["exceeded limit of 1 with 2 series"]);
        let none = answer(&mut tps, &[]);
        assert_eq!(words(tps.take_in(&none, 0, at)), [r#"{__name__="chain:tps"} ends"#]);
    }

    #[test]
    fn a_rule_that_reads_what_an_earlier_one_records_is_asked_after_it() {
        let group = group(
            "      - { alert: Before, expr: a > 1 }
      - { record: a, expr: x }
      - { alert: After, expr: a > 1 }
      - { alert: Beside, expr: y > 1 }
      - { record: b, expr: sum(a) }
      - { alert: Last, expr: b > 1 and y > 1 }
",
        );
        let stages = Stages::of(&group);
        assert_eq!((stages.alerts, stages.records), (vec![0, 1, 0, 2], vec![0, 1]));
    }
}
