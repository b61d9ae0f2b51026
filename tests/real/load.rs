//! Work beside a story: some hundreds of rules over some thousands of series, and deliveries that never end.

use crate::support::CannedPrometheus;
use std::fmt::Write;

pub const GROUPS: usize = 20;
const RULES_PER_GROUP: usize = 12;
const SERIES_PER_RULE: usize = 20;

/// Groups of one second on the source `load`: most rules watch and are calm, some are patient, and one of each group fires
/// and ends over and over.
pub fn rules() -> String {
    let mut text = String::from("groups:\n");
    for group in 0..GROUPS {
        writeln!(text, "  - name: load-{group}\n    interval: 1s\n    source: load\n    rules:").unwrap();
        for rule in 0..RULES_PER_GROUP {
            let series = format!("load_{SERIES_PER_RULE}{{rule=\"{group}-{rule}\"}}");
            writeln!(text, "      - alert: Calm{rule}\n        expr: {series}").unwrap();
            writeln!(text, "        labels: {{ kind: load }}\n        tiers: {{ high: {{ above: 1000 }} }}").unwrap();
        }
        writeln!(text, "      - alert: Patient\n        expr: load_3{{rule=\"patient-{group}\"}}\n        for: 12s")
            .unwrap();
        writeln!(text, "        labels: {{ kind: load, severity: low }}").unwrap();
        writeln!(text, "      - alert: Restless\n        expr: churn_2{{rule=\"restless-{group}\"}}").unwrap();
        writeln!(text, "        labels: {{ kind: load, group: \"{group}\", severity: high }}").unwrap();
    }
    text
}

/// `config` with the source of these rules, one channel that is kept busy by them, and one that never answers.
pub fn added_to(config: &str, source: &CannedPrometheus, receivers: &str) -> String {
    let tell = "{ levels: [{ notify: [busy, stuck] }] }";
    let source = format!("load: {{ url: \"{}\", timeout: 2s, max_concurrent_queries: 64 }}", source.url());
    let channels =
        ["busy", "stuck"].map(|name| format!("  {name}: {{ webhook: {{ url: \"{receivers}/{name}/hook\" }} }}\n"));
    let policy = format!(
        "  load: {{ wait: 0s, group_by: [alertname, group], update_every: 1s,
    matrix: {{ critical: {tell}, high: {tell}, medium: {tell}, low: {{ tell: nobody }} }} }}\n"
    );
    config
        .replace("prometheus: { main: {", &format!("prometheus: {{ {source}, main: {{ default: true,"))
        .replace("channels:\n", &format!("channels:\n{}", channels.concat()))
        .replace("policies:\n", &format!("policies:\n{policy}"))
        .replace("routes: [", "routes: [{ match: 'kind=\"load\"', policy: load }, ")
}
