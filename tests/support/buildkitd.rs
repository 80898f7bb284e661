//! BuildKit as a daemon of one test, with nothing in its cache.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::tool;

/// A buildx builder that nobody has used; it ends with the test.
pub struct Buildkitd {
    folder: TempDir,
    child: Child,
}

impl Buildkitd {
    /// The builder's name.
    pub const NAME: &str = "fresh";

    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        // Ends when our end of its standard input closes, however that happens.
        let script = "\"$0\" \"$@\" & cat; kill $!; wait";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(tool("buildkitd"))
            .args(["--addr", &address, "--root"])
            .arg(folder.path().join("root"))
            .args(["--oci-worker=true", "--containerd-worker=false"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("buildkitd starts");
        let builder = Self { folder, child };
        let end = Instant::now() + Duration::from_secs(60);
        let workers = ["--addr", &address, "debug", "workers"];
        while !quiet(Command::new(tool("buildctl")).args(workers)) {
            assert!(Instant::now() < end, "buildkitd does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        let create = [
            "create",
            "--name",
            Self::NAME,
            "--driver",
            "remote",
            &address,
        ];
        let mut buildx = Command::new(tool("docker-buildx"));
        buildx.args(create).env("BUILDX_CONFIG", builder.config());
        assert!(quiet(&mut buildx), "docker-buildx {create:?}");
        builder
    }

    /// Lets a command use this builder.
    pub fn choose<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("BUILDX_CONFIG", self.config())
            .env("BAKEHOUSE_BUILDER", Self::NAME)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("buildx")
    }
}

impl Drop for Buildkitd {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
