//! Rule files from the wild: what Prometheus takes is taken, what it refuses is refused at the right place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use watchbell::diagnostics::{Findings, Level, Sources};
use watchbell::rules::{self, Context, Loaded, print_prometheus};

/// Files of the corpus below `folder`, if it is here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus(folder: &str) -> Vec<PathBuf> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let pattern = format!("{shared}/corpus/{folder}/**/*.yml");
    let files: Vec<PathBuf> = glob::glob(&pattern).expect("a good pattern").flatten().collect();
    if files.is_empty() {
        println!("skipped: no corpus at {shared}");
    }
    files
}

struct Read {
    sources: Sources,
    findings: Findings,
    loaded: Loaded,
}

fn read(path: &Path) -> Read {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = rules::load(&[path.to_owned()], &Context::default(), &mut sources, &mut findings);
    Read { sources, findings, loaded }
}

impl Read {
    /// Line, column and message of each finding of `level`.
    fn told(&self, level: Level) -> Vec<(u32, u32, String)> {
        let findings = self.findings.iter().filter(|finding| finding.level == level);
        let told = findings.map(|finding| {
            let place = finding.at.as_ref().expect("a finding of a file has a place").0;
            let at = self.sources.get(place.source).line_column(place.start);
            (at.line, at.column, finding.message.clone())
        });
        told.collect()
    }
}

#[test]
fn what_prometheus_takes_is_taken() {
    for path in corpus("rules") {
        let read = read(&path);
        assert_eq!(read.told(Level::Error), [], "{}", path.display());
    }
}

#[test]
fn what_prometheus_refuses_is_refused_at_its_place() {
    // Where promtool names a line, it is that one; where it says 0:0 or nothing, the one a person would look at.
    let expected = [
        ("bad_expr.bad.yml", 5, 20),
        ("bad_field.bad.yml", 8, 9),
        ("duplicate_grp.bad.yml", 3, 11),
        ("invalid_label_name.bad.yml", 7, 11),
        ("invalid_record_name.bad.yml", 4, 17),
        ("no_rec_alert.bad.yml", 4, 9),
        ("noexpr.bad.yml", 4, 17),
        ("record_and_alert.bad.yml", 5, 16),
        ("record_and_for.bad.yml", 6, 14),
        ("record_and_keep_firing_for.bad.yml", 6, 26),
        ("invalid_rules.yml", 6, 9),
        ("bad-rules-syntax.yml", 7, 22),
        ("rules-bad.yml", 12, 33),
    ];
    for path in corpus("rules-bad") {
        let errors = read(&path).told(Level::Error);
        let name = path.to_string_lossy();
        let place = expected.iter().find(|(end, ..)| name.ends_with(end));
        match place {
            Some((_, line, column)) => {
                let at: Vec<(u32, u32)> = errors.iter().map(|(line, column, _)| (*line, *column)).collect();
                assert_eq!(at, [(*line, *column)], "{name}: {errors:?}");
            }
            None => assert!(!errors.is_empty(), "{name} is refused by promtool"),
        }
    }
}

/// Which of `files` promtool refuses, where there is a promtool that knows Prometheus 3.
fn refused_by_promtool(files: &[PathBuf]) -> Option<BTreeSet<PathBuf>> {
    let promtool = std::env::var("WATCHBELL_PROMTOOL").unwrap_or_else(|_| "promtool".into());
    let version = Command::new(&promtool).arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&[version.stdout, version.stderr].concat()).contains("version 3.") {
        return None;
    }
    let output = Command::new(promtool).args(["check", "rules", "--lint=none"]).args(files).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_refused = |file: &&PathBuf| said.contains(&format!("{}: ", file.display()));
    Some(files.iter().filter(is_refused).cloned().collect())
}

#[test]
fn promtool_agrees_on_every_file() {
    let files: Vec<PathBuf> = corpus("rules").into_iter().chain(corpus("rules-bad")).collect();
    let Some(refused) = refused_by_promtool(&files) else {
        println!("skipped: no promtool 3 here (WATCHBELL_PROMTOOL names one)");
        return;
    };
    let ours: BTreeSet<PathBuf> = files.into_iter().filter(|path| read(path).findings.has_errors()).collect();
    assert_eq!(ours, refused);
}

#[test]
fn what_is_printed_back_means_the_same_here_and_to_promtool() {
    let folder = std::env::temp_dir().join(format!("watchbell-printed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let mut copies = Vec::new();
    for (index, path) in corpus("rules").iter().enumerate() {
        let first = read(path);
        let printed = print_prometheus(&first.loaded.set, &path.to_string_lossy()).expect("the file is plain");
        let copy = folder.join(format!("{index}.yml"));
        std::fs::write(&copy, &printed).expect("a temporary file can be written");
        assert_eq!(meaning(&first.loaded), meaning(&read(&copy).loaded), "{}:\n{printed}", path.display());
        copies.push(copy);
    }
    let refused = refused_by_promtool(&copies);
    std::fs::remove_dir_all(&folder).expect("it was just written");
    assert!(refused.as_ref().is_none_or(BTreeSet::is_empty), "{refused:?}");
}

/// The rules without their places.
fn meaning(loaded: &Loaded) -> Vec<String> {
    let groups = loaded.set.groups.iter();
    let rules = groups.flat_map(|group| {
        let head = format!("{} {:?} {:?} {}", group.name, group.interval, group.query_offset, group.limit);
        let rules = group.rules.iter().map(|entry| match entry {
            rules::Entry::Alert(rule) => {
                format!(
                    "{} {} {:?} {:?} {:?} {:?}",
                    rule.id, rule.alert, rule.queries, rule.tiers, rule.labels, rule.annotations
                )
            }
            rules::Entry::Record(record) => format!("{} {} {}", record.record, record.expr, record.labels_text()),
        });
        std::iter::once(head).chain(rules).collect::<Vec<_>>()
    });
    rules.collect()
}
