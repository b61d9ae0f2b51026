//! Taking out of a text what could let somebody in. Secrets of the configuration cannot be printed at all; this is for what
//! others put into their errors: addresses with logins or tokens, headers, keys.

use regex::Regex;
use std::sync::LazyLock;

/// What stands in the place of what was taken out.
const TAKEN: &str = "[scrubbed]";

/// What is taken out, and what stays of it.
static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("this is a regular expression");
    vec![
        // The path of a webhook is as secret as its query.
        (pattern(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/@]*@)?([^\s/?#]+)[/?#][^\s\x22'<>)]*"), "${1}${2}/[scrubbed]"),
        (pattern(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), "${1}"),
        (pattern(r"(?i)\b(bearer|basic|geniekey)(\s+|=|:\s*)[\w.~+/=-]{6,}"), "${1}${2}[scrubbed]"),
        // Of a token that has expired more may be said than that; a token has a digit somewhere.
        (pattern(r"(?i)\b(token)(\s+|=|:\s*)[\w.~+/=-]{2,}\d[\w.~+/=-]{3,}"), "${1}${2}[scrubbed]"),
        (
            pattern(
                r"(?i)\b([\w-]*(?:secret|passw(?:or)?d|api[_-]?key|routing_key|authorization)[\w-]*)(\s*[=:]\s*)\S+",
            ),
            "${1}${2}[scrubbed]",
        ),
        (pattern(r"\bxox[a-z]-[\w-]+|\bwhsec_[\w+/=]+|\bwbt_[\w-]+"), TAKEN),
        (pattern(r"\b[A-Fa-f0-9]{32,}\b|\b[A-Za-z0-9_-]{40,}\b"), TAKEN),
    ]
});

/// `text` without what could let somebody in.
#[must_use]
pub fn scrub(text: &str) -> String {
    PATTERNS.iter().fold(text.to_owned(), |text, (pattern, instead)| pattern.replace_all(&text, *instead).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_is_taken_out_and_the_rest_stays() {
        let table = [
            ("cannot reach http://127.0.0.1:9090", "cannot reach http://127.0.0.1:9090"),
            ("cannot reach https://user:pass@host.example:9090", "cannot reach https://host.example:9090"),
            ("POST https://hooks.example/services/T0/B0/abc: 404", "POST https://hooks.example/[scrubbed] 404"),
            ("url (https://a:b@host.example/x?token=1)", "url (https://host.example/[scrubbed])"),
            ("postgres://u:pass@db/x?key=zzz is away", "postgres://db/[scrubbed] is away"),
            ("smtp://u:pass@mail.example:587", "smtp://mail.example:587"),
            ("authorization: Bearer abcdef.ghi-jkl", "authorization: [scrubbed] [scrubbed]"),
            ("token xoxb-1234-abc was revoked", "token [scrubbed] was revoked"),
            ("routing_key=0123456789abcdef0123456789abcdef", "routing_key=[scrubbed]"),
            ("key 0123456789abcdef0123456789abcdef is bad", "key [scrubbed] is bad"),
            (
                "the token expired yesterday, use another token please",
                "the token expired yesterday, use another token please",
            ),
            ("rule GasPriceSpike of group chain/a has failed", "rule GasPriceSpike of group chain/a has failed"),
        ];
        for (text, scrubbed) in table {
            assert_eq!(scrub(text), scrubbed);
        }
    }
}
