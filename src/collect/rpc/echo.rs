//! What nodes say back of their own address: `Cannot POST /v2/KEY`. It is taken out of an answer before anybody reads it, so
//! that no log, no error and no label can hold it. Pure.

use memchr::memmem;
use reqwest::Url;

/// Shorter parts of an address are words that anybody uses, `v2` or `rpc`.
const SHORTEST: usize = 8;
const TAKEN: &[u8] = b"[scrubbed]";

/// The parts of an address that may be secret.
#[derive(Clone, Debug, Default)]
pub struct Echo(Vec<Vec<u8>>);

impl Echo {
    /// Those of `url`: each part of its path, each value of its query, its login; as written and without escapes.
    #[must_use]
    pub fn of(url: &Url) -> Echo {
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        let path = url.path_segments().into_iter().flatten().map(str::to_owned);
        let login = [url.username(), url.password().unwrap_or_default()].map(str::to_owned);
        let raw =
            url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')).map(|(_, v)| v.into());
        let mut parts: Vec<Vec<u8>> = path.chain(values).chain(login).chain(raw).map(String::into_bytes).collect();
        parts.retain(|part| part.len() >= SHORTEST);
        // The longest first: one may be part of another.
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts.dedup();
        Echo(parts)
    }

    /// Whether any of them is in `bytes`.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|part| memmem::find(bytes, part).is_some())
    }

    /// `bytes` without them.
    #[must_use]
    pub fn quiet(&self, bytes: Vec<u8>) -> Vec<u8> {
        if !self.is_in(&bytes) {
            return bytes;
        }
        self.0.iter().fold(bytes, |bytes, part| {
            let (mut quiet, mut from) = (Vec::with_capacity(bytes.len()), 0);
            for at in memmem::find_iter(&bytes, part) {
                quiet.extend_from_slice(&bytes[from..at]);
                quiet.extend_from_slice(TAKEN);
                from = at + part.len();
            }
            quiet.extend_from_slice(&bytes[from..]);
            quiet
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(url: &str, text: &str) -> String {
        let echo = Echo::of(&url.parse().expect("an address"));
        String::from_utf8(echo.quiet(text.as_bytes().to_vec())).expect("it is text")
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_taken_out_of_what_is_said_back() {
        let path = quiet("https://rpc.example/v2/SUPERSECRET", "Cannot POST /v2/SUPERSECRET, no SUPERSECRET");
        assert_eq!(path, "Cannot POST /v2/[scrubbed], no [scrubbed]");
        assert_eq!(
            quiet("https://rpc.example/?key=a%2Fb-cdefgh", "a/b-cdefgh or a%2Fb-cdefgh"),
            "[scrubbed] or [scrubbed]"
        );
        assert_eq!(quiet("wss://someuser1:passphrase@rpc.example/", "someuser1:passphrase"), "[scrubbed]:[scrubbed]");
        let short = quiet("https://rpc.example/v2/rpc", r#"{"jsonrpc":"2.0","result":"v2"}"#);
        assert_eq!(short, r#"{"jsonrpc":"2.0","result":"v2"}"#, "words that anybody uses stay");
    }
}
