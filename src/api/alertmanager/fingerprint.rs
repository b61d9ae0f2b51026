//! The fingerprint of a label set, as Prometheus and Alertmanager compute it: FNV-1a over names and values.

use crate::model::Labels;

/// A byte that stands in no text.
const SEPARATOR: u8 = 255;

/// The fingerprint, in sixteen hexadecimal digits.
pub fn of(labels: &Labels) -> String {
    let separated = |text: &str| text.bytes().chain([SEPARATOR]).collect::<Vec<u8>>();
    let bytes = labels.iter().flat_map(|(name, value)| [separated(name), separated(value)].concat());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_a_real_alertmanager_computes() {
        assert_eq!(of(&Labels::new([("a", "x")])), "d2c7718192a8a294");
        assert_eq!(of(&Labels::new([("a", "caps")])), "602667ffd0e3edb9");
    }
}
