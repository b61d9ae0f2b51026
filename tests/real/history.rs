//! The made-up history is one that Prometheus takes, and it has every series that the rule pack reads.

use crate::support::{Scratch, in_repository, installed};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn history_has_every_metric_that_the_rule_pack_reads_and_promtool_makes_blocks_of_it() {
    let Some(python) = installed("python3") else { return };
    let history = run(Command::new(python).arg(in_repository("scripts/history.py")).args(["write", "--days", "0.1"]));

    let exported: BTreeSet<_> =
        history.lines().filter_map(metric_of).map(|name| name.trim_end_matches("_bucket")).collect();
    let page = std::fs::read_to_string(in_repository("docs/metrics.md")).unwrap();
    // No rule reads what the collector says of itself, and the real one says it.
    let of_pentagold = metrics_of_the_page(&page).into_iter().filter(|name| !name.starts_with("watchbell_collect_"));
    let missing: Vec<_> = of_pentagold.filter(|name| !exported.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "in docs/metrics.md, and not in scripts/history.py");

    let Some(promtool) = installed("promtool") else { return };
    let folder = Scratch::new("history");
    let file = folder.write("history.om", &history);
    let blocks = folder.path().join("data");
    run(Command::new(promtool).args(["tsdb", "create-blocks-from", "openmetrics"]).arg(file).arg(&blocks));
    assert!(std::fs::read_dir(blocks).unwrap().count() > 0);
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

fn metric_of(line: &str) -> Option<&str> {
    (!line.starts_with('#')).then(|| line.split(['{', ' ']).next()).flatten()
}

/// The names in the first column of the tables that have a type in their second.
fn metrics_of_the_page(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with('|') && !line.contains("| values |"));
    let typed = rows.filter(|row| {
        row.split('|').nth(2).is_some_and(|kind| matches!(kind.trim(), "gauge" | "counter" | "histogram"))
    });
    typed.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2)).collect()
}
