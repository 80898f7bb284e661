//! Debian's docker-registry (distribution 2.8), one process a test.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::token_server::{ISSUER, TokenServer};
use crate::tool;

/// The user of a registry that wants one.
pub const USER: &str = "baker";
/// The user's password.
pub const PASSWORD: &str = "secret";
/// bcrypt of the password.
const HASH: &str = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

/// A registry on a free loopback port; it ends with the test.
pub struct DebianRegistry {
    port: u16,
    child: Child,
    _storage: TempDir,
}

impl DebianRegistry {
    /// One that takes everything from everyone.
    #[must_use]
    pub fn start() -> Self {
        Self::with(None, |_| String::new())
    }

    /// One whose content is in this folder, and stays there. Others may have
    /// the same.
    #[must_use]
    pub fn over(content: &Path) -> Self {
        Self::with(Some(content), |_| String::new())
    }

    /// One that wants tokens of this server.
    #[must_use]
    pub fn with_tokens(server: &TokenServer) -> Self {
        Self::with(None, |storage| {
            let bundle = storage.join("issuer.pem");
            std::fs::write(&bundle, server.certificate()).unwrap();
            format!(
                "auth:\n  token:\n    realm: {}\n    service: {}\n    issuer: {ISSUER}\n    rootcertbundle: {}\n",
                server.realm(),
                TokenServer::SERVICE,
                bundle.display()
            )
        })
    }

    /// One that wants [`USER`] and [`PASSWORD`], by basic authentication.
    #[must_use]
    pub fn locked() -> Self {
        Self::with(None, |storage| {
            let users = storage.join("htpasswd");
            std::fs::write(&users, format!("{USER}:{HASH}\n")).unwrap();
            format!(
                "auth:\n  htpasswd:\n    realm: test\n    path: {}\n",
                users.display()
            )
        })
    }

    /// Starts one, whose content is its own unless there is some; `extra` adds
    /// to its configuration.
    fn with(content: Option<&Path>, extra: impl FnOnce(&Path) -> String) -> Self {
        let storage = tempfile::tempdir().unwrap();
        let extra = extra(storage.path());
        let config = storage.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: info\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n{extra}",
            content.unwrap_or(&storage.path().join("data")).display()
        );
        std::fs::write(&config, text).unwrap();
        let log = storage.path().join("log");
        // Ends, and takes its files along, when our end of its standard input
        // closes, however that happens: a static is never dropped.
        let script = "\"$0\" serve \"$1\" & cat; kill $!; wait; rm -rf \"$2\"";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(tool("docker-registry"))
            .arg(&config)
            .arg(storage.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .expect("docker-registry starts");
        Self {
            port: port(&log),
            child,
            _storage: storage,
        }
    }

    /// `HOST:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for DebianRegistry {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The port that the registry with this log took. One that was found free
/// before it started may be another test's by then, whose registry would answer
/// in its place.
fn port(log: &Path) -> u16 {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let said = std::fs::read_to_string(log).unwrap();
        let port = said.lines().find_map(|line| {
            let (_, port) = line.split_once("listening on 127.0.0.1:")?;
            port.split('"').next()?.parse().ok()
        });
        if let Some(port) = port {
            return port;
        }
        assert!(
            Instant::now() < end,
            "docker-registry does not listen: {said}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
