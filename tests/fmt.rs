//! `watchbell fmt` on files from the wild and on hostile ones: nothing is lost, nothing means anything else, and
//! formatting again changes nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use watchbell::rules::format::format;

#[cfg(unix)]
#[path = "support/pipe.rs"]
mod pipe;
#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;

/// Files of the corpus, if it is here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus(folder: &str) -> Vec<PathBuf> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let files: Vec<PathBuf> = ["yml", "yaml"]
        .iter()
        .flat_map(|ending| {
            glob::glob(&format!("{shared}/corpus/{folder}/**/*.{ending}")).expect("a good pattern").flatten()
        })
        .collect();
    if files.is_empty() {
        println!("skipped: no corpus at {shared}");
    }
    files
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Formats, twice: `format` itself refuses a change of meaning, so what is left to show is that nothing is left over.
fn formatted(text: &str, name: &str) -> String {
    let once = format(text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
    let again = format(&once).unwrap_or_else(|error| panic!("{name}, again: {error}\n{once}"));
    assert_eq!(again, once, "{name}: formatting again changes it");
    assert_eq!(comments(&once), comments(text), "{name}: a comment is lost or made up\n{once}");
    once
}

/// The words of all comments, sorted; texts that only look like comments are in both.
fn comments(text: &str) -> Vec<String> {
    let unquoted = text.replace("\\n", "\n");
    let after =
        |line: &str| line.split_once('#').map(|(_, comment)| comment.trim_end_matches(['\'', '"']).replace(' ', ""));
    let mut comments: Vec<String> = unquoted.lines().filter_map(after).collect();
    comments.sort();
    comments
}

#[test]
fn every_file_of_the_corpus_is_formatted_and_formatting_again_changes_nothing() {
    for path in corpus("rules").into_iter().chain(corpus("unit-tests")) {
        let text = std::fs::read_to_string(&path).expect("the corpus can be read");
        if text.lines().any(|line| line.starts_with("rule_files") || line.starts_with("tests:")) {
            continue;
        }
        formatted(&text, &path.to_string_lossy());
    }
}

#[test]
fn the_rule_pack_is_in_the_canonical_layout() {
    for path in glob::glob(&in_repository("rules/*.yaml").to_string_lossy()).expect("a good pattern").flatten() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        assert_eq!(formatted(&text, &path.to_string_lossy()), text, "{}", path.display());
    }
}

#[test]
fn keys_are_put_in_order_and_comments_go_with_them() {
    let text = r#"
# About the file.
groups:   # all of them
- rules:
  # About A.
  -   labels: {  severity: 'critical',team: "a"}   # of the rule
      # why so long
      for: 5m

      expr: sum( rate(x[5m]) )by(job)>5
      alert: A
  # About B.
  - # inside
    expr: |
        x > 5   # the bound
    alert: "B"
    annotations:
        description: |
            Two
              lines.

        summary: >-
            folded
            text
    # tail of B
  name: g   # its name
# tail of the file
"#;
    insta::assert_snapshot!(formatted(text, "order"), @r#"
    # About the file.
    groups: # all of them
      - name: g # its name
        rules:
          # About A.
          - alert: A

            expr: sum(rate(x[5m])) by (job) > 5
            # why so long
            for: 5m
            labels: { severity: 'critical', team: "a" } # of the rule

          # About B.
          # inside
          - alert: "B"
            expr: |
              x > 5 # the bound
            annotations:
              description: |
                Two
                  lines.

              summary: >-
                folded
                text
            # tail of B
    # tail of the file
    "#);
}

#[test]
fn a_long_expression_becomes_a_block_and_keeps_its_comments() {
    let text = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: \"# see the runbook\\n100 * sum by (namespace, service) (rate(requests_failed_total{job=\\\"api\\\"}[5m])) / sum by (namespace, service) (rate(requests_total[5m])) > 5\"\n";
    insta::assert_snapshot!(formatted(text, "long"), @r#"
    groups:
      - name: g
        rules:
          - alert: A
            expr: |
              # see the runbook
              100 * sum by (namespace, service) (rate(requests_failed_total{job="api"}[5m]))
                / sum by (namespace, service) (rate(requests_total[5m]))
              > 5
    "#);
}

#[test]
fn what_is_said_behind_an_expression_stays_when_it_is_broken_over_lines() {
    let long = "sum by (namespace, service) (rate(requests_failed_total{job=~`api`}[5m])) / sum by (namespace) (rate(requests_total[5m])) > bool 0.5";
    let rule = |key: &str, written: &str| {
        format!(
            "groups:\n- name: g\n  rules:\n  - alert: A\n    {key}: {written} # watchbell: allow WB069 because why\n    for: 5m\n"
        )
    };
    for written in [long.to_owned(), format!("'{long}'"), format!("\"{long}\"")] {
        for key in ["expr", "queries:\n      tps", "queries:\n      gas:\n        expr"] {
            let laid_out = formatted(&rule(key, &written), key);
            assert!(laid_out.contains(": | # watchbell: allow WB069 because why\n"), "{laid_out}");
        }
    }
}

#[test]
fn comments_between_a_key_and_its_value_keep_their_order() {
    for value in ["x > 1", "|\n        x > 1"] {
        let text = format!(
            "groups:\n- name: g\n  rules:\n  - alert: A\n    # zero\n    expr: # one\n      # two\n      # three\n      {value}\n"
        );
        let laid_out = formatted(&text, value);
        let said: Vec<&str> = laid_out.lines().filter_map(|line| line.split_once("# ")).map(|(_, said)| said).collect();
        assert_eq!(said, ["zero", "one", "two", "three"], "{laid_out}");
    }
}

#[test]
fn hostile_layouts_are_kept_whole() {
    let rule = "- alert: A\n    expr: x > 1\n";
    let cases: &[(&str, String)] = &[
        ("empty", String::new()),
        ("only a comment", "# nothing\n".into()),
        ("no groups", "groups:\n".into()),
        ("empty list", "groups: []  # none\n".into()),
        ("carriage returns", format!("groups:\r\n- name: g\r\n  rules:\r\n  {}", rule.replace('\n', "\r\n"))),
        ("byte order mark", format!("\u{feff}groups:\n- name: g\n  rules:\n  {rule}")),
        ("several documents", format!("# one\n---\ngroups:\n- name: g\n  rules:\n  {rule}# end of one\n---\n# two\ngroups:\n- name: h\n  rules:\n  {rule}...\n")),
        ("all in brackets", "{groups: [{name: g, rules: [{expr: 'x>1', alert: A}]}]}\n".into()),
        ("brackets with comments", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x > 1\n    labels: {\n      a: b, # why\n      c: d\n    }\n".into()),
        ("anchors", "groups:\n- name: g\n  rules:\n  - &a\n    alert: A\n    expr: &e x > 1\n    labels: &l\n      severity: &s page\n  - <<: *a\n    expr: *e\n    alert: B\n  - alert: C\n    labels: {<<: *l, b: *s}\n    expr: *e\n".into()),
        ("an anchor that must stay first", "groups:\n- name: g\n  rules:\n  - labels:\n      a: &v one\n    alert: *v\n    expr: x > 1\n".into()),
        ("an anchor that is set twice", "groups:\n- name: g\n  rules:\n  - labels: {a: &v one}\n    annotations: {b: &v two}\n    alert: *v\n    expr: x > 1\n".into()),
        ("block scalars of all kinds", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >\n      x\n      > 1\n    annotations:\n      a: |2\n         led by a space\n      b: |+\n        kept\n\n\n      c: |-\n        stripped\n      d: >+\n        folded\n\n      e: |\n\n        led by a line\n    labels:\n      f: |\n        last".into()),
        ("quotes over lines", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: 'x\n\n      > 1'\n    annotations:\n      a: \"one\n        two \\\n        three\\n\n\n        four\"\n      b: 'it''s\n        two'\n      c: plain\n        over lines\n".into()),
        ("what looks like a comment", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x{a=\"#\"} > 1\n    annotations: {a: 'b # c', d: e#f}\n".into()),
        ("dashes on lines of their own", "groups:\n-\n  name: g\n  rules:\n  -\n    alert: A\n\n    expr: x > 1\n\n\n\n  -\n    record: b\n    expr: x\n".into()),
        ("what is no PromQL", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >-\n      not (\n      promql\n".into()),
        ("unknown keys", "groups:\n- type: graphite\n  name: g\n  rules:\n  - debug: true\n    alert: A\n    expr: x > 1\n".into()),
        ("a comment between key and value", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: # why\n      # more\n      x > 1\n    labels: # which\n      # one\n      severity: page\n".into()),
        ("raw strings with lines", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: \"x{a=~`b\\n   c`} > 1\"\n".into()),
        ("escapes in an expression", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: \"x{a=~\\\"b\\\\\\\\d\\\"}>1\"\n".into()),
        ("tiers", "groups:\n- name: g\n  rules:\n  - alert: A\n    tiers: {high: {for: 5m, above: 1}, low: {above: 0}}\n    exceptions:\n    - tiers: {high: ~}\n      match: 'a=\"b\"'\n    expr: x\n    queries:\n".into()),
    ];
    for (name, text) in cases {
        formatted(text, name);
    }
}

#[test]
fn what_cannot_be_laid_out_is_left_and_says_why() {
    for (text, why) in [
        ("%YAML 1.2\n---\ngroups: []\n", "directive"),
        ("groups: !!seq []\n", "tags"),
        ("? groups\n: []\n", "after `?`"),
        ("groups:\n- {[a]: b}\n", "plain name"),
    ] {
        let error = format(text).expect_err(text).to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

fn watchbell(folder: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_watchbell"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    std::io::Write::write_all(&mut child.stdin.take().expect("it is piped"), input.as_bytes()).expect("it reads");
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

const UNTIDY: &str = "groups:\n- rules: []\n  name: g\n";
const TIDY: &str = "groups:\n  - name: g\n    rules: []\n";

#[test]
fn check_lists_what_would_change_and_changes_nothing() {
    let folder = Scratch::new("fmt-check");
    folder.write("untidy.yml", UNTIDY);
    folder.write("tidy.yml", TIDY);
    let (code, out, _) = watchbell(folder.path(), &["fmt", "--check", "."], "");
    assert_eq!((code, out.as_str()), (Some(1), "would change ./untidy.yml\n"));
    assert_eq!(std::fs::read_to_string(folder.path().join("untidy.yml")).unwrap(), UNTIDY);
    let (code, out, _) = watchbell(folder.path(), &["fmt", "--check", "tidy.yml"], "");
    assert_eq!((code, out.as_str()), (Some(0), ""));
}

#[test]
fn files_are_replaced_whole_and_nothing_is_left_beside_them() {
    let folder = Scratch::new("fmt-write");
    folder.write("untidy.yml", UNTIDY);
    folder.write("broken.yml", "groups: [\n");
    let (code, out, err) = watchbell(folder.path(), &["fmt", "untidy.yml", "broken.yml"], "");
    assert_eq!((code, out.as_str()), (Some(2), "changed untidy.yml\n"), "{err}");
    assert!(err.contains("broken.yml:"), "{err}");
    assert_eq!(std::fs::read_to_string(folder.path().join("untidy.yml")).unwrap(), TIDY);
    assert_eq!(std::fs::read_to_string(folder.path().join("broken.yml")).unwrap(), "groups: [\n");
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_left_where_it_is_and_a_link_stays_a_link() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = Scratch::new("fmt-pipe");
    let (pipe, untidy) = (folder.path().join("pipe.yml"), folder.write("untidy.yml", UNTIDY));
    pipe::saying(&pipe, UNTIDY);
    symlink("pipe.yml", folder.path().join("to-pipe.yml")).expect("a link can be made");
    symlink("untidy.yml", folder.path().join("to-untidy.yml")).expect("a link can be made");
    for named in ["pipe.yml", "to-pipe.yml"] {
        let (code, out, err) = watchbell(folder.path(), &["fmt", "untidy.yml", named], "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(&format!("`{named}` is no regular file")) && err.contains("`watchbell fmt -`"), "{err}");
    }
    assert!(std::fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo());
    assert_eq!(std::fs::read_to_string(&untidy).unwrap(), UNTIDY, "nothing is written where something is refused");
    assert_eq!(watchbell(folder.path(), &["fmt", "to-untidy.yml"], "").0, Some(0));
    assert!(folder.path().join("to-untidy.yml").is_symlink());
    assert_eq!(std::fs::read_to_string(&untidy).unwrap(), TIDY);
}

#[test]
fn stdin_is_answered_on_stdout_and_what_is_broken_comes_back_as_it_was() {
    let folder = Scratch::new("fmt-stdin");
    assert_eq!(watchbell(folder.path(), &["fmt", "-"], UNTIDY), (Some(0), TIDY.into(), String::new()));
    let (code, out, err) = watchbell(folder.path(), &["fmt", "-"], "groups: [\n");
    assert_eq!((code, out.as_str()), (Some(2), "groups: [\n"));
    assert!(err.contains("<stdin>:"), "{err}");
}

#[test]
fn stdin_that_is_no_text_comes_back_byte_by_byte() {
    let folder = Scratch::new("fmt-bytes");
    let bytes = b"groups:\n- rules: []\n  name: caf\xe9\n";
    std::fs::write(folder.path().join("latin.yml"), bytes).expect("it can be written");
    let stdin = std::fs::File::open(folder.path().join("latin.yml")).expect("it was written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let output = command.current_dir(folder.path()).args(["fmt", "-"]).stdin(stdin).output().expect("it runs");
    assert_eq!((output.status.code(), &*output.stdout), (Some(2), &bytes[..]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("error[WB003]") && said.contains("<stdin>:3:12"), "{said}");
}
