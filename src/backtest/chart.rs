//! Charts of a rule's values: braille in a terminal, SVG elsewhere. What is drawn is the spread of all series in each column,
//! the bounds, and below it when the rule fired.

use super::report::{RuleReport, TierReport};
use crate::notify::text::{markup_free, number as figure};
use std::fmt::Write;

/// How many dots a character of a terminal chart has across.
const DOTS_ACROSS: usize = 2;
/// How many it has down.
const DOTS_DOWN: usize = 4;
/// The size of an SVG chart, in its own units.
const WIDTH: f64 = 720.0;
/// How high the curve is.
const HEIGHT: f64 = 120.0;
/// How high a line of firings is.
const BAND: f64 = 8.0;

/// What a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Chart<'a> {
    /// The lowest and the highest value in each column.
    pub columns: &'a [Option<(f64, f64)>],
    /// The bounds, each with the severity whose colour it has.
    pub bounds: Vec<(f64, String)>,
    /// When something fired.
    pub bands: Vec<Band>,
}

/// A line that shows when something fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What stands before it.
    pub label: String,
    /// The severity whose colour it has.
    pub severity: String,
    /// From when to when, as shares of the window.
    pub spans: Vec<(f64, f64)>,
}

impl<'a> Chart<'a> {
    /// The values and bounds of a rule, and a band for each severity that fired.
    #[must_use]
    pub fn of(rule: &'a RuleReport, mut spans: impl FnMut(&TierReport) -> Vec<(f64, f64)>) -> Self {
        let bound = |tier: &TierReport| Some((tier.bound?, tier.severity.clone()));
        let band = |tier: &TierReport| Band {
            label: tier.severity.clone(),
            severity: tier.severity.clone(),
            spans: spans(tier),
        };
        Chart {
            columns: &rule.columns,
            bounds: rule.tiers.iter().filter_map(bound).collect(),
            bands: rule.tiers.iter().filter(|tier| tier.fired > 0).map(band).collect(),
        }
    }
}

/// The lowest and the highest value that a chart has to show.
fn range(chart: &Chart<'_>) -> Option<(f64, f64)> {
    let values = chart.columns.iter().flatten().flat_map(|(low, high)| [*low, *high]);
    let all = values.chain(chart.bounds.iter().map(|(bound, _)| *bound)).filter(|value| value.is_finite());
    let (low, high) =
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match high - low {
        _ if low > high => None,
        0.0 => Some((low - 1.0, high + 1.0)),
        _ => Some((low, high)),
    }
}

/// A chart of `rows` lines for a terminal, each as wide as `width` characters; nothing where there was no value.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "dots of a chart"
)]
pub fn braille(chart: &Chart<'_>, width: usize, rows: usize) -> Option<String> {
    let (low, high) = range(chart)?;
    let columns = (!chart.columns.is_empty()).then_some(chart.columns)?;
    let (across, down) = (width * DOTS_ACROSS, rows * DOTS_DOWN);
    let mut dots = vec![false; across * down];
    let line = |value: f64| {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        ((1.0 - share) * (down - 1) as f64).round() as usize
    };
    for x in 0..across {
        let column = columns[x * columns.len() / across];
        let Some((least, most)) = column.filter(|(least, most)| least.is_finite() && most.is_finite()) else {
            continue;
        };
        for y in line(most)..=line(least) {
            dots[y * across + x] = true;
        }
    }
    for (bound, _) in &chart.bounds {
        // Every third dot, so that a bound and a curve can be told apart.
        (0..across).step_by(3).for_each(|x| dots[line(*bound) * across + x] = true);
    }
    let mut text = String::new();
    let head = chart.bands.iter().map(|band| band.label.chars().count()).fold(10, usize::max);
    for row in 0..rows {
        let label = match row {
            0 => figure(high),
            _ if row + 1 == rows => figure(low),
            _ => String::new(),
        };
        let cells: String = (0..width).map(|cell| character(&dots, across, cell, row)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:>head$} {cells}");
    }
    for Band { label, spans, .. } in &chart.bands {
        let _ = writeln!(text, "{label:>head$} {}", band(spans, width));
    }
    Some(text)
}

/// The braille character of 2 × 4 dots.
fn character(dots: &[bool], across: usize, cell: usize, row: usize) -> char {
    // Unicode numbers the dots down the left side, then down the right one; the lowest two came later.
    const BITS: [[u32; DOTS_ACROSS]; DOTS_DOWN] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let mut bits = 0;
    for (y, line) in BITS.iter().enumerate() {
        for (x, bit) in line.iter().enumerate() {
            if dots[(row * DOTS_DOWN + y) * across + cell * DOTS_ACROSS + x] {
                bits |= bit;
            }
        }
    }
    char::from_u32(0x2800 + bits).unwrap_or(' ')
}

/// A line of blocks that shows when a severity fired, as wide as `width` characters.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "characters of a chart"
)]
fn band(spans: &[(f64, f64)], width: usize) -> String {
    let mut cells = vec!['·'; width];
    for (from, to) in spans {
        let first = ((from * width as f64) as usize).min(width - 1);
        let last = ((to * width as f64).ceil() as usize).clamp(first + 1, width);
        cells[first..last].fill('█');
    }
    cells.into_iter().collect()
}

/// A chart as SVG, complete in itself; nothing where there was no value.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "coordinates of a chart")]
pub fn svg(chart: &Chart<'_>) -> Option<String> {
    let (low, high) = range(chart)?;
    let y = |value: f64| HEIGHT - ((value - low) / (high - low)).clamp(0.0, 1.0) * HEIGHT;
    let step = WIDTH / chart.columns.len().max(1) as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-60 -10 {} {}\" width=\"100%\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"10\">\n",
        WIDTH + 70.0,
        HEIGHT + 20.0 + (BAND + 4.0) * chart.bands.len() as f64
    );
    for (index, column) in chart.columns.iter().enumerate() {
        let Some((least, most)) = column.filter(|(least, most)| least.is_finite() && most.is_finite()) else {
            continue;
        };
        let (top, bottom) = (y(most), y(least));
        let _ = writeln!(
            text,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#4878a8\"/>",
            index as f64 * step,
            top,
            step,
            (bottom - top).max(1.0)
        );
    }
    for (bound, severity) in &chart.bounds {
        let (at, colour) = (y(*bound), colour(severity));
        let _ = writeln!(
            text,
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{colour}\" stroke-dasharray=\"6 4\"/>\
             <text x=\"-4\" y=\"{at:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            figure(*bound)
        );
    }
    for (index, Band { label, severity, spans }) in chart.bands.iter().enumerate() {
        let top = HEIGHT + 10.0 + (BAND + 4.0) * index as f64;
        let _ = writeln!(text, "<text x=\"-4\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", top + BAND, escaped(label));
        for (from, to) in spans {
            let _ = writeln!(
                text,
                "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAND}\" fill=\"{}\"/>",
                from * WIDTH,
                ((to - from) * WIDTH).max(1.5),
                colour(severity)
            );
        }
    }
    text.push_str("</svg>");
    Some(text)
}

/// The colour of a severity: those of the mission's four, grey for any other.
fn colour(severity: &str) -> &'static str {
    match severity {
        "critical" => "#b3261e",
        "high" => "#d9730d",
        "medium" => "#b58900",
        "low" => "#3a7d44",
        _ => "#666666",
    }
}

/// Text as HTML, XML and Markdown take it in without seeing more in it than text, on one line.
#[must_use]
pub fn escaped(text: &str) -> String {
    let line = text.chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c });
    markup_free(&line.filter(|c| !c.is_control()).collect::<String>())
}
