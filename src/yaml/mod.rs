//! YAML, read once into a tree in which every key and value knows where it stands.
//!
//! [`parse`] makes trees of text, [`read`] of files; both behave as Go's `yaml.v3` does for Prometheus and tell whatever is
//! wrong as findings. [`Validator`] holds a tree against a JSON Schema and tells every difference at its place. [`from_node`]
//! makes typed values of a tree. The same tree serves all three, so that a file is never understood in two ways.
//!
//! ```
//! use watchbell::diagnostics::{Findings, Sources, Spanned, Text};
//!
//! #[derive(serde::Deserialize)]
//! struct Rule {
//!     alert: Spanned<String>,
//!     expr: Text,
//! }
//!
//! let (mut sources, mut findings) = (Sources::default(), Findings::default());
//! let source = sources.add("rules.yaml", "alert: Down\nexpr: up == 0\n");
//! let text = sources.get(source).text().clone();
//! let documents = watchbell::yaml::parse(source, &text, &mut findings);
//! let rule: Rule = watchbell::yaml::from_node(&documents[0]).unwrap();
//! assert_eq!(sources.describe(rule.alert.place), "rules.yaml:1:8");
//! assert_eq!(sources.describe(rule.expr.place_of(3..5)), "rules.yaml:2:10");
//! ```

mod anchors;
pub mod layout;
mod lower;
mod mapping;
mod node;
mod parse;
mod read;
mod scalar;
mod shape;
#[cfg(test)]
mod tests;
mod validate;
mod view;
mod wording;

pub use lower::{LowerError, from_node};
pub use node::{Kind, Node, Scalar, Style, Tag};
pub use parse::parse;
pub use read::{Content, LARGEST, ReadError, admit, content, content_of, first, read};
pub use scalar::Meaning;
pub use shape::{DURATION_PATTERN, DurationText, Entries, ScalarOr, ShiftText, by_shape};
pub use validate::Validator;
