//! Whole answers, bounded in bytes and in time.
//!
//! A limit on silence alone is none: a server that sends a byte now and then
//! keeps its client for ever.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::timeout;

/// Bounds of one answer's body.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most bytes.
    pub bytes: u64,
    /// Longest time in which nothing comes.
    pub silence: Duration,
    /// Longest time for all of it.
    pub whole: Duration,
}

/// The reasons why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Nothing came for this long.
    #[error("no answer for {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    /// It came, but not within this time.
    #[error("the answer took longer than {:.1} s", .0.as_secs_f64())]
    Slow(Duration),
    /// It has more than so many bytes.
    #[error("the answer is over {0} bytes")]
    Large(u64),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] reqwest::Error),
}

/// Reads a body to its end.
///
/// # Errors
/// When it leaves its bounds, or the connection breaks.
pub async fn read(response: &mut Response, bounds: Bounds) -> Result<Bytes, BodyError> {
    let announced = response.content_length().unwrap_or_default();
    if announced > bounds.bytes {
        return Err(BodyError::Large(bounds.bytes));
    }
    let whole = async {
        let mut body = Vec::new();
        while let Some(piece) = timeout(bounds.silence, response.chunk())
            .await
            .map_err(|_| BodyError::Silent(bounds.silence))??
        {
            body.extend_from_slice(&piece);
            if body.len() as u64 > bounds.bytes {
                return Err(BodyError::Large(bounds.bytes));
            }
        }
        Ok(body.into())
    };
    let read = timeout(bounds.whole, whole).await;
    read.unwrap_or(Err(BodyError::Slow(bounds.whole)))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use reqwest::Body;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        bytes: 100,
        silence: Duration::from_secs(5),
        whole: Duration::from_secs(60),
    };

    /// Reads so many bytes, one in each of these pauses.
    async fn bytes(count: usize, pause: u64) -> Result<Bytes, BodyError> {
        let drops = stream::unfold(count, move |left| async move {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            let left = left.checked_sub(1)?;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), left))
        });
        let body = Body::wrap_stream(drops);
        let mut response = http_response(body);
        read(&mut response, BOUNDS).await
    }

    fn http_response(body: Body) -> Response {
        axum::http::Response::new(body).into()
    }

    #[tokio::test(start_paused = true)]
    async fn each_bound_has_its_error() {
        assert_eq!(bytes(20, 1).await.unwrap().len(), 20);
        assert!(matches!(bytes(20, 6).await, Err(BodyError::Silent(_))));
        // Never silent, and never at its end.
        assert!(matches!(bytes(90, 1).await, Err(BodyError::Slow(_))));
        assert!(matches!(bytes(101, 0).await, Err(BodyError::Large(100))));
        let announced = axum::http::Response::new(Body::from(vec![0; 101]));
        let read = read(&mut announced.into(), BOUNDS).await;
        assert!(matches!(read, Err(BodyError::Large(100))));
    }
}
