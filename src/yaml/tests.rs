//! What files become, and what is said of bad ones.

use super::*;
use crate::diagnostics::{Code, Findings, Sources, Spanned, Text, codes};
use crate::model::Span;
use serde::Deserialize;

struct Read {
    sources: Sources,
    documents: Vec<Node>,
    findings: Findings,
}

fn parsed(text: &str) -> Read {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let source = sources.add("a.yaml", text);
    let documents = parse(source, text, &mut findings);
    Read { sources, documents, findings }
}

fn good(text: &str) -> Node {
    let read = parsed(text);
    assert!(read.findings.is_empty(), "{:?}", read.findings);
    read.documents.into_iter().next().expect("a document")
}

/// Code, place and message of each finding.
fn told(text: &str) -> Vec<(Code, String, String)> {
    let read = parsed(text);
    let at = |finding: &crate::diagnostics::Finding| read.sources.describe(finding.at.as_ref().expect("a place").0);
    read.findings.iter().map(|finding| (finding.code, at(finding), finding.message.clone())).collect()
}

/// Each byte of a scalar that stands in the file as it is must be found there.
fn assert_bytes_are_found(file: &str, key: &str) {
    let node = good(file);
    let text = node.get(key).expect("the key").text().expect("a scalar");
    for (at, letter) in text.value.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
        let place = text.place_of(at..at + letter.len_utf8());
        assert_eq!(&file[place.range()], letter.to_string(), "byte {at} of {:?} in {file:?}", text.value);
    }
}

#[test]
fn a_caret_lands_on_its_byte_in_every_style_of_scalar() {
    for file in [
        "e: a + b",
        "e: 'a''b  c'",
        "e: \"a\\tb \\u263a c \\\"d\"",
        "e: \"\\ud83d\\ude00 a\"",
        "e: a\n  b\n\n  c  d\n",
        "e: 'a\n\n  b\n  c'",
        "e: \"a\n  b \\\n   c\\\n\n  d\"",
        "e: |\n  a\n  b",
        "e: |2-\n    a\n   b\n\n  c\nf: 1",
        "e: |\n\n\n  a\n\n   b\n",
        "e: >\n  a\n  b\n\n   c\n   d\n\n\n  e\n  f\n",
        "e: >-\n\n  a \n  b\n",
        "e: |\r\n  a\r\n    b\r\n  c\r\n",
        "e: >\r\n  a\r\n  b\r\n\r\n  c\r\n",
        "x:\n- y\ne: |+\n      sum(ä) by\n        (b)\n\n\n",
        "\u{feff}e: 'a''b'",
    ] {
        assert_bytes_are_found(file, "e");
    }
}

#[test]
fn an_escape_is_where_its_letter_came_from() {
    let file = r#"e: "a\x41b""#;
    let text = good(file).get("e").unwrap().text().unwrap();
    assert_eq!(&*text.value, "aAb");
    assert_eq!(text.place_of(1..2).start, 5);
    assert_eq!(&file[text.place_of(2..3).range()], "b");
}

#[test]
fn places_span_what_was_written() {
    let file = "groups:\n  - name: x\n    rules: [a, {b: c}]\n  - name: |\n      y\n\n# end\nlast: 1\n";
    let node = good(file);
    let at = |node: &Node| &file[node.place.range()];
    let groups = node.get("groups").unwrap();
    assert!(at(groups).starts_with("- name: x") || at(groups).starts_with("name: x"), "{:?}", at(groups));
    assert_eq!(at(groups.items()[0].get("rules").unwrap()), "[a, {b: c}]");
    assert_eq!(at(&groups.items()[0]), "name: x\n    rules: [a, {b: c}]");
    assert_eq!(at(groups.items()[1].get("name").unwrap()), "y");
    assert_eq!(at(&node.entry("last").unwrap().0), "last");
}

#[test]
fn merge_keys_fill_in_what_is_not_written() {
    let node = good("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 0\nd: {'<<': q}\n");
    let keys = |name: &str| -> String {
        let entries = node.get(name).unwrap().entries().iter();
        entries.map(|(key, value)| format!("{}={} ", key.as_str().unwrap(), value.as_str().unwrap())).collect()
    };
    assert_eq!(keys("c"), "x=0 y=1 z=2 ");
    assert_eq!(keys("d"), "<<=q ", "in quotes it is a key like any other");
}

#[test]
fn several_documents_are_several_trees() {
    assert_eq!(parsed("a: 1\n---\nb: 2\n").documents.len(), 2);
    assert_eq!(parsed("# nothing\n").documents.len(), 0);
    assert_eq!(parsed("").documents.len(), 0);
    assert!(good("---\n").is_null());
}

#[test]
fn bad_notation_is_told_where_it_stands() {
    let at = |place: &str| format!("a.yaml:{place}");
    for (text, code, place) in [
        ("a: b: c\n", codes::WB004, at("1:5")),
        ("a: [1, 2\nb: 3\n", codes::WB004, at("2:2")),
        ("a: \"x\n", codes::WB004, at("1:4")),
        ("x: 1\nx: 2\n", codes::WB005, at("2:1")),
        ("a: *b\n", codes::WB007, at("1:4")),
        ("a: &a [*a]\n", codes::WB007, at("1:8")),
        ("<<: 1\n", codes::WB008, at("1:5")),
        ("a: {{ x }}\n", codes::WB009, at("1:5")),
    ] {
        let told = told(text);
        assert_eq!(told.len(), 1, "{text:?}: {told:?}");
        assert_eq!((told[0].0, &told[0].1), (code, &place), "{text:?}: {told:?}");
    }
}

#[test]
fn each_duplicate_key_is_told_with_the_first() {
    let many: String = (0..20).map(|n| format!("k{n}: 1\n")).collect();
    for text in ["x: 1\ny: 1\nx: 2\nx: 3\n".to_owned(), format!("x: 1\n{many}x: 2\nx: 3\n")] {
        let read = parsed(&text);
        let firsts: Vec<String> = read.findings.iter().map(|f| read.sources.describe(f.see[0].0)).collect();
        assert_eq!(firsts, ["a.yaml:1:1", "a.yaml:1:1"]);
        assert_eq!(read.documents[0].get("x").unwrap().as_str(), Some("1"));
    }
}

#[test]
fn a_bomb_of_aliases_is_refused_at_once() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    let told = told(&bomb);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, codes::WB006);
}

#[test]
fn a_chain_of_aliases_cannot_nest_without_end() {
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..2000 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(told(&chain)[0].0, codes::WB010);
}

#[test]
fn deep_nesting_is_refused() {
    assert_eq!(told(&"[".repeat(100_000))[0].0, codes::WB010);
    assert_eq!(told(&"{a: ".repeat(200))[0].0, codes::WB010);
    let blocks: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(told(&blocks)[0].0, codes::WB010);
    let sixty: Vec<&str> = blocks.lines().take(60).collect();
    let mixed = format!("{}{}{}", sixty.join("\n"), " [".repeat(60), "]".repeat(60));
    assert_eq!(told(&mixed)[0].0, codes::WB010);
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: Spanned<String>,
    expr: Text,
    #[serde(rename = "for", default)]
    hold: Option<Spanned<DurationText>>,
    #[serde(default)]
    labels: Entries<String>,
    #[serde(default)]
    limit: Option<u8>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    no_data: Option<ScalarOr<Word, Keep>>,
    #[serde(default)]
    channel: Option<Channel>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Keep,
    Resolve,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    keep: DurationText,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Channel {
    Slack { to: String },
    Webhook(String),
    None,
}

fn lowered(text: &str) -> Result<Rule, (String, String)> {
    let read = parsed(text);
    from_node(&read.documents[0]).map_err(|error| (read.sources.describe(error.place), error.message))
}

#[test]
fn typed_values_know_their_places() {
    let file = "alert: A\nexpr: |\n  up == 0\nfor: 0\nlabels: {n: 1, b: yes, nothing: ~}\nlimit: 0x10\nenabled: off\n";
    let rule = lowered(file).unwrap();
    assert_eq!(&file[rule.alert.place.range()], "A");
    assert_eq!(&file[rule.expr.place_of(6..7).range()], "0");
    assert_eq!(rule.hold.unwrap().value.0, Span::ZERO);
    let labels: Vec<_> = rule.labels.iter().map(|(name, value)| (name.value.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("n", "1"), ("b", "yes"), ("nothing", "")]);
    assert_eq!(&file[rule.labels.0[1].0.place.range()], "b");
    assert_eq!((rule.limit, rule.enabled), (Some(16), Some(false)));
}

#[test]
fn null_counts_as_not_written() {
    let rule = lowered("alert: A\nexpr:\nfor:\nlabels:\nlimit: ~\n").unwrap();
    assert_eq!((&*rule.expr.value, rule.hold, rule.labels.0.len(), rule.limit), ("", None, 0, None));
}

#[test]
fn enums_are_words_or_mappings() {
    let rule = |rest: &str| lowered(&format!("{{alert: A, expr: x, {rest}}}")).unwrap();
    assert_eq!(rule("no_data: keep").no_data, Some(ScalarOr::Scalar(Word::Keep)));
    let keep = Keep { keep: DurationText(Span::from_secs(600)) };
    assert_eq!(rule("no_data: {keep: 10m}").no_data, Some(ScalarOr::Collection(keep)));
    assert_eq!(rule("channel: {slack: {to: x}}").channel, Some(Channel::Slack { to: "x".into() }));
    assert_eq!(rule("channel: {webhook: u}").channel, Some(Channel::Webhook("u".into())));
    assert_eq!(rule("channel: none").channel, Some(Channel::None));
}

#[test]
fn what_does_not_fit_is_told_in_words_at_its_place() {
    let cases = [
        ("expr: x", "1:1", "the key `alert` is missing"),
        ("alert: A\nexpr: x\nfro: 5m", "3:1", "unknown key `fro`: did you mean `for`?"),
        ("alert: A\nexpr: [x]", "2:8", "expected a text, found a list"),
        ("alert: {a: b}\nexpr: x", "1:9", "expected a text, found a mapping"),
        ("alert: A\nexpr: x\nfor: 5", "3:6", "`5` is not a duration; write for example `30s`, `5m` or `1h30m`"),
        ("alert: A\nexpr: x\nlabels: [a]", "3:10", "expected a mapping, found a list"),
        ("alert: A\nexpr: x\nlabels: {a: [b]}", "3:14", "expected a text, found a list"),
        ("alert: A\nexpr: x\nlimit: -1", "3:8", "expected a number that is not negative, found the number -1"),
        ("alert: A\nexpr: x\nlimit: 300", "3:8", "expected a smaller number, found the number 300"),
        ("alert: A\nexpr: x\nlimit: '3'", "3:8", "expected a whole number, found the text \"3\""),
        ("alert: A\nexpr: x\nenabled: 1", "3:10", "expected `true` or `false`, found the number 1"),
        ("alert: A\nexpr: x\nno_data: kepe", "3:10", "unknown value `kepe`: did you mean `keep`?"),
        ("alert: A\nexpr: x\nno_data: {kep: 1m}", "3:11", "unknown key `kep`: did you mean `keep`?"),
        ("alert: A\nexpr: x\nchannel: {slak: 1}", "3:11", "unknown value `slak`: did you mean `slack`?"),
        (
            "alert: A\nexpr: x\nchannel: {slack: {to: x}, none: }",
            "3:27",
            "expected only one key: `slack`, `webhook` or `none`",
        ),
        ("alert: A\nexpr: x\nchannel: slack", "3:10", "a bare word is not enough here: expected a mapping of it"),
    ];
    for (text, place, message) in cases {
        assert_eq!(lowered(text), Err((format!("a.yaml:{place}"), message.to_owned())), "{text:?}");
    }
}

/// What is said of `text`, where the schema is that of `Rule`-like things.
fn against_schema(text: &str) -> Vec<(Code, String, String, String)> {
    let read = parsed(text);
    let mut findings = Findings::default();
    let validator = Validator::new(schemars::schema_for!(File).into());
    let is_valid = validator.validate(&read.documents[0], &mut findings);
    findings.sort();
    assert_eq!(is_valid, findings.is_empty());
    let told = findings.iter().map(|finding| {
        let (place, _) = finding.at.as_ref().expect("a place");
        let help = finding.help.clone().unwrap_or_default();
        (finding.code, read.sources.describe(*place), finding.message.clone(), help)
    });
    told.collect()
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Group {
    name: Spanned<String>,
    #[serde(default)]
    rules: Vec<Full>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Full {
    alert: Spanned<String>,
    expr: Text,
    #[serde(rename = "for", default)]
    hold: Option<Spanned<DurationText>>,
    #[serde(default)]
    labels: Entries<String>,
    #[serde(default)]
    #[schemars(range(min = 1))]
    limit: Option<u8>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    above: Option<ScalarOr<Number, Vec<f64>>>,
    #[serde(default)]
    no_data: Option<ScalarOr<Way, Keeping>>,
    #[serde(default)]
    channel: Option<Reach>,
}

/// A number or a duration.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Number {
    Plain(f64),
    Duration(DurationText),
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// It stays.
    Keep,
    /// It ends.
    Resolve,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Keeping {
    keep: DurationText,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Reach {
    Slack(Slack),
    Webhook(String),
    None,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Slack {
    to: String,
}

#[test]
fn what_prometheus_takes_passes_the_schema() {
    let rule = "groups:\n- name: 5\n  rules:\n  - alert: yes\n    expr: 1\n    for: 0\n    limit: ~\n    enabled: on\n";
    let more =
        "    labels: {n: 1, t: true, z: ~, f: 1.5}\n    above: 5m\n    no_data: {keep: 10m}\n- name: x\n  rules:\n";
    assert_eq!(against_schema(&format!("{rule}{more}")), []);
}

#[test]
fn each_difference_from_the_schema_is_told_in_words() {
    let of_rule =
        |rest: &str| against_schema(&format!("groups: [{{name: x, rules: [\n{{alert: A, expr: x, {rest}}}]}}]"));
    let table: Vec<String> = [
        "fro: 5m",
        "expression: 5m, severty: 1",
        "for: [5m]",
        "for: 5 minutes",
        "labels: [a]",
        "labels: {a: {b: c}}",
        "limit: many",
        "limit: 0",
        "limit: 3000",
        "enabled: 'yes'",
        "above: {a: 1}",
        "above: high",
        "above: [1, two]",
        "no_data: kepe",
        "no_data: {kep: 10m}",
        "no_data: {keep: ten}",
        "no_data: [keep]",
        "channel: slak",
        "channel: {slak: {to: x}}",
        "channel: {slack: {too: x}}",
        "channel: {slack: x}",
        "channel: 5",
    ]
    .into_iter()
    .flat_map(|rest| {
        let told = of_rule(rest).into_iter();
        let told = told.map(move |(code, at, message, help)| format!("{rest:32} {code} {at:12} {message} [{help}]"));
        told.collect::<Vec<_>>()
    })
    .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_is_missing_is_told_at_the_head_of_where_it_belongs() {
    let told = against_schema("groups:\n  - rules:\n      - expr: up\n");
    let told: Vec<_> = told.iter().map(|(code, at, message, _)| (*code, at.as_str(), message.as_str())).collect();
    assert_eq!(
        told,
        [
            (codes::WB015, "a.yaml:2:5", "the key `name` is missing"),
            (codes::WB015, "a.yaml:3:9", "the key `alert` is missing"),
        ]
    );
    assert_eq!(against_schema("[]")[0].2, "expected a mapping, found a list");
}

#[test]
fn a_control_character_is_not_said_to_need_quotes_where_it_stands_in_them() {
    for (text, is_control) in [("a: \"x\0y\"\n", true), ("a: \u{1}\n", true), ("a: @x\n", false)] {
        let help = parsed(text).findings.iter().find_map(|finding| finding.help.clone()).unwrap_or_default();
        assert_eq!(help.starts_with("control characters are not allowed"), is_control, "{text:?}: {help}");
    }
}
