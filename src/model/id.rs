//! Derived ids: the same facts give the same id on every machine and after every crash.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The first 128 bits of the SHA-256 of `parts`, each preceded by its length so that no two lists can meet.
fn derive(domain: &str, parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in std::iter::once(&domain).chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte))
}

macro_rules! derived_id {
    ($(#[$doc:meta])* $name:ident, $domain:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        // The upper half and the lower one: a `u128` wants a place at a multiple of sixteen, and what holds it grows by that.
        pub struct $name(u64, u64);

        impl $name {
            /// Derives the id from the facts that it stands for, in a fixed order.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self::from(derive($domain, parts))
            }
        }

        impl From<u128> for $name {
            fn from(id: u128) -> Self {
                // The cast keeps the lower half, which is what is wanted.
                #[expect(clippy::cast_possible_truncation)]
                $name((id >> 64) as u64, id as u64)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}{:016x}", self.0, self.1)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($domain, ":{}"), self)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                u128::from_str_radix(text, 16).map(Self::from)
            }
        }
    };
}

derived_id!(
    /// A rule: its `id:`, else group name, alert name and static labels.
    RuleId, "rule");
derived_id!(
    /// An alert: a rule on one identity.
    AlertId, "alert");
derived_id!(
    /// An incident: policy, group values and opening slot.
    IncidentId, "incident");
derived_id!(
    /// A delivery: incident, generation, destination, page number, kind and revision.
    DeliveryId, "delivery");
derived_id!(
    /// A silence that somebody asked for: derived from the command that made it.
    SilenceId, "silence");

/// A stable number in `0..below` drawn from a key: all randomness of Watchbell is a hash of a key.
#[must_use]
pub fn spread(key: &[&str], below: u64) -> u64 {
    let folded = derive("spread", key);
    u64::try_from(folded % u128::from(below.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_read_back() {
        let id = AlertId::derive(&["rule", "{a=\"1\"}"]);
        assert_eq!(id.to_string().parse::<AlertId>().unwrap(), id);
        assert_ne!(id, AlertId::derive(&["rul", "e{a=\"1\"}"]), "a boundary moved is another id");
        assert_eq!(spread(&["main", "chain"], 30_000), spread(&["main", "chain"], 30_000));
    }
}
