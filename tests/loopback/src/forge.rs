//! A code forge on loopback: releases, tags and files behind the API of GitHub,
//! GitLab or Gitea, with what makes those awkward.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::flavour::{Flavour, Found};
use crate::forge_content::{Release, Repository, Tag};
use crate::{gitea, github, gitlab};

const MODIFIED: &str = "Fri, 14 Feb 2025 10:00:00 GMT";

/// An answer out of the ordinary.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status, headers, body.
    Plain(u16, Vec<(&'static str, String)>, String),
    /// The true answer, but the connection breaks half way.
    Broken,
    /// The true answer cut in half, as if it were whole.
    Cut,
    /// This many bytes of an array that does not end.
    Huge(usize),
    /// No answer.
    Silent,
    /// An answer that always goes on, a little at a time.
    Endless,
}

/// A request, as the forge saw it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub path: String,
    pub status: u16,
    pub authorization: Option<String>,
}

#[derive(Default)]
struct Content {
    repositories: BTreeMap<String, Repository>,
    renamed: HashMap<String, String>,
    files: HashMap<String, Bytes>,
    /// Where what is not among the files is refused.
    unlisted: Option<String>,
    answers: VecDeque<Answer>,
    requests: Vec<Request>,
    /// Largest page.
    page: usize,
    /// Requests left, and when there are new ones (seconds since 1970).
    budget: Option<(u64, u64)>,
    /// Dates instead of entity tags.
    dated: bool,
}

#[derive(Clone)]
struct Shared {
    flavour: Flavour,
    address: SocketAddr,
    content: Arc<Mutex<Content>>,
}

/// The forge; it ends with the test.
pub struct Forge {
    shared: Shared,
    _runtime: tokio::runtime::Runtime,
}

impl Forge {
    /// GitHub Enterprise: the API under `/api/v3`, releases with sizes and
    /// digests, pages linked by repository number, renamed repositories.
    pub fn github() -> Self {
        Self::start(Flavour::GitHub, 100)
    }

    /// GitLab: the API under `/api/v4`.
    pub fn gitlab() -> Self {
        Self::start(Flavour::GitLab, 100)
    }

    /// Gitea or Forgejo: the API under `/api/v1`, without entity tags.
    pub fn gitea() -> Self {
        Self::start(Flavour::Gitea, 50)
    }

    fn start(flavour: Flavour, page: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let shared = Shared {
            flavour,
            address: listener.local_addr().unwrap(),
            content: Arc::new(Mutex::new(Content {
                page,
                ..Content::default()
            })),
        };
        let app = Router::new().fallback(answer).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            shared,
            _runtime: runtime,
        }
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// `host:port`, for sources such as `gitlab:HOST/GROUP/PROJECT`.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// For `GITHUB_API_URL`.
    pub fn api_url(&self) -> String {
        format!("{}{}", self.url(), self.shared.flavour.api())
    }

    /// Adds a release to `owner/name`, and its tag unless it is a draft. Files
    /// of the release can be downloaded.
    pub fn release(&self, repository: &str, release: Release) {
        let mut content = self.shared.content.lock().unwrap();
        let number = content.repositories.len() + 1;
        let entry = content
            .repositories
            .entry(repository.to_owned())
            .or_insert_with(|| Repository::new(number));
        if !release.draft {
            entry.tags.push(Tag::new(&release.tag).date(&release.date));
        }
        entry.releases.push(release.clone());
        drop(content);
        for (name, bytes) in release.files {
            let path = self
                .shared
                .flavour
                .download(repository, &release.tag, &name);
            self.file(&path, bytes);
        }
    }

    /// Adds a tag without a release.
    pub fn tag(&self, repository: &str, tag: Tag) {
        let mut content = self.shared.content.lock().unwrap();
        let number = content.repositories.len() + 1;
        let entry = content.repositories.entry(repository.to_owned());
        let entry = entry.or_insert_with(|| Repository::new(number));
        entry.tags.push(tag);
    }

    /// Serves a file that is not part of a release; `path` begins with `/`.
    pub fn file(&self, path: &str, bytes: impl Into<Bytes>) {
        let mut content = self.shared.content.lock().unwrap();
        content.files.insert(path.to_owned(), bytes.into());
    }

    /// Refuses what does not exist below a path, as an object store does whose
    /// content nobody may list.
    pub fn unlisted(&self, under: &str) {
        self.shared.content.lock().unwrap().unlisted = Some(under.to_owned());
    }

    /// Moves a repository; the old name redirects.
    pub fn rename(&self, old: &str, new: &str) {
        let mut content = self.shared.content.lock().unwrap();
        let repository = content.repositories.remove(old).unwrap();
        content.repositories.insert(new.to_owned(), repository);
        content.renamed.insert(old.to_owned(), new.to_owned());
    }

    /// Largest page, whatever is asked for.
    pub fn page_size(&self, size: usize) {
        self.shared.content.lock().unwrap().page = size;
    }

    /// This many requests are left until `seconds` from now. Answers that say
    /// that nothing changed cost nothing.
    pub fn budget(&self, left: u64, seconds: u64) {
        self.shared.content.lock().unwrap().budget = Some((left, now() + seconds));
    }

    /// Requests left of the budget.
    pub fn left(&self) -> u64 {
        self.shared.content.lock().unwrap().budget.unwrap().0
    }

    /// Answers have a date of last change and no entity tag.
    pub fn dated(&self) {
        self.shared.content.lock().unwrap().dated = true;
    }

    /// Answers the next request of the API in this way; can be called several
    /// times.
    pub fn next(&self, answer: Answer) {
        self.shared
            .content
            .lock()
            .unwrap()
            .answers
            .push_back(answer);
    }

    /// Requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.content.lock().unwrap().requests)
    }

    /// Statuses of the requests since the last call.
    pub fn statuses(&self) -> Vec<u16> {
        self.requests().iter().map(|r| r.status).collect()
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let special = shared.special(&uri);
    let is_silent = matches!(special, Some(Answer::Silent));
    let response = shared.respond(&uri, &headers, special);
    let header = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let request = Request {
        path: uri.to_string(),
        status: response.status().as_u16(),
        authorization: header(AUTHORIZATION).map(str::to_owned),
    };
    shared.content.lock().unwrap().requests.push(request);
    if is_silent {
        std::future::pending::<()>().await;
    }
    response
}

impl Shared {
    /// The answer that the next request of the API shall have.
    fn special(&self, uri: &Uri) -> Option<Answer> {
        let is_api = uri.path().starts_with(self.flavour.api());
        is_api.then(|| self.content.lock().unwrap().answers.pop_front())?
    }

    fn respond(&self, uri: &Uri, headers: &HeaderMap, special: Option<Answer>) -> Response<Body> {
        let base = format!("http://{}", self.address);
        let mut content = self.content.lock().unwrap();
        let Some(path) = uri.path().strip_prefix(self.flavour.api()) else {
            return match content.files.get(uri.path()) {
                Some(bytes) => Response::new(Body::from(bytes.clone())),
                None => match &content.unlisted {
                    Some(under) if uri.path().starts_with(under) => plain(
                        403,
                        &[],
                        "<Error><Code>AccessDenied</Code></Error>".to_owned(),
                    ),
                    _ => plain(404, &[], "no such file".to_owned()),
                },
            };
        };
        if let Some(Answer::Plain(status, headers, body)) = special {
            return plain(status, &headers, body);
        }
        if let Some(Answer::Endless) = special {
            return Response::new(endless());
        }
        if let Some(Answer::Huge(size)) = special {
            return plain(200, &[], format!("[{}", "{},".repeat(size / 3)));
        }
        if let Some((0, reset)) = content.budget {
            let headers = [
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", reset.to_string()),
            ];
            let message = json!({ "message": "API rate limit exceeded for 127.0.0.1." });
            return plain(403, &headers, message.to_string());
        }
        let found = match self.flavour {
            Flavour::GitHub => github::find(path, &content.repositories, &content.renamed, &base),
            Flavour::GitLab => gitlab::find(path, &content.repositories, &base),
            Flavour::Gitea => gitea::find(path, &content.repositories, &base),
        };
        let (body, mut extra) = match found {
            None => {
                let message = json!({ "message": "Not Found" }).to_string();
                return plain(404, &[], message);
            }
            Some(Found::Moved(path)) => {
                let query = uri.query().map_or(String::new(), |q| format!("?{q}"));
                let to = format!("{base}{}{path}{query}", self.flavour.api());
                return plain(301, &[("location", to)], String::new());
            }
            Some(Found::One(value)) => (value.to_string(), Vec::new()),
            Some(Found::List(all, path)) => {
                let link = path.map(|path| format!("{base}{}{path}", self.flavour.api()));
                let link = link.as_deref();
                self.flavour.page(&all, uri.query(), content.page, link)
            }
        };
        let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(&body)));
        let header = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let validator = match (self.flavour, content.dated) {
            (Flavour::Gitea, _) => None,
            (_, true) => Some((LAST_MODIFIED, MODIFIED.to_owned(), IF_MODIFIED_SINCE)),
            (_, false) => Some((ETAG, tag, IF_NONE_MATCH)),
        };
        let same = validator
            .as_ref()
            .is_some_and(|(_, value, condition)| header(condition) == Some(value));
        if let Some((left, reset)) = &mut content.budget {
            *left -= u64::from(!same);
            extra.push(("x-ratelimit-remaining", left.to_string()));
            extra.push(("x-ratelimit-reset", reset.to_string()));
        }
        let mut response = match special {
            Some(Answer::Broken) => broken(&body),
            Some(Answer::Cut) => plain(200, &extra, body[..body.len() / 2].to_owned()),
            _ if same => plain(304, &[], String::new()),
            _ => plain(200, &extra, body),
        };
        if let Some((name, value, _)) = validator {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }
}

fn plain(status: u16, headers: &[(&'static str, String)], body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

fn endless() -> Body {
    Body::from_stream(futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    }))
}

/// Half of the body, then the connection ends.
fn broken(body: &str) -> Response<Body> {
    let half = Bytes::copy_from_slice(&body.as_bytes()[..body.len() / 2]);
    let pieces = [Ok(half), Err(std::io::Error::other("broken"))];
    let stream = futures_util::stream::iter(pieces);
    let mut response = Response::new(Body::from_stream(stream));
    let length = body.len().to_string().parse().unwrap();
    response.headers_mut().insert("content-length", length);
    response
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs()
}
