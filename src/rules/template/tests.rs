//! What the real promtool made of many templates, and what we make of them.

use super::*;
use serde_json::Value as Json;
use std::path::Path;

/// The data that promtool had: series with their values, what the rest of the world says, and answers.
struct World {
    series: Vec<(Labels, f64)>,
    external_labels: Labels,
    external_url: String,
    answers: Answers,
}

fn fixture(name: &str) -> Json {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/templates").join(name))
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn labels(pairs: &Json) -> Labels {
    Labels::new(pairs.as_object().unwrap().iter().map(|(name, value)| (&**name, value.as_str().unwrap())))
}

fn samples(list: &Json) -> Vec<(Labels, f64)> {
    let list = list.as_array().unwrap();
    list.iter().map(|s| (labels(&s["labels"]), s["value"].as_str().unwrap().parse().unwrap())).collect()
}

impl World {
    fn of_fixture() -> Self {
        let data = fixture("data.json");
        let marked = samples(&data["series"]).into_iter().enumerate();
        let series =
            marked.map(|(case, (labels, value))| (labels.with("__name__", "m").with("case", case.to_string()), value));
        let mut queried = samples(&data["queried"]);
        queried.sort_by(|a, b| a.1.total_cmp(&b.1));
        let only_x = queried.iter().filter(|sample| sample.0.get("a") == "x").cloned().collect();
        let answers = Answers::from([
            ("sort(q)".into(), Ok(queried)),
            ("q{a=\"x\"}".into(), Ok(only_x)),
            ("bad(".into(), Err("1:5: parse error: unclosed left parenthesis".into())),
        ]);
        World {
            series: series.collect(),
            external_labels: labels(&data["external_labels"]),
            external_url: data["external_url"].as_str().unwrap().into(),
            answers,
        }
    }

    fn data(&self, case: usize) -> Data<'_> {
        let (labels, value) = &self.series[case];
        Data {
            labels,
            value: *value,
            external_labels: &self.external_labels,
            external_url: &self.external_url,
            threshold: "90",
            severity: "high",
            unit: "s",
            active_at: Slot::from_millis(1_767_603_600_000),
            now: Slot::from_millis(1_767_603_660_250),
        }
    }

    /// Renders, answering whatever is wanted and not known with nothing, as an empty Prometheus does.
    fn render(&self, template: &Template, case: usize) -> String {
        let mut answers = self.answers.clone();
        loop {
            match template.render_or_error_text("A", &self.data(case), &answers) {
                Rendered::Text(text) => return text,
                Rendered::Wants(wants) => answers.extend(wants.into_iter().map(|want| (want, Ok(Vec::new())))),
            }
        }
    }
}

/// How far a list of templates agrees with promtool.
#[derive(Default)]
struct Agreement {
    same: usize,
    all: usize,
    differences: String,
}

impl Agreement {
    fn with(expected: &Json) -> Self {
        let world = World::of_fixture();
        let mut agreement = Agreement::default();
        for case in expected["cases"].as_array().unwrap() {
            let (text, theirs) = (case["template"].as_str().unwrap(), case["texts"].as_array().unwrap());
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            for number in 0..world.series.len() {
                let theirs = theirs.get(number).unwrap_or(&theirs[0]).as_str().unwrap();
                agreement.note(text, theirs, &world.render(&template, number));
            }
        }
        for case in expected["refused"].as_array().unwrap() {
            let text = case["template"].as_str().unwrap();
            let ours = Template::parse(text).map_or_else(|error| error.as_prometheus("A"), |_| "no mistake".into());
            agreement.note(text, case["message"].as_str().unwrap(), &ours);
        }
        agreement
    }

    fn note(&mut self, template: &str, theirs: &str, ours: &str) {
        self.all += 1;
        self.same += usize::from(theirs == ours);
        // One line per template is enough to see what is wrong.
        if theirs != ours && !self.differences.contains(template) {
            self.differences.push_str(&format!("{template}\n  promtool {theirs}\n  ours     {ours}\n"));
        }
    }
}

#[test]
fn every_hard_template_renders_as_in_prometheus() {
    let agreement = Agreement::with(&fixture("expected.json"));
    assert_eq!(agreement.same, agreement.all, "\n{}", agreement.differences);
}

/// Run with `WATCHBELL_TEMPLATE_ORACLE` naming a file that `scripts/template-oracle PROMTOOL --rules DIR --to FILE` made.
#[test]
fn templates_found_in_rule_files_render_as_in_prometheus() {
    let Some(path) = std::env::var_os("WATCHBELL_TEMPLATE_ORACLE") else {
        println!("skipped: WATCHBELL_TEMPLATE_ORACLE names no file");
        return;
    };
    let agreement = Agreement::with(&read(Path::new(&path)));
    println!("{} of {} agree", agreement.same, agreement.all);
    assert_eq!(agreement.same, agreement.all, "\n{}", agreement.differences);
}

#[test]
fn our_own_variables_and_the_clock_are_there() {
    let world = World::of_fixture();
    let show = |text: &str| world.render(&Template::parse(text).unwrap(), 0);
    assert_eq!(show("{{ $value }}{{ $unit }} over {{ $threshold }} ({{ $severity }})"), "1234.56789s over 90 (high)");
    assert_eq!(show("{{ $activeAt }} {{ $activeAt.Format \"15:04\" }}"), "2026-01-05 09:00:00 +0000 UTC 09:00");
    // The float has no exact nanoseconds, and Prometheus cuts off what is below a millisecond.
    assert_eq!(show("{{ printf \"%.2f\" now }} {{ toTime now }}"), "1767603660.25 2026-01-05 09:01:00.249 +0000 UTC");
    assert_eq!(show("{{ toDuration 90.5 }} {{ (toDuration -0.0015).Milliseconds }}"), "1m30.5s -1");
    assert_eq!(show("{{ urlQueryEscape \"a b&c\" }}"), "a+b%26c");
    assert_eq!(show("{{ externalURL }} {{ pathPrefix }}"), "http://ex.org/prom /prom");
}

#[test]
fn queries_are_asked_for_together_and_then_answered() {
    let world = World::of_fixture();
    let text = "{{ with query \"a\" }}{{ . | first | value }}{{ end }} {{ query \"b\" | len }} {{ $x := query \"a\" }}{{ $x | len }}";
    let template = Template::parse(text).unwrap();
    assert!(template.uses_query());
    let first = template.render(&world.data(0), &Answers::new());
    assert_eq!(first, Ok(Rendered::Wants(vec!["a".into(), "b".into()])));
    let answers = Answers::from([("a".into(), Ok(vec![(Labels::empty(), 2.5)])), ("b".into(), Ok(Vec::new()))]);
    assert_eq!(template.render(&world.data(0), &answers), Ok(Rendered::Text("2.5 0 1".into())));
}

#[test]
fn a_failed_query_fails_the_template_and_says_so() {
    let world = World::of_fixture();
    let template = Template::parse("x {{ query \"a\" | len }}").unwrap();
    let answers = Answers::from([("a".into(), Err("query timed out".into()))]);
    let error = template.render(&world.data(0), &answers).unwrap_err();
    assert_eq!(error.to_string(), "at <query \"a\">: error calling query: query timed out");
    assert_eq!(error.offset, 5);
}

#[test]
fn a_text_without_actions_is_constant() {
    assert_eq!(Template::parse("just } text {").unwrap().constant(), Some("just } text {"));
    assert_eq!(Template::parse("{{ 1 }}").unwrap().constant(), None);
}

#[test]
fn the_labels_that_a_template_reads_are_known_with_their_places() {
    let used = |text: &str| {
        let template = Template::parse(text).unwrap();
        let uses = template.labels_used()?;
        for label in uses {
            assert_eq!(&text[label.range.clone()].trim_matches('"'), &&*label.name, "{text}");
        }
        Some(uses.iter().map(|label| label.name.to_string()).collect::<Vec<_>>().join(" "))
    };
    let known = |text: &str| used(text).unwrap();
    assert_eq!(known("plain"), "");
    assert_eq!(
        known("{{ $labels.a }} {{ .Labels.b }} {{ $.Labels.c | toUpper }} {{ index $labels \"d\" }}"),
        "a b c d"
    );
    assert_eq!(known("{{ with .Labels }}{{ .a }}{{ end }}{{ if $labels.b }}{{ (.Labels).c }}{{ end }}"), "a b c");
    assert_eq!(known("{{ range query \"up\" }}{{ .Labels.x }}{{ $labels.a }}{{ end }}"), "a");
    assert_eq!(known("{{ with query \"up\" }}{{ .Labels.x }}{{ else }}{{ .Labels.b }}{{ end }}"), "b");
    assert_eq!(known("{{ $labels := args 1 }}{{ $labels.x }}{{ $value }}"), "");
    for whole in ["{{ $labels }}", "{{ . }}", "{{ .Labels | len }}", "{{ range $k, $v := $labels }}{{ $k }}{{ end }}"] {
        assert_eq!(used(whole), None, "{whole}");
    }
}

#[test]
fn a_mistake_points_at_the_word() {
    let pointed = |text: &'static str| Template::parse(text).map_err(|error| &text[error.range]).unwrap_err();
    assert_eq!(pointed("a {{ $valu }} b"), "$valu");
    assert_eq!(pointed("a {{ $value | humanise }} b"), "humanise");
    assert_eq!(pointed("a {{ $value > 5 }}"), ">");
    assert_eq!(pointed("a {{ if $value }} b"), "");
    assert_eq!(pointed("{{ \"é\" 'ab' }}"), "'ab'");
}

#[test]
fn whatever_a_template_does_it_ends() {
    let world = World::of_fixture();
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(Template::parse(&format!("{{{{ {deep} }}}}")).is_err());
    assert!(Template::parse(&"{{ if 1 }}".repeat(5000)).is_err());
    let bounded = [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}",
        "{{ $x := \"ab\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $x := args 1 }}{{ range 100 }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
        "{{ range 9999 }}0123456789{{ end }}",
        "{{ printf \"%1000000d%1000000d\" 1 2 }}",
        "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        "{{ match \"((a{0,1000}){0,1000}){0,1000}\" \"a\" }}",
        "{{ reReplaceAll \"\" \"0123456789\" (printf \"%60000d\" 1) }}",
    ];
    for text in bounded {
        let rendered = Template::parse(text).unwrap().render(&world.data(0), &Answers::new());
        assert!(rendered.is_err(), "{text}: {rendered:?}");
    }
}

#[test]
fn every_function_and_variable_is_on_the_page_for_users() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md")).unwrap();
    for name in function_names().iter().chain(&parse::GIVEN[1..]) {
        let as_call = page.contains(&format!("`{name} ")) || page.contains(&format!("`{name}`"));
        assert!(as_call, "docs/templates.md does not explain {name}");
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    /// Pieces that templates are made of, so that random ones get past the parser often.
    fn piece() -> impl Strategy<Value = String> {
        let words = [
            "{{",
            "}}",
            "{{-",
            "-}}",
            " ",
            "\n",
            "$labels",
            ".Labels",
            ".x",
            "$value",
            ".Value",
            "|",
            "(",
            ")",
            "\"q\"",
            "`r`",
            "'c'",
            "1",
            "-2.5",
            "1e9",
            "0x1p4",
            "nil",
            "true",
            "if",
            "else",
            "end",
            "range",
            "with",
            "define",
            "template",
            "block",
            "break",
            "$x",
            ":=",
            "=",
            ",",
            ".",
            "printf",
            "\"%*[2]d%#+.3v\"",
            "index",
            "slice",
            "eq",
            "humanize",
            "humanizeDuration",
            "toTime",
            "query",
            "first",
            "match",
            "\"[a-\\\\d(\"",
            "reReplaceAll",
            "title",
            "args",
            "é",
            "/*",
            "*/",
        ];
        prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(String::from), 1 => any::<char>().prop_map(String::from)]
    }

    proptest! {
        #[test]
        fn no_text_and_no_value_makes_it_panic(pieces in prop::collection::vec(piece(), 0..40), value in any::<f64>()) {
            let text = pieces.concat();
            let world = World::of_fixture();
            match Template::parse(&text) {
                Ok(template) => {
                    let data = Data { value, ..world.data(0) };
                    let rendered = template.render_or_error_text("A", &data, &world.answers);
                    prop_assert!(!matches!(rendered, Rendered::Text(text) if text.len() > 4 * MAX_TEXT));
                }
                Err(error) => prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error.range),
            }
        }

        #[test]
        fn no_pattern_makes_it_panic(pattern in "[a-c\\[\\]()|*+?{},\\\\^$.0-9:<>P=-]{0,20}", text in "[a-c0-9 ]{0,10}") {
            drop(regexp::matches(&pattern, &text));
        }

        #[test]
        fn floats_print_so_that_they_read_back(value in any::<f64>()) {
            let text = format::print(&[value::Value::Float(value)]);
            let read = literal::parse_float(&text).unwrap();
            prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
        }
    }
}
