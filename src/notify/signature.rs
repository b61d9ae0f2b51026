//! Signatures under what others send us: HMAC-SHA256 over raw bytes, in hexadecimal, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `hex` is the signature of `parts`, one after the other, under `secret`. An empty secret signs nothing: a
/// variable that is set but empty must not let everybody in.
#[must_use]
pub fn is_of(secret: &str, parts: &[&[u8]], hex: &str) -> bool {
    let Some(claimed) = bytes(hex) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    for part in parts {
        mac.update(part);
    }
    !secret.is_empty() && mac.verify_slice(&claimed).is_ok()
}

/// The 32 bytes that 64 lowercase hexadecimal digits say.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Vec<u8> = hex.bytes().map(digit).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_64_lowercase_digits_under_a_secret_that_is_there() {
        let good = "042ba3d57c6464bcd085dfc8cbdd4d052aec11f5db1853a8bd50f8f46dcb059a";
        let body: &[u8] = br#"{"event":{"id":"e1"}}"#;
        assert!(is_of("whsec-test", &[body], good));
        assert!(is_of("whsec-test", &[&body[..5], &body[5..]], good), "parts are one text");
        assert!(!is_of("whsec-tesT", &[body], good));
        assert!(!is_of("whsec-test", &[br#"{"event":{"id":"e2"}}"#], good));
        assert!(!is_of("whsec-test", &[body], &good.to_uppercase()));
        for wrong in ["", &good[..63], &format!("{good}0"), &good.replace('0', "g"), "é"] {
            assert!(!is_of("whsec-test", &[body], wrong), "{wrong}");
        }
        let of_nothing = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
        assert!(!is_of("", &[], of_nothing), "HMAC-SHA256 of nothing under no key");
    }
}
