//! The service configuration, name by name and key by key.
//!
//! Each named thing is taken apart into its keys, each with one line of text. What is different although no line is, is said
//! to be so: a secret that is written in the file, above all.

use super::{Item, words};
use crate::calendar::{Dates, Step, Window};
use crate::config::{
    Action, Auth, Channel, ChannelKind, Deed, Escalation, Format, Inhibit, Ladder, Layer, Maintenance, Policy,
    QuietHours, Reach, Resolve, Responder, Response, Routine, Schedule, Settings, Silence, Source, Store, Tls, Token,
};
use crate::model::{Name, Severity, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The keys of one thing, with a line of text each.
type Keys = Vec<(String, String)>;

/// What is different between two configurations.
pub(super) fn changes(before: &Settings, after: &Settings) -> Vec<Item> {
    let mut items = Vec::new();
    let by_severity = |of: &BTreeMap<Severity, Response>| -> BTreeMap<Name, Response> {
        of.iter().map(|(severity, response)| (severity.name().clone(), *response)).collect()
    };
    items.extend(Item::texts("severities, highest first", order(before), order(after)));
    if order(before) == order(after) && before.severities != after.severities {
        items.extend(Item::texts("severities", "aliases or default as they were", "others"));
    }
    things("sources", &before.sources, &after.sources, source, &mut items);
    things("policies", &before.policies, &after.policies, policy, &mut items);
    items.extend(lines("routes", &routes(before), &routes(after)));
    things("channels", &before.channels, &after.channels, channel, &mut items);
    things("responders", &before.responders, &after.responders, responder, &mut items);
    things("contacts", &before.contacts, &after.contacts, |reach| one("reach", &reaches(reach)), &mut items);
    things("teams", &before.teams, &after.teams, |names| one("members", &words::names(names)), &mut items);
    things("schedules", &before.schedules, &after.schedules, schedule, &mut items);
    things("silences", &silences(before), &silences(after), silence, &mut items);
    things("maintenance", &maintenance(before), &maintenance(after), window_of, &mut items);
    items.extend(lines("inhibit", &inhibitions(before), &inhibitions(after)));
    things("response", &by_severity(&before.response), &by_severity(&after.response), response, &mut items);
    things("actions", &before.actions, &after.actions, action, &mut items);
    things("routines", &routines(before), &routines(after), routine, &mut items);
    things("access.tokens", &tokens(before), &tokens(after), |token| one("role", token.role.word()), &mut items);
    items.extend(lines("heartbeats.expect", &expected(before), &expected(after)));
    items.extend(lines("heartbeats.send", &sent(before), &sent(after)));
    things("", &single(before), &single(after), whole, &mut items);
    items
}

/// Named things of one kind: those that are new, gone, or different.
fn things<T: PartialEq>(
    head: &str,
    before: &BTreeMap<Name, T>,
    after: &BTreeMap<Name, T>,
    keys: impl Fn(&T) -> Keys,
    items: &mut Vec<Item>,
) {
    let summary = |thing: &T| {
        let keys: Vec<String> = keys(thing).into_iter().map(|(key, text)| format!("{key}: {text}")).collect();
        if keys.is_empty() { "given".into() } else { keys.join("; ") }
    };
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    for name in after.keys().chain(gone) {
        let subject = match &**name {
            "" => String::new(),
            covers if covers.starts_with('[') => format!("{head}{covers}"),
            name => format!("{head}.{name}"),
        };
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old != new => items.extend(inside(&subject, keys(old), keys(new))),
            (Some(_), Some(_)) | (None, None) => {}
            (old, new) => items.extend(Item::of(subject, old.map(summary), new.map(summary))),
        }
    }
}

fn inside(subject: &str, before: Keys, after: Keys) -> Vec<Item> {
    let find = |keys: &Keys, key: &str| keys.iter().find(|(known, _)| known == key).map(|(_, text)| text.clone());
    let gone = before.iter().filter(|(key, _)| find(&after, key).is_none());
    let path = |key: &str| if subject.is_empty() { key.to_owned() } else { format!("{subject}.{key}") };
    let keys = after.iter().chain(gone).map(|(key, _)| key);
    let items: Vec<Item> = keys.filter_map(|key| Item::of(path(key), find(&before, key), find(&after, key))).collect();
    if !items.is_empty() {
        return items;
    }
    let subject = if subject.is_empty() { "the configuration" } else { subject };
    let (before, after) = (Some("a value that is not shown".into()), Some("another one".into()));
    vec![Item { subject: subject.into(), before, after, effect: None }]
}

/// A list in which order counts, or whose lines have no names: what left it and what came, with its place.
fn lines(head: &str, before: &[String], after: &[String]) -> Vec<Item> {
    let mut items = Vec::new();
    for change in similar::TextDiff::from_slices(
        &before.iter().map(String::as_str).collect::<Vec<_>>(),
        &after.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .iter_all_changes()
    {
        let at = |index: Option<usize>| format!("{head}[{}]", index.map_or(0, |index| index + 1));
        let text = Some(change.value().to_owned());
        items.extend(match change.tag() {
            similar::ChangeTag::Equal => None,
            similar::ChangeTag::Delete => Item::of(at(change.old_index()), text, None),
            similar::ChangeTag::Insert => Item::of(at(change.new_index()), None, text),
        });
    }
    items
}

fn one(key: &str, text: &str) -> Keys {
    if text.is_empty() { Vec::new() } else { vec![(key.to_owned(), text.to_owned())] }
}

fn keys<const N: usize>(pairs: [(&str, Option<String>); N]) -> Keys {
    pairs.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in lists in which others may be absent")]
fn span(span: Span) -> Option<String> {
    Some(words::span(span))
}

fn order(settings: &Settings) -> String {
    words::list(settings.severities.iter())
}

fn source(source: &Source) -> Keys {
    let mut all = keys([
        ("url", Some(source.url.clone())),
        ("timeout", span(source.timeout)),
        ("max_concurrent_queries", Some(source.max_concurrent_queries.to_string())),
    ]);
    all.extend(auth(&source.auth));
    all.extend(source.headers.iter().map(|(name, value)| (format!("headers.{name}"), format!("{value:?}"))));
    all.extend(tls(&source.tls));
    all
}

/// Who we are to a server. A secret's debug text says where it is found, as the configuration does, and never what it is.
fn auth(auth: &Auth) -> Keys {
    match auth {
        Auth::None => Vec::new(),
        Auth::Basic { username, password } => keys([
            ("basic_auth.username", Some(username.clone())),
            ("basic_auth.password", Some(format!("{password:?}"))),
        ]),
        Auth::Bearer(token) => keys([("bearer_token", Some(format!("{token:?}")))]),
        Auth::OAuth2 { client_id, client_secret, token_url, scopes } => keys([
            ("oauth2.client_id", Some(client_id.clone())),
            ("oauth2.client_secret", Some(format!("{client_secret:?}"))),
            ("oauth2.token_url", Some(token_url.clone())),
            ("oauth2.scopes", (!scopes.is_empty()).then(|| words::list(scopes))),
        ]),
    }
}

fn tls(tls: &Tls) -> Keys {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    keys([
        ("tls.ca_file", path(&tls.ca_file)),
        ("tls.cert_file", path(&tls.cert_file)),
        ("tls.key_file", path(&tls.key_file)),
        ("tls.server_name", tls.server_name.clone()),
        ("tls.insecure_skip_verify", tls.insecure_skip_verify.then(|| "true".to_owned())),
    ])
}

fn policy(policy: &Policy) -> Keys {
    let mut all = keys([
        ("group_by", Some(words::names(&policy.group_by))),
        ("update_every", span(policy.update_every)),
        ("reopen_within", span(policy.reopen_within)),
        ("catch_up", span(policy.catch_up)),
    ]);
    for (severity, escalation) in policy.matrix.iter().rev() {
        all.push((severity.to_string(), words::escalation(escalation)));
        let ladder = match escalation {
            Escalation::Ladder(ladder) => ladder,
            Escalation::Digest(digest) => {
                let stale = digest.stale_after.map(|count| count.to_string());
                all.extend(stale.map(|count| (format!("{severity}.stale_after"), count)));
                all.push((format!("{severity}.then"), words::escalation(&Escalation::Ladder(digest.matrix.clone()))));
                &digest.matrix
            }
            Escalation::Nobody => continue,
        };
        all.extend(self::ladder(ladder).into_iter().map(|(key, text)| (format!("{severity}.{key}"), text)));
    }
    all
}

fn ladder(ladder: &Ladder) -> Keys {
    let resolve = match ladder.resolve {
        Resolve::Auto => "auto",
        Resolve::Acknowledged => "acknowledged",
        Resolve::Manual => "manual",
    };
    // A level without a name is called by its number, which the levels themselves say already.
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let names = ladder.levels.iter().map(|level| level.name.to_string()).filter(|name| !is_number(name));
    let names = words::list(names);
    let actions = ladder.levels.iter().filter(|level| level.actions).map(|level| level.name.to_string());
    let actions = words::list(actions);
    keys([
        ("wait", span(ladder.wait)),
        ("level names", (!names.is_empty()).then_some(names)),
        ("actions at", (!actions.is_empty()).then_some(actions)),
        ("ack_expires", ladder.ack_expires.map(words::span)),
        ("resolve", Some(resolve.into())),
    ])
}

fn routes(settings: &Settings) -> Vec<String> {
    let line = |route: &crate::config::Route| match route.matchers.to_string() {
        everything if everything.is_empty() => format!("everything → {}", route.policy),
        matchers => format!("{matchers} → {}", route.policy),
    };
    settings.routes.iter().map(line).collect()
}

fn channel(channel: &Channel) -> Keys {
    let own = match &channel.kind {
        ChannelKind::SlackWebhook { url } | ChannelKind::Teams { url } | ChannelKind::Discord { url } => {
            keys([("url", Some(format!("{url:?}")))])
        }
        ChannelKind::MattermostWebhook { url, to } => {
            keys([("url", Some(format!("{url:?}"))), ("to", to.as_ref().map(ToString::to_string))])
        }
        ChannelKind::Telegram { token, to, api_url } => keys([
            ("token", Some(format!("{token:?}"))),
            ("to", to.as_ref().map(ToString::to_string)),
            ("api_url", Some(api_url.clone())),
        ]),
        ChannelKind::Mattermost { token, to, api_url } => keys([
            ("token", Some(format!("{token:?}"))),
            ("to", to.as_ref().map(ToString::to_string)),
            ("api_url", Some(api_url.clone())),
        ]),
        ChannelKind::Opsgenie { api_key, to, api_url } => keys([
            ("api_key", Some(format!("{api_key:?}"))),
            ("to", to.as_ref().map(ToString::to_string)),
            ("api_url", Some(api_url.clone())),
        ]),
        ChannelKind::IncidentIo { url, token } => {
            keys([("url", Some(format!("{url:?}"))), ("token", Some(format!("{token:?}")))])
        }
        ChannelKind::Slack { token, to, api_url, signing_secret } => keys([
            ("token", Some(format!("{token:?}"))),
            ("to", to.as_ref().map(ToString::to_string)),
            ("api_url", Some(api_url.clone())),
            ("signing_secret", signing_secret.as_ref().map(|secret| format!("{secret:?}"))),
        ]),
        ChannelKind::PagerDuty { routing_key, api_url, webhook_secret } => keys([
            ("routing_key", Some(format!("{routing_key:?}"))),
            ("api_url", Some(api_url.clone())),
            ("webhook_secret", webhook_secret.as_ref().map(|secret| format!("{secret:?}"))),
        ]),
        ChannelKind::Webhook { url, secret, format } => keys([
            ("url", Some(format!("{url:?}"))),
            ("secret", secret.as_ref().map(|secret| format!("{secret:?}"))),
            ("format", (*format == Format::Alertmanager).then(|| "alertmanager".to_owned())),
        ]),
        ChannelKind::Alertmanager { urls, auth, tls, resend_every } => {
            let own = keys([("urls", Some(words::list(urls))), ("resend_every", span(*resend_every))]);
            [own, self::auth(auth), self::tls(tls)].concat()
        }
        ChannelKind::Email { smtp, from, to, auth, tls } => {
            let own = keys([
                ("smtp", Some(smtp.clone())),
                ("from", Some(from.to_string())),
                ("to", (!to.is_empty()).then(|| words::list(to))),
            ]);
            [own, self::auth(auth), self::tls(tls)].concat()
        }
    };
    let mut all = vec![("kind".to_owned(), channel.kind.word().to_owned())];
    all.extend(own);
    all.extend(keys([
        ("fallback", channel.fallback.as_ref().map(ToString::to_string)),
        ("updates every", span(channel.updates_every)),
    ]));
    all
}

fn reaches(reach: &[Reach]) -> String {
    let one = |reach: &Reach| {
        let to = reach.to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
        let after = if reach.after.is_zero() { String::new() } else { format!(" after {}", words::span(reach.after)) };
        format!("{}{to}{after}", reach.via)
    };
    words::list(reach.iter().map(one))
}

fn responder(responder: &Responder) -> Keys {
    let quiet = |hours: &QuietHours| format!("{} to {} below {}", time(hours.from), time(hours.to), hours.below);
    keys([
        ("timezone", Some(responder.timezone.to_string())),
        ("reach", Some(reaches(&responder.reach))),
        ("quiet_hours", responder.quiet_hours.as_ref().map(quiet)),
    ])
}

fn time(time: jiff::civil::Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn schedule(schedule: &Schedule) -> Keys {
    let mut all = keys([("timezone", Some(schedule.timezone.to_string()))]);
    for (index, layer) in schedule.layers.iter().enumerate() {
        all.extend(self::layer(layer).into_iter().map(|(key, text)| (format!("layers[{}].{key}", index + 1), text)));
    }
    for change in &schedule.overrides {
        let instead = change.replace.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        let text = format!("{}{instead}", change.responder);
        all.push((format!("overrides[{} to {}]", change.from, change.to), text));
    }
    all
}

fn layer(layer: &Layer) -> Keys {
    let every = match layer.rotation.every {
        Step::Hours(hours) => format!("{hours}h"),
        Step::Days(days) => format!("{days}d"),
        Step::Months(months) => format!("{months}mo"),
    };
    keys([
        ("responders", Some(words::names(&layer.rotation.responders))),
        ("every", Some(every)),
        ("from", Some(layer.rotation.from.to_string())),
        ("effective_from", layer.rotation.effective_from.map(|from| from.to_string())),
        ("during", layer.during.as_ref().map(window)),
    ])
}

fn window(window: &Window) -> String {
    format!("{} {} to {}", days(&window.days), time(window.from), time(window.to))
}

fn days(days: &[jiff::civil::Weekday]) -> String {
    words::list(days.iter().map(|day| format!("{day:?}").to_lowercase().chars().take(3).collect::<String>()))
}

/// Things without a name of their own are known by whom they cover; several that cover the same, by their number.
fn by_matchers<T: Clone>(all: &[T], name: impl Fn(&T) -> String) -> BTreeMap<Name, T> {
    let mut named: BTreeMap<Name, T> = BTreeMap::new();
    for thing in all {
        let name = name(thing);
        let numbers = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name} ({number})")));
        let free = numbers.map(Name::from).find(|name| !named.contains_key(name));
        named.extend(free.map(|name| (name, thing.clone())));
    }
    named
}

fn silences(settings: &Settings) -> BTreeMap<Name, Silence> {
    by_matchers(&settings.silences, |silence| format!("[{}]", silence.matchers))
}

fn silence(silence: &Silence) -> Keys {
    keys([
        ("from", silence.from.map(|from| from.to_string())),
        ("until", Some(silence.until.to_string())),
        ("owner", Some(silence.owner.to_string())),
        ("reason", Some(silence.reason.clone())),
    ])
}

fn maintenance(settings: &Settings) -> BTreeMap<Name, Maintenance> {
    by_matchers(&settings.maintenance, |maintenance| format!("[{}]", maintenance.matchers))
}

fn window_of(maintenance: &Maintenance) -> Keys {
    keys([
        ("every", Some(format!("{} ({})", window(&maintenance.every), maintenance.timezone))),
        ("reason", Some(maintenance.reason.clone())),
    ])
}

fn inhibitions(settings: &Settings) -> Vec<String> {
    let line = |inhibit: &Inhibit| {
        let equal =
            if inhibit.equal.is_empty() { String::new() } else { format!(", equal {}", words::names(&inhibit.equal)) };
        format!("{} holds back {}{equal}", inhibit.source, inhibit.target)
    };
    settings.inhibit.iter().map(line).collect()
}

fn response(response: &Response) -> Keys {
    keys([
        ("acknowledge", response.acknowledge.map(words::span)),
        ("assess", response.assess.map(words::span)),
        ("communicate", response.communicate.map(words::span)),
        ("resolve", response.resolve.map(words::span)),
        ("postmortem", response.postmortem.map(words::span)),
    ])
}

fn action(action: &Action) -> Keys {
    let deed = match &action.deed {
        Deed::Webhook { url, .. } => format!("webhook {url:?}"),
        Deed::Exec { program, arguments, environment } => {
            let arguments = arguments.iter().map(|argument| argument.value.to_string());
            let names = environment.iter().map(|(name, _)| name);
            format!("exec {program} [{}] environment [{}]", words::list(arguments), words::list(names))
        }
    };
    keys([
        ("deed", Some(deed)),
        ("timeout", span(action.timeout)),
        ("max_runs", Some(format!("{} within {}", action.max_runs, words::span(action.within)))),
        ("verify_within", action.verify_within.map(words::span)),
    ])
}

fn routines(settings: &Settings) -> BTreeMap<Name, Routine> {
    settings.routines.iter().map(|routine| (routine.name.clone(), routine.clone())).collect()
}

fn routine(routine: &Routine) -> Keys {
    let dates = match &routine.dates {
        Dates::Weekly(weekdays) => days(weekdays),
        Dates::Monthly(day) => format!("day {day} of the month"),
    };
    keys([
        ("every", Some(format!("{dates} at {} ({})", time(routine.at), routine.timezone))),
        ("owner", Some(routine.owner.to_string())),
        ("notify", Some(words::list(&routine.notify))),
        ("due", span(routine.due)),
        ("severity", Some(routine.severity.to_string())),
        ("report", routine.report.map(|report| format!("{report:?}").to_lowercase())),
    ])
}

fn tokens(settings: &Settings) -> BTreeMap<Name, Token> {
    settings.tokens.iter().map(|token| (token.name.clone(), token.clone())).collect()
}

fn expected(settings: &Settings) -> Vec<String> {
    let expected = settings.heartbeats.expect.iter();
    expected.map(|it| format!("{} within {} as {}", it.alert, words::span(it.within), it.severity)).collect()
}

fn sent(settings: &Settings) -> Vec<String> {
    settings.heartbeats.send.iter().map(|it| format!("{:?} every {}", it.ping, words::span(it.every))).collect()
}

/// What stands by itself, as one thing without a name. What has names was compared above and is left out here.
fn single(settings: &Settings) -> BTreeMap<Name, Settings> {
    let rest = Settings {
        sources: BTreeMap::new(),
        severities: Settings::default().severities,
        policies: BTreeMap::new(),
        routes: Vec::new(),
        channels: BTreeMap::new(),
        responders: BTreeMap::new(),
        contacts: BTreeMap::new(),
        teams: BTreeMap::new(),
        schedules: BTreeMap::new(),
        silences: Vec::new(),
        maintenance: Vec::new(),
        inhibit: Vec::new(),
        response: BTreeMap::new(),
        actions: BTreeMap::new(),
        routines: Vec::new(),
        tokens: Vec::new(),
        heartbeats: crate::config::Heartbeats::default(),
        ..settings.clone()
    };
    BTreeMap::from([(Name::from(""), rest)])
}

fn whole(settings: &Settings) -> Keys {
    let pages = settings.budgets.pages_per_rule_per_week.map(|pages| pages.to_string());
    let (sqlite, postgres) = match &settings.store {
        Store::Sqlite(path) => (Some(path.display().to_string()), None),
        Store::Postgres(url) => (None, Some(format!("{url:?}"))),
    };
    let told = settings.stakeholders.as_ref().map(|it| {
        let every = it.every.map(|every| format!(" every {}", words::span(every))).unwrap_or_default();
        format!("{}{every}", words::list(&it.notify))
    });
    keys([
        ("default source", Some(settings.default_source.to_string())),
        ("remote_write", settings.remote_write.as_ref().map(|write| write.url.clone())),
        ("rules", Some(settings.rules.join(", "))),
        ("timezone", Some(settings.timezone.to_string())),
        ("external_url", Some(settings.external_url.clone())),
        ("external_labels", Some(settings.external_labels.to_string())),
        ("store.sqlite", sqlite),
        ("store.postgres", postgres),
        ("retention.incidents", span(settings.retention.incidents)),
        ("retention.events", span(settings.retention.events)),
        ("listen", Some(settings.listen.clone())),
        ("rule_failure_after", span(settings.rule_failure_after)),
        ("history_max_samples", Some(settings.history_max_samples.to_string())),
        ("sentry", settings.sentry.as_ref().map(|sentry| format!("{:?}", sentry.dsn))),
        ("stakeholders", told),
        ("inhibit_wait", span(settings.inhibit_wait)),
        ("flapping", settings.flapping.map(|it| format!("{} changes within {}", it.changes, words::span(it.within)))),
        ("budgets.pages_per_rule_per_week", pages),
        ("links", settings.links.as_ref().map(|it| format!("signed, for {}", words::span(it.expire_after)))),
    ])
}
