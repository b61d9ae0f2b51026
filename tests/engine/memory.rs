//! What has to be the same whenever the same things happened: the state as the journal remembers it, and what was told.

use std::fmt::Write;
use watchbell::engine::State;
use watchbell::engine::alert::{Alert, Phase};
use watchbell::engine::notice::Draft;

/// Everything that is remembered, in one order, as text: a value may be `NaN`, which equals nothing.
pub fn remembered(state: &State) -> String {
    let mut text = String::new();
    let mut rules: Vec<_> = state.rules.iter().collect();
    rules.sort_by_key(|(id, _)| **id);
    for (id, rule) in rules {
        let mut alerts: Vec<&Alert> = rule.iter().filter(|alert| rule.is_remembered(alert)).collect();
        // What is calm and whose absence matters to nobody is not journalled when it goes missing, only when it has been more.
        alerts.retain(|alert| alert.phase() != Phase::Inactive || rule.watches_absence());
        if alerts.is_empty() && rule.failing.is_none() && rule.empty.is_none() {
            continue;
        }
        let _ = writeln!(text, "{id} failing {:?} empty {:?}", rule.failing, rule.empty);
        alerts.sort_by_key(|alert| alert.id);
        for alert in alerts {
            // Labels, series and value are those of the last change; the next slot brings them up to date.
            let Alert { id, kind, tiers, forced, missing, .. } = alert;
            let names: Vec<_> = rule
                .get(*id)
                .map(|(_, tiers)| tiers.iter().map(|tier| tier.severity.to_string()).collect())
                .unwrap_or_default();
            let _ = writeln!(text, "  {id} {kind:?} {names:?} {tiers:?} {forced:?} {missing:?}");
        }
    }
    for posted in state.posted.values() {
        // What is only said again is not remembered.
        let _ = writeln!(text, "{:?} since {}", posted.subject, posted.starts);
    }
    let _ = writeln!(text, "{:#?}\n{:#?}\n{:#?}\n{:#?}", state.sources, state.own, state.routines, state.incidents);
    text
}

/// Who is owed what, message by message, without what is only known from the last evaluation: values and attributes.
pub fn owed(drafts: &[Draft]) -> String {
    let lines = drafts.iter().map(|draft| {
        let members = draft.members.iter().map(|member| {
            let subject = &member.subject;
            format!(
                " {} {} since {} {:?} {:?}",
                subject.alert, subject.severity, subject.since, member.cause, member.ended
            )
        });
        let Draft { id, destination, kind, reason, level, page, pages, severity, at, number, .. } = draft;
        let head =
            format!("{id} INC-{number} {destination} {kind:?} {reason:?} {level:?} {page} {pages:?} {severity} {at}");
        format!("{head}\n{}\n", members.collect::<Vec<_>>().join("\n"))
    });
    lines.collect()
}

/// What was owed to whom, message by message.
pub fn told(drafts: &[Draft]) -> String {
    drafts.iter().map(|draft| format!("{draft:#?}\n")).collect()
}
