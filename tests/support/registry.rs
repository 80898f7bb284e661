//! Debian's docker-registry (distribution 2.8), one process a test.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::tool;

/// A registry on a free loopback port; it ends with the test.
pub struct DebianRegistry {
    port: u16,
    child: Child,
    _storage: TempDir,
}

impl DebianRegistry {
    pub fn start() -> Self {
        Self::with(|_| String::new())
    }

    /// One that wants a password which nobody has.
    pub fn locked() -> Self {
        Self::with(|storage| {
            let users = storage.join("htpasswd");
            std::fs::write(
                &users,
                "user:$2y$05$LYb8k2sEh4Jj4pRqR1BvKuZcT2bqBt0W3Y1KSzHMUIUbqvfZ9ZC2W\n",
            )
            .unwrap();
            format!(
                "auth:\n  htpasswd:\n    realm: test\n    path: {}\n",
                users.display()
            )
        })
    }

    /// Starts one; `extra` adds to its configuration.
    fn with(extra: impl FnOnce(&Path) -> String) -> Self {
        let storage = tempfile::tempdir().unwrap();
        let extra = extra(storage.path());
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = storage.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:{port}\n{extra}",
            storage.path().join("data").display()
        );
        std::fs::write(&config, text).unwrap();
        // Ends when our end of its standard input closes, however that happens.
        let script = "\"$0\" serve \"$1\" & cat; kill $!; wait";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(tool("docker-registry"))
            .arg(&config)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry starts");
        let registry = Self {
            port,
            child,
            _storage: storage,
        };
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "docker-registry does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        registry
    }

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
