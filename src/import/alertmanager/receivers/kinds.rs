//! One function for each kind of integration: its keys in, a channel out.

use super::Secrets;
use crate::config::Chat;
use crate::diagnostics::Place;
use crate::import::Notes;
use crate::import::fields::Fields;
use crate::import::page::Value;
use crate::import::people::{NOBODY, is_mail};

/// A kind of integration.
pub(super) struct Kind {
    /// The key of a receiver under which a list of them stands.
    pub key: &'static str,
    /// What a channel made of one is called.
    pub word: &'static str,
    /// Whether the other side wakes people and reminds them by itself.
    pub is_pager: bool,
    pub make: fn(&mut Hand<'_, '_>) -> Value,
}

const fn kind(key: &'static str, word: &'static str, is_pager: bool, make: fn(&mut Hand<'_, '_>) -> Value) -> Kind {
    Kind { key, word, is_pager, make }
}

/// All of them.
pub(super) const ALL: &[Kind] = &[
    kind("slack_configs", "slack", false, slack),
    kind("pagerduty_configs", "pagerduty", true, pagerduty),
    kind("email_configs", "email", false, email),
    kind("webhook_configs", "webhook", false, webhook),
    kind("opsgenie_configs", "opsgenie", true, opsgenie),
    kind("incidentio_configs", "incidentio", true, incident_io),
    kind("msteams_configs", "teams", false, old_teams),
    kind("msteamsv2_configs", "teams", false, teams),
    kind("discord_configs", "discord", false, discord),
    kind("telegram_configs", "telegram", false, telegram),
    kind("mattermost_configs", "mattermost", false, mattermost),
    kind("victorops_configs", "victorops", true, |hand| stand_in(hand, "VictorOps")),
    kind("pushover_configs", "pushover", true, |hand| stand_in(hand, "Pushover")),
    kind("jira_configs", "jira", false, |hand| stand_in(hand, "Jira")),
    kind("rocketchat_configs", "rocketchat", false, |hand| stand_in(hand, "Rocket.Chat")),
    kind("sns_configs", "sns", false, |hand| stand_in(hand, "Amazon SNS")),
    kind("webex_configs", "webex", false, |hand| stand_in(hand, "Webex")),
    kind("wechat_configs", "wechat", false, |hand| stand_in(hand, "WeChat")),
];

/// What is at hand while one integration is read.
pub(super) struct Hand<'h, 'f> {
    pub receiver: &'h str,
    /// Which of its kind in the receiver.
    pub number: usize,
    pub own: &'h Fields<'f>,
    pub global: &'h Fields<'f>,
    pub secrets: &'h mut Secrets,
    pub notes: &'h mut Notes,
}

impl<'f> Hand<'_, 'f> {
    /// A text of the integration's own, or else of everybody's.
    fn text(&mut self, own: &'static str, global: &'static str) -> Option<(&'f str, Place)> {
        let found = self.own.text(own, self.notes).map(|text| (text, self.own.place_of(own)));
        found.or_else(|| self.global.text(global, self.notes).map(|text| (text, self.global.place_of(global))))
    }

    /// A secret: in a file, or in the configuration, which is not copied.
    fn secret(&mut self, own: [&'static str; 2], global: [&'static str; 2], what: &str) -> Option<Value> {
        for (fields, keys, wish) in
            [(self.own, own, format!("{}_{}", self.receiver, own[0])), (self.global, global, global[0].to_owned())]
        {
            if let Some(path) = fields.text(keys[1], self.notes) {
                // Asked for as well, so that it does not count as unknown.
                fields.take(keys[0]);
                return Some(Value::map([("file", Value::text(path))]));
            }
            if let Some(value) = fields.text(keys[0], self.notes) {
                return Some(self.secrets.variable(value, &wish, place_of_value(fields, keys[0]), what, self.notes));
            }
        }
        None
    }

    /// A variable for a secret that is nowhere.
    fn missing(&mut self, key: &str, what: &str) -> Value {
        let name = self.secrets.name(&format!("{}_{key}", self.receiver));
        let advice = format!("put it into the variable `{name}`, or write it into the channel");
        self.notes.left(self.own.place(), what, advice);
        super::env(&name)
    }
}

/// Where the value of `key` begins.
fn place_of_value(fields: &Fields<'_>, key: &'static str) -> Place {
    fields.take(key).map_or_else(|| fields.place(), crate::yaml::Node::head)
}

fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// With a `channel` a bot has to post, because an incoming webhook goes where it was made for.
fn slack(hand: &mut Hand<'_, '_>) -> Value {
    let place = hand.own.place_of("channel");
    let to = hand.own.text("channel", hand.notes).map(str::to_owned);
    let token =
        hand.secret(["app_token", "app_token_file"], ["slack_app_token", "slack_app_token_file"], "a Slack token");
    let to = to.filter(|to| {
        if is_template(to) {
            let what = "`channel` as a template: a channel here has one destination";
            hand.notes.left(place, what, "make a channel for each of them, and a policy that tells it");
        }
        !is_template(to)
    });
    let Some(to) = to else {
        let url = hand.secret(
            ["api_url", "api_url_file"],
            ["slack_api_url", "slack_api_url_file"],
            "the address of a Slack webhook",
        );
        let url = url.unwrap_or_else(|| hand.missing("api_url", "the address of the Slack webhook, which is nowhere"));
        return Value::map([("slack", Value::map([("url", url)]))]);
    };
    for key in ["api_url", "api_url_file"] {
        hand.own.take(key);
    }
    for key in ["slack_api_url", "slack_api_url_file"] {
        hand.global.take(key);
    }
    let is_webhook = token.is_none();
    let token = token.unwrap_or_else(|| Value::map([("env", Value::text("SLACK_TOKEN"))]));
    if is_webhook {
        let what = format!("`channel: {to}` with an incoming webhook, which posts where it was made for");
        let advice = "make a Slack app with `chat:write`, invite it, and put its token into the variable `SLACK_TOKEN`";
        hand.notes.differs(place, what, advice);
    }
    let is_id = to.starts_with(['#', '@']) || to.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let to = if is_id { to } else { format!("#{to}") };
    Value::map([("slack", Value::map([("token", token), ("to", Value::text(to))]))])
}

fn pagerduty(hand: &mut Hand<'_, '_>) -> Value {
    let key = hand.secret(["routing_key", "routing_key_file"], ["", ""], "a PagerDuty routing key");
    let key = key.or_else(|| {
        let key = hand.secret(["service_key", "service_key_file"], ["", ""], "a PagerDuty service key")?;
        let what = "`service_key`, which is for version 1 of PagerDuty's Events API: Watchbell speaks version 2";
        hand.notes.differs(
            hand.own.place_of("service_key"),
            what,
            "add an integration `Events API v2` to the service, and take its key",
        );
        Some(key)
    });
    let key = key.unwrap_or_else(|| hand.missing("routing_key", "the PagerDuty routing key, which is nowhere"));
    let mut channel = Value::map([("routing_key", key)]);
    if let Some((url, place)) = hand.text("url", "pagerduty_url") {
        match url.strip_suffix("/v2/enqueue").filter(|base| is_open(base)) {
            Some("https://events.pagerduty.com") => {}
            Some(base) => channel.set("api_url", Value::text(base)),
            None => hand.notes.left(
                place,
                "`url` of PagerDuty: its events go to `…/v2/enqueue`",
                "write the base as `api_url`",
            ),
        }
    }
    Value::map([("pagerduty", channel)])
}

fn email(hand: &mut Hand<'_, '_>) -> Value {
    let is_server = |server: &str| reqwest::Url::parse(&format!("smtp://{server}")).is_ok_and(|url| url.has_host());
    let server = hand.text("smarthost", "smtp_smarthost").filter(|(server, _)| is_server(server));
    let from = hand.text("from", "smtp_from").filter(|(from, _)| is_mail(from));
    let (server, from) = match (server, from) {
        (Some((server, _)), Some((from, _))) => (server, from),
        _ => {
            let place = hand.own.place();
            hand.notes.left(
                place,
                "a mail server or a sender, which is nowhere or none",
                "correct `smtp` and `from` of the channel",
            );
            (
                server.map_or("mail.invalid:587", |(server, _)| server),
                from.map_or("watchbell@mail.invalid", |(from, _)| from),
            )
        }
    };
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let is_here = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let scheme = if server.ends_with(":465") { "smtps" } else { "smtp" };
    let mut channel = Value::map([("smtp", Value::text(format!("{scheme}://{server}"))), ("from", Value::text(from))]);
    let place = hand.own.place_of("to");
    let to = hand.own.text("to", hand.notes).unwrap_or_default();
    let (sent, unsent): (Vec<&str>, Vec<&str>) =
        to.split(',').map(str::trim).filter(|to| !to.is_empty()).partition(|to| is_mail(to));
    if !unsent.is_empty() || sent.is_empty() {
        hand.notes.left(place, "a receiver of mail that is no address", "write addresses into `to` of the channel");
    }
    let sent = if sent.is_empty() { vec![NOBODY] } else { sent };
    channel.set("to", Value::texts(sent));
    let user = hand.text("auth_username", "smtp_auth_username");
    let password = hand.secret(
        ["auth_password", "auth_password_file"],
        ["smtp_auth_password", "smtp_auth_password_file"],
        "a password",
    );
    if let (Some((user, _)), Some(password)) = (user, password) {
        channel.set("basic_auth", Value::map([("username", Value::text(user)), ("password", password)]));
    }
    for (own, global) in
        [("require_tls", "smtp_require_tls"), ("hello", "smtp_hello"), ("auth_identity", "smtp_auth_identity")]
    {
        let off = hand.text(own, global).filter(|(text, _)| own == "require_tls" && *text == "false" && !is_here);
        if let Some((_, place)) = off {
            hand.notes.differs(
                place,
                "`require_tls: false`: Watchbell sends mail in the clear to this machine only",
                "see that the server offers STARTTLS",
            );
        }
    }
    Value::map([("email", channel)])
}

fn webhook(hand: &mut Hand<'_, '_>) -> Value {
    let open = hand.own.text("url", hand.notes).filter(|url| is_open(url));
    let url = match open {
        Some(url) => Value::text(url),
        None => {
            let url = hand.secret(["url", "url_file"], ["", ""], "the address of a webhook");
            url.unwrap_or_else(|| hand.missing("url", "the address of the webhook, which is nowhere"))
        }
    };
    leave_http(hand);
    let format = Value::text("alertmanager");
    Value::map([("webhook", Value::map([("url", url), ("format", format)]))])
}

/// What says who we are has no place in a webhook channel.
fn leave_http(hand: &mut Hand<'_, '_>) {
    if hand.own.take("http_config").is_some_and(|node| !node.is_null()) {
        let what = "`http_config` of a webhook: it is asked without a login, a proxy or certificates of its own";
        hand.notes.left(hand.own.place_of("http_config"), what, "put a login into the address, or a proxy in between");
    }
}

/// An address in which there is no room for a secret.
fn is_open(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| !host.trim_end_matches('/').contains(['/', '?', '#', '@']) && !is_template(host))
}

/// A channel that is nothing but a secret address.
fn by_address(hand: &mut Hand<'_, '_>, key: &str, global: [&'static str; 2], what: &str) -> Value {
    let url = hand.secret(["webhook_url", "webhook_url_file"], global, what);
    let url = url.unwrap_or_else(|| hand.missing("webhook_url", &format!("{what}, which is nowhere")));
    Value::Map(vec![(key.to_owned(), Value::map([("url", url)]))])
}

fn teams(hand: &mut Hand<'_, '_>) -> Value {
    by_address(hand, "teams", ["", ""], "the address of a workflow of Teams")
}

fn old_teams(hand: &mut Hand<'_, '_>) -> Value {
    let what = "`msteams_configs`, which are for connectors: Watchbell speaks to workflows";
    let advice = "make a workflow `Post to a channel when a webhook request is received`, and take its address";
    hand.notes.differs(hand.own.place(), what, advice);
    teams(hand)
}

fn discord(hand: &mut Hand<'_, '_>) -> Value {
    by_address(hand, "discord", ["", ""], "the address of a webhook of Discord")
}

fn mattermost(hand: &mut Hand<'_, '_>) -> Value {
    let global = ["mattermost_webhook_url", "mattermost_webhook_url_file"];
    let mut channel = by_address(hand, "mattermost", global, "the address of a webhook of Mattermost");
    let to = hand.own.text("channel", hand.notes).filter(|to| !is_template(to));
    if let (Some(to), Value::Map(kinds)) = (to, &mut channel)
        && let Some((_, inner)) = kinds.first_mut()
    {
        inner.set("to", Value::text(to));
    }
    channel
}

fn telegram(hand: &mut Hand<'_, '_>) -> Value {
    let global = ["telegram_bot_token", "telegram_bot_token_file"];
    let token = hand.secret(["bot_token", "bot_token_file"], global, "the token of a bot of Telegram");
    let token = token.unwrap_or_else(|| hand.missing("bot_token", "the token of a bot of Telegram, which is nowhere"));
    let mut channel = Value::map([("token", token)]);
    let topic = hand.own.text("message_thread_id", hand.notes).map(|topic| format!("/{topic}")).unwrap_or_default();
    let chat = hand.own.text("chat_id", hand.notes).map(|chat| format!("{chat}{topic}"));
    match chat.filter(|chat| Chat::read(chat).is_some()) {
        Some(chat) => channel.set("to", Value::text(chat)),
        None => {
            // Nobody has this id, and Telegram says so.
            channel.set("to", Value::text("1"));
            hand.notes.left(
                hand.own.place(),
                "the chat of a bot of Telegram, which stands elsewhere or is none",
                "write it into `to` of the channel",
            );
        }
    }
    let api = hand.text("api_url", "telegram_api_url").filter(|(api, _)| is_open(api));
    if let Some((api, _)) = api.filter(|(api, _)| *api != "https://api.telegram.org") {
        channel.set("api_url", Value::text(api.trim_end_matches('/')));
    }
    Value::map([("telegram", channel)])
}

fn opsgenie(hand: &mut Hand<'_, '_>) -> Value {
    let global = ["opsgenie_api_key", "opsgenie_api_key_file"];
    let key = hand.secret(["api_key", "api_key_file"], global, "the key of an integration of Opsgenie");
    let key = key.unwrap_or_else(|| hand.missing("api_key", "the key of an integration of Opsgenie, which is nowhere"));
    let mut channel = Value::map([("api_key", key)]);
    let place = hand.own.place_of("responders");
    let all = hand.own.list("responders", hand.notes);
    let kinds = ["team", "user", "schedule", "escalation"];
    let mut plain = all.iter().filter_map(|node| {
        let kind = node.get("type")?.as_str().filter(|kind| kinds.contains(kind))?;
        let name =
            ["name", "username"].iter().find_map(|key| node.get(key)?.as_str()).filter(|name| !is_template(name))?;
        Some(format!("{kind}:{name}"))
    });
    if let Some(to) = plain.next() {
        channel.set("to", Value::text(to));
    }
    if all.len() > 1 || (all.len() == 1 && !matches!(&channel, Value::Map(keys) if keys.len() > 1)) {
        let what = "`responders` of Opsgenie: a channel has one, whose name is written out";
        hand.notes.left(place, what, "make a channel for each of the others");
    }
    let api = hand.text("api_url", "opsgenie_api_url").filter(|(api, _)| is_open(api));
    if let Some((api, _)) = api.filter(|(api, _)| api.trim_end_matches('/') != "https://api.opsgenie.com") {
        channel.set("api_url", Value::text(api.trim_end_matches('/')));
    }
    Value::map([("opsgenie", channel)])
}

fn incident_io(hand: &mut Hand<'_, '_>) -> Value {
    let url = hand.secret(["url", "url_file"], ["", ""], "the address of an alert source of incident.io");
    let url =
        url.unwrap_or_else(|| hand.missing("url", "the address of an alert source of incident.io, which is nowhere"));
    let token = hand.secret(["alert_source_token", "alert_source_token_file"], ["", ""], "the token of incident.io");
    let token = token.unwrap_or_else(|| hand.missing("token", "the token of incident.io, which is nowhere"));
    Value::map([("incident_io", Value::map([("url", url), ("token", token)]))])
}

/// A channel for something that Watchbell does not speak, so that its routes stay and nothing is lost in silence.
fn stand_in(hand: &mut Hand<'_, '_>, name: &str) -> Value {
    let number = if hand.number == 0 { String::new() } else { format!("_{}", hand.number + 1) };
    let key = format!("{}{number}_url", name.to_ascii_lowercase());
    let what = format!("{name}, which Watchbell does not speak: a webhook channel stands in its place");
    let url = hand.missing(&key, &what);
    // Whatever it says is of no use here.
    for (key, _) in hand.own.rest() {
        if let Some(known) = STAND_IN_KEYS.iter().find(|known| **known == key) {
            hand.own.take(known);
        }
    }
    Value::map([("webhook", Value::map([("url", url)]))])
}

/// The keys that may hold secrets or say where, of all that has no counterpart: what they say is in the note already.
const STAND_IN_KEYS: &[&str] = &[
    "api_key",
    "api_key_file",
    "api_url",
    "url",
    "url_file",
    "webhook_url",
    "webhook_url_file",
    "bot_token",
    "bot_token_file",
    "chat_id",
    "chat_id_file",
    "routing_key",
    "routing_key_file",
    "user_key",
    "user_key_file",
    "token",
    "token_file",
    "token_id",
    "token_id_file",
    "topic_arn",
    "sigv4",
    "room_id",
    "api_secret",
    "corp_id",
    "agent_id",
    "alert_source_token",
    "alert_source_token_file",
    "http_config",
    "channel",
    "project",
    "issue_type",
];
