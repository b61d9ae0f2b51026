//! The units of rules in Grafana's words.

/// Grafana's name for the unit `unit` of a rule; what it has no name for stands behind the number as it is.
#[must_use]
pub fn grafana(unit: &str) -> String {
    let known = match unit {
        "%" => "percent",
        "s" => "s",
        "ms" => "ms",
        "bytes" | "B" => "bytes",
        "bytes/s" | "B/s" => "Bps",
        "requests/s" | "req/s" => "reqps",
        "ratio" => "percentunit",
        other => return format!("suffix: {other}"),
    };
    known.into()
}
