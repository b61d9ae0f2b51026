//! What a list is asked for: matchers in Alertmanager's notation, and what to leave out.

use super::Refused;
use crate::model::{Labels, Matcher, Matchers, Operator};
use regex::Regex;

/// The parameters of a question, in their order.
pub struct Question(pub Vec<(String, String)>);

impl Question {
    /// All values of a parameter.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether something is wanted: by default it is. The words for yes are Alertmanager's, and everything else is no.
    pub fn wants(&self, name: &str) -> bool {
        const YES: [&str; 10] = ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"];
        self.all(name).last().is_none_or(|value| YES.contains(&value.to_ascii_lowercase().as_str()))
    }

    /// What labels have to meet: every `filter`.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn filter(&self) -> Result<Matchers, Refused> {
        self.all("filter").map(matcher).collect::<Result<Vec<_>, _>>().map(Matchers::of)
    }

    /// Which receivers are asked for; all, where none is named.
    ///
    /// # Errors
    /// Why the expression cannot be read.
    pub fn receivers(&self) -> Result<Matchers, Refused> {
        let one = |text: &str| {
            let bad = |cause| Refused::bad(format!("failed to parse receiver param: {cause}"));
            Matcher::new("receiver", Operator::Matches, text).map_err(bad)
        };
        self.all("receiver").map(one).collect::<Result<Vec<_>, _>>().map(Matchers::of)
    }
}

/// Whether a receiver is one of those that are asked for.
pub fn admits(receivers: &Matchers, receiver: &str) -> bool {
    receivers.matches(&Labels::new([("receiver", receiver)]))
}

/// One matcher: `name="value"`, with `=`, `!=`, `=~` or `!~`. The value may stand without quotes, and the name in quotes.
fn matcher(text: &str) -> Result<Matcher, Refused> {
    let bad = || Refused::bad(format!("bad matcher format: {text}"));
    let form =
        Regex::new(r#"^\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?s:(?:[^"\\]|\\.)+))")\s*(=~|=|!=|!~)\s*((?s).*?)\s*$"#);
    let form = form.map_err(|_| bad())?;
    let parts = form.captures(text).ok_or_else(bad)?;
    let name = match (parts.get(1), parts.get(2)) {
        (Some(plain), _) => plain.as_str().to_owned(),
        (None, quoted) => unescaped(quoted.map_or("", |quoted| quoted.as_str())),
    };
    let operator = match &parts[3] {
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "=~" => Operator::Matches,
        _ => Operator::MatchesNot,
    };
    let value = match parts[4].strip_prefix('"') {
        Some(rest) => unescaped(rest.strip_suffix('"').ok_or_else(bad)?),
        None => parts[4].to_owned(),
    };
    Matcher::new(name, operator, value).map_err(Refused::bad)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => plain.push(c),
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some(escaped @ ('"' | '\\')) => plain.push(escaped),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_in_alertmanagers_notation() {
        let labels = Labels::new([("alertname", "DiskFull"), ("job", "a b"), ("http.method", "GET")]);
        for (text, meets) in [
            ("alertname=DiskFull", true),
            (r#"alertname="DiskFull""#, true),
            (" alertname =~ Disk.* ", true),
            (r#"alertname=~"Disk""#, false),
            ("job=a b", true),
            ("job!=a b", false),
            (r#"job!~"c|d""#, true),
            ("team=", true),
            (r#""http.method"="GET""#, true),
        ] {
            let matchers = asked(&[("filter", text)]).filter().unwrap();
            assert_eq!(matchers.matches(&labels), meets, "{text}");
        }
    }

    #[test]
    fn what_is_no_matcher_is_refused_in_words() {
        for (text, why) in
            [("a", "bad matcher format: a"), ("=b", "bad matcher"), (r#"a="b"#, "bad matcher"), ("a=~(", "`(` is not")]
        {
            let refused = asked(&[("filter", text)]).filter().unwrap_err();
            assert!(matches!(&refused, Refused::Says(_, says) if says.starts_with(why)), "{text}: {refused:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_wanted_and_what_is_no_yes_is_no() {
        let question = asked(&[("active", "false"), ("silenced", "TRUE"), ("inhibited", "banana")]);
        let wants = ["active", "silenced", "inhibited", "unprocessed"].map(|name| question.wants(name));
        assert_eq!(wants, [false, true, false, true]);
    }

    fn asked(pairs: &[(&str, &str)]) -> Question {
        Question(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}
