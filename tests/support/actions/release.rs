//! A release of the program, as GitHub has one: archive and checksums, served on
//! loopback, and a `gh` that asks nobody.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::http::StatusCode;
use bakehouse_loopback::Service;
use tempfile::TempDir;

/// The repository that it is of.
pub const REPOSITORY: &str = "test/bakehouse";

/// `gh`: checks an attestation, or asks the API for the comments of a pull request
/// and writes one.
const GH: &str = r#"#!/bin/sh
here=$(dirname "$0")/..
case "$1 $2" in
'attestation verify')
    [ -f "$3" ] || exit 1
    shift 3
    echo "gh verified: $*"
    [ ! -e "$here/forged" ]
    ;;
'api --paginate')
    [ ! -e "$here/commented" ] || echo 42
    ;;
'api --silent')
    grep -q '^<!-- bakehouse review -->' page.md || exit 1
    echo "gh asked: $*"
    touch "$here/commented"
    ;;
*) exit 1 ;;
esac
"#;

pub struct Release {
    folder: TempDir,
    service: Service,
}

impl Release {
    /// A release of the program that the tests are run with.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("bakehouse-{version}-x86_64-unknown-linux-musl");
        let inside = folder.path().join(&name);
        fs::create_dir(&inside).unwrap();
        // The program itself is a debug build: too large to be packed for a test.
        symlink(env!("CARGO_BIN_EXE_bakehouse"), inside.join("bakehouse")).unwrap();
        let script = "tar -czf \"$0.tar.gz\" \"$0\" && sha256sum \"$0.tar.gz\" >SHA256SUMS";
        let status = Command::new("sh")
            .args(["-ec", script, &name])
            .current_dir(folder.path())
            .status();
        assert!(status.unwrap().success());
        let gh = folder.path().join("bin/gh");
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::write(&gh, GH).unwrap();
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
        let files = folder.path().to_owned();
        let prefix = format!("/{REPOSITORY}/releases/download/v{version}/");
        let app = Router::new().fallback(move |uri: axum::http::Uri| {
            let name = uri
                .path()
                .strip_prefix(&prefix)
                .map(|name| files.join(name));
            async move {
                match name.and_then(|path| fs::read(path).ok()) {
                    Some(bytes) => Ok(bytes),
                    None => Err(StatusCode::NOT_FOUND),
                }
            }
        });
        Self {
            service: Service::start(app),
            folder,
        }
    }

    /// `https://github.com`, as it were.
    pub fn url(&self) -> String {
        self.service.url()
    }

    /// Folder of `gh`.
    pub fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Puts something else in the place of a file; the checksums stay.
    pub fn replace(&self, suffix: &str, content: &[u8]) {
        let found = fs::read_dir(self.folder.path()).unwrap();
        let found: Vec<PathBuf> = found
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(suffix))
            .collect();
        assert_eq!(found.len(), 1, "{found:?}");
        fs::write(&found[0], content).unwrap();
    }

    /// Makes its provenance that of another repository.
    pub fn forge(&self) {
        fs::write(self.folder.path().join("forged"), "").unwrap();
    }
}

/// What a checkout of this repository has that its action needs.
pub fn checkout(to: &Path) {
    let root = super::root();
    fs::create_dir_all(to).unwrap();
    for part in ["action.yml", "Cargo.toml", "scripts"] {
        let status = Command::new("cp")
            .arg("-a")
            .arg(root.join(part))
            .arg(to)
            .status();
        assert!(status.unwrap().success());
    }
}
