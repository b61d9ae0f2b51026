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
    // The page's tokens are an ellipsis, its glob finds no rules beside a fixture, and its schedule has no nights.
    let expected = [codes::WB115, codes::WB140, codes::WB145];
    assert!(outcome.findings.iter().all(|finding| expected.contains(&finding.code)), "{}", outcome.told());
    let settings = outcome.settings();
    insta::assert_debug_snapshot!(settings.not_acted_on_yet());
    insta::assert_debug_snapshot!(settings);
}

/// The page of the design and the fixture are the same but for comments, the line that includes the people, and `checks:`,
/// which the design does not have yet.
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
        let mut is_ours = false;
        let lines = text.lines().filter(|line| {
            is_ours = if line.starts_with(' ') { is_ours } else { line.starts_with("checks:") };
            !is_ours && !line.starts_with('#') && !line.starts_with("include:")
        });
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
fn an_alertmanager_is_told_at_once_and_again_as_often_as_prometheus_does_it_or_as_is_said() {
    let channels = "channels:
  usual: { alertmanager: { urls: ['http://a'] } }
  quick: { alertmanager: { urls: ['http://a'], resend_every: 15s }, updates: { every: 30s } }
  hook: { webhook: { url: 'https://a.example' } }
";
    let settings = loading(channels).settings();
    let paces = ["usual", "quick", "hook"].map(|name| {
        let channel = &settings.channels[name];
        let resend_every = match channel.kind {
            ChannelKind::Alertmanager { resend_every, .. } => Some(resend_every),
            _ => None,
        };
        (channel.updates_every, resend_every)
    });
    let (minute, seconds) = (Span::from_mins(1), Span::from_secs);
    let expected = [(Span::ZERO, Some(minute)), (seconds(30), Some(seconds(15))), (minute, None)];
    assert_eq!(paces, expected);
}

#[test]
fn the_chats_and_pagers_have_their_own_addresses_unless_others_are_named() {
    let channels = "channels:
  telegram: { telegram: { token: { env: T }, to: '-1001234567890/42' } }
  near: { telegram: { token: { env: T }, to: '@ops_alerts', api_url: 'http://127.0.0.1:8081/' } }
  opsgenie: { opsgenie: { api_key: { env: K }, to: 'escalation:First line' } }
  mattermost: { mattermost: { token: { env: T }, to: 4xp9fdt77pncbef59f4k1qe83o, api_url: 'https://m.example/sub/' } }
  hook: { mattermost: { url: { env: U }, to: '@oncall' } }
  am: { webhook: { url: 'https://a.example', format: alertmanager } }
responders:
  p: { reach: [{ via: telegram, to: '4711' }, { via: opsgenie, to: 'user:a@example.org' }, { via: hook, to: town-square }] }
";
    let outcome = loading(channels);
    assert!(outcome.findings.iter().all(|finding| finding.code == codes::WB139), "{}", outcome.told());
    let settings = outcome.settings();
    let kinds: Vec<String> = settings.channels.values().map(|channel| format!("{:?}", channel.kind)).collect();
    insta::assert_snapshot!(kinds.join("\n"));
}

#[test]
fn no_file_and_an_empty_file_mean_the_same() {
    assert_eq!(loading("").settings(), Settings::default());
    assert_eq!(loading("# nothing yet\nchannels:\nroutes: ~\n").settings(), Settings::default());
    let collector = loading("collect: { beacons: { origins: ['https://example.org'] } }");
    assert!(collector.findings.iter().next().is_none(), "who only collects has nobody to tell: {}", collector.told());
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
    assert_eq!(settings.policies["own"].group_by, ["chain"]);
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
fn the_first_gap_of_the_coming_year_is_told_in_the_zone_of_the_schedule() {
    let told = |layers: &str, overrides: &str, notify: &str| {
        let rotation = "rotation: { responders: [primary], every: 1w, from: 2026-01-05T09:00 }";
        let outcome = loading(&format!(
            "channels: {{ c: {{ webhook: {{ url: 'https://c.example' }} }} }}
responders: {{ primary: {{ reach: [{{ via: c }}] }} }}
schedules: {{ s: {{ timezone: Europe/Berlin, layers: [{}], overrides: [{overrides}] }} }}
policies: {{ default: {{ matrix: {{ critical: {{ levels: [{{ notify: [{notify}] }}] }}, high: {{ tell: nobody }},
  medium: {{ tell: nobody }}, low: {{ tell: nobody }} }} }} }}\n",
            layers.replace("rotation", rotation),
        ));
        let gaps: Vec<_> = outcome.findings.iter().filter(|finding| finding.code == codes::WB145).collect();
        assert_eq!(gaps.len(), outcome.findings.iter().count(), "{}", outcome.told());
        gaps.first().map(|finding| finding.message.clone())
    };
    let gap = |from: &str, to: &str| Some(format!("this level reaches nobody from {from} to {to} (Europe/Berlin)"));
    let s = "'schedule:s'";
    assert_eq!(told("{ rotation }", "", s), None);
    let weekdays = "{ rotation, during: { days: [mon, tue, wed, thu, fri] } }";
    assert_eq!(told(weekdays, "", s), gap("2026-01-17 00:00", "2026-01-19 00:00"));
    assert_eq!(told(weekdays, "", "'schedule:s', c"), None, "a channel is always there");
    let weekend = "{ from: 2026-01-17T00:00, to: 2026-01-19T00:00, responder: primary }";
    assert_eq!(told(weekdays, weekend, s), gap("2026-01-24 00:00", "2026-01-26 00:00"));
    let nights = |to: &str| {
        let night = format!("{{ rotation, during: {{ from: '22:00', to: '{to}' }} }}");
        told(&format!("{{ rotation, during: {{ from: '08:00', to: '22:00' }} }}, {night}"), "", s)
    };
    assert_eq!(nights("07:00"), gap("2026-01-15 07:00", "2026-01-15 08:00"));
    assert_eq!(nights("07:30"), gap("2026-01-15 07:30", "2026-01-15 08:00"), "half an hour, but every morning");
    assert_eq!(nights("08:00"), None);
    let from =
        |at: &str| told("", &format!("{{ from: 2026-01-15T{at}, to: 2028-01-01T00:00, responder: primary }}"), s);
    assert_eq!(from("02:00"), gap("2026-01-15 01:00", "2026-01-15 02:00"));
    assert_eq!(from("01:59"), None, "less than an hour of the whole year is passed over");
}

#[test]
fn of_a_level_with_several_schedules_only_what_none_of_them_covers_is_a_gap() {
    let outcome = loading(
        "channels: { c: { webhook: { url: 'https://c.example' } } }
responders: { primary: { reach: [{ via: c }] } }
schedules:
  day: { layers: [{ rotation: &r { responders: [primary], every: 1w, from: 2026-01-05T09:00 }, during: { from: '08:00', to: '20:00' } }] }
  night: { layers: [{ rotation: *r, during: { from: '20:00', to: '08:00' } }] }
  unused: { layers: [{ rotation: *r }] }
policies: { default: { matrix: { critical: { levels: [{ notify: ['schedule:day', 'schedule:night'] }] },
  high: { levels: [{ notify: ['schedule:day'] }] }, medium: { tell: nobody }, low: { tell: nobody } } } }\n",
    );
    let told: Vec<_> = outcome.findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (codes::WB145, "this level reaches nobody from 2026-01-15 00:00 to 2026-01-15 08:00 (UTC)"),
            (codes::WB148, "nobody is told through the schedule `unused`")
        ]
    );
    let label = outcome.findings.iter().next().and_then(|finding| finding.at.clone()).unwrap().1;
    assert_eq!(label, "nobody is on call in `schedule:day` then, and for 4380 hours of the coming year in all");
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
