//! YAML against others: files from the wild read as serde reads them, and no bytes whatever that make us panic.

use proptest::prelude::*;
use std::path::{Path, PathBuf};
use watchbell::diagnostics::{Findings, Sources, render};
use watchbell::yaml::{self, Kind, Meaning, Node};

/// The rule files that others wrote, if they are here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus() -> Vec<PathBuf> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let files: Vec<_> = glob::glob(&format!("{shared}/corpus/**/*.yml")).expect("a good pattern").flatten().collect();
    if files.is_empty() {
        println!("skipped: no corpus at {shared}");
    }
    files
}

fn read(text: &str) -> (Vec<Node>, Findings, Sources) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let source = sources.add("a.yaml", text);
    let documents = yaml::parse(source, text, &mut findings);
    (documents, findings, sources)
}

#[test]
fn files_of_the_corpus_mean_what_serde_takes_them_for() {
    for path in corpus() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let (documents, findings, sources) = read(&text);
        assert!(findings.is_empty(), "{}:\n{}", path.display(), render::human(&findings, &sources, false));
        let theirs = serde_yaml::Deserializer::from_str(&text);
        for (ours, theirs) in documents.iter().zip(theirs) {
            let mut theirs: serde_yaml::Value = serde::Deserialize::deserialize(theirs).expect("it is YAML");
            theirs.apply_merge().expect("it merges mappings");
            assert_same(ours, &theirs, &path);
        }
    }
}

fn assert_same(ours: &Node, theirs: &serde_yaml::Value, path: &Path) {
    use serde_yaml::Value;
    match (&ours.kind, theirs) {
        (Kind::Sequence(items), Value::Sequence(others)) => {
            assert_eq!(items.len(), others.len(), "{}", path.display());
            items.iter().zip(others).for_each(|(ours, theirs)| assert_same(ours, theirs, path));
        }
        (Kind::Mapping(entries), Value::Mapping(others)) => {
            assert_eq!(entries.len(), others.len(), "{}", path.display());
            for (key, value) in entries {
                let theirs = others.get(key.as_str().expect("a key")).expect("the same keys");
                assert_same(value, theirs, path);
            }
        }
        (Kind::Scalar(scalar), Value::String(text)) => assert_eq!(&*scalar.text, text, "{}", path.display()),
        (Kind::Scalar(scalar), Value::Number(number)) => assert_eq!(scalar.as_float(), number.as_f64()),
        (Kind::Scalar(scalar), Value::Bool(value)) => assert_eq!(scalar.meaning(), Meaning::Bool(*value)),
        (Kind::Scalar(scalar), Value::Null) => assert!(scalar.is_null()),
        _ => panic!("{}: {ours:?} is not {theirs:?}", path.display()),
    }
}

#[test]
fn letters_of_every_scalar_of_the_corpus_are_found_in_its_file() {
    for path in corpus() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        read(&text).0.iter().for_each(|document| assert_letters_are_found(document, &text));
    }
}

/// Letters stand for themselves in every style of scalar, but for escapes, which begin with a backslash.
fn assert_letters_are_found(node: &Node, file: &str) {
    node.items().iter().for_each(|item| assert_letters_are_found(item, file));
    node.entries().iter().for_each(|(_, value)| assert_letters_are_found(value, file));
    let Some(text) = node.text() else { return };
    for (at, letter) in text.value.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
        let found = &file[text.place_of(at..at + letter.len_utf8()).range()];
        assert!(found == letter.to_string() || found.starts_with('\\'), "{at} of {:?}: {found:?}", text.value);
    }
}

/// Everything that is done with a tree before it is understood.
fn use_up(text: &str) {
    let (documents, findings, sources) = read(text);
    for document in &documents {
        let _ = yaml::from_node::<serde_json::Value>(document);
        assert_places_are_in_the_file(document, text);
    }
    let _ = (render::human(&findings, &sources, true), render::json(&findings, &sources));
    let _ = (render::github(&findings, &sources), render::sarif(&findings, &sources, "a.yaml"));
}

fn assert_places_are_in_the_file(node: &Node, file: &str) {
    assert!(file.get(node.place.range()).is_some(), "{:?} of {file:?}", node.place);
    node.items().iter().for_each(|item| assert_places_are_in_the_file(item, file));
    for (key, value) in node.entries() {
        assert_places_are_in_the_file(key, file);
        assert_places_are_in_the_file(value, file);
    }
    if let Some(text) = node.text() {
        for at in 0..=text.value.len() {
            let place = text.place_of(at..text.value.len().min(at + 1));
            assert!(place.range().end <= file.len(), "{at} of {:?} in {file:?}", text.value);
        }
    }
}

const PIECES: [&str; 46] = [
    "groups:",
    "- ",
    "name: x",
    "\n",
    "\n  ",
    "\n    ",
    "rules:",
    "expr: ",
    "|",
    ">",
    "|2-",
    ">+",
    "'",
    "''",
    "\"",
    "\\n",
    "\\x41",
    "\\u263a",
    "\\\n",
    "{{ $value }}",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ": ",
    "? ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "# c",
    "\t",
    "\r\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "~",
    "ä",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
    "😀",
    "@",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        use_up(&text);
    }

    #[test]
    fn no_heap_of_notation_makes_it_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        use_up(&text);
    }

    #[test]
    fn no_mistake_of_the_fingers_makes_it_panic(
        at in 0_usize..RULES.len(), length in 0_usize..12, piece in 0..PIECES.len(), from in 0_usize..RULES.len()
    ) {
        let boundary = |at: usize| RULES.floor_char_boundary(at);
        let (start, end) = (boundary(at), boundary((at + length).min(RULES.len())));
        let copied = &RULES[boundary(from)..boundary((from + length).min(RULES.len()))];
        use_up(&format!("{}{}{}{}", &RULES[..start], PIECES[piece], copied, &RULES[end..]));
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let source = yaml::admit(Path::new("a.yaml"), Ok(bytes.clone()), &mut sources, &mut findings);
        prop_assert_eq!(source.is_some(), std::str::from_utf8(&bytes).is_ok());
        let _ = render::human(&findings, &sources, false);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            use_up(text);
        }
    }
}

/// A file with every notation that rule files have.
const RULES: &str = r#"# Rules, for practice
defaults: &defaults { team: "chain\tops", severity: 'it''s' }
groups:
  - name: chain
    interval: 30s
    rules:
      - alert: GasPriceSpike
        expr: |
          avg by (chain) (
            gas_price_gwei{chain=~"sepolia|main"}
          ) > 100
        for: 5m
        labels:
          <<: *defaults
          component: gäs
        annotations:
          summary: >-
            Gas on {{ $labels.chain }}
            is {{ $value | humanize }} gwei

              and rising
          description: "a \"quoted\" \
            line \u263a"
      - record: chain:gas:avg
        expr: avg(gas_price_gwei)
          by (chain)
---
groups: []
"#;

/// Each file is wrong in one way; the snapshot is what people see.
#[test]
fn every_mistake_in_a_file_is_shown_with_its_line() {
    let bomb: String =
        (1..8).map(|n| format!("a{n}: &a{n} [{}]\n", [format!("*a{}", n - 1).as_str(); 10].join(", "))).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a latin-1 file", b"groups:\n  - name: caf\xe9\n".to_vec()),
        ("a colon in a text", b"a: 1\nsummary: Disk full: {{ $labels.instance }}\n".to_vec()),
        ("a tab", b"groups:\n\t- name: x\n".to_vec()),
        ("an open quote", b"a: \"x\nb: 1\n".to_vec()),
        ("an open list", b"a: [1,\nb: 2\n".to_vec()),
        ("a duplicate key", b"labels:\n  team: chain\n  team: infra\n".to_vec()),
        ("a bomb", format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{bomb}").into_bytes()),
        ("an unknown alias", b"labels: *defaults\n".to_vec()),
        ("an alias of itself", b"a: &a [x, *a]\n".to_vec()),
        ("a merged text", b"labels: { <<: chain }\n".to_vec()),
        ("a bare template", b"summary: {{ $value }}\n".to_vec()),
        ("deep nesting", "[".repeat(200).into_bytes()),
    ];
    let shown: String = cases.into_iter().map(|(name, bytes)| format!("## {name}\n{}", shown(bytes))).collect();
    insta::assert_snapshot!(shown);
}

fn shown(bytes: Vec<u8>) -> String {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    if let Some(source) = yaml::admit(Path::new("a.yaml"), Ok(bytes), &mut sources, &mut findings) {
        let text = sources.get(source).text().clone();
        let _ = yaml::parse(source, &text, &mut findings);
    }
    render::human(&findings, &sources, false)
}

#[test]
fn a_file_that_is_not_there_a_folder_and_a_huge_one_are_told() {
    let folder = std::env::temp_dir().join(format!("watchbell-yaml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let huge = folder.join("huge.yaml");
    std::fs::File::create(&huge).and_then(|file| file.set_len(50 << 20)).expect("a file");
    let told = |path: &Path| {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        assert!(yaml::read(path, &mut sources, &mut findings).is_none());
        render::human(&findings, &sources, false).replace(&folder.display().to_string(), "…")
    };
    let told = [told(&folder.join("gone.yaml")), told(&folder), told(&huge)].concat();
    std::fs::remove_dir_all(&folder).expect("it can be removed");
    insta::assert_snapshot!(told);
}
