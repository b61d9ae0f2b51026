//! The JSON of a Grafana dashboard as far as ours use it: typed, so that no panel says what Grafana would ignore.
//!
//! Names and defaults are Grafana's: <https://github.com/grafana/grafana/tree/main/packages/grafana-schema>. `scripts/check-dashboards`
//! holds what comes out against those types. Start at [`Dashboard`]. Absent on purpose: what a panel is about.

mod around;
mod build;
mod field;
mod panel;
mod shape;

pub use around::{Annotation, DataSource, Link, List, TimeRange, Variable};
pub use field::{Custom, FieldConfig, Mapping, Override, Step, Thresholds};
pub use panel::{GridPos, Panel, Target, Transformation};
pub use shape::{Legend, Shape};

use serde::Serialize;

/// What the file says of its own layout: that of Grafana 12. Older ones load it as it is, newer ones bring it up to date.
const SCHEMA: u32 = 41;

/// A dashboard, as a provisioned file has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// Its identity: links and bookmarks live as long as it stays.
    pub uid: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What links between dashboards find it by.
    pub tags: Vec<String>,
    /// The zone of its times: `utc`, or a name of the IANA.
    pub timezone: String,
    /// How often it looks again.
    pub refresh: String,
    /// What it shows first.
    pub time: TimeRange,
    // Provisioned dashboards are changed where they come from, not in the browser.
    editable: bool,
    // The cross-hair is shared by all panels.
    graph_tooltip: u8,
    schema_version: u32,
    /// What one can choose at its top.
    pub templating: List<Variable>,
    /// What is marked in every graph.
    pub annotations: List<Annotation>,
    /// Where else one can go.
    pub links: Vec<Link>,
    /// Its panels, rows among them.
    pub panels: Vec<Panel>,
}

impl Dashboard {
    /// One without panels, that shows the last `ago` and looks again every `refresh`.
    #[must_use]
    pub fn new(uid: &str, title: &str, description: &str, (ago, refresh): (&str, &str)) -> Self {
        Dashboard {
            uid: uid.into(),
            title: title.into(),
            description: description.into(),
            tags: Vec::new(),
            timezone: "utc".into(),
            refresh: refresh.into(),
            time: TimeRange { from: format!("now-{ago}"), to: "now".into() },
            editable: false,
            graph_tooltip: 1,
            schema_version: SCHEMA,
            templating: List::default(),
            annotations: List::default(),
            links: Vec::new(),
            panels: Vec::new(),
        }
    }
}

/// Left out of the file where it is the default.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(value: &bool) -> bool {
    !value
}
