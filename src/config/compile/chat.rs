//! The channels of chats and pagers that are told by an address or a token, and whom a destination may name in each.

use super::channel::{WEB, api_url};
use super::reading;
use super::source::exclude;
use crate::config::settings::{ChannelKind, Chat, OpsgenieResponder, is_mattermost_id};
use crate::config::written::{self, PlainText, SecretOrText};
use crate::diagnostics::{Findings, Spanned, codes};

const TELEGRAM_API: &str = "https://api.telegram.org";
const OPSGENIE_API: &str = "https://api.opsgenie.com";

/// Whether `channel` is one of these.
pub(super) fn is_one(channel: &written::Channel) -> bool {
    channel.teams.is_some()
        || channel.discord.is_some()
        || channel.telegram.is_some()
        || channel.mattermost.is_some()
        || channel.opsgenie.is_some()
        || channel.incident_io.is_some()
}

/// The kind of `channel`, where it is one of these and can be built.
pub(super) fn kind(channel: &written::Channel, findings: &mut Findings) -> Option<ChannelKind> {
    if let Some(teams) = &channel.teams {
        no_connector(&teams.value.url, findings);
        return Some(ChannelKind::Teams { url: reading::secret_address(&teams.value.url, findings) });
    }
    if let Some(discord) = &channel.discord {
        return Some(ChannelKind::Discord { url: reading::secret_address(&discord.value.url, findings) });
    }
    if let Some(written) = &channel.telegram {
        return Some(telegram(&written.value, findings));
    }
    if let Some(written) = &channel.mattermost {
        return mattermost(written, findings);
    }
    if let Some(written) = &channel.opsgenie {
        return Some(opsgenie(&written.value, findings));
    }
    let source = &channel.incident_io.as_ref()?.value;
    let url = reading::secret_address(&source.url, findings);
    Some(ChannelKind::IncidentIo { url, token: reading::secret(&source.token) })
}

/// The hosts of what Microsoft has retired in favour of workflows; tenants have names of their own before the first of them.
/// <https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/>
const CONNECTORS: [&str; 3] = ["webhook.office.com", "outlook.office.com", "outlook.office365.com"];

/// Tells where the address of a workflow is that of a connector. One that is a secret is not looked at.
fn no_connector(url: &Spanned<SecretOrText>, findings: &mut Findings) {
    let SecretOrText::Text(text) = &url.value else { return };
    let host = reading::host(text).to_ascii_lowercase();
    let is_one = |known: &&str| host == **known || host.strip_suffix(*known).is_some_and(|rest| rest.ends_with('.'));
    if CONNECTORS.iter().any(is_one) {
        findings
            .warn(codes::WB155, "this is the address of a connector, and Microsoft has retired those")
            .at(url.place, "nothing that is sent here arrives")
            .help(
                "make a workflow `Post to a channel when a webhook request is received` in Teams, and take its address",
            );
    }
}

fn telegram(written: &written::Telegram, findings: &mut Findings) -> ChannelKind {
    ChannelKind::Telegram {
        token: reading::secret(&written.token),
        to: written.to.as_ref().and_then(|to| chat(to, findings)),
        api_url: api_url(written.api_url.as_ref(), TELEGRAM_API, findings),
    }
}

fn mattermost(written: &Spanned<written::Mattermost>, findings: &mut Findings) -> Option<ChannelKind> {
    let mattermost = &written.value;
    let url = mattermost.url.as_ref().map(|url| ("url", url.place));
    exclude(&[url, mattermost.token.as_ref().map(|token| ("token", token.place))], findings);
    let to = mattermost.to.as_ref();
    if let Some(token) = &mattermost.token {
        let Some(server) = &mattermost.api_url else {
            findings
                .error(codes::WB114, "`mattermost` with a `token` needs the `api_url` of its server")
                .at(written.place, "it is not here")
                .help("write `api_url: https://mattermost.example.org`");
            return None;
        };
        return Some(ChannelKind::Mattermost {
            token: reading::secret(&token.value),
            to: to.filter(|to| channel_id(to, findings)).map(|to| to.as_str().into()),
            api_url: reading::address(server, WEB, findings).unwrap_or_default(),
        });
    }
    let Some(url) = &mattermost.url else {
        findings
            .error(codes::WB114, "`mattermost` needs a `url` or a `token`")
            .at(written.place, "neither is here")
            .help("write `url:` for an incoming webhook, `token:` for a bot");
        return None;
    };
    let server = mattermost.api_url.as_ref().map(|address| ("api_url", address.place()));
    exclude(&[Some(("url", url.place)), server], findings);
    let url = reading::secret_address(url, findings);
    Some(ChannelKind::MattermostWebhook { url, to: to.map(|to| to.as_str().into()) })
}

fn opsgenie(written: &written::Opsgenie, findings: &mut Findings) -> ChannelKind {
    ChannelKind::Opsgenie {
        api_key: reading::secret(&written.api_key),
        to: written.to.as_ref().and_then(|to| responder(to, findings)),
        api_url: api_url(written.api_url.as_ref(), OPSGENIE_API, findings),
    }
}

/// Whether a message to it alone would not know to whom.
pub(super) fn wants_a_destination(written: &written::Channel) -> bool {
    let telegram = written.telegram.as_ref().is_some_and(|telegram| telegram.value.to.is_none());
    let bot = |kind: &written::Mattermost| kind.token.is_some() && kind.to.is_none();
    telegram || written.mattermost.as_ref().is_some_and(|mattermost| bot(&mattermost.value))
}

/// Whether a destination may name somebody in it; tells where `to` is nobody there.
pub(super) fn takes_a_destination(written: &written::Channel, to: &PlainText, findings: &mut Findings) -> bool {
    if written.telegram.is_some() {
        let _told = chat(to, findings);
    } else if written.opsgenie.is_some() {
        let _told = responder(to, findings);
    } else if written.mattermost.as_ref().is_some_and(|mattermost| mattermost.value.token.is_some()) {
        let _told = channel_id(to, findings);
    }
    written.telegram.is_some() || written.opsgenie.is_some() || written.mattermost.is_some()
}

fn chat(to: &PlainText, findings: &mut Findings) -> Option<Chat> {
    let chat = Chat::read(to.as_str());
    if chat.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is not a chat of Telegram", to.as_str()))
            .at(to.place(), "expected the id of a chat or `@name`")
            .help("a group's id is negative, as `\"-1001234567890\"`; a topic of it follows as `/42`");
    }
    chat
}

fn responder(to: &PlainText, findings: &mut Findings) -> Option<OpsgenieResponder> {
    let responder = OpsgenieResponder::read(to.as_str());
    if responder.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is nobody in Opsgenie", to.as_str()))
            .at(to.place(), "expected a kind and a name")
            .help("write `team:NAME`, `user:NAME@HOST`, `schedule:NAME` or `escalation:NAME`");
    }
    responder
}

fn channel_id(to: &PlainText, findings: &mut Findings) -> bool {
    let is_id = is_mattermost_id(to.as_str());
    if !is_id {
        findings
            .error(codes::WB109, format!("`{}` is not the id of a channel of Mattermost", to.as_str()))
            .at(to.place(), "expected 26 small letters and digits")
            .help("the channel's menu shows it: View Info, at the bottom");
    }
    is_id
}
