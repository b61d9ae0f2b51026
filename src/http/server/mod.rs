//! Answering: a server that strangers may knock at without holding it.
//!
//! A connection that brings no whole head in time is closed, and so is one that nothing was asked over for a while. There is a
//! bound on how many are open; a new one beyond it takes the place of the one that has kept us waiting longest, so that
//! whoever really asks gets through. What axum's own `serve` does besides, this does too.
//!
//! Start at [`serve`]. What a connection is doing: [`seat`]. Absent on purpose: deadlines of bodies and of answers, which their
//! handlers know.

mod heard;
mod seat;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use heard::Heard;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use seat::Seat;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From its opening, or the first byte of a further request, to the end of a head.
    head: Duration,
    /// Between an answer and the next request: longer than the minute after which a Prometheus usually comes again.
    idle: Duration,
    /// What is left of both when we stop, for a request that is on its way.
    farewell: Duration,
    /// How many there may be: half of the files that a process may usually open, since the other half is needed elsewhere.
    most: usize,
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(150),
    farewell: Duration::from_millis(500),
    most: 512,
};

/// Answers on `listener` with `router` until `stop`, and what was asked by then to its end. Handlers may ask for the address of
/// the connection (`ConnectInfo`).
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_within(LIMITS, listener, router, stop).await;
}

async fn serve_within(limits: Limits, mut listener: TcpListener, router: Router, stop: CancellationToken) {
    let (mut open, mut tasks) = (Open::default(), JoinSet::new());
    while let Some((stream, peer)) = stop.run_until_cancelled(Listener::accept(&mut listener)).await {
        while tasks.try_join_next().is_some() {}
        open.make_room(limits.most);
        let seat = Arc::new(Seat::new(limits));
        let task = tasks.spawn(attend(stream, peer, Arc::clone(&seat), router.clone(), stop.clone()));
        open.0.push((seat, task));
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// The connections that there are.
#[derive(Default)]
struct Open(Vec<(Arc<Seat>, AbortHandle)>);

impl Open {
    /// Lets one more be no more than `most`.
    fn make_room(&mut self, most: usize) {
        if self.0.len() < most {
            return;
        }
        self.0.retain(|(_, task)| !task.is_finished());
        while self.0.len() >= most {
            let longest = self.0.iter().enumerate().min_by_key(|(_, (seat, _))| seat.claim());
            let Some((at, _)) = longest else { return };
            self.0.swap_remove(at).1.abort();
        }
    }
}

/// Answers what is asked over one connection, until its end, or until it has kept us waiting for too long.
async fn attend(stream: TcpStream, peer: SocketAddr, seat: Arc<Seat>, router: Router, stop: CancellationToken) {
    let asked = Arc::clone(&seat);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        asked.answering();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, asked) = (router.clone().call(request), Arc::clone(&asked));
        async move {
            let answer = answer.await;
            asked.answered();
            answer
        }
    });
    let io = TokioIo::new(Heard::new(stream, Arc::clone(&seat)));
    let mut connection = pin!(http1::Builder::new().serve_connection(io, service));
    let mut stopped = pin!(stop.cancelled());
    let mut is_stopping = false;
    let mut alarm = pin!(tokio::time::sleep_until(seat.opened()));
    // All that moves the seat happens while the connection is polled, so that nothing has to be woken for the alarm.
    poll_fn(|context| {
        if !is_stopping && stopped.as_mut().poll(context).is_ready() {
            is_stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let Some(deadline) = seat.deadline(is_stopping) else { return Poll::Pending };
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(context)
    })
    .await;
}
