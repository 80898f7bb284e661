//! An HTTP server on loopback of which only `/granted/` is granted.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use tar::{EntryType, Header};

/// What `/secret` serves; nothing may ever show it.
pub const SECRET: &str = "canary-of-the-upstream";

struct Shared {
    address: SocketAddr,
    secrets: AtomicUsize,
}

/// The server; it ends with the test.
pub struct Upstream {
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

impl Upstream {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let shared = Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            secrets: AtomicUsize::new(0),
        });
        let app = Router::new()
            .route("/granted/{name}", get(granted))
            .fallback(secret)
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            shared,
            _runtime: runtime,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// How often something else than `/granted/` was asked for.
    pub fn secrets(&self) -> usize {
        self.shared.secrets.load(Ordering::SeqCst)
    }
}

async fn secret(State(shared): State<Arc<Shared>>) -> &'static str {
    shared.secrets.fetch_add(1, Ordering::SeqCst);
    SECRET
}

async fn granted(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let port = shared.address.port();
    match name.as_str() {
        "file" => "granted".into_response(),
        "to-secret" => Redirect::temporary("/secret").into_response(),
        "to-localhost" => {
            Redirect::temporary(&format!("http://localhost:{port}/secret")).into_response()
        }
        "to-metadata" => {
            Redirect::temporary("http://169.254.169.254/latest/meta-data/").into_response()
        }
        "loop" => Redirect::temporary("/granted/loop").into_response(),
        other => match other.strip_suffix(".tgz").and_then(archive) {
            Some(bytes) => ([(header::CONTENT_TYPE, "application/gzip")], bytes).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

/// An archive as no program would make it.
fn archive(name: &str) -> Option<Vec<u8>> {
    let mut tar = Vec::new();
    let file = EntryType::Regular;
    match name {
        "dots" => entry(&mut tar, file, "a/../../out", "", b"x"),
        "absolute" => entry(&mut tar, file, "/tmp/hostile-was-here", "", b"x"),
        "link" => entry(&mut tar, EntryType::Symlink, "l", "/etc/passwd", b""),
        "through-link" => {
            entry(&mut tar, EntryType::Symlink, "d", ".", b"");
            entry(&mut tar, file, "d/x", "", b"x");
        }
        "hard-link" => entry(&mut tar, EntryType::Link, "h", "/etc/passwd", b""),
        "device" => entry(&mut tar, EntryType::Block, "sda", "", b""),
        "bomb" => entry(&mut tar, file, "zeros", "", &vec![0; 100 << 20]),
        "many" => {
            for n in 0..5000 {
                entry(&mut tar, file, &format!("f{n}"), "", b"");
            }
        }
        "garbage" => tar.extend(vec![b'g'; 4096]),
        _ => return None,
    }
    tar.extend([0; 1024]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    Some(gzip.finish().unwrap())
}

fn entry(tar: &mut Vec<u8>, kind: EntryType, name: &str, link: &str, bytes: &[u8]) {
    let mut header = Header::new_gnu();
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.extend(header.as_bytes());
    tar.extend(bytes);
    tar.resize(tar.len().next_multiple_of(512), 0);
}
