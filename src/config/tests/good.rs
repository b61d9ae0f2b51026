//! What good configurations mean.

use super::*;
use crate::model::{Labels, Span};

/// The smallest file with which somebody is told.
const MINIMAL: &str = r#"
prometheus: { main: { url: "http://127.0.0.1:9090/" } }
channels: { hook: { webhook: { url: "https://hooks.example.org/in" } } }
policies:
  default:
    matrix:
      critical: { levels: [{ notify: [hook] }] }
      high: { levels: [{ notify: [hook] }] }
      medium: { levels: [{ notify: [hook] }] }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;

/// A file with what is needed around some policies.
fn with_policies(policies: &str) -> Settings {
    let channels =
        "channels: { a: { webhook: { url: 'https://a.example' } }, b: { webhook: { url: 'https://b.example' } } }";
    loading(&format!("{channels}\npolicies:\n{policies}")).settings()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(name)
}

fn ladder<'s>(settings: &'s Settings, policy: &str, severity: &str) -> &'s Ladder {
    match escalation(settings, policy, severity) {
        Escalation::Ladder(ladder) => ladder,
        other => panic!("{other:?}"),
    }
}

fn escalation<'s>(settings: &'s Settings, policy: &str, severity: &str) -> &'s Escalation {
    &settings.policies[policy].matrix[settings.severities.find(severity).unwrap()]
}

#[test]
fn the_whole_example_of_the_design_passes() {
    let now = "2026-01-15T00:00:00Z".parse().unwrap();
    let path = fixture("full.yaml");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load(&path, now, &mut sources, &mut findings);
    let outcome = Outcome { loaded, sources, findings };
    // The page's tokens are an ellipsis, and its glob finds no rules beside a fixture.
    assert!(
        outcome.findings.iter().all(|finding| [codes::WB140, codes::WB115].contains(&finding.code)),
        "{}",
        outcome.told()
    );
    let settings = outcome.settings();
    insta::assert_debug_snapshot!(settings.not_acted_on_yet());
    insta::assert_debug_snapshot!(settings);
}

/// The page of the design and the fixture are the same but for comments and the line that includes the people.
#[test]
fn the_fixture_is_the_example_of_the_design() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("WATCHBELL_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(page) = std::fs::read_to_string(shared.join("design/service-config.md")) else {
        println!("skipped: the design's pages are not here");
        return;
    };
    let block = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let fixture = std::fs::read_to_string(fixture("full.yaml")).unwrap();
    let said = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("include:"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(said(&fixture), said(block));
}

#[test]
fn the_example_of_this_repository_passes_without_a_warning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("watchbell.yaml");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load(&path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings);
    let outcome = Outcome { loaded, sources, findings };
    assert!(outcome.findings.is_empty(), "{}", outcome.told());
    let rule_files = outcome.loaded.unwrap().rule_files;
    assert!(rule_files.iter().any(|path| path.ends_with("rules/chain.yaml")), "{rule_files:?}");
}

#[test]
fn a_minimal_file_has_a_default_for_everything_else() {
    let outcome = loading(MINIMAL);
    assert!(outcome.findings.is_empty(), "{}", outcome.told());
    let settings = outcome.settings();
    assert_eq!(&*settings.default_source, "main");
    assert_eq!(settings.sources["main"].url, "http://127.0.0.1:9090");
    assert_eq!(settings.sources["main"].timeout, Span::from_secs(10));
    assert_eq!(settings.external_url, "http://127.0.0.1:9095");
    assert_eq!(ladder(&settings, "default", "critical").wait, Span::ZERO);
    assert_eq!(ladder(&settings, "default", "high").wait, Span::from_secs(10));
    assert_eq!(settings.not_acted_on_yet(), <[&str; 0]>::default());
}

#[test]
fn no_file_and_an_empty_file_mean_the_same() {
    assert_eq!(loading("").settings(), Settings::default());
    assert_eq!(loading("# nothing yet\nchannels:\nroutes: ~\n").settings(), Settings::default());
    assert_eq!(loading("{}").findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [codes::WB139]);
}

#[test]
fn a_policy_takes_each_key_that_it_does_not_give() {
    let settings = with_policies(
        "
  default:
    group_by: [chain]
    wait: 30s
    matrix:
      critical:
        wait: 5s
        levels: [{ notify: [a] }, { after: 5m, notify: [b] }]
        repeat: { every: 30m, times: 3 }
        resolve: manual
      high: { levels: [{ notify: [a] }] }
      medium: { tell: nobody }
      low: { digest: { at: '09:00', notify: [a] } }
  own:
    extends: default
    wait: 1m
    matrix:
      critical: { levels: [{ notify: [b] }] }
      medium: { levels: [{ notify: [b] }] }
      low: { levels: [{ notify: [b] }] }
",
    );
    let own = ladder(&settings, "own", "critical");
    assert_eq!(own.levels.len(), 1, "a list replaces a list");
    assert_eq!(own.wait, Span::from_secs(5), "what a severity says counts more than what a policy says");
    assert_eq!((own.resolve, own.repeat.unwrap().times), (Resolve::Manual, 3));
    assert_eq!(ladder(&settings, "own", "high").wait, Span::from_mins(1));
    assert_eq!(ladder(&settings, "own", "medium").levels[0].notify, [Target::Channel("b".into())]);
    assert_eq!(ladder(&settings, "own", "low").levels.len(), 1, "levels are told instead of the digest");
    assert_eq!(settings.policies["own"].group_by, ["chain".into()]);
    assert_eq!(settings.policies["default"].matrix.len(), 4);
}

#[test]
fn a_digest_without_levels_tells_its_own_receivers_what_is_stale() {
    let settings = with_policies(
        "
  default:
    matrix:
      critical: { tell: nobody }
      high: { tell: nobody }
      medium: { digest: { at: '09:00', notify: [a], stale_after: 2 }, levels: [{ notify: [b] }] }
      low: { digest: { at: '09:00', notify: [a], stale_after: 3 } }
",
    );
    let told = |severity| match escalation(&settings, "default", severity) {
        Escalation::Digest(digest) => digest.matrix.levels[0].notify[0].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told("low"), Target::Channel("a".into()));
    assert_eq!(told("medium"), Target::Channel("b".into()));
}

#[test]
fn aliases_name_severities_wherever_people_write_them() {
    let outcome =
        loading("response: { page: { acknowledge: 5m }, info: { acknowledge: 1d } }\ndefault_severity: warning\n");
    let settings = outcome.settings();
    let named: Vec<&str> = settings.response.keys().map(|severity| &**severity.name()).collect();
    assert_eq!(named, ["low", "critical"]);
    assert_eq!(&**settings.severities.default_severity().name(), "medium");
}

#[test]
fn included_files_are_merged_by_key_and_paths_start_where_they_stand() {
    let outcome = loading_all([
        ("watchbell.yaml", "include: ['teams/*.yaml']\nrules: [rules]\nexternal_labels: { a: '1' }\n"),
        ("teams/one.yaml", "include: [shared/x.yaml]\nrules: ['one/*.yaml']\nexternal_labels: { b: '2' }\n"),
        ("teams/two.yaml", "include: [shared/x.yaml]\nchannels: { c: { webhook: { url: 'https://c.example' } } }\n"),
        ("teams/shared/x.yaml", "timezone: Europe/Berlin\n"),
        ("teams/one/r.yaml", ""),
        ("rules/deep/s.yaml", ""),
    ]);
    let loaded = outcome.loaded.as_ref().unwrap();
    assert_eq!(loaded.sources.len(), 4, "a file that is found twice is read once");
    assert_eq!(loaded.rule_files, [PathBuf::from("rules/deep/s.yaml"), PathBuf::from("teams/one/r.yaml")]);
    let settings = outcome.settings();
    assert_eq!(settings.rules, ["rules", "teams/one/*.yaml"]);
    assert_eq!(&**settings.timezone.name(), "Europe/Berlin");
    assert_eq!(settings.external_labels, Labels::new([("a", "1"), ("b", "2")]));
    assert!(settings.channels.contains_key("c"));
}

#[test]
fn what_depends_on_the_date_is_a_warning_that_a_start_can_pass_over() {
    let text =
        "responders: { primary: { reach: [{ via: c }] } }\nchannels: { c: { webhook: { url: 'https://c.example' } } }
silences: [{ match: 'a=\"b\"', until: 2026-01-10T00:00, owner: primary, reason: move }]\n";
    let outcome = loading(text);
    let dated: Vec<_> = outcome.findings.iter().filter(|finding| depends_on_date(finding.code)).collect();
    assert_eq!(dated.len(), 1, "{}", outcome.told());
    assert!(!outcome.findings.has_errors());
}
