//! The register of all codes: one row per kind of finding, with its page.
//!
//! Each room adds rows to its own table here, and the page `docs/diagnostics/WB….md` beside it. A code is never given to
//! another kind: one that is gone keeps its row and page, which then says since when.

mod config;
mod files;
mod project;
mod rules;
mod scenarios;

use super::{Code, Level};

pub use config::*;
pub use files::*;
pub use project::*;
pub use rules::*;
pub use scenarios::*;

/// One kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its code.
    pub code: Code,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// How bad it usually is.
    pub level: Level,
    /// The page: what it finds, why it matters, an example, the better way. Markdown.
    pub page: &'static str,
}

/// Declares the rows of one table: `WB005 5 Error "duplicate key";`. The page is found by the name.
macro_rules! codes {
    ($($name:ident $number:literal $level:ident $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: $crate::diagnostics::Code = $crate::diagnostics::Code($number);
        )*

        pub(super) const ENTRIES: &[$crate::diagnostics::codes::Entry] = &[$(
            $crate::diagnostics::codes::Entry {
                code: $name,
                title: $title,
                level: $crate::diagnostics::Level::$level,
                page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", stringify!($name), ".md")),
            },
        )*];
    };
}
use codes;

/// Every kind of finding, in the order of the codes.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    [files::ENTRIES, rules::ENTRIES, config::ENTRIES, scenarios::ENTRIES, project::ENTRIES].into_iter().flatten()
}

/// The kind called `text`, as `WB005`; case does not matter.
#[must_use]
pub fn find(text: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code.to_string().eq_ignore_ascii_case(text))
}

/// The kind with this code.
#[must_use]
pub fn entry(code: Code) -> Option<&'static Entry> {
    all().find(|entry| entry.code == code)
}

/// Whether findings of this kind depend on what a source knows at the moment, and not on the files alone.
#[must_use]
pub fn depends_on_a_source(code: Code) -> bool {
    (260..280).contains(&code.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_given_once_and_named_after_its_number() {
        let numbers: Vec<u16> = all().map(|entry| entry.code.0).collect();
        let unique: BTreeSet<u16> = numbers.iter().copied().collect();
        assert_eq!(unique.len(), numbers.len(), "{numbers:?}");
        for entry in all() {
            assert!(entry.page.starts_with(&format!("# {} · ", entry.code)), "{} has another page", entry.code);
        }
    }

    #[test]
    fn every_page_says_what_why_and_what_instead() {
        for entry in all() {
            for part in ["## What it finds", "## Why it matters", "## Example", "## The better way"] {
                assert!(entry.page.contains(part), "{}: {part}", entry.code);
            }
        }
    }

    #[test]
    fn a_kind_is_found_by_its_code_in_any_case() {
        assert_eq!(find("wb005").map(|entry| entry.title), Some("duplicate key"));
        assert!(find("WB5").is_none());
    }
}
