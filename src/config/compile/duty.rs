//! Response, stakeholders, remedies, heartbeats, routines, tokens.

use super::source::exclude;
use super::{Ground, names, reading};
use crate::config::settings::{
    Action, Dates, Deed, ExpectedHeartbeat, Heartbeats, Ping, Report, Response, Role, Routine, SentHeartbeat,
    SignedLinks, Stakeholders, Token,
};
use crate::config::written;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Name, Severity, Span};
use std::collections::BTreeMap;

const LINK_EXPIRES: Span = Span::from_hours(24);

/// The response procedure.
pub(super) fn response(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Severity, Response> {
    let written = ground.by_severity(&ground.written.response, findings);
    written.into_iter().map(|(severity, deadlines)| (severity, deadlines_of(deadlines, findings))).collect()
}

fn deadlines_of(written: &written::Response, findings: &mut Findings) -> Response {
    let mut read =
        |duration: &Option<written::Duration>| duration.as_ref().and_then(|span| reading::positive(span, findings));
    Response {
        acknowledge: read(&written.acknowledge),
        assess: read(&written.assess),
        communicate: read(&written.communicate),
        resolve: read(&written.resolve),
        postmortem: read(&written.postmortem),
    }
}

/// Who hears updates.
pub(super) fn stakeholders(ground: &Ground<'_>, findings: &mut Findings) -> Option<Stakeholders> {
    let written = ground.written.stakeholders.as_ref()?;
    let every = written.every.as_ref().and_then(|every| reading::positive(every, findings));
    Some(Stakeholders { notify: ground.targets(&written.notify, findings), every })
}

/// All remedies.
pub(super) fn actions(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Action> {
    let mut actions = BTreeMap::new();
    for (name, written) in &ground.written.actions {
        let given = names::given(name, findings);
        if let Some(action) = action(written, findings) {
            actions.insert(given, action);
        }
    }
    actions
}

fn action(written: &Spanned<written::Action>, findings: &mut Findings) -> Option<Action> {
    let action = &written.value;
    let within = reading::positive_or(action.within.as_ref(), Span::from_hours(1), findings);
    Some(Action {
        timeout: reading::positive_or(action.timeout.as_ref(), Span::from_secs(30), findings),
        max_runs: action.max_runs.unwrap_or(1),
        within,
        verify_within: action.verify_within.as_ref().and_then(|span| reading::positive(span, findings)),
        deed: deed(written, findings)?,
    })
}

fn deed(written: &Spanned<written::Action>, findings: &mut Findings) -> Option<Deed> {
    let action = &written.value;
    let webhook = action.webhook.as_ref().map(|webhook| ("webhook", webhook.place));
    exclude(&[webhook, action.exec.as_ref().map(|exec| ("exec", exec.place))], findings);
    if let Some(webhook) = &action.webhook {
        let environment = action.environment.iter().next().map(|(name, _)| ("environment", name.place));
        exclude(&[Some(("webhook", webhook.place)), environment], findings);
        let secret = webhook.value.secret.as_ref().map(reading::secret);
        return Some(Deed::Webhook { url: reading::secret_address(&webhook.value.url, findings), secret });
    }
    let Some(exec) = &action.exec else {
        findings
            .error(codes::WB114, "this action does nothing")
            .at(written.place, "neither `webhook` nor `exec` is here");
        return None;
    };
    let Some((program, arguments)) = exec.value.split_first().filter(|(program, _)| !program.as_str().is_empty())
    else {
        findings.error(codes::WB144, "`exec` names no program").at(exec.place, "empty");
        return None;
    };
    if program.as_str().contains("{{") {
        findings
            .error(codes::WB143, "the program of an action cannot be a template")
            .at(program.place(), "labels must not choose what is run")
            .help("templates may fill the arguments after it");
    }
    let environment = action.environment.iter();
    Some(Deed::Exec {
        program: program.as_str().into(),
        arguments: arguments.iter().map(|argument| argument.0.clone()).collect(),
        environment: environment.map(|(name, value)| (name.value.clone(), reading::secret_or_text(value))).collect(),
    })
}

/// Signs of life.
pub(super) fn heartbeats(ground: &Ground<'_>, findings: &mut Findings) -> Heartbeats {
    let Some(written) = &ground.written.heartbeats else { return Heartbeats::default() };
    let expected = written.expect.iter().map(|expected| (expected.alert.value.as_str(), expected.alert.place));
    names::unique(expected, "expected heartbeats", findings);
    Heartbeats {
        expect: written.expect.iter().filter_map(|expected| heartbeat(ground, expected, findings)).collect(),
        send: written.send.iter().map(|sent| sent_heartbeat(sent, findings)).collect(),
    }
}

fn heartbeat(
    ground: &Ground<'_>,
    written: &written::ExpectedHeartbeat,
    findings: &mut Findings,
) -> Option<ExpectedHeartbeat> {
    let within = reading::positive(&written.within, findings);
    let severity = written.severity.as_ref().map(|text| ground.severity(text, findings));
    let severity = severity.unwrap_or_else(|| Some(ground.severities.default_severity().clone()));
    Some(ExpectedHeartbeat { alert: written.alert.value.as_str().into(), within: within?, severity: severity? })
}

fn sent_heartbeat(written: &written::SentHeartbeat, findings: &mut Findings) -> SentHeartbeat {
    SentHeartbeat {
        ping: reading::secret_address(&written.ping, findings),
        method: match written.method {
            Some(written::Ping::Post) => Ping::Post,
            Some(written::Ping::Get) | None => Ping::Get,
        },
        every: reading::positive_or(written.every.as_ref(), Span::from_mins(1), findings),
    }
}

/// All routines.
pub(super) fn routines(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Routine> {
    let written = &ground.written.routines;
    names::unique(
        written.iter().map(|routine| (routine.name.value.as_str(), routine.name.place)),
        "routines",
        findings,
    );
    written.iter().filter_map(|routine| self::routine(ground, routine, findings)).collect()
}

fn routine(ground: &Ground<'_>, written: &written::Routine, findings: &mut Findings) -> Option<Routine> {
    let owner = ground.owner(&written.owner, findings);
    let at = reading::time(&written.every.value.at, findings);
    let severity = written.severity.as_ref().map(|text| ground.severity(text, findings));
    let lowest = || ground.severities.iter().last().cloned();
    no_step_of_a_path(&written.name, findings);
    let zone = written.timezone.as_ref().and_then(|zone| reading::zone(zone, findings));
    let routine = Routine {
        name: names::given(&written.name, findings),
        dates: dates(&written.every.value, findings),
        at: at?,
        timezone: zone.unwrap_or_else(|| ground.timezone.clone()),
        owner: owner?,
        notify: ground.targets(&written.notify, findings),
        due: reading::positive_or(written.due.as_ref(), Span::from_hours(24), findings),
        severity: severity.unwrap_or_else(lowest)?,
        report: written.report.map(report),
    };
    Some(routine)
}

/// A routine is ticked off at an address with its name in it, and every client takes these two for a way up.
fn no_step_of_a_path(name: &Spanned<String>, findings: &mut Findings) {
    if [".", ".."].contains(&name.value.as_str()) {
        findings
            .error(codes::WB105, format!("`{}` cannot be the name of a routine", name.value))
            .at(name.place, "an address with this in it leads elsewhere");
    }
}

fn dates(written: &written::Recurrence, findings: &mut Findings) -> Dates {
    let days = written.days.as_ref().map(|days| ("days", days.place));
    exclude(&[days, written.day.as_ref().map(|day| ("day", day.place))], findings);
    match written.day {
        Some(day) => Dates::Monthly(i8::try_from(day.value).unwrap_or(31).clamp(1, 31)),
        None => Dates::Weekly(reading::days(written.days.as_ref(), findings)),
    }
}

fn report(written: written::Report) -> Report {
    match written {
        written::Report::Daily => Report::Daily,
        written::Report::Weekly => Report::Weekly,
        written::Report::Monthly => Report::Monthly,
    }
}

/// All access tokens. One whose hash is none lets nobody in, but counts: where there is a token, nothing is open without one.
pub(super) fn tokens(ground: &Ground<'_>, findings: &mut Findings) -> Vec<Token> {
    let written = ground.written.access.iter().flat_map(|access| &access.tokens);
    names::unique(written.clone().map(|token| (token.name.value.as_str(), token.name.place)), "tokens", findings);
    written.map(|token| self::token(token, findings)).collect()
}

/// How links in messages are signed.
pub(super) fn links(ground: &Ground<'_>, findings: &mut Findings) -> Option<SignedLinks> {
    let access = ground.written.access.as_ref()?;
    let expire_after = reading::positive_or(access.link_expires.as_ref(), LINK_EXPIRES, findings);
    let Some(secret) = &access.link_secret else {
        if let Some(expires) = &access.link_expires {
            findings
                .error(codes::WB114, "`link_expires` needs a `link_secret`")
                .at(expires.place, "no link is signed, so none expires")
                .help("name the secret that links are signed with, as `link_secret: { env: WATCHBELL_LINK_SECRET }`");
        }
        return None;
    };
    Some(SignedLinks { secret: reading::secret(&secret.value), expire_after })
}

fn token(written: &written::Token, findings: &mut Findings) -> Token {
    let sha256 = hash(written.sha256.as_str());
    if sha256.is_none() {
        findings
            .warn(codes::WB140, format!("the token of `{}` lets nobody in", written.name.value))
            .at(written.sha256.place(), "expected 64 hexadecimal digits")
            .help("make one with `watchbell token`");
    }
    let role = match written.role {
        written::Role::Sender => Role::Sender,
        written::Role::Viewer => Role::Viewer,
        written::Role::Responder => Role::Responder,
        written::Role::Admin => Role::Admin,
    };
    Token { name: names::given(&written.name, findings), role, sha256 }
}

fn hash(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}
