//! What browsers may send, as meant.

use super::{Network, Origin, PathPattern};
use crate::model::Name;

/// What browsers may send to `/v1/beacon`.
#[derive(Clone, Debug, PartialEq)]
pub struct Beacons {
    /// The origins whose pages may send.
    pub origins: Vec<Origin>,
    /// The applications. At least one; the first is the one of pages that name none.
    pub services: Vec<Name>,
    /// How pages become labels.
    pub pages: Pages,
    /// The actions that are told apart; the first `max_actions` that come, where there are none.
    pub actions: Vec<Name>,
    /// How many actions are told apart where none are configured.
    pub max_actions: usize,
    /// The action with which somebody signs up.
    pub registration: Option<Name>,
    /// The kinds of feedback that are told apart.
    pub feedback: Vec<Name>,
    /// The share of batches whose measurements are taken.
    pub sample: f64,
    /// The longest batch, in bytes.
    pub max_bytes: usize,
    /// How many batches a second are taken from all.
    pub max_per_second: f64,
    /// How many batches a second are taken from one address.
    pub max_per_client: f64,
    /// The proxies that are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether what errors and feedback say is logged.
    pub log_texts: bool,
}

impl Default for Beacons {
    /// What holds where nothing is said: no origin may send.
    fn default() -> Self {
        Beacons {
            origins: Vec::new(),
            services: vec!["web".into()],
            pages: Pages::AsTheyCome { most: 50 },
            actions: Vec::new(),
            max_actions: 50,
            registration: None,
            feedback: ["bug", "confusing", "wish"].map(Name::from).into(),
            sample: 1.0,
            max_bytes: 65_536,
            max_per_second: 2_000.0,
            max_per_client: 20.0,
            trusted_proxies: Vec::new(),
            log_texts: false,
        }
    }
}

/// How pages become labels.
#[derive(Clone, Debug, PartialEq)]
pub enum Pages {
    /// The first whose pattern fits.
    Named(Vec<NamedPage>),
    /// Their paths, for as many as this.
    AsTheyCome {
        /// How many.
        most: usize,
    },
}

impl Pages {
    /// The name of the page at `path`, where pages have names and it is one of them.
    #[must_use]
    pub fn name_of(&self, path: &str) -> Option<&str> {
        let Pages::Named(pages) = self else { return None };
        pages.iter().find(|page| page.paths.iter().any(|pattern| pattern.fits(path))).map(|page| page.name.as_str())
    }
}

/// A page and its paths.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPage {
    /// Its name.
    pub name: Name,
    /// Its paths.
    pub paths: Vec<PathPattern>,
}

/// Whether a browser may say `text`, so that it can stand in a label: an action, a kind of feedback, its own id.
#[must_use]
pub fn is_beacon_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/ -".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_beacon_name;

    #[test]
    fn a_name_has_no_character_that_could_hide_or_break_something() {
        assert!(is_beacon_name("order:buy/limit v2.1_a-b"));
        for text in ["", "a\nb", "a\"b", "{a}", "a\u{202e}b", &"a".repeat(65)] {
            assert!(!is_beacon_name(text), "{text:?}");
        }
    }
}
