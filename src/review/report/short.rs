//! The few lines that fit into a message.

use super::Report;
use super::components::percent;
use crate::model::counted;
use crate::notify::text::{cut, one_line};
use crate::review::clock::{Clock, Kind, seconds};

/// No message is longer, in characters.
pub const LONGEST: usize = 1_500;
/// No line is.
const LONGEST_LINE: usize = 220;
/// So many are named in a line.
const NAMED: usize = 3;

/// The report in a few lines.
pub(super) fn short(report: &Report) -> String {
    let clock = Clock(&report.zone);
    let mut lines =
        vec![format!("{} report, {} ({})", report.kind.word(), clock.period(report.period), report.timezone)];
    lines.push(happened(report));
    lines.extend(open(report));
    match report.kind {
        Kind::Daily => lines.extend(on_duty(report, clock)),
        Kind::Weekly => lines.extend([deadlines(report), noisy(report), gaps(report)].into_iter().flatten()),
        Kind::Monthly => {
            lines.extend([deadlines(report), available(report), capacity(report), owed(report)].into_iter().flatten());
        }
    }
    lines.extend(remedies(report));
    lines.extend(troubles(report));
    lines.push(format!("{}/incidents", report.base));
    let lines: Vec<String> = lines.iter().map(|line| cut(&one_line(line), LONGEST_LINE)).collect();
    cut(&lines.join("\n"), LONGEST)
}

fn happened(report: &Report) -> String {
    if report.is_unrecorded() {
        return "nothing is on record of this time".into();
    }
    let figures = &report.figures;
    let severities = figures.severities();
    let of = if severities.is_empty() { String::new() } else { format!(" ({severities})") };
    let untouched = if figures.untouched > 0 { format!(", {} ended alone", figures.untouched) } else { String::new() };
    let out = if figures.out_of_hours > 0 { format!(", {} out of hours", figures.out_of_hours) } else { String::new() };
    let before = report.figures_before.as_ref().filter(|_| report.kind != Kind::Daily);
    let before = before
        .map(|before| format!("; before: {}, {}", counted(before.opened, "incident"), counted(before.pages, "page")));
    format!(
        "{}{of}, {}{out}{untouched}{}",
        counted(figures.opened, "incident"),
        counted(figures.pages, "page"),
        before.unwrap_or_default()
    )
}

fn open(report: &Report) -> Option<String> {
    let open: Vec<String> = report
        .open
        .iter()
        .map(|one| {
            let taken = if one.is_in_hands { "in hands" } else { "nobody is at it" };
            format!("INC-{} {} {} ({taken})", one.number, one.severity, one.alert)
        })
        .collect();
    (!open.is_empty()).then(|| format!("open: {}", some(&open)))
}

fn on_duty(report: &Report, clock: Clock<'_>) -> Vec<String> {
    let one = |duty: &super::OnDuty| {
        let nobody = || "nobody".to_owned();
        let now = duty.now.clone().unwrap_or_else(nobody);
        let until = duty.until.map(|until| {
            format!(" until {}, then {}", clock.minute(until.0), duty.next.clone().unwrap_or_else(nobody))
        });
        format!("{}: {now}{}", duty.schedule, until.unwrap_or_default())
    };
    let lines: Vec<String> = report.on_duty.iter().map(one).collect();
    if lines.is_empty() { Vec::new() } else { vec![format!("on call: {}", some(&lines))] }
}

fn deadlines(report: &Report) -> Option<String> {
    let (met, missed) = report.deadlines.iter().fold((0, 0), |(met, missed), one| (met + one.met, missed + one.missed));
    let mean = report
        .figures
        .to_acknowledge
        .map(|one| format!(", acknowledged after {} on average", seconds(one.mean_seconds)));
    (met + missed > 0).then(|| format!("deadlines: {met} met, {missed} missed{}", mean.unwrap_or_default()))
}

fn remedies(report: &Report) -> Option<String> {
    let (ran, failed) = report.remedies.counts();
    let failed = if failed > 0 { format!(", {failed} came to nothing") } else { String::new() };
    (ran > 0).then(|| format!("remedies: {}{failed}", counted(ran, "run")))
}

fn noisy(report: &Report) -> Option<String> {
    let noisy: Vec<String> = report
        .rules
        .iter()
        .filter(|rule| rule.pages > 0)
        .map(|rule| format!("{} ({})", rule.alert, counted(rule.pages, "page")))
        .collect();
    (!noisy.is_empty()).then(|| format!("noisiest: {}", some(&noisy)))
}

fn gaps(report: &Report) -> Option<String> {
    let gaps = report.coverage.gaps.len();
    (gaps > 0).then(|| format!("nobody on call {} in the next four weeks", counted(gaps, "time")))
}

fn available(report: &Report) -> Option<String> {
    let mut known: Vec<(f64, &str)> =
        report.components.iter().filter_map(|one| Some((one.available?, one.component.as_str()))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let known: Vec<String> = known.into_iter().map(|(share, name)| format!("{name} {}", percent(share))).collect();
    (!known.is_empty()).then(|| format!("available: {}", some(&known)))
}

fn capacity(report: &Report) -> Option<String> {
    let next = report.capacity.as_ref()?.first()?;
    let when = if next.in_seconds > 0.0 { format!("in {}", seconds(next.in_seconds)) } else { "already".into() };
    Some(format!("capacity: {} {} reaches its bound {when}", next.alert, next.labels))
}

fn owed(report: &Report) -> Option<String> {
    let owed: Vec<String> = report.owed.iter().map(|one| format!("INC-{}", one.number)).collect();
    (!owed.is_empty()).then(|| format!("post-mortems owed: {}", some(&owed)))
}

fn troubles(report: &Report) -> Vec<String> {
    let failing: Vec<String> = report
        .troubles
        .iter()
        .filter(|trouble| trouble.since.is_some())
        .map(|trouble| format!("{} {}", trouble.kind, trouble.name))
        .collect();
    let failing = (!failing.is_empty()).then(|| format!("failing: {}", some(&failing)));
    let lost = report.messages.undelivered.len();
    let lost = (lost > 0).then(|| format!("{} did not arrive", counted(lost, "message")));
    failing.into_iter().chain(lost).collect()
}

/// The first few, and how many more there are.
fn some(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let shown = all[..all.len().min(NAMED)].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
