//! What surrounds the panels of a dashboard: variables, annotations, links.

use super::is_false;
use serde::Serialize;

/// The datasource of everything: the variable that every dashboard has.
const CHOSEN_SOURCE: DataSource = DataSource { kind: "prometheus", uid: "${datasource}" };

/// Grafana's way to write some lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List<T> {
    /// What is in it.
    pub list: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List { list: Vec::new() }
    }
}

/// A stretch of time, as `now-6h` and `now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeRange {
    /// From when.
    pub from: String,
    /// Until when.
    pub to: String,
}

/// Where numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DataSource {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'static str,
}

impl DataSource {
    /// The one that is chosen at the top of the dashboard.
    #[must_use]
    pub fn chosen() -> Self {
        CHOSEN_SOURCE
    }
}

/// Something to choose, and to name in queries as `$name`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Its name.
    pub name: String,
    label: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// What is asked for its values: `label_values(metric, label)`; or the kind of datasource.
    pub query: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<DataSource>,
    refresh: u8,
    #[serde(skip_serializing_if = "is_false")]
    include_all: bool,
    #[serde(skip_serializing_if = "is_false")]
    multi: bool,
    /// What stands in a query where all are chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Chosen>,
}

/// What is chosen first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Chosen {
    text: &'static str,
    value: &'static str,
}

impl Variable {
    /// Which Prometheus is asked: the default one, until somebody chooses.
    #[must_use]
    pub fn datasource() -> Self {
        Variable {
            name: "datasource".into(),
            label: "Prometheus".into(),
            kind: "datasource",
            query: "prometheus".into(),
            datasource: None,
            refresh: 1,
            include_all: false,
            multi: false,
            all_value: None,
            current: None,
        }
    }

    /// The values of `label` on the series of `metric`, all of them at first.
    #[must_use]
    pub fn values(label: &str, metric: &str, title: &str) -> Self {
        Variable {
            name: label.into(),
            label: title.into(),
            kind: "query",
            query: format!("label_values({metric}, {label})"),
            datasource: Some(CHOSEN_SOURCE),
            // With the time range: what was there last week can be chosen when one looks at last week.
            refresh: 2,
            include_all: true,
            multi: true,
            // Not the list of all, so that a series without the label is seen as well.
            all_value: Some(".*"),
            current: Some(Chosen { text: "All", value: "$__all" }),
        }
    }
}

/// Stretches of time that are marked in every graph: where the answer to a query is above 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// Its name, by which it is switched on and off.
    pub name: String,
    datasource: DataSource,
    enable: bool,
    icon_color: String,
    /// What is asked. Samples that are at most `step` apart are one stretch.
    pub expr: String,
    /// How finely is asked.
    pub step: String,
    title_format: String,
    text_format: String,
    tag_keys: String,
}

impl Annotation {
    /// The stretches where `expr` is above 0, in `colour`, each with a title and a text; both may name labels as `{{rule}}`.
    #[must_use]
    pub fn new(name: &str, expr: &str, colour: &str, (title, text): (&str, &str), tags: &str) -> Self {
        Annotation {
            name: name.into(),
            datasource: CHOSEN_SOURCE,
            enable: true,
            icon_color: colour.into(),
            expr: expr.into(),
            step: "60s".into(),
            title_format: title.into(),
            text_format: text.into(),
            tag_keys: tags.into(),
        }
    }
}

/// A way to somewhere else.
#[expect(clippy::struct_excessive_bools, reason = "these are Grafana's words, and a file has all of them")]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    title: String,
    #[serde(rename = "type")]
    kind: &'static str,
    icon: &'static str,
    tooltip: String,
    /// The address, of a link to one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    tags: Vec<String>,
    as_dropdown: bool,
    target_blank: bool,
    include_vars: bool,
    keep_time: bool,
}

impl Link {
    /// To every dashboard with this tag, with the same time and the same choices.
    #[must_use]
    pub fn to_dashboards(title: &str, tag: &str) -> Self {
        Link {
            title: title.into(),
            kind: "dashboards",
            icon: "dashboard",
            tooltip: String::new(),
            url: None,
            tags: vec![tag.into()],
            as_dropdown: false,
            target_blank: false,
            include_vars: true,
            keep_time: true,
        }
    }

    /// To an address.
    #[must_use]
    pub fn to(title: &str, url: &str) -> Self {
        Link {
            title: title.into(),
            kind: "link",
            icon: "external link",
            tooltip: String::new(),
            url: Some(url.into()),
            tags: Vec::new(),
            as_dropdown: false,
            target_blank: true,
            include_vars: false,
            keep_time: false,
        }
    }
}
