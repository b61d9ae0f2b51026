//! Evaluation cases in Prometheus's own notation: ours, which all pass, and Prometheus's, where they are here.
//!
//! What of Prometheus's does not pass is in `docs/promql.md`, counted by reason; a case that passes or fails against the
//! page is an error in one of the two.

mod check;
mod read;

use check::{Miss, check};
use read::{Case, Command};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use watchbell::model::Labels;
use watchbell::promql::Expr;
use watchbell::promql::eval::{Names, Options};
use watchbell::promql::tree::{Kind, MatchOperator, Selector};
use watchbell::series::SeriesSet;

/// What came of the cases of a file.
#[derive(Default)]
struct Tally {
    cases: usize,
    passed: usize,
    /// By reason.
    refused: BTreeMap<&'static str, usize>,
    /// What no reason explains: line, expression, what happened.
    unexplained: Vec<String>,
}

const REASONS: [&str; 3] = ["native histograms", "experimental", "start timestamps"];

fn play(path: &Path, options: Options) -> Tally {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut set, mut native, mut has_starts) = (SeriesSet::new(), Vec::new(), false);
    let mut tally = Tally::default();
    for command in read::commands(&text) {
        match command {
            Command::Clear => (set, native, has_starts) = (SeriesSet::new(), Vec::new(), false),
            Command::Load(load) => {
                for (labels, values) in &load.series {
                    set.load(labels, values, 0, load.every).expect("the samples of a file are in order");
                }
                native.extend(load.native);
                has_starts |= load.has_starts;
            }
            Command::Eval(case) => {
                tally.cases += 1;
                match check(&case, &set, options) {
                    Ok(()) => tally.passed += 1,
                    Err(miss) => tally.take(&case, miss, &native, has_starts),
                }
            }
        }
    }
    tally
}

impl Tally {
    fn take(&mut self, case: &Case, miss: Miss, native: &[Labels], has_starts: bool) {
        match reason(case, &miss.0, native, has_starts) {
            Some(reason) => *self.refused.entry(reason).or_default() += 1,
            None => self.unexplained.push(format!("{}: {} → {}", case.line, case.expr, miss.0)),
        }
    }
}

/// Why we may not answer `case`.
fn reason(case: &Case, why: &str, native: &[Labels], has_starts: bool) -> Option<&'static str> {
    if case.wants_native || case.expr.contains("</") || case.expr.contains(">/") {
        return Some(REASONS[0]);
    }
    if why.contains("experimental") || is_experimental(&case.expr) {
        return Some(REASONS[1]);
    }
    let reads_native = Expr::parse(&case.expr).is_ok_and(|expr| {
        let mut reads = false;
        expr.root().walk(&mut |node| {
            if let Kind::Selector(selector) = &node.kind {
                reads |= native.iter().any(|labels| selects(selector, labels));
            }
        });
        reads
    });
    if reads_native {
        return Some(REASONS[0]);
    }
    has_starts.then_some(REASONS[2])
}

/// Syntax that Prometheus has behind a flag.
fn is_experimental(expr: &str) -> bool {
    let words = ["anchored", "smoothed", "fill(", "fill_left", "fill_right", "step()", "range()", "info("];
    let has_arithmetic = || Expr::parse(expr).is_err_and(|error| error.message.contains("duration"));
    words.iter().any(|word| expr.contains(word)) || has_arithmetic()
}

fn selects(selector: &Selector, labels: &Labels) -> bool {
    let is_named = selector.metric.as_deref().is_none_or(|metric| labels.get("__name__") == metric);
    is_named
        && selector.matchers.iter().all(|matcher| {
            let value = labels.get(&matcher.name);
            match matcher.operator {
                MatchOperator::Equal => value == matcher.value,
                MatchOperator::NotEqual => value != matcher.value,
                MatchOperator::Matches | MatchOperator::MatchesNot => {
                    let pattern = regex::Regex::new(&format!("^(?s:{})$", matcher.value)).expect("it was parsed");
                    pattern.is_match(value) == (matcher.operator == MatchOperator::Matches)
                }
            }
        })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let pattern = folder.join("*.test").to_string_lossy().into_owned();
    glob::glob(&pattern).expect("a good pattern").flatten().collect()
}

#[test]
fn our_own_cases_pass() {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql"));
    assert!(!files.is_empty());
    for file in files {
        let tally = play(&file, Options::default());
        assert_eq!(tally.passed, tally.cases, "{}\n{}", file.display(), tally.unexplained.join("\n"));
    }
}

/// The lines of a table in `docs/promql.md` that starts with `head`.
fn table(page: &str, head: &str) -> Vec<String> {
    let lines = page.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn prometheus_cases_pass_but_for_those_that_the_page_lists() {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let files = files(&Path::new(&shared).join("corpus/promqltest"));
    if files.is_empty() {
        println!("skipped: no cases of Prometheus at {shared}");
        return;
    }
    // Prometheus runs its cases with names that go at the end.
    let options = Options { names: Names::GoAtTheEnd, ..Options::default() };
    let (mut counts, mut unexplained, mut told) = (Vec::new(), Vec::new(), String::new());
    for file in files {
        let name = file.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let tally = play(&file, options);
        let refused = REASONS.map(|reason| tally.refused.get(reason).copied().unwrap_or_default());
        let [native, experimental, starts] = refused;
        let others = tally.unexplained.len();
        counts.push(format!(
            "| {name} | {} | {} | {native} | {experimental} | {starts} | {others} |",
            tally.cases, tally.passed
        ));
        for case in tally.unexplained {
            let _ = writeln!(told, "{name}:{case}");
            unexplained.push(format!("{name}:{}", case.split(": ").next().unwrap_or_default()));
        }
    }
    println!("{}\n{told}", counts.join("\n"));
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/promql.md")).expect("the page");
    let listed: Vec<String> = table(&page, "| Case ")
        .iter()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
        .collect();
    assert_eq!(unexplained, listed, "left what does not pass, right what docs/promql.md lists\n{told}");
    assert_eq!(counts.join("\n"), table(&page, "| File ").join("\n"), "left the counts, right those of docs/promql.md");
}
