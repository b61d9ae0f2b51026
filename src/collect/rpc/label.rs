//! What an endpoint is called: its host and port, and never what may be a key. Pure.

use reqwest::Url;

/// The names of endpoints with these addresses, each another.
#[must_use]
pub fn labels(urls: &[Url]) -> Vec<String> {
    let plain: Vec<String> = urls.iter().map(label).collect();
    let mut labels = Vec::with_capacity(plain.len());
    for (index, label) in plain.iter().enumerate() {
        let before = plain[..index].iter().filter(|other| *other == label).count();
        labels.push(if before == 0 { label.clone() } else { format!("{label}#{}", before + 1) });
    }
    labels
}

fn label(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_called_by_host_and_port_alone_and_no_two_are_called_the_same() {
        let urls = [
            "https://user:pass@rpc.example/v2/aKey?token=x",
            "wss://rpc.example/v2/anotherKey",
            "http://127.0.0.1:8545",
            "ws://[::1]:8546/",
            "http://rpc.example",
        ]
        .map(|url| url.parse().expect("it is an address"));
        assert_eq!(
            labels(&urls),
            ["rpc.example:443", "rpc.example:443#2", "127.0.0.1:8545", "[::1]:8546", "rpc.example:80"]
        );
    }
}
