//! One panel: a kind, what it asks, how it shows the answer, where it stands.

use super::around::{DataSource, Link};
use super::field::{Cell, Color, Custom, Defaults, FieldConfig, Mode};
use super::shape::Shape;
use serde::Serialize;
use serde_json::{Value, json};

/// A panel, or the heading of some.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Its number, given by the layout.
    pub id: u32,
    /// Its title.
    pub title: String,
    /// What is read behind its `i`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its kind.
    #[serde(flatten)]
    pub shape: Shape,
    /// Where it stands, and how large it is.
    pub grid_pos: GridPos,
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<DataSource>,
    /// What it asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The least distance of two samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<&'static str>,
    /// How it shows the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_config: Option<FieldConfig>,
    /// What is made of the answer before it is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) transformations: Vec<Transformation>,
    /// Where one can go from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Of a heading: whether what is below it is folded away.
    #[serde(skip_serializing_if = "Option::is_none")]
    collapsed: Option<bool>,
    /// Of a heading: what is folded away.
    #[serde(skip_serializing_if = "Option::is_none")]
    panels: Option<Vec<Panel>>,
}

/// Where a panel stands, in a grid of 24 columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GridPos {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// How wide.
    pub w: u32,
    /// How high.
    pub h: u32,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its letter.
    pub ref_id: String,
    datasource: DataSource,
    /// The question.
    pub expr: String,
    /// How a series is called; labels are named as `{{chain}}`.
    pub legend_format: String,
    editor_mode: &'static str,
    /// Whether only the end of the time range is asked about.
    pub instant: bool,
    /// Whether the whole of it is.
    pub range: bool,
    format: &'static str,
}

/// What is made of an answer before it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transformation {
    id: &'static str,
    options: Value,
}

impl Panel {
    fn new(title: &str, shape: Shape, (w, h): (u32, u32)) -> Self {
        Panel {
            id: 0,
            title: title.into(),
            description: String::new(),
            shape,
            grid_pos: GridPos { w, h, ..GridPos::default() },
            datasource: Some(DataSource::chosen()),
            targets: Vec::new(),
            interval: None,
            field_config: Some(FieldConfig::default()),
            transformations: Vec::new(),
            links: Vec::new(),
            collapsed: None,
            panels: None,
        }
    }

    /// A heading.
    #[must_use]
    pub fn row(title: &str) -> Self {
        let row = Panel::new(title, Shape::Row, (24, 1));
        Panel { datasource: None, field_config: None, collapsed: Some(false), panels: Some(Vec::new()), ..row }
    }

    /// Whether it is a heading.
    #[must_use]
    pub fn is_row(&self) -> bool {
        self.shape == Shape::Row
    }

    /// Words.
    #[must_use]
    pub fn words(title: &str, content: &str) -> Self {
        Panel { datasource: None, field_config: None, ..Panel::new(title, Shape::words(content), (24, 3)) }
    }

    /// One number.
    #[must_use]
    pub fn stat(title: &str) -> Self {
        Panel::new(title, Shape::stat(false), (6, 5)).coloured(Color::THRESHOLDS)
    }

    /// One number with its course behind it.
    #[must_use]
    pub fn stat_over_time(title: &str) -> Self {
        Panel::new(title, Shape::stat(true), (6, 5)).coloured(Color::THRESHOLDS)
    }

    /// A number between its limits.
    #[must_use]
    pub fn gauge(title: &str) -> Self {
        Panel::new(title, Shape::gauge(), (6, 7)).coloured(Color::THRESHOLDS)
    }

    /// Numbers as bars.
    #[must_use]
    pub fn bars(title: &str) -> Self {
        Panel::new(title, Shape::bars(), (8, 7)).coloured(Color::THRESHOLDS)
    }

    /// Numbers over time, as lines.
    #[must_use]
    pub fn graph(title: &str) -> Self {
        let mut panel = Panel::new(title, Shape::graph(), (8, 8)).coloured(Color::PALETTE);
        panel.defaults().custom = Some(graph("line", 10, "none"));
        panel
    }

    /// Numbers over time, one bar for each `interval`, series on each other.
    #[must_use]
    pub fn columns(title: &str, interval: &'static str) -> Self {
        let mut panel = Panel::new(title, Shape::graph(), (8, 8)).coloured(Color::PALETTE);
        panel.defaults().custom = Some(graph("bars", 80, "normal"));
        panel.interval = Some(interval);
        panel
    }

    /// States over time.
    #[must_use]
    pub fn states(title: &str) -> Self {
        let mut panel = Panel::new(title, Shape::states(), (12, 5)).coloured(Color::THRESHOLDS);
        panel.defaults().custom = Some(Custom::States { fill_opacity: 70, line_width: 0 });
        panel
    }

    /// Rows and columns: the labels that are named, and the value under the name `value`.
    #[must_use]
    pub fn table(title: &str, labels: &[&str], value: &str) -> Self {
        let mut panel = Panel::new(title, Shape::table(), (12, 7)).coloured(Color::THRESHOLDS);
        let cell_options = Cell { r#type: "auto" };
        panel.defaults().custom = Some(Custom::Cells { align: "auto", cell_options, inspect: false });
        let order: serde_json::Map<String, Value> =
            labels.iter().enumerate().map(|(index, label)| ((*label).to_owned(), json!(index))).collect();
        let options =
            json!({ "excludeByName": { "Time": true }, "indexByName": order, "renameByName": { "Value": value } });
        panel.transformations.push(Transformation { id: "organize", options });
        panel
    }

    pub(super) fn defaults(&mut self) -> &mut Defaults {
        &mut self.field_config.get_or_insert_with(FieldConfig::default).defaults
    }

    pub(super) fn coloured(mut self, colour: Color) -> Self {
        self.defaults().color = Some(colour);
        self
    }

    /// Asks over the whole time range, or about its end alone.
    pub(super) fn asking(mut self, expr: &str, legend: &str, now: bool) -> Self {
        let letter = (b'A'..=b'Z').nth(self.targets.len()).map_or_else(String::new, |letter| char::from(letter).into());
        let format = if matches!(self.shape, Shape::Table(_)) { "table" } else { "time_series" };
        self.targets.push(Target {
            ref_id: letter,
            datasource: DataSource::chosen(),
            expr: expr.into(),
            legend_format: legend.into(),
            editor_mode: "code",
            instant: now,
            range: !now,
            format,
        });
        self
    }
}

pub(super) fn graph(draw_style: &'static str, fill_opacity: u8, stacking: &'static str) -> Custom {
    Custom::Graph {
        draw_style,
        line_width: 1,
        fill_opacity,
        show_points: "never",
        thresholds_style: Mode { mode: "off" },
        axis_soft_min: None,
        axis_soft_max: None,
        stacking: Mode { mode: stacking },
    }
}
