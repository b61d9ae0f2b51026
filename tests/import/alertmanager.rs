//! `watchbell import alertmanager`: the same receivers hear of the same alerts. The truth is `amtool config routes test`,
//! which is Alertmanager's own code.

use super::{Scratch, watchbell};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use watchbell::config::{self, Escalation, Files, Settings, Target};
use watchbell::diagnostics::{Findings, Sources};
use watchbell::model::Labels;

const GOOD: [&str; 5] = ["severity", "teams", "hours", "nasty", "chats"];

fn here() -> PathBuf {
    super::here().join("alertmanager")
}

fn import(name: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let file = format!("{name}.yml");
    watchbell(&here(), &[&["import", "alertmanager", &file], more].concat())
}

fn answer(name: &str) -> Value {
    let (code, out, told) = import(name, &["--format", "json"]);
    assert_eq!((code, &*told), (Some(0), ""), "{name}");
    serde_json::from_str(&out).expect("it is JSON")
}

fn settings(text: &str) -> Settings {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let files = Files::Given(BTreeMap::from([(PathBuf::from("watchbell.yaml"), text.into())]));
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    config::load_from(&files, Path::new("watchbell.yaml"), now, &mut sources, &mut findings).expect("it loads").settings
}

#[test]
fn what_comes_out_and_what_is_said_of_it_is_this() {
    for name in ["severity", "hours", "broken", "receivers", "chats", "newer"] {
        let (code, out, told) = import(name, &[]);
        assert_eq!(code, Some(0), "{told}");
        insta::assert_snapshot!(format!("alertmanager-{name}"), out);
        insta::assert_snapshot!(format!("alertmanager-{name}-told"), told);
    }
}

#[test]
fn every_translation_passes_check_and_no_secret_is_in_it_or_in_what_is_said() {
    for name in GOOD.into_iter().chain(["broken", "receivers", "newer"]) {
        let folder = Scratch::new("import-alertmanager");
        let target = folder.path().join("watchbell.yaml");
        let (code, out, told) = import(name, &["--output", &target.to_string_lossy()]);
        assert_eq!((code, &*out), (Some(0), ""), "{name}: {told}");
        let (code, out, checked) = watchbell(folder.path(), &["check"]);
        assert_eq!(code, Some(0), "{name}: {out}{checked}");
        let written = std::fs::read_to_string(&target).expect("it is there");
        let json = import(name, &["--format", "json"]).1;
        for secret in [
            "not-a-real-secret",
            "0123456789abcdef",
            "fedcba9876543210",
            "0011223344556677",
            "hunter2",
            "user:password",
        ] {
            assert!(![&written, &told, &json].iter().any(|text| text.contains(secret)), "{name}: {secret}");
        }
        let (code, _, told) = import(name, &["--output", &target.to_string_lossy()]);
        assert_eq!(code, Some(2), "it is not overwritten: {told}");
    }
}

/// Debian's `amtool`, wherever `scripts/setup` has it.
fn amtool() -> Option<PathBuf> {
    let cache = std::env::var("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|_| std::env::var("HOME").map(|home| Path::new(&home).join(".cache"))).ok()?;
    let unpacked = ["bin", "root/usr/bin"].map(|folder| cache.join("watchbell").join(folder).join("amtool"));
    let path = std::env::var("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|folder| folder.join("amtool")).collect::<Vec<_>>();
    installed.into_iter().chain(unpacked).find(|program| program.exists())
}

/// Words for labels that the files speak of, and others.
fn vocabulary(name: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let severity =
        ("severity", vec!["", "critical", "page", "high", "error", "medium", "warning", "low", "info", "none"]);
    let own: Vec<(&str, Vec<&str>)> = match name {
        "severity" => vec![("alertname", vec!["Watchdog", "DiskFull"]), ("team", vec!["", "a"])],
        "teams" => vec![
            ("audit", vec!["", "", "yes"]),
            ("service", vec!["", "foo1", "foo1x", "baz", "files", "database", "database"]),
            ("owner", vec!["", "team-X", "team-Y", "team-Z"]),
            ("cluster", vec!["", "dev-1", "prod"]),
            ("path", vec!["", "/var/x", "/srv/", "/home"]),
        ],
        "chats" => vec![("team", vec!["", "a", "b"])],
        "hours" => vec![("env", vec!["", "test", "prod"]), ("team", vec!["", "billing", "shop", "web"])],
        _ => vec![
            ("env", vec!["", "prod", "prod", "test"]),
            ("region", vec!["", "eu-west-1", "eu-north-x", "eu-north-77", "us-east-1", "us-west-2", "ap-1"]),
            ("team", vec!["", "a", "b", "abc", "it's \"quoted\" \\ so", "aXc"]),
        ],
    };
    let mut all = own;
    all.push(severity);
    if name == "nasty" {
        all.last_mut().expect("there is one").1.extend(["gold", "crit"]);
    }
    all
}

/// Who hears by Alertmanager's own reckoning.
fn by_amtool(amtool: &Path, file: &Path, labels: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let mut command = Command::new(amtool);
    command.args(["config", "routes", "test", "--config.file"]).arg(file);
    // Its own notation: a quote and a backslash would be read as signs.
    let quoted = |value: &str| format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""));
    command.args(labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))));
    let output = command.output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{labels:?}: {told} {}", String::from_utf8_lossy(&output.stderr));
    told.split(',').map(str::to_owned).collect()
}

/// Who hears by the translation: the channels, as the receivers that they stand for.
fn by_us(settings: &Settings, channels: &Value, labels: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let word = labels.get("severity").copied().unwrap_or_default();
    let severity = settings.severities.find(word).unwrap_or(settings.severities.default_severity());
    let others =
        Labels::new(labels.iter().filter(|(name, _)| **name != "severity").map(|(name, value)| (*name, *value)));
    let route = settings.routes.iter().find(|route| route.matchers.matches(&others)).expect("the last takes all");
    let Escalation::Ladder(ladder) = &settings.policies[&route.policy].matrix[severity] else { return BTreeSet::new() };
    let targets = ladder.levels.iter().flat_map(|level| &level.notify);
    let receiver = |target: &Target| match target {
        Target::Channel(name) => channels[name.as_str()].as_str().expect("it stands for one").to_owned(),
        other => panic!("{other:?}"),
    };
    targets.map(receiver).collect()
}

#[test]
fn the_same_receivers_hear_as_amtool_says_of_alertmanager() {
    let Some(amtool) = amtool() else {
        println!("skipped: no amtool; scripts/setup gets it");
        return;
    };
    let mut seed: u64 = 1;
    let mut by_chance = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("it fits") % below
    };
    for name in GOOD {
        let answer = answer(name);
        let settings = settings(answer["text"].as_str().expect("it is there"));
        let file = here().join(format!("{name}.yml"));
        // Nobody stands behind these in either.
        let silent = ["null", "gone"];
        let mut seen: BTreeSet<BTreeSet<String>> = BTreeSet::new();
        for _ in 0..110 {
            let mut labels = BTreeMap::new();
            for (label, values) in vocabulary(name) {
                let value = values[by_chance(values.len())];
                if !value.is_empty() {
                    labels.insert(label, value);
                }
            }
            labels.entry("alertname").or_insert("Any");
            let mut theirs = by_amtool(&amtool, &file, &labels);
            theirs.retain(|receiver| !silent.contains(&receiver.as_str()));
            assert_eq!(by_us(&settings, &answer["channels"], &labels), theirs, "{name}: {labels:?}");
            seen.insert(theirs);
        }
        println!("{name}: {} different sets of receivers", seen.len());
        assert!(seen.len() >= 3, "{name}: the label sets tell routes apart: {seen:?}");
    }
}

#[test]
fn routes_are_mute_when_they_were_in_berlin_and_in_the_office_hours_of_utc() {
    let settings = settings(answer("hours")["text"].as_str().expect("it is there"));
    let is_held = |labels: &[(&str, &str)], at: &str| {
        let labels = Labels::new(labels.iter().copied());
        let at = at.parse().expect("a time");
        settings.maintenance.iter().any(|one| one.matchers.matches(&labels) && one.every.covers(&one.timezone, at))
    };
    for (env, team, severity, at, expected) in [
        // 23:30 and 05:59 in Berlin, in winter and in summer; 06:00 no longer; Saturday all day.
        ("test", "", "warning", "2026-01-13T22:30:00Z", true),
        ("test", "", "medium", "2026-07-14T03:59:00Z", true),
        ("test", "", "medium", "2026-07-14T04:00:00Z", false),
        ("test", "", "medium", "2026-01-17T12:00:00Z", true),
        ("test", "", "medium", "2026-01-18T22:59:00Z", true),
        ("test", "", "medium", "2026-01-19T05:00:00Z", false),
        // Critical ones of the test environment go to a route below, which is never mute.
        ("test", "", "critical", "2026-01-17T12:00:00Z", false),
        // Another word for what is muted is muted, which the route never named.
        ("test", "", "page", "2026-01-17T12:00:00Z", true),
        // A word that nobody knows is treated as alerts without one are.
        ("test", "", "purple", "2026-01-17T12:00:00Z", true),
        // What matched before is not billing's.
        ("test", "billing", "critical", "2026-01-17T12:00:00Z", false),
        ("", "billing", "critical", "2026-01-13T09:00:00Z", false),
        ("", "billing", "critical", "2026-01-13T16:59:00Z", false),
        ("", "billing", "critical", "2026-01-13T17:00:00Z", true),
        ("", "billing", "low", "2026-01-18T12:00:00Z", true),
        // What could not be said is never mute, nor what others hear.
        ("", "shop", "low", "2026-02-01T12:00:00Z", false),
        ("", "web", "low", "2026-01-13T22:30:00Z", false),
        ("", "", "low", "2026-01-17T12:00:00Z", false),
    ] {
        let labels = [("env", env), ("team", team), ("severity", severity)];
        assert_eq!(is_held(&labels, at), expected, "{env} {team} {severity} {at}");
    }
}

#[test]
fn what_is_no_configuration_of_alertmanager_is_refused() {
    let folder = Scratch::new("import-nothing");
    for (text, why) in [
        ("", "there is nothing in it"),
        ("receivers: []\n", "it has no `route`"),
        ("- a\n", "it has no `route`"),
        ("a: [\n", "it"),
    ] {
        folder.write("a.yml", text);
        let (code, out, told) = watchbell(folder.path(), &["import", "alertmanager", "a.yml"]);
        assert_eq!((code, &*out), (Some(2), ""), "{text}: {told}");
        assert!(told.contains(why), "{text}: {told}");
    }
    let (code, _, told) = watchbell(folder.path(), &["import", "alertmanager", "absent.yml"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("absent.yml"), "{told}");
}
