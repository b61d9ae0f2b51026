//! The origins whose pages may send: what browsers say in the header `Origin`.

/// An origin, or all hosts below one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    /// The host. With a dot before it, every host below it.
    host: String,
    port: u16,
}

impl Origin {
    /// Reads `https://app.example.org`, `http://localhost:3000`, `https://*.example.org`. None where it is none of them:
    /// an origin has no path, and nobody is allowed everything.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, host, port) = parts(text.trim_end_matches('/'))?;
        let host = host.strip_prefix('*').filter(|below| below.starts_with('.')).map_or(host.as_str(), |below| below);
        let is_host = !host.contains('*') && !host.trim_start_matches('.').is_empty();
        is_host.then(|| Origin { scheme, host: host.to_owned(), port })
    }

    /// Whether a page of the origin `said` is one of these.
    #[must_use]
    pub fn allows(&self, said: &str) -> bool {
        let Some((scheme, host, port)) = parts(said) else { return false };
        let is_host = if self.host.starts_with('.') { host.ends_with(&self.host) } else { host == self.host };
        scheme == self.scheme && port == self.port && is_host
    }
}

/// Scheme, host and port of an origin, in lower case.
fn parts(text: &str) -> Option<(String, String, u16)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (rest, usual),
    };
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte));
    is_host.then(|| (scheme, host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_allows_itself_and_nothing_that_only_looks_like_it() {
        let origin = Origin::parse("https://App.example.org").unwrap();
        for said in ["https://app.example.org", "https://APP.example.org:443"] {
            assert!(origin.allows(said), "{said}");
        }
        for said in [
            "http://app.example.org",
            "https://app.example.org:8443",
            "https://app.example.org.evil.example",
            "https://evil.example/https://app.example.org",
            "https://user@app.example.org",
            "https://app.example.org/",
            "https://example.org",
            "https://xapp.example.org",
            "null",
            "",
            "*",
        ] {
            assert!(!origin.allows(said), "{said}");
        }
    }

    #[test]
    fn a_star_stands_for_hosts_below_a_name_and_not_for_the_name() {
        let origin = Origin::parse("https://*.example.org").unwrap();
        assert!(origin.allows("https://a.example.org") && origin.allows("https://a.b.example.org"));
        for said in ["https://example.org", "https://badexample.org", "https://.example.org.evil.example"] {
            assert!(!origin.allows(said), "{said}");
        }
    }

    #[test]
    fn ports_and_addresses_are_told_apart() {
        assert!(Origin::parse("http://127.0.0.1:3000").unwrap().allows("http://127.0.0.1:3000"));
        assert!(Origin::parse("http://[::1]:3000").unwrap().allows("http://[::1]:3000"));
        assert!(Origin::parse("http://[::1]").unwrap().allows("http://[::1]"));
        assert!(!Origin::parse("http://127.0.0.1:3000").unwrap().allows("http://127.0.0.1:3001"));
    }

    #[test]
    fn what_is_no_origin_cannot_be_configured() {
        for text in [
            "*",
            "https://*",
            "https://*.",
            "https://a*.example.org",
            "app.example.org",
            "ftp://example.org",
            "https://example.org/path",
            "https://",
            "https://example.org:99999",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
        assert!(Origin::parse("https://example.org/").is_some(), "a slash at its end says nothing");
    }
}
