//! An index of Python's packages on loopback: the simple API in JSON (PEP 691),
//! with entity tags.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::service::Service;

const JSON: &str = "application/vnd.pypi.simple.v1+json";

#[derive(Default)]
struct Content {
    /// By path.
    pages: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<u8>>,
    asked: Vec<Asked>,
}

/// A request that was answered.
pub struct Asked {
    /// Its path.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// What came as `Authorization`.
    pub authorization: Option<String>,
}

type Shared = Arc<Mutex<Content>>;

/// The index; it ends with the test.
pub struct PyPi {
    service: Service,
    content: Shared,
}

impl PyPi {
    /// An empty one.
    #[must_use]
    pub fn start() -> Self {
        let content = Shared::default();
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&content));
        Self {
            service: Service::start(app),
            content,
        }
    }

    /// Its address, as pip's configuration has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/simple", self.service.address)
    }

    /// The same with a login.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("http://{user}:{password}@{}/simple", self.service.address)
    }

    /// Answers with this for a package.
    pub fn page(&self, package: &str, json: &str) {
        let path = format!("/simple/{package}/");
        let mut content = self.content.lock().unwrap();
        content.pages.insert(path, json.to_owned());
    }

    /// Publishes files, and names them relative to the package's page.
    pub fn publish(&self, package: &str, files: &[(&str, &[u8])]) {
        let listed = files.iter().map(|(name, bytes)| {
            let digest = hex::encode(Sha256::digest(bytes));
            json!({
                "filename": name, "url": format!("../../files/{name}"), "size": bytes.len(),
                "hashes": { "sha256": digest }, "upload-time": "2025-02-28T10:16:31.550748Z",
                "yanked": false,
            })
        });
        let page = json!({ "meta": { "api-version": "1.1" }, "name": package, "files": listed.collect::<Vec<_>>() });
        self.page(package, &page.to_string());
        let mut content = self.content.lock().unwrap();
        for (name, bytes) in files {
            content
                .files
                .insert(format!("/files/{name}"), bytes.to_vec());
        }
    }

    /// The requests since the last time.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        std::mem::take(&mut self.content.lock().unwrap().asked)
    }
}

async fn answer(State(content): State<Shared>, request: Request) -> Response {
    let mut content = content.lock().unwrap();
    let path = request.uri().path().to_owned();
    let header = |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    let response = if let Some(page) = content.pages.get(&path) {
        let tag = format!("\"{}\"", hex::encode(Sha256::digest(page)));
        if header(header::ACCEPT).as_deref() != Some(JSON) {
            StatusCode::NOT_ACCEPTABLE.into_response()
        } else if header(header::IF_NONE_MATCH).as_ref() == Some(&tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let headers = [(header::CONTENT_TYPE, JSON.to_owned()), (header::ETAG, tag)];
            (headers, page.clone()).into_response()
        }
    } else if let Some(file) = content.files.get(&path) {
        file.clone().into_response()
    } else if content.pages.contains_key(&format!("{path}/")) {
        Redirect::permanent(&format!("{path}/")).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    };
    let status = response.status().as_u16();
    let authorization = header(header::AUTHORIZATION);
    content.asked.push(Asked {
        path,
        status,
        authorization,
    });
    response
}
