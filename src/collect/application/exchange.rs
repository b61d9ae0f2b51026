//! One request over a connection of its own, timed part by part.

use super::Seen;
use super::certificate::Trust;
use super::phases::Phase;
use crate::collect::probe::Trouble;
use crate::http::chain;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Method, StatusCode, Url};
use rustls::pki_types::ServerName;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long an address is waited for before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer that came to its end.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Bytes,
}

/// Asks, and reads an answer whose body is no longer than `largest`.
pub(super) async fn exchange(asked: &Asked, trust: &Trust, largest: usize, seen: &mut Seen) -> Result<Heard, Trouble> {
    seen.status = None;
    let (host, port) = place(&asked.url)?;
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => seen.phases.time_of(Phase::Dns, resolve(host, port)).await?,
    };
    let stream = seen.phases.time_of(Phase::Connect, connect(addresses)).await?;
    // A probe is one small request: what is written is to leave at once.
    drop(stream.set_nodelay(true));
    if asked.url.scheme() != "https" {
        return converse(stream, asked, largest, seen).await;
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Trouble::new("tls", "this host has no name for TLS"))?;
    let handshake = trust.connector.connect(name, stream);
    let handshake = async { handshake.await.map_err(|cause| Trouble::new("tls", chain(&cause))) };
    let stream = seen.phases.time_of(Phase::Tls, handshake).await?;
    converse(stream, asked, largest, seen).await
}

fn place(url: &Url) -> Result<(&str, u16), Trouble> {
    let host = url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    host.zip(url.port_or_known_default()).ok_or_else(|| Trouble::new("dns", "the address has no host"))
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<_> =
        found.map_err(|cause| Trouble::new("dns", format!("`{host}` has no address: {cause}")))?.collect();
    if found.is_empty() { Err(Trouble::new("dns", format!("`{host}` has no address"))) } else { Ok(found) }
}

/// Connects to the first of `addresses` that answers. The next one has its turn when one has failed or keeps us waiting.
async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, Trouble> {
    let mut left = addresses.into_iter();
    let mut under_way = FuturesUnordered::new();
    let mut failed = Trouble::new("unreachable", "there is no address");
    loop {
        match left.next() {
            Some(address) => under_way.push(async move { (address, TcpStream::connect(address).await) }),
            None if under_way.is_empty() => return Err(failed),
            None => {}
        }
        tokio::select! {
            Some((address, outcome)) = under_way.next() => match outcome {
                Ok(stream) => return Ok(stream),
                Err(cause) => failed = Trouble::new("unreachable", format!("{address} takes no connection: {cause}")),
            },
            () = tokio::time::sleep(HEAD_START), if left.len() > 0 => {}
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: &Asked,
    largest: usize,
    seen: &mut Seen,
) -> Result<Heard, Trouble> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let request = request(asked)?;
    beside(connection, async {
        let head = async { sender.send_request(request).await.map_err(broken) };
        let answer = seen.phases.time_of(Phase::FirstByte, head).await?;
        let status = answer.status();
        seen.status = Some(status.as_u16());
        let location = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let body = seen.phases.time_of(Phase::Body, read(answer, largest)).await?;
        Ok(Heard { status, location, body })
    })
    .await
}

/// Does `work` while the connection is kept going. Work goes on after the end of the connection: what was sent is still there.
async fn beside<T>(connection: impl Future, work: impl Future<Output = T>) -> T {
    let (mut connection, mut work) = (pin!(connection), pin!(work));
    tokio::select! {
        biased;
        done = &mut work => return done,
        _ = &mut connection => {}
    }
    work.await
}

fn request(asked: &Asked) -> Result<Request<Full<Bytes>>, Trouble> {
    let url = &asked.url;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::builder()
        .method(asked.method.clone())
        .uri(target)
        .body(Full::new(asked.body.clone()))
        .map_err(|_| Trouble::new("secret", "the address cannot be asked for"))?;
    let headers = request.headers_mut();
    let plain = |text: &str| HeaderValue::from_str(text).ok();
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    headers.extend(plain(&host).map(|host| (HOST, host)));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("watchbell/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.extend(login(url).and_then(|login| plain(&login)).map(|login| (AUTHORIZATION, login)));
    headers.extend(asked.headers.clone());
    Ok(request)
}

/// The login that an address carries.
fn login(url: &Url) -> Option<String> {
    let pair = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    (pair != ":").then(|| format!("Basic {}", STANDARD.encode(pair)))
}

/// Reads the body, of which no more than `largest` bytes are ever kept.
async fn read(answer: Response<Incoming>, largest: usize) -> Result<Bytes, Trouble> {
    let mut body = answer.into_body();
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if read.len() + data.len() > largest {
            return Err(Trouble::new("too_large", format!("the answer is longer than {largest} bytes")));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

fn broken(cause: hyper::Error) -> Trouble {
    let reason = if cause.is_parse() { "not_http" } else { "unreachable" };
    Trouble::new(reason, chain(&cause))
}
