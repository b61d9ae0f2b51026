//! What of a beacon may stand in a label: the paths of pages.

use crate::collect::names::OTHER;

/// The longest path that is a label.
const LONGEST_PATH: usize = 128;

/// The path of a page, without query, fragment and empty parts. None where it is no path.
pub(super) fn path(text: &str) -> Option<String> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let is_path = path.starts_with('/') && text.len() <= 512 && path.bytes().all(|byte| byte.is_ascii_graphic());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    is_path.then(|| format!("/{}", parts.join("/")))
}

/// A path with `:id` for what only names one of many: `/trade/42` is `/trade/:id`. `other` where it is too long for a label.
pub(super) fn without_ids(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| if is_id(part) { ":id" } else { part }).collect();
    let path = parts.join("/");
    if path.len() > LONGEST_PATH { OTHER.into() } else { path }
}

/// Whether a part of a path is a number, an address, a hash or a UUID.
fn is_id(part: &str) -> bool {
    let hex = part.strip_prefix("0x").unwrap_or(part);
    let has_digit = hex.bytes().any(|byte| byte.is_ascii_digit());
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    !part.is_empty() && is_number
        || hex.len() >= 16 && has_digit && hex.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{path, without_ids};

    #[test]
    fn a_path_loses_what_only_names_one_of_many() {
        for (text, label) in [
            ("/", "/"),
            ("/trade/42?from=mail#top", "/trade/:id"),
            ("/trade//", "/trade"),
            ("/tx/0x8a2f00000000000000000000000000000000beef/log", "/tx/:id/log"),
            ("/user/0b51f6de-0c5e-4b0e-9d6a-6f0f3c7d2a11", "/user/:id"),
            ("/facade/decade-decade-decade", "/facade/decade-decade-decade"),
            ("/2fa", "/2fa"),
            (&format!("/{}", "a".repeat(200)), "other"),
        ] {
            assert_eq!(without_ids(&path(text).unwrap()), label, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_of_an_address_is_none() {
        for text in ["trade", "", "?", "/a b", "/a\u{0}", "/ä", &format!("/{}", "a".repeat(512))] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
