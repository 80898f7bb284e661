//! Git repositories over HTTP on loopback, as forges serve them.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tempfile::TempDir;

use crate::Tree;

/// What the server does instead of serving a repository.
#[derive(Clone)]
pub enum GitFault {
    /// This status, nothing else.
    Status(u16),
    /// 302 to the same path under another base address.
    Redirect(String),
    /// No answer.
    Hang,
}

/// Name and address of author and tagger.
const WHO: &str = "Test <test@git.test>";
/// 2025-01-01T00:00:00Z; each commit is one day later than the one before it.
const FIRST: u64 = 1_735_689_600;
const DAY: u64 = 86_400;

#[derive(Default)]
struct Server {
    folder: PathBuf,
    faults: HashMap<String, GitFault>,
    requests: Vec<String>,
    commits: u64,
}

type Shared = Arc<Mutex<Server>>;

/// The server; it ends with the test. Repositories come into being with their
/// first commit: `git.commit("owner/name", ..)` is served as `/owner/name`, with
/// `.git` or without.
pub struct Git {
    address: SocketAddr,
    server: Shared,
    _folder: TempDir,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Git {
    /// Serves nothing yet.
    ///
    /// # Panics
    /// Where it cannot.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server {
            folder: folder.path().to_owned(),
            ..Server::default()
        };
        let server = Arc::new(Mutex::new(server));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let app = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&server));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await
        });
        Self {
            address,
            server,
            _folder: folder,
            runtime: Some(runtime),
        }
    }

    /// A repository's address, as in a version's `source` and in grants.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// Commits exactly these files to `main`, and says which commit that is.
    pub fn commit(&self, repository: &str, tree: &Tree) -> String {
        let path = self.create(repository);
        let mut server = self.server.lock().unwrap();
        let date = FIRST + DAY * server.commits;
        server.commits += 1;
        let has_parent = rev_parse(&path, "refs/heads/main").is_some();
        let mut stream = format!("commit refs/heads/main\ncommitter {WHO} {date} +0000\n");
        stream.push_str("data 6\ncommit\n");
        if has_parent {
            stream.push_str("from refs/heads/main^0\n");
        }
        let mut stream = stream.into_bytes();
        stream.extend(tree.fast_import());
        import(&path, &stream);
        rev_parse(&path, "refs/heads/main").unwrap()
    }

    /// Sets an annotated tag on a commit; one that is there moves.
    pub fn tag(&self, repository: &str, tag: &str, commit: &str) {
        let path = self.create(repository);
        let stream = format!("tag {tag}\nfrom {commit}\ntagger {WHO} {FIRST} +0000\ndata 4\ntag\n");
        import(&path, stream.as_bytes());
    }

    /// Commits these files and tags them.
    pub fn release(&self, repository: &str, tag: &str, tree: &Tree) -> String {
        let commit = self.commit(repository, tree);
        self.tag(repository, tag, &commit);
        commit
    }

    /// From now on, requests below this path meet a fault; none ends that.
    pub fn fault(&self, path: &str, fault: Option<GitFault>) {
        let faults = &mut self.server.lock().unwrap().faults;
        match fault {
            Some(fault) => faults.insert(path.to_owned(), fault),
            None => faults.remove(path),
        };
    }

    /// `METHOD PATH` of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.server.lock().unwrap().requests.clone()
    }

    fn create(&self, repository: &str) -> PathBuf {
        let path = self.server.lock().unwrap().folder.join(repository);
        if !path.is_dir() {
            let path = path.to_str().unwrap();
            let init = ["init", "--quiet", "--bare", "--initial-branch=main", path];
            assert!(git().args(init).status().unwrap().success());
        }
        path
    }
}

impl Drop for Git {
    fn drop(&mut self) {
        // Tests that are asynchronous themselves may not wait for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// git, blind to this machine's configuration.
fn git() -> Command {
    let mut command = Command::new(crate::tool("git"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null());
    command
}

fn import(repository: &Path, stream: &[u8]) {
    let mut child = git()
        .arg("--git-dir")
        .arg(repository)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stream).unwrap();
    assert!(child.wait().unwrap().success(), "git fast-import");
}

fn rev_parse(repository: &Path, reference: &str) -> Option<String> {
    let output = git()
        .arg("--git-dir")
        .arg(repository)
        .args(["rev-parse", "--quiet", "--verify", reference])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim().to_owned())
}

/// The smart HTTP protocol (gitprotocol-http), read-only.
async fn serve(State(server): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_start_matches('/').to_owned();
    let (folder, fault) = {
        let mut server = server.lock().unwrap();
        server.requests.push(format!("{} /{path}", parts.method));
        let fault = server.faults.iter().find(|(at, _)| path.starts_with(*at));
        (server.folder.clone(), fault.map(|(_, fault)| fault.clone()))
    };
    match fault {
        Some(GitFault::Status(status)) => {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        Some(GitFault::Redirect(base)) => {
            let to = format!("{base}/{path}?{}", parts.uri.query().unwrap_or_default());
            return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
        }
        Some(GitFault::Hang) => std::future::pending::<()>().await,
        None => {}
    }
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let answer = move || answer(&folder, &parts.method, &parts.uri, &parts.headers, &body);
    tokio::task::spawn_blocking(answer).await.unwrap()
}

fn answer(
    folder: &Path,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let path = uri.path().trim_start_matches('/');
    let (repository, what) = match (method.as_str(), uri.query()) {
        ("GET", Some("service=git-upload-pack")) => {
            (path.strip_suffix("/info/refs"), "advertisement")
        }
        ("POST", None) => (path.strip_suffix("/git-upload-pack"), "result"),
        _ => (None, ""),
    };
    let repository = repository.map(|name| folder.join(name.trim_end_matches(".git")));
    let Some(repository) = repository.filter(|path| path.join("HEAD").is_file()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut command = git();
    // As forges have it: old commits can be asked for by name.
    command.args(["-c", "uploadpack.allowReachableSHA1InWant=true"]);
    command.args(["upload-pack", "--stateless-rpc"]);
    if what == "advertisement" {
        command.arg("--advertise-refs");
    }
    command.arg(repository);
    let version_2 = header("git-protocol").is_some_and(|text| text.contains("version=2"));
    if version_2 {
        command.env("GIT_PROTOCOL", "version=2");
    }
    let mut input = Vec::new();
    match header("content-encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(body.as_ref()).read_to_end(&mut input),
        _ => body.as_ref().read_to_end(&mut input),
    }
    .unwrap();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A client that has what it wants does not read on.
    let _ = feed.join().unwrap();
    let mut bytes = Vec::new();
    if what == "advertisement" && !version_2 {
        bytes.extend(b"001e# service=git-upload-pack\n0000");
    }
    bytes.extend(output.stdout);
    let kind = format!("application/x-git-upload-pack-{what}");
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}
