//! Bodies that pass through, some of them not to their end.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::HeaderMap;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::header::CONTENT_LENGTH;

use super::state::State;

/// Why a connection ends.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
/// A body in either direction.
pub(super) type Body = UnsyncBoxBody<Bytes, Error>;

/// A body that is at hand.
pub(super) fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The body as it comes.
pub(super) fn passed(body: Incoming) -> Body {
    body.map_err(Error::from).boxed_unsync()
}

/// Reads so many bytes, or to the end.
pub(super) async fn discard(mut body: Incoming, bytes: u64) -> Result<(), Error> {
    let mut read = 0;
    while read < bytes
        && let Some(frame) = body.frame().await
    {
        read += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(())
}

/// The first so many bytes of a body, as a body of its own.
pub(super) async fn shortened(mut body: Incoming, bytes: u64) -> Result<Body, Error> {
    let bytes = usize::try_from(bytes)?;
    let mut start = BytesMut::new();
    while start.len() < bytes
        && let Some(frame) = body.frame().await
    {
        if let Some(data) = frame?.data_ref() {
            start.extend_from_slice(data);
        }
    }
    start.truncate(bytes);
    Ok(whole(start))
}

/// A request's body on its way to the registry; the log tells how far it came.
/// With a `limit` the connection ends after so many bytes.
pub(super) fn counted(
    body: Incoming,
    state: Arc<State>,
    number: usize,
    limit: Option<u64>,
) -> Body {
    if body.is_end_stream() {
        return passed(body);
    }
    let pieces = cut(body.into_data_stream(), limit).inspect(move |piece| {
        if let Ok(bytes) = piece {
            state.amend(number, |record| record.sent += bytes.len() as u64);
        }
    });
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

/// An answer's body whose connection ends half-way.
pub(super) fn truncated(body: Incoming, headers: &HeaderMap) -> Body {
    let pieces = cut(body.into_data_stream(), Some(half(headers))).then(|piece| async {
        if piece.is_err() {
            // Lets the first half leave.
            tokio::task::yield_now().await;
        }
        piece.map(Frame::data)
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// An answer's body that pauses half-way.
pub(super) fn paused(body: Incoming, headers: &HeaderMap, pause: Duration) -> Body {
    let mut left = half(headers);
    let pieces = body.into_data_stream().flat_map(move |piece| {
        let parts = match piece {
            Ok(bytes) if left > 0 => {
                let at = usize::try_from(left).unwrap().min(bytes.len());
                left -= at as u64;
                let (head, tail) = (bytes.slice(..at), bytes.slice(at..));
                vec![(false, Ok(head)), (left == 0, Ok(tail))]
            }
            other => vec![(false, other)],
        };
        stream::iter(parts).then(move |(wait, part)| async move {
            if wait {
                tokio::time::sleep(pause).await;
            }
            part.map(Frame::data).map_err(Error::from)
        })
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// Half of what the headers announce, rounded down, but at least one byte.
pub(super) fn half(headers: &HeaderMap) -> u64 {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map_or(1, |length| (length / 2).max(1))
}

/// The first `limit` bytes, then an error.
fn cut(
    pieces: impl Stream<Item = Result<Bytes, hyper::Error>> + Send + 'static,
    limit: Option<u64>,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    let mut left = limit.unwrap_or(u64::MAX);
    pieces.flat_map(move |piece| {
        let parts = match piece {
            Ok(bytes) if bytes.len() as u64 > left => {
                let head = bytes.slice(..usize::try_from(left).unwrap());
                left = 0;
                vec![Ok(head), Err(Error::from("cut by the proxy"))]
            }
            Ok(bytes) => {
                left -= bytes.len() as u64;
                vec![Ok(bytes)]
            }
            Err(error) => vec![Err(error.into())],
        };
        stream::iter(parts)
    })
}
