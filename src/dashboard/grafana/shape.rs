//! The kinds of panel that we use, and what each can be told.

use serde::Serialize;

/// A kind of panel, with its options.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub enum Shape {
    /// A heading over the panels below it.
    Row,
    /// One number, or one for each series.
    Stat(Stat),
    /// Numbers over time.
    TimeSeries(Graph),
    /// A number between its limits.
    Gauge(Gauge),
    /// Numbers as bars.
    BarGauge(BarGauge),
    /// Rows and columns.
    Table(Table),
    /// States over time.
    #[serde(rename = "state-timeline")]
    States(States),
    /// Words.
    Text(Text),
}

/// Options of one number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stat {
    #[serde(flatten)]
    single: Single,
    color_mode: &'static str,
    graph_mode: &'static str,
    justify_mode: &'static str,
    text_mode: &'static str,
    percent_change_color_mode: &'static str,
    show_percent_change: bool,
    wide_layout: bool,
}

/// What all panels have that show one number of each series.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Single {
    orientation: &'static str,
    reduce_options: Reduce,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Reduce {
    calcs: [&'static str; 1],
    fields: &'static str,
    values: bool,
}

/// Options of numbers over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    legend: Legend,
    tooltip: Tooltip,
}

/// What is said of the series below or beside them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Legend {
    calcs: Vec<&'static str>,
    display_mode: &'static str,
    placement: &'static str,
    show_legend: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Tooltip {
    mode: &'static str,
    sort: &'static str,
}

/// Options of a number between its limits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    #[serde(flatten)]
    single: Single,
    min_viz_height: u16,
    min_viz_width: u16,
    show_threshold_labels: bool,
    show_threshold_markers: bool,
    sizing: &'static str,
}

/// Options of numbers as bars.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BarGauge {
    #[serde(flatten)]
    single: Single,
    display_mode: &'static str,
    legend: Legend,
    max_viz_height: u16,
    min_viz_height: u16,
    min_viz_width: u16,
    name_placement: &'static str,
    show_unfilled: bool,
    sizing: &'static str,
    value_mode: &'static str,
}

/// Options of rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    frame_index: u8,
    cell_height: &'static str,
    show_header: bool,
}

/// Options of states over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct States {
    align_value: &'static str,
    legend: Legend,
    merge_values: bool,
    row_height: f64,
    show_value: &'static str,
    tooltip: Tooltip,
}

/// Options of words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Text {
    mode: &'static str,
    content: String,
}

impl Shape {
    /// One number, with its course behind it where `has_course`.
    #[must_use]
    pub fn stat(has_course: bool) -> Shape {
        Shape::Stat(Stat {
            single: Single::new("auto"),
            color_mode: "value",
            graph_mode: if has_course { "area" } else { "none" },
            justify_mode: "auto",
            text_mode: "auto",
            percent_change_color_mode: "standard",
            show_percent_change: false,
            wide_layout: true,
        })
    }

    /// Numbers over time.
    #[must_use]
    pub fn graph() -> Shape {
        Shape::TimeSeries(Graph { legend: Legend::below(), tooltip: Tooltip { mode: "multi", sort: "desc" } })
    }

    /// A number between its limits.
    #[must_use]
    pub fn gauge() -> Shape {
        Shape::Gauge(Gauge {
            single: Single::new("auto"),
            min_viz_height: 75,
            min_viz_width: 75,
            show_threshold_labels: false,
            show_threshold_markers: true,
            sizing: "auto",
        })
    }

    /// Numbers as bars.
    #[must_use]
    pub fn bars() -> Shape {
        Shape::BarGauge(BarGauge {
            single: Single::new("horizontal"),
            display_mode: "basic",
            legend: Legend { show_legend: false, ..Legend::below() },
            max_viz_height: 300,
            min_viz_height: 16,
            min_viz_width: 8,
            name_placement: "auto",
            show_unfilled: true,
            sizing: "auto",
            value_mode: "color",
        })
    }

    /// Rows and columns.
    #[must_use]
    pub fn table() -> Shape {
        Shape::Table(Table { frame_index: 0, cell_height: "sm", show_header: true })
    }

    /// States over time.
    #[must_use]
    pub fn states() -> Shape {
        Shape::States(States {
            align_value: "left",
            legend: Legend::below(),
            merge_values: true,
            row_height: 0.9,
            show_value: "auto",
            tooltip: Tooltip { mode: "single", sort: "none" },
        })
    }

    /// Words, as Markdown.
    #[must_use]
    pub fn words(content: &str) -> Shape {
        Shape::Text(Text { mode: "markdown", content: content.into() })
    }
}

impl Single {
    fn new(orientation: &'static str) -> Self {
        let reduce_options = Reduce { calcs: ["lastNotNull"], fields: "", values: false };
        Single { orientation, reduce_options }
    }
}

impl Legend {
    fn below() -> Self {
        Legend { calcs: Vec::new(), display_mode: "list", placement: "bottom", show_legend: true }
    }
}
