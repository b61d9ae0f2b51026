//! `watchbell diff` as people and pipelines call it, over real repositories with real edits.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const CONFIGURATION: &str = r##"prometheus: { main: { url: "http://127.0.0.1:1" } }
rules: ["rules/*.yaml"]
channels:
  chat: { slack: { token: { env: WATCHBELL_TEST_NO_SUCH_TOKEN }, to: "#alerts" } }
  pager: { pagerduty: { routing_key: { env: WATCHBELL_TEST_NO_SUCH_KEY } }, fallback: chat }
responders: { ann: { reach: [{ via: pager }] }, bob: { reach: [{ via: pager }] } }
schedules:
  primary: { timezone: UTC, layers: [{ rotation: { responders: [ann, bob], every: 1w, from: "2026-01-05T09:00" } }] }
policies:
  default:
    group_by: [alertname]
    matrix:
      critical: { levels: [{ notify: [chat, "schedule:primary"] }] }
      high: { levels: [{ notify: [chat] }, { after: 15m, notify: ["schedule:primary"] }] }
      medium: { levels: [{ notify: [chat] }] }
      low: { tell: nobody }
  security: { extends: default, matrix: { high: { levels: [{ notify: ["responder:ann"] }] } } }
routes:
  - { match: 'component="security"', policy: security }
  - { policy: default }
"##;

const RULES: &str = r#"groups:
  - name: chain
    interval: 30s
    rules:
      - record: chain:gas:avg
        expr: avg by (chain) (gas_price_gwei)
      - record: chain:gas:smooth
        expr: avg_over_time(chain:gas:avg[5m])
      - alert: GasPriceSpike
        expr: avg by (chain) (gas_price_gwei)   # gwei
        unit: gwei
        tiers:
          high: { above: 80, for: 1m, clear: 70 }
          medium: { above: 60, for: 15m }
        exceptions:
          - match: 'chain="sepolia"'
            tiers: { high: { above: 300, clear: 200 } }
        labels: { component: gas }
        annotations: { summary: "Gas on {{ $labels.chain }} is {{ $value }}" }
      - alert: SmoothGas
        expr: chain:gas:smooth
        tiers: { low: { above: 50 } }
      - alert: Tps
        expr: sum by (chain) (rate(transactions_total[2m])) < 5
        for: 2m
        labels: { severity: high }
      - alert: OracleStale
        expr: time() - oracle_updated_timestamp
        unit: s
        tiers: { critical: { above: 10m } }
      - alert: Old
        expr: up == 0
      - alert: Noisy
        expr: changes(pod_restarts[1h])
        tiers: { medium: { above: 3 } }
"#;

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn diff(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let output = command.current_dir(folder).arg("diff").args(arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn git(folder: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    let output = command.current_dir(folder).args(who).args(arguments).output().expect("git is here");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", message]);
}

/// A repository with the rules and the configuration above on the branch `main`.
fn repository(purpose: &str) -> Scratch {
    let scratch = Scratch::new(purpose);
    git(scratch.path(), &["init", "--quiet", "--initial-branch=main"]);
    scratch.write("watchbell.yaml", CONFIGURATION);
    scratch.write("rules/chain.yaml", RULES);
    commit(scratch.path(), "first");
    scratch
}

/// The text with each of the edits, every one of which must find its place.
fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replacen(from, to, 1)
    })
}

/// The difference of the working tree after edits of the rules, as a program reads it.
fn after(edits: &[(&str, &str)]) -> Value {
    let repository = repository("diff");
    repository.write("rules/chain.yaml", &edited(RULES, edits));
    let said = diff(repository.path(), &["main", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    serde_json::from_str(&said.out).expect("JSON")
}

fn many_edits() -> Scratch {
    let repository = repository("diff");
    let rules = edited(
        RULES,
        &[
            ("high: { above: 80, for: 1m, clear: 70 }", "high: { above: 100, for: 5m, clear: 60 }"),
            ("medium: { above: 60, for: 15m }", "medium: { above: 60, for: 15m }\n          low: { above: 40 }"),
            ("above: 300", "above: 250"),
            (
                "expr: avg by (chain) (gas_price_gwei)   # gwei",
                "expr: |\n          avg(gas_price_gwei)\n            by (chain)",
            ),
            ("expr: avg by (chain) (gas_price_gwei)\n", "expr: max by (chain) (gas_price_gwei)\n"),
            (") < 5", ") < 3"),
            ("labels: { severity: high }", "labels: { severity: high, component: security }"),
            ("alert: OracleStale", "alert: OracleStaleness\n        moved_from: [chain/OracleStale]"),
            (
                "      - alert: Old\n        expr: up == 0\n",
                "      - alert: Fresh\n        expr: queue_length\n        tiers: { high: { above: 9 } }\n",
            ),
            ("alert: Noisy", "alert: Noisy\n        enabled: false\n        because: pods are restarted on purpose"),
        ],
    );
    repository.write("rules/chain.yaml", &rules);
    let configuration = edited(
        CONFIGURATION,
        &[
            (
                "medium: { levels: [{ notify: [chat] }] }",
                "medium: { levels: [{ notify: [chat] }, { after: 1h, notify: [\"schedule:primary\"] }] }",
            ),
            (", fallback: chat", ""),
            ("[ann, bob]", "[bob, ann]"),
        ],
    );
    let silence = "silences:\n  - { match: 'chain=\"sepolia\"', until: \"2099-02-01T12:00\", owner: ann, reason: node migration }\n";
    repository.write("watchbell.yaml", &format!("{configuration}{silence}"));
    repository
}

#[test]
fn a_change_is_told_rule_by_rule_and_bound_by_bound() {
    let repository = many_edits();
    let said = diff(repository.path(), &["main"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_pull_request_gets_one_comment_with_a_marker() {
    let repository = many_edits();
    commit(repository.path(), "second");
    let said = diff(repository.path(), &["main~1", "main", "--format", "markdown"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.starts_with("<!-- watchbell:report -->\n"));
    insta::assert_snapshot!(said.out);
}

#[test]
fn formatting_order_and_comments_are_no_change() {
    let repository = repository("diff");
    let rules = edited(
        RULES,
        &[
            ("high: { above: 80, for: 1m, clear: 70 }", "high: { clear: 70.0, for: 60s, above: 8e1 } # as ever"),
            ("rate(transactions_total[2m])", "rate( transactions_total[120s] )"),
            ("        unit: gwei\n", "\n        unit: 'gwei'\n"),
        ],
    );
    repository.write("rules/chain.yaml", &rules);
    let said = diff(repository.path(), &["main"]);
    assert_eq!(said.out, "main → the working tree: nothing changes in what is asked, decided or told\n");
    assert_eq!(said.code, Some(0));
}

#[test]
fn a_bound_below_that_falls_is_stricter_and_an_end_that_moves_away_is_later() {
    let change = after(&[(") < 5", ") < 3"), ("clear: 70", "clear: 60")]);
    let gas = &change["rules"][0]["changes"][0];
    assert_eq!((&gas["subject"], &gas["effect"]), (&"high.clear".into(), &"ends later".into()), "{change:#}");
    let tps = &change["rules"][1]["changes"][0];
    assert_eq!((&tps["subject"], &tps["direction"]), (&"expr".into(), &"stricter".into()), "{change:#}");
}

#[test]
fn what_becomes_of_live_alerts_is_said() {
    let live = |edits: &[(&str, &str)]| {
        let change = after(edits);
        let rules = change["rules"].as_array().expect("rules");
        rules
            .iter()
            .map(|rule| {
                format!(
                    "{}: {}\n",
                    rule["alert"].as_str().expect("a name"),
                    rule["live_state"]["text"].as_str().expect("a text")
                )
            })
            .collect::<String>()
    };
    let stories = [
        live(&[("above: 80", "above: 90")]),
        live(&[("alert: OracleStale", "alert: OracleStaleness")]),
        live(&[("alert: OracleStale", "alert: OracleStaleness\n        moved_from: [chain/OracleStale]")]),
        live(&[("          medium: { above: 60, for: 15m }\n", "")]),
        live(&[("labels: { component: gas }", "labels: { component: gas, chain: all }")]),
        live(&[("expr: time() - oracle_updated_timestamp", "expr: time() - oracle_seen_timestamp")]),
        live(&[("alert: Noisy", "alert: Noisy\n        enabled: false\n        because: noise")]),
        live(&[("expr: up == 0", "expr: up == 0\n        labels: { severity: critical }")]),
    ];
    insta::assert_snapshot!(stories.join("\n"));
}

#[test]
fn revisions_are_compared_from_a_folder_below_and_links_are_followed_inside_of_the_repository() {
    let scratch = Scratch::new("diff");
    git(scratch.path(), &["init", "--quiet", "--initial-branch=main"]);
    scratch.write("ops/watchbell.yaml", "rules: [rules]\n");
    scratch.write("shared/chain.yaml", RULES);
    let folder = scratch.path().join("ops");
    std::os::unix::fs::symlink("../shared", folder.join("rules")).expect("a link can be made");
    commit(scratch.path(), "first");
    scratch.write("shared/chain.yaml", &edited(RULES, &[("above: 80", "above: 90")]));
    commit(scratch.path(), "second");
    let committed = diff(&folder, &["main~1", "main"]);
    assert_eq!(committed.code, Some(0), "{}", committed.err);
    assert!(committed.out.contains("high.above  80 → 90  (stricter: fires less)"), "{}", committed.out);
    assert_eq!(diff(&folder, &["main~1"]).out, committed.out.replace("→ main:", "→ the working tree:"));
}

#[test]
fn a_folder_that_the_revision_lacks_is_new_and_what_lies_beside_it_is_none_of_its_business() {
    let scratch = Scratch::new("diff");
    git(scratch.path(), &["init", "--quiet", "--initial-branch=main"]);
    scratch.write("one/watchbell.yaml", "rules: [chain.yaml]\n");
    scratch.write("one/chain.yaml", RULES);
    commit(scratch.path(), "first");
    scratch.write("two/watchbell.yaml", "rules: [own.yaml]\n");
    scratch.write("two/own.yaml", "groups: [{ name: g, rules: [{ alert: Own, expr: up == 0 }] }]\n");
    let said = diff(&scratch.path().join("two"), &["main"]);
    assert!(said.out.contains("1 new") && !said.out.contains("gone"), "{}{}", said.out, said.err);
}

#[test]
fn a_wildcard_reaches_rules_behind_a_link_in_a_revision_as_on_the_disk() {
    let scratch = Scratch::new("diff");
    git(scratch.path(), &["init", "--quiet", "--initial-branch=main"]);
    scratch.write("watchbell.yaml", "rules: [\"l*/*.yaml\"]\n");
    scratch.write("real/chain.yaml", RULES);
    std::os::unix::fs::symlink("real", scratch.path().join("lnk")).expect("a link can be made");
    commit(scratch.path(), "first");
    let clean = diff(scratch.path(), &["main"]);
    assert!(clean.out.contains("nothing changes"), "{}{}", clean.out, clean.err);
    scratch.write("real/chain.yaml", &edited(RULES, &[("above: 80", "above: 90")]));
    commit(scratch.path(), "second");
    let committed = diff(scratch.path(), &["main~1", "main"]);
    assert!(
        committed.out.contains("high.above  80 → 90  (stricter: fires less)"),
        "{}{}",
        committed.out,
        committed.err
    );
}

#[test]
fn a_folder_is_compared_as_well_and_rules_need_no_configuration() {
    let scratch = Scratch::new("diff");
    scratch.write("old/chain.yaml", RULES);
    scratch.write("new/chain.yaml", &edited(RULES, &[("above: 10m", "above: 5m")]));
    scratch.write("new/unrelated.yaml", "kind: Deployment\n");
    let said = diff(scratch.path(), &["./old", "./new"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_bare_repository_has_no_files_and_is_asked_for_two_revisions() {
    let (repository, bare) = (repository("diff"), Scratch::new("diff"));
    repository.write("rules/chain.yaml", &edited(RULES, &[("above: 80", "above: 90")]));
    commit(repository.path(), "second");
    git(bare.path(), &["clone", "--quiet", "--bare", &repository.path().display().to_string(), "."]);
    let one = diff(bare.path(), &["main~1"]);
    assert_eq!((one.code, one.out.as_str()), (Some(2), ""));
    assert!(one.err.contains("has no files to compare with; name a second revision"), "{}", one.err);
    let two = diff(bare.path(), &["main~1", "main"]);
    assert_eq!(two.code, Some(0), "{}", two.err);
    assert!(two.out.contains("high.above  80 → 90"), "{}", two.out);
}

#[test]
fn what_cannot_be_compared_is_said_with_its_place_and_what_to_do() {
    let repository = repository("diff");
    let none = diff(repository.path(), &["nowhere"]);
    assert_eq!(none.code, Some(2));
    insta::assert_snapshot!(none.err);
    repository.write("rules/chain.yaml", &edited(RULES, &[("for: 2m", "fro: 2m")]));
    commit(repository.path(), "broken");
    let broken = diff(repository.path(), &["main~1", "main"]);
    assert_eq!((broken.code, broken.out.as_str()), (Some(2), ""));
    assert!(
        broken.err.contains("rules/chain.yaml:25:9") && broken.err.contains("did you mean `for`?"),
        "{}",
        broken.err
    );
    assert!(broken.err.contains("error: main does not pass: 1 error, shown above"), "{}", broken.err);
    let option = diff(repository.path(), &["--", "--upload-pack=touch x"]);
    assert_eq!(option.code, Some(2), "{}", option.err);
}

#[test]
fn a_hostile_change_runs_nothing_and_says_nothing_but_its_own_text() {
    let repository = repository("diff");
    let ran = repository.path().join("ran");
    let program = repository.write("evil", &format!("#!/bin/sh\ntouch '{}'\ncat\n", ran.display()));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");
    let evil = program.display().to_string();
    for key in ["filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.fsmonitor"] {
        git(repository.path(), &["config", key, &evil]);
    }
    repository.write(".git/hooks/post-checkout", &format!("#!/bin/sh\ntouch '{}'\n", ran.display()));
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("rules/outside.yaml"))
        .expect("a link can be made");
    let text = "a` @all <img src=x> [x](https://example.org) `|` <!-- watchbell:report --> `b";
    let rules =
        edited(RULES, &[("Gas on {{ $labels.chain }} is {{ $value }}", text), ("alert: Old", "alert: \"@Old|``\"")]);
    repository.write("rules/chain.yaml", &rules);
    commit(repository.path(), "hostile");
    // Only now, so that git itself did not run them for the commit.
    repository.write(".gitattributes", "* filter=evil diff=evil\n");
    let _left_by_git = std::fs::remove_file(&ran);
    let said = diff(repository.path(), &["main~1", "main", "--format", "markdown"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(!ran.exists(), "a program of the repository ran");
    let outside_of_spans: String = outside_of_spans(&said.out["<!-- watchbell:report -->".len()..]);
    for sign in ["@", "<", "](", "://"] {
        assert!(!outside_of_spans.contains(sign), "{sign} in {outside_of_spans}");
    }
    assert!(!said.out.contains("root:"), "{}", said.out);
}

/// The Markdown without its code spans, as `CommonMark` finds them: a run of backticks up to the next run of the same length.
fn outside_of_spans(markdown: &str) -> String {
    let (mut left, mut rest) = (String::new(), markdown);
    while let Some(start) = rest.find('`') {
        left.push_str(&rest[..start]);
        let fence = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let inner = &rest[start + fence..];
        let mut runs = inner.match_indices('`').map(|(at, _)| at).filter(|at| !inner[..*at].ends_with('`'));
        let end = runs.find(|at| inner[*at..].len() - inner[*at..].trim_start_matches('`').len() == fence);
        rest = &inner[end.expect("every span ends") + fence..];
    }
    left + rest
}

#[test]
fn who_we_are_to_a_server_is_told_in_the_words_of_the_configuration_and_without_secrets() {
    let repository = repository("diff-words");
    let login = r"basic_auth: { username: ops, password: { env: WATCHBELL_TEST_NO_SUCH_PASSWORD } }, tls: { server_name: mail.example.org }";
    let channels = format!(
        "channels:\n  letters: {{ email: {{ smtp: \"smtp://mail.example.org:587\", from: a@example.org }} }}\n  mail: {{ email: {{ smtp: \"smtp://mail.example.org:587\", from: a@example.org, {login} }} }}\n"
    );
    let source = r#"url: "http://127.0.0.1:1", bearer_token: { env: WATCHBELL_TEST_NO_SUCH_TOKEN }, headers: { X-Scope-OrgID: not-a-real-secret }"#;
    let edits = [
        ("channels:\n", channels.as_str()),
        (r#"url: "http://127.0.0.1:1""#, source),
        ("rules: [", "store: { sqlite: other.db }\nrules: ["),
    ];
    repository.write("watchbell.yaml", &edited(CONFIGURATION, &edits));
    let said = diff(repository.path(), &["main"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    for words in [
        "channels.letters\n      + kind: email; smtp: smtp://mail.example.org:587; from: a@example.org; updates every: ",
        "basic_auth.username: ops; basic_auth.password: { env: WATCHBELL_TEST_NO_SUCH_PASSWORD }; tls.server_name: mail.example.org;",
        "sources.main.bearer_token  + { env: WATCHBELL_TEST_NO_SUCH_TOKEN }\n",
        "sources.main.headers.X-Scope-OrgID  + <redacted>\n",
        "store.sqlite  watchbell.db → other.db\n",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let debug = ["None", "Some(", "Tls", "Basic", "Sqlite", "not-a-real-secret"];
    assert!(!debug.iter().any(|word| said.out.contains(word)), "{}", said.out);
}
