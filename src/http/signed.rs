//! Standard Webhooks 1.0: how a request proves who made it. <https://www.standardwebhooks.com/>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::hint::black_box;

/// The header `webhook-signature`; `None` where the secret is not `whsec_` and base64.
#[must_use]
pub fn webhook_signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Whether somebody who shows `secret` knows the one whose SHA-256 is `hash`. Each byte is compared: how long this takes says
/// nothing about either.
#[must_use]
pub fn is_secret_of(hash: [u8; 32], secret: &str) -> bool {
    let shown: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    black_box(hash.iter().zip(shown).fold(0, |all, (one, other)| all | (one ^ other))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_published_example() {
        // From the Standard Webhooks reference implementation's own tests.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signature = webhook_signature(secret, id, 1_614_265_330, body);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
