//! Connections over plain TCP, kept open between questions.
//!
//! A connection has no task of its own: whoever asks drives it, and between questions it rests. So nothing is spawned,
//! and a question that is given up takes its connection along.

use super::{Body, Failure, head};
use crate::prometheus::question::{Question, is_too_long_for_an_address};
use crate::prometheus::reply::Reply;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::net::TcpStream;

/// The connections to one server. There are never more than questions under way at once.
pub struct Direct {
    /// What is connected to: a host and a port.
    peer: String,
    host: HeaderValue,
    /// The path of the source's address, without its last slash.
    prefix: String,
    resting: Mutex<Vec<Line>>,
}

/// One connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    wire: Pin<Box<Connection<TokioIo<TcpStream>, Full<Bytes>>>>,
    has_ended: bool,
}

impl Direct {
    /// Knows the way to `base`, and has no connection yet.
    pub fn new(base: &Url) -> Self {
        let host = base.host_str().unwrap_or_default();
        let name = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Direct {
            peer: format!("{host}:{}", base.port_or_known_default().unwrap_or(80)),
            host: HeaderValue::from_str(&name).expect("the host of an address is a header's value"),
            prefix: base.path().trim_end_matches('/').to_owned(),
            resting: Mutex::default(),
        }
    }

    /// Asks once. A connection that the server closed while it rested is no failure: the next one is taken.
    pub async fn ask(&self, question: &Question<'_>, headers: HeaderMap, limit: usize) -> Result<Reply, Failure> {
        let request = self.request(question, headers);
        while let Some(mut line) = self.rested() {
            match line.exchange(request.clone(), limit).await {
                Err(Failure::Broken(_)) => {}
                outcome => return self.rest(line, outcome),
            }
        }
        let mut line = self.connect().await?;
        let outcome = line.exchange(request, limit).await;
        self.rest(line, outcome)
    }

    fn request(&self, question: &Question<'_>, mut headers: HeaderMap) -> Request<Full<Bytes>> {
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("watchbell/", env!("CARGO_PKG_VERSION"))));
        let (path, form) = (question.path(), question.form());
        let mut request = if is_too_long_for_an_address(&form) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            Request::post(format!("{}/{path}", self.prefix)).body(Full::from(form))
        } else {
            Request::get(format!("{}/{path}?{form}", self.prefix)).body(Full::default())
        }
        .expect("an address's path and a form make an address");
        *request.headers_mut() = headers;
        request
    }

    async fn connect(&self) -> Result<Line, Failure> {
        let stream = TcpStream::connect(&*self.peer).await.map_err(Failure::of)?;
        stream.set_nodelay(true).map_err(Failure::of)?;
        let (sender, wire) = http1::handshake(TokioIo::new(stream)).await.map_err(Failure::of)?;
        Ok(Line { sender, wire: Box::pin(wire), has_ended: false })
    }

    /// The connection that rested the shortest, of those that are still open.
    fn rested(&self) -> Option<Line> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut line) = resting.pop() {
            line.drive(&mut Context::from_waker(Waker::noop()));
            if !line.has_ended && !line.sender.is_closed() {
                return Some(line);
            }
        }
        None
    }

    /// Keeps `line` for the next question if this one went well.
    fn rest(&self, line: Line, outcome: Result<Reply, Failure>) -> Result<Reply, Failure> {
        if outcome.is_ok() && !line.has_ended {
            self.resting.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        outcome
    }
}

impl Line {
    /// Sends `request` and reads its reply, driving the connection meanwhile.
    async fn exchange(&mut self, request: Request<Full<Bytes>>, limit: usize) -> Result<Reply, Failure> {
        let Line { sender, wire, has_ended } = self;
        let mut reply = pin!(receive(sender, request, limit));
        poll_fn(|cx| {
            if let done @ Poll::Ready(_) = reply.as_mut().poll(cx) {
                return done;
            }
            // What ended the connection, if anything did, is told to the one who waits for the reply.
            *has_ended = *has_ended || wire.as_mut().poll(cx).is_ready();
            reply.as_mut().poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        self.has_ended = self.has_ended || self.wire.as_mut().poll(cx).is_ready();
    }
}

async fn receive(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Reply, Failure> {
    sender.ready().await.map_err(Failure::of)?;
    let (parts, mut incoming) = sender.send_request(request).await.map_err(Failure::of)?.into_parts();
    let mut body = Body::default();
    while let Some(frame) = incoming.frame().await {
        if let Ok(piece) = frame.map_err(Failure::of)?.into_data() {
            body.add(piece, limit)?;
        }
    }
    Ok(Reply { body: body.whole(), ..head(parts.status.as_u16(), &parts.headers) })
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("peer", &self.peer).finish_non_exhaustive()
    }
}
