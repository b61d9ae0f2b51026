//! A panel, told what to ask and how to show it, one thing after the other.

use super::around::Link;
use super::field::{Color, Custom, FieldConfig, Mapping, Override, Step, Thresholds};
use super::panel::{GridPos, Panel, graph};

impl Panel {
    /// Asks over the whole time range.
    #[must_use]
    pub fn ask(self, expr: &str, legend: &str) -> Self {
        self.asking(expr, legend, false)
    }

    /// Asks about the end of the time range alone.
    #[must_use]
    pub fn ask_now(self, expr: &str, legend: &str) -> Self {
        self.asking(expr, legend, true)
    }

    /// In one colour: a number that is neither good nor bad.
    #[must_use]
    pub fn plain(self) -> Self {
        self.coloured(Color::fixed("blue"))
    }

    /// No finer than this: a query that costs much.
    #[must_use]
    pub fn every(mut self, interval: &'static str) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Series stand on each other, and are filled.
    #[must_use]
    pub fn stacked(mut self) -> Self {
        self.defaults().custom = Some(graph("line", 30, "normal"));
        self
    }

    /// So large.
    #[must_use]
    pub fn sized(mut self, w: u32, h: u32) -> Self {
        self.grid_pos = GridPos { w, h, ..self.grid_pos };
        self
    }

    /// Values have this unit, in Grafana's word.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.defaults().unit = Some(unit.into());
        self
    }

    /// With so many digits behind the point.
    #[must_use]
    pub fn decimals(mut self, decimals: u8) -> Self {
        self.defaults().decimals = Some(decimals);
        self
    }

    /// Values lie between these.
    #[must_use]
    pub fn between(mut self, min: f64, max: f64) -> Self {
        let defaults = self.defaults();
        (defaults.min, defaults.max) = (Some(min), Some(max));
        self
    }

    /// What is said where nothing is to be seen.
    #[must_use]
    pub fn where_nothing(mut self, text: &str) -> Self {
        self.defaults().no_value = Some(text.into());
        self
    }

    /// Words in the place of numbers.
    #[must_use]
    pub fn mapped(mut self, mapping: Mapping) -> Self {
        self.defaults().mappings.push(mapping);
        self
    }

    /// One series otherwise.
    #[must_use]
    pub fn otherwise(mut self, other: Override) -> Self {
        self.field_config.get_or_insert_with(FieldConfig::default).overrides.push(other);
        self
    }

    /// The colours of numbers; a graph draws them as lines, and shades what lies below where low is bad.
    #[must_use]
    pub fn steps(mut self, steps: Vec<Step>, is_bad_below: bool) -> Self {
        let numbers: Vec<f64> = steps.iter().filter_map(|step| step.value).collect();
        let defaults = self.defaults();
        defaults.thresholds = Some(Thresholds::new(steps));
        if let Some(Custom::Graph { thresholds_style, axis_soft_min, axis_soft_max, .. }) = &mut defaults.custom
            && let (Some(least), Some(most)) = (numbers.first(), numbers.last())
        {
            thresholds_style.mode = if is_bad_below { "dashed+area" } else { "dashed" };
            // A tenth further than the bounds, in round numbers.
            *axis_soft_min = is_bad_below.then_some((least * 90.0).round() / 100.0);
            *axis_soft_max = Some((most * 110.0).round() / 100.0);
        }
        self
    }

    /// Values are never above this.
    #[must_use]
    pub fn at_most(mut self, max: f64) -> Self {
        self.defaults().max = Some(max);
        self
    }

    /// What is read behind its `i`.
    #[must_use]
    pub fn says(mut self, description: &str) -> Self {
        if !self.description.is_empty() {
            self.description.push_str("\n\n");
        }
        self.description.push_str(description);
        self
    }

    /// A way to somewhere else.
    #[must_use]
    pub fn link(mut self, title: &str, url: &str) -> Self {
        self.links.push(Link::to(title, url));
        self
    }
}
