//! The body of an answer, which keeps its request under way until it has been sent or given up.

use super::seen::Under;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that passes on what is in it.
pub(super) struct Followed {
    body: Body,
    /// Only held: when the body is dropped, at its end or before, the request is over.
    _under: Under,
}

impl Followed {
    /// `body`, with which `under` ends.
    pub(super) fn new(body: Body, under: Under) -> Self {
        Followed { body, _under: under }
    }
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
