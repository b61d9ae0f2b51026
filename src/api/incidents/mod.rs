//! Incidents: what there is, what became of it, and what people do.

mod act;
mod look;
mod read;
mod summary;
mod timeline;

pub use act::{VERBS, act, carried_out, span};
pub use look::{look, look_at};
pub use read::{list, record, show};
pub use summary::{Rung, rung, status, title};
pub use timeline::{Entry, entries};

/// The number in a path: `41` or `INC-41`.
fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("INC-").or_else(|| text.strip_prefix("inc-")).unwrap_or(text);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn an_incident_is_called_by_its_number_with_or_without_inc() {
        assert_eq!(number("41"), Some(41));
        assert_eq!(number("INC-41"), Some(41));
        for wrong in ["", "INC-", "41x", "-1", "18446744073709551616"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
