//! What configurations mean, and what is said of bad ones.

mod application;
mod bad;
mod beacons;
mod chains;
mod disk;
mod good;
mod reference;

use super::*;
use crate::diagnostics::{Findings, Sources, codes};
use std::collections::BTreeMap;

/// What came of loading some texts.
struct Outcome {
    loaded: Option<Loaded>,
    sources: Sources,
    findings: Findings,
}

impl Outcome {
    fn settings(self) -> Settings {
        assert!(!self.findings.has_errors(), "{}", self.told());
        self.loaded.expect("it has the right shape").settings
    }

    /// Every finding in one or two lines, as a person would want to hear it.
    fn told(&self) -> String {
        self.told_of(|_| true)
    }

    fn told_of(&self, wanted: impl Fn(&crate::diagnostics::Finding) -> bool) -> String {
        let mut findings = self.findings.clone();
        findings.sort();
        let lines = findings.iter().filter(|finding| wanted(finding)).map(|finding| {
            let at = finding.at.as_ref().map_or("nowhere: ".into(), |(place, label)| {
                let source = self.sources.get(place.source);
                let text = source.text().get(place.range()).unwrap_or_default();
                let text = text.lines().next().unwrap_or_default();
                format!("{} `{text}` {label}: ", self.sources.describe(*place))
            });
            let see = finding.see.iter().map(|(place, label)| format!("; {} {label}", self.sources.describe(*place)));
            let help = finding.help.iter().map(|help| format!("\n      = {help}"));
            let more: String = see.chain(help).collect();
            format!("{} {at}{}{more}\n", finding.code, finding.message)
        });
        lines.collect()
    }
}

/// Loads `text` as `watchbell.yaml`, in the middle of January 2026.
fn loading(text: &str) -> Outcome {
    loading_all([("watchbell.yaml", text)])
}

/// Loads several files, of which `watchbell.yaml` is the first.
fn loading_all<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Outcome {
    let texts: BTreeMap<PathBuf, _> = texts.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let now = "2026-01-15T00:00:00Z".parse().unwrap();
    let path = Path::new("watchbell.yaml");
    let loaded = load_from(&Files::Given(texts), path, now, &mut sources, &mut findings);
    Outcome { loaded, sources, findings }
}
