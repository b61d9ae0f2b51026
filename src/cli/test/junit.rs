//! The report that CI systems read.

use super::Outcome;
use crate::replay::Coverage;
use std::fmt::Write;

/// All outcomes as JUnit has them, and what is covered where that was asked for.
pub(super) fn report(outcomes: &[Outcome], coverage: Option<&Coverage>) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"watchbell\" tests=\"{}\" failures=\"{failed}\">\n",
        outcomes.len()
    );
    if let Some(coverage) = coverage {
        text.push_str("    <properties>\n");
        let mut property = |name: &str, value: &str| {
            let _ = writeln!(text, "      <property name=\"coverage.{name}\" value=\"{}\"/>", escape(value));
        };
        property("total", &coverage.total().to_string());
        property("reached", &coverage.reached().to_string());
        coverage.missing().for_each(|item| property("missing", &item.to_string()));
        text.push_str("    </properties>\n");
    }
    for outcome in outcomes {
        let (name, class) = (escape(&outcome.title), escape(&outcome.file.display().to_string()));
        let _ = match &outcome.failure {
            None => writeln!(text, "    <testcase name=\"{name}\" classname=\"{class}\"/>"),
            Some(failure) => writeln!(
                text,
                "    <testcase name=\"{name}\" classname=\"{class}\"><failure>{}</failure></testcase>",
                escape(&failure.text())
            ),
        };
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn escape(text: &str) -> String {
    // XML has no way at all to hold most control characters.
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    kept.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
