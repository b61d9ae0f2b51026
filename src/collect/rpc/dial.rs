//! Making a WebSocket: TCP, TLS where the address says so, and the handshake.
//!
//! Absent on purpose: proxies. What leads requests through one does not lead a line that stays open.

use super::echo::Echo;
use super::{Failure, LARGEST, http};
use base64::Engine;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// An open line, and what of its address is not to be said back.
pub struct Line {
    /// The line itself.
    pub wire: WebSocketStream<Box<dyn Wire>>,
    /// What may be secret in its address.
    pub echo: Echo,
}

/// What a line runs over: TCP, or TLS above it.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Opens a line to `url`. Has no deadline of its own.
pub async fn dial(url: &Url, tls: &Arc<ClientConfig>) -> Result<Line, Failure> {
    // Sizes of buffers that fit blocks; what is allowed at most is another matter.
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(4 << 10)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let wire = wire(url, tls).await?;
    let echo = Echo::of(url);
    match client_async_with_config(request(url)?, wire, Some(config)).await {
        Ok((wire, _)) => Ok(Line { wire, echo }),
        Err(Error::Http(mut refusal)) => {
            let said = refusal.body_mut().take().unwrap_or_default();
            *refusal.body_mut() = Some(echo.quiet(said));
            Err(failure(Error::Http(refusal)))
        }
        Err(error) => Err(failure(error)),
    }
}

async fn wire(url: &Url, tls: &Arc<ClientConfig>) -> Result<Box<dyn Wire>, Failure> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(80);
    let tcp = TcpStream::connect((host, port)).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    if url.scheme() != "wss" {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(unreachable)?;
    Ok(Box::new(TlsConnector::from(tls.clone()).connect(name, tcp).await.map_err(unreachable)?))
}

fn request(url: &Url) -> Result<Request, Failure> {
    let mut request = url.as_str().into_client_request().map_err(failure)?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("watchbell/", env!("CARGO_PKG_VERSION"))));
    if let Some(login) = login(url) {
        headers.insert(AUTHORIZATION, login);
    }
    Ok(request)
}

/// The login that an address carries.
fn login(url: &Url) -> Option<HeaderValue> {
    let password = url.password().unwrap_or_default();
    if url.username().is_empty() && password.is_empty() {
        return None;
    }
    let pair = [&plain(url.username())[..], b":", &plain(password)].concat();
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A part of an address without its escapes.
fn plain(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().iter();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(&byte) = bytes.next() {
        let rest = bytes.as_slice();
        let escaped = rest.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match escaped.filter(|_| byte == b'%') {
            Some(escaped) => {
                plain.push(escaped);
                bytes.nth(1);
            }
            None => plain.push(byte),
        }
    }
    plain
}

fn unreachable(error: impl std::error::Error) -> Failure {
    Failure::Unreachable(crate::http::chain(&error))
}

/// What an error of the line means.
pub fn failure(error: tungstenite::Error) -> Failure {
    match error {
        Error::Capacity(_) => Failure::TooBig(LARGEST),
        Error::Http(response) => {
            let wish = http::wish(response.headers(), jiff::Timestamp::now());
            let (status, body) = (response.status().as_u16(), response.into_body().unwrap_or_default());
            let otherwise = Failure::Status { status, retry_after: wish, said: None };
            http::judge(status, wish, body).err().unwrap_or(otherwise)
        }
        // Its text may hold the address.
        Error::Url(_) | Error::HttpFormat(_) => Failure::Unreachable("its address is none of a WebSocket".into()),
        Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => {
            Failure::NotJson(format!("no WebSocket: {error}"))
        }
        Error::ConnectionClosed | Error::AlreadyClosed | Error::WriteBufferFull(_) => {
            Failure::Unreachable("the connection has ended".into())
        }
        other => unreachable(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_in_an_address_becomes_a_header_and_leaves_the_rest_alone() {
        let url: Url = "wss://us%40er:p%3ass@rpc.example/ws?x=1".parse().expect("it is an address");
        let request = request(&url).expect("it can be asked");
        let value = request.headers().get(AUTHORIZATION).expect("it says who we are");
        let expected = base64::engine::general_purpose::STANDARD.encode("us@er:p:ss");
        assert_eq!(value.to_str().expect("it is text"), format!("Basic {expected}"));
        assert_eq!(request.headers().get("host").expect("it names the host"), "rpc.example");
        assert_eq!(login(&"ws://rpc.example/ws".parse().expect("it is an address")), None);
    }
}
