//! Who sends: the address of the connection, or what proxies that are trusted say of it.

use crate::config::collect::Network;
use axum::http::HeaderMap;
use std::net::IpAddr;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// More hops than this are not looked at; a list of thousands is no way that a request came.
const MOST_HOPS: usize = 20;

/// The address that sends. `X-Forwarded-For` is read from its end, where the proxy next to us writes; the first address
/// that is no trusted proxy is the one. What stands before it, anybody may have written.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let said: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut client = peer;
    for hop in said.iter().rev().flat_map(|line| line.rsplit(',')).take(MOST_HOPS) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address;
        if !is_trusted(address) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::{MOST_HOPS, client};
    use crate::config::collect::Network;
    use axum::http::{HeaderMap, HeaderValue};

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_what_they_wrote_themselves() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["1.2.3.4, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(seen(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_list_without_end_is_not_read_to_its_end() {
        let many = vec!["10.0.0.2"; MOST_HOPS + 5].join(", ");
        assert_eq!(seen("10.0.0.1", &[&format!("198.51.100.1, {many}")]), "10.0.0.2");
    }
}
