//! The routes of the embedded registry.
//!
//! Manifests, tags and referrers are ferro-oci-server's. In front of it, here, are
//! the rules that it lacks: blobs are streamed to and from disk, what is damaged
//! counts as absent and is warned of, nothing is deleted, and no web page that
//! happens to be open on this machine gets an answer.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST, LOCATION, ORIGIN, RANGE,
    WARNING,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use bakehouse_core::reference_grammar as grammar;
use ferro_blob_store::Digest;
use ferro_oci_server::{AppState, InMemoryRegistryMeta, Reference, RegistryMeta};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::blobs::{Blobs, Damage};
use super::content;
use super::uploads::{UploadError, Uploads};
use crate::endpoint::is_loopback;

/// Longest manifest that is taken.
const MANIFEST_LIMIT: usize = 4 << 20;
/// Bytes of a blob that are read at a time.
const PIECE: usize = 1 << 18;
/// Tells other processes of this project that it is theirs.
pub(super) const INSTANCE: HeaderName = HeaderName::from_static("bakehouse-registry");
const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// The state that the routes share.
struct Front {
    blobs: Blobs,
    uploads: Uploads,
    manifests: Arc<InMemoryRegistryMeta>,
    instance: HeaderValue,
}

/// The kinds of paths below `/v2/`, with the names in them.
#[derive(Debug, PartialEq, Eq)]
enum Route<'p> {
    Manifest { name: &'p str, reference: &'p str },
    Blob { digest: &'p str },
    Uploads { name: &'p str },
    Upload { name: &'p str, id: &'p str },
    Other,
}

/// The registry over a folder, whose metadata has been checked.
pub(super) fn app(folder: &Path, instance: &str) -> std::io::Result<Router> {
    let blobs = Blobs::open(folder);
    let manifests = Arc::new(InMemoryRegistryMeta::with_persistence(folder));
    let state = AppState::new(Arc::new(blobs.clone()), Arc::clone(&manifests) as _);
    let front = Arc::new(Front {
        blobs,
        uploads: Uploads::open(folder.join("uploads"))?,
        manifests,
        instance: HeaderValue::from_str(instance).map_err(std::io::Error::other)?,
    });
    Ok(ferro_oci_server::router(state).layer(middleware::from_fn_with_state(front, answer)))
}

async fn answer(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    if let Some(refused) = refuse(request.headers()) {
        return refused;
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = Route::of(&path);
    let deletes = method == Method::DELETE && !matches!(route, Route::Upload { .. });
    if deletes {
        let text = "nothing is deleted from the embedded registry";
        return error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", text);
    }
    match route {
        Route::Blob { digest } if !Blobs::is_empty_payload(digest) => {
            front.blob(&method, digest, request.headers()).await
        }
        Route::Uploads { name } => front.begin(name, request).await,
        Route::Upload { name, id } => front.upload(name, id, request).await,
        Route::Manifest { .. } if method == Method::PUT => match limited(request).await {
            Ok(request) => next.run(request).await,
            Err(too_large) => too_large,
        },
        Route::Manifest { name, reference } => match front.damage(name, reference).await {
            Some(damage) => damaged(&format!("{name} {reference}"), &damage),
            None => next.run(request).await,
        },
        Route::Blob { .. } | Route::Other => {
            let mut response = next.run(request).await;
            let headers = response.headers_mut();
            headers.insert(INSTANCE, front.instance.clone());
            response
        }
    }
}

/// Web pages can make a browser send requests to this machine: with their own
/// name for it, or across origins. Neither is a registry client.
fn refuse(headers: &HeaderMap) -> Option<Response> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let local = host.is_some_and(|host| is_loopback(host) || is_v6_loopback(host));
    let text = match local {
        false => "this registry is for this machine alone; name it 127.0.0.1 or localhost",
        true if headers.contains_key(ORIGIN) => "this registry is not for web pages",
        true => return None,
    };
    Some(error(StatusCode::FORBIDDEN, "DENIED", text))
}

fn is_v6_loopback(host: &str) -> bool {
    host.strip_prefix("[::1]")
        .is_some_and(|port| port.is_empty() || port.starts_with(':'))
}

/// The request with its body read, if that is no larger than manifests are.
async fn limited(request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, MANIFEST_LIMIT).await {
        Ok(bytes) => Ok(Request::from_parts(parts, bytes.into())),
        Err(_) => Err(error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "MANIFEST_INVALID",
            "a manifest is at most 4 MiB",
        )),
    }
}

impl<'p> Route<'p> {
    fn of(path: &'p str) -> Self {
        let Some(rest) = path.strip_prefix("/v2/") else {
            return Self::Other;
        };
        if let Some((name, id)) = rest.rsplit_once("/blobs/uploads/") {
            return match id {
                "" => Self::Uploads { name },
                id => Self::Upload { name, id },
            };
        }
        if let Some(name) = rest.strip_suffix("/blobs/uploads") {
            return Self::Uploads { name };
        }
        if let Some((_, digest)) = rest.rsplit_once("/blobs/") {
            return Self::Blob { digest };
        }
        match rest.rsplit_once("/manifests/") {
            Some((name, reference)) => Self::Manifest { name, reference },
            None => Self::Other,
        }
    }
}

impl Front {
    /// The first thing that is missing or damaged of an image or index; none when
    /// it is whole, or there is no such thing at all.
    async fn damage(&self, name: &str, reference: &str) -> Option<String> {
        let reference: Reference = reference.parse().ok()?;
        let found = self.manifests.get_manifest(name, &reference).await.ok()?;
        let (_, _, body) = found?;
        let mut blobs = content::blobs(&body);
        for child in content::children(&body) {
            let reference = Reference::Digest(child.parse().ok()?);
            match self.manifests.get_manifest(name, &reference).await {
                Ok(Some((_, _, body))) => blobs.extend(content::blobs(&body)),
                // An index of indexes, or one that was put before its children.
                _ => return Some(format!("manifest {child} is missing")),
            }
        }
        let store = self.blobs.clone();
        let checked = tokio::task::spawn_blocking(move || {
            blobs.into_iter().find_map(|(digest, size)| {
                let parsed: Digest = digest.parse().ok()?;
                let damage = store.verify(&parsed, Some(size)).err()?;
                (!Blobs::is_empty_payload(&digest)).then(|| format!("blob {digest} {damage}"))
            })
        });
        checked
            .await
            .unwrap_or_else(|error| Some(error.to_string()))
    }

    /// `GET` and `HEAD` of a blob, whole or from some byte on ("Pulling blobs").
    async fn blob(&self, method: &Method, text: &str, headers: &HeaderMap) -> Response {
        let Ok(digest) = text.parse::<Digest>() else {
            return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "not a digest");
        };
        let (blobs, wanted) = (self.blobs.clone(), digest.clone());
        let verified = tokio::task::spawn_blocking(move || blobs.verify(&wanted, None)).await;
        let size = match verified {
            Ok(Ok(size)) => size,
            Ok(Err(Damage::Missing)) => {
                return error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown");
            }
            Ok(Err(damage)) => return damaged("blob", &format!("blob {text} {damage}")),
            Err(failed) => return internal(&failed),
        };
        let (range, status) = match range(headers, size) {
            Ok(Some(range)) => (range, StatusCode::PARTIAL_CONTENT),
            Ok(None) => ((0, size), StatusCode::OK),
            Err(()) => {
                let whole = format!("bytes */{size}");
                let text = "the blob is shorter than that";
                let response = error(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", text);
                return with(response, &[(CONTENT_RANGE, whole)]);
            }
        };
        let (start, end) = range;
        let body = match *method == Method::HEAD {
            true => Body::empty(),
            false => match self.read(&digest, start, end - start).await {
                Ok(body) => body,
                Err(failed) => return internal(&failed),
            },
        };
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        let mut fields = vec![
            (DIGEST, text.to_owned()),
            (CONTENT_TYPE, "application/octet-stream".to_owned()),
            (CONTENT_LENGTH, (end - start).to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
        ];
        if status == StatusCode::PARTIAL_CONTENT {
            let last = end.saturating_sub(1);
            fields.push((CONTENT_RANGE, format!("bytes {start}-{last}/{size}")));
        }
        with(answer, &fields)
    }

    async fn read(&self, digest: &Digest, start: u64, length: u64) -> std::io::Result<Body> {
        let mut file = tokio::fs::File::open(self.blobs.path(digest)).await?;
        file.seek(SeekFrom::Start(start)).await?;
        let stream = ReaderStream::with_capacity(file.take(length), PIECE);
        Ok(Body::from_stream(stream))
    }

    /// `POST`: begins an upload, takes a whole blob at once, or finds that it is
    /// there already under another repository's name.
    async fn begin(&self, name: &str, request: Request) -> Response {
        if request.method() != Method::POST {
            return unsupported();
        }
        if !grammar::is_path(name) {
            let text = "not the name of a repository";
            return error(StatusCode::BAD_REQUEST, "NAME_INVALID", text);
        }
        let parameters = parameters(&request);
        if let Some(Ok(mounted)) = parameters
            .get("mount")
            .map(|digest| digest.parse::<Digest>())
        {
            let blobs = self.blobs.clone();
            let wanted = mounted.clone();
            let there = tokio::task::spawn_blocking(move || blobs.verify(&wanted, None)).await;
            if matches!(there, Ok(Ok(_))) {
                return created(name, &mounted.to_string());
            }
        }
        let id = match self.uploads.begin().await {
            Ok(id) => id,
            Err(failed) => return failure(&failed),
        };
        match parameters.contains_key("digest") {
            true => self.finish(name, &id, request).await,
            false => at(name, &id, 0, StatusCode::ACCEPTED),
        }
    }

    /// `PATCH`, `PUT`, `GET` and `DELETE` of an upload.
    async fn upload(&self, name: &str, id: &str, request: Request) -> Response {
        let from = from_byte(request.headers());
        match *request.method() {
            Method::PATCH => match self.uploads.append(id, from, request.into_body()).await {
                Ok(offset) => at(name, id, offset, StatusCode::ACCEPTED),
                Err(failed) => failure(&failed),
            },
            Method::PUT => self.finish(name, id, request).await,
            Method::GET | Method::HEAD => match self.uploads.offset(id).await {
                Ok(offset) => at(name, id, offset, StatusCode::NO_CONTENT),
                Err(failed) => failure(&failed),
            },
            Method::DELETE => match self.uploads.cancel(id) {
                Ok(()) => empty(StatusCode::NO_CONTENT),
                Err(failed) => failure(&failed),
            },
            _ => unsupported(),
        }
    }

    async fn finish(&self, name: &str, id: &str, request: Request) -> Response {
        let parameters = parameters(&request);
        let digest = parameters
            .get("digest")
            .map(|digest| digest.parse::<Digest>());
        let Some(Ok(digest)) = digest else {
            return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "not a digest");
        };
        let from = from_byte(request.headers());
        let appended = self.uploads.append(id, from, request.into_body()).await;
        if let Err(failed) = appended {
            return failure(&failed);
        }
        match self.uploads.finish(id, &digest, &self.blobs).await {
            Ok(()) => created(name, &digest.to_string()),
            Err(failed) => failure(&failed),
        }
    }
}

/// The first byte of `Content-Range`, `0-99` or `bytes 0-99/100`.
fn from_byte(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
    let range = text.strip_prefix("bytes").unwrap_or(text).trim();
    range.split('-').next()?.parse().ok()
}

/// The range of bytes that is asked for, its end excluded; none where all are.
fn range(headers: &HeaderMap, size: u64) -> Result<Option<(u64, u64)>, ()> {
    let text = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = text
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|text| text.split_once('-'))
    else {
        return Ok(None);
    };
    // Other forms may be ignored (RFC 9110, section 14.2).
    let Ok(first) = first.parse::<u64>() else {
        return Ok(None);
    };
    let end = match last {
        "" => size,
        last => match last.parse::<u64>() {
            Ok(last) => last.saturating_add(1).min(size),
            Err(_) => return Ok(None),
        },
    };
    match first < end {
        true => Ok(Some((first, end))),
        false => Err(()),
    }
}

fn parameters(request: &Request) -> HashMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn with(mut response: Response, fields: &[(HeaderName, String)]) -> Response {
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name.clone(), value);
        }
    }
    response
}

/// The answer that tells where an upload is ("Pushing a blob in chunks").
fn at(name: &str, id: &str, offset: u64, status: StatusCode) -> Response {
    let fields = [
        (LOCATION, format!("/v2/{name}/blobs/uploads/{id}")),
        (RANGE, format!("0-{}", offset.saturating_sub(1))),
        (HeaderName::from_static("docker-upload-uuid"), id.to_owned()),
    ];
    with(empty(status), &fields)
}

fn created(name: &str, digest: &str) -> Response {
    let location = format!("/v2/{name}/blobs/{digest}");
    let fields = [(LOCATION, location), (DIGEST, digest.to_owned())];
    with(empty(StatusCode::CREATED), &fields)
}

/// The answer for content that cannot be served as it was stored: it counts as
/// absent, so that it is made anew; the warning says so (distribution-spec v1.1,
/// "Warnings").
fn damaged(what: &str, damage: &str) -> Response {
    let text = format!("{damage}, so what needs it counts as not published");
    tracing::warn!(what, damage, "the embedded registry is damaged");
    let answer = error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", &text);
    with(answer, &[(WARNING, format!("299 - \"{text}\""))])
}

fn failure(error_: &UploadError) -> Response {
    let (status, code) = match error_ {
        UploadError::Unknown => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
        UploadError::Full => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS"),
        UploadError::OutOfStep(_) => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
        UploadError::Broken => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
        UploadError::Digest(_) => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
        UploadError::Io(_) => (StatusCode::INSUFFICIENT_STORAGE, "UNKNOWN"),
    };
    error(status, code, &error_.to_string())
}

fn internal(failed: &dyn std::fmt::Display) -> Response {
    let text = failed.to_string();
    error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", &text)
}

fn unsupported() -> Response {
    let text = "no such method here";
    error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", text)
}

/// An error as registries tell it ("Error Codes").
fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    with(response, &[(CONTENT_TYPE, "application/json".to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        let of = |path| Route::of(path);
        assert_eq!(
            of("/v2/n/a/manifests/1"),
            Route::Manifest {
                name: "n/a",
                reference: "1"
            }
        );
        assert_eq!(of("/v2/n/a/blobs/uploads/"), Route::Uploads { name: "n/a" });
        assert_eq!(of("/v2/n/a/blobs/uploads"), Route::Uploads { name: "n/a" });
        let upload = Route::Upload {
            name: "n/a",
            id: "x",
        };
        assert_eq!(of("/v2/n/a/blobs/uploads/x"), upload);
        assert_eq!(
            of("/v2/n/a/blobs/sha256:0"),
            Route::Blob { digest: "sha256:0" }
        );
        for other in ["/", "/v2/", "/v2/_catalog", "/v2/n/a/tags/list"] {
            assert_eq!(of(other), Route::Other, "{other}");
        }
    }

    #[test]
    fn ranges() {
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(RANGE, text.parse().unwrap())]);
            range(&headers, 10)
        };
        assert_eq!(of("bytes=0-0"), Ok(Some((0, 1))));
        assert_eq!(of("bytes=3-"), Ok(Some((3, 10))));
        assert_eq!(of("bytes=3-99"), Ok(Some((3, 10))));
        for ignored in ["bytes=-3", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"] {
            assert_eq!(of(ignored), Ok(None), "{ignored}");
        }
        for none in ["bytes=10-", "bytes=5-4"] {
            assert_eq!(of(none), Err(()), "{none}");
        }
        assert_eq!(range(&HeaderMap::new(), 0), Ok(None));
    }

    #[test]
    fn only_clients_on_this_machine_are_answered() {
        let refused = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            refuse(&headers).is_some()
        };
        for good in [
            "127.0.0.1:5000",
            "localhost:1",
            "localhost",
            "[::1]:5000",
            "127.0.0.1",
        ] {
            assert!(!refused(good), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:5000",
            "127.0.0.1.evil.example:5000",
            "localhost.evil.example",
            "[::1].evil.example",
            "10.0.0.1:5000",
            "",
        ] {
            assert!(refused(bad), "{bad}");
        }
        assert!(refuse(&HeaderMap::new()).is_some());
        let page = HeaderMap::from_iter([
            (HOST, "127.0.0.1:5000".parse().unwrap()),
            (ORIGIN, "https://evil.example".parse().unwrap()),
        ]);
        assert!(refuse(&page).is_some());
    }
}
