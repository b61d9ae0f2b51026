//! The people of an export, and how they are reached until somebody says better.

use super::Notes;
use super::duty::Names;
use super::page::Value;
use crate::config::Mailbox;
use crate::diagnostics::Place;
use std::collections::BTreeSet;

/// Responders in the making.
#[derive(Default)]
pub(super) struct People {
    pub names: Names,
    pub responders: Vec<(String, Value)>,
    uses_mail: Option<Place>,
    uses_slack: Option<Place>,
    unknown: BTreeSet<String>,
}

/// One way to reach somebody.
pub(super) enum Way<'a> {
    Mail(&'a str),
    Slack(&'a str),
}

/// The mail address of nobody, which stands where one has to be corrected.
pub(super) const NOBODY: &str = "nobody@mail.invalid";

impl Way<'_> {
    fn is_usable(&self) -> bool {
        match self {
            Way::Mail(to) => is_mail(to),
            Way::Slack(to) => !to.is_empty(),
        }
    }
}

impl People {
    /// Somebody with these ways, each after so many seconds. Who has none that could be used stays all the same, because
    /// schedules and levels speak of them.
    pub fn add(
        &mut self,
        keys: &[&str],
        wish: &str,
        zone: Option<&str>,
        ways: &[(Way<'_>, i64)],
        (place, notes): (Place, &mut Notes),
    ) {
        let mut keys = keys.iter().filter(|key| !key.is_empty());
        let Some(first) = keys.next() else {
            return notes.left(place, "a user without an id and a name", "write the responder by hand");
        };
        let name = self.names.give(first, wish);
        keys.for_each(|key| self.names.also(key, &name));
        let usable = ways.iter().filter(|(way, _)| way.is_usable());
        let mut reach: Vec<Value> = usable.map(|(way, after)| self.way(way, *after, place)).collect();
        if reach.is_empty() {
            let what = format!("how `{name}` is reached: the export has no address that can be used");
            notes.left(place, what, "correct `to` of the responder's `reach`");
            reach.push(self.way(&Way::Mail(NOBODY), 0, place));
        }
        let mut responder = Value::map([]);
        match zone {
            Some(zone) if is_zone(zone) => responder.set("timezone", Value::text(zone)),
            Some(zone) => {
                let what = format!("the time zone `{zone}` of `{name}`, which is no region and place");
                notes.left(place, what, "write `timezone` of the responder, as `Europe/Berlin`");
            }
            None => {}
        }
        responder.set("reach", Value::List(reach));
        self.responders.push((name, responder));
    }

    fn way(&mut self, way: &Way<'_>, after: i64, place: Place) -> Value {
        let (channel, to) = match way {
            Way::Mail(to) => ("mail", to),
            Way::Slack(to) => ("slack", to),
        };
        let used = if channel == "mail" { &mut self.uses_mail } else { &mut self.uses_slack };
        used.get_or_insert(place);
        let mut reach = Value::map([("via", Value::text(channel)), ("to", Value::text(*to))]);
        if after > 0 {
            reach.set("after", super::ladder::seconds(after));
        }
        reach
    }

    /// What somebody is called here. Who is nowhere is noted once.
    pub fn find(&mut self, key: &str, place: Place, notes: &mut Notes) -> Option<String> {
        let found = self.names.find(key).or_else(|| self.names.find(&key.to_lowercase())).map(str::to_owned);
        if found.is_none() && self.unknown.insert(key.to_owned()) {
            let what = format!("somebody whom the export calls `{key}` and does not list among its users");
            notes.left(place, what, "export the users as well, and import again");
        }
        found
    }

    /// The channels that people are reached by.
    pub fn channels(&self, notes: &mut Notes) -> Vec<(String, Value)> {
        let mut channels = Vec::new();
        if let Some(place) = self.uses_mail {
            let what = "the mail server: the export has none";
            notes.left(place, what, "correct `smtp` and `from` of the channel `mail`");
            let from = Value::text("watchbell@mail.invalid");
            let mail = Value::map([("smtp", Value::text("smtp://mail.invalid:587")), ("from", from)]);
            channels.push(("mail".to_owned(), Value::map([("email", mail)])));
        }
        if let Some(place) = self.uses_slack {
            let what = "the token of a Slack app: the export has none";
            notes.secret(
                place,
                what,
                "make an app with `chat:write`, and put its token into the variable `SLACK_TOKEN`",
            );
            let token = Value::map([("env", Value::text("SLACK_TOKEN"))]);
            channels.push(("slack".to_owned(), Value::map([("slack", Value::map([("token", token)]))])));
        }
        channels
    }
}

/// Whether this is the IANA name of a region and place, or UTC, as configurations want it: `EST` is none.
pub(super) fn is_zone(name: &str) -> bool {
    let has_region = name.contains('/') || name.eq_ignore_ascii_case("utc");
    has_region && jiff::tz::TimeZone::get(name).is_ok()
}

/// Whether this is a mail address, as configurations want it.
pub(super) fn is_mail(text: &str) -> bool {
    Mailbox::read(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_configuration_would_not_take_is_no_zone_and_no_address() {
        assert!(["UTC", "Europe/Berlin", "US/Eastern"].into_iter().all(is_zone));
        assert!(!["", "EST", "EST5EDT", "Local", "Mars/X", "+02:00"].into_iter().any(is_zone));
        assert!(["a@example.org", "Ops <ops@example.org>"].into_iter().all(is_mail));
        assert!(!["", "a", "@", "a@", "\u{fc}@example.org", "bob b@example.org"].into_iter().any(is_mail));
    }
}
