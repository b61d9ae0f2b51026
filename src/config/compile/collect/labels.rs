//! Labels that somebody adds to what is measured. A scrape in which a series has a label twice is refused as a whole.

use super::reading;
use crate::config::written::Entries;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Labels, Name};

/// What a scrape gives to every series, and what tells apart the buckets of histograms and the parts of summaries.
const OF_PROMETHEUS: [&str; 4] = ["instance", "job", "le", "quantile"];

/// What the series have already.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken<'a> {
    /// What the collector says of them by itself.
    pub(super) own: &'a [&'a str],
    /// What is said one level above, for more than these.
    pub(super) above: Option<&'a Entries<String>>,
}

/// Further labels of series that have `taken` already.
pub(super) fn labels(written: &Entries<String>, taken: Taken<'_>, findings: &mut Findings) -> Labels {
    Labels::new(written.iter().filter_map(|(name, value)| {
        let label = reading::label_name(name, findings)?;
        if value.is_empty() {
            findings
                .warn(codes::WB178, format!("the label `{label}` says nothing"))
                .at(name.place, "a label without a value is none")
                .help("give it a value, or delete it");
        }
        is_free(name, taken, findings).then(|| (label, Name::from(value.as_str())))
    }))
}

fn is_free(name: &Spanned<String>, taken: Taken<'_>, findings: &mut Findings) -> bool {
    let text = name.value.as_str();
    let above = taken.above.into_iter().flatten().find(|(above, _)| above.value == text);
    let why = match above {
        _ if taken.own.contains(&text) => ("is the collector's own", "says something else on the same series"),
        Some(_) => ("is given to all series of this chain already", "would never be seen"),
        None if text.starts_with("__") => ("is Prometheus's own", "names that begin with `__` are for its own use"),
        None if OF_PROMETHEUS.contains(&text) => ("is Prometheus's own", "a scrape or a histogram gives it"),
        None => return true,
    };
    let finding = findings.error(codes::WB138, format!("the label `{text}` {}", why.0));
    finding.at(name.place, why.1).help("choose another name");
    if let Some((above, _)) = above {
        finding.see(above.place, "given here");
    }
    false
}
