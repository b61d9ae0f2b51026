//! Charts of a rule's values: braille in a terminal, SVG elsewhere. What is drawn is the spread of all series in each column,
//! the bounds, and below it when the rule fired and what time it was.

use super::report::{RuleReport, TierReport};
use crate::model::visible;
use crate::notify::text::{markup_free, number as figure};
use jiff::Timestamp;
use std::fmt::Write;

/// How many dots a character of a terminal chart has across.
const DOTS_ACROSS: usize = 2;
/// How many it has down.
const DOTS_DOWN: usize = 4;
/// The size of an SVG chart, in its own units.
const WIDTH: f64 = 720.0;
/// How high the curve is.
const HEIGHT: f64 = 120.0;
/// So many times are named at most.
const MOST_TICKS: f64 = 6.0;
/// A blank that is as wide as the dots of the curve.
const BLANK: &str = "\u{2800}";
/// Seconds of a day.
const DAY: i64 = 86_400;
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
    /// The times that are named, as shares of the window.
    pub ticks: Vec<(f64, String)>,
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
    pub fn of(rule: &'a RuleReport, ends: (f64, f64), mut spans: impl FnMut(&TierReport) -> Vec<(f64, f64)>) -> Self {
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
            ticks: ticks(ends),
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
        let Some((least, most)) = spread_at(columns, x, across) else { continue };
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
    let _ = writeln!(text, "{:>head$} {}", "", axis(&chart.ticks, width));
    Some(text)
}

/// The lowest and the highest value of what one dot out of `across` stands for. Of several columns none is left out: the shortest
/// spike is what one looks for.
fn spread_at(columns: &[Option<(f64, f64)>], x: usize, across: usize) -> Option<(f64, f64)> {
    let first = x * columns.len() / across;
    let after = ((x + 1) * columns.len() / across).max(first + 1);
    let finite = |(least, most): &(f64, f64)| least.is_finite() && most.is_finite();
    let columns = columns.get(first..after)?.iter().flatten().filter(|column| finite(column));
    columns.copied().reduce(|(least, most), (low, high)| (least.min(low), most.max(high)))
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

/// A line that shows when something fired, as wide as `width` characters. It is braille like the curve above it: a font that has to
/// borrow these characters gives them another width, and the same to all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "characters of a chart"
)]
fn band(spans: &[(f64, f64)], width: usize) -> String {
    let mut cells = vec!['⣀'; width];
    for (from, to) in spans {
        let first = ((from * width as f64) as usize).min(width - 1);
        let last = ((to * width as f64).ceil() as usize).clamp(first + 1, width);
        cells[first..last].fill('⣿');
    }
    cells.into_iter().collect()
}

/// A line that names times, each beginning where it was, as wide as `width` characters.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "characters of a chart"
)]
fn axis(ticks: &[(f64, String)], width: usize) -> String {
    let mut line = String::new();
    for (share, name) in ticks {
        let place = (share * width as f64) as usize;
        if place + name.len() <= width && (line.is_empty() || place > line.chars().count()) {
            line.push_str(&BLANK.repeat(place - line.chars().count()));
            line.push_str(name);
        }
    }
    line
}

/// The times that a chart of a window names, as shares of it: a handful, at whole hours or days of UTC.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "seconds since 1970")]
pub fn ticks((from, to): (f64, f64)) -> Vec<(f64, String)> {
    const STEPS: [i64; 12] =
        [60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 28 * DAY];
    let length = (to - from).max(1.0);
    let step = STEPS.into_iter().find(|step| length / *step as f64 <= MOST_TICKS).unwrap_or(364 * DAY);
    let first = (from / step as f64).ceil() as i64;
    let last = (to / step as f64).floor() as i64;
    let name = |at: i64| {
        Some(Timestamp::from_second(at).ok()?.strftime(if step < DAY { "%m-%d %H:%M" } else { "%m-%d" }).to_string())
    };
    let tick = |at: i64| Some(((at as f64 - from) / length, name(at)?));
    (first..=last).filter_map(|place| tick(place * step)).collect()
}

/// A chart as SVG, complete in itself; nothing where there was no value.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "coordinates of a chart")]
pub fn svg(chart: &Chart<'_>) -> Option<String> {
    let (low, high) = range(chart)?;
    let y = |value: f64| HEIGHT - ((value - low) / (high - low)).clamp(0.0, 1.0) * HEIGHT;
    let step = WIDTH / chart.columns.len().max(1) as f64;
    let foot = HEIGHT + 10.0 + (BAND + 4.0) * chart.bands.len() as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-90 -10 {} {}\" width=\"100%\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"10\">\n",
        WIDTH + 110.0,
        foot + 20.0
    );
    for (share, name) in &chart.ticks {
        let x = share * WIDTH;
        let _ = writeln!(
            text,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#666\">{name}</text>",
            foot + 6.0
        );
    }
    for (value, at) in [(high, 0.0), (low, HEIGHT)] {
        // Where a bound is named there is no room for a second figure.
        let is_free = |bound: f64| (y(bound) - at).abs() > 10.0;
        if chart.bounds.iter().map(|(bound, _)| *bound).all(is_free) {
            let _ = writeln!(
                text,
                "<text x=\"-4\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#666\">{}</text>",
                at + 3.0,
                figure(value)
            );
        }
    }
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
    let line: String = text.chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).collect();
    markup_free(&visible(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_of_any_one_column_is_seen_in_a_chart_with_fewer_dots() {
        for spike in 0..240 {
            let mut columns = vec![Some((20.0, 24.0)); 240];
            columns[spike] = Some((20.0, 160.0));
            let chart = Chart { columns: &columns, ..Chart::default() };
            let chart = braille(&chart, 72, 4).expect("there are values");
            let top = chart.lines().next().and_then(|line| line.split_once(' ')).expect("a figure and a line");
            assert!(top.1.chars().any(|c| c != '\u{2800}'), "column {spike} is not in\n{chart}");
        }
    }

    #[test]
    fn times_are_named_at_whole_hours_and_days_where_they_have_room() {
        // Monday, 5 January 2026, 12:10.
        let from = 1_767_615_000.0;
        let hours = ticks((from, from + 4.0 * 3600.0));
        let shown = |ticks: &[(f64, String)], width| axis(ticks, width).replace(BLANK, " ");
        assert_eq!(shown(&hours, 72), "               01-05 13:00       01-05 14:00       01-05 15:00");
        let days = ticks((from, from + 5.0 * 86_400.0));
        assert_eq!(shown(&days, 30), "  01-06 01-07 01-08 01-09");
        assert_eq!(shown(&days, 12), " 01-06");
    }
}
