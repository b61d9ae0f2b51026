//! HTTP as little as tests need it: one request, one answer, connection closed.
//!
//! The request is HTTP/1.0, so that no server answers in chunks. That keeps the judge of our client independent of it.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer: status and body.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|cause| panic!("no JSON ({cause}): {}", self.body))
    }
}

/// Reads `url`.
pub fn get(url: &str) -> std::io::Result<Answer> {
    request("GET", url, &[], b"")
}

/// Posts JSON to `url`.
pub fn post_json(url: &str, body: &Value) -> std::io::Result<Answer> {
    request("POST", url, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// Makes one request of an `http://` address.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
    let (host, path) = split(url);
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &[name, ": ", value, "\r\n"].concat();
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| std::io::Error::other("no HTTP answer"))
}

/// Text as part of a query, with everything escaped that is not plain.
pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("only http:// is spoken here: {url}"));
    rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}
