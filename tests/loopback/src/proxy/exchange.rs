//! One request and its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use hyper::{Request, Response, StatusCode};
use socket2::Socket;

use super::bodies::{self, Body, Error};
use super::fault::Fault;
use super::record::Kind;
use super::state::State;

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Answers a request, or ends its connection with an error.
pub(super) async fn exchange(
    state: Arc<State>,
    socket: Arc<Socket>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Error> {
    let (number, fault) = state.begin(&request);
    tokio::time::sleep(state.latency()).await;
    match fault {
        Some(Fault::Reset) => return Err(reset(&socket)),
        Some(Fault::Down) => {
            state.go_down();
            return Err(reset(&socket));
        }
        Some(Fault::LostUpload) => {
            let half = bodies::half(request.headers());
            bodies::discard(request.into_body(), half).await?;
            return Err(reset(&socket));
        }
        Some(Fault::Status(code)) => return refuse(&state, number, request, code, None).await,
        Some(Fault::Throttled(after)) => {
            return refuse(&state, number, request, 429, Some(after.value())).await;
        }
        _ => {}
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let answer = forward(&state, number, fault, request).await;
    let (mut head, body) = match answer {
        Ok(answer) => answer.into_parts(),
        Err(_) if fault == Some(Fault::BrokenUpload) => return Err(reset(&socket)),
        Err(error) => {
            let mut answer = Response::new(bodies::whole(error.to_string()));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            return Ok(answer);
        }
    };
    stay_here(&state, &mut head.headers);
    let body = match fault {
        Some(Fault::LostAnswer | Fault::BrokenUpload | Fault::KeptUpload) => {
            return Err(reset(&socket));
        }
        Some(Fault::SlowHeaders(pause)) => {
            tokio::time::sleep(pause).await;
            bodies::passed(body)
        }
        Some(Fault::SlowBody(pause)) => bodies::paused(body, &head.headers, pause),
        Some(Fault::TruncatedBody) => bodies::truncated(body, &head.headers),
        Some(Fault::WrongDigest) => {
            if let Some(digest) = head.headers.get_mut(&DIGEST) {
                let other = format!("sha256:{}", "0".repeat(64));
                *digest = HeaderValue::from_str(&other)?;
            }
            bodies::passed(body)
        }
        Some(Fault::Unseen(reads)) if method == "PUT" && head.status.is_success() => {
            state.hide(&path, reads);
            bodies::passed(body)
        }
        _ => bodies::passed(body),
    };
    state.amend(number, |record| record.status = Some(head.status.as_u16()));
    Ok(Response::from_parts(head, body))
}

/// Sends the request on to the registry.
async fn forward(
    state: &Arc<State>,
    number: usize,
    fault: Option<Fault>,
    request: Request<Incoming>,
) -> Result<Response<Incoming>, Error> {
    let (mut head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |t| t.as_str());
    head.uri = format!("http://{}{target}", state.registry).parse()?;
    head.headers.remove(CONNECTION);
    if fault == Some(Fault::ExpiredToken) && head.headers.contains_key(AUTHORIZATION) {
        let expired = HeaderValue::from_static("Bearer expired");
        head.headers.insert(AUTHORIZATION, expired);
    }
    let half = bodies::half(&head.headers);
    let limit = (fault == Some(Fault::BrokenUpload)).then_some(half);
    let body = if fault == Some(Fault::KeptUpload) {
        head.headers.insert(CONTENT_LENGTH, half.into());
        head.headers.remove(CONTENT_RANGE);
        state.amend(number, |record| record.sent = half);
        bodies::shortened(body, half).await?
    } else {
        bodies::counted(body, Arc::clone(state), number, limit)
    };
    Ok(state
        .client
        .request(Request::from_parts(head, body))
        .await?)
}

/// Takes the whole request, then answers in the registry's place.
async fn refuse(
    state: &State,
    number: usize,
    request: Request<Incoming>,
    code: u16,
    retry_after: Option<String>,
) -> Result<Response<Body>, Error> {
    let head_only = request.method() == "HEAD";
    let kind = Kind::of(request.uri().path());
    bodies::discard(request.into_body(), u64::MAX).await?;
    let text = match (code, kind) {
        (404, Kind::Manifest) => "MANIFEST_UNKNOWN",
        (404, _) => "BLOB_UNKNOWN",
        (429, _) => "TOOMANYREQUESTS",
        (401, _) => "UNAUTHORIZED",
        (403, _) => "DENIED",
        _ => "UNKNOWN",
    };
    let text = if head_only {
        Bytes::new()
    } else {
        format!(r#"{{"errors":[{{"code":"{text}","message":"said by the proxy"}}]}}"#).into()
    };
    let mut answer = Response::builder()
        .status(code)
        .header("Content-Type", "application/json");
    if let Some(value) = retry_after {
        answer = answer.header(RETRY_AFTER, value);
    }
    state.amend(number, |record| record.status = Some(code));
    Ok(answer.body(bodies::whole(text))?)
}

/// Uploads go on through the proxy, whatever address the registry names.
fn stay_here(state: &State, headers: &mut hyper::HeaderMap) {
    let origin = format!("http://{}", state.registry);
    if let Some(location) = headers.get_mut(LOCATION)
        && let Some(path) = location.to_str().ok().and_then(|l| l.strip_prefix(&origin))
        && let Ok(relative) = HeaderValue::from_str(path)
    {
        *location = relative;
    }
}

/// Makes the end of the connection a reset.
fn reset(socket: &Socket) -> Error {
    match socket.set_linger(Some(Duration::ZERO)) {
        Ok(()) => "reset by the proxy".into(),
        Err(error) => error.into(),
    }
}
