//! The report that CI systems read.

use super::Outcome;
use std::fmt::Write;

/// All outcomes as JUnit has them.
pub(super) fn report(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"watchbell\" tests=\"{}\" failures=\"{failed}\">\n",
        outcomes.len()
    );
    for outcome in outcomes {
        let (name, class) = (escape(&outcome.title), escape(&outcome.file.display().to_string()));
        let _ = match &outcome.failure {
            None => writeln!(text, "    <testcase name=\"{name}\" classname=\"{class}\"/>"),
            Some(failure) => writeln!(
                text,
                "    <testcase name=\"{name}\" classname=\"{class}\"><failure>{}</failure></testcase>",
                escape(failure)
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
