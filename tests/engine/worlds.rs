//! The rules and settings that the sequences run on: a base, and what reloads make of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watchbell::config::{self, Files, Settings};
use watchbell::diagnostics::{Findings, Level, Sources, render};
use watchbell::engine::World;
use watchbell::rules::{self, RuleSet};
use watchbell::service::load::context;

/// Everybody hears at once, somebody later, nobody at `low`.
pub const SETTINGS: &str = r##"
prometheus: { main: { url: "http://127.0.0.1:9090" } }
rules: [rules.yaml]
timezone: UTC
rule_failure_after: 2m
channels:
  slack: { slack: { token: { env: SLACK_TOKEN }, to: "#alerts" } }
  pager: { pagerduty: { routing_key: { env: PAGER_KEY } }, fallback: slack }
  hook: { webhook: { url: "http://127.0.0.1:9/", secret: { env: HOOK_SECRET } } }
actions:
  restart: { exec: [/bin/restart, "{{ $labels.host }}"], max_runs: 2, within: 5m, verify_within: 1m }
  drain: { webhook: { url: "http://127.0.0.1:9/" }, max_runs: 20 }
policies:
  default:
    group_by: [alertname]
    wait: 30s
    update_every: 1m
    matrix:
      critical: { wait: 0s, levels: [{ actions: true, notify: [pager, slack] }] }
      high: { levels: [{ notify: [pager, slack] }, { after: 1m, actions: true }, { after: 5m, notify: [hook] }], ack_expires: 5m }
      medium: { levels: [{ notify: [slack] }] }
      low: { tell: nobody }
  clusters:
    group_by: [cluster]
    wait: 0s
    update_every: 1m
    matrix:
      critical: { levels: [{ notify: [pager] }] }
      high: { levels: [{ notify: [pager] }] }
      medium: { levels: [{ notify: [hook] }] }
      low: { levels: [{ notify: [hook] }] }
routes: [{ policy: default }]
"##;

const PLAIN: &str = "
  - { alert: Plain, expr: plain > 1, for: 1m, keep_firing_for: 1m, labels: { severity: high, team: a }, actions: [restart, drain] }";
/// Found again by its name alone, at another severity.
const PLAIN_TUNED: &str = "
  - { alert: Plain, expr: plain > 1, for: 30s, labels: { severity: critical, team: a } }";
/// Two rules of one name in one group.
const TWIN: &str = "
  - { alert: Absent, expr: twin > 1, for: 30s, labels: { severity: medium, team: b } }";
const TIERS: &str = "
  - alert: Tiers
    expr: tiers
    tiers:
      high: { above: 100, for: 1m, clear: 80 }
      medium: { above: 60, for: 2m, keep_firing_for: 1m }
    no_data: { keep: 2m }
    on_error: { tier: high, after: 2m }";
/// Renamed, and with another tier in the place of `high`.
const TIERS_RENAMED: &str = "
  - alert: Levels
    moved_from: [main/Tiers]
    expr: tiers
    tiers:
      critical: { above: 110, for: 1m, actions: [restart] }
      medium: { above: 60, for: 1m, keep_firing_for: 1m }
    exceptions: [{ match: 'chain=\"b\"', tiers: { critical: ~ } }]
    no_data: { keep: 2m }";
const ABSENT: &str = "
  - { alert: Absent, expr: absent, tiers: { high: { above: 10, actions: [drain] }, low: { above: 3 } }, no_data: { tier: high, after: 1m } }";
const ABSENT_RELABELLED: &str = "
  - alert: Absent
    expr: absent
    tiers: { high: { above: 60 } }
    labels: { team: b }
    no_data: { tier: high, after: 2m }";
const CONGESTION: &str = "
  - alert: Congestion
    queries: { tps: tps, gas: gas }
    join: [chain]
    tiers:
      high: { when: 'tps < 5 && gas > 60', for: 30s }
      low: { when: 'tps < 5 || firing(\"Absent\")' }";
const FOLDED: &str = "
  - alert: Folded
    expr: folded
    policy: clusters
    identity: [cluster]
    tiers: { high: { above: 60 }, medium: { above: 3, for: 30s } }
    no_data: keep";
const LIMITED: &str = "
  - { alert: Limited, expr: limited, tiers: { medium: { above: 60 } }, no_data: { tier: medium, after: 1m } }";
const FRESH: &str = "
  - { alert: Fresh, expr: tiers, tiers: { critical: { above: 60 } } }";

/// The rules of one world, in the order of the file.
#[derive(Clone, Copy)]
struct Script {
    main: &'static [&'static str],
    limited: &'static [&'static str],
    limit: usize,
}

const SCRIPTS: [Script; 3] = [
    Script { main: &[PLAIN, TIERS, ABSENT, TWIN, CONGESTION, FOLDED], limited: &[LIMITED], limit: 2 },
    Script {
        main: &[PLAIN_TUNED, TIERS_RENAMED, ABSENT_RELABELLED, TWIN, CONGESTION, FOLDED],
        limited: &[LIMITED],
        limit: 1,
    },
    Script { main: &[ABSENT, FRESH, FOLDED, PLAIN], limited: &[], limit: 0 },
];

/// The second world has one of its names the other way round; the third has another in the place of the highest, which nothing
/// there says is the same.
const SEVERITIES: &str = "
severities:
  - { name: critical }
  - { name: high, aliases: [alarm] }
  - { name: medium }
  - { name: low }
";

/// How many worlds there are to reload to.
pub const WORLDS: usize = SCRIPTS.len();

/// The world with this number; `backwards` writes its rules in the opposite order.
pub fn world(number: usize, backwards: bool) -> Arc<World> {
    world_with(SETTINGS, number, backwards)
}

/// The world with this number, where every level tells an Alertmanager as well.
pub fn world_handed_on(number: usize, backwards: bool) -> Arc<World> {
    let channel = "  am: { alertmanager: { urls: [\"http://127.0.0.1:9\"] } }\n  hook: {";
    world_with(&SETTINGS.replace("  hook: {", channel).replace("notify: [", "notify: [am, "), number, backwards)
}

fn world_with(settings: &str, number: usize, backwards: bool) -> Arc<World> {
    let script = SCRIPTS[number];
    let group = |name: &str, head: &str, rules: &[&str]| {
        let mut rules = rules.to_vec();
        if backwards {
            rules.reverse();
        }
        let rules: String = rules.iter().map(|rule| rule.replace('\n', "\n    ")).collect();
        format!("  - name: {name}\n    interval: 30s{head}\n    rules:{rules}\n")
    };
    let mut text = format!("groups:\n{}", group("main", "", script.main));
    if !script.limited.is_empty() {
        text += &group("limited", &format!("\n    limit: {}", script.limit), script.limited);
    }
    let settings = format!("{settings}{SEVERITIES}");
    match number {
        0 => world_of(&settings, &text),
        1 => world_of(&settings.replace("high, aliases: [alarm]", "alarm, aliases: [high]"), &text),
        _ => world_of(&settings.replace("critical", "worst"), &text.replace("critical", "worst")),
    }
}

/// A world without any rule.
pub fn empty_world() -> Arc<World> {
    let full = world(0, false);
    Arc::new(World::new(Arc::clone(&full.settings), RuleSet::default()))
}

/// The world of these two texts.
#[track_caller]
pub fn world_of(settings: &str, rules: &str) -> Arc<World> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let rule_file = PathBuf::from("rules.yaml");
    let texts = [("watchbell.yaml", settings), ("rules.yaml", rules)];
    let texts: BTreeMap<PathBuf, Arc<str>> = texts.map(|(path, text)| (path.into(), text.into())).into();
    let files = Files::Given(texts);
    let now = jiff::Timestamp::UNIX_EPOCH;
    let loaded = config::load_from(&files, Path::new("watchbell.yaml"), now, &mut sources, &mut findings);
    let settings: Settings = loaded.expect("the settings can be read").settings;
    let set = rules::load_texts(&[(rule_file, rules.into())], &context(&settings), &mut sources, &mut findings).set;
    assert_eq!(findings.count(Level::Error), 0, "{}", render::human(&findings, &sources, false));
    Arc::new(World::new(Arc::new(settings), set))
}
