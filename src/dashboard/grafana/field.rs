//! How values are shown: unit, colours, lines, words.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How the values of a panel are shown, and some of them otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FieldConfig {
    /// All of them.
    pub defaults: Defaults,
    /// Some of them otherwise.
    pub overrides: Vec<Override>,
}

/// How values are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// The unit, in Grafana's word for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// So many digits behind the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// The least that can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The most that can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What is said where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_value: Option<String>,
    /// Words in the place of numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<Mapping>,
    /// The colours of numbers, and lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
    /// Where the colour of a series comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// What this kind of panel has of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
}

/// Where a colour comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Color {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_color: Option<&'static str>,
}

impl Color {
    /// From the thresholds.
    pub const THRESHOLDS: Color = Color { mode: "thresholds", fixed_color: None };
    /// One for each series.
    pub const PALETTE: Color = Color { mode: "palette-classic", fixed_color: None };

    /// Always this one.
    #[must_use]
    pub fn fixed(colour: &'static str) -> Color {
        Color { mode: "fixed", fixed_color: Some(colour) }
    }
}

/// The colours of numbers: each from its value on, to the next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    mode: &'static str,
    /// In rising order; the first from the least number on.
    pub steps: Vec<Step>,
}

impl Thresholds {
    /// These.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Thresholds { mode: "absolute", steps }
    }
}

/// From a value on, a colour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The colour, by Grafana's name.
    pub color: String,
    /// From where on; nothing for the first.
    pub value: Option<f64>,
}

/// Words in the place of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub enum Mapping {
    /// One number, or one text, each.
    Value(BTreeMap<String, Word>),
    /// What is no number.
    Special {
        /// `null+nan`.
        r#match: &'static str,
        /// The word.
        result: Word,
    },
}

/// A word, and its colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// What is read; the value itself where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    index: usize,
}

impl Mapping {
    /// The words of whole numbers from 0 on, coloured by the thresholds.
    #[must_use]
    pub fn numbers(words: &[&str]) -> Mapping {
        let word = |(index, text): (usize, &&str)| {
            (index.to_string(), Word { text: Some((*text).to_owned()), color: None, index })
        };
        Mapping::Value(words.iter().enumerate().map(word).collect())
    }

    /// The colours of texts.
    #[must_use]
    pub fn colours(texts: impl Iterator<Item = (String, String)>) -> Mapping {
        let word = |(index, (text, color))| (text, Word { text: None, color: Some(color), index });
        Mapping::Value(texts.enumerate().map(word).collect())
    }

    /// What is said where there is no number.
    #[must_use]
    pub fn nothing(text: &str) -> Mapping {
        let result = Word { text: Some(text.into()), color: Some("text".into()), index: 0 };
        Mapping::Special { r#match: "null+nan", result }
    }
}

/// What one kind of panel has of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Custom {
    /// Graphs.
    Graph {
        /// `line` or `bars`.
        draw_style: &'static str,
        /// How wide the line is.
        line_width: u8,
        /// How much is filled, in per cent.
        fill_opacity: u8,
        /// Never: a sample a minute is no point to aim at.
        show_points: &'static str,
        /// How bounds are drawn.
        thresholds_style: Mode,
        /// The axis reaches down to here at least: Grafana fits it to the values alone, and a bound far from them would not be seen.
        #[serde(skip_serializing_if = "Option::is_none")]
        axis_soft_min: Option<f64>,
        /// The axis reaches up to here at least.
        #[serde(skip_serializing_if = "Option::is_none")]
        axis_soft_max: Option<f64>,
        /// Whether series stand on each other.
        stacking: Mode,
    },
    /// States over time.
    States {
        /// How much is filled, in per cent.
        fill_opacity: u8,
        /// How wide the line around is.
        line_width: u8,
    },
    /// Tables.
    Cells {
        /// Where texts stand.
        align: &'static str,
        /// How a cell is coloured.
        cell_options: Cell,
        /// No: there is nothing more to see in a cell.
        inspect: bool,
    },
}

/// One of Grafana's choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mode {
    /// Its name.
    pub mode: &'static str,
}

/// How a cell is coloured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its name.
    pub r#type: &'static str,
}

/// Some values, shown otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Override {
    matcher: Matcher,
    properties: Vec<Property>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Matcher {
    id: &'static str,
    options: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Property {
    id: &'static str,
    value: Value,
}

impl Override {
    /// Of the series of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Override { matcher: Matcher { id: "byName", options: name.into() }, properties: Vec::new() }
    }

    fn with(mut self, id: &'static str, value: Value) -> Self {
        self.properties.push(Property { id, value });
        self
    }

    /// In this colour.
    #[must_use]
    pub fn colour(self, colour: &str) -> Self {
        self.with("color", json!({ "mode": "fixed", "fixedColor": colour }))
    }

    /// Cells on a ground of the colour of their text.
    #[must_use]
    pub fn coloured_by(self, mapping: &Mapping) -> Self {
        self.with("mappings", json!([mapping])).with("custom.cellOptions", json!({ "type": "color-background" }))
    }
}
