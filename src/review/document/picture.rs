//! A chart that owns what it shows.

use crate::backtest::{Band, Chart, braille, svg, ticks};
use crate::config::Zone;
use crate::model::Moment;
use jiff::Timestamp;

/// A chart, and what stands below it.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The lowest and the highest value in each column.
    pub columns: Vec<Option<(f64, f64)>>,
    /// The bounds, each with the severity whose colour it has.
    pub bounds: Vec<(f64, String)>,
    /// When something fired.
    pub bands: Vec<Band>,
    /// The times that are named, as shares of the window.
    pub ticks: Vec<(f64, String)>,
}

impl Picture {
    /// A terminal's chart, so many characters wide and so many lines high; nothing where there was no value.
    #[must_use]
    pub fn braille(&self, width: usize, rows: usize) -> Option<String> {
        braille(&self.chart(), width, rows)
    }

    /// The chart for a browser; nothing where there was no value.
    #[must_use]
    pub fn svg(&self) -> Option<String> {
        svg(&self.chart())
    }

    /// The times that a chart from `from` to `to` names, as the clocks of `zone` show them.
    #[must_use]
    pub fn times((from, to): (Moment, Moment), zone: &Zone) -> Vec<(f64, String)> {
        let seconds = |at: Moment| crate::model::Span::from_millis(at.millis()).as_secs_f64();
        let at = Timestamp::from_millisecond(from.millis()).unwrap_or_default();
        // Whole hours of a zone are whole hours of its own clock: the window is moved, the shares stay.
        let ahead = f64::from(zone.rules().to_offset(at).seconds());
        ticks((seconds(from) + ahead, seconds(to) + ahead))
    }

    fn chart(&self) -> Chart<'_> {
        Chart {
            columns: &self.columns,
            bounds: self.bounds.clone(),
            bands: self.bands.clone(),
            ticks: self.ticks.clone(),
        }
    }
}
