//! The draft as a page: what is on record, and blanks for what only people know.

use super::questions::is_lost;
use super::{Postmortem, RuleFacts, Told};
use crate::model::counted;
use crate::review::clock::{At, Clock, lasting, seconds};
use crate::review::document::{Document, Line, Part, Table};
use crate::review::record::Outcome;

/// So many rows stand in a table; JSON has them all.
const MOST_ROWS: usize = 300;
/// So many actions can be written down before rows have to be added.
const ACTIONS: usize = 4;

/// The page of `draft`.
pub(super) fn document(draft: &Postmortem) -> Document {
    let clock = Clock(&draft.zone);
    let title = Line::from(format!("Post-mortem INC-{}: ", draft.incident)).said(&draft.title);
    let mut page = Document::titled(title);
    page.add(Part::Notice(
        Line::from("A draft, made of what the service recorded. What only people know is marked ")
            .blank("like this")
            .ours(format!(". Times are those of {}.", draft.timezone)),
    ));
    summary(&mut page, draft, clock);
    impact(&mut page);
    timeline(&mut page, draft, clock);
    messages(&mut page, draft, clock);
    response(&mut page, draft, clock);
    draft.rules.iter().for_each(|rule| values(&mut page, rule));
    causes(&mut page, draft);
    actions(&mut page);
    ending(&mut page, draft, clock);
    page
}

fn summary(page: &mut Document, draft: &Postmortem, clock: Clock<'_>) {
    page.heading("Summary");
    let severities = draft.severities.iter().map(|(_, severity)| Line::new().severity(severity));
    let what = Line::new().data(&draft.alert);
    let what = if draft.place.is_empty() { what } else { what.ours(" ").data(&draft.place) };
    let again =
        if draft.reopened > 0 { format!(", fired again {} ", counted(draft.reopened, "time")) } else { String::new() };
    let mut facts = vec![
        ("What", what),
        ("Severity", Line::joined(severities, " → ")),
        (
            "From – to",
            format!(
                "{} – {} ({}{})",
                clock.whole(draft.opened.0),
                clock.whole(draft.over.0),
                draft.lasted(),
                again.trim_end()
            )
            .into(),
        ),
        ("Noticed", noticed(draft, clock).into()),
        (
            "Taken by",
            draft.taken_by.as_ref().map_or_else(|| Line::new().verdict(false, "nobody"), |by| Line::new().data(by)),
        ),
        (
            "Ended",
            match (&draft.over_by, draft.over_because) {
                (Some(by), _) => Line::from("closed by ").data(by),
                (None, Some(because)) => format!("{because}: whether it is better is not known").into(),
                (None, None) if draft.remedied_by.is_empty() => "by itself: its last alert ended".into(),
                (None, None) => {
                    Line::from("by ").data(draft.remedied_by.join(", ")).ours(", which worked: its last alert ended")
                }
            },
        ),
        ("Policy", Line::new().data(&draft.policy)),
        ("Alerts", draft.alerts.to_string().into()),
        ("Incident", Line::new().link(format!("{}/incidents/{}", draft.place_of_service, draft.incident))),
    ];
    facts.extend(draft.runbook.as_ref().map(|runbook| ("Runbook", Line::new().link(runbook))));
    page.add(Part::Facts(facts));
    let said: Vec<Line> = draft.summaries.iter().map(|text| Line::new().said(text)).collect();
    if !said.is_empty() {
        page.text("What messages said of it:");
        page.list(said, "");
    }
    page.text(
        Line::new()
            .blank("in two sentences, for somebody who was not there: what broke, for whom, and how it was mended"),
    );
}

/// How long it took from the condition to the first message.
fn noticed(draft: &Postmortem, clock: Clock<'_>) -> String {
    let active = clock.second(draft.active.0);
    match draft.told {
        Some(told) if told.0 - draft.active.0 < crate::model::Span::from_secs(1) => {
            format!("its condition held from {active} on, and the first message went out at once")
        }
        Some(told) => {
            let after = lasting(told.0 - draft.active.0);
            format!("its condition held from {active} on, the first message went out {after} later")
        }
        None => format!("its condition held from {active} on; nobody was told"),
    }
}

fn impact(page: &mut Document) {
    page.heading("Impact");
    page.add(Part::Facts(vec![
        ("Who was affected", Line::new().blank("users, partners, our own people; how many, and how they noticed")),
        ("What did not work", Line::new().blank("what they could not do, or did wrongly, from when to when")),
        ("What was lost", Line::new().blank("money, data, transactions, trust; or: nothing")),
        ("Who noticed first", Line::new().blank("an alert, a user, somebody of us")),
    ]));
}

fn timeline(page: &mut Document, draft: &Postmortem, clock: Clock<'_>) {
    page.heading("What happened");
    let mut table = Table::of(&["when", "what"]);
    for entry in draft.timeline.iter().take(MOST_ROWS) {
        table.row([clock.second(entry.at.0).into(), entry.line.clone()]);
    }
    page.table(table, "Nothing is on record.");
    more(page, draft.timeline.len());
    page.text(Line::new().blank("what people saw, thought and did in between, with times"));
}

fn messages(page: &mut Document, draft: &Postmortem, clock: Clock<'_>) {
    page.heading("Who was told");
    let mut table = Table::of(&["when", "to", "level", "what", "delivered"]);
    for told in draft.messages.iter().take(MOST_ROWS) {
        let level = told.level.as_ref().map_or_else(|| "–".into(), |level| Line::new().data(level));
        table.row([
            clock.second(told.at.0).into(),
            Line::new().data(&told.to),
            level,
            Line::from(format!("{}: ", told.kind)).said(&told.why),
            delivered(told),
        ]);
    }
    page.table(table, "No message is on record.");
    more(page, draft.messages.len());
}

fn delivered(told: &Told) -> Line {
    let tries = if told.attempts > 1 { format!(", {} tries", told.attempts) } else { String::new() };
    let line = match (told.status.as_str(), told.after_seconds) {
        ("sent", Some(after)) if after >= 1.0 => Line::new().verdict(true, format!("after {}{tries}", seconds(after))),
        ("sent", _) => Line::new().verdict(true, format!("at once{tries}")),
        ("refused", _) => Line::new().verdict(false, format!("refused{tries}")),
        ("withdrawn", _) => "withdrawn".into(),
        _ if is_lost(told) => Line::new().verdict(false, format!("not yet{tries}")),
        _ => "not yet".into(),
    };
    match &told.trouble {
        Some(trouble) => line.ours(": ").said(trouble),
        None => line,
    }
}

fn response(page: &mut Document, draft: &Postmortem, clock: Clock<'_>) {
    page.heading("Response");
    let mut table = Table::of(&["stage", "due", "done", "by", "verdict"]);
    let at = |at: Option<At>| at.map_or_else(|| "–".into(), |at| Line::from(clock.second(at.0)));
    for stage in &draft.stages {
        let again = if draft.reopened > 0 { format!(" ({})", stage.generation) } else { String::new() };
        let word = stage.outcome.word();
        let verdict = match stage.outcome {
            Outcome::Met => Line::new().verdict(true, word),
            Outcome::Missed => Line::new().verdict(false, word),
            Outcome::OverBefore | Outcome::Waits | Outcome::NotAsked => word.into(),
        };
        let by = stage.by.as_ref().map_or_else(|| "–".into(), |by| Line::new().data(by));
        table.row([format!("{}{again}", stage.stage).into(), at(stage.due), at(stage.done), by, verdict]);
    }
    page.table(table, "No deadline is configured for it, and nobody acted.");
    let taken = draft.to_acknowledge_seconds.map_or_else(
        || "Nobody acknowledged it (no MTTA)".to_owned(),
        |after| format!("Acknowledged (MTTA) after {}, from the first message", seconds(after)),
    );
    let over = seconds(draft.to_resolve_seconds);
    page.text(format!("{taken}; resolved (MTTR) after {over}, from the opening."));
}

fn values(page: &mut Document, rule: &RuleFacts) {
    page.heading(format!("The value and its bounds: {}", rule.alert));
    match (&rule.picture, &rule.not_measured) {
        (Some(picture), _) => page.add(Part::Picture(picture.clone())),
        (None, why) => {
            let why = why.as_deref().unwrap_or("no source was asked");
            page.text(Line::from("Not measured: ").said(why).ours("."));
        }
    }
    let Some((group, file)) = rule.group.as_ref().zip(rule.file.as_ref()) else {
        page.text("The rule is no longer in the configuration.");
        return;
    };
    let unit = rule.unit.as_ref().map(|unit| format!(" (in {unit})")).unwrap_or_default();
    let conditions =
        rule.conditions.iter().map(|(severity, condition)| Line::new().severity(severity).ours(": ").data(condition));
    let conditions: Vec<Line> = conditions.collect();
    let mut facts = vec![
        ("Rule", Line::new().data(&rule.alert).ours(", group ").data(group).ours(", in ").data(file)),
        ("Asks", Line::new().data(rule.expr.as_deref().unwrap_or_default()).ours(unit)),
    ];
    if !conditions.is_empty() {
        facts.push(("Fires", Line::joined(conditions, "; ")));
    }
    facts.push(("Runbook", rule.runbook.as_ref().map_or_else(|| "none".into(), |runbook| Line::new().link(runbook))));
    page.add(Part::Facts(facts));
}

fn causes(page: &mut Document, draft: &Postmortem) {
    page.heading("Causes");
    page.list(
        vec![
            Line::from("What broke: ").blank("the direct cause"),
            Line::from("Why it could: ")
                .blank("what made it possible; ask why until an answer is something that can be changed"),
            Line::from("What went well: ").blank("what kept it from being worse"),
            Line::from("Where we were lucky: ").blank("what might not be there the next time"),
        ],
        "",
    );
    page.heading("Open questions");
    let mut questions: Vec<Line> = draft.questions.iter().map(|question| Line::new().said(question)).collect();
    questions.push(Line::new().blank("what is still not understood"));
    page.list(questions, "");
}

fn actions(page: &mut Document) {
    page.heading("Actions to take");
    let mut table = Table::of(&["action", "kind", "who", "by when", "where it is tracked"]);
    for _ in 0..ACTIONS {
        table.row([
            Line::new().blank("what"),
            Line::new().blank("prevent · notice · mend"),
            Line::new().blank("one person"),
            Line::new().blank("a date"),
            Line::new().blank("a link"),
        ]);
    }
    page.table(table, "");
}

fn ending(page: &mut Document, draft: &Postmortem, clock: Clock<'_>) {
    page.heading("When it is written");
    match (&draft.review, draft.review_due) {
        (Some(link), _) => {
            page.text(
                Line::from("A review is linked already: ").link(link).ours(". What came later can be added as a note:"),
            );
            page.add(Part::Command(format!("watchbell incidents note INC-{} TEXT", draft.incident)));
            return;
        }
        (None, Some(due)) => page.text(format!("Link it by {}:", clock.whole(due.0))),
        (None, None) => page.text(
            "No review is asked for at this severity (`response: { …: { postmortem } }`), so that the service takes a link only \
             until it forgets the incident (`reopen_within`):",
        ),
    }
    page.add(Part::Command(format!("watchbell incidents review INC-{} LINK", draft.incident)));
}

fn more(page: &mut Document, rows: usize) {
    if rows > MOST_ROWS {
        page.text(format!("And {} more; `--format json` has them all.", rows - MOST_ROWS));
    }
}
