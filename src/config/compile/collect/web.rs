//! Addresses and headers of what is asked over the network. A value may be secret: no finding repeats it.

use super::{Met, again, reading};
use crate::config::Secret;
use crate::config::written::{Entries, SecretOrText};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use std::collections::BTreeMap;

/// Parts of a query that are known to let somebody in.
const KEYS: [&str; 9] = ["key", "apikey", "api_key", "api-key", "token", "access_token", "auth", "secret", "password"];
/// Headers that let somebody in.
const LETTING_IN: [&str; 7] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token"];
/// Headers by which both sides know where a request ends.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];
/// As long as the shortest keys of those who run nodes for others.
const LEAST_KEY: usize = 24;

/// An address with one of these schemes.
pub(super) fn address(written: &Spanned<SecretOrText>, schemes: &[&str], findings: &mut Findings) -> Secret {
    if let SecretOrText::Text(text) = &written.value
        && reading::check_address(text, written.place, schemes, findings)
    {
        match Url::parse(text) {
            Ok(url) => look(text, &url, written.place, findings),
            Err(why) => {
                findings.error(codes::WB109, "this is not an address").at(written.place, why.to_string());
            }
        }
    }
    reading::secret_or_text(&written.value)
}

/// What an address that can be asked would do, and was hardly meant to.
fn look(text: &str, url: &Url, place: Place, findings: &mut Findings) {
    let is_placeholder = placeholder(text, &[("<", ">")]);
    not_replaced(is_placeholder, place, findings);
    if let Some(what) = secret_in(url).filter(|_| is_placeholder.is_none()) {
        in_the_open(format!("this address holds {what}"), place, findings);
    }
    if url.fragment().is_some() {
        findings
            .warn(codes::WB178, "what stands behind `#` is not sent")
            .at(place, "a browser keeps it to itself, and so do we")
            .help("ask for the address that the page itself asks for");
    }
}

fn secret_in(url: &Url) -> Option<&'static str> {
    if url.password().is_some() {
        return Some("a password");
    }
    let lets_in = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        KEYS.contains(&name.to_lowercase().as_str()) && !value.is_empty()
    };
    url.query_pairs().any(lets_in).then_some("a key")
}

/// The address of a node, which may hold a key in its path as well.
pub(super) fn node(written: &Spanned<SecretOrText>, findings: &mut Findings) -> Secret {
    let secret = address(written, &["http", "https", "ws", "wss"], findings);
    let SecretOrText::Text(text) = &written.value else { return secret };
    let url = Url::parse(text).ok().filter(|url| secret_in(url).is_none());
    if url.is_some_and(|url| url.path_segments().into_iter().flatten().any(looks_like_a_key)) {
        in_the_open("this address holds what looks like a key".into(), written.place, findings);
    }
    secret
}

fn looks_like_a_key(part: &str) -> bool {
    let has = |what: fn(&u8) -> bool| part.bytes().any(|byte| what(&byte));
    part.len() >= LEAST_KEY
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

/// An address as it is compared: two ways to write it are one.
pub(super) fn normal(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    url.set_fragment(None);
    if url.host_str() == Some("localhost") {
        // It stays as it is where it cannot be set, and then it differs.
        let _stays_as_it_is = url.set_host(Some("127.0.0.1"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url.into()
}

/// Headers, each once.
pub(super) fn headers(written: &Entries<Spanned<SecretOrText>>, findings: &mut Findings) -> BTreeMap<String, Secret> {
    let mut met = Met::new();
    for (name, value) in written {
        let known = name.value.to_ascii_lowercase();
        name_of_header(name, &known, findings);
        value_of_header(name, &known, value, findings);
        if let Some(first) = again(&mut met, known, name.place) {
            findings
                .error(codes::WB172, format!("the header `{}` is there twice", name.value))
                .at(name.place, "small letters and capitals are the same in names of headers")
                .see(first, "first here")
                .help("keep one of them");
        }
    }
    written.iter().map(|(name, value)| (name.value.clone(), reading::secret_or_text(&value.value))).collect()
}

fn name_of_header(name: &Spanned<String>, known: &str, findings: &mut Findings) {
    let text = name.value.as_str();
    if HeaderName::from_bytes(text.as_bytes()).is_err() {
        findings
            .error(codes::WB172, format!("{text:?} is not the name of a header"))
            .at(name.place, "letters, digits and `-`, without spaces");
    } else if FRAMING.contains(&known) {
        findings
            .error(codes::WB172, format!("`{text}` follows from the body that is sent"))
            .at(name.place, "another length would break the request")
            .help("delete it");
    }
}

fn value_of_header(name: &Spanned<String>, known: &str, value: &Spanned<SecretOrText>, findings: &mut Findings) {
    let SecretOrText::Text(text) = &value.value else { return };
    if HeaderValue::from_str(text).is_err() {
        let finding = findings.error(codes::WB172, format!("the value of `{}` cannot be sent", name.value));
        finding.at(value.place, "it has a character that HTTP does not allow");
        if text.contains('\n') {
            finding.help("a text after `|` or `>` ends with a line break: write it on the line of its name");
        }
        return;
    }
    let is_placeholder = placeholder(text, &[]);
    not_replaced(is_placeholder, value.place, findings);
    if LETTING_IN.contains(&known) && !text.is_empty() && is_placeholder.is_none() {
        in_the_open(format!("the value of `{}` lets somebody in", name.value), value.place, findings);
    }
}

/// What is sent, or something else in which nothing is replaced.
pub(super) fn body(written: &Spanned<SecretOrText>, findings: &mut Findings) -> Secret {
    if let SecretOrText::Text(text) = &written.value {
        not_replaced(placeholder(text, &[]).filter(|found| found.starts_with('$')), written.place, findings);
    }
    reading::secret_or_text(&written.value)
}

fn in_the_open(what: String, place: Place, findings: &mut Findings) {
    findings
        .warn(codes::WB174, what)
        .at(place, "whoever reads this file has it")
        .help("write `{ env: NAME }` or `{ file: PATH }`, and keep the whole value there");
}

fn not_replaced(found: Option<&str>, place: Place, findings: &mut Findings) {
    let Some(found) = found else { return };
    findings
        .warn(codes::WB175, format!("nothing takes the place of `{found}`"))
        .at(place, "it is sent as it stands here")
        .help("write `{ env: NAME }`, and keep the whole value in that variable");
}

/// Something that another program, or the reader, would have replaced.
fn placeholder<'t>(text: &'t str, further: &[(&str, &str)]) -> Option<&'t str> {
    let between = |(opens, closes): &(&str, &str)| {
        let rest = &text[text.find(opens)?..];
        rest.get(..rest.find(closes)? + closes.len())
    };
    let yours = || {
        let rest = &text[text.find("YOUR_").or_else(|| text.find("YOUR-"))?..];
        Some(rest.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).next().unwrap_or(rest))
    };
    [("${", "}"), ("$(", ")"), ("{{", "}}")].iter().chain(further).find_map(between).or_else(yours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_an_address_are_one_and_two_keys_or_ways_are_two() {
        for (one, other, same) in [
            ("https://Rpc.example", "https://rpc.example:443/", true),
            ("https://rpc.example/v2/", "https://rpc.example/v2", true),
            ("http://localhost:8545", "http://127.0.0.1:8545/#x", true),
            ("https://rpc.example/v2/aKey", "https://rpc.example/v2/anotherKey", false),
            ("https://rpc.example", "wss://rpc.example", false),
            ("https://rpc.example?key=a", "https://rpc.example?key=b", false),
        ] {
            assert_eq!(normal(one) == normal(other), same, "{one} and {other}");
        }
    }

    #[test]
    fn what_somebody_was_to_replace_is_found_and_other_texts_are_not() {
        for (text, found) in [
            ("https://a.example/v3/${KEY}?x", Some("${KEY}")),
            ("Bearer {{ token }}", Some("{{ token }}")),
            ("https://a.example/v3/<key>", Some("<key>")),
            ("https://a.example/v3/YOUR-PROJECT-ID?x=1", Some("YOUR-PROJECT-ID")),
            ("{\"a\":{\"b\":1}}", None),
            ("https://a.example/}${", None),
            ("a > b < c", None),
        ] {
            assert_eq!(placeholder(text, &[("<", ">")]), found, "{text}");
        }
    }

    #[test]
    fn a_key_is_long_and_has_digits_and_letters() {
        assert!(looks_like_a_key("0123456789abcdef0123456789abcdef"));
        for part in
            ["v2", "mainnet-archive-node-of-ours", "012345678901234567890123456789", "a.b.c1.ddddddddddddddddddd"]
        {
            assert!(!looks_like_a_key(part), "{part}");
        }
    }
}
