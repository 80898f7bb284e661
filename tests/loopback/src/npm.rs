//! An npm registry on loopback.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::service::Service;

/// Path in the tarball, and content.
/// Path and content.
type File = (String, Vec<u8>);

/// One package: versions, oldest first, each with the files of its tarball.
#[derive(Default)]
pub struct Package {
    description: String,
    facts: Value,
    versions: Vec<(String, Vec<File>)>,
}

impl Package {
    /// A package with these versions, oldest first.
    #[must_use]
    pub fn new(versions: &[&str]) -> Self {
        let versions = versions.iter().map(|v| ((*v).to_owned(), Vec::new()));
        Self {
            versions: versions.collect(),
            ..Self::default()
        }
    }

    /// With a description.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    /// With more in the `package.json` of each version.
    #[must_use]
    pub fn facts(mut self, facts: Value) -> Self {
        self.facts = facts;
        self
    }

    /// Adds a text file in which `VERSION` is each tarball's own.
    #[must_use]
    pub fn versioned_file(mut self, path: &str, text: &str) -> Self {
        for (version, files) in &mut self.versions {
            let text = text.replace("VERSION", version);
            files.push((format!("package/{path}"), text.into_bytes()));
        }
        self
    }

    /// Adds a file to every version's tarball.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        for (_, files) in &mut self.versions {
            files.push((format!("package/{path}"), content.to_vec()));
        }
        self
    }
}

#[derive(Default)]
struct Content {
    documents: BTreeMap<String, Value>,
    tarballs: BTreeMap<String, Vec<u8>>,
    gone: HashSet<String>,
    delay: Duration,
}

type Shared = Arc<Mutex<Content>>;

/// The registry; it ends with the test.
pub struct Npm {
    service: Service,
    content: Shared,
}

impl Npm {
    /// An empty one.
    #[must_use]
    pub fn start() -> Self {
        let content = Shared::default();
        let app = Router::new()
            .route("/{package}", get(document))
            .route("/{package}/-/{file}", get(tarball))
            .route("/{package}/{name}/-/{file}", get(tarball))
            .with_state(Arc::clone(&content));
        Self {
            service: Service::start(app),
            content,
        }
    }

    /// Its address, as npm's configuration has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.service.address)
    }

    /// Adds a package, or replaces it.
    pub fn publish(&self, name: &str, package: Package) {
        let mut versions = serde_json::Map::new();
        let mut time = serde_json::Map::new();
        let mut content = self.content.lock().unwrap();
        for (day, (version, files)) in package.versions.into_iter().enumerate() {
            let short = name.rsplit('/').next().unwrap_or(name);
            let file = format!("{name}/-/{short}-{version}.tgz");
            let manifest = (
                "package/package.json".to_owned(),
                format!("{{\"version\":\"{version}\"}}").into_bytes(),
            );
            let bytes = tar_gz(&[files, vec![manifest]].concat());
            let integrity = format!("sha512-{}", BASE64_STANDARD.encode(Sha512::digest(&bytes)));
            let mut said = json!({
                "name": name, "version": version, "license": "MIT",
                "description": package.description,
                "dist": { "tarball": format!("{}{file}", self.url()), "integrity": integrity },
            });
            for (fact, value) in package.facts.as_object().into_iter().flatten() {
                said[fact] = value.clone();
            }
            versions.insert(version.clone(), said);
            time.insert(version, published(day).into());
            content.tarballs.insert(file, bytes);
        }
        let document = json!({ "name": name, "versions": versions, "time": time });
        content.documents.insert(name.to_owned(), document);
    }

    /// Answers 404 for files with this text in their names from now on.
    pub fn lose(&self, text: &str) {
        self.content.lock().unwrap().gone.insert(text.to_owned());
    }

    /// Answers for all of them again.
    pub fn find_again(&self) {
        self.content.lock().unwrap().gone.clear();
    }

    /// Answers this much later from now on.
    pub fn slow(&self, delay: Duration) {
        self.content.lock().unwrap().delay = delay;
    }

    /// Changes the bytes of files with this text in their names, and not what
    /// is said of them.
    pub fn corrupt(&self, text: &str) {
        let mut content = self.content.lock().unwrap();
        for (_, bytes) in content
            .tarballs
            .iter_mut()
            .filter(|(name, _)| name.contains(text))
        {
            bytes.push(0);
        }
    }
}

async fn document(
    State(content): State<Shared>,
    Path(package): Path<String>,
) -> Result<String, StatusCode> {
    let delay = content.lock().unwrap().delay;
    tokio::time::sleep(delay).await;
    let content = content.lock().unwrap();
    let document = content
        .documents
        .get(&package)
        .ok_or(StatusCode::NOT_FOUND)?;
    Ok(document.to_string())
}

async fn tarball(State(content): State<Shared>, uri: Uri) -> Result<Vec<u8>, StatusCode> {
    let file = uri.path().trim_start_matches('/');
    let content = content.lock().unwrap();
    if content.gone.iter().any(|text| file.contains(text)) {
        return Err(StatusCode::NOT_FOUND);
    }
    content
        .tarballs
        .get(file)
        .cloned()
        .ok_or(StatusCode::NOT_FOUND)
}

/// When a version came out: one a day, 28 days a month.
fn published(day: usize) -> String {
    let (month, day) = (day / 28, day % 28 + 1);
    let (year, month) = (2025 + month / 12, month % 12 + 1);
    format!("{year}-{month:02}-{day:02}T10:00:00.000Z")
}

/// A gzip-compressed tar archive.
#[must_use]
pub fn tar_gz(files: &[File]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        archive
            .append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    let tar = archive.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    gzip.finish().unwrap()
}
