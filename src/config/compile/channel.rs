//! Channels: one kind each, with all that this kind needs.

use super::names::What;
use super::source::{Proofs, exclude, tls};
use super::{Ground, chat, circle, names, reading};
use crate::config::settings::{Channel, ChannelKind, Format, Mailbox};
use crate::config::written::{self, AddressText, WebhookFormat};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::{Name, Span};
use reqwest::Url;
use std::collections::BTreeMap;

const SLACK_API: &str = "https://slack.com/api";
const PAGERDUTY_API: &str = "https://events.pagerduty.com";
const UPDATES_EVERY: Span = Span::from_mins(1);
const RESEND_EVERY: Span = Span::from_mins(1);
pub(super) const WEB: &[&str] = &["http", "https"];

/// All channels.
pub(super) fn channels(ground: &Ground<'_>, findings: &mut Findings) -> BTreeMap<Name, Channel> {
    fallback_circles(ground, findings);
    buttons_for_nobody(ground, findings);
    let mut channels = BTreeMap::new();
    for (name, written) in &ground.written.channels {
        let given = names::given(name, findings);
        if let Some(channel) = one(ground, written, name.place, findings) {
            channels.insert(given, channel);
        }
    }
    channels
}

fn one(
    ground: &Ground<'_>,
    written: &Spanned<written::Channel>,
    name: Place,
    findings: &mut Findings,
) -> Option<Channel> {
    let channel = &written.value;
    let fallback = channel.fallback.as_ref().and_then(|to| {
        let found = ground.find(What::Channel, to, findings)?;
        ground.needs_own_destination(&found, to.place(), findings);
        Some(found)
    });
    let kind = kind(channel, name, findings)?;
    // An Alertmanager is told what is, not woken: a change of severity that came late would be a wrong one.
    let usual = if matches!(kind, ChannelKind::Alertmanager { .. }) { Span::ZERO } else { UPDATES_EVERY };
    let updates_every = channel.updates.as_ref().map_or(usual, |updates| updates.every.value.0);
    Some(Channel { kind, fallback, updates_every })
}

fn kind(channel: &written::Channel, name: Place, findings: &mut Findings) -> Option<ChannelKind> {
    let kinds = [
        channel.slack.as_ref().map(|kind| ("slack", kind.place)),
        channel.pagerduty.as_ref().map(|kind| ("pagerduty", kind.place)),
        channel.webhook.as_ref().map(|kind| ("webhook", kind.place)),
        channel.alertmanager.as_ref().map(|kind| ("alertmanager", kind.place)),
        channel.email.as_ref().map(|kind| ("email", kind.place)),
        channel.teams.as_ref().map(|kind| ("teams", kind.place)),
        channel.discord.as_ref().map(|kind| ("discord", kind.place)),
        channel.telegram.as_ref().map(|kind| ("telegram", kind.place)),
        channel.mattermost.as_ref().map(|kind| ("mattermost", kind.place)),
        channel.opsgenie.as_ref().map(|kind| ("opsgenie", kind.place)),
        channel.incident_io.as_ref().map(|kind| ("incident_io", kind.place)),
    ];
    exclude(&kinds, findings);
    if let Some(written) = &channel.slack {
        return slack(written, findings);
    }
    if let Some(written) = &channel.pagerduty {
        return Some(ChannelKind::PagerDuty {
            routing_key: reading::secret(&written.value.routing_key),
            api_url: api_url(written.value.api_url.as_ref(), PAGERDUTY_API, findings),
            webhook_secret: written.value.webhook_secret.as_ref().map(reading::secret),
        });
    }
    if let Some(written) = &channel.webhook {
        return Some(webhook(&written.value, findings));
    }
    if let Some(written) = &channel.alertmanager {
        return Some(alertmanager(&written.value, findings));
    }
    if let Some(written) = &channel.email {
        return email(&written.value, findings);
    }
    if chat::is_one(channel) {
        return chat::kind(channel, findings);
    }
    findings
        .error(codes::WB114, "this channel is of no kind")
        .at(name, "it has none of the keys that say how people are reached")
        .help(
            "add `slack`, `pagerduty`, `webhook`, `alertmanager`, `email`, `teams`, `discord`, `telegram`, `mattermost`, \
             `opsgenie` or `incident_io`",
        );
    None
}

fn webhook(written: &written::Webhook, findings: &mut Findings) -> ChannelKind {
    let format = match written.format.as_ref().map(|format| format.value) {
        Some(WebhookFormat::Alertmanager) => Format::Alertmanager,
        Some(WebhookFormat::Standard) | None => Format::Standard,
    };
    // An Alertmanager signs nothing, and whoever reads its messages looks for no signature.
    if let (Format::Alertmanager, Some(secret), Some(format)) = (format, &written.secret, &written.format) {
        exclude(&[Some(("format: alertmanager", format.place)), Some(("secret", secret.place))], findings);
    }
    let secret = written.secret.as_ref().map(|secret| reading::secret(&secret.value));
    ChannelKind::Webhook { url: reading::secret_address(&written.url, findings), secret, format }
}

fn slack(written: &Spanned<written::Slack>, findings: &mut Findings) -> Option<ChannelKind> {
    let slack = &written.value;
    let url = slack.url.as_ref().map(|url| ("url", url.place));
    exclude(&[url, slack.token.as_ref().map(|token| ("token", token.place))], findings);
    if let Some(token) = &slack.token {
        return Some(ChannelKind::Slack {
            token: reading::secret(&token.value),
            to: slack.to.as_ref().map(|to| to.as_str().into()),
            api_url: api_url(slack.api_url.as_ref(), SLACK_API, findings),
            signing_secret: slack.signing_secret.as_ref().map(|secret| reading::secret(&secret.value)),
        });
    }
    let Some(url) = &slack.url else {
        findings
            .error(codes::WB114, "`slack` needs a `url` or a `token`")
            .at(written.place, "neither is here")
            .help("write `url:` for an incoming webhook, `token:` for a bot");
        return None;
    };
    // A webhook's conversation was chosen when it was made, and it takes no callbacks.
    let to = slack.to.as_ref().map(|to| ("to", to.place()));
    let api_url = slack.api_url.as_ref().map(|address| ("api_url", address.place()));
    let signing_secret = slack.signing_secret.as_ref().map(|secret| ("signing_secret", secret.place));
    for key in [to, api_url, signing_secret].into_iter().flatten() {
        exclude(&[Some(("url", url.place)), Some(key)], findings);
    }
    Some(ChannelKind::SlackWebhook { url: reading::secret_address(url, findings) })
}

pub(super) fn api_url(written: Option<&AddressText>, usual: &str, findings: &mut Findings) -> String {
    written.and_then(|url| reading::address(url, WEB, findings)).unwrap_or_else(|| usual.into())
}

fn alertmanager(written: &written::Alertmanager, findings: &mut Findings) -> ChannelKind {
    names::each_once(written.urls.iter().map(|url| (url.as_str(), url.place())), findings);
    let proofs = Proofs { basic: &written.basic_auth, bearer: &written.bearer_token, oauth2: &written.oauth2 };
    ChannelKind::Alertmanager {
        urls: written.urls.iter().filter_map(|url| reading::address(url, WEB, findings)).collect(),
        auth: proofs.auth(findings),
        tls: tls(written.tls.as_ref(), findings),
        resend_every: resend_every(written.resend_every.as_ref(), findings),
    }
}

/// As often as Prometheus does where nothing is said. More often than we look would let alerts expire between.
fn resend_every(written: Option<&written::Duration>, findings: &mut Findings) -> Span {
    let Some(written) = written else { return RESEND_EVERY };
    if written.value.0 < Span::from_secs(1) {
        findings
            .error(codes::WB108, "this duration has to be a second or longer")
            .at(written.place, "alerts are not resent more often");
    }
    written.value.0
}

fn email(written: &written::Email, findings: &mut Findings) -> Option<ChannelKind> {
    names::each_once(written.to.iter().map(|to| (to.as_str(), to.place())), findings);
    let to = written.to.iter().filter_map(|address| mailbox(address, findings)).collect();
    let from = mailbox(&written.from, findings);
    let proofs = Proofs { basic: &written.basic_auth, bearer: &None, oauth2: &None };
    Some(ChannelKind::Email {
        smtp: mail_server(&written.smtp, findings).unwrap_or_default(),
        auth: proofs.auth(findings),
        tls: tls(written.tls.as_ref(), findings),
        from: from?,
        to,
    })
}

/// A mail server: a host, perhaps with a port. What else an address may hold would be dropped in silence, a login above all.
fn mail_server(text: &written::AddressText, findings: &mut Findings) -> Option<String> {
    let address = reading::address(text, &["smtp", "smtps"], findings)?;
    let url = Url::parse(&address);
    let wrong = match &url {
        Err(why) => Some((why.to_string(), "write for example `smtp://mail.example.org:587`")),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let help = "write it beside the address: `basic_auth: { username: NAME, password: { env: VARIABLE } }`";
            Some(("a login is not taken from an address".into(), help))
        }
        Ok(url) if url.path().len() > 1 || url.query().is_some() || url.fragment().is_some() => {
            Some(("a mail server has neither path nor query".into(), "end it after the host, or after the port"))
        }
        Ok(url) if url.port() == Some(0) => {
            Some(("nobody listens on port 0".into(), "587 and 465 are usual, and meant where none is written"))
        }
        Ok(_) => None,
    };
    let Some((what, help)) = wrong else { return Some(address) };
    findings.error(codes::WB109, "this is not the address of a mail server").at(text.place(), what).help(help);
    None
}

/// A mail address.
fn mailbox(text: &written::PlainText, findings: &mut Findings) -> Option<Mailbox> {
    let mailbox = Mailbox::read(text.as_str());
    if mailbox.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is not a mail address", text.as_str()))
            .at(text.place(), "expected `name@host`");
    }
    mailbox
}

fn fallback_circles(ground: &Ground<'_>, findings: &mut Findings) {
    let channels: Vec<_> = ground.written.channels.iter().collect();
    let position = |name: &str| channels.iter().position(|(known, _)| known.value == name);
    let fallback = |at: usize| channels[at].1.value.fallback.as_ref();
    let next = |at: usize| fallback(at).and_then(|to| position(to.as_str())).into_iter().collect();
    for way in circle::circles(channels.len(), next) {
        let names: Vec<&str> = way.iter().chain(&way[..1]).map(|at| channels[*at].0.value.as_str()).collect();
        let Some(place) = fallback(way[0]).map(written::NameText::place) else { continue };
        findings
            .error(codes::WB118, format!("fallbacks go in a circle: {}", names.join(" → ")))
            .at(place, "leads back here")
            .help("the last resort has no fallback");
    }
}

/// Tells where messages would have buttons that nobody may press: a person is known by the Slack user of their `reach`.
fn buttons_for_nobody(ground: &Ground<'_>, findings: &mut Findings) {
    let bot =
        |name: &str| ground.written_kind(name).and_then(|channel| channel.slack.as_ref()).map(|slack| &slack.value);
    let reaches = ground.written.responders.iter().flat_map(|(_, person)| &person.reach);
    let reaches: Vec<_> =
        reaches.filter(|reach| reach.to.is_some()).filter_map(|reach| bot(reach.via.as_str())).collect();
    for (name, channel) in &ground.written.channels {
        let Some(slack) = channel.value.slack.as_ref().map(|slack| &slack.value) else { continue };
        let (Some(secret), Some(token)) = (&slack.signing_secret, &slack.token) else { continue };
        let is_same_app =
            |other: &&written::Slack| other.token.as_ref().is_some_and(|other| other.value == token.value);
        if !reaches.iter().any(is_same_app) {
            findings
                .warn(codes::WB146, format!("nobody may press the buttons of `{}`", name.value))
                .at(secret.place, "messages have buttons because of this")
                .help(format!("say who is who, as `reach: [{{ via: {}, to: U012AB3CD }}]` of a responder", name.value));
        }
    }
}

impl Ground<'_> {
    fn written_kind(&self, channel: &str) -> Option<&written::Channel> {
        self.written.channels.get(channel).map(|channel| &channel.value)
    }

    /// Tells where a message to `channel` alone would not know to whom.
    pub(super) fn needs_own_destination(&self, channel: &str, place: Place, findings: &mut Findings) {
        let Some(written) = self.written_kind(channel) else { return };
        let slack = written.slack.as_ref().is_some_and(|slack| slack.value.token.is_some() && slack.value.to.is_none());
        let email = written.email.as_ref().is_some_and(|email| email.value.to.is_empty());
        if slack || email || chat::wants_a_destination(written) {
            findings
                .error(codes::WB116, format!("the channel `{channel}` has no destination of its own"))
                .at(place, "to whom in it?")
                .help("give the channel a `to`, or name a person who is reached through it");
        }
    }

    /// Tells where `to` means nothing to `channel`.
    pub(super) fn takes_no_destination(&self, channel: &str, to: &written::PlainText, findings: &mut Findings) {
        let Some(written) = self.written_kind(channel) else { return };
        let slack = written.slack.as_ref().is_some_and(|slack| slack.value.token.is_some());
        if written.email.is_some() {
            let _told = mailbox(to, findings);
        } else if !slack && !chat::takes_a_destination(written, to, findings) {
            findings
                .warn(codes::WB117, format!("the channel `{channel}` takes no destination"))
                .at(to.place(), "this is not used")
                .help("delete `to`; the channel itself says where messages go");
        }
    }
}
