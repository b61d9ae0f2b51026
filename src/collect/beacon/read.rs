//! From the bytes of a batch to facts, and the reasons for which an item is none.

use super::names;
use super::wire::{Beacon, Fault, Item, Navigation, VERSION, Vital};
use crate::collect::shape::{self, Kind, Misshapen, Object};
use crate::config::collect::is_beacon_name;
use serde_json::value::RawValue;

/// The longest time that a page reports: nobody waits ten minutes.
const LONGEST_MS: f64 = 600_000.0;
/// The largest layout shift that is believed.
const LARGEST_CLS: f64 = 100.0;
/// The smallest share that is believed: one item may count for a hundred and no more.
pub(super) const LEAST_SHARE: f64 = 0.01;
/// How many items of a batch are read.
pub(super) const MOST_ITEMS: usize = 250;
const LONGEST_MESSAGE: usize = 1_000;
const LONGEST_TEXT: usize = 4_000;

/// A batch whose envelope can be used.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) service: Option<String>,
    /// The page's path.
    pub(super) page: String,
    /// For how many each of its measurements counts.
    pub(super) weight: f64,
    pub(super) items: Vec<&'a RawValue>,
}

/// Why a whole batch is refused: for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// What an item says, believed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    Vital { vital: Vital, value: f64, page: Option<String> },
    Navigation { load_ms: f64, phases: Vec<(&'static str, f64)>, page: Option<String> },
    Error { fault: Fault, said: String, page: Option<String> },
    Action(String),
    Feedback { kind: String, text: Option<String> },
    Visit(String),
}

impl Fact {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Fact::Vital { .. } => "vital",
            Fact::Navigation { .. } => "navigation",
            Fact::Error { .. } => "error",
            Fact::Action(_) => "action",
            Fact::Feedback { .. } => "feedback",
            Fact::Visit(_) => "visit",
        }
    }
}

/// Why an item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It is no item of this contract.
    Malformed,
    /// A number that no page measures.
    OutOfRange,
    /// A text that is too long, or has characters that it may not have.
    Text,
    /// The batch has too many items before it.
    TooMany,
}

impl Refusal {
    /// All of them.
    pub(super) const ALL: [Refusal; 4] = [Refusal::Malformed, Refusal::OutOfRange, Refusal::Text, Refusal::TooMany];

    /// Its word, a label.
    pub(super) fn word(self) -> &'static str {
        match self {
            Refusal::Malformed => "malformed",
            Refusal::OutOfRange => "out_of_range",
            Refusal::Text => "text",
            Refusal::TooMany => "too_many",
        }
    }
}

/// Reads the envelope.
pub(super) fn batch(body: &[u8]) -> Result<Batch<'_>, Unreadable> {
    let beacon = typed(body).ok_or_else(|| Unreadable(explained(body)))?;
    if beacon.v != VERSION {
        return Err(Unreadable(format!("version {} of the contract is not known here; send {VERSION}", beacon.v)));
    }
    if !(LEAST_SHARE..=1.0).contains(&beacon.share) {
        return Err(Unreadable(format!("`share` has to lie between {LEAST_SHARE} and 1")));
    }
    let page = names::path(&beacon.page)
        .ok_or_else(|| Unreadable("`page` has to be the path of an address, as `/trade/42`".into()))?;
    Ok(Batch { service: beacon.service, page, weight: 1.0 / beacon.share, items: beacon.items })
}

/// The envelope, if it is one. Serde would take a list of its values in their order as well.
fn typed(body: &[u8]) -> Option<Beacon<'_>> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    if is_object { serde_json::from_slice(body).ok() } else { None }
}

/// What is wrong with a body that is no envelope, in words for whoever sent it.
fn explained(body: &[u8]) -> String {
    let wrong = shape::json(body).and_then(looked_through).err();
    wrong.map_or_else(|| "this is no batch as docs/beacons.md has it".into(), |wrong| wrong.0)
}

fn looked_through(raw: &RawValue) -> Result<(), Misshapen> {
    const SHARE: &str = "the share of page views that measure, a number";
    let batch = Object::read(raw, "a batch")?;
    batch.has_only(&["v", "service", "page", "share", "items"])?;
    let version = format!("the version of the contract, {VERSION}");
    if batch.any("v", &[Kind::Number], &version)?.is_some_and(|raw| raw.get() != VERSION.to_string()) {
        return Err(batch.wrong("v", &version, "another number"));
    }
    batch.text_if_any("service", "the name of an application")?;
    if batch.any("page", &[Kind::Text], "the path of an address, a text")?.is_some() {
        batch.text("page", "the path of an address, a text")?;
    }
    if batch.any("share", &[Kind::Number], SHARE)?.is_some() {
        batch.number("share", SHARE)?;
    }
    batch.list("items", "a list of what there is to tell")
}

/// Reads one item.
pub(super) fn item(raw: &RawValue) -> Result<Fact, Refusal> {
    // Serde would take a list of its values in their order as well.
    if Kind::of(raw) != Kind::Object {
        return Err(Refusal::Malformed);
    }
    let item: Item = serde_json::from_str(raw.get()).map_err(|_| Refusal::Malformed)?;
    Ok(match item {
        Item::Vital { name, value, page } => {
            let most = if name == Vital::Cls { LARGEST_CLS } else { LONGEST_MS };
            Fact::Vital { vital: name, value: within(value, most)?, page: path(page)? }
        }
        Item::Navigation(navigation) => timing(navigation)?,
        Item::Error { error, message, file, line, column, page } => {
            let (message, file) = (text(message, LONGEST_MESSAGE)?, text(file, LONGEST_MESSAGE)?);
            Fact::Error { fault: error, said: said(message, file, line, column), page: path(page)? }
        }
        Item::Action { action } => Fact::Action(name(action)?),
        Item::Feedback { feedback, text: words } => {
            Fact::Feedback { kind: name(feedback)?, text: text(words, LONGEST_TEXT)? }
        }
        Item::Visit { visitor } if visitor.len() < 8 => return Err(Refusal::Text),
        Item::Visit { visitor } => Fact::Visit(name(visitor)?),
    })
}

fn timing(navigation: Navigation) -> Result<Fact, Refusal> {
    // A page whose load event has not ended yet says 0, and has not been loaded in no time.
    if navigation.load <= 0.0 {
        return Err(Refusal::OutOfRange);
    }
    let load_ms = within(navigation.load, LONGEST_MS)?;
    let Navigation { redirect, dns, connect, tls, request, response, document, .. } = navigation;
    let named = PHASES.into_iter().zip([redirect, dns, connect, tls, request, response, document, Some(load_ms)]);
    let phases = named.filter_map(|(phase, ms)| ms.map(|ms| within(ms, LONGEST_MS).map(|ms| (phase, ms))));
    Ok(Fact::Navigation { load_ms, phases: phases.collect::<Result<_, _>>()?, page: path(navigation.page)? })
}

/// The phases of a page load, as labels; the last one is all of it.
pub(super) const PHASES: [&str; 8] = ["redirect", "dns", "connect", "tls", "request", "response", "document", "load"];

fn within(value: f64, most: f64) -> Result<f64, Refusal> {
    (0.0..=most).contains(&value).then_some(value).ok_or(Refusal::OutOfRange)
}

fn path(page: Option<String>) -> Result<Option<String>, Refusal> {
    page.map(|page| names::path(&page).ok_or(Refusal::Text)).transpose()
}

fn name(text: String) -> Result<String, Refusal> {
    if is_beacon_name(&text) { Ok(text) } else { Err(Refusal::Text) }
}

/// A text for people. It is only ever logged, so it is made one line.
fn text(text: Option<String>, most: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > most {
        return Err(Refusal::Text);
    }
    Ok(Some(text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()))
}

/// Whether a character shows as what it is: no control, and nothing that turns the direction of a line.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn said(message: Option<String>, file: Option<String>, line: Option<u32>, column: Option<u32>) -> String {
    let number = |number: Option<u32>| number.map(|number| format!(":{number}")).unwrap_or_default();
    let place = file.map(|file| format!(" ({file}{}{})", number(line), number(column)));
    format!("{}{}", message.unwrap_or_default(), place.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Fact, Refusal, batch, item};
    use serde_json::value::RawValue;

    fn read(json: &str) -> Result<Fact, Refusal> {
        item(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn an_item_that_no_page_measures_is_refused_with_its_reason() {
        use Refusal::{Malformed, OutOfRange, Text};
        let deep = format!(r#"{{"kind":"action","action":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        let long = format!(r#"{{"kind":"action","action":"{}"}}"#, "a".repeat(5_000));
        for (json, why) in [
            (r#"{"kind":"vital","name":"LCP","value":-1}"#, OutOfRange),
            (r#"{"kind":"vital","name":"LCP","value":1e308}"#, OutOfRange),
            (r#"{"kind":"vital","name":"LCP","value":1e400}"#, Malformed),
            (r#"{"kind":"vital","name":"LCP","value":null}"#, Malformed),
            (r#"{"kind":"vital","name":"LCP","value":"NaN"}"#, Malformed),
            (r#"{"kind":"vital","name":"LCP","value":600001}"#, OutOfRange),
            (r#"{"kind":"vital","name":"CLS","value":100.5}"#, OutOfRange),
            (r#"{"kind":"vital","name":"FID","value":10}"#, Malformed),
            (r#"{"kind":"vital","name":"LCP","value":1,"value":2}"#, Malformed),
            (r#"{"kind":"vital","kind":"vital","name":"LCP","value":1}"#, Malformed),
            (r#"{"kind":"vital","name":"LCP","value":1,"page":"trade"}"#, Text),
            (r#"{"kind":"navigation","load":0}"#, OutOfRange),
            (r#"{"kind":"navigation","load":900,"dns":-0.5}"#, OutOfRange),
            (r#"{"kind":"navigation","load":900,"dns":1e9}"#, OutOfRange),
            (r#"{"kind":"error","error":"javascript","line":-1}"#, Malformed),
            (r#"{"kind":"action","action":"buy\u0000"}"#, Text),
            (r#"{"kind":"action","action":"buy","amount":5}"#, Malformed),
            (r#"{"kind":"visit","visitor":"short"}"#, Text),
            (r#"{"kind":"something"}"#, Malformed),
            ("{}", Malformed),
            ("[[[[]]]]", Malformed),
            (r#"["action","buy"]"#, Malformed),
            (&deep, Malformed),
            (&long, Text),
        ] {
            assert_eq!(read(json), Err(why), "{}", &json[..json.len().min(200)]);
        }
    }

    #[test]
    fn what_people_wrote_is_made_one_line() {
        let Ok(Fact::Feedback { text: Some(text), .. }) =
            read(r#"{"kind":"feedback","feedback":"bug","text":"one\ntwo\u001b[31m\u202ethree"}"#)
        else {
            panic!("it can be read");
        };
        assert_eq!(text, "one two [31m three");
    }

    #[test]
    fn an_error_is_told_with_its_place() {
        let json =
            r#"{"kind":"error","error":"javascript","message":"x is null","file":"/app.js","line":3,"column":7}"#;
        assert!(matches!(read(json), Ok(Fact::Error { said, .. }) if said == "x is null (/app.js:3:7)"));
    }

    #[test]
    fn an_envelope_that_cannot_be_used_says_why() {
        for (body, says) in [
            (r#"{"items":[],"share":0.001}"#, "`share`"),
            (r#"{"items":[],"share":2}"#, "`share`"),
            (r#"{"items":[],"page":"https://example.org/"}"#, "`page`"),
            (r#"{"items":[],"v":2}"#, "version 2"),
            (r#"{"items":[],"v":300}"#, "`v` has to be the version of the contract, 1, and is another number"),
            (r#"{"items":[],"v":"1"}"#, "`v` has to be the version of the contract, 1, and is a text"),
            (r#"{"items":[],"service":5}"#, "`service` has to be the name of an application, and is a number"),
            (r#"{"items":[],"page":null}"#, "`page` has to be the path of an address, a text, and is null"),
            (r#"{"items":[],"page":"\ud800"}"#, "`page` has to be the path of an address, a text, and is one that"),
            (
                r#"{"items":[],"share":"1"}"#,
                "`share` has to be the share of page views that measure, a number, and is a text",
            ),
            (r#"{"items":[],"share":1e999}"#, "a number, and is too large a number"),
            (r#"{"items":{}}"#, "`items` has to be a list of what there is to tell, and is an object"),
            (r#"{"items":[],"items":[]}"#, "`items` stands there twice"),
            (
                r#"{"items":[],"user":"me"}"#,
                "`user` is not known here; there are `v`, `service`, `page`, `share`, `items`",
            ),
            (r#"{"items":[NaN]}"#, "this is not JSON"),
            (r#"{"page":"/"}"#, "`items` is missing; it has to be a list of what there is to tell"),
            ("[1]", "a batch is an object, and this is a list"),
            (r#"[1,"web","/",1.0,[]]"#, "a batch is an object, and this is a list"),
            ("\"batch\"", "a batch is an object, and this is a text"),
            ("", "this is not JSON"),
            ("\u{0}", "this is not JSON"),
        ] {
            let problem = batch(body.as_bytes()).expect_err(body).to_string();
            assert!(problem.contains(says), "{body}: {problem}");
        }
    }

    #[test]
    fn the_times_of_a_navigation_are_told_by_phase() {
        let fact = read(r#"{"kind":"navigation","load":1500,"dns":0,"request":120.5,"page":"/trade/42"}"#).unwrap();
        let phases = vec![("dns", 0.0), ("request", 120.5), ("load", 1500.0)];
        assert_eq!(fact, Fact::Navigation { load_ms: 1500.0, phases, page: Some("/trade/42".into()) });
    }
}
