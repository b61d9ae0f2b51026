//! Prometheus's notation for evaluation cases: `load`, `clear`, `eval`, and what is expected of it.

use std::iter::Peekable;
use std::vec::IntoIter;
use watchbell::model::{Labels, duration_text};
use watchbell::promql::described;
use watchbell::series;

/// A command of a file.
pub enum Command {
    Clear,
    Load(Load),
    Eval(Box<Case>),
}

/// Series to add, `every` milliseconds apart from 0.
pub struct Load {
    pub every: i64,
    pub series: Vec<(Labels, Vec<Option<f64>>)>,
    /// Series whose values are native histograms, which are left out.
    pub native: Vec<Labels>,
    /// Whether it says when counters began, which is experimental.
    pub has_starts: bool,
}

/// An expression and what is expected of it.
#[derive(Default)]
pub struct Case {
    pub line: usize,
    pub expr: String,
    /// First and last instant, and the step; equal for an instant query.
    pub times: (i64, i64, i64),
    pub is_range: bool,
    pub is_ordered: bool,
    pub fails: Option<Said>,
    /// The kinds are `warn`, `info`, `no_warn` and `no_info`.
    pub remarks: Vec<(String, Said)>,
    pub text: Option<String>,
    pub scalar: Option<f64>,
    pub rows: Vec<(Labels, Vec<Option<f64>>)>,
    /// `expect range vector`: where its points lie.
    pub grid: Option<(i64, i64)>,
    /// Whether a native histogram is expected.
    pub wants_native: bool,
}

/// What a message is expected to say.
pub enum Said {
    Anything,
    This(String),
    Like(String),
}

type Lines<'a> = Peekable<IntoIter<(usize, &'a str)>>;

/// Reads a whole file.
pub fn commands(text: &str) -> Vec<Command> {
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().map(|(at, line)| (at + 1, without_comment(line))).collect();
    let mut lines = lines.into_iter().peekable();
    let mut commands = Vec::new();
    while let Some((at, line)) = lines.next() {
        match line.split_whitespace().next() {
            None => {}
            Some("clear") => commands.push(Command::Clear),
            Some(word) if word.starts_with("load") => commands.push(Command::Load(load(line, &mut lines))),
            Some(word) if word.starts_with("eval") => {
                commands.push(Command::Eval(Box::new(eval(at, line, &mut lines))))
            }
            Some(word) => panic!("line {at}: `{word}` is no command"),
        }
    }
    commands
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') { "" } else { line }
}

fn block<'a>(lines: &mut Lines<'a>) -> Vec<&'a str> {
    std::iter::from_fn(|| lines.next_if(|(_, line)| !line.is_empty())).map(|(_, line)| line).collect()
}

fn load(head: &str, lines: &mut Lines<'_>) -> Load {
    let every = head.split_whitespace().nth(1).expect("a step");
    let mut load = Load { every: millis(every), series: Vec::new(), native: Vec::new(), has_starts: false };
    let converts = head.starts_with("load_with_nhcb");
    for line in block(lines) {
        let (name, values) = split(line);
        if name.ends_with("@st") {
            load.has_starts = true;
            continue;
        }
        let labels = described(name).unwrap_or_else(|error| panic!("{line}: {error}"));
        if values.contains("{{") {
            load.native.push(labels);
            continue;
        }
        if converts {
            load.native.extend(base_of(&labels));
        }
        // Of a series that a command names twice, the later line counts.
        load.series.retain(|(earlier, _)| *earlier != labels);
        load.series.push((labels, series::values(values).unwrap_or_else(|error| panic!("{line}: {error}"))));
    }
    load
}

/// The native histogram that is made of a classic one.
fn base_of(labels: &Labels) -> Option<Labels> {
    let name = labels.get("__name__");
    let base = ["_bucket", "_count", "_sum"].iter().find_map(|ending| name.strip_suffix(ending))?;
    Some(labels.without("le").with("__name__", base))
}

/// A series and its values.
fn split(line: &str) -> (&str, &str) {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => depth -= 1,
            (None, c) if c.is_whitespace() && depth == 0 => {
                // `name {a="b"} 1` has a gap before its braces.
                let rest = line[at..].trim_start();
                if !rest.starts_with('{') || rest.starts_with("{{") {
                    return (&line[..at], rest);
                }
            }
            (None, _) => {}
        }
    }
    (line, "")
}

fn millis(text: &str) -> i64 {
    let negative = text.strip_prefix('-');
    let span = duration_text::parse(negative.unwrap_or(text)).unwrap_or_else(|error| panic!("{error}"));
    if negative.is_some() { -span.millis() } else { span.millis() }
}

/// The first word and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn eval(line: usize, head: &str, lines: &mut Lines<'_>) -> Case {
    let (command, rest) = word(head);
    let (kind, rest) = word(rest);
    let is_range = kind == "range";
    let mut expr = rest;
    let mut times = [0; 3];
    let names: &[&str] = if is_range { &["from", "to", "step"] } else { &["at"] };
    for (place, name) in names.iter().enumerate() {
        let (found, rest) = word(expr);
        if found == *name {
            let (time, rest) = word(rest);
            times[place] = millis(time);
            expr = rest;
        }
    }
    let times = if is_range { (times[0], times[1], times[2]) } else { (times[0], times[0], 1) };
    let mut case = Case { line, expr: expr.to_owned(), times, is_range, ..Case::default() };
    match command {
        "eval_fail" => case.fails = Some(Said::Anything),
        "eval_ordered" => case.is_ordered = true,
        "eval_warn" => case.remarks.push(("warn".into(), Said::Anything)),
        "eval_info" => case.remarks.push(("info".into(), Said::Anything)),
        _ => {}
    }
    for line in block(lines) {
        expectation(&mut case, line);
    }
    case
}

fn expectation(case: &mut Case, line: &str) {
    if let Some(message) = line.strip_prefix("expected_fail_message") {
        case.fails = Some(Said::This(message.trim().into()));
    } else if let Some(pattern) = line.strip_prefix("expected_fail_regexp") {
        case.fails = Some(Said::Like(pattern.trim().into()));
    } else if let Some(grid) = line.strip_prefix("expect range vector from ") {
        let words: Vec<&str> = grid.split_whitespace().collect();
        case.grid = Some((millis(words[0]), millis(words[4])));
    } else if let Some(text) = line.strip_prefix("expect string ") {
        let expr = watchbell::promql::Expr::parse(text).unwrap_or_else(|error| panic!("{line}: {error}"));
        let watchbell::promql::tree::Kind::Text(text) = &expr.root().kind else { panic!("{line}: no text") };
        case.text = Some(text.clone());
    } else if let Some(rest) = line.strip_prefix("expect ") {
        let (kind, rest) = word(rest);
        let said = match (rest.strip_prefix("msg:"), rest.strip_prefix("regex:")) {
            (Some(message), _) => Said::This(message.trim().into()),
            (_, Some(pattern)) => Said::Like(pattern.trim().into()),
            _ => Said::Anything,
        };
        match kind {
            "fail" => case.fails = Some(said),
            "ordered" => case.is_ordered = true,
            _ => case.remarks.push((kind.into(), said)),
        }
    } else if let Some(scalar) = scalar(line) {
        case.scalar = Some(scalar);
    } else {
        let (name, values) = split(line);
        if values.contains("{{") {
            case.wants_native = true;
            return;
        }
        let labels = described(name).unwrap_or_else(|error| panic!("{line}: {error}"));
        case.rows.push((labels, series::values(values).unwrap_or_else(|error| panic!("{line}: {error}"))));
    }
}

fn scalar(line: &str) -> Option<f64> {
    match &series::values(line).ok()?[..] {
        [Some(value)] if !line.contains('_') && line != "stale" => Some(*value),
        _ => None,
    }
}
