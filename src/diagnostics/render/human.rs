//! For people at a terminal: the lines of the file, with a caret under what is meant.

use super::{Finding, Findings, Level, Place, Sources, printable};
use crate::diagnostics::SourceId;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Origin, Renderer, Snippet};
use std::fmt::Write;

/// All findings with their lines, in colour where the terminal takes it.
#[must_use]
pub fn human(findings: &Findings, sources: &Sources, in_colour: bool) -> String {
    let renderer = if in_colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Unicode);
    let mut out = String::new();
    for finding in findings.iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}\n", renderer.render(&[group(finding, sources)]));
    }
    out
}

fn group<'a>(finding: &'a Finding, sources: &'a Sources) -> Group<'a> {
    let level = match finding.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Note => annotate_snippets::Level::NOTE,
    };
    let mut group = level.primary_title(printable(&finding.message)).id(finding.code.to_string()).elements(NOTHING);
    let mut files: Vec<SourceId> = Vec::new();
    for mark in marks(finding) {
        if !files.contains(&mark.place.source) {
            files.push(mark.place.source);
            group = excerpt(group, mark.place.source, finding, sources);
        }
    }
    match &finding.help {
        Some(help) => {
            let lines: Vec<String> = help.lines().map(printable).collect();
            group.element(annotate_snippets::Level::HELP.message(lines.join("\n")))
        }
        None => group,
    }
}

const NOTHING: [Origin<'static>; 0] = [];

/// Marks that are further apart are shown by themselves: what lies between them would be read for each finding.
const FAR: usize = 16 * 1024;

/// What of one file belongs to the finding.
fn excerpt<'a>(group: Group<'a>, file: SourceId, finding: &'a Finding, sources: &'a Sources) -> Group<'a> {
    let source = sources.get(file);
    let path = printable(&source.path().display().to_string());
    let text = source.text();
    if text.is_empty() {
        return group.element(Origin::path(path));
    }
    let marks: Vec<Mark<'_>> = marks(finding).filter(|mark| mark.place.source == file).collect();
    let reach = |marks: &[Mark<'_>]| {
        let first = marks.iter().map(|mark| mark.place.start).min().unwrap_or(0);
        marks.iter().map(|mark| mark.place.end).max().unwrap_or(0).saturating_sub(first) as usize
    };
    if reach(&marks) <= FAR {
        return group.element(snippet(marks, file, path, sources));
    }
    marks.into_iter().fold(group, |group, mark| group.element(snippet(vec![mark], file, path.clone(), sources)))
}

/// The lines from the first to the last of `marks`.
fn snippet<'a>(
    marks: Vec<Mark<'a>>,
    file: SourceId,
    path: String,
    sources: &'a Sources,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let source = sources.get(file);
    let text = source.text();
    // Only the lines from the first to the last mark are looked at: a large file with many findings costs no more.
    let first = marks.iter().map(|mark| mark.place.range().start).min().unwrap_or(0).min(text.len());
    let last = marks.iter().map(|mark| mark.place.range().end).max().unwrap_or(0).min(text.len());
    let first = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let last = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let line = source.line_column(u32::try_from(first).unwrap_or(u32::MAX)).line;
    let mut snippet = Snippet::source(&text[first..last]).path(path).line_start(line as usize);
    for Mark { place, label, kind } in marks {
        let range = place.range();
        let (start, end) = (range.start.clamp(first, last) - first, range.end.clamp(first, last) - first);
        let label = (!label.is_empty()).then(|| printable(label));
        snippet = snippet.annotation(kind.span(start..end).label(label));
    }
    snippet
}

struct Mark<'a> {
    place: Place,
    label: &'a str,
    kind: AnnotationKind,
}

fn marks(finding: &Finding) -> impl Iterator<Item = Mark<'_>> {
    let main = finding.at.iter().map(|(place, label)| Mark { place: *place, label, kind: AnnotationKind::Primary });
    let others = finding.see.iter().map(|(place, label)| Mark { place: *place, label, kind: AnnotationKind::Context });
    main.chain(others)
}
