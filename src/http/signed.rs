//! Standard Webhooks 1.0: how a request proves who made it. <https://www.standardwebhooks.com/>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::hint::black_box;

/// Why a secret signs nothing. Never the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// It has another form.
    #[error("the signing secret is not `whsec_` and base64; write it as the receiver shows it")]
    Form,
    /// Everybody could sign with it.
    #[error("the signing secret is empty; write it as the receiver shows it, or take the key away to sign nothing")]
    Empty,
}

/// The key in a signing secret. One shorter than the 24 bytes that Standard Webhooks asks for is taken, because a page that is
/// signed weakly wakes people, and one that is not sent does not; an empty one would prove nothing.
///
/// # Errors
/// Where the secret is not `whsec_` and base64, or holds no key.
pub fn signing_key(secret: &str) -> Result<Vec<u8>, SigningError> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).map_err(|_| SigningError::Form)?;
    if key.is_empty() { Err(SigningError::Empty) } else { Ok(key) }
}

/// The header `webhook-signature`.
///
/// # Errors
/// Where nothing can be signed with the secret.
pub fn webhook_signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Result<String, SigningError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&signing_key(secret)?).map_err(|_| SigningError::Form)?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
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
        assert_eq!(signature.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_secret_of_another_form_and_an_empty_one_sign_nothing() {
        for (secret, why) in [
            ("", SigningError::Empty),
            ("whsec_", SigningError::Empty),
            ("whsec_not base64", SigningError::Form),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", SigningError::Form),
        ] {
            assert_eq!(webhook_signature(secret, "msg_1", 1_614_265_330, "{}"), Err(why), "{secret}");
        }
        assert!(webhook_signature("whsec_c2hvcnQ=", "msg_1", 1_614_265_330, "{}").is_ok(), "a short one signs");
    }
}
